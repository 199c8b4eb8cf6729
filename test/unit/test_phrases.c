/* Texts as templates ask for them: {{ key | t }}. What is expected is written out by hand; plural forms are CLDR's
 * (https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html), amounts those of its survey. */
#include "base/json.h"
#include "check.h"
#include "engine/liquid_shop/liquid_shop.h"

#include <string.h>

static const char arabic[] = "{\"items\": {\"zero\": \"none\", \"one\": \"one\", \"two\": \"two\", "
                             "\"few\": \"few {{ count }}\", \"many\": "
                             "\"many\", \"other\": \"other\"}, \"mail\": {\"hello\": \"Hello {{ "
                             "name }}, {{ name }}{{other}}!\", \"half\": \"a {{ b\", "
                             "\"bold_html\": \"<b>{{ name }}</b>\", \"empty\": \"\"}}";
static const char english[] = "{\"items\": {\"one\": \"1 item\", \"other\": \"{{ count }} "
                              "items\"}, \"mail\": {\"only\": \"only {{ x }}\"}}";

static const char *
rendered(Arena *arena, const char *locale, const char *source)
{
    const LiquidOptions options = {.html = true, .filters = liquid_shop_filters()};
    LiquidShop shop = {
        .currency = "EUR",
        .words = phrases_new(arena, json_parse(arena, arabic, strlen(arabic), NULL)),
        .fallback = phrases_new(arena, json_parse(arena, english, strlen(english), NULL)),
        .memo = liquid_shop_memo(arena),
    };
    LiquidData data = {.root = liquid_map(arena), .locale = locale, .host = &shop};
    liquid_map_set(arena, data.root, STR("who"), liquid_str(STR("A & B")));
    g_autoptr(Liquid) liquid = liquid_compile(STR("test"), str_of(source), &options, NULL, NULL);
    assert_non_null(liquid);
    Buf out = {.arena = arena};
    assert_true(liquid_render(liquid, &data, arena, &out, NULL));
    return buf_cstr(&out);
}

static void
test_texts_are_filled(void **state)
{
    static const char *const known[][2] = {
        {"{{ 'mail.hello' | t: name: who }}", "Hello A &amp; B, A &amp; B{{other}}!"},
        {"{{ 'mail.hello' | t }}", "Hello {{ name }}, {{ name }}{{other}}!"},
        {"{{ 'mail.half' | t }}", "a {{ b"},
        {"{{ 'mail.bold_html' | t: name: who }}", "<b>A &amp; B</b>"},
        {"[{{ 'mail.empty' | t }}]", "[]"},
        {"{{ 'mail.only' | t: x: 3 }}", "only 3"},
        {"{{ 'mail.nobody' | t }} {{ 'mail' | t }} {{ 'items' | t }} {{ 'mail.' | t }}",
         "mail.nobody mail items mail."},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        Arena *arena = arena_new(1 << 20);
        assert_string_equal(rendered(arena, "ar", known[i][0]), known[i][1]);
        arena_free(arena);
    }
}

static void
test_a_number_chooses_the_form(void **state)
{
    static const char *const forms[] = {"none", "one",  "two",   "few 3",  "few 10",
                                        "many", "many", "other", "few 103"};
    static const int counts[] = {0, 1, 2, 3, 10, 11, 99, 100, 103};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        Arena *arena = arena_new(1 << 20);
        const char *source = arena_format(arena, "{{ 'items' | t: count: %d }}", counts[i]);
        assert_string_equal(rendered(arena, "ar", source), forms[i]);
        arena_free(arena);
    }
}

static void
test_amounts_below_zero_and_without_their_sign(void **state)
{
    static const char *const known[][3] = {
        {"de", "{{ 123456 | money }}", "1.234,56\302\240\342\202\254"},
        {"de", "{{ -5 | money }} {{ 5 | money }}",
         "-0,05\302\240\342\202\254 0,05\302\240\342\202\254"},
        {"en", "{{ 123400 | money_without_trailing_zeros }}", "\342\202\2541,234"},
        {"en", "{{ 1 | money_without_currency }} {{ 99 | money: currency: 'JPY' }}",
         "0.01 \302\24599"},
        {"hi", "{{ 1234567800 | money_without_currency }}", "1,23,45,678.00"},
        {"es", "{{ 123400 | money_without_currency }}", "1234,00"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        Arena *arena = arena_new(1 << 20);
        assert_string_equal(rendered(arena, known[i][0], known[i][1]), known[i][2]);
        arena_free(arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_are_filled),
        cmocka_unit_test(test_a_number_chooses_the_form),
        cmocka_unit_test(test_amounts_below_zero_and_without_their_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
