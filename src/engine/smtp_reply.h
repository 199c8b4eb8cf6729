/* smtp_reply.h - what a server says: bytes -> replies -> what they mean for a mail. Pure.
 *
 * Part of the SMTP room; others include smtp.h. Sources: RFC 5321 4.2 (form and codes), RFC 2034
 * and 3463 (enhanced codes), and the words that real services use when they throttle.
 */
#pragma once

#include "engine/smtp.h"

typedef struct SmtpReply {
    int code;          /* 200..599 */
    char enhanced[12]; /* "4.7.1", "" when none came or its class is not the code's */
    char words
        [SMTP_WORDS_BYTES]; /* all lines, joined by a blank; clean UTF-8; cut where it is long */
    size_t words_len;
} SmtpReply;

enum {
    SMTP_LINE_BYTES = 2048, /* kept of a line; RFC 5321 4.5.3.1.5 says 512, EHLO lines get longer */
    SMTP_REPLY_BYTES = 65536, /* of all lines of one reply; more is no reply */
};

/* Reads one reply after the other out of a stream cut anywhere. {0} is a fresh one. */
typedef struct SmtpReader {
    SmtpReply reply; /* the one being read; whole after SMTP_READ_REPLY */
    Str text; /* of the line just read, behind code and separator; borrowed until the next take */
    size_t line_len;
    size_t reply_bytes;
    bool under_way; /* in the middle of a reply of several lines */
    char line[SMTP_LINE_BYTES];
} SmtpReader;

typedef enum SmtpRead {
    SMTP_READ_MORE,    /* all bytes taken, nothing whole yet */
    SMTP_READ_LINE,    /* a line of a reply, more to come: text is set */
    SMTP_READ_REPLY,   /* the last line: text and reply are set */
    SMTP_READ_GARBAGE, /* no SMTP reply; reply.words holds the line. The stream is lost. */
} SmtpRead;

/* Takes at most one line off the front of *rest. A bare LF ends a line too: servers do that. */
SmtpRead smtp_reader_take(SmtpReader *reader, Str *rest);

/* True while half a reply has been read. */
bool smtp_reader_is_inside(const SmtpReader *reader);

/* Appends text to words as clean UTF-8: control characters become blanks, broken bytes '?'; what
 * does not fit into SMTP_WORDS_BYTES - 1 is dropped, never half a character. */
void smtp_words_add(char words[SMTP_WORDS_BYTES], size_t *len, Str text);

/* What a reply at a stage means for the mail. Positive replies are SENT (the caller knows whether
 * that stage can say so). NOT_SENT means that the server refuses US and every mail with us (not
 * logged in, commands out of order): the connection is of no use. */
SmtpOutcome smtp_reply_outcome(const SmtpReply *reply, SmtpStage stage);
