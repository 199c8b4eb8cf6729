/* bucket.h - how often somebody may ask: a token bucket for each name, in memory.
 *
 * A bucket holds as many tokens as a minute allows, and they drop back in evenly; each asking takes one. Names that have
 * not asked for a minute have a full bucket and need no place, so the table stays as small as those who are asking now.
 *
 * For all threads. Time is monotonic ms, the caller's.
 */
#pragma once

#include "base/base.h"

typedef struct Buckets Buckets;

Buckets *buckets_new(void);
void buckets_free(Buckets *buckets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Buckets, buckets_free)

typedef struct BucketSays {
    bool may;
    int64_t left;    /* whole tokens */
    int64_t wait_ms; /* until there is one; 0 where there is */
} BucketSays;

/* Takes one token of the name's bucket, if there is one. per_minute: 1 and more. */
BucketSays bucket_take(Buckets *buckets, int64_t name, int64_t per_minute, int64_t now_ms);
