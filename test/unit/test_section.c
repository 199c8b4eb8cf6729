/* Sections of mails: their schemas, and what a shop may choose. */
#include "base/limits.h"
#include "check.h"
#include "engine/asset.h"
#include "flow/words.h"

#include <string.h>

static const char *
schema_problem(Arena *arena, const char *text)
{
    g_autoptr(GError) error = NULL;
    Section section;
    if (section_read(arena, STR("items"), str_of(text), &section, &error))
        return "";
    return arena_format(arena, "%s", error->message);
}

static void
test_schema(void **state)
{
    static const char text[] = "{\"title\": \"Goods\", \"always\": true, \"settings\": ["
                               "{\"name\": \"title\", \"type\": \"text\", \"label\": \"L\", "
                               "\"help\": \"H\", \"default\": \"Hi\"},"
                               "{\"name\": \"shown\", \"type\": \"switch\", \"label\": \"L\", "
                               "\"help\": \"H\", \"default\": true}]}";
    Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    Section section;
    assert_true(section_read(arena, STR("items"), str_of(text), &section, NULL));
    assert_true(str_is(section.title, "Goods"));
    assert_true(section.always);
    assert_false(section.fixed);
    assert_int_equal(section.setting_count, 2);
    assert_int_equal(section.settings[0].type, SECTION_TEXT);
    assert_true(str_is(section.settings[0].value, "Hi"));
    assert_int_equal(section.settings[1].type, SECTION_SWITCH);
    assert_true(section.settings[1].on);
    arena_free(arena);
}

#define SETTING(rest) \
    "{\"title\": \"T\", \"settings\": [{\"label\": \"L\", \"help\": \"H\", " rest "}]}"

static void
test_wrong_schema_names_the_place(void **state)
{
    int wrong = 0;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"[]", "instead of an object"},
        {"{}", "title is missing"},
        {"{\"title\": \"T\", \"alway\": true}", "nobody knows 'alway'"},
        {SETTING("\"name\": \"a\", \"type\": \"number\", \"default\": 1"),
         "settings/0: type is text"},
        {SETTING("\"name\": \"A b\", \"type\": \"text\", \"default\": \"\""),
         "settings/0: a name has"},
        {SETTING("\"name\": \"a\", \"type\": \"text\""), "default is a text"},
        {SETTING("\"name\": \"a\", \"type\": \"switch\", \"default\": \"on\""), "true or false"},
        {SETTING("\"name\": \"a\", \"type\": \"colour\", \"default\": \"red\""), "#1d4f91"},
        {SETTING("\"name\": \"a\", \"type\": \"choice\", \"default\": \"x\""),
         "a choice has choices"},
        {SETTING("\"name\": \"a\", \"type\": \"choice\", \"choices\": [\"y\"], \"default\": \"x\""),
         "one of choices"},
    };
    Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        if (!strstr(schema_problem(arena, cases[i].text), cases[i].says))
            wrong++, print_error("%s: '%s'\n", cases[i].text, schema_problem(arena, cases[i].text));
    arena_free(arena);
    assert_int_equal(wrong, 0);
}

static void
test_wrong_choices_name_place_and_cure(void **state)
{
    int wrong = 0;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"[]", "instead of an object"},
        {"{", "line 1"},
        {"{\"order_confirmatoin\": {}}", "there is no mail 'order_confirmatoin'"},
        {"{\"all\": {\"of\": []}}", "all: 'of' is none of off, order and settings"},
        {"{\"all\": {\"off\": [\"legal\"]}}", "all: off: 'legal' cannot be switched off"},
        {"{\"all\": {\"off\": [\"totals\"]}}", "'totals' cannot be switched off"},
        {"{\"all\": {\"off\": \"note\"}}", "all: off: it is a string"},
        {"{\"all\": {\"order\": [\"foot\"]}}", "'foot' stays where it is"},
        {"{\"all\": {\"order\": [\"items\", \"items\"]}}", "twice"},
        {"{\"shipped\": {\"off\": [\"addresses\"]}}",
         "there is no section 'addresses' here; there are"},
        {"{\"all\": {\"settings\": {\"items\": {\"titel\": \"x\"}}}}",
         "all: settings: items: there is no setting 'titel' here; there is title"},
        {"{\"all\": {\"settings\": {\"items\": {\"title\": 5}}}}", "items: title: it is"},
        {"{\"all\": {\"settings\": {\"items\": {\"title\": \"a\\nb\"}}}}", "one line"},
        {"{\"all\": {\"settings\": {\"items\": {\"title\": {\"xx\": \"a\"}}}}}", "'xx'"},
        {"{\"all\": {\"settings\": {\"parcel\": {\"contents\": \"no\"}}}}", "true or false"},
        {"{\"all\": {\"settings\": {\"note\": {\"frame\": \"gold\"}}}}", "one of none, line"},
        {"{\"all\": {\"settings\": {\"head\": {\"ground\": \"red\"}}}}", "#1d4f91"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ShopWords) words = shop_words_new(str_of(cases[i].text), &error);
        if (words || !strstr(error->message, cases[i].says))
            wrong++, print_error("%s: %s\n", cases[i].text, words ? "taken" : error->message);
    }
    assert_int_equal(wrong, 0);
}

static void
test_right_choices_are_taken(void **state)
{
    int wrong = 0;
    const char *const cases[] = {
        "{}",
        "{\"all\": {\"off\": [\"addresses\", \"order_data\"]}}",
        "{\"all\": {\"settings\": {\"note\": {\"text\": {\"de\": \"A\", \"en-US\": \"B\"}}}}}",
        "{\"order_confirmation\": {\"order\": [\"totals\", \"items\", \"contact\"], \"off\": []}}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ShopWords) words = shop_words_new(str_of(cases[i]), &error);
        if (!words)
            wrong++, print_error("%s: %s\n", cases[i], error->message);
    }
    assert_int_equal(wrong, 0);
}

static void
arranged(const char *choices_text, const char *expected)
{
    static const char source[] =
        "{%- assign a = 1 -%}\n{%- include 'head' -%}\n{%- include 'items' -%}\n"
        "{%- include 'totals' -%}\n{%- include 'addresses' -%}\n{%- include 'foot' -%}\n";
    Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    SectionBook book;
    SectionChoices choices;
    Buf names = {.arena = arena};
    assert_true(section_book_read(arena, &book, NULL));
    assert_true(section_choices_read(arena, &book, str_of(choices_text), &choices, NULL));
    Str rest = section_arrange(arena, &choices, STR("order_confirmation"), str_of(source)), line,
        name;
    assert_true(str_starts(rest, "{%- assign a = 1 -%}\n"));
    while (str_split(&rest, '\n', &line)) {
        if (!section_line(line, &name))
            continue;
        buf_add(&names, name.at, name.len);
        buf_add(&names, " ", 1);
    }
    assert_string_equal(arena_cstr(arena, buf_str(&names)), expected);
    arena_free(arena);
}

static void
test_order(void **state)
{
    arranged("{}", "head items totals addresses foot ");
    arranged("{\"all\": {\"order\": [\"addresses\", \"items\"]}}",
             "head addresses totals items foot ");
    arranged("{\"all\": {\"off\": [\"addresses\"]}}", "head items totals foot ");
    arranged("{\"all\": {\"off\": [\"addresses\"]}, \"order_confirmation\": {\"off\": []}}",
             "head items totals addresses foot ");
    arranged(
        "{\"all\": {\"order\": [\"parcel\", \"totals\", \"items\"], \"off\": [\"addresses\"]}}",
        "head totals items foot ");
}

/* "" or what the check of templates says. */
static const char *
template_problem(Arena *arena, const SectionBook *book, const char *text)
{
    g_autoptr(GError) error = NULL;
    LiquidOptions options = {
        .html = true,
        .strict = true,
        .schema = section_schema(arena, book, view_schema_root(arena)),
    };
    g_autoptr(Liquid) liquid = liquid_compile(STR("mail"), str_of(text), &options, NULL, &error);
    return liquid ? "" : arena_format(arena, "%s", error->message);
}

static void
test_a_template_reads_only_what_its_section_has(void **state)
{
    Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    SectionBook book;
    assert_true(section_book_read(arena, &book, NULL));
    assert_string_equal(
        template_problem(arena, &book,
                         "{% assign section = sections.items %}{{ section.settings.title }}"),
        "");
    const char *problem = template_problem(
        arena, &book, "{% assign section = sections.items %}{{ section.settings.titel }}");
    assert_non_null(strstr(problem, "titel"));
    assert_non_null(
        strstr(template_problem(arena, &book, "{{ sections.item.settings.title }}"), "item"));
    arena_free(arena);
}

/* A setting that nothing reads would be a promise that is not kept. */
static void
test_every_setting_is_read(void **state)
{
    Arena *arena = arena_new(LIMIT_ARENA_BYTES);
    SectionBook book;
    int unread = 0;
    assert_true(section_book_read(arena, &book, NULL));
    assert_true(book.count > 10);
    for (size_t i = 0; i < book.count; i++) {
        const Section *section = &book.list[i];
        Str source = asset_get(
            arena_format(arena, "ui/mail/sections/" STR_FMT ".liquid", STR_ARG(section->name)));
        for (size_t j = 0; j < section->setting_count; j++) {
            const char *read = arena_format(arena, "section.settings." STR_FMT,
                                            STR_ARG(section->settings[j].name));
            size_t at;
            if (!str_find(source, str_of(read), &at))
                unread++, print_error("%s is not read\n", read);
        }
    }
    assert_int_equal(unread, 0);
    arena_free(arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_wrong_schema_names_the_place),
        cmocka_unit_test(test_wrong_choices_name_place_and_cure),
        cmocka_unit_test(test_right_choices_are_taken),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_a_template_reads_only_what_its_section_has),
        cmocka_unit_test(test_every_setting_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
