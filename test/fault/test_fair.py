"""Shops that send through the installation's server share it: nobody waits behind all the mail of another shop."""

import contextlib
import sqlite3

import pytest

from driver import flow, shopify
from driver.scene import Scene
from driver.server import Server

BODY = shopify.fixture("shopify/order_1001.json")
MANY = 60


@pytest.fixture
def scene(tmp_path):
    made = Scene()
    made.server.close()
    config = tmp_path / "postlude.ini"
    config.write_text(f"[smtp]\nurl = {made.sink('sink').url}\nrate = 1\n")
    made.server = Server(options=["--config", str(config)])
    for slug in ("big", "small"):
        made.add_shop(slug, {"smtp.url": ""})
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def post(scene, slug, number):
    body = shopify.edit(BODY, [("/id", str(number)), ("/name", f"#{number}"), ("/email", f"{slug}{number}@example.com")])
    assert scene.post(f"/in/{slug}/shopify", body, "orders/create", f"d-{number}", slug, {}).status == 200


def of(mails, slug):
    return [mail for mail in mails if mail.recipients[0].startswith(slug)]


def pass_seconds(scene, count):
    for _ in range(count):
        scene.turn(1000)
        scene.live.control("work")


def test_a_shop_with_much_mail_lets_others_go_between(scene):
    for number in range(MANY):
        post(scene, "big", 1000 + number)
    scene.live.control("work")
    for number in range(5):
        post(scene, "small", 5000 + number)
    pass_seconds(scene, 15)
    assert len(of(scene.mails, "big")) < MANY
    assert len(of(scene.mails, "small")) == 5


def test_a_campaign_lets_receipts_of_others_go_first(scene):
    for number in range(MANY):
        post(scene, "big", 1000 + number)
    scene.live.control("work")
    scene.server.stop()
    # There are no campaigns yet; their lane is there already.
    with contextlib.closing(sqlite3.connect(scene.server.data / "postlude.db", isolation_level=None)) as store:
        store.execute("UPDATE message SET lane = 3 WHERE state = 'ready'")
    for number in range(5):
        post(scene, "small", 5000 + number)
    before = len(of(scene.mails, "big"))
    pass_seconds(scene, 8)
    assert len(of(scene.mails, "small")) == 5
    assert len(of(scene.mails, "big")) <= before + 8 - 5 + 1
