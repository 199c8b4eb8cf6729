/* inbox.h - stage 1: what the world sends us is kept byte for byte before we say yes, and read later. */
#pragma once

#include "engine/store.h"
#include "flow/flow.h"
#include "flow/shop.h"
#include "plug/connector/connector.h"

/* A delivery on its way into the store. Lives in the request's arena until done was called. */
typedef struct InboxNew {
    StoreTask task; /* first: done() gets it back */
    int64_t id;
    int64_t shop;
    const char *connector;
    Str topic;
    Str delivery;
    Str body; /* packed */
    size_t body_bytes;
    bool repeated;   /* set by the write: this delivery id was here before */
    Str confirm_url; /* not empty: to be fetched before it is kept (signers_confirm) */
    void *caller;    /* the caller's own */
} InboxNew;

/* What came to a shop's address. Borrowed. */
typedef struct InboxAsk {
    Store *store;
    Signers *signers; /* for providers that sign with certificates */
    const ShopEntry *shop;
    Str connector; /* as the address names it */
    PlugHeaders headers;
    Str body;
} InboxAsk;

/* Checks that a delivery is genuine and prepares it: packs and hashes the body. The caller sets task.done,
 * which is called on the writer's thread. *ret is NULL for a sender's ping: say yes, there is nothing to keep.
 * Fails with ERR_NOT_FOUND (no such connector), ERR_AUTH, ERR_INPUT; ERR_BUSY: what it needs to be checked with is being
 * fetched, and its sender may come again. */
bool inbox_check(Arena *arena, const InboxAsk *ask, InboxNew **ret, GError **error);
/* The same for what was checked elsewhere, as the API's: ask->connector names a row of connectors.def. */
InboxNew *inbox_told(Arena *arena, const InboxAsk *ask, const Envelope *envelope);
void inbox_post(Store *store, InboxNew *delivery);

/* A page that we asked a shop system for ourselves (ask->connector and headers are not looked at); the same page twice is
 * one row. */
InboxNew *inbox_page(Arena *arena, const InboxAsk *ask, const Connector *connector,
                     const ConnectorNoun *noun);

/* On the writer, in the caller's transaction: keeps it. */
bool inbox_keep(Db *db, InboxNew *delivery, GError **error);

/* Likewise for a whole mail that a listener or a mailbox of our own brought (ask->connector and headers are not looked
 * at): the row is that of the sender `mail` (plug/inbound/inbounds.def). */
InboxNew *inbox_mail(Arena *arena, const InboxAsk *ask);

/* Reads a delivery once more that could not be read before. False with ERR_NOT_FOUND if it is not there,
 * was read already, or its body is gone. */
bool inbox_replay(Store *store, int64_t shop, int64_t id, GError **error);
