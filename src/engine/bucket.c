/* bucket.c - see bucket.h. */
#include "engine/bucket.h"

#include <pthread.h>

enum { MINUTE_MS = 60 * 1000, SWEEP_AT = 1024 /* names: then the full buckets are thrown out */ };

typedef struct Bucket {
    int64_t name;
    double tokens;
    int64_t at;
} Bucket;

struct Buckets {
    pthread_mutex_t lock;
    GHashTable *all; /* by name */
    guint sweep_at;
};

Buckets *
buckets_new(void)
{
    Buckets *buckets = g_new0(Buckets, 1);
    pthread_mutex_init(&buckets->lock, NULL);
    buckets->all = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    buckets->sweep_at = SWEEP_AT;
    return buckets;
}

void
buckets_free(Buckets *buckets)
{
    if (!buckets)
        return;
    g_hash_table_unref(buckets->all);
    pthread_mutex_destroy(&buckets->lock);
    g_free(buckets);
}

static gboolean
bucket_is_full(gpointer key, gpointer value, gpointer now)
{
    (void)key;
    return *(const int64_t *)now - ((const Bucket *)value)->at > MINUTE_MS;
}

static Bucket *
bucket_of(Buckets *buckets, int64_t name, int64_t per_minute, int64_t now)
{
    Bucket *bucket = g_hash_table_lookup(buckets->all, &name);
    if (bucket)
        return bucket;
    if (g_hash_table_size(buckets->all) >= buckets->sweep_at) {
        g_hash_table_foreach_remove(buckets->all, bucket_is_full, &now);
        buckets->sweep_at = MAX(SWEEP_AT, 2 * g_hash_table_size(buckets->all));
    }
    bucket = g_new(Bucket, 1);
    *bucket = (Bucket){.name = name, .tokens = (double)per_minute, .at = now};
    g_hash_table_insert(buckets->all, &bucket->name, bucket);
    return bucket;
}

BucketSays
bucket_take(Buckets *buckets, int64_t name, int64_t per_minute, int64_t now_ms)
{
    must(per_minute > 0);
    double per_ms = (double)per_minute / MINUTE_MS;
    pthread_mutex_lock(&buckets->lock);
    Bucket *bucket = bucket_of(buckets, name, per_minute, now_ms);
    bucket->tokens += (double)MAX(now_ms - bucket->at, 0) * per_ms;
    bucket->tokens = MIN(bucket->tokens, (double)per_minute);
    bucket->at = MAX(now_ms, bucket->at);
    BucketSays says = {.may = bucket->tokens >= 1};
    if (says.may)
        bucket->tokens -= 1;
    says.left = (int64_t)bucket->tokens;
    says.wait_ms = bucket->tokens >= 1 ? 0 : (int64_t)((1 - bucket->tokens) / per_ms) + 1;
    pthread_mutex_unlock(&buckets->lock);
    return says;
}
