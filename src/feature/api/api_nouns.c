/* api_nouns.c - what can be asked for, column by column; see api_inside.h. */
#include "feature/api/api_inside.h"

#include <string.h>

static const ApiColumn line_columns[] = {
    {"line_id", API_TEXT, false, "The teller's id of the line."},
    {"product_id", API_ID, true, ""},
    {"variant_id", API_TEXT, true, "The teller's."},
    {"sku", API_TEXT, true, ""},
    {"title", API_TEXT, false, ""},
    {"variant", API_TEXT, true, "42 / brown"},
    {"quantity", API_COUNT, false, ""},
    {"price", API_MONEY, false, "Of one, as the buyer saw it.", .with = 10},
    {"discount", API_MONEY, false, "On the whole line.", .with = 10},
    {"ships", API_YES, false, "Goes into a parcel."},
    {"", API_TEXT},
    {0},
};
static const ApiPart lines = {"OrderLine", Q_api_order_lines, line_columns};

static const ApiColumn order_refund_columns[] = {
    {"id", API_ID, false, ""},
    {"source", API_TEXT, false, "Who told of it."},
    {"source_id", API_TEXT, false, "Its id there."},
    {"amount", API_MONEY, false, "", .with = 6},
    {"refunded_at", API_WHEN, false, ""},
    {"note", API_TEXT, true, ""},
    {"", API_TEXT},
    {0},
};
static const ApiPart order_refunds = {"OrderRefund", Q_api_order_refunds, order_refund_columns};

static const ApiColumn order_columns[] = {
    {"id", API_ID, false, "Ours."},
    {"source", API_TEXT, false, "Who told of it: api, shopify ..."},
    {"source_id", API_TEXT, false, "Its id there: `id` of what was posted."},
    {"name", API_TEXT, false, "As people say it: #1001."},
    {"placed_at", API_WHEN, false, ""},
    {"heard_at", API_WHEN, false, "When we were told of it first."},
    {"updated_at", API_WHEN, true, "Version of the facts, by the teller's clock."},
    {"customer_id", API_ID, true, ""},
    {"email", API_TEXT, true, ""},
    {"phone", API_TEXT, true, ""},
    {"locale", API_TEXT, true, ""},
    {"currency", API_TEXT, false, "ISO 4217."},
    {"subtotal", API_MONEY, false, "Of the lines, after discounts.", .with = 11},
    {"shipping", API_MONEY, false, "", .with = 11},
    {"fees", API_MONEY, false, "", .with = 11},
    {"tax", API_MONEY, false, "All of it, also where the prices hold it.", .with = 11},
    {"discount", API_MONEY, false, "All of it; taken off already.", .with = 11},
    {"total", API_MONEY, false, "What the buyer pays, refunds not taken off.", .with = 11},
    {"tax_included", API_YES, false, "The prices hold the tax."},
    {"discount_codes", API_TEXT, true, ""},
    {"shipping_title", API_TEXT, true, ""},
    {"channel", API_TEXT, true, ""},
    {"url", API_TEXT, true, ""},
    {"tags", API_TEXT, true, ""},
    {"payment", API_TEXT, false, ""},
    {"fulfilment", API_TEXT, false, ""},
    {"quiet", API_TEXT, true, "Why it never causes a mail."},
    {"gift", API_YES, false, ""},
    {"renewal", API_YES, false, ""},
    {"in_person", API_YES, false, ""},
    {"cancelled_at", API_WHEN, true, ""},
    {"delivered_at", API_WHEN, true, "All that ships has arrived."},
    {"deleted_at", API_WHEN, true, ""},
    {"promised_from", API_WHEN, true, ""},
    {"promised_until", API_WHEN, true, ""},
    {"note", API_TEXT, true, ""},
    {"ship_to", API_POSTAL, true, ""},
    {"bill_to", API_POSTAL, true, ""},
    {"lines", API_PART, false, "What was bought.", .part = &lines},
    {"refunds", API_PART, false, "What went back.", .part = &order_refunds},
    {0},
};

static const ApiColumn customer_columns[] = {
    {"id", API_ID, false, "Ours."},
    {"source", API_TEXT, false, "Who told of it; guest: an address without an account."},
    {"source_id", API_TEXT, false, "Its id there; a guest's address."},
    {"heard_at", API_WHEN, false, "When we were told of it first."},
    {"updated_at", API_WHEN, true, "Version of the facts, by the teller's clock."},
    {"email", API_TEXT, true, ""},
    {"phone", API_TEXT, true, ""},
    {"first_name", API_TEXT, true, ""},
    {"last_name", API_TEXT, true, ""},
    {"locale", API_TEXT, true, ""},
    {"zone", API_TEXT, true, ""},
    {"channel", API_TEXT, true, ""},
    {"company", API_TEXT, true, ""},
    {"addresses", API_POSTALS, false, "The usual one first."},
    {"tags", API_TEXT, true, ""},
    {"note", API_TEXT, true, ""},
    {"birthday", API_DAY, true, "Month and day."},
    {"joined_at", API_WHEN, true, ""},
    {"deleted_at", API_WHEN, true, "The shop system has the account no more."},
    {"erased_at", API_WHEN, true, "Nothing of the person is left here."},
    {"merged_into", API_ID, true, "The customer who is the same person."},
    {0},
};

static const ApiColumn variant_columns[] = {
    {"source_id", API_TEXT, false, ""},
    {"sku", API_TEXT, true, ""},
    {"title", API_TEXT, true, ""},
    {"barcode", API_TEXT, true, ""},
    {"image_url", API_TEXT, true, ""},
    {"price", API_MONEY, false, "", .with = 8},
    {"weight_grams", API_COUNT, false, ""},
    {"ships", API_YES, false, ""},
    {"", API_TEXT},
    {0},
};
static const ApiPart variants = {"Variant", Q_api_variants, variant_columns};

static const ApiColumn product_columns[] = {
    {"id", API_ID, false, "Ours."},
    {"source", API_TEXT, false, "Who told of it."},
    {"source_id", API_TEXT, false, "Its id there."},
    {"heard_at", API_WHEN, false, "When we were told of it first."},
    {"updated_at", API_WHEN, true, "Version of the facts; null: known from an order only."},
    {"title", API_TEXT, false, ""},
    {"vendor", API_TEXT, true, ""},
    {"kind", API_TEXT, true, ""},
    {"url", API_TEXT, true, ""},
    {"image_url", API_TEXT, true, ""},
    {"tags", API_TEXT, true, ""},
    {"currency", API_TEXT, false, "Of its variants' prices."},
    {"offered", API_YES, true, "Can be bought today; null: known from an order only."},
    {"deleted_at", API_WHEN, true, ""},
    {"variants", API_PART, false, "", .part = &variants},
    {0},
};

static const ApiColumn parcel_columns[] = {
    {"carrier", API_TEXT, true, ""},
    {"number", API_TEXT, true, ""},
    {"url", API_TEXT, true, ""},
    {0},
};
static const ApiPart parcels = {"Parcel", Q_api_parcels, parcel_columns};

static const ApiColumn shipment_line_columns[] = {
    {"line_id", API_TEXT, true, ""},
    {"sku", API_TEXT, true, ""},
    {"quantity", API_COUNT, false, ""},
    {0},
};
static const ApiPart shipment_lines = {"ShipmentLine", Q_api_shipment_lines, shipment_line_columns};

static const ApiColumn shipment_columns[] = {
    {"id", API_ID, false, "Ours."},
    {"source", API_TEXT, false, "Who told of it."},
    {"source_id", API_TEXT, false, "Its id there."},
    {"order_id", API_ID, false, "Ours."},
    {"heard_at", API_WHEN, false, "When we were told of it first."},
    {"updated_at", API_WHEN, true, "Version of the facts, by the teller's clock."},
    {"name", API_TEXT, true, ""},
    {"state", API_TEXT, false, ""},
    {"state_at", API_WHEN, true, "When that was so."},
    {"shipped_at", API_WHEN, true, ""},
    {"delivered_at", API_WHEN, true, ""},
    {"expected_from", API_WHEN, true, ""},
    {"expected_until", API_WHEN, true, ""},
    {"parcels", API_PART, false, "", .part = &parcels},
    {"lines", API_PART, false, "None: all that ships.", .part = &shipment_lines},
    {0},
};

static const ApiColumn refund_columns[] = {
    {"id", API_ID, false, "Ours."},
    {"source", API_TEXT, false, "Who told of it."},
    {"source_id", API_TEXT, false, "Its id there."},
    {"order_id", API_ID, false, "Ours."},
    {"heard_at", API_WHEN, false, "When we were told of it first."},
    {"amount", API_MONEY, false, "", .with = 6},
    {"", API_TEXT},
    {"refunded_at", API_WHEN, false, ""},
    {"note", API_TEXT, true, ""},
    {0},
};

static const ApiColumn event_columns[] = {
    {"id", API_ID, false, ""},
    {"kind", API_TEXT, false, "order.placed, or one of the shop's own: shop.NAME"},
    {"happened_at", API_WHEN, true, "By the teller's word."},
    {"heard_at", API_WHEN, false, "When we learned of it."},
    {"order_id", API_ID, true, ""},
    {"customer_id", API_ID, true, ""},
    {"properties", API_OBJECT, true, "Of an event of the shop's own."},
    {0},
};

static const ApiColumn message_columns[] = {
    {"id", API_ID, false, ""},
    {"written_at", API_WHEN, false, ""},
    {"order_id", API_ID, true, ""},
    {"customer_id", API_ID, true, ""},
    {"channel", API_TEXT, false, ""},
    {"class", API_TEXT, false, "transactional, marketing, safety"},
    {"template", API_TEXT, false, ""},
    {"address", API_TEXT, false, ""},
    {"locale", API_TEXT, true, ""},
    {"subject", API_TEXT, true, ""},
    {"state", API_TEXT, false, "new, ready, claimed, accepted, failed, excluded, unknown, aside"},
    {"reason", API_TEXT, true, "Why it was excluded or failed."},
    {"words", API_TEXT, true, "The same for people, or the server's last words."},
    {0},
};

static const ApiNoun nouns[] = {
    {"orders", "Order", KIND_ORDER, Q_api_orders,
     API_BY_UPDATED | API_BY_EMAIL | API_BY_NAME | API_BY_SOURCE_ID, order_columns, OWN_ORDER},
    {"customers", "Customer", KIND_CUSTOMER, Q_api_customers,
     API_BY_UPDATED | API_BY_EMAIL | API_BY_NAME | API_BY_SOURCE_ID, customer_columns,
     OWN_CUSTOMER},
    {"products", "Product", KIND_PRODUCT, Q_api_products,
     API_BY_UPDATED | API_BY_NAME | API_BY_SOURCE_ID, product_columns, OWN_PRODUCT},
    {"shipments", "Shipment", KIND_SHIPMENT, Q_api_shipments,
     API_BY_UPDATED | API_BY_SOURCE_ID | API_BY_ORDER, shipment_columns, OWN_SHIPMENT},
    {"refunds", "Refund", KIND_REFUND, Q_api_refunds, API_BY_SOURCE_ID | API_BY_ORDER,
     refund_columns, OWN_REFUND},
    {"consents", NULL, 0, 0, 0, NULL, OWN_CONSENT},
    {"events", "Event", KIND_EVENT, Q_api_events, API_BY_ORDER | API_BY_KIND, event_columns,
     OWN_EVENT},
    {"messages", "Message", KIND_MESSAGE, Q_api_messages, API_BY_EMAIL | API_BY_ORDER,
     message_columns, -1},
};

static const ApiFilterRow filters[API_FILTERS] = {
    {"updated_since", "Facts of this moment or newer, by the teller's clock.", API_WHEN},
    {"email", "The address, in any case.", API_TEXT},
    {"name", "The whole name.", API_TEXT},
    {"source_id", "The teller's id.", API_TEXT},
    {"order_id", "Of this order; our id.", API_ID},
    {"kind", "Of this kind.", API_TEXT},
};

const ApiFilterRow *
api_filter_row(int n)
{
    must(n >= 0 && n < API_FILTERS);
    return &filters[n];
}

const ApiNoun *
api_noun_nth(size_t n)
{
    return n < G_N_ELEMENTS(nouns) ? &nouns[n] : NULL;
}

const ApiNoun *
api_noun_of(const Route *route)
{
    Str rest = str_of(route->pattern + strlen("/api/v1/")), name = {0};
    must(str_split(&rest, '/', &name));
    for (size_t i = 0; i < G_N_ELEMENTS(nouns); i++)
        if (str_is(name, nouns[i].name))
            return &nouns[i];
    return NULL;
}
