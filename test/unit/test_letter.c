/* Blocks of fields as headers and delivery reports have them, and a mail taken apart. */
#include "base/limits.h"
#include "check.h"
#include "engine/mime.h"

static void
test_fields(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Str rest =
        STR("Subject: a\n  folded\n\tline \nno field\nX-Old : kept\nsubject: second\n\nbody: x\n");
    const LetterField *fields;
    size_t count = letter_fields(arena, &rest, &fields);
    assert_int_equal(count, 3);
    assert_true(str_is(fields[0].value, "a folded line"));
    assert_true(str_is(letter_field_in(fields, count, "SUBJECT"), "a folded line"));
    assert_true(str_is(letter_field_in(fields, count, "x-old"), "kept"));
    assert_int_equal(letter_field_in(fields, count, "body").len, 0);
    assert_true(str_is(rest, "body: x\n"));
    /* the next block, and nothing behind it */
    assert_int_equal(letter_fields(arena, &rest, &fields), 1);
    assert_int_equal(letter_fields(arena, &rest, &fields), 0);
}

static void
test_fields_have_a_bound(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Buf text = {.arena = arena};
    const LetterField *fields;
    for (int i = 0; i < 5000; i++)
        buf_format(&text, "X-%d: y\n", i);
    Str rest = buf_str(&text);
    assert_int_equal(letter_fields(arena, &rest, &fields), 1000);
    assert_null(rest.at);
}

static void
test_words_in_other_charsets(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Letter letter;
    Str mail = STR("From a@x Mon Mar 2 10:00:00 2026\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?= raw\r\n"
                   "Content-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdf"
                   "e\r\n");
    assert_true(letter_read(arena, mail, &letter, NULL));
    assert_true(str_is(letter_field(&letter, "subject"), "Grüße raw"));
    assert_int_equal(letter.part_count, 1);
    assert_true(str_is(letter.parts[0].text, "Grüße\n"));
    assert_true(letter.parts[0].in_text && letter.parts[0].in_html && !letter.parts[0].attached);
    assert_false(letter.multipart);
}

static void
test_what_is_no_mail(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    Letter letter;
    assert_false(letter_read(arena, STR("hello\n"), &letter, &error));
    assert_true(error_is(error, ERR_INPUT));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_fields_have_a_bound),
        cmocka_unit_test(test_words_in_other_charsets),
        cmocka_unit_test(test_what_is_no_mail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
