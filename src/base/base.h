/* base.h - C made comfortable: what every file of the tree may rely on.
 *
 * Five things, each small:
 *   must()   our own bug: the worker dies with a crash report and the parent starts it again
 *   GError   the world's failure: one line to raise, codes are rows of errors.def
 *   Str      bytes with a length, borrowed, never NUL-terminated by promise
 *   Arena    memory of one request, job or template: allocate, never free, drop it whole
 *   Buf      bytes that grow, in an arena
 *
 * The signature tells the owner of memory: a function that takes an Arena gives you something
 * that lives in it; a _new gives you something of your own (g_autoptr); any other pointer is
 * borrowed and const.
 *
 * Base knows no shop, no socket and no database, and keeps no state.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- our own bugs ---------------------------------------------------------------------- */

/* Asserts what only our own mistake can break. Kept in release builds. Never for input. */
#define must(truth) ((truth) ? (void)0 : must_fail(#truth, __FILE__, __LINE__, __func__))

G_NORETURN void must_fail(const char *truth, const char *file, int line, const char *function);

/* ---- the world's failures --------------------------------------------------------------- */

/* The codes: errors.def holds for each a slug, an HTTP status, whether trying again can help, and
 * what the shop's owner should do. */
typedef enum ErrorCode {
#define ROW(code, slug, http, again, cure) code,
#include "base/errors.def"
#undef ROW
    ERR_COUNT
} ErrorCode;

typedef struct ErrorRow {
    const char *slug; /* for machines: logs, JSON, tests */
    int http;         /* the status when it ends a web request */
    bool again;       /* trying again later can succeed without anybody's help */
    const char *cure; /* one sentence for the shop's owner */
} ErrorRow;

#define POSTLUDE_ERROR (postlude_error_quark())
GQuark postlude_error_quark(void);

/* The row of a code. An error of another domain (GLib's) counts as ERR_INTERNAL. */
const ErrorRow *error_row(const GError *error);
bool error_is(const GError *error, ErrorCode code);

/* Raises: fills *error (which may be NULL) and returns false, so that a failure is one line. The
 * message says what happened, to what; the cure is in the row. */
bool fail(GError **error, ErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Going up: puts "WHAT: " before the message, for what only the caller knows. Returns false. */
bool fail_at(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- bytes ------------------------------------------------------------------------------ */

typedef struct Str {
    const char *at; /* may be NULL only when len is 0 */
    size_t len;     /* bytes */
} Str;

#define STR(literal)    ((Str){"" literal, sizeof(literal) - 1})
#define STR_FMT         "%.*s"
#define STR_ARG(string) (int)(string).len, (string).at ? (string).at : ""

Str str_of(const char *text); /* NULL gives the empty Str */
bool str_eq(Str left, Str right);
bool str_is(Str left, const char *right);
bool str_eq_nocase(Str left, const char *right); /* ASCII letters only */
bool str_starts(Str text, const char *prefix);
bool str_ends(Str text, const char *suffix);
Str str_trim(Str text); /* ASCII white space at both ends */
Str str_sub(Str text, size_t from, size_t len);
bool str_find(Str text, Str needle, size_t *ret_at);

/* Takes the part before the separator and moves *rest behind it; the last part takes all. False
 * when *rest was already used up (its at is NULL). */
bool str_split(Str *rest, char separator, Str *ret_part);

/* ---- memory ----------------------------------------------------------------------------- */

typedef struct Arena Arena;

/* limit_bytes bounds what the arena should hand out. Over it, allocation still works (so that no
 * caller has to check), but arena_over() turns true: whoever loops over somebody else's input
 * asks it once a turn and fails with ERR_TOO_BIG. Inputs are bounded by base/limits.h, so the
 * overshoot is small. */
Arena *arena_new(size_t limit_bytes);
void arena_free(Arena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Arena, arena_free)

/* Forgets everything and keeps one chunk, for the next job. */
void arena_reset(Arena *arena);
bool arena_over(const Arena *arena);
size_t arena_used_bytes(const Arena *arena);

/* Bytes handed out are zeroed and aligned for any type. Never NULL. */
void *arena_alloc(Arena *arena, size_t bytes) G_GNUC_MALLOC G_GNUC_ALLOC_SIZE(2);
/* For bytes that are written at once: not zeroed, alignment 1. */
char *arena_bytes(Arena *arena, size_t bytes) G_GNUC_MALLOC;

Str arena_copy(Arena *arena, Str text);   /* the copy is NUL-terminated behind its len */
char *arena_cstr(Arena *arena, Str text); /* NUL-terminated copy */
char *arena_format(Arena *arena, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define arena_new_of(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

/* ---- bytes that grow --------------------------------------------------------------------- */

/* {.arena = a} is an empty one. Growing leaves the old bytes in the arena: start with a good guess
 * (buf_reserve) where much is written. */
typedef struct Buf {
    Arena *arena;
    char *at;
    size_t len;
    size_t room;
} Buf;

void buf_reserve(Buf *buf, size_t more_bytes);
void buf_add(Buf *buf, const char *bytes, size_t len);
void buf_add_str(Buf *buf, Str text);
void buf_add_cstr(Buf *buf, const char *text);
void buf_add_char(Buf *buf, char byte);
void buf_add_int(Buf *buf, int64_t number);
void buf_format(Buf *buf, const char *format, ...) G_GNUC_PRINTF(2, 3);
Str buf_str(const Buf *buf); /* borrowed, valid until the next add */
char *buf_cstr(Buf *buf);    /* the same, NUL-terminated */
