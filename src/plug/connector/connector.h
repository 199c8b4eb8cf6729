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

/* ---- asking the shop system ------------------------------------------------------------------------
 *
 * What a webhook did not bring is asked for, noun by noun: all that changed since a moment, page by page. The plug says
 * what to ask and what an answer means; flow/poll.c asks, and keeps each page as a delivery of the topic `poll/NOUN`. */

/* One of the things that a shop system can be asked for; each has its own rounds. */
typedef struct ConnectorNoun {
    const char *name; /* orders: the topic of its pages is poll/orders */
    const char *help; /* what is asked for and what cannot be, one sentence */
    int64_t
        at_least_ms; /* between two rounds, whatever poll.every says: each asks for all there is */
    bool whole;      /* the first round asks for all there is, not for the last day only */
} ConnectorNoun;

/* A request that somebody else sends. */
typedef struct ConnectorRequest {
    const char *method; /* NULL: GET, or POST where there is a body */
    const char *url;
    const char *type; /* of the body */
    Str body;
    const char *user, *password; /* Basic; NULL: none */
    const char *header, *value;  /* one more header; NULL: none */
} ConnectorRequest;

/* What came back, whatever its status. Borrowed. */
typedef struct ConnectorAnswer {
    int status;
    Str body;
    PlugHeaders headers;
} ConnectorAnswer;

/* Where a round of asking stands. */
typedef struct ConnectorCursor {
    const ConnectorNoun *noun;
    int64_t since; /* what changed at this moment or later */
    Str next;      /* the page, in the shop system's words; empty: the first */
} ConnectorCursor;

typedef struct ConnectorPage {
    size_t count;           /* what is on it; 0: nothing to keep */
    Str body;               /* what to keep of it; empty: the answer as it came */
    bool more;              /* there is another page */
    ConnectorCursor cursor; /* of that one */
    int64_t newest;         /* the last change on this page, by their clock; 0: nothing is on it */
    int64_t wait_ms;        /* before the next page: their bucket runs full */
    Str hidden;             /* which fields they keep from us, with their words; empty: none */
} ConnectorPage;

/* With what we go to them. */
typedef struct ConnectorVisit {
    Arena *arena;
    PlugSettings settings;
    Str token; /* as token_read gave it; empty: none is needed, or there is none yet */
} ConnectorVisit;

/* Setting up, as a conversation: what to ask next, until it is done. */
typedef struct ConnectorSetup {
    ConnectorVisit visit;
    const char *address; /* where webhooks go: https://mail.example.com/in/demo/shopify */
    Buf *told;           /* lines for the owner, as they are found out */
    int step;            /* the plug's */
    const Json *known;   /* the plug's: the webhooks that are there */
    bool wanting;        /* set: something is missing that only the owner can give */
} ConnectorSetup;

typedef struct ConnectorPoll {
    const ConnectorNoun *nouns; /* ends with a name of NULL */

    /* Has the owner set what it takes? */
    bool (*is_set)(const PlugSettings *settings);

    /* An access token for a while; NULL: none is needed. */
    bool (*token_ask)(const ConnectorVisit *visit, ConnectorRequest *ret, GError **error);
    bool (*token_read)(const ConnectorVisit *visit, const ConnectorAnswer *answer, Str *ret_token,
                       int64_t *ret_seconds, GError **error);

    /* The cursor as it stands in the store: of the page it names, and of no later one. */
    bool (*ask)(const ConnectorVisit *visit, const ConnectorCursor *cursor, ConnectorRequest *ret,
                GError **error);
    /* Also for statuses that are refusals: the words of the error name the setting that is wrong. Who is told to wait
     * within an answer that is none gives a page without anything, the same cursor, and how long. */
    bool (*read)(const ConnectorVisit *visit, const ConnectorCursor *cursor,
                 const ConnectorAnswer *answer, ConnectorPage *ret, GError **error);

    /* answer is NULL the first time. *ret_done: nothing more is to be asked, *ret is untouched. */
    bool (*setup)(ConnectorSetup *setup, const ConnectorAnswer *answer, ConnectorRequest *ret,
                  bool *ret_done, GError **error);
} ConnectorPoll;

typedef struct Connector {
    const char *name;  /* in addresses, settings, rows: shopify */
    const char *title; /* as people know it */
    const char *
        secret; /* the setting that holds the shared secret: shopify.secret; NULL: it has no /in/SHOP/NAME */
    const char *help; /* what the owner enters where, one or two sentences */

    /* Checks the signature over the raw body and reads the envelope. Called for every delivery, before it
     * is stored: cheap, constant in time where secrets are compared. Fails with ERR_AUTH (not genuine) or
     * ERR_INPUT (a header is missing); *ret is untouched then. */
    bool (*check)(const ConnectorKnock *knock, Envelope *ret, GError **error);

    /* Reads the body. The result lives in the ask's arena or borrows from its body. Fails with ERR_JSON,
     * ERR_ENCODING, ERR_INPUT or ERR_TOO_BIG, naming the place; *ret is untouched then, and the delivery is
     * kept as unread. What is no order yet (nobody has paid, a draft) is declined: the first that is told of an
     * order makes its buyer a mail. What tells half an order (some fields chosen) fails: it would empty ours. */
    bool (*read)(const ConnectorAsk *ask, Facts *ret, GError **error);

    const ConnectorPoll *poll; /* NULL: it cannot be asked */
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

/* Percent-encoded, as a value in a query or a form. */
void connector_escape(Buf *out, Str value);

/* Several tellings as one. Of those that could not be read the first error is in facts.unread. */
typedef bool (*ConnectorTold)(const ConnectorAsk *ask, const Json *root, Facts *ret,
                              GError **error);
bool connector_list_told(const ConnectorAsk *ask, const Json *list, ConnectorTold told, Facts *ret,
                         GError **error);

/* The facts hold nothing at all: then they have to be declined. */
bool connector_told_nothing(const Facts *facts);

/* A row of the connector's nouns; NULL: it is asked for nothing of this name. */
const ConnectorNoun *connector_noun(const Connector *connector, Str name);

const Connector *connector_find(Str name); /* NULL if there is none */
const Connector *connector_nth(size_t n);  /* NULL behind the last */
