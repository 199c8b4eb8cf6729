/* The learned rate, as the owner of a shop would see it: how fast mails leave, how long they wait.
 * */
#include "check.h"

#include "engine/rate.h"

#include <math.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
static const int64_t start = 1790000000000;

/* Sends as fast as allowed for so many ms; returns how many went. */
static size_t
send_for(Rate *rate, const RateRules *rules, int64_t from, int64_t ms)
{
    size_t sent = 0;
    for (int64_t now = from; now < from + ms; now += 10) {
        size_t count = rate_take(rate, rules, now, 100);
        sent += count;
        if (count)
            rate_sent(rate, rules, now, count);
    }
    return sent;
}

static void
nobody_throttled_means_no_limit(void **state)
{
    RateRules rules = rate_rules_default();
    Rate rate = {0};
    assert_int_equal(rate_take(&rate, &rules, start, 5000), 5000);
    assert_int_equal(rate_take(&rate, &rules, start, 5000), 5000);
    assert_int_equal(rate_next(&rate, &rules, start), start);
}

static void
a_set_rate_is_kept(void **state)
{
    RateRules rules = rate_rules_default();
    rules.ceiling_mps = 5;
    Rate rate = {0};
    size_t sent = send_for(&rate, &rules, start, 100 * SECOND);
    assert_in_range(sent, 500, 505); /* 5 a second, and one bucket more */
    rules.ceiling_mps = 0.1;
    sent = send_for(&rate, &rules, start + HOUR, HOUR);
    assert_in_range(sent, 360, 361);
}

static void
next_says_when_one_may_go(void **state)
{
    RateRules rules = rate_rules_default();
    rules.ceiling_mps = 4;
    Rate rate = {0};
    assert_int_equal(rate_take(&rate, &rules, start, 100), 4);
    assert_int_equal(rate_next(&rate, &rules, start), start + 250);
    assert_int_equal(rate_take(&rate, &rules, start + 249, 1), 0);
    assert_int_equal(rate_take(&rate, &rules, start + 250, 1), 1);
    rate_return(&rate, &rules, 1);
    assert_int_equal(rate_next(&rate, &rules, start + 250), start + 250);
}

static void
a_throttle_pauses_and_halves(void **state)
{
    RateRules rules = rate_rules_default();
    Rate rate = {0};
    for (int64_t now = start; now < start + MINUTE; now += 50) /* 20 a second */
        rate_sent(&rate, &rules, now, rate_take(&rate, &rules, now, 1));
    int64_t now = start + MINUTE;
    rate_throttled(&rate, &rules, now, now - 50, STR("too many messages"));
    assert_float_equal(rate.mps, 10, 0.3);
    assert_int_equal(rate_take(&rate, &rules, now + 999, 10), 0);
    /* the pause, then the first drop */
    assert_in_range(rate_next(&rate, &rules, now) - now, 1097, 1103);
    size_t sent = send_for(&rate, &rules, now + SECOND, 10 * SECOND);
    assert_in_range(sent, 97, 104);
}

static void
mails_that_were_in_flight_do_not_cut_again(void **state)
{
    RateRules rules = rate_rules_default();
    Rate rate = {.seen_mps = 100, .seen_at = start};
    for (int i = 0; i < 20; i++)
        rate_throttled(&rate, &rules, start + i, start - 5, STR("slow down"));
    assert_float_equal(rate.mps, 50, 0.1);
    assert_int_equal(rate.throttles, 1);
    assert_true(rate.paused_until <= start + SECOND + 20);
}

static void
pauses_double_until_a_mail_goes(void **state)
{
    RateRules rules = rate_rules_default();
    Rate rate = {0};
    int64_t now = start, pauses[12];
    for (int i = 0; i < 12; i++) {
        rate_throttled(&rate, &rules, now, now, STR("no"));
        pauses[i] = rate.paused_until - now;
        now = rate.paused_until + SECOND;
    }
    assert_int_equal(pauses[0], SECOND);
    assert_int_equal(pauses[1], 2 * SECOND);
    assert_int_equal(pauses[5], 32 * SECOND);
    assert_int_equal(pauses[11], 15 * MINUTE);
    assert_float_equal(rate.mps, rules.floor_mps, 1e-9);
    rate_sent(&rate, &rules, now, 1);
    rate_throttled(&rate, &rules, now + 1, now + 1, STR("no"));
    assert_int_equal(rate.paused_until - (now + 1), SECOND);
}

static void
half_is_made_good_in_ten_minutes_of_sending(void **state)
{
    RateRules rules = rate_rules_default();
    Rate rate = {.mps = 5, .knee_mps = 10, .tokens_at = start};
    int64_t now = start;
    while (rate.mps < 10 && now < start + HOUR)
        send_for(&rate, &rules, now, SECOND), now += SECOND;
    assert_in_range(now - start, 9 * MINUTE + 30 * SECOND, 10 * MINUTE + 30 * SECOND);
    send_for(&rate, &rules, now, 10 * MINUTE); /* 1.05^10 = 1.63 */
    assert_float_equal(rate.mps, 16.3, 0.5);
}

static void
an_idle_sender_learns_nothing(void **state)
{
    RateRules rules = rate_rules_default();
    Rate rate = {.mps = 5, .knee_mps = 10, .tokens_at = start};
    assert_int_equal(rate_take(&rate, &rules, start + 24 * HOUR, 100), 5);
    assert_float_equal(rate.mps, 5, 1e-9);
}

static void
a_clock_that_jumps_back_costs_no_more_than_the_pause(void **state)
{
    RateRules rules = rate_rules_default();
    Rate rate = {.mps = 10, .knee_mps = 10, .tokens_at = start, .seen_at = start};
    rate_throttled(&rate, &rules, start, start, STR("no"));
    int64_t now = start - HOUR;
    assert_int_equal(rate_take(&rate, &rules, now, 1), 0);
    assert_true(rate_next(&rate, &rules, now) <= now + 2 * SECOND);
    assert_true(send_for(&rate, &rules, now, 10 * SECOND) > 20);
}

static void
words_name_a_time(void **state)
{
    /* As servers say it: postfix, Exim, gophish's, Yahoo, Exchange and inventions near them. */
    static const struct {
        const char *words;
        int64_t wait_ms;
        bool quota;
    } known[] = {
        {"Too much mail, try again in 15 seconds.", 15 * SECOND, false},
        {"4.7.1 Greylisted, please try again in 300 seconds", 300 * SECOND, false},
        {"Try again in about 5 minutes", 5 * MINUTE, false},
        {"please retry after 30s", 30 * SECOND, false},
        {"You must wait 2 hours before sending more", 2 * HOUR, false},
        {"wait for 1 hour", HOUR, false},
        {"Too many messages, 100 per 60 seconds allowed", 0, false},
        {"Daily message quota exceeded.", 0, true},
        {"5.4.5 Daily user sending limit exceeded.", 0, true},
        {"only 10 messages per day", 0, true},
        {"4.7.1 Hourly limit exceeded", 0, true},
        {"Daily limit, resumes in 3 hours", 3 * HOUR, true},
        {"retry in 99999999999999999999 days", 24 * HOUR, false},
        {"try again in 0 seconds", 0, false},
        {"id 5m-in-3x by mx1.example.com", 0, false},
        {"", 0, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        RateHint hint = rate_read_words(str_of(known[i].words));
        if (hint.wait_ms != known[i].wait_ms || hint.quota != known[i].quota)
            print_error("%s: %" G_GINT64_FORMAT " ms, quota %d\n", known[i].words, hint.wait_ms,
                        hint.quota);
        assert_int_equal(hint.wait_ms, known[i].wait_ms);
        assert_int_equal(hint.quota, known[i].quota);
    }
}

static void
words_are_obeyed(void **state)
{
    RateRules rules = rate_rules_default();
    Rate rate = {.mps = 10, .knee_mps = 10, .tokens_at = start};
    rate_throttled(&rate, &rules, start, start, STR("try again in 90 seconds"));
    assert_int_equal(rate.paused_until, start + 90 * SECOND);
    Rate daily = {.mps = 10, .knee_mps = 10, .tokens_at = start};
    rate_throttled(&daily, &rules, start, start, STR("Daily message quota exceeded"));
    assert_int_equal(daily.paused_until, start + HOUR);
    assert_float_equal(daily.mps, 10, 1e-9); /* no matter of speed */
}

/* A server that lets 10 mails a second through and throttles the rest: most of what it would take
 * goes through, and it is seldom asked in vain. */
static void
it_settles_near_what_the_server_takes(void **state)
{
    RateRules rules = rate_rules_default();
    Rate rate = {0};
    double bucket = 10;
    int64_t sent = 0, throttled = 0, hours = 6;
    for (int64_t now = start; now < start + hours * HOUR; now += 20) {
        bucket = fmin(20, bucket + 10 * 0.02);
        for (size_t count = rate_take(&rate, &rules, now, 20); count; count--) {
            if (bucket >= 1) {
                bucket -= 1;
                sent++;
                rate_sent(&rate, &rules, now, 1);
            } else {
                throttled++;
                rate_throttled(&rate, &rules, now, now, STR("slow down"));
            }
        }
    }
    assert_in_range(sent, 10 * 3600 * hours * 7 / 10, 10 * 3600 * hours + 20);
    assert_true(throttled * 500 < sent);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_throttled_means_no_limit),
        cmocka_unit_test(a_set_rate_is_kept),
        cmocka_unit_test(next_says_when_one_may_go),
        cmocka_unit_test(a_throttle_pauses_and_halves),
        cmocka_unit_test(mails_that_were_in_flight_do_not_cut_again),
        cmocka_unit_test(pauses_double_until_a_mail_goes),
        cmocka_unit_test(half_is_made_good_in_ten_minutes_of_sending),
        cmocka_unit_test(an_idle_sender_learns_nothing),
        cmocka_unit_test(a_clock_that_jumps_back_costs_no_more_than_the_pause),
        cmocka_unit_test(words_name_a_time),
        cmocka_unit_test(words_are_obeyed),
        cmocka_unit_test(it_settles_near_what_the_server_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
