/* map_check.c - whether a map can be meant: said when it is set, with the place of the slip. */
#include "plug/map_inside.h"
#include "plug/order_field.h"

#include <string.h>

enum { DEPTH_MOST = 12, NAME_BYTES = 64 };

bool
map_spec_is_value(const Json *spec)
{
    return json_get(spec, "at") || json_get(spec, "first") || json_get(spec, "text");
}

/* ---- values --------------------------------------------------------------------------------------------------- */

static bool
pointer_check(Str place, GError **error)
{
    if (!place.len || place.at[0] == '/')
        return true;
    return fail(error, ERR_INPUT, "a place begins with a slash, like /order/id, not '" STR_FMT "'",
                STR_ARG(str_sub(place, 0, NAME_BYTES)));
}

static bool
place_check(const Json *place, GError **error)
{
    Str text = json_text(place);
    if (json_type(place) == JSON_STRING && (!text.len || text.at[0] == '/' || text.at[0] == '='))
        return true;
    return fail(error, ERR_INPUT,
                "a value is a place like /order/id, or letters behind a = like =EUR, not %s",
                json_type(place) == JSON_STRING ? json_str(place) : json_type_name(place));
}

/* {"/state": ["paid", "settled"]} */
static bool
conditions_check(const Json *conditions, GError **error)
{
    if (json_type(conditions) != JSON_OBJECT)
        return fail(error, ERR_INPUT, "this is places and their words: {\"/state\": [\"paid\"]}");
    for (size_t i = 0; i < json_len(conditions); i++) {
        if (!pointer_check(json_key(conditions, i), error))
            return false;
        if (json_type(json_nth(conditions, i)) != JSON_ARRAY)
            return fail(error, ERR_INPUT, STR_FMT ": the words are a list: [\"paid\"]",
                        STR_ARG(json_key(conditions, i)));
    }
    return true;
}

static bool
words_check(const Json *words, GError **error)
{
    for (size_t i = 0; i < json_len(words); i++)
        if (json_type(json_nth(words, i)) != JSON_STRING)
            return fail(error, ERR_INPUT, STR_FMT " becomes a word of ours, not %s",
                        STR_ARG(json_key(words, i)), json_type_name(json_nth(words, i)));
    return json_type(words) == JSON_OBJECT ||
           fail(error, ERR_INPUT, "this is their words and ours: {\"settled\": \"paid\"}");
}

static bool
at_member_check(Str key, const Json *value, GError **error)
{
    if (str_is(key, "at"))
        return place_check(value, error);
    if (str_is(key, "words"))
        return words_check(value, error);
    if (str_is(key, "if"))
        return conditions_check(value, error);
    if (str_is(key, "unless"))
        return json_type(value) == JSON_ARRAY || fail(error, ERR_INPUT, "this is a list of words");
    if (str_is(key, "join"))
        return json_type(value) == JSON_STRING || fail(error, ERR_INPUT, "this is letters");
    return fail(error, ERR_INPUT, "beside `at` stand words, join, unless and if");
}

static bool value_check(const Json *spec, int depth, GError **error);

/* first, text: a list of values. */
static bool
values_check(const Json *spec, int depth, GError **error)
{
    const Json *list = json_nth(spec, 0);
    if (json_len(spec) != 1 || json_type(list) != JSON_ARRAY || !json_len(list))
        return fail(error, ERR_INPUT, "`first` and `text` are lists, and stand alone");
    for (size_t i = 0; i < json_len(list); i++)
        if (!value_check(json_nth(list, i), depth + 1, error))
            return fail_at(error, "%zu", i);
    return true;
}

static bool
value_check(const Json *spec, int depth, GError **error)
{
    if (depth > DEPTH_MOST)
        return fail(error, ERR_INPUT, "too deep: more than %d objects in each other", DEPTH_MOST);
    if (json_type(spec) != JSON_OBJECT)
        return place_check(spec, error);
    if (!map_spec_is_value(spec))
        return fail(error, ERR_INPUT,
                    "a place was expected here, or an object with at, first or text");
    if (!json_get(spec, "at"))
        return values_check(spec, depth, error);
    for (size_t i = 0; i < json_len(spec); i++)
        if (!at_member_check(json_key(spec, i), json_nth(spec, i), error))
            return fail_at(error, STR_FMT, STR_ARG(json_key(spec, i)));
    return true;
}

/* ---- our own words ---------------------------------------------------------------------------------------------- */

/* An object of ours: its members are fields of an order behind a prefix, or the names listed. */
typedef struct Shape {
    const char *name;
    const char *fields; /* "line.": as order_field.h knows them; NULL: names */
    const char *names;  /* " id state " */
    bool many;          /* made by `each` */
    const struct Shape *parts;
} Shape;

static const Shape shipment_parts[] = {
    {.name = "parcels", .names = " carrier number url ", .many = true},
    {.name = "lines", .names = " line_id sku quantity ", .many = true},
    {0},
};
static const Shape refund_parts[] = {
    {.name = "lines", .names = " line_id quantity amount ", .many = true},
    {0},
};
static const Shape order_parts[] = {
    {.name = "customer", .fields = "customer."},
    {.name = "ship_to", .fields = "ship_to."},
    {.name = "bill_to", .fields = "bill_to."},
    {.name = "lines", .fields = "line.", .many = true},
    {.name = "shipments",
     .names = " id name state shipped_at delivered_at expected_from expected_until updated_at ",
     .many = true,
     .parts = shipment_parts},
    {.name = "refunds",
     .names = " id amount refunded_at note ",
     .many = true,
     .parts = refund_parts},
    {0},
};
static const Shape order_shape = {.name = "an order", .fields = "", .parts = order_parts};

static bool
shape_has(const Shape *shape, Str key)
{
    char name[NAME_BYTES + 2];
    if (!key.len || key.len > NAME_BYTES / 2 || memchr(key.at, '.', key.len))
        return false;
    g_snprintf(name, sizeof name, shape->fields ? "%s" STR_FMT : "%s " STR_FMT " ",
               shape->fields ? shape->fields : "", STR_ARG(key));
    if (shape->fields)
        return order_field_find(str_of(name)) != NULL;
    return strstr(shape->names, name) != NULL;
}

static const Shape *
shape_part(const Shape *shape, Str key)
{
    for (const Shape *part = shape->parts; part && part->name; part++)
        if (str_is(key, part->name))
            return part;
    return NULL;
}

static bool shape_check(const Shape *shape, const Json *spec, GError **error);

static bool
member_check(const Shape *shape, Str key, const Json *value, GError **error)
{
    const Shape *part = shape_part(shape, key);
    if (str_is(key, "when") || str_is(key, "if"))
        return conditions_check(value, error);
    if (str_is(key, "each"))
        return json_type(value) == JSON_STRING ? pointer_check(json_text(value), error)
                                               : place_check(value, error);
    if (part && json_type(value) != JSON_OBJECT)
        return fail(error, ERR_INPUT, "this is an object of ours");
    if (part && part->many && !json_get(value, "each"))
        return fail(error, ERR_INPUT, "there may be several: say which by \"each\": \"/place\"");
    if (part)
        return shape_check(part, value, error);
    if (!shape_has(shape, key))
        return fail(error, ERR_INPUT, "there is no such field in %s", shape->name);
    return value_check(value, 0, error);
}

static bool
shape_check(const Shape *shape, const Json *spec, GError **error)
{
    for (size_t i = 0; i < json_len(spec); i++)
        if (!member_check(shape, json_key(spec, i), json_nth(spec, i), error))
            return fail_at(error, STR_FMT, STR_ARG(json_key(spec, i)));
    return true;
}

bool
map_section_check(const Json *section, GError **error)
{
    return shape_check(&order_shape, section, error);
}

/* ---- around the sections ------------------------------------------------------------------------------------------ */

static bool
sign_check(const Json *sign, GError **error)
{
    static const char *const kinds[] = {"header", "hmac", "standard", "stripe"};
    Str kind = json_text(json_get(sign, "kind"));
    if (!sign)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (str_is(kind, kinds[i]))
            return !json_get(sign, "name") || json_text(json_get(sign, "name")).len ||
                   fail(error, ERR_INPUT, "name is the name of a header");
    return fail(error, ERR_INPUT, "kind is header, hmac, standard or stripe, not '" STR_FMT "'",
                STR_ARG(str_sub(kind, 0, NAME_BYTES)));
}

bool
map_root_check(const Json *root, GError **error)
{
    static const char names[] = " source sign amounts dates orders about ";
    for (size_t i = 0; i < json_len(root); i++) {
        char name[NAME_BYTES + 2];
        Str key = str_sub(json_key(root, i), 0, NAME_BYTES / 2);
        g_snprintf(name, sizeof name, " " STR_FMT " ", STR_ARG(key));
        if (!strstr(names, name))
            return fail(error, ERR_INPUT, STR_FMT ": a map has%sand no more", STR_ARG(key), names);
    }
    return sign_check(json_get(root, "sign"), error) || fail_at(error, "sign");
}
