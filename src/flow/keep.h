/* keep.h - what is kept how long: raw deliveries and sent mails 90 days, or as long as the shop has set
 * (keep.bodies_days), then their size and the hash of what was sent; what law obliged to hold, until its day. Rows stay,
 * so that every chain can be told; only bodies go.
 *
 * An hour after the last look there is another, in small steps on the flow's thread when nothing else is due.
 */
#pragma once

#include "engine/store.h"
#include "flow/shop.h"

typedef struct Keep {
    int64_t looked_at; /* when all was done last */
} Keep;

/* One step. *ret_moved: there may be more. */
bool keep_turn(Keep *keep, Store *store, ShopBook *shops, bool *ret_moved, GError **error);

/* How long the disk lasts, from how the store grew in the last 30 days. */
typedef struct KeepForecast {
    int64_t free_bytes;
    int64_t store_bytes;
    int64_t bytes_a_day; /* 0: not known yet, or it does not grow */
    int64_t days_left;   /* -1: not known, or for ever */
} KeepForecast;

bool keep_forecast(Db *db, int64_t free_bytes, KeepForecast *ret, GError **error);
