"""A delivery that is read twice, as after a repair, teaches nothing the second time; a merge that was taken back stays so."""

import json
import sqlite3
import sys
from pathlib import Path

import pytest

from driver import shopify
from driver.scene import Scene

sys.path.append(str(Path(__file__).resolve().parents[1] / "api"))

from program import SAMPLES, Program  # noqa: E402

FIXTURE = Path(__file__).resolve().parents[1] / "fixture" / "shopify"
TOLD = [("orders/create", "order_1001"), ("fulfillments/create", "fulfillment_1001"),
        ("fulfillment_events/create", "fulfillment_event_1001"), ("refunds/create", "refund_1001"),
        ("customers/update", "customer_ana"), ("customers_email_marketing_consent/update", "consent_ana"),
        ("customers/merge", "merge_ana"), ("orders/delete", "gone")]
LEFT_OUT = {"inbox", "inbox_body", "message_body", "body_dictionary", "installation", "learned", "disk_day", "user_link"}


def read(name, **members):
    return json.loads((FIXTURE / f"{name}.json").read_bytes()) | members


@pytest.fixture
def scene():
    made = Scene()
    made.add_shop("demo", {})
    made.set_clock(made.now_ms)
    yield made
    made.close()


def post(scene, topic, body, name):
    sent = json.dumps(body).encode()
    headers = shopify.headers(topic, name, shopify.sign(scene.secrets["demo"], sent), "2026-03-02T10:00:00Z")
    assert scene.live.http("POST", "/in/demo/shopify", sent, headers).status == 200
    scene.live.control("work")


def known(server):
    """All rows of all tables but those of the path's own."""
    tables = [name for name, in server.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
              if name not in LEFT_OUT]
    return {name: sorted(server.rows(f"SELECT * FROM {name}"), key=repr) for name in tables}


def test_all_is_known_already(scene):
    for place, (topic, name) in enumerate(TOLD):
        post(scene, topic, read(name), f"d-{place}")
    post(scene, "customers/update", read("customer_ana", id=7301466235999, email="old@example.com"), "d-merged")
    post(scene, "orders/delete", {"id": 4711}, "d-unknown")
    program = Program.new(scene.live, "demo")
    program.settle("events", SAMPLES["events"] | {"customer_id": None, "email": "ana@example.com"})
    before = known(scene.live)
    assert len(before["merge"]) == 1 and len(before["gone"]) == 1 and len(before["scan"]) == 1 and len(before["happening"]) == 1
    scene.end()
    store = sqlite3.connect(scene.server.data / "postlude.db")
    assert store.execute("UPDATE inbox SET state = 'new', reason = NULL").rowcount == len(TOLD) + 3
    store.commit()
    store.close()
    scene.live.control("work")
    after = known(scene.live)
    for name, rows in before.items():
        assert after[name] == rows, name
    assert scene.live.rows("SELECT DISTINCT state FROM inbox") == [("same",)]


def test_a_merge_that_was_taken_back_is_not_made_again(scene):
    post(scene, "customers/update", read("customer_ana"), "d-1")
    post(scene, "customers/update", read("customer_ana", id=7301466235999, email="old@example.com"), "d-2")
    post(scene, "customers/merge", read("merge_ana"), "d-3")
    assert scene.live.rows("SELECT reason, undone_at FROM merge") == [("shop_system", None)]
    parted = scene.live.cli("customer", "demo", "old@example.com").split()[0]
    scene.live.cli("customer", "demo", "part", parted)
    post(scene, "customers/merge", read("merge_ana", admin_graphql_api_job_id=None), "d-4")
    assert scene.live.rows("SELECT count(*) FROM customer WHERE merged_into IS NOT NULL") == [(0,)]
    assert scene.live.rows("SELECT count(*), count(undone_at) FROM merge") == [(1, 1)]


def test_merges_told_in_any_order_end_with_one_person(scene):
    people = [7301466235116, 7301466235998, 7301466235999]
    for place, number in enumerate(people):
        post(scene, "customers/update", read("customer_ana", id=number, email=f"ana{place}@example.com"), f"d-{place}")
    # First the second into the first; then, late, the third into the second, which was before.
    for place, (kept, gone) in enumerate(((0, 1), (1, 2))):
        post(scene, "customers/merge", read("merge_ana", **{
            "admin_graphql_api_customer_kept_id": f"gid://shopify/Customer/{people[kept]}",
            "admin_graphql_api_customer_deleted_id": f"gid://shopify/Customer/{people[gone]}"}), f"m-{place}")
    assert scene.live.rows("SELECT i.foreign_id, count(*) FROM customer AS f JOIN customer AS i ON i.id = f.merged_into") == [
        (str(people[0]), 2)]
