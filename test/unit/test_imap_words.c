/* Lines of IMAP as servers say them, and folder names. Names are those of RFC 3501 5.1.3 and
 * Dovecot's. */
#include "check.h"

#include "engine/imap_words.h"

static void
numbers(void **state)
{
    uint32_t number = 7;
    assert_true(
        imap_number(STR("* OK [UIDVALIDITY 3857529045] UIDs valid"), "[UIDVALIDITY ", &number));
    assert_int_equal(number, 3857529045u);
    assert_true(imap_number(STR("* ok [uidnext 4392] x"), "[UIDNEXT ", &number));
    assert_int_equal(number, 4392);
    assert_false(imap_number(STR("* OK [UIDNEXT 4294967296] x"), "[UIDNEXT ", &number));
    assert_false(imap_number(STR("* OK [UIDNEXT  1] x"), "[UIDNEXT ", &number));
    assert_false(imap_number(STR("* OK [UIDNEXT x]"), "[UIDNEXT ", &number));
    assert_false(imap_number(STR("* OK \"[UIDNEXT 5]\" x"), "[UIDNEXT ", &number));
    assert_false(imap_number(STR("* OK [UIDNEXT "), "[UIDNEXT ", &number));
    assert_false(imap_number(STR(""), "[UIDNEXT ", &number));
    assert_int_equal(number, 4392);
}

static void
replies(void **state)
{
    uint32_t number = 7;
    Str rest;
    assert_true(imap_exists(STR("* 172 EXISTS"), &number));
    assert_int_equal(number, 172);
    assert_false(imap_exists(STR("* 12 RECENT"), &number));
    assert_false(imap_exists(STR("* EXISTS"), &number));
    assert_true(imap_search(STR("* SEARCH 2 84 882"), &rest));
    for (size_t i = 0; i < 3; i++) {
        static const uint32_t known[] = {2, 84, 882};
        assert_true(imap_number_take(&rest, &number));
        assert_int_equal(number, known[i]);
    }
    assert_false(imap_number_take(&rest, &number));
    assert_true(imap_search(STR("* SEARCH"), &rest));
    assert_int_equal(rest.len, 0);
    assert_false(imap_search(STR("* SEARCHED 1"), &rest));
    assert_false(imap_search(STR("* 1 FETCH (X \"* SEARCH 2\")"), &rest));
}

static void
folder_names(void **state)
{
    static const struct {
        const char *name, *written;
    } known[] = {
        {"INBOX", "INBOX"},
        {"A&B", "A&-B"},
        {"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
         "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
        {"Entw\xc3\xbcrfe", "Entw&APw-rfe"},
        {"\xf0\x9f\x93\xac", "&2D3c7A-"},
        {"a \"b\" \\c", "a \"b\" \\c"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        g_autoptr(Arena) arena = arena_new(100000);
        Buf buf = {.arena = arena};
        assert_true(imap_folder_add(&buf, str_of(known[i].name), NULL));
        assert_string_equal(buf_cstr(&buf), known[i].written);
    }
    static const char *const wrong[] = {"", "a\nb", "a\x7f", "\xff", "\xed\xa0\x80"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(Arena) arena = arena_new(100000);
        Buf buf = {.arena = arena};
        assert_false(imap_folder_add(&buf, str_of(wrong[i]), NULL));
    }
}

static void
quotes(void **state)
{
    g_autoptr(Arena) arena = arena_new(100000);
    Buf buf = {.arena = arena};
    imap_quote(&buf, STR("a \"b\" \\c"));
    assert_string_equal(buf_cstr(&buf), "\"a \\\"b\\\" \\\\c\"");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(replies),
        cmocka_unit_test(folder_names),
        cmocka_unit_test(quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
