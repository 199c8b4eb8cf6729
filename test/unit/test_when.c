/* Durations, the rules for local times, names that are nearly right. test/base/test_when.py and
 * test_zone.py ask Python about thousands of moments and all zones. */
#include "base/nearest.h"
#include "base/when.h"
#include "check.h"

#include <pthread.h>

static void
durations_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
        const char *shown;
    } rows[] = {
        {"7d", 604800000, "7d"},
        {"90m", 5400000, "1h30m"},
        {"10s", 10000, "10s"},
        {"250ms", 250, "250ms"},
        {"1h30m", 5400000, "1h30m"},
        {"1h 30m", 5400000, "1h30m"},
        {"2w", 1209600000, "14d"},
        {" 1d 2h 3m 4s 5ms ", 93784005, "1d2h3m4s5ms"},
        {"0s", 0, "0s"},
        {"P7D", 604800000, "7d"},
        {"PT1H30M", 5400000, "1h30m"},
        {"P1DT12H", 129600000, "1d12h"},
        {"P1W", 604800000, "7d"},
        {"PT90S", 90000, "1m30s"},
    };
    g_autoptr(Arena) arena = arena_new(10000);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int64_t ms = -1;
        assert_true(duration_parse(str_of(rows[i].text), &ms, NULL));
        assert_int_equal(ms, rows[i].ms);
        assert_string_equal(duration_format(arena, ms), rows[i].shown);
    }
}

static void
wrong_durations_say_why(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"", "a number is missing"},
        {"7", "a unit is missing"},
        {"d", "a number is missing"},
        {"-7d", "a number is missing"},
        {"1.5h", "a unit is missing"},
        {"7 days ago", "a unit is missing"},
        {"30m1h", "the units must come largest first"},
        {"1h1h", "the units must come largest first"},
        {"99999999999999999999d", "it is too long"},
        {"9999999999999d", "it is too long"},
        {"106751991167d 9223372036854775807ms", "it is too long"},
        {"P", "a number is missing"},
        {"PT", "a number is missing"},
        {"P1DT", "a number is missing"},
        {"P1M", "months and years have no fixed length; say days"},
        {"P1Y", "months and years have no fixed length; say days"},
        {"P1H", "a unit is missing"},
        {"PT1D", "a unit is missing"},
        {"PT1HT1M", "a number is missing"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        int64_t ms = 42;
        assert_false(duration_parse(str_of(rows[i].text), &ms, &error));
        g_autofree char *expected =
            g_strdup_printf("\"%s\" is no duration (%s); write 7d, 90m, 10s, 250ms or 1h30m",
                            rows[i].text, rows[i].why);
        assert_string_equal(error->message, expected);
        assert_int_equal(ms, 42);
    }
}

static void
fields_of_shops_may_be_empty(void **state)
{
    assert_int_equal(when_parse_or(NULL, NULL, -1), -1);
    assert_int_equal(when_parse_or("soon", NULL, -1), -1);
    assert_int_equal(when_parse_or("1970-01-01T00:00:01Z", NULL, -1), 1000);
}

static void
local_times_are_shown(void **state)
{
    g_autoptr(Arena) arena = arena_new(10000);
    const Zone *paris = zone_get("Europe/Paris", NULL);
    const Zone *johns = zone_get("America/St_Johns", NULL);
    int64_t at = 0;
    assert_true(when_parse(STR("2026-05-01T10:00:00.5Z"), NULL, &at, NULL));
    assert_string_equal(when_format(arena, at), "2026-05-01T10:00:00.500Z");
    assert_string_equal(when_format_local(arena, at, paris), "2026-05-01T12:00:00.500+02:00");
    assert_string_equal(when_format_local(arena, at, NULL), "2026-05-01T10:00:00.500Z");
    assert_string_equal(when_mail_date(arena, at, johns), "Fri, 01 May 2026 07:30:00 -0230");
    assert_string_equal(when_mail_date(arena, at, NULL), "Fri, 01 May 2026 10:00:00 +0000");
    assert_string_equal(when_http_date(arena, at), "Fri, 01 May 2026 10:00:00 GMT");
    assert_string_equal(zone_abbreviation(paris, at), "CEST");
    assert_string_equal(zone_name(paris), "Europe/Paris");
    /* Beyond what a year of four digits can show. */
    assert_true(when_parse(STR("0001-01-01T01:02:03+09:36"), NULL, &at, NULL));
    assert_string_equal(when_format(arena, at), "0001-01-01T00:00:00.000Z");
    assert_true(when_parse(STR("9999-12-31T23:00:00-05:00"), NULL, &at, NULL));
    assert_string_equal(when_format(arena, at), "9999-12-31T23:59:59.999Z");
    assert_false(when_parse(STR("0000-01-01T00:00:00Z"), NULL, &at, NULL));
    assert_string_equal(when_format(arena, INT64_MAX), "9999-12-31T23:59:59.999Z");
    assert_string_equal(when_format(arena, INT64_MIN), "0001-01-01T00:00:00.000Z");
    assert_string_equal(when_format_local(arena, INT64_MAX, paris),
                        "9999-12-31T23:59:59.999+01:00");
}

static int64_t
day_start(const char *zone, const char *text)
{
    int64_t at = 0;
    const Zone *there = zone_get(zone, NULL);
    assert_true(when_parse(str_of(text), NULL, &at, NULL));
    return zone_day_start(there, at);
}

static void
days_start_at_midnight_or_after(void **state)
{
    assert_int_equal(day_start("Europe/Paris", "2026-05-01T21:59:59Z"),
                     when_parse_or("2026-05-01T00:00:00+02:00", NULL, 0));
    assert_int_equal(day_start("Europe/Paris", "2026-05-01T22:00:00Z"),
                     when_parse_or("2026-05-02T00:00:00+02:00", NULL, 0));
    /* Beirut skips from 00:00 to 01:00 that night. */
    assert_int_equal(day_start("Asia/Beirut", "2025-03-30T12:00:00Z"),
                     when_parse_or("2025-03-30T01:00:00+03:00", NULL, 0));
}

static void *
zones_use(void *start)
{
    static const char *const names[] = {"Europe/Berlin", "Asia/Tokyo", "America/New_York",
                                        "+01:00"};
    int64_t sum = 0;
    for (int i = 0; i < 2000; i++)
        sum += zone_offset_ms(zone_get(names[i % 4], NULL), 1777629600000 + i);
    return GSIZE_TO_POINTER((size_t)sum);
}

static void
zones_are_for_all_threads(void **state)
{
    pthread_t threads[4];
    int64_t berlin = 7200000, tokyo = 32400000, york = -14400000, fixed = 3600000;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, zones_use, NULL), 0);
    for (int i = 0; i < 4; i++) {
        void *sum = NULL;
        pthread_join(threads[i], &sum);
        assert_int_equal(GPOINTER_TO_SIZE(sum), 500 * (berlin + tokyo + york + fixed));
    }
    assert_ptr_equal(zone_get("Asia/Tokyo", NULL), zone_get("Asia/Tokyo", NULL));
    assert_ptr_equal(zone_get("UTC", NULL), zone_utc());
}

static void
slips_are_recognised(void **state)
{
    static const char *const names[] = {"listen", "data", "public_url", NULL};
    assert_int_equal(nearest_distance(STR("listen"), STR("LISTEN")), 0);
    assert_int_equal(nearest_distance(STR("listen"), STR("lisetn")), 1);
    assert_int_equal(nearest_distance(STR("listen"), STR("lsten")), 1);
    assert_int_equal(nearest_distance(STR(""), STR("abc")), 3);
    assert_int_equal(nearest_distance(STR("kitten"), STR("sitting")), 3);
    assert_string_equal(nearest_name(names, STR("publicurl")), "public_url");
    assert_string_equal(nearest_name(names, STR("dato")), "data");
    assert_null(nearest_name(names, STR("smtp")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read),
        cmocka_unit_test(wrong_durations_say_why),
        cmocka_unit_test(fields_of_shops_may_be_empty),
        cmocka_unit_test(local_times_are_shown),
        cmocka_unit_test(days_start_at_midnight_or_after),
        cmocka_unit_test(zones_are_for_all_threads),
        cmocka_unit_test(slips_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
