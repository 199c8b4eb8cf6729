/* product.c - what the shop sells; see product.h. */
#include "flow/product.h"

#include "base/limits.h"
#include "base/text.h"
#include "engine/id.h"

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
product_save(const Learn *learn, const Product *product, int64_t id, GError **error)
{
    return db_run(
        learn->db, Q_product_save,
        BINDS(bind_int("id", id), bind_int("shop", learn->shop), bind_int("at", learn->at),
              bind_id("cause", learn->cause), bind_text("source", learn->source),
              bind_text("foreign_id", product->foreign_id), bind_text("title", product->title),
              bind_some("vendor", product->vendor), bind_some("kind", product->kind),
              bind_some("url", product->url), bind_some("image_url", product->image_url),
              bind_some("tags", product->tags), bind_some("currency", product->currency),
              bind_int("offered", product->offered), bind_int("updated_at", product->updated_at)),
        NULL, error);
}

static bool
variants_save(const Learn *learn, const Product *product, int64_t id, GError **error)
{
    Bind shop = bind_int("shop", learn->shop), of = bind_int("product_id", id);
    if (!db_run(learn->db, Q_variants_drop, BINDS(shop, of), NULL, error))
        return false;
    for (size_t i = 0; i < product->variant_count; i++) {
        const Variant *variant = &product->variants[i];
        if (!db_run(
                learn->db, Q_variant_append,
                BINDS(bind_int("id", id_new(KIND_VARIANT)), shop, of,
                      bind_int("position", (int64_t)i),
                      bind_text("foreign_id", variant->foreign_id), bind_some("sku", variant->sku),
                      bind_some("title", variant->title), bind_some("barcode", variant->barcode),
                      bind_some("image_url", variant->image_url), bind_int("price", variant->price),
                      bind_int("weight_grams", variant->weight_grams),
                      bind_int("ships", variant->ships)),
                NULL, error))
            return false;
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
    if (*ret != LEARNED_NEW && *ret != LEARNED_CHANGED)
        return true;
    int64_t id = known.id ? known.id : id_new(KIND_PRODUCT);
    return product_save(learn, product, id, error) && variants_save(learn, product, id, error);
}

static bool
noun_gone(const Learn *learn, Query query, Str foreign_id, int64_t gone_at, Learned *ret,
          GError **error)
{
    int64_t changed = 0;
    if (!db_run(learn->db, query,
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
    return noun_gone(learn, Q_product_gone, foreign_id, gone_at, ret, error);
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
    return db_run(learn->db, Q_coupon_save,
                  BINDS(bind_int("id", known.id ? known.id : id_new(KIND_COUPON)),
                        bind_int("shop", learn->shop), bind_int("at", learn->at),
                        bind_id("cause", learn->cause), bind_text("source", learn->source),
                        bind_text("foreign_id", coupon->foreign_id),
                        bind_text("code", coupon->code), bind_text("kind", coupon->kind),
                        bind_some("value", coupon->value), bind_some("currency", coupon->currency),
                        bind_id("ends_at", coupon->ends_at),
                        bind_id("usage_limit", coupon->usage_limit), bind_int("used", coupon->used),
                        bind_int("updated_at", coupon->updated_at)),
                  NULL, error);
}

bool
coupon_gone(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret, GError **error)
{
    return noun_gone(learn, Q_coupon_gone, foreign_id, gone_at, ret, error);
}
