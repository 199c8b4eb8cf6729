/* shop_check.c - see shop_check.h. */
#include "flow/shop_check.h"

#include "base/address.h"
#include "base/domain.h"
#include "base/limits.h"
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

static bool
country_check(Str value, GError **error)
{
    return (value.len == 2 && g_ascii_isupper(value.at[0]) && g_ascii_isupper(value.at[1])) ||
           fail(error, ERR_INPUT, "a country is two capital letters, like DE");
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
    if (str_is(key, "smtp.url"))
        return str_is(value, "catcher") || sender_parse(arena, value, &server, error);
    if (str_is(key, "mailbox.imap"))
        return mailbox_check_imap(value, error);
    if (str_is(key, "mail.bounce_domain"))
        return domain_parse(arena, value, &domain, error);
    if (str_is(key, "mail.from") || str_is(key, "mail.reply_to"))
        return address_parse(arena, value, &address, error);
    if (str_is(key, "brand.color"))
        return color_check(value, error);
    if (str_is(key, "brand.logo_url"))
        return web_address_check(value, true, error);
    if (str_is(key, "public_url"))
        return web_address_check(value, false, error);
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
