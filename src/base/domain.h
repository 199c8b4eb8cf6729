/* domain.h - host names as they go over the wire: small ASCII letters, other scripts as punycode.
 *
 * By the rules of today (IDNA 2008), which matters for two letters: sharp s and final sigma are
 * letters of their own; by the rules of 2003, which GLib knows, they become ss and sigma, and
 * that is another owner's domain. The two invisible joiners would need the rules of each script:
 * a name with one of them is refused rather than guessed, and can be given in its xn-- form.
 *
 * Sources: RFC 1035 2.3 and RFC 1123 2.1 (names), RFC 5890 to 5892 (IDNA 2008), RFC 3492
 * (punycode), Unicode UTS #46 section 6 (deviations).
 */
#pragma once

#include "base/base.h"

enum { DOMAIN_BYTES_MOST = 253 };

/* Labels of letters, digits and hyphens with dots between them, the last label not a number; the
 * result lives in the arena, NUL-terminated. Fails with ERR_INPUT. */
bool domain_parse(Arena *arena, Str text, Str *ret, GError **error);

/* One ASCII label: letters, digits, hyphens inside, 1 to 63. */
bool domain_label_valid(Str label);
