/* hold.h - after a restore nothing leaves until somebody says so: meanwhile the world went on, and what the copy thinks
 * is due may have been sent long ago.
 */
#pragma once

#include "engine/store.h"

/* Since when nothing leaves; 0: mail flows. */
bool hold_since(Db *db, int64_t *ret, GError **error);

/* On the writer. */
bool hold_begin(Db *db, int64_t at, GError **error);

/* Messages that were due before the hold began: somebody has to say what becomes of them. */
bool hold_overdue(Db *db, int64_t *ret, GError **error);

/* On the writer: lets mail flow again. drop: what was due before is excluded as expired. */
bool hold_release(Db *db, bool drop, int64_t *ret_dropped, GError **error);
