/* snippet.c - `postlude snippet`: what brings the order page into the mails that a shop system sends itself. */
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/asset.h"
#include "engine/guard.h"
#include "flow/door.h"
#include "flow/mail_owner.h"
#include "flow/order_mail.h"

#include <stdio.h>
#include <string.h>

/* @NAME@ stands for a value of the shop. */
static char *
snippet_fill(const Home *home, Arena *arena, const ShopEntry *shop, Str template)
{
    Str url = shop_setting(shop, SETTING_PUBLIC_URL);
    while (str_ends(url, "/"))
        url.len--;
    GString *text = g_string_new_len(template.at, (gssize) template.len);
    g_string_replace(text, "@URL@", arena_cstr(arena, url), 0);
    g_string_replace(text, "@SHOP@", arena_cstr(arena, shop->shop.slug), 0);
    g_string_replace(text, "@KEY@", door_key(arena, home->keyring->links, shop->shop.id), 0);
    g_string_replace(text, "@SECRET@",
                     order_mail_secret(arena, home->keyring->links, shop->shop.slug), 0);
    g_string_replace(text, "@ORDERS@",
                     mail_owner_orders(arena, home->keyring->links, shop->shop.slug), 0);
    return g_string_free(text, FALSE);
}

static bool
snippet_print(Home *home, const char *slug, const char *source, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(ShopHold) shop = home_shop(home, slug, error);
    Str template = asset_get(arena_format(arena, "ui/snippet/%s.txt", source));
    if (!shop)
        return false;
    if (!template.at)
        return fail(error, ERR_USAGE,
                    "there is a snippet for shopify, for woocommerce and for order_mail");
    if (strcmp(source, "order_mail") != 0 && !shop_setting(shop, SETTING_PUBLIC_URL).len)
        return fail(error, ERR_CONFIG, "set public_url first: the link needs an address");
    g_autofree char *text = snippet_fill(home, arena, shop, template);
    fputs(text, stdout);
    return true;
}

int
cmd_snippet(int argc, char **argv)
{
    CmdOptions options = {
        .usage = "snippet SLUG shopify|woocommerce|order_mail",
        .help = "Prints what brings the order page into the mails that the shop system sends, or "
                "orders out of them.",
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 3)
        return cmd_usage(&options, "snippet takes a shop and a shop system");
    g_autoptr(GError) error = NULL;
    HomeOptions look = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&look, &error);
    if (!home || !snippet_print(home, argv[1], argv[2], &error))
        return cmd_fail(error);
    return GUARD_OK;
}
