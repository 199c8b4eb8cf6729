/* What another server's status and Retry-After mean. Dates are RFC 9110's own examples and
 * date(1)'s. */
#include "check.h"

#include "engine/http_queue.h"
#include "engine/http_reply.h"

static void
retry_after(void **state)
{
    static const struct {
        const char *value;
        int64_t now, ms;
    } known[] = {
        {"120", 0, 120000},
        {" 0 ", 0, 0},
        {"86400", 0, 86400000},
        {"86401", 0, 86400000},
        {"99999999999999999999999999", 0, 86400000},
        {"Fri, 31 Dec 1999 23:59:59 GMT", 946684799000 - 5000, 5000},
        {"Fri, 31 Dec 1999 23:59:59 GMT", 946684799000 + 5000, 0},
        {"Fri, 31 Dec 2999 23:59:59 GMT", 946684799000, 86400000},
        {"", 0, -1},
        {"-1", 0, -1},
        {"1.5", 0, -1},
        {"soon", 0, -1},
        {"12 s", 0, -1},
        {"0x10", 0, -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        int64_t ms = http_retry_after(str_of(known[i].value), known[i].now);
        if (ms != known[i].ms)
            print_error("%s\n", known[i].value);
        assert_int_equal(ms, known[i].ms);
    }
}

static void
headers_in_any_case(void **state)
{
    HttpPair pairs[] = {{"Link", "</a>; rel=next"}, {"X-A", "1"}, {"x-a", "2"}};
    HttpReply reply = {.headers = pairs, .header_count = 3};
    assert_true(str_is(http_reply_header(&reply, "LINK"), "</a>; rel=next"));
    assert_true(str_is(http_reply_header(&reply, "X-a"), "1"));
    assert_null(http_reply_header(&reply, "X-").at);
}

static void
every_status_has_a_meaning(void **state)
{
    for (int status = 0; status < 1000; status++) {
        g_autoptr(GError) error = NULL;
        HttpReply reply = {.status = status, .peer = "api.example:443", .retry_after_ms = -1};
        bool fine = http_reply_check(&reply, &error);
        assert_int_equal(fine, status >= 200 && status < 300);
        assert_int_equal(fine, !error);
        /* Only what mends itself is asked for again. */
        if (status >= 500 && status < 600)
            assert_true(error_row(error)->again);
        if (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429)
            assert_false(error_row(error)->again);
    }
}

static void
hosts_take_turns(void **state)
{
    static const char *const jobs = "aaaaaabbbcd";
    HttpQueue *queue = http_queue_new(4, 2);
    char host[2] = "", got[20] = "";
    for (const char *job = jobs; *job; job++) {
        host[0] = *job;
        http_queue_enter(queue, host, (void *)job);
    }
    size_t len = 0;
    const char *job;
    while ((job = http_queue_next(queue)))
        got[len++] = *job;
    assert_string_equal(got, "abcd"); /* four in all */
    http_queue_leave(queue, "c", (void *)(jobs + 9), true);
    http_queue_leave(queue, "d", (void *)(jobs + 10), true);
    while ((job = http_queue_next(queue)))
        got[len++] = *job;
    assert_string_equal(got, "abcdab"); /* two each */
    http_queue_leave(queue, "a", (void *)(jobs + 2), false);
    http_queue_leave(queue, "b", (void *)(jobs + 6), true);
    assert_ptr_equal(http_queue_next(queue), jobs + 8);
    assert_null(http_queue_next(queue));
    for (int i = 3; i < 6; i++)
        http_queue_leave(queue, "a", (void *)(jobs + i), false);
    http_queue_leave(queue, "a", (void *)jobs, true);
    http_queue_leave(queue, "a", (void *)(jobs + 1), true);
    http_queue_leave(queue, "b", (void *)(jobs + 7), true);
    http_queue_leave(queue, "b", (void *)(jobs + 8), true);
    http_queue_free(queue); /* which must be empty */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after),
        cmocka_unit_test(headers_in_any_case),
        cmocka_unit_test(every_status_has_a_meaning),
        cmocka_unit_test(hosts_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
