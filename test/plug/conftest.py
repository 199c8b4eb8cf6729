"""A server with one shop, and the shop systems that it asks."""

import pytest
from fake_shop import FakeShopify, FakeWooCommerce

from driver.server import Server


@pytest.fixture
def server():
    with Server() as made:
        made.start()
        made.control("at 2026-03-02T12:00:00Z")
        made.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "Europe/Brussels",
                 "--locale", "en")
        made.cli("shop", "set", "demo", "live_since=2026-01-01", "smtp.url=catcher",
                 "mail.from=Demo <shop@example.com>", "woocommerce.secret=hush", "receipt.order_confirmation=on",
                 "public_url=https://mails.example.com/")
        yield made
        made.stop()


@pytest.fixture
def shopify(server):
    with FakeShopify() as fake:
        server.cli("shop", "set", "demo", f"shopify.shop={fake.url}", f"shopify.client_id={fake.CLIENT}",
                   f"shopify.client_secret={fake.SECRET}")
        yield fake


@pytest.fixture
def woo(server):
    with FakeWooCommerce() as fake:
        server.cli("shop", "set", "demo", f"woocommerce.url={fake.url}/", f"woocommerce.key={fake.KEY}",
                   f"woocommerce.key_secret={fake.SECRET}")
        yield fake
