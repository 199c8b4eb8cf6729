"""What Shopify itself published, read by us and by Python's json: the two must see the same.

The folder holds one payload for each kind of topic. TOLD names the topics that we learn from, DECLINED those from which
nothing is learned, with the words that say why. Each payload of the folder is in one of the two.
"""

import datetime
import decimal
import json
from pathlib import Path

import pytest
from test_plug import fields, probe

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "webhooks"
EXAMPLES = DATA / "shopify_triggerdev"
DIGITS = {"USD": 2, "CAD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}  # ISO 4217

ORDER_TOPICS = ["orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/fulfilled",
                "orders/partially_fulfilled"]
TOLD = {
    "Order": ORDER_TOPICS,
    "Fulfillment": ["fulfillments/create", "fulfillments/update"],
    "FulfillmentEventsCreate": ["fulfillment_events/create"],
    "Refund": ["refunds/create"],
    "CustomersCreate": ["customers/create", "customers/update", "customers/enable", "customers/disable"],
    "CustomersDelete": ["customers/delete"],
    "Product": ["products/create", "products/update"],
    "Deleted": ["products/delete", "orders/delete", "customers/delete"],
    "AppUninstalled": ["app/uninstalled"],
}
DECLINED = {
    "AppSubscriptionsUpdate": ("app_subscriptions/update", "what the shop pays for its apps"),
    "BulkOperationsFinish": ("bulk_operations/finish", "we ask for no bulk operations"),
    "CartsCreate": ("carts/create", "a cart is no order"),
    "CheckoutsCreate": ("checkouts/create", "a checkout is no order until it is completed"),
    "CheckoutsDelete": ("checkouts/delete", "a checkout is no order until it is completed"),
    "CollectionListingsAdd": ("collection_listings/add", "how products are grouped"),
    "CollectionListingsRemove": ("collection_listings/remove", "how products are grouped"),
    "CollectionsCreate": ("collections/create", "how products are grouped"),
    "CollectionsDelete": ("collections/delete", "how products are grouped"),
    "CompaniesCreate": ("companies/create", "a company is learned with its first order"),
    "CompanyContactsCreate": ("company_contacts/create", "learned with their orders"),
    "CompanyLocationsCreate": ("company_locations/create", "learned with their orders"),
    "CustomerGroupsCreate": ("customer_groups/create", "a saved search of the admin"),
    "CustomerPaymentMethodsCreate": ("customer_payment_methods/create", "not for us to keep"),
    # The two choices of the folder are examples without an address or a choice.
    "CustomersEmailMarketingConsentUpdate": ("customers_email_marketing_consent/update", "no choice"),
    "CustomersMarketingConsentUpdate": ("customers_marketing_consent/update", "no choice"),
    "CustomersMerge": ("customers/merge", "the accounts were not merged"),
    "DeliveryProfile": ("profiles/create", "the shop's delivery"),
    "DisputesCreate": ("disputes/create", "between the shop and the bank"),
    "DomainsCreate": ("domains/create", "a setting of the shop"),
    "DraftOrdersCreate": ("draft_orders/create", "a draft is no order"),
    "DraftOrdersDelete": ("draft_orders/delete", "a draft is no order"),
    "FulfillmentOrdersCancellationRequestAccepted": ("fulfillment_orders/cancellation_request_accepted", "warehouse"),
    "FulfillmentOrdersCancellationRequestRejected": ("fulfillment_orders/cancellation_request_rejected", "warehouse"),
    "FulfillmentOrdersCancellationRequestSubmitted": ("fulfillment_orders/cancellation_request_submitted",
                                                      "warehouse"),
    "FulfillmentOrdersCancelled": ("fulfillment_orders/cancelled", "warehouse"),
    "FulfillmentOrdersFulfillmentRequestAccepted": ("fulfillment_orders/fulfillment_request_accepted", "warehouse"),
    "FulfillmentOrdersFulfillmentRequestRejected": ("fulfillment_orders/fulfillment_request_rejected", "warehouse"),
    "FulfillmentOrdersFulfillmentRequestSubmitted": ("fulfillment_orders/fulfillment_request_submitted", "warehouse"),
    "FulfillmentOrdersFulfillmentServiceFailedToComplete": (
        "fulfillment_orders/fulfillment_service_failed_to_complete", "warehouse"),
    "FulfillmentOrdersHoldReleased": ("fulfillment_orders/hold_released", "warehouse"),
    "FulfillmentOrdersLineItemsPreparedForLocalDelivery": (
        "fulfillment_orders/line_items_prepared_for_local_delivery", "warehouse"),
    "FulfillmentOrdersLineItemsPreparedForPickup": ("fulfillment_orders/line_items_prepared_for_pickup", "warehouse"),
    "FulfillmentOrdersMoved": ("fulfillment_orders/moved", "warehouse"),
    "FulfillmentOrdersOrderRoutingComplete": ("fulfillment_orders/order_routing_complete", "warehouse"),
    "FulfillmentOrdersPlacedOnHold": ("fulfillment_orders/placed_on_hold", "warehouse"),
    "FulfillmentOrdersRescheduled": ("fulfillment_orders/rescheduled", "warehouse"),
    "FulfillmentOrdersScheduledFulfillmentOrderReady": ("fulfillment_orders/scheduled_fulfillment_order_ready",
                                                        "warehouse"),
    "InventoryItem": ("inventory_items/create", "about the stock"),
    "InventoryItemDeleted": ("inventory_items/delete", "about the stock"),
    "InventoryLevel": ("inventory_levels/update", "about the stock"),
    "InventoryLevelDisconnected": ("inventory_levels/disconnect", "about the stock"),
    "Location": ("locations/create", "a setting of the shop"),
    "Market": ("markets/create", "a setting of the shop"),
    "OrderEdited": ("orders/edited", "orders/updated, sent with it, tells the whole order"),
    "OrderTransactionsCreate": ("order_transactions/create", "stands in order and refund"),
    "PaymentSchedule": ("payment_schedules/due", "stands in the order"),
    "ProductFeedCreated": ("product_feeds/create", "sales channels"),
    "ProductFeedFullSync": ("product_feeds/full_sync", "sales channels"),
    "ProductFeedIncrementalSync": ("product_feeds/incremental_sync", "sales channels"),
    "ProductFeedsCreate": ("product_feeds/create", "sales channels"),
    "ProductFeedsFullSync": ("product_feeds/full_sync", "sales channels"),
    "ProductFeedsIncrementalSync": ("product_feeds/incremental_sync", "sales channels"),
    "ProductListing": ("product_listings/add", "sales channels"),
    "ProductListingRemoved": ("product_listings/remove", "sales channels"),
    "ScheduledProductListingsAdd": ("scheduled_product_listings/add", "sales channels"),
    "ScheduledProductListingsRemove": ("scheduled_product_listings/remove", "sales channels"),
    "SellingPlanGroup": ("selling_plan_groups/create", "how a subscription is sold"),
    "SellingPlanGroupDeleted": ("selling_plan_groups/delete", "how a subscription is sold"),
    "Shop": ("shop/update", "set here by its owner"),
    "ShopLocale": ("locales/create", "a setting of the shop"),
    "SubscriptionBillingAttempt": ("subscription_billing_attempts/success", "an order of its own"),
    "SubscriptionBillingCycle": ("subscription_billing_cycle_edits/create", "an order of its own"),
    "SubscriptionContract": ("subscription_contracts/create", "an order of its own"),
    "TenderTransaction": ("tender_transactions/create", "stands in the order"),
    "Theme": ("themes/create", "the look of the shop"),
}

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/webhooks is not there")


def minor(amount, currency):
    unit = decimal.Decimal(1).scaleb(DIGITS[currency])
    return int((decimal.Decimal(amount) * unit).quantize(1, decimal.ROUND_HALF_UP))


def text(value):
    return json.dumps(str(value), ensure_ascii=False) if value not in (None, "") else "-"


def moment(iso):
    if not iso:
        return "-"
    at = datetime.datetime.fromisoformat(iso).astimezone(datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def amount(said):
    return int(said.split()[0])


def loaded(path):
    return json.loads(path.read_bytes(), parse_float=decimal.Decimal)


def heard(topic, path):
    said = probe("read", "shopify", topic, path)
    assert not said.startswith("error "), said
    return fields(said)


def same_texts(said, stem, theirs, pairs):
    for ours, key in pairs.items():
        assert said[f"{stem}.{ours}"] == text(theirs.get(key)), (stem, ours)


def same_address(said, stem, theirs):
    theirs = theirs or {}
    same_texts(said, stem, theirs, {
        "company": "company", "line1": "address1", "line2": "address2", "zip": "zip", "city": "city",
        "province": "province", "province_code": "province_code", "country": "country",
        "country_code": "country_code", "phone": "phone"})


@needs_data
def test_each_payload_has_its_place():
    known = {*TOLD, *DECLINED}
    assert {path.stem for path in EXAMPLES.glob("*.json")} == known
    assert len(known) == 75 and not set(TOLD) & set(DECLINED)


@needs_data
@pytest.mark.parametrize("name", DECLINED)
def test_what_tells_nothing_is_declined_with_the_reason(name):
    topic, why = DECLINED[name]
    said = heard(topic, EXAMPLES / f"{name}.json")
    assert why in said["declined"]
    assert list(said) == ["declined"]


ORDERS = [EXAMPLES / "Order.json", DATA / "shopify_laravel" / "webhook.json"]


@needs_data
@pytest.mark.parametrize("topic", ORDER_TOPICS)
@pytest.mark.parametrize("path", ORDERS, ids=[path.stem for path in ORDERS])
def test_an_order(path, topic):
    order, said = loaded(path), heard(topic, path)
    currency = order["currency"]
    assert said["order_count"] == "1" and said["declined"] == "-"
    same_texts(said, "order", order, {
        "foreign_id": "id", "name": "name", "locale": "customer_locale", "currency": "currency", "note": "note",
        "channel": "source_name", "url": "order_status_url", "tags": "tags", "phone": "phone"})
    assert said["order.email"] == text(order["email"] or order["contact_email"])
    assert said["order.placed_at"] == moment(order["processed_at"] or order["created_at"])
    assert said["order.updated_at"] == moment(order["updated_at"])
    assert said["order.cancelled_at"] == moment(order["cancelled_at"])
    for ours, theirs in (("total", "total_price"), ("subtotal", "subtotal_price"), ("tax", "total_tax"),
                         ("discount", "total_discounts")):
        assert amount(said[f"order.{ours}"]) == minor(order[theirs], currency), ours
    assert amount(said["order.shipping"]) == sum(
        minor(line.get("discounted_price") or line["price"], currency) for line in order["shipping_lines"])
    assert said["order.payment"] == {"voided": "voided", "pending": "pending"}[order["financial_status"]]
    assert said["order.quiet"] == ("test" if order["test"] else "no")
    assert [said[f"order.{flag}"] for flag in ("gift", "renewal", "in_person")] == ["no"] * 3
    same_address(said, "order.ship_to", order["shipping_address"])
    same_address(said, "order.bill_to", order["billing_address"])


@needs_data
@pytest.mark.parametrize("path", ORDERS, ids=[path.stem for path in ORDERS])
def test_the_lines_and_the_buyer_of_an_order(path):
    order, said = loaded(path), heard("orders/create", path)
    currency = order["currency"]
    assert int(said["order.lines_count"]) == len(order["line_items"])
    for place, line in enumerate(order["line_items"]):
        stem = f"order.lines[{place}]"
        same_texts(said, stem, line, {
            "foreign_id": "id", "product_foreign_id": "product_id", "variant_foreign_id": "variant_id", "sku": "sku",
            "title": "title", "vendor": "vendor"})
        assert int(said[f"{stem}.quantity"]) == line["quantity"]
        assert amount(said[f"{stem}.price"]) == minor(line["price"], currency)
        assert said[f"{stem}.ships"] == ("yes" if line["requires_shipping"] else "no")
        given = sum(minor(part["amount"], currency) for part in line.get("discount_allocations", []))
        assert amount(said[f"{stem}.discount"]) == (given or minor(line["total_discount"], currency))
    buyer = order["customer"]
    same_texts(said, "order.customer", buyer, {
        "foreign_id": "id", "email": "email", "phone": "phone", "first_name": "first_name", "last_name": "last_name",
        "note": "note", "tags": "tags"})
    same_address(said, "order.customer.addresses[0]", buyer["default_address"])


@needs_data
@pytest.mark.parametrize("topic", TOLD["Fulfillment"])
def test_a_fulfilment(topic):
    theirs, said = loaded(EXAMPLES / "Fulfillment.json"), heard(topic, EXAMPLES / "Fulfillment.json")
    assert said["shipment_count"] == "1"
    same_texts(said, "shipment", theirs, {"foreign_id": "id", "order_foreign_id": "order_id", "name": "name"})
    assert theirs["status"] == "pending" and said["shipment.state"] == "label_created"
    assert said["shipment.updated_at"] == moment(theirs["updated_at"])
    assert int(said["shipment.parcels_count"]) == len(theirs["tracking_numbers"])
    for place, number in enumerate(theirs["tracking_numbers"]):
        stem = f"shipment.parcels[{place}]"
        assert said[f"{stem}.number"] == text(number)
        assert said[f"{stem}.url"] == text(theirs["tracking_urls"][place])
        assert said[f"{stem}.carrier"] == text(theirs["tracking_company"])
    assert int(said["shipment.lines_count"]) == len(theirs["line_items"])
    for place, line in enumerate(theirs["line_items"]):
        same_texts(said, f"shipment.lines[{place}]", line, {"line_foreign_id": "id", "sku": "sku"})
        assert int(said[f"shipment.lines[{place}].quantity"]) == line["quantity"]


@needs_data
def test_a_word_of_the_carrier():
    path = EXAMPLES / "FulfillmentEventsCreate.json"
    theirs, said = loaded(path), heard("fulfillment_events/create", path)
    same_texts(said, "scan", theirs, {"shipment_foreign_id": "fulfillment_id", "order_foreign_id": "order_id",
                                      "words": "message", "place": "country"})
    assert said["scan.state"] == theirs["status"] == "in_transit"
    assert said["scan.happened_at"] == moment(theirs["happened_at"])


@needs_data
def test_a_refund():
    path = EXAMPLES / "Refund.json"
    theirs, said = loaded(path), heard("refunds/create", path)
    same_texts(said, "refund", theirs, {"foreign_id": "id", "order_foreign_id": "order_id", "note": "note"})
    # Goods came back and no transaction was made: no money moved.
    assert theirs["transactions"] == [] and amount(said["refund.amount"]) == 0
    assert said["refund.currency"] == '"USD"'
    assert int(said["refund.lines_count"]) == len(theirs["refund_line_items"])
    for place, line in enumerate(theirs["refund_line_items"]):
        stem = f"refund.lines[{place}]"
        assert said[f"{stem}.line_foreign_id"] == text(line["line_item_id"])
        assert int(said[f"{stem}.quantity"]) == line["quantity"]
        assert amount(said[f"{stem}.amount"]) == minor(line["subtotal_set"]["presentment_money"]["amount"], "USD")


@needs_data
@pytest.mark.parametrize("topic", TOLD["CustomersCreate"])
def test_a_customer(topic):
    theirs, said = loaded(EXAMPLES / "CustomersCreate.json"), heard(topic, EXAMPLES / "CustomersCreate.json")
    same_texts(said, "customer", theirs, {
        "foreign_id": "id", "email": "email", "phone": "phone", "first_name": "first_name", "last_name": "last_name",
        "note": "note", "tags": "tags"})
    assert said["customer.joined_at"] == moment(theirs["created_at"])
    assert said["customer.updated_at"] == moment(theirs["updated_at"])
    assert theirs["accepts_marketing"] and said["consent_count"] == "1"
    assert (said["consent.channel"], said["consent.address"]) == ('"email"', text(theirs["email"]))
    assert (said["consent.given"], said["consent.chosen_at"]) == ("yes", moment(theirs["accepts_marketing_updated_at"]))


@needs_data
@pytest.mark.parametrize("topic", TOLD["Product"])
def test_a_product(topic):
    theirs, said = loaded(EXAMPLES / "Product.json"), heard(topic, EXAMPLES / "Product.json")
    same_texts(said, "product", theirs, {
        "foreign_id": "id", "title": "title", "vendor": "vendor", "kind": "product_type", "tags": "tags"})
    assert said["product.offered"] == "yes" and said["product.updated_at"] == moment(theirs["updated_at"])
    assert int(said["product.variants_count"]) == len(theirs["variants"])
    for place, variant in enumerate(theirs["variants"]):
        stem = f"product.variants[{place}]"
        same_texts(said, stem, variant, {"foreign_id": "id", "sku": "sku", "title": "option1", "barcode": "barcode"})
        assert amount(said[f"{stem}.price"]) == minor(variant["price"], "EUR")
        assert int(said[f"{stem}.weight_grams"]) == variant["grams"]


@needs_data
@pytest.mark.parametrize("topic, noun", [("products/delete", "product"), ("orders/delete", "order"),
                                         ("customers/delete", "customer")])
@pytest.mark.parametrize("name", ["Deleted", "CustomersDelete"])
def test_what_is_gone(topic, noun, name):
    theirs, said = loaded(EXAMPLES / f"{name}.json"), heard(topic, EXAMPLES / f"{name}.json")
    assert (said["gone.noun"], said["gone.foreign_id"]) == (noun, text(theirs["id"]))


@needs_data
@pytest.mark.parametrize("path", [EXAMPLES / "AppUninstalled.json", DATA / "shopify_laravel" / "app_uninstalled.json"],
                         ids=["triggerdev", "laravel"])
def test_our_access_is_taken_away(path):
    assert heard("app/uninstalled", path) == {"declined": "-", "disconnected": "yes"}


# A checkout and a draft have all that an order has: only their topic tells them apart.
NO_ORDERS = [path for path in sorted(EXAMPLES.glob("*.json"))
             if path.stem not in ("Order", "CheckoutsCreate", "DraftOrdersCreate")]


@needs_data
@pytest.mark.parametrize("path", NO_ORDERS, ids=lambda path: path.stem)
def test_no_payload_passes_for_an_order_that_is_none(path):
    said = probe("read", "shopify", "orders/create", path)
    assert said.startswith("error bad_input ") and "missing" in said, said


@needs_data
def test_the_id_of_shopifys_own_test_order_is_exact():
    """It has 60 bits; a reader that goes through a double gives ...154500."""
    said = heard("orders/create", DATA / "shopify_laravel" / "webhook.json")
    assert said["order.foreign_id"] == '"820982911946154508"'
