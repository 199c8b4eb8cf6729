"""A storm of webhooks while everything else happens too: the run that ThreadSanitizer watches.

Clients post orders (new ones, the same again, badly signed, unreadable), others open order pages, the
health page and the figures, the command line reads and changes settings through the running server, and the
mail server is slow and refuses now and then. At the end the books balance and no sanitizer complained.
"""
import json
import os
import random
import threading
import time

import pytest

from driver import kill, shopify
from driver.scene import iso
from driver.server import Server
from driver.sink import Sink

SECONDS = {"long": 60}.get(os.environ.get("POSTLUDE_SUITE"), 10)
CLIENTS = 8
SLACK_SECONDS = 180  # to digest and send what came in, under ThreadSanitizer on a busy machine


class Crowd:
    """Threads that do one thing again and again until the storm is over; what surprised them."""

    def __init__(self, server):
        self.server, self.over, self.threads = server, threading.Event(), []
        self.surprises, self.counts, self.lock = [], {}, threading.Lock()

    def send(self, name, act, times=1):
        for place in range(times):
            thread = threading.Thread(target=self._repeat, args=(name, act, random.Random(f"{name} {place}")), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _repeat(self, name, act, chance):
        while not self.over.is_set():
            try:
                act(chance)
            except Exception as error:  # noqa: BLE001 - whatever it was, the test tells it
                self.surprises.append(f"{name}: {error!r}")
                return
            with self.lock:
                self.counts[name] = self.counts.get(name, 0) + 1

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(60)


class Buyers:
    """Posts orders, each again now and then, and some that must be refused."""

    def __init__(self, server):
        self.server, self.orders, self.answered = server, iter(kill.orders(200_000)), set()
        self.lock = threading.Lock()

    def post(self, body, delivery, secret=kill.SECRET):
        headers = shopify.headers("orders/create", delivery, shopify.sign(secret, body), iso(time.time() * 1000))
        return self.server.http("POST", "/in/storm/shopify", body, headers).status

    def buy(self, chance):
        with self.lock:
            order = next(self.orders)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            status = self.post(order.body, f"delivery-{order.number}")
            assert status in (200, 429, 503), status
            if status == 200:
                with self.lock:
                    self.answered.add(order.number)

    def forge(self, chance):
        assert self.post(b'{"id": 1}', f"forged-{chance.random()}", secret="guessed") in (401, 429, 503)
        time.sleep(0.01)

    def garble(self, chance):
        assert self.post(b'{"id": 1, "line_items":', f"garbled-{chance.random()}") in (200, 429, 503)
        time.sleep(0.05)


def look(server, paths):
    def act(chance):
        assert server.http("GET", chance.choice(paths)).status < 500
        time.sleep(0.002)
    return act


def read(server):
    def act(chance):
        server.cli(*chance.choice((("stats", "--json"), ("list", "orders", "--shop", "storm", "--json"),
                                   ("sql", "SELECT count(*) FROM event"))))
    return act


def change(server):
    def act(chance):
        server.cli("shop", "set", "storm", f"legal.text=Storm Ltd {chance.randint(1, 999)}")
        time.sleep(0.1)
    return act


def trouble(sink):
    def act(chance):
        sink.rule("rcpt", "451 4.7.1 Greylisted, come back later", times=3)
        sink.rule("dot", chance.choice(("drop", "421 4.3.2 Going down", "slow")), times=1)
        time.sleep(0.5)
    return act


@pytest.fixture
def sink():
    with_delay = Sink(reply_seconds=0.002)
    yield with_delay
    with_delay.close()


def test_storm(sink):
    with Server(control=False) as server:
        kill.add_shop(server, sink)
        server.start()
        buyers, crowd = Buyers(server), Crowd(server)
        crowd.send("buy", buyers.buy, CLIENTS)
        crowd.send("forge", buyers.forge)
        crowd.send("garble", buyers.garble)
        crowd.send("look", look(server, ["/health", "/metrics", "/o/nothing", "/nowhere"]), 2)
        crowd.send("read", read(server))
        crowd.send("change", change(server))
        crowd.send("trouble", trouble(sink))
        time.sleep(SECONDS)
        crowd.end()
        digested = wait_until_digested(server, len(buyers.answered))
        server.stop()
        print(f"{crowd.counts}, {len(buyers.answered)} orders acknowledged, {len(sink.mails)} mails")
        assert crowd.surprises == [] and server.complaints() == []
        assert len(buyers.answered) > 0 and digested == len(buyers.answered)


def wait_until_digested(server, count):
    """How many orders there are, once none waits any more or the time is up."""
    deadline = time.monotonic() + SLACK_SECONDS
    while True:
        stats = json.loads(server.cli("stats", "--shop", "storm", "--json"))
        if stats["orders"] >= count or time.monotonic() > deadline:
            return stats["orders"]
        time.sleep(0.5)
