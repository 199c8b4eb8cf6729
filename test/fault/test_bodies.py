"""Bodies become small when enough are there to learn from; all of them can be read, and no dictionary names anybody."""

import contextlib
import re
import sqlite3

import pytest

from driver import flow, shopify
from driver.scene import Scene

BODY = shopify.fixture("shopify/order_1001.json")
FIRST, AFTER = 40, 8  # bodies before anything is learned, and after it


@pytest.fixture
def scene():
    made = Scene()
    made.add_shop("demo", {"smtp.url": ""})
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def post(scene, numbers):
    for number in numbers:
        body = shopify.edit(BODY, [("/id", str(5837205000000 + number)), ("/name", f"#{number}"),
                                   ("/email", f"person.{number}@some-{number}.example"),
                                   ("/customer/id", str(7400000000000 + number)),
                                   ("/customer/email", f"person.{number}@some-{number}.example")])
        assert scene.post("/in/demo/shopify", body, "orders/create", f"d-{number}", "demo", {}).status == 200
    scene.live.control("work")


def sizes(scene, table):
    return [size for (size,) in scene.server.rows(f"SELECT length(body) FROM {table} ORDER BY id")]


def test_bodies_become_small_and_stay_readable(scene):
    post(scene, range(1, FIRST + 1))
    post(scene, range(FIRST + 1, FIRST + AFTER + 1))
    for table in ("inbox_body", "message_body"):
        found = sizes(scene, table)
        assert len(found) == FIRST + AFTER
        assert max(found[-AFTER:]) * 2 < min(found[:10]), (table, found)
    assert scene.server.rows("SELECT kind, name FROM dictionary ORDER BY kind") == [
        ("inbox", "shopify orders/create"), ("message", "order_confirmation en")]
    for (bytes_,) in scene.server.rows("SELECT bytes FROM dictionary"):
        assert not re.search(rb"person\.\d|some-\d", bytes_)

    # A new start knows nothing yet and reads old and new; what comes is packed with the dictionaries of before.
    scene.server.stop()
    post(scene, [FIRST + AFTER + 1])
    listed = scene.live.http("GET", "/dev/mail").text
    caught = sorted(set(re.findall(r'href="(/dev/mail/msg_[^/"]+)"', listed)))
    assert len(caught) == FIRST + AFTER + 1
    for page in caught:
        assert "Thank you" in scene.live.http("GET", page + "/raw").text
    assert sizes(scene, "message_body")[-1] * 2 < sizes(scene, "message_body")[0]
    assert len(scene.server.rows("SELECT id FROM dictionary")) == 2


def test_a_dictionary_that_is_gone(scene):
    post(scene, range(1, FIRST + 1))
    post(scene, [FIRST + 1])
    scene.server.stop()
    with contextlib.closing(sqlite3.connect(scene.server.data / "postlude.db", isolation_level=None)) as store:
        store.execute("DELETE FROM dictionary")
        store.execute("UPDATE inbox SET state = 'unread' WHERE id = (SELECT max(id) FROM inbox)")
    newest = scene.server.cli("list", "unread").split()[0]
    scene.server.cli("replay", "demo", newest)
    post(scene, [FIRST + 2])
    assert "dictionary" in scene.server.rows("SELECT reason FROM inbox WHERE state = 'unread'")[0][0]
    assert scene.server.rows("SELECT count(*) FROM message WHERE state = 'accepted'") == [(FIRST + 2,)]
