/* consent.h - the one gate: may this message go to this address, now?
 *
 * It decides at the last moment, inside the job that claims a message, and no other path leads to the
 * wire. Most buyers are guests, so it asks about an address, never about an account.
 *
 *   transactional  owed to the buyer: passes unless the address does not work
 *   marketing      needs consent with a basis, the shop's postal address, and no suppression at all
 *   safety         recalls: reaches everybody whose address works, live or not does not matter to it
 */
#pragma once

#include "engine/store.h"
#include "flow/reason.h"
#include "flow/shop.h"
#include "model.h"

typedef struct ConsentAsk {
    const ShopEntry *shop;
    MessageClass class;
    Str topic;   /* of marketing: reviews, news; empty for all of it */
    Str channel; /* email */
    Str address; /* normalised by address_key */
    /* What it speaks of. 0 and false where it speaks of nothing in particular. */
    int64_t subject_at;  /* when that happened: before the shop went live it is history */
    Quiet subject_quiet; /* why it never causes a mail */
    Reason subject_over; /* why it is pointless by now: flow/skip.h */
} ConsentAsk;

typedef struct ConsentVerdict {
    bool may;
    Reason reason;    /* REASON_NONE if it may */
    int64_t again_at; /* not now, but then; 0: never for this reason */
    Str words; /* in the arena: what a person wants to know beyond the reason; may be empty */
} ConsentVerdict;

/* Fails only when the store does. */
bool
consent_check(Db *db, Arena *arena, const ConsentAsk *ask, ConsentVerdict *ret, GError **error);

/* Does a consent of this basis count at this shop? Where it asks for confirmations, an opt-in without one does not. */
bool consent_basis(const ShopEntry *shop, Str basis);

/* Stops writing to an address: scope "all" when it does not work, "marketing" when its owner said so. */
typedef struct Suppression {
    int64_t shop;
    int64_t cause;
    Str channel;
    Str address; /* normalised */
    const char *scope;
    const char *reason;
} Suppression;

bool suppression_add(Db *db, const Suppression *suppression, GError **error);
