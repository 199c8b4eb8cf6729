/* own.c - orders in our own words; see own.h. */
#include "plug/own.h"

#include "base/limits.h"
#include "base/when.h"
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

/* Members of one object into one noun; a name that nobody knows is wrong, since a slip would lose a fact. */
static bool
object_read(Arena *arena, const Json *object, const char *prefix, const FieldStyle *style,
            Order *order, OrderLine *line, FieldsTold *told, GError **error)
{
    for (size_t i = 0; i < json_len(object); i++) {
        const Json *value = json_nth(object, i);
        Str key = json_key(object, i);
        if (json_type(value) == JSON_OBJECT || json_type(value) == JSON_ARRAY ||
            json_missing(value))
            continue;
        const char *name = arena_format(arena, "%s" STR_FMT, prefix, STR_ARG(key));
        const OrderField *field = order_field_find(str_of(name));
        if (!field && strcmp(name, "source") == 0)
            continue;
        if (!field)
            return fail(error, ERR_INPUT, "%s is no field of an order", name);
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

static const struct {
    const char *slug;
    ShipmentState state;
} states[] = {
#define ROW(state, slug, rank, words) {slug, state},
#include "shipments.def"
#undef ROW
};

static bool
moments_read(Arena *arena, const Json *from, const FieldStyle *style, const char *const *keys,
             int64_t *const *to, size_t count, GError **error)
{
    for (size_t i = 0; i < count; i++) {
        Str text = plug_text(arena, from, keys[i]);
        if (text.len && !when_parse(text, style->zone, to[i], error))
            return fail_at(error, "%s", keys[i]);
    }
    return true;
}

static const Parcel *
parcels_read(Arena *arena, const Json *list, size_t *ret_count)
{
    Parcel *parcels = arena_new_of(arena, Parcel, json_len(list));
    for (*ret_count = 0; *ret_count < json_len(list); ++*ret_count) {
        const Json *from = json_nth(list, *ret_count);
        parcels[*ret_count] = (Parcel){
            .carrier = plug_text(arena, from, "carrier"),
            .number = plug_text(arena, from, "number"),
            .url = plug_text(arena, from, "url"),
        };
    }
    return parcels;
}

/* How many, as a number or in letters; *ret stays what it is where it is not told. */
static bool
quantity_read(Arena *arena, const Json *from, int64_t *ret, GError **error)
{
    const char *text = arena_cstr(arena, plug_text(arena, from, "quantity"));
    char *end = NULL;
    int64_t number = g_ascii_strtoll(text, &end, 10);
    if (*text && (*end || number < 0))
        return fail(error, ERR_INPUT, "quantity: '%.40s' is no number of things", text);
    if (*text)
        *ret = number;
    return true;
}

static bool
shipment_lines_read(Arena *arena, const Json *list, Shipment *shipment, GError **error)
{
    ShipmentLine *lines = arena_new_of(arena, ShipmentLine, json_len(list));
    for (size_t i = 0; i < json_len(list); i++) {
        const Json *from = json_nth(list, i);
        lines[i] = (ShipmentLine){
            .line_foreign_id = plug_text(arena, from, "line_id"),
            .sku = plug_text(arena, from, "sku"),
            .quantity = 1,
        };
        if (!quantity_read(arena, from, &lines[i].quantity, error))
            return fail_at(error, "lines/%zu", i);
    }
    shipment->lines = lines;
    shipment->line_count = json_len(list);
    return true;
}

static bool
shipment_read(Arena *arena, const Json *from, const FieldStyle *style, const Order *order,
              Shipment *ret, GError **error)
{
    static const char *const keys[] = {"shipped_at", "delivered_at", "expected_from",
                                       "expected_until", "updated_at"};
    Shipment shipment = {
        .foreign_id = plug_text(arena, from, "id"),
        .order_foreign_id = order->foreign_id,
        .name = plug_text(arena, from, "name"),
    };
    Str state = plug_text(arena, from, "state");
    bool known = !state.len;
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
        if (str_is(state, states[i].slug))
            known = true, shipment.state = states[i].state;
    if (!shipment.foreign_id.len || !known)
        return fail(error, ERR_INPUT, known ? "id is missing" : "state is none that we know");
    int64_t *const moments[] = {&shipment.shipped_at, &shipment.delivered_at,
                                &shipment.expected_from, &shipment.expected_until,
                                &shipment.updated_at};
    if (!moments_read(arena, from, style, keys, moments, G_N_ELEMENTS(keys), error) ||
        !shipment_lines_read(arena, json_get(from, "lines"), &shipment, error))
        return false;
    shipment.parcels = parcels_read(arena, json_get(from, "parcels"), &shipment.parcel_count);
    *ret = shipment;
    return true;
}

static bool
refund_read(Arena *arena, const Json *from, const FieldStyle *style, const Order *order,
            Refund *ret, GError **error)
{
    static const char *const keys[] = {"refunded_at"};
    const Json *list = json_get(from, "lines");
    RefundLine *lines = arena_new_of(arena, RefundLine, json_len(list));
    Refund refund = {
        .foreign_id = plug_text(arena, from, "id"),
        .order_foreign_id = order->foreign_id,
        .currency = order->currency,
        .note = plug_text(arena, from, "note"),
        .lines = lines,
        .line_count = json_len(list),
    };
    int64_t *const moments[] = {&refund.refunded_at};
    if (!refund.foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing");
    if (!moments_read(arena, from, style, keys, moments, 1, error) ||
        !plug_amount(arena, from, "amount", style->currency, &refund.amount, error))
        return false;
    if (refund.amount < 0)
        return fail(error, ERR_INPUT, "amount: money that went back is told without a minus");
    for (size_t i = 0; i < refund.line_count; i++) {
        lines[i].line_foreign_id = plug_text(arena, json_nth(list, i), "line_id");
        if (!quantity_read(arena, json_nth(list, i), &lines[i].quantity, error) ||
            !plug_amount(arena, json_nth(list, i), "amount", style->currency, &lines[i].amount,
                         error))
            return fail_at(error, "lines/%zu", i);
    }
    *ret = refund;
    return true;
}

static bool
parts_read(Arena *arena, const Json *root, const FieldStyle *style, const Order *order,
           Facts *facts, GError **error)
{
    const Json *shipments = json_get(root, "shipments"), *refunds = json_get(root, "refunds");
    Shipment *ships = arena_new_of(arena, Shipment, json_len(shipments));
    Refund *backs = arena_new_of(arena, Refund, json_len(refunds));
    for (size_t i = 0; i < json_len(shipments); i++)
        if (!shipment_read(arena, json_nth(shipments, i), style, order, &ships[i], error))
            return fail_at(error, "shipments/%zu", i);
    for (size_t i = 0; i < json_len(refunds); i++)
        if (!refund_read(arena, json_nth(refunds, i), style, order, &backs[i], error))
            return fail_at(error, "refunds/%zu", i);
    facts->shipments = ships;
    facts->shipment_count = json_len(shipments);
    facts->refunds = backs;
    facts->refund_count = json_len(refunds);
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
    return parts_read(arena, root, &style, order, ret, error);
}
