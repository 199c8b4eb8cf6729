/* lmtp.h - take mail from the mail server on this machine, and say yes only for what is kept.
 *
 * LMTP is SMTP for the last step (RFC 2033): the mail server hands over a mail with its recipients
 * and hears of EACH of them whether it was taken. So a listener needs no queue: as long as it has
 * not said yes the mail is the mail server's, which comes again.
 *
 *     lmtp = lmtp_new(&(LmtpOptions){.listen = "127.0.0.1:2424"}, &hooks, error);
 *     ...
 *     rcpt(address, &token)   may this one be? reads a signed address, say   (the listener's thread)
 *     deliver(delivery)       begin to store it, do not wait                 (the listener's thread)
 *     lmtp_answer(delivery, i, LMTP_ACCEPT)    after the COMMIT, from any thread, once a recipient
 *
 * One thread, epoll. Only on loopback: LMTP has neither passwords nor encryption.
 *
 * WHAT IS REFUSED, and what it costs who sends it:
 *     a command with a bare LF, a bare CR or a NUL, or over LMTP_LINE_BYTES    521 or 500, hung up
 *     a mail with one of them (SMTP smuggling: what one server takes for the  550 to each recipient,
 *       end of a mail another does not), or a line over LMTP_TEXT_LINE_BYTES  read to its true end
 *     bytes behind a DATA that was refused: they are a mail, not commands      521, hung up
 *     a mail over mail_bytes                                                   552
 *     mails in memory over mails_bytes together                               452, come again
 *     more than LMTP_FAULTS commands that are none                            421, hung up
 *     silence for idle_s, a mail that takes over mail_s                       421, hung up
 *     a connection over `connections`: the one that has gone longest without a mail makes room for it
 * A client that does not read our replies is not read from. Memory is bounded by mails_bytes and a
 * few kB for each connection.
 *
 * A client that goes away while its mail is being stored will send it again, although it may have
 * been kept (RFC 1047): whoever stores mails must know them again.
 *
 * Sources: RFC 2033 (LMTP), 5321 (SMTP), 2920 (PIPELINING), 6152 (8BITMIME), 6531 (SMTPUTF8), 1870
 * (SIZE), 2034 and 3463 (ENHANCEDSTATUSCODES).
 */
#pragma once

#include "base/base.h"

typedef struct Lmtp Lmtp;

enum {
    LMTP_LINE_BYTES = 1024,       /* a command; RFC 5321 4.5.3.1.4: 512, its extensions add 53 */
    LMTP_TEXT_LINE_BYTES = 65536, /* a line of a mail; RFC 5321 says 1000, senders say more */
    LMTP_FAULTS = 20,             /* of one connection without a mail in between */
};

typedef enum LmtpVerdict {
    LMTP_LATER,  /* 451: not now, come again */
    LMTP_ACCEPT, /* 250: it is ours; after deliver() only when it is safe on disk */
    LMTP_REFUSE, /* 550: never */
} LmtpVerdict;

/* The address is local@domain as it was sent, without brackets, at most LIMIT_ADDRESS_BYTES; it may
 * be UTF-8, quoted, or without a domain (postmaster). */
typedef struct LmtpRcpt {
    Str address;
    int64_t token; /* what rcpt() left: which shop, say */
} LmtpRcpt;

/* A mail that came whole. Belongs to the listener; valid until the last of its recipients was
 * answered, even when the listener is freed before. */
typedef struct LmtpDelivery {
    Str from; /* envelope sender without brackets; empty is the null sender <> of a bounce */
    Str mail; /* CRLF line ends, no bare CR or LF, no NUL; dots unstuffed */
    const LmtpRcpt *rcpts; /* those that rcpt() accepted, at least one */
    size_t count;
    bool eight_bit; /* declared BODY=8BITMIME */
    bool utf8;      /* declared SMTPUTF8: UTF-8 in addresses and headers */
} LmtpDelivery;

typedef struct LmtpHooks {
    /* May mail to this address come? Must not wait. *ret_token is 0 before. */
    LmtpVerdict (*rcpt)(Str address, int64_t *ret_token, void *arg);
    /* A mail is there; must not wait, may answer at once. */
    void (*deliver)(LmtpDelivery *delivery, void *arg);
    void *arg;
} LmtpHooks;

/* Answers for one recipient of a delivery, by its place. From any thread; each exactly once, in any
 * order (the client hears them in its own). The delivery is gone after its last answer. */
void lmtp_answer(LmtpDelivery *delivery, size_t rcpt, LmtpVerdict verdict);

/* The same for all of them: the common case is one transaction. */
void lmtp_answer_all(LmtpDelivery *delivery, LmtpVerdict verdict);

/* What final delivery puts in front of a mail (RFC 5321 4.4; the second is Postfix's and qmail's):
 * "Return-Path: <FROM>\r\nDelivered-To: RCPT\r\n", in the arena. */
Str lmtp_envelope_lines(Arena *arena, const LmtpDelivery *delivery, size_t rcpt);

/* Zero means the default in brackets. */
typedef struct LmtpOptions {
    const char *listen; /* a loopback address, "127.0.0.1:2424", "[::1]:0" */
    const char *name;   /* ours, in the greeting ["localhost"] */
    size_t mail_bytes;  /* one mail [LIMIT_MAIL_BYTES] */
    size_t mails_bytes; /* all mails in memory, those being stored included [64 MB] */
    int connections;    /* [64] */
    int recipients;     /* of one mail [100, the least that RFC 5321 4.5.3.1.8 allows] */
    int idle_s;         /* until the next command is whole [300, RFC 5321 4.5.3.2.7] */
    int mail_s;         /* from DATA to its end [600] */
    int answer_s; /* for the hook; then the client hears 451 [240: Postfix waits 600, others 300] */
    int divisor;  /* of these times, for tests [1] */
} LmtpOptions;

typedef struct LmtpCounts {
    uint64_t connections, mails, refused; /* since the start; refused: mails, at their end */
    int open;                             /* connections now */
    int storing;                          /* deliveries that are not answered yet */
} LmtpCounts;

/* Listens from here on. ERR_CONFIG for an address that is not loopback or cannot be read,
 * ERR_LISTEN, ERR_IO. hooks is copied. */
Lmtp *lmtp_new(const LmtpOptions *options, const LmtpHooks *hooks, GError **error);
int lmtp_port(const Lmtp *lmtp);
LmtpCounts lmtp_counts(Lmtp *lmtp);

/* No new mail from here on (421); waits until those that are being stored are answered, at most
 * grace_ms; the others will come again. */
void lmtp_stop(Lmtp *lmtp, int grace_ms);
void lmtp_free(Lmtp *lmtp); /* stops with a grace of 2 s if nobody did */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lmtp, lmtp_free)
