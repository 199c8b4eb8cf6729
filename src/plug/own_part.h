/* own_part.h - what belongs to an order, in our own words: shipments and refunds, as nouns that are told by themselves and
 * as parts of an order. One table of each, for both.
 */
#pragma once

#include "plug/own_rows.h"

TOLD(Shipment);
TOLD(Refund);

/* By themselves: with `order_id`. */
extern const OwnShape own_shipment_shape, own_refund_shape;

/* Within an order. */
extern const OwnShape own_order_shipment_shape, own_order_refund_shape;

/* The members shipments and refunds of an order, into its facts. The style is the order's. ERR_INPUT names the member by its
 * path: shipments/0/state. */
bool own_parts_read(Arena *arena, const OwnShop *shop, const Json *order, const Order *of,
                    Facts *facts, GError **error);
