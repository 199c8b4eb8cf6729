/* gone.c - see gone.h. */
#include "flow/gone.h"

static const char *const nouns[] = {
    [GONE_ORDER] = "order",
    [GONE_CUSTOMER] = "customer",
    [GONE_PRODUCT] = "product",
    [GONE_COUPON] = "coupon",
};

static const char *
noun_slug(int noun)
{
    must(noun >= 0 && (size_t)noun < G_N_ELEMENTS(nouns));
    return nouns[noun];
}

bool
gone_remember(const Learn *learn, int noun, Str foreign_id, int64_t gone_at, Learned *ret,
              GError **error)
{
    int64_t changed = 0;
    if (!db_run(learn->db, Q_gone_append,
                BINDS(bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_cstr("noun", noun_slug(noun)), bind_text("foreign_id", foreign_id),
                      bind_int("gone_at", gone_at ? gone_at : learn->at)),
                &changed, error))
        return false;
    *ret = changed ? LEARNED_NEW : LEARNED_SAME;
    return true;
}

bool
gone_recall(const Learn *learn, int noun, Str foreign_id, int64_t version, int64_t *ret,
            GError **error)
{
    Bind shop = bind_int("shop", learn->shop), source = bind_text("source", learn->source);
    Bind kind = bind_cstr("noun", noun_slug(noun)), foreign = bind_text("foreign_id", foreign_id);
    int64_t gone_at = 0;
    if (!db_int(learn->db, Q_gone_known, BINDS(shop, source, kind, foreign), &gone_at, error))
        return false;
    *ret = gone_at >= version ? gone_at : 0;
    return !gone_at ||
           db_run(learn->db, Q_gone_drop, BINDS(shop, source, kind, foreign), NULL, error);
}
