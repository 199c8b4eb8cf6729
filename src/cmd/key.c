/* key.c - `postlude key`: the installation's key, and the DKIM keys of shops. */
#include "base/encode.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/dkim.h"
#include "engine/guard.h"

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
    return fail(error, ERR_USAGE, "key takes init, or dkim with a shop");
}

int
cmd_key(int argc, char **argv)
{
    g_autofree char *domain = NULL, *selector = NULL, *type = NULL;
    const GOptionEntry entries[] = {
        {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "dkim: domain of the shop's sender",
         "DOMAIN"},
        {"selector", 0, 0, G_OPTION_ARG_STRING, &selector, "dkim: name of the key (postlude)",
         "NAME"},
        {"type", 0, 0, G_OPTION_ARG_STRING, &type, "dkim: rsa (everybody reads it) or ed25519",
         "TYPE"},
        {0},
    };
    CmdOptions options = {
        .usage = "key init | key dkim SLUG --domain DOMAIN --selector NAME [--type rsa|ed25519]",
        .help = "Makes the installation's key, or a key with which a shop's mails are signed.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc == 2 && strcmp(argv[1], "init") == 0)
        return cmd_write(data, "key", argv + 1);
    if (argc != 3 || strcmp(argv[1], "dkim") != 0 || !domain)
        return cmd_usage(&options, "key dkim takes a shop and --domain");
    const char *words[] = {
        "dkim", argv[2], domain, selector ? selector : "postlude", type ? type : "rsa", NULL};
    return cmd_write(data, "key", (char **)words);
}
