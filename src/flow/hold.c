/* hold.c - see hold.h. */
#include "flow/hold.h"

#include "flow/installation.h"

bool
hold_since(Db *db, int64_t *ret, GError **error)
{
    *ret = 0;
    return db_int(db, Q_hold_since, NULL, ret, error);
}

bool
hold_begin(Db *db, int64_t at, GError **error)
{
    return installation_note(db, "hold", at, "restored", error);
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
