/* fuzz_route.c - a request's target as anybody may send it: path into routes, query into fields.
 *
 * Whatever comes: what is found has only text in it (UTF-8, no NUL), as many parameters as its
 * pattern has names, and what is decoded, encoded and decoded again is the same.
 */
#include "base/text.h"
#include "engine/route.h"
#include "engine/url.h"

static bool
route_run_nothing(RouteCtx *ctx, GError **error)
{
    return true;
}

static const Route fuzz_routes[] = {
    {GET, "/", ANYONE, route_run_nothing, NULL},
    {GET, "/o/:token", ANYONE, route_run_nothing, NULL},
    {POST, "/o/:token/:action", ANYONE, route_run_nothing, NULL},
    {GET, "/o/:token/return", ANYONE, route_run_nothing, NULL},
    {GET, "/a/b/c/d", ANYONE, route_run_nothing, NULL},
    {GET, "/:a/:b/:c/e", ANYONE, route_run_nothing, NULL},
    {GET, "/a/:b/c/:d/:rest...", ANYONE, route_run_nothing, NULL},
    {GET, "/static/:hash/:file...", ANYONE, route_run_nothing, NULL},
    {0},
};

static void
text_check(Str text)
{
    must(text_valid(text) && !text_has(text, '\0'));
}

static void
path_check(const Router *router, Arena *arena, HttpMethod method, Str path)
{
    Str params[ROUTE_PARAMS] = {0};
    const char *allow = NULL;
    g_autoptr(GError) error = NULL;
    const Route *route = router_find(router, arena, method, path, params, &allow, &error);
    must((route == NULL) == (error != NULL));
    if (!route)
        return;
    int count = 0;
    for (const char *at = route->pattern; *at; at++)
        count += *at == ':';
    for (int i = 0; i < ROUTE_PARAMS; i++) {
        must((params[i].len > 0) == (i < count));
        text_check(params[i]);
    }
}

static void
query_check(Arena *arena, Str query)
{
    Str rest = query, name, value, back;
    g_autoptr(GError) error = NULL;
    while (url_pair(arena, &rest, &name, &value, &error)) {
        text_check(name);
        text_check(value);
        Buf buf = {.arena = arena};
        url_encode(&buf, value);
        must(url_decode(arena, buf_str(&buf), true, &back) && str_eq(back, value));
    }
    if (url_query(arena, query, "a", &value))
        text_check(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static Router *router;
    if (!router) {
        router = router_new(&(RouterOptions){0});
        must(router_add(router, "fuzz", fuzz_routes, NULL));
    }
    if (len == 0)
        return 0;
    g_autoptr(Arena) arena = arena_new(SIZE_MAX);
    Str query = {(const char *)bytes + 1, len - 1}, path;
    if (!str_split(&query, '?', &path))
        path = (Str){0};
    path_check(router, arena, (HttpMethod)(bytes[0] % (METHOD_OTHER + 1)), path);
    query_check(arena, query);
    return 0;
}
