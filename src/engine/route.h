/* route.h - which function answers which address.
 *
 * Each feature has a table; its rows are all there is to know about a page:
 *
 *     static const Route routes[] = {
 *         {GET,  "/returns",            STAFF,    returns_list,   "dashboard/returns/list.liquid"},
 *         {POST, "/returns/:id/decide", STAFF,    returns_decide, NULL},
 *         {GET,  "/static/:hash/:file...", ANYONE, asset_route, NULL},
 *         {0},
 *     };
 *
 * A pattern is made of parts: words, ":name" for one part of any text, and last ":name..." for all
 * the rest. A word wins over a ":name", a ":name" over a ":name...". Each part is percent-decoded
 * on its own, so "%2F" stays inside its value. Patterns are compiled into a tree of parts; finding
 * one costs one step per part, however many routes there are.
 *
 * A router is built once at start, on one thread; mistakes (two rows for one address, a pattern
 * that is none, a template that does not exist) are errors that stop the start. From then on it
 * never changes and all threads use it.
 *
 * GET changes nothing: the context of a GET handler has no store to write to (store is NULL), only
 * a read-only connection.
 */
#pragma once

#include "base/base.h"
#include "engine/desk.h"
#include "engine/http_server.h"
#include "engine/liquid/liquid.h"

typedef struct Store Store;
typedef struct Db Db;
typedef struct Router Router;
typedef struct Route Route;

/* Who may come in. The router asks its `allow` hook for all but ANYONE.
 *     GUEST  whoever it is; the hook checks the forms (signing in)
 *     SELF   whoever is signed in, for what concerns nobody else (one's own password)
 *     STAFF  who has a role in the shop of the address; what is no GET, only its owners
 *     OWNER  its owners alone
 *     KEY    a program, by a key of a shop */
typedef enum RouteAccess { ANYONE, CUSTOMER, GUEST, SELF, STAFF, OWNER, KEY } RouteAccess;

/* On which thread the handler runs: a web thread, where it must not wait, or one that does one request after the
 * other and may (desk.h). There the request is suspended: headers, cookies and the client's address are gone. */
typedef enum RouteDesk {
    DESK_NONE,
    DESK_READ,
    DESK_WRITE,
    DESK_PASSWORD,
    DESK_NETWORK,
    DESKS
} RouteDesk;

enum { ROUTE_PARAMS = 8 /* in one pattern */, ROUTE_PARTS = 32 /* of one pattern */ };

/* What a handler works with. Lives in the request's arena, so it stays valid while suspended. */
typedef struct RouteCtx {
    HttpRequest *request;
    Arena *arena; /* the request's */
    const Route *route;
    Str params[ROUTE_PARAMS]; /* decoded, in the order of the pattern; see route_param */
    Store *store;             /* for writing; NULL in a GET handler */
    LiquidValue page;         /* what the template reads: a map to fill with liquid_map_set */
    void *app;                /* RouterOptions.app */
    const Zone *zone;         /* of the page's dates; NULL: UTC */
    const char *locale;       /* of the page; NULL: English */
    void *who;                /* whom `allow` let in; NULL: nobody was asked */
    int status;               /* of the rendered page; 0: 200 */
    Str json;                 /* the answer instead of a page, on a desk too; in the arena */
    /* the router's */
    DeskTask task;
    const char *redirect;
    void *kept;
    void (*kept_free)(void *);
    const Router *router;
    const struct RouteRow *row;
    Db *db;
} RouteCtx;

/* Fills ctx->page and returns true, and the route's template is rendered and sent; or answers (or
 * suspends) the request itself and returns true: always so without a template, and never on a desk,
 * where the answer is the page, ctx->json or route_redirect. False: the error is the answer. */
typedef bool (*RouteRun)(RouteCtx *ctx, GError **error);

struct Route {
    HttpMethod method;   /* GET also answers HEAD */
    const char *pattern; /* NULL ends a table */
    RouteAccess access;
    RouteRun run;
    const char *template; /* below ui/, or NULL */
    RouteDesk desk;
};

/* A part of the address by the name that the pattern gives it. A name that it does not give is our
 * bug (must). */
Str route_param(const RouteCtx *ctx, const char *name);

/* The answer is 303 to this path of ours or URL (in the arena), instead of the page. */
void route_redirect(RouteCtx *ctx, const char *url);

/* Keeps something that the template reads until the page is rendered, then frees it; once a request. */
void route_keep(RouteCtx *ctx, void *thing, void (*free_it)(void *));

/* The read-only connection of this request, taken from the store's pool when first asked for and
 * given back when the handler returns (so not for use after http_suspend). NULL on failure. */
Db *route_db(RouteCtx *ctx, GError **error);

typedef struct RouterOptions {
    Store *store; /* may be NULL in tests */
    void *app;
    /* May this request come in? Fails with ERR_AUTH, ERR_FORBIDDEN or ERR_NOT_FOUND. NULL: then
     * only ANYONE may. */
    bool (*allow)(RouteCtx *ctx, GError **error);
    /* Is there such a template? Asked while routes are added. NULL: routes have no templates. */
    bool (*has_template)(const char *template, void *app);
    /* Renders ctx->route->template with ctx->page into the arena. */
    bool (*render)(RouteCtx *ctx, Str *ret_html, GError **error);
} RouterOptions;

Router *router_new(const RouterOptions *options);
/* Finishes what is on the desks; after http_server_stop, before the server is freed. */
void router_stop(Router *router);
void router_free(Router *router);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Router, router_free)

/* Adds a table ({0}-terminated, static; feature: its name, for messages). Fails with ERR_CONFLICT
 * or ERR_CONFIG. */
bool router_add(Router *router, const char *feature, const Route *routes, GError **error);

/* The rows in the order they were added, for `postlude list routes`. */
size_t router_count(const Router *router);
const Route *router_nth(const Router *router, size_t index, const char **ret_feature);

/* An HttpHandler whose arg is the Router: finds, checks, runs, renders, answers. */
void router_serve(HttpRequest *request, void *router);

/* Only the finding, for tests: the route of an address, its parameters decoded into ret_params.
 * NULL: ERR_NOT_FOUND, ERR_METHOD (with the methods that there are in *ret_allow, "GET, HEAD,
 * POST") or ERR_INPUT for a path that cannot be decoded. */
const Route *router_find(const Router *router, Arena *arena, HttpMethod method, Str path,
                         Str ret_params[ROUTE_PARAMS], const char **ret_allow, GError **error);
