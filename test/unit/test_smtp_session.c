/* What a mail's outcome is when the line breaks behind any byte of the dialogue: never a mail that
 * the server can have called "not sent", nor one that it cannot have called "unknown". */
#include "check.h"

#include "engine/smtp_session.h"

enum { MAILS = 2, WIRE_BYTES = 4096 };

/* Two mails, the second pipelined behind the first; dots to stuff, and a first one without CRLF. */
static const char *const texts[MAILS] = {"Subject: a\r\n\r\n.\r\n..dots",
                                         "Subject: b\r\n\r\nx\r\n"};

typedef struct Line {
    SmtpSession session;
    SmtpServer server;
    SmtpTransfer transfers[MAILS];
    SmtpResult results[MAILS];
    int settled[MAILS];
    char wire[WIRE_BYTES];
    size_t wire_len;
} Line;

static void
line_settle(void *arg, SmtpTransfer *transfer, SmtpResult *result)
{
    Line *line = arg;
    line->settled[transfer->mail.tag]++;
    line->results[transfer->mail.tag] = *result;
}

static Line *
line_new(int depth)
{
    Line *line = g_new0(Line, 1);
    line->server = (SmtpServer){.host = "mx",
                                .tls = SMTP_TLS_NEVER,
                                .helo = "us",
                                .depth = depth,
                                .mails_per_connection = 10,
                                .timeout_divisor = 1,
                                .idle_ms = 1};
    line->session.peer = "mx:25";
    line->session.settle = line_settle;
    line->session.arg = line;
    for (int i = 0; i < MAILS; i++) {
        line->transfers[i].mail =
            (SmtpMail){.tag = i, .from = STR("a@x"), .to = STR("b@y"), .data = str_of(texts[i])};
        assert_null(smtp_body_check(line->transfers[i].mail.data, &line->transfers[i].facts));
    }
    smtp_session_start(&line->session, &line->server, false);
    return line;
}

static void
line_free(Line *line)
{
    smtp_session_clear(&line->session);
    g_free(line);
}

/* Writes until so many bytes have gone in all; false when that was less than the session had. */
static bool
line_write(Line *line, size_t until)
{
    struct iovec pieces[4];
    size_t count;
    while ((count = smtp_session_out(&line->session, pieces, G_N_ELEMENTS(pieces)))) {
        size_t len = MIN(pieces[0].iov_len, until - line->wire_len);
        memcpy(line->wire + line->wire_len, pieces[0].iov_base, len);
        line->wire_len += len;
        smtp_session_wrote(&line->session, len);
        if (line->wire_len == until)
            return !smtp_session_out(&line->session, pieces, G_N_ELEMENTS(pieces));
    }
    return true;
}

static void
line_say(Line *line, const char *text)
{
    smtp_session_feed(&line->session, text, strlen(text));
}

static void
line_begin(Line *line)
{
    for (int i = 0; i < MAILS; i++)
        if (!line->transfers[i].nth && smtp_session_can_begin(&line->session))
            smtp_session_begin(&line->session, &line->transfers[i]);
}

/* The dialogue up to the end of the first mail and the envelope of the second, as far as `until`
 * bytes go. */
static void
line_talk(Line *line, const char *const *script, size_t until)
{
    for (; *script; script++) {
        line_say(line, *script);
        line_begin(line);
        if (!line_write(line, until))
            return;
    }
}

static const char *const pipelined[] = {"220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n",
                                        "250 ok\r\n250 ok\r\n354 go\r\n", NULL};
static const char *const lockstep[] = {"220 mx\r\n", "250 mx\r\n", "250 ok\r\n",
                                       "250 ok\r\n", "354 go\r\n", NULL};

static size_t
end_of_first(const char *wire)
{
    const char *end = strstr(wire, "\r\n.\r\nMAIL");
    if (!end)
        end = strstr(wire, "...dots\r\n.\r\n") + strlen("...dots");
    return (size_t)(end - wire) + strlen("\r\n.\r\n");
}

static void
break_behind_every_byte(const char *const *script, int depth)
{
    Line *whole = line_new(depth);
    line_talk(whole, script, WIRE_BYTES);
    assert_non_null(strstr(whole->wire, "\r\n\r\n..\r\n...dots\r\n.\r\n"));
    size_t first = end_of_first(whole->wire);
    for (size_t until = 1; until <= whole->wire_len; until++) {
        Line *line = line_new(depth);
        line_talk(line, script, until);
        smtp_session_lost(&line->session, "cut");
        bool begun = line->transfers[0].nth > 0;
        assert_int_equal(line->settled[0], begun);
        if (begun)
            assert_int_equal(line->results[0].outcome,
                             until >= first ? SMTP_UNKNOWN : SMTP_NOT_SENT);
        assert_int_equal(line->settled[1], line->transfers[1].nth > 0);
        if (line->settled[1])
            assert_int_equal(line->results[1].outcome, SMTP_NOT_SENT);
        line_free(line);
    }
    line_free(whole);
}

static void
broken_behind_any_byte_when_pipelined(void **state)
{
    break_behind_every_byte(pipelined, 2);
}

static void
broken_behind_any_byte_in_lock_step(void **state)
{
    break_behind_every_byte(lockstep, 1);
}

/* A 250 to the end of the data that comes before its last byte has gone is not believed. */
static void
no_acceptance_before_the_last_byte(void **state)
{
    Line *whole = line_new(2);
    line_talk(whole, pipelined, WIRE_BYTES);
    size_t first = end_of_first(whole->wire);
    for (size_t until = first - 20; until <= first; until++) {
        Line *line = line_new(2);
        line_talk(line, pipelined, until);
        line_say(line, "250 2.0.0 took it\r\n");
        assert_int_equal(line->settled[0], 1);
        assert_int_equal(line->results[0].outcome, until < first ? SMTP_NOT_SENT : SMTP_SENT);
        line_free(line);
    }
    line_free(whole);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_behind_any_byte_when_pipelined),
        cmocka_unit_test(broken_behind_any_byte_in_lock_step),
        cmocka_unit_test(no_acceptance_before_the_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
