/* order_learn.c - an order meets what is known of it; see order.h. */
#include "base/limits.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "flow/early.h"
#include "flow/erase.h"
#include "flow/event.h"
#include "flow/gone.h"
#include "flow/order.h"
#include "flow/product.h"

#include <string.h>

typedef struct Learning {
    const Learn *learn;
    const OrderNews *news;
    int64_t id; /* of the order */
    int64_t customer_id;
    int64_t person; /* whom the customer was merged into */
    bool known;
    /* What was known before: */
    int64_t version;
    int hash_order; /* of what is told against what is known, as memcmp */
    Payment payment;
    Fulfilment fulfilment;
    int64_t cancelled_at;
    int64_t deleted_at; /* after what is told: it stays so */
    Quiet quiet;
    bool erased; /* its person was: nothing is learned any more */
} Learning;

static bool
order_recall(Learning *learning, GError **error)
{
    const Learn *learn = learning->learn;
    g_autoptr(Rows) rows =
        db_rows(learn->db, Q_order_known,
                BINDS(bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_text("foreign_id", learning->news->order->foreign_id)),
                error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        Str hash = rows_blob(rows, 2);
        learning->known = true;
        learning->id = rows_int(rows, 0);
        learning->version = rows_int(rows, 1);
        must(hash.len == ORDER_HASH_BYTES);
        learning->hash_order = memcmp(learning->news->hash, hash.at, ORDER_HASH_BYTES);
        learning->payment = payment_of(rows_text(rows, 3));
        learning->fulfilment = fulfilment_of(rows_text(rows, 4));
        learning->cancelled_at = rows_int(rows, 5);
        learning->customer_id = rows_int(rows, 6);
        learning->quiet = quiet_of(rows_text(rows, 7));
        learning->erased = !rows_is_null(rows, 8);
        int64_t deleted_at = rows_int(rows, 9);
        learning->deleted_at = deleted_at >= learning->news->order->updated_at ? deleted_at : 0;
    }
    return rows_ok(rows, error);
}

/* ---- writing it down ----------------------------------------------------------------------------------- */

enum { ORDER_FACTS = 34 };

/* The facts in the order of their first appearance in order_append and order_update. */
static void
order_bind(const Learning *learning, Bind *ret)
{
    const OrderNews *news = learning->news;
    const Order *order = news->order;
    const Bind facts[ORDER_FACTS] = {
        bind_text("name", order->name),
        bind_id("customer_id", learning->customer_id),
        bind_some("email", order->email),
        bind_some("phone", order->phone),
        bind_some("locale", order->locale),
        bind_text("currency", order->currency),
        bind_int("subtotal", order->subtotal),
        bind_int("shipping", order->shipping),
        bind_int("fees", order->fees),
        bind_int("tax", order->tax),
        bind_int("discount", order->discount),
        bind_int("total", order->total),
        bind_int("tax_included", order->tax_included),
        bind_some("discount_codes", order->discount_codes),
        bind_some("shipping_title", order->shipping_title),
        bind_some("channel", order->channel),
        bind_some("url", order->url),
        bind_some("tags", order->tags),
        bind_cstr("payment", payment_slug(order->payment)),
        bind_cstr("fulfilment", fulfilment_slug(order->fulfilment)),
        bind_cstr("quiet", quiet_slug(order->quiet)),
        bind_int("gift", order->gift),
        bind_int("renewal", order->renewal),
        bind_int("in_person", order->in_person),
        bind_int("placed_at", order->placed_at),
        bind_id("cancelled_at", order->cancelled_at),
        bind_id("deleted_at", order->deleted_at ? order->deleted_at : learning->deleted_at),
        bind_id("promised_from", order->promised_from),
        bind_id("promised_until", order->promised_until),
        bind_some("ship_to", news->ship_to),
        bind_some("bill_to", news->bill_to),
        bind_some("note", order->note),
        bind_int("updated_at", order->updated_at),
        bind_blob("hash", (Str){(const char *)news->hash, sizeof news->hash}),
    };
    memcpy(ret, facts, sizeof facts);
}

static bool
order_insert(Learning *learning, GError **error)
{
    const Learn *learn = learning->learn;
    Bind binds[6 + ORDER_FACTS + 1] = {
        bind_int("id", learning->id),
        bind_int("shop", learn->shop),
        bind_int("at", learn->at),
        bind_id("cause", learn->cause),
        bind_text("source", learn->source),
        bind_text("foreign_id", learning->news->order->foreign_id),
    };
    order_bind(learning, &binds[6]);
    return db_run(learn->db, Q_order_append, binds, NULL, error);
}

static bool
order_overwrite(Learning *learning, GError **error)
{
    Bind binds[ORDER_FACTS + 2 + 1] = {{0}};
    order_bind(learning, binds);
    binds[ORDER_FACTS] = bind_int("shop", learning->learn->shop);
    binds[ORDER_FACTS + 1] = bind_int("id", learning->id);
    return db_run(learning->learn->db, Q_order_update, binds, NULL, error);
}

static bool
line_insert(Learning *learning, size_t position, GError **error)
{
    const Learn *learn = learning->learn;
    const OrderLine *line = &learning->news->order->lines[position];
    int64_t product = 0;
    return product_of_line(learn, line, &product, error) &&
           db_run(learn->db, Q_order_line_append,
                  BINDS(bind_int("id", id_new(KIND_ORDER_LINE)), bind_int("shop", learn->shop),
                        bind_int("order_id", learning->id), bind_int("position", (int64_t)position),
                        bind_text("foreign_id", line->foreign_id), bind_id("product_id", product),
                        bind_some("variant_foreign_id", line->variant_foreign_id),
                        bind_some("sku", line->sku), bind_text("title", line->title),
                        bind_some("variant", line->variant), bind_int("quantity", line->quantity),
                        bind_int("price", line->price), bind_int("discount", line->discount),
                        bind_int("ships", line->ships)),
                  NULL, error);
}

static bool
lines_insert(Learning *learning, GError **error)
{
    for (size_t i = 0; i < learning->news->order->line_count; i++)
        if (!line_insert(learning, i, error))
            return false;
    return true;
}

/* ---- telling what happened ------------------------------------------------------------------------------- */

static bool
order_tell(const Learning *learning, EventKind kind, int64_t happened_at, GError **error)
{
    EventNew event = {
        .kind = kind,
        .happened_at = happened_at,
        .order_id = learning->id,
        .customer_id = learning->person,
    };
    return event_append(learning->learn, &event, error);
}

/* What happened, by comparing what was known with what is told. A first sight compares with an order
 * that was just placed. */
static bool
order_tell_changes(const Learning *learning, GError **error)
{
    const Order *order = learning->news->order;
    int64_t at = order->updated_at ? order->updated_at : order->placed_at;
    bool first = !learning->known;
    bool told = first;
    if (first && !order_tell(learning, EVENT_ORDER_PLACED, order->placed_at, error))
        return false;
    const struct {
        EventKind kind;
        bool happened;
        int64_t at;
    } changes[] = {
        {EVENT_ORDER_PAID,
         order->payment == PAYMENT_PAID && (first || learning->payment != PAYMENT_PAID), at},
        {EVENT_ORDER_REFUNDED,
         (order->payment == PAYMENT_REFUNDED || order->payment == PAYMENT_PARTLY_REFUNDED) &&
             (first || learning->payment != order->payment),
         at},
        {EVENT_ORDER_FULFILLED,
         order->fulfilment == FULFILMENT_DONE && (first || learning->fulfilment != FULFILMENT_DONE),
         at},
        {EVENT_ORDER_CANCELLED, order->cancelled_at && (first || !learning->cancelled_at),
         order->cancelled_at},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        if (!changes[i].happened)
            continue;
        told = true;
        if (!order_tell(learning, changes[i].kind, changes[i].at, error))
            return false;
    }
    return told || order_tell(learning, EVENT_ORDER_UPDATED, at, error);
}

/* ---- learning ------------------------------------------------------------------------------------------ */

static bool
order_learn_customer(Learning *learning, GError **error)
{
    Learned learned;
    CustomerRef ref = {0};
    if (!customer_learn(learning->learn, &learning->news->customer, &ref, &learned, error))
        return false;
    learning->customer_id = ref.id;
    learning->person = ref.person;
    return true;
}

static bool
order_learn_first(Learning *learning, GError **error)
{
    const Order *order = learning->news->order;
    learning->id = id_new(KIND_ORDER);
    return gone_recall(learning->learn, GONE_ORDER, order->foreign_id, order->updated_at,
                       &learning->deleted_at, error) &&
           order_learn_customer(learning, error) && order_insert(learning, error) &&
           lines_insert(learning, error) && order_tell_changes(learning, error) &&
           early_wake(learning->learn, EARLY_ORDER, order->foreign_id, error);
}

static bool
order_learn_change(Learning *learning, GError **error)
{
    const Learn *learn = learning->learn;
    return order_learn_customer(learning, error) && order_overwrite(learning, error) &&
           db_run(learn->db, Q_order_lines_drop,
                  BINDS(bind_int("shop", learn->shop), bind_int("order_id", learning->id)), NULL,
                  error) &&
           lines_insert(learning, error) && order_tell_changes(learning, error) &&
           (learning->news->order->fulfilment != FULFILMENT_DONE ||
            order_look_delivered(learn, learning->id, error));
}

/* A word without a version beside one that has one: only what was missing is taken over. */
static bool
order_fill(Learning *learning, Learned *ret, GError **error)
{
    const Learn *learn = learning->learn;
    const Order *order = learning->news->order;
    int64_t changed = 0;
    if (!db_run(learn->db, Q_order_fill,
                BINDS(bind_some("email", order->email), bind_some("phone", order->phone),
                      bind_some("locale", order->locale),
                      bind_some("discount_codes", order->discount_codes),
                      bind_some("shipping_title", order->shipping_title),
                      bind_some("channel", order->channel), bind_some("url", order->url),
                      bind_some("tags", order->tags), bind_some("ship_to", learning->news->ship_to),
                      bind_some("bill_to", learning->news->bill_to), bind_some("note", order->note),
                      bind_int("shop", learn->shop), bind_int("id", learning->id)),
                &changed, error))
        return false;
    *ret = changed ? LEARNED_CHANGED : LEARNED_SAME;
    return true;
}

/* How far along an order is: of two words of the same second the further one is the later. */
static int
order_rank(bool cancelled, Payment payment, Fulfilment fulfilment)
{
    return (cancelled ? 1000 : 0) + (int)payment * 10 + (int)fulfilment;
}

static bool
order_wins_tie(const Learning *learning)
{
    const Order *told = learning->news->order;
    int before = order_rank(learning->cancelled_at != 0, learning->payment, learning->fulfilment);
    int after = order_rank(told->cancelled_at != 0, told->payment, told->fulfilment);
    if (!learning->version)
        return true; /* neither has a version: the one that came last */
    return after == before ? learning->hash_order > 0 : after > before;
}

static Learned
order_compare(const Learning *learning)
{
    Learned word = learn_by_version(learning->version, learning->news->order->updated_at);
    if (word == LEARNED_SAME && learning->hash_order)
        return order_wins_tie(learning) ? LEARNED_CHANGED : LEARNED_OLDER;
    return word == LEARNED_CHANGED && !learning->hash_order ? LEARNED_SAME : word;
}

bool
order_learn(const Learn *learn, const OrderNews *news, Learned *ret, GError **error)
{
    Learning learning = {.learn = learn, .news = news};
    int64_t version = news->order->updated_at;
    if (!order_recall(&learning, error))
        return false;
    if (!learning.known) {
        int64_t erased_at = 0;
        if (!erased_since(learn, news->customer.email_key, &erased_at, error))
            return false;
        /* Neither an old list nor a shop system that is asked again (after a restore, say) brings back who was erased; an
         * order of later is a new beginning. */
        if (erased_at && news->order->placed_at <= erased_at) {
            *ret = LEARNED_ERASED;
            return true;
        }
        *ret = LEARNED_NEW;
        return order_learn_first(&learning, error);
    }
    if (learning.erased) {
        *ret = LEARNED_ERASED;
        return true;
    }
    if (!version && learning.version)
        return order_fill(&learning, ret, error);
    *ret = order_compare(&learning);
    if (*ret == LEARNED_CHANGED)
        return order_learn_change(&learning, error);
    if (*ret == LEARNED_OLDER || version == learning.version)
        return true;
    return db_run(learn->db, Q_order_touch,
                  BINDS(bind_int("updated_at", version), bind_int("shop", learn->shop),
                        bind_int("id", learning.id)),
                  NULL, error);
}

/* ---- what others ask ---------------------------------------------------------------------------------- */

bool
order_find(const Learn *learn, Str foreign_id, OrderRef *ret, GError **error)
{
    *ret = (OrderRef){0};
    g_autoptr(Rows) rows =
        db_rows(learn->db, Q_order_ref,
                BINDS(bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_text("foreign_id", foreign_id)),
                error);
    if (!rows)
        return false;
    if (rows_next(rows))
        *ret = (OrderRef){rows_int(rows, 0), rows_int(rows, 1), !rows_is_null(rows, 2)};
    return rows_ok(rows, error);
}

bool
order_gone(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret, GError **error)
{
    OrderRef known = {0};
    int64_t changed = 0;
    if (!order_find(learn, foreign_id, &known, error))
        return false;
    if (!known.id)
        return gone_remember(learn, GONE_ORDER, foreign_id, gone_at, ret, error);
    if (!db_run(learn->db, Q_order_gone,
                BINDS(bind_int("gone_at", gone_at ? gone_at : learn->at),
                      bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_text("foreign_id", foreign_id)),
                &changed, error))
        return false;
    *ret = changed ? LEARNED_CHANGED : LEARNED_SAME;
    return true;
}

bool
order_look_delivered(const Learn *learn, int64_t order_id, GError **error)
{
    int64_t delivered_at = 0, customer = 0, changed = 0;
    {
        g_autoptr(Rows) rows =
            db_rows(learn->db, Q_order_arrival,
                    BINDS(bind_int("shop", learn->shop), bind_int("order_id", order_id)), error);
        if (!rows)
            return false;
        if (rows_next(rows)) {
            delivered_at = rows_int(rows, 0);
            customer = rows_int(rows, 1);
        }
        if (!rows_ok(rows, error))
            return false;
    }
    if (!delivered_at)
        return true;
    if (!db_run(learn->db, Q_order_delivered,
                BINDS(bind_int("delivered_at", delivered_at), bind_int("shop", learn->shop),
                      bind_int("id", order_id)),
                &changed, error))
        return false;
    EventNew event = {
        .kind = EVENT_ORDER_DELIVERED,
        .happened_at = delivered_at,
        .order_id = order_id,
        .customer_id = customer,
    };
    return !changed || event_append(learn, &event, error);
}
