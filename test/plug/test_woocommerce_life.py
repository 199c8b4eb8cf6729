"""The life of a WooCommerce order through the real server: when its buyer hears of it, and when not."""

import json
from pathlib import Path

import pytest

from driver import shopify
from driver.server import Server

USUAL = json.loads((Path(__file__).parent / "connector" / "woocommerce" / "usual.json").read_bytes())
SECRET = "hush"


@pytest.fixture
def server():
    with Server() as made:
        made.start()
        made.control("at 2026-03-02T11:00:00Z")
        made.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "Europe/Brussels", "--locale", "en")
        made.cli("shop", "set", "demo", f"woocommerce.secret={SECRET}", "live_since=2026-01-01", "smtp.url=catcher",
                 "mail.from=Demo <shop@example.com>")
        yield made
        made.stop()


def tell(server, topic, body):
    sent = json.dumps(body).encode()
    # One delivery id for all: a second has only one.
    answer = server.http("POST", "/in/demo/woocommerce", sent, {
        "Content-Type": "application/json", "X-WC-Webhook-Topic": topic, "X-WC-Webhook-Delivery-ID": "6a1e3e1e",
        "X-WC-Webhook-Signature": shopify.sign(SECRET, sent)})
    assert answer.status == 200 and "kept" in answer.text, answer.text
    server.control("work")


def order(**members):
    return USUAL | members


def mails(server):
    return server.rows("SELECT count(*) FROM message WHERE state = 'accepted'")[0][0]


def known(server):
    return server.rows("SELECT payment, fulfilment, cancelled_at IS NOT NULL FROM orders ORDER BY id")


def events(server):
    return [kind for kind, in server.rows("SELECT kind FROM event ORDER BY id")]


def test_the_ping_of_a_new_webhook_is_answered_and_not_kept(server):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = server.http("POST", "/in/demo/woocommerce", b"webhook_id=17", form)
    assert (answer.status, json.loads(answer.text)) == (200, {"ping": True})
    for body in (b"webhook_id=17&x=1", b"webhook_id=", b"webhook_id=" + b"1" * 99, b"{}"):
        assert server.http("POST", "/in/demo/woocommerce", body, form).status == 401
    server.cli("shop", "add", "bare", "--name", "Bare", "--currency", "EUR", "--zone", "UTC", "--locale", "en")
    assert server.http("POST", "/in/bare/woocommerce", b"webhook_id=17", form).status == 401
    assert server.rows("SELECT count(*) FROM inbox") == [(0,)]


def test_two_orders_of_one_second_are_two(server):
    """Their delivery id is a hash of webhook and second: it must not tell them apart."""
    for number in (1841, 1842):
        tell(server, "order.created", order(id=number))
    assert len(known(server)) == 2


def test_the_buyer_hears_of_an_order_once_it_is_one(server):
    tell(server, "order.created", order(status="checkout-draft", date_paid_gmt=None))
    tell(server, "order.updated", order(status="pending", date_paid_gmt=None))
    tell(server, "order.updated", order(status="failed", date_paid_gmt=None, date_modified_gmt="2026-03-02T10:59:00"))
    assert (known(server), mails(server)) == ([], 0)
    tell(server, "order.updated", order())
    assert (known(server), mails(server)) == ([("paid", "none", 0)], 1)
    tell(server, "order.updated", order(status="completed", date_modified_gmt="2026-03-03T09:00:00"))
    tell(server, "order.deleted", {"id": USUAL["id"]})
    assert (known(server), mails(server)) == ([("paid", "fulfilled", 0)], 1)
    tell(server, "order.updated", order(status="completed", refunds=[{"id": 1, "total": "-5.00"}],
                                        date_modified_gmt="2026-03-04T09:00:00"))
    assert events(server) == ["order.placed", "order.paid", "order.fulfilled", "order.refunded", "refund.made"]
    assert known(server) == [("partly_refunded", "fulfilled", 0)]


def test_an_order_by_bank_transfer_is_one_before_it_is_paid(server):
    tell(server, "order.created", order(status="on-hold", date_paid_gmt=None))
    assert (known(server), mails(server)) == ([("pending", "none", 0)], 1)
    tell(server, "order.updated", order(status="processing", date_modified_gmt="2026-03-03T09:00:00"))
    assert events(server) == ["order.placed", "order.paid"]


def test_an_order_that_was_never_paid_and_cancelled_by_itself_is_no_mail(server):
    tell(server, "order.created", order(status="pending", payment_method="stripe", date_paid_gmt=None))
    tell(server, "order.updated", order(status="cancelled", payment_method="stripe", date_paid_gmt=None,
                                        date_modified_gmt="2026-03-02T10:59:59"))
    assert (known(server), mails(server)) == ([("voided", "none", 1)], 0)


def test_what_came_late_does_not_turn_the_order_back(server):
    tell(server, "order.updated", order(status="completed", date_modified_gmt="2026-03-03T09:00:00"))
    tell(server, "order.created", order())
    assert (known(server), mails(server)) == ([("paid", "fulfilled", 0)], 1)
