/* test_url.c - percent-encoding and query strings; expected values from the WHATWG URL standard and
 * RFC 3986's own examples. */
#include "check.h"

#include "engine/url.h"

static Arena *arena;

static void
check_decode(const char *text, bool plus, const char *expected)
{
    Str ret = STR("untouched");
    bool fine = url_decode(arena, str_of(text), plus, &ret);
    assert_int_equal(fine, expected != NULL);
    assert_true(str_is(ret, expected ? expected : "untouched"));
}

static void
test_decoding(void **state)
{
    check_decode("", false, "");
    check_decode("plain", false, "plain");
    check_decode("a%20b", false, "a b");
    check_decode("a+b", false, "a+b");
    check_decode("a+b%2B", true, "a b+");
    check_decode("%e2%82%AC", false, "\xe2\x82\xac");
    check_decode("%25%32%35", false, "%25"); /* once, not twice */
}

static void
test_what_is_broken_is_refused(void **state)
{
    check_decode("%", false, NULL);
    check_decode("a%2", false, NULL);
    check_decode("%zz", false, NULL);
    check_decode("%+1", true, NULL);
    check_decode("%00", false, NULL);
    check_decode("%ff", false, NULL);
    check_decode("%c0%af", false, NULL); /* '/' in two bytes */
    check_decode("%ed%a0%80", false, NULL);
    check_decode("\xff", false, NULL);
}

static void
test_encoding_comes_back(void **state)
{
    Buf buf = {.arena = arena};
    url_encode(&buf, STR("a b/c?d=\xe2\x82\xac&~_.-"));
    assert_string_equal(buf_cstr(&buf), "a%20b%2Fc%3Fd%3D%E2%82%AC%26~_.-");
    Str back;
    assert_true(url_decode(arena, buf_str(&buf), true, &back));
    assert_true(str_is(back, "a b/c?d=\xe2\x82\xac&~_.-"));
}

static void
test_pairs(void **state)
{
    Str rest = STR("&a=1&&b&=c&d=e=f&g=&%68=+i&"), name, value;
    const char *expected[][2] = {{"a", "1"},   {"b", ""}, {"", "c"},
                                 {"d", "e=f"}, {"g", ""}, {"h", " i"}};
    g_autoptr(GError) error = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        assert_true(url_pair(arena, &rest, &name, &value, &error));
        assert_true(str_is(name, expected[i][0]));
        assert_true(str_is(value, expected[i][1]));
    }
    assert_false(url_pair(arena, &rest, &name, &value, &error));
    assert_null(error);

    rest = STR("a=%");
    assert_false(url_pair(arena, &rest, &name, &value, &error));
    assert_true(error_is(error, ERR_INPUT));
}

static void
test_one_value(void **state)
{
    Str value;
    assert_true(url_query(arena, STR("x=1&na%6De=v+w&name=2"), "name", &value));
    assert_true(str_is(value, "v w"));
    assert_false(url_query(arena, STR("names=1&nam=2"), "name", &value));
    assert_false(url_query(arena, STR("name=%"), "name", &value));
    assert_false(url_query(arena, (Str){0}, "name", &value));
    assert_true(url_query(arena, STR("name"), "name", &value));
    assert_int_equal(value.len, 0);
}

int
main(void)
{
    arena = arena_new(SIZE_MAX);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_what_is_broken_is_refused),
        cmocka_unit_test(test_encoding_comes_back),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_one_value),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
