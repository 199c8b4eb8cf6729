/* shopify.c - orders as Shopify's webhooks tell them (REST order, API 2017 to 2026).
 *
 * Shopify repeats a webhook for hours, sends orders/updated before orders/create, and tells the whole
 * order each time. So every orders/ topic is read in the same way, and what happened is found out later
 * by comparing. https://shopify.dev/docs/api/webhooks
 */
#include "base/limits.h"
#include "base/money.h"
#include "plug/connector/connector.h"

/* Topics that carry a whole order. */
static const char *const order_topics[] = {
    "orders/create",    "orders/updated",   "orders/paid",
    "orders/cancelled", "orders/fulfilled", "orders/partially_fulfilled",
};

static const struct {
    const char *theirs;
    Payment ours;
} payments[] = {
    {"pending", PAYMENT_PENDING},
    {"authorized", PAYMENT_AUTHORIZED},
    {"partially_paid", PAYMENT_PARTLY_PAID},
    {"paid", PAYMENT_PAID},
    {"partially_refunded", PAYMENT_PARTLY_REFUNDED},
    {"refunded", PAYMENT_REFUNDED},
    {"voided", PAYMENT_VOIDED},
    {"expired", PAYMENT_VOIDED},
};

static bool
shopify_check(const ConnectorKnock *knock, Envelope *ret, GError **error)
{
    const PlugHeaders *headers = &knock->headers;
    Str sent = plug_header(headers, "X-Shopify-Hmac-SHA256");
    if (!sent.len)
        return fail(error, ERR_AUTH, "the header X-Shopify-Hmac-SHA256 is missing");
    if (!connector_signed(knock->secret, knock->body, sent))
        return fail(error, ERR_AUTH,
                    "the signature does not fit: shopify.secret is not the secret of the app that "
                    "sent this, or a proxy changed the body");
    Str topic = plug_header(headers, "X-Shopify-Topic");
    if (!topic.len)
        return fail(error, ERR_INPUT, "the header X-Shopify-Topic is missing");
    *ret = (Envelope){.topic = topic, .delivery = plug_header(headers, "X-Shopify-Webhook-Id")};
    return true;
}

/* ---- fields ------------------------------------------------------------------------------------ */

static Str
first_of(Str first, Str second)
{
    return first.len ? first : second;
}

static PostalAddress
address_read(Arena *arena, const Json *from)
{
    Str first = plug_text(arena, from, "first_name");
    Str last = plug_text(arena, from, "last_name");
    Str name = plug_text(arena, from, "name");
    if (!name.len && (first.len || last.len))
        name = str_trim(
            str_of(arena_format(arena, STR_FMT " " STR_FMT, STR_ARG(first), STR_ARG(last))));
    return (PostalAddress){
        .name = name,
        .company = plug_text(arena, from, "company"),
        .line1 = plug_text(arena, from, "address1"),
        .line2 = plug_text(arena, from, "address2"),
        .zip = plug_text(arena, from, "zip"),
        .city = plug_text(arena, from, "city"),
        .province = plug_text(arena, from, "province"),
        .province_code = plug_text(arena, from, "province_code"),
        .country = plug_text(arena, from, "country"),
        .country_code = plug_text(arena, from, "country_code"),
        .phone = plug_text(arena, from, "phone"),
    };
}

static Customer
customer_read(Arena *arena, const Json *order)
{
    const Json *from = json_get(order, "customer");
    Customer customer = {
        .foreign_id = plug_text(arena, from, "id"),
        .email = plug_text(arena, from, "email"),
        .phone = plug_text(arena, from, "phone"),
        .first_name = plug_text(arena, from, "first_name"),
        .last_name = plug_text(arena, from, "last_name"),
        .locale = plug_text(arena, order, "customer_locale"),
    };
    /* A guest has no customer object, but still a name: on the parcel or the bill. */
    const Json *person = json_get(order, "shipping_address");
    if (json_missing(person))
        person = json_get(order, "billing_address");
    customer.first_name = first_of(customer.first_name, plug_text(arena, person, "first_name"));
    customer.last_name = first_of(customer.last_name, plug_text(arena, person, "last_name"));
    return customer;
}

/* Every discount is allocated to lines, one of a code or of the whole order too; total_discount holds only those
 * that were shown beside the line, and is all there is in orders of old. */
static bool
line_discount(Arena *arena, const Json *from, const char *currency, int64_t *ret, GError **error)
{
    const Json *list = json_get(from, "discount_allocations");
    int64_t sum = 0, amount = 0;
    if (!json_len(list))
        return plug_amount(arena, from, "total_discount", currency, ret, error);
    for (size_t i = 0; i < json_len(list); i++) {
        if (!plug_amount(arena, json_nth(list, i), "amount", currency, &amount, error))
            return fail_at(error, "discount_allocations/%zu", i);
        if (__builtin_add_overflow(sum, amount, &sum))
            return fail(error, ERR_INPUT, "discount_allocations: the sum is too large");
    }
    *ret = sum;
    return true;
}

static bool
line_read(Arena *arena, const Json *from, const char *currency, OrderLine *ret, GError **error)
{
    OrderLine line = {
        .foreign_id = plug_text(arena, from, "id"),
        .product_foreign_id = plug_text(arena, from, "product_id"),
        .sku = plug_text(arena, from, "sku"),
        .title = first_of(plug_text(arena, from, "title"), plug_text(arena, from, "name")),
        .variant = plug_text(arena, from, "variant_title"),
        .vendor = plug_text(arena, from, "vendor"),
        .quantity = 1,
        .ships = json_true(json_get(from, "requires_shipping")),
    };
    const Json *quantity = json_get(from, "quantity");
    if (!json_missing(quantity) &&
        (!json_int(quantity, &line.quantity) || line.quantity < 0 || line.quantity > 1000000))
        return fail(error, ERR_INPUT, "quantity is not a whole number from 0 to 1,000,000");
    if (!line.title.len)
        return fail(error, ERR_INPUT, "title is missing");
    if (!plug_amount(arena, from, "price", currency, &line.price, error) ||
        !line_discount(arena, from, currency, &line.discount, error))
        return false;
    *ret = line;
    return true;
}

static bool
lines_read(Arena *arena, const Json *items, const char *currency, Order *order, GError **error)
{
    size_t count = json_len(items);
    /* A webhook that was set up with a choice of fields tells half an order: it must not empty ours. */
    if (json_type(items) != JSON_ARRAY)
        return fail(error, ERR_INPUT, "line_items is missing: this is no whole order");
    if (count > LIMIT_ORDER_LINES)
        return fail(error, ERR_TOO_BIG, "line_items: %zu lines; at most %d are taken", count,
                    LIMIT_ORDER_LINES);
    OrderLine *lines = arena_new_of(arena, OrderLine, count);
    for (size_t i = 0; i < count; i++)
        if (!line_read(arena, json_nth(items, i), currency, &lines[i], error))
            return fail_at(error, "line_items/%zu", i);
    order->lines = lines;
    order->line_count = count;
    return true;
}

/* ---- order -------------------------------------------------------------------------------------- */

static Payment
payment_of(Str status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(payments); i++)
        if (str_is(status, payments[i].theirs))
            return payments[i].ours;
    return PAYMENT_PENDING;
}

static Fulfilment
fulfilment_of(Str status)
{
    if (str_is(status, "fulfilled"))
        return FULFILMENT_DONE;
    return str_is(status, "partial") ? FULFILMENT_PARTIAL : FULFILMENT_NONE;
}

static bool
amounts_read(Arena *arena, const Json *from, const char *currency, Order *order, GError **error)
{
    if (!plug_text(arena, from, "total_price").len)
        return fail(error, ERR_INPUT, "total_price is missing: this is no whole order");
    return plug_amount(arena, from, "subtotal_price", currency, &order->subtotal, error) &&
           plug_amount(arena, from, "total_tax", currency, &order->tax, error) &&
           plug_amount(arena, from, "total_discounts", currency, &order->discount, error) &&
           plug_amount(arena, from, "total_price", currency, &order->total, error);
}

/* Shipping is the sum of the shipping lines; the set with the discounts off is newer than 2020. */
static bool
shipping_read(Arena *arena, const Json *from, const char *currency, Order *order, GError **error)
{
    const Json *lines = json_get(from, "shipping_lines");
    for (size_t i = 0; i < json_len(lines); i++) {
        const Json *line = json_nth(lines, i);
        bool reduced = !json_missing(json_get(line, "discounted_price"));
        int64_t price = 0;
        if (!plug_amount(arena, line, reduced ? "discounted_price" : "price", currency, &price,
                         error))
            return fail_at(error, "shipping_lines/%zu", i);
        if (__builtin_add_overflow(order->shipping, price, &order->shipping))
            return fail(error, ERR_INPUT, "shipping_lines: the sum is too large");
        order->shipping_title = first_of(order->shipping_title, plug_text(arena, line, "title"));
    }
    return true;
}

static bool
moments_read(Arena *arena, const Json *from, Order *order, GError **error)
{
    int64_t created = 0;
    /* processed_at is the day of the sale, also for orders that were imported into Shopify later. */
    if (!plug_moment(arena, from, "processed_at", &order->placed_at, error) ||
        !plug_moment(arena, from, "created_at", &created, error) ||
        !plug_moment(arena, from, "updated_at", &order->updated_at, error) ||
        !plug_moment(arena, from, "cancelled_at", &order->cancelled_at, error))
        return false;
    if (!order->placed_at)
        order->placed_at = created;
    if (!order->placed_at)
        return fail(error, ERR_INPUT, "created_at is missing");
    if (!order->updated_at)
        order->updated_at = order->placed_at;
    return true;
}

static bool
order_read(Arena *arena, const Json *from, Order *ret, GError **error)
{
    Order order = {
        .foreign_id = plug_text(arena, from, "id"),
        .name = plug_text(arena, from, "name"),
        .email = first_of(plug_text(arena, from, "email"), plug_text(arena, from, "contact_email")),
        .phone = plug_text(arena, from, "phone"),
        .locale = plug_text(arena, from, "customer_locale"),
        .currency = plug_text(arena, from, "currency"),
        .tax_included = json_true(json_get(from, "taxes_included")),
        .payment = payment_of(plug_text(arena, from, "financial_status")),
        .fulfilment = fulfilment_of(plug_text(arena, from, "fulfillment_status")),
        .quiet = json_true(json_get(from, "test")) ? QUIET_TEST : QUIET_NO,
        .ship_to = address_read(arena, json_get(from, "shipping_address")),
        .bill_to = address_read(arena, json_get(from, "billing_address")),
        .note = plug_text(arena, from, "note"),
        .customer = customer_read(arena, from),
    };
    if (!order.foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: this is no order");
    const char *currency = arena_cstr(arena, order.currency);
    if (order.currency.len != 3 || money_digits(currency) < 0)
        return fail(error, ERR_INPUT, "currency is missing or no ISO 4217 code");
    if (!order.name.len)
        order.name = str_of(arena_format(
            arena, "#" STR_FMT,
            STR_ARG(first_of(plug_text(arena, from, "order_number"), order.foreign_id))));
    order.email = first_of(order.email, order.customer.email);
    if (!moments_read(arena, from, &order, error) ||
        !amounts_read(arena, from, currency, &order, error) ||
        !shipping_read(arena, from, currency, &order, error) ||
        !lines_read(arena, json_get(from, "line_items"), currency, &order, error))
        return fail_at(error, "order " STR_FMT, STR_ARG(order.name));
    order.customer.updated_at = order.updated_at;
    *ret = order;
    return true;
}

static bool
shopify_read(const ConnectorAsk *ask, Facts *ret, GError **error)
{
    Arena *arena = ask->arena;
    Str topic = ask->topic, body = ask->body;
    bool is_order = false;
    for (size_t i = 0; i < G_N_ELEMENTS(order_topics); i++)
        is_order = is_order || str_is(topic, order_topics[i]);
    if (!is_order) {
        *ret = (Facts){.declined = STR("nothing is read from this topic")};
        return true;
    }
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root)
        return false;
    if (json_type(root) != JSON_OBJECT)
        return fail(error, ERR_INPUT, "an order was expected, not %s", json_type_name(root));
    Order *order = arena_new_of(arena, Order, 1);
    if (!order_read(arena, root, order, error))
        return false;
    *ret = (Facts){.orders = order, .order_count = 1};
    return true;
}

const Connector connector_shopify = {
    .name = "shopify",
    .title = "Shopify",
    .secret = "shopify.secret",
    .help =
        "Settings > Notifications > Webhooks in Shopify's admin shows the secret below the list; "
        "for an app of your own it is the client secret.",
    .check = shopify_check,
    .read = shopify_read,
};
