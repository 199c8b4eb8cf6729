"""What WooCommerce's own manual shows, read by us and by Python's json: the two must see the same.

The folder holds the 40 answers of the manual. Each is told under each topic: read where it is the noun of the topic,
else refused with the reason.
"""

import decimal
import html
import json
from pathlib import Path

import pytest
from test_plug import fields, probe
from test_shopify_real import amount, minor, same_texts, text

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "webhooks" / "woocommerce_docs" / "json"
FILES = sorted(DATA.glob("*.json"))
# What marks a noun of the manual, and no other one.
MARKS = {"order": "line_items", "customer": "username", "product": "permalink", "coupon": "discount_type"}
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/webhooks is not there")


def loaded(path):
    return json.loads(path.read_bytes(), parse_float=decimal.Decimal)


def holds(path, noun):
    document = loaded(path)
    # A refund has line_items, too, and no billing address.
    return isinstance(document, dict) and MARKS[noun] in document and (noun != "order" or "billing" in document)


def of(noun):
    paths = [path for path in FILES if holds(path, noun)]
    return pytest.mark.parametrize("path", paths, ids=[path.stem for path in paths])


def heard(topic, path):
    said = probe("read", "woocommerce", topic, path)
    assert not said.startswith("error "), said
    return fields(said)


def gmt(moment):
    return f"{moment}.000Z" if moment else "-"


def plain(name):
    return text(html.unescape(name))


def same_address(said, stem, theirs):
    same_texts(said, stem, theirs, {"company": "company", "line1": "address_1", "line2": "address_2",
                                    "zip": "postcode", "city": "city", "province_code": "state",
                                    "country_code": "country", "phone": "phone"})
    assert said[f"{stem}.name"] == text(f"{theirs['first_name']} {theirs['last_name']}".strip())


@needs_data
def test_the_manual_shows_every_noun():
    assert {noun: sum(holds(path, noun) for path in FILES) for noun in MARKS} == {
        "order": 4, "customer": 4, "product": 5, "coupon": 4}
    assert len(FILES) == 40


@needs_data
@pytest.mark.parametrize("topic", ["order.created", "order.updated", "order.restored"])
@of("order")
def test_an_order(path, topic):
    order, said = loaded(path), heard(topic, path)
    currency = order["currency"]
    assert said["order_count"] == "1" and said["declined"] == "-"
    same_texts(said, "order", order, {"foreign_id": "id", "currency": "currency", "channel": "created_via",
                                      "note": "customer_note"})
    assert said["order.name"] == text("#" + order["number"])
    assert said["order.email"] == text(order["billing"]["email"])
    assert said["order.placed_at"] == gmt(order["date_created_gmt"])
    assert said["order.updated_at"] == gmt(order["date_modified_gmt"])
    assert said["order.fulfilment"] == {"processing": "none", "completed": "fulfilled"}[order["status"]]
    assert said["order.payment"] == ("partly_refunded" if order["refunds"] else "paid")
    assert [said[f"order.{flag}"] for flag in ("quiet", "gift", "renewal", "in_person")] == ["no"] * 4
    assert amount(said["order.total"]) == minor(order["total"], currency)
    assert amount(said["order.shipping"]) == minor(order["shipping_total"], currency)
    assert amount(said["order.fees"]) == sum(minor(fee["total"], currency) for fee in order["fee_lines"])
    assert amount(said["order.subtotal"]) == sum(minor(line["total"], currency) for line in order["line_items"])
    assert sum(amount(said[f"order.{part}"]) for part in ("subtotal", "shipping", "fees", "tax")) == \
        amount(said["order.total"])
    same_address(said, "order.bill_to", order["billing"])
    same_address(said, "order.ship_to", order["shipping"])
    same_texts(said, "order.customer", order["billing"], {
        "email": "email", "phone": "phone", "first_name": "first_name", "last_name": "last_name"})
    assert said["order.customer.foreign_id"] == text(order["customer_id"] or None)


@needs_data
@of("order")
def test_the_lines_and_refunds_of_an_order(path):
    order, said = loaded(path), heard("order.updated", path)
    assert int(said["order.lines_count"]) == len(order["line_items"])
    for place, line in enumerate(order["line_items"]):
        stem = f"order.lines[{place}]"
        assert said[f"{stem}.title"] == plain(line["name"])
        assert int(said[f"{stem}.quantity"]) == line["quantity"]
        assert said[f"{stem}.variant_foreign_id"] == text(line["variation_id"] or None)
        same_texts(said, stem, line, {"foreign_id": "id", "product_foreign_id": "product_id", "sku": "sku"})
    assert int(said.get("refund_count", 0)) == len(order["refunds"])
    for place, refund in enumerate(order["refunds"]):
        stem = f"refund[{place}]" if place else "refund"
        assert said[f"{stem}.foreign_id"] == text(refund["id"])
        assert said[f"{stem}.order_foreign_id"] == text(order["id"])
        assert amount(said[f"{stem}.amount"]) == -minor(refund["total"], order["currency"])
        assert said[f"{stem}.note"] == text(refund.get("reason") or refund.get("refund"))


@needs_data
@pytest.mark.parametrize("topic", ["customer.created", "customer.updated", "customer.restored"])
@of("customer")
def test_a_customer(path, topic):
    theirs, said = loaded(path), heard(topic, path)
    same_texts(said, "customer", theirs, {
        "foreign_id": "id", "email": "email", "first_name": "first_name", "last_name": "last_name"})
    assert said["customer.phone"] == text(theirs["billing"]["phone"])
    assert said["customer.joined_at"] == gmt(theirs["date_created_gmt"])
    assert said["customer.updated_at"] == gmt(theirs["date_modified_gmt"])
    filled = [theirs[kind] for kind in ("billing", "shipping") if theirs[kind]["address_1"]]
    assert int(said["customer.addresses_count"]) == len(filled)
    for place, address in enumerate(filled):
        same_address(said, f"customer.addresses[{place}]", address)


@needs_data
@pytest.mark.parametrize("topic", ["product.created", "product.updated", "product.restored"])
@of("product")
def test_a_product(path, topic):
    theirs, said = loaded(path), heard(topic, path)
    same_texts(said, "product", theirs, {"foreign_id": "id", "url": "permalink"})
    assert said["product.title"] == plain(theirs["name"])
    assert said["product.kind"] == plain(theirs["categories"][0]["name"])
    assert said["product.image_url"] == text(theirs["images"][0]["src"])
    assert said["product.updated_at"] == gmt(theirs["date_modified_gmt"])
    can_be_bought = theirs["status"] == "publish" and theirs["purchasable"]
    assert said["product.offered"] == ("yes" if can_be_bought else "no")
    if theirs["variations"]:
        told = [said[f"product.variants[{place}].foreign_id"] for place in range(len(theirs["variations"]))]
        assert told == [text(one) for one in theirs["variations"]]
    else:
        assert said["product.variants[0].foreign_id"] == text(theirs["id"])
        assert amount(said["product.variants[0].price"]) == minor(theirs["price"] or "0", "EUR")


@needs_data
@pytest.mark.parametrize("topic", ["coupon.created", "coupon.updated", "coupon.restored"])
@of("coupon")
def test_a_coupon(path, topic):
    theirs, said = loaded(path), heard(topic, path)
    same_texts(said, "coupon", theirs, {"foreign_id": "id", "code": "code", "value": "amount"})
    assert said["coupon.kind"] == {"percent": '"percent"', "fixed_cart": '"amount"'}[theirs["discount_type"]]
    assert said["coupon.ends_at"] == gmt(theirs["date_expires_gmt"])
    assert int(said["coupon.usage_limit"]) == (theirs["usage_limit"] or 0)
    assert int(said["coupon.used"]) == theirs["usage_count"]
    assert said["coupon.updated_at"] == gmt(theirs["date_modified_gmt"])


@needs_data
@pytest.mark.parametrize("noun", ["customer", "product", "coupon"])
def test_what_is_gone(noun, tmp_path):
    body = tmp_path / "body"
    body.write_text('{"id": 25}')
    said = heard(f"{noun}.deleted", body)
    assert (said["gone.noun"], said["gone.foreign_id"]) == (noun, '"25"')


DECLINED = {
    "order.deleted": "an order in the bin is no cancelled order",
    "subscription.created": "an order of its own",
    "action.woocommerce_add_to_cart": "an action of WordPress",
    "refund.created": "nothing is read from this topic",
}


@pytest.mark.parametrize("topic", DECLINED)
def test_what_tells_nothing_is_declined_with_the_reason(topic, tmp_path):
    body = tmp_path / "body"
    body.write_text('{"id": 25}')
    said = heard(topic, body)
    assert DECLINED[topic] in said["declined"] and list(said) == ["declined"]


@needs_data
@pytest.mark.parametrize("noun", MARKS)
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_what_is_no_such_noun_is_refused_with_the_reason(path, noun):
    said = probe("read", "woocommerce", f"{noun}.updated", path)
    if holds(path, noun):
        assert fields(said)["declined"] == "-"
    elif isinstance(loaded(path), dict) and loaded(path).get("id") and (
            noun == "customer" or (noun == "product" and "name" in loaded(path))):
        pass  # whatever has an id may be somebody who left all else empty, and with a name a product
    else:
        assert said.startswith("error bad_input ") or said.startswith("error bad_json "), said
