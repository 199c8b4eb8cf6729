"""The operator's pages over HTTP: what stands on them, what their forms do, what they must never do."""
import hashlib
import itertools
import json
import pathlib
import re

import pytest
import staff
from driver import shopify

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUTE = re.compile(r'\{(GET|POST), "(/s/:shop[^"]*)", (STAFF|OWNER)')
ORDERS = ("order_1001", "order_1002_guest", "order_1008_cancelled_fr", "order_1004_us")


@pytest.fixture(scope="module")
def filled(stage):
    """Both shops with orders, customers and mails; demo sends to the scenario's mail server."""
    stage.server.cli("shop", "set", "demo", f"smtp.url={stage.scene.sinks['sink'].url}")
    for shop, names in (("demo", ORDERS), ("other", ORDERS[:2])):
        for name in names:
            body = shopify.fixture(f"shopify/{name}.json")
            answer = stage.scene.post(f"/in/{shop}/shopify", body, "orders/create", f"{shop}-{name}", shop, {})
            assert answer.status == 200
    stage.scene.live.control("work", seconds=60)
    return stage


def ids(filled, shop, table, prefix):
    """Printed ids of a shop's rows."""
    number = {"demo": 1, "other": 2}[shop]
    rows = filled.server.rows(f"SELECT id FROM {table} WHERE shop = ? ORDER BY id", (number,))
    return [printed(prefix, row[0]) for row in rows]


def printed(prefix, number):
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    return prefix + "_" + "".join(digits[(number >> shift) & 31] for shift in range(60, -1, -5))


# ---- what stands there -----------------------------------------------------------------------------------


def test_today_tells_what_needs_somebody(filled):
    page = filled.owner.get("/s/demo")
    assert page.status == 200
    for words in ("What needs you", "Orders, last 24 hours 4", "Not delivered, last 7 days 0"):
        assert words in page.words, page.words


@pytest.mark.parametrize("find, found", [("1001", "#1001"), ("#1001", "#1001"), ("ana@EXAMPLE", "#1001"),
                                         ("lima", "#1001"), ("50%_off\\", None), ("nobody", None)])
def test_orders_are_found(filled, find, found):
    page = filled.owner.get("/s/demo/orders?q=" + find.replace("#", "%23").replace("%_", "%25_").replace("\\", "%5C"))
    numbers = re.findall(r">(#\d+)</a>", page.html)
    assert numbers == ([found] if found else []), page.words


def test_orders_by_state(filled):
    assert re.findall(r">(#\d+)</a>", filled.owner.get("/s/demo/orders?state=cancelled").html) == ["#1008"]
    assert "#1008" not in filled.owner.get("/s/demo/orders?state=open").html


def test_an_order_with_its_story(filled):
    order = filled.server.rows("SELECT id FROM orders WHERE shop = 1 AND name = '#1001'")[0][0]
    page = filled.owner.get(f"/s/demo/orders/{printed('or', order)}")
    for words in ("Order #1001", "Serra Hiking Boots", "€190.90", "Rua da Atalaia 12", "What happened",
                  "Shopify told us", "Order confirmation"):
        assert words in page.words, words
    link = next(link for link in page.links() if link.startswith("/o/"))
    assert staff.Desk(filled.server.port).get(link).status == 200


def test_a_customer_with_orders_and_mails(filled):
    who = filled.server.rows("SELECT id FROM customer WHERE shop = 1 AND email = 'ana@example.com'")[0][0]
    page = filled.owner.get(f"/s/demo/customers/{printed('cu', who)}")
    for words in ("Ana Lima", "#1001", "Known as", "What was agreed to", "is confirmed"):
        assert words in page.words, words


def test_a_message_says_why_and_how_it_went(filled):
    sent = filled.server.rows("SELECT id FROM message WHERE shop = 1 AND state = 'accepted' ORDER BY id")[0][0]
    page = filled.owner.get(f"/s/demo/messages/{printed('msg', sent)}")
    for words in ("Why it was written", "Shopify told us something (orders/create)", "Taken by the server", "250"):
        assert words in page.words, words
    frame = filled.owner.get(f"/s/demo/messages/{printed('msg', sent)}/html")
    assert "sandbox" in frame.header("Content-Security-Policy") and "default-src 'none'" in \
        frame.header("Content-Security-Policy")
    assert 'sandbox="' in page.html and "allow-scripts" not in page.html and "allow-same-origin" not in page.html


def test_lists_are_paged_without_gaps(filled):
    """120 messages: every one once, in order, whatever comes in between."""
    begun = filled.server.rows("SELECT count(*) FROM message WHERE shop = 2")[0][0]
    for number in range(120):
        body = json.loads(shopify.fixture("shopify/order_1001.json"))
        body["id"], body["name"], body["order_number"] = 900000 + number, f"#P{number}", 5000 + number
        raw = json.dumps(body).encode()
        assert filled.scene.post("/in/other/shopify", raw, "orders/create", f"page-{number}", "other", {}).status == 200
    filled.scene.live.control("work", seconds=60)
    seen, page = [], filled.stranger.get("/s/other/orders")
    while True:
        seen += re.findall(r'href="/s/other/orders/(or_\w+)"', page.html)
        older = re.search(r'href="(/s/other/orders\?[^"]*before=[^"]*)"', page.html)
        if not older:
            break
        page = filled.stranger.get(older[1].replace("&amp;", "&"))
    everything = filled.server.rows("SELECT count(*) FROM orders WHERE shop = 2")[0][0]
    assert len(seen) == len(set(seen)) == everything
    assert filled.server.rows("SELECT count(*) FROM message WHERE shop = 2")[0][0] > begun


# ---- forms -----------------------------------------------------------------------------------------------


def test_settings_are_set_and_secrets_never_shown(filled):
    page = filled.owner.get("/s/demo/settings")
    assert "hush-demo" not in page.html and filled.scene.sinks["sink"].url not in page.html
    done = page.form("/s/demo/settings/group/sender", **{"mail.from": "Ana <ana@demo.example>"})
    assert done.status == 200 and "Saved. It counts from now on." in done.words
    assert filled.server.rows("SELECT value FROM setting WHERE shop = 1 AND key = 'mail.from'") == [
        ("Ana <ana@demo.example>",)]
    kept = filled.owner.get("/s/demo/settings").form("/s/demo/settings/group/shop-system")
    assert kept.status == 200
    body = shopify.fixture("shopify/order_1005_de.json")
    assert filled.scene.post("/in/demo/shopify", body, "orders/create", "after", "demo", {}).status == 200


@pytest.mark.parametrize("group, key, value, words", [
    ("sender", "mail.from", "not an address", "address"),
    ("server", "smtp.url", "smtp://user:pass word@:x", ""),
    ("server", "smtp.rate", "fast", ""),
    ("look", "brand.color", "red", "#1d4f91"),
    ("shop", "zone", "Mars/Olympus", "Mars/Olympus"),
    ("shop", "currency", "EURO", "ISO 4217"),
    ("shop", "name", "", "missing"),
])
def test_a_wrong_setting_is_told_and_kept(filled, group, key, value, words):
    before = filled.server.rows("SELECT * FROM setting ORDER BY shop, key"), filled.server.rows("SELECT * FROM shop")
    page = filled.owner.get("/s/demo/settings").form(f"/s/demo/settings/group/{group}", **{key: value})
    assert page.status == 422 and "not right yet" in page.words and words in page.words, page.words
    if key != "smtp.url":
        assert dict(page.forms())[f"/s/demo/settings/group/{group}"][key] == value
    assert "pass word" not in page.html
    after = filled.server.rows("SELECT * FROM setting ORDER BY shop, key"), filled.server.rows("SELECT * FROM shop")
    assert before == after


def test_two_editors_see_each_other(filled):
    first = filled.owner.get("/s/demo/settings")
    filled.server.cli("shop", "set", "demo", "contact=Call us")
    second = first.form("/s/demo/settings/group/shop", name="Another name")
    assert second.status == 422 and "Somebody else changed the settings" in second.words
    assert dict(second.forms())["/s/demo/settings/group/shop"]["name"] == "Another name"
    assert filled.server.rows("SELECT name FROM shop WHERE id = 1") != [("Another name",)]


def test_going_live_step_by_step(filled):
    """From nothing to live with the check list alone; each missing thing holds it up."""
    filled.server.cli("shop", "add", "fresh", "--name", "Fresh shop")
    filled.scene.secrets["fresh"] = "hush-fresh"
    owner = filled.owner
    page = owner.get("/s/fresh/live")
    assert "still missing" in page.words and "Go live now" not in page.words
    refused = owner.post("/s/fresh/live", {"token": owner.token(), "do": "live", "sure": "1"})
    assert refused.status == 422 and "still missing" in refused.words
    assert filled.server.rows("SELECT live_since FROM shop WHERE slug = 'fresh'") == [(None,)]
    owner.get("/s/fresh/settings").form("/s/fresh/settings/group/sender", **{"mail.from": "hi@fresh.example"})
    owner.get("/s/fresh/settings").form("/s/fresh/settings/group/server",
                                        **{"smtp.url": filled.scene.sinks["sink"].url})
    # without a country no legal text would be asked for: so the country is
    assert "nobody knows which law counts" in owner.get("/s/fresh/live").words
    owner.get("/s/fresh/settings").form("/s/fresh/settings/group/shop", **{"shop.country": "DE"})
    assert "nobody knows which law counts" not in owner.get("/s/fresh/live").words
    assert "has to carry terms" in owner.get("/s/fresh/live").words
    owner.get("/s/fresh/settings/legal").form("/s/fresh/settings/legal", text="You may withdraw within 14 days.")
    mails = len(filled.scene.mails)
    tested = owner.get("/s/fresh/live").form("/s/fresh/live/test", address="me@fresh.example")
    assert "The server has taken the test mail" in tested.words, tested.words
    assert len(filled.scene.mails) == mails + 1
    ready = owner.get("/s/fresh/live")
    assert "still missing" not in ready.words, ready.words
    unsure = ready.form("/s/fresh/live")
    assert unsure.status == 422 and "Tick this first" in unsure.words
    live = ready.form("/s/fresh/live", sure="1")
    assert "The shop is live" in live.words
    assert filled.server.rows("SELECT live_since IS NOT NULL FROM shop WHERE slug = 'fresh'") == [(1,)]
    stopped = owner.post("/s/fresh/live", {"token": owner.token(), "do": "stop"})
    assert "not live any more" in stopped.words


def test_another_server_has_to_be_tried_anew(filled):
    filled.server.cli("shop", "set", "fresh", "smtp.url=smtp://127.0.0.1:9")
    assert "has not taken one yet" in filled.owner.get("/s/fresh/live").words
    failed = filled.owner.get("/s/fresh/live").form("/s/fresh/live/test", address="me@fresh.example")
    assert failed.status == 422 and "not right yet" in failed.words


def test_who_sends_what(filled):
    page = filled.owner.get("/s/demo/settings/senders")
    assert "Both would send it" in page.words
    done = page.form("/s/demo/settings/senders", **{"receipt.shipped": "on", "receipt.refunded": "off"})
    assert done.status == 200 and "Saved" in done.words
    assert filled.server.rows("SELECT key, value FROM setting WHERE shop = 1 AND key IN "
                              "('receipt.shipped', 'receipt.refunded') ORDER BY key") == [
        ("receipt.refunded", "off"), ("receipt.shipped", "on")]


def refuse_orders(filled, count, first):
    """So many orders whose mail the server refuses for good."""
    filled.scene.live.control("work", seconds=60)
    filled.scene.sinks["sink"].rule("dot", "554 5.7.1 not by our rules", times=count)
    for number in range(first, first + count):
        body = json.loads(shopify.fixture("shopify/order_1001.json"))
        body["id"], body["name"], body["order_number"] = 700000 + number, f"#R{number}", 7000 + number
        body["email"] = body["contact_email"] = f"r{number}@example.com"
        answer = filled.scene.post("/in/demo/shopify", json.dumps(body).encode(), "orders/create", f"r-{number}",
                                   "demo", {})
        assert answer.status == 200
    filled.scene.live.control("work", seconds=60)


def states(filled):
    return dict(filled.server.rows("SELECT o.name, m.state FROM message AS m JOIN orders AS o ON o.id = m.order_id "
                                   "WHERE o.name LIKE '#R%'"))


def test_trying_again_does_what_was_confirmed(filled):
    """Mails that the server refused for good: counted, confirmed, sent; one that failed since is not swept along."""
    refuse_orders(filled, 3, 1)
    assert states(filled) == {"#R1": "failed", "#R2": "failed", "#R3": "failed"}
    listed = filled.owner.get("/s/demo/messages?state=failed&reason=refused")
    assert "not by our rules" in listed.words and "Try these again" in listed.words
    asked = filled.owner.get("/s/demo/messages/retry?state=failed&reason=refused")
    assert "Send 3 mails again?" in asked.words
    assert "Try these again" not in filled.viewer.get("/s/demo/messages?state=failed").words
    refuse_orders(filled, 1, 4)
    done = asked.form("/s/demo/messages/retry")
    assert "3 mails will be tried again now" in done.words, done.words
    filled.scene.live.control("work", seconds=60)
    assert states(filled) == {"#R1": "accepted", "#R2": "accepted", "#R3": "accepted", "#R4": "failed"}


def test_more_than_was_confirmed_is_not_sent(filled):
    refuse_orders(filled, 1, 5)
    page = filled.owner.get("/s/demo/messages/retry?state=failed")
    refused = page.form("/s/demo/messages/retry", count="1")
    assert refused.status == 409 and "more of them" in refused.words
    assert states(filled)["#R5"] == "failed"
    sent = filled.owner.post("/s/demo/messages/retry", {"token": filled.owner.token(), "state": "accepted",
                                                       "newest": "9" * 18, "count": "99"})
    assert sent.status == 400


# ---- what must not be ------------------------------------------------------------------------------------


def routes():
    found = set()
    for path in sorted((ROOT / "src/feature").rglob("*.c")):
        found |= set(ROUTE.findall(path.read_text("utf-8")))
    return sorted(found)


def addresses(filled, pattern, shop, rows_of):
    """The pattern with a shop, and every id of another's rows that could stand in it."""
    kinds = {"orders": ("orders", "or"), "customers": ("customer", "cu"), "messages": ("message", "msg"),
             "users": ("users", "us")}
    path = pattern.replace(":shop", shop).replace(":group", "shop").replace(":mail", "order_confirmation")
    if ":id" not in path:
        return [path]
    table, prefix = kinds[path.split("/")[3]]
    if table == "users":
        some = [printed("us", row[0]) for row in filled.server.rows("SELECT id FROM users ORDER BY id")][:3]
    else:
        some = ids(filled, rows_of, table, prefix)[:2]
    return [path.replace(":id", one) for one in some]


def dump(filled):
    """Everything in the store but when sessions were last used: table by table, a hash of its rows."""
    tables = [row[0] for row in filled.server.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")]
    return {table: hashlib.sha256(repr(filled.server.rows(
        f"SELECT * FROM {table}" if table != "session" else "SELECT id, user_id, hash FROM session")).encode()
    ).hexdigest() for table in tables}


def test_nothing_crosses_between_shops(filled):
    """Every route of a shop x an owner of another: with that shop's address, and with its rows under one's own."""
    token, before, tried = filled.stranger.token(), dump(filled), 0
    for method, pattern, _ in routes():
        fields = {"token": token, "do": "stop", "state": "failed", "newest": "9" * 18, "count": "1000",
                  "name": "Taken over", "text": "x", "address": "x@example.com", "email": "x@example.com",
                  "role": "owner"}
        targets = addresses(filled, pattern, "demo", "demo")
        if ":id" in pattern and "/users/" not in pattern:
            targets += addresses(filled, pattern, "other", "demo")
        for target in targets:
            tried += 1
            page = filled.stranger.get(target, follow=False) if method == "GET" else \
                filled.stranger.post(target, fields, follow=False)
            assert page.status == 404, (method, target, page.status, page.words[:200])
            assert not re.search(r"ana@example\.com|Ana Lima|#1001", page.html), target
    assert dump(filled) == before
    assert tried >= 25, tried
    print(f"{tried} addresses of {len(routes())} routes, nothing crossed")


def test_the_crossing_test_can_fail(filled):
    """Its red control: whoever may look does find what it looks for."""
    order = ids(filled, "demo", "orders", "or")[0]
    page = filled.owner.get(f"/s/demo/orders/{order}")
    assert page.status == 200 and re.search(r"#1\d\d\d", page.html)


def test_a_viewer_changes_nothing_anywhere(filled):
    token, before = filled.viewer.token(), dump(filled)
    for method, pattern, _ in routes():
        if method != "POST":
            continue
        for target in addresses(filled, pattern, "demo", "demo"):
            page = filled.viewer.post(target, {"token": token, "do": "stop", "name": "x", "text": "x"}, follow=False)
            assert page.status == 403, (target, page.status)
            assert "change nothing" in page.words or "owners" in page.words
    assert dump(filled) == before


def crawl(desk, seeds, most=400):
    """Every address of ours that can be reached by links, and as a scanner asks it."""
    seen, queue = set(), list(seeds)
    while queue and len(seen) < most:
        path = queue.pop(0)
        if path in seen or not path.startswith("/") or path.startswith("//"):
            continue
        seen.add(path)
        page = desk.get(path, follow=False)
        desk.ask("HEAD", path)
        queue += [link.split("#")[0] for link in page.links() if link.split("#")[0] not in seen]
        if page.header("Location"):
            queue.append(page.header("Location"))
    return seen


def mail_links(filled):
    text = "\n".join(mail.body for mail in filled.scene.mails)
    return sorted({re.sub(r"https?://[^/]+", "", url) for url in re.findall(r"https?://[^\s\"'<>)]+", text)})


def test_a_scanner_that_follows_every_link_changes_nothing(filled):
    """GET and HEAD on everything, twice: as a stranger from the mails' links, and signed in from the first page."""
    before = dump(filled)
    nobody = staff.Desk(filled.server.port)
    seen = [crawl(nobody, [*mail_links(filled), "/", "/dev/mail"]) for _ in range(2)]
    own = [crawl(filled.owner, ["/", "/s/demo", "/s/demo/messages?state=trouble", "/s/demo/messages/retry?state=trouble",
                                "/account"]) for _ in range(2)]
    after = dump(filled)
    assert after == before, [table for table in after if after[table] != before[table]]
    assert len(seen[0]) > 10 and len(own[0]) > 40
    print(f"{len(seen[0])} addresses as a stranger, {len(own[0])} signed in")


def test_the_scanner_test_can_fail(filled):
    """Its red control: one write by anybody is seen."""
    before = dump(filled)
    filled.owner.get("/s/demo/settings/legal").form("/s/demo/settings/legal", text="Another text.")
    assert dump(filled) != before


def test_a_set_up_link_survives_scanners(filled):
    said = filled.server.cli("user", "add", "zoe@example.com", "--shop", "demo")
    link = staff.link_of(said)
    for method, _ in itertools.product(("GET", "HEAD"), range(2)):
        assert staff.Desk(filled.server.port).ask(method, link).status == 200
    assert staff.Desk(filled.server.port).set_up(link, "zoe@example.com", "Zoe").status == 200
