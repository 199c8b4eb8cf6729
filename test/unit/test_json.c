/* Reading JSON: whatever a shop sends is read exactly, or refused with the place; and both readers
 * see the same. The verdicts of the list below are those of RFC 8259 (the cases follow Nicolas
 * Seriot's "Parsing JSON is a minefield"). test/json/test_json.py asks Python's reader too. */
#include "base/json_inside.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "check.h"

#include <math.h>
#include <pthread.h>

static Arena *arena;

static int
setup(void **state)
{
    arena = arena_new(64 * 1024 * 1024);
    return 0;
}

static int
teardown(void **state)
{
    arena_free(arena);
    return 0;
}

static const Json *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    const Json *ret = json_parse(arena, text, strlen(text), &error);
    if (!ret)
        print_error("%s: %s\n", text, error->message);
    assert_non_null(ret);
    assert_null(error);
    return ret;
}

static void
refused(const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;
    assert_null(json_parse(arena, text, strlen(text), &error));
    assert_string_equal(error->message, message);
    assert_true(error_is(error, ERR_JSON));
}

static char *
written(const Json *value)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_value(&out, value);
    json_put_done(&out);
    return buf_cstr(&buf);
}

static void
order_is_read_as_the_shop_wrote_it(void **state)
{
    const Json *order = parse("{\"id\": 820982911946154508, \"name\": \"#9999\", \"test\": true,"
                              " \"email\": \"j\\u00f6n@example.com\", \"closed_at\": null,"
                              " \"total\": 409.940, \"lines\": [{\"price\": \"199.00\"}, {}]}");
    int64_t id = 0;
    bool truth = false;
    double total = 0;
    assert_int_equal(json_len(order), 7);
    assert_true(json_int(json_get(order, "id"), &id));
    assert_int_equal(id, 820982911946154508);
    assert_string_equal(json_str(json_get(order, "email")), "j\xC3\xB6n@example.com");
    assert_true(json_bool(json_at(order, "/test"), &truth) && truth);
    assert_true(json_missing(json_at(order, "/closed_at")));
    assert_int_equal(json_type(json_at(order, "/closed_at")), JSON_NULL);
    assert_true(json_missing(json_at(order, "/no/such/place")));
    assert_true(json_double(json_get(order, "total"), &total));
    assert_true(total == 409.94);
    assert_true(str_is(json_number_text(arena, json_get(order, "total")), "409.940"));
    assert_string_equal(json_str(json_at(order, "/lines/0/price")), "199.00");
    assert_int_equal(json_len(json_at(order, "/lines/1")), 0);
    assert_true(str_is(json_key(order, 6), "lines"));
    assert_ptr_equal(json_nth(order, 6), json_get(order, "lines"));
}

static void
accessors_never_crash(void **state)
{
    const Json *values[] = {NULL,         parse("null"),  parse("true"), parse("7"),
                            parse("7.5"), parse("\"x\""), parse("[1]"),  parse("{\"a\":1}")};
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        const Json *value = values[i];
        int64_t number = 42;
        double real = 42;
        bool truth = true;
        assert_int_equal(json_type(value), i); /* the order of JsonType */
        assert_non_null(json_type_name(value));
        assert_int_equal(json_len(value), i >= JSON_ARRAY ? 1 : 0);
        assert_int_equal(json_text(value).len, i == JSON_STRING ? 1 : 0);
        assert_int_equal(json_str(value) != NULL, i == JSON_STRING);
        assert_int_equal(json_int(value, &number), i == JSON_INT);
        assert_int_equal(json_double(value, &real), i == JSON_INT || i == JSON_REAL);
        assert_int_equal(json_bool(value, &truth), i == JSON_BOOL);
        assert_int_equal(json_true(value), i == JSON_BOOL);
        assert_int_equal(json_nth(value, 0) != NULL, i >= JSON_ARRAY);
        assert_null(json_nth(value, 1));
        assert_int_equal(json_key(value, 0).len, i == JSON_OBJECT ? 1 : 0);
        assert_int_equal(json_key(value, 1).len, 0);
        assert_int_equal(json_get(value, "a") != NULL, i == JSON_OBJECT);
        assert_ptr_equal(json_at(value, ""), value);
        assert_null(json_at(value, "/b/c"));
        assert_int_equal(json_number_text(arena, value).len, i == JSON_INT    ? 1
                                                             : i == JSON_REAL ? 3
                                                                              : 0);
    }
}

/* The example of RFC 6901, section 5. */
static void
pointers_follow_rfc_6901(void **state)
{
    const Json *root = parse("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,"
                             "\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}");
    static const char *const numbers[] = {"/",     "/a~1b", "/c%d", "/e^f", "/g|h",
                                          "/i\\j", "/k\"l", "/ ",   "/m~0n"};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        int64_t number = -1;
        assert_true(json_int(json_at(root, numbers[i]), &number));
        assert_int_equal(number, i);
    }
    assert_string_equal(json_str(json_at(root, "/foo/1")), "baz");
    static const char *const nowhere[] = {
        "/foo/01", "/foo/-", "/foo/2", "/foo/", "/foo/1x", "/foo/-1", "/foo/99999999999999999999",
        "/a~2b"};
    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++)
        assert_null(json_at(root, nowhere[i]));
}

static void
last_of_equal_keys_wins(void **state)
{
    const Json *root = parse("{\"a\":1,\"b\":2,\"a\":3}");
    int64_t number = 0;
    assert_true(json_int(json_get(root, "a"), &number));
    assert_int_equal(number, 3);
    assert_true(json_int(json_at(root, "/a"), &number));
    assert_int_equal(number, 3);
    assert_int_equal(json_len(root), 3);
}

static void
numbers_lose_nothing(void **state)
{
    static const struct {
        const char *text;
        JsonType type;
        double real;
        int64_t whole; /* -99: has none */
    } rows[] = {
        {"0", JSON_INT, 0, 0},
        {"-0", JSON_INT, 0, 0},
        {"9223372036854775807", JSON_INT, 9223372036854775807.0, INT64_MAX},
        {"-9223372036854775808", JSON_INT, -9223372036854775808.0, INT64_MIN},
        {"9223372036854775808", JSON_REAL, 9223372036854775808.0, -99},
        {"-9223372036854775809", JSON_REAL, -9223372036854775808.0, -99},
        {"18446744073709551615", JSON_REAL, 18446744073709551615.0, -99},
        {"18446744073709551616", JSON_REAL, 18446744073709551616.0, -99},
        {"123456789012345678901234567890", JSON_REAL, 123456789012345678901234567890.0, -99},
        {"1.0", JSON_REAL, 1, 1},
        {"-12.000", JSON_REAL, -12, -12},
        {"9007199254740993.0", JSON_REAL, 9007199254740992.0, 9007199254740993},
        {"1.00000000000000000000001", JSON_REAL, 1, -99},
        {"0.1000000000000000055511151231257827", JSON_REAL, 0.1, -99},
        {"1e3", JSON_REAL, 1000, -99},
        {"5E-324", JSON_REAL, 5e-324, -99},
        {"1e-400", JSON_REAL, 0, -99},
        {"1e400", JSON_REAL, INFINITY, -99},
        {"-1.5E+400", JSON_REAL, -INFINITY, -99},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Json *value = json_at(parse(arena_format(arena, "[%s ]", rows[i].text)), "/0");
        double real = -99;
        int64_t whole = -99;
        assert_int_equal(json_type(value), rows[i].type);
        assert_int_equal(json_double(value, &real), isfinite(rows[i].real));
        if (isfinite(rows[i].real))
            assert_true(real == rows[i].real);
        json_int(value, &whole);
        assert_int_equal(whole, rows[i].whole);
        const char *as_sent = strcmp(rows[i].text, "-0") == 0 ? "0" : rows[i].text;
        assert_true(str_is(json_number_text(arena, value), as_sent));
        assert_true(str_is(json_as_text(arena, value), as_sent));
        assert_string_equal(written(value), as_sent);
    }
}

static void
strings_are_unescaped(void **state)
{
    static const struct {
        const char *json;
        Str text;
    } rows[] = {
        {"\"\"", STR("")},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", STR("\"\\/\b\f\n\r\t")},
        {"\"\\u0041\\u00DF\\u6771\\uD801\\uDC00\"", STR("A\xC3\x9F\xE6\x9D\xB1\xF0\x90\x90\x80")},
        {"\"\xF0\x9F\x98\x80\"", STR("\xF0\x9F\x98\x80")},
        {"\"a\\u0000b\"", STR("a\0b")},
        {"\"\\ud83d\"", STR("\xEF\xBF\xBD")},
        {"\"\\ude00x\"", STR("\xEF\xBF\xBDx")},
        {"\"\\ud83d\\ud83d\\ude00\"", STR("\xEF\xBF\xBD\xF0\x9F\x98\x80")},
        {"\"\\ud83d\\n\"", STR("\xEF\xBF\xBD\n")},
        {"\"\\ud83dx\"", STR("\xEF\xBF\xBDx")},
        {"\"\x7F\"", STR("\x7F")},
        {"\"\\uFFFE\\uFFFF\"", STR("\xEF\xBF\xBE\xEF\xBF\xBF")},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Json *value = parse(rows[i].json);
        assert_true(str_eq(json_text(value), rows[i].text));
        assert_int_equal(json_text(value).at[rows[i].text.len], '\0');
        if (!memchr(rows[i].text.at, '\0', rows[i].text.len))
            assert_string_equal(json_str(value), rows[i].text.at);
        else
            assert_null(json_str(value));
    }
}

static void
errors_name_the_place(void **state)
{
    refused("", "line 1, column 1: expected a value, found the end");
    refused(" \n ", "line 2, column 2: expected a value, found the end");
    refused("{\"a\":1,\n \"b\" 2}",
            "line 2, column 6: expected a colon after the key, found \"2\"");
    refused("{\"a\":1,}", "line 1, column 8: expected a key in quotes, found \"}\"");
    refused("{a:1}", "line 1, column 2: expected a key in quotes or }, found \"a\"");
    refused("[1 2]", "line 1, column 4: expected a comma or ], found \"2\"");
    refused("[1,]", "line 1, column 4: expected a value, found \"]\"");
    refused("[\"\xC3\xA4\xC3\xB6\" x]", "line 1, column 7: expected a comma or ], found \"x\"");
    refused("{\"a\":\xE2\x82\xAC}", "line 1, column 6: expected a value, found \"\xE2\x82\xAC\"");
    refused("[01]", "line 1, column 3: expected no digit after a leading 0, found \"1\"");
    refused("[-]", "line 1, column 3: expected a digit, found \"]\"");
    refused("[1.]", "line 1, column 4: expected a digit, found \"]\"");
    refused("[1e+]", "line 1, column 5: expected a digit, found \"]\"");
    refused("[tru]", "line 1, column 5: expected true, false or null, found \"]\"");
    refused("\"abc", "line 1, column 5: expected a quote that ends the string, found the end");
    refused("\"a\tb\"",
            "line 1, column 3: expected an escape (control characters need one), found U+0009");
    refused("\"\\x\"",
            "line 1, column 3: expected one of \" \\ / b f n r t u after a backslash, found \"x\"");
    refused("\"\\u12g4\"",
            "line 1, column 6: expected four hexadecimal digits after \\u, found \"g\"");
    refused("{} {}", "line 1, column 4: expected nothing after the document, found \"{\"");
    refused("{\"a\":1", "line 1, column 7: expected a comma or }, found the end");
}

static void
bytes_that_are_not_utf8_are_named(void **state)
{
    static const struct {
        Str bytes;
        const char *message;
    } rows[] = {
        {STR("[\"ab\xFF\"]"), "byte 4 (0xFF) is not UTF-8"},
        {STR("[\"\xED\xA0\x80\"]"), "byte 2 (0xED) is not UTF-8"}, /* a surrogate */
        {STR("[\"\xC0\xAF\"]"), "byte 2 (0xC0) is not UTF-8"},     /* overlong */
        {STR("[\"\xF4\x90\x80\x80\"]"), "byte 2 (0xF4) is not UTF-8"},
        {STR("[\"\xE2\x82"), "byte 2 (0xE2) is not UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(json_parse(arena, rows[i].bytes.at, rows[i].bytes.len, &error));
        assert_true(error_is(error, ERR_ENCODING));
        assert_string_equal(error->message, rows[i].message);
    }
    g_autoptr(GError) error = NULL;
    assert_null(json_parse(arena, "[\0]", 3, &error));
    assert_string_equal(error->message, "line 1, column 2: expected a value or ], found U+0000");
}

static void
mark_at_the_start_is_skipped(void **state)
{
    assert_int_equal(json_len(parse("\xEF\xBB\xBF[1,2]")), 2);
    refused("\xEF\xBB\xBF", "line 1, column 1: expected a value, found the end");
}

static char *
nested(size_t levels)
{
    char *text = arena_bytes(arena, 2 * levels + 1);
    memset(text, '[', levels);
    memset(text + levels, ']', levels);
    text[2 * levels] = '\0';
    return text;
}

static void
depth_has_a_limit_that_is_told(void **state)
{
    const Json *deep = parse(nested(LIMIT_JSON_DEPTH));
    for (int i = 1; i < LIMIT_JSON_DEPTH; i++)
        deep = json_nth(deep, 0);
    assert_int_equal(json_type(deep), JSON_ARRAY);
    assert_int_equal(json_len(deep), 0);
    refused(nested(LIMIT_JSON_DEPTH + 1), "line 1, column 129: nested deeper than 128 levels");
    refused(nested(100000), "line 1, column 129: nested deeper than 128 levels");
}

/* ---- both readers ------------------------------------------------------------------------ */

static void
same(const Json *left, const Json *right)
{
    assert_int_equal(json_type(left), json_type(right));
    assert_int_equal(left->len, right->len);
    switch (json_type(left)) {
    case JSON_BOOL:
        assert_int_equal(left->truth, right->truth);
        break;
    case JSON_INT:
        assert_int_equal(left->number, right->number);
        break;
    case JSON_REAL:
        assert_string_equal(left->real->text, right->real->text);
        assert_memory_equal(&left->real->value, &right->real->value, sizeof(double));
        break;
    case JSON_STRING:
        assert_memory_equal(left->text, right->text, left->len + 1);
        break;
    default:
        for (size_t i = 0; i < json_len(left); i++) {
            assert_true(str_eq(json_key(left, i), json_key(right, i)));
            same(json_nth(left, i), json_nth(right, i));
        }
        break;
    }
}

typedef enum Verdict { GOOD, SLOW, BAD } Verdict; /* SLOW: sound, but not to simdjson */

static void
readers_agree_on(Str text, Verdict verdict)
{
    g_autoptr(GError) error = NULL;
    const Json *exact = json_read_exact(arena, text.at, text.len, &error);
    const Json *fast = json_read_fast(arena, text.at, text.len);
    if ((verdict == BAD) != !exact || (verdict == GOOD) != !!fast)
        print_error(STR_FMT "\n", STR_ARG(text));
    assert_int_equal(verdict == BAD, !exact);
    assert_int_equal(verdict == GOOD, !!fast);
    if (fast)
        same(fast, exact);
    if (exact) { /* and what the writer makes of it is the same once more */
        char *again = written(exact);
        const Json *back = json_read_exact(arena, again, strlen(again), NULL);
        assert_non_null(back);
        same(back, exact);
    }
}

static void
readers_agree_on_the_minefield(void **state)
{
    static const struct {
        Verdict verdict;
        Str text;
    } rows[] = {
        {GOOD, STR("[]")},
        {GOOD, STR("{}")},
        {GOOD, STR(" [ ] ")},
        {GOOD, STR("[[],{},[[]]]")},
        {GOOD, STR("{\"\":{\"\":[]}}")},
        {GOOD, STR("\"\"")},
        {GOOD, STR("-1")},
        {GOOD, STR("0")},
        {GOOD, STR("null")},
        {GOOD, STR("true ")},
        {GOOD, STR("\t\r\n false")},
        {GOOD, STR("1.5")},
        {GOOD, STR("[1,\n2 , 3]")},
        {GOOD, STR("[-0]")},
        {GOOD, STR("[-0.0]")},
        {GOOD, STR("[-0e1]")},
        {GOOD, STR("[0e+1]")},
        {GOOD, STR("[1E22]")},
        {GOOD, STR("[1e-2]")},
        {GOOD, STR("[20e1]")},
        {GOOD, STR("[123.456e78]")},
        {GOOD, STR("[2.2250738585072011e-308]")},
        {GOOD, STR("[1.7976931348623157e308]")},
        {GOOD, STR("[18446744073709551615]")},
        {GOOD, STR("[0.3e-400]")},
        {GOOD, STR("[\"\\u0060\\u012a\\u12AB\"]")},
        {GOOD, STR("[\"\\uD801\\udc37\"]")},
        {GOOD, STR("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]")},
        {GOOD, STR("[\"\\\\u0000\"]")},
        {GOOD, STR("[\"\\u0000\"]")},
        {GOOD, STR("[\"a/*b*/c\"]")},
        {GOOD, STR("[\"\xE2\x80\xA8\xE2\x80\xA9\"]")},
        {GOOD, STR("{\"a\":\"b\",\"a\":\"b\"}")},
        {GOOD, STR("{\"a\":[1,{\"b\":[2.5,\"x\",null,true]},[]],\"c\":-7.25e1}")},
        {SLOW, STR("[18446744073709551616]")},
        {SLOW, STR("[-9223372036854775809]")},
        {SLOW, STR("[1e400]")},
        {SLOW, STR("[-1e+9999]")},
        {SLOW, STR("[\"\\uD800\"]")},
        {SLOW, STR("[\"\\uDFAA\"]")},
        {SLOW, STR("[\"\\uD800\\n\"]")},
        {SLOW, STR("[\"\\uD800\\uD800\\n\"]")},
        {SLOW, STR("[\"\\uDd1e\\uD834\"]")},
        {SLOW, STR("{\"\\ud800\":1}")},
        {BAD, STR("")},
        {BAD, STR(" ")},
        {BAD, STR("[")},
        {BAD, STR("]")},
        {BAD, STR("{")},
        {BAD, STR("[1,,2]")},
        {BAD, STR("[,1]")},
        {BAD, STR("[1,]")},
        {BAD, STR("[1 true]")},
        {BAD, STR("[\"a\" \"b\"]")},
        {BAD, STR("[\"\": 1]")},
        {BAD, STR("{\"a\"}")},
        {BAD, STR("{\"a\":}")},
        {BAD, STR("{\"a\" b}")},
        {BAD, STR("{:\"b\"}")},
        {BAD, STR("{1:1}")},
        {BAD, STR("{'a':0}")},
        {BAD, STR("{\"a\":1,,\"b\":2}")},
        {BAD, STR("{\"a\":1}}")},
        {BAD, STR("{\"a\":1}#")},
        {BAD, STR("{\"a\":/*c*/1}")},
        {BAD, STR("[1]x")},
        {BAD, STR("[1]]")},
        {BAD, STR("[++1]")},
        {BAD, STR("[+1]")},
        {BAD, STR("[.5]")},
        {BAD, STR("[-.5]")},
        {BAD, STR("[1.]")},
        {BAD, STR("[1.e3]")},
        {BAD, STR("[1e]")},
        {BAD, STR("[1e+]")},
        {BAD, STR("[1eE2]")},
        {BAD, STR("[0x1]")},
        {BAD, STR("[012]")},
        {BAD, STR("[-01]")},
        {BAD, STR("[1 000]")},
        {BAD, STR("[NaN]")},
        {BAD, STR("[Infinity]")},
        {BAD, STR("[-Inf]")},
        {BAD, STR("[- 1]")},
        {BAD, STR("[1a]")},
        {BAD, STR("[0.0.1]")},
        {BAD, STR("-")},
        {BAD, STR("[nul]")},
        {BAD, STR("[True]")},
        {BAD, STR("[truex]")},
        {BAD, STR("nulll")},
        {BAD, STR("[\"\\u00A\"]")},
        {BAD, STR("[\"\\uD834\\uDd\"]")},
        {BAD, STR("[\"\\u\"]")},
        {BAD, STR("[\"\\x00\"]")},
        {BAD, STR("[\"\\'\"]")},
        {BAD, STR("[\"\\\"]")},
        {BAD, STR("[\"\\U0041\"]")},
        {BAD, STR("[\"a\0b\"]")},
        {BAD, STR("[\"a\nb\"]")},
        {BAD, STR("[\"\x1f\"]")},
        {BAD, STR("[\"")},
        {BAD, STR("[\"a")},
        {BAD, STR("['a']")},
        {BAD, STR("[\f1]")},
        {BAD, STR("\xC2\xA0[1]")},
        {BAD, STR("[1]\0")},
        {BAD, STR("\0")},
        {BAD, STR("[\xEF\xBB\xBF]")},
        {BAD, STR("\xE2\x81\xA0[]")},
        {BAD, STR("\\u0041")},
        {BAD, STR("[\"\xE9\"]")},
        {BAD, STR("[\"\xF8\x88\x80\x80\x80\"]")},
        {BAD, STR("*")},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        readers_agree_on(rows[i].text, rows[i].verdict);
}

/* simdjson counts depth in its own way: it may refuse at the limit, but not take more. */
static void
readers_agree_on_depth(void **state)
{
    static const char *const cores[] = {"", "1", "{}", "{\"a\":1}", "\"\""};
    for (size_t i = 0; i < G_N_ELEMENTS(cores); i++) {
        for (size_t depth = LIMIT_JSON_DEPTH - 3; depth < LIMIT_JSON_DEPTH + 3; depth++) {
            char *text = nested(depth);
            text = arena_format(arena, "%.*s%s%s", (int)depth, text, cores[i], text + depth);
            const Json *fast = json_read_fast(arena, text, strlen(text));
            const Json *exact = json_read_exact(arena, text, strlen(text), NULL);
            assert_int_equal(!exact, depth + (cores[i][0] == '{') > LIMIT_JSON_DEPTH);
            assert_true(exact || !fast);
            if (fast)
                same(fast, exact);
        }
    }
}

/* Whatever stands last, the strings before it are all there. */
static void
readers_agree_on_every_ending(void **state)
{
    static const char *const ends[] = {"1",    "-1",           "1.5",   "18446744073709551615",
                                       "[]",   "{}",           "null",  "true",
                                       "\"\"", "[1,[2.5,-3]]", "[[{}]]"};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
        for (size_t k = 0; k < G_N_ELEMENTS(ends); k++)
            readers_agree_on(str_of(arena_format(arena, "{\"k\":[\"some text\",%s,%s],\"l\":%s}",
                                                 ends[i], ends[k], ends[i])),
                             GOOD);
}

static void
readers_agree_on_real_webhooks(void **state)
{
    static const char *const rooms[] = {
        "../shared/data/webhooks/shopify_triggerdev", "../shared/data/webhooks/shopify_laravel",
        "../shared/data/webhooks/easypost", "../shared/data/webhooks/stripe",
        "../shared/data/webhooks/woocommerce_docs/json"};
    int seen = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autoptr(GDir) dir = g_dir_open(rooms[i], 0, NULL);
        const char *name;
        while (dir && (name = g_dir_read_name(dir))) {
            g_autofree char *path = g_build_filename(rooms[i], name, NULL);
            g_autofree char *bytes = NULL;
            gsize len = 0;
            if (!g_str_has_suffix(name, ".json") || !g_file_get_contents(path, &bytes, &len, NULL))
                continue;
            arena_reset(arena);
            readers_agree_on((Str){bytes, len}, GOOD);
            seen++;
        }
    }
    if (!seen)
        skip();
}

/* Bigger than what a thread keeps its parser for, and smaller again. */
static void
size_does_not_matter(void **state)
{
    for (size_t count = 1; count < 200000; count = count * 7 + 1) {
        Buf text = {.arena = arena};
        buf_add_char(&text, '[');
        for (size_t i = 0; i < count; i++)
            buf_format(&text, "%s{\"n\":%zu}", i ? "," : "", i);
        buf_add_char(&text, ']');
        readers_agree_on(buf_str(&text), GOOD);
        readers_agree_on(STR("{\"small\":1}"), GOOD);
    }
}

static void *
parse_many(void *unused)
{
    Arena *mine = arena_new(1024 * 1024);
    size_t count = 0;
    for (int i = 0; i < 500; i++) {
        const char *text = arena_format(mine, "{\"n\":[%d,\"%d\",1e400]}", i, i);
        const Json *value = json_parse(mine, text, strlen(text) - (i % 2 ? 0 : 1), NULL);
        count += json_len(json_get(value, "n"));
        arena_reset(mine);
    }
    arena_free(mine);
    return GSIZE_TO_POINTER(count);
}

static void
threads_parse_at_once(void **state)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, parse_many, NULL), 0);
    for (int i = 0; i < 4; i++) {
        void *count = NULL;
        pthread_join(threads[i], &count);
        assert_int_equal(GPOINTER_TO_SIZE(count), 750); /* every second one was cut short */
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_read_as_the_shop_wrote_it),
        cmocka_unit_test(accessors_never_crash),
        cmocka_unit_test(pointers_follow_rfc_6901),
        cmocka_unit_test(last_of_equal_keys_wins),
        cmocka_unit_test(numbers_lose_nothing),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(errors_name_the_place),
        cmocka_unit_test(bytes_that_are_not_utf8_are_named),
        cmocka_unit_test(mark_at_the_start_is_skipped),
        cmocka_unit_test(depth_has_a_limit_that_is_told),
        cmocka_unit_test(readers_agree_on_the_minefield),
        cmocka_unit_test(readers_agree_on_depth),
        cmocka_unit_test(readers_agree_on_every_ending),
        cmocka_unit_test(readers_agree_on_real_webhooks),
        cmocka_unit_test(size_does_not_matter),
        cmocka_unit_test(threads_parse_at_once),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
