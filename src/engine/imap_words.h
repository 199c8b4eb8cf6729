/* imap_words.h - what IMAP's lines mean, and how folder names are written in them. Pure.
 *
 * Part of the IMAP room. Sources: RFC 9051, RFC 3501 5.1.3 and 9 (quoted strings, modified UTF-7).
 */
#pragma once

#include "base/base.h"

/* A number behind a word in a line, "* OK [UIDNEXT 4392] x" for "[UIDNEXT "; false when it is not
 * there or over 32 bits. Words are found in any case, and only outside of quotes. */
bool imap_number(Str line, const char *word, uint32_t *ret);

/* "* 172 EXISTS": the number; untouched, and false, for any other line. */
bool imap_exists(Str line, uint32_t *ret);

/* "* SEARCH 2 84 882": what stands behind the word. */
bool imap_search(Str line, Str *ret_numbers);

/* Takes the next number; false at the end or at what is none. */
bool imap_number_take(Str *rest, uint32_t *ret);

/* Adds the name of a folder as IMAP writes it: UTF-8 becomes modified UTF-7. Fails with ERR_CONFIG
 * on control characters and broken UTF-8. */
bool imap_folder_add(Buf *buf, Str name, GError **error);

/* Adds a quoted string. */
void imap_quote(Buf *buf, Str text);
