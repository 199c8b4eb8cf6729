/* owed.h - the receipts that a buyer is owed, and who sends each: we, or the shop system itself.
 *
 * One message has one sender. What decides, the first that says something:
 *   1. the law: in the EU, the EEA and the United Kingdom our order confirmation needs the legal texts
 *   2. the setting receipt.NAME, on or off
 *   3. a mail of the shop system that cannot be switched off (rivals.def): then ours is off
 *   4. the usual of receipts.def
 */
#pragma once

#include "flow/shop.h"
#include "model.h"

typedef struct Owed {
    const char *name; /* of the receipt, its journey and its template */
    const char *title;
    EventKind event;
    MessageClass class;
    MessageLane lane;
    const char *not_after;
    const char *skip;
    bool usual; /* on */
    Setting setting;
} Owed;

/* NULL behind the last. */
const Owed *owed_nth(size_t n);
const Owed *owed_find(Str name); /* NULL if there is none */

/* A mail of a shop system that says the same. */
typedef struct Rival {
    const char *source; /* connector */
    const char *receipt;
    const char *title; /* as the shop system calls it */
    bool can_be_off;
    const char *what_to_do;
} Rival;

const Rival *rival_nth(size_t n);
const Rival *rival_find(Str source, Str receipt); /* NULL: it has none */

typedef enum OwedWho {
    OWED_OURS,
    OWED_NOT_SET,   /* usually off */
    OWED_SET_OFF,   /* the owner said so */
    OWED_THEIRS,    /* the shop system sends it whatever is set */
    OWED_NOT_LEGAL, /* the legal texts are missing */
} OwedWho;

/* Who sends it for an order that `source` told of. has_legal: the shop has a row in legal_text. */
OwedWho owed_who(const ShopEntry *shop, const Owed *owed, Str source, bool has_legal);

/* The same in words, for the run's row and the owner's page. */
const char *owed_words(OwedWho who);

/* Must the order confirmation of a shop in this country (ISO 3166-1) carry terms and withdrawal instruction? */
bool owed_needs_legal(Str country);

/* Whether receipt.NAME may be set to this: on, off or empty. ERR_INPUT says what is missing. True for other settings. */
bool owed_check(const ShopEntry *shop, Str key, Str value, bool has_legal, GError **error);
