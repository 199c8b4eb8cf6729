/* mime.h - reading mail: what a message says, whatever form its parts have.
 *
 * GMime does the work; this is the only file that includes it. Composing is ours (compose.h), and is checked by
 * reading it back.
 */
#pragma once

#include "base/letter.h"

typedef struct MailParts {
    Str header; /* the header as it stands, LF line ends, valid UTF-8 */
    Str text;   /* the first text/plain, decoded, UTF-8; empty if there is none */
    Str html;   /* the first text/html, likewise */
} MailParts;

/* Reads a mail into the arena. ERR_INPUT for bytes that are no mail at all. */
bool mail_parts(Arena *arena, Str mail, MailParts *ret, GError **error);

/* Takes a mail apart, whoever made it and however badly: never fails on broken boundaries, encodings or
 * charsets, but keeps what stands there; texts in unknown charsets are read as windows-1252, as mail programs
 * do. Everything lives in the arena. ERR_INPUT for bytes that hold no mail, ERR_TOO_BIG beyond
 * LIMIT_MAIL_BYTES. */
bool letter_read(Arena *arena, Str mail, Letter *ret, GError **error);
