"""Where engine/http_server.c says no: too long, too slow, too many, not HTTP."""
import json
import random
import socket
import time

import pytest


def test_a_body_over_the_limit_is_told_so_and_the_connection_lives(probe):
    with probe("body_bytes=1000").client() as client:
        answer = client.ask("POST", "/echo", ["Accept: application/json"], b"x" * 1001)
        assert answer.status == 413
        assert json.loads(answer.body)["detail"] == "the body has 1001 bytes, the limit is 1000"
        assert client.ask("POST", "/echo", body=b"x" * 1000).status == 200


def test_an_oversized_body_is_refused_before_it_is_sent(probe):
    with probe("body_bytes=1000").client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: p\r\nExpect: 100-continue\r\n"
                    b"Content-Length: 2000\r\n\r\n")
        assert client.answer().status == 413
        assert client.is_closed()
    with probe("body_bytes=1000").client() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 99999999999\r\n\r\n")
        assert client.answer().status == 413
        assert client.is_closed()


def test_an_endless_chunked_body_is_cut_off(probe):
    server = probe("body_bytes=1000")
    with server.client() as client:
        client.request("POST", "/echo", ["Transfer-Encoding: chunked"], length=False)
        client.send(b"7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n")
        assert client.answer().status == 413
    with server.client() as client:
        client.request("POST", "/echo", ["Transfer-Encoding: chunked"], length=False)
        with pytest.raises(OSError):
            for _ in range(60_000):
                client.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
    assert server.ask("GET", "/bytes?n=1").status == 200


def test_all_bodies_together_are_bounded(probe):
    server = probe("bodies_bytes=100000")
    with server.client() as first, server.client() as second:
        first.send(b"POST /echo HTTP/1.1\r\nHost: p\r\nContent-Length: 90000\r\n\r\n" + b"x" * 10)
        time.sleep(0.1)
        answer = second.ask("POST", "/echo", body=b"y" * 50000)
        assert (answer.status, answer.header("Retry-After")) == (503, "5")
        first.send(b"x" * 89990)
        assert first.answer().status == 200
        assert second.ask("POST", "/echo", body=b"y" * 50000).status == 200


@pytest.mark.parametrize("headers", [
    ["Content-Length: 5", "Transfer-Encoding: chunked"],
    ["Content-Length: 5", "Content-Length: 5"],
    ["Transfer-Encoding: gzip, chunked"],
])
def test_two_ways_to_end_a_body_are_refused(probe, headers):
    with probe().client() as client:
        client.request("POST", "/echo", headers, length=False)
        assert client.answer().status == 400
        assert client.is_closed()


def test_a_million_headers(probe):
    server = probe()
    with server.client() as client:
        with pytest.raises(OSError):
            client.send(b"GET / HTTP/1.1\r\nHost: p\r\n")
            for number in range(1000):
                client.send(b"".join(b"X-%d: y\r\n" % (number * 1000 + i) for i in range(1000)))
            client.send(b"\r\n")
            raise OSError if client.answer().status == 431 else AssertionError
    with server.client() as client:
        client.send(b"GET /bytes?n=1 HTTP/1.1\r\nHost: p\r\nX: " + b"y" * 20000 + b"\r\n\r\n")
        assert client.answer().status in (200, 431)
    assert server.ask("GET", "/bytes?n=1").status == 200


def test_a_client_that_drips_is_ended(probe):
    server = probe("head_seconds=1", "body_seconds=1")
    for start in [b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 99\r\n\r\n"]:
        with server.client() as client:
            client.send(start)
            began = time.monotonic()
            with pytest.raises(OSError):
                while time.monotonic() - began < 6:
                    client.send(b"X")
                    time.sleep(0.05)
            assert time.monotonic() - began < 4


def test_an_idle_connection_is_ended(probe):
    with probe("idle_seconds=1").client() as client:
        assert client.ask("GET", "/bytes?n=1").status == 200
        assert client.is_closed()
    with probe("head_seconds=1").client() as client:
        assert client.is_closed()


def test_a_client_that_takes_no_answer_is_ended(probe):
    server = probe("answer_seconds=1", "log=1")
    with server.client() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(4):
            client.request("GET", "/bytes?n=8000000")
        time.sleep(0.2)
    assert server.ask("GET", "/bytes?n=1").status == 200


def test_time_of_our_own_work_is_not_the_clients(probe):
    with probe("head_seconds=1", "body_seconds=1", "answer_seconds=1").client() as client:
        assert client.ask("GET", "/later?ms=2500").status == 200


def test_slow_clients_starve_each_other_and_nobody_else(probe):
    server = probe("connections=64", "head_seconds=60")
    slow = []
    for _ in range(200):
        slow.append(server.client())
        slow[-1].send(b"GET / HTTP/1.1\r\nX-Slow: ")
    for _ in range(20):
        assert server.ask("GET", "/bytes?n=1").status == 200
    closed = sum(client.is_closed() for client in slow[:100])
    assert closed == 100
    for client in slow:
        client.close()
    out, _ = server.stop()
    assert int(out.split("evicted ")[1]) >= 136


def test_too_many_from_one_address(probe):
    server = probe("connections_per_ip=5")
    clients = [server.client() for _ in range(5)]
    assert all(client.ask("GET", "/bytes?n=1").status == 200 for client in clients)
    with server.client() as sixth:
        sixth.send(b"GET / HTTP/1.1\r\nHost: p\r\n\r\n")
        assert sixth.is_closed()
    for client in clients:
        client.close()


def test_bytes_that_are_no_http(probe):
    server = probe()
    for junk in [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\r\n" * 2000, b"GET\r\n\r\n",
                 b"GET / HTTP/9.9\r\n\r\n", b"\0" * 5000, b"A" * 100_000, b"GET / HTTP/1.1\r\n:\r\n\r\n",
                 b"POST / HTTP/1.1\r\nHost: p\r\nContent-Length: -5\r\n\r\n",
                 b"POST / HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]:
        with server.client() as client:
            try:
                client.send(junk)
                client.socket.shutdown(socket.SHUT_WR)
                client.file.read()
            except OSError:
                pass
    assert server.ask("GET", "/bytes?n=1").status == 200


def test_requests_that_are_nearly_right(probe):
    """Whole requests with a few bytes changed, cut or doubled; the seed makes them the same ones."""
    server = probe()
    chance = random.Random(7)
    whole = (b"POST /echo?a=b%20c HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n"
             b"Cookie: a=b; c=d\r\nExpect: x\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
             b"GET /later?ms=1 HTTP/1.1\r\nHost: p\r\nContent-Length: 3\r\n\r\nabc")
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(data))
            data[at:at + chance.randrange(3)] = bytes(
                chance.choice(b"\0\r\n :/?%;=0159afAF\xff") for _ in range(chance.randrange(3)))
        with server.client(timeout=0.05) as client:
            try:
                client.send(bytes(data[:chance.randrange(len(data))] if chance.random() < .2
                                  else data))
                client.socket.shutdown(socket.SHUT_WR)
                client.file.read()
            except OSError:
                pass
    assert server.ask("GET", "/bytes?n=1").status == 200
