"""Nothing crosses: what one shop's program signed, at every address of every shop.

Each way to sign is a row of SIGNERS. Both shops are connected in all of these ways, each with secrets of its own, and each
delivery is posted to each address: it is taken at its own and nowhere else, and nothing of it is seen elsewhere.
"""

import base64
import hashlib
import hmac
import itertools
import json
import time

import pytest

from driver import shopify
from driver.server import Server

MAP = {"amounts": "minor", "orders": {"id": "/id", "email": "/email", "placed_at": "/at", "updated_at": "/at",
                                      "lines": {"each": "/items", "title": "/name", "price": "/cents"}}}
SHOPS = ("north", "south")
JSON = {"Content-Type": "application/json"}


def b64(key, text):
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def secret_of(shop, way):
    plain = f"{way} of {shop}, twenty-four bytes"
    return "whsec_" + base64.b64encode(plain.encode()).decode() if way == "standard" else plain


def by_standard(secret, body, name):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    at = str(int(time.time()))
    return {"webhook-id": name, "webhook-timestamp": at, "webhook-signature": "v1," + b64(key, f"{name}.{at}.".encode() + body)}


def by_stripe(secret, body, _):
    at = int(time.time())
    return {"Stripe-Signature": f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"}


# way: the connector, how its map says it is signed, and the headers of a delivery
SIGNERS = {
    "shopify": ("shopify", None, lambda secret, body, name: shopify.headers(
        "orders/create", name, shopify.sign(secret, body), "2026-03-02T10:00:00Z")),
    "woocommerce": ("woocommerce", None, lambda secret, body, name: {
        "X-WC-Webhook-Topic": "order.created", "X-WC-Webhook-Delivery-ID": name, "X-WC-Webhook-Signature": b64(secret.encode(), body)}),
    "header": ("generic", {"kind": "header", "name": "X-Api-Key"}, lambda secret, body, name: {"X-Api-Key": secret}),
    "bearer": ("generic", {"kind": "header"}, lambda secret, body, name: {"Authorization": f"Bearer {secret}"}),
    "hmac": ("generic", {"kind": "hmac"}, lambda secret, body, name: {"X-Signature": b64(secret.encode(), body)}),
    "standard": ("generic", {"kind": "standard"}, by_standard),
    "stripe": ("generic", {"kind": "stripe"}, by_stripe),
}
CONNECTORS = ("shopify", "woocommerce", "generic")


@pytest.fixture(scope="module")
def server():
    with Server() as made:
        made.start()
        for shop in SHOPS:
            made.cli("shop", "add", shop, "--name", shop.title(), "--currency", "EUR", "--zone", "UTC", "--locale", "en")
            made.cli("shop", "set", shop, "smtp.url=catcher", f"mail.from={shop} <hi@{shop}.example>", "live_since=2020-01-01")
        yield made
        assert not made.complaints()
        made.stop()


def connect(server, way):
    """Both shops by this way and, with secrets of their own, by all connectors beside."""
    connector, sign, _ = SIGNERS[way]
    for shop in SHOPS:
        settings = {f"{other}.secret": secret_of(shop, f"other {other}") for other in CONNECTORS}
        settings[f"{connector}.secret"] = secret_of(shop, way)
        settings["generic.map"] = json.dumps(MAP | {"sign": sign} if sign else MAP)
        server.cli("shop", "set", shop, *(f"{name}={value}" for name, value in settings.items()))


def kept(server):
    return dict(server.rows("SELECT s.slug, (SELECT count(*) FROM inbox AS i WHERE i.shop = s.id) FROM shop AS s"))


@pytest.mark.parametrize("way", SIGNERS)
def test_a_delivery_is_taken_at_its_own_address_only(server, way):
    connect(server, way)
    own, _, sign = SIGNERS[way]
    for shop in SHOPS:
        name = f"{way}-{shop}"
        body = json.dumps({"id": name, "email": "ana@example.com", "at": "2026-03-02T10:00:00Z",
                           "items": [{"name": "Tea", "cents": 500}]}).encode()
        headers = JSON | sign(secret_of(shop, way), body, name)
        before = kept(server)
        for place, connector in itertools.product((*SHOPS, "nowhere", shop.upper()), CONNECTORS):
            if (place, connector) == (shop, own):
                continue
            answer = server.http("POST", f"/in/{place}/{connector}", body, headers)
            assert answer.status in (401, 404), (place, connector, answer.text)
            assert "ana@example.com" not in answer.text and secret_of(shop, way) not in answer.text
        assert kept(server) == before
        assert server.http("POST", f"/in/{shop}/{own}", body, headers).status == 200
        assert kept(server) == before | {shop: before[shop] + 1}


def test_the_same_order_in_both_shops_is_two_orders(server):
    connect(server, "hmac")
    for shop, cents in zip(SHOPS, (500, 700)):
        body = json.dumps({"id": "both", "email": "ana@example.com", "at": "2026-03-02T10:00:00Z",
                           "items": [{"name": "Tea", "cents": cents}]}).encode()
        sent = server.http("POST", f"/in/{shop}/generic", body, JSON | SIGNERS["hmac"][2](secret_of(shop, "hmac"), body, ""))
        assert sent.status == 200
    server.control("work")
    found = server.rows("SELECT s.slug, o.total FROM orders AS o JOIN shop AS s ON s.id = o.shop WHERE o.foreign_id = 'both'")
    assert sorted(found) == [("north", 500), ("south", 700)]


def test_the_name_of_a_delivery_counts_for_its_shop_alone(server):
    """The same webhook-id in two shops is two deliveries, twice in one shop is one."""
    connect(server, "standard")
    for shop, expected in (("north", 1), ("south", 1), ("north", 0), ("south", 0)):
        body = json.dumps({"id": f"named-{shop}", "email": "a@example.com", "at": "2026-03-02T10:00:00Z"}).encode()
        before = kept(server)
        sent = server.http("POST", f"/in/{shop}/generic", body, JSON | by_standard(secret_of(shop, "standard"), body, "msg_shared"))
        assert sent.status == 200 and kept(server) == before | {shop: before[shop] + expected}
