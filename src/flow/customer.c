/* customer.c - who buys; see customer.h. */
#include "flow/customer.h"

#include "engine/clock.h"
#include "engine/id.h"

static bool
customer_known(Db *db, int64_t shop, Str source, Str foreign_id, int64_t *ret_id,
               int64_t *ret_version, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_customer_known,
                                   BINDS(bind_int("shop", shop), bind_text("source", source),
                                         bind_text("foreign_id", foreign_id)),
                                   error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        *ret_id = rows_int(rows, 0);
        *ret_version = rows_int(rows, 1);
    }
    return rows_ok(rows, error);
}

bool
customer_learn(Db *db, int64_t shop, int64_t cause, Str source, const Customer *told, int64_t *ret,
               GError **error)
{
    bool guest = !told->foreign_id.len;
    Str foreign_id = guest ? told->guest_key : told->foreign_id;
    Str from = guest ? STR("guest") : source;
    int64_t id = 0, version = 0;
    *ret = 0;
    if (!foreign_id.len)
        return true;
    if (!customer_known(db, shop, from, foreign_id, &id, &version, error))
        return false;
    if (id) {
        *ret = id;
        if (told->updated_at <= version)
            return true;
        return db_run(db, Q_customer_update,
                      BINDS(bind_some("email", told->email), bind_some("phone", told->phone),
                            bind_some("first_name", told->first_name),
                            bind_some("last_name", told->last_name),
                            bind_some("locale", told->locale),
                            bind_int("updated_at", told->updated_at), bind_int("shop", shop),
                            bind_int("id", id)),
                      NULL, error);
    }
    *ret = id_new(KIND_CUSTOMER);
    return db_run(db, Q_customer_append,
                  BINDS(bind_int("id", *ret), bind_int("shop", shop), bind_int("at", clock_now()),
                        bind_id("cause", cause), bind_text("source", from),
                        bind_text("foreign_id", foreign_id), bind_some("email", told->email),
                        bind_some("phone", told->phone), bind_some("first_name", told->first_name),
                        bind_some("last_name", told->last_name), bind_some("locale", told->locale),
                        bind_int("updated_at", told->updated_at)),
                  NULL, error);
}

bool
customer_load(Db *db, Arena *arena, int64_t shop, int64_t id, Customer *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_customer_get, BINDS(bind_int("shop", shop), bind_int("id", id)), error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        ret->email = arena_copy(arena, rows_text(rows, 0));
        ret->phone = arena_copy(arena, rows_text(rows, 1));
        ret->first_name = arena_copy(arena, rows_text(rows, 2));
        ret->last_name = arena_copy(arena, rows_text(rows, 3));
        ret->locale = arena_copy(arena, rows_text(rows, 4));
    }
    return rows_ok(rows, error);
}
