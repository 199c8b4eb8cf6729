/* test_id.c - ids sort by time, never go backwards, and are read as they are printed. */
#include "check.h"

#include "engine/clock.h"
#include "engine/id.h"

/* 2026-03-02T10:00:00Z, by `date -u -d 2026-03-02T10:00:00Z +%s`. */
#define MORNING INT64_C(1772445600000)
#define HOUR_MS INT64_C(3600000)

static void
test_an_id_tells_when_and_what(void **state)
{
    clock_set(MORNING);
    int64_t id = id_new(KIND_ORDER);
    assert_int_equal(id_at(id), MORNING);
    assert_int_equal(id_kind(id), KIND_ORDER);
    assert_string_equal(id_table(KIND_ORDER), "orders");
    assert_true(id > 0);
}

static void
test_never_backwards_when_the_clock_is(void **state)
{
    clock_set(MORNING);
    int64_t before = id_new(KIND_EVENT);
    clock_set(MORNING - HOUR_MS);
    for (int i = 0; i < 5000; i++) {
        int64_t id = id_new(KIND_EVENT);
        assert_true(id > before);
        assert_int_equal(id_kind(id), KIND_EVENT);
        before = id;
    }
    clock_set(MORNING + HOUR_MS);
    int64_t later = id_new(KIND_EVENT);
    assert_true(later > before);
    assert_int_equal(id_at(later), MORNING + HOUR_MS);
}

static void
test_more_than_a_millisecond_holds(void **state)
{
    clock_set(MORNING + 2 * HOUR_MS);
    int64_t first = id_new(KIND_MESSAGE), before = first;
    for (int i = 0; i < 3000; i++) {
        int64_t id = id_new(KIND_MESSAGE);
        assert_true(id > before);
        before = id;
    }
    /* 1,024 ids in each: they run ahead of the clock by no more than they have to. */
    assert_int_equal(id_at(before) - id_at(first), 2);
}

static void
test_a_floor_carries_over_a_restart(void **state)
{
    clock_set(MORNING + 3 * HOUR_MS);
    int64_t kept = id_new(KIND_RECEIPT) + 7;
    clock_set(MORNING);
    id_floor(kept);
    assert_true(id_new(KIND_RECEIPT) > kept);
    id_floor(0); /* an empty table has no greatest id */
    id_floor(5); /* names nothing we know */
    assert_true(id_new(KIND_RECEIPT) > kept);
}

static void
test_printed_and_read(void **state)
{
    char text[ID_TEXT_BYTES];
    int64_t back = 0;
    clock_set(MORNING);
    for (int kind = 1; kind <= KIND_MOST; kind++) {
        if (!id_table((IdKind)kind))
            continue;
        int64_t id = id_new((IdKind)kind);
        assert_true(id_parse(str_of(id_format(id, text)), &back));
        assert_int_equal(back, id);
        g_autofree char *number = g_strdup_printf(" %" G_GINT64_FORMAT " ", id);
        assert_true(id_parse(str_of(number), &back));
        assert_int_equal(back, id);
        g_autofree char *loud = g_ascii_strup(strchr(text, '_'), -1);
        g_autofree char *mixed =
            g_strdup_printf("%.*s%s", (int)(strchr(text, '_') - text), text, loud);
        assert_true(id_parse(str_of(mixed), &back));
        assert_int_equal(back, id);
    }
}

static void
test_what_is_no_id(void **state)
{
    static const char *const wrong[] = {
        "",
        "_",
        "or_",
        "or_0",
        "0",
        "-5",
        "1.5",
        "order",
        "or_zzzzzzzzzzzzz",
        "9223372036854775808",
        "or_u000000000000",
        "or_00000000000000",
        "xx_0c4k8q3vjg2t0",
        "99999999999999999999",
    };
    int64_t id;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        if (id_parse(str_of(wrong[i]), &id))
            print_error("'%s' was read as an id\n", wrong[i]);
        assert_false(id_parse(str_of(wrong[i]), &id));
    }
    /* An order's id under the name of an event. */
    char text[ID_TEXT_BYTES], other[ID_TEXT_BYTES];
    id_format(id_new(KIND_ORDER), text);
    id_format(id_new(KIND_EVENT), other);
    g_autofree char *lie =
        g_strdup_printf("%.*s%s", (int)(strchr(other, '_') - other), other, strchr(text, '_'));
    assert_false(id_parse(str_of(lie), &id));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_id_tells_when_and_what),
        cmocka_unit_test(test_never_backwards_when_the_clock_is),
        cmocka_unit_test(test_more_than_a_millisecond_holds),
        cmocka_unit_test(test_a_floor_carries_over_a_restart),
        cmocka_unit_test(test_printed_and_read),
        cmocka_unit_test(test_what_is_no_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
