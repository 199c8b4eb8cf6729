"""A row that nobody can work on (damaged, or what it speaks of is gone) ends with its reason, and holds nobody up."""

import contextlib
import sqlite3

import pytest

from driver import flow, shopify
from driver.scene import Scene

BODY = shopify.fixture("shopify/order_1001.json")
ORDERS = 3


@pytest.fixture
def scene():
    made = Scene()
    made.add_shop("demo", {})
    made.sink("sink").rule("rcpt", "451 4.7.1 Greylisted, please come back")
    for number in range(1, ORDERS + 1):
        body = shopify.edit(BODY, [("/id", str(5837205000000 + number)), ("/name", f"#{number}"),
                                   ("/email", f"b{number}@example.com")])
        assert made.post("/in/demo/shopify", body, "orders/create", f"d-{number}", "demo", {}).status == 200
    made.live.control("work")
    made.server.stop()
    made.sink("sink").behave()
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def change(scene, *statements):
    with contextlib.closing(sqlite3.connect(scene.server.data / "postlude.db", isolation_level=None)) as store:
        for statement in statements:
            store.execute(statement)


def works_on(scene):
    """The first message ends as failed with words of its own, the others arrive."""
    scene.turn(7_200_000)
    scene.live.control("work")
    states = scene.server.rows("SELECT state, reason, words FROM message ORDER BY id")
    assert [state for state, _, _ in states] == ["failed"] + ["accepted"] * (ORDERS - 1), states
    assert states[0][1] and states[0][2]
    assert len(scene.mails) == ORDERS - 1
    return states[0]


FIRST = "(SELECT min(id) FROM message)"
FRESH = "UPDATE message SET state = 'new', subject = NULL, body_bytes = NULL"


def test_a_message_whose_order_is_gone(scene):
    change(scene, FRESH, f"DELETE FROM orders WHERE id = (SELECT order_id FROM message WHERE id = {FIRST})")
    assert "order" in works_on(scene)[2]


def test_an_order_whose_address_is_damaged(scene):
    change(scene, FRESH,
           f"UPDATE orders SET ship_to = '[\"' WHERE id = (SELECT order_id FROM message WHERE id = {FIRST})")
    assert "address" in works_on(scene)[2]


def test_a_message_whose_words_are_damaged(scene):
    change(scene, f"UPDATE message_body SET body = x'00112233' WHERE id = {FIRST}")
    assert works_on(scene)[1] == "not_rendered"


def test_a_message_whose_words_are_gone(scene):
    change(scene, f"DELETE FROM message_body WHERE id = {FIRST}")
    assert works_on(scene)[1] == "not_rendered"


def test_a_message_whose_address_is_none(scene):
    change(scene, f"UPDATE message SET address = 'two words' WHERE id = {FIRST}")
    assert works_on(scene)[1] == "bad_address"


def test_what_was_put_aside_is_shown_and_tried_again(scene):
    change(scene, FRESH,
           f"UPDATE orders SET ship_to = '[\"' WHERE id = (SELECT order_id FROM message WHERE id = {FIRST})")
    works_on(scene)
    listed = [line.split("\t") for line in scene.server.cli("list", "aside").splitlines()]
    assert [line[2] for line in listed] == ["order_confirmation"]
    change(scene, "UPDATE orders SET ship_to = NULL")
    scene.server.cli("replay", "demo", listed[0][0])
    scene.server.cli("replay", "demo", listed[0][0], ok=(3,))
    scene.live.control("work")
    assert scene.server.rows("SELECT count(*) FROM message WHERE state = 'accepted'")[0][0] == ORDERS
    assert scene.server.cli("list", "aside") == ""


def test_events_and_runs_that_were_put_aside(scene):
    change(scene, "DELETE FROM delivery", "DELETE FROM message", "DELETE FROM run_step",
           "UPDATE run SET state = 'aside', why = 'of the test' WHERE id = (SELECT min(id) FROM run)",
           "UPDATE event SET state = 'aside' WHERE id = (SELECT max(id) FROM event)")
    scene.live.control("work")
    assert '"aside":2' in scene.live.http("GET", "/health").text
    for line in scene.server.cli("list", "aside").splitlines():
        scene.server.cli("replay", "demo", line.split("\t")[0])
    scene.live.control("work")
    assert '"aside":0' in scene.live.http("GET", "/health").text
    assert len(scene.mails) == 1
