/* poll.h - asks the shop systems for what their webhooks did not bring: reconciliation.
 *
 * Webhooks get lost, whatever their senders promise. So each shop whose owner has given us a key is asked every
 * quarter of an hour (poll.every) for the orders that changed, page by page, reaching a little behind the newest
 * change that is known (poll.overlap). Each page becomes an inbox row of the topic `poll/orders` before anybody reads
 * it, in the transaction that moves the cursor: so versions, dedupe, events and trace are the path's, a page that is
 * asked for twice is one row, and a kill between the two loses nothing.
 *
 * One thread, one page at a time, whoever has waited longest first. Who refuses or fails is asked again later and
 * later, up to six hours; a wait that the other side asks for is kept. What is wrong stands in poll.reason.
 */
#pragma once

#include "engine/http_client.h"
#include "engine/store.h"
#include "flow/shop.h"

typedef struct Poll Poll;

typedef struct PollOptions {
    Store *store;
    ShopBook *shops;
    const NetRule *net;       /* the installation's (flow/reach.h) */
    void (*woken)(void *arg); /* a page is in the inbox */
    void *arg;
} PollOptions;

Poll *poll_new(const PollOptions *options);
void poll_free(Poll *poll);

/* Asks for one page, if one is due. *ret_moved: it did. A shop system's failure is none of ours: it is noted, and
 * true is returned. Waits for the answer, 20 s at most. */
bool poll_turn(Poll *poll, bool *ret_moved, GError **error);

/* From another thread: what is under way ends soon, and no turn asks for anything any more. */
void poll_stop(Poll *poll);

/* One request of a plug, sent where `net` allows and answered; for the verb that connects, too. The answer lives in the arena and
 * borrows headers from *ret_reply. */
bool poll_send(HttpClient *client, const ConnectorRequest *request, const NetRule *net,
               Arena *arena, HttpReply *ret_reply, GError **error);
ConnectorAnswer poll_answer(const HttpReply *reply);
