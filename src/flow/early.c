/* early.c - see early.h. */
#include "flow/early.h"

#include "engine/id.h"

static const char *const nouns[] = {"order", "shipment", "customer", "product"};

bool
early_wait(const Learn *learn, EarlyNoun noun, Str foreign_id, GError **error)
{
    if (id_kind(learn->cause) != KIND_INBOX)
        return true; /* an import names its rejects itself */
    return db_run(learn->db, Q_early_append,
                  BINDS(bind_int("shop", learn->shop), bind_text("source", learn->source),
                        bind_cstr("noun", nouns[noun]), bind_text("foreign_id", foreign_id),
                        bind_int("inbox_id", learn->cause)),
                  NULL, error);
}

bool
early_wake(const Learn *learn, EarlyNoun noun, Str foreign_id, GError **error)
{
    Bind shop = bind_int("shop", learn->shop), source = bind_text("source", learn->source);
    Bind kind = bind_cstr("noun", nouns[noun]), foreign = bind_text("foreign_id", foreign_id);
    int64_t woken = 0;
    if (!db_run(learn->db, Q_early_wake, BINDS(shop, source, kind, foreign), &woken, error))
        return false;
    return !woken ||
           db_run(learn->db, Q_early_drop, BINDS(shop, source, kind, foreign), NULL, error);
}
