"""Our HTTP client against servers that misbehave: each ask ends exactly once, in time, within its bounds, with an error
that says whether trying again helps; nothing goes where it must not, and no secret comes out."""

import base64
import collections
import email.utils
import hashlib
import os
import pathlib
import queue
import re
import subprocess
import threading
import time
import urllib.parse

import pytest

from driver.smtp_peer import make_certificates
from web_peer import WebPeer

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POSTLUDE", ROOT / "build" / "postlude")).resolve().parent
PROBE = BUILD / "test" / "net" / "http_client_probe"
PATIENCE = 30
HERE = {"private": 1, "plain": 1}

Done = collections.namedtuple("Done", "tag status bytes hash retry asked ms slug again peer message")

pytestmark = pytest.mark.skipif(not PROBE.exists(), reason=f"{PROBE} is not built")


class Probe:
    def __init__(self, *arguments, environment=None):
        self.process = subprocess.Popen([str(PROBE), *map(str, arguments)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, encoding="latin-1", env=environment)
        self.done, self.other, self.said, self.tags = queue.Queue(), queue.Queue(), [], 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            kind, *fields = line.rstrip("\n").split("\t")
            self.said.append(line)
            if kind == "done":
                numbers = [int(one) for one in (*fields[:3], *fields[4:7], fields[8])]
                self.done.put(Done(numbers[0], numbers[1], numbers[2], fields[3], numbers[3], numbers[4], numbers[5],
                                   fields[7], numbers[6], fields[9], fields[10]))
            else:
                self.other.put((kind, *fields))

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def send(self, url, headers=(), **settings):
        self.tags += 1
        words = [f"{key}={value}" for key, value in settings.items()]
        words += [f"header={name}:{value}" for name, value in headers]
        self.say(f"ask {self.tags} url={url} {' '.join(words)}")
        return self.tags

    def ask(self, url, headers=(), **settings):
        tag = self.send(url, headers, **settings)
        result = self.done.get(timeout=PATIENCE)
        assert result.tag == tag
        return result

    def all(self, count):
        found = [self.done.get(timeout=PATIENCE) for _ in range(count)]
        assert len({one.tag for one in found}) == count
        return found

    def busy(self):
        self.say("busy")
        return int(self.other.get(timeout=PATIENCE)[1])

    def memory_mb(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024

    def close(self):
        self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        assert self.done.empty(), self.done.get()
        assert code == 0


@pytest.fixture
def probe():
    made = Probe()
    yield made
    made.close()


@pytest.fixture
def peer():
    with WebPeer() as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def pair(folder, name):
    return folder / f"{name}.pem", folder / f"{name}.key"


# ---- all is well ---------------------------------------------------------------------------------


def test_what_is_asked_and_what_comes_back(probe, peer):
    body = base64.b64encode(b'{"a": "\xc3\xa9"}').decode()
    done = probe.ask(peer.url("/ok"), [("Content-Type", "application/json"), ("X-Empty", "")], body=body,
                     method="PUT", bearer="geheim", want="x-WORD", **HERE)
    assert (done.status, done.bytes, done.slug, done.asked) == (200, 5, "-", 1)
    assert done.hash == hashlib.sha256(b"hello").hexdigest()
    assert probe.other.get(timeout=PATIENCE) == ("want", "1", "one")
    method, path, headers, sent, _ = peer.asked[0]
    assert (method, path, sent) == ("PUT", "/ok", b'{"a": "\xc3\xa9"}')
    assert headers["authorization"] == "Bearer geheim" and headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("Postlude/") and headers["x-empty"] == ""
    assert "expect" not in headers and "cookie" not in headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "PATCH"])
def test_methods(probe, peer, method):
    body = {} if method in ("GET", "HEAD", "DELETE") else {"body": base64.b64encode(b"x").decode()}
    assert probe.ask(peer.url("/ok"), method=method, **body, **HERE).slug == "-"
    assert peer.asked[0][0] == method
    assert "content-type" not in peer.asked[0][2]  # none is made up


def test_basic_login(probe, peer):
    probe.ask(peer.url("/ok"), user="ck_1", password="cs_2", **HERE)
    assert base64.b64decode(peer.asked[0][2]["authorization"].split()[1]) == b"ck_1:cs_2"


def test_gzip_and_chunks(probe, peer):
    done = probe.ask(peer.url("/gzip"), **HERE)
    assert done.hash == hashlib.sha256(b"hello " * 1000).hexdigest()
    assert probe.ask(peer.url("/chunked"), **HERE).hash == hashlib.sha256(b"hello").hexdigest()


def test_connections_are_kept(probe, peer):
    for _ in range(5):
        probe.ask(peer.url("/ok"), **HERE)
    assert peer.connections == 1
    probe.ask(peer.url("/ok"), once=1, **HERE)
    assert peer.connections == 2


def test_many_at_once_within_the_bound_for_a_host(peer):
    probe = Probe(10000, 3)
    for _ in range(300):
        probe.send(peer.url("/late/0.01"), **HERE)
    assert {done.slug for done in probe.all(300)} == {"-"}
    assert peer.most <= 3
    probe.close()


def test_waiting_for_an_answer(probe, peer):
    probe.say(f"wait {peer.url('/ok')}")
    assert probe.other.get(timeout=PATIENCE)[:3] == ("waited", "200", "5")


# ---- statuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code, slug, again", [
    (200, "-", 0), (204, "-", 0), (301, "config", 0), (400, "refused", 0), (401, "auth", 0), (403, "forbidden", 0),
    (404, "not_found", 0), (408, "busy", 1), (409, "conflict", 0), (410, "not_found", 0), (413, "too_big", 0),
    (422, "refused", 0), (425, "busy", 1), (429, "throttle", 1), (500, "busy", 1), (502, "busy", 1), (503, "busy", 1),
    (504, "busy", 1),
])
def test_a_status_says_whether_to_try_again(probe, peer, code, slug, again):
    done = probe.ask(peer.url(f"/status/{code}"), **HERE)
    assert (done.status, done.slug, done.again) == (code, slug, again)
    assert "secret" not in done.message


def test_retry_after(probe, peer):
    assert probe.ask(peer.url("/status/429?Retry-After=7"), **HERE).retry == 7000
    done = probe.ask(peer.url("/status/503?Retry-After=0"), **HERE)
    assert (done.retry, done.slug) == (0, "throttle")
    date = email.utils.formatdate(1_000_000_090, usegmt=True)
    there = email.utils.formatdate(1_000_000_000, usegmt=True)  # a clock that is years behind
    query = urllib.parse.urlencode({"Retry-After": date, "Date": there})
    assert probe.ask(peer.url(f"/status/429?{query}"), **HERE).retry == 90_000
    soon = urllib.parse.urlencode({"Retry-After": email.utils.formatdate(time.time() + 60, usegmt=True)})
    assert 57_000 < probe.ask(peer.url(f"/status/429?{soon}"), **HERE).retry <= 60_000
    assert probe.ask(peer.url("/status/429?Retry-After=soon"), **HERE).retry == -1
    assert probe.ask(peer.url("/status/429"), **HERE).retry == -1
    assert probe.ask(peer.url("/status/429?Retry-After=99999999999999999999"), **HERE).retry == 24 * 3600 * 1000


# ---- servers that misbehave ------------------------------------------------------------------------


@pytest.mark.parametrize("path, slug, again", [
    ("/hang", "network", 1), ("/drip", "network", 1), ("/slowhead", "network", 1), ("/reset", "network", 1),
    ("/half", "network", 1), ("/nothing", "network", 1), ("/garbage", "bad_reply", 1), ("/headers", "bad_reply", 1),
    ("/interim", "bad_reply", 1), ("/broken", "bad_reply", 1),
])
def test_trouble_ends_in_time_and_is_named(probe, peer, path, slug, again):
    begun = time.monotonic()
    done = probe.ask(peer.url(path), total=1500, **HERE)
    assert time.monotonic() - begun < 5
    assert (done.status, done.slug, done.again, done.asked) == (0, slug, again, 1)
    assert f"127.0.0.1:{peer.port}" in done.message


def test_a_header_without_end(probe, peer):
    done = probe.ask(peer.url("/headline"), total=5000, **HERE)
    assert done.status == 0 and done.slug in ("bad_reply", "network", "too_big")
    assert probe.memory_mb() < 100


@pytest.mark.parametrize("path", ["/big/1000000000", "/endless", "/bomb"])
def test_an_answer_that_is_too_big_costs_nothing(probe, peer, path):
    done = probe.ask(peer.url(path), max=100000, **HERE)
    assert (done.status, done.slug, done.again) == (0, "too_big", 0)
    assert probe.memory_mb() < 100


def test_exactly_the_bound(probe, peer):
    assert probe.ask(peer.url("/big/100000"), max=100000, **HERE).bytes == 100000
    assert probe.ask(peer.url("/big/100001"), max=100000, **HERE).slug == "too_big"


def test_nobody_there(probe, peer):
    done = probe.ask("http://127.0.0.1:1/", **HERE)
    assert (done.slug, done.again, done.asked) == ("network", 1, 0)
    assert "refused" in done.message
    done = probe.ask("https://no-such-host.invalid/")
    assert (done.slug, done.asked) == ("network", 0)


def test_one_that_hangs_holds_up_nobody(probe, peer):
    with WebPeer() as other:
        for _ in range(20):
            probe.send(peer.url("/hang"), total=3000, **HERE)
        begun = time.monotonic()
        tags = {probe.send(other.url("/ok"), **HERE) for _ in range(50)}
        assert {done.tag for done in probe.all(50)} == tags
        assert time.monotonic() - begun < 2
        assert {done.slug for done in probe.all(20)} == {"network"}


def test_a_kept_connection_that_died(probe, peer):
    """It is asked again on a new one, unless that must not be."""
    assert probe.ask(peer.url("/once"), **HERE).slug == "-"
    assert probe.ask(peer.url("/ok"), **HERE).slug == "-"


# ---- redirects --------------------------------------------------------------------------------------


def redirect(peer, code, url):
    return peer.url(f"/redirect/{code}/{urllib.parse.quote(url, safe='')}")


def test_redirects_are_followed_where_allowed(probe, peer):
    assert probe.ask(redirect(peer, 302, "/ok"), redirects=3, **HERE).status == 200
    done = probe.ask(redirect(peer, 302, "/ok"), **HERE)
    assert (done.status, done.slug) == (302, "config")


def test_a_circle_ends(probe, peer):
    done = probe.ask(peer.url("/circle"), redirects=5, **HERE)
    assert (done.status, done.slug) == (0, "bad_reply")
    assert len(peer.asked) == 6


def test_what_changes_something_is_not_sent_elsewhere(probe, peer):
    for code in (301, 302, 303, 307, 308):
        done = probe.ask(redirect(peer, code, "/ok"), redirects=3, body=base64.b64encode(b"x").decode(), **HERE)
        assert done.status == code
    assert len(peer.asked) == 5


def test_secrets_stay_with_their_host(probe, peer):
    headers = [("X-Shopify-Access-Token", "t1"), ("Accept", "text/x")]
    with WebPeer() as other:
        for settings in ({"bearer": "t2"}, {"user": "t3", "password": "t4"}):
            assert probe.ask(redirect(peer, 302, other.url("/ok")), headers, redirects=2, **settings,
                             **HERE).status == 200
        for asked in other.asked:
            assert "authorization" not in asked[2] and "x-shopify-access-token" not in asked[2]
            assert asked[2]["accept"] == "text/x"
        # and do not come back to life on the way home
        far = redirect(other, 302, peer.url("/ok"))
        probe.ask(redirect(peer, 302, far), headers, redirects=3, bearer="t2", **HERE)
        assert "authorization" not in peer.asked[-1][2]
    same = probe.ask(redirect(peer, 302, "/ok"), headers, redirects=2, bearer="t2", **HERE)
    assert same.status == 200 and peer.asked[-1][2]["authorization"] == "Bearer t2"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/", "https://a:b@127.0.0.1/",
                                 "javascript:1", "//", "http://"])
def test_redirects_to_where_no_answer_is(probe, peer, url):
    done = probe.ask(redirect(peer, 302, url), redirects=3, total=2000, **HERE)
    assert done.status in (0, 302) and done.slug != "-"
    assert "root:" not in "".join(probe.said)


def test_no_way_down_from_https(probe, peer, folder):
    with WebPeer(certificate=pair(folder, "right")) as safe:
        done = probe.ask(redirect(safe, 302, peer.url("/ok")), redirects=3, ca=folder / "ca.pem", **HERE)
        assert done.status == 302 and not peer.asked
        up = probe.ask(redirect(peer, 302, safe.url("/ok")), redirects=3, ca=folder / "ca.pem", **HERE)
        assert up.status == 200


# ---- where it may go --------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "127.1", "0x7f.1", "2130706433", "017700000001", "0.0.0.0", "[::1]", "[::]",
    "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1",
    "[fd00::1]", "[fe80::1]", "224.0.0.1", "255.255.255.255", "[2002:7f00:1::]", "[2001:db8::1]",
])
def test_private_places_are_refused(probe, peer, host):
    done = probe.ask(f"http://{host}:{peer.port}/ok", plain=1, total=2000)
    assert (done.status, done.slug, done.again, done.asked) == (0, "forbidden", 0, 0), done
    assert peer.connections == 0


def test_a_connection_kept_for_another_is_no_way_in(probe, peer):
    assert probe.ask(peer.url("/ok"), **HERE).status == 200
    done = probe.ask(peer.url("/ok"), plain=1)
    assert (done.slug, done.asked) == ("forbidden", 0)
    assert len(peer.asked) == 1


def test_only_this_machine(probe, peer):
    assert probe.ask(peer.url("/ok"), loopback=1, plain=1).status == 200
    assert probe.ask(peer.url("/ok"), inner="127.0.0.1", plain=1).status == 200
    assert probe.ask(peer.url("/ok"), inner="10.0.0.0/8", plain=1).slug == "forbidden"
    assert probe.ask("http://192.0.2.1/", loopback=1, plain=1, total=2000).slug == "forbidden"


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "http://example.com/", "https://u:p@example.com/",
                                 "example.com", "", "https://", "https://exa%20mple/", "http:///x"])
def test_what_is_no_address_for_us(probe, url):
    done = probe.ask(url)
    assert (done.slug, done.again, done.asked) == ("config", 0, 0)


def test_proxies_of_the_environment_are_not_used(peer):
    probe = Probe(environment=os.environ | {"http_proxy": f"http://127.0.0.1:{peer.port}",
                                            "ALL_PROXY": f"http://127.0.0.1:{peer.port}"})
    done = probe.ask("http://10.255.255.1/ok", plain=1, total=2000)
    assert done.slug == "forbidden" and not peer.asked
    probe.close()


def test_headers_cannot_be_broken_out_of(probe, peer):
    done = probe.ask(peer.url("/ok"), [("X-A", "b|Injected: yes")], **HERE)  # the probe makes the bar a line break
    assert done.slug == "config" and not peer.asked


# ---- TLS --------------------------------------------------------------------------------------------


def test_tls_is_verified(probe, folder):
    with WebPeer(certificate=pair(folder, "right")) as peer:
        assert probe.ask(peer.url("/ok"), private=1, ca=folder / "ca.pem").status == 200
        done = probe.ask(peer.url("/ok"), private=1)
        assert (done.slug, done.again, done.asked) == ("tls", 1, 0)
        assert probe.ask(peer.url("/ok"), private=1, ca="/nowhere.pem").slug == "config"
    for name in ("wrong", "expired", "self"):
        with WebPeer(certificate=pair(folder, name)) as peer:
            done = probe.ask(peer.url("/ok"), private=1, ca=folder / "ca.pem", bearer="geheim")
            assert (done.slug, done.asked) == ("tls", 0), name
            assert not peer.asked


def test_tls_with_who_speaks_none(probe, peer):
    done = probe.ask(peer.url("/ok", scheme="https"), private=1, total=2000)
    assert done.slug in ("tls", "network")


# ---- the end ----------------------------------------------------------------------------------------


def test_cancel(probe, peer):
    tags = [probe.send(peer.url("/hang"), total=60000, **HERE) for _ in range(10)]
    time.sleep(0.2)
    for tag in tags:
        probe.say(f"cancel {tag}")
        probe.say(f"cancel {tag}")
    assert {(done.slug, done.again) for done in probe.all(10)} == {("busy", 1)}
    probe.say(f"cancel {tags[0]}")
    assert probe.busy() == 0


def test_too_many_waiting(peer):
    probe = Probe(5)
    for _ in range(8):
        probe.send(peer.url("/hang"), total=1000, **HERE)
    done = probe.all(8)
    assert sorted(one.slug for one in done) == ["busy"] * 3 + ["network"] * 5
    probe.close()


def test_stopping_ends_what_is_under_way(peer):
    probe = Probe()
    for _ in range(10):
        probe.send(peer.url("/hang"), total=60000, **HERE)
    probe.send("https://no-such-host.invalid/")
    begun = time.monotonic()
    probe.process.stdin.close()
    assert probe.process.wait(PATIENCE) == 0
    assert time.monotonic() - begun < 5
    assert {done.slug for done in probe.all(11)} <= {"busy", "network"}


def test_no_secret_comes_out(probe, peer, folder):
    url_secret, key, body = "hook-secret-1", "key-secret-2", base64.b64encode(b"body-secret-3").decode()
    with WebPeer(certificate=pair(folder, "self")) as untrusted:
        for made in (peer.url(f"/status/403?{url_secret}=1"), peer.url("/reset"), peer.url(f"/half?{url_secret}"),
                     untrusted.url(f"/ok?{url_secret}"), f"http://127.0.0.1:1/{url_secret}",
                     f"ftp://x/{url_secret}", f"https://u:{url_secret}@x/", f"http://10.0.0.1/{url_secret}",
                     f"https://no-such-host.invalid/{url_secret}", redirect(peer, 302, f"ftp://x/{url_secret}")):
            probe.ask(made, [("X-Key", key)], bearer=key, body=body, total=2000, **HERE)
            probe.ask(made, [("X-Key", key)], bearer=key, body=body, total=2000, redirects=2, plain=1)
    said = "".join(probe.said)
    for secret in (url_secret, key, "body-secret", "secret-3"):
        assert secret not in said
