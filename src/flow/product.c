/* product.c - what the shop sells; see product.h. */
#include "flow/product.h"

#include "base/limits.h"
#include "base/text.h"
#include "engine/id.h"
#include "flow/early.h"
#include "flow/gone.h"

static void
lines_clean(Arena *arena, Str *const *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *fields[i] = text_line(arena, *fields[i], LIMIT_TEXT_BYTES);
}

Product
product_clean(Arena *arena, const Product *told)
{
    Product product = *told;
    Str *const fields[] = {&product.title, &product.vendor,    &product.kind,
                           &product.url,   &product.image_url, &product.tags};
    lines_clean(arena, fields, G_N_ELEMENTS(fields));
    Variant *variants = arena_new_of(arena, Variant, told->variant_count);
    for (size_t i = 0; i < told->variant_count; i++) {
        Variant *variant = &variants[i];
        *variant = told->variants[i];
        Str *const texts[] = {&variant->sku, &variant->title, &variant->barcode,
                              &variant->image_url};
        lines_clean(arena, texts, G_N_ELEMENTS(texts));
    }
    product.variants = variants;
    return product;
}

/* ---- learning ------------------------------------------------------------------------------------------- */

typedef struct Knowing {
    int64_t id; /* 0: nobody told us of it */
    int64_t version;
} Knowing;

static bool
noun_recall(const Learn *learn, Query query, Str foreign_id, Knowing *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(learn->db, query,
                BINDS(bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_text("foreign_id", foreign_id)),
                error);
    if (!rows)
        return false;
    if (rows_next(rows))
        *ret = (Knowing){rows_int(rows, 0), rows_int(rows, 1)};
    return rows_ok(rows, error);
}

/* Source and foreign id of a product that was looked up. */
typedef struct CachedProduct {
    Str source;
    Str foreign_id;
    int64_t id;
} CachedProduct;

struct ProductCache {
    Arena *arena;
    GHashTable *by_foreign;
};

static guint
cached_hash(const void *key)
{
    const CachedProduct *product = key;
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < product->foreign_id.len; i++)
        hash = (hash ^ (uint8_t)product->foreign_id.at[i]) * UINT64_C(0x100000001b3);
    return (guint)(hash ^ hash >> 32);
}

static gboolean
cached_equal(const void *left, const void *right)
{
    const CachedProduct *one = left, *other = right;
    return str_eq(one->foreign_id, other->foreign_id) && str_eq(one->source, other->source);
}

ProductCache *
product_cache_new(void)
{
    ProductCache *cache = g_new0(ProductCache, 1);
    cache->arena = arena_new(LIMIT_ARENA_BYTES);
    cache->by_foreign = g_hash_table_new(cached_hash, cached_equal);
    return cache;
}

void
product_cache_free(ProductCache *cache)
{
    if (!cache)
        return;
    g_hash_table_unref(cache->by_foreign);
    arena_free(cache->arena);
    g_free(cache);
}

static int64_t
cache_find(const Learn *learn, Str foreign_id)
{
    const CachedProduct key = {.source = learn->source, .foreign_id = foreign_id};
    const CachedProduct *found =
        learn->products ? g_hash_table_lookup(learn->products->by_foreign, &key) : NULL;
    return found ? found->id : 0;
}

static void
cache_add(const Learn *learn, Str foreign_id, int64_t id)
{
    if (!learn->products || arena_over(learn->products->arena))
        return;
    CachedProduct *product = arena_new_of(learn->products->arena, CachedProduct, 1);
    product->source = arena_copy(learn->products->arena, learn->source);
    product->foreign_id = arena_copy(learn->products->arena, foreign_id);
    product->id = id;
    g_hash_table_add(learn->products->by_foreign, product);
}

bool
product_of_line(const Learn *learn, const OrderLine *line, int64_t *ret, GError **error)
{
    Knowing known = {0};
    Str foreign_id = line->product_foreign_id.len ? line->product_foreign_id : line->sku;
    *ret = 0;
    if (!foreign_id.len)
        return true;
    *ret = cache_find(learn, foreign_id);
    if (*ret)
        return true;
    if (!noun_recall(learn, Q_product_known, foreign_id, &known, error))
        return false;
    *ret = known.id ? known.id : id_new(KIND_PRODUCT);
    cache_add(learn, foreign_id, *ret);
    if (known.id)
        return true;
    return db_run(learn->db, Q_product_of_line,
                  BINDS(bind_int("id", *ret), bind_int("shop", learn->shop),
                        bind_int("at", learn->at), bind_id("cause", learn->cause),
                        bind_text("source", learn->source), bind_text("foreign_id", foreign_id),
                        bind_text("title", line->title), bind_some("vendor", line->vendor)),
                  NULL, error);
}

static bool
product_save(const Learn *learn, const Product *product, int64_t id, int64_t gone_at,
             GError **error)
{
    return db_run(
        learn->db, Q_product_save,
        BINDS(bind_int("id", id), bind_int("shop", learn->shop), bind_int("at", learn->at),
              bind_id("cause", learn->cause), bind_text("source", learn->source),
              bind_text("foreign_id", product->foreign_id), bind_text("title", product->title),
              bind_some("vendor", product->vendor), bind_some("kind", product->kind),
              bind_some("url", product->url), bind_some("image_url", product->image_url),
              bind_some("tags", product->tags), bind_some("currency", product->currency),
              bind_int("offered", product->offered && !gone_at),
              bind_int("updated_at", product->updated_at), bind_id("deleted_at", gone_at)),
        NULL, error);
}

static bool
variant_append(const Learn *learn, int64_t product, int64_t position, const Variant *variant,
               int64_t version, GError **error)
{
    return db_run(
        learn->db, Q_variant_append,
        BINDS(bind_int("id", id_new(KIND_VARIANT)), bind_int("shop", learn->shop),
              bind_int("product_id", product), bind_int("position", position),
              bind_text("foreign_id", variant->foreign_id), bind_some("sku", variant->sku),
              bind_some("title", variant->title), bind_some("barcode", variant->barcode),
              bind_some("image_url", variant->image_url), bind_int("price", variant->price),
              bind_int("weight_grams", variant->weight_grams), bind_int("ships", variant->ships),
              bind_int("updated_at", version)),
        NULL, error);
}

/* The variants that were known move out of the way, to positions below 0; those that are told by their id alone move back,
 * and those that nobody tells of any more are dropped. */
static bool
variants_save(const Learn *learn, const Product *product, int64_t id, GError **error)
{
    Bind shop = bind_int("shop", learn->shop), of = bind_int("product_id", id);
    if (!db_run(learn->db, Q_variants_shelve, BINDS(shop, of), NULL, error))
        return false;
    for (size_t i = 0; i < product->variant_count; i++) {
        const Variant *variant = &product->variants[i];
        int64_t kept = 0;
        if (variant->named && !db_run(learn->db, Q_variant_keep,
                                      BINDS(bind_int("position", (int64_t)i), shop, of,
                                            bind_text("foreign_id", variant->foreign_id)),
                                      &kept, error))
            return false;
        if (!kept && !variant_append(learn, id, (int64_t)i, variant, 0, error))
            return false;
    }
    if (product->variants_part &&
        !db_run(learn->db, Q_variants_unshelve,
                BINDS(shop, of, bind_int("count", (int64_t)product->variant_count)), NULL, error))
        return false;
    return db_run(learn->db, Q_variants_drop, BINDS(shop, of), NULL, error);
}

static bool
variants_weigh(const Learn *learn, const Product *product, int64_t id, Learned *ret, GError **error)
{
    for (size_t i = 0; i < product->variant_count; i++) {
        const Variant *variant = &product->variants[i];
        int64_t changed = 0;
        if (variant->weight_grams &&
            !db_run(learn->db, Q_variant_weigh,
                    BINDS(bind_int("weight_grams", variant->weight_grams),
                          bind_int("shop", learn->shop), bind_int("product_id", id),
                          bind_text("foreign_id", variant->foreign_id)),
                    &changed, error))
            return false;
        *ret = changed ? LEARNED_CHANGED : *ret;
    }
    return true;
}

bool
product_learn(const Learn *learn, const Product *product, Learned *ret, GError **error)
{
    Knowing known = {0};
    if (!noun_recall(learn, Q_product_known, product->foreign_id, &known, error))
        return false;
    *ret = known.id ? learn_by_version(known.version, product->updated_at) : LEARNED_NEW;
    /* Known from an order only: whatever is told for its own sake is more. */
    if (known.id && !known.version)
        *ret = LEARNED_CHANGED;
    if (*ret == LEARNED_SAME)
        return variants_weigh(learn, product, known.id, ret, error);
    if (*ret != LEARNED_NEW && *ret != LEARNED_CHANGED)
        return true;
    int64_t id = known.id ? known.id : id_new(KIND_PRODUCT), gone_at = 0;
    return gone_recall(learn, GONE_PRODUCT, product->foreign_id, product->updated_at, &gone_at,
                       error) &&
           product_save(learn, product, id, gone_at, error) &&
           variants_save(learn, product, id, error) &&
           early_wake(learn, EARLY_PRODUCT, product->foreign_id, error);
}

VariantFact
variant_clean(Arena *arena, const VariantFact *told)
{
    VariantFact fact = *told;
    Variant *variant = &fact.variant;
    Str *const texts[] = {&variant->sku, &variant->title, &variant->barcode, &variant->image_url};
    lines_clean(arena, texts, G_N_ELEMENTS(texts));
    return fact;
}

bool
variant_learn(const Learn *learn, const VariantFact *fact, Learned *ret, GError **error)
{
    const Variant *variant = &fact->variant;
    Knowing product = {0};
    int64_t version = -1, next = 0;
    if (!noun_recall(learn, Q_product_known, fact->product_foreign_id, &product, error))
        return false;
    if (!product.id) {
        *ret = LEARNED_EARLY;
        return early_wait(learn, EARLY_PRODUCT, fact->product_foreign_id, error);
    }
    Bind shop = bind_int("shop", learn->shop), of = bind_int("product_id", product.id);
    Bind foreign = bind_text("foreign_id", variant->foreign_id);
    if (!db_int(learn->db, Q_variant_known, BINDS(shop, of, foreign), &version, error) ||
        !db_int(learn->db, Q_variant_next, BINDS(shop, of), &next, error))
        return false;
    if (version < 0) {
        *ret = LEARNED_NEW;
        return variant_append(learn, product.id, next, variant, fact->updated_at, error);
    }
    *ret = learn_by_version(version, fact->updated_at);
    return *ret != LEARNED_CHANGED ||
           db_run(learn->db, Q_variant_update,
                  BINDS(bind_some("sku", variant->sku), bind_some("title", variant->title),
                        bind_some("barcode", variant->barcode),
                        bind_some("image_url", variant->image_url),
                        bind_int("price", variant->price), bind_int("ships", variant->ships),
                        bind_int("updated_at", fact->updated_at), shop, of, foreign),
                  NULL, error);
}

/* How a noun is found, and marked as gone. */
typedef struct Going {
    int noun;
    Query known, gone;
} Going;

static bool
noun_gone(const Learn *learn, const Going *going, Str foreign_id, int64_t gone_at, Learned *ret,
          GError **error)
{
    Knowing known = {0};
    int64_t changed = 0;
    if (!noun_recall(learn, going->known, foreign_id, &known, error))
        return false;
    if (!known.id)
        return gone_remember(learn, going->noun, foreign_id, gone_at, ret, error);
    /* Changed after it was gone: it is back. Where nobody says when, it is gone now. */
    if (gone_at && known.version > gone_at) {
        *ret = LEARNED_OLDER;
        return true;
    }
    if (!db_run(learn->db, going->gone,
                BINDS(bind_int("gone_at", gone_at ? gone_at : learn->at),
                      bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_text("foreign_id", foreign_id)),
                &changed, error))
        return false;
    *ret = changed ? LEARNED_CHANGED : LEARNED_SAME;
    return true;
}

bool
product_gone(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret, GError **error)
{
    static const Going product = {GONE_PRODUCT, Q_product_known, Q_product_gone};
    return noun_gone(learn, &product, foreign_id, gone_at, ret, error);
}

/* ---- coupons ---------------------------------------------------------------------------------------------- */

Coupon
coupon_clean(Arena *arena, const Coupon *told)
{
    Coupon coupon = *told;
    Str *const fields[] = {&coupon.code, &coupon.kind, &coupon.value};
    lines_clean(arena, fields, G_N_ELEMENTS(fields));
    return coupon;
}

bool
coupon_learn(const Learn *learn, const Coupon *coupon, Learned *ret, GError **error)
{
    Knowing known = {0};
    if (!noun_recall(learn, Q_coupon_known, coupon->foreign_id, &known, error))
        return false;
    *ret = known.id ? learn_by_version(known.version, coupon->updated_at) : LEARNED_NEW;
    if (*ret != LEARNED_NEW && *ret != LEARNED_CHANGED)
        return true;
    int64_t gone_at = 0;
    if (!gone_recall(learn, GONE_COUPON, coupon->foreign_id, coupon->updated_at, &gone_at, error))
        return false;
    return db_run(learn->db, Q_coupon_save,
                  BINDS(bind_int("id", known.id ? known.id : id_new(KIND_COUPON)),
                        bind_int("shop", learn->shop), bind_int("at", learn->at),
                        bind_id("cause", learn->cause), bind_text("source", learn->source),
                        bind_text("foreign_id", coupon->foreign_id),
                        bind_text("code", coupon->code), bind_text("kind", coupon->kind),
                        bind_some("value", coupon->value), bind_some("currency", coupon->currency),
                        bind_id("ends_at", coupon->ends_at),
                        bind_id("usage_limit", coupon->usage_limit), bind_int("used", coupon->used),
                        bind_int("updated_at", coupon->updated_at), bind_id("deleted_at", gone_at)),
                  NULL, error);
}

bool
coupon_gone(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret, GError **error)
{
    static const Going coupon = {GONE_COUPON, Q_coupon_known, Q_coupon_gone};
    return noun_gone(learn, &coupon, foreign_id, gone_at, ret, error);
}
