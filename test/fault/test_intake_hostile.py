"""Hostility at /in, for every connector and every topic that is read: nothing takes the worker down, each delivery is
read, declined or shown as unread with its reason; what is too much is refused while it comes, memory stays bounded, and
others are served meanwhile."""

import copy
import itertools
import json
import random
import socket
import threading
import time
from pathlib import Path

import pytest

from driver import shopify
from driver.server import ROOT, Server, descendants

AT = "2026-03-02T11:00:00Z"
CASES = Path(ROOT) / "test" / "plug" / "connector"
SECRETS = {"demo": "hush", "other": "hush-hush"}
# Of each topic one recording that is read.
RECORDINGS = {
    "shopify": ["usual", "everything", "fulfillment_parcels", "event_attempt", "refund_money", "customer_choices",
                "consent_email", "product_full", "data_request", "redact", "redact_shop", "deleted", "uninstalled"],
    "woocommerce": ["usual", "shipments", "shipments_germanized", "customer", "customer_gone", "product_full", "coupon"],
}
EACH = [(system, name) for system, names in RECORDINGS.items() for name in names]
_next = itertools.count(1)


@pytest.fixture(scope="module")
def server():
    with Server() as made:
        made.start()
        made.control(f"at {AT}")
        for slug, secret in SECRETS.items():
            made.cli("shop", "add", slug, "--name", slug.title(), "--currency", "EUR", "--zone", "Europe/Paris",
                     "--locale", "en")
            made.cli("shop", "set", slug, f"shopify.secret={secret}", f"woocommerce.secret={secret}",
                     "live_since=2026-01-01", "smtp.url=catcher", f"mail.from={slug.title()} <shop@example.com>",
                     "receipt.order_confirmation=on")
        yield made
        made.stop()


@pytest.fixture(autouse=True)
def same_worker(server):
    before = descendants(server.process.pid)
    yield
    assert descendants(server.process.pid) == before, "the worker died and was started again"
    assert serves(server)


def serves(server):
    """An order is taken and becomes a mail."""
    number = 600000 + next(_next)
    body = shopify.fixture("shopify/order_1001.json").replace(b"ana@example.com", b"n%d@example.com" % number)
    body = json.dumps(json.loads(body) | {"id": number}).encode()
    assert post(server, "shopify", "orders/create", body).status == 200
    server.control("work")
    return server.rows("SELECT count(*) FROM message WHERE address = ?", (f"n{number}@example.com",)) == [(1,)]


def headers(system, topic, signature, delivery=None):
    if system == "shopify":
        return shopify.headers(topic, delivery or f"h-{next(_next)}", signature, AT)
    return {"Content-Type": "application/json", "X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": signature}


def post(server, system, topic, body, shop="demo", secret="hush", **more):
    return server.http("POST", f"/in/{shop}/{system}", body, headers(system, topic, shopify.sign(secret, body), **more))


def recording(system, name):
    case = CASES / system / name
    return case.with_suffix(".topic").read_text().strip(), json.loads(case.with_suffix(".json").read_bytes())


def states(server):
    return server.rows("SELECT state, reason FROM inbox ORDER BY id DESC")


# ---- what may stand in a body ---------------------------------------------------------------------------------

ODD = [None, True, -1, 2**63, 10**400, 1e308, "", "x" * 100_000, "\ud800", "9" * 400, [], {}, [[]], [None], {"id": {}},
       "2026-02-30T25:61:00Z", "1e400", "-0", "NaN", "\u0000", "gid://shopify/Order/", [{}] * 50]


def odd_json(value):
    # A lone surrogate and a number without end are written as a sender would that does not check itself.
    return json.dumps(value).replace('"' + "9" * 400 + '"', "9" * 400).encode()


def places(value, path=()):
    """Every place of a document, the lists' by their first two elements."""
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for step, below in steps:
        yield from places(below, (*path, step))


def with_odd(document, path, odd):
    if not path:
        return odd
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = odd
    return changed


@pytest.mark.parametrize("system, name", EACH)
def test_anything_may_stand_anywhere(server, system, name):
    topic, document = recording(system, name)
    chance = random.Random(f"{system} {name}")
    everywhere = list(places(document))
    for _ in range(60):
        body = odd_json(with_odd(document, chance.choice(everywhere), chance.choice(ODD)))
        assert post(server, system, topic, body).status == 200
    server.control("work")
    for state, reason in states(server):
        assert state in ("done", "same", "early", "unread"), (state, reason)
        assert state == "done" or reason, state


DEEP = 100_000
WHOLE = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "never closed": b"[" * DEEP,
    "a lone surrogate": b'{"id": 1, "name": "\\ud83d"}',
    "a number beyond all": b'{"id": 1' + b"0" * 100_000 + b"}",
    "an exponent beyond all": b'{"id": 1e999999999, "total_price": 1e999999999}',
    "a million members": b'{"id": 1' + b"".join(b',"k%d":%d' % (i, i) for i in range(200_000)) + b"}",
    "one key, a million times": b'{"id": 1' + b',"id": 1' * 300_000 + b"}",
    "nothing but zeros": b"\0" * 100_000,
    "another encoding": '{"id": 1}'.encode("utf-16"),
}


@pytest.mark.parametrize("what", WHOLE)
@pytest.mark.parametrize("system, topic", [("shopify", "orders/updated"), ("shopify", "customers/update"),
                                           ("woocommerce", "order.updated"), ("woocommerce", "product.updated")])
def test_a_body_may_be_anything(server, system, topic, what):
    assert post(server, system, topic, WHOLE[what] + b" " * next(_next)).status == 200
    server.control("work")
    state, reason = states(server)[0]
    assert state in ("unread", "done", "same") and (state == "done" or reason)


# ---- who it comes from -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("system, name", EACH)
@pytest.mark.parametrize("shop", SECRETS)
def test_nothing_crosses_from_shop_to_shop(server, shop, system, name):
    topic, document = recording(system, name)
    body = json.dumps(document).encode()
    for secret in (*SECRETS.values(), "", "guess"):
        answer = server.http("POST", f"/in/{shop}/{system}", body, headers(system, topic, shopify.sign(secret, body)))
        assert answer.status == (200 if secret == SECRETS[shop] else 401)
        if secret != SECRETS[shop]:
            assert "signature" in answer.text and SECRETS[shop] not in answer.text
    server.control("work")  # an erasure takes all that is there when it is done


@pytest.mark.parametrize("system", RECORDINGS)
def test_an_old_secret_signs_nothing_any_more(server, system):
    topic, document = recording(system, "usual")
    body = json.dumps(document).encode()
    server.cli("shop", "set", "other", f"{system}.secret=new-one")
    assert post(server, system, topic, body, "other", "hush-hush").status == 401
    assert post(server, system, topic, body, "other", "new-one").status == 200
    server.cli("shop", "set", "other", f"{system}.secret={SECRETS['other']}")


@pytest.mark.parametrize("system", RECORDINGS)
def test_a_replay_is_acknowledged_and_changes_nothing(server, system):
    topic, document = recording(system, "usual")
    body = json.dumps(document | {"id": 7700 + next(_next)}).encode()
    for _ in range(50):
        assert post(server, system, topic, body, delivery="replayed-" + system).status == 200
    before = server.rows("SELECT count(*) FROM inbox WHERE state <> 'new'")
    server.control("work")
    after = server.rows("SELECT count(*) FROM inbox WHERE state <> 'new'")
    assert after[0][0] == before[0][0] + 1


# ---- how much, and for how long ----------------------------------------------------------------------------------

def worker_bytes(server):
    """Resident memory of parent and worker, less what they share with files."""
    total = 0
    for pid in [server.process.pid, *descendants(server.process.pid)]:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Anonymous:"):
                total += int(line.split()[1]) * 1024
    return total


class Watch(threading.Thread):
    """The most memory that was seen, and that others are served, while something hostile goes on."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.most, self.served, self.over = server, 0, [], threading.Event()

    def __enter__(self):
        self.before = worker_bytes(self.server)
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        while not self.over.is_set():
            started = time.monotonic()
            status = self.server.http("GET", "/health", seconds=20).status
            self.served.append((status, time.monotonic() - started))
            self.most = max(self.most, worker_bytes(self.server))
            self.over.wait(0.05)

    @property
    def grown(self):
        return max(self.most - self.before, 0)


def knock(server):
    line = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    line.sendall(b"POST /in/demo/shopify HTTP/1.1\r\nHost: p\r\n")
    return line


def answered(line):
    """The status, or None where the connection was just closed."""
    try:
        said = line.recv(200)
    except (ConnectionError, TimeoutError):
        return None
    finally:
        line.close()
    return int(said.split()[1]) if said.startswith(b"HTTP/1.") else None


def test_a_million_headers_are_refused_while_they_come(server):
    with Watch(server) as watch:
        line, sent = knock(server), 0
        try:
            for start in range(0, 1_000_000, 1000):
                line.sendall(b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(start, start + 1000)))
                sent += 1000
        except OSError:
            pass
        status = answered(line)
    assert status in (None, 400, 413, 431)
    assert sent < 1_000_000, "all of them were taken"
    assert watch.grown < 64 << 20, watch.grown
    assert {status for status, _ in watch.served} == {200}


def test_a_header_without_end_is_refused_while_it_comes(server):
    with Watch(server) as watch:
        line, sent = knock(server), 0
        try:
            line.sendall(b"X-Long: ")
            for _ in range(1000):
                line.sendall(b"y" * 65536)
                sent += 65536
        except OSError:
            pass
        status = answered(line)
    assert status in (None, 400, 413, 431) and sent < 60 << 20
    assert watch.grown < 64 << 20


def test_many_large_bodies_at_once_stay_within_bounds(server):
    """Sixty-four senders of ten megabytes each, none of them known to us: 640 MB that nobody may make us hold."""
    body, statuses = b'{"note":"' + b"x" * (10 << 20) + b'"}', []

    def send():
        line = knock(server)
        try:
            line.sendall(b"Content-Length: %d\r\nX-Shopify-Topic: orders/create\r\n\r\n" % len(body))
            line.sendall(body)
        except OSError:
            pass
        statuses.append(answered(line))

    with Watch(server) as watch:
        threads = [threading.Thread(target=send) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(statuses) == 64 and set(statuses) <= {413, None}
    assert watch.grown < 200 << 20, watch.grown
    assert {status for status, _ in watch.served} == {200}
    assert max(took for _, took in watch.served) < 5


def test_who_sends_slowly_keeps_nobody_waiting(server):
    lines = [knock(server) for _ in range(200)]
    try:
        for line in lines:
            line.sendall(b"Content-Length: 1000\r\n\r\n{")
        started = time.monotonic()
        assert serves(server)
        assert time.monotonic() - started < 10
    finally:
        for line in lines:
            line.close()
