/* erase.h - erasure of a person, or of a whole shop's customers, as it was asked for (flow/privacy.h).
 *
 * Where somebody's traces stand is a list, and this file is it: orders and what belongs to them, messages with their
 * bodies and the servers' words, raw deliveries, choices, suppressions, the customer rows; at last the store's log.
 * What stays: sums, states and dates of orders; a keyed fingerprint of the address, so that an old list that is imported
 * again does not bring it back; and, where the shop has set privacy.hold_years, what law obliges to keep of an order,
 * sealed and dated. The receipt, in the asking's row, tells all of it.
 *
 * Done in small steps on the flow's thread when nothing else is due; a step that was cut off is done again.
 */
#pragma once

#include "engine/keyring.h"
#include "engine/store.h"
#include "flow/learn.h"
#include "flow/shop.h"

/* What stands as the address of a message whose person was erased. */
#define ERASED_ADDRESS "erased"

typedef struct Erase Erase;

/* list: where erasures are noted (flow/erase_list.h), borrowed; NULL: nowhere. */
Erase *erase_new(Store *store, ShopBook *shops, const Keyring *keyring, const char *list);
void erase_free(Erase *erase);

/* One step, if anything was asked. *ret_moved: there was something to do, and there may be more. */
bool erase_turn(Erase *erase, bool *ret_moved, GError **error);

/* When the person of an address (in its normal form) had all erased; 0: never, or nobody asks (Learn.fingerprints). */
bool erased_since(const Learn *learn, Str address, int64_t *ret, GError **error);

/* What to write down of an address that somebody else tells about (a bounce, an old list): itself; of somebody erased its
 * fingerprint. In the arena. */
bool erased_or_address(const Learn *learn, Arena *arena, Str address, Str *ret, GError **error);

/* The fingerprint of an address (in its normal form) that stands in its place: "erased:" and hex. */
Str erased_address(Arena *arena, const HmacKey *key, Str address);
