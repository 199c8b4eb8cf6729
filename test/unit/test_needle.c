/* Somebody's address, number and name are found however they are spelled, and no longer number is taken for theirs. The
 * spellings of the mail were made by Python's json, urllib, quopri, base64 and html. */
#include "base/needle.h"
#include "check.h"

#include "base/encode.h"
#include "base/limits.h"

#include <string.h>

static bool
found(const char *needle, const char *body)
{
    Str text = str_of(needle);
    g_autoptr(Needles) needles = needles_new(&text, 1);
    return needles_found(needles, str_of(body));
}

/* Names the case that went wrong. */
static void
expect(bool truth, const char *what)
{
    if (!truth)
        print_error("not so: %s\n", what);
    assert_true(truth);
}

#define assert_found(needle, body)  assert_true(found(needle, body))
#define assert_absent(needle, body) assert_false(found(needle, body))

static void
test_plain(void **state)
{
    assert_found("ana@example.com", "To: Ana <ANA@Example.com>");
    assert_found("ana@example.com", "ana@example.com");
    assert_absent("ana@example.com", "ana@example.co");
    assert_absent("ana@example.com", "ana @example.com");
    assert_absent("ana@example.com", "");
    assert_absent("short", "short"); /* stands in everybody's bodies */
}

static void
test_spellings(void **state)
{
    static const char *const bodies[] = {
        "{\"email\":\"ana\\u0040example.com\"}",
        "{\"email\":\"\\u0061\\u006E\\u0061\\u0040\\u0065xample.com\"}",
        "email=ana%40example.com&n=1",
        "%61%6e%61%40%65%78%61%6D%70%6C%65%2E%63%6F%6D",
        "To: ana=40example=2Ecom",
        "see ana@exam=\r\nple.com",
        "see ana@exam=\nple.com",
        "<p>ana&#64;example&#46;com</p>",
        "<p>ana&#x40;example&period;com</p>",
        "<p>ana&commat;example.com</p>",
        "<p>ana&#064example.com</p>",
        /* within each other */
        "{\"body\":\"ana\\\\u0040example.com\"}",
        "payload=%7B%22email%22%3A%22ana%5Cu0040example.com%22%7D",
        "payload=ana%2540example.com",
        "{\"html\":\"ana\\u0026#64;example.com\"}",
        "html=ana%26%2364%3Bexample.com",
        "<p>ana=26#64;example.com</p>",
        "<p>ana&amp;#64;example.com</p>",
        "{\"raw\":\"see ana@exam=\\r\\nple.com\"}",
        "raw=see+ana@exam%3D%0D%0Aple.com",
        /* an escape or a letter right before it */
        "{\"note\":\"line\\nana@example.com\"}",
        "q=%20ana%40example.com",
        "=C2=A0ana@example.com",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++)
        expect(found("ana@example.com", bodies[i]), bodies[i]);
}

static void
test_other_characters(void **state)
{
    assert_found("https://shop.example/o/abc", "{\"url\":\"https:\\/\\/shop.example\\/o\\/abc\"}");
    assert_found("+351912345678", "phone=%2B351912345678");
    assert_found("+351912345678", "{\"phone\":\"\\u002B351912345678\"}");
    assert_found("jos\303\251@example.com", "{\"email\":\"jos\\u00e9@example.com\"}");
    assert_found("jos\303\251@example.com", "email=jos%C3%A9%40example.com");
    assert_found("jos\303\251@example.com", "jos=C3=A9=40example.com");
    assert_found("\360\237\230\200@example.com", "{\"e\":\"\\ud83d\\ude00@example.com\"}");
    /* "=ad" is no escape here, and "=40" is none there */
    assert_found("ada@example.com", "email=ada@example.com");
    assert_found("40ana@example.com", "email=40ana@example.com");
}

static void
test_base64(void **state)
{
    static const char *const mails[] = {
        "Content-Transfer-Encoding: "
        "base64\r\n\r\nRGVhciBBbmEsIHdlIHdyaXRlIHRvIGFuYUBleGFtcGxlLmNvbSBh"
        "Ym91dA==\r\n",
        "Content-Transfer-Encoding: "
        "base64\r\n\r\nRGVhciBBbmEsIHdlIHdyaXRlIHRvIGFuYUBl\r\neGFtcGxlLmNvb"
        "SBhYm91dA==\r\n",
        "{\"raw\":"
        "\"base64\\r\\n\\r\\nRGVhciBBbmEsIHdlIHdyaXRlIHRvIGFuYUBl\\r\\neGFtcGxlLmNvbSBhYm91dA=="
        "\"}",
        ("body=base64%0D%0A%0D%0ARGVhciBBbmEsIHdlIHdyaXRlIHRvIGFuYUBl%0D%0AeGFtcGxlLmNvbSBhYm91dA"
         "%3D%3D"),
        "https://example.com/u/RGVhciBBbmEsIHdlIHdyaXRlIHRvIGFuYUBleGFtcGxlLmNvbSBhYm91dA",
        /* in base64 once more */
        "UkdWaGNpQkJibUVzSUhkbElIZHlhWFJsSUhSdklHRnVZVUJsZUdGdGNHeGxMbU52YlNCaFltOTFkQT09",
        "YW5hJiM2NDtleGFtcGxlLmNvbQ==", /* ana&#64;example.com */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(mails); i++)
        expect(found("ana@example.com", mails[i]), mails[i]);
    assert_absent("bob@example.com", mails[0]);
}

static void
test_every_alignment(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    for (int before = 0; before < 12; before++)
        for (int within = 0; within < 6; within++) {
            const char *text = arena_format(arena, "%.*sana@example.com!", before, "............");
            const char *mail = arena_format(arena, "%.*s%s", within, "base64",
                                            encode(arena, ENCODE_BASE64, str_of(text)));
            assert_found("ana@example.com", mail);
        }
}

static void
test_numbers_are_whole(void **state)
{
    assert_found("5837205143788", "{\"id\":5837205143788}");
    assert_found("5837205143788", "gid://shopify/Order/5837205143788");
    assert_found("5837205143788", "id=5837205143788");
    assert_found("5837205143788", "id%3D5837205143788");
    assert_found("5837205143788", "href=3D\"/o/5837205143788\"");
    assert_found("5837205143788", "order 58372=\r\n05143788");
    assert_found("5837205143788", "5837205143788");
    assert_found("583720", "[1,583720,2]");
    assert_absent("583720", "[1,5837205,2]");
    assert_absent("583720", "[1,1583720,2]");
    assert_absent("583720", "1583720");
    assert_absent("583720", "5837201");
    assert_absent("583720", "order 583720=\r\n5143788");
    assert_absent("345678", "?order=12345678");
    assert_absent("345678901", "?order=40345678901");
    assert_absent("1345678901", "?order=31345678901");
    assert_found("+351912345678", "+351912345678.");
    assert_absent("+351912345678", "+3519123456789");
    assert_found("ana99@example.com", "1ana99@example.com");
}

static void
test_many(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Str list[500];
    for (size_t i = 0; i < G_N_ELEMENTS(list); i++)
        list[i] = str_of(arena_format(arena, "%zu@example.com", 100000 + i));
    g_autoptr(Needles) needles = needles_new(list, G_N_ELEMENTS(list));
    assert_true(needles_found(needles, STR("{\"email\":\"100499\\u0040example.com\"}")));
    assert_false(needles_found(needles, STR("{\"email\":\"100500\\u0040example.com\"}")));
    assert_false(needles_found(needles, STR("{\"email\":\"1100499\\u0040example.com\"}")));
    /* one that is the end of another, and one that begins like it */
    Str pair[] = {STR("ana@example.com"), STR("m.example.com"), STR("ana@example.net")};
    g_autoptr(Needles) ends = needles_new(pair, G_N_ELEMENTS(pair));
    assert_true(needles_found(ends, STR("ana@exam.example.com")));
    assert_true(needles_found(ends, STR("ana@example.net")));
    assert_false(needles_found(ends, STR("ana@example.org")));
    g_autoptr(Needles) none = needles_new(NULL, 0);
    assert_false(needles_found(none, STR("anything")));
}

/* Whatever stands in it, a body is read in a time that grows as it does. */
static void
test_time_is_linear(void **state)
{
    static const char *const patterns[] = {"%",       "\\",       "=",   "&",  "%25",
                                           "\\u005c", "&amp;",    "=3D", "aa", "%5Cu0025",
                                           "a@",      "&#x26;#x", "QUJD"};
    enum { BYTES = 1024 * 1024 };
    g_autofree char *body = g_malloc(BYTES);
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        size_t len = strlen(patterns[i]);
        for (size_t at = 0; at < BYTES; at++)
            body[at] = patterns[i][at % len];
        Str needle = STR("aaaaaaaaaaaaaaaaaaaa@aaaaaaaaaaaaaaaaaaaa");
        g_autoptr(Needles) needles = needles_new(&needle, 1);
        int64_t before = g_get_monotonic_time();
        assert_false(needles_found(needles, (Str){body, BYTES}));
        int64_t took = g_get_monotonic_time() - before;
        expect(took < 20 * G_USEC_PER_SEC, patterns[i]);
        if (g_getenv("SHOW"))
            print_message("%-10s %.3f s\n", patterns[i], (double)took / 1e6);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_other_characters),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_every_alignment),
        cmocka_unit_test(test_numbers_are_whole),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_time_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
