/* connect.c - `postlude connect SHOP shopify|woocommerce`: tries the keys, says what is hidden from us, makes the
 * webhooks that are missing.
 *
 * The conversation is the plug's (ConnectorPoll.setup); here it is only held. It changes nothing of ours, so it looks
 * at the data folder beside a running server.
 */
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/guard.h"
#include "flow/poll.h"
#include "flow/reach.h"

#include <stdio.h>
#include <string.h>

enum { TURNS_MOST = 100 };

typedef struct Connect {
    Arena *arena;
    HttpClient *client;
    const Connector *connector;
    bool scratch; /* a test's data folder: peers on loopback only */
    NetRule net;  /* where the shop may lead us */
    ConnectorSetup setup;
} Connect;

static bool
connect_send(Connect *connect, const ConnectorRequest *request, HttpReply *ret, GError **error)
{
    return poll_send(connect->client, request, &connect->net, connect->arena, ret, error) &&
           ((ret->status != 429 && ret->status < 500) || http_reply_check(ret, error));
}

static bool
connect_token(Connect *connect, GError **error)
{
    const ConnectorPoll *plug = connect->connector->poll;
    ConnectorRequest request = {0};
    HttpReply reply = {0};
    int64_t seconds = 0;
    if (!plug->token_ask)
        return true;
    if (!plug->token_ask(&connect->setup.visit, &request, error) ||
        !connect_send(connect, &request, &reply, error))
        return false;
    ConnectorAnswer answer = poll_answer(&reply);
    return plug->token_read(&connect->setup.visit, &answer, &connect->setup.visit.token, &seconds,
                            error);
}

static bool
connect_talk(Connect *connect, GError **error)
{
    HttpReply reply = {0};
    ConnectorAnswer answer = {0};
    bool done = false, asked = false;
    for (int turn = 0; turn < TURNS_MOST; turn++) {
        ConnectorRequest request = {0};
        if (!connect->connector->poll->setup(&connect->setup, asked ? &answer : NULL, &request,
                                             &done, error))
            return false;
        if (done)
            return true;
        if (!connect_send(connect, &request, &reply, error))
            return false;
        answer = poll_answer(&reply);
        asked = true;
    }
    return fail(error, ERR_BAD_REPLY, "%s never comes to an end", connect->connector->title);
}

/* Where the shop system reaches us: the shop's own address, or the installation's as its server last told it. */
static bool
address_make(const Connect *connect, const Home *home, const ShopEntry *shop, const char **ret,
             GError **error)
{
    g_autofree char *file = g_build_filename(home->data, "url", NULL);
    g_autofree char *told = NULL;
    Str own = shop_setting(shop, SETTING_PUBLIC_URL);
    if (!own.len && g_file_get_contents(file, &told, NULL, NULL))
        own = str_trim(str_of(told));
    if (!connect->scratch && !str_starts(own, "https://"))
        return fail(error, ERR_CONFIG,
                    "public_url is not set to an https:// address: %s could not reach us",
                    connect->connector->title);
    while (own.len && own.at[own.len - 1] == '/')
        own.len--;
    *ret = arena_format(connect->arena, STR_FMT "/in/" STR_FMT "/%s", STR_ARG(own),
                        STR_ARG(shop->shop.slug), connect->connector->name);
    return true;
}

/* A scratch folder is a test's; else as the server would, as far as the environment tells its settings. */
static bool
net_make(Connect *connect, const Home *home, const ShopEntry *shop, GError **error)
{
    g_autoptr(Config) config = config_new();
    NetRule net;
    if (connect->scratch) {
        connect->net = (NetRule){.scope = NET_LOOPBACK};
        return true;
    }
    return config_take_environment(config, error) &&
           net_rule_parse(str_of(config_get(config, CONFIG_NET_INNER)), &net, error) &&
           reach_of(home->store, &net, shop->shop.id, &connect->net, error);
}

/* What is asked for besides, so that nobody has to guess what a lost webhook costs. */
static void
nouns_tell(const ConnectorPoll *poll, const char *every)
{
    for (const ConnectorNoun *noun = poll->nouns; noun->name; noun++)
        printf("asked for every %s: %s. %s\n", noun->at_least_ms ? "day" : every, noun->name,
               noun->help);
}

static bool
connect_run(Connect *connect, const Home *home, const ShopEntry *shop, GError **error)
{
    g_autofree char *mark = g_build_filename(home->data, "scratch", NULL);
    connect->scratch = g_file_test(mark, G_FILE_TEST_EXISTS);
    connect->client = http_client_new(&(HttpClientOptions){0}, error);
    if (!connect->client || !net_make(connect, home, shop, error) ||
        !address_make(connect, home, shop, &connect->setup.address, error))
        return false;
    Buf told = {.arena = connect->arena};
    connect->setup.visit = (ConnectorVisit){
        .arena = connect->arena,
        .settings = shop_settings(shop),
    };
    connect->setup.told = &told;
    bool ok = connect_token(connect, error) && connect_talk(connect, error);
    fputs(buf_cstr(&told), stdout);
    if (ok)
        nouns_tell(connect->connector->poll,
                   arena_cstr(connect->arena, shop_setting(shop, SETTING_POLL_EVERY)));
    if (ok)
        printf(connect->setup.wanting ? "%s is connected, but something is missing: see above.\n"
                                      : "%s is connected.\n",
               connect->connector->title);
    return ok;
}

int
cmd_connect(int argc, char **argv)
{
    CmdOptions options = {
        .usage = "connect SLUG shopify|woocommerce",
        .help = "Tries the keys of a shop system, tells which data it hides from us, and makes the "
                "webhooks that are missing. Set before: shopify.shop, shopify.client_id, "
                "shopify.secret; or woocommerce.url, woocommerce.key, woocommerce.key_secret, "
                "woocommerce.secret.",
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 3)
        return cmd_usage(&options, "connect takes a shop and a shop system");
    g_autoptr(GError) error = NULL;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Connect connect = {.arena = arena, .connector = connector_find(str_of(argv[2]))};
    if (!connect.connector || !connect.connector->poll)
        return cmd_usage(&options, "'%s' is no shop system that can be asked", argv[2]);
    HomeOptions home_options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&home_options, &error);
    g_autoptr(ShopHold) shop = home ? home_shop(home, argv[1], &error) : NULL;
    bool ok = shop && connect_run(&connect, home, shop, &error);
    http_client_free(connect.client);
    if (!ok)
        return cmd_fail(error);
    return connect.setup.wanting ? GUARD_FAILED : GUARD_OK;
}
