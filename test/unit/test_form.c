/* engine/form.c, engine/guess.c, engine/session.c and engine/password.c: what stands between a stranger and a page. */
#include "check.h"

#include "base/limits.h"
#include "engine/form.h"
#include "engine/guess.h"
#include "engine/password.h"
#include "engine/session.h"

#include <string.h>

static const char *const roles[] = {"viewer", "owner", NULL};
static const FormField fields[] = {
    {"email", FORM_EMAIL, "Mail address", .needed = true},
    {"name", FORM_LINE, "Name", .most_bytes = 10},
    {"note", FORM_BLOCK, "Note"},
    {"role", FORM_CHOICE, "Role", .choices = roles},
    {"secret", FORM_SECRET, "Secret"},
    {"agree", FORM_CHECK, "Agreed"},
    {0},
};

static Form
read_form(Arena *arena, const char *body)
{
    HttpRequest request = {.method = POST, .body = str_of(body), .arena = arena};
    Form form;
    assert_true(form_read(&request, fields, &form, NULL));
    return form;
}

static void
a_form_has_its_fields_and_no_others(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Form form = read_form(
        arena, "email=Ana%40EXAMPLE.com&name=+Ana%0d%0aLima+&admin=1&role=owner&note=a%0D%0Ab"
               "&agree=on&email=eve%40example.com");
    assert_true(form_is_fine(&form));
    assert_true(str_is(form_value(&form, "email"), "ana@example.com"));
    assert_true(str_is(form_value(&form, "name"), "Ana Lima"));
    assert_true(str_is(form_value(&form, "note"), "a\nb"));
    assert_true(form_checked(&form, "agree"));
    assert_int_equal(form_value(&form, "secret").len, 0);
}

static void
what_is_wrong_stands_beside_its_field(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    static const char *const wrong[] = {"name=x", "email=", "email=ana",
                                        "email=a%40b.de&name=01234567890",
                                        "email=a%40b.de&role=admin"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        Form form = read_form(arena, wrong[i]);
        assert_false(form_is_fine(&form));
    }
}

static void
what_no_browser_sends_is_refused(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    static const char *const broken[] = {"email=%zz", "email=%00", "email=%ff", "%4=1"};
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        HttpRequest request = {.method = POST, .body = str_of(broken[i]), .arena = arena};
        Form form;
        assert_false(form_read(&request, fields, &form, NULL));
    }
}

static void
waits_grow_and_end(void **state)
{
    g_autoptr(GuessBook) book = guessbook_new();
    int64_t now = 1000 * 1000, longest = 0;
    Str who = STR("ana@example.com");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(guess_wait(book, GUESS_ACCOUNT, who, now), 0);
        guess_note(book, GUESS_ACCOUNT, who, now);
    }
    for (int i = 0; i < 20; i++) {
        int64_t wait = guess_wait(book, GUESS_ACCOUNT, who, now);
        assert_true(wait >= longest && wait > 0);
        assert_int_equal(guess_wait(book, GUESS_ACCOUNT, who, now + wait), 0);
        longest = wait;
        guess_note(book, GUESS_ACCOUNT, who, now += wait);
    }
    /* Nobody can keep an owner out for longer than a minute. */
    assert_int_equal(longest, MINUTE_MS);
    assert_int_equal(guess_wait(book, GUESS_ACCOUNT, STR("ben@example.com"), now), 0);
    guess_right(book, GUESS_ACCOUNT, who);
    assert_int_equal(guess_wait(book, GUESS_ACCOUNT, who, now), 0);
}

static void
what_is_right_does_not_wash_an_address(void **state)
{
    g_autoptr(GuessBook) book = guessbook_new();
    Str from = STR("192.0.2.1");
    for (int i = 0; i < 30; i++)
        guess_note(book, GUESS_ADDRESS, from, 1000);
    guess_right(book, GUESS_ADDRESS, from);
    assert_true(guess_wait(book, GUESS_ADDRESS, from, 1000) > 0);
}

static void
a_household_is_one_address(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    assert_true(str_eq(guess_address(arena, "2001:db8:1:2:3:4:5:6"),
                       guess_address(arena, "2001:db8:1:2:ffff::1")));
    assert_false(
        str_eq(guess_address(arena, "2001:db8:1:2::1"), guess_address(arena, "2001:db8:1:3::1")));
    assert_true(str_is(guess_address(arena, "192.0.2.7"), "192.0.2.7"));
}

static void
a_token_is_of_one_session(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(HmacKey) key = hmac_key_new(DIGEST_SHA256, STR("installation"));
    g_autoptr(HmacKey) other_key = hmac_key_new(DIGEST_SHA256, STR("another one"));
    Session mine, other;
    session_make(&mine);
    session_make(&other);
    assert_int_equal(strlen(mine.text), SESSION_CHARS);
    assert_string_not_equal(mine.text, other.text);
    Str token = str_of(session_token(arena, key, &mine));
    assert_true(session_token_is(arena, key, &mine, token));
    assert_false(session_token_is(arena, key, &other, token));
    assert_false(session_token_is(arena, other_key, &mine, token));
    assert_false(session_token_is(arena, key, &mine, STR("")));
}

static void
sessions_run_out(void **state)
{
    int64_t at = INT64_C(1772442000000);
    assert_false(session_is_over(at, at, at + 11 * HOUR_MS));
    assert_true(session_is_over(at, at, at + 12 * HOUR_MS));
    assert_false(session_is_over(at, at + 13 * DAY_MS, at + 13 * DAY_MS + HOUR_MS));
    assert_true(session_is_over(at, at + 14 * DAY_MS, at + 14 * DAY_MS));
}

static void
weak_passwords_are_told_why(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    static const char *const weak[] = {
        "short",         "eleven char",   "aaaaaaaaaaaaaaaa", "passwordpassword",
        "Password2026!", "ana.lima.2026", "1234567890123",    "abababababababab"};
    static const char *const fine[] = {"green boots walk far", "Tr0ub4dor&3xyz",
                                       "ünïcödé straße weit", "correct horse battery staple"};
    for (size_t i = 0; i < G_N_ELEMENTS(weak); i++)
        assert_non_null(password_trouble(arena, str_of(weak[i]), STR("ana.lima@example.com")));
    for (size_t i = 0; i < G_N_ELEMENTS(fine); i++)
        assert_null(password_trouble(arena, str_of(fine[i]), STR("ana.lima@example.com")));
}

static void
nobody_has_a_password(void **state)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    assert_false(password_is(arena, STR(""), STR("")));
    assert_false(password_is(arena, STR(""), STR("green boots walk far")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_has_its_fields_and_no_others),
        cmocka_unit_test(what_is_wrong_stands_beside_its_field),
        cmocka_unit_test(what_no_browser_sends_is_refused),
        cmocka_unit_test(waits_grow_and_end),
        cmocka_unit_test(what_is_right_does_not_wash_an_address),
        cmocka_unit_test(a_household_is_one_address),
        cmocka_unit_test(a_token_is_of_one_session),
        cmocka_unit_test(sessions_run_out),
        cmocka_unit_test(weak_passwords_are_told_why),
        cmocka_unit_test(nobody_has_a_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
