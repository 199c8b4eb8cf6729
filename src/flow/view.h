/* view.h - how templates see our rows: order.total_price, order.line_items[0].title, shop.name.
 *
 * One table per noun says which names there are, of which type, and where they stand in the struct of
 * model.h. The same table answers a template that asks, and tells the check at save what there is; a row is
 * read in place.
 */
#pragma once

#include "engine/liquid/liquid.h"
#include "flow/order.h"
#include "flow/shipment.h"
#include "flow/shop.h"

/* Objects over rows that must outlive the render; they live in the arena. */
LiquidValue view_shop(Arena *arena, const ShopEntry *shop);
LiquidValue view_order(Arena *arena, const OrderRow *order);
/* order may be NULL; with it the shipment knows the titles of what is in it. */
LiquidValue view_shipment(Arena *arena, const ShipmentRow *shipment, const OrderRow *order);

/* What a message or a page is about. NULL and empty: nothing of that kind. */
typedef struct ViewAsk {
    const ShopEntry *shop;
    const OrderRow *order;
    const ShipmentRow *shipment; /* the one it tells of */
    const Refund *refund;
    const ShipmentRow *shipments; /* all of the order */
    size_t shipment_count;
    const Refund *refunds;
    size_t refund_count;
    Str page_url;
    Str preferences_url;
    Str confirm_url; /* of the second half of a double opt-in */
    Str legal_text;
    bool legal_attached; /* it is too long to stand in the mail */
    Str lang;            /* of the words */
    Str dir;             /* ltr, rtl */
} ViewAsk;

/* Puts all of it into a template's root, a map. ask must outlive the render. */
void view_fill(Arena *arena, const ViewAsk *ask, LiquidValue root);

/* The names that view_fill gives, for the check of templates. */
const LiquidSchema *view_schema_root(Arena *arena);
