/* mail_body.h - one text of a mail in the transfer encoding that suits it.
 *
 * Line ends of any kind become CRLF. The plainest encoding that survives every relay is taken:
 *     7bit              ASCII in short lines
 *     8bit              valid UTF-8 in short lines, if the server takes it (the caller knows)
 *     quoted-printable  mostly ASCII: western languages, HTML with long lines
 *     base64            the rest: Greek, Japanese
 *
 * Sources: RFC 2045 6 (encodings), RFC 5322 2.1.1 (lines).
 */
#pragma once

#include "base/base.h"

typedef enum MailEncoding {
    MAIL_7BIT,
    MAIL_8BIT,
    MAIL_QUOTED_PRINTABLE,
    MAIL_BASE64,
} MailEncoding;

/* A text that was looked at once; borrowed. */
typedef struct MailBody {
    Str text;
    MailEncoding encoding;
    size_t room_bytes; /* the most that mail_body_add can add */
} MailBody;

/* Looks at valid UTF-8 and chooses. */
MailBody mail_body_of(Str text, bool allow_8bit);

/* Adds the encoded text. What it adds ends where the text ends: without CRLF if that has none. */
void mail_body_add(Buf *buf, const MailBody *body);

/* Adds any bytes as base64 in lines of 76; the last line has no CRLF. */
void mail_body_add_base64(Buf *buf, Str bytes);

/* As it stands in Content-Transfer-Encoding. */
const char *mail_encoding_name(MailEncoding encoding);
