/* hold.c - see hold.h. */
#include "flow/hold.h"

#include "engine/clock.h"

bool
hold_since(Db *db, int64_t *ret, GError **error)
{
    *ret = 0;
    return db_int(db, Q_hold_since, NULL, ret, error);
}

static bool
note(Db *db, const char *key, int64_t at, const char *value, GError **error)
{
    return db_run(db, Q_installation_note,
                  BINDS(bind_cstr("key", key), bind_int("at", at), bind_cstr("value", value)), NULL,
                  error);
}

bool
hold_begin(Db *db, int64_t at, GError **error)
{
    return note(db, "hold", at, "restored", error);
}

bool
hold_overdue(Db *db, int64_t *ret, GError **error)
{
    int64_t since = 0;
    *ret = 0;
    return hold_since(db, &since, error) &&
           db_int(db, Q_hold_overdue, BINDS(bind_int("since", since)), ret, error);
}

bool
hold_release(Db *db, bool drop, int64_t *ret_dropped, GError **error)
{
    int64_t since = 0;
    *ret_dropped = 0;
    if (!hold_since(db, &since, error))
        return false;
    if (drop && !db_run(db, Q_hold_drop, BINDS(bind_int("since", since)), ret_dropped, error))
        return false;
    return db_run(db, Q_hold_end, NULL, NULL, error);
}

bool
hold_fingerprint(Db *db, Arena *arena, Str *ret, GError **error)
{
    *ret = (Str){0};
    g_autoptr(Rows) rows = db_rows(db, Q_installation_key, NULL, error);
    if (rows && rows_next(rows))
        *ret = arena_copy(arena, rows_text(rows, 0));
    return rows && rows_ok(rows, error);
}

bool
hold_note_fingerprint(Db *db, const char *fingerprint, GError **error)
{
    return note(db, "key_fingerprint", clock_now(), fingerprint, error);
}
