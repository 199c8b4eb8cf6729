/* inbound.h - what comes back is learned: bounces, complaints, answers, by mail and by providers' webhooks.
 *
 * A row of the inbox becomes a receipt for each recipient, beside the delivery that it answers, and what follows:
 *
 *   hard bounce          the address is suppressed, for everything
 *   soft bounces         likewise, when bounces.soft_limit different mails came back within bounces.soft_days and no sign
 *                        of life in between
 *   complaint            suppressed for marketing; what is owed to a buyer still goes
 *   unsubscribe          consent to marketing is withdrawn
 *   answer               the event reply.received, with the order that our mail was about
 *   vacation, challenge  a receipt, and nothing else: they never suppress, and are never answered
 *
 * Anybody can write a mail that looks like a bounce. So a mail stops nothing unless it proves that it answers a mail of
 * ours: by the token in the return path it came to, or in a Message-ID it returns (engine/verp.h); then it is about the
 * address of that mail, whoever it names. A provider's word is signed and counts for the address it names. What proves
 * nothing is kept as a receipt, for people.
 */
#pragma once

#include "flow/flow.h"
#include "flow/learn.h"
#include "flow/shop.h"
#include "plug/inbound/inbound.h"

/* One delivery, understood. Lives in the arena it was made in. */
typedef struct InboundNews InboundNews;

/* Reads the body of an inbox row whose connector is a row of inbounds.def. NULL with the reader's error. */
InboundNews *inbound_prepare(Arena *arena, const FlowOptions *options, const ShopEntry *shop,
                             const Inbound *inbound, Str body, GError **error);

/* On the writer. *ret_reason, in words: why there was nothing in it to learn; NULL if there was. *ret_erased: it names
 * somebody who was erased, so its body must not be kept. */
bool inbound_learn(const Learn *learn, Arena *arena, const InboundNews *news,
                   const char **ret_reason, bool *ret_erased, GError **error);
