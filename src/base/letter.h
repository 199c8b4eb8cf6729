/* letter.h - a mail that came in, taken apart: neutral ground between the reader of mails (engine/mime.h)
 * and those who understand them (plug/inbound).
 *
 * All texts are valid UTF-8 with LF line ends, whatever charset and encoding they came in, and live in the
 * arena of whoever read the mail. A mail that is attached to a mail is one part; its text is that mail as it
 * stands, to be read again by whom it concerns.
 *
 * Sources: RFC 5322 2.2 (fields and folding), RFC 2045 to 2047, RFC 8621 4.1.4 (which parts are the words).
 */
#pragma once

#include "base/base.h"

/* A field of a header: unfolded into one line, encoded words decoded. */
typedef struct LetterField {
    Str name; /* as it was written */
    Str value;
} LetterField;

/* A leaf of the tree of parts. */
typedef struct LetterPart {
    Str type;     /* text/plain, small letters, without parameters */
    Str name;     /* of the file, where it has one */
    Str text;     /* what a text or message part says; empty for all others */
    size_t bytes; /* how many it has, decoded */
    /* Where it is shown (RFC 8621): among the words as text, among the words as HTML, as an attachment. A
     * part can be in both forms (a picture between two texts), or in one form and attached. */
    bool in_text;
    bool in_html;
    bool attached;
} LetterPart;

typedef struct Letter {
    const LetterField
        *fields; /* in the order in which they stand: the newest Received is the first */
    size_t field_count;
    const LetterPart *parts;
    size_t part_count;
    bool multipart; /* its parts were marked by boundaries */
    Str body;       /* everything behind the header, undecoded, for mails whose parts lie */
} Letter;

/* Reads a block of fields as headers and delivery reports have them, up to the first empty line, and moves
 * *rest behind that line. Lines that are no field are passed over; a line with white space in front goes on
 * with the field above. Values are joined in one line, trimmed, nothing in them decoded. */
size_t letter_fields(Arena *arena, Str *rest, const LetterField **ret);

/* The value of the first field of that name, in any case; the empty Str if there is none. */
Str letter_field_in(const LetterField *fields, size_t count, const char *name);
Str letter_field(const Letter *letter, const char *name);

/* The first part of that type ("message/delivery-status"); NULL if there is none. */
const LetterPart *letter_part(const Letter *letter, const char *type);
