/* product.h - what the shop sells, and its coupons. */
#pragma once

#include "flow/learn.h"
#include "model.h"

/* Products of lines, by their foreign ids: for those who learn many orders in one transaction. What it holds is true until
 * that transaction ends, however it ends. */
ProductCache *product_cache_new(void);
void product_cache_free(ProductCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ProductCache, product_cache_free)

/* On the writer: the product of an order's line, made on first sight; 0 where the line has none. */
bool product_of_line(const Learn *learn, const OrderLine *line, int64_t *ret, GError **error);

/* On the writer: what the shop tells of a product itself. Texts are cleaned by product_clean, outside. */
bool product_learn(const Learn *learn, const Product *product, Learned *ret, GError **error);
Product product_clean(Arena *arena, const Product *told);

/* On the writer: one variant alone, by its own version. LEARNED_EARLY if nobody told us of its product yet. */
bool variant_learn(const Learn *learn, const VariantFact *fact, Learned *ret, GError **error);
VariantFact variant_clean(Arena *arena, const VariantFact *told);

bool coupon_learn(const Learn *learn, const Coupon *coupon, Learned *ret, GError **error);
Coupon coupon_clean(Arena *arena, const Coupon *told);

/* The shop has it no more. If nobody knew it, that is remembered for when it is told late (flow/gone.h). */
bool
product_gone(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret, GError **error);
bool coupon_gone(const Learn *learn, Str foreign_id, int64_t gone_at, Learned *ret, GError **error);
