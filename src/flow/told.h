/* told.h - what a program tells us of a shop, in our own words: looked through at once, then kept as any other delivery.
 *
 *   body --> every field checked --> inbox row (connector api, topic = the noun) --> 202 --> the path
 *
 * So a program hears at once what is wrong, field by field; and what is right has the same versions, events, trace and
 * replay as a webhook.
 *
 * A delivery is known by its Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), of one shop; without one, by
 * what it says. The same again is the same delivery. Another body under the same key is refused.
 */
#pragma once

#include "flow/inbox.h"
#include "plug/own_noun.h"

enum { TOLD_KEY_CHARS = 190 }; /* of an Idempotency-Key */

typedef struct ToldAsk {
    Store *store;
    const ShopEntry *shop;
    OwnNoun noun;
    Str key; /* Idempotency-Key; empty: none */
    Str body;
} ToldAsk;

/* A delivery on its way. Lives in the request's arena until done was called. */
typedef struct Told {
    StoreTask task; /* first: done() gets it back; the caller sets task.done */
    InboxNew *delivery;
    uint8_t fingerprint[DIGEST_BYTES];
    int64_t inbox_id; /* set by the write: the delivery's, or that of the first of them */
    bool repeated;    /* it was here before */
    void *caller;     /* the caller's own */
} Told;

/* Looks the body through. ERR_JSON, ERR_ENCODING; ERR_FIELDS with *ret_problems filled; ERR_INPUT for a key that is none. */
bool told_check(Arena *arena, const ToldAsk *ask, Told **ret, const OwnReading **ret_problems,
                GError **error);

/* Queues it. Its error may be ERR_REUSED. */
void told_post(Store *store, Told *told);
