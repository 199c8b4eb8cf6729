"""Products, customers, coupons, the words of carriers, and what is gone, asked for; a webhook tells the same."""

import datetime
import json
import os

import pytest
from fake_shop import FakeShopify
from test_poll import HERE, NOON, count, iso, later, reason, sent, shopify_order

from driver import shopify as signed
from driver.server import Died, Server

PRODUCT = json.loads((HERE / "shopify" / "product_full.json").read_bytes())
CUSTOMER = json.loads((HERE / "shopify" / "customer_choices.json").read_bytes())
WOO_PRODUCT = json.loads((HERE / "woocommerce" / "product_full.json").read_bytes())
WOO_COUPON = json.loads((HERE / "woocommerce" / "coupon.json").read_bytes())
WOO_CUSTOMER = json.loads((HERE / "woocommerce" / "customer.json").read_bytes())
PARCEL = json.loads((HERE / "shopify" / "fulfillment_parcels.json").read_bytes())

PRODUCTS = """SELECT foreign_id, title, vendor, kind, url, image_url, tags, offered, deleted_at IS NOT NULL FROM product
    ORDER BY foreign_id"""
VARIANTS = """SELECT p.foreign_id, position, v.foreign_id, sku, v.title, barcode, v.image_url, price, weight_grams, ships
    FROM variant v JOIN product p ON p.id = v.product_id ORDER BY 1, 2"""
CUSTOMERS = """SELECT foreign_id, email, phone, first_name, last_name, locale, addresses, tags, note, joined_at, updated_at
    FROM customer ORDER BY foreign_id"""
CHOICES = "SELECT channel, address, state, basis, proof, chosen_at FROM consent ORDER BY channel"


def minutes(number):
    return iso(NOON - datetime.timedelta(minutes=number))


def pairs(number, variants):
    """A product with so many variants."""
    return PRODUCT | {"id": 700 + number, "title": f"Boots {number}", "updated_at": minutes(30 - number), "variants": [
        {"id": number * 1000 + i, "title": f"EU {i}", "price": "10.00", "sku": f"B-{number}-{i}", "weight": 1,
         "weight_unit": "kg", "updated_at": minutes(50)} for i in range(variants)]}


def tell(made, system, topic, body, name):
    if system == "shopify":
        headers = signed.headers(topic, name, signed.sign("shpss_hush", body), iso(NOON))
    else:
        headers = {"Content-Type": "application/json", "X-WC-Webhook-Topic": topic,
                   "X-WC-Webhook-Signature": signed.sign("hush", body)}
    assert made.http("POST", f"/in/demo/{system}", body, headers).status == 200
    made.control("work")


def told(server, topic, body, name="d-1"):  # noqa: F811
    server.cli("shop", "set", "demo", "shopify.secret=shpss_hush")
    tell(server, "shopify", topic, json.dumps(body).encode(), name)


# ---- Shopify ------------------------------------------------------------------------------------------------------


def test_a_page_tells_what_a_webhook_tells(server, shopify):  # noqa: F811
    shopify.products, shopify.customers = [PRODUCT], [CUSTOMER]
    server.control("work")
    asked = [server.rows(what) for what in (PRODUCTS, VARIANTS, CUSTOMERS, CHOICES)]
    assert [len(rows) for rows in asked] == [1, 2, 1, 2]
    with Server() as other:
        other.start()
        other.control(f"at {iso(NOON)}")
        other.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "UTC", "--locale", "en")
        other.cli("shop", "set", "demo", "shopify.secret=shpss_hush", f"shopify.shop={shopify.url}")
        tell(other, "shopify", "products/update", json.dumps(PRODUCT).encode(), "d-1")
        tell(other, "shopify", "customers/update", json.dumps(CUSTOMER).encode(), "d-2")
        heard = [other.rows(what) for what in (PRODUCTS, VARIANTS, CUSTOMERS, CHOICES)]
        other.stop()
    assert asked == heard
    # And the webhook that comes late is no news.
    told(server, "customers/update", CUSTOMER)
    assert server.rows("SELECT state FROM inbox WHERE topic = 'customers/update'") == [("same",)]
    assert sent(server) == 0


def test_products_come_whole_with_many_variants_and_many_pages(server, shopify):  # noqa: F811
    shopify.products = [pairs(number, 3) for number in range(20)] + [pairs(20, 150), pairs(21, 21)]
    shopify.products[0]["updated_at"] = "2019-01-01T00:00:00Z"  # the first time all there are
    server.control("work")
    assert count(server, "product") == 22
    assert server.rows("SELECT count(*), min(position), max(position) FROM variant v JOIN product p ON p.id = product_id"
                       " WHERE p.title = 'Boots 20'") == [(150, 0, 149)]
    assert count(server, "variant") == 20 * 3 + 150 + 21
    assert server.rows("SELECT DISTINCT weight_grams, price FROM variant") == [(1000, 1000)]
    assert {name for name, _ in shopify.queries} == {"customers", "products", "product", "orders", "deletionEvents"}
    # A change of the product leaves the variants of which it does not tell.
    shopify.products[20] = shopify.products[20] | {"title": "Boots XX", "updated_at": iso(NOON)}
    told(server, "products/update", shopify.products[20] | {
        "variants": shopify.products[20]["variants"][:100],
        "variant_gids": [{"admin_graphql_api_id": f"gid://shopify/ProductVariant/{one['id']}"}
                         for one in shopify.products[20]["variants"]]})
    assert server.rows("SELECT count(*) FROM variant v JOIN product p ON p.id = product_id WHERE p.title = 'Boots XX'"
                       ) == [(150,)]
    later(server, "16m")
    assert count(server, "variant") == 20 * 3 + 150 + 21
    asked = [of["query"] for name, of in shopify.queries if name == "products"][-1]
    assert asked == "updated_at:>='2026-03-02T11:41:00.000Z'", asked  # ten minutes behind the newest of the first round


def test_webhooks_of_today_have_no_weights_and_take_none_away(server, shopify):  # noqa: F811
    bare = pairs(1, 2)
    shopify.products = [pairs(1, 2)]
    for one in bare["variants"]:
        del one["weight"], one["weight_unit"]
    told(server, "products/create", bare)
    weights = "SELECT weight_grams FROM variant ORDER BY position"
    later(server, "16m")
    assert server.rows(weights) == [(1000,), (1000,)]
    told(server, "products/update", bare | {"updated_at": iso(NOON)}, "d-2")
    assert server.rows(weights) == [(1000,), (1000,)]


def test_a_deleted_product_is_gone_and_a_late_copy_does_not_bring_it_back(server, shopify):  # noqa: F811
    shopify.products = [pairs(1, 1), pairs(2, 1)]
    server.control("work")
    shopify.products, shopify.deleted = [], [(701, minutes(-5)), (799, minutes(-6))]
    later(server, "16m")
    gone = "SELECT foreign_id, offered, deleted_at IS NOT NULL FROM product ORDER BY foreign_id"
    assert server.rows(gone) == [("701", 0, 1), ("702", 1, 0)]
    told(server, "products/update", pairs(1, 1) | {"updated_at": minutes(-1)})
    told(server, "products/create", pairs(1, 1) | {"id": 799}, "d-2")  # of which nobody had told before
    assert server.rows(gone) == [("701", 0, 1), ("702", 1, 0), ("799", 0, 1)]


def test_a_customer_who_never_ordered_is_known_with_what_was_chosen(server, shopify):  # noqa: F811
    shopify.customers = [CUSTOMER | {"id": 1000 + i, "email": f"c{i}@example.com", "phone": None,
                                     "updated_at": minutes(60 - i)} for i in range(45)]
    shopify.customers.append(CUSTOMER | {"id": 5, "email": "old@example.com", "updated_at": "2025-01-01T00:00:00Z"})
    server.control("work")
    assert count(server, "customer") == 45
    assert server.rows("SELECT DISTINCT channel, state, basis FROM consent") == [("email", "given", "double_opt_in")]
    assert count(server, "message") == 0
    shopify.customers[3] |= {"updated_at": iso(NOON + datetime.timedelta(minutes=3)), "email_marketing_consent": {
        "state": "unsubscribed", "opt_in_level": "single_opt_in",
        "consent_updated_at": iso(NOON + datetime.timedelta(minutes=3))}}
    later(server, "16m")
    assert server.rows("SELECT state FROM consent WHERE address = 'c3@example.com' ORDER BY chosen_at") == [
        ("given",), ("withdrawn",)]
    assert server.rows("SELECT count(*) FROM inbox WHERE state NOT IN ('done', 'same')") == [(0,)]


def test_what_was_chosen_long_ago_asks_for_no_confirmation(server, shopify):  # noqa: F811
    server.cli("shop", "set", "demo", "receipt.confirm_subscription=on")
    old = {"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": "2025-05-05T05:05:05Z"}
    new = old | {"consent_updated_at": minutes(9)}
    shopify.customers = [CUSTOMER | {"id": 1, "email": "old@example.com", "phone": None, "email_marketing_consent": old,
                                     "updated_at": minutes(5)},
                         CUSTOMER | {"id": 2, "email": "new@example.com", "phone": None, "email_marketing_consent": new,
                                     "updated_at": minutes(5)},
                         CUSTOMER | {"id": 3, "email": "imported@example.com", "phone": None, "updated_at": minutes(5),
                                     "email_marketing_consent": old | {"consent_updated_at": None}}]
    server.control("work")
    assert server.rows("SELECT address, state, reason FROM message ORDER BY address") == [
        ("imported@example.com", "excluded", "history"), ("new@example.com", "accepted", None),
        ("old@example.com", "excluded", "history")]


def test_the_words_of_carriers_are_asked_for(server, shopify):  # noqa: F811
    parcel = PARCEL | {"id": 9001, "order_id": 5837205143001, "created_at": minutes(50), "updated_at": minutes(40),
                       "line_items": []}
    shopify.orders = [shopify_order(1, NOON - datetime.timedelta(minutes=20)) | {
        "fulfillments": [parcel], "fulfillment_status": "fulfilled"}]
    shopify.words = [{"id": n, "fulfillment_id": 9001, "order_id": 5837205143001, "status": status, "message": message,
                      "happened_at": minutes(40 - n), "city": "Porto", "country": "PT"}
                     for n, (status, message) in enumerate([("in_transit", "left the depot"),
                                                            ("out_for_delivery", "on the van"), ("delivered", "signed")])]
    server.control("work")
    scans = "SELECT state, words, place FROM scan ORDER BY happened_at"
    assert server.rows(scans) == [("in_transit", "left the depot", "Porto, PT"), ("out_for_delivery", "on the van", "Porto, PT"),
                                  ("delivered", "signed", "Porto, PT")]
    assert server.rows("SELECT state FROM shipment") == [("delivered",)]
    told(server, "fulfillment_events/create", shopify.words[1])
    assert len(server.rows(scans)) == 3


def test_a_bucket_of_points_that_runs_dry_is_waited_for(server, shopify):  # noqa: F811
    shopify.products = [pairs(1, 1)]
    shopify.points = 40
    server.control("work")
    assert count(server, "product") == 0 and reason(server, "products") == (None, 0)
    asked = len(shopify.queries)
    server.control("work")
    assert len(shopify.queries) == asked
    later(server, "5s")  # 832 points cannot be there yet: 100 come back each second
    assert count(server, "product") == 0
    shopify.points = None
    later(server, "9s")
    assert count(server, "product") == 1 and reason(server, "products") == (None, 0)


def test_what_is_hidden_is_said_field_by_field_and_the_rest_counts(server, shopify):  # noqa: F811
    shopify.customers, shopify.products = [CUSTOMER], [PRODUCT]
    words = "This app is not approved to access the field."
    shopify.hidden_fields = {("CustomerEmailAddress", "emailAddress"): words, ("Customer", "lastName"): words}
    server.control("work")
    assert server.rows("SELECT email, first_name, last_name FROM customer") == [(None, "Ana", None)]
    assert server.rows("SELECT channel FROM consent") == [("sms",)]
    hidden = server.rows("SELECT hidden FROM poll WHERE noun = 'customers'")[0][0]
    assert hidden == f"email_marketing_consent.email: {words}; last_name: {words}" or sorted(hidden.split("; ")) == [
        f"email_marketing_consent.email: {words}", f"last_name: {words}"]
    listed = server.cli("list", "polls", "--shop", "demo")
    assert words in listed and listed.count("shopify\t") == 5
    shopify.hidden_fields = {}
    shopify.customers[0] = CUSTOMER | {"updated_at": iso(NOON)}
    later(server, "16m")
    assert server.rows("SELECT email, last_name FROM customer") == [("ana@example.com", "Lima")]
    assert server.rows("SELECT hidden FROM poll WHERE noun = 'customers'") == [(None,)]


@pytest.mark.parametrize("answer, words", [
    ({"data": None, "errors": [{"message": "Access denied for customers field.", "path": ["page"],
                                "extensions": {"code": "ACCESS_DENIED"}}]}, "read_"),
    ({"errors": [{"message": "Query cost is 1200, which exceeds the single query max cost limit (1000).",
                  "extensions": {"code": "MAX_COST_EXCEEDED"}}]}, "max cost limit"),
    ({"errors": [{"message": "Field 'x' doesn't exist on type 'Customer'", "extensions": {"code": "undefinedField"}}]},
     "doesn't exist"),
    ({"errors": "Internal error"}, "Internal error"),
    ({"data": {"page": None}}, "without a page"),
    (b"<html>", "JSON"),
])
def test_a_refusal_is_said_and_health_shows_it(server, shopify, answer, words):  # noqa: F811
    shopify.instead_of, shopify.instead = "graphql.json", [(200, {}, answer)] * 4
    shopify.orders = [shopify_order(1, NOON)]
    server.control("work")
    assert count(server, "orders") == 1  # what can be asked for is
    for noun in ("customers", "products", "shipments", "deletions"):
        assert words in reason(server, noun)[0] and reason(server, noun)[1] == 1, reason(server, noun)
    health = json.loads(server.http("GET", "/health").text)
    assert (health["polls"]["count"], health["polls"]["failing"]) == (5, 4)
    assert "postlude_polls_failing 4" in server.http("GET", "/metrics").text
    later(server, "16m")
    assert json.loads(server.http("GET", "/health").text)["polls"] == {"count": 5, "failing": 0, "last_read_s": 0}


def test_who_is_too_fast_or_out_of_order_is_left_alone_as_long_as_asked(server, shopify):  # noqa: F811
    server.control("work")
    shopify.products = [pairs(1, 1)]
    shopify.instead_of = "graphql.json"
    shopify.instead = [(429, {"Retry-After": "300"}, {"errors": "Throttled"})] * 3 + [(503, {}, b"<html>down</html>")]
    later(server, "16m")
    failing = server.rows("SELECT noun, reason FROM poll WHERE failures > 0 ORDER BY noun")
    assert len(failing) == 4 and sum("429" in why for _, why in failing) == 3 and sum("503" in why for _, why in failing) == 1
    later(server, "4m")  # who had a 503 is asked again, who wants 5 minutes is not
    assert count(server, "poll WHERE failures > 0") == 3
    later(server, "2m")
    assert count(server, "poll WHERE failures > 0") == 0 and count(server, "product") == 1


def test_a_token_that_was_taken_back_is_fetched_anew_for_every_noun(server, shopify):  # noqa: F811
    server.control("work")
    shopify.products, shopify.customers = [pairs(1, 1)], [CUSTOMER | {"updated_at": iso(NOON)}]
    shopify.tokens.clear()
    later(server, "16m")
    assert (count(server, "product"), count(server, "customer"), shopify.made) == (1, 1, 2)


def test_after_a_kill_at_any_commit_all_is_there_once(shopify_world):
    whole = shopify_world(0)
    assert len(whole["product"]) == 12 and len(whole["variant"]) == 10 * 25 and len(whole["customer"]) == 28
    stop, died = 1, True
    while died and stop < 60:
        found = shopify_world(stop)
        died = found.pop("died")
        assert {name: found[name] for name in whole if name != "died"} == {
            name: rows for name, rows in whole.items() if name != "died"}, stop
        stop += 15 if os.environ.get("POSTLUDE_SUITE") == "fast" else 5
    assert stop > 10


@pytest.fixture
def shopify_world():
    """Runs a whole first round, killed at a commit and begun again; what is known in the end."""
    def run(stop):
        with Server() as made, FakeShopify() as fake:
            fake.products = [pairs(number, 25) for number in range(10)]
            fake.customers = [CUSTOMER | {"id": 1000 + i, "email": f"c{i}@example.com", "phone": None,
                                          "updated_at": minutes(60 - i)} for i in range(25)]
            fake.orders = [shopify_order(number, NOON) for number in range(3)]
            made.start()
            made.control(f"at {iso(NOON)}")
            made.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "UTC", "--locale", "en")
            made.cli("shop", "set", "demo", f"shopify.shop={fake.url}", f"shopify.client_id={fake.CLIENT}",
                     f"shopify.client_secret={fake.SECRET}")
            died = False
            if stop:
                made.control(f"stop-at-commit {stop}")
            try:
                made.control("work")
            except Died:
                died = True
                made.start()
                made.control(f"at {iso(NOON)}")
                made.control("work")
            tables = {
                "product": made.rows("SELECT foreign_id, title FROM product ORDER BY 1"),
                "variant": made.rows(VARIANTS), "customer": made.rows(CUSTOMERS), "consent": made.rows(CHOICES),
                "orders": made.rows("SELECT foreign_id FROM orders ORDER BY 1"),
                "events": made.rows("SELECT kind, count(*) FROM event GROUP BY 1 ORDER BY 1"),
                "inbox": made.rows("SELECT topic, state, count(*) FROM inbox GROUP BY 1, 2 ORDER BY 1"),
            }
            made.stop()
            return tables | {"died": died}
    return run


# ---- WooCommerce --------------------------------------------------------------------------------------------------


def gmt(at):
    return iso(at).removesuffix("Z")


def woo_product(number, at, **members):
    return WOO_PRODUCT | {"id": number, "name": f"Sieve {number}", "status": "publish", "type": "simple", "variations": [],
                          "date_created_gmt": gmt(at), "date_modified_gmt": gmt(at)} | members


def variation(number, at, option):
    return {"id": number, "sku": f"S-{number}", "price": "12.50", "virtual": False, "date_created_gmt": gmt(at),
            "date_modified_gmt": gmt(at), "image": {"src": f"https://shop.example.com/{number}.jpg"},
            "attributes": [{"id": 1, "name": "Size", "option": option}, {"id": 2, "name": "Colour", "option": "Moss"}]}


WOO_VARIANTS = """SELECT p.foreign_id, position, v.foreign_id, sku, v.title, v.image_url, price, ships
    FROM variant v JOIN product p ON p.id = v.product_id ORDER BY 1, 2"""


def test_woocommerce_products_come_with_their_variations(server, woo):  # noqa: F811
    hour = NOON - datetime.timedelta(hours=1)
    woo.products = [woo_product(number, hour - datetime.timedelta(days=number)) for number in range(1, 120)]
    woo.products += [woo_product(200, hour, type="variable", variations=[201, 202]),
                     woo_product(300, hour, type="variable", variations=list(range(1000, 1130)))]
    woo.variations = {200: [variation(201, hour, "38"), variation(202, hour, "39")],
                      300: [variation(number, hour, "40") for number in range(1000, 1130)]}
    server.control("work")
    assert count(server, "product") == 121
    assert [row for row in server.rows(WOO_VARIANTS) if row[0] == "200"] == [
        ("200", 0, "201", "S-201", "38, Moss", "https://shop.example.com/201.jpg", 1250, 1),
        ("200", 1, "202", "S-202", "39, Moss", "https://shop.example.com/202.jpg", 1250, 1)]
    assert len([row for row in server.rows(WOO_VARIANTS) if row[0] == "300" and row[3]]) == 130
    # The webhook of the product names its variations alone: what is known of them stays, in its new order.
    told_as = woo.products[-2] | {"variations": [202, 201, 203], "date_modified_gmt": gmt(NOON)}
    tell(server, "woocommerce", "product.updated", json.dumps(told_as).encode(), "")
    assert [row[:4] for row in server.rows(WOO_VARIANTS) if row[0] == "200"] == [
        ("200", 0, "202", "S-202"), ("200", 1, "201", "S-201"), ("200", 2, "203", None)]
    # And the webhook of a variation tells of itself.
    late = variation(203, NOON, "41") | {"type": "variation", "parent_id": 200, "name": "Sieve - 41"}
    tell(server, "woocommerce", "product.created", json.dumps(late).encode(), "")
    assert [row[2:5] for row in server.rows(WOO_VARIANTS) if row[0] == "200"][2] == ("203", "S-203", "41, Moss")
    assert reason(server, "products") == (None, 0)


def test_a_woocommerce_product_thrown_away_between_two_pages_holds_nothing_up(server, woo):  # noqa: F811
    woo.products = [woo_product(200, NOON, type="variable", variations=[201]), woo_product(201, NOON)]
    woo.instead_of = "/variations"
    woo.instead = [(404, {}, {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID."})]
    server.control("work")
    assert count(server, "product") == 2 and reason(server, "products") == (None, 0)


def test_the_bin_of_woocommerce_is_looked_into(server, woo):  # noqa: F811
    woo.products = [woo_product(1, NOON), woo_product(2, NOON)]
    server.control("work")
    woo.products[0] |= {"status": "trash", "date_modified_gmt": gmt(NOON + datetime.timedelta(minutes=5))}
    later(server, "16m")
    gone = "SELECT foreign_id, offered, deleted_at IS NOT NULL FROM product ORDER BY foreign_id"
    assert server.rows(gone) == [("1", 0, 1), ("2", 1, 0)]
    woo.products[0] |= {"status": "publish", "date_modified_gmt": gmt(NOON + datetime.timedelta(minutes=20))}
    later(server, "20m")
    assert server.rows(gone) == [("1", 1, 0), ("2", 1, 0)]


def test_woocommerce_coupons_and_customers_are_asked_for(server, woo):  # noqa: F811
    stamps = {"date_created_gmt": gmt(NOON), "date_modified_gmt": gmt(NOON)}
    woo.coupons = [WOO_COUPON | stamps | {"id": number, "code": f"SPRING{number}"} for number in range(1, 61)]
    woo.customers = [WOO_CUSTOMER | {"id": number, "email": f"c{number}@example.com", "date_created_gmt": "2020-01-01T00:00:00",
                                     "date_modified_gmt": "2020-01-01T00:00:00"} for number in range(1, 241)]
    for number in (5, 150, 239):
        woo.customers[number] |= stamps
    server.control("work")
    assert count(server, "coupon") == 60
    assert server.rows("SELECT email FROM customer ORDER BY email") == [
        ("c151@example.com",), ("c240@example.com",), ("c6@example.com",)]
    later(server, "16m")
    assert len(woo.paths("customers")) == 3  # all of them, so only once a day
    woo.customers[7] |= {"date_modified_gmt": gmt(NOON + datetime.timedelta(hours=1))}
    later(server, "24h")
    assert count(server, "customer") == 4
    assert count(server, "message") == 0
    assert {noun: why for noun, why in server.rows("SELECT noun, reason FROM poll")} == dict.fromkeys(
        ("orders", "products", "bin", "coupons", "customers"))
