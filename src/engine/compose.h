/* compose.h - a mail as it goes over the wire, from its words.
 *
 *     multipart/mixed                 only with attachments
 *       multipart/alternative         only with both text and HTML
 *         text/plain
 *         multipart/related           only with pictures inside the HTML
 *           text/html
 *           pictures
 *       attachments
 *
 * The same Mail gives the same bytes, always: nothing here asks the clock or the dice, so that
 * preview, test and send agree and a repeated attempt is the same mail. Invariants of the result:
 * every line ends in CRLF and has at most 998 bytes; there is no NUL; only the fields given and
 * those named below exist, whatever stands in names, subjects and addresses.
 *
 * Sources: RFC 5322, 2045, 2046, 2047, 2231, 6532; RFC 3834 (Auto-Submitted), RFC 2369 and 8058
 * (List-Unsubscribe), Google's Feedback-ID.
 */
#pragma once

#include "base/address.h"
#include "base/base.h"

/* A field of its own. The value must be printable ASCII; the name must be none that compose writes
 * itself (see above), nor one of the transport's (Received, Return-Path, DKIM-Signature, Bcc). */
typedef struct MailField {
    Str name;
    Str value;
} MailField;

typedef struct MailFile {
    Str name; /* as the reader's disk should call it: any letters, no path; may be empty */
    Str type; /* "application/pdf" */
    Str bytes;
    Str content_id; /* not empty: a picture inside the HTML, which names it as cid:CONTENT_ID */
} MailFile;

/* All of it borrowed. Empty Strs and zeros mean "none"; from, to and message_id must be there. */
typedef struct Mail {
    Address from;
    Address to;
    Address reply_to;
    Str subject;
    int64_t at;           /* Date */
    Str message_id;       /* with its brackets: "<token@shop.example>" */
    Str in_reply_to;      /* likewise */
    Str references;       /* several of them, separated by spaces */
    Str unsubscribe;      /* https://...: List-Unsubscribe, and one click (RFC 8058) */
    Str unsubscribe_mail; /* mailto:...: the other way of List-Unsubscribe */
    Str feedback_id;      /* "campaign:shop:kind:sender" */
    bool by_person;       /* somebody typed it: no Auto-Submitted */
    Str text;             /* UTF-8; bad bytes become U+FFFD */
    Str html;
    const MailField *fields;
    size_t field_count;
    const MailFile *files;
    size_t file_count;
    bool allow_8bit; /* the server is known to take 8BITMIME: shorter */
} Mail;

typedef struct MailWire {
    Str bytes;      /* the whole mail */
    size_t body_at; /* where its body starts, behind the empty line */
    bool eight_bit; /* has bytes above 127: needs 8BITMIME */
    bool utf8;      /* has UTF-8 in its header: needs SMTPUTF8 */
} MailWire;

/* Builds the mail in the arena. Fails with ERR_INPUT when a field that programs write holds what
 * could start another one. */
bool mail_compose(Arena *arena, const Mail *mail, MailWire *ret, GError **error);
