"""Accounts that the shop system made one: told before they are known, told again, and taken back by hand."""

import json

import pytest

from driver import flow, shopify
from driver.scene import Scene

CUSTOMER = json.loads(shopify.fixture("shopify/customer_ana.json"))


@pytest.fixture
def scene():
    made = Scene()
    made.add_shop("demo", {})
    made.sink("sink")
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def post(scene, delivery, body, topic):
    assert scene.post("/in/demo/shopify", json.dumps(body).encode(), topic, delivery, "demo", {}).status == 200


def account(scene, number):
    address = f"c{number}@example.com"
    post(scene, f"c{number}", CUSTOMER | {"id": number, "admin_graphql_api_id": f"gid://shopify/Customer/{number}", "email": address, "phone": None,
                                          "addresses": [], "default_address": None}, "customers/create")
    scene.live.control("work")
    return scene.server.cli("customer", "demo", address).split()[0]


def merge(scene, delivery, from_, into):
    post(scene, delivery, {"admin_graphql_api_customer_deleted_id": f"gid://shopify/Customer/{from_}", "status": "completed",
                           "admin_graphql_api_customer_kept_id": f"gid://shopify/Customer/{into}", "errors": []}, "customers/merge")
    scene.live.control("work")


def people(scene):
    """Who stands behind whom, by the shop system's ids."""
    return dict(scene.server.rows("SELECT c.foreign_id, p.foreign_id FROM customer AS c JOIN customer AS p ON p.id = c.merged_into"))


def test_a_merge_that_came_first_waits_for_both(scene):
    merge(scene, "m", 111111, 222222)
    account(scene, 222222)
    assert people(scene) == {}
    account(scene, 111111)
    assert people(scene) == {"111111": "222222"}
    assert scene.server.rows("SELECT deleted_at IS NOT NULL FROM customer WHERE foreign_id = '111111'") == [(1,)]


def test_what_somebody_took_back_stays_so_however_often_it_is_told(scene):
    """Also where the account stood behind another one, which is then the one that was merged."""
    one, two, _ = account(scene, 111111), account(scene, 222222), account(scene, 333333)
    scene.server.cli("customer", "demo", "merge", one, two)
    merge(scene, "m", 111111, 333333)
    assert people(scene) == {"111111": "333333", "222222": "333333"}
    scene.server.cli("customer", "demo", "part", two)
    assert people(scene) == {"111111": "222222"}
    merge(scene, "again", 111111, 333333)
    assert people(scene) == {"111111": "222222"}
    # Merging with somebody else is another matter.
    account(scene, 444444)
    merge(scene, "other", 111111, 444444)
    assert people(scene) == {"111111": "444444", "222222": "444444"}
