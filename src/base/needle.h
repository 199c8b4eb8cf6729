/* needle.h - does a body name somebody, however it is spelled?
 *
 * The same address stands in bodies from outside as ana@example.com, ana\u0040example.com (JSON), ana%40example.com
 * (forms), ana=40example.com and broken over lines (quoted-printable), ana&#64;example.com (HTML), in base64 (parts of
 * mails), and in these within each other: a form that holds JSON that holds a mail. Decoding first would have to know
 * which it is; "=40" is an escape in a mail and a value in an address of the web. So all readings are followed at once:
 *
 *     a n a \ u 0 0 4 0 e x ...         each place has one way on for each reading of the character that begins there,
 *     o-o-o-o-o-o-o-o-o-o-o             and an automaton (Aho and Corasick, 1975, doi:10.1145/360825.360855) walks all
 *           `-----------'@              ways in one pass, with a set of states for each place
 *
 * Time is linear in the body: a character's spelling has at most NEEDLE_SPAN bytes, a place at most NEEDLE_PATHS states,
 * and what is decoded from base64 (in all four alignments, since a run may begin with what is none) is at most three
 * times the text it stood in, NEEDLE_LEVELS times over.
 *
 * Letters are the same small and large (ASCII). Numbers are found whole: 123456 is not in 9123456 nor in 1234567.
 *
 * Sources: RFC 8259 section 7, RFC 3986 section 2.1, RFC 2045 sections 6.7 and 6.8, HTML Living Standard 13.2.5.72.
 */
#pragma once

#include "base/base.h"

enum {
    NEEDLE_SPAN = 64,   /* bytes; \u0040 with each of its characters percent-encoded twice has 30 */
    NEEDLE_DEPTH = 3,   /* an escape in an escape in an escape */
    NEEDLE_PATHS = 8,   /* readings of one place that are followed on */
    NEEDLE_LEVELS = 2,  /* base64 in base64: a mail handed on as such, with a part that is */
    NEEDLE_LEAST = 6,   /* bytes; a shorter id stands in everybody's bodies */
    NEEDLE_MOST = 1024, /* bytes of one needle; a longer one is looked for by its beginning */
};

typedef struct Needles Needles;

/* Yours. Copies the texts; those shorter than NEEDLE_LEAST are left out. Immutable: for any thread. */
Needles *needles_new(const Str *texts, size_t count);
void needles_free(Needles *needles);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Needles, needles_free)

/* Does one of them stand in the body? */
bool needles_found(const Needles *needles, Str body);
