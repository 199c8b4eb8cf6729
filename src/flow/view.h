/* view.h - how templates see our rows: order.total_price, order.line_items[0].title, shop.name.
 *
 * One table per noun says which names there are, of which type, and where they stand in the struct of
 * model.h. The same table answers a template that asks, and tells the check at save what there is; a row is
 * read in place.
 */
#pragma once

#include "engine/liquid/liquid.h"
#include "flow/order.h"
#include "flow/shop.h"

/* Objects over rows that must outlive the render; they live in the arena. */
LiquidValue view_shop(Arena *arena, const ShopEntry *shop);
LiquidValue view_order(Arena *arena, const OrderRow *order);

/* What a message about an order offers (shop, order, page_url), for the check of its templates. */
const LiquidSchema *view_order_schema(Arena *arena);

/* shop, order and page_url under these names, ready to be a template's root. */
LiquidValue
view_order_root(Arena *arena, const ShopEntry *shop, const OrderRow *order, Str page_url);
