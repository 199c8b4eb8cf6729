/* The log: one line for one event, that no value can forge and no address gets into. */
#include "check.h"
#include "engine/clock.h"
#include "engine/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2]; /* of the pipe that the log writes to */

static int
setup(void **state)
{
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    log_set_fd(ends[1]);
    clock_set(1777629600123); /* 2026-05-01T10:00:00.123Z */
    return 0;
}

static int
teardown(void **state)
{
    log_set_fd(2);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* What was written since the last time; "" when nothing was. */
static const char *
logged(void)
{
    static char text[65536];
    ssize_t len = read(ends[0], text, sizeof text - 1);
    text[MAX(len, 0)] = '\0';
    return text;
}

static void
a_line_has_its_fields_in_order(void **state)
{
    log_info("smtp.deferred", "shop=%s id=%s code=%d said=%s", "demo", "msg_7", 451,
             "4.7.1 try again later");
    assert_string_equal(logged(),
                        "at=2026-05-01T10:00:00.123Z level=info what=smtp.deferred shop=demo "
                        "id=msg_7 code=451 said=\"4.7.1 try again later\"\n");
    log_warn("serve.slow", "");
    assert_string_equal(logged(), "at=2026-05-01T10:00:00.123Z level=warn what=serve.slow\n");
}

static void
every_kind_of_value(void **state)
{
    const char *none = NULL;
    Str text = STR("part of it");
    log_error("x", "a=%d b=%u c=%ld d=%zu e=%" G_GINT64_FORMAT " f=%" G_GUINT64_FORMAT, -1,
              4000000000U, -5000000000L, (size_t)7, INT64_MIN, UINT64_MAX);
    assert_non_null(strstr(logged(), "a=-1 b=4000000000 c=-5000000000 d=7 e=-9223372036854775808 "
                                     "f=18446744073709551615\n"));
    log_error("x", "g=%g h=%s i=%s j=%.*s", 0.25, none, "", 4, text.at);
    assert_non_null(strstr(logged(), " g=0.25 h=none i=\"\" j=part\n"));
}

static void
no_value_forges_a_line(void **state)
{
    log_info("x", "said=%s next=%d", "a\" level=error\nat=1 \\ \x01\x7f", 1);
    assert_non_null(
        strstr(logged(), " said=\"a\\\" level=error\\nat=1 \\\\ \\x01\\x7f\" next=1\n"));
    log_info("x", "said=%s", "gr\xC3\xBC\xC3\x9F b\xFF\xE2\x82");
    assert_non_null(strstr(logged(), " said=\"gr\xC3\xBC\xC3\x9F b\xEF\xBF\xBD\xEF\xBF\xBD\"\n"));
}

static void
no_address_gets_through(void **state)
{
    static const struct {
        const char *value;
        const char *shown;
    } rows[] = {
        {"ana@example.com", "<address>"},
        {"<ana@example.com>", "<address>"},
        {"Ana <ana@example.com>", "\"Ana <address>\""},
        {"550 5.1.1 <ana@example.com>: user unknown", "\"550 5.1.1 <address>: user unknown\""},
        {"to ana@example.com, bob@example.org.", "\"to <address>, <address>\""},
        {"\"ana maria\"@example.com", "<address>"},
        {"ana@[192.0.2.1]", "<address>"},
        {"ana+shop=x@example.com", "<address>"},
        {"bounce+ana=example.com@shop.example", "<address>"},
        {"j\xC3\xB6n@m\xC3\xBCller.example", "<address>"},
        {"a@b@c", "<address>"},
        {"ana%40example.com", "<address>"},
        {"/o/x?mail=ana%40example.com&y=1", "<address>"},
        {"smtp://user:secret@host:587", "smtp://user:<address>:587"},
        {"(ana@x)(bob@y)", "\"(<address>)(<address>)\""},
        {"<a@b><c@d>", "<address><address>"},
        {"5 @ 3, @home, user@", "\"5 @ 3, @home, user@\""},
        {"\"@x", "\"\\\"@x\""},
        {"demo", "demo"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        log_info("x", "v=%s", rows[i].value);
        g_autofree char *expected =
            g_strdup_printf("at=2026-05-01T10:00:00.123Z level=info what=x v=%s\n", rows[i].shown);
        assert_string_equal(logged(), expected);
    }
}

/* However long the value is, and wherever the cut falls. */
static void
long_values_are_cut(void **state)
{
    for (size_t len = 900; len < 1200; len++) {
        g_autofree char *value = g_strnfill(len, 'a');
        memcpy(value + len - 15, " ana@example.or", 15);
        log_info("x", "a=%s b=%s c=%s d=%s e=%s f=%d", value, value, value, value, value, 1);
        const char *line = logged();
        assert_true(strlen(line) <= LOG_LINE_BYTES);
        assert_true(g_str_has_suffix(line, "\n"));
        assert_null(strstr(line, "ana"));
        int quotes = 0;
        for (const char *at = line; *at; at++)
            quotes += *at == '"';
        assert_int_equal(quotes % 2, 0);
    }
}

static void
levels_filter(void **state)
{
    LogLevel level = LOG_LEVEL_INFO;
    log_debug("x", "");
    assert_string_equal(logged(), "");
    assert_true(log_level_parse("error", &level));
    assert_false(log_level_parse("loud", &level));
    log_set_level(level);
    log_warn("x", "");
    assert_string_equal(logged(), "");
    log_error("x", "");
    assert_non_null(strstr(logged(), "level=error"));
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("x", "");
    assert_non_null(strstr(logged(), "level=debug"));
    log_set_level(LOG_LEVEL_INFO);
}

static void
errors_say_slug_and_message(void **state)
{
    g_autoptr(GError) error = NULL;
    fail(&error, ERR_REFUSED, "mail for %s refused", "ana@example.com");
    log_failure("smtp.refused", error, "shop=%s", "demo");
    assert_non_null(strstr(logged(), "level=error what=smtp.refused shop=demo error=refused "
                                     "message=\"mail for <address> refused\"\n"));
    g_autoptr(GError) busy = NULL;
    fail(&busy, ERR_BUSY, "later");
    log_failure("smtp.busy", busy, "");
    assert_non_null(strstr(logged(), "level=warn what=smtp.busy error=busy message=later\n"));
}

static void *
write_many(void *number)
{
    for (int i = 0; i < 100; i++)
        log_info("thread", "n=%s text=%s", (const char *)number, "some more text to write");
    return NULL;
}

static void
threads_do_not_mix(void **state)
{
    pthread_t threads[4];
    static const char *const names[] = {"0", "1", "2", "3"};
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, (void *)names[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    g_auto(GStrv) lines = g_strsplit(logged(), "\n", -1);
    int count[4] = {0};
    for (char **line = lines; **line; line++) {
        const char *n = strstr(*line, " n=");
        assert_non_null(n);
        assert_true(g_str_has_suffix(*line, " text=\"some more text to write\""));
        count[n[3] - '0']++;
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(count[i], 100);
}

static void
glib_speaks_through_the_log(void **state)
{
    log_take_glib();
    g_warning("something odd");
    assert_non_null(strstr(logged(), "level=error what=glib message=\"something odd\"\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_fields_in_order),
        cmocka_unit_test(every_kind_of_value),
        cmocka_unit_test(no_value_forges_a_line),
        cmocka_unit_test(no_address_gets_through),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(levels_filter),
        cmocka_unit_test(errors_say_slug_and_message),
        cmocka_unit_test(threads_do_not_mix),
        cmocka_unit_test(glib_speaks_through_the_log),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
