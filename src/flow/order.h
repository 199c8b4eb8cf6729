/* order.h - what we know of orders: learned from Facts, read back for templates.
 *
 * Facts win by version (updated_at), in whatever order they come: an older one changes nothing, the same
 * content is no news. Events are the difference between what was known and what is told.
 */
#pragma once

#include "engine/store.h"
#include "flow/shop.h"
#include "model.h"

enum { ORDER_HASH_BYTES = 16 };

/* An order as a connector told it, made ready outside of the writer. */
typedef struct OrderNews {
    const Order *order;
    Str source;  /* connector's name */
    Str ship_to; /* JSON; empty if there is none */
    Str bill_to;
    uint8_t hash[ORDER_HASH_BYTES]; /* of the facts, without their version */
} OrderNews;

/* Fills *ret. Texts are cleaned (one line, UTF-8), the mail address is brought into its normal form; one
 * that cannot be written to is kept as it came and never used. */
void order_prepare(Arena *arena, const Order *told, Str source, OrderNews *ret);

typedef enum OrderLearned {
    ORDER_NEW,
    ORDER_CHANGED,
    ORDER_SAME,  /* the same content */
    ORDER_OLDER, /* we know newer facts */
} OrderLearned;

/* On the writer: stores what is new and appends the events of it. cause is the inbox row. */
bool order_learn(Db *db, int64_t shop, int64_t cause, const OrderNews *news, OrderLearned *ret,
                 GError **error);

/* An order as it is stored, with its lines and its customer. */
typedef struct OrderRow {
    int64_t id;
    int64_t customer_id;
    uint32_t generation; /* of its page's link */
    Order order;
} OrderRow;

/* Reads one into the arena. ERR_NOT_FOUND if there is none. */
bool order_load(Db *db, Arena *arena, int64_t shop, int64_t id, OrderRow *ret, GError **error);

const char *payment_slug(Payment payment);
const char *payment_words(Payment payment);
const char *fulfilment_slug(Fulfilment fulfilment);
