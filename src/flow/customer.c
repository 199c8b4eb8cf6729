/* customer.c - who buys; see customer.h. */
#include "flow/customer.h"

#include "base/address.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "flow/company.h"
#include "flow/early.h"
#include "flow/erase.h"
#include "flow/event.h"
#include "flow/gone.h"
#include "flow/merge.h"
#include "flow/postal.h"

#include <string.h>

/* ---- preparing -------------------------------------------------------------------------------------- */

Str
customer_email_clean(Arena *arena, Str email)
{
    Address address;
    if (!email.len || !address_parse_spec(arena, email, &address, NULL))
        return text_line(arena, email, LIMIT_TEXT_BYTES);
    return address.spec;
}

Str
customer_email_key(Arena *arena, Str email)
{
    Address address;
    return email.len && address_parse_spec(arena, email, &address, NULL)
               ? address_key(arena, &address)
               : text_lower(arena, email);
}

void
customer_prepare(Arena *arena, const Customer *told, CustomerNews *ret)
{
    Customer customer = *told;
    Str *const lines[] = {&customer.phone,   &customer.first_name, &customer.last_name,
                          &customer.locale,  &customer.zone,       &customer.channel,
                          &customer.company, &customer.tags};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        *lines[i] = text_line(arena, *lines[i], LIMIT_TEXT_BYTES);
    customer.email = customer_email_clean(arena, told->email);
    customer.note = text_block(arena, told->note, LIMIT_TEXT_BYTES);
    Str key = customer_email_key(arena, customer.email);
    customer.guest_key = key;
    *ret = (CustomerNews){
        .customer = customer,
        .email_key = key,
        .company_key = text_lower(arena, customer.company),
        .addresses = postal_list_json(arena, customer.addresses, customer.address_count),
    };
}

/* ---- learning ------------------------------------------------------------------------------------------ */

typedef struct Knowing {
    CustomerRef ref;
    int64_t version;
    bool erased; /* nothing is learned any more */
} Knowing;

static bool
customer_recall(const Learn *learn, Str source, Str foreign_id, Knowing *ret, GError **error)
{
    g_autoptr(Rows) rows = db_rows(learn->db, Q_customer_known,
                                   BINDS(bind_int("shop", learn->shop), bind_text("source", source),
                                         bind_text("foreign_id", foreign_id)),
                                   error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        ret->ref.id = rows_int(rows, 0);
        ret->version = rows_int(rows, 1);
        ret->ref.person = rows_is_null(rows, 2) ? ret->ref.id : rows_int(rows, 2);
        ret->erased = !rows_is_null(rows, 3);
    }
    return rows_ok(rows, error);
}

enum { CUSTOMER_FACTS = 15 };

/* The facts in the order of their first appearance in customer_append, _update and _fill. */
static void
customer_bind(const CustomerNews *news, int64_t company, Bind *ret)
{
    const Customer *customer = &news->customer;
    const Bind facts[CUSTOMER_FACTS] = {
        bind_some("email", customer->email),
        bind_some("email_key", news->email_key),
        bind_some("phone", customer->phone),
        bind_some("first_name", customer->first_name),
        bind_some("last_name", customer->last_name),
        bind_some("locale", customer->locale),
        bind_some("zone", customer->zone),
        bind_some("channel", customer->channel),
        bind_id("company_id", company),
        bind_some("addresses", news->addresses),
        bind_some("tags", customer->tags),
        bind_some("note", customer->note),
        bind_id("birthday", customer->birthday),
        bind_id("joined_at", customer->joined_at),
        bind_int("updated_at", customer->updated_at),
    };
    memcpy(ret, facts, sizeof facts);
}

static bool
customer_insert(const Learn *learn, const CustomerNews *news, Str source, Str foreign_id,
                CustomerRef *ref, GError **error)
{
    int64_t company = 0, gone_at = 0;
    bool account = news->customer.foreign_id.len > 0;
    if (!company_learn(learn, news, &company, error) ||
        (account && !gone_recall(learn, GONE_CUSTOMER, foreign_id, news->customer.updated_at,
                                 &gone_at, error)))
        return false;
    ref->id = ref->person = id_new(KIND_CUSTOMER);
    Bind binds[7 + CUSTOMER_FACTS + 1] = {
        bind_int("id", ref->id),        bind_int("shop", learn->shop),
        bind_int("at", learn->at),      bind_id("cause", learn->cause),
        bind_text("source", source),    bind_text("foreign_id", foreign_id),
        bind_id("deleted_at", gone_at),
    };
    customer_bind(news, company, &binds[7]);
    return db_run(learn->db, Q_customer_append, binds, NULL, error) &&
           merge_find(learn, ref, news->email_key, error) &&
           (!account || early_wake(learn, EARLY_CUSTOMER, foreign_id, error));
}

static bool
customer_change(const Learn *learn, const CustomerNews *news, Query query, int64_t id,
                int64_t *ret_changed, GError **error)
{
    int64_t company = 0;
    Bind binds[CUSTOMER_FACTS + 2 + 1] = {{0}};
    if (!company_learn(learn, news, &company, error))
        return false;
    customer_bind(news, company, binds);
    /* Gaps are filled without a version. */
    int count = query == Q_customer_fill ? CUSTOMER_FACTS - 1 : CUSTOMER_FACTS;
    binds[count] = bind_int("shop", learn->shop);
    binds[count + 1] = bind_int("id", id);
    binds[count + 2] = (Bind){0};
    return db_run(learn->db, query, binds, ret_changed, error);
}

bool
customer_learn(const Learn *learn, const CustomerNews *news, CustomerRef *ret_ref, Learned *ret,
               GError **error)
{
    const Customer *told = &news->customer;
    bool guest = !told->foreign_id.len;
    Str foreign_id = guest ? told->guest_key : told->foreign_id;
    Str source = guest ? STR("guest") : learn->source;
    Knowing known = {0};
    *ret_ref = (CustomerRef){0};
    *ret = LEARNED_SAME;
    if (!foreign_id.len)
        return true;
    if (!customer_recall(learn, source, foreign_id, &known, error))
        return false;
    if (!known.ref.id) {
        *ret = LEARNED_NEW;
        return customer_insert(learn, news, source, foreign_id, ret_ref, error);
    }
    *ret_ref = known.ref;
    *ret = known.erased ? LEARNED_ERASED : learn_by_version(known.version, told->updated_at);
    if (known.erased)
        return true;
    if (*ret == LEARNED_CHANGED)
        return customer_change(learn, news, Q_customer_update, known.ref.id, NULL, error);
    if (told->updated_at)
        return true;
    int64_t changed = 0;
    if (!customer_change(learn, news, Q_customer_fill, known.ref.id, &changed, error))
        return false;
    *ret = changed ? LEARNED_CHANGED : LEARNED_SAME;
    return true;
}

bool
customer_learn_told(const Learn *learn, const CustomerNews *news, Learned *ret, GError **error)
{
    CustomerRef ref = {0};
    int64_t erased_at = 0;
    if (!erased_since(learn, news->email_key, &erased_at, error))
        return false;
    /* An old list does not bring back who was erased; what is newer than that is told of somebody who came anew. */
    if (erased_at && news->customer.updated_at <= erased_at) {
        *ret = LEARNED_ERASED;
        return true;
    }
    if (!customer_learn(learn, news, &ref, ret, error))
        return false;
    if (*ret != LEARNED_NEW && *ret != LEARNED_CHANGED)
        return true;
    int64_t at = news->customer.updated_at;
    EventNew event = {
        .kind = *ret == LEARNED_NEW ? EVENT_CUSTOMER_CREATED : EVENT_CUSTOMER_UPDATED,
        .happened_at = at ? at : learn->at,
        .customer_id = ref.person,
    };
    return event_append(learn, &event, error);
}

bool
customer_gone(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret, GError **error)
{
    Knowing known = {0};
    int64_t changed = 0;
    if (!customer_recall(learn, learn->source, foreign_id, &known, error))
        return false;
    if (!known.ref.id)
        return gone_remember(learn, GONE_CUSTOMER, foreign_id, gone_at, ret, error);
    if (!db_run(learn->db, Q_customer_gone,
                BINDS(bind_int("gone_at", gone_at ? gone_at : learn->at),
                      bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_text("foreign_id", foreign_id)),
                &changed, error))
        return false;
    *ret = changed ? LEARNED_CHANGED : LEARNED_SAME;
    return true;
}

bool
customer_load(Db *db, Arena *arena, int64_t shop, int64_t id, Customer *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_customer_get, BINDS(bind_int("shop", shop), bind_int("id", id)), error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        Str *const texts[] = {&ret->email,  &ret->phone, &ret->first_name, &ret->last_name,
                              &ret->locale, &ret->zone,  &ret->channel,    &ret->company,
                              &ret->tags,   &ret->note};
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
            *texts[i] = arena_copy(arena, rows_text(rows, (int)i));
        ret->birthday = (int32_t)rows_int(rows, G_N_ELEMENTS(texts));
        ret->joined_at = rows_int(rows, G_N_ELEMENTS(texts) + 1);
    }
    return rows_ok(rows, error);
}
