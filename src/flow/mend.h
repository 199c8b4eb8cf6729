/* mend.h - what a clock that was wrong has left in the future.
 *
 * Wakes and next attempts are moments of the wall clock. When it ran ahead (a machine that starts in another year until
 * its clock is set) and jumps back, what was written meanwhile would wait until that year comes.
 */
#pragma once

#include "engine/store.h"

typedef struct Mend {
    int64_t
        newest_at; /* the latest moment we know to have been: of a row's id, or of the last look */
} Mend;

/* Has the clock jumped back since the last look, by more than clocks are usually set? */
bool mend_is_due(const Mend *mend, int64_t now);

/* Brings back what is left in the future. */
bool mend_clock(Store *store, Mend *mend, GError **error);
