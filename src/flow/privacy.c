/* privacy.c - see privacy.h. */
#include "flow/privacy.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/id.h"
#include "flow/customer.h"
#include "flow/event.h"

static const char *const kinds[] = {"export", "erase", "erase_shop"};

static Str
orders_json(Arena *arena, const PrivacyAsk *ask)
{
    if (!ask->order_count)
        return (Str){0};
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_array(&out);
    for (size_t i = 0; i < ask->order_count; i++)
        json_put_text(&out, ask->orders[i]);
    json_put_end(&out);
    json_put_done(&out);
    return buf_str(&buf);
}

void
privacy_prepare(Arena *arena, const PrivacyAsk *told, PrivacyNews *ret)
{
    *ret = (PrivacyNews){
        .ask = *told,
        .email_key = customer_email_key(arena, text_line(arena, told->email, LIMIT_TEXT_BYTES)),
        .orders = orders_json(arena, told),
    };
    ret->ask.phone = text_line(arena, told->phone, LIMIT_TEXT_BYTES);
    ret->name = told->foreign_id.len            ? told->foreign_id
                : told->customer_foreign_id.len ? told->customer_foreign_id
                                                : ret->email_key;
}

bool
privacy_learn(const Learn *learn, const PrivacyNews *news, Learned *ret, GError **error)
{
    const PrivacyAsk *ask = &news->ask;
    int64_t id = id_new(KIND_PRIVACY_ASK), added = 0;
    int64_t due_at = learn->at + (int64_t)PRIVACY_DUE_DAYS * 24 * 60 * 60 * 1000;
    if (!db_run(learn->db, Q_privacy_append,
                BINDS(bind_int("id", id), bind_int("shop", learn->shop), bind_int("at", learn->at),
                      bind_id("cause", learn->cause), bind_cstr("kind", kinds[ask->kind]),
                      bind_text("source", learn->source), bind_text("foreign_id", news->name),
                      bind_some("customer_foreign_id", ask->customer_foreign_id),
                      bind_some("email", news->email_key), bind_some("phone", ask->phone),
                      bind_some("orders", news->orders), bind_int("due_at", due_at)),
                &added, error))
        return false;
    *ret = added ? LEARNED_NEW : LEARNED_SAME;
    EventNew event = {
        .kind = EVENT_PRIVACY_ASKED,
        .happened_at = learn->at,
        .subject_id = id,
    };
    return !added || event_append(learn, &event, error);
}
