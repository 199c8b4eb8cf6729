/* lmtp_session.h - the dialogue with one client, without the connection.
 *
 * The session is given the bytes that came and has bytes to say; it opens no socket, reads no clock
 * and waits for nobody. So it can be run through every misbehaviour, and fuzzed, in memory.
 *
 *     lmtp_session_start(session);                       // the greeting
 *     taken = lmtp_session_feed(session, bytes)          // stops at a whole mail, or when enough is
 *     write session->out, erase what went                //   waiting to be said: give the rest later
 *     lmtp_session_answer(session, 0, LMTP_ACCEPT)       // then goes on
 *
 * A line ends in CR LF and in nothing else, a mail in CR LF . CR LF and in nothing else. What looks
 * like an end to a more lenient reader spoils the mail, which is then read to its true end and
 * refused: two readers never disagree about where a mail that was accepted ends.
 *
 * Part of the LMTP room.
 */
#pragma once

#include "engine/lmtp.h"
#include "engine/lmtp_command.h"

enum { LMTP_OUT_BYTES = 16384 }; /* to be said: above it nothing more is taken */

typedef enum LmtpPhase {
    LMTP_PHASE_TALK, /* commands */
    LMTP_PHASE_TEXT, /* a mail is coming */
    LMTP_PHASE_WAIT, /* it is there: take `text`, lmtp_session_answer() */
    LMTP_PHASE_OVER, /* say what is left to say and hang up */
} LmtpPhase;

/* Where in a line of the mail the next byte stands. */
typedef enum LmtpPlace {
    LMTP_PLACE_START,
    LMTP_PLACE_INSIDE,
    LMTP_PLACE_CR,     /* behind a CR that is not kept yet */
    LMTP_PLACE_DOT,    /* behind a dot at the start, which is never kept */
    LMTP_PLACE_DOT_CR, /* behind that and a CR */
} LmtpPlace;

typedef enum LmtpSpoil {
    LMTP_FINE,
    LMTP_SPOIL_BARE, /* CR or LF alone */
    LMTP_SPOIL_NUL,
    LMTP_SPOIL_LINE,
    LMTP_SPOIL_SIZE,
    LMTP_SPOIL_MEMORY,
    LMTP_SPOIL_COUNT,
} LmtpSpoil;

typedef struct LmtpSlot {
    char *address;
    int64_t token;
    bool answered;
    LmtpVerdict verdict;
} LmtpSlot;

typedef struct LmtpSession {
    /* the caller's, set before the start */
    const char *name;
    size_t mail_bytes;
    int recipients;
    LmtpVerdict (*rcpt)(Str address, int64_t *ret_token, void *arg);
    bool (*grow)(size_t bytes, void *arg); /* may the mail take so much more memory? */
    void *arg;

    LmtpPhase phase;
    GString *out;
    uint64_t commands; /* that came whole: what counts as progress */
    bool hello;
    int faults;
    GString *line; /* of a command, without its end */
    bool cr;       /* behind a CR of a command */

    char *from; /* NULL: no MAIL yet */
    LmtpParameters parameters;
    GArray *slots; /* of LmtpSlot */
    size_t told;   /* slots that the client has heard about */

    GByteArray *text;
    LmtpPlace place;
    LmtpSpoil spoil;
    size_t line_len;
    uint64_t refused; /* mails, at their end */
} LmtpSession;

void lmtp_session_start(LmtpSession *session);
void lmtp_session_clear(LmtpSession *session);

/* Returns how many bytes were taken: fewer than len only in LMTP_PHASE_WAIT or with LMTP_OUT_BYTES
 * to be said. All are taken, and thrown away, when it is over. */
size_t lmtp_session_feed(LmtpSession *session, const char *bytes, size_t len);

/* In LMTP_PHASE_WAIT. Each slot exactly once. */
void lmtp_session_answer(LmtpSession *session, size_t slot, LmtpVerdict verdict);

/* Says why and ends it; nothing when it is over already. In the midst of a mail the client takes it
 * for the connection's end, as it should. */
void lmtp_session_end(LmtpSession *session, const char *reply);
