"""The demo shop: the same each time, large enough to look real, and none of its mails ever leaves."""

import re

import pytest

from driver.server import Server
from driver.sink import Sink

WHAT = """SELECT o.name, o.email, o.total, o.placed_at, o.payment, (SELECT group_concat(s.state) FROM shipment AS s
    WHERE s.order_id = o.id), (SELECT group_concat(l.title || l.quantity) FROM order_line AS l WHERE l.order_id = o.id)
    FROM orders AS o ORDER BY o.name"""


def made(at="2026-03-02T10:00:00Z"):
    server = Server()
    server.start()
    server.control(f"at {at}")
    assert "5000 orders" in server.cli("demo", seconds=120)
    return server


@pytest.fixture(scope="module")
def server():
    with made() as running:
        yield running
        running.stop()


def one(server, query):
    return server.rows(query)[0][0]


def test_the_same_day_gives_the_same_shop(server):
    with made() as other:
        assert other.rows(WHAT) == server.rows(WHAT)
        other.stop()


def test_it_looks_like_a_shop(server):
    assert one(server, "SELECT count(*) FROM customer") == 2000
    assert one(server, "SELECT count(*) FROM product WHERE image_url <> ''") == 60
    assert one(server, "SELECT count(DISTINCT ship_to -> '$.country_code') FROM orders") >= 28
    states = {row[0] for row in server.rows("SELECT DISTINCT state FROM shipment")}
    assert {"delivered", "in_transit", "out_for_delivery", "label_created", "lost", "returned", "delayed"} <= states
    months = server.rows("SELECT strftime('%m', placed_at / 1000, 'unixepoch'), count(*) FROM orders GROUP BY 1")
    sold = {month: count for month, count in months}
    assert sold["12"] > 1.3 * sold["07"]
    again = one(server, "SELECT avg(n > 1) FROM (SELECT count(*) AS n FROM orders GROUP BY email)")
    assert 0.3 < again < 0.7
    assert one(server, "SELECT count(*) FROM orders WHERE placed_at > 1772445600000") == 0
    assert one(server, "SELECT count(*) FROM orders WHERE email NOT LIKE '%@example.___'") == 0
    # What the lines, the shipping and the discounts say is what the buyer paid.
    assert one(server, """SELECT count(*) FROM orders AS o WHERE total <> shipping + (SELECT sum(price * quantity - discount)
        FROM order_line AS l WHERE l.order_id = o.id)""") == 0


def test_old_orders_are_silent_and_new_ones_have_their_mails_on_the_catcher(server):
    sink = Sink()
    server.cli("shop", "set", "demo", f"smtp.url={sink.url}")
    server.control("work", seconds=120)
    assert one(server, "SELECT count(*) FROM message WHERE state = 'accepted'") > 100
    assert sink.mails == [] and sink.connections == 0
    sink.down()
    assert {row[0] for row in server.rows("SELECT DISTINCT sender FROM delivery")} == {"catcher"}
    assert one(server, """SELECT count(*) FROM message AS m JOIN orders AS o ON o.id = m.order_id
        JOIN shop AS s ON s.id = o.shop WHERE o.placed_at < s.live_since""") == 0


def test_each_product_has_a_picture_of_its_own(server):
    seen = set()
    for sku, title in server.rows("SELECT foreign_id, title FROM product"):
        answer = server.http("GET", f"/demo/goods/{sku}.svg")
        assert answer.status == 200 and re.search("<svg .*</svg>", answer.text, re.DOTALL)
        seen.add(answer.text)
    assert len(seen) == 60
    assert server.http("GET", "/demo/goods/NONE.svg").status == 404


def test_a_second_one_is_refused_and_nothing_changes(server):
    before = one(server, "SELECT count(*) FROM orders")
    ran = server.run("demo")
    assert ran.returncode != 0 and "demo" in ran.stderr
    assert one(server, "SELECT count(*) FROM orders") == before
