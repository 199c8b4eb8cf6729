/* woocommerce_order.c - an order with its parcels, its refunds and its buyer.
 *
 *   - An order exists before its buyer has paid, and many of those never do. WooCommerce itself writes to the
 *     buyer first when it is `processing` or `on-hold`, and so do we: what comes before is declined.
 *   - Amounts of lines, fees and shipping are without tax, even where the shop's prices hold it; the tax is beside.
 *   - A fee ("cash on delivery") may be negative: some plugins give their discounts so. It counts as it is.
 *
 * https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties
 */
#include "base/limits.h"
#include "base/money.h"
#include "base/text.h"
#include "plug/connector/woocommerce_inside.h"

#include <string.h>

/* What an order's status says. Not listed: a status of a plugin; then the dates and refunds decide. */
static const struct {
    const char *theirs;
    Fulfilment fulfilment;
    bool cancelled;
    const char *unpaid; /* declined with these words until something was paid */
    const char *never;  /* declined in any case */
} statuses[] = {
    {"processing"},
    {"on-hold"},
    {"refunded"},
    {"cancelled", .cancelled = true},
    {"completed", FULFILMENT_DONE},
    /* Of the plugin Advanced Shipment Tracking. */
    {"shipped", FULFILMENT_DONE},
    {"delivered", FULFILMENT_DONE},
    {"partial-shipped", FULFILMENT_PARTIAL},
    {"pending", .unpaid = "the buyer has not paid yet; it counts as an order from then on"},
    {"failed", .unpaid = "the payment failed; it counts as an order once it succeeds"},
    {"checkout-draft", .never = "the buyer is still at the checkout"},
    {"auto-draft", .never = "it is a draft"},
    {"draft", .never = "it is a draft"},
    {"trash", .never = "it is in the bin: what is known of it stays"},
};

/* What plugins of marketplaces note on the orders that they bring. */
static const char *const marketplace_notes[] = {
    "_wpla_amazon_order_id", /* WP-Lister for Amazon */
    "_ebay_order_id",        /* WP-Lister for eBay */
    "_codisto_orderid",      /* Codisto */
    "_ced_amazon_order_id",  /* CedCommerce */
};

/* Where payments that only try the checkout are marked, and as what. */
static const struct {
    const char *key;
    const char *value;
} test_notes[] = {
    {"_wcpay_mode", "test"},                  /* WooPayments */
    {"_ppcp_paypal_payment_mode", "sandbox"}, /* PayPal Payments */
};

/* ---- amounts ------------------------------------------------------------------------------------- */

/* An amount as the buyer saw it: with the tax that stands beside it where the shop's prices hold tax. */
static bool
shown_at(Arena *arena, const Json *object, const char *const keys[2], const Order *order,
         int64_t *ret, GError **error)
{
    int64_t net = 0, tax = 0;
    if (!plug_amount(arena, object, keys[0], order->currency.at, &net, error) ||
        !plug_amount(arena, object, keys[1], order->currency.at, &tax, error))
        return false;
    if (__builtin_add_overflow(net, order->tax_included ? tax : 0, ret))
        return fail(error, ERR_INPUT, "%s is too large", keys[0]);
    return true;
}

/* ---- lines --------------------------------------------------------------------------------------- */

/* The title of a variation is "Boots - 38, Moss" ("Boots – 38" in old versions); newer ones tell the product's
 * own beside it. */
static void
line_name(Arena *arena, const Json *from, OrderLine *line)
{
    static const char *const dashes[] = {" - ", " – "};
    Str name = woocommerce_title(arena, from, "name"),
        parent = woocommerce_title(arena, from, "parent_name");
    line->title = name;
    if (!parent.len || !str_eq(str_sub(name, 0, parent.len), parent))
        return;
    Str rest = str_sub(name, parent.len, name.len);
    for (size_t i = 0; i < G_N_ELEMENTS(dashes); i++) {
        if (!str_starts(rest, dashes[i]))
            continue;
        line->title = parent;
        line->variant = str_trim(str_sub(rest, strlen(dashes[i]), rest.len));
    }
}

/* A plugin may sell 0.5 kg. We count pieces: then the line is one piece that says so. */
static bool
line_quantity(Arena *arena, const Json *from, OrderLine *line, GError **error)
{
    const Json *quantity = json_get(from, "quantity");
    double amount = 1;
    line->quantity = 1;
    if (json_missing(quantity))
        return true;
    if (!json_double(quantity, &amount) || !(amount >= 0 && amount <= 1000000))
        return fail(error, ERR_INPUT, "quantity is not a number from 0 to 1,000,000");
    if (!json_int(quantity, &line->quantity))
        line->title = str_of(arena_format(arena, STR_FMT " × " STR_FMT, STR_ARG(line->title),
                                          STR_ARG(json_number_text(arena, quantity))));
    return true;
}

/* The price of one is not told as text, and not with tax: it is a share of the line. What the division leaves
 * over goes into the discount, so that price times quantity less discount is what was charged. */
static bool
line_amounts(Arena *arena, const Json *from, const Order *order, OrderLine *line, GError **error)
{
    static const char *const whole_keys[] = {"subtotal", "subtotal_tax"};
    static const char *const charged_keys[] = {"total", "total_tax"};
    Money whole = {0}, price = {0};
    int64_t charged = 0, times = 0;
    if (!shown_at(arena, from, whole_keys, order, &whole.minor, error) ||
        !shown_at(arena, from, charged_keys, order, &charged, error))
        return false;
    if (json_missing(json_get(from, "subtotal")))
        whole.minor = charged;
    if (line->quantity && !money_share(whole, 1, line->quantity, &price))
        return fail(error, ERR_INPUT, "subtotal is too large");
    line->price = price.minor;
    if (__builtin_mul_overflow(line->price, line->quantity, &times) ||
        __builtin_sub_overflow(times, charged, &line->discount))
        return fail(error, ERR_INPUT, "total is too large");
    return true;
}

static bool
line_read(Arena *arena, const Json *from, const Order *order, OrderLine *ret, GError **error)
{
    OrderLine line = {
        .foreign_id = plug_text(arena, from, "id"),
        .product_foreign_id = woocommerce_id(arena, from, "product_id"),
        .variant_foreign_id = woocommerce_id(arena, from, "variation_id"),
        .sku = plug_text(arena, from, "sku"),
        .quantity = 1,
    };
    line_name(arena, from, &line);
    if (!line.title.len)
        return fail(error, ERR_INPUT, "name is missing");
    if (!line_quantity(arena, from, &line, error) ||
        !line_amounts(arena, from, order, &line, error))
        return false;
    *ret = line;
    return true;
}

/* A way that ends at the shop's own counter. */
static bool
way_is_pickup(Arena *arena, const Json *way)
{
    Str method = plug_text(arena, way, "method_id");
    return str_is(method, "local_pickup") || str_is(method, "pickup_location");
}

/* Nothing says which line is a download; an order of nothing else has no shipping. */
static bool
order_ships(Arena *arena, const Json *from)
{
    const Json *ways = json_get(from, "shipping_lines");
    for (size_t i = 0; i < json_len(ways); i++)
        if (!way_is_pickup(arena, json_nth(ways, i)))
            return true;
    return false;
}

static bool
lines_read(Arena *arena, const Json *from, Order *order, GError **error)
{
    const Json *items = json_get(from, "line_items");
    bool ships = order_ships(arena, from);
    size_t count = 0;
    if (json_type(items) != JSON_ARRAY)
        return fail(error, ERR_INPUT, "line_items is missing: this is no whole order");
    if (!connector_len(from, "line_items", &count, error))
        return false;
    OrderLine *lines = arena_new_of(arena, OrderLine, count);
    for (size_t i = 0; i < count; i++) {
        if (!line_read(arena, json_nth(items, i), order, &lines[i], error))
            return fail_at(error, "line_items/%zu", i);
        lines[i].ships = ships;
    }
    order->lines = lines;
    order->line_count = count;
    return true;
}

static bool
fees_read(Arena *arena, const Json *from, Order *order, GError **error)
{
    static const char *const keys[] = {"total", "total_tax"};
    const Json *fees = json_get(from, "fee_lines");
    size_t count = 0;
    if (!connector_len(from, "fee_lines", &count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t fee = 0;
        if (!shown_at(arena, json_nth(fees, i), keys, order, &fee, error))
            return fail_at(error, "fee_lines/%zu", i);
        if (!connector_add(&order->fees, fee, "fee_lines", error))
            return false;
    }
    return true;
}

/* ---- order -------------------------------------------------------------------------------------- */

static bool
amounts_read(Arena *arena, const Json *from, Order *order, GError **error)
{
    static const char *const shipping_keys[] = {"shipping_total", "shipping_tax"};
    static const char *const discount_keys[] = {"discount_total", "discount_tax"};
    if (!plug_text(arena, from, "total").len)
        return fail(error, ERR_INPUT, "total is missing: this is no whole order");
    const Json *way = json_nth(json_get(from, "shipping_lines"), 0);
    order->shipping_title = woocommerce_title(arena, way, "method_title");
    return plug_amount(arena, from, "total", order->currency.at, &order->total, error) &&
           plug_amount(arena, from, "total_tax", order->currency.at, &order->tax, error) &&
           shown_at(arena, from, shipping_keys, order, &order->shipping, error) &&
           shown_at(arena, from, discount_keys, order, &order->discount, error);
}

/* The sum of what was charged for the lines: WooCommerce tells none. */
static bool
subtotal_sum(Order *order, GError **error)
{
    for (size_t i = 0; i < order->line_count; i++) {
        const OrderLine *line = &order->lines[i];
        /* What was charged: line_amounts has seen that it is a number. */
        int64_t charged = line->price * line->quantity - line->discount;
        if (!connector_add(&order->subtotal, charged, "line_items", error))
            return false;
    }
    return true;
}

/* Sets what the status says. *ret_declined stays empty when it is an order to learn. */
static bool
status_read(Arena *arena, const Json *from, Order *order, Str *ret_declined, GError **error)
{
    Str status = plug_text(arena, from, "status");
    int64_t paid_at = 0;
    if (!status.len)
        return fail(error, ERR_INPUT, "status is missing: this is no whole order");
    if (!plug_moment(arena, from, "date_paid_gmt", &paid_at, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        if (!str_is(status, statuses[i].theirs))
            continue;
        order->fulfilment = statuses[i].fulfilment;
        /* The moment itself is not told; the change to this status is the last one at first. */
        order->cancelled_at = statuses[i].cancelled ? order->updated_at : 0;
        *ret_declined =
            str_of(paid_at || statuses[i].never ? statuses[i].never : statuses[i].unpaid);
    }
    order->payment = paid_at               ? PAYMENT_PAID
                     : order->cancelled_at ? PAYMENT_VOIDED
                                           : PAYMENT_PENDING;
    if (str_is(status, "failed"))
        order->payment = PAYMENT_VOIDED; /* paid once, and the bank took it back */
    if (json_len(json_get(from, "refunds")))
        order->payment = PAYMENT_PARTLY_REFUNDED;
    if (str_is(status, "refunded"))
        order->payment = PAYMENT_REFUNDED;
    return true;
}

/* ---- what kind of order it is ------------------------------------------------------------------------ */

/* Cancelled before anybody paid, by itself as a rule: to its buyer it never was an order. Who pays by transfer, cheque
 * or at the door has been told of one, and is owed the end of it, too. */
static bool
was_never_placed(Arena *arena, const Json *from, const Order *order)
{
    static const char *const later[] = {"bacs", "cheque", "cod"};
    Str method = plug_text(arena, from, "payment_method");
    for (size_t i = 0; i < G_N_ELEMENTS(later); i++)
        if (str_is(method, later[i]))
            return false;
    return order->cancelled_at && order->payment == PAYMENT_VOIDED;
}

static Quiet
quiet_read(Arena *arena, const Json *from, const Order *order)
{
    for (size_t i = 0; i < G_N_ELEMENTS(test_notes); i++)
        if (str_eq_nocase(woocommerce_note_text(arena, from, test_notes[i].key),
                          test_notes[i].value))
            return QUIET_TEST;
    for (size_t i = 0; i < G_N_ELEMENTS(marketplace_notes); i++)
        if (woocommerce_note_text(arena, from, marketplace_notes[i]).len)
            return QUIET_MARKETPLACE;
    if (connector_marketplace(arena, order->channel))
        return QUIET_MARKETPLACE;
    return was_never_placed(arena, from, order) ? QUIET_DRAFT : QUIET_NO;
}

static bool
gift_read(Arena *arena, const Json *from)
{
    const Json *notes = json_get(from, "meta_data");
    for (size_t i = 0; i < json_len(notes); i++)
        if (connector_gift(arena, plug_text(arena, json_nth(notes, i), "key"),
                           plug_text(arena, json_nth(notes, i), "value")))
            return true;
    return false;
}

/* WooCommerce's own app for the counter, and the plugin WCPOS. A renewal is made by WooCommerce Subscriptions, which
 * notes of which subscription it is. */
static void
kind_read(Arena *arena, const Json *from, Order *order)
{
    static const char *const counters[] = {"pos", "pos-rest-api", "woocommerce-pos"};
    for (size_t i = 0; i < G_N_ELEMENTS(counters); i++)
        order->in_person = order->in_person || str_is(order->channel, counters[i]);
    order->in_person = order->in_person && !order_ships(arena, from);
    order->renewal = str_is(order->channel, "subscription") ||
                     woocommerce_note_text(arena, from, "_subscription_renewal").len;
    order->gift = gift_read(arena, from);
    order->quiet = quiet_read(arena, from, order);
}

static Str
codes_join(Arena *arena, const Json *from)
{
    const Json *list = json_get(from, "coupon_lines");
    Buf codes = {.arena = arena};
    for (size_t i = 0; i < json_len(list); i++)
        connector_join(&codes, plug_text(arena, json_nth(list, i), "code"));
    return text_cut(buf_str(&codes), LIMIT_TEXT_BYTES);
}

/* ---- who ordered, and all together ------------------------------------------------------------------- */

static void
buyer_read(Arena *arena, const Json *from, Order *order)
{
    const Json *billing = json_get(from, "billing");
    bool has_address = !woocommerce_address_empty(&order->bill_to);
    PostalAddress *address = arena_new_of(arena, PostalAddress, 1);
    *address = order->bill_to;
    order->customer = (Customer){
        .foreign_id = woocommerce_id(arena, from, "customer_id"),
        .email = order->email,
        .phone = order->phone,
        .first_name = plug_text(arena, billing, "first_name"),
        .last_name = plug_text(arena, billing, "last_name"),
        .locale = order->locale,
        .company = order->bill_to.company,
        .updated_at = order->updated_at,
        .addresses = address,
        .address_count = has_address,
    };
}

static bool
order_fill(Arena *arena, const Json *from, Order *order, Str *ret_declined, GError **error)
{
    if (!woocommerce_versions(arena, from, &order->placed_at, &order->updated_at, error))
        return false;
    if (!order->placed_at)
        return fail(error, ERR_INPUT, "date_created_gmt is missing");
    if (!status_read(arena, from, order, ret_declined, error) ||
        !amounts_read(arena, from, order, error) || !lines_read(arena, from, order, error) ||
        !fees_read(arena, from, order, error) || !subtotal_sum(order, error))
        return false;
    kind_read(arena, from, order);
    buyer_read(arena, from, order);
    return true;
}

static bool
order_read(Arena *arena, const Json *from, Order *ret, Str *ret_declined, GError **error)
{
    const Json *billing = json_get(from, "billing");
    Str number = plug_text(arena, from, "number"), id = plug_text(arena, from, "id"),
        declined = {0};
    const char *currency = connector_currency(arena, plug_text(arena, from, "currency"));
    Order order = {
        .foreign_id = id,
        .name = str_of(arena_format(arena, "#" STR_FMT, STR_ARG(connector_either(number, id)))),
        .email = plug_text(arena, billing, "email"),
        .phone = plug_text(arena, billing, "phone"),
        .locale = woocommerce_locale(arena, from),
        .currency = str_of(currency),
        .tax_included = json_true(json_get(from, "prices_include_tax")),
        .discount_codes = codes_join(arena, from),
        .channel = plug_text(arena, from, "created_via"),
        .ship_to = woocommerce_address(arena, json_get(from, "shipping")),
        .bill_to = woocommerce_address(arena, billing),
        .note = plug_text(arena, from, "customer_note"),
    };
    if (!currency)
        return fail(error, ERR_INPUT, "currency is missing or no ISO 4217 code");
    if (!order_fill(arena, from, &order, &declined, error))
        return false;
    *ret = order;
    *ret_declined = declined;
    return true;
}

/* ---- what is told within it -------------------------------------------------------------------------- */

/* Refunds stand in the order as id, reason and a negative sum. When each was made is not told; the order was last
 * changed by the newest of them. */
static bool
refunds_read(Arena *arena, const Json *root, const Order *order, Facts *facts, GError **error)
{
    const Json *list = json_get(root, "refunds");
    size_t count = 0;
    if (!connector_len(root, "refunds", &count, error))
        return false;
    Refund *refunds = arena_new_of(arena, Refund, count);
    for (size_t i = 0; i < count; i++) {
        const Json *one = json_nth(list, i);
        Refund *refund = &refunds[i];
        *refund = (Refund){
            .foreign_id = woocommerce_id(arena, one, "id"),
            .order_foreign_id = order->foreign_id,
            .currency = order->currency,
            .refunded_at = order->updated_at,
            .note = connector_either(woocommerce_title(arena, one, "reason"),
                                     woocommerce_title(arena, one, "refund")),
        };
        if (!refund->foreign_id.len)
            return fail(error, ERR_INPUT, "refunds/%zu: id is missing", i);
        if (!plug_amount(arena, one, "total", order->currency.at, &refund->amount, error))
            return fail_at(error, "refunds/%zu", i);
        if (refund->amount == INT64_MIN)
            return fail(error, ERR_INPUT, "refunds/%zu: total is too large", i);
        refund->amount = refund->amount < 0 ? -refund->amount : refund->amount;
    }
    facts->refunds = refunds;
    facts->refund_count = count;
    return true;
}

bool
woocommerce_order_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Arena *arena = ask->arena;
    Order *order = arena_new_of(arena, Order, 1);
    Shipment *shipments = NULL;
    Facts facts = {.orders = order, .order_count = 1};
    Str declined = {0};
    if (!order_read(arena, root, order, &declined, error) ||
        !woocommerce_shipments_read(arena, root, order, &shipments, &facts.shipment_count, error) ||
        !refunds_read(arena, root, order, &facts, error))
        return fail_at(error, "order " STR_FMT, STR_ARG(plug_text(arena, root, "id")));
    facts.shipments = shipments;
    *ret = declined.len ? (Facts){.declined = declined} : facts;
    return true;
}
