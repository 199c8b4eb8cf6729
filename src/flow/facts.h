/* facts.h - what one telling holds, learned noun by noun: the one way in, for webhooks, polls, imports and the API.
 *
 * Customers come before their consents and merges, products before variants that are told alone, orders before their shipments, shipments before their scans; what belongs to
 * something that nobody told us of yet waits for it (flow/early.h).
 */
#pragma once

#include "flow/learn.h"

/* Facts made ready outside of the writer: cleaned, hashed. Lives in the arena it was made in. */
typedef struct FactsNews FactsNews;

FactsNews *facts_prepare(Arena *arena, const Facts *facts);

/* How many nouns became what. */
typedef struct FactsCount {
    int64_t of[LEARNED_EARLY + 1]; /* by Learned */
} FactsCount;

/* On the writer. learn->source is whose foreign ids these are, if the facts name none themselves. Adds to *count. */
bool facts_learn(const Learn *learn, const FactsNews *news, FactsCount *count, GError **error);
