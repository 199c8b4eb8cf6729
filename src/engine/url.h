/* url.h - percent-encoding and query strings (RFC 3986; application/x-www-form-urlencoded as in the
 * WHATWG URL standard, section 5).
 *
 * Decoded text is what the rest of the program may trust: valid UTF-8 without NUL. A broken escape
 * ("%4", "%zz"), a NUL or bytes that are not UTF-8 fail; nothing is guessed, because what one
 * program repairs and the next one does not is how checks are passed by.
 */
#pragma once

#include "base/base.h"

/* Decodes one part of a path (plus_is_space false) or of a query or form (true: '+' is a space).
 * Without anything to decode *ret borrows from text; its at is never NULL. False: see above. */
bool url_decode(Arena *arena, Str text, bool plus_is_space, Str *ret);

/* Appends text so that it can stand as one part of a path or query: all but letters, digits and
 * -._~ become %XX. */
void url_encode(Buf *buf, Str text);

/* Takes the next "name=value" of a query or form, decoded, and moves *rest behind it; empty parts
 * ("&&") are passed over. False at the end, or on a pair that cannot be decoded: then *error
 * (ERR_INPUT) is set. */
bool url_pair(Arena *arena, Str *rest, Str *ret_name, Str *ret_value, GError **error);

/* The first value of that name. False if there is none or it cannot be decoded. */
bool url_query(Arena *arena, Str query, const char *name, Str *ret);
