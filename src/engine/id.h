/* id.h - names for rows: 63 bits that sort by time and say what they name.
 *
 *   41 bits  ms since 2020-01-01 UTC (enough until 2089)
 *    6 bits  kind, see kinds.def: a `cause` therefore names its table
 *    6 bits  worker, 0 on SQLite, leased where several share a store
 *   10 bits  counter within the ms
 *
 * Never backwards: when the clock jumps back, or more than 1,024 ids of a kind fall into one ms, ids
 * run ahead of the clock instead. id_floor() carries that over a restart.
 *
 * Printed as prefix, underscore, Crockford base 32 in lower case: or_0c4k8q3vjg2t0. In JSON always
 * a string, since JavaScript rounds above 2^53.
 */
#pragma once

#include "base/base.h"

typedef enum IdKind {
#define ROW(kind, number, prefix, table) kind = number,
#include "engine/kinds.def"
#undef ROW
    KIND_MOST = 63
} IdKind;

int64_t id_new(IdKind kind);

/* From now on ids of this kind are greater than id. Called at start with the greatest stored one. */
void id_floor(int64_t id);

IdKind id_kind(int64_t id);        /* 0 for an id that names nothing we know */
const char *id_table(IdKind kind); /* NULL for an unknown kind */
int64_t id_at(int64_t id);         /* ms UTC of its making */
int64_t id_least(int64_t at);      /* below every id made then or later: for ranges by time */

/* Writes at most ID_TEXT_BYTES, NUL included, and returns text. */
enum { ID_TEXT_BYTES = 24 };
const char *id_format(int64_t id, char text[static ID_TEXT_BYTES]);

/* Reads the printed form, or plain decimal. False if it is neither. */
bool id_parse(Str text, int64_t *ret);
