/* flow.h - the path at work: its thread, its sending thread, their health.
 *
 * The flow's thread works the stages inbox, event, run and message in turn; the outbox has a thread of its
 * own, because it waits for other people's servers. Under test control neither runs: flow_work() does what
 * they would have done, until nothing is due, claimed or in flight.
 */
#pragma once

#include "base/digest.h"
#include "engine/keyring.h"
#include "engine/net_rule.h"
#include "engine/store.h"
#include "flow/shop.h"
#include "flow/signer.h"

typedef struct Flow Flow;

/* What the worker is working on, in memory shared with its parent: survives the worker's crash. A row at
 * which it died twice is put aside at the next start. */
typedef struct WorkPage {
    _Atomic int64_t taking;  /* row in work on the flow's thread; 0: none */
    _Atomic int64_t writing; /* the same on the writer's */
    int64_t suspect;         /* row in work at the last crash */
    int deaths;              /* at this row, one after another */
} WorkPage;

typedef struct FlowOptions {
    Store *store;
    ShopBook *shops;
    const HmacKey *links;    /* signs link tokens */
    const HmacKey *mail_ids; /* signs Message-IDs and return paths */
    const Keyring *keyring;
    const char *erase_list; /* where erasures are noted (flow/erase_list.h); NULL: nowhere */
    const char *public_url; /* of the installation: http://127.0.0.1:8080 */
    const char *smtp_url;   /* for shops that have none; empty: the catcher */
    const char *smtp_ca_file;
    const char *smtp_rate;
    const char *smtp_connections;
    const char *maildir; /* of the installation; NULL or empty: none */
    const char *helo;    /* our name for SMTP servers; NULL: found out */
    bool manual;         /* test control: no threads */
    NetRule net;         /* where shops may lead us: asked through flow/reach.h alone */
    WorkPage *page;      /* NULL: none */
} FlowOptions;

/* Makes all that was under way when the program stopped `unknown`, and the rest ready to go on. */
Flow *flow_new(const FlowOptions *options, GError **error);
bool flow_start(Flow *flow, GError **error);
void flow_stop(Flow *flow); /* finishes what is in flight, at most 10 s */
void flow_free(Flow *flow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Flow, flow_free)

/* Certificates of those who sign what they tell. */
Signers *flow_signers(Flow *flow);

/* As it was made; for those who send a test mail. */
const FlowOptions *flow_options(Flow *flow);

/* Something new is in the store. From any thread. */
void flow_wake(Flow *flow);

/* The same for a delivery, of which the outbox learns when there are words. */
void flow_wake_inbox(Flow *flow);

/* Only with `manual`: works until nothing is due, claimed or in flight. *ret_turns: how many turns that took. */
bool flow_work(Flow *flow, int64_t *ret_turns, GError **error);

/* For the health page. */
typedef struct FlowHealth {
    int64_t flow_age_ms;   /* since the flow's loop last went round */
    int64_t outbox_age_ms; /* since the outbox's did */
    int64_t claimed;       /* in flight now */
    char trouble[256];     /* what keeps mail from leaving, in words; empty: nothing */
} FlowHealth;
void flow_health(Flow *flow, FlowHealth *ret);
