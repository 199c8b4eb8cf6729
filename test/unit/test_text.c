/* Text as it comes from outside. What is replaced by what was printed by Python:
 * bytes.fromhex(...).decode("utf-8", "replace"). */
#include "check.h"

#include "base/text.h"

static void
bad_bytes_become_replacement_characters_as_in_python(void **state)
{
#define R "\xef\xbf\xbd"
    static const struct {
        Str bytes;
        const char *clean;
    } rows[] = {
        {STR(""), ""},
        {STR("plain"), "plain"},
        {STR("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"),
         "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"},
        {STR("M\xfcller"), "M" R "ller"},   /* Latin-1 */
        {STR("\xc0\x80"), R R},             /* overlong NUL */
        {STR("\xe0\x80\xaf"), R R R},       /* overlong slash */
        {STR("\xed\xa0\x80"), R R R},       /* surrogate */
        {STR("\xf4\x90\x80\x80"), R R R R}, /* above U+10FFFF */
        {STR("\xf0\x9f\x98"), R},           /* cut emoji: one subpart */
        {STR("\xf0\x9f\x98"
             "A"),
         R "A"},
        {STR("\xe2\x82"
             "\xe2\x82\xac"),
         R "\xe2\x82\xac"},
        {STR("\x80\xbf"), R R},
        {STR("\xff\xfe"
             "a"),
         R R "a"},
        {STR("12345678\xfc"
             "12345678\xe4"),
         "12345678" R "12345678" R},
        {STR("\xf1\x80\xc3"), R R},
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Str clean = text_clean(arena, rows[i].bytes);
        assert_true(str_is(clean, rows[i].clean));
        assert_int_equal(text_valid(rows[i].bytes), str_eq(clean, rows[i].bytes));
        assert_true(text_valid(clean));
        assert_int_equal(text_count(rows[i].bytes), text_count(clean));
    }
#undef R
}

static void
every_code_point_is_read_back(void **state)
{
    for (uint32_t code = 1; code <= 0x10ffff; code += code < 0x11000 ? 1 : 13) {
        char bytes[6];
        size_t len = (size_t)g_unichar_to_utf8(code, bytes);
        bool surrogate = code >= 0xd800 && code < 0xe000;
        assert_int_equal(text_valid((Str){bytes, len}), !surrogate);
        if (surrogate)
            continue;
        assert_int_equal(text_char((Str){bytes, len}, NULL), len);
        assert_int_equal(text_code(bytes, len), code);
        for (size_t cut = 1; cut < len; cut++)
            assert_false(text_valid((Str){bytes, cut}));
    }
}

static void
a_name_is_one_line(void **state)
{
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"  Ana  ", "Ana"},
        {"Ana\r\nBcc: x@y.z", "Ana Bcc: x@y.z"},
        {"Ana\t\t Lima", "Ana Lima"},
        {"Ana  Lima", "Ana Lima"},
        {"a\x01\x7f"
         "b\xc2\x85"
         "c\xe2\x80\xa8"
         "d",
         "a b c d"},
        {"\xef\xbb\xbf"
         "Ana",
         "Ana"},
        {"Ana \xe2\x80\xae"
         "cod.exe",
         "Ana cod.exe"},
        {"\xd7\x93\xd7\xa0\xd7\x94\xe2\x80\x8f!", "\xd7\x93\xd7\xa0\xd7\x94\xe2\x80\x8f!"},
        {"M\xfcller", "M\xef\xbf\xbdller"},
        {"\r\n", ""},
        {"", ""},
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_true(str_is(text_line(arena, str_of(rows[i].text), 100), rows[i].line));
    assert_true(str_is(text_line(arena, (Str){"a\0b", 3}, 100), "a b"));
    assert_true(str_is(text_line(arena, STR("h\xc3\xa9h\xc3\xa9"), 5), "h\xc3\xa9h"));
    assert_true(str_is(text_line(arena, STR("four word"), 5), "four"));
}

static void
a_note_keeps_its_lines(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    Str note = text_block(arena, STR(" one\r\ntwo\rthree\n\n  in\tdent\x0b\x00 end\n"), 100);
    assert_true(str_is(note, "one\ntwo\nthree\n\n  in\tdent   end"));
}

static void
cutting_never_splits_a_character(void **state)
{
    Str text = STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
    static const size_t lens[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t most = 0; most < G_N_ELEMENTS(lens); most++)
        assert_int_equal(text_cut(text, most).len, lens[most]);
}

static void
html_is_inert(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    Buf buf = {.arena = arena};
    text_html(&buf, STR("<b title=\"x\">R&D's \xe2\x82\xac</b>"));
    assert_string_equal(buf_cstr(&buf),
                        "&lt;b title=&quot;x&quot;&gt;R&amp;D&#39;s \xe2\x82\xac&lt;/b&gt;");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_bytes_become_replacement_characters_as_in_python),
        cmocka_unit_test(every_code_point_is_read_back),
        cmocka_unit_test(a_name_is_one_line),
        cmocka_unit_test(a_note_keeps_its_lines),
        cmocka_unit_test(cutting_never_splits_a_character),
        cmocka_unit_test(html_is_inert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
