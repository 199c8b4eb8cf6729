/* connector.c - the list of connectors, and what they share. */
#include "plug/connector/connector.h"

#include "base/encode.h"
#include "base/limits.h"
#include "base/money.h"
#include "base/text.h"

#include <string.h>

#define ROW(name) extern const Connector connector_##name;
#include "plug/connector/connectors.def"
#undef ROW

static const Connector *const connectors[] = {
#define ROW(name) &connector_##name,
#include "plug/connector/connectors.def"
#undef ROW
};

const Connector *
connector_find(Str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(connectors); i++)
        if (str_is(name, connectors[i]->name))
            return connectors[i];
    return NULL;
}

const Connector *
connector_nth(size_t n)
{
    return n < G_N_ELEMENTS(connectors) ? connectors[n] : NULL;
}

bool
connector_signed(const ConnectorSecret *secret, Str body, Str letters)
{
    uint8_t tag[DIGEST_BYTES];
    size_t tag_bytes = 0;
    return decode_to(ENCODE_BASE64, letters, sizeof tag, tag, &tag_bytes) &&
           hmac_check(secret->sha256, body, (Str){(const char *)tag, tag_bytes});
}

const ConnectorNoun *
connector_noun(const Connector *connector, Str name)
{
    const ConnectorNoun *noun = connector && connector->poll ? connector->poll->nouns : NULL;
    while (noun && noun->name && !str_is(name, noun->name))
        noun++;
    return noun && noun->name ? noun : NULL;
}

/* ---- what their readers share --------------------------------------------------------------------- */

Str
connector_name(Arena *arena, Str first, Str last)
{
    return str_trim(
        str_of(arena_format(arena, STR_FMT " " STR_FMT, STR_ARG(first), STR_ARG(last))));
}

bool
connector_count(Arena *arena, const Json *object, const char *key, int64_t *ret, GError **error)
{
    enum { COUNT_MOST = 1000 * 1000, DIGITS_MOST = 7 };
    const Json *value = json_get(object, key);
    Str text = plug_text(arena, object, key);
    int64_t count = 0;
    if (!text.len)
        return true;
    bool whole = json_int(value, &count);
    if (!whole && json_type(value) == JSON_STRING && text.len <= DIGITS_MOST) {
        size_t digits = 0;
        while (digits < text.len && g_ascii_isdigit(text.at[digits]))
            count = count * 10 + (text.at[digits++] - '0');
        whole = digits == text.len;
    }
    if (!whole || count < 0 || count > COUNT_MOST)
        return fail(error, ERR_INPUT, "%s is not a whole number from 0 to 1,000,000", key);
    *ret = count;
    return true;
}

bool
connector_add(int64_t *sum, int64_t more, const char *what, GError **error)
{
    return !__builtin_add_overflow(*sum, more, sum) ||
           fail(error, ERR_INPUT, "the sum of %s is too large", what);
}

bool
connector_len(const Json *object, const char *key, size_t *ret, GError **error)
{
    size_t count = json_len(json_get(object, key));
    if (count > LIMIT_ORDER_LINES)
        return fail(error, ERR_TOO_BIG, "%s: %zu of them; at most %d are taken", key, count,
                    LIMIT_ORDER_LINES);
    *ret = count;
    return true;
}

const char *
connector_currency(Arena *arena, Str code)
{
    const char *currency = arena_cstr(arena, code);
    return code.len == 3 && money_digits(currency) >= 0 ? currency : NULL;
}

bool
connector_marketplace(Arena *arena, Str channel)
{
    static const char *const names[] = {
        "allegro", "amazon", "bol",   "cdiscount", "ebay",   "etsy",    "kaufland", "mercari",
        "mirakl",  "otto",   "shein", "temu",      "tiktok", "walmart", "zalando",
    };
    Str name = text_lower(arena, channel);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        size_t len = strlen(names[i]);
        if (str_starts(name, names[i]) && (name.len == len || !g_ascii_isalnum(name.at[len])))
            return true;
    }
    return false;
}

static bool
word_listed(Str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(word, list[i]))
            return true;
    return false;
}

bool
connector_gift(Arena *arena, Str name, Str value)
{
    static const char *const yes[] = {
        "gift",        "agift",        "giftorder",   "giftmessage",   "giftnote",
        "giftwrap",    "giftwrapping", "giftreceipt", "giftrecipient", "giftoption",
        "giftoptions", "thisisagift",  "sendasgift",  "orderisgift",   "orderisagift",
    };
    static const char *const no[] = {"", "no", "n", "false", "0", "off", "none"};
    Buf word = {.arena = arena};
    for (size_t i = 0; i < name.len; i++)
        if (g_ascii_isalnum(name.at[i]))
            buf_add_char(&word, g_ascii_tolower(name.at[i]));
    Str plain = buf_str(&word);
    if (str_starts(plain, "is"))
        plain = str_sub(plain, 2, plain.len);
    return word_listed(plain, yes, G_N_ELEMENTS(yes)) && !word_listed(value, no, G_N_ELEMENTS(no));
}

void
connector_join(Buf *list, Str word)
{
    if (word.len && list->len)
        buf_add_cstr(list, ", ");
    buf_add_str(list, word);
}

bool
connector_told_nothing(const Facts *facts)
{
    return facts->customer_count + facts->consent_count + facts->product_count +
                   facts->merge_count + facts->variant_count + facts->coupon_count +
                   facts->order_count + facts->shipment_count + facts->scan_count +
                   facts->refund_count + facts->happening_count + facts->gone_count +
                   facts->ask_count ==
               0 &&
           !facts->disconnected;
}

void
connector_escape(Buf *out, Str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (g_ascii_isalnum(value.at[i]) || strchr("-._~", value.at[i]))
            buf_add_char(out, value.at[i]);
        else
            buf_format(out, "%%%02X", (unsigned char)value.at[i]);
}

/* ---- several tellings as one ---------------------------------------------------------------------------- */

/* Where a list of nouns is in the Facts. */
static const struct {
    size_t at, count_at, size;
} nouns[] = {
#define NOUN(list, count)                                                          \
    {                                                                              \
        offsetof(Facts, list), offsetof(Facts, count), sizeof(*((Facts *)0)->list) \
    }
    NOUN(customers, customer_count), NOUN(consents, consent_count), NOUN(products, product_count),
    NOUN(coupons, coupon_count),     NOUN(orders, order_count),     NOUN(shipments, shipment_count),
    NOUN(scans, scan_count),         NOUN(refunds, refund_count),   NOUN(gone, gone_count),
    NOUN(asks, ask_count),           NOUN(merges, merge_count),     NOUN(variants, variant_count),
#undef NOUN
};

static void
noun_gather(Arena *arena, const Facts *list, size_t count, size_t noun, Facts *ret)
{
    size_t size = nouns[noun].size, total = 0, filled = 0;
    for (size_t i = 0; i < count; i++)
        total += *(const size_t *)(const void *)((const char *)&list[i] + nouns[noun].count_at);
    char *all = arena_alloc(arena, size * total);
    for (size_t i = 0; i < count; i++) {
        const char *from = (const char *)&list[i];
        size_t some = *(const size_t *)(const void *)(from + nouns[noun].count_at);
        const void *part = *(const void *const *)(const void *)(from + nouns[noun].at);
        if (some)
            memcpy(all + size * filled, part, size * some);
        filled += some;
    }
    *(const void **)(void *)((char *)ret + nouns[noun].at) = all;
    *(size_t *)(void *)((char *)ret + nouns[noun].count_at) = total;
}

bool
connector_list_told(const ConnectorAsk *ask, const Json *list, ConnectorTold told, Facts *ret,
                    GError **error)
{
    size_t count = json_len(list);
    if (json_type(list) != JSON_ARRAY || count > LIMIT_ORDER_LINES)
        return fail(error, ERR_INPUT, "a list was expected, not %s", json_type_name(list));
    Facts *parts = arena_new_of(ask->arena, Facts, count);
    *ret = (Facts){0};
    for (size_t i = 0; i < count; i++) {
        g_autoptr(GError) problem = NULL;
        if (arena_over(ask->arena))
            return fail(error, ERR_TOO_BIG, "the page holds more than we can read at once");
        if (!told(ask, json_nth(list, i), &parts[i], &problem) && !ret->unread.len)
            ret->unread = str_of(arena_cstr(ask->arena, str_of(problem->message)));
    }
    for (size_t noun = 0; noun < G_N_ELEMENTS(nouns); noun++)
        noun_gather(ask->arena, parts, count, noun, ret);
    if (connector_told_nothing(ret) && ret->unread.len)
        return fail(error, ERR_INPUT, STR_FMT, STR_ARG(ret->unread));
    if (connector_told_nothing(ret))
        ret->declined = STR("nothing on this page is to be learned");
    return true;
}
