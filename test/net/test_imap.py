"""Our IMAP client against Dovecot: each mail once by (uidvalidity, uid), whatever happens to the mailbox; and against
servers that are none."""

import collections
import os
import pathlib
import socket
import subprocess
import threading
import time

import pytest

import dovecot
from driver.smtp_peer import make_certificates

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POSTLUDE", ROOT / "build" / "postlude")).resolve().parent
PROBE = BUILD / "test" / "net" / "imap_probe"
MOST = 1_000_000
CRUEL = b"Subject: cruel\r\n\r\nA001 OK done\r\nA002 BAD x\r\nA003 NO y\r\n* BYE\r\n* 1 EXPUNGE\r\n)\r\n.\r\n* OK [UIDVALIDITY 7] x\r\n"

List = collections.namedtuple("List", "uidvalidity renumbered more uids")
pytestmark = pytest.mark.skipif(not PROBE.exists(), reason=f"{PROBE} is not built")
needs_dovecot = pytest.mark.skipif(bool(dovecot.missing()), reason=str(dovecot.missing()))


class Refused(Exception):
    def __init__(self, slug, words):
        super().__init__(slug, words)
        self.slug, self.words = slug, words


class Probe:
    def __init__(self, port, tls="never", ca="-", folder="-", user="ana", secret="geheim", private=1, host="127.0.0.1", step=5000):
        self.process = subprocess.Popen([str(PROBE), host, str(port), tls, user, secret, str(ca), folder, str(private),
                                         str(step)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it was over before it began
        code = self.process.wait(20)
        assert code == 0 or kind

    def say(self, *words):
        try:
            self.process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        kind, *fields = self.process.stdout.readline().decode().rstrip("\n").split(" ")
        if kind == "error":
            raise Refused(fields[0], " ".join(fields[1:]))
        return fields

    def list(self, uidvalidity=0, uid=0, most=1000):
        fields = self.say("list", uidvalidity, uid, most)
        return List(int(fields[0]), int(fields[1]), int(fields[2]), list(map(int, fields[3:])))

    def fetch(self, uid, most=MOST):
        size = int(self.say("fetch", uid, most)[0])
        return self.process.stdout.read(size)


def mail(number):
    return f"Message-ID: <{number}@x>\r\nSubject: {number}\r\n\r\n".encode() + b"line\r\n" * number


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def box(certificates):
    with dovecot.Mailbox(certificates) as made:
        yield made


# ---- a real mailbox --------------------------------------------------------------------------------


@needs_dovecot
def test_each_mail_once(box):
    for number in range(1, 6):
        box.put(mail(number))
    with Probe(box.imap) as probe:
        found = probe.list()
        assert found.uids == [1, 2, 3, 4, 5]
        assert not found.more and not found.renumbered
        assert [probe.fetch(uid) for uid in found.uids] == [mail(n) for n in range(1, 6)]
        assert probe.list(found.uidvalidity, 5).uids == []
        box.put(mail(6))  # while we are connected
        assert probe.list(found.uidvalidity, 5).uids == [6]
        assert probe.fetch(6) == mail(6)
    with Probe(box.imap) as probe:  # after a restart
        assert probe.list(found.uidvalidity, 4).uids == [5, 6]


@needs_dovecot
def test_a_few_at_a_time(box):
    for number in range(1, 24):
        box.put(mail(number))
    with Probe(box.imap) as probe:
        place, seen = (0, 0), []
        while True:
            found = probe.list(*place, 5)
            seen += found.uids
            place = (found.uidvalidity, found.uids[-1] if found.uids else place[1])
            if not found.more:
                break
        assert seen == list(range(1, 24))


@needs_dovecot
def test_gaps_and_many(box):
    """UIDs far apart: thousands were there and are gone."""
    box.put_many([(b"Subject: x\r\n\r\nx\r\n", "T" if number % 1500 else "") for number in range(3000)])
    with Probe(box.imap) as probe:
        first = probe.list(most=4000)
        assert len(first.uids) == 3000
    for path in box.path().glob("cur/*:2,T"):
        path.unlink()
    with Probe(box.imap) as probe:
        assert probe.list(most=10).uids == [1, 1501]
        assert probe.list(first.uidvalidity, 1, most=10).uids == [1501]
        assert probe.list(first.uidvalidity, 3000).uids == []


@needs_dovecot
def test_more_than_a_window(box):
    box.put_many([(b"Subject: x\r\n\r\nx\r\n", "") for _ in range(17000)])
    with Probe(box.imap, step=60000) as probe:
        found = probe.list(most=20000)
        assert found.uids == list(range(1, 17001))
        assert probe.list(found.uidvalidity, 14000, most=20000).uids == list(range(14001, 17001))


@needs_dovecot
def test_a_mail_cannot_speak_for_the_server(box):
    for _ in range(3):
        box.put(CRUEL)
    box.put(mail(1))
    with Probe(box.imap) as probe:
        found = probe.list()
        assert [probe.fetch(uid) for uid in found.uids] == [CRUEL, CRUEL, CRUEL, mail(1)]
        assert probe.list(found.uidvalidity, 3).uids == [4]


@needs_dovecot
def test_large_and_binary(box):
    large = b"Subject: large\r\n\r\n" + (bytes(range(1, 10)) + bytes(range(14, 256))) * 3000 + b"\r\n"
    box.put(large)
    with Probe(box.imap) as probe:
        probe.list()
        with pytest.raises(Refused) as error:
            probe.fetch(1, 10000)
        assert error.value.slug == "too_big"
        assert probe.fetch(1) == large  # and the connection is a new one


@needs_dovecot
def test_renumbered(box):
    box.put(mail(1))
    box.put(mail(2))
    with Probe(box.imap) as probe:
        before = probe.list()
        probe.fetch(1)
    box.renumber()
    with Probe(box.imap) as probe:
        after = probe.list(before.uidvalidity, 2)
        assert after.renumbered and after.uidvalidity != before.uidvalidity and len(after.uids) == 2


@needs_dovecot
def test_a_mail_that_is_gone(box):
    box.put(mail(1))
    box.put(mail(2))
    with Probe(box.imap) as probe:
        probe.list()
        for path in [*box.path().glob("new/*"), *box.path().glob("cur/*")]:
            if b"<1@x>" in path.read_bytes():
                path.unlink()
        with pytest.raises(Refused) as error:
            probe.list()
            probe.fetch(1)
        assert error.value.slug == "not_found"
        assert probe.fetch(2) == mail(2)


@needs_dovecot
def test_seen_and_moved(box):
    for number in (1, 2, 3):
        box.put(mail(number))
    with Probe(box.imap) as probe:
        probe.list()
        probe.fetch(1)
        probe.say("seen", 1, 0)
        probe.say("seen", 2, 1)
        assert [flags for flags, _ in box.mails()] == ["", "S", ""]
        probe.say("move", 2, "Erledigt")  # is made
        probe.say("move", 3, "Gepr\u00fcft & \u2713 50% \"x\"")
        assert [text for _, text in box.mails()] == [mail(1)]
        assert [text for _, text in box.mails("Erledigt")] == [mail(2)]
        names = [path.name for path in box.path().iterdir() if path.name.startswith(".Gepr")]
        assert names == [".Gepr&APw-ft &- &JxM- 50% \"x\""]
        assert box.mails(names[0][1:])[0][1] == mail(3)


@needs_dovecot
def test_a_server_without_move(certificates):
    words = "imap_capability = IMAP4rev1 SASL-IR LITERAL+ UIDPLUS\n"
    with dovecot.Mailbox(certificates, more=words) as box:
        box.put(mail(1))
        with Probe(box.imap) as probe:
            probe.list()
            probe.say("move", 1, "Away")
            assert not box.mails() and box.mails("Away")[0][1] == mail(1)


@needs_dovecot
def test_another_folder(box):
    box.put(mail(1), "Bounces &APw-")
    with Probe(box.imap, folder="Bounces \u00fc") as probe:
        assert probe.list().uids == [1] and probe.fetch(1) == mail(1)
    with Probe(box.imap, folder="Nowhere") as probe, pytest.raises(Refused) as error:
        probe.list()
    assert error.value.slug == "refused" and "Nowhere" in error.value.words


@needs_dovecot
def test_the_connection_comes_back(box):
    box.put(mail(1))
    with Probe(box.imap) as probe:
        place = probe.list()
        subprocess.run(["doveadm", "-c", str(box.folder / "dovecot.conf"), "kick", "ana"], check=False, capture_output=True)
        time.sleep(0.2)
        box.put(mail(2))
        try:
            found = probe.list(place.uidvalidity, 1)
        except Refused as error:
            assert error.slug == "network"
            found = probe.list(place.uidvalidity, 1)
        assert found.uids == [2] and probe.fetch(2) == mail(2)


@needs_dovecot
def test_tls_and_login(certificates):
    with dovecot.Mailbox(certificates) as box:
        box.put(mail(1))
        ca = certificates / "ca.pem"
        for port, tls in ((box.imaps, "implicit"), (box.imap, "starttls")):
            with Probe(port, tls, ca=ca) as probe:
                assert probe.list().uids == [1] and probe.fetch(1) == mail(1)
            with Probe(port, tls) as probe, pytest.raises(Refused) as error:
                probe.list()
            assert error.value.slug == "tls"
        with Probe(box.imaps, "implicit", ca=ca, secret="falsch") as probe, pytest.raises(Refused) as error:
            probe.list()
        assert error.value.slug == "auth" and "falsch" not in error.value.words
        with Probe(box.imaps, "implicit", ca=ca, host="localhost") as probe:
            assert probe.list().uids == [1]


@needs_dovecot
@pytest.mark.parametrize("certificate", ["wrong", "expired", "self"])
def test_certificates_that_are_wrong(certificates, certificate):
    with dovecot.Mailbox(certificates, certificate) as box:
        for port, tls in ((box.imaps, "implicit"), (box.imap, "starttls")):
            with Probe(port, tls, ca=certificates / "ca.pem") as probe, pytest.raises(Refused) as error:
                probe.list()
            assert error.value.slug == "tls"
        assert "Login" not in (box.folder / "log").read_text()


# ---- what is none ----------------------------------------------------------------------------------


class Script:
    """A server that says one thing and then, to each line, another."""

    def __init__(self, greeting, answer=b"", capability=b"IMAP4rev1"):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.greeting, self.reply, self.capability, self.heard = greeting, answer, capability, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                self._talk(connection)
            except OSError:
                pass
            connection.close()

    def _talk(self, connection):
        connection.sendall(self.greeting)
        for line in connection.makefile("rb"):
            self.heard.append(line)
            tag, _, words = line.strip().partition(b" ")
            if words.upper().startswith(b"CAPABILITY"):
                connection.sendall(b"* CAPABILITY %s\r\n%s OK x\r\n" % (self.capability, tag))
            elif words.upper().startswith(b"LOGIN"):
                connection.sendall(tag + b" OK x\r\n")
            elif self.reply is None:
                time.sleep(10)
            else:
                connection.sendall(self.reply.replace(b"TAG", tag))


@pytest.mark.parametrize("greeting, answer, slugs", [
    (b"", None, {"network"}),
    (b"SSH-2.0-OpenSSH\r\n", b"", {"bad_reply", "network"}),
    (b"* OK x\r\n", None, {"network"}),
    (b"* OK x\r\n", b"* BYE x\r\n", {"network"}),
    (b"* OK x\r\n", b"TAG NO [ALERT] go away\r\n", {"refused"}),
    (b"* OK x\r\n", b"TAG BAD what\r\n", {"refused"}),
    (b"* OK x\r\n", b"TAG OK x\r\n", {"bad_reply"}),
    (b"* OK x\r\n", b"* OK [UIDVALIDITY 99999999999] x\r\n* OK [UIDNEXT 5] x\r\nTAG OK x\r\n", {"bad_reply"}),
    (b"* OK x\r\n", b"* " + b"x" * 3_000_000 + b"\r\nTAG OK x\r\n", {"bad_reply", "network", "refused"}),
    (b"* BYE busy\r\n", b"", {"network", "bad_reply"}),
], ids=["mute", "ssh", "silent", "bye", "no", "bad", "empty", "large number", "long line", "busy"])
def test_servers_that_are_none(greeting, answer, slugs):
    server = Script(greeting, answer)
    begun = time.monotonic()
    with Probe(server.port, step=1500) as probe, pytest.raises(Refused) as error:
        probe.list()
    assert error.value.slug in slugs and time.monotonic() - begun < 6
    server.listener.close()


def test_lines_that_lie():
    """UIDs twice, out of order, not asked for and not numbers; far more than asked for."""
    lines = b"* SEARCH " + b" ".join(b"%d" % n for n in range(60, 0, -1)) + b"\r\n"
    server = Script(b"* OK x\r\n", b"* OK [UIDVALIDITY 3] x\r\n* OK [UIDNEXT 20] x\r\n* SEARCH 8 \"9\"\r\n* SEARCHED 9\r\n"
                    b"* 1 FETCH (UID x)\r\n* x EXISTS\r\n" + lines + lines + b"* SEARCH 99999999999 5\r\nTAG OK x\r\n")
    with Probe(server.port) as probe:
        assert probe.list(3, 50, 1000).uids == []
        assert probe.list(3, 15, 1000).uids == [16, 17, 18, 19]
        found = probe.list(0, 0, 7)
        assert found.uids == [1, 2, 3, 4, 5, 6, 7] and found.more
    server.listener.close()


@pytest.mark.parametrize("settings, slug", [
    ({"private": 0}, "config"), ({"private": 0, "tls": "implicit"}, "forbidden"), ({"host": "a/b"}, "config"),
    ({"host": "a@b"}, "config"), ({"user": "a\nb"}, "config"), ({"folder": "a\nb"}, "config"),
    ({"host": "no-such-host.invalid"}, "network"),
])
def test_where_it_does_not_go(settings, slug):
    server = Script(b"* OK x\r\n")
    with pytest.raises(Refused) as error, Probe(**{"port": server.port, "step": 3000} | settings) as probe:
        probe.list()
    assert error.value.slug == slug and not server.heard
    server.listener.close()


def test_starttls_or_nothing():
    server = Script(b"* OK x\r\n")
    with Probe(server.port, "starttls") as probe, pytest.raises(Refused) as error:
        probe.list()
    assert error.value.slug == "tls" and not any(b"geheim" in line for line in server.heard)
    server.listener.close()
