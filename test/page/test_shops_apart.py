"""Nothing crosses: every route times every shop, with a session, a key, a token or an id of the other shop.

The routes are read from the tables in src/feature, so that one which is added is in this test by itself. Both shops know the
same person under the same ids of their own shop systems; only `demo` knows her street and her order's gift.
"""

import base64
import json
import pathlib
import re

import pytest

from driver import shopify

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUTE = re.compile(r'^\s*\{(GET|POST), "([^"]+)", (\w+),', re.MULTILINE)
ROUTES = sorted({route for path in (ROOT / "src" / "feature").rglob("*.c") for route in ROUTE.findall(path.read_text())})
BODY = shopify.fixture("shopify/order_1001.json")
SECRET = ("Rua do Segredo", "Gift of demo", "hush-of-demo", "orders@demo.example")
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def printed(prefix, number):
    return prefix + "_" + "".join(DIGITS[(number >> shift) & 31] for shift in range(60, -1, -5))


@pytest.fixture(scope="module")
def two(stage):
    """demo has an order with everything about it; other knows the same person and the same number, and nothing more."""
    server = stage.server
    server.cli("shop", "set", "demo", "shopify.secret=hush-of-demo", "contact=Gift of demo")
    stage.scene.secrets["demo"] = "hush-of-demo"
    hers = shopify.edit(BODY, [("/note", '"Gift of demo"')]).replace(b"Rua da Atalaia", b"Rua do Segredo")
    plain = json.loads(BODY) | {"shipping_address": None, "billing_address": None, "note": None}
    plain["customer"] = {"id": plain["customer"]["id"], "email": "ana@example.com"}
    for shop, body in (("demo", hers), ("other", json.dumps(plain).encode())):
        assert stage.scene.post(f"/in/{shop}/shopify", body, "orders/create", f"d-{shop}", shop, {}).status == 200
    server.control("work")
    stage.ids = {}
    for shop, slug in server.rows("SELECT id, slug FROM shop"):
        [(order,)] = server.rows("SELECT id FROM orders WHERE shop = ?", (shop,))
        [(customer,)] = server.rows("SELECT id FROM customer WHERE shop = ?", (shop,))
        [(message,)] = server.rows("SELECT id FROM message WHERE shop = ?", (shop,))
        line = server.rows("SELECT id FROM inbox WHERE shop = ?", (shop,))[0][0]
        stage.ids[slug] = {"orders": printed("or", order), "customers": printed("cu", customer), "messages": printed("msg", message),
                           "deliveries": printed("in", line), "shipments": printed("sh", order), "products": printed("pr", order),
                           "refunds": printed("rf", order), "events": printed("ev", order), "users": "us_0000000000000"}
    return stage


def filled(path, shop, ids):
    """A route with its holes filled; what is asked for stands before its :id."""
    noun = re.search(r"/(\w+)/:id", path)
    path = path.replace(":shop", shop).replace(":mail", "order_confirmation").replace(":group", "shop").replace(":connector", "shopify")
    return path.replace(":id", ids.get(noun[1], "x") if noun else "x")


def kept(server, shop):
    """All rows of a shop, but for what every request leaves behind."""
    tables = [name for (name,) in server.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: server.rows(f"SELECT * FROM {table} WHERE shop = (SELECT id FROM shop WHERE slug = ?)", (shop,)) for table in tables
            if any(row[1] == "shop" for row in server.rows(f"PRAGMA table_info({table})"))}


STAFF = [(method, path) for method, path, who in ROUTES if path.startswith("/s/:shop")]


def test_the_tables_were_read():
    assert len(ROUTES) > 60 and len(STAFF) > 20


@pytest.mark.parametrize("method, path", STAFF, ids=lambda word: word.strip("/"))
def test_the_owner_of_one_shop_has_nothing_of_the_other(two, method, path):
    before = kept(two.server, "demo")
    desk, token = two.stranger, two.stranger.token()
    # The other shop's address, and the own address with the other shop's id.
    for shop in ("demo", "other"):
        if shop == "other" and ":id" not in path:
            continue
        where = filled(path, shop, two.ids["demo"])
        page = desk.ask("GET", where) if method == "GET" else desk.post(where, {"token": token, "state": "failed", "q": ""}, follow=False)
        assert page.status in (403, 404), (where, page.status)
        assert not [word for word in SECRET if word in page.html], where
    assert kept(two.server, "demo") == before


@pytest.mark.parametrize("path", [path for method, path, who in ROUTES if who == "STAFF" and method == "GET" and ":id" not in path])
def test_what_the_other_shops_pages_show_is_its_own(two, path):
    for query in ("", "?q=ana", "?q=1001", "?state=failed", "?before=" + two.ids["demo"]["orders"]):
        page = two.stranger.ask("GET", filled(path, "other", {}) + query)
        assert page.status in (200, 303, 400, 404), (path, page.status)
        assert not [word for word in SECRET if word in page.html], path + query


def api_key(two, shop):
    scopes = ",".join(f"{noun}:{right}" for noun in ("orders", "customers", "products", "shipments", "events") for right in ("read", "write"))
    said = two.server.cli("key", "api", shop, "--name", "test", "--scopes", scopes)
    return next(word for word in said.split() if len(word) > 40)


def test_a_key_opens_its_shop_alone(two):
    bearer = {"Authorization": f"Bearer {api_key(two, 'other')}"}
    for method, path, _ in ROUTES:
        if method != "GET" or not path.startswith("/api/v1/"):
            continue
        where = filled(path, "other", two.ids["demo"])
        answer = two.server.http("GET", where, headers=bearer)
        assert answer.status in ((403, 404) if ":id" in path else (200, 403)), (where, answer.status)
        assert not [word for word in SECRET if word in answer.text], where
    before = kept(two.server, "demo")
    # What it tells of the same number is its own shop's.
    told = {"id": str(json.loads(BODY)["id"]), "email": "mallory@example.com", "placed_at": "2026-03-02T10:00:00Z",
            "updated_at": "2030-01-01T00:00:00Z", "currency": "EUR", "lines": [{"title": "Tea", "quantity": 1, "price": "5.00"}]}
    for key in ("shared", "shared-too"):
        headers = bearer | {"Content-Type": "application/json", "Idempotency-Key": key}
        two.server.http("POST", "/api/v1/orders", json.dumps(told).encode(), headers)
    two.server.control("work")
    assert kept(two.server, "demo") == before


def test_the_same_idempotency_key_in_two_shops_is_two_requests(two):
    for shop in ("demo", "other"):
        headers = {"Authorization": f"Bearer {api_key(two, shop)}", "Content-Type": "application/json", "Idempotency-Key": "the-same"}
        body = json.dumps({"id": f"c-{shop}", "email": f"c-{shop}@example.com"}).encode()
        answer = two.server.http("POST", "/api/v1/customers", body, headers)
        assert answer.status == 202, answer.text
    two.server.control("work")
    found = two.server.rows("SELECT s.slug, c.email FROM customer AS c JOIN shop AS s ON s.id = c.shop WHERE c.email LIKE 'c-%' ORDER BY 1")
    assert found == [("demo", "c-demo@example.com"), ("other", "c-other@example.com")]


def test_nobody_is_joined_across_shops(two):
    demo, other = two.ids["demo"]["customers"], two.ids["other"]["customers"]
    for shop, first, second in (("demo", demo, other), ("other", demo, other), ("demo", other, demo), ("other", other, demo)):
        assert two.server.run("customer", shop, "merge", first, second).returncode != 0
    assert two.server.run("customer", "other", "part", demo).returncode != 0
    assert two.server.rows("SELECT count(*) FROM customer WHERE merged_into IS NOT NULL") == [(0,)]


def mail_of(two, shop):
    raw = two.owner.get(f"/s/{shop}/messages/{two.ids[shop]['messages']}/raw").html
    return re.sub(r"=\r?\n", "", raw)


def test_a_token_counts_for_its_shop(two):
    """Her link of one shop's mail says no to that shop; the other may still write."""
    tokens = {kind: token for kind, token in re.findall(r"/([opu])/([A-Za-z0-9_-]{20,})", mail_of(two, "demo"))}
    assert tokens
    before = kept(two.server, "other")
    for kind, token in tokens.items():
        two.server.http("GET", f"/{kind}/{token}")
        two.server.http("POST", f"/{kind}/{token}", b"List-Unsubscribe=One-Click", {"Content-Type": "application/x-www-form-urlencoded"})
    two.server.control("work")
    assert kept(two.server, "other") == before


def test_a_bounce_of_one_shops_mail_handed_to_the_other_stops_nothing(two):
    two.server.cli("shop", "set", "demo", "mail.in_secret=in-demo")
    two.server.cli("shop", "set", "other", "mail.in_secret=in-other")
    message_id = re.search(r"Message-ID:\s*(<[^>]+>)", mail_of(two, "demo"))[1]
    bounce = (ROOT / "test" / "fixture" / "back" / "hard.eml").read_text()
    bounce = re.sub(r"(?mi)^(Message-ID|In-Reply-To|References):.*$", rf"\1: {message_id}", bounce).replace("$id", message_id)
    auth = {"Authorization": "Basic " + base64.b64encode(b"me:in-other").decode(), "Content-Type": "message/rfc822"}
    two.server.http("POST", "/in/other/mail", bounce.encode(), auth)
    two.server.control("work")
    assert two.server.rows("SELECT count(*) FROM suppression") == [(0,)]
    assert two.server.rows("SELECT count(*) FROM receipt AS r JOIN delivery AS d ON d.id = r.cause WHERE d.shop <> r.shop") == [(0,)]


def test_rows_name_rows_of_their_own_shop_only(two):
    """Whatever happened above: no row's cause, order or customer is another shop's."""
    server = two.server
    owners = {}
    tables = [name for (name,) in server.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {table: [row[1] for row in server.rows(f"PRAGMA table_info({table})")] for table in tables}
    for table in tables:
        if {"id", "shop"} <= set(columns[table]):
            owners.update({(table, row): shop for row, shop in server.rows(f"SELECT id, shop FROM {table}")})
    by_id = {row: shop for (table, row), shop in owners.items() if row > 1_000_000 and shop}
    for table in tables:
        names = [name for name in columns[table] if name in ("cause", "merged_into", "subject", "about") or name.endswith("_id")]
        for name in names:
            if "shop" not in columns[table] or name.endswith("foreign_id"):
                continue
            for shop, value in server.rows(f"SELECT shop, {name} FROM {table} WHERE typeof({name}) = 'integer' AND shop > 0"):
                assert by_id.get(value, shop) == shop, (table, name, value)


def test_an_erasure_in_one_shop_leaves_the_others_customer(two):
    before = {table: rows for table, rows in kept(two.server, "other").items() if table not in ("poll",)}
    two.server.cli("privacy", "demo", "erase", "ana@example.com")
    two.server.control("work")
    assert two.server.rows("SELECT count(*) FROM orders WHERE email = 'ana@example.com'") == [(1,)]
    after = kept(two.server, "other")
    assert {table: after[table] for table in before} == before
