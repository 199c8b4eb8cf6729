/* What servers say, cut anywhere, and what it means. Replies are as real services send them. */
#include "check.h"

#include "engine/smtp_reply.h"

/* Reads one reply, given in pieces of so many bytes; false when it is garbage or not whole. */
static bool
read_reply(const char *text, size_t piece, SmtpReply *ret)
{
    SmtpReader reader = {0};
    size_t len = strlen(text);
    for (size_t at = 0; at < len; at += piece) {
        Str rest = {text + at, MIN(piece, len - at)};
        while (rest.len) {
            SmtpRead got = smtp_reader_take(&reader, &rest);
            if (got == SMTP_READ_GARBAGE)
                return false;
            if (got != SMTP_READ_REPLY)
                continue;
            *ret = reader.reply;
            return rest.len == 0 && at + piece >= len && !smtp_reader_is_inside(&reader);
        }
    }
    return false;
}

static void
replies_are_read_however_they_are_cut(void **state)
{
    const char *text =
        "550-5.1.1 The email account that you tried to reach does not exist. Please\r\n"
        "550-5.1.1 try double-checking the recipient's address\r\n"
        "550 5.1.1  gsmtp\r\n";
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        SmtpReply reply;
        assert_true(read_reply(text, piece, &reply));
        assert_int_equal(reply.code, 550);
        assert_string_equal(reply.enhanced, "5.1.1");
        assert_string_equal(reply.words,
                            "The email account that you tried to reach does not exist. Please try "
                            "double-checking the recipient's address gsmtp");
    }
}

static void
forms_that_servers_use(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *enhanced, *words;
    } known[] = {
        {"250 ok\n", 250, "", "ok"},
        {"250\r\n", 250, "", ""},
        {"250 \r\n", 250, "", ""},
        {"250-\r\n250 x\r\n", 250, "", "x"},
        {"250 2.0.0\r\n", 250, "2.0.0", ""},
        {"250 2.0.0 Ok: queued as 4XYZ\r\r\n", 250, "2.0.0", "Ok: queued as 4XYZ"},
        {"550 4.1.1 class is not the code's\r\n", 550, "", "4.1.1 class is not the code's"},
        {"550 5.1.1111 too long\r\n", 550, "", "5.1.1111 too long"},
        {"550 5.700.123 x\r\n", 550, "5.700.123", "x"},
        {"550 5.7 x\r\n", 550, "", "5.7 x"},
        {"354 a\tb\x01\x7f"
         "c\r\n",
         354, "", "a b  c"},
        {"250 caf\xc3\xa9 \xff \xe2\x82 \xc2\x9b.\r\n", 250, "", "caf\xc3\xa9 ? ??  ."},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        SmtpReply reply;
        assert_true(read_reply(known[i].text, 7, &reply));
        assert_int_equal(reply.code, known[i].code);
        assert_string_equal(reply.enhanced, known[i].enhanced);
        assert_string_equal(reply.words, known[i].words);
    }
}

static void
garbage_is_no_reply(void **state)
{
    static const char *const texts[] = {
        "\r\n",        "hello\r\n",          "25\r\n",         "2500 ok\r\n",
        "250_ok\r\n",  "150 ok\r\n",         "650 ok\r\n",     "2a0 x\r\n",
        " 250 ok\r\n", "250-a\r\n251 b\r\n", "250-a\r\nb\r\n", "HTTP/1.1 400 Bad Request\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        SmtpReply reply;
        assert_false(read_reply(texts[i], 100, &reply));
    }
}

static void
long_lines_are_cut_and_endless_replies_end(void **state)
{
    SmtpReply reply;
    g_autofree char *line = g_strnfill(5000, 'w');
    g_autofree char *one = g_strdup_printf("250 %s\r\n", line);
    assert_true(read_reply(one, 1000, &reply));
    assert_int_equal(strlen(reply.words), SMTP_WORDS_BYTES - 1);
    g_autofree char *many = g_strnfill(70000, '2');
    assert_false(read_reply(many, 4096, &reply));
}

static void
words_end_with_a_whole_letter(void **state)
{
    char words[SMTP_WORDS_BYTES];
    size_t len = 0;
    for (int i = 0; i < 200; i++)
        smtp_words_add(words, &len, STR("\xe2\x82\xac"));
    assert_int_equal(len, 510);
    assert_true(g_utf8_validate(words, -1, NULL));
}

static SmtpOutcome
outcome_of(const char *text, SmtpStage stage)
{
    SmtpReply reply;
    assert_true(read_reply(text, 100, &reply));
    return smtp_reply_outcome(&reply, stage);
}

static void
who_is_meant(void **state)
{
    static const struct {
        SmtpStage stage;
        SmtpOutcome outcome;
        const char *text;
    } known[] = {
        /* before any mail: about us */
        {SMTP_AT_GREETING, SMTP_THROTTLED, "421 4.7.0 Too many connections\r\n"},
        {SMTP_AT_GREETING, SMTP_NOT_SENT, "554 5.7.1 blocked\r\n"},
        {SMTP_AT_AUTH, SMTP_NOT_SENT, "535 5.7.8 Username and Password not accepted\r\n"},
        {SMTP_AT_AUTH, SMTP_THROTTLED, "454 4.7.0 Temporary authentication failure\r\n"},
        {SMTP_AT_AUTH, SMTP_THROTTLED, "432 4.3.2 Concurrent connections limit exceeded\r\n"},
        /* nobody named yet */
        {SMTP_AT_MAIL, SMTP_THROTTLED, "450 4.1.8 <a@b>: Sender address rejected\r\n"},
        {SMTP_AT_MAIL, SMTP_REFUSED, "550 5.7.1 Sender not allowed\r\n"},
        {SMTP_AT_MAIL, SMTP_NOT_SENT, "530 5.7.0 Authentication required\r\n"},
        {SMTP_AT_RCPT, SMTP_NOT_SENT, "503 5.5.1 This server requires authentication\r\n"},
        /* the recipient's mailbox */
        {SMTP_AT_RCPT, SMTP_DEFERRED, "450 4.2.1 receiving mail too quickly\r\n"},
        {SMTP_AT_RCPT, SMTP_DEFERRED, "452 4.2.2 mailbox full\r\n"},
        {SMTP_AT_RCPT, SMTP_DEFERRED, "450 mailbox unavailable\r\n"},
        {SMTP_AT_RCPT, SMTP_DEFERRED, "451 4.7.1 Greylisted, try again in 300 seconds\r\n"},
        {SMTP_AT_RCPT, SMTP_REFUSED, "550 5.1.1 User unknown\r\n"},
        {SMTP_AT_RCPT, SMTP_REFUSED, "552 5.2.2 Over quota\r\n"},
        /* our speed, however it is said */
        {SMTP_AT_RCPT, SMTP_THROTTLED, "450 too many requests\r\n"},
        {SMTP_AT_RCPT, SMTP_THROTTLED, "450 4.7.1 Error: too much mail from 192.0.2.1\r\n"},
        {SMTP_AT_RCPT, SMTP_THROTTLED, "452 4.5.3 Too many recipients\r\n"},
        {SMTP_AT_END, SMTP_THROTTLED, "454 Throttling failure: Maximum sending rate exceeded.\r\n"},
        {SMTP_AT_END, SMTP_THROTTLED, "550 5.4.5 Daily user sending quota exceeded.\r\n"},
        {SMTP_AT_END, SMTP_THROTTLED, "550 5.7.0 too many emails per second\r\n"},
        {SMTP_AT_END, SMTP_THROTTLED, "421 Service not available\r\n"},
        {SMTP_AT_END, SMTP_THROTTLED, "451 4.3.0 queue file write error\r\n"},
        {SMTP_AT_END, SMTP_REFUSED, "554 5.7.1 spam\r\n"},
        {SMTP_AT_END, SMTP_SENT, "250 2.0.0 Ok\r\n"},
        /* it had waited for us too long: nothing to learn */
        {SMTP_AT_END, SMTP_NOT_SENT, "421 4.4.2 Error: exceeded\r\n"},
        {SMTP_AT_MAIL, SMTP_NOT_SENT, "421 mx: SMTP command timeout - closing connection\r\n"},
        {SMTP_AT_MAIL, SMTP_NOT_SENT, "421 4.7.0 mx Error: too many errors\r\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        SmtpOutcome outcome = outcome_of(known[i].text, known[i].stage);
        if (outcome != known[i].outcome)
            print_error("%s: %s", smtp_outcome_name(outcome), known[i].text);
        assert_int_equal(outcome, known[i].outcome);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read_however_they_are_cut),
        cmocka_unit_test(forms_that_servers_use),
        cmocka_unit_test(garbage_is_no_reply),
        cmocka_unit_test(long_lines_are_cut_and_endless_replies_end),
        cmocka_unit_test(words_end_with_a_whole_letter),
        cmocka_unit_test(who_is_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
