/* refund.c - see refund.h. */
#include "flow/refund.h"

#include "base/limits.h"
#include "base/text.h"
#include "engine/id.h"
#include "flow/early.h"
#include "flow/event.h"
#include "flow/order.h"

Refund
refund_clean(Arena *arena, const Refund *told)
{
    Refund refund = *told;
    refund.note = text_line(arena, told->note, LIMIT_TEXT_BYTES);
    return refund;
}

static bool
lines_append(const Learn *learn, const Refund *refund, int64_t id, GError **error)
{
    for (size_t i = 0; i < refund->line_count; i++) {
        const RefundLine *line = &refund->lines[i];
        if (!db_run(learn->db, Q_refund_line_append,
                    BINDS(bind_int("id", id_new(KIND_REFUND_LINE)), bind_int("shop", learn->shop),
                          bind_int("refund_id", id), bind_int("position", (int64_t)i),
                          bind_text("line_foreign_id", line->line_foreign_id),
                          bind_int("quantity", line->quantity), bind_int("amount", line->amount)),
                    NULL, error))
            return false;
    }
    return true;
}

static bool
refund_append(const Learn *learn, const Refund *refund, const OrderRef *order, Learned *ret,
              GError **error)
{
    int64_t id = id_new(KIND_REFUND), added = 0;
    int64_t at = refund->refunded_at ? refund->refunded_at : learn->at;
    if (!db_run(learn->db, Q_refund_append,
                BINDS(bind_int("id", id), bind_int("shop", learn->shop), bind_int("at", learn->at),
                      bind_id("cause", learn->cause), bind_text("source", learn->source),
                      bind_text("foreign_id", refund->foreign_id), bind_int("order_id", order->id),
                      bind_text("currency", refund->currency), bind_int("amount", refund->amount),
                      bind_int("refunded_at", at), bind_some("note", refund->note)),
                &added, error))
        return false;
    *ret = added ? LEARNED_NEW : LEARNED_SAME;
    if (!added)
        return true;
    EventNew event = {
        .kind = EVENT_REFUND_MADE,
        .happened_at = at,
        .order_id = order->id,
        .customer_id = order->customer_id,
        .subject_id = id,
    };
    /* Goods that are taken back without money are no news to the buyer. */
    return lines_append(learn, refund, id, error) &&
           (!refund->amount || event_append(learn, &event, error));
}

bool
refund_learn(const Learn *learn, const Refund *refund, Learned *ret, GError **error)
{
    OrderRef order = {0};
    if (!order_find(learn, refund->order_foreign_id, &order, error))
        return false;
    if (order.erased) {
        *ret = LEARNED_ERASED;
        return true;
    }
    if (order.id)
        return refund_append(learn, refund, &order, ret, error);
    *ret = LEARNED_EARLY;
    return early_wait(learn, EARLY_ORDER, refund->order_foreign_id, error);
}

bool
refund_load(Db *db, Arena *arena, int64_t shop, int64_t id, Refund *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_refund_get, BINDS(bind_int("shop", shop), bind_int("id", id)), error);
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error) && fail(error, ERR_NOT_FOUND, "there is no such refund");
    *ret = (Refund){
        .foreign_id = arena_copy(arena, rows_text(rows, 0)),
        .currency = arena_copy(arena, rows_text(rows, 1)),
        .amount = rows_int(rows, 2),
        .refunded_at = rows_int(rows, 3),
        .note = arena_copy(arena, rows_text(rows, 4)),
    };
    return true;
}

bool
refund_with_cancellation(Db *db, int64_t shop, int64_t id, bool *ret, GError **error)
{
    int64_t found = 0;
    bool ok = db_int(db, Q_refund_with_cancellation,
                     BINDS(bind_int("shop", shop), bind_int("id", id)), &found, error);
    *ret = found > 0;
    return ok;
}
