/* charset.h - the encodings in which people save tables, made UTF-8 piece by piece.
 *
 * Half of all tables that shop owners have were saved by a spreadsheet: UTF-8 with or without a byte order
 * mark, Windows-1252 by Excel's "CSV", UTF-16 by its "Unicode text". What a file is in is decided by all
 * of it: a byte order mark, else NULs where UTF-16 has them, else UTF-8 if every byte of it is, else
 * Windows-1252, which takes everything.
 *
 * Sources: Unicode 15 tables 3-7 and 3-10, WHATWG Encoding (windows-1252 also where latin1 is said, its
 * five undefined bytes as C1 controls; ISO 8859-15's eight differences).
 */
#pragma once

#include "base/base.h"

typedef enum Charset {
    CHARSET_UTF8,
    CHARSET_WINDOWS_1252,
    CHARSET_ISO_8859_15,
    CHARSET_UTF16LE,
    CHARSET_UTF16BE,
    CHARSET_COUNT
} Charset;

/* utf-8, windows-1252 (cp1252, latin1, iso-8859-1), iso-8859-15 (latin9), utf-16le, utf-16be (utf-16, with
 * a byte order mark); ASCII case, - and _ do not count. ERR_INPUT names those there are. */
bool charset_find(Str name, Charset *ret, GError **error);
const char *charset_name(Charset charset);

/* The byte order mark at the start of a file: its length, 0 for none; *ret is untouched then. */
size_t charset_bom(Str start, Charset *ret);

/* ---- finding out ------------------------------------------------------------------------------------ */

/* {0} to start with; then every byte of the file, in pieces of any length. */
typedef struct CharsetGuess {
    bool started;
    bool marked; /* by a byte order mark: sure */
    Charset charset;
    bool bad;           /* not UTF-8 */
    int64_t bad_offset; /* of the first byte that is not */
    int64_t seen;
    size_t rest_len; /* start of a character whose end is in the next piece */
    char rest[4];
} CharsetGuess;

void charset_look(CharsetGuess *guess, Str piece);
Charset charset_decide(CharsetGuess *guess); /* after the last piece */

/* ---- decoding ----------------------------------------------------------------------------------------- */

/* {.charset = ...} to start with. A byte order mark at the start is left out; what is not of the encoding
 * becomes U+FFFD. */
typedef struct CharsetDecoder {
    Charset charset;
    bool started;
    int64_t replaced; /* how many U+FFFD it had to write */
    size_t rest_len;
    char rest[4];
} CharsetDecoder;

/* So many bytes can come out of a piece, what was left of the one before included. */
enum { CHARSET_GROWTH = 3 };
static inline size_t
charset_room(size_t piece_bytes)
{
    return (piece_bytes + 4) * CHARSET_GROWTH;
}

/* Writes the piece as UTF-8 to `to`, which has charset_room() bytes, and gives their number. last: no piece
 * follows. */
size_t charset_decode(CharsetDecoder *decoder, Str piece, bool last, char *to);
