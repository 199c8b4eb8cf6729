/* order.h - what we know of orders: learned from Facts, read back for templates.
 *
 * Facts win by version (flow/learn.h). Of two with the same version the one further along wins (cancelled, refunded,
 * paid, shipped), then the one with the higher hash: so the outcome does not depend on which came first. Events are
 * the difference between what was known and what is told.
 */
#pragma once

#include "engine/store.h"
#include "flow/customer.h"
#include "flow/learn.h"
#include "model.h"

enum { ORDER_HASH_BYTES = 16 };

/* An order as it was told, made ready outside of the writer. */
typedef struct OrderNews {
    const Order *order;
    CustomerNews customer;
    Str ship_to; /* JSON; empty if there is none */
    Str bill_to;
    uint8_t hash[ORDER_HASH_BYTES]; /* of the facts, without their version */
} OrderNews;

/* Fills *ret. Texts are cleaned (one line, UTF-8), the mail address is brought into its normal form; one
 * that cannot be written to is kept as it came and never used. A marketplace's order becomes quiet. */
void order_prepare(Arena *arena, const Order *told, OrderNews *ret);

/* On the writer: stores what is new and appends the events of it. */
bool order_learn(const Learn *learn, const OrderNews *news, Learned *ret, GError **error);

/* Looks up whose order a shipment or refund is; ids are 0 if nobody told us of it. */
typedef struct OrderRef {
    int64_t id;
    int64_t customer_id; /* whom that one was merged into */
    bool erased;         /* its person was: nothing is learned any more */
} OrderRef;

bool order_find(const Learn *learn, Str foreign_id, OrderRef *ret, GError **error);

/* The shop system has it no more: no mail leaves for it from now on. If nobody knew it, that is remembered for when it is
 * told late. */
bool order_gone(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret, GError **error);

/* On the writer, after a shipment moved: all that ships has arrived, or has not. */
bool order_look_delivered(const Learn *learn, int64_t order_id, GError **error);

/* An order as it is stored, with its lines and its customer. */
typedef struct OrderRow {
    int64_t id;
    int64_t customer_id;
    int64_t delivered_at; /* 0: not all of it */
    uint32_t generation;  /* of its page's link */
    Order order;
} OrderRow;

/* Reads one into the arena. ERR_NOT_FOUND if there is none. */
bool order_load(Db *db, Arena *arena, int64_t shop, int64_t id, OrderRow *ret, GError **error);

const char *payment_slug(Payment payment);
const char *payment_words(Payment payment);
Payment payment_of(Str slug); /* PAYMENT_PENDING for an unknown one */
const char *fulfilment_slug(Fulfilment fulfilment);
Fulfilment fulfilment_of(Str slug);
const char *quiet_slug(Quiet quiet); /* NULL for QUIET_NO */
Quiet quiet_of(Str slug);
