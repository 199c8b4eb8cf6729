"""What strangers must not see: caught mails through a proxy or a foreign name, customers' addresses on the health page."""

import json

import pytest

from driver import flow, shopify
from driver.scene import Scene
from driver.server import Server

BODY = shopify.fixture("shopify/order_1001.json")


@pytest.fixture
def scene():
    made = Scene()
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:80", "LOCALHOST"])
def test_caught_mails_are_shown_on_this_machine(scene, host):
    assert scene.live.http("GET", "/dev/mail", headers={"Host": host}).status == 200


@pytest.mark.parametrize("headers", [
    {"Host": "shop.example"}, {"Host": "127.0.0.1.shop.example"}, {"Host": "localhost.shop.example:80"}, {"Host": ""},
    {"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Via": "1.1 proxy"}, {"X-Real-IP": "192.0.2.1"},
], ids=str)
def test_caught_mails_are_nobody_elses(scene, headers):
    assert scene.live.http("GET", "/dev/mail", headers=headers).status == 404


def test_with_a_public_address_caught_mails_are_hidden(tmp_path):
    config = tmp_path / "postlude.ini"
    config.write_text("[server]\npublic_url = https://orders.example.com\n")
    with Server(options=["--config", str(config)]) as server:
        server.start()
        assert server.http("GET", "/dev/mail").status == 404
    with Server(options=["--config", str(config), "--dev"]) as server:
        server.start()
        assert server.http("GET", "/dev/mail").status == 200
        assert server.http("GET", "/dev/mail", headers={"Host": "orders.example.com"}).status == 404


def test_health_repeats_no_address(scene):
    scene.add_shop("demo", {})
    scene.sink("sink").rule("rcpt", "451 4.7.0 <ana@example.com> Too many mails, try again in 300 seconds")
    assert scene.post("/in/demo/shopify", BODY, "orders/create", "d-1", "demo", {}).status == 200
    scene.live.control("work")
    trouble = json.loads(scene.live.http("GET", "/health").text)["trouble"]
    assert "slows us down" in trouble and "Too many mails" in trouble
    assert "ana" not in trouble
    assert "ana@" not in scene.server.log()
