/* shipment.h - what leaves the shop, and how far it has come.
 *
 * Two tell of it: the shop system (Shipment: what is in it, its numbers, a state) and carriers (Scan: one word of the
 * way). The state is that of the newest word by the teller's clock, whatever order they come in; of one moment the one
 * further along. What has arrived stays so, unless it comes back or is found damaged. Events are changes of state.
 */
#pragma once

#include "flow/learn.h"
#include "model.h"

enum { SHIPMENT_HASH_BYTES = 16 };

typedef struct ShipmentNews {
    Shipment shipment; /* cleaned */
    uint8_t hash[SHIPMENT_HASH_BYTES];
} ShipmentNews;

void shipment_prepare(Arena *arena, const Shipment *told, ShipmentNews *ret);
Scan scan_clean(Arena *arena, const Scan *told);

/* On the writer. LEARNED_EARLY if its order, or the scan's shipment, is not known yet. */
bool shipment_learn(const Learn *learn, const ShipmentNews *news, Learned *ret, GError **error);
bool scan_learn(const Learn *learn, const Scan *scan, Learned *ret, GError **error);

/* A shipment as it is stored, with its parcels and lines. */
typedef struct ShipmentRow {
    int64_t id;
    int64_t order_id;
    int64_t state_at;
    Shipment shipment;
} ShipmentRow;

/* Reads one into the arena. ERR_NOT_FOUND if there is none. */
bool
shipment_load(Db *db, Arena *arena, int64_t shop, int64_t id, ShipmentRow *ret, GError **error);

/* All of an order, the oldest first. */
bool shipments_load(Db *db, Arena *arena, int64_t shop, int64_t order_id, ShipmentRow **ret,
                    size_t *ret_count, GError **error);

const char *shipment_slug(ShipmentState state);
const char *shipment_words(ShipmentState state);
ShipmentState shipment_state_of(Str slug); /* SHIPMENT_UNKNOWN for an unknown one */
