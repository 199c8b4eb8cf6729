"""Every page that a customer or an owner can open, looked at in Chromium (page_check.mjs)."""
import json
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import browser  # noqa: E402

from driver import shopify  # noqa: E402
from driver.scene import Scene  # noqa: E402
from driver.server import Server  # noqa: E402

# Bodies that Shopify posts, and what the order's page must let its buyer read.
ORDERS = {
    "order_1001": [], "order_1002_guest": [], "order_1003_jp": [], "order_1004_us": [], "order_1005_de": [],
    "order_1006_kw": [], "order_1007_pending_br": [], "order_1008_cancelled_fr": [], "order_1010_b2b_ca": [],
    "order_1011_big_ids": [],
}


@pytest.fixture(scope="module")
def chromium():
    with browser.Browser() as running:
        yield running


@pytest.fixture(scope="module")
def scene():
    """A shop that catches its mail, with every order of the fixtures in it."""
    shown = Scene()
    shown.server.close()
    shown.server = Server(options=["--dev"])
    shown.add_shop("demo", {"smtp.url": ""})
    for name in ORDERS:
        body = shopify.fixture(f"shopify/{name}.json")
        assert shown.post("/in/demo/shopify", body, "orders/create", name, "demo", {}).status == 200
    shown.live.control("work", seconds=60)
    yield shown
    shown.close()


@pytest.fixture(scope="module")
def pages(scene):
    """{order name: path of its page}"""
    listed = scene.server.cli("list", "orders", "--shop", "demo", "--json").splitlines()
    return {row["name"]: row["page"] for row in map(json.loads, listed)}


def looked_at(scene, chromium, path, text):
    found = chromium.check(f"http://127.0.0.1:{scene.server.port}{path}", text=text)
    assert found == {check: [] for check in browser.CHECKS}, json.dumps(found, indent=2)


@pytest.mark.parametrize("name", ORDERS)
def test_order_page(scene, chromium, pages, name):
    order = json.loads(shopify.fixture(f"shopify/{name}.json"))
    text = [order["name"], *(line["title"] for line in order["line_items"][:5])]
    looked_at(scene, chromium, pages[order["name"]], text)


def test_home(scene, chromium):
    looked_at(scene, chromium, "/", ["Postlude is running"])


def test_caught_mails(scene, chromium):
    looked_at(scene, chromium, "/dev/mail", ["#1001"])


def test_a_caught_mail(scene, chromium):
    listed = scene.server.http("GET", "/dev/mail").text
    path = re.search(r'href="(/dev/mail/[^"#?]+)"', listed)[1]
    looked_at(scene, chromium, path, [])


@pytest.mark.parametrize("path", ["/o/nothing", "/nowhere"])
def test_a_page_that_is_not_there(scene, chromium, path):
    found = chromium.check(f"http://127.0.0.1:{scene.server.port}{path}")
    assert found.pop("errors") == [f"404 for {path}"]
    assert not any(found.values()), json.dumps(found, indent=2)
