/* test_clock.c - the wall clock can be turned, the one for waiting cannot. */
#include "check.h"

#include "engine/clock.h"

#include <time.h>

static void
test_the_wall_clock_is_the_world_s(void **state)
{
    assert_false(clock_is_set());
    int64_t before = (int64_t)time(NULL) * 1000;
    int64_t now = clock_now();
    assert_true(now >= before && now < before + 60 * 1000);
}

static void
test_turned_it_stands_still(void **state)
{
    int64_t waited = clock_monotonic();
    clock_set(5000);
    assert_true(clock_is_set());
    g_usleep(3000);
    assert_int_equal(clock_now(), 5000);
    clock_set(4000); /* also backwards */
    assert_int_equal(clock_now(), 4000);
    clock_set(0);
    assert_int_equal(clock_now(), 0);
    assert_true(clock_monotonic() - waited >= 2);
    assert_true(clock_monotonic() - waited < 60 * 1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_wall_clock_is_the_world_s),
        cmocka_unit_test(test_turned_it_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
