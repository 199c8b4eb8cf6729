/* connector.h - what a shop system has to know how to say.
 *
 * A connector checks that a delivery is genuine and turns its body into Facts (model.h). It is pure: no
 * socket, no clock, no store. flow/inbox.c keeps the raw bytes before anything else happens, calls
 * read() later, and derives events from the difference to what was known.
 *
 * To add one: HACKING.md, recipe "A connector".
 */
#pragma once

#include "base/digest.h"
#include "base/zone.h"
#include "model.h"
#include "plug/plug.h"

/* What the envelope of a delivery says. Borrowed from the request. */
typedef struct Envelope {
    Str topic; /* the sender's name for what happened */
    /* The sender's id of this delivery: the same when it is repeated, never that of another one. Empty if it has
     * none that keeps to this (WooCommerce's has not): then the hash of the body serves. */
    Str delivery;
    /* The sender only tries whether somebody answers: it gets its yes, nothing is kept. The one thing
     * that may go unsigned. */
    bool ping;
} Envelope;

/* The shared secret, prepared once and used for thousands of deliveries. */
typedef struct ConnectorSecret {
    Str text;
    const HmacKey *sha256;
} ConnectorSecret;

/* A delivery at the door. Borrowed from the request. */
typedef struct ConnectorKnock {
    PlugHeaders headers;
    Str body;
    const ConnectorSecret *secret;
    int64_t now; /* for signatures that hold a time */
    PlugSettings settings;
} ConnectorKnock;

/* A delivery to be read, after it was stored. */
typedef struct ConnectorAsk {
    Arena *arena;
    Str topic;
    Str body;
    const char *currency; /* the shop's, ISO 4217: where the sender names none */
    const Zone *zone;     /* the shop's: where the sender gives no offset */
    PlugSettings settings;
} ConnectorAsk;

typedef struct Connector {
    const char *name;   /* in addresses, settings, rows: shopify */
    const char *title;  /* as people know it */
    const char *secret; /* the setting that holds the shared secret: shopify.secret */
    const char *help;   /* what the owner enters where, one or two sentences */

    /* Checks the signature over the raw body and reads the envelope. Called for every delivery, before it
     * is stored: cheap, constant in time where secrets are compared. Fails with ERR_AUTH (not genuine) or
     * ERR_INPUT (a header is missing); *ret is untouched then. */
    bool (*check)(const ConnectorKnock *knock, Envelope *ret, GError **error);

    /* Reads the body. The result lives in the ask's arena or borrows from its body. Fails with ERR_JSON,
     * ERR_ENCODING, ERR_INPUT or ERR_TOO_BIG, naming the place; *ret is untouched then, and the delivery is
     * kept as unread. What is no order yet (nobody has paid, a draft) is declined: the first that is told of an
     * order makes its buyer a mail. What tells half an order (some fields chosen) fails: it would empty ours. */
    bool (*read)(const ConnectorAsk *ask, Facts *ret, GError **error);
} Connector;

/* True if the letters are the base64 of the body's HMAC-SHA256, as most shop systems sign; constant time. */
bool connector_signed(const ConnectorSecret *secret, Str body, Str letters);

/* ---- what their readers share --------------------------------------------------------------------- */

static inline Str
connector_either(Str first, Str second)
{
    return first.len ? first : second;
}

/* "Ana Lima"; one of them alone without a space. */
Str connector_name(Arena *arena, Str first, Str last);

/* A whole number from 0 to 1,000,000, as a number or a text; a missing one leaves *ret as it is. ERR_INPUT names the
 * key. */
bool
connector_count(Arena *arena, const Json *object, const char *key, int64_t *ret, GError **error);

/* *sum + more, or ERR_INPUT: the sum of WHAT is too large. */
bool connector_add(int64_t *sum, int64_t more, const char *what, GError **error);

/* The elements of a list, at most LIMIT_ORDER_LINES (ERR_TOO_BIG names the key); none where it is missing. */
bool connector_len(const Json *object, const char *key, size_t *ret, GError **error);

/* A three-letter code that money.h knows, NUL-terminated; NULL: it is none. */
const char *connector_currency(Arena *arena, Str code);

/* Is this place of sale a marketplace, by its name: one of a list, alone or with -us, _uk, ... behind it? They write to
 * their buyers themselves and forbid others to. */
bool connector_marketplace(Arena *arena, Str channel);

/* Does a field of the checkout say that the order is a present: gift, _is_gift, "Gift message", ...? Not a gift card. */
bool connector_gift(Arena *arena, Str name, Str value);

/* A list of words as people write it: "a, b". Adds one more; an empty one is left out. */
void connector_join(Buf *list, Str word);

/* The facts hold nothing at all: then they have to be declined. */
bool connector_told_nothing(const Facts *facts);

const Connector *connector_find(Str name); /* NULL if there is none */
const Connector *connector_nth(size_t n);  /* NULL behind the last */
