/* map_check.c - whether a map can be meant: said when it is set, with the place of the slip. */
#include "plug/map_inside.h"
#include "plug/order_field.h"
#include "plug/own_part.h"

#include <string.h>

enum { DEPTH_MOST = 12, NAME_BYTES = 64 };

bool
map_spec_is_value(const Json *spec)
{
    return json_get(spec, "at") || json_get(spec, "first") || json_get(spec, "text") ||
           json_get(spec, "sum");
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

/* {"sum": [...], "less": [...]} */
static bool
sum_check(const Json *spec, int depth, GError **error)
{
    for (size_t i = 0; i < json_len(spec); i++) {
        const Json *list = json_nth(spec, i);
        Str key = json_key(spec, i);
        if ((!str_is(key, "sum") && !str_is(key, "less")) || json_type(list) != JSON_ARRAY)
            return fail(error, ERR_INPUT, "`sum` and `less` are lists, and stand alone");
        for (size_t n = 0; n < json_len(list); n++)
            if (json_get(json_nth(list, n), "sum"))
                return fail(error, ERR_INPUT, "a sum of sums is one sum");
            else if (!value_check(json_nth(list, n), depth + 1, error))
                return fail_at(error, STR_FMT "/%zu", STR_ARG(key), n);
    }
    return true;
}

/* first, text: a list of values. */
static bool
values_check(const Json *spec, int depth, GError **error)
{
    const Json *list = json_nth(spec, 0);
    if (json_len(spec) != 1 || json_type(list) != JSON_ARRAY || !json_len(list))
        return fail(error, ERR_INPUT, "`first` and `text` are lists, and stand alone");
    for (size_t i = 0; i < json_len(list); i++)
        if (json_get(json_nth(list, i), "sum"))
            return fail(error, ERR_INPUT, "a sum stands alone");
        else if (!value_check(json_nth(list, i), depth + 1, error))
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
    if (json_get(spec, "sum"))
        return sum_check(spec, depth, error);
    if (!json_get(spec, "at"))
        return values_check(spec, depth, error);
    for (size_t i = 0; i < json_len(spec); i++)
        if (!at_member_check(json_key(spec, i), json_nth(spec, i), error))
            return fail_at(error, STR_FMT, STR_ARG(json_key(spec, i)));
    return true;
}

/* ---- our own words ---------------------------------------------------------------------------------------------- */

/* An object of ours: its members are fields of an order behind a prefix, or those of a table. */
typedef struct Shape {
    const char *name;
    const char *fields;  /* "line.": as order_field.h knows them; NULL: own */
    const OwnShape *own; /* lists in it are objects of ours, too */
    bool many;           /* made by `each` */
    const struct Shape *parts;
} Shape;

static const Shape order_parts[] = {
    {.name = "customer", .fields = "customer."},
    {.name = "ship_to", .fields = "ship_to."},
    {.name = "bill_to", .fields = "bill_to."},
    {.name = "lines", .fields = "line.", .many = true},
    {.name = "shipments", .own = &own_order_shipment_shape, .many = true},
    {.name = "refunds", .own = &own_order_refund_shape, .many = true},
    {0},
};
static const Shape order_shape = {.name = "an order", .fields = "", .parts = order_parts};

static const OwnField *
shape_own(const Shape *shape, Str key)
{
    for (const OwnField *field = shape->own ? shape->own->fields : NULL; field && field->name;
         field++)
        if (str_is(key, field->name))
            return field;
    return NULL;
}

static const OrderField *
shape_field(const Shape *shape, Str key)
{
    char name[NAME_BYTES + 2];
    if (!shape->fields || !key.len || key.len > NAME_BYTES / 2 || memchr(key.at, '.', key.len))
        return NULL;
    g_snprintf(name, sizeof name, "%s" STR_FMT, shape->fields, STR_ARG(key));
    return order_field_find(str_of(name));
}

/* An object in it: false if the member is none. */
static bool
shape_part(const Shape *shape, Str key, Shape *ret)
{
    const OwnField *own = shape_own(shape, key);
    if (own && own->type == OWN_LIST) {
        *ret = (Shape){.name = own->name, .own = own->shape, .many = true};
        return true;
    }
    for (const Shape *part = shape->parts; part && part->name; part++) {
        if (!str_is(key, part->name))
            continue;
        *ret = *part;
        return true;
    }
    return false;
}

/* ---- our words for theirs ----------------------------------------------------------------------------------------- */

enum { WORDS_MOST = 40 };

/* The words that a member may have, NULL-terminated; none where it takes any text. */
static void
words_list(const Shape *shape, Str key, const char *ret[WORDS_MOST + 1])
{
    const OwnField *own = shape_own(shape, key);
    const OrderField *field = shape_field(shape, key);
    size_t count = 0;
    for (; own && own->words && own->words[count]; count++)
        ret[MIN(count, WORDS_MOST - 1)] = own->words[count];
    for (; field && order_field_word(field, count); count++)
        ret[MIN(count, WORDS_MOST - 1)] = order_field_word(field, count);
    ret[MIN(count, WORDS_MOST)] = NULL;
}

static bool
word_check(const char *const *words, Str word, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t i = 0; words[i]; i++) {
        if (!word.len || str_eq_nocase(word, words[i]))
            return true;
        g_string_append_printf(known, "%s%s", i ? ", " : "", words[i]);
    }
    return fail(error, ERR_INPUT, "'" STR_FMT "' is none of %s", STR_ARG(str_sub(word, 0, 40)),
                known->str);
}

/* Letters that we write ourselves are one of our words; what stands in the document cannot be known. */
static bool
letters_check(const char *const *words, const Json *spec, GError **error)
{
    const Json *first = json_get(spec, "first"), *theirs = json_get(spec, "words");
    Str text = json_text(json_type(spec) == JSON_STRING ? spec : json_get(spec, "at"));
    if (str_starts(text, "=") && !theirs && !word_check(words, str_sub(text, 1, text.len), error))
        return false;
    for (size_t i = 0; i < json_len(theirs); i++)
        if (!word_check(words, json_text(json_nth(theirs, i)), error))
            return fail_at(error, "words/" STR_FMT, STR_ARG(json_key(theirs, i)));
    for (size_t i = 0; i < json_len(first); i++)
        if (!letters_check(words, json_nth(first, i), error))
            return fail_at(error, "first/%zu", i);
    return true;
}

static bool shape_check(const Shape *shape, const Json *spec, GError **error);

static bool
member_check(const Shape *shape, Str key, const Json *value, GError **error)
{
    Shape part;
    const char *words[WORDS_MOST + 1];
    bool is_part = shape_part(shape, key, &part);
    if (str_is(key, "when") || str_is(key, "if"))
        return conditions_check(value, error);
    if (str_is(key, "each"))
        return json_type(value) == JSON_STRING ? pointer_check(json_text(value), error)
                                               : place_check(value, error);
    if (is_part && json_type(value) != JSON_OBJECT)
        return fail(error, ERR_INPUT, "this is an object of ours");
    if (is_part && part.many && !json_get(value, "each"))
        return fail(error, ERR_INPUT, "there may be several: say which by \"each\": \"/place\"");
    if (is_part)
        return shape_check(&part, value, error);
    if (!shape_own(shape, key) && !shape_field(shape, key))
        return fail(error, ERR_INPUT, "there is no such field in %s", shape->name);
    if (json_get(value, "sum") && !map_key_is_amount(key))
        return fail(error, ERR_INPUT, "only amounts can be summed");
    words_list(shape, key, words);
    return value_check(value, 0, error) && (!words[0] || letters_check(words, value, error));
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

static bool
digits_check(const Json *digits, GError **error)
{
    enum { DIGITS_MOST = 8 };
    int64_t number = 0;
    for (size_t i = 0; i < json_len(digits); i++)
        if (!json_int(json_nth(digits, i), &number) || number < 0 || number > DIGITS_MOST)
            return fail(error, ERR_INPUT, "digits/" STR_FMT ": a number from 0 to %d",
                        STR_ARG(json_key(digits, i)), DIGITS_MOST);
    return !digits || json_type(digits) == JSON_OBJECT ||
           fail(error, ERR_INPUT, "digits are currencies and numbers: {\"ISK\": 2}");
}

bool
map_root_check(const Json *root, GError **error)
{
    static const char names[] = " source sign amounts digits dates orders about ";
    for (size_t i = 0; i < json_len(root); i++) {
        char name[NAME_BYTES + 2];
        Str key = str_sub(json_key(root, i), 0, NAME_BYTES / 2);
        g_snprintf(name, sizeof name, " " STR_FMT " ", STR_ARG(key));
        if (!strstr(names, name))
            return fail(error, ERR_INPUT, STR_FMT ": a map has%sand no more", STR_ARG(key), names);
    }
    return digits_check(json_get(root, "digits"), error) &&
           (sign_check(json_get(root, "sign"), error) || fail_at(error, "sign"));
}
