"""Erasure means it: after a customer was erased, none of the store's files holds a trace of her, others are untouched,
and no late webhook brings her back. Bodies go by themselves when they were kept long enough."""

import hashlib
import json

import pytest

from driver import flow, shopify
from driver.scene import Scene

BODY = shopify.fixture("shopify/order_1001.json")
BO = (("5837205143788", "5837205999999"), ("7301466235116", "777000111222"), ("#1001", "#1002"), ("ana@example.com", "bo.berg@example.com"), ("Ana", "Bo"),
      ("Lima", "Berg"), ("Rua da Atalaia 12", "Storgatan 1"))
DAY = 86_400_000


@pytest.fixture
def scene():
    made = Scene()
    made.add_shop("demo", {})
    made.sink("sink")
    post(made, "ana", BODY)
    bo = BODY.decode()
    for hers, his in BO:
        bo = bo.replace(hers, his)
    post(made, "bo", bo.encode())
    made.live.control("work")
    assert len(made.mails) == 2
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def post(scene, delivery, body):
    assert scene.post("/in/demo/shopify", body, "orders/create", delivery, "demo", {}).status == 200


def traces(scene, *words):
    """Which of the words stand in any file of the data folder."""
    bytes_ = b"".join(path.read_bytes() for path in sorted(scene.server.data.glob("postlude.db*"))).lower()
    return [word for word in words if word.lower().encode() in bytes_]


def ana():
    order = json.loads(BODY)
    return order["email"], order["shipping_address"]["address1"], order["shipping_address"]["last_name"]


def erase(scene):
    said = scene.server.cli("privacy", "demo", "erase", "Ana@Example.com")
    assert "will be erased" in said
    scene.live.control("work")
    # The log is emptied at the next COMMIT at which nobody reads.
    scene.server.cli("shop", "set", "demo", "contact=+351 21 000 00 00")
    scene.live.control("work")


def test_nothing_of_her_is_left_in_any_file(scene):
    assert traces(scene, *ana()) == list(ana())
    erase(scene)
    assert traces(scene, *ana()) == []
    assert traces(scene, "bo.berg@example.com") == ["bo.berg@example.com"]


def test_the_sums_stay_and_the_receipt_tells(scene):
    before = scene.server.rows("SELECT total, placed_at FROM orders WHERE name = '#1001'")
    erase(scene)
    assert scene.server.rows("SELECT total, placed_at FROM orders WHERE name = '#1001'") == before
    [(state, receipt, about)] = scene.server.rows("SELECT state, receipt, coalesce(email, '') FROM privacy_ask")
    assert (state, about) == ("done", "")
    erased = json.loads(receipt)["erased"]
    assert (erased["orders"], erased["messages"], erased["customers"]) == (1, 1, 1)
    assert erased["raw_deliveries"] >= 1
    assert "done" in scene.server.cli("privacy", "demo")


def test_a_late_webhook_does_not_bring_her_back(scene):
    erase(scene)
    post(scene, "ana-late", shopify.edit(BODY, [("/updated_at", "2027-01-01T00:00:00Z"), ("/note", "late")]))
    scene.live.control("work")
    [(email, ship_to, note)] = scene.server.rows("SELECT email, ship_to, note FROM orders WHERE name = '#1001'")
    assert (email, ship_to, note) == (None, None, None)
    assert len(scene.mails) == 2


def test_what_law_obliges_to_keep_is_sealed_and_goes_on_its_day(scene):
    scene.server.cli("shop", "set", "demo", "privacy.hold_years=10")
    erase(scene)
    assert scene.server.rows("SELECT count(*) FROM legal_hold")[0][0] == 1
    assert traces(scene, *ana()) == []
    scene.turn(11 * 366 * DAY)
    scene.live.control("work")
    assert scene.server.rows("SELECT count(*) FROM legal_hold")[0][0] == 0


def test_her_file_holds_what_is_kept_of_her_and_of_nobody_else(scene):
    kept = json.loads(scene.server.cli("privacy", "demo", "export", "ANA@example.com"))
    assert [order["name"] for order in kept["orders"]] == ["#1001"]
    assert kept["customers"][0]["email"] == "ana@example.com"
    assert [message["template"] for message in kept["messages"]] == ["order_confirmation"]
    assert "bo.berg" not in json.dumps(kept)


def test_bodies_go_when_they_were_kept_long_enough(scene):
    sent = [hashlib.sha256(mail.raw).hexdigest() for mail in scene.mails]
    scene.turn(89 * DAY)
    scene.live.control("work")
    assert scene.server.rows("SELECT count(*) FROM inbox_body")[0][0] == 2
    scene.turn(2 * DAY)
    scene.live.control("work")
    assert scene.server.rows("SELECT (SELECT count(*) FROM inbox_body) + (SELECT count(*) FROM message_body)")[0][0] == 0
    kept = [row[0] for row in scene.server.rows("SELECT lower(hex(body_hash)) FROM message ORDER BY id")]
    assert sorted(kept) == sorted(sent)
    assert "emptied" in scene.server.cli("trace", "1001")


FULFILMENT = {
    "id": 255858046,
    "order_id": json.loads(BODY)["id"],
    "status": "success",
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T10:00:00Z",
    "tracking_company": "DHL",
    "tracking_number": "00340434161094042557",
    "shipment_status": "in_transit",
    "line_items": [],
}


def test_no_late_parcel_brings_her_back(scene):
    erase(scene)
    body = json.dumps(FULFILMENT).encode()
    assert scene.post("/in/demo/shopify", body, "fulfillments/create", "parcel-late", "demo", {}).status == 200
    scene.live.control("work")
    assert scene.server.rows("SELECT state FROM inbox ORDER BY id DESC LIMIT 1") == [("same",)]
    assert scene.server.rows("SELECT count(*) FROM parcel") == [(0,)]


def test_what_only_tells_of_her_is_not_kept(scene):
    erase(scene)
    post(scene, "ana-late", shopify.edit(BODY, [("/updated_at", "2027-01-01T00:00:00Z"), ("/note", "late")]))
    scene.live.control("work")
    [(state, reason, kept)] = scene.server.rows(
        "SELECT state, reason, EXISTS (SELECT 1 FROM inbox_body AS b WHERE b.id = inbox.id) FROM inbox ORDER BY id DESC LIMIT 1"
    )
    assert (state, kept) == ("same", 0)
    assert "erased" in reason


def test_an_account_told_again_brings_no_choice_back(scene):
    erase(scene)
    customer = {"id": 7301466235116, "email": "ana@example.com", "updated_at": "2026-01-01T00:00:00Z", "first_name": "Ana",
                "email_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": "2026-01-01T00:00:00Z"}}
    scene.post("/in/demo/shopify", json.dumps(customer).encode(), "customers/update", "ana-again", "demo", {})
    scene.live.control("work")
    assert scene.server.rows("SELECT count(*) FROM consent WHERE address LIKE 'ana%'") == [(0,)]
    assert scene.server.rows("SELECT count(*) FROM customer WHERE email LIKE 'ana%'") == [(0,)]


def test_what_she_chose_about_text_messages_goes(scene):
    number = "+351910000001"
    customer = {"id": 7301466235116, "email": "ana@example.com", "phone": number, "updated_at": "2026-11-01T00:00:00Z", "first_name": "Ana",
                "sms_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": "2026-11-01T00:00:00Z"}}
    scene.post("/in/demo/shopify", json.dumps(customer).encode(), "customers/update", "ana-sms", "demo", {})
    scene.live.control("work")
    count = f"SELECT count(*) FROM consent WHERE address = '{number}'"
    assert scene.server.rows(count) == [(1,)]
    erase(scene)
    assert scene.server.rows(count) == [(0,)]


def test_a_parcel_whose_delivery_was_emptied_waits_no_more(scene):
    body = json.dumps(FULFILMENT | {"order_id": 5837205555555}).encode()
    scene.post("/in/demo/shopify", body, "fulfillments/create", "parcel-early", "demo", {})
    scene.live.control("work")
    assert scene.server.rows("SELECT state FROM inbox WHERE delivery = 'parcel-early'") == [("early",)]
    scene.turn(92 * DAY)
    scene.live.control("work")
    order = BODY.decode().replace(BO[0][0], "5837205555555").encode()
    post(scene, "at-last", order)
    scene.live.control("work")
    assert scene.server.rows("SELECT state FROM inbox WHERE delivery = 'at-last'") == [("done",)]
    [(state, reason)] = scene.server.rows("SELECT state, reason FROM inbox WHERE delivery = 'parcel-early'")
    assert state == "unread" and reason


def test_why_her_delivery_could_not_be_read_is_forgotten(scene):
    post(scene, "ana-broken", shopify.edit(BODY, [("/total_price", '"ana@example.com"')]))
    scene.live.control("work")
    assert scene.server.rows("SELECT state FROM inbox WHERE reason LIKE '%ana@example.com%'") == [("unread",)]
    erase(scene)
    assert scene.server.rows("SELECT count(*) FROM inbox WHERE reason LIKE '%ana@%'") == [(0,)]


def test_a_file_that_she_asked_for_is_forgotten(scene):
    ask = {"shop_id": 1, "orders_requested": [], "customer": {"id": 7301466235116, "email": "Ana@Example.com", "phone": ""}, "data_request": {"id": 9999}}
    scene.post("/in/demo/shopify", json.dumps(ask).encode(), "customers/data_request", "ask", "demo", {})
    scene.live.control("work")
    assert scene.server.rows("SELECT email FROM privacy_ask") == [("ana@example.com",)]
    erase(scene)
    assert scene.server.rows("SELECT count(*) FROM privacy_ask WHERE email IS NOT NULL OR customer_foreign_id IS NOT NULL") == [(0,)]


def test_another_order_with_her_digits_in_it_stays_readable(scene):
    hers = json.loads(BODY)["id"]
    his = BODY.decode().replace(str(hers), f"9{hers}")
    for old, new in (*BO[1:], ("+351912345678", "+46700000000")):
        his = his.replace(old, new)
    post(scene, "longer", his.encode())
    scene.live.control("work")
    erase(scene)
    assert scene.server.rows("SELECT count(*) FROM inbox_body AS b JOIN inbox AS i ON i.id = b.id WHERE i.delivery = 'longer'") == [(1,)]


def test_whoever_stands_behind_the_same_person_is_erased_too(scene):
    cy = BODY.decode()
    for old, new in zip([hers for hers, _ in BO], ("5837205777777", "888000111222", "#1003", "cy@example.com", "Cy", "Moe", "Rue 3")):
        cy = cy.replace(old, new)
    post(scene, "cy", cy.encode())
    scene.live.control("work")
    ana_id, bo_id, cy_id = (
        scene.server.cli("customer", "demo", address).split()[0] for address in ("ana@example.com", "bo.berg@example.com", "cy@example.com")
    )
    scene.server.cli("customer", "demo", "merge", ana_id, bo_id)
    scene.server.cli("customer", "demo", "merge", cy_id, bo_id)
    erase(scene)
    assert scene.server.rows("SELECT count(*) FROM customer WHERE email IS NOT NULL") == [(0,)]
    assert scene.server.rows("SELECT count(*) FROM orders WHERE email IS NOT NULL") == [(0,)]


def test_an_order_that_the_shop_system_names_goes_too_under_whatever_address_it_was_placed(scene):
    """Shopify lists orders_to_redact: a guest's order of another address is among them."""
    body = json.dumps({"shop_id": 1, "shop_domain": "demo.myshopify.com", "orders_to_redact": [5837205999999],
                       "customer": {"id": 1, "email": "ana@example.com", "phone": None}}).encode()
    assert scene.post("/in/demo/shopify", body, "customers/redact", "redact", "demo", {}).status == 200
    scene.live.control("work")
    assert scene.server.rows("SELECT name, email FROM orders WHERE erased_at IS NULL") == []
    scene.server.cli("shop", "set", "demo", "contact=+351 21 000 00 00")
    scene.live.control("work")
    assert traces(scene, *ana()) == []
    # The order is gone with its delivery and its mails; the other account did not ask.
    assert scene.server.rows("SELECT count(*) FROM inbox_body AS b JOIN inbox AS i ON i.id = b.id WHERE i.delivery = 'bo'") == [(0,)]
    assert scene.server.rows("SELECT count(*) FROM message WHERE address LIKE '%@%'") == [(0,)]
    assert scene.server.rows("SELECT email FROM customer WHERE email IS NOT NULL") == [("bo.berg@example.com",)]


def test_who_was_parted_again_is_not_erased_with_the_other(scene):
    """Ana was Bo before Bo was taken to be Cy. When Bo is parted from Cy, Ana goes with Bo."""
    cy = BODY.decode()
    for old, new in zip([hers for hers, _ in BO], ("5837205777777", "888000111222", "#1003", "cy@example.com", "Cy", "Moe", "Rue 3")):
        cy = cy.replace(old, new)
    post(scene, "cy", cy.encode())
    scene.live.control("work")
    ana_id, bo_id, cy_id = (
        scene.server.cli("customer", "demo", address).split()[0] for address in ("ana@example.com", "bo.berg@example.com", "cy@example.com")
    )
    scene.server.cli("customer", "demo", "merge", ana_id, bo_id)
    scene.server.cli("customer", "demo", "merge", bo_id, cy_id)
    scene.server.cli("customer", "demo", "part", bo_id)
    scene.server.cli("privacy", "demo", "erase", "cy@example.com")
    scene.live.control("work")
    left = scene.server.rows("SELECT email FROM customer WHERE email IS NOT NULL ORDER BY email")
    assert left == [("ana@example.com",), ("bo.berg@example.com",)]
    erase(scene)
    assert scene.server.rows("SELECT count(*) FROM customer WHERE email IS NOT NULL") == [(0,)]
