/* Writing JSON: what comes out can be read, and a wrong call ends the program. */
#include "base/json_write.h"
#include "check.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static char *
sample(Arena *arena, bool pretty, bool html)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf, .pretty = pretty, .html = html};
    json_put_object(&out);
    json_put_key(&out, "id");
    json_put_id(&out, 820982911946154508);
    json_put_key(&out, "lines");
    json_put_array(&out);
    json_put_int(&out, -3);
    json_put_object(&out);
    json_put_end(&out);
    json_put_array(&out);
    json_put_end(&out);
    json_put_bool(&out, true);
    json_put_end(&out);
    json_put_key_text(&out, STR("a\"b"));
    json_put_str(&out, "</script>&'\n\xE2\x80\xA8");
    json_put_key(&out, "none");
    json_put_str(&out, NULL);
    json_put_end(&out);
    json_put_done(&out);
    return buf_cstr(&buf);
}

static void
writes_three_ways(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    assert_string_equal(sample(arena, false, false),
                        "{\"id\":\"820982911946154508\",\"lines\":[-3,{},[],true],"
                        "\"a\\\"b\":\"</script>&'\\n\xE2\x80\xA8\",\"none\":null}");
    assert_string_equal(
        sample(arena, false, true),
        "{\"id\":\"820982911946154508\",\"lines\":[-3,{},[],true],"
        "\"a\\\"b\":\"\\u003c/script\\u003e\\u0026\\u0027\\n\\u2028\",\"none\":null}");
    assert_string_equal(sample(arena, true, false),
                        "{\n  \"id\": \"820982911946154508\",\n  \"lines\": [\n    -3,\n    {},\n"
                        "    [],\n    true\n  ],\n  \"a\\\"b\": \"</script>&'\\n\xE2\x80\xA8\",\n"
                        "  \"none\": null\n}");
}

static char *
text_written(Arena *arena, Str text)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_text(&out, text);
    json_put_done(&out);
    return buf_cstr(&buf);
}

static void
every_byte_can_be_written(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    assert_string_equal(text_written(arena, STR("\b\f\n\r\t\0\x1f\x7f\\")),
                        "\"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\\\\\"");
    /* 0xFF alone, a cut euro sign, a surrogate: each byte that is no UTF-8 shows as U+FFFD. */
    assert_string_equal(text_written(arena, STR("a\xFF"
                                                "b\xE2\x82")),
                        "\"a\xEF\xBF\xBD"
                        "b\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_string_equal(text_written(arena, STR("\xED\xA0\x80")),
                        "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    const char *json = text_written(arena, (Str){all, sizeof all});
    assert_non_null(json_parse(arena, json, strlen(json), NULL));
}

static void
doubles_read_back_the_same(void **state)
{
    static const struct {
        double number;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {57.98, "57.98"},
        {1e21, "1e+21"},
        {1.0 / 3, "0.3333333333333333"},
        {-2.5, "-2.5"},
        {5e-324, "4.94065645841247e-324"},
        {NAN, "null"},
        {INFINITY, "null"},
        {9007199254740993.0, "9007199254740992"},
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Buf buf = {.arena = arena};
        JsonWriter out = {.buf = &buf};
        json_put_double(&out, rows[i].number);
        assert_string_equal(buf_cstr(&buf), rows[i].text);
    }
}

/* ---- wrong calls ------------------------------------------------------------------------- */

static void
two_roots(JsonWriter *out)
{
    json_put_int(out, 1);
    json_put_int(out, 2);
}

static void
value_without_key(JsonWriter *out)
{
    json_put_object(out);
    json_put_int(out, 1);
}

static void
key_without_value(JsonWriter *out)
{
    json_put_object(out);
    json_put_key(out, "a");
    json_put_end(out);
}

static void
key_in_array(JsonWriter *out)
{
    json_put_array(out);
    json_put_key(out, "a");
}

static void
end_of_nothing(JsonWriter *out)
{
    json_put_end(out);
}

static void
open_bracket(JsonWriter *out)
{
    json_put_array(out);
    json_put_done(out);
}

static void
wrong_calls_end_the_program(void **state)
{
    void (*const calls[])(JsonWriter *) = {two_roots,    value_without_key, key_without_value,
                                           key_in_array, end_of_nothing,    open_bracket};
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            signal(SIGABRT, SIG_DFL);
            fclose(stderr);
            Buf buf = {.arena = arena_new(1000)};
            JsonWriter out = {.buf = &buf};
            calls[i](&out);
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_three_ways),
        cmocka_unit_test(every_byte_can_be_written),
        cmocka_unit_test(doubles_read_back_the_same),
        cmocka_unit_test(wrong_calls_end_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
