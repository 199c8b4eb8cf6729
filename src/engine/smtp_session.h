/* smtp_session.h - the dialogue on one connection, without the connection.
 *
 * The session is given the bytes that came and says which bytes go next; it opens no socket and
 * reads no clock. So it can be run through every misbehaviour, and fuzzed, in memory.
 *
 *     smtp_session_start();                              // awaits the greeting
 *     smtp_session_feed(bytes)                           // ... settles mails through the hook
 *     n = smtp_session_out(iov); written = write(iov); smtp_session_wrote(written);
 *     if (smtp_session_can_begin()) smtp_session_begin(transfer);
 *
 * CERTAINTY. Every command is entered in a queue of awaited replies together with the place in our
 * stream where it ends. A reply answers the head of that queue; if that command has not wholly been
 * written yet, the reply cannot be its answer and the session ends. Two mails at most are under
 * way: `flying` (its data is being sent, or its end-of-data awaits its reply) and `opening` (its
 * envelope awaits replies). When the session ends, flying is UNKNOWN if the place behind its
 * CRLF.CRLF was written, else NOT_SENT; opening is NOT_SENT.
 *
 * Part of the SMTP room.
 */
#pragma once

#include "engine/smtp_body.h"
#include "engine/smtp_reply.h"
#include "engine/smtp_result.h"

/* A mail in our hands. */
typedef struct SmtpTransfer {
    SmtpMail mail;
    SmtpBodyFacts facts;
    const char *refused; /* why it cannot be sent at all, static text; NULL: it can */
    int64_t since;       /* monotonic: when it was submitted */
    int nth;             /* the how-many-eth mail of its connection it was; 0: not begun */
    int moves;           /* to another connection, unnoticed */
    struct SmtpTransfer *next;
} SmtpTransfer;

/* What EHLO offered. */
typedef struct SmtpOffer {
    bool pipelining, eight_bit, utf8, dsn, starttls;
    bool plain, login, xoauth2;
    uint64_t size_max; /* 0: not told or no limit */
} SmtpOffer;

typedef enum SmtpPhase {
    SMTP_PHASE_GREETING,
    SMTP_PHASE_EHLO,
    SMTP_PHASE_STARTTLS,
    SMTP_PHASE_HANDSHAKE, /* the caller makes TLS and calls smtp_session_secured() */
    SMTP_PHASE_AUTH,
    SMTP_PHASE_READY,
    SMTP_PHASE_QUIT,
    SMTP_PHASE_OVER, /* all mails are settled; `end` says why */
} SmtpPhase;

typedef enum SmtpAsk {
    SMTP_ASK_GREETING,
    SMTP_ASK_EHLO,
    SMTP_ASK_HELO,
    SMTP_ASK_STARTTLS,
    SMTP_ASK_AUTH,
    SMTP_ASK_MAIL,
    SMTP_ASK_RCPT,
    SMTP_ASK_DATA,
    SMTP_ASK_END,
    SMTP_ASK_RSET,
    SMTP_ASK_QUIT,
    SMTP_ASK_COUNT,
} SmtpAsk;

typedef struct SmtpAwait {
    SmtpAsk ask;
    uint64_t end; /* place in our stream behind the command */
} SmtpAwait;

enum { SMTP_AWAITS = 8 }; /* END, RSET, MAIL, RCPT, DATA of the next, RSET, QUIT: never more */

typedef struct SmtpSlot {
    bool used;
    SmtpTransfer *transfer; /* NULL: settled already, only the dialogue is still to be finished */
    uint64_t end;           /* flying: the place behind its CRLF.CRLF in our stream */
} SmtpSlot;

/* How the session hands a mail back. The result has neither tag nor took_ms. */
typedef void (*SmtpSettle)(void *arg, SmtpTransfer *transfer, SmtpResult *result);

typedef struct SmtpSession {
    const SmtpServer *server; /* borrowed */
    const char *peer;         /* borrowed: "host:port", for words */
    SmtpSettle settle;
    void *arg;
    bool secured;  /* TLS is on */
    bool may_auth; /* the password may go over this connection even without TLS */
    char helo[80]; /* our name */

    SmtpPhase phase;
    SmtpOffer offer;
    int offer_lines; /* of the EHLO reply read so far; the first is only the server's name */
    SmtpAuth mechanism;
    int auth_step;
    int begun;         /* mails */
    int answered;      /* mails that the server's reply settled */
    uint64_t progress; /* grows with every mail begun, every reply, every write */
    SmtpSlot opening, flying;
    SmtpAwait awaits[SMTP_AWAITS];
    unsigned await_first, await_count;

    GString *text;     /* commands to write */
    size_t text_gone;  /* of them: written */
    size_t text_fence; /* of them: go before the body */
    bool text_secret;  /* wipe when written */
    SmtpBody body;
    bool body_going; /* the body, between the texts */
    uint64_t queued, written;

    SmtpResult end;
    bool end_clean; /* it ended in order: QUIT, or the server closed an idle connection */
    SmtpReader reader;
} SmtpSession;

/* Fills in and awaits the greeting. secured: TLS is on already (implicit). */
void smtp_session_start(SmtpSession *session, const SmtpServer *server, bool secured);
void smtp_session_clear(SmtpSession *session);

/* Takes bytes from the server. May settle mails and end the session. */
void smtp_session_feed(SmtpSession *session, const char *bytes, size_t len);

/* The handshake that SMTP_PHASE_HANDSHAKE asked for is done. */
void smtp_session_secured(SmtpSession *session);

/* The connection is gone or no longer trusted: settles what is under way. stage and why say how. No
 * effect when it is over. */
void smtp_session_break(SmtpSession *session, SmtpStage stage, const char *why);

/* The same, where only the dialogue knows the stage ("connection closed" ... "while waiting for the
 * reply to RCPT"). An idle connection ends cleanly. */
void smtp_session_lost(SmtpSession *session, const char *why);

/* What is to be written: at most max pieces, 0 when nothing. Valid until the next call of any other
 * function here. */
size_t smtp_session_out(const SmtpSession *session, struct iovec *ret, size_t max);
void smtp_session_wrote(SmtpSession *session, size_t bytes);

bool smtp_session_can_begin(const SmtpSession *session);
/* Begins a mail; it is settled at once if this server cannot take it. */
void smtp_session_begin(SmtpSession *session, SmtpTransfer *transfer);
bool smtp_session_is_idle(const SmtpSession *session); /* READY and no mail under way */
bool smtp_session_is_worn(const SmtpSession *session); /* has sent as many mails as it should */
void smtp_session_quit(SmtpSession *session);          /* must be idle */

/* How long it may go on without progress, ms (RFC 5321 4.5.3.2, divided by timeout_divisor). */
int64_t smtp_session_patience(const SmtpSession *session);

/* ---- between smtp_session.c and smtp_hello.c (greeting, EHLO, STARTTLS, AUTH) --------------- */

/* Queues a command line (CRLF is added) and awaits its reply. */
void
smtp_session_say(SmtpSession *session, SmtpAsk ask, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Ends the session over a reply that refuses us. */
void smtp_session_refused(SmtpSession *session, SmtpStage stage, const SmtpReply *reply);

void smtp_hello_greeting(SmtpSession *session, const SmtpReply *reply);
void smtp_hello_ehlo(SmtpSession *session, const SmtpReply *reply);
void smtp_hello_helo(SmtpSession *session, const SmtpReply *reply);
void smtp_hello_starttls(SmtpSession *session, const SmtpReply *reply);
void smtp_hello_auth(SmtpSession *session, const SmtpReply *reply);
void smtp_hello_offer(SmtpSession *session, Str line); /* one line of the EHLO reply */
