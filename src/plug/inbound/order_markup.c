/* order_markup.c - schema.org's Order, as JSON-LD in a mail, in our own words; see order_mail.h. */
#include "base/json_write.h"
#include "base/limits.h"
#include "base/when.h"
#include "plug/inbound/inbound_inside.h"
#include "plug/order_mail.h"

enum { DEPTH_MOST = 4 /* of lists and @graph around an order */ };

static bool
type_is(const Json *object, const char *name)
{
    const Json *type = json_get(object, "@type");
    if (json_type(type) == JSON_STRING)
        return str_is(json_text(type), name);
    for (size_t i = 0; json_type(type) == JSON_ARRAY && i < json_len(type); i++)
        if (str_is(json_text(json_nth(type, i)), name))
            return true;
    return false;
}

static const Json *
order_find(const Json *root, int depth)
{
    const Json *found = NULL;
    if (json_type(root) == JSON_OBJECT)
        return type_is(root, "Order") ? root
               : depth                ? order_find(json_get(root, "@graph"), depth - 1)
                                      : NULL;
    for (size_t i = 0; json_type(root) == JSON_ARRAY && depth && i < json_len(root) && !found; i++)
        found = order_find(json_nth(root, i), depth - 1);
    return found;
}

/* The next <script type="application/ld+json"> of an HTML text; moves *rest behind it. */
static bool
script_next(Str *rest, Str *ret)
{
    size_t at, close;
    while (str_find(*rest, STR("application/ld+json"), &at)) {
        *rest = str_sub(*rest, at, rest->len);
        if (!str_find(*rest, STR(">"), &at))
            return false;
        Str body = str_sub(*rest, at + 1, rest->len);
        if (!str_find(body, STR("</script"), &close) && !str_find(body, STR("</SCRIPT"), &close))
            return false;
        *ret = str_sub(body, 0, close);
        *rest = str_sub(body, close, body.len);
        return true;
    }
    return false;
}

static Str
either(Arena *arena, const Json *object, const char *first, const char *second)
{
    Str text = plug_text(arena, object, first);
    return text.len ? text : plug_text(arena, object, second);
}

static void
put(JsonWriter *out, const char *key, Str text)
{
    if (!text.len)
        return;
    json_put_key(out, key);
    json_put_text(out, text);
}

/* Where a member may be one object or a list of them: the n-th; NULL behind the last. */
static const Json *
nth_of(const Json *value, size_t n)
{
    if (json_type(value) == JSON_ARRAY)
        return n < json_len(value) ? json_nth(value, n) : NULL;
    return n == 0 && json_type(value) == JSON_OBJECT ? value : NULL;
}

static void
put_address(JsonWriter *out, Arena *arena, const char *key, const Json *address)
{
    if (json_type(address) != JSON_OBJECT)
        return;
    const Json *country = json_get(address, "addressCountry");
    Str code = json_type(country) == JSON_OBJECT ? plug_text(arena, country, "name")
                                                 : plug_text(arena, address, "addressCountry");
    json_put_key(out, key);
    json_put_object(out);
    put(out, "name", plug_text(arena, address, "name"));
    put(out, "line1", plug_text(arena, address, "streetAddress"));
    put(out, "zip", plug_text(arena, address, "postalCode"));
    put(out, "city", plug_text(arena, address, "addressLocality"));
    put(out, "province", plug_text(arena, address, "addressRegion"));
    put(out, code.len == 2 ? "country_code" : "country", code);
    json_put_end(out);
}

static void
put_customer(JsonWriter *out, Arena *arena, const Json *person)
{
    Str first = plug_text(arena, person, "givenName"),
        last = plug_text(arena, person, "familyName");
    if (!first.len && !last.len)
        first = plug_text(arena, person, "name");
    json_put_key(out, "customer");
    json_put_object(out);
    put(out, "first_name", first);
    put(out, "last_name", last);
    put(out, "phone", plug_text(arena, person, "telephone"));
    json_put_end(out);
}

/* An Offer with what it offers, or an OrderItem with what was ordered. */
static void
put_line(JsonWriter *out, Arena *arena, const Json *offer)
{
    const Json *item = json_get(offer, "itemOffered");
    if (json_type(item) != JSON_OBJECT)
        item = json_get(offer, "orderedItem");
    Str quantity = plug_text(arena, json_get(offer, "eligibleQuantity"), "value");
    if (!quantity.len)
        quantity = either(arena, offer, "eligibleQuantity", "orderQuantity");
    json_put_object(out);
    put(out, "title", plug_text(arena, item, "name"));
    put(out, "sku", either(arena, item, "sku", "productID"));
    put(out, "quantity", quantity);
    put(out, "price", plug_text(arena, offer, "price"));
    json_put_end(out);
}

static void
put_lines(JsonWriter *out, Arena *arena, const Json *order)
{
    const Json *list = json_get(order, "acceptedOffer"), *one;
    if (!nth_of(list, 0))
        list = json_get(order, "orderedItem");
    json_put_key(out, "lines");
    json_put_array(out);
    for (size_t i = 0; i <= LIMIT_ORDER_LINES && (one = nth_of(list, i)); i++)
        put_line(out, arena, one);
    json_put_end(out);
}

static Str
order_currency(Arena *arena, const Json *order)
{
    Str told = plug_text(arena, order, "priceCurrency");
    return told.len
               ? told
               : plug_text(arena, nth_of(json_get(order, "acceptedOffer"), 0), "priceCurrency");
}

static Str
order_words(Arena *arena, const Json *order, int64_t at)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    const Json *person = nth_of(json_get(order, "customer"), 0);
    Str number = either(arena, order, "orderNumber", "confirmationNumber"),
        placed = plug_text(arena, order, "orderDate"),
        moment = at ? str_of(when_format(arena, at)) : (Str){0};
    json_put_object(&out);
    put(&out, "source", STR("mail"));
    put(&out, "id", number);
    put(&out, "email", plug_text(arena, person, "email"));
    put(&out, "currency", order_currency(arena, order));
    put(&out, "total", plug_text(arena, order, "price"));
    put(&out, "url", plug_text(arena, order, "url"));
    put(&out, "placed_at", placed.len ? placed : moment);
    put(&out, "updated_at", moment);
    if (str_ends(plug_text(arena, order, "orderStatus"), "OrderCancelled"))
        put(&out, "cancelled_at", moment);
    put_customer(&out, arena, person);
    put_address(&out, arena, "bill_to", json_get(order, "billingAddress"));
    put_address(&out, arena, "ship_to",
                json_get(nth_of(json_get(order, "orderDelivery"), 0), "deliveryAddress"));
    put_lines(&out, arena, order);
    json_put_end(&out);
    json_put_done(&out);
    return buf_str(&buf);
}

bool
order_markup_read(Arena *arena, Str html, int64_t at, bool *ret_is, Str *ret_json, GError **error)
{
    const Json *order = NULL;
    for (Str script; !order && script_next(&html, &script);) {
        const Json *root = json_parse(arena, script.at, script.len, NULL);
        order = root ? order_find(root, DEPTH_MOST) : NULL;
    }
    if (!order) {
        *ret_is = false;
        return true;
    }
    Str number = either(arena, order, "orderNumber", "confirmationNumber");
    if (!number.len)
        return fail(error, ERR_INPUT, "the order in this mail has no orderNumber");
    if (!plug_text(arena, nth_of(json_get(order, "customer"), 0), "email").len)
        return fail(error, ERR_INPUT,
                    "order " STR_FMT " in this mail names no address of its buyer "
                    "(customer/email)",
                    STR_ARG(number));
    *ret_is = true;
    *ret_json = order_words(arena, order, at);
    return true;
}
