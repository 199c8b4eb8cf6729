/* smtp.h - hand mail to submission servers, and know at every moment what they have accepted.
 *
 * One thread, one SmtpLoop (epoll), any number of SmtpPools: a pool is the connections to one
 * server with one login. Nothing here blocks but smtp_loop_turn(): names are resolved by a thread
 * of the loop's own, and a server that is slow or silent holds up nobody but itself.
 *
 *     loop = smtp_loop_new(done, me, &error);
 *     pool = smtp_pool_open(loop, &server, &error);
 *     for (;;) {
 *         claim at most smtp_pool_room(pool) rows, smtp_pool_submit() each;
 *         smtp_loop_turn(loop, 1000);              // calls done() once per mail submitted
 *     }
 *
 * THE PROMISE. Each mail submitted ends in exactly one call of done(), and its outcome is exact:
 *
 *   SENT       the server answered 2yz to the end of this mail's data: it has it.
 *   DEFERRED   4yz about this recipient or this mail: try it again later, counts as an attempt.
 *   REFUSED    5yz about this recipient or this mail, or it cannot go through this server at all
 *              (too big, needs SMTPUTF8, malformed; then code is 0 and nothing was sent).
 *   THROTTLED  the server wants fewer mails from US: pause the sender (rate.h), and never count it
 *              as this recipient's attempt.
 *   NOT_SENT   no connection, or it broke while the end of the data (CRLF.CRLF) had not wholly
 *              been given to the kernel. The server cannot have accepted it: safe to try again.
 *   UNKNOWN    the end of the data was given to the kernel and no reply came. The server may or
 *              may not have it; only the caller knows which mistake is worse.
 *
 * Where the server offers PIPELINING (RFC 2920), the envelope of the next mail travels with the
 * data of this one: one round trip a mail. A server that does not offer it gets lock-step. Replies
 * are matched to commands by order and by nothing else; a reply that nobody waits for, or one that
 * is no reply, ends the connection before it can be taken for another mail's.
 *
 * THE POOL HEALS ITSELF. A connection that died while idle is replaced and the mail goes out on a
 * new one, unnoticed (nothing had been accepted). When a server cannot be reached or turns us away
 * before any mail, the mails in hand come back NOT_SENT, smtp_pool_room() is 0 until the time of
 * smtp_pool_trouble(), and then one connection tries (backoff doubles from 1 s to 5 min).
 *
 * Timeouts are those of RFC 5321 4.5.3.2, by the monotonic clock. Never a password over bare TCP,
 * but to loopback or where allow_plain_auth says so.
 *
 * Not thread-safe, but for smtp_loop_wake(). Sources: RFC 5321 (SMTP), 2920 (PIPELINING),
 * 1870 (SIZE), 6152 (8BITMIME), 6531 (SMTPUTF8), 3461 (DSN), 2034 and 3463 (enhanced codes),
 * 3207 (STARTTLS), 8314 (implicit TLS), 4954 and 4616 (AUTH, PLAIN).
 */
#pragma once

#include "base/base.h"
#include "engine/net_rule.h"

typedef struct SmtpLoop SmtpLoop;
typedef struct SmtpPool SmtpPool;

/* ---- the server ----------------------------------------------------------------------------- */

typedef enum SmtpTls {
    SMTP_TLS_AUTO,     /* STARTTLS where offered; what is offered must verify */
    SMTP_TLS_REQUIRE,  /* STARTTLS or nothing */
    SMTP_TLS_IMPLICIT, /* TLS from the first byte, port 465 (smtps://) */
    SMTP_TLS_NEVER,
} SmtpTls;

typedef enum SmtpAuth {
    SMTP_AUTH_ANY, /* PLAIN or LOGIN, whichever the server offers */
    SMTP_AUTH_PLAIN,
    SMTP_AUTH_LOGIN,
    SMTP_AUTH_XOAUTH2, /* secret is the access token */
} SmtpAuth;

/* Copied by smtp_pool_open(). Zero means the default in brackets. */
typedef struct SmtpServer {
    const char *host; /* name or address */
    int port;         /* [587; 465 with SMTP_TLS_IMPLICIT] */
    SmtpTls tls;
    const char *ca_file; /* PEM of the authorities to trust [the system's] */
    const char *user;    /* NULL: no AUTH */
    const char *secret;  /* password or access token; wiped with the pool */
    SmtpAuth auth;
    const char *helo; /* our name in EHLO [the address literal of our end, RFC 5321 4.1.3] */
    int connections;  /* at most at once [10] */
    int depth;        /* mails in hand per connection; 1: no pipelining across mails [2] */
    int mails_per_connection; /* then QUIT and a fresh one [1000] */
    int idle_ms;              /* then QUIT [30,000] */
    int timeout_divisor;      /* every timeout and backoff is divided by it, for tests [1] */
    bool allow_plain_auth;    /* AUTH without TLS to a host that is not loopback */
    NetRule net;              /* where it may connect [public addresses] */
} SmtpServer;

/* ---- a mail and what became of it ----------------------------------------------------------- */

/* One mail to one recipient: its answer is then nobody else's. All that it points to stays the
 * caller's and must live until done() was called for its tag. */
typedef struct SmtpMail {
    int64_t tag; /* the caller's: comes back in the result */
    Str from;    /* envelope sender without brackets; empty is the null sender <> */
    Str to;      /* envelope recipient without brackets */
    Str data;    /* the whole mail: lines end in CRLF and have at most 998 bytes, no dot-stuffing */
    Str envid; /* id for delivery reports (RFC 3461), printable ASCII, at most 100; may be empty */
    bool eight_bit; /* has bytes above 127: BODY=8BITMIME */
    bool utf8;      /* has UTF-8 in addresses or headers: SMTPUTF8 */
} SmtpMail;

typedef enum SmtpOutcome {
    SMTP_SENT,
    SMTP_DEFERRED,
    SMTP_REFUSED,
    SMTP_THROTTLED,
    SMTP_NOT_SENT,
    SMTP_UNKNOWN,
} SmtpOutcome;

/* Where in the dialogue it was decided. */
typedef enum SmtpStage {
    SMTP_AT_CHECK, /* by us, before anything was sent */
    SMTP_AT_CONNECT,
    SMTP_AT_TLS,
    SMTP_AT_GREETING,
    SMTP_AT_EHLO,
    SMTP_AT_STARTTLS,
    SMTP_AT_AUTH,
    SMTP_AT_MAIL,
    SMTP_AT_RCPT,
    SMTP_AT_DATA, /* the command */
    SMTP_AT_BODY, /* while the data was being sent */
    SMTP_AT_END,  /* the reply to the end of the data */
    SMTP_STAGE_COUNT,
} SmtpStage;

enum { SMTP_WORDS_BYTES = 512 };

typedef struct SmtpResult {
    int64_t tag;
    SmtpOutcome outcome;
    SmtpStage stage;
    int code;          /* 250, 451 ...; 0 when it was not the server's reply that decided */
    char enhanced[12]; /* "4.7.1" (RFC 3463), empty when none came */
    /* The server's own words, all lines joined by a blank, clean UTF-8 without control characters;
     * where code is 0, ours: what happened and to which server. */
    char words[SMTP_WORDS_BYTES];
    int64_t took_ms; /* from submit to this, monotonic */
} SmtpResult;

const char *smtp_outcome_name(SmtpOutcome outcome); /* "sent" "deferred" "refused" ... "not_sent" */
const char *smtp_stage_name(SmtpStage stage);       /* "check" "connect" ... "mail" "rcpt" "end" */

/* Called from smtp_loop_turn() or smtp_pool_drain()/close(), never from smtp_pool_submit(). It may
 * submit more; it may not close a pool nor turn the loop. */
typedef void (*SmtpDone)(void *arg, SmtpPool *pool, const SmtpResult *result);

/* ---- the loop ------------------------------------------------------------------------------- */

/* Fails with ERR_IO when the kernel has no descriptors or threads left. */
SmtpLoop *smtp_loop_new(SmtpDone done, void *arg, GError **error);

/* Closes its pools (see smtp_pool_close()). A name still being resolved holds nothing up. */
void smtp_loop_free(SmtpLoop *loop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmtpLoop, smtp_loop_free)

/* Waits until something can be done, at most timeout_ms (-1: forever), and does it. Returns how
 * many mails were settled (calls of done()). */
size_t smtp_loop_turn(SmtpLoop *loop, int timeout_ms);

/* Makes the present or next turn return at once. From any thread. */
void smtp_loop_wake(SmtpLoop *loop);

/* Calls ready(arg) from a turn whenever fd is readable (level-triggered: ready() must read it).
 * For the caller's own eventfd; at most one, fd -1 stops watching. The fd stays the caller's. */
void smtp_loop_watch(SmtpLoop *loop, int fd, void (*ready)(void *arg), void *arg);

/* ---- pools ---------------------------------------------------------------------------------- */

/* Connects to nothing yet. Fails with ERR_CONFIG when the settings contradict each other or the
 * ca_file cannot be read. The pool belongs to the loop. */
SmtpPool *smtp_pool_open(SmtpLoop *loop, const SmtpServer *server, GError **error);

/* How many more mails it takes right now: connections x depth, less those in hand; 0 while the
 * server cannot be reached. Claim no more rows than this: it bounds what a kill leaves unknown. */
size_t smtp_pool_room(const SmtpPool *pool);

/* Takes a mail. Room asked for earlier is still there, though smtp_pool_room() may have turned 0
 * because the server went away in between: the mail then comes back NOT_SENT. must() it was not
 * more than there ever was room for. */
void smtp_pool_submit(SmtpPool *pool, const SmtpMail *mail);

/* Mails in hand: submitted and not yet settled. */
size_t smtp_pool_busy(const SmtpPool *pool);

/* NULL while all is well, else why the server takes no mail ("mx.example: connection refused");
 * *ret_retry_ms is how long until it is tried again. Borrowed until the next turn. */
const char *smtp_pool_trouble(const SmtpPool *pool, int64_t *ret_retry_ms);

/* Takes no more. Mails not yet begun come back NOT_SENT at once; those begun go on: turn the loop
 * until smtp_pool_busy() is 0 or patience ends, then close. */
void smtp_pool_drain(SmtpPool *pool);

/* Says QUIT where it can without waiting and closes. Mails in hand are settled first: UNKNOWN where
 * the end of the data had left us, else NOT_SENT. Never from within done(). */
void smtp_pool_close(SmtpPool *pool);

/* For /metrics. Counts since it was opened. */
typedef struct SmtpPoolCounts {
    uint64_t outcome[SMTP_UNKNOWN + 1];
    uint64_t connects,
        connect_failures; /* tries, and how many of them failed before the first mail */
    uint64_t retried;     /* mails that moved to another connection unnoticed */
    int open;             /* connections ready or busy now */
} SmtpPoolCounts;

void smtp_pool_counts(const SmtpPool *pool, SmtpPoolCounts *ret);
