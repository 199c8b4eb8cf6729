/* outbox_inside.h - what outbox.c, outbox_claim.c and outbox_settle.c share. */
#pragma once

#include "engine/id.h"
#include "flow/flow_inside.h"
#include "flow/sender.h"
#include "flow/reason.h"
#include "model.h"

#include <pthread.h>

typedef struct Claim Claim;

/* One message that is being claimed, is in flight, or was answered. */
typedef struct ClaimRow {
    SmtpMail mail; /* tag: points to this row */
    Claim *claim;
    int64_t id;
    char envid[ID_TEXT_BYTES]; /* the id as delivery reports bring it back */
    int64_t delivery;
    MessageClass class;
    Str template;
    Str topic;       /* of marketing */
    Str address;     /* as it goes over the wire */
    Str address_key; /* as the gate knows it */
    int64_t not_after;
    int64_t attempts; /* that counted, before this one */
    int64_t placed_at;
    Quiet quiet;
    Reason over;   /* why it is pointless by now: flow/skip.h */
    bool claimed;  /* the gate let it pass and it was still there to take */
    Reason broken; /* not REASON_NONE: it cannot be a mail any more, whatever the settings are */
    int64_t taken_at;
    /* the answer: */
    const char *state; /* of the delivery */
    int code;
    char enhanced[12];
    char *words; /* own memory: g_free */
    const char *message_state;
    Reason reason;
    int64_t next_at;
    int counts; /* 1: this attempt counts against the message */
    bool hard;  /* the address does not work: suppress it */
} ClaimRow;

/* Messages of one shop that are claimed in one go. Lives until the last of them is settled. */
struct Claim {
    StoreTask task; /* first */
    struct Outbox *outbox;
    const ShopEntry *shop; /* held */
    Sender *sender;        /* NULL: the catcher */
    Str from;              /* the shop's own address; empty for the catcher */
    Arena *arena;
    ClaimRow *rows;
    size_t count;
    size_t unsettled;
    bool failed; /* the store refused: nothing was claimed */
    Claim *next;
};

/* Answers of one turn on their way into the store. */
typedef struct Settle {
    StoreTask task; /* first */
    struct Outbox *outbox;
    GPtrArray *rows;        /* ClaimRow */
    GPtrArray *sender_rows; /* SenderRow, own */
    int64_t at;
    bool failed;
    struct Settle *next;
} Settle;

struct Outbox {
    Flow *flow;
    Store *store;
    const FlowOptions *options;
    SmtpLoop *loop;
    GPtrArray *senders;   /* Sender */
    int64_t book_version; /* of the shops, when the senders were last looked through */
    GHashTable *in_hand;  /* message ids that are being claimed or in flight: a set */
    GPtrArray *answered;  /* ClaimRow: of this turn */
    size_t claims_under_way, settles_under_way;
    size_t catching; /* mails whose claim for the catcher is under way */
    int64_t last_shop
        [LANE_COUNT]; /* whose turn it was: the next one is first, so that nobody starves */
    bool draining;
    int64_t retry_at; /* monotonic: the store refused, not before */

    pthread_mutex_t lock; /* of what the writer hands back, and of the loop's end */
    Claim *claims_back;
    Settle *settles_back;
    bool woken;                /* since the turn began: the loop will not sleep; under the lock */
    _Atomic int64_t in_flight; /* for the health page */
    char trouble[256];         /* of servers; under the lock */
    char shop_trouble[256];    /* of a shop's settings; under the lock */
};

#ifndef CONTROL_SKIP_CLAIM
#define CONTROL_SKIP_CLAIM 0
#endif
/* The red fixture of the kill test (meson option `control`): mails go out before their claim is kept. */
static const bool outbox_skips_claim = CONTROL_SKIP_CLAIM;

/* outbox.c */
/* From the writer, holding the lock: the outbox may be gone as soon as the lock is let go. */
void outbox_wake_locked(Outbox *outbox);

/* outbox_claim.c */
/* On the writer: marks the message and appends its delivery row. */
bool claim_row(Db *db, ClaimRow *row, GError **error);
/* Claims what may leave now. *ret_moved: anything was begun. */
bool outbox_claim(Outbox *outbox, bool *ret_moved, GError **error);
/* Takes back the claims that the writer has finished: hands their mails to the servers. */
void outbox_claims_back(Outbox *outbox, Claim *claims);
void claim_unref_row(ClaimRow *row);
/* The address that a shop's mails come from, into the arena. ERR_CONFIG, ERR_INPUT: they have to wait. */
bool outbox_from(Arena *arena, const ShopEntry *shop, Str *ret, GError **error);
/* The sender of a shop, made when it is first needed. NULL on failure. */
Sender *outbox_sender(Outbox *outbox, const ShopEntry *shop, GError **error);

/* outbox_settle.c */
void outbox_answer(Outbox *outbox, ClaimRow *row, const SmtpResult *result);
/* Sends the answers of this turn on their way into the store. */
void outbox_settle(Outbox *outbox);
/* How long a message waits after an attempt that counted, by how many there were before. */
int64_t outbox_wait_after(int64_t attempts);
void outbox_settles_back(Outbox *outbox, Settle *settles);
/* On the writer, for answers that come with the claim itself (the catcher). */
bool settle_row(Db *db, int64_t shop, const ClaimRow *row, int64_t at, GError **error);
