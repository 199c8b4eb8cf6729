"""Years go by: what the manual says of how long things are kept is what happens, no earlier and no later."""

import hashlib
import json

import pytest

from driver import flow, shopify
from driver.scene import Scene, iso

BODY = shopify.fixture("shopify/order_1001.json")
DAY = 86_400_000
YEAR = 365.25 * DAY


@pytest.fixture
def scene():
    made = Scene()
    for shop, days in (("usual", None), ("week", 7), ("ever", 0)):
        made.add_shop(shop, {} if days is None else {"keep.bodies_days": str(days)})
    made.sink("sink")
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def order(scene, shop, number):
    at = iso(scene.now_ms)
    body = json.loads(BODY) | {"id": 5837205000000 + number, "name": f"#{number}", "email": f"b{number}@example.com", "customer": None,
                               "created_at": at, "updated_at": at, "processed_at": at}
    assert scene.post(f"/in/{shop}/shopify", json.dumps(body).encode(), "orders/create", f"d-{shop}-{number}", shop, {}).status == 200


def bodies(scene, shop):
    """How old the bodies are that are left, in days: of deliveries, of mails."""
    found = []
    for table, row in (("inbox_body", "inbox"), ("message_body", "message")):
        rows = scene.server.rows(f"SELECT r.at FROM {table} AS b JOIN {row} AS r ON r.id = b.id JOIN shop AS s ON s.id = b.shop"
                                 " WHERE s.slug = ? ORDER BY 1", (shop,))
        found.append([round((scene.now_ms - at) / DAY) for (at,) in rows])
    return found


def test_bodies_go_on_their_day_for_years(scene):
    posted = 0
    for step in range(40):  # every 30 days, for more than three years
        posted += 1
        for shop in ("usual", "week", "ever"):
            order(scene, shop, posted)
        scene.live.control("work")
        scene.turn(30 * DAY)
        scene.live.control("work")
        for shop, most in (("usual", 90), ("week", 7), ("ever", 10**6)):
            due = [30 * n for n in range(posted, 0, -1) if 30 * n < most]
            for ages in bodies(scene, shop):
                # An hour's look may come a moment before or after the hour of the body.
                assert [age for age in ages if age != most] == due, (step, shop)
    rows = scene.server.rows
    assert rows("SELECT count(*) FROM inbox") == rows("SELECT count(*) FROM message") == [(3 * posted,)]
    # What is left of a mail is the hash of what its reader has.
    sent = {hashlib.sha256(mail.raw).hexdigest() for mail in scene.mails}
    hashes = [name for (name,) in rows("SELECT lower(hex(body_hash)) FROM message WHERE body_hash IS NOT NULL")]
    assert len(hashes) >= 2 * posted - 6 and set(hashes) <= sent
    [(first,)] = rows("SELECT min(id) FROM inbox")
    assert "emptied" in scene.server.cli("trace", str(first))
    assert "whole" in scene.server.cli("check")
    # A shorter time counts for what is there already.
    scene.set_shop("ever", {"keep.bodies_days": "60"})
    scene.turn(2 * 3_600_000)
    scene.live.control("work")
    assert all(age <= 61 for ages in bodies(scene, "ever") for age in ages)


def test_what_law_holds_goes_on_its_day_and_no_earlier(scene):
    scene.set_shop("usual", {"privacy.hold_years": "10"})
    order(scene, "usual", 1)
    scene.live.control("work")
    placed = scene.now_ms
    scene.server.cli("privacy", "usual", "erase", "b1@example.com")
    scene.live.control("work")
    count = "SELECT count(*) FROM legal_hold"
    for years, left in ((1, 1), (5, 1), (9.99, 1), (10.01, 0)):
        scene.set_clock(int(placed + years * YEAR))
        scene.live.control("work")
        assert scene.server.rows(count) == [(left,)], years
    # Whatever was held may still be asked for, and an old order is not held for longer than law asks from its day on.
    old = json.loads(BODY) | {"id": 5837205000099, "name": "#99", "email": "b99@example.com", "customer": None}
    assert scene.post("/in/usual/shopify", json.dumps(old).encode(), "orders/create", "d-old", "usual", {}).status == 200
    scene.live.control("work")
    scene.server.cli("privacy", "usual", "erase", "b99@example.com")
    scene.live.control("work")
    assert scene.server.rows(count) == [(0,)]
    assert scene.server.rows("SELECT count(*) FROM orders WHERE email IS NOT NULL") == [(0,)]


def test_the_forecast_of_the_disk_is_the_growth_of_thirty_days(scene):
    for day in range(1, 41):
        for number in range(3):
            order(scene, "ever", day * 10 + number)
        scene.live.control("work")
        scene.turn(DAY)
        scene.live.control("work")
    disk = json.loads(scene.live.http("GET", "/health").text)["disk"]
    today = scene.now_ms // DAY
    noted = scene.server.rows("SELECT day, bytes FROM disk_day WHERE day >= ? ORDER BY day", (today - 30,))
    assert 28 <= len(noted) <= 31
    (first, least), (last, most) = noted[0], noted[-1]
    assert disk["bytes_a_day"] == (most - least) // (last - first) and disk["bytes_a_day"] > 0
    assert disk["store_bytes"] == most
    assert disk["days_left"] == disk["free_bytes"] // disk["bytes_a_day"]
    # Two years later the list of days is no longer than it needs to be.
    for _ in range(3):
        scene.turn(365 * DAY)
        scene.live.control("work")
    kept = scene.server.rows("SELECT min(day), count(*) FROM disk_day")[0]
    assert kept[0] >= scene.now_ms // DAY - 400 and kept[1] <= 400
