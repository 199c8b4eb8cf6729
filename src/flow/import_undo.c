/* import_undo.c - an import taken back: what it told first, and nobody else touched since; see import.h.
 *
 * Turn by turn, each a transaction of its own: killed in the middle, the same command goes on, since what is gone is not
 * found again. An order for which a mail was written stays, or nobody could explain that mail.
 */
#include "engine/clock.h"
#include "flow/import_inside.h"

enum { UNDO_ROWS = 256 };

/* Ids made in the ms of the import or later: all that it can have made. A kind's number stands behind the ms in an id, so
 * that one of the same ms may be the smaller. */
static int64_t
undo_from(const ImportUndo *undo)
{
    return (undo->id >> 22 << 22) - 1;
}

typedef struct Found {
    int64_t id;
    bool needed;  /* by something that stays */
    bool touched; /* by somebody else */
} Found;

static bool
undo_find(ImportUndo *undo, Db *db, Query query, Found list[UNDO_ROWS], size_t *ret_count,
          GError **error)
{
    *ret_count = 0;
    g_autoptr(Rows) rows =
        db_rows(db, query,
                BINDS(bind_int("versions", undo->versions), bind_int("shop", undo->shop),
                      bind_int("after", undo->after), bind_int("cause", undo->id),
                      bind_int("limit", UNDO_ROWS)),
                error);
    if (!rows)
        return false;
    while (*ret_count < UNDO_ROWS && rows_next(rows))
        list[(*ret_count)++] =
            (Found){rows_int(rows, 0), rows_int(rows, 1) != 0, rows_int(rows, 2) != 0};
    return rows_ok(rows, error);
}

static bool
order_drop(const ImportUndo *undo, Db *db, int64_t order, GError **error)
{
    static const Query parts[] = {
        Q_import_order_lines_drop,
        Q_import_order_parcels_drop,
        Q_import_order_shipment_lines_drop,
        Q_import_order_scans_drop,
        Q_import_order_shipments_drop,
        Q_import_order_refund_lines_drop,
        Q_import_order_refunds_drop,
        Q_import_order_events_drop,
        Q_import_order_drop,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!db_run(db, parts[i], BINDS(bind_int("shop", undo->shop), bind_int("order_id", order)),
                    NULL, error))
            return false;
    return true;
}

static bool
customer_drop(const ImportUndo *undo, Db *db, int64_t customer, GError **error)
{
    static const Query parts[] = {Q_import_customer_unmerge, Q_import_customer_merges_drop,
                                  Q_import_customer_drop};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!db_run(db, parts[i], BINDS(bind_int("shop", undo->shop), bind_int("id", customer)),
                    NULL, error))
            return false;
    return true;
}

/* One turn over orders or customers. */
static bool
walk(ImportUndo *undo, Db *db, bool orders, GError **error)
{
    Found list[UNDO_ROWS];
    size_t count;
    int noun = orders ? 0 : 1;
    int64_t until = clock_monotonic() + undo->budget_ms;
    if (!undo_find(undo, db, orders ? Q_import_orders : Q_import_customers, list, &count, error))
        return false;
    undo->more = count == UNDO_ROWS;
    for (size_t i = 0; i < count; i++) {
        bool stays = list[i].needed || list[i].touched;
        if (!stays && !(orders ? order_drop : customer_drop)(undo, db, list[i].id, error))
            return false;
        undo->after = list[i].id;
        undo->undone[noun] += !stays;
        undo->left[noun] += stays;
        undo->left_mailed += orders && list[i].needed;
        if (clock_monotonic() > until && i + 1 < count) {
            undo->more = true;
            return true;
        }
    }
    return true;
}

static bool
walk_orders(Db *db, void *arg, GError **error)
{
    return walk(arg, db, true, error);
}

static bool
walk_customers(Db *db, void *arg, GError **error)
{
    return walk(arg, db, false, error);
}

/* What is found by one statement each. */
static bool
drop_rest(Db *db, void *arg, GError **error)
{
    ImportUndo *undo = arg;
    const Bind shop = bind_int("shop", undo->shop), from = bind_int("from", undo_from(undo)),
               cause = bind_int("cause", undo->id);
    static const Query parts[] = {Q_import_products_drop, Q_import_consents_drop,
                                  Q_import_suppressions_drop};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!db_run(db, parts[i], BINDS(shop, from, cause), &undo->undone[2 + i], error))
            return false;
    return db_int(db, Q_import_products_left, BINDS(shop, from, cause), &undo->left[2], error) &&
           db_run(db, Q_import_companies_drop, BINDS(shop, from, cause), NULL, error) &&
           db_run(db, Q_import_events_drop, BINDS(shop, cause), NULL, error) &&
           db_run(db, Q_import_undo_end,
                  BINDS(bind_int("at", clock_now()), shop, bind_int("id", undo->id)), NULL, error);
}

static bool
undo_begin(Db *db, void *arg, GError **error)
{
    ImportUndo *undo = arg;
    return db_run(db, Q_import_undo_begin,
                  BINDS(bind_int("shop", undo->shop), bind_int("id", undo->id)), NULL, error);
}

bool
import_undo(ImportUndo *undo, bool (*go_on)(void *arg), void *arg, GError **error)
{
    bool (*const walks[])(Db * db, void *arg, GError **error) = {walk_orders, walk_customers};
    if (!store_write(undo->store, STORE_BULK, undo_begin, undo, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(walks); i++) {
        undo->after = undo_from(undo);
        do {
            if (!go_on(arg) || !store_write(undo->store, STORE_BULK, walks[i], undo, error))
                return false;
        } while (undo->more);
    }
    return store_write(undo->store, STORE_BULK, drop_rest, undo, error);
}
