/* probe.c - a server for the tests of engine/http_server.c, and for its measurements.
 *
 *   http_probe LISTEN [key=value ...]    prints "port N", serves until SIGTERM, prints its counts
 *
 * Keys are those of HttpServerOptions; grace=SECONDS is for the stop. What it answers:
 *   /bytes?n=N        N bytes            /echo       method, path, query and body back
 *   /header?name=X    a request header   /client     the client's address
 *   /later?ms=N       suspends; answered by another thread after N ms
 *   /queue            suspends; one thread answers all that wait, as the store's writer does
 *   /never            suspends; answered only after the server was stopped
 *   /error?code=N     the error of that ErrorCode
 *   /cookie?name=X    a cookie           /loose      with a header and a cache policy of its own
 *   /r/..., /static/  through a Router: see probe_routes
 */
#include "base/limits.h"
#include "engine/asset.h"
#include "engine/http_server.h"
#include "engine/route.h"
#include "engine/url.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Later {
    HttpRequest *request;
    int ms;
} Later;

static HttpRequest *probe_never[64];
static int probe_never_count;
static char *probe_page;
static size_t probe_page_bytes;

static int64_t
probe_number(const HttpRequest *request, const char *name)
{
    Str text;
    return http_query(request, name, &text)
               ? g_ascii_strtoll(arena_cstr(request->arena, text), NULL, 10)
               : 0;
}

static void *
probe_later_work(void *arg)
{
    Later *later = arg;
    g_usleep((gulong)later->ms * 1000);
    HttpRequest *request = later->request;
    http_header_add(request, "X-Late", arena_format(request->arena, "%d", later->ms));
    http_answer(request, 200, "text/plain",
                str_of(arena_format(request->arena, "late, body %zu bytes\n", request->body.len)));
    free(later);
    return NULL;
}

static void
probe_later(HttpRequest *request)
{
    Later *later = malloc(sizeof *later);
    must(later);
    *later = (Later){request, (int)CLAMP(probe_number(request, "ms"), 0, 5000)};
    pthread_t thread;
    http_suspend(request);
    must(pthread_create(&thread, NULL, probe_later_work, later) == 0);
    pthread_detach(thread);
}

static pthread_mutex_t probe_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t probe_more = PTHREAD_COND_INITIALIZER;
static HttpRequest *probe_queue[LIMIT_INBOX_CONNECTIONS];
static int probe_queued;

static void *
probe_queue_work(void *arg)
{
    static HttpRequest *batch[LIMIT_INBOX_CONNECTIONS];
    for (;;) {
        pthread_mutex_lock(&probe_lock);
        while (probe_queued == 0)
            pthread_cond_wait(&probe_more, &probe_lock);
        int count = probe_queued;
        memcpy(batch, probe_queue, (size_t)count * sizeof *batch);
        probe_queued = 0;
        pthread_mutex_unlock(&probe_lock);
        for (int i = 0; i < count; i++)
            http_answer(batch[i], 200, "text/plain", STR("kept\n"));
    }
    return NULL;
}

static void
probe_queue_add(HttpRequest *request)
{
    http_suspend(request);
    pthread_mutex_lock(&probe_lock);
    probe_queue[probe_queued++] = request;
    pthread_cond_signal(&probe_more);
    pthread_mutex_unlock(&probe_lock);
}

static void
probe_echo(HttpRequest *request)
{
    Buf buf = {.arena = request->arena};
    buf_format(&buf, "%s " STR_FMT " " STR_FMT "\n", http_method_name(request->method),
               STR_ARG(request->path), STR_ARG(request->query));
    buf_add_str(&buf, request->body);
    http_answer(request, 200, "text/plain", buf_str(&buf));
}

static void
probe_value(HttpRequest *request, bool (*get)(const HttpRequest *, const char *, Str *))
{
    Str name, value = {0};
    bool found = http_query(request, "name", &name) &&
                 get(request, arena_cstr(request->arena, name), &value);
    http_answer(request, found ? 200 : 404, "text/plain", value);
}

static bool
probe_header(const HttpRequest *request, const char *name, Str *ret)
{
    *ret = http_header(request, name);
    return ret->at != NULL;
}

static void
probe_bytes(HttpRequest *request)
{
    size_t bytes = (size_t)probe_number(request, "n");
    http_answer(request, 200, "text/html; charset=utf-8",
                (Str){probe_page, MIN(bytes, probe_page_bytes)});
}

static void
probe_error(HttpRequest *request)
{
    g_autoptr(GError) error = NULL;
    fail(&error, (ErrorCode)CLAMP(probe_number(request, "code"), 0, ERR_COUNT - 1),
         "the \"detail\" of <this> probe");
    http_answer_error(request, error);
}

/* ---- routes ---------------------------------------------------------------------------------- */

static bool
probe_show(RouteCtx *ctx, GError **error)
{
    liquid_map_set(ctx->arena, ctx->page, STR("name"), liquid_str(route_param(ctx, "name")));
    if (str_is(route_param(ctx, "name"), "gone"))
        return fail(error, ERR_NOT_FOUND, "it is gone");
    if (str_is(route_param(ctx, "name"), "elsewhere"))
        http_answer_redirect(ctx->request, "/r/show/here");
    return true;
}

/* What a handler could write to. */
static bool
probe_store(RouteCtx *ctx, GError **error)
{
    http_answer(ctx->request, 200, "text/plain", ctx->store ? STR("writes") : STR("reads"));
    return true;
}

static bool
probe_static(RouteCtx *ctx, GError **error)
{
    asset_answer(ctx->request, route_param(ctx, "hash"), route_param(ctx, "file"));
    return true;
}

/* Staff brings a cookie; a customer without one is sent to sign in. */
static bool
probe_allow(RouteCtx *ctx, GError **error)
{
    Str staff;
    if (http_cookie(ctx->request, "staff", &staff))
        return true;
    if (ctx->route->access == STAFF)
        return fail(error, ERR_AUTH, "only staff may see this");
    http_answer_redirect(ctx->request, "/sign-in");
    return true;
}

static bool
probe_has_template(const char *template, void *app)
{
    return true;
}

static bool
probe_render(RouteCtx *ctx, Str *ret_html, GError **error)
{
    *ret_html = str_of(arena_format(ctx->arena, "%s of " STR_FMT, ctx->route->template,
                                    STR_ARG(route_param(ctx, "name"))));
    return true;
}

static const Route probe_routes[] = {
    {GET, "/r/show/:name", ANYONE, probe_show, "show.liquid"},
    {GET, "/r/store", ANYONE, probe_store, NULL},
    {POST, "/r/store", ANYONE, probe_store, NULL},
    {GET, "/r/staff", STAFF, probe_store, NULL},
    {GET, "/r/customer", CUSTOMER, probe_store, NULL},
    {GET, "/static/:hash/:file...", ANYONE, probe_static, NULL},
    {0},
};

static Router *
probe_router(void)
{
    RouterOptions options = {
        .store = (Store *)&options, /* only looked at */
        .allow = probe_allow,
        .has_template = probe_has_template,
        .render = probe_render,
    };
    Router *router = router_new(&options);
    must(router_add(router, "probe", probe_routes, NULL));
    return router;
}

static void
probe_serve(HttpRequest *request, void *arg)
{
    if (str_starts(request->path, "/r/") || str_starts(request->path, "/static/"))
        router_serve(request, arg);
    else if (str_is(request->path, "/bytes"))
        probe_bytes(request);
    else if (str_is(request->path, "/later"))
        probe_later(request);
    else if (str_is(request->path, "/queue"))
        probe_queue_add(request);
    else if (str_is(request->path, "/header"))
        probe_value(request, probe_header);
    else if (str_is(request->path, "/cookie"))
        probe_value(request, http_cookie);
    else if (str_is(request->path, "/error"))
        probe_error(request);
    else if (str_is(request->path, "/client"))
        http_answer(request, 200, "text/plain", str_of(http_client_address(request)));
    else if (str_is(request->path, "/never")) {
        must(probe_never_count < (int)G_N_ELEMENTS(probe_never));
        http_suspend(request);
        probe_never[probe_never_count++] = request;
    } else if (str_is(request->path, "/loose")) {
        http_header_add(request, "content-security-policy", "default-src 'none'");
        http_header_add(request, "Cache-Control", "");
        http_header_add(request, "Set-Cookie", "a=1");
        http_header_add(request, "Set-Cookie", "b=2");
        http_answer(request, 204, NULL, (Str){0});
    } else {
        probe_echo(request);
    }
}

static Str
probe_page_of(HttpRequest *request, const HttpProblem *problem, void *arg)
{
    return str_of(arena_format(request->arena, "page %d %s", problem->status, problem->code));
}

static void
probe_log(const HttpLogLine *line, void *arg)
{
    fprintf(stderr, "log method=%s route=%s status=%d in=%zu out=%zu\n",
            http_method_name(line->method), line->route, line->status, line->body_bytes,
            line->answer_bytes);
}

static void
probe_option(HttpServerOptions *options, const char *key, int value, int *ret_grace)
{
    const struct {
        const char *key;
        int *number;
    } numbers[] = {
        {"threads", &options->threads},
        {"connections", &options->connections},
        {"connections_per_ip", &options->connections_per_ip},
        {"head_seconds", &options->head_seconds},
        {"idle_seconds", &options->idle_seconds},
        {"body_seconds", &options->body_seconds},
        {"answer_seconds", &options->answer_seconds},
        {"grace", ret_grace},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (strcmp(numbers[i].key, key) == 0)
            *numbers[i].number = value;
    }
    if (strcmp(key, "body_bytes") == 0)
        options->body_bytes = (size_t)value;
    if (strcmp(key, "bodies_bytes") == 0)
        options->bodies_bytes = (size_t)value;
    if (strcmp(key, "behind_proxy") == 0)
        options->behind_proxy = value;
    if (strcmp(key, "pages") == 0)
        options->error_page = probe_page_of;
    if (strcmp(key, "log") == 0)
        options->log = probe_log;
}

int
main(int argc, char **argv)
{
    HttpServerOptions options = {.listen = argc > 1 ? argv[1] : "127.0.0.1:0"};
    int grace = 1;
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        must(value);
        *value = '\0';
        probe_option(&options, argv[i], atoi(value + 1), &grace);
    }
    probe_page_bytes = 8 * 1024 * 1024;
    probe_page = malloc(probe_page_bytes);
    must(probe_page);
    memset(probe_page, 'x', probe_page_bytes);

    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Router) router = probe_router();
    HttpServer *server = http_server_new(&options, probe_serve, router, &error);
    if (!server) {
        fprintf(stderr, "error %s %s\n", error_row(error)->slug, error->message);
        return 1;
    }
    pthread_t queue;
    must(pthread_create(&queue, NULL, probe_queue_work, NULL) == 0);
    pthread_detach(queue);
    printf("port %d\n", http_server_port(server));
    fflush(stdout);
    int number;
    sigwait(&stop, &number);
    http_server_stop(server, grace);
    HttpServerCounts counts = http_server_counts(server);
    http_server_free(server);
    /* The server is gone; a holder that comes late must find nothing broken. */
    for (int i = 0; i < probe_never_count; i++)
        http_answer(probe_never[i], 200, NULL, (Str){0});
    printf("requests %" G_GINT64_FORMAT " connections %" G_GINT64_FORMAT
           " suspended %" G_GINT64_FORMAT " evicted %" G_GINT64_FORMAT "\n",
           counts.requests, counts.connections, counts.suspended, counts.evicted);
    free(probe_page);
    return 0;
}
