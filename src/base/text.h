/* text.h - UTF-8 as it comes from shops and customers, made safe to keep and to show.
 *
 * Text is checked once, where it enters; behind that everybody may rely on it. Three strengths:
 *     text_clean   valid UTF-8, nothing else changed (bodies that are kept as they came)
 *     text_block   several lines for people: a note, a review
 *     text_line    one line for people: a name, a subject, a title
 *
 * Sources: Unicode 15 table 3-7 (well-formed UTF-8) and section 3.9 (one U+FFFD for each maximal
 * subpart, as browsers and Python do).
 */
#pragma once

#include "base/base.h"

bool text_valid(Str text);
bool text_ascii(Str text);
bool text_has(Str text, char byte);

/* The length in bytes of the well-formed character that the text starts with (1 to 4), or 0 when
 * it is empty or starts badly. *ret_bad_len (may be NULL) is then how many bytes one U+FFFD should
 * stand for. */
size_t text_char(Str text, size_t *ret_bad_len);

/* The code point of a well-formed character, as text_char measured it. */
uint32_t text_code(const char *at, size_t len);

/* How many characters; each bad byte sequence counts as one. */
size_t text_count(Str text);

/* The text itself when it is valid UTF-8; else a copy in the arena with U+FFFD for what is not. */
Str text_clean(Arena *arena, Str text);

/* One line: valid, without white space at its ends; line breaks, tabs and control characters (C0,
 * C1, U+2028, U+2029) become single spaces; byte order marks and the direction overrides U+202A..E
 * and U+2066..9 are left out, since one of them in a customer's name turns round the rest of
 * somebody else's page. Marks that scripts need (joiners, LRM, RLM) stay. Cut at most_bytes. */
Str text_line(Arena *arena, Str text, size_t most_bytes);

/* Several lines: the same, but line ends stay (any kind becomes \n), and tabs and runs of spaces. */
Str text_block(Arena *arena, Str text, size_t most_bytes);

/* The longest beginning that is at most so many bytes and does not split a character. */
Str text_cut(Str text, size_t most_bytes);

/* Adds the text with & < > " ' escaped: fit for HTML between tags and in quoted attributes. */
void text_html(Buf *buf, Str text);

/* A copy with ASCII letters small; other bytes as they are. */
Str text_lower(Arena *arena, Str text);
