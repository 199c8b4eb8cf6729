/* key.c - `postlude key`: the installation's key, the DKIM keys of shops, and the keys with which programs come in. */
#include "base/encode.h"
#include "base/limits.h"
#include "base/when.h"
#include "cmd/cmd.h"
#include "engine/clock.h"
#include "engine/dkim.h"
#include "engine/guard.h"
#include "engine/id.h"
#include "flow/api_key.h"

#include <stdio.h>
#include <string.h>

static void
print_record(Arena *arena, const DkimKey *key, GString *out)
{
    g_string_append_printf(
        out,
        "The key is kept, sealed. Put this record into the DNS of the domain:\n\n"
        "  name   %s\n  type   TXT\n  value  %s\n\nAs a zone file has it:\n\n"
        "  %s. IN TXT %s\n",
        dkim_record_name(arena, key), dkim_record(arena, key), dkim_record_name(arena, key),
        dkim_record_strings(arena, key));
}

/* Words: dkim SLUG DOMAIN SELECTOR TYPE. */
static bool
write_dkim(Home *home, char **words, GString *out, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(ShopHold) shop = home_shop(home, words[0], error);
    if (!shop)
        return false;
    bool rsa = strcmp(words[3], "rsa") == 0;
    if (!rsa && strcmp(words[3], "ed25519") != 0)
        return fail(error, ERR_USAGE, "--type is rsa or ed25519, not '%s'", words[3]);
    SignKey *pair = sign_key_make(rsa ? SIGN_RSA : SIGN_ED25519);
    Str letters = str_of(encode(arena, ENCODE_BASE64, sign_key_private(arena, pair)));
    g_autoptr(DkimKey) key = dkim_key_new(pair, str_of(words[1]), str_of(words[2]), error);
    if (!key)
        return false;
    const ShopValue values[] = {
        {STR("dkim.domain"), str_of(words[1])},
        {STR("dkim.selector"), str_of(words[2])},
        {STR("dkim.key"), letters},
    };
    if (!shop_set(home->store, &home->keyring->columns, shop, values, G_N_ELEMENTS(values),
                  error) ||
        !shopbook_load(home->shops, error))
        return false;
    print_record(arena, key, out);
    return true;
}

/* ---- keys of the API ------------------------------------------------------------------------------------------ */

enum { KEYS_SHOWN = 1000, KEY_STATE_BYTES = 60, KEY_DAYS_MOST = 3650 };

/* "opens", "opens until ..." */
static const char *
key_state(Rows *rows, char ret[KEY_STATE_BYTES])
{
    char at[WHEN_BYTES];
    int64_t ends_at = rows_int(rows, 5);
    if (!rows_is_null(rows, 4))
        return "revoked";
    if (!ends_at)
        return "opens";
    when_iso(ends_at, at);
    g_snprintf(ret, KEY_STATE_BYTES, "%s %s", clock_now() < ends_at ? "opens until" : "ended", at);
    return ret;
}

static bool
list_api(Home *home, int64_t shop, GString *out, GError **error)
{
    char id[ID_TEXT_BYTES], until[KEY_STATE_BYTES];
    Db *db = store_reader(home->store, error);
    if (!db)
        return false;
    Rows *rows = db_rows(db, Q_api_key_list,
                         BINDS(bind_int("shop", shop), bind_int("limit", KEYS_SHOWN)), error);
    while (rows && rows_next(rows))
        g_string_append_printf(out, "%s\t" STR_FMT "\t%s\t" STR_FMT "\n",
                               id_format(rows_int(rows, 0), id), STR_ARG(rows_text(rows, 2)),
                               key_state(rows, until), STR_ARG(str_trim(rows_text(rows, 3))));
    bool fine = rows && rows_ok(rows, error);
    g_clear_pointer(&rows, rows_close);
    store_reader_return(home->store, db);
    return fine;
}

static bool
make_api(Home *home, const ApiKey *key, GString *out, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    char *text, id[ID_TEXT_BYTES];
    int64_t key_id;
    if (!api_key_make(arena, home->store, key, &text, &key_id, error))
        return false;
    g_string_append_printf(out,
                           "%s\nThis is shown once: only its hash is kept. Its name here is %s.\n",
                           text, id_format(key_id, id));
    return true;
}

/* How long the key opens; "" has no end. */
static bool
days_read(const char *word, int64_t *ret_ends_at, GError **error)
{
    char *end = NULL;
    int64_t days = g_ascii_strtoll(word, &end, 10);
    *ret_ends_at = 0;
    if (!*word)
        return true;
    if (!*end && days >= 1 && days <= KEY_DAYS_MOST)
        *ret_ends_at = clock_now() + days * DAY_MS;
    return *ret_ends_at ||
           fail(error, ERR_USAGE, "--days is a number of days from 1 to %d, not '%s'",
                KEY_DAYS_MOST, word);
}

/* Words: SLUG make NAME SCOPES DAYS, SLUG list, SLUG revoke ID. */
static bool
write_api(Home *home, char **words, GString *out, GError **error)
{
    guint count = g_strv_length(words);
    g_autoptr(ShopHold) shop = home_shop(home, words[0], error);
    int64_t id;
    if (!shop)
        return false;
    if (count == 5 && strcmp(words[1], "make") == 0) {
        ApiKey key = {.shop = shop->shop.id, .name = str_of(words[2]), .scopes = str_of(words[3])};
        return days_read(words[4], &key.ends_at, error) && make_api(home, &key, out, error);
    }
    if (count == 2 && strcmp(words[1], "list") == 0)
        return list_api(home, shop->shop.id, out, error);
    if (count != 3 || strcmp(words[1], "revoke") != 0)
        return fail(error, ERR_USAGE, "key api makes, lists or revokes");
    if (!id_parse(str_of(words[2]), &id) || id_kind(id) != KIND_API_KEY)
        return fail(error, ERR_USAGE, "'%s' is no name of a key: see --list", words[2]);
    if (!api_key_revoke(home->store, shop->shop.id, id, error))
        return false;
    g_string_append_printf(out, "The key %s opens nothing any more.\n", words[2]);
    return true;
}

bool
key_write(Home *home, char **words, GString *out, GError **error)
{
    if (words[0] && strcmp(words[0], "dkim") == 0 && g_strv_length(words) == 5)
        return write_dkim(home, words + 1, out, error);
    if (words[0] && strcmp(words[0], "init") == 0) {
        g_string_append_printf(out,
                               "The installation has its key (fingerprint %s). Keep a copy of the "
                               "file in a safe place: a backup leaves it out.\n",
                               home->keyring->fingerprint);
        return true;
    }
    if (words[0] && strcmp(words[0], "api") == 0 && words[1])
        return write_api(home, words + 1, out, error);
    return fail(error, ERR_USAGE, "key takes init, or dkim or api with a shop");
}

/* Options of `key api`. */
typedef struct ApiWords {
    char *name, *scopes, *days, *revoke;
    gboolean list;
} ApiWords;

static int
cmd_key_api(const CmdOptions *options, const char *slug, const ApiWords *api)
{
    const char *list[] = {"api", slug, "list", NULL};
    const char *revoke[] = {"api", slug, "revoke", api->revoke, NULL};
    const char *make[] = {"api", slug, "make", api->name, api->scopes, api->days ? api->days : "",
                          NULL};
    if (api->list)
        return cmd_write(options->data, "key", (char **)list);
    if (api->revoke)
        return cmd_write(options->data, "key", (char **)revoke);
    if (!api->name || !api->scopes)
        return cmd_usage(options, "key api takes --name and --scopes, or --list, or --revoke");
    return cmd_write(options->data, "key", (char **)make);
}

static void
api_words_clear(ApiWords *api)
{
    g_free(api->name);
    g_free(api->scopes);
    g_free(api->days);
    g_free(api->revoke);
}

static int
key_usage(const CmdOptions *options, const char *kind)
{
    if (strcmp(kind, "dkim") == 0)
        return cmd_usage(options, "key dkim takes a shop and --domain");
    if (strcmp(kind, "api") == 0)
        return cmd_usage(options,
                         "key api takes a shop, with --name and --scopes, --list, or --revoke");
    return cmd_usage(options, "key takes init, dkim or api");
}

int
cmd_key(int argc, char **argv)
{
    g_autofree char *domain = NULL, *selector = NULL, *type = NULL;
    ApiWords api = {0};
    const GOptionEntry entries[] = {
        {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "dkim: domain of the shop's sender",
         "DOMAIN"},
        {"selector", 0, 0, G_OPTION_ARG_STRING, &selector, "dkim: name of the key (postlude)",
         "NAME"},
        {"type", 0, 0, G_OPTION_ARG_STRING, &type, "dkim: rsa (everybody reads it) or ed25519",
         "TYPE"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &api.name, "api: the program that gets the key",
         "NAME"},
        {"scopes", 0, 0, G_OPTION_ARG_STRING, &api.scopes,
         "api: what it may: all, or orders:read,orders:write,...", "SCOPES"},
        {"days", 0, 0, G_OPTION_ARG_STRING, &api.days, "api: opens for so many days (no end)",
         "DAYS"},
        {"list", 0, 0, G_OPTION_ARG_NONE, &api.list, "api: the keys of the shop", NULL},
        {"revoke", 0, 0, G_OPTION_ARG_STRING, &api.revoke, "api: this one opens nothing any more",
         "ID"},
        {0},
    };
    CmdOptions options = {
        .usage = "key init | key dkim SLUG --domain DOMAIN --selector NAME [--type rsa|ed25519] | "
                 "key api SLUG --name PROGRAM --scopes SCOPES [--days DAYS] | key api SLUG --list "
                 "| key api SLUG "
                 "--revoke ID",
        .help = "Makes the installation's key, a key with which a shop's mails are signed, or one "
                "with which a program comes in.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc == 2 && strcmp(argv[1], "init") == 0)
        return cmd_write(data, "key", argv + 1);
    if (argc == 3 && strcmp(argv[1], "api") == 0) {
        code = cmd_key_api(&options, argv[2], &api);
        api_words_clear(&api);
        return code;
    }
    api_words_clear(&api);
    if (argc != 3 || strcmp(argv[1], "dkim") != 0 || !domain)
        return key_usage(&options, argc > 1 ? argv[1] : "");
    const char *words[] = {
        "dkim", argv[2], domain, selector ? selector : "postlude", type ? type : "rsa", NULL};
    return cmd_write(data, "key", (char **)words);
}
