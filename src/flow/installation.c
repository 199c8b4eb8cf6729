/* installation.c - see installation.h. */
#include "flow/installation.h"

#include "engine/clock.h"

bool
installation_note(Db *db, const char *key, int64_t at, const char *value, GError **error)
{
    return db_run(db, Q_installation_note,
                  BINDS(bind_cstr("key", key), bind_int("at", at), bind_cstr("value", value)), NULL,
                  error);
}

bool
installation_key(Db *db, Arena *arena, Str *ret, GError **error)
{
    *ret = (Str){0};
    g_autoptr(Rows) rows = db_rows(db, Q_installation_key, NULL, error);
    if (rows && rows_next(rows))
        *ret = arena_copy(arena, rows_text(rows, 0));
    return rows && rows_ok(rows, error);
}

bool
installation_note_key(Db *db, const char *fingerprint, GError **error)
{
    return installation_note(db, "key_fingerprint", clock_now(), fingerprint, error);
}
