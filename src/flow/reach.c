/* reach.c - see reach.h. */
#include "flow/reach.h"

static bool
owned_by_stranger(Db *db, int64_t shop, bool *ret, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_reach_stranger, BINDS(bind_int("shop", shop)), error);
    if (!rows)
        return false;
    *ret = rows_next(rows);
    return rows_ok(rows, error);
}

bool
reach_of(Store *store, const NetRule *net, int64_t shop, NetRule *ret, GError **error)
{
    bool stranger = true;
    if (net->scope == NET_PUBLIC && net->here == NET_HERE_AUTO) {
        Db *db = store_reader(store, error);
        bool ok = db && owned_by_stranger(db, shop, &stranger, error);
        if (db)
            store_reader_return(store, db);
        if (!ok)
            return false;
    }
    *ret = *net;
    if (net->here == NET_HERE_AUTO)
        ret->here = stranger ? NET_HERE_NO : NET_HERE_YES;
    return true;
}
