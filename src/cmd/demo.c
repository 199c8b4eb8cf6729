/* demo.c - `postlude demo`: a shop to look around in (feature/demo/demo.h). */
#include "feature/demo/demo.h"

#include "base/civil.h"
#include "base/when.h"
#include "cmd/cmd.h"
#include "engine/clock.h"
#include "engine/guard.h"

#include <string.h>

enum { LIVE_DAYS = 9 /* orders that are news: their mails are on the catcher's page */ };

static const char slug[] = "demo";

/* What an owner would have set after the first hour. */
static const struct {
    const char *key;
    const char *value;
} settings[] = {
    {"demo", "yes"},
    {"smtp.url", "catcher"},
    {"mail.from", "Skerry & Fell <hello@skerry-and-fell.example>"},
    {"mail.reply_to", "hello@skerry-and-fell.example"},
    {"brand.color", "#1f5a54"},
    {"shop.country", "DK"},
    {"receipt.order_confirmation", "on"}, /* a Shopify order posted by hand is confirmed, too */
    {"contact",
     "Write to hello@skerry-and-fell.example, or call +45 33 00 00 00, weekdays 9 to 16."},
    {"legal.address", "Skerry & Fell, Strandvejen 12, 8000 Aarhus, Denmark"},
    {"legal.text", "This is a demonstration: nothing is sold and nothing is sent. A real shop puts "
                   "its terms, the right "
                   "of withdrawal and the model form here."},
};

static bool
demo_make_shop(Home *home, GError **error)
{
    ShopNew shop = {str_of(slug), STR("Skerry & Fell"), STR("EUR"), STR("Europe/Copenhagen"),
                    STR("en")};
    return shop_add(home->store, &shop, error) && shopbook_load(home->shops, error);
}

static bool
demo_set_shop(Home *home, int64_t now, GError **error)
{
    ShopValue values[G_N_ELEMENTS(settings) + 1];
    char since[WHEN_BYTES];
    when_iso(now - (int64_t)LIVE_DAYS * DAY_MS, since);
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        values[i] = (ShopValue){str_of(settings[i].key), str_of(settings[i].value)};
    values[G_N_ELEMENTS(settings)] = (ShopValue){STR("live_since"), str_of(since)};
    g_autoptr(ShopHold) shop = home_shop(home, slug, error);
    return shop &&
           shop_set(home->store, &home->keyring->columns, shop, values, G_N_ELEMENTS(values),
                    error) &&
           shopbook_load(home->shops, error);
}

bool
demo_write(Home *home, char **words, GString *out, GError **error)
{
    if (g_strv_length(words) != 1)
        return fail(error, ERR_USAGE, "demo takes no words");
    DemoAsk ask = {.store = home->store, .public_url = words[0], .now = clock_now()};
    DemoCount count;
    if (!demo_make_shop(home, error) || !demo_set_shop(home, ask.now, error))
        return false;
    g_autoptr(ShopHold) shop = home_shop(home, slug, error);
    ask.shop = shop;
    if (!shop || !demo_fill(&ask, &count, error))
        return false;
    g_string_append_printf(out,
                           "The demo shop is there: %" G_GINT64_FORMAT
                           " customers, %" G_GINT64_FORMAT " products, %" G_GINT64_FORMAT
                           " orders, %" G_GINT64_FORMAT
                           " parcels. Its mails stay on the catcher's page.\n",
                           count.customers, count.products, count.orders, count.shipments);
    return true;
}

int
cmd_demo(int argc, char **argv)
{
    g_autofree char *url = NULL;
    const GOptionEntry entries[] = {
        {"url", 0, 0, G_OPTION_ARG_STRING, &url,
         "Where this server is reached (http://127.0.0.1:8080)", "URL"},
        {0},
    };
    CmdOptions options = {
        .usage = "demo [--url URL]",
        .help =
            "Makes a shop to look around in: 2,000 customers, 60 products and 5,000 orders of the "
            "last 14 months, with parcels in every state. Nobody in it exists, and its mails "
            "never leave.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 1)
        return cmd_usage(&options, "demo takes no words");
    char *words[] = {url ? url : (char *)"http://127.0.0.1:8080", NULL};
    return cmd_write(data, "demo", words);
}
