/* The Liquid engine as its hosts see it: objects read in place, threads, budgets, strictness, places. */
#include "check.h"

#include "engine/liquid_shop/liquid_shop.h"

#include <pthread.h>

/* ---- a host's object ----------------------------------------------------------------------- */

typedef struct Line {
    const char *title;
    int64_t cents;
} Line;

typedef struct LineView {
    LiquidObject object;
    const Line *line;
} LineView;

typedef struct OrderView {
    LiquidObject object;
    const Line *lines;
    size_t count;
} OrderView;

static bool
line_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const Line *line = ((const LineView *)self)->line;
    if (str_is(name->text, "title"))
        *ret = liquid_str(str_of(line->title));
    else if (str_is(name->text, "price"))
        *ret = liquid_money(line->cents, "EUR");
    else if (str_is(name->text, "note"))
        *ret = LIQUID_OF_NIL; /* it is known, and empty */
    else
        return false;
    return true;
}

static const LiquidClass line_class = {.name = "line", .get = line_get};

static size_t
lines_len(const LiquidObject *self)
{
    return ((const OrderView *)self)->count;
}

static LiquidValue
lines_nth(const LiquidObject *self, size_t index, Arena *arena)
{
    LineView *view = arena_new_of(arena, LineView, 1);
    *view = (LineView){{&line_class}, &((const OrderView *)self)->lines[index]};
    return liquid_object(&view->object);
}

static const LiquidClass lines_class = {.name = "lines", .len = lines_len, .nth = lines_nth};

static const Line lines[] = {{"Boots <tall>", 12995}, {"Socks", 500}};
static const OrderView order = {{&lines_class}, lines, 2};

static LiquidValue
data_root(Arena *arena)
{
    LiquidValue root = liquid_map(arena);
    liquid_map_set(arena, root, STR("lines"), liquid_object(&order.object));
    liquid_map_set(arena, root, STR("total"), liquid_money(13495, "EUR"));
    liquid_map_set(arena, root, STR("day"), liquid_date(INT64_C(1741944413000)));
    liquid_map_set(arena, root, STR("html"), liquid_safe(STR("<b>x</b>"), LIQUID_SAFE_HTML));
    liquid_map_set(arena, root, STR("name"), liquid_str(STR("O'Brien & <Co>")));
    return root;
}

/* Renders, or gives the error's message behind "! ". */
static const char *
rendered(Arena *arena, const char *source, LiquidOptions options)
{
    g_autoptr(GError) error = NULL;
    options.filters = liquid_shop_filters();
    g_autoptr(Liquid) liquid = liquid_compile(STR("t"), str_of(source), &options, NULL, &error);
    Buf out = {.arena = arena};
    LiquidData data = {.root = data_root(arena), .locale = "de", .now = INT64_C(1741944413000)};
    if (!liquid || !liquid_render(liquid, &data, arena, &out, &error))
        return arena_format(arena, "! %s", error->message);
    return buf_cstr(&out);
}

#define PLAIN  ((LiquidOptions){0})
#define HTML   ((LiquidOptions){.html = true})
#define STRICT ((LiquidOptions){.strict = true})

static void
test_reads_objects_in_place(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    assert_string_equal(
        rendered(arena, "{% for l in lines %}{{ l.title }} {{ l.price }};{% endfor %}", PLAIN),
        "Boots <tall> 129,95\302\240\342\202\254;Socks 5,00\302\240\342\202\254;");
    assert_string_equal(
        rendered(arena, "{{ lines.size }} {{ lines.last.title }} {{ lines[0].title | size }}",
                 PLAIN),
        "2 Socks 12");
    assert_string_equal(rendered(arena, "{{ lines | map: 'title' | join: '+' }}", PLAIN),
                        "Boots <tall>+Socks");
    assert_string_equal(
        rendered(arena, "{{ lines | where: 'title', 'Socks' | first | map: 'price' }}", PLAIN),
        "5,00\302\240\342\202\254");
}

static void
test_money_computes_in_its_currency(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    assert_string_equal(rendered(arena, "{{ lines | map: 'price' | sum }}", PLAIN),
                        "134,95\302\240\342\202\254");
    assert_string_equal(
        rendered(arena, "{{ total | times: 2 | minus: total | divided_by: 3 }}", PLAIN),
        "44,98\302\240\342\202\254");
    assert_string_equal(rendered(arena, "{{ total | plus: 1 }}", PLAIN),
                        "Liquid error: money adds only to money of the same currency");
    assert_string_equal(rendered(arena, "{% if total > lines[0].price %}more{% endif %}", PLAIN),
                        "more");
    assert_string_equal(
        rendered(arena, "{{ total | plus: 1 }} {{ total }}", ((LiquidOptions){.cents = true})),
        "13496 13495");
}

static void
test_values_are_escaped_for_their_place(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    assert_string_equal(rendered(arena, "<p>{{ name }}{{ html }}</p>", HTML),
                        "<p>O&#39;Brien &amp; &lt;Co&gt;<b>x</b></p>");
    assert_string_equal(rendered(arena, "<a href=\"/s?q={{ name }}\">", HTML),
                        "<a href=\"/s?q=O%27Brien%20%26%20%3CCo%3E\">");
    assert_string_equal(rendered(arena, "<script>x({{ name }})</script>", HTML),
                        "<script>x(\"O\\u0027Brien \\u0026 \\u003cCo\\u003e\")</script>");
    assert_string_equal(rendered(arena, "<p>{{ name }}</p>", PLAIN), "<p>O'Brien & <Co></p>");
}

static void
test_an_unsafe_place_is_refused_with_its_place(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    assert_non_null(strstr(rendered(arena, "<p>\n <a onclick=\"{{ name }}\">", HTML), "t:2:14: "));
    assert_non_null(strstr(
        rendered(arena, "{% if name %}<p>{% else %}<p title=\"{% endif %}", HTML), "branch"));
    assert_string_equal(rendered(arena, "<a onclick=\"{{ name }}\">", PLAIN),
                        "<a onclick=\"O'Brien & <Co>\">");
}

static void
test_strict_names_what_is_missing(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    assert_string_equal(rendered(arena, "{{ nme }}{{ lines[0].nope }}", PLAIN), "");
    assert_string_equal(rendered(arena, "a\n{{ nme }}", STRICT), "! t:2:4: there is no 'nme' here");
    assert_string_equal(rendered(arena, "{{ lines[0].note }}{{ nme | default: 'x' }}", STRICT),
                        "x");
    assert_non_null(strstr(rendered(arena, "{{ name | upcas }}", STRICT), "did you mean upcase?"));
    assert_string_equal(
        rendered(arena, "{{ (1..3) | join: '#' }}{{ 'b,a' | split: ',' | sort | first }}", STRICT),
        "1#2#3a");
    assert_string_equal(rendered(arena, "{{ 1 | divided_by: 0 }}", PLAIN),
                        "Liquid error: divided by 0");
}

/* ---- budgets ------------------------------------------------------------------------------ */

static void
test_every_budget_stops_the_render(void **state)
{
    static const struct {
        const char *source;
        LiquidBudget budget;
        const char *says;
    } CASES[] = {
        {"{% for i in (1..1000000) %}{% endfor %}", {.turns = 100}, "more than 100 turns"},
        {"{% for i in (1..1000000) %}{{ i }}{% endfor %}",
         {.output_bytes = 1000},
         "larger than 1000 bytes"},
        {"{% for i in (1..1000000) %}{% assign a = i | plus: 1 %}{% endfor %}",
         {.steps = 500},
         "more than 500 steps"},
        {"{% assign s = 'x' %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}",
         {.arena_bytes = 100000},
         "more than 100000 bytes"},
        {"{% assign s = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}{{ s | replace: 'a', s | "
         "replace: 'a', s | "
         "replace: 'a', s | replace: 'a', s | size }}",
         {.arena_bytes = 1000000},
         "larger than 1000000 bytes"},
        {"{{ (1..1000000000000) | join }}", {.turns = 1000}, "too long"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(Arena) arena = arena_new(1 << 24);
        LiquidOptions options = {.budget = CASES[i].budget};
        const char *got = rendered(arena, CASES[i].source, options);
        if (!strstr(got, CASES[i].says))
            print_message("%s gave %.200s\n", CASES[i].source, got);
        assert_non_null(strstr(got, CASES[i].says));
    }
}

static bool
self_load(const void *host, Str name, Arena *arena, Str *ret)
{
    *ret = str_of(host);
    return true;
}

static void
test_a_partial_that_holds_itself_ends(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    const char *source = "a{% render 'self' %}";
    LiquidOptions options = {.load = self_load, .host = source, .budget = {.depth = 5}};
    assert_string_equal(rendered(arena, source, options), "aaaaaaLiquid error: Nesting too deep");
}

/* ---- threads ------------------------------------------------------------------------------ */

enum { THREADS = 8, RENDERS = 200 };

static void *
thread_render(void *argument)
{
    const Liquid *liquid = argument;
    g_autoptr(Arena) arena = arena_new(1 << 20);
    bool same = true;
    for (int i = 0; i < RENDERS; i++, arena_reset(arena)) {
        Buf out = {.arena = arena};
        LiquidData data = {.root = data_root(arena), .locale = "de"};
        same = same && liquid_render(liquid, &data, arena, &out, NULL) &&
               str_eq(buf_str(&out), STR("Boots &lt;tall&gt; 1 Socks 2 2025"));
    }
    return same ? argument : NULL;
}

static void
test_threads_render_one_template_at_once(void **state)
{
    const char *source =
        "{% for l in lines %}{{ l.title }} {{ forloop.index }} {% endfor %}{{ day | date: '%Y' }}";
    LiquidOptions options = {.html = true, .filters = liquid_shop_filters()};
    g_autoptr(Liquid) liquid = liquid_compile(STR("t"), str_of(source), &options, NULL, NULL);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, thread_render, liquid), 0);
    for (int i = 0; i < THREADS; i++) {
        void *same;
        pthread_join(threads[i], &same);
        assert_ptr_equal(same, liquid);
    }
}

/* ---- checked at save ---------------------------------------------------------------------- */

static void
test_a_schema_finds_what_is_wrong(void **state)
{
    static const LiquidField item[] = {{"title", LIQUID_TYPE_STRING, false, NULL, NULL}, {0}};
    static const LiquidField items[] = {{"", LIQUID_TYPE_OBJECT, false, item, NULL}, {0}};
    static const LiquidField order_fields[] = {
        {"shipping_address", LIQUID_TYPE_STRING, true, NULL, NULL},
        {"items", LIQUID_TYPE_LIST, false, items, NULL},
        {0}};
    static const LiquidField root[] = {{"order", LIQUID_TYPE_OBJECT, false, order_fields, NULL},
                                       {0}};
    static const LiquidSchema schema = {root};
    g_autoptr(Arena) arena = arena_new(1 << 20);
    LiquidOptions options = {.schema = &schema};
    LiquidNotes notes = {.arena = arena};
    g_autoptr(GError) error = NULL;
    const char *source =
        "{{ order.shipping_address }}\n{% for i in order.items %}{{ i.title }}{% endfor %}"
        "{{ order.shiping_address }}";
    assert_null(liquid_compile(STR("t"), str_of(source), &options, &notes, &error));
    assert_true(error_is(error, ERR_TEMPLATE));
    assert_int_equal(notes.count, 2);
    assert_false(notes.list[0].error);
    assert_true(str_eq(notes.list[1].suggestion, STR("order.shipping_address")));
    assert_int_equal(notes.list[1].line, 2);
    assert_int_equal(notes.list[1].column, 61);
}

static void
test_vars_are_the_paths_that_are_read(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 20);
    const char *source = "{% assign a = order.name %}{{ a }}{% for i in order.items %}{{ i.sku "
                         "}}{% endfor %}{{ i }}";
    g_autoptr(Liquid) liquid = liquid_compile(STR("t"), str_of(source), NULL, NULL, NULL);
    size_t count;
    const Str *vars = liquid_vars(liquid, arena, &count);
    static const char *const WANT[] = {"order.name", "order.items", "order.items[].sku", "i"};
    assert_int_equal(count, G_N_ELEMENTS(WANT));
    for (size_t i = 0; i < count; i++)
        assert_true(str_is(vars[i], WANT[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_objects_in_place),
        cmocka_unit_test(test_money_computes_in_its_currency),
        cmocka_unit_test(test_values_are_escaped_for_their_place),
        cmocka_unit_test(test_an_unsafe_place_is_refused_with_its_place),
        cmocka_unit_test(test_strict_names_what_is_missing),
        cmocka_unit_test(test_every_budget_stops_the_render),
        cmocka_unit_test(test_a_partial_that_holds_itself_ends),
        cmocka_unit_test(test_threads_render_one_template_at_once),
        cmocka_unit_test(test_a_schema_finds_what_is_wrong),
        cmocka_unit_test(test_vars_are_the_paths_that_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
