/* How often a program may ask, as it sees it. */
#include "check.h"

#include "engine/bucket.h"

enum { MINUTE = 60 * 1000, NAME = 7, OTHER = 8 };

static int64_t
take_all(Buckets *buckets, int64_t name, int64_t per_minute, int64_t now)
{
    int64_t taken = 0;
    while (bucket_take(buckets, name, per_minute, now).may)
        taken++;
    return taken;
}

static void
a_minute_allows_what_it_says(void **state)
{
    g_autoptr(Buckets) buckets = buckets_new();
    assert_int_equal(take_all(buckets, NAME, 60, 0), 60);
    assert_int_equal(take_all(buckets, NAME, 60, 999), 0);
    assert_int_equal(take_all(buckets, NAME, 60, 1000), 1);
    assert_int_equal(take_all(buckets, NAME, 60, 11 * 1000), 10);
    /* However long it was quiet, it saves up one minute's worth. */
    assert_int_equal(take_all(buckets, NAME, 60, 1000 * MINUTE), 60);
}

static void
each_name_has_its_own(void **state)
{
    g_autoptr(Buckets) buckets = buckets_new();
    assert_int_equal(take_all(buckets, NAME, 5, 0), 5);
    assert_int_equal(take_all(buckets, OTHER, 5, 0), 5);
}

static void
who_waits_as_long_as_it_says_may_ask(void **state)
{
    g_autoptr(Buckets) buckets = buckets_new();
    int64_t now = 0;
    take_all(buckets, NAME, 7, now);
    for (int i = 0; i < 100; i++) {
        BucketSays says = bucket_take(buckets, NAME, 7, now);
        assert_false(says.may);
        assert_int_equal(says.left, 0);
        assert_true(says.wait_ms > 0 && says.wait_ms <= MINUTE / 7 + 1);
        assert_false(bucket_take(buckets, NAME, 7, now + says.wait_ms - 2).may);
        now += says.wait_ms;
        assert_true(bucket_take(buckets, NAME, 7, now).may);
    }
}

static void
a_clock_that_stands_still_or_goes_back_gives_nothing(void **state)
{
    g_autoptr(Buckets) buckets = buckets_new();
    assert_int_equal(take_all(buckets, NAME, 60, 5000), 60);
    assert_false(bucket_take(buckets, NAME, 60, 0).may);
    assert_true(bucket_take(buckets, NAME, 60, 6000).may);
}

static void
many_names_cost_a_place_each_only_while_they_ask(void **state)
{
    g_autoptr(Buckets) buckets = buckets_new();
    for (int64_t name = 0; name < 100 * 1000; name++)
        assert_true(bucket_take(buckets, name, 60, name * 100).may);
    assert_int_equal(take_all(buckets, 99 * 1000, 60, 99999 * 100), 60);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_allows_what_it_says),
        cmocka_unit_test(each_name_has_its_own),
        cmocka_unit_test(who_waits_as_long_as_it_says_may_ask),
        cmocka_unit_test(a_clock_that_stands_still_or_goes_back_gives_nothing),
        cmocka_unit_test(many_names_cost_a_place_each_only_while_they_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
