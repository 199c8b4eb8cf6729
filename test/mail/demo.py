"""demo.py - the demo shop's orders, each with every receipt in every language, as the real flow writes them.

`postlude demo` makes the shop; for each language a copy of its store gets the orders' locale, and for each receipt the
state that the receipt tells of and its event. What the flow makes of that arrives in an SMTP server of ours.
"""
import collections
import itertools
import shutil
import sqlite3
import tempfile

from driver.server import Server
from driver.sink import Sink
from world import EPOCH_MS, EVENTS, KINDS, STATES, TEMPLATES

AT = "2026-11-22T20:00:00Z"
AT_MS = 1795377600000
ORDER = collections.namedtuple("Order", "id name email total subtotal shipping tax discount gift cancelled ships lines")
LINE = collections.namedtuple("Line", "title quantity price discount")
# What a fixed sample has more of than chance would bring: what is rare.
RARE = (("id IN (SELECT order_id FROM refund)", 40), ("cancelled_at IS NOT NULL", 15), ("gift = 1", 15), ("discount > 0", 15))
LAST = {"order_delivered": 1, "order_cancelled": 2}  # after them the order is another one


def store(data):
    return sqlite3.connect(data / "postlude.db", timeout=30, isolation_level=None)


def sample(database, count):
    """Ids of so many orders, the same ones each time, of all of the year."""
    chosen = [row[0] for what, most in RARE
              for row in database.execute(f"SELECT id FROM orders WHERE {what} ORDER BY foreign_id LIMIT ?", (most,))]
    every = [row[0] for row in database.execute("SELECT id FROM orders ORDER BY foreign_id")]
    spread = every[::max(1, len(every) // count)]
    return sorted(list(dict.fromkeys(chosen + spread))[:count])


class Demo:
    """The shop, made once. `orders` {name: Order}; `parcels` {name: numbers}; `refunds` {name: [(id, amount)]}."""

    def __init__(self, count=None):
        self.server = Server()
        self.server.start()
        self.server.control(f"at {AT}")
        self.server.cli("demo", "--url", "https://demo.example", seconds=120)
        self.server.stop()
        with store(self.server.data) as database:
            database.execute("DELETE FROM event")  # what is news in the demo itself is not asked for here
            every = [row[0] for row in database.execute("SELECT id FROM orders ORDER BY foreign_id")]
            self.chosen = set(sample(database, count) if count else every)
            self.orders = {order.name: order for order in self._orders(database)}
            names = {order.id: name for name, order in self.orders.items()}
            self.parcels, self.refunds = collections.defaultdict(list), collections.defaultdict(list)
            for order, number in database.execute(
                    "SELECT s.order_id, p.number FROM shipment AS s JOIN parcel AS p ON p.shipment_id = s.id"):
                if order in names:
                    self.parcels[names[order]].append(number)
            for order, amount in database.execute("SELECT order_id, amount FROM refund"):
                if order in names:
                    self.refunds[names[order]].append(amount)
        database.close()

    def close(self):
        self.server.close()

    def _orders(self, database):
        lines = collections.defaultdict(list)
        for order, *line in database.execute(
                "SELECT order_id, title, quantity, price, discount FROM order_line ORDER BY order_id, position"):
            lines[order].append(LINE(*line))
        for row in database.execute("SELECT id, name, email, total, subtotal, shipping, tax, discount, gift, "
                                    "cancelled_at IS NOT NULL, EXISTS (SELECT 1 FROM shipment WHERE order_id = orders.id) "
                                    "FROM orders"):
            if row[0] in self.chosen:
                yield ORDER(*row, lines[row[0]])

    def expected(self, template):
        """Names of the orders that have something of which it tells; as often as they have it."""
        if template == "order_confirmation":
            return [name for name, order in self.orders.items() if not order.cancelled]
        if template == "refunded":
            return [name for name, amounts in self.refunds.items() for _ in amounts]
        if template.startswith("order_"):
            return list(self.orders)
        return [name for name, order in self.orders.items() if order.ships]

    def mails(self, language):
        """(template, Mail) of all templates for all orders, template by template."""
        home = tempfile.mkdtemp(prefix="postlude-demo-")
        data = shutil.copytree(self.server.data, f"{home}/data", ignore=shutil.ignore_patterns("ctl", "port", "*.lock"))
        sink = Sink()
        try:
            with Server(data=data) as server:
                server.cli("shop", "set", "demo", "demo=", f"smtp.url={sink.url}", "live_since=2020-01-01T00:00:00Z",
                           "public_url=https://demo.example", *(f"receipt.{name}=on" for name in TEMPLATES))
                server.start()
                server.control(f"at {AT}")
                numbers = itertools.count(1)
                for template in sorted(TEMPLATES, key=lambda name: LAST.get(name, 0)):
                    self._happen(server, template, language, numbers)
                    server.control("work", seconds=1800)
                    yield from ((template, mail) for mail in sink.mails)
                    sink.mails.clear()
        finally:
            sink.close()
            shutil.rmtree(home)

    def _happen(self, server, template, language, numbers):
        kind = EVENTS.get(template, f"shipment.{template}")
        database = store(server.data)
        database.execute("PRAGMA wal_autocheckpoint = 0")  # the server's own connection makes them
        database.execute("BEGIN IMMEDIATE")
        database.execute("UPDATE orders SET locale = ?, delivered_at = ?, cancelled_at = ?", (
            language, AT_MS if template == "order_delivered" else None, AT_MS if template == "order_cancelled" else None))
        state = STATES.get(template, template) if kind.startswith("shipment.") else "delivered"
        database.execute("UPDATE shipment SET state = ?", (state,))
        subjects = {"refunded": "refund"}.get(template, "shipment" if kind.startswith("shipment.") else None)
        query = f"SELECT order_id, id FROM {subjects}" if subjects else "SELECT id, NULL FROM orders"
        unwanted = {order.id for order in self.orders.values() if order.cancelled and template == "order_confirmation"}
        for order, subject in database.execute(query).fetchall():
            if order in self.chosen and order not in unwanted:
                database.execute(
                    "INSERT INTO event (id, shop, at, kind, happened_at, order_id, subject_id, state) "
                    "VALUES (?, 1, ?, ?, ?, ?, ?, 'new')",
                    ((AT_MS - 86400000 - EPOCH_MS << 22) + (next(numbers) << 22) | KINDS["event"] << 16, AT_MS, kind, AT_MS,
                     order, subject))
        database.execute("COMMIT")
        database.close()
