"""Orders that Shopify itself published, read by us and by Python's json: the two must see the same."""

import datetime
import decimal
import json
from pathlib import Path

import pytest
from test_plug import fields, probe

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "webhooks"
FILES = [*sorted(DATA.glob("shopify_*/Order*.json")), *sorted(DATA.glob("shopify_*/webhook.json"))]
# The list of orders is in the file names; these two are about an order and are none.
ORDERS = [path for path in FILES if path.name not in ("OrderEdited.json", "OrderTransactionsCreate.json")]
OTHERS = [path for path in FILES if path not in ORDERS]
DIGITS = {"USD": 2, "CAD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}  # ISO 4217


def minor(amount, currency):
    unit = decimal.Decimal(1).scaleb(DIGITS[currency])
    return int((decimal.Decimal(amount) * unit).quantize(1, decimal.ROUND_HALF_UP))


def text(value):
    return json.dumps(str(value), ensure_ascii=False) if value not in (None, "") else "-"


def moment(iso):
    at = datetime.datetime.fromisoformat(iso).astimezone(datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def amount(said):
    return int(said.split()[0])


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/webhooks is not there")
@pytest.mark.parametrize("path", ORDERS, ids=[f"{path.parent.name}/{path.stem}" for path in ORDERS])
def test_a_published_order_is_read_as_python_reads_it(path):
    order = json.loads(path.read_bytes(), parse_float=decimal.Decimal)
    said = fields(probe("read", "shopify", "orders/create", path))
    currency = order["currency"]
    assert said["order.foreign_id"] == text(order["id"])
    assert said["order.name"] == text(order["name"])
    assert said["order.email"] == text(order["email"] or order["contact_email"])
    assert said["order.placed_at"] == moment(order["processed_at"] or order["created_at"])
    for ours, theirs in (("total", "total_price"), ("subtotal", "subtotal_price"), ("tax", "total_tax"),
                         ("discount", "total_discounts")):
        assert amount(said[f"order.{ours}"]) == minor(order[theirs], currency), ours
    assert int(said["order.line_count"]) == len(order["line_items"])
    for place, line in enumerate(order["line_items"]):
        stem = f"order.lines[{place}]"
        assert said[f"{stem}.foreign_id"] == text(line["id"])
        assert said[f"{stem}.title"] == text(line["title"])
        assert said[f"{stem}.sku"] == text(line["sku"])
        assert int(said[f"{stem}.quantity"]) == line["quantity"]
        assert amount(said[f"{stem}.price"]) == minor(line["price"], currency)


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/webhooks is not there")
@pytest.mark.parametrize("path", OTHERS, ids=[path.stem for path in OTHERS])
def test_what_is_about_an_order_but_none_is_refused_with_the_reason(path):
    said = probe("read", "shopify", "orders/create", path)
    assert said.startswith("error bad_input ") and "missing" in said, said


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/webhooks is not there")
def test_the_id_of_shopifys_own_test_order_is_exact():
    """It has 60 bits; a reader that goes through a double gives ...154500."""
    said = fields(probe("read", "shopify", "orders/create", DATA / "shopify_laravel" / "webhook.json"))
    assert said["order.foreign_id"] == '"820982911946154508"'
