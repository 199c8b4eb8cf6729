/* fuzz_lmtp.c - the LMTP dialogue with a client that says anything, cut anywhere, and a store that
 * answers in any order.
 *
 * The input: a byte of settings, a byte that chooses how the rest is cut, then what the client
 * says. Beside the session runs a reader of the same bytes that shares no code with it and knows
 * only where mails begin (after our 354) and end (CR LF . CR LF). It must be true that
 *   - what was delivered is what the reader saw, dots unstuffed byte for byte, no bare CR or LF, no NUL;
 *   - each recipient that was accepted gets one reply at the end of the mail, no other does;
 *   - every reply is a code, a blank or dash, and printable text in one line;
 *   - the bounds hold.
 */
#include "engine/lmtp_session.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { MAIL_BYTES = 4000, RECIPIENTS = 3 };

typedef struct Run {
    LmtpSession session;
    uint8_t settings;
    size_t grown;
    GString *raw; /* of the mail under way, up to and with its end; NULL: none */
    size_t accepted;
} Run;

static LmtpVerdict
run_rcpt(Str address, int64_t *ret_token, void *arg)
{
    must(address.len && address.len <= 254 && *ret_token == 0);
    must(!memchr(address.at, '\r', address.len) && !memchr(address.at, '\n', address.len) &&
         !memchr(address.at, '\0', address.len));
    *ret_token = (int64_t)address.len;
    return address.at[0] == 'n' ? LMTP_REFUSE : address.at[0] == 'l' ? LMTP_LATER : LMTP_ACCEPT;
}

static bool
run_grow(size_t bytes, void *arg)
{
    Run *run = arg;
    run->grown += bytes;
    return !(run->settings & 1) || run->grown < 6000;
}

/* What the mail is when one reads it as RFC 5321 4.5.2 says. */
static void
check_mail(const Run *run)
{
    const GByteArray *text = run->session.text;
    g_autoptr(GString) want = g_string_new(NULL);
    must(g_str_has_suffix(run->raw->str, ".\r\n") && run->raw->len == strlen(run->raw->str));
    for (const char *line = run->raw->str; strcmp(line, ".\r\n") != 0;) {
        const char *end = strstr(line, "\r\n");
        const char *from = line + (*line == '.');
        g_string_append_len(want, from, end + 2 - from);
        line = end + 2;
    }
    must(text->len == want->len && text->len <= MAIL_BYTES);
    must(!text->len || memcmp(text->data, want->str, want->len) == 0);
    for (size_t i = 0; i < want->len; i++)
        must(want->str[i] == '\r' ? want->str[i + 1] == '\n'
                                  : want->str[i] != '\n' || (i && want->str[i - 1] == '\r'));
}

static size_t
count_lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void
check_out(const GString *out)
{
    for (const char *line = out->str; *line; line = strchr(line, '\n') + 1) {
        const char *end = strstr(line, "\r\n");
        must(end && end - line < 100);
        must(line[0] >= '2' && line[0] <= '5' && g_ascii_isdigit(line[1]) &&
             g_ascii_isdigit(line[2]));
        must(line[3] == ' ' || line[3] == '-');
        for (const char *at = line; at < end; at++)
            must(*at >= ' ' && *at < 0x7f);
    }
}

/* The store answers, the last recipient first. */
static void
run_store(Run *run)
{
    LmtpSession *session = &run->session;
    size_t count = session->slots->len, before = session->out->len;
    check_mail(run);
    must(count >= 1 && count <= RECIPIENTS);
    g_clear_pointer(&session->text, g_byte_array_unref); /* as the listener takes it */
    for (size_t i = count; i--;) {
        must(session->phase == LMTP_PHASE_WAIT);
        lmtp_session_answer(session, i, (LmtpVerdict)((run->settings >> 1) % 3));
    }
    must(session->phase == LMTP_PHASE_TALK);
    must(count_lines(session->out->str + before) == count);
}

/* The reader: bytes that were taken as a mail's. */
static void
run_read(Run *run, LmtpPhase before, const char *bytes, size_t taken)
{
    if (before == LMTP_PHASE_TEXT && run->raw)
        g_string_append_len(run->raw, bytes, (gssize)taken);
}

static void
run_byte(Run *run, const char *byte)
{
    LmtpSession *session = &run->session;
    LmtpPhase before = session->phase;
    size_t said = session->out->len, slots = session->slots->len;
    size_t taken = lmtp_session_feed(session, byte, 1);
    must(taken == 1);
    run_read(run, before, byte, taken);
    if (before == LMTP_PHASE_TALK && session->phase == LMTP_PHASE_TEXT) {
        must(strncmp(session->out->str + said, "354 ", 4) == 0 && slots);
        run->raw = g_string_new(NULL);
    }
    if (before != LMTP_PHASE_TEXT || session->phase == LMTP_PHASE_TEXT)
        return;
    bool whole = run->raw->len == 3
                     ? memcmp(run->raw->str, ".\r\n", 3) == 0
                     : run->raw->len > 5 - 1 &&
                           memcmp(run->raw->str + run->raw->len - 5, "\r\n.\r\n", 5) == 0;
    must(whole);
    if (session->phase == LMTP_PHASE_WAIT)
        run_store(run);
    else
        must(count_lines(session->out->str + said) == slots); /* refused for each of them */
    g_string_free(run->raw, TRUE);
    run->raw = NULL;
}

/* Said and read by the client. */
static void
run_flush(Run *run)
{
    must(run->session.out->len < LMTP_OUT_BYTES + 1000);
    check_out(run->session.out);
    g_string_truncate(run->session.out, 0);
}

/* The same bytes in large pieces must come to the same end. */
static void
run_pieces(Run *run, const char *bytes, size_t len, size_t piece)
{
    LmtpSession *session = &run->session;
    for (size_t at = 0; at < len && session->phase != LMTP_PHASE_OVER;) {
        size_t taken = lmtp_session_feed(session, bytes + at, MIN(piece, len - at));
        must(taken || session->phase == LMTP_PHASE_WAIT || session->out->len >= LMTP_OUT_BYTES);
        at += taken;
        while (session->phase == LMTP_PHASE_WAIT)
            for (guint i = 0; session->phase == LMTP_PHASE_WAIT; i++)
                lmtp_session_answer(session, i, LMTP_ACCEPT);
        run_flush(run);
    }
}

static void
run_start(Run *run, uint8_t settings)
{
    *run = (Run){.settings = settings};
    run->session = (LmtpSession){
        .name = "us",
        .mail_bytes = MAIL_BYTES,
        .recipients = RECIPIENTS,
        .rcpt = run_rcpt,
        .grow = run_grow,
        .arg = run,
    };
    lmtp_session_start(&run->session);
    if (settings & 8) { /* deep in the dialogue at once */
        static const char talk[] = "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\n";
        must(lmtp_session_feed(&run->session, talk, strlen(talk)) == strlen(talk));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 2)
        return 0;
    Run run;
    const char *said = (const char *)bytes + 2;
    run_start(&run, bytes[0]);
    for (size_t i = 0; i < len - 2 && run.session.phase != LMTP_PHASE_OVER; i++) {
        run_byte(&run, said + i);
        run_flush(&run);
    }
    lmtp_session_end(&run.session, "421 x");
    must(run.session.phase == LMTP_PHASE_OVER);
    if (run.raw)
        g_string_free(run.raw, TRUE);
    lmtp_session_clear(&run.session);

    run_start(&run, bytes[0]);
    run_pieces(&run, said, len - 2, 1 + (size_t)bytes[1] * 64);
    lmtp_session_clear(&run.session);
    return 0;
}
