/* sender.c - a submission server with a login; see sender.h. */
#include "flow/sender.h"

#include "base/limits.h"
#include "engine/clock.h"
#include "engine/url.h"
#include "flow/reach.h"

#include <stdlib.h>
#include <string.h>

enum {
    PIPELINE_DEPTH = 4,   /* mails in hand per connection: the next ones travel behind the first */
    MANUAL_DIVISOR = 100, /* under test control nobody waits five minutes for a greeting */
    CONNECTIONS_DEFAULT = 10,
    CONNECTIONS_MOST = 50,
    PAUSE_MOST_MS = 24 * 3600 * 1000, /* rate.h */
};

#define RATE_LEAST 0.001 /* a mail in a quarter of an hour */

/* ---- address -------------------------------------------------------------------------------------------- */

static bool
option_read(SmtpServer *server, Str name, Str value, GError **error)
{
    static const struct {
        const char *name, *value;
        SmtpTls tls;
    } tls[] = {
        {"tls", "auto", SMTP_TLS_AUTO},
        {"tls", "require", SMTP_TLS_REQUIRE},
        {"tls", "never", SMTP_TLS_NEVER},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tls); i++) {
        if (!str_is(name, tls[i].name) || !str_is(value, tls[i].value))
            continue;
        server->tls = tls[i].tls;
        return true;
    }
    static const struct {
        const char *value;
        SmtpAuth auth;
    } auths[] = {
        {"plain", SMTP_AUTH_PLAIN}, {"login", SMTP_AUTH_LOGIN}, {"xoauth2", SMTP_AUTH_XOAUTH2}};
    for (size_t i = 0; i < G_N_ELEMENTS(auths); i++) {
        if (!str_is(name, "auth") || !str_is(value, auths[i].value))
            continue;
        server->auth = auths[i].auth;
        return true;
    }
    /* What stands there may be half of a password: it is not repeated. */
    return fail(
        error, ERR_CONFIG,
        "smtp.url: behind the ? may stand tls=auto|require|never and auth=plain|login|xoauth2; a ? "
        "in the password is written as %%3F");
}

static bool
login_read(Arena *arena, Str login, SmtpServer *server, GError **error)
{
    Str user = login, secret = {0};
    char *colon = memchr(login.at, ':', login.len);
    if (colon) {
        user.len = (size_t)(colon - login.at);
        secret = str_sub(login, user.len + 1, login.len);
    }
    if (!url_decode(arena, user, false, &user) || !url_decode(arena, secret, false, &secret))
        return fail(error, ERR_CONFIG,
                    "smtp.url: user or password hold a sign that has to be written as %%XX");
    server->user = arena_cstr(arena, user);
    server->secret = arena_cstr(arena, secret);
    return true;
}

static bool
host_read(Arena *arena, Str host, SmtpServer *server, GError **error)
{
    Str port = {0};
    char *colon = host.len ? memrchr(host.at, ':', host.len) : NULL;
    bool bracketed = host.len && host.at[0] == '[';
    if (colon && (!bracketed || colon > host.at + host.len - 7) && !str_ends(host, "]")) {
        port = str_sub(host, (size_t)(colon - host.at) + 1, host.len);
        host.len = (size_t)(colon - host.at);
        int64_t number = 0;
        for (size_t i = 0; i < port.len && number < 100000; i++)
            number = g_ascii_isdigit(port.at[i]) ? number * 10 + port.at[i] - '0' : 100000;
        if (number < 1 || number > 65535)
            return fail(
                error, ERR_CONFIG,
                "smtp.url: what stands behind the host's colon is no port; user and password "
                "stand before an @");
        server->port = (int)number;
    }
    if (bracketed && str_ends(host, "]"))
        host = str_sub(host, 1, host.len - 2);
    if (!host.len)
        return fail(error, ERR_CONFIG, "smtp.url names no host");
    server->host = arena_cstr(arena, host);
    return true;
}

bool
sender_parse(Arena *arena, Str url, SmtpServer *ret, GError **error)
{
    SmtpServer server = {.tls = SMTP_TLS_AUTO};
    Str rest = url, options = {0};
    if (str_starts(url, "smtps://"))
        server.tls = SMTP_TLS_IMPLICIT;
    else if (!str_starts(url, "smtp://"))
        return fail(error, ERR_CONFIG,
                    "smtp.url starts with smtp:// or smtps://, or is the word catcher");
    rest = str_sub(rest, server.tls == SMTP_TLS_IMPLICIT ? 8 : 7, rest.len);
    char *question = rest.len ? memchr(rest.at, '?', rest.len) : NULL;
    if (question) {
        options = str_sub(rest, (size_t)(question - rest.at) + 1, rest.len);
        rest.len = (size_t)(question - rest.at);
    }
    while (str_ends(rest, "/"))
        rest.len--;
    char *at = rest.len ? memrchr(rest.at, '@', rest.len) : NULL;
    if (at) {
        size_t len = (size_t)(at - rest.at);
        if (!login_read(arena, (Str){rest.at, len}, &server, error))
            return false;
        rest = str_sub(rest, len + 1, rest.len);
    }
    if (!host_read(arena, rest, &server, error))
        return false;
    Str name, value;
    g_autoptr(GError) problem = NULL;
    while (url_pair(arena, &options, &name, &value, &problem))
        if (!option_read(&server, name, value, error))
            return false;
    if (problem)
        return fail(error, ERR_CONFIG, "smtp.url: what stands behind the ? cannot be read");
    *ret = server;
    return true;
}

static bool
number_check(Str value, double least, double most, bool whole)
{
    g_autofree char *text = g_strndup(value.len ? value.at : "", value.len);
    char *end = NULL;
    double number = g_ascii_strtod(text, &end);
    return end != text && !*end && number >= least && number <= most &&
           (!whole || !strpbrk(text, ".eExX"));
}

bool
sender_check_rate(Str value, GError **error)
{
    return !value.len || str_is(value, "auto") || number_check(value, RATE_LEAST, 1e6, false) ||
           fail(error, ERR_CONFIG,
                "smtp.rate is auto or how many mails a second, not '" STR_FMT "'", STR_ARG(value));
}

bool
sender_check_connections(Str value, GError **error)
{
    return !value.len || number_check(value, 1, CONNECTIONS_MOST, true) ||
           fail(error, ERR_CONFIG, "smtp.connections is a number from 1 to %d, not '" STR_FMT "'",
                CONNECTIONS_MOST, STR_ARG(value));
}

Str
sender_url(const FlowOptions *options, const ShopEntry *shop)
{
    Str own = shop_setting(shop, SETTING_SMTP_URL);
    Str url = own.len ? own : str_of(options->smtp_url);
    /* Nobody in it exists: a mail to one of its customers would be a bounce at best. */
    if (str_is(shop_setting(shop, SETTING_DEMO), "yes"))
        return (Str){0};
    return str_is(url, "catcher") ? (Str){0} : url;
}

/* ---- sender ------------------------------------------------------------------------------------------------ */

static bool
sender_is_own(const ShopEntry *shop)
{
    return shop_setting(shop, SETTING_SMTP_URL).len > 0;
}

char *
sender_key(const FlowOptions *options, const ShopEntry *shop)
{
    Str url = sender_url(options, shop);
    if (!sender_is_own(shop))
        return g_strdup_printf("0 " STR_FMT, STR_ARG(url));
    return g_strdup_printf("%d " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT, (int)shop->shop.id,
                           STR_ARG(url), STR_ARG(shop_setting(shop, SETTING_SMTP_CA_FILE)),
                           STR_ARG(shop_setting(shop, SETTING_SMTP_RATE)),
                           STR_ARG(shop_setting(shop, SETTING_SMTP_CONNECTIONS)));
}

bool
sender_reach(Store *store, const FlowOptions *options, const ShopEntry *shop, NetRule *ret,
             GError **error)
{
    if (sender_is_own(shop))
        return reach_of(store, &options->net, shop->shop.id, ret, error);
    *ret = (NetRule){.scope = options->net.scope == NET_LOOPBACK ? NET_LOOPBACK : NET_ANY};
    return true;
}

static double
rate_ceiling(Str setting)
{
    g_autofree char *text = g_strndup(setting.len ? setting.at : "", setting.len);
    double mps = g_ascii_strtod(text, NULL);
    return mps > 0 ? mps : 0; /* auto */
}

static int
connections_of(Str setting)
{
    g_autofree char *text = g_strndup(setting.len ? setting.at : "", setting.len);
    int64_t count = g_ascii_strtoll(text, NULL, 10);
    return count < 1 ? CONNECTIONS_DEFAULT : (int)MIN(count, CONNECTIONS_MOST);
}

static bool
sender_recall(Sender *sender, Store *store, GError **error)
{
    Db *db = store_reader(store, error);
    if (!db)
        return false;
    bool ok = false;
    {
        g_autoptr(Rows) rows =
            db_rows(db, Q_sender_get,
                    BINDS(bind_int("shop", sender->shop), bind_cstr("name", sender->name)), error);
        if (rows && rows_next(rows)) {
            sender->rate.mps = rows_real(rows, 0);
            /* However far ahead the clock was when it was written. */
            sender->rate.paused_until = MIN(rows_int(rows, 1), clock_now() + PAUSE_MOST_MS);
            sender->rate.throttles = rows_int(rows, 2);
            sender->rate.knee_mps = rows_real(rows, 4);
        }
        ok = rows && rows_ok(rows, error);
    }
    store_reader_return(store, db);
    return ok;
}

Sender *
sender_new(SmtpLoop *loop, Store *store, const FlowOptions *options, const ShopEntry *shop,
           GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    SmtpServer server;
    if (!sender_parse(arena, sender_url(options, shop), &server, error))
        return NULL;
    bool own = sender_is_own(shop);
    Str ca = own ? shop_setting(shop, SETTING_SMTP_CA_FILE) : str_of(options->smtp_ca_file);
    server.ca_file = ca.len ? arena_cstr(arena, ca) : NULL;
    server.helo = options->helo;
    server.connections = connections_of(own ? shop_setting(shop, SETTING_SMTP_CONNECTIONS)
                                            : str_of(options->smtp_connections));
    server.depth = PIPELINE_DEPTH;
    server.timeout_divisor = options->manual ? MANUAL_DIVISOR : 1;
    if (!sender_reach(store, options, shop, &server.net, error))
        return NULL;
    SmtpPool *pool = smtp_pool_open(loop, &server, error);
    if (!pool)
        return NULL;
    Sender *sender = g_new0(Sender, 1);
    sender->key = sender_key(options, shop);
    sender->name = server.port ? g_strdup_printf("smtp://%s:%d", server.host, server.port)
                               : g_strdup_printf("smtp://%s", server.host);
    sender->shop = own ? shop->shop.id : 0;
    sender->pool = pool;
    sender->rules = rate_rules_default();
    sender->rules.ceiling_mps =
        rate_ceiling(own ? shop_setting(shop, SETTING_SMTP_RATE) : str_of(options->smtp_rate));
    if (!sender_recall(sender, store, error)) {
        smtp_pool_close(pool);
        sender_free(sender);
        return NULL;
    }
    return sender;
}

void
sender_free(Sender *sender)
{
    if (!sender)
        return;
    g_free(sender->key);
    g_free(sender->name);
    g_free(sender->words);
    g_free(sender);
}

size_t
sender_take(Sender *sender, int64_t now, size_t want)
{
    size_t room = smtp_pool_room(sender->pool);
    room = room > sender->claiming ? room - sender->claiming : 0;
    want = MIN(want, room);
    return want ? rate_take(&sender->rate, &sender->rules, now, want) : 0;
}

bool
sender_save(Db *db, const SenderRow *row, GError **error)
{
    return db_run(db, Q_sender_save,
                  BINDS(bind_int("shop", row->shop), bind_cstr("name", row->name),
                        bind_int("at", clock_now()), bind_real("rate", row->rate.mps),
                        bind_real("knee", row->rate.knee_mps),
                        bind_int("paused_until", row->rate.paused_until),
                        bind_int("throttles", row->rate.throttles), bind_cstr("words", row->words)),
                  NULL, error);
}
