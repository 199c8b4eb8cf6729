/* smtp_body.h - the data of a mail on its way out: checked once, then dot-stuffed while it is
 * written, without a copy. Pure. Part of the SMTP room. Source: RFC 5321 2.3.8, 4.5.2, 4.5.3.1.6.
 */
#pragma once

#include "base/base.h"

#include <sys/uio.h>

enum { SMTP_MAIL_LINE_BYTES = 998 }; /* RFC 5321 4.5.3.1.6, without CRLF */

/* What one look at the data tells. */
typedef struct SmtpBodyFacts {
    size_t dots;    /* lines that begin with a dot: bytes that stuffing adds */
    bool eight_bit; /* a byte above 127 */
    bool ended;     /* ends in CRLF, or is empty */
} SmtpBodyFacts;

/* Refuses data that a server could read otherwise than we do: a bare CR or LF next to a dot can end
 * the mail early and make the rest commands ("SMTP smuggling", CVE-2023-51764), and then no reply
 * can be trusted to belong to its mail. Also NUL bytes and lines over 998 bytes. NULL if fine, else
 * what is wrong, static text. */
const char *smtp_body_check(Str data, SmtpBodyFacts *ret);

/* A cursor over what goes over the wire: the stuffed data and the end of data. */
typedef struct SmtpBody {
    Str data;
    size_t at;    /* next byte of data to go */
    bool stuffed; /* the dot in front of it has gone already */
    size_t dots;  /* left to stuff: 0 lets the rest go in one piece */
    Str tail;     /* of the end of data: what is left to go */
} SmtpBody;

SmtpBody smtp_body_start(Str data, const SmtpBodyFacts *facts);

/* Bytes from here to the end, the dots and CRLF.CRLF included. */
size_t smtp_body_left(const SmtpBody *body);

/* Fills at most max pieces that go next; returns how many; 0 when all has gone. They point into the
 * data and into static text. */
size_t smtp_body_pieces(const SmtpBody *body, struct iovec *ret, size_t max);

/* So many bytes of them have gone; at most smtp_body_left(). */
void smtp_body_advance(SmtpBody *body, size_t bytes);
