"""Orders that WooCommerce's own manual shows, read by us and by Python's json: the two must see the same."""

import decimal
import html
import json
from pathlib import Path

import pytest
from test_plug import fields, probe
from test_shopify_real import amount, minor, text

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "webhooks" / "woocommerce_docs" / "json"


def one_order(path):
    document = json.loads(path.read_bytes(), parse_float=decimal.Decimal)
    return document if isinstance(document, dict) and "line_items" in document else None


ORDERS = [path for path in sorted(DATA.glob("orders_*.json")) if one_order(path)]
OTHERS = [path for path in sorted(DATA.glob("*.json")) if path not in ORDERS]


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/webhooks is not there")
@pytest.mark.parametrize("path", ORDERS, ids=[path.stem for path in ORDERS])
def test_an_order_of_the_manual_is_read_as_python_reads_it(path):
    order = one_order(path)
    said = fields(probe("read", "woocommerce", "order.updated", path))
    currency = order["currency"]
    assert said["order.foreign_id"] == text(order["id"])
    assert said["order.name"] == text("#" + order["number"])
    assert said["order.email"] == text(order["billing"]["email"])
    assert said["order.placed_at"] == order["date_created_gmt"] + ".000Z"
    assert said["order.updated_at"] == order["date_modified_gmt"] + ".000Z"
    assert said["order.fulfilment"] == {"processing": "none", "completed": "fulfilled"}[order["status"]]
    assert amount(said["order.total"]) == minor(order["total"], currency)
    assert amount(said["order.shipping"]) == minor(order["shipping_total"], currency)
    assert amount(said["order.subtotal"]) == sum(minor(line["total"], currency) for line in order["line_items"])
    assert amount(said["order.subtotal"]) + amount(said["order.shipping"]) + amount(said["order.tax"]) == \
        amount(said["order.total"])
    assert int(said["order.line_count"]) == len(order["line_items"])
    for place, line in enumerate(order["line_items"]):
        assert said[f"order.lines[{place}].title"] == text(html.unescape(line["name"]))
        assert int(said[f"order.lines[{place}].quantity"]) == line["quantity"]


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/webhooks is not there")
@pytest.mark.parametrize("path", OTHERS, ids=[path.stem for path in OTHERS])
def test_what_is_no_order_is_refused_with_the_reason(path):
    said = probe("read", "woocommerce", "order.updated", path)
    assert said.startswith("error bad_input ") or said.startswith("error bad_json "), said
