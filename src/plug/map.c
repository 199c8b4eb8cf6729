/* map.c - see map.h. */
#include "plug/map.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "base/money.h"
#include "base/when.h"
#include "plug/map_inside.h"
#include "plug/plug.h"

#include <string.h>

enum { SECTIONS_MOST = 16 };

typedef enum Dates { DATES_TEXT, DATES_MAIL, DATES_SECONDS, DATES_MS } Dates;

struct Map {
    const Json *root;
    const Json *sections[SECTIONS_MOST];
    size_t section_count;
    Str source;
    bool minor;
    Dates dates;
};

/* The ready maps: src/plug/map/NAME.json, put into the program at build. */
static const struct {
    const char *name;
    const char *text;
} ready[] = {
#define ROW(name, text) {name, text},
#include "maps.def"
#undef ROW
};

const char *
map_ready_nth(size_t n)
{
    return n < G_N_ELEMENTS(ready) ? ready[n].name : NULL;
}

/* ---- reading a map ------------------------------------------------------------------------------------------ */

static bool
map_add_section(Map *map, const Json *section, GError **error)
{
    if (map->section_count == SECTIONS_MOST)
        return fail(error, ERR_INPUT, "more than %d sections", SECTIONS_MOST);
    if (json_type(section) != JSON_OBJECT || !json_get(section, "id"))
        return fail(error, ERR_INPUT, "a section is an object that says at least where the id is");
    map->sections[map->section_count++] = section;
    return map_section_check(section, error);
}

static bool
map_style(Map *map, GError **error)
{
    Str amounts = json_text(json_get(map->root, "amounts"));
    Str dates = json_text(json_get(map->root, "dates"));
    map->minor = str_is(amounts, "minor");
    if (amounts.len && !map->minor && !str_is(amounts, "decimal"))
        return fail(error, ERR_INPUT, "amounts are `decimal` or `minor`");
    map->dates = str_is(dates, "seconds") ? DATES_SECONDS
                 : str_is(dates, "ms")    ? DATES_MS
                 : str_is(dates, "mail")  ? DATES_MAIL
                                          : DATES_TEXT;
    if (dates.len && !map->dates && !str_is(dates, "text"))
        return fail(error, ERR_INPUT, "dates are `text`, `mail`, `seconds` or `ms`");
    return true;
}

const Map *
map_read(Arena *arena, Str text, GError **error)
{
    Map *map = arena_new_of(arena, Map, 1);
    text = str_trim(text);
    for (size_t i = 0; i < G_N_ELEMENTS(ready); i++)
        if (str_is(text, ready[i].name))
            text = str_of(ready[i].text);
    if (!text.len || text.at[0] != '{') {
        fail(error, ERR_INPUT,
             "a map is JSON, or the name of a ready one; `postlude list maps` shows those");
        return NULL;
    }
    map->root = json_parse(arena, text.at, text.len, error);
    if (!map->root)
        return NULL;
    const Json *orders = json_get(map->root, "orders");
    bool list = json_type(orders) == JSON_ARRAY;
    bool ok = map_root_check(map->root, error) && map_style(map, error);
    map->source = own_source(arena, json_text(json_get(map->root, "source")), error);
    ok = ok && map->source.len;
    for (size_t i = 0; ok && i < (list ? json_len(orders) : 1); i++)
        ok = map_add_section(map, list ? json_nth(orders, i) : orders, error) ||
             fail_at(error, "orders/%zu", i);
    return ok ? map : NULL;
}

const Json *
map_sign(const Map *map)
{
    return json_get(map->root, "sign");
}

/* ---- taking values out ------------------------------------------------------------------------------------------ */

typedef struct Taking {
    Arena *arena;
    const Map *map;
    const OwnShop *shop;
    const Json *document;
    const MapWatch *watch; /* NULL: nobody looks on */
    char currency[4];      /* of the order in work: how many cents make one */
} Taking;

static const Json *
place_at(const Taking *taking, const Json *item, Str place)
{
    bool top = str_starts(place, "//");
    const Json *value = json_at(top ? taking->document : item,
                                arena_cstr(taking->arena, str_sub(place, top, place.len)));
    if (taking->watch && value)
        taking->watch->read(taking->watch->me, value);
    return value;
}

/* Lists of scalars are joined: tags, coupon codes. */
static Str
value_text(const Taking *taking, const Json *value, const char *between)
{
    if (json_type(value) != JSON_ARRAY)
        return str_trim(json_as_text(taking->arena, value));
    Buf buf = {.arena = taking->arena};
    for (size_t i = 0; i < json_len(value); i++) {
        Str one = str_trim(json_as_text(taking->arena, json_nth(value, i)));
        if (one.len && buf.len)
            buf_add_cstr(&buf, between);
        buf_add_str(&buf, one);
    }
    return buf_str(&buf);
}

static Str
word_of(const Json *words, Str theirs)
{
    const Json *ours = json_find(words, theirs);
    return json_text(ours ? ours : json_get(words, "*"));
}

static bool
list_has(const Json *list, Str text, Arena *arena)
{
    for (size_t i = 0; i < json_len(list); i++)
        if (str_eq(json_as_text(arena, json_nth(list, i)), text))
            return true;
    return false;
}

static Str spec_text(const Taking *taking, const Json *item, const Json *spec);

/* {"/state": ["Cancelled"]}: each place holds one of its words; "*" is anything that is there. */
static bool
conditions_hold(const Taking *taking, const Json *item, const Json *conditions)
{
    for (size_t i = 0; i < json_len(conditions); i++) {
        const Json *value = place_at(taking, item, json_key(conditions, i));
        const Json *list = json_nth(conditions, i);
        bool any = !json_missing(value) && list_has(list, STR("*"), taking->arena);
        if (!any && !list_has(list, value_text(taking, value, ", "), taking->arena))
            return false;
    }
    return true;
}

static Str
at_text(const Taking *taking, const Json *item, const Json *spec)
{
    const Json *join = json_get(spec, "join"), *words = json_get(spec, "words");
    Str place = json_text(json_get(spec, "at"));
    if (!conditions_hold(taking, item, json_get(spec, "if")))
        return (Str){0};
    Str text = place.len && place.at[0] == '=' ? str_sub(place, 1, place.len)
                                               : value_text(taking, place_at(taking, item, place),
                                                            json_str(join) ? json_str(join) : ", ");
    if (list_has(json_get(spec, "unless"), text, taking->arena))
        return (Str){0};
    return words ? word_of(words, text) : text;
}

static Str
list_text(const Taking *taking, const Json *item, const Json *list, bool first)
{
    Buf buf = {.arena = taking->arena};
    for (size_t i = 0; i < json_len(list); i++) {
        Str text = spec_text(taking, item, json_nth(list, i));
        if (first && text.len)
            return text;
        buf_add_str(&buf, text);
    }
    return str_trim(buf_str(&buf));
}

static Str
spec_text(const Taking *taking, const Json *item, const Json *spec)
{
    Str place = json_text(spec);
    if (json_type(spec) == JSON_OBJECT && json_get(spec, "at"))
        return at_text(taking, item, spec);
    if (json_type(spec) == JSON_OBJECT && json_get(spec, "first"))
        return list_text(taking, item, json_get(spec, "first"), true);
    if (json_type(spec) == JSON_OBJECT) /* a sum has no text */
        return list_text(taking, item, json_get(spec, "text"), false);
    if (place.len && place.at[0] == '=')
        return str_sub(place, 1, place.len);
    return value_text(taking, place_at(taking, item, place), ", ");
}

/* ---- sums ---------------------------------------------------------------------------------------------------------- */

static bool
text_int(Str text, int64_t *ret)
{
    char *end = NULL;
    char digits[24];
    if (!text.len || text.len >= sizeof digits)
        return false;
    memcpy(digits, text.at, text.len);
    digits[text.len] = '\0';
    *ret = g_ascii_strtoll(digits, &end, 10);
    return *end == '\0';
}

/* An amount as the program writes it: 1990 cents are 19.90, 1990 yen are 1990, and by `digits` 1990 of Stripe's Icelandic
 * crowns are 20. */
static bool
amount_read(const Taking *taking, Str text, Money *ret, GError **error)
{
    int64_t number = 0;
    int64_t digits = money_digits(taking->currency), theirs = digits;
    if (!taking->map->minor)
        return money_parse_rounded(text, taking->currency, ret, error);
    if (!text_int(text, &number))
        return fail(error, ERR_INPUT, "'" STR_FMT "' is no whole number of cents",
                    STR_ARG(str_sub(text, 0, 40)));
    json_int(json_get(json_get(taking->map->root, "digits"), taking->currency), &theirs);
    return money_parse_rounded(
        str_of(arena_format(taking->arena, "%" G_GINT64_FORMAT "e%d", number, -(int)theirs)),
        taking->currency, ret, error);
}

static bool
sum_add(const Taking *taking, const Json *item, const Json *list, int sign, Money *sum,
        bool *ret_any, GError **error)
{
    for (size_t i = 0; i < json_len(list); i++) {
        Money one = {0};
        Str text = spec_text(taking, item, json_nth(list, i));
        if (!text.len)
            continue;
        if (!amount_read(taking, text, &one, error))
            return false;
        if (!(sign > 0 ? money_add(*sum, one, sum) : money_subtract(*sum, one, sum)))
            return fail(error, ERR_INPUT, "the sum is too large");
        *ret_any = true;
    }
    return true;
}

/* {"sum": [P, Q], "less": [R]}; nothing where none of them is there. */
static bool
sum_text(const Taking *taking, const Json *item, const Json *spec, Str *ret, GError **error)
{
    Money sum = {0};
    bool any = false;
    memcpy(sum.currency, taking->currency, sizeof sum.currency);
    *ret = (Str){0};
    if (!sum_add(taking, item, json_get(spec, "sum"), 1, &sum, &any, error))
        return false;
    if (any && !sum_add(taking, item, json_get(spec, "less"), -1, &sum, &any, error))
        return false;
    if (any)
        *ret = str_of(money_format(taking->arena, sum));
    return true;
}

/* ---- in our words ------------------------------------------------------------------------------------------------ */

bool
map_key_is_amount(Str key)
{
    static const char *const amounts[] = {"subtotal", "shipping", "fees",  "tax",
                                          "discount", "total",    "price", "amount"};
    for (size_t i = 0; i < G_N_ELEMENTS(amounts); i++)
        if (str_is(key, amounts[i]))
            return true;
    return false;
}

static bool
key_is_moment(Str key)
{
    return str_ends(key, "_at") || str_is(key, "promised_from") || str_is(key, "promised_until") ||
           str_is(key, "expected_from") || str_is(key, "expected_until");
}

static bool
amount_text(const Taking *taking, const Json *item, const Json *spec, Str *ret, GError **error)
{
    Money money = {0};
    Str text = spec_text(taking, item, spec);
    if (json_get(spec, "sum"))
        return sum_text(taking, item, spec, ret, error);
    if (taking->map->minor && text.len) {
        if (!amount_read(taking, text, &money, error))
            return false;
        text = str_of(money_format(taking->arena, money));
    }
    *ret = text;
    return true;
}

static bool
moment_text(const Taking *taking, Str text, Str *ret, GError **error)
{
    int64_t number = 0;
    char iso[WHEN_BYTES];
    /* Stripe and others send whole seconds; a fraction is none of a second that matters. */
    size_t dot = text.len;
    str_find(text, STR("."), &dot);
    if (taking->map->dates == DATES_MAIL) {
        if (when_parse_mail(text, &number, NULL)) /* if not, it is one of the usual forms */
            *ret = str_of(when_format(taking->arena, number));
        return true;
    }
    if (!text_int(str_sub(text, 0, dot), &number) ||
        (taking->map->dates == DATES_SECONDS && __builtin_mul_overflow(number, 1000, &number)))
        return fail(error, ERR_INPUT, "'" STR_FMT "' is no number of %s since 1970",
                    STR_ARG(str_sub(text, 0, 40)),
                    taking->map->dates == DATES_MS ? "milliseconds" : "seconds");
    when_iso(number, iso);
    *ret = arena_copy(taking->arena, str_of(iso));
    return true;
}

static Str
letters_up(Arena *arena, Str text)
{
    char *letters = arena_cstr(arena, text);
    for (size_t i = 0; i < text.len; i++)
        letters[i] = g_ascii_toupper(letters[i]);
    return (Str){letters, text.len};
}

static bool
value_put(const Taking *taking, const Json *item, Str key, const Json *spec, JsonWriter *out,
          GError **error)
{
    Str text;
    if (!map_key_is_amount(key))
        text = spec_text(taking, item, spec);
    else if (!amount_text(taking, item, spec, &text, error))
        return fail_at(error, STR_FMT, STR_ARG(key));
    if (!text.len)
        return true;
    if (taking->map->dates && key_is_moment(key) && !moment_text(taking, text, &text, error))
        return fail_at(error, STR_FMT, STR_ARG(key));
    if (str_is(key, "currency") || str_is(key, "country_code")) /* Stripe writes eur, Medusa de */
        text = letters_up(taking->arena, text);
    json_put_key_text(out, key);
    json_put_text(out, text);
    return true;
}

static bool members_put(const Taking *taking, const Json *item, const Json *spec, JsonWriter *out,
                        GError **error);

static bool
object_put(const Taking *taking, const Json *item, const Json *spec, JsonWriter *out,
           GError **error)
{
    json_put_object(out);
    bool ok = members_put(taking, item, spec, out, error);
    json_put_end(out);
    return ok;
}

static bool
each_put(const Taking *taking, const Json *item, const Json *spec, JsonWriter *out, GError **error)
{
    const Json *list = place_at(taking, item, json_text(json_get(spec, "each")));
    bool many = json_type(list) == JSON_ARRAY;
    size_t count = many ? json_len(list) : !json_missing(list);
    bool ok =
        count <= LIMIT_ORDER_LINES ||
        fail(error, ERR_TOO_BIG, "%zu elements; at most %d are taken", count, LIMIT_ORDER_LINES);
    json_put_array(out);
    for (size_t i = 0; ok && i < count; i++) {
        const Json *one = many ? json_nth(list, i) : list;
        ok = !conditions_hold(taking, one, json_get(spec, "if")) ||
             object_put(taking, one, spec, out, error) || fail_at(error, "%zu", i);
    }
    json_put_end(out);
    return ok;
}

static bool
members_put(const Taking *taking, const Json *item, const Json *spec, JsonWriter *out,
            GError **error)
{
    for (size_t i = 0; i < json_len(spec); i++) {
        const Json *value = json_nth(spec, i);
        Str key = json_key(spec, i);
        bool ok = true;
        if (str_is(key, "each") || str_is(key, "when") || str_is(key, "if"))
            continue;
        if (json_type(value) != JSON_OBJECT || map_spec_is_value(value)) {
            ok = value_put(taking, item, key, value, out, error);
        } else {
            json_put_key_text(out, key);
            ok = json_get(value, "each") ? each_put(taking, item, value, out, error)
                                         : object_put(taking, item, value, out, error);
        }
        if (!ok)
            return fail_at(error, STR_FMT, STR_ARG(key));
    }
    return true;
}

/* ---- sections --------------------------------------------------------------------------------------------------- */

/* Whose cents they are. */
static void
taking_currency(Taking *taking, const Json *item, const Json *section)
{
    const Json *spec = json_get(section, "currency");
    Str code = spec ? spec_text(taking, item, spec) : (Str){0};
    memcpy(taking->currency, taking->shop->currency, sizeof taking->currency);
    for (size_t i = 0; code.len == 3 && i < 3; i++)
        taking->currency[i] = g_ascii_toupper(code.at[i]);
    if (money_digits(taking->currency) < 0)
        memcpy(taking->currency, taking->shop->currency, sizeof taking->currency);
}

/* One order in our words, read by those who read our words. */
static bool
order_take(Taking *taking, const Json *item, const Json *section, Facts *ret, GError **error)
{
    Buf buf = {.arena = taking->arena};
    JsonWriter out = {.buf = &buf};
    taking_currency(taking, item, section);
    if (!object_put(taking, item, section, &out, error))
        return false;
    json_put_done(&out);
    const Json *own = json_parse(taking->arena, buf.at, buf.len, error);
    return own && own_order_read(taking->arena, taking->shop, own, ret, error);
}

/* The facts of several orders as one. */
static void
facts_gather(Arena *arena, Facts *list, size_t count, Facts *ret)
{
    Facts all = {.source = count ? list[0].source : (Str){0}};
    for (size_t i = 0; i < count; i++) {
        all.order_count += list[i].order_count;
        all.shipment_count += list[i].shipment_count;
        all.refund_count += list[i].refund_count;
    }
    Order *orders = arena_new_of(arena, Order, all.order_count);
    Shipment *shipments = arena_new_of(arena, Shipment, all.shipment_count);
    Refund *refunds = arena_new_of(arena, Refund, all.refund_count);
    all.orders = orders;
    all.shipments = shipments;
    all.refunds = refunds;
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n < list[i].order_count; n++)
            *orders++ = list[i].orders[n];
        for (size_t n = 0; n < list[i].shipment_count; n++)
            *shipments++ = list[i].shipments[n];
        for (size_t n = 0; n < list[i].refund_count; n++)
            *refunds++ = list[i].refunds[n];
    }
    *ret = all;
}

static bool
section_take(Taking *taking, const Json *section, Facts *ret, GError **error)
{
    const Json *each = json_get(section, "each");
    const Json *list = each ? place_at(taking, taking->document, json_text(each)) : NULL;
    bool many = json_type(list) == JSON_ARRAY;
    size_t count = many ? json_len(list) : 1;
    if (count > LIMIT_PAGE_ROWS)
        return fail(error, ERR_TOO_BIG, "%zu orders at once; at most %d are taken", count,
                    LIMIT_PAGE_ROWS);
    Facts *facts = arena_new_of(taking->arena, Facts, count);
    for (size_t i = 0; i < count; i++) {
        const Json *item = many ? json_nth(list, i) : each ? list : taking->document;
        if (!order_take(taking, item, section, &facts[i], error))
            return many ? fail_at(error, "%zu", i) : false;
    }
    facts_gather(taking->arena, facts, count, ret);
    return true;
}

bool
map_facts(Arena *arena, const MapAsk *ask, Facts *ret, GError **error)
{
    const Map *map = ask->map;
    const Json *document = ask->document;
    Taking taking = {
        .arena = arena,
        .map = map,
        .shop = ask->shop,
        .document = document,
        .watch = ask->watch,
    };
    for (size_t i = 0; i < map->section_count; i++) {
        if (!conditions_hold(&taking, document, json_get(map->sections[i], "when")))
            continue;
        Facts facts;
        if (!section_take(&taking, map->sections[i], &facts, error))
            return false;
        facts.source = map->source;
        *ret = facts;
        return true;
    }
    *ret = (Facts){.declined = STR("no section of the map is meant for this")};
    return true;
}
