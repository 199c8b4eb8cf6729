/* route.c - which function answers which address.
 *
 * The routes make a tree of nodes, one per part of a path. A node knows its words (sorted), its
 * ":name" and its ":name..." children, and the rows that end here, one per method. Every node is
 * visited at most once for a path, so even a path made to go back and forth costs no more than the
 * tree is large.
 */
#include "engine/route.h"

#include "engine/store.h"
#include "engine/url.h"

#include <string.h>

typedef struct RouteNode RouteNode;
typedef struct RouteRow RouteRow;

struct RouteNode {
    Str word; /* empty: ":name" or ":name..." */
    RouteNode **words;
    size_t word_count;
    RouteNode *param;
    RouteNode *rest;
    const RouteRow *rows[METHOD_OTHER];
};

struct RouteRow {
    const Route *route;
    const char *feature;
    Str names[ROUTE_PARAMS];
    int name_count;
    RouteRow *next;
};

struct Router {
    RouterOptions options;
    Arena *arena;
    RouteNode *root;
    RouteRow *first, *last;
    size_t count;
    Desk *desks[DESKS]; /* made when the first route needs one */
};

/* How many may wait: a person's patience, and for passwords what their costs leave of it. */
static const struct {
    const char *name;
    int most;
} desks[DESKS] = {
    [DESK_READ] = {"lists", 64},
    [DESK_WRITE] = {"desk", 256},
    [DESK_PASSWORD] = {"passwords", 32},
    [DESK_NETWORK] = {"asks-others", 16},
};

/* ---- building -------------------------------------------------------------------------------- */

Router *
router_new(const RouterOptions *options)
{
    Router *router = g_new0(Router, 1);
    router->options = *options;
    router->arena = arena_new(SIZE_MAX);
    router->root = arena_new_of(router->arena, RouteNode, 1);
    return router;
}

void
router_stop(Router *router)
{
    for (int i = 0; router && i < DESKS; i++)
        g_clear_pointer(&router->desks[i], desk_free);
}

void
router_free(Router *router)
{
    if (!router)
        return;
    router_stop(router);
    arena_free(router->arena);
    g_free(router);
}

/* The place of a word among the children; true if it is there. */
static bool
route_word_find(const RouteNode *node, Str word, size_t *ret_at)
{
    size_t from = 0, to = node->word_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        Str other = node->words[middle]->word;
        int order = memcmp(other.at, word.at, MIN(other.len, word.len));
        if (order == 0 && other.len == word.len) {
            *ret_at = middle;
            return true;
        }
        if (order < 0 || (order == 0 && other.len < word.len))
            from = middle + 1;
        else
            to = middle;
    }
    *ret_at = from;
    return false;
}

static RouteNode *
route_word_add(Router *router, RouteNode *node, Str word)
{
    size_t at;
    if (route_word_find(node, word, &at))
        return node->words[at];
    RouteNode *child = arena_new_of(router->arena, RouteNode, 1);
    child->word = word;
    RouteNode **words = arena_new_of(router->arena, RouteNode *, node->word_count + 1);
    for (size_t i = 0; i <= node->word_count; i++)
        words[i] = i < at ? node->words[i] : i == at ? child : node->words[i - 1];
    node->words = words;
    node->word_count++;
    return child;
}

static bool
route_is_word(Str part, bool param)
{
    for (size_t i = 0; i < part.len; i++) {
        char byte = part.at[i];
        bool fits = param ? g_ascii_islower(byte) || g_ascii_isdigit(byte) || byte == '_'
                          : g_ascii_isalnum(byte) || strchr("-._~", byte) != NULL;
        if (!fits)
            return false;
    }
    return part.len > 0;
}

static bool
route_name_add(RouteRow *row, Str name, GError **error)
{
    if (!route_is_word(name, true))
        return fail(error, ERR_CONFIG, "':" STR_FMT "' is no name of a part", STR_ARG(name));
    if (row->name_count == ROUTE_PARAMS)
        return fail(error, ERR_CONFIG, "more than %d names", ROUTE_PARAMS);
    for (int i = 0; i < row->name_count; i++) {
        if (str_eq(row->names[i], name))
            return fail(error, ERR_CONFIG, "':" STR_FMT "' stands twice", STR_ARG(name));
    }
    row->names[row->name_count++] = name;
    return true;
}

/* The child of node for one part of a pattern, made if it is new. */
static RouteNode *
route_part_add(Router *router, RouteNode *node, RouteRow *row, Str part, GError **error)
{
    if (!str_starts(part, ":")) {
        if (route_is_word(part, false))
            return route_word_add(router, node, part);
        fail(error, ERR_CONFIG, "'" STR_FMT "' is no part of an address", STR_ARG(part));
        return NULL;
    }
    bool rest = str_ends(part, "...");
    Str name = str_sub(part, 1, part.len - 1 - (rest ? 3 : 0));
    if (!route_name_add(row, name, error))
        return NULL;
    RouteNode **child = rest ? &node->rest : &node->param;
    if (!*child)
        *child = arena_new_of(router->arena, RouteNode, 1);
    return *child;
}

/* The node where the pattern ends. */
static RouteNode *
route_pattern_add(Router *router, RouteRow *row, GError **error)
{
    Str rest = str_of(row->route->pattern), part;
    RouteNode *node = router->root;
    if (!str_starts(rest, "/")) {
        fail(error, ERR_CONFIG, "an address begins with '/'");
        return NULL;
    }
    rest = str_sub(rest, 1, rest.len);
    if (rest.len == 0)
        return node;
    int parts = 0;
    while (str_split(&rest, '/', &part)) {
        if (++parts > ROUTE_PARTS || (str_ends(part, "...") && rest.at)) {
            fail(error, ERR_CONFIG, "':name...' takes all the rest, so it stands last");
            return NULL;
        }
        node = route_part_add(router, node, row, part, error);
        if (!node)
            return NULL;
    }
    return node;
}

static bool
route_check(const Router *router, const Route *route, GError **error)
{
    if (route->method == HEAD || route->method >= OPTIONS)
        return fail(error, ERR_CONFIG, "a route is GET, POST, PUT, PATCH or DELETE");
    if (!route->run)
        return fail(error, ERR_CONFIG, "it has no function");
    const RouterOptions *options = &router->options;
    if (route->template &&
        !(options->has_template && options->has_template(route->template, options->app)))
        return fail(error, ERR_CONFIG, "there is no template %s", route->template);
    return true;
}

static bool
route_add(Router *router, RouteRow *row, GError **error)
{
    const Route *route = row->route;
    if (!route_check(router, route, error))
        return false;
    RouteNode *node = route_pattern_add(router, row, error);
    if (!node)
        return false;
    const RouteRow *taken = node->rows[route->method];
    if (taken)
        return fail(error, ERR_CONFLICT, "%s of %s has this address already", taken->route->pattern,
                    taken->feature);
    node->rows[route->method] = row;
    if (route->desk && !router->desks[route->desk])
        router->desks[route->desk] = desk_new(desks[route->desk].name, desks[route->desk].most);
    if (router->last)
        router->last->next = row;
    else
        router->first = row;
    router->last = row;
    router->count++;
    return true;
}

bool
router_add(Router *router, const char *feature, const Route *routes, GError **error)
{
    for (const Route *route = routes; route->pattern; route++) {
        RouteRow *row = arena_new_of(router->arena, RouteRow, 1);
        row->route = route;
        row->feature = feature;
        if (!route_add(router, row, error))
            return fail_at(error, "route %s %s of %s", http_method_name(route->method),
                           route->pattern, feature);
    }
    return true;
}

size_t
router_count(const Router *router)
{
    return router->count;
}

const Route *
router_nth(const Router *router, size_t index, const char **ret_feature)
{
    must(index < router->count);
    const RouteRow *row = router->first;
    while (index--)
        row = row->next;
    *ret_feature = row->feature;
    return row->route;
}

/* ---- finding --------------------------------------------------------------------------------- */

typedef struct RouteSearch {
    HttpMethod method;
    Str parts[ROUTE_PARTS]; /* decoded */
    int part_count;
    int taken[ROUTE_PARAMS]; /* which parts the names stand for */
    int taken_count;
    unsigned allowed; /* bits of the methods that the address has */
} RouteSearch;

/* The row that ends at this node; notes the methods there are. */
static const RouteRow *
route_row_of(const RouteNode *node, RouteSearch *search)
{
    for (int method = GET; method < METHOD_OTHER; method++) {
        if (node->rows[method])
            search->allowed |= 1u << method;
    }
    if (search->method >= METHOD_OTHER)
        return NULL;
    const RouteRow *row = node->rows[search->method];
    return row || search->method != HEAD ? row : node->rows[GET];
}

/* All the rest as one text: what would look like another address once it is joined is none. */
static const RouteRow *
route_rest_of(const RouteNode *node, int at, RouteSearch *search)
{
    for (int i = at; i < search->part_count; i++) {
        if (memchr(search->parts[i].at, '/', search->parts[i].len))
            return NULL;
    }
    return route_row_of(node, search);
}

static const RouteRow *
route_search(const RouteNode *node, int at, RouteSearch *search)
{
    if (at == search->part_count)
        return route_row_of(node, search);
    size_t word;
    const RouteRow *row = NULL;
    if (route_word_find(node, search->parts[at], &word))
        row = route_search(node->words[word], at + 1, search);
    if (row || (!node->param && !node->rest))
        return row;
    search->taken[search->taken_count++] = at;
    if (node->param)
        row = route_search(node->param, at + 1, search);
    if (!row && node->rest)
        row = route_rest_of(node->rest, at, search);
    if (!row)
        search->taken_count--;
    return row;
}

/* "." and ".." never reach us from a browser; what they mean to whoever sends them is no good. */
static bool
route_is_dots(Str part)
{
    return str_is(part, ".") || str_is(part, "..");
}

/* Cuts the path into decoded parts. False: no route can have it, or it cannot be decoded
 * (*error). */
static bool
route_parts_read(Arena *arena, Str path, RouteSearch *search, GError **error)
{
    Str rest = str_sub(path, 1, path.len), part;
    if (!str_starts(path, "/"))
        return false;
    if (rest.len == 0)
        return true;
    while (str_split(&rest, '/', &part)) {
        Str *to = &search->parts[search->part_count];
        if (search->part_count == ROUTE_PARTS || part.len == 0)
            return false;
        if (!url_decode(arena, part, false, to))
            return fail(error, ERR_INPUT, "the address is not valid UTF-8 text");
        if (route_is_dots(*to))
            return false;
        search->part_count++;
    }
    return true;
}

/* The text of the index-th name: one part, or all from there on. */
static Str
route_param_text(Arena *arena, const RouteSearch *search, const RouteRow *row, int index)
{
    int at = search->taken[index];
    if (index + 1 < row->name_count || !str_ends(str_of(row->route->pattern), "..."))
        return search->parts[at];
    Buf buf = {.arena = arena};
    for (int i = at; i < search->part_count; i++) {
        if (i > at)
            buf_add_char(&buf, '/');
        buf_add_str(&buf, search->parts[i]);
    }
    return buf_str(&buf);
}

static const char *
route_allow_text(Arena *arena, unsigned allowed)
{
    Buf buf = {.arena = arena};
    for (int method = GET; method < METHOD_OTHER; method++) {
        bool has = allowed & 1u << method || (method == HEAD && allowed & 1u << GET);
        if (has)
            buf_format(&buf, "%s%s", buf.len ? ", " : "", http_method_name((HttpMethod)method));
    }
    return buf_cstr(&buf);
}

static const RouteRow *
route_row_find(const Router *router, Arena *arena, HttpMethod method, Str path, Str *ret_params,
               const char **ret_allow, GError **error)
{
    RouteSearch search = {.method = method};
    GError *unreadable = NULL;
    const RouteRow *row = NULL;
    if (route_parts_read(arena, path, &search, &unreadable))
        row = route_search(router->root, 0, &search);
    for (int i = 0; row && i < row->name_count; i++)
        ret_params[i] = route_param_text(arena, &search, row, i);
    if (row)
        return row;
    if (unreadable) {
        g_propagate_error(error, unreadable);
    } else if (search.allowed) {
        *ret_allow = route_allow_text(arena, search.allowed);
        fail(error, ERR_METHOD, "this address takes %s", *ret_allow);
    } else {
        fail(error, ERR_NOT_FOUND, "there is nothing at this address");
    }
    return NULL;
}

const Route *
router_find(const Router *router, Arena *arena, HttpMethod method, Str path,
            Str ret_params[ROUTE_PARAMS], const char **ret_allow, GError **error)
{
    const RouteRow *row = route_row_find(router, arena, method, path, ret_params, ret_allow, error);
    return row ? row->route : NULL;
}

/* ---- serving --------------------------------------------------------------------------------- */

Str
route_param(const RouteCtx *ctx, const char *name)
{
    const RouteRow *row = ctx->row;
    for (int i = 0; i < row->name_count; i++) {
        if (str_is(row->names[i], name))
            return ctx->params[i];
    }
    must(!"the pattern has this name");
    return (Str){0};
}

Db *
route_db(RouteCtx *ctx, GError **error)
{
    if (!ctx->db)
        ctx->db = store_reader(ctx->router->options.store, error);
    return ctx->db;
}

void
route_keep(RouteCtx *ctx, void *thing, void (*free_it)(void *))
{
    must(!ctx->kept_free);
    ctx->kept = thing;
    ctx->kept_free = free_it;
}

static bool
route_is_allowed(RouteCtx *ctx, GError **error)
{
    if (ctx->route->access == ANYONE)
        return true;
    if (!ctx->router->options.allow)
        return fail(error, ERR_FORBIDDEN, "nobody can sign in here yet");
    return ctx->router->options.allow(ctx, error);
}

void
route_redirect(RouteCtx *ctx, const char *url)
{
    ctx->redirect = url;
}

/* Gives back what was taken for the request. */
static void
route_leave(RouteCtx *ctx)
{
    if (ctx->db)
        store_reader_return(ctx->router->options.store, ctx->db);
    ctx->db = NULL;
    if (ctx->kept_free)
        ctx->kept_free(ctx->kept);
    ctx->kept_free = NULL;
}

/* What the handler left to answer. The request and all in it may be gone afterwards. */
/* Drawings are templates, too. */
static const char *
route_type(const Route *route)
{
    bool drawing = route->template && str_ends(str_of(route->template), ".svg.liquid");
    return drawing ? "image/svg+xml" : "text/html; charset=utf-8";
}

static void
route_answer(RouteCtx *ctx, Str html, const GError *error)
{
    must(error || ctx->redirect || ctx->json.len || ctx->route->template);
    if (error)
        http_answer_error(ctx->request, error);
    else if (ctx->redirect)
        http_answer_redirect(ctx->request, ctx->redirect);
    else if (ctx->json.len)
        http_answer(ctx->request, ctx->status ? ctx->status : 200, "application/json", ctx->json);
    else
        http_answer(ctx->request, ctx->status ? ctx->status : 200, route_type(ctx->route), html);
}

static bool
route_render(RouteCtx *ctx, Str *ret_html, GError **error)
{
    return ctx->redirect || ctx->json.len || ctx->router->options.render(ctx, ret_html, error);
}

/* On the desk's thread. */
static void
route_work(DeskTask *task)
{
    RouteCtx *ctx = (RouteCtx *)((char *)task - offsetof(RouteCtx, task));
    g_autoptr(GError) error = NULL;
    Str html = {0};
    if (ctx->route->run(ctx, &error))
        route_render(ctx, &html, &error);
    route_leave(ctx);
    route_answer(ctx, html, error);
}

/* Leaves it to a desk. What was read is of a moment that will be over. */
static void
route_post(RouteCtx *ctx)
{
    g_autoptr(GError) error = NULL;
    HttpRequest *request = ctx->request;
    if (ctx->db)
        store_reader_return(ctx->router->options.store, ctx->db);
    ctx->db = NULL;
    http_suspend(request);
    if (desk_post(ctx->router->desks[ctx->route->desk], &ctx->task, &error))
        return;
    route_leave(ctx);
    http_answer_error(request, error);
}

#ifndef CONTROL_GET_WRITES
#define CONTROL_GET_WRITES 0
#endif
/* The red fixture of the scanner's test (meson option `control`): a GET that writes. */
static const bool route_get_writes = CONTROL_GET_WRITES;

static bool
write_on_get_job(Db *db, void *arg, GError **error)
{
    return db_run(db, Q_installation_note,
                  BINDS(bind_cstr("key", "get"), bind_int("at", *(const int64_t *)arg),
                        bind_cstr("value", "written")),
                  NULL, error);
}

static void
route_write_on_get(Store *store)
{
    int64_t commits = store ? store_commits(store) : 0;
    if (store)
        store_write(store, STORE_FLOW, write_on_get_job, &commits, NULL);
}

static void
route_run(RouteCtx *ctx)
{
    g_autoptr(GError) error = NULL;
    HttpRequest *request = ctx->request;
    Str html = {0};
    bool fine = route_is_allowed(ctx, &error);
    bool done = http_is_answered(request) || ctx->redirect; /* the hook sent them to sign in */
    if (fine && !done && ctx->route->desk) {
        ctx->task.run = route_work;
        route_post(ctx);
        return;
    }
    fine = fine && (done || ctx->route->run(ctx, &error));
    done = http_is_answered(request);
    if (fine && !done && (ctx->route->template || ctx->redirect))
        route_render(ctx, &html, &error); /* a failure is in error */
    route_leave(ctx);
    if (!done)
        route_answer(ctx, html, error);
}

static void
route_refuse(HttpRequest *request, const GError *error, const char *allow)
{
    if (allow)
        http_header_add(request, "Allow", allow);
    if (allow && request->method == OPTIONS)
        http_answer(request, 204, NULL, (Str){0});
    else
        http_answer_error(request, error);
}

void
router_serve(HttpRequest *request, void *arg)
{
    const Router *router = arg;
    g_autoptr(GError) error = NULL;
    const char *allow = NULL;
    RouteCtx *ctx = arena_new_of(request->arena, RouteCtx, 1);
    const RouteRow *row = route_row_find(router, request->arena, request->method, request->path,
                                         ctx->params, &allow, &error);
    if (!row) {
        route_refuse(request, error, allow);
        return;
    }
    const Route *route = row->route;
    request->route = route->pattern;
    ctx->request = request;
    ctx->arena = request->arena;
    ctx->route = route;
    ctx->store = route->method == GET ? NULL : router->options.store;
    if (route_get_writes && route->method == GET)
        route_write_on_get(router->options.store);
    ctx->app = router->options.app;
    ctx->router = router;
    ctx->row = row;
    if (route->template)
        ctx->page = liquid_map(request->arena);
    route_run(ctx);
}
