"""A storm of webhooks against a quiet day: the same orders in the end, each mail once.

The lives of some dozens of orders are told twice. To one server as they happened, one webhook after the other. To
another one shuffled, nine copies of each, and a tenth of them never: what those would have told is asked for by
polling. What both know at the end has to be the same, row by row, and nobody may get a mail twice.
"""

import collections
import datetime
import json
import os
import random
from pathlib import Path

import pytest
from fake_shop import FakeShopify
from test_poll import SHOPIFY, iso

from driver import shopify
from driver.server import Server

FULFILMENT = json.loads((Path(__file__).parent / "connector/shopify/fulfillment_parcels.json").read_bytes())
START = datetime.datetime(2026, 3, 2, 8, tzinfo=datetime.timezone.utc)
ORDERS, COPIES, LOST_PERCENT = 25, 9, 10
SECRET = "hush"


class Life:
    """What happens to one order; each turn is a webhook with all that is true by then."""

    def __init__(self, number, chance):
        self.number, self.chance, self.told = number, chance, []
        self.at = START + datetime.timedelta(minutes=number)
        self.order = SHOPIFY | {
            "id": 820982911946150000 + number, "name": f"#{number}", "email": f"buyer{number}@example.com",
            "created_at": iso(self.at), "processed_at": iso(self.at), "customer": None, "fulfillments": [],
            "refunds": [], "financial_status": "pending", "fulfillment_status": None}
        self.tell("orders/create")

    def tell(self, topic, body=None, **changes):
        self.at += datetime.timedelta(minutes=7)
        self.order = self.order | changes | {"updated_at": iso(self.at)}
        self.told.append((self.at, topic, json.dumps(body or self.order).encode()))

    def live(self):
        if self.chance.random() < 0.9:
            self.tell("orders/paid", financial_status="paid")
        if self.chance.random() < 0.15:
            self.tell("orders/cancelled", cancelled_at=iso(self.at), cancel_reason="customer",
                      financial_status="voided")
            return self
        if self.chance.random() < 0.3:
            self.tell("orders/updated", note="please ring twice",
                      shipping_address=self.order["shipping_address"] | {"address1": "Rua Nova 2"})
        self.send()
        if self.chance.random() < 0.3:
            self.give_back()
        return self

    def parcel(self, **changes):
        one = FULFILMENT | {"id": 9000 + self.number, "order_id": self.order["id"], "name": f"#{self.number}.1",
                            "shipment_status": None, "line_items": []} | changes
        one["created_at"] = one.get("left") or iso(self.at)
        one["updated_at"] = iso(self.at)
        return {key: value for key, value in one.items() if key != "left"}

    def send(self):
        left = iso(self.at)
        for topic, status in (("fulfillments/create", None), ("fulfillments/update", "in_transit"),
                              ("fulfillments/update", "delivered")):
            self.at += datetime.timedelta(hours=3)
            one = self.parcel(shipment_status=status, left=left)
            self.tell(topic, one, fulfillments=[one], fulfillment_status="fulfilled")
            self.tell("orders/fulfilled" if status is None else "orders/updated")

    def give_back(self):
        refund = {"id": 7000 + self.number, "order_id": self.order["id"], "created_at": iso(self.at),
                  "processed_at": iso(self.at), "note": "too small", "refund_line_items": [],
                  "transactions": [{"kind": "refund", "status": "success", "amount": "18.50", "currency": "EUR"}]}
        self.tell("refunds/create", refund, refunds=[refund], financial_status="partially_refunded")
        self.tell("orders/updated")


def open_server():
    server = Server().start()
    server.control(f"at {iso(START)}")
    server.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "Europe/Lisbon",
               "--locale", "en")
    server.cli("shop", "set", "demo", "live_since=2026-01-01", "smtp.url=catcher", f"shopify.secret={SECRET}",
               "mail.from=Demo <shop@example.com>", "receipt.order_confirmation=on")
    return server


def post(server, name, topic, body):
    headers = shopify.headers(topic, name, shopify.sign(SECRET, body), iso(START))
    assert server.http("POST", "/in/demo/shopify", body, headers).status == 200


def known(server):
    """Everything that is known of the orders, without what is only ours: ids, causes, when we heard of it."""
    tables = {
        "orders": """SELECT foreign_id, name, email, currency, subtotal, shipping, fees, tax, discount, total, payment,
            fulfilment, quiet, placed_at, cancelled_at, delivered_at, ship_to, note, updated_at, hash FROM orders""",
        "lines": """SELECT o.foreign_id, l.position, l.foreign_id, l.title, l.quantity, l.price, l.discount
            FROM order_line l JOIN orders o ON o.id = l.order_id""",
        "shipments": """SELECT o.foreign_id, s.foreign_id, s.state, s.shipped_at, s.delivered_at, s.updated_at
            FROM shipment s JOIN orders o ON o.id = s.order_id""",
        "parcels": """SELECT s.foreign_id, p.position, p.carrier, p.number, p.url
            FROM parcel p JOIN shipment s ON s.id = p.shipment_id""",
        "refunds": """SELECT o.foreign_id, r.foreign_id, r.amount, r.currency, r.refunded_at, r.note
            FROM refund r JOIN orders o ON o.id = r.order_id""",
        "customers": "SELECT email, first_name, last_name, locale FROM customer",
    }
    return {name: sorted(server.rows(query), key=repr) for name, query in tables.items()}


def differences(found, wanted):
    """As text, since there may be many: which row, which column, what was found and what was wanted."""
    if len(found) != len(wanted):
        return f"{len(found)} rows instead of {len(wanted)}"
    return "\n".join(f"{there[:2]} column {column}: {one!r}, not {other!r}" for there, here in zip(found, wanted)
                     for column, (one, other) in enumerate(zip(there, here)) if one != other)


def mails(server):
    """Who got which mail how often."""
    return collections.Counter(server.rows(
        """SELECT o.name, m.template FROM message m JOIN orders o ON o.id = m.order_id
           WHERE m.state = 'accepted'"""))


@pytest.mark.parametrize("seed", [1] if os.environ.get("POSTLUDE_SUITE") == "fast" else [1, 2])
def test_a_storm_ends_where_a_quiet_day_ends(seed):
    chance = random.Random(seed)
    lives = [Life(number, chance).live() for number in range(ORDERS)]
    told = sorted((turn for life in lives for turn in life.told), key=lambda turn: turn[0])
    with open_server() as quiet, open_server() as stormy, FakeShopify() as api:
        for place, (at, topic, body) in enumerate(told):
            post(quiet, f"d-{place}", topic, body)
            quiet.control(f"at {iso(at)}")
            quiet.control("work")
        posts = [(place, copy) for place in range(len(told)) for copy in range(COPIES)
                 if (place * 7 + seed) % 100 >= LOST_PERCENT]
        chance.shuffle(posts)
        stormy.control(f"at {iso(told[-1][0])}")
        for turn, (place, _) in enumerate(posts):
            post(stormy, f"d-{place}", *told[place][1:])
            if turn % 200 == 0:
                stormy.control("work")
        stormy.control("work")
        assert known(stormy) != known(quiet)  # a tenth is missing
        api.orders = [life.order for life in lives]
        stormy.cli("shop", "set", "demo", f"shopify.shop={api.url}", f"shopify.client_id={api.CLIENT}",
                   f"shopify.client_secret={api.SECRET}")
        stormy.control("work")
        for name, rows in known(quiet).items():
            assert differences(known(stormy)[name], rows) == "", name
        calm, storm = mails(quiet), mails(stormy)
        assert set(storm.values()) == set(calm.values()) == {1}
        stands = {life.order["name"] for life in lives if not life.order.get("cancelled_at")}
        confirmed = {name for name, template in storm if template == "order_confirmation"}
        assert stands <= confirmed
        # A parcel that arrives before its order is told as shipped may be one of several: then its own news is right.
        extra = {mail for mail in set(storm) - set(calm) if mail[0] in stands}
        assert {template for _, template in extra} <= {"delivered"}, extra
        assert stormy.rows("SELECT count(*) FROM inbox WHERE state IN ('new', 'unread', 'aside')") == [(0,)]
        quiet.stop()
        stormy.stop()
