/* shop.c - `postlude shop`: adds shops, sets what they need, shows what they have. */
#include "base/nearest.h"
#include "base/when.h"
#include "cmd/cmd.h"
#include "engine/guard.h"
#include "flow/legal.h"
#include "flow/owed.h"
#include "flow/shop_check.h"

#include <stdio.h>
#include <string.h>

/* ---- the writing half ---------------------------------------------------------------------------------------------- */

/* Words: SLUG NAME CURRENCY ZONE LOCALE. */
static bool
write_add(Home *home, char **words, GString *out, GError **error)
{
    if (g_strv_length(words) != 5)
        return fail(error, ERR_USAGE, "shop add takes one short name");
    ShopNew shop = {str_of(words[0]), str_of(words[1]), str_of(words[2]), str_of(words[3]),
                    str_of(words[4])};
    if (!shop_add(home->store, &shop, error) || !shopbook_load(home->shops, error))
        return false;
    g_string_append_printf(
        out,
        "Shop %s is there: %s, %s, %s, %s. `postlude shop set %s` changes that.\n"
        "It is not live: nothing leaves until you set live_since=now.\n",
        words[0], words[1], words[2], words[3], words[4], words[0]);
    return true;
}

/* What the law asks for has to be there before a receipt is switched on (flow/owed.h). */
static bool
receipts_check(Home *home, const ShopEntry *shop, const ShopValue *values, size_t count,
               GError **error)
{
    bool has_legal = false;
    Db *db = store_reader(home->store, error);
    bool ok = db && legal_exists(db, shop->shop.id, &has_legal, error);
    store_reader_return(home->store, db);
    for (size_t i = 0; ok && i < count; i++)
        ok = owed_check(shop, values[i].key, values[i].value, has_legal, error);
    return ok;
}

/* Words: SLUG KEY=VALUE ... All are set, or none. */
static bool
write_set(Home *home, char **words, GString *out, GError **error)
{
    size_t count = g_strv_length(words) - MIN(g_strv_length(words), 1);
    if (count == 0)
        return fail(error, ERR_USAGE, "shop set takes a shop and at least one KEY=VALUE");
    g_autofree ShopValue *values = g_new0(ShopValue, count);
    for (size_t i = 0; i < count; i++) {
        char *word = words[i + 1], *equals = strchr(word, '=');
        if (!equals)
            return fail(error, ERR_USAGE, "'%s' is not of the form KEY=VALUE", word);
        values[i] = (ShopValue){{word, (size_t)(equals - word)}, str_of(equals + 1)};
        if (!shop_check_value(values[i].key, values[i].value, error))
            return false;
    }
    g_autoptr(ShopHold) shop = home_shop(home, words[0], error);
    if (!shop || !receipts_check(home, shop, values, count, error) ||
        !shop_set(home->store, &home->keyring->columns, shop, values, count, error) ||
        !shopbook_load(home->shops, error))
        return false;
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(out, STR_FMT " is set.\n", STR_ARG(values[i].key));
    return true;
}

bool
shop_write(Home *home, char **words, GString *out, GError **error)
{
    const char *verb = words[0];
    if (verb && strcmp(verb, "add") == 0)
        return write_add(home, words + 1, out, error);
    if (verb && strcmp(verb, "set") == 0)
        return write_set(home, words + 1, out, error);
    return fail(error, ERR_USAGE, "shop takes add, set, show or list");
}

/* ---- the looking half ------------------------------------------------------------------------------------------------ */

static void
print_setting(const ShopEntry *shop, Setting setting)
{
    const ShopSettingRow *row = setting_row(setting);
    Str value = shop_setting(shop, setting);
    if (row->secret)
        printf("%-20s %s\n", row->key, value.len ? "(set, not shown)" : "");
    else
        printf("%-20s " STR_FMT "\n", row->key, STR_ARG(value));
}

static void
print_shop(const ShopEntry *entry)
{
    const Shop *shop = &entry->shop;
    char live[WHEN_BYTES] = "never";
    if (shop->is_live)
        when_iso(shop->live_since, live);
    printf("%-20s " STR_FMT "\n%-20s " STR_FMT "\n%-20s " STR_FMT "\n%-20s " STR_FMT
           "\n%-20s " STR_FMT "\n%-20s %s\n",
           "slug", STR_ARG(shop->slug), "name", STR_ARG(shop->name), "currency",
           STR_ARG(shop->currency), "zone", STR_ARG(shop->zone), "locale", STR_ARG(shop->locale),
           "live_since", live);
    for (int i = 0; i < SETTINGS_END; i++)
        print_setting(entry, (Setting)i);
}

static int
look(const char *data, const char *slug)
{
    g_autoptr(GError) error = NULL;
    HomeOptions options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&options, &error);
    if (!home)
        return cmd_fail(error);
    if (slug) {
        g_autoptr(ShopHold) shop = home_shop(home, slug, &error);
        if (!shop)
            return cmd_fail(error);
        print_shop(shop);
        return GUARD_OK;
    }
    for (size_t n = 0;; n++) {
        g_autoptr(ShopHold) shop = shopbook_nth(home->shops, n);
        if (!shop)
            return GUARD_OK;
        printf(STR_FMT "\t" STR_FMT "\t%s\n", STR_ARG(shop->shop.slug), STR_ARG(shop->shop.name),
               shop->shop.is_live ? "live" : "not live");
    }
}

/* ---- the verb ---------------------------------------------------------------------------------------------------------- */

/* Which of its forms was meant, and what that lacks. */
static int
shop_usage(const CmdOptions *options, const char *verb, int argc)
{
    static const char *const verbs[] = {"add", "set", "show", "list", NULL};
    const char *near = nearest_name(verbs, str_of(verb));
    if (!near)
        return cmd_usage(options, "shop takes add, set, show or list");
    if (strcmp(near, verb) != 0)
        return cmd_usage(options, "shop takes no '%s'; did you mean %s?", verb, near);
    if (argc == 2)
        return cmd_usage(options, "shop %s takes the shop's short name", verb);
    if (strcmp(verb, "set") == 0)
        return cmd_usage(options, "shop set takes at least one KEY=VALUE behind the shop; "
                                  "`postlude list settings` tells the keys");
    return cmd_usage(options, "shop %s takes %s; a value with blanks wants quotes", verb,
                     strcmp(verb, "list") == 0 ? "nothing more" : "one short name");
}

int
cmd_shop(int argc, char **argv)
{
    g_autofree char *name = NULL, *currency = NULL, *zone = NULL, *locale = NULL;
    const GOptionEntry entries[] = {
        {"name", 0, 0, G_OPTION_ARG_STRING, &name, "add: as its customers know it", "NAME"},
        {"currency", 0, 0, G_OPTION_ARG_STRING, &currency, "add: ISO 4217 (EUR)", "CODE"},
        {"zone", 0, 0, G_OPTION_ARG_STRING, &zone, "add: IANA time zone (UTC)", "ZONE"},
        {"locale", 0, 0, G_OPTION_ARG_STRING, &locale, "add: language (en)", "TAG"},
        {0},
    };
    CmdOptions options = {
        .usage = "shop add SLUG --name NAME --currency EUR --zone Europe/Paris --locale en | "
                 "shop set SLUG KEY=VALUE ... | shop show SLUG | shop list",
        .help =
            "Adds a shop, sets what it needs, shows what it has. `postlude list settings` tells "
            "what can be set.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "list") == 0 && argc == 2)
        return look(data, NULL);
    if (strcmp(verb, "show") == 0 && argc == 3)
        return look(data, argv[2]);
    if (strcmp(verb, "set") == 0 && argc >= 4)
        return cmd_write(data, "shop", argv + 1);
    if (strcmp(verb, "add") != 0 || argc != 3)
        return shop_usage(&options, verb, argc);
    const char *words[] = {"add",
                           argv[2],
                           name ? name : argv[2],
                           currency ? currency : "EUR",
                           zone ? zone : "UTC",
                           locale ? locale : "en",
                           NULL};
    return cmd_write(data, "shop", (char **)words);
}
