/* woocommerce.c - orders as WooCommerce's webhooks tell them (REST API v2 and v3, WooCommerce 3 to 10).
 *
 * A webhook carries the whole order, built when it is sent. What is peculiar:
 *   - A new webhook first sends an unsigned `webhook_id=N` and wants exactly 200 (WC_Webhook::deliver_ping).
 *   - X-WC-Webhook-Delivery-ID is a hash of webhook and SECOND (get_new_delivery_id): two orders changed within
 *     one second share it. So deliveries are told apart by their content instead.
 *   - An order exists before its buyer has paid, and many of those never do. WooCommerce itself writes to the
 *     buyer first when it is `processing` or `on-hold`, and so do we: what comes before is declined.
 *   - Amounts of lines and of shipping are without tax, even where the shop's prices hold it; the tax is beside.
 *   - Names are HTML: `Tea &amp; Cups`.
 *
 * https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties
 */
#include "base/limits.h"
#include "base/money.h"
#include "plug/connector/connector.h"

#include <string.h>

static const char *const order_topics[] = {"order.created", "order.updated", "order.restored"};

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

/* ---- envelope ----------------------------------------------------------------------------------- */

/* webhook_id=17 and nothing else: unsigned, so nothing may come of it but a yes. */
static bool
ping_is(Str body)
{
    Str prefix = STR("webhook_id=");
    if (!str_starts(body, prefix.at) || body.len == prefix.len || body.len > prefix.len + 20)
        return false;
    for (size_t i = prefix.len; i < body.len; i++)
        if (!g_ascii_isdigit(body.at[i]))
            return false;
    return true;
}

static bool
woocommerce_check(const ConnectorKnock *knock, Envelope *ret, GError **error)
{
    const PlugHeaders *headers = &knock->headers;
    Str body = knock->body;
    Str sent = plug_header(headers, "X-WC-Webhook-Signature");
    if (!sent.len && ping_is(body)) {
        *ret = (Envelope){.ping = true};
        return true;
    }
    if (!sent.len)
        return fail(error, ERR_AUTH, "the header X-WC-Webhook-Signature is missing");
    if (!connector_signed(knock->secret, body, sent))
        return fail(error, ERR_AUTH,
                    "the signature does not fit: woocommerce.secret is not the secret of the "
                    "webhook that sent this, or a proxy changed the body");
    Str topic = plug_header(headers, "X-WC-Webhook-Topic");
    if (!topic.len)
        return fail(error, ERR_INPUT, "the header X-WC-Webhook-Topic is missing");
    *ret = (Envelope){.topic = topic};
    return true;
}

/* ---- HTML in names -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *text;
} entities[] = {
    {"amp", "&"},   {"lt", "<"},    {"gt", ">"},     {"quot", "\""}, {"apos", "'"},
    {"nbsp", " "},  {"ndash", "–"}, {"mdash", "—"},  {"lsquo", "‘"}, {"rsquo", "’"},
    {"ldquo", "“"}, {"rdquo", "”"}, {"hellip", "…"}, {"times", "×"}, {"reg", "®"},
    {"copy", "©"},  {"trade", "™"}, {"deg", "°"},    {"euro", "€"},  {"middot", "·"},
};

/* &#8211; and &#x2013; */
static bool
entity_number(Buf *out, Str digits)
{
    bool hex = digits.len > 1 && (digits.at[0] | 0x20) == 'x';
    uint32_t code = 0;
    for (size_t i = hex; i < digits.len; i++) {
        int value = hex ? g_ascii_xdigit_value(digits.at[i]) : g_ascii_digit_value(digits.at[i]);
        if (value < 0 || code > 0x10FFFF)
            return false;
        code = code * (hex ? 16 : 10) + (uint32_t)value;
    }
    char utf8[6];
    if (!code || !g_unichar_validate(code))
        return false;
    buf_add(out, utf8, (size_t)g_unichar_to_utf8(code, utf8));
    return true;
}

static bool
entity_add(Buf *out, Str name)
{
    if (name.len > 1 && name.at[0] == '#')
        return entity_number(out, str_sub(name, 1, name.len));
    for (size_t i = 0; i < G_N_ELEMENTS(entities); i++) {
        if (!str_is(name, entities[i].name))
            continue;
        buf_add_cstr(out, entities[i].text);
        return true;
    }
    return false;
}

/* The text of a little HTML: tags are left out, entities become what they stand for, and what is neither stays. */
static Str
text_of_html(Arena *arena, Str html)
{
    enum { ENTITY_MOST = 10, TAG_MOST = 256 }; /* so that a name of nothing but `<a` is soon read */
    if (!memchr(html.at ? html.at : "", '&', html.len) &&
        !memchr(html.at ? html.at : "", '<', html.len))
        return html;
    Buf out = {.arena = arena};
    for (size_t i = 0; i < html.len;) {
        Str rest = str_sub(html, i, html.len);
        size_t end = 0;
        bool tag = rest.len > 1 && rest.at[0] == '<' &&
                   (g_ascii_isalpha(rest.at[1]) || rest.at[1] == '/') &&
                   str_find(str_sub(rest, 0, TAG_MOST), STR(">"), &end);
        bool entity = rest.at[0] == '&' &&
                      str_find(str_sub(rest, 0, ENTITY_MOST), STR(";"), &end) &&
                      entity_add(&out, str_sub(rest, 1, end - 1));
        if (!tag && !entity)
            buf_add_char(&out, rest.at[0]);
        i += tag || entity ? end + 1 : 1;
    }
    return str_trim(buf_str(&out));
}

/* ---- fields ------------------------------------------------------------------------------------ */

static Str
title_at(Arena *arena, const Json *object, const char *key)
{
    return text_of_html(arena, plug_text(arena, object, key));
}

/* An id; WooCommerce writes 0 for none. */
static Str
id_at(Arena *arena, const Json *object, const char *key)
{
    Str id = plug_text(arena, object, key);
    return str_is(id, "0") ? (Str){0} : id;
}

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

/* Country and province are told by their codes alone; those are better than none where an address is shown. */
static PostalAddress
address_read(Arena *arena, const Json *from)
{
    Str first = plug_text(arena, from, "first_name"), last = plug_text(arena, from, "last_name");
    Str country = plug_text(arena, from, "country"), state = plug_text(arena, from, "state");
    return (PostalAddress){
        .name = str_trim(
            str_of(arena_format(arena, STR_FMT " " STR_FMT, STR_ARG(first), STR_ARG(last)))),
        .company = plug_text(arena, from, "company"),
        .line1 = plug_text(arena, from, "address_1"),
        .line2 = plug_text(arena, from, "address_2"),
        .zip = plug_text(arena, from, "postcode"),
        .city = plug_text(arena, from, "city"),
        .province = state,
        .province_code = state,
        .country = country,
        .country_code = country,
        .phone = plug_text(arena, from, "phone"),
    };
}

/* The language of the buyer is known only where WPML, the translation plugin, has noted it. */
static Str
locale_read(Arena *arena, const Json *from)
{
    const Json *notes = json_get(from, "meta_data");
    for (size_t i = 0; i < json_len(notes); i++)
        if (str_is(json_text(json_get(json_nth(notes, i), "key")), "wpml_language"))
            return plug_text(arena, json_nth(notes, i), "value");
    return (Str){0};
}

/* ---- lines --------------------------------------------------------------------------------------- */

/* The title of a variation is "Boots - 38, Moss" ("Boots – 38" in old versions); newer ones tell the product's
 * own beside it. */
static void
line_name(Arena *arena, const Json *from, OrderLine *line)
{
    static const char *const dashes[] = {" - ", " – "};
    Str name = title_at(arena, from, "name"), parent = title_at(arena, from, "parent_name");
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
        .product_foreign_id = id_at(arena, from, "product_id"),
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

/* A fee ("cash on delivery") is part of what the buyer pays and has no place of its own: it becomes a line. */
static bool
fee_read(Arena *arena, const Json *from, const Order *order, OrderLine *ret, GError **error)
{
    OrderLine line = {
        .foreign_id = plug_text(arena, from, "id"),
        .title = title_at(arena, from, "name"),
        .quantity = 1,
    };
    if (!line.title.len)
        line.title = STR("Fee");
    if (!line_amounts(arena, from, order, &line, error))
        return false;
    *ret = line;
    return true;
}

static bool
lines_read(Arena *arena, const Json *from, Order *order, GError **error)
{
    const Json *items = json_get(from, "line_items"), *fees = json_get(from, "fee_lines");
    size_t item_count = json_len(items), count = item_count + json_len(fees);
    if (json_type(items) != JSON_ARRAY)
        return fail(error, ERR_INPUT, "line_items is missing: this is no whole order");
    if (count > LIMIT_ORDER_LINES)
        return fail(error, ERR_TOO_BIG, "line_items: %zu lines; at most %d are taken", count,
                    LIMIT_ORDER_LINES);
    /* Nothing says which line is a download; an order of nothing else has no shipping. */
    bool ships = json_len(json_get(from, "shipping_lines")) > 0;
    OrderLine *lines = arena_new_of(arena, OrderLine, count);
    for (size_t i = 0; i < count; i++) {
        bool fee = i >= item_count;
        size_t place = fee ? i - item_count : i;
        if (!(fee ? fee_read : line_read)(arena, json_nth(fee ? fees : items, place), order,
                                          &lines[i], error))
            return fail_at(error, "%s/%zu", fee ? "fee_lines" : "line_items", place);
        lines[i].ships = ships && !fee;
    }
    order->lines = lines;
    order->line_count = count;
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
    order->shipping_title = title_at(arena, way, "method_title");
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
        if (__builtin_add_overflow(order->subtotal, line->price * line->quantity - line->discount,
                                   &order->subtotal))
            return fail(error, ERR_INPUT, "line_items: the sum is too large");
    }
    return true;
}

/* Moments are told twice: in the shop's zone and, as X_gmt, in UTC without saying so. */
static bool
moments_read(Arena *arena, const Json *from, Order *order, GError **error)
{
    if (!plug_moment(arena, from, "date_created_gmt", &order->placed_at, error) ||
        !plug_moment(arena, from, "date_modified_gmt", &order->updated_at, error))
        return false;
    if (!order->placed_at)
        return fail(error, ERR_INPUT, "date_created_gmt is missing");
    if (!order->updated_at)
        order->updated_at = order->placed_at;
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

static Customer
customer_read(Arena *arena, const Json *from, const Order *order)
{
    const Json *billing = json_get(from, "billing");
    return (Customer){
        .foreign_id = id_at(arena, from, "customer_id"),
        .email = order->email,
        .phone = order->phone,
        .first_name = plug_text(arena, billing, "first_name"),
        .last_name = plug_text(arena, billing, "last_name"),
        .locale = order->locale,
        .updated_at = order->updated_at,
    };
}

static bool
order_read(Arena *arena, const Json *from, Order *ret, Str *ret_declined, GError **error)
{
    const Json *billing = json_get(from, "billing");
    Str number = plug_text(arena, from, "number"), id = plug_text(arena, from, "id"),
        declined = {0};
    Order order = {
        .foreign_id = id,
        .name = str_of(arena_format(arena, "#" STR_FMT, STR_ARG(number.len ? number : id))),
        .email = plug_text(arena, billing, "email"),
        .phone = plug_text(arena, billing, "phone"),
        .locale = locale_read(arena, from),
        .currency = arena_copy(arena, plug_text(arena, from, "currency")),
        .tax_included = json_true(json_get(from, "prices_include_tax")),
        .ship_to = address_read(arena, json_get(from, "shipping")),
        .bill_to = address_read(arena, billing),
        .note = plug_text(arena, from, "customer_note"),
    };
    if (order.currency.len != 3 || money_digits(order.currency.at) < 0)
        return fail(error, ERR_INPUT, "currency is missing or no ISO 4217 code");
    if (!moments_read(arena, from, &order, error))
        return false;
    if (!status_read(arena, from, &order, &declined, error) ||
        !amounts_read(arena, from, &order, error) || !lines_read(arena, from, &order, error) ||
        !subtotal_sum(&order, error))
        return false;
    order.customer = customer_read(arena, from, &order);
    *ret = order;
    *ret_declined = declined;
    return true;
}

/* What stands in place of an order when something is set up wrongly on their side. */
static bool
order_check(Arena *arena, const Json *root, GError **error)
{
    if (json_type(root) != JSON_OBJECT)
        return fail(error, ERR_INPUT, "an order was expected, not %s", json_type_name(root));
    if (plug_text(arena, root, "id").len)
        return true;
    if (json_type(json_get(root, "order")) == JSON_OBJECT)
        return fail(
            error, ERR_INPUT,
            "order: this is the legacy form; choose WP REST API v3 in the webhook's settings");
    Str message = plug_text(arena, root, "message");
    if (message.len)
        return fail(error, ERR_INPUT,
                    "WooCommerce could not read the order for this webhook: " STR_FMT
                    " (the user who made the webhook has to be one who may see orders)",
                    STR_ARG(message));
    return fail(error, ERR_INPUT, "id is missing: this is no order");
}

static bool
woocommerce_read(const ConnectorAsk *ask, Facts *ret, GError **error)
{
    Arena *arena = ask->arena;
    Str topic = ask->topic, body = ask->body;
    bool is_order = false;
    for (size_t i = 0; i < G_N_ELEMENTS(order_topics); i++)
        is_order = is_order || str_is(topic, order_topics[i]);
    if (!is_order) {
        /* Moved to the bin, as shops do with spam and with the old: to its buyer the order is what it was. */
        *ret = (Facts){.declined = str_is(topic, "order.deleted")
                                       ? STR("an order in the bin is no cancelled order: what is "
                                             "known of it stays")
                                       : STR("nothing is read from this topic")};
        return true;
    }
    const Json *root = json_parse(arena, body.at, body.len, error);
    if (!root || !order_check(arena, root, error))
        return false;
    Order *order = arena_new_of(arena, Order, 1);
    Str declined = {0};
    if (!order_read(arena, root, order, &declined, error))
        return fail_at(error, "order " STR_FMT, STR_ARG(plug_text(arena, root, "id")));
    *ret =
        declined.len ? (Facts){.declined = declined} : (Facts){.orders = order, .order_count = 1};
    return true;
}

const Connector connector_woocommerce = {
    .name = "woocommerce",
    .title = "WooCommerce",
    .secret = "woocommerce.secret",
    .help = "WooCommerce > Settings > Advanced > Webhooks: one webhook each for Order created, "
            "updated, "
            "deleted and restored, API version WP REST API v3, all with this secret.",
    .check = woocommerce_check,
    .read = woocommerce_read,
};
