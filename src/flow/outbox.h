/* outbox.h - stage 5: messages leave, one attempt after another, and every answer is kept.
 *
 *   ready --claim--> claimed --answer--> accepted | failed | ready (later) | unknown
 *
 * A message is claimed in the store BEFORE a byte of it goes over the wire, and no more are claimed than the
 * server's pool has room for. So whatever moment the program is killed at: what was accepted without our
 * knowing is among the few that were claimed, and these are marked `unknown` at the next start. Receipts are
 * then tried again with the SAME Message-ID, so that the customer's mail program can see that it is one mail;
 * marketing is not.
 *
 * Runs on a thread of its own, since it waits for other people's servers.
 */
#pragma once

#include "engine/store.h"
#include "flow/flow.h"

typedef struct Outbox Outbox;

/* True for a shop whose mail stays here, on the catcher's page. */
bool outbox_is_catcher(const FlowOptions *options, const ShopEntry *shop);

Outbox *outbox_new(Flow *flow, GError **error);
void outbox_free(Outbox *outbox); /* breaks off what is in flight: see outbox_drain */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Outbox, outbox_free)

/* Before anything else after a start: what was claimed when the program stopped has an unknown outcome. */
bool outbox_recover(Store *store, GError **error);

/* One turn: claims what may leave, hands it to the servers, keeps their answers; waits at most wait_ms for
 * something to happen. *ret_moved: whether anything did. */
bool outbox_turn(Outbox *outbox, int wait_ms, bool *ret_moved, GError **error);

/* Nothing claimed, nothing in flight, no answer that is not kept yet. */
bool outbox_idle(const Outbox *outbox);

/* Something is due now that only waits for its server to be reached again. For test control. */
bool outbox_waits(Outbox *outbox);

/* Claims nothing more. Turn it until it is idle. */
void outbox_drain(Outbox *outbox);

/* Something new may leave. From any thread. */
void outbox_wake(Outbox *outbox);

/* What keeps mail from leaving, in words; false: nothing does. */
bool outbox_trouble(Outbox *outbox, char *words, size_t bytes);
int64_t outbox_in_flight(const Outbox *outbox);
