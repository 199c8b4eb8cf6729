/* shop_check.c - see shop_check.h. */
#include "flow/shop_check.h"

#include "base/address.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/civil.h"
#include "base/when.h"
#include "engine/url.h"
#include "flow/mailbox.h"
#include "flow/sender.h"
#include "flow/words.h"
#include "plug/map.h"

#include <string.h>

/* #rrggbb, as styles take it. */
static bool
color_check(Str value, GError **error)
{
    bool good = value.len == 7 && value.at[0] == '#';
    for (size_t i = 1; i < value.len; i++)
        good = good && g_ascii_isxdigit(value.at[i]);
    return good || fail(error, ERR_INPUT, "a colour is written like #1d4f91");
}

static bool
web_address_check(Str value, bool secure_only, GError **error)
{
    return str_starts(value, "https://") || (!secure_only && str_starts(value, "http://")) ||
           fail(error, ERR_INPUT, "an address begins with https://");
}

/* ISO 3166-1 alpha-2, as in tzdata's iso3166.tab. */
static const char countries[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCD"
    "CFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGF"
    "GGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKN"
    "KPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNA"
    "NCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI"
    "SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVI"
    "VNVUWFWSYEYTZAZMZW";

/* A country that there is not would keep no law at all. */
static bool
country_check(Str value, GError **error)
{
    if (value.len != 2 || !g_ascii_isupper(value.at[0]) || !g_ascii_isupper(value.at[1]))
        return fail(error, ERR_INPUT, "a country is two capital letters, like DE");
    if (str_is(value, "UK") || str_is(value, "EL"))
        return fail(error, ERR_INPUT, "the United Kingdom is GB, Greece is GR (ISO 3166)");
    for (const char *code = countries; *code; code += 2)
        if (memcmp(code, value.at, 2) == 0)
            return true;
    return fail(error, ERR_INPUT, "there is no country " STR_FMT " (ISO 3166)", STR_ARG(value));
}

/* Settings that are a number or a span of time. What cannot be read would count as none: for ever, never. */
static const struct {
    const char *key;
    int64_t least, most; /* ms, of spans */
    bool span;
    const char *words;
} numbers[] = {
    {"bounces.soft_limit", 1, 1000, false, "a number of mails from 1 to 1000"},
    {"bounces.soft_days", 1, 3650, false, "a number of days from 1 to 3650"},
    {"keep.bodies_days", 0, 36500, false, "a number of days, or 0 for ever"},
    {"privacy.hold_years", 0, 100, false, "a number of years from 0 to 100"},
    {"api.per_minute", 1, 1000 * 1000, false, "a number from 1 to 1000000"},
    {"poll.every", MINUTE_MS, DAY_MS, true, "a span from 1m to 1d, like 15m"},
    {"poll.overlap", 0, 7 * DAY_MS, true, "a span of at most 7d, like 10m"},
};

static bool
digits_read(Str value, int64_t *ret)
{
    enum { DIGITS_MOST = 9 };
    *ret = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (!g_ascii_isdigit(value.at[i]))
            return false;
        *ret = *ret * 10 + g_ascii_digit_value(value.at[i]);
    }
    return value.len > 0 && value.len <= DIGITS_MOST;
}

static bool
topic_check(Str value, GError **error)
{
    size_t at;
    return (str_starts(value, "arn:aws") && str_find(value, STR(":sns:"), &at)) ||
           fail(error, ERR_INPUT,
                "it is the ARN of an SNS topic, like arn:aws:sns:eu-west-1:123456789012:bounces");
}

static bool
number_check(size_t row, Str value, GError **error)
{
    int64_t number = 0;
    bool read = numbers[row].span ? duration_parse(value, &number, NULL)
                                  : value.len < 20 && digits_read(value, &number);
    return (read && number >= numbers[row].least && number <= numbers[row].most) ||
           fail(error, ERR_INPUT, "it is %s, not '" STR_FMT "'", numbers[row].words,
                STR_ARG(str_sub(value, 0, 40)));
}

/* A file that is not there would keep every mail back, at night. */
static bool
file_check(Str value, GError **error)
{
    g_autofree char *path = g_strndup(value.at, value.len);
    if (!g_path_is_absolute(path))
        return fail(error, ERR_INPUT, "a file is named from the root on: /etc/ssl/our-ca.pem");
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
           fail(error, ERR_INPUT, "there is no file %s", path);
}

/* anas-boots.myshopify.com, with https:// or without. */
static bool
shopify_check(Str value, GError **error)
{
    Str rest = value, host;
    size_t at;
    if (str_find(value, STR("://"), &at))
        rest = str_sub(value, at + 3, value.len);
    str_split(&rest, '/', &host);
    bool good = str_find(host, STR("."), &at) && !rest.len && !str_find(host, STR(" "), &at) &&
                !str_starts(host, "admin.shopify.com");
    return good || fail(error, ERR_INPUT,
                        "it is the shop's address at Shopify, like anas-boots.myshopify.com");
}

/* Shopify names its versions by the month in which they came: 2026-01. */
static bool
shopify_version_check(Str value, GError **error)
{
    int64_t year = 0, month = 0;
    bool dated = value.len == 7 && value.at[4] == '-' && digits_read(str_sub(value, 0, 4), &year) &&
                 digits_read(str_sub(value, 5, 2), &month) && month >= 1 && month <= 12;
    return dated || str_is(value, "unstable") ||
           fail(error, ERR_INPUT, "a version of Shopify's API is a month, like 2026-01");
}

/* Domains and addresses, parted by commas. */
static bool
senders_check(Arena *arena, Str value, GError **error)
{
    Str rest = value, one, domain;
    Address address;
    while (str_split(&rest, ',', &one)) {
        size_t at;
        one = str_trim(one);
        bool good = str_find(one, STR("@"), &at) ? address_parse_spec(arena, one, &address, error)
                                                 : domain_parse(arena, one, &domain, error);
        if (!good)
            return false;
    }
    return true;
}

/* RFC 8601 2.2: an authserv-id. */
static bool
authority_check(Str value, GError **error)
{
    for (size_t i = 0; i < value.len; i++)
        if (!g_ascii_isgraph(value.at[i]) || strchr(";,()\"", value.at[i]))
            return fail(error, ERR_INPUT, "it is one name, like mx.example.com");
    return true;
}

static bool
sections_check(Str key, Str value, GError **error)
{
    g_autoptr(ShopWords) words = shop_words_new(value, error);
    return words || fail_at(error, STR_FMT, STR_ARG(key));
}

static bool
value_check(Str key, Str value, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Address address;
    SmtpServer server;
    Str domain;
    if (str_is(key, "smtp.rate"))
        return sender_check_rate(value, error);
    if (str_is(key, "smtp.connections"))
        return sender_check_connections(value, error);
    if (!value.len)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (str_is(key, numbers[i].key))
            return number_check(i, value, error);
    if (str_is(key, "demo"))
        return str_is(value, "yes") || str_is(value, "no") ||
               fail(error, ERR_INPUT, "it is yes or no");
    if (str_is(key, "smtp.url"))
        return str_is(value, "catcher") || sender_parse(arena, value, &server, error);
    if (str_is(key, "mailbox.imap"))
        return mailbox_check_imap(value, error);
    if (str_is(key, "mail.bounce_domain"))
        return domain_parse(arena, value, &domain, error);
    if (str_is(key, "mail.from") || str_is(key, "mail.reply_to"))
        return address_parse(arena, value, &address, error);
    if (str_is(key, "smtp.ca_file") || str_is(key, "mailbox.ca_file"))
        return file_check(value, error);
    if (str_is(key, "shopify.shop"))
        return shopify_check(value, error);
    if (str_is(key, "shopify.api_version"))
        return shopify_version_check(value, error);
    if (str_is(key, "woocommerce.url"))
        return web_address_check(value, false, error);
    if (str_is(key, "order_mail.from"))
        return senders_check(arena, value, error);
    if (str_is(key, "order_mail.authority"))
        return authority_check(value, error);
    if (str_is(key, "brand.color"))
        return color_check(value, error);
    if (str_is(key, "brand.logo_url"))
        return web_address_check(value, true, error);
    if (str_is(key, "public_url"))
        return web_address_check(value, false, error);
    if (str_is(key, "ses.secret"))
        return topic_check(value, error);
    if (str_is(key, "shop.country"))
        return country_check(value, error);
    if (str_is(key, "generic.map"))
        return map_read(arena, value, error) || fail_at(error, "generic.map");
    if (str_is(key, "mail.sections") || str_is(key, "mail.sections_draft"))
        return sections_check(key, value, error);
    if (str_is(key, "marketing.suppressions"))
        return str_is(value, "none") || str_is(value, "imported") ||
               fail(error, ERR_INPUT, "it is none or imported");
    return true;
}

bool
shop_check_value(Str key, Str value, GError **error)
{
    g_autoptr(GError) problem = NULL;
    if (value_check(key, value, &problem))
        return true;
    bool named = strncmp(problem->message, key.at, key.len) == 0;
    g_propagate_error(error, g_steal_pointer(&problem));
    return named ? false : fail_at(error, STR_FMT, STR_ARG(key));
}
