/* test_route.c - which row answers an address, and which tables stop the start. */
#include "check.h"

#include "engine/route.h"

static bool
run(RouteCtx *ctx, GError **error)
{
    return true;
}

static bool
has_template(const char *template, void *app)
{
    return strcmp(template, "portal/order.liquid") == 0;
}

static const Route shop_routes[] = {
    {GET, "/", ANYONE, run, NULL},
    {GET, "/o/:token", CUSTOMER, run, "portal/order.liquid"},
    {POST, "/o/:token", CUSTOMER, run, NULL},
    {GET, "/o/help", ANYONE, run, NULL},
    {POST, "/in/:shop/shopify", ANYONE, run, NULL},
    {DELETE, "/in/:shop/:kind", STAFF, run, NULL},
    {GET, "/static/:hash/:file...", ANYONE, run, NULL},
    {GET, "/static/:hash/map", ANYONE, run, NULL},
    {GET, "/returns", STAFF, run, NULL},
    {POST, "/returns/:id/decide", STAFF, run, NULL},
    {0},
};

typedef struct Bench {
    Router *router;
    Arena *arena;
} Bench;

static Router *
router_of(const Route *routes, GError **error)
{
    g_autoptr(Router) router = router_new(&(RouterOptions){.has_template = has_template});
    return router_add(router, "shop", routes, error) ? g_steal_pointer(&router) : NULL;
}

/* The pattern that answers, then its parameters, "404", "400", or "405 " and the methods. */
static const char *
answer_of(const Bench *bench, HttpMethod method, const char *path)
{
    Str params[ROUTE_PARAMS] = {0};
    const char *allow = NULL;
    g_autoptr(GError) error = NULL;
    const Route *route =
        router_find(bench->router, bench->arena, method, str_of(path), params, &allow, &error);
    Buf buf = {.arena = bench->arena};
    if (!route) {
        buf_format(&buf, "%d%s%s", error_row(error)->http, allow ? " " : "", allow ? allow : "");
        return buf_cstr(&buf);
    }
    buf_add_cstr(&buf, route->pattern);
    for (int i = 0; i < ROUTE_PARAMS && params[i].at; i++)
        buf_format(&buf, " [" STR_FMT "]", STR_ARG(params[i]));
    return buf_cstr(&buf);
}

static int
bench_open(void **state)
{
    static Bench bench;
    g_autoptr(GError) error = NULL;
    bench.router = router_of(shop_routes, &error);
    bench.arena = arena_new(SIZE_MAX);
    *state = &bench;
    return bench.router ? 0 : -1;
}

static int
bench_close(void **state)
{
    Bench *bench = *state;
    router_free(bench->router);
    arena_free(bench->arena);
    return 0;
}

static void
test_found(void **state)
{
    const Bench *bench = *state;
    assert_string_equal(answer_of(bench, GET, "/"), "/");
    assert_string_equal(answer_of(bench, GET, "/o/abc"), "/o/:token [abc]");
    assert_string_equal(answer_of(bench, HEAD, "/o/abc"), "/o/:token [abc]");
    assert_string_equal(answer_of(bench, POST, "/o/abc"), "/o/:token [abc]");
    assert_string_equal(answer_of(bench, GET, "/o/help"), "/o/help");
    assert_string_equal(answer_of(bench, GET, "/o/hel"), "/o/:token [hel]");
    assert_string_equal(answer_of(bench, GET, "/o/helps"), "/o/:token [helps]");
    assert_string_equal(answer_of(bench, POST, "/in/demo/shopify"), "/in/:shop/shopify [demo]");
    assert_string_equal(answer_of(bench, POST, "/returns/7/decide"), "/returns/:id/decide [7]");
}

static void
test_the_rest(void **state)
{
    const Bench *bench = *state;
    assert_string_equal(answer_of(bench, GET, "/static/ab12/app.css"),
                        "/static/:hash/:file... [ab12] [app.css]");
    assert_string_equal(answer_of(bench, GET, "/static/ab12/a/b%20c/d.js"),
                        "/static/:hash/:file... [ab12] [a/b c/d.js]");
    assert_string_equal(answer_of(bench, GET, "/static/ab12/map"), "/static/:hash/map [ab12]");
    assert_string_equal(answer_of(bench, GET, "/static/ab12/map/x"),
                        "/static/:hash/:file... [ab12] [map/x]");
    assert_string_equal(answer_of(bench, GET, "/static/ab12"), "404");
    assert_string_equal(answer_of(bench, GET, "/static/ab12/"), "404");
}

static void
test_a_word_gives_way_where_it_has_not_the_method(void **state)
{
    const Bench *bench = *state;
    assert_string_equal(answer_of(bench, POST, "/o/help"), "/o/:token [help]");
    assert_string_equal(answer_of(bench, DELETE, "/in/demo/shopify"),
                        "/in/:shop/:kind [demo] [shopify]");
}

static void
test_methods(void **state)
{
    const Bench *bench = *state;
    assert_string_equal(answer_of(bench, GET, "/in/demo/shopify"), "405 POST, DELETE");
    assert_string_equal(answer_of(bench, PUT, "/o/abc"), "405 GET, HEAD, POST");
    assert_string_equal(answer_of(bench, OPTIONS, "/returns"), "405 GET, HEAD");
    assert_string_equal(answer_of(bench, METHOD_OTHER, "/returns"), "405 GET, HEAD");
    assert_string_equal(answer_of(bench, HEAD, "/returns/7/decide"), "405 POST");
}

static void
test_nothing_there(void **state)
{
    const Bench *bench = *state;
    const char *paths[] = {"",
                           "o/abc",
                           "/o",
                           "/o/",
                           "/o//",
                           "//o/abc",
                           "/O/abc",
                           "/o/a/b",
                           "/return",
                           "/returnsx",
                           "/returns/",
                           "/o/..",
                           "/o/.",
                           "/o/%2e%2e",
                           "*",
                           "/static/x/..%2f..",
                           "/static/x/a%2fb"};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        assert_string_equal(answer_of(bench, GET, paths[i]), "404");
    char *deep = arena_bytes(bench->arena, 4097);
    for (int i = 0; i < 4096; i++)
        deep[i] = i % 2 ? 'a' : '/';
    deep[4096] = '\0';
    assert_string_equal(answer_of(bench, GET, deep), "404");
}

static void
test_decoding_is_done_once_and_part_by_part(void **state)
{
    const Bench *bench = *state;
    assert_string_equal(answer_of(bench, GET, "/o/a%2Fb"), "/o/:token [a/b]");
    assert_string_equal(answer_of(bench, GET, "/o/a%252Fb"), "/o/:token [a%2Fb]");
    assert_string_equal(answer_of(bench, GET, "/o/a+b"), "/o/:token [a+b]");
    assert_string_equal(answer_of(bench, GET, "/%6f/abc"), "/o/:token [abc]");
    assert_string_equal(answer_of(bench, GET, "/o/a%zz"), "400");
    assert_string_equal(answer_of(bench, GET, "/o/%00"), "400");
    assert_string_equal(answer_of(bench, GET, "/o/%ff"), "400");
}

static void
check_refused(const Route *routes, const char *words)
{
    g_autoptr(GError) error = NULL;
    assert_null(router_of(routes, &error));
    assert_non_null(strstr(error->message, words));
    assert_non_null(strstr(error->message, "of shop: "));
}

#define TABLE(...) ((const Route[]){__VA_ARGS__, {0}})

static void
test_tables_that_stop_the_start(void **state)
{
    check_refused(TABLE({GET, "/a/:x", ANYONE, run}, {GET, "/a/:y", ANYONE, run}),
                  "/a/:x of shop has this address already");
    check_refused(TABLE({GET, "/", ANYONE, run}, {GET, "/", ANYONE, run}), "already");
    check_refused(TABLE({GET, "/a/:x...", ANYONE, run}, {GET, "/a/:y...", ANYONE, run}), "already");
    check_refused(TABLE({GET, "a", ANYONE, run}), "begins with '/'");
    check_refused(TABLE({GET, "/a/", ANYONE, run}), "'' is no part");
    check_refused(TABLE({GET, "/a b", ANYONE, run}), "'a b' is no part");
    check_refused(TABLE({GET, "/a/:", ANYONE, run}), "':' is no name");
    check_refused(TABLE({GET, "/a/:X", ANYONE, run}), "':X' is no name");
    check_refused(TABLE({GET, "/:a/:a", ANYONE, run}), "':a' stands twice");
    check_refused(TABLE({GET, "/:a.../b", ANYONE, run}), "stands last");
    check_refused(TABLE({GET, "/:a/:b/:c/:d/:e/:f/:g/:h/:i", ANYONE, run}), "more than 8 names");
    check_refused(TABLE({GET, "/a", ANYONE, NULL}), "no function");
    check_refused(TABLE({HEAD, "/a", ANYONE, run}), "a route is GET");
    check_refused(TABLE({GET, "/a", ANYONE, run, "portal/none.liquid"}),
                  "no template portal/none.liquid");
}

static void
test_the_same_address_with_other_methods_or_names(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Router) router =
        router_of(TABLE({GET, "/a/:x", ANYONE, run}, {POST, "/a/:y", ANYONE, run}), &error);
    assert_non_null(router);
    assert_int_equal(router_count(router), 2);
    const char *feature;
    assert_string_equal(router_nth(router, 1, &feature)->pattern, "/a/:y");
    assert_string_equal(feature, "shop");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_the_rest),
        cmocka_unit_test(test_a_word_gives_way_where_it_has_not_the_method),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_decoding_is_done_once_and_part_by_part),
        cmocka_unit_test(test_tables_that_stop_the_start),
        cmocka_unit_test(test_the_same_address_with_other_methods_or_names),
    };
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
