"""kill.py - kill -9 at random moments of a free-running server under load.

Time is real, the server works on its own, webhooks come in from several clients that post each order until
it is answered with 200, and a mail server takes the confirmations with a small delay, so that many a kill
falls between taking a mail and hearing of it. Sometimes parent and worker are killed, sometimes the worker
alone. When all kills are done, the same data is opened under test control, time passes, and the books must
balance:

- every order that was answered with 200 is there, once, with one event, one message, accepted;
- a mail that arrived twice did so under the same Message-ID, and each arrival but one belongs to a delivery
  in state `unknown`;
- the unknown deliveries of one kill are at most connections x pipeline depth.
"""

import collections
import dataclasses
import datetime
import http.client
import json
import queue
import random
import socket
import threading
import time

from . import shopify
from .scene import iso
from .server import Server, ask
from .sink import Sink

SECRET = "hush-storm"
CONNECTIONS, DEPTH = 4, 4  # smtp.connections as set below; PIPELINE_DEPTH of flow/sender.c
CLIENTS = 6
REPLY_SECONDS = 0.01  # between taking a mail and saying so
KILL_SECONDS = 0.25   # a kill comes at a random moment up to so long after the server is up
WORKER_ONLY = 0.25    # share of kills that spare the parent
DRAIN = ["10m", "1h", "6h", "12h", "1d", "1d"]


@dataclasses.dataclass
class Order:
    """One order and what its sender knows of it."""
    number: int
    body: bytes
    answered: bool = False
    posts: int = 0

    @property
    def address(self):
        return f"buyer-{self.number}@example.com"


def orders(count):
    """Orders placed just now, each by another buyer."""
    pattern = json.loads(shopify.fixture("shopify/order_1001.json"))
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    found = []
    for number in range(1, count + 1):
        address = f"buyer-{number}@example.com"
        pattern.update(id=5900000000000 + number, name=f"#{number}", order_number=number, email=address,
                       contact_email=address, created_at=now, updated_at=now, processed_at=now)
        pattern["customer"].update(id=7400000000000 + number, email=address)
        found.append(Order(number, json.dumps(pattern, ensure_ascii=False).encode()))
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Storm:
    """The load: clients that post what is released to them until it is answered."""

    def __init__(self, port):
        self.port = port
        self.released = queue.Queue()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._post_all, daemon=True) for _ in range(CLIENTS)]
        self.surprises = []
        for thread in self.threads:
            thread.start()

    def _post_all(self):
        while not self.over.is_set():
            try:
                order = self.released.get(timeout=0.05)
            except queue.Empty:
                continue
            while not order.answered and not self.over.is_set():
                self._post(order)
            time.sleep(random.uniform(0, 0.02))

    def _post(self, order):
        headers = shopify.headers("orders/create", f"delivery-{order.number}", shopify.sign(SECRET, order.body),
                                  iso(time.time() * 1000))
        order.posts += 1
        try:
            answer = ask(self.port, "POST", "/in/storm/shopify", order.body, headers, seconds=10)
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
            return
        if answer.status == 200:
            order.answered = True
        elif answer.status not in (429, 503):
            self.surprises.append(f"order {order.number}: HTTP {answer.status} {answer.text[:200]}")
            time.sleep(0.1)

    def wait(self, all_orders, seconds):
        """True when every order was answered in time."""
        deadline = time.monotonic() + seconds
        while not all(order.answered for order in all_orders):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def close(self):
        self.over.set()
        for thread in self.threads:
            thread.join(15)


@dataclasses.dataclass
class Report:
    """How a run ended; wrong is empty when the books balance."""
    wrong: list
    kills: int = 0
    unknown: int = 0
    duplicates: int = 0
    repeated: int = 0
    most_unknown: int = 0

    def __str__(self):
        return (f"{self.kills} kills, {self.repeated} posts repeated, {self.unknown} deliveries unknown (most in one kill: {self.most_unknown}), "
                f"{self.duplicates} mails twice" + "".join(f"\n  {line}" for line in self.wrong[:20]))


def run(order_count, kill_count, seed, program=None):
    """One whole run; its Report."""
    chance = random.Random(seed)
    sink, port, every = Sink(reply_seconds=REPLY_SECONDS), free_port(), orders(order_count)
    with Server(control=False, program=program) as server:
        server.listen = f"127.0.0.1:{port}"
        add_shop(server, sink)
        storm = Storm(port)
        try:
            kills = _kill_again_and_again(server, storm, every, kill_count, chance)
            answered = storm.wait(every, 30 + order_count / 100)
        finally:
            storm.close()
        server.kill()
        kills.append(time.time() * 1000)
        _drain(server)
        report = _balance(server, sink, every, kills)
    sink.close()
    report.wrong += storm.surprises
    report.repeated = sum(order.posts - 1 for order in every)
    if not answered:
        report.wrong.append(f"{sum(not order.answered for order in every)} orders were never answered")
    return report


def add_shop(server, sink):
    server.cli("shop", "add", "storm", "--name", "Storm", "--currency", "EUR", "--zone", "Europe/Paris", "--locale", "en")
    server.cli("shop", "set", "storm", "live_since=2020-01-01T00:00:00Z", f"shopify.secret={SECRET}",
               "mail.from=Storm <orders@storm.example>", "public_url=https://storm.example", "receipt.order_confirmation=on",
               f"smtp.url={sink.url}", f"smtp.connections={CONNECTIONS}")


def _kill_again_and_again(server, storm, every, kill_count, chance):
    """Releases the orders in kill_count portions, one before each kill. When each kill fell, ms."""
    kills = []
    server.start()
    for turn in range(kill_count):
        portion = every[turn * len(every) // kill_count:(turn + 1) * len(every) // kill_count]
        for order in portion:
            storm.released.put(order)
        time.sleep(chance.uniform(0, KILL_SECONDS))
        if not (chance.random() < WORKER_ONLY and server.kill_worker()):
            server.kill()
        kills.append(time.time() * 1000)
        if server.running:
            server.wait_ready()
        else:
            server.start()
    return kills


def _drain(server):
    """The same data under test control: days pass, until nothing is left to do."""
    calm = Server(data=server.data, program=server.program)
    try:
        calm.start()
        calm.control(f"at {iso(time.time() * 1000)}")
        calm.control("work", seconds=300)
        for span in DRAIN:
            calm.control(f"after {span}")
            calm.control("work", seconds=300)
        calm.stop()
    finally:
        calm.close()


def _balance(server, sink, every, kills):
    report = Report([], len(kills) - 1)
    found = {name: count for name, count in server.rows("SELECT name, count(*) FROM orders GROUP BY name")}
    for order in every:
        if order.answered and found.get(f"#{order.number}") != 1:
            report.wrong.append(f"order {order.number} was answered and is there {found.get(f'#{order.number}', 0)} times")
    for what, query in (
            ("orders", "SELECT count(*) FROM orders"),
            ("placed events", "SELECT count(*) FROM event WHERE kind = 'order.placed'"),
            ("messages", "SELECT count(*) FROM message"),
            ("accepted messages", "SELECT count(*) FROM message WHERE state = 'accepted'"),
            ("accepted deliveries", "SELECT count(*) FROM delivery WHERE state = 'accepted'")):
        count = server.rows(query)[0][0]
        if count != len(every):
            report.wrong.append(f"{count} {what} for {len(every)} orders")
    left = server.rows("SELECT state, count(*) FROM delivery WHERE state NOT IN ('accepted', 'unknown', 'not_sent') GROUP BY state")
    report.wrong += [f"{count} deliveries {state}" for state, count in left]
    _balance_mails(server, sink, every, kills, report)
    return report


def _balance_mails(server, sink, every, kills, report):
    unknown = server.rows("SELECT m.address, d.at FROM delivery AS d JOIN message AS m ON m.id = d.cause "
                          "WHERE d.state = 'unknown'")
    of_address = collections.Counter(address for address, _ in unknown)
    arrived = collections.defaultdict(list)
    for mail in sink.mails:
        arrived[mail.recipients[0]].append(mail.id)
    for order in every:
        ids = arrived[order.address]
        if not ids:
            report.wrong.append(f"{order.address} never got a mail")
        if len(set(ids)) > 1:
            report.wrong.append(f"{order.address} got mails under different Message-IDs: {set(ids)}")
        if len(ids) - 1 > of_address[order.address]:
            report.wrong.append(f"{order.address} got {len(ids)} mails, but only {of_address[order.address]} "
                                f"deliveries are unknown")
        report.duplicates += max(0, len(ids) - 1)
    # a delivery belongs to the first kill after its claim
    of_kill = collections.Counter(next(i for i, kill in enumerate(kills) if kill >= at) for _, at in unknown)
    report.unknown, report.most_unknown = len(unknown), max(of_kill.values(), default=0)
    for i, count in sorted(of_kill.items()):
        if count > CONNECTIONS * DEPTH:
            report.wrong.append(f"kill {i + 1}: {count} deliveries unknown, more than {CONNECTIONS} x {DEPTH}")
