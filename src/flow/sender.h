/* sender.h - a submission server with a login: its address, its connections, what it lets us send.
 *
 * Belongs to the outbox's thread.
 */
#pragma once

#include "engine/rate.h"
#include "engine/smtp.h"
#include "engine/store.h"
#include "flow/flow.h"
#include "flow/shop.h"

/* Reads smtp://user:password@host:port?tls=auto|require|never&auth=xoauth2 or smtps://... into the arena.
 * ERR_CONFIG says what is wrong with it; never with the password in it. */
bool sender_parse(Arena *arena, Str url, SmtpServer *ret, GError **error);

/* Whether the settings smtp.rate and smtp.connections can have this value; ERR_CONFIG says what they take. */
bool sender_check_rate(Str value, GError **error);
bool sender_check_connections(Str value, GError **error);

/* What is to be used for a shop: its own server, else the installation's; empty: the catcher. */
Str sender_url(const FlowOptions *options, const ShopEntry *shop);

typedef struct Sender {
    char *key;      /* all that it was made from: another key is another sender */
    char *name;     /* smtp://host:port, for rows and people */
    int64_t shop;   /* 0: the installation's */
    SmtpPool *pool; /* the loop's */
    Rate rate;
    RateRules rules;
    size_t claims;   /* that hold it: not settled yet */
    size_t claiming; /* mails whose claim is on its way to the store */
    bool rate_dirty; /* learned something that is not in its row yet */
    char *words;     /* what it said last time it slowed us */
} Sender;

/* Where the sender of a shop may connect: the shop's own by the rule (flow/reach.h), the installation's anywhere. */
bool sender_reach(Store *store, const FlowOptions *options, const ShopEntry *shop, NetRule *ret,
                  GError **error);

/* Opens the pool; the store's row of the sender says what it taught us before. */
Sender *sender_new(SmtpLoop *loop, Store *store, const FlowOptions *options, const ShopEntry *shop,
                   GError **error);
void sender_free(Sender *sender);

/* What sender_new would make for this shop now, as a key; to find one that is there. Free with g_free. */
char *sender_key(const FlowOptions *options, const ShopEntry *shop);

/* How many more mails may go right now: room in the pool, less those being claimed, within the rate. Taken
 * out of the rate; hand back what was not used with rate_return. */
size_t sender_take(Sender *sender, int64_t now, size_t want);

/* On the writer. */
typedef struct SenderRow {
    int64_t shop;
    const char *name;
    Rate rate;
    const char *words;
} SenderRow;
bool sender_save(Db *db, const SenderRow *row, GError **error);
