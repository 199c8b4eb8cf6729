/* smtp_session.c - the dialogue on one connection: awaited replies, mails, what to write.
 *
 * The opening words (greeting, EHLO, STARTTLS, AUTH) are in smtp_hello.c.
 *
 * What we write is always: text, then perhaps one body, then perhaps more text. There is never a
 * second body: it needs a 354, which answers a DATA that stands behind the first body.
 */
#include "engine/smtp_session.h"

#include <string.h>

/* RFC 5321 4.5.3.2, seconds. The RFC names none for TLS, AUTH and QUIT. */
static const struct {
    SmtpStage stage;
    int patience_s;
    const char *what; /* "connection closed, WHAT" */
} asks[SMTP_ASK_COUNT] = {
    [SMTP_ASK_GREETING] = {SMTP_AT_GREETING, 300, "waiting for the greeting"},
    [SMTP_ASK_EHLO] = {SMTP_AT_EHLO, 300, "waiting for the reply to EHLO"},
    [SMTP_ASK_HELO] = {SMTP_AT_EHLO, 300, "waiting for the reply to HELO"},
    [SMTP_ASK_STARTTLS] = {SMTP_AT_STARTTLS, 120, "waiting for the reply to STARTTLS"},
    [SMTP_ASK_AUTH] = {SMTP_AT_AUTH, 300, "waiting for the reply to AUTH"},
    [SMTP_ASK_MAIL] = {SMTP_AT_MAIL, 300, "waiting for the reply to MAIL"},
    [SMTP_ASK_RCPT] = {SMTP_AT_RCPT, 300, "waiting for the reply to RCPT"},
    [SMTP_ASK_DATA] = {SMTP_AT_DATA, 120, "waiting for the reply to DATA"},
    [SMTP_ASK_END] = {SMTP_AT_END, 600, "after the whole mail had gone, waiting for the reply"},
    [SMTP_ASK_RSET] = {SMTP_AT_MAIL, 300, "waiting for the reply to RSET"},
    [SMTP_ASK_QUIT] = {SMTP_AT_MAIL, 5, "waiting for the reply to QUIT"},
};
enum { BODY_PATIENCE_S = 180, HANDSHAKE_PATIENCE_S = 60 };

/* ---- writing -------------------------------------------------------------------------------- */

/* Text is complete up to here: enters what is awaited for it. */
static void
session_await(SmtpSession *session, SmtpAsk ask, size_t bytes)
{
    must(session->await_count < SMTP_AWAITS);
    session->queued += bytes;
    unsigned at = (session->await_first + session->await_count++) % SMTP_AWAITS;
    session->awaits[at] = (SmtpAwait){ask, session->queued};
}

void
smtp_session_say(SmtpSession *session, SmtpAsk ask, const char *format, ...)
{
    size_t before = session->text->len;
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(session->text, format, args);
    va_end(args);
    g_string_append_len(session->text, "\r\n", 2);
    session_await(session, ask, session->text->len - before);
}

size_t
smtp_session_out(const SmtpSession *session, struct iovec *ret, size_t max)
{
    size_t count = 0;
    size_t fence = session->body_going ? session->text_fence : session->text->len;
    must(max >= 3);
    if (session->text_gone < fence)
        ret[count++] =
            (struct iovec){session->text->str + session->text_gone, fence - session->text_gone};
    if (!session->body_going)
        return count;
    count += smtp_body_pieces(&session->body, ret + count, max - count - 1);
    size_t listed = 0;
    for (size_t i = session->text_gone < fence; i < count; i++)
        listed += ret[i].iov_len;
    if (listed == smtp_body_left(&session->body) && session->text->len > fence)
        ret[count++] = (struct iovec){session->text->str + fence, session->text->len - fence};
    return count;
}

void
smtp_session_wrote(SmtpSession *session, size_t bytes)
{
    session->written += bytes;
    session->progress++;
    must(session->written <= session->queued);
    if (session->body_going) {
        size_t text = MIN(bytes, session->text_fence - session->text_gone);
        session->text_gone += text;
        bytes -= text;
        size_t body = MIN(bytes, smtp_body_left(&session->body));
        smtp_body_advance(&session->body, body);
        bytes -= body;
        session->body_going = smtp_body_left(&session->body) > 0;
    }
    session->text_gone += bytes;
    if (session->body_going || session->text_gone < session->text->len)
        return;
    if (session->text_secret)
        explicit_bzero(session->text->str, session->text->len);
    session->text_secret = false;
    g_string_truncate(session->text, 0);
    session->text_gone = 0;
}

/* ---- settling and ending -------------------------------------------------------------------- */

static void
session_settle(SmtpSession *session, SmtpSlot *slot, SmtpResult result)
{
    SmtpTransfer *transfer = slot->transfer;
    slot->transfer = NULL;
    if (transfer)
        session->settle(session->arg, transfer, &result);
}

/* A reply settles the mail of a slot. */
static void
session_answer(SmtpSession *session, SmtpSlot *slot, SmtpStage stage, const SmtpReply *reply)
{
    if (!slot->transfer)
        return;
    SmtpOutcome outcome = smtp_reply_outcome(reply, stage);
    session->answered += outcome != SMTP_NOT_SENT;
    session_settle(session, slot, smtp_result_reply(outcome, stage, reply));
    if (outcome == SMTP_NOT_SENT)
        smtp_session_refused(session, stage, reply);
}

/* The one place where a session ends, and where it is decided what the server can have. */
static void
session_end(SmtpSession *session, SmtpResult why)
{
    if (session->phase == SMTP_PHASE_OVER)
        return;
    session->phase = SMTP_PHASE_OVER;
    session->end = why;
    bool whole = session->written >= session->flying.end;
    SmtpResult flying = why, opening = why;
    flying.outcome = whole ? SMTP_UNKNOWN : SMTP_NOT_SENT;
    flying.stage = whole ? SMTP_AT_END : SMTP_AT_BODY;
    opening.outcome = SMTP_NOT_SENT;
    /* The reply, if one ended it, was given to another command. */
    flying.code = opening.code = 0;
    flying.enhanced[0] = opening.enhanced[0] = '\0';
    session_settle(session, &session->flying, flying);
    session_settle(session, &session->opening, opening);
    session->flying.used = session->opening.used = false;
}

void
smtp_session_break(SmtpSession *session, SmtpStage stage, const char *why)
{
    session_end(session, smtp_result_ours(SMTP_NOT_SENT, stage, "%s: %s", session->peer, why));
}

static const SmtpAwait *
session_head(const SmtpSession *session)
{
    return session->await_count ? &session->awaits[session->await_first] : NULL;
}

void
smtp_session_lost(SmtpSession *session, const char *why)
{
    const SmtpAwait *head = session_head(session);
    SmtpStage stage = head ? asks[head->ask].stage : SMTP_AT_TLS;
    const char *what = head ? asks[head->ask].what : "during the TLS handshake";
    bool half = session->flying.used && session->written < session->flying.end;
    if (half) {
        stage = SMTP_AT_BODY;
        what = "while the mail was being sent";
    }
    session->end_clean = smtp_session_is_idle(session) || session->phase == SMTP_PHASE_QUIT;
    session_end(session,
                smtp_result_ours(SMTP_NOT_SENT, stage, "%s: %s, %s", session->peer, why, what));
}

/* The server says what no server says: nothing it says later can be trusted. */
static void
session_nonsense(SmtpSession *session, SmtpStage stage, const SmtpReply *reply)
{
    g_autofree char *why =
        reply->code
            ? g_strdup_printf("answers %s with %d %s", smtp_stage_name(stage), reply->code,
                              reply->words)
            : g_strdup_printf("is no SMTP server or out of step, it says: %s", reply->words);
    smtp_session_break(session, stage, why);
}

void
smtp_session_refused(SmtpSession *session, SmtpStage stage, const SmtpReply *reply)
{
    if (reply->code >= 400)
        session_end(session, smtp_result_reply(smtp_reply_outcome(reply, stage), stage, reply));
    else
        session_nonsense(session, stage, reply);
}

/* ---- mails ---------------------------------------------------------------------------------- */

bool
smtp_session_is_idle(const SmtpSession *session)
{
    return session->phase == SMTP_PHASE_READY && !session->await_count;
}

bool
smtp_session_is_worn(const SmtpSession *session)
{
    return session->begun >= session->server->mails_per_connection;
}

bool
smtp_session_can_begin(const SmtpSession *session)
{
    if (session->phase != SMTP_PHASE_READY || smtp_session_is_worn(session))
        return false;
    if (!session->offer.pipelining)
        return !session->await_count;
    return !session->opening.used && (!session->flying.used || session->server->depth > 1);
}

static void
session_refuse(SmtpSession *session, SmtpTransfer *transfer, const char *enhanced, const char *why)
{
    SmtpResult result = smtp_result_ours(SMTP_REFUSED, SMTP_AT_CHECK, "%s %s", session->peer, why);
    g_strlcpy(result.enhanced, enhanced, sizeof result.enhanced);
    session->settle(session->arg, transfer, &result);
}

static bool
mail_is_utf8(const SmtpMail *mail)
{
    bool high = mail->utf8;
    for (size_t i = 0; i < mail->from.len; i++)
        high |= mail->from.at[i] & 0x80;
    for (size_t i = 0; i < mail->to.len; i++)
        high |= mail->to.at[i] & 0x80;
    return high;
}

/* True if this server takes the mail as it is; else it is settled. */
static bool
session_fits(SmtpSession *session, SmtpTransfer *transfer)
{
    const SmtpOffer *offer = &session->offer;
    const SmtpMail *mail = &transfer->mail;
    if (offer->size_max && mail->data.len > offer->size_max) {
        g_autofree char *why =
            g_strdup_printf("takes mails of at most %" G_GUINT64_FORMAT " bytes; this one has %zu",
                            offer->size_max, mail->data.len);
        session_refuse(session, transfer, "5.3.4", why);
        return false;
    }
    if (mail_is_utf8(mail) && !offer->utf8) {
        session_refuse(session, transfer, "5.6.7",
                       "does not take addresses with other letters than ASCII (SMTPUTF8)");
        return false;
    }
    if ((mail->eight_bit || transfer->facts.eight_bit) && !offer->eight_bit) {
        session_refuse(session, transfer, "5.6.3",
                       "does not take mails with 8-bit text (8BITMIME)");
        return false;
    }
    return true;
}

/* RFC 3461 4: "+" and two hex digits for what is not printable, for "+" and "=". */
static void
session_add_xtext(GString *text, Str plain)
{
    for (size_t i = 0; i < plain.len; i++) {
        unsigned char byte = (unsigned char)plain.at[i];
        if (byte > 0x20 && byte < 0x7f && byte != '+' && byte != '=')
            g_string_append_c(text, (char)byte);
        else
            g_string_append_printf(text, "+%02X", byte);
    }
}

static void
session_say_mail(SmtpSession *session, const SmtpTransfer *transfer)
{
    const SmtpMail *mail = &transfer->mail;
    GString *text = session->text;
    size_t before = text->len;
    g_string_append_len(text, "MAIL FROM:<", 11);
    g_string_append_len(text, mail->from.at, (gssize)mail->from.len);
    g_string_append_len(text, ">", 1);
    if (session->offer.size_max)
        g_string_append_printf(text, " SIZE=%zu", mail->data.len);
    if (session->offer.eight_bit && (mail->eight_bit || transfer->facts.eight_bit))
        g_string_append(text, " BODY=8BITMIME");
    if (mail_is_utf8(mail))
        g_string_append(text, " SMTPUTF8");
    if (session->offer.dsn)
        g_string_append(text, " RET=HDRS");
    if (session->offer.dsn && mail->envid.len) {
        g_string_append(text, " ENVID=");
        session_add_xtext(text, mail->envid);
    }
    g_string_append_len(text, "\r\n", 2);
    session_await(session, SMTP_ASK_MAIL, text->len - before);
}

static void
session_say_rcpt(SmtpSession *session, const SmtpTransfer *transfer)
{
    GString *text = session->text;
    size_t before = text->len;
    g_string_append_len(text, "RCPT TO:<", 9);
    g_string_append_len(text, transfer->mail.to.at, (gssize)transfer->mail.to.len);
    g_string_append_len(text, ">", 1);
    if (session->offer.dsn)
        g_string_append(text, " NOTIFY=FAILURE,DELAY");
    g_string_append_len(text, "\r\n", 2);
    session_await(session, SMTP_ASK_RCPT, text->len - before);
}

void
smtp_session_begin(SmtpSession *session, SmtpTransfer *transfer)
{
    must(smtp_session_can_begin(session));
    session->progress++;
    if (!session_fits(session, transfer))
        return;
    transfer->nth = ++session->begun;
    session->opening = (SmtpSlot){.used = true, .transfer = transfer};
    session_say_mail(session, transfer);
    if (!session->offer.pipelining)
        return;
    session_say_rcpt(session, transfer);
    smtp_session_say(session, SMTP_ASK_DATA, "DATA");
}

static void
session_begin_body(SmtpSession *session)
{
    must(!session->flying.used && !session->body_going);
    session->flying = session->opening;
    session->opening = (SmtpSlot){0};
    SmtpTransfer *transfer = session->flying.transfer;
    if (transfer) {
        session->text_fence = session->text->len;
        session->body = smtp_body_start(transfer->mail.data, &transfer->facts);
        session->body_going = true;
        session_await(session, SMTP_ASK_END, smtp_body_left(&session->body));
    } else {
        /* Its recipient was refused, and yet the server wants data: an empty mail to nobody ends
         * that (RFC 2920 3.1). */
        smtp_session_say(session, SMTP_ASK_END, ".");
    }
    session->flying.end = session->queued;
}

/* ---- replies -------------------------------------------------------------------------------- */

static void
session_on_mail(SmtpSession *session, const SmtpReply *reply)
{
    if (reply->code >= 400) {
        session_answer(session, &session->opening, SMTP_AT_MAIL, reply);
        session->opening.used = session->offer.pipelining; /* else nothing follows */
    } else if (reply->code >= 300) {
        session_nonsense(session, SMTP_AT_MAIL, reply);
    } else if (!session->offer.pipelining) {
        session_say_rcpt(session, session->opening.transfer);
    }
}

static void
session_on_rcpt(SmtpSession *session, const SmtpReply *reply)
{
    if (reply->code >= 400) {
        session_answer(session, &session->opening, SMTP_AT_RCPT, reply);
        if (session->offer.pipelining || session->phase == SMTP_PHASE_OVER)
            return;
        session->opening.used = false;
        smtp_session_say(session, SMTP_ASK_RSET, "RSET");
    } else if (reply->code >= 300) {
        session_nonsense(session, SMTP_AT_RCPT, reply);
    } else if (!session->offer.pipelining) {
        smtp_session_say(session, SMTP_ASK_DATA, "DATA");
    }
}

static void
session_on_data(SmtpSession *session, const SmtpReply *reply)
{
    if (reply->code == 354) {
        session_begin_body(session);
    } else if (reply->code >= 400) {
        session_answer(session, &session->opening, SMTP_AT_DATA, reply);
        session->opening.used = false;
        if (session->phase != SMTP_PHASE_OVER)
            smtp_session_say(session, SMTP_ASK_RSET, "RSET");
    } else {
        session_nonsense(session, SMTP_AT_DATA, reply);
    }
}

static void
session_on_end(SmtpSession *session, const SmtpReply *reply)
{
    if (reply->code >= 300 && reply->code < 400) {
        session_nonsense(session, SMTP_AT_END, reply);
        return;
    }
    session->flying.used = false;
    session_answer(session, &session->flying, SMTP_AT_END, reply);
}

static void
session_on_rset(SmtpSession *session, const SmtpReply *reply)
{
    if (reply->code >= 300)
        session_nonsense(session, SMTP_AT_MAIL, reply);
}

static void
session_on_quit(SmtpSession *session, const SmtpReply *reply)
{
    smtp_session_lost(session, "connection closed");
}

static void (*const on_reply[SMTP_ASK_COUNT])(SmtpSession *, const SmtpReply *) = {
    [SMTP_ASK_GREETING] = smtp_hello_greeting, [SMTP_ASK_EHLO] = smtp_hello_ehlo,
    [SMTP_ASK_HELO] = smtp_hello_helo,         [SMTP_ASK_STARTTLS] = smtp_hello_starttls,
    [SMTP_ASK_AUTH] = smtp_hello_auth,         [SMTP_ASK_MAIL] = session_on_mail,
    [SMTP_ASK_RCPT] = session_on_rcpt,         [SMTP_ASK_DATA] = session_on_data,
    [SMTP_ASK_END] = session_on_end,           [SMTP_ASK_RSET] = session_on_rset,
    [SMTP_ASK_QUIT] = session_on_quit,
};

static void
session_reply(SmtpSession *session, const SmtpReply *reply)
{
    const SmtpAwait *head = session_head(session);
    if (!head) {
        /* Nobody asked: a server that is tired of an idle connection says 421 and closes. */
        smtp_session_lost(session, "spoke unasked");
        return;
    }
    SmtpAsk ask = head->ask;
    bool early = session->written < head->end;
    if (early && reply->code < 400) {
        session_nonsense(session, asks[ask].stage, reply);
        return;
    }
    session->await_first = (session->await_first + 1) % SMTP_AWAITS;
    session->await_count--;
    session->progress++;
    on_reply[ask](session, reply);
    /* A refusal before we were through is an answer, but the rest would be read as commands; 421
     * says that the server closes. */
    if (early || reply->code == 421)
        smtp_session_refused(session, asks[ask].stage, reply);
}

void
smtp_session_feed(SmtpSession *session, const char *bytes, size_t len)
{
    Str rest = {bytes, len};
    while (rest.len && session->phase != SMTP_PHASE_OVER) {
        const SmtpAwait *head = session_head(session);
        SmtpRead got = smtp_reader_take(&session->reader, &rest);
        if (got == SMTP_READ_GARBAGE) {
            session_nonsense(session, head ? asks[head->ask].stage : SMTP_AT_MAIL,
                             &session->reader.reply);
            return;
        }
        if (got != SMTP_READ_MORE && head && head->ask == SMTP_ASK_EHLO)
            smtp_hello_offer(session, session->reader.text);
        if (got == SMTP_READ_REPLY)
            session_reply(session, &session->reader.reply);
        if (session->phase == SMTP_PHASE_HANDSHAKE && rest.len)
            /* Somebody on the way may have put it there, to be read as if it came through TLS
             * (CVE-2011-0411 and its kin). */
            smtp_session_break(session, SMTP_AT_STARTTLS,
                               "sent more than its reply to STARTTLS before TLS began");
    }
}

/* ---- life ----------------------------------------------------------------------------------- */

void
smtp_session_start(SmtpSession *session, const SmtpServer *server, bool secured)
{
    session->server = server;
    session->secured = secured;
    session->phase = SMTP_PHASE_GREETING;
    session->text = g_string_sized_new(1024);
    session_await(session, SMTP_ASK_GREETING, 0);
}

void
smtp_session_clear(SmtpSession *session)
{
    if (!session->text)
        return;
    explicit_bzero(session->text->str, session->text->len);
    g_string_free(session->text, TRUE);
    session->text = NULL;
}

void
smtp_session_quit(SmtpSession *session)
{
    must(smtp_session_is_idle(session));
    session->phase = SMTP_PHASE_QUIT;
    session->progress++;
    smtp_session_say(session, SMTP_ASK_QUIT, "QUIT");
}

int64_t
smtp_session_patience(const SmtpSession *session)
{
    const SmtpAwait *head = session_head(session);
    int64_t seconds = head ? asks[head->ask].patience_s : HANDSHAKE_PATIENCE_S;
    if (smtp_session_is_idle(session))
        return session->server->idle_ms;
    if (session->body_going)
        seconds = BODY_PATIENCE_S;
    return MAX(1, seconds * 1000 / session->server->timeout_divisor);
}
