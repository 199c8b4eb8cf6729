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
    assert scene.server.rows("SELECT count(*) FROM hold")[0][0] == 1
    assert traces(scene, *ana()) == []
    scene.turn(11 * 366 * DAY)
    scene.live.control("work")
    assert scene.server.rows("SELECT count(*) FROM hold")[0][0] == 0


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
