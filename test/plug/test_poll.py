"""What webhooks did not bring is asked for: the real server against the vendors' APIs on loopback."""

import datetime
import json
import time
from pathlib import Path

import pytest
from fake_shop import FakeShopify

from driver.server import Server

HERE = Path(__file__).parent / "connector"
SHOPIFY = json.loads((HERE / "shopify" / "usual.json").read_bytes())
WOO = json.loads((HERE / "woocommerce" / "usual.json").read_bytes())
NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.timezone.utc)


def iso(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def shopify_order(number, at):
    return SHOPIFY | {"id": 5837205143000 + number, "name": f"#{number}", "created_at": iso(at), "updated_at": iso(at),
                      "processed_at": iso(at), "email": f"buyer{number}@example.com", "customer": None}


def woo_order(number, at):
    gmt = iso(at).removesuffix("Z")
    return WOO | {"id": number, "number": str(number), "date_created_gmt": gmt, "date_modified_gmt": gmt,
                  "date_paid_gmt": gmt, "customer_id": 0,
                  "billing": WOO["billing"] | {"email": f"buyer{number}@example.com"}}


def count(server, what):
    return server.rows(f"SELECT count(*) FROM {what}")[0][0]


def sent(server):
    return count(server, "message WHERE state = 'accepted'")


def reason(server, noun="orders"):
    return server.rows("SELECT reason, failures FROM poll WHERE noun = ?", (noun,))[0]


def later(server, span):
    server.control(f"after {span}")
    server.control("work")


def test_what_no_webhook_told_is_brought_page_by_page_and_each_mail_goes_once(server, shopify):
    shopify.orders = [shopify_order(number, NOON - datetime.timedelta(minutes=120 - number)) for number in range(120)]
    server.control("work")
    assert (count(server, "orders"), sent(server)) == (120, 120)
    assert server.rows("SELECT topic, count(*) FROM inbox GROUP BY topic") == [("poll/orders", 3)]
    assert shopify.made == 1 and len(shopify.paths("orders.json")) == 3
    shopify.orders.append(shopify_order(120, NOON + datetime.timedelta(minutes=5)))
    later(server, "14m")
    assert len(shopify.paths("orders.json")) == 3
    later(server, "2m")
    assert (count(server, "orders"), sent(server)) == (121, 121)
    # It reaches ten minutes behind the newest change that was known.
    assert shopify.paths("orders.json")[-1]["updated_at_min"] == "2026-03-02T11:49:00.000Z"
    assert shopify.made == 1


def test_a_chain_leads_from_the_mail_to_the_page(server, shopify):
    shopify.orders = [shopify_order(1, NOON)]
    server.control("work")
    chain = server.rows("SELECT i.topic, e.kind FROM event e JOIN inbox i ON i.id = e.cause")
    assert chain == [("poll/orders", "order.placed"), ("poll/orders", "order.paid")]


def test_the_same_page_twice_is_one_row(server, shopify):
    shopify.orders = [shopify_order(1, NOON)]
    server.control("work")
    for _ in range(3):
        later(server, "16m")
    assert count(server, "inbox WHERE topic = 'poll/orders'") == 1 and len(shopify.paths("orders.json")) == 4


def test_a_token_that_was_taken_back_is_asked_for_anew(server, shopify):
    server.control("work")
    shopify.tokens.clear()
    shopify.orders = [shopify_order(1, NOON)]
    later(server, "16m")
    assert (count(server, "orders"), shopify.made) == (1, 2)
    assert reason(server) == (None, 0)


def test_who_asks_for_patience_gets_it(server, shopify):
    shopify.orders = [shopify_order(1, NOON)]
    server.control("work")
    shopify.instead = [(429, {"Retry-After": "120"}, {"errors": "Exceeded 2 calls per second for api client."})]
    later(server, "16m")
    asked = len(shopify.paths("orders.json"))
    assert "429" in reason(server)[0]
    later(server, "100s")
    assert len(shopify.paths("orders.json")) == asked
    later(server, "30s")
    assert len(shopify.paths("orders.json")) == asked + 1 and reason(server) == (None, 0)


def test_a_bucket_that_runs_full_is_given_time(server, shopify):
    shopify.calls = "39/40"
    shopify.orders = [shopify_order(number, NOON) for number in range(60)]
    server.control("work")
    assert count(server, "orders") == 50
    later(server, "3s")
    assert count(server, "orders") == 60


def test_who_fails_is_asked_later_and_later(server, shopify):
    shopify.instead = [(500, {}, b"oops")] * 4
    server.control("work")
    times = []
    for minute in range(40):
        before = len(shopify.paths("orders.json"))
        later(server, "1m")
        times += [minute + 1] if len(shopify.paths("orders.json")) > before else []
    assert times[:3] == [1, 3, 7], times


def test_an_order_that_cannot_be_read_does_not_hold_up_the_others(server, shopify):
    shopify.orders = [shopify_order(number, NOON) for number in range(3)]
    shopify.orders[1]["total_price"] = "a lot"
    server.control("work")
    assert count(server, "orders") == 2
    state, words = server.rows("SELECT state, reason FROM inbox")[0]
    assert state == "unread" and "#1" in words and "total_price" in words


@pytest.mark.parametrize("status, body, words", [
    (403, {"errors": "[API] This action requires merchant approval for read_orders scope."}, "read_orders scope"),
    (402, {"errors": "Unavailable Shop"}, "frozen"),
    (404, {"errors": "Not Found"}, "shopify.shop"),
    (200, b"<html>please sign in</html>", "JSON"),
    (200, {"hello": 1}, "without a list of orders"),
])
def test_what_is_wrong_is_said(server, shopify, status, body, words):
    server.control("work")
    shopify.instead = [(status, {}, body)]
    later(server, "16m")
    assert words.lower() in reason(server)[0].lower(), reason(server)


def test_a_wrong_client_is_named_by_its_setting(server, shopify):
    server.cli("shop", "set", "demo", "shopify.client_id=somebody")
    server.control("work")
    assert "shopify.client_id" in reason(server)[0] and "application_cannot_be_found" in reason(server)[0]
    server.cli("shop", "set", "demo", f"shopify.client_id={shopify.CLIENT}")
    later(server, "16m")
    assert reason(server) == (None, 0)


def test_woocommerce_tells_all_also_where_a_second_fills_pages(server, woo):
    woo.orders = [woo_order(number, NOON - datetime.timedelta(hours=2)) for number in range(1, 131)]
    woo.orders += [woo_order(number, NOON - datetime.timedelta(minutes=200 - number)) for number in range(131, 200)]
    server.control("work")
    assert (count(server, "orders"), sent(server)) == (199, 199)
    later(server, "16m")
    assert (count(server, "orders"), sent(server)) == (199, 199)
    assert woo.paths("orders")[-1]["page"] == "1"


def test_woocommerce_refuses_a_key(server, woo):
    server.cli("shop", "set", "demo", "woocommerce.key_secret=wrong")
    server.control("work")
    assert "woocommerce.key" in reason(server)[0] and "cannot list resources" in reason(server)[0]


def test_after_a_kill_it_goes_on_where_it_was(server, shopify):
    shopify.orders = [shopify_order(number, NOON - datetime.timedelta(minutes=120 - number)) for number in range(120)]
    shopify.calls = "40/40"
    server.control("work")
    assert count(server, "inbox") == 1
    server.kill()
    server.start()
    server.control("at 2026-03-02T12:00:05Z")
    server.control("work")
    later(server, "5s")
    assert (count(server, "orders"), count(server, "inbox"), sent(server)) == (120, 3, 120)


# ---- connecting -------------------------------------------------------------------------------------------------


def connect(server, system, ok=(0,)):
    return server.cli("connect", "demo", system, ok=ok)


def test_connecting_shopify_makes_the_webhooks_once(server, shopify):
    said = connect(server, "shopify")
    made = {hook["topic"] for hook in shopify.hooks}
    assert {"ORDERS_CREATE", "FULFILLMENT_EVENTS_CREATE", "REFUNDS_CREATE", "APP_UNINSTALLED"} <= made
    assert {hook["uri"] for hook in shopify.hooks} == {"https://mails.example.com/in/demo/shopify"}
    assert said.count(": made") == len(shopify.hooks) == 21
    assert "asked for every 15m: shipments. What carriers said" in said and "CUSTOMERS_MERGE: made" in said
    assert "customers/redact" in said and "Shopify is connected." in said
    assert ": made" not in connect(server, "shopify") and len(shopify.hooks) == 21


def test_connecting_shopify_says_field_by_field_what_is_hidden(server, shopify):
    shopify.scopes = ["read_orders"]
    shopify.hidden = [(["orders", "nodes", 0, "email"], "This app is not approved to use the email field."),
                      (["orders", "nodes", 0, "customer", "firstName"], "This app is not approved."),
                      (["orders", "nodes", 0, "shippingAddress", "address1"], "This app is not approved.")]
    said = connect(server, "shopify", ok=(1,))
    for words in ("missing scope read_customers", "missing scope read_products", "missing scope read_fulfillments",
                  "hidden email: This app is not approved to use", "hidden customer.firstName",
                  "hidden shippingAddress.address1", "something is missing"):
        assert words in said, words
    assert "missing scope read_orders" not in said


def test_connecting_woocommerce_makes_the_webhooks_once(server, woo):
    woo.orders = [woo_order(1, NOON)]
    said = connect(server, "woocommerce")
    assert said.count(": made") == len(woo.hooks) == 15
    assert "asked for every day: customers." in said and "asked for every 15m: bin." in said
    assert {hook["secret"] for hook in woo.hooks} == {"hush"}
    assert {hook["delivery_url"] for hook in woo.hooks} == {"https://mails.example.com/in/demo/woocommerce"}
    assert ": made" not in connect(server, "woocommerce")


@pytest.mark.parametrize("unset, words", [
    (["shopify.client_secret=x"], "shopify.client_id"), (["shopify.client_id="], "shopify.client_id"),
    (["shopify.shop="], "shopify.shop")])
def test_connecting_names_the_setting_that_is_wrong(server, shopify, unset, words):
    server.cli("shop", "set", "demo", *unset)
    ran = server.run("connect", "demo", "shopify")
    assert ran.returncode != 0 and words in ran.stderr, ran.stderr


def test_connecting_what_cannot_be_asked_is_wrong_usage(server):
    assert server.run("connect", "demo", "fax").returncode == 2
    assert server.run("connect", "demo").returncode == 2


def test_a_shop_cannot_lead_us_into_our_own_network():
    """Outside of tests the addresses of shop systems are public ones, asked over https; the thread stops at once."""
    with Server(control=False) as made, FakeShopify() as fake:
        made.start()
        made.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "UTC", "--locale", "en")
        made.cli("shop", "set", "demo", f"shopify.shop={fake.url}", f"shopify.client_id={fake.CLIENT}",
                 f"shopify.client_secret={fake.SECRET}")
        until = time.monotonic() + 20
        while not (rows := made.rows("SELECT reason FROM poll WHERE failures > 0")) and time.monotonic() < until:
            time.sleep(0.1)
        assert rows and fake.asked == [], rows
        said = made.cli("list", "polls", "--shop", "demo")
        assert said.startswith("shopify\t") and rows[0][0] in said
        started = time.monotonic()
        made.stop()
        assert time.monotonic() - started < 10
