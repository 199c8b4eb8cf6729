/* woocommerce_inside.h - how WooCommerce's nouns are read, one file for each; for woocommerce*.c alone.
 *
 * A reader of a topic fills the Facts, whose lists live in the ask's arena.
 *
 * Fields: https://woocommerce.github.io/woocommerce-rest-api-docs/
 */
#pragma once

#include "plug/connector/connector.h"

/* ---- topics ------------------------------------------------------------------------------------- */

bool woocommerce_order_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool
woocommerce_customer_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool
woocommerce_product_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool woocommerce_coupon_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);

/* A product in the bin. */
bool woocommerce_bin_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);

/* {product_id, variations}, as woocommerce_poll.c keeps them. */
bool
woocommerce_variations_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);

/* A page that was asked for, of any noun. */
bool woocommerce_page_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);

extern const ConnectorPoll woocommerce_poll;

/* ---- nouns -------------------------------------------------------------------------------------- */

/* The parcels that plugins have noted on an order. The order's status is told by its root. */
bool woocommerce_shipments_read(Arena *arena, const Json *root, const Order *order, Shipment **ret,
                                size_t *ret_count, GError **error);

/* ---- fields ------------------------------------------------------------------------------------- */

/* A name without its HTML. */
Str woocommerce_title(Arena *arena, const Json *object, const char *key);

/* An id; WooCommerce writes 0 for none. */
Str woocommerce_id(Arena *arena, const Json *object, const char *key);

/* Country and province are told by their codes alone; those are better than none where an address is shown. */
PostalAddress woocommerce_address(Arena *arena, const Json *from);
bool woocommerce_address_empty(const PostalAddress *address);

/* What a plugin has noted on it (meta_data), by its key; NULL: nothing. */
const Json *woocommerce_note(const Json *object, const char *key);
Str woocommerce_note_text(Arena *arena, const Json *object, const char *key);

/* The language of the buyer, BCP 47: known only where a translation plugin has noted it. */
Str woocommerce_locale(Arena *arena, const Json *object);

/* When it was made and last changed. Moments are told twice: in the shop's zone and, as X_gmt, in UTC without saying so. */
bool woocommerce_versions(Arena *arena, const Json *from, int64_t *ret_created,
                          int64_t *ret_updated, GError **error);
