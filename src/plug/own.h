/* own.h - our own words for orders, as JSON: what the API takes, what a line of an import may be, what a map makes of
 * another program's words.
 *
 * The names are those of order_field.c; customer, ship_to and bill_to are objects, lines is an array, and shipments and
 * refunds may stand beside. A name that nobody knows is wrong: a slip would lose a fact.
 */
#pragma once

#include "base/json.h"
#include "plug/order_field.h"

/* What an order means that does not say it itself. */
typedef struct OwnShop {
    char currency[4];
    const Zone *zone;
} OwnShop;

/* Reads one with all that stands in it. ret->source is filled: `source`, or "postlude". ERR_INPUT and ERR_TOO_BIG name the
 * member; *ret is untouched then. */
bool
own_order_read(Arena *arena, const OwnShop *shop, const Json *root, Facts *ret, GError **error);

/* ---- for those who have the fields in another form --------------------------------------------------------- */

/* How amounts of an order are written, by its currency: empty, the shop's. */
bool own_style(const OwnShop *shop, Str currency, FieldStyle *ret, GError **error);

/* The name of a source, or "postlude"; empty with ERR_INPUT for what is none. */
Str own_source(Arena *arena, Str told, GError **error);

/* Adds what was not told but follows from the rest. */
bool own_order_end(Arena *arena, Order *order, OrderLine *lines, size_t count,
                   const FieldStyle *style, const FieldsTold *told, GError **error);
