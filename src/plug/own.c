/* own.c - orders in our own words; see own.h. */
#include "plug/own.h"

#include "base/limits.h"
#include "plug/own_part.h"
#include "plug/plug.h"

#include <string.h>

Str
own_source(Arena *arena, Str told, GError **error)
{
    for (size_t i = 0; i < told.len; i++)
        if (!g_ascii_islower(told.at[i]) && !g_ascii_isdigit(told.at[i]) && told.at[i] != '-' &&
            told.at[i] != '_') {
            fail(error, ERR_INPUT,
                 "source: '" STR_FMT "' is no name of a source, as shopify is (a-z, 0-9, - and _)",
                 STR_ARG(str_sub(told, 0, 60)));
            return (Str){0};
        }
    return told.len ? arena_copy(arena, told) : STR("postlude");
}

/* The amounts of an order are in its own currency: found before anything else is read. */
bool
own_style(const OwnShop *shop, Str currency, FieldStyle *ret, GError **error)
{
    *ret = (FieldStyle){.zone = shop->zone, .decimal = '.'};
    memcpy(ret->currency, shop->currency, sizeof ret->currency);
    if (!currency.len)
        return true;
    if (currency.len != 3)
        return fail(error, ERR_INPUT, "currency: '" STR_FMT "' is no ISO 4217 currency like EUR",
                    STR_ARG(str_sub(currency, 0, 20)));
    memcpy(ret->currency, currency.at, 3);
    return true;
}

/* What every order ends with, in both forms. */
bool
own_order_end(Arena *arena, Order *order, OrderLine *lines, size_t count, const FieldStyle *style,
              const FieldsTold *told, GError **error)
{
    order->currency = arena_copy(arena, (Str){style->currency, strlen(style->currency)});
    for (size_t i = 0; i < count; i++) {
        if (!lines[i].foreign_id.len)
            lines[i].foreign_id = str_of(arena_format(arena, "%zu", i + 1));
        if (!lines[i].title.len)
            lines[i].title = lines[i].sku.len ? lines[i].sku : STR("-");
    }
    if (!order->customer.updated_at)
        order->customer.updated_at = order->updated_at;
    return order_complete(order, lines, count, told, error);
}

/* ---- JSON lines --------------------------------------------------------------------------------------------- */

/* Members that are no values, and what they are; they belong to the order itself. */
static const struct {
    const char *key;
    JsonType type;
} nested[] = {
    {"customer", JSON_OBJECT}, {"ship_to", JSON_OBJECT},  {"bill_to", JSON_OBJECT},
    {"lines", JSON_ARRAY},     {"shipments", JSON_ARRAY}, {"refunds", JSON_ARRAY},
};

static bool
nested_is(Str name, const Json *value, bool *ret_known, GError **error)
{
    *ret_known = false;
    for (size_t i = 0; i < G_N_ELEMENTS(nested); i++) {
        if (!str_is(name, nested[i].key))
            continue;
        *ret_known = true;
        return json_type(value) == nested[i].type ||
               fail(error, ERR_INPUT, STR_FMT ": here stands %s, not %s", STR_ARG(name),
                    nested[i].type == JSON_ARRAY ? "a list" : "an object", json_type_name(value));
    }
    return true;
}

/* Members of one object into one noun; a name that nobody knows is wrong, since a slip would lose a fact. */
static bool
object_read(Arena *arena, const Json *object, const char *prefix, const FieldStyle *style,
            Order *order, OrderLine *line, FieldsTold *told, GError **error)
{
    for (size_t i = 0; i < json_len(object); i++) {
        const Json *value = json_nth(object, i);
        Str key = json_key(object, i);
        const char *name = arena_format(arena, "%s" STR_FMT, prefix, STR_ARG(key));
        bool known = false;
        if (json_missing(value))
            continue;
        if (!nested_is(str_of(name), value, &known, error))
            return false;
        if (known)
            continue;
        const OrderField *field = order_field_find(str_of(name));
        if (!field && strcmp(name, "source") == 0)
            continue;
        if (!field)
            return fail(error, ERR_INPUT, "%s is no field of an order%s", name,
                        order_field_hint(arena, str_of(name)));
        if (json_type(value) == JSON_OBJECT || json_type(value) == JSON_ARRAY)
            return fail(error, ERR_INPUT, "%s: here stands a value, not %s", name,
                        json_type_name(value));
        told->is[order_field_index(field)] = true;
        Str text = str_trim(json_as_text(arena, value));
        if (!order_field_set(arena, field, text, style, order_field_noun(field, order, line),
                             error))
            return false;
    }
    return true;
}

static bool
lines_read(Arena *arena, const Json *list, const FieldStyle *style, Order *order, OrderLine **ret,
           FieldsTold *told, GError **error)
{
    size_t count = json_len(list);
    if (count > LIMIT_ORDER_LINES)
        return fail(error, ERR_TOO_BIG, "lines: %zu lines; at most %d are taken", count,
                    LIMIT_ORDER_LINES);
    OrderLine *lines = arena_new_of(arena, OrderLine, count);
    for (size_t i = 0; i < count; i++) {
        lines[i] = (OrderLine){.quantity = 1, .ships = true};
        if (!object_read(arena, json_nth(list, i), "line.", style, order, &lines[i], told, error))
            return fail_at(error, "lines/%zu", i);
    }
    *ret = lines;
    return true;
}

bool
own_order_read(Arena *arena, const OwnShop *shop, const Json *root, Facts *ret, GError **error)
{
    static const struct {
        const char *key;
        const char *prefix;
    } objects[] = {{"customer", "customer."}, {"ship_to", "ship_to."}, {"bill_to", "bill_to."}};
    Order *order = arena_new_of(arena, Order, 1);
    OrderLine *lines = NULL;
    FieldsTold told = {{0}};
    FieldStyle style;
    if (json_type(root) != JSON_OBJECT)
        return fail(error, ERR_INPUT, "an order was expected, not %s", json_type_name(root));
    if (!own_style(shop, plug_text(arena, root, "currency"), &style, error) ||
        !object_read(arena, root, "", &style, order, NULL, &told, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++)
        if (!object_read(arena, json_get(root, objects[i].key), objects[i].prefix, &style, order,
                         NULL, &told, error))
            return false;
    Str source = own_source(arena, plug_text(arena, root, "source"), error);
    const Json *list = json_get(root, "lines");
    if (!source.len || !lines_read(arena, list, &style, order, &lines, &told, error) ||
        !own_order_end(arena, order, lines, json_len(list), &style, &told, error))
        return false;
    *ret = (Facts){.source = source, .orders = order, .order_count = 1};
    return own_parts_read(arena, shop, root, order, ret, error);
}
