/* What a caller of base.h may rely on: memory, bytes that grow, borrowed text, errors. */
#include "check.h"

static void
arena_gives_zeroed_aligned_memory(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t bytes = 1; bytes < 40000; bytes = bytes * 3 + 1) {
        char *memory = arena_alloc(arena, bytes);
        assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, bytes);
    }
    arena_reset(arena);
    char *again = arena_alloc(arena, 100);
    assert_int_equal(again[99], 0);
}

static void
arena_tells_when_it_is_over_its_limit(void **state)
{
    g_autoptr(Arena) arena = arena_new(1000);
    arena_alloc(arena, 900);
    assert_false(arena_over(arena));
    assert_non_null(arena_alloc(arena, 5000));
    assert_true(arena_over(arena));
    arena_reset(arena);
    assert_false(arena_over(arena));
}

static void
buf_grows_and_keeps_every_byte(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    Buf one = {.arena = arena};
    Buf two = {.arena = arena};
    for (int i = 0; i < 3000; i++) {
        buf_add_int(&one, i);
        buf_add_char(&two, 'x');
    }
    buf_format(&one, "|%s", "end");
    assert_int_equal(two.len, 3000);
    assert_true(str_starts(buf_str(&one), "0123456789101112"));
    assert_true(str_ends(buf_str(&one), "29982999|end"));
    Buf least = {.arena = arena};
    buf_add_int(&least, INT64_MIN);
    assert_string_equal(buf_cstr(&least), "-9223372036854775808");
}

static void
str_splits_like_a_reader_would(void **state)
{
    Str rest = STR("a,,b"), part;
    assert_true(str_split(&rest, ',', &part) && str_is(part, "a"));
    assert_true(str_split(&rest, ',', &part) && part.len == 0);
    assert_true(str_split(&rest, ',', &part) && str_is(part, "b"));
    assert_false(str_split(&rest, ',', &part));
    assert_true(str_is(str_trim(STR("  x \n")), "x"));
    assert_true(str_eq_nocase(STR("Content-Type"), "content-type"));
}

static void
errors_carry_their_row(void **state)
{
    g_autoptr(GError) error = NULL;
    assert_false(fail(&error, ERR_DISK_FULL, "no room for %s", "order 1001"));
    fail_at(&error, "intake");
    assert_string_equal(error->message, "intake: no room for order 1001");
    assert_string_equal(error_row(error)->slug, "disk_full");
    assert_true(error_row(error)->again);
    /* A second failure on the way out does not hide the first. */
    fail(&error, ERR_INTERNAL, "rollback failed too");
    assert_true(error_is(error, ERR_DISK_FULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(arena_tells_when_it_is_over_its_limit),
        cmocka_unit_test(buf_grows_and_keeps_every_byte),
        cmocka_unit_test(str_splits_like_a_reader_would),
        cmocka_unit_test(errors_carry_their_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
