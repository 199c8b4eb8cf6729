/* serve.c - `postlude serve`: everything together.
 *
 * The parent reads the settings and forks the worker before anything is opened; the worker opens the data folder,
 * the store, the path and the web server, in this order, and closes them in the other one.
 */
#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/control.h"
#include "engine/asset.h"
#include "engine/bucket.h"
#include "engine/clock.h"
#include "engine/guard.h"
#include "engine/line_server.h"
#include "engine/listen.h"
#include "engine/log.h"
#include "engine/schema.h"
#include "feature/account/account.h"
#include "feature/api/api.h"
#include "feature/feature.h"
#include "feature/page.h"
#include "flow/postbox.h"
#include "flow/sender.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CTL_IDLE_MS = 10 * 1000 };

typedef struct Serve {
    /* from the command line */
    char *listen, *data, *config_file, *control_path;
    gboolean dev, fresh, allow_volatile;
    Config *config;
    NetRule net; /* where shops may lead us */
    WorkPage *page;
    /* the worker's */
    Home *home;
    Flow *flow;
    Pages *pages;
    Router *router;
    Account *account;
    HttpServer *http;
    Postbox *postbox; /* NULL: no lmtp.listen */
    LineServer *ctl;
    Control *control;
    App app;
    char *public_url;
    char *first_link; /* for the first owner, while there is none */
} Serve;

/* ---- settings --------------------------------------------------------------------------------------------------- */

static bool
serve_configure(Serve *serve, GError **error)
{
    serve->config = config_new();
    return (!serve->listen || config_take_flag(serve->config, "listen", serve->listen, error)) &&
           (!serve->data || config_take_flag(serve->config, "data", serve->data, error)) &&
           config_take_environment(serve->config, error) &&
           (!serve->config_file || config_take_file(serve->config, serve->config_file, error));
}

static const char *
serve_get(const Serve *serve, ConfigName name)
{
    return config_get(serve->config, name);
}

/* A mail server that cannot be understood is found out now, not when the first mail should leave. */
static bool
serve_check_smtp(const Serve *serve, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    const char *url = serve_get(serve, CONFIG_SMTP_URL);
    SmtpServer server;
    if (!*url || strcmp(url, "catcher") == 0 || sender_parse(arena, str_of(url), &server, error))
        return true;
    return fail_at(error, "%s", config_source(serve->config, CONFIG_SMTP_URL));
}

static bool
serve_read_net(Serve *serve, GError **error)
{
    if (!net_rule_parse(str_of(serve_get(serve, CONFIG_NET_INNER)), &serve->net, error))
        return fail_at(error, "%s", config_source(serve->config, CONFIG_NET_INNER));
    if (serve->control_path)
        serve->net = (NetRule){.scope = NET_LOOPBACK};
    return true;
}

/* Test control turns clocks and kills the process: never near anything that matters. */
static bool
serve_check_control(const Serve *serve, GError **error)
{
    if (!serve->control_path)
        return true;
    g_autofree char *mark = g_build_filename(serve_get(serve, CONFIG_SERVER_DATA), "scratch", NULL);
    if (!g_file_test(mark, G_FILE_TEST_EXISTS))
        return fail(error, ERR_CONFIG,
                    "--test-control needs a data folder that is marked by a file "
                    "named scratch; %s is not there",
                    mark);
    if (!listen_is_loopback(serve_get(serve, CONFIG_SERVER_LISTEN)))
        return fail(error, ERR_CONFIG, "--test-control listens on loopback only, not on %s",
                    serve_get(serve, CONFIG_SERVER_LISTEN));
    return true;
}

/* ---- the worker's parts -------------------------------------------------------------------------------------------- */

static bool
serve_open_home(Serve *serve, GError **error)
{
    HomeOptions options = {
        .data = serve_get(serve, CONFIG_SERVER_DATA),
        .key_file = serve_get(serve, CONFIG_SERVER_KEY_FILE),
        .fresh = serve->fresh,
        .make = true,
        .wait_ms = 2000,
        .allow_volatile = serve->allow_volatile,
    };
    serve->home = home_open(&options, error);
    if (!serve->home)
        return false;
    serve->home->serves = true;
    serve->home->smtp_url = serve_get(serve, CONFIG_SMTP_URL);
    return true;
}

static bool
serve_open_flow(Serve *serve, GError **error)
{
    FlowOptions options = {
        .store = serve->home->store,
        .shops = serve->home->shops,
        .links = serve->home->keyring->links,
        .mail_ids = serve->home->keyring->mail,
        .keyring = serve->home->keyring,
        .erase_list = serve->home->erase_list,
        .public_url = serve->public_url,
        .smtp_url = serve_get(serve, CONFIG_SMTP_URL),
        .smtp_ca_file = serve_get(serve, CONFIG_SMTP_CA_FILE),
        .smtp_rate = serve_get(serve, CONFIG_SMTP_RATE),
        .smtp_connections = serve_get(serve, CONFIG_SMTP_CONNECTIONS),
        .maildir = serve_get(serve, CONFIG_MAILBOX_MAILDIR),
        .manual = serve->control_path != NULL,
        .net = serve->net,
        .page = serve->page,
    };
    serve->flow = flow_new(&options, error);
    return serve->flow != NULL;
}

static bool
serve_has_template(const char *template, void *app)
{
    const Serve *serve = (const Serve *)((const char *)app - offsetof(Serve, app));
    return pages_has(serve->pages, template);
}

static bool
serve_render(RouteCtx *ctx, Str *ret_html, GError **error)
{
    const Serve *serve = (const Serve *)((const char *)ctx->app - offsetof(Serve, app));
    PageFrame frame = {.now = clock_now(), .zone = ctx->zone, .locale = ctx->locale};
    return pages_render(serve->pages, ctx->arena, ctx->route->template, ctx->page, &frame, ret_html,
                        error);
}

/* Staff's pages and customers' speak differently of what went wrong. */
static const char *
serve_error_template(const HttpRequest *request)
{
    static const char *const staffs[] = {"/s/", "/account", "/sign-", "/set-up/"};
    for (size_t i = 0; request->route && i < G_N_ELEMENTS(staffs); i++)
        if (g_str_has_prefix(request->route, staffs[i]))
            return "dashboard/error.liquid";
    return "portal/error.liquid";
}

/* What a person sees who followed a wrong link. */
static Str
serve_error_page(HttpRequest *request, const HttpProblem *problem, void *arg)
{
    const Serve *serve = (const Serve *)((const char *)arg - offsetof(Serve, app));
    LiquidValue values = liquid_map(request->arena);
    PageFrame frame = {.now = clock_now()};
    Str html;
    liquid_map_set(request->arena, values, STR("title"), liquid_str(str_of(problem->title)));
    liquid_map_set(request->arena, values, STR("status"), liquid_int(problem->status));
    liquid_map_set(request->arena, values, STR("code"), liquid_str(str_of(problem->code)));
    liquid_map_set(request->arena, values, STR("detail"), liquid_str(str_of(problem->detail)));
    if (!serve->pages || !pages_render(serve->pages, request->arena, serve_error_template(request),
                                       values, &frame, &html, NULL))
        return (Str){0};
    return html;
}

static void
serve_handle(HttpRequest *request, void *arg)
{
    const Serve *serve = (const Serve *)((const char *)arg - offsetof(Serve, app));
    router_serve(request, serve->router);
}

/* People come in by signing in, programs by a key. */
static bool
serve_allow(RouteCtx *ctx, GError **error)
{
    return ctx->route->access == KEY ? api_allow(ctx, error) : account_allow(ctx, error);
}

static bool
serve_open_rooms(Serve *serve, GError **error)
{
    serve->account = account_new(serve->home->store, serve->home->keyring, serve->public_url);
    if (!account_first_link(serve->account, &serve->first_link, error))
        return false;
    serve->app = (App){
        .store = serve->home->store,
        .shops = serve->home->shops,
        .keyring = serve->home->keyring,
        .flow = serve->flow,
        .account = serve->account,
        .api_rates = buckets_new(),
        .data = serve->home->data,
        .public_url = serve->public_url,
        /* With a public address a proxy leads strangers to the loopback listener. */
        .shows_catcher =
            serve->dev || (listen_is_loopback(serve_get(serve, CONFIG_SERVER_LISTEN)) &&
                           !*serve_get(serve, CONFIG_SERVER_PUBLIC_URL)),
        .started_at = clock_monotonic(),
    };
    serve->pages = pages_new(error);
    if (!serve->pages)
        return false;
    RouterOptions options = {
        .store = serve->home->store,
        .app = &serve->app,
        .allow = serve_allow,
        .has_template = serve_has_template,
        .render = serve_render,
    };
    serve->router = router_new(&options);
    const char *name;
    const Feature *feature;
    for (size_t n = 0; (feature = feature_nth(n, &name)); n++)
        if (!router_add(serve->router, name, feature->routes, error))
            return false;
    return true;
}

/* Other programs learn the port from DATA/port: with port 0 nobody could know it otherwise; and from DATA/url where
 * people reach us. */
static bool
serve_tell_port(const Serve *serve, GError **error)
{
    g_autofree char *file = g_build_filename(serve->home->data, "port", NULL);
    g_autofree char *text = g_strdup_printf("%d\n", http_server_port(serve->http));
    g_autofree char *url_file = g_build_filename(serve->home->data, "url", NULL);
    g_autofree char *url = g_strdup_printf("%s\n", serve->public_url);
    g_autoptr(GError) problem = NULL;
    if (g_file_set_contents(file, text, -1, &problem) &&
        g_file_set_contents(url_file, url, -1, &problem))
        return true;
    return fail(error, ERR_IO, "%s", problem->message);
}

static bool
serve_open_web(Serve *serve, GError **error)
{
    HttpServerOptions options = {
        .listen = serve_get(serve, CONFIG_SERVER_LISTEN),
        .error_page = serve_error_page,
        .behind_proxy = true,
        .programs = "/api/",
        .threads = (int)MIN(g_get_num_processors(), 2),
    };
    g_autofree char *ctl = g_build_filename(serve->home->data, "ctl", NULL);
    serve->ctl = line_server_new(ctl, CTL_IDLE_MS, cmd_ctl_line, serve->home, error);
    if (!serve->ctl)
        return false;
    serve->http = http_server_new(&options, serve_handle, &serve->app, error);
    return serve->http && serve_tell_port(serve, error);
}

/* Without a public address links lead to the listener: right for trying out, wrong for customers. A listener on
 * all addresses has none that a link could name; then it is the machine's name. */
static char *
serve_public_url(const Serve *serve)
{
    const char *set = serve_get(serve, CONFIG_SERVER_PUBLIC_URL);
    const char *listen = serve_get(serve, CONFIG_SERVER_LISTEN);
    const char *port = strrchr(listen, ':');
    if (*set)
        return g_strdup(set);
    if (port && (g_str_has_prefix(listen, "0.0.0.0:") || g_str_has_prefix(listen, "[::]:")))
        return g_strdup_printf("http://%s%s", g_get_host_name(), port);
    return g_strdup_printf("http://%s", listen);
}

/* The mail server hands over what comes back, where that is set up. */
static bool
serve_open_postbox(Serve *serve, GError **error)
{
    const char *listen = serve_get(serve, CONFIG_LMTP_LISTEN);
    if (!*listen)
        return true;
    serve->postbox = postbox_new(serve->flow, listen, error);
    return serve->postbox != NULL || fail_at(error, "lmtp.listen");
}

static bool
serve_open(Serve *serve, GError **error)
{
    serve->public_url = serve_public_url(serve);
    return serve_open_home(serve, error) && serve_open_flow(serve, error) &&
           serve_open_rooms(serve, error) && serve_open_web(serve, error) &&
           serve_open_postbox(serve, error) &&
           (serve->control_path
                ? (serve->control = control_new(serve->control_path, serve->home->store,
                                                serve->flow, error)) != NULL
                : flow_start(serve->flow, error));
}

static void
serve_close(Serve *serve)
{
    if (serve->http)
        http_server_stop(serve->http, 5);
    postbox_free(serve->postbox);
    router_stop(serve->router);
    line_server_free(serve->ctl);
    control_free(serve->control);
    if (serve->flow)
        flow_stop(serve->flow);
    /* A store that was locked may still owe answers to requests that have long been given up. */
    if (serve->home)
        store_drain(serve->home->store);
    http_server_free(serve->http);
    router_free(serve->router);
    pages_free(serve->pages);
    account_free(serve->account);
    buckets_free(serve->app.api_rates);
    flow_free(serve->flow);
    home_free(serve->home);
    g_free(serve->public_url);
    g_free(serve->first_link);
}

static void
serve_say_hello(const Serve *serve)
{
    g_autofree char *address = g_strdup(serve_get(serve, CONFIG_SERVER_LISTEN));
    char *colon = strrchr(address, ':');
    if (colon)
        *colon = '\0';
    fprintf(stderr, "Postlude %s serves http://%s:%d/ from %s.\n", POSTLUDE_VERSION, address,
            http_server_port(serve->http), serve->home->data);
    if (!*serve_get(serve, CONFIG_SERVER_PUBLIC_URL))
        fprintf(stderr, "Links in mails lead to %s until public_url is set.\n", serve->public_url);
    if (serve->app.shows_catcher)
        fprintf(stderr, "Mails are caught on http://%s:%d/dev/mail until an SMTP server is set.\n",
                address, http_server_port(serve->http));
    if (serve->first_link)
        fprintf(stderr,
                "Nobody can sign in yet. Make the first account, once, within 24 hours:\n  %s\n",
                serve->first_link);
}

static int
serve_work(void *arg)
{
    Serve *serve = arg;
    g_autoptr(GError) error = NULL;
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    /* Before the first thread, so that all of them inherit it and sigwait gets the signal. */
    pthread_sigmask(SIG_BLOCK, &stops, NULL);
    signal(SIGPIPE, SIG_IGN);
    log_take_glib();
    int code = GUARD_OK;
    if (serve_open(serve, &error)) {
        int signal_number;
        serve_say_hello(serve);
        log_info("serve.started", "port=%d version=%s", http_server_port(serve->http),
                 POSTLUDE_VERSION);
        sigwait(&stops, &signal_number);
        log_info("serve.stopping", "signal=%d", signal_number);
    } else {
        code = cmd_fail(error);
    }
    serve_close(serve);
    return code;
}

/* ---- the verb -------------------------------------------------------------------------------------------------------- */

/* Shared with the parent, so that it outlives the worker. */
static WorkPage *
serve_page(void)
{
    void *page =
        mmap(NULL, sizeof(WorkPage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(page != MAP_FAILED);
    return page;
}

int
cmd_serve(int argc, char **argv)
{
    Serve serve = {0};
    const GOptionEntry entries[] = {
        {"listen", 'l', 0, G_OPTION_ARG_STRING, &serve.listen, "Where to listen (127.0.0.1:8080)",
         "ADDR:PORT"},
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &serve.config_file,
         "Settings of the installation", "FILE"},
        {"dev", 0, 0, G_OPTION_ARG_NONE, &serve.dev,
         "Show caught mails on /dev/mail wherever it listens", NULL},
        {"fresh", 0, 0, G_OPTION_ARG_NONE, &serve.fresh,
         "Put a store of another version aside, begin anew", NULL},
        {"allow-volatile", 0, 0, G_OPTION_ARG_NONE, &serve.allow_volatile,
         "Also on a disk that forgets", NULL},
        {"test-control", 0, 0, G_OPTION_ARG_FILENAME, &serve.control_path,
         "For tests: turn the clock over this socket", "SOCK"},
        {0},
    };
    CmdOptions options = {
        .usage = "serve [--listen ADDR:PORT] [--config FILE]",
        .help = "Runs the server on a data folder, which is made if it is missing.",
        .entries = entries,
    };
    g_autoptr(GError) error = NULL;
    int code = GUARD_USAGE;
    bool data_set = false;
    for (int i = 1; i < argc; i++)
        data_set |= g_str_has_prefix(argv[i], "--data") || g_str_has_prefix(argv[i], "-d");
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    if (argc > 1)
        return cmd_usage(&options, "serve takes no word '%s'", argv[1]);
    serve.data = data_set ? options.data : NULL;
    if (!serve_configure(&serve, &error) || !serve_read_net(&serve, &error) ||
        !serve_check_smtp(&serve, &error) || !serve_check_control(&serve, &error)) {
        code = cmd_fail(error);
    } else {
        LogLevel level;
        if (log_level_parse(serve_get(&serve, CONFIG_LOG_LEVEL), &level))
            log_set_level(level);
        serve.page = serve_page();
        GuardOptions guard = {.once = serve.control_path != NULL};
        code = guard_run(&guard, serve_work, &serve);
        munmap(serve.page, sizeof(WorkPage));
    }
    config_free(serve.config);
    g_free(options.data);
    g_free(serve.listen);
    g_free(serve.config_file);
    g_free(serve.control_path);
    return code;
}
