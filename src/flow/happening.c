/* happening.c - see happening.h. */
#include "flow/happening.h"

#include "base/limits.h"
#include "base/text.h"
#include "engine/id.h"
#include "flow/customer.h"
#include "flow/early.h"
#include "flow/order.h"

Happening
happening_clean(Arena *arena, const Happening *told)
{
    Happening happening = *told;
    happening.kind = text_line(arena, told->kind, LIMIT_TEXT_BYTES);
    happening.email = text_lower(arena, customer_email_clean(arena, told->email));
    return happening;
}

static bool
happening_append(const Learn *learn, const Happening *happening, int64_t position,
                 const OrderRef *order, GError **error)
{
    int64_t id = id_new(KIND_EVENT), customer = 0;
    if (!db_int(learn->db, Q_happening_customer,
                BINDS(bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_text("foreign_id", happening->customer_foreign_id),
                      bind_text("email_key", happening->email)),
                &customer, error))
        return false;
    bool known = customer || (order->customer_id && !happening->email.len &&
                              !happening->customer_foreign_id.len);
    if (!customer && known)
        customer = order->customer_id;
    return db_run(learn->db, Q_happening_event,
                  BINDS(bind_int("id", id), bind_int("shop", learn->shop),
                        bind_int("at", learn->at), bind_id("cause", learn->cause),
                        bind_text("kind", happening->kind),
                        bind_int("happened_at", happening->happened_at),
                        bind_id("order_id", order->id), bind_id("customer_id", customer),
                        bind_cstr("state", learn->history ? "history" : "done")),
                  NULL, error) &&
           db_run(learn->db, Q_happening_append,
                  BINDS(bind_int("id", id), bind_int("shop", learn->shop),
                        bind_int("position", position),
                        bind_some("email", known ? STR("") : happening->email),
                        bind_some("properties", happening->properties)),
                  NULL, error);
}

bool
happening_learn(const Learn *learn, const Happening *happening, int64_t position, Learned *ret,
                GError **error)
{
    OrderRef order = {0};
    int64_t known = 0;
    *ret = LEARNED_SAME;
    if (id_kind(learn->cause) == KIND_INBOX &&
        !db_int(learn->db, Q_happening_known,
                BINDS(bind_int("shop", learn->shop), bind_int("cause", learn->cause),
                      bind_int("position", position)),
                &known, error))
        return false;
    if (known)
        return true;
    if (happening->order_foreign_id.len) {
        if (!order_find(learn, happening->order_foreign_id, &order, error))
            return false;
        if (!order.id) {
            *ret = LEARNED_EARLY;
            return early_wait(learn, EARLY_ORDER, happening->order_foreign_id, error);
        }
        if (order.erased) {
            *ret = LEARNED_ERASED;
            return true;
        }
    }
    *ret = LEARNED_NEW;
    return happening_append(learn, happening, position, &order, error);
}
