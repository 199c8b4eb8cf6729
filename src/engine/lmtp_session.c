/* lmtp_session.c - see lmtp_session.h. */
#include "engine/lmtp_command.h"
#include "engine/lmtp_session.h"

#include <string.h>

/* What is wrong with a mail, as each of its recipients is told. */
static const char *const spoils[LMTP_SPOIL_COUNT] = {
    [LMTP_SPOIL_BARE] = "550 5.6.0 A CR or LF that stands alone is refused",
    [LMTP_SPOIL_NUL] = "550 5.6.0 A NUL is refused",
    [LMTP_SPOIL_LINE] = "550 5.6.0 A line is too long",
    [LMTP_SPOIL_SIZE] = "552 5.3.4 The mail is too big",
    [LMTP_SPOIL_MEMORY] = "452 4.3.1 Too many mails at once, come again",
};

/* ---- saying --------------------------------------------------------------------------------- */

static void
session_say(LmtpSession *session, const char *reply)
{
    g_string_append(session->out, reply);
    g_string_append_len(session->out, "\r\n", 2);
}

void
lmtp_session_end(LmtpSession *session, const char *reply)
{
    if (session->phase == LMTP_PHASE_OVER)
        return;
    session_say(session, reply);
    session->phase = LMTP_PHASE_OVER;
}

/* A command that is none, or not now. Who sends many of them speaks another protocol. */
static void
session_fault(LmtpSession *session, const char *reply)
{
    if (++session->faults > LMTP_FAULTS)
        lmtp_session_end(session, "421 4.7.0 Too many mistakes");
    else
        session_say(session, reply);
}

/* ---- a transaction -------------------------------------------------------------------------- */

static void
slot_clear(void *slot)
{
    g_free(((LmtpSlot *)slot)->address);
}

static void
session_reset(LmtpSession *session)
{
    g_clear_pointer(&session->from, g_free);
    g_clear_pointer(&session->text, g_byte_array_unref);
    g_array_set_size(session->slots, 0);
    session->told = 0;
    session->spoil = LMTP_FINE;
}

static LmtpSlot *
session_slot(const LmtpSession *session, size_t place)
{
    must(place < session->slots->len);
    return &g_array_index(session->slots, LmtpSlot, place);
}

/* RFC 2033 4.2: one reply for each recipient that was accepted, in their order. */
static void
session_tell(LmtpSession *session)
{
    static const char *const replies[] = {
        [LMTP_LATER] = "451 4.3.0 Not now, come again",
        [LMTP_ACCEPT] = "250 2.0.0 Kept",
        [LMTP_REFUSE] = "550 5.7.1 Refused",
    };
    while (session->told < session->slots->len && session_slot(session, session->told)->answered)
        session_say(session, replies[session_slot(session, session->told++)->verdict]);
    if (session->told < session->slots->len)
        return;
    session_reset(session);
    session->phase = LMTP_PHASE_TALK;
    session->faults = 0;
}

void
lmtp_session_answer(LmtpSession *session, size_t slot, LmtpVerdict verdict)
{
    LmtpSlot *one = session_slot(session, slot);
    must(session->phase == LMTP_PHASE_WAIT && !one->answered);
    one->answered = true;
    one->verdict = verdict;
    session_tell(session);
}

/* ---- the mail ------------------------------------------------------------------------------- */

/* The first thing that is wrong stays, and nothing of the mail is kept any longer. */
static void
text_spoil(LmtpSession *session, LmtpSpoil why)
{
    if (session->spoil == LMTP_FINE)
        session->spoil = why;
    g_byte_array_unref(session->text);
    session->text = g_byte_array_new();
}

static void
text_keep(LmtpSession *session, const char *bytes, size_t len)
{
    if (session->spoil != LMTP_FINE)
        return;
    if (len > session->mail_bytes - session->text->len)
        text_spoil(session, LMTP_SPOIL_SIZE);
    else if (!session->grow(len, session->arg))
        text_spoil(session, LMTP_SPOIL_MEMORY);
    else
        g_byte_array_append(session->text, (const guint8 *)bytes, (guint)len);
}

static void
text_end(LmtpSession *session)
{
    session->commands++;
    if (session->spoil == LMTP_FINE) {
        session->phase = LMTP_PHASE_WAIT;
        return;
    }
    for (guint i = 0; i < session->slots->len; i++)
        session_say(session, spoils[session->spoil]);
    session->refused++;
    session->phase = LMTP_PHASE_TALK;
    session_reset(session);
}

/* Bytes up to the next one that means something; at least one is taken. */
static size_t
text_inside(LmtpSession *session, const char *bytes, size_t len)
{
    size_t run = 0;
    while (run < len && bytes[run] != '\r' && bytes[run] != '\n' && bytes[run] != '\0')
        run++;
    session->line_len += run;
    if (session->line_len > LMTP_TEXT_LINE_BYTES)
        text_spoil(session, LMTP_SPOIL_LINE);
    text_keep(session, bytes, run);
    if (run == len)
        return run;
    if (bytes[run] == '\r')
        session->place = LMTP_PLACE_CR;
    else
        text_spoil(session, bytes[run] == '\n' ? LMTP_SPOIL_BARE : LMTP_SPOIL_NUL);
    return run + 1;
}

/* Takes some bytes of the mail; 0 when only the place has changed. */
static size_t
text_step(LmtpSession *session, const char *bytes, size_t len)
{
    LmtpPlace place = session->place;
    bool lf = bytes[0] == '\n';
    session->place = LMTP_PLACE_INSIDE;
    switch (place) {
    case LMTP_PLACE_START:
        session->line_len = 0;
        if (bytes[0] != '.')
            return 0;
        session->place = LMTP_PLACE_DOT;
        return 1;
    case LMTP_PLACE_DOT:
        if (bytes[0] != '\r')
            return 0;
        session->place = LMTP_PLACE_DOT_CR;
        return 1;
    case LMTP_PLACE_CR:
    case LMTP_PLACE_DOT_CR:
        if (!lf) {
            text_spoil(session, LMTP_SPOIL_BARE);
            return 0;
        }
        session->place = LMTP_PLACE_START;
        if (place == LMTP_PLACE_DOT_CR)
            text_end(session);
        else
            text_keep(session, "\r\n", 2);
        return 1;
    case LMTP_PLACE_INSIDE:
        return text_inside(session, bytes, len);
    }
    return 0;
}

/* ---- commands ------------------------------------------------------------------------------- */

static void
command_lhlo(LmtpSession *session, Str words)
{
    if (!str_trim(words).len) {
        session_fault(session, "501 5.5.4 LHLO needs a name");
        return;
    }
    session_reset(session);
    session->hello = true;
    g_string_append_printf(session->out,
                           "250-%s\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                           "250-ENHANCEDSTATUSCODES\r\n250 SIZE %zu\r\n",
                           session->name, session->mail_bytes);
}

/* "FROM:<ana@b> X=1": what stands behind the keyword; false when it is another. */
static bool
words_after(Str words, const char *keyword, Str *ret)
{
    size_t len = strlen(keyword);
    words = str_trim(words);
    *ret = str_sub(words, len, words.len);
    return str_eq_nocase(str_sub(words, 0, len), keyword);
}

static bool
is_ascii(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] & 0x80)
            return false;
    return true;
}

static void
command_mail(LmtpSession *session, Str words)
{
    Str rest, path, bad;
    LmtpParameters parameters;
    if (!session->hello)
        session_fault(session, "503 5.5.1 LHLO comes first");
    else if (session->from)
        session_fault(session, "503 5.5.1 There is a sender already");
    else if (!words_after(words, "FROM:", &rest) || !lmtp_path_take(&rest, &path))
        session_fault(session, "501 5.1.7 Not a sender's address");
    else if (!lmtp_parameters_parse(rest, &parameters, &bad))
        session_fault(session, "555 5.5.4 No such parameter");
    else if (parameters.size > session->mail_bytes)
        session_say(session, spoils[LMTP_SPOIL_SIZE]);
    else if (!parameters.utf8 && !is_ascii(path))
        session_fault(session, "553 5.6.7 This address needs SMTPUTF8");
    else {
        session->from = g_strndup(path.at, path.len);
        session->parameters = parameters;
        session_say(session, "250 2.1.0 Ok");
    }
}

static void
session_add_rcpt(LmtpSession *session, Str path)
{
    LmtpSlot slot = {0};
    switch (session->rcpt(path, &slot.token, session->arg)) {
    case LMTP_REFUSE:
        session_say(session, "550 5.1.1 Nobody here has this address");
        return;
    case LMTP_LATER:
        session_say(session, "451 4.3.0 Not now, come again");
        return;
    case LMTP_ACCEPT:
        slot.address = g_strndup(path.at, path.len);
        g_array_append_val(session->slots, slot);
        session_say(session, "250 2.1.5 Ok");
    }
}

static void
command_rcpt(LmtpSession *session, Str words)
{
    Str rest, path;
    if (!session->from)
        session_fault(session, "503 5.5.1 MAIL comes first");
    else if (!words_after(words, "TO:", &rest) || !lmtp_path_take(&rest, &path) || !path.len)
        session_fault(session, "501 5.1.3 Not a recipient's address");
    else if (str_trim(rest).len)
        session_fault(session, "555 5.5.4 No such parameter");
    else if (!session->parameters.utf8 && !is_ascii(path))
        session_fault(session, "553 5.6.7 This address needs SMTPUTF8");
    else if (session->slots->len >= (guint)session->recipients)
        session_say(session, "452 4.5.3 Too many recipients");
    else
        session_add_rcpt(session, path);
}

/* RFC 2033 4.2: without a recipient DATA fails. What follows in the same packet is then no command
 * but the mail of a client that did not wait, and a stranger wrote it. */
static void
command_data(LmtpSession *session, bool more)
{
    if (!session->slots->len && more) {
        lmtp_session_end(session, "521 5.5.1 There is no recipient to send a mail to");
        return;
    }
    if (!session->slots->len) {
        session_fault(session, "503 5.5.1 There is no recipient");
        return;
    }
    session->phase = LMTP_PHASE_TEXT;
    session->place = LMTP_PLACE_START;
    session->text = g_byte_array_new();
    session_say(session, "354 End it with a dot alone in a line");
}

static void
command_rset(LmtpSession *session)
{
    session_reset(session);
    session_say(session, "250 2.0.0 Ok");
}

static void
session_command(LmtpSession *session, Str line, bool more)
{
    Str words = line, verb = {0};
    str_split(&words, ' ', &verb);
    session->commands++;
    if (str_eq_nocase(verb, "LHLO"))
        command_lhlo(session, words);
    else if (str_eq_nocase(verb, "MAIL"))
        command_mail(session, words);
    else if (str_eq_nocase(verb, "RCPT"))
        command_rcpt(session, words);
    else if (str_eq_nocase(verb, "DATA"))
        command_data(session, more);
    else if (str_eq_nocase(verb, "RSET"))
        command_rset(session);
    else if (str_eq_nocase(verb, "NOOP"))
        session_say(session, "250 2.0.0 Ok");
    else if (str_eq_nocase(verb, "VRFY"))
        session_say(session, "252 2.5.0 Send a mail and see");
    else if (str_eq_nocase(verb, "QUIT"))
        lmtp_session_end(session, "221 2.0.0 Bye");
    else if (str_eq_nocase(verb, "HELO") || str_eq_nocase(verb, "EHLO"))
        session_fault(session, "500 5.5.1 This is LMTP: say LHLO");
    else
        session_fault(session, "500 5.5.2 No such command");
}

/* Takes one byte of a command. */
static void
line_step(LmtpSession *session, char byte, bool more)
{
    bool cr = session->cr;
    session->cr = byte == '\r';
    if (cr != (byte == '\n') || byte == '\0') {
        lmtp_session_end(session, "521 5.5.2 Lines end in CR LF and hold no NUL");
    } else if (cr) {
        session_command(session, (Str){session->line->str, session->line->len}, more);
        g_string_truncate(session->line, 0);
    } else if (session->line->len >= LMTP_LINE_BYTES) {
        lmtp_session_end(session, "500 5.5.6 The line is too long");
    } else if (byte != '\r') {
        g_string_append_c(session->line, byte);
    }
}

/* ---- life ----------------------------------------------------------------------------------- */

size_t
lmtp_session_feed(LmtpSession *session, const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && session->phase != LMTP_PHASE_WAIT && session->phase != LMTP_PHASE_OVER &&
           session->out->len < LMTP_OUT_BYTES) {
        if (session->phase == LMTP_PHASE_TEXT) {
            at += text_step(session, bytes + at, len - at);
        } else {
            line_step(session, bytes[at], at + 1 < len);
            at++;
        }
    }
    return session->phase == LMTP_PHASE_OVER ? len : at;
}

void
lmtp_session_start(LmtpSession *session)
{
    session->out = g_string_new(NULL);
    session->line = g_string_new(NULL);
    session->slots = g_array_new(FALSE, TRUE, sizeof(LmtpSlot));
    g_array_set_clear_func(session->slots, slot_clear);
    g_string_append_printf(session->out, "220 %s LMTP\r\n", session->name);
}

void
lmtp_session_clear(LmtpSession *session)
{
    session_reset(session);
    g_array_unref(session->slots);
    g_string_free(session->out, TRUE);
    g_string_free(session->line, TRUE);
}
