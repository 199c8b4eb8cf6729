"""engine/http_server.c as clients meet it, honest ones and others."""
import json
import socket
import threading
import time

import pytest


# ---- what HTTP promises ---------------------------------------------------------------------------

def test_keep_alive_is_kept(probe):
    with probe().client() as client:
        for number in range(50):
            assert client.ask("GET", f"/bytes?n={number}").body == b"x" * number
            assert client.ask("POST", "/echo", body=b"b" * number).body.endswith(b"b" * number)
            assert client.ask("GET", "/later?ms=1").status == 200


def test_defaults_and_their_replacement(probe):
    server = probe()
    plain = server.ask("GET", "/bytes?n=1")
    assert "default-src 'self'" in plain.header("Content-Security-Policy")
    assert plain.header("X-Content-Type-Options") == "nosniff"
    assert plain.header("Referrer-Policy") == "no-referrer"
    assert plain.header("Cache-Control") == "no-store"
    loose = server.ask("GET", "/loose")
    assert loose.headers["content-security-policy"] == ["default-src 'none'"]
    assert "cache-control" not in loose.headers
    assert loose.headers["set-cookie"] == ["a=1", "b=2"]


def test_head_has_the_length_and_no_body(probe):
    with probe().client() as client:
        answer = client.ask("HEAD", "/bytes?n=2048")
        assert (answer.status, answer.header("Content-Length")) == (200, "2048")
        assert client.ask("GET", "/bytes?n=3").body == b"xxx"


def test_pipelined_requests_are_answered_in_order(probe):
    with probe().client() as client:
        client.send(b"".join(
            b"GET /%s HTTP/1.1\r\nHost: p\r\n\r\n" % target
            for target in [b"bytes?n=1", b"later?ms=80", b"bytes?n=2", b"later?ms=1", b"bytes?n=3"]))
        bodies = [client.answer().body for _ in range(5)]
    assert bodies == [b"x", b"late, body 0 bytes\n", b"xx", b"late, body 0 bytes\n", b"xxx"]


def test_a_suspended_request_is_answered_by_another_thread(probe):
    with probe().client() as client:
        began = time.monotonic()
        answer = client.ask("POST", "/later?ms=150", body=b"12345")
        assert time.monotonic() - began >= 0.15
        assert (answer.body, answer.header("X-Late")) == (b"late, body 5 bytes\n", "150")


def test_many_suspended_at_once_take_as_long_as_one(probe):
    server = probe()
    clients = [server.client() for _ in range(40)]
    began = time.monotonic()
    for client in clients:
        client.request("GET", "/later?ms=300")
    assert all(client.answer().status == 200 for client in clients)
    assert time.monotonic() - began < 3
    for client in clients:
        client.close()


def test_expect_100_continue(probe):
    with probe().client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: p\r\nExpect: 100-continue\r\n"
                    b"Content-Length: 4\r\n\r\n")
        assert client.file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert client.file.readline() == b"\r\n"
        client.send(b"body")
        assert client.answer().body == b"POST /echo \nbody"


def test_chunked_body(probe):
    with probe().client() as client:
        client.request("POST", "/echo?q", ["Transfer-Encoding: chunked"], length=False)
        client.send(b"3\r\nabc\r\n" + b"10\r\n0123456789abcdef\r\n" + b"0\r\n\r\n")
        assert client.answer().body == b"POST /echo q\nabc0123456789abcdef"


def test_a_body_in_many_small_pieces(probe):
    with probe().client() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: p\r\nContent-Length: 300\r\n\r\n")
        for _ in range(30):
            client.send(b"0123456789")
            time.sleep(0.002)
        assert client.answer().body == b"POST /echo \n" + b"0123456789" * 30


@pytest.mark.parametrize("size", [1, 20_000, 1_000_000, 4 * 1024 * 1024])
def test_bodies_come_and_go_whole(probe, size):
    with probe().client() as client:
        answer = client.ask("POST", "/echo", body=bytes(i % 251 for i in range(size)))
        assert answer.body[len("POST /echo \n"):] == bytes(i % 251 for i in range(size))


def test_a_client_that_closes_its_side_still_gets_its_answer(probe):
    with probe().client() as client:
        client.request("POST", "/later?ms=100", body=b"x")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.answer().status == 200


def test_absolute_targets_and_odd_ones(probe):
    server = probe()
    assert server.ask("GET", "http://elsewhere/a/b?c=d").body == b"GET /a/b c=d\n"
    assert server.ask("GET", "/a%2Fb%20c?x=%41+%42").body == b"GET /a%2Fb%20c x=%41+%42\n"
    assert server.ask("BREW", "/pot").body == b"- /pot \n"


def test_values_of_a_request(probe):
    server = probe()
    assert server.ask("GET", "/header?name=x-Some", ["X-SOME:  v w "]).body.strip() == b"v w"
    assert server.ask("GET", "/header?name=x-none").status == 404
    cookies = ["Cookie: a=1; session=s%20=x==; b"]
    assert server.ask("GET", "/cookie?name=session", cookies).body == b"s%20=x=="
    assert server.ask("GET", "/cookie?name=b", cookies).status == 404
    assert server.ask("GET", "/cookie?name=sess", cookies).status == 404


@pytest.mark.parametrize("proxy, headers, address", [
    (0, ["X-Forwarded-For: 9.9.9.9"], b"127.0.0.1"),
    (1, ["X-Forwarded-For: 6.6.6.6, 9.9.9.9"], b"9.9.9.9"),
    (1, ["X-Forwarded-For: 2001:db8::1"], b"2001:db8::1"),
    (1, ["X-Forwarded-For: <script>"], b"127.0.0.1"),
    (1, [], b"127.0.0.1"),
])
def test_the_address_of_the_client(probe, proxy, headers, address):
    assert probe(f"behind_proxy={proxy}").ask("GET", "/client", headers).body == address


def test_both_families_on_one_socket(probe):
    server = probe(listen="[::]:0")
    assert server.ask("GET", "/client").body == b"127.0.0.1"
    with socket.create_connection(("::1", server.port), timeout=5) as six:
        six.sendall(b"GET /client HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n")
        assert six.makefile("rb").read().endswith(b"\r\n\r\n::1")


# ---- errors ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def codes():
    """errors.def, read by somebody else: slug -> (number, status)."""
    import pathlib
    import re
    text = (pathlib.Path(__file__).parents[2] / "src/base/errors.def").read_text()
    rows = re.findall(r'^ROW\((\w+), "(\w+)", (\d+)', text, re.MULTILINE)
    return {slug: (number, int(status)) for number, (_, slug, status) in enumerate(rows)}


@pytest.mark.parametrize("headers", [["Accept: application/json"],
                                     ["Accept: application/problem+json"],
                                     ["Content-Type: application/json"]])
def test_machines_get_a_problem(probe, codes, headers):
    number, status = codes["not_found"]
    answer = probe("pages=1").ask("GET", f"/error?code={number}", headers)
    assert answer.status == status == 404
    assert answer.header("Content-Type") == "application/problem+json"
    problem = json.loads(answer.body)
    assert problem["detail"] == 'the "detail" of <this> probe'
    assert (problem["status"], problem["code"], problem["title"]) == (404, "not_found", "Not Found")
    assert problem["type"] and problem["cure"]


def test_people_get_a_page_or_plain_text(probe, codes):
    number, _ = codes["not_found"]
    browser = ["Accept: text/html,application/xhtml+xml,application/json;q=0.9"]
    page = probe("pages=1").ask("GET", f"/error?code={number}", browser)
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    assert page.body == b"page 404 not_found"
    text = probe().ask("GET", f"/error?code={number}", browser)
    assert text.header("Content-Type") == "text/plain; charset=utf-8"
    assert b'the "detail" of <this> probe' in text.body


def test_our_own_failures_keep_their_words(probe, codes):
    number, _ = codes["internal"]
    answer = probe().ask("GET", f"/error?code={number}", ["Accept: application/json"])
    assert answer.status == 500
    assert b"probe" not in answer.body
    busy = probe().ask("GET", f"/error?code={codes['busy'][0]}")
    assert (busy.status, busy.header("Retry-After")) == (503, "5")


def test_port_in_use_and_addresses_that_are_none(probe):
    server = probe()
    for listen, words in [(f"127.0.0.1:{server.port}", "port_in_use"),
                          ("203.0.113.1:8080", "is no address of this machine"),
                          ("example.com:80", "cannot read the address"),
                          ("127.0.0.1", "cannot read the address"),
                          ("127.0.0.1:70000", "cannot read the address"),
                          ("[::1:80", "cannot read the address")]:
        other = probe(listen=listen)
        assert other.process.wait(5) == 1
        assert words in other.process.stderr.read()


# ---- leaving, stopping ----------------------------------------------------------------------------

def test_clients_that_leave_while_suspended(probe):
    server = probe()
    for number in range(60):
        client = server.client()
        client.request("POST", f"/later?ms={20 + number % 30}", body=b"x" * 5000)
        if number % 2:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
    assert server.ask("GET", "/later?ms=200").status == 200


def test_clients_that_leave_in_the_middle(probe):
    server = probe()
    for start in [b"GE", b"GET / HTTP/1.1\r\nHost", b"POST / HTTP/1.1\r\nHost: p\r\n"
                  b"Content-Length: 500000\r\n\r\n" + b"x" * 70000]:
        client = server.client()
        client.send(start)
        client.close()
    client = server.client()
    client.request("GET", "/bytes?n=8000000")
    client.socket.recv(100)
    client.close()
    assert server.ask("GET", "/bytes?n=1").status == 200


def test_a_stop_finishes_what_was_begun(probe):
    server = probe("grace=5")
    with server.client() as client, server.client() as idle:
        assert idle.ask("GET", "/bytes?n=1").status == 200
        client.request("GET", "/later?ms=700")
        time.sleep(0.2)
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        time.sleep(0.1)
        with pytest.raises(OSError):
            server.client().ask("GET", "/bytes?n=1").status
        answer = client.answer()
        assert (answer.status, answer.header("Connection").lower()) == (200, "close")
        stopper.join()


def test_a_stop_does_not_wait_for_ever(probe):
    server = probe("grace=1", "threads=2")
    clients = [server.client() for _ in range(8)]
    for client in clients:
        client.request("GET", "/never")
    # Each thread that answers a later request has begun the earlier ones.
    for _ in range(20):
        with server.client() as later:
            assert later.ask("GET", "/bytes?n=1").status == 200
    began = time.monotonic()
    server.stop()
    assert 0.9 < time.monotonic() - began < 4
    answers = [client.answer() for client in clients]
    assert [a.status for a in answers if a] == [503] * 8
    for client in clients:
        client.close()


def test_requests_are_logged_without_their_query(probe):
    server = probe("log=1")
    server.ask("POST", "/echo?secret=1", body=b"12345")
    _, err = server.stop()
    assert "log method=POST route=- status=200 in=5 out=" in err
    assert "secret" not in err


def test_two_threads(probe):
    server = probe("threads=2")
    errors = []

    def work():
        with server.client() as client:
            for number in range(100):
                target = "/later?ms=1" if number % 3 == 0 else f"/bytes?n={number}"
                if client.ask("GET", target).status != 200:
                    errors.append(target)
    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    out, _ = server.stop()
    assert out.startswith("requests 1600 ") or "requests 1600 " in out
