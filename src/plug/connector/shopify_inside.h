/* shopify_inside.h - how Shopify's nouns are read, one file for each; for shopify*.c alone.
 *
 * A reader of a topic fills the Facts, whose lists live in the ask's arena. A reader of a noun is used wherever the
 * noun stands: a fulfilment is a webhook of its own, and a part of each order.
 *
 * Fields: https://shopify.dev/docs/api/admin-rest/latest/resources (order, fulfillment, refund, customer, product),
 * of which the webhooks are made.
 */
#pragma once

#include "plug/connector/connector.h"

/* ---- topics ------------------------------------------------------------------------------------- */

bool shopify_order_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool shopify_shipment_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool shopify_scan_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool shopify_refund_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool shopify_customer_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool shopify_consent_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool shopify_product_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool shopify_gone_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
bool shopify_privacy_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);

bool shopify_merge_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);

/* A page that was asked for, of any noun. */
bool shopify_page_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);

/* ---- asking ------------------------------------------------------------------------------------- */

extern const ConnectorPoll shopify_poll;

/* A request to the Admin API, below its version. */
void shopify_request(const ConnectorVisit *visit, const char *path, ConnectorRequest *ret);

/* True for 2xx; else the error names what the owner has to change. */
bool
shopify_answer_check(const ConnectorVisit *visit, const ConnectorAnswer *answer, GError **error);
bool shopify_setup(ConnectorSetup *setup, const ConnectorAnswer *answer, ConnectorRequest *ret,
                   bool *ret_done, GError **error);

/* By GraphQL; shopify_graphql.c says what. */
typedef struct ShopifyVariable {
    const char *name;
    const char *text;
    int64_t number; /* where text is NULL; 0: null */
} ShopifyVariable;

void shopify_graphql_ask(const ConnectorVisit *visit, const char *query,
                         const ShopifyVariable *variables, size_t count, ConnectorRequest *ret);
bool shopify_graphql_page_ask(const ConnectorVisit *visit, const ConnectorCursor *cursor,
                              ConnectorRequest *ret, GError **error);
bool shopify_graphql_page_read(const ConnectorVisit *visit, const ConnectorCursor *cursor,
                               const ConnectorAnswer *answer, ConnectorPage *ret, GError **error);

/* Where in an answer an error stands, as its reader calls it: customer.email. */
Str shopify_path_words(Arena *arena, const Json *path);

/* ---- nouns -------------------------------------------------------------------------------------- */

/* order_id may be missing in what stands within an order: then it is this one. */
bool
shopify_shipment_read(Arena *arena, const Json *from, Str order_id, Shipment *ret, GError **error);
bool shopify_refund_read(const ConnectorAsk *ask, const Json *from, Str order_id, Refund *ret,
                         GError **error);
bool shopify_customer_read(Arena *arena, const Json *from, Customer *ret, GError **error);

/* One word of a carrier; *ret says already whose parcel it is, where the word itself does not. */
bool shopify_scan_read(Arena *arena, const Json *from, Scan *ret, GError **error);

/* Variants of a product that are told without the rest of it: {id, page: {nodes}}. */
bool
shopify_variants_told(const ConnectorAsk *ask, const Json *product, Facts *ret, GError **error);

enum { SHOPIFY_CONSENTS = 2 /* one customer's: by mail and by SMS */ };

/* What the customer chose, by channel. Fills at most SHOPIFY_CONSENTS; gives how many in *ret_count. */
bool shopify_consents_read(Arena *arena, const Json *customer, ConsentFact *ret, size_t *ret_count,
                           GError **error);

/* ---- fields ------------------------------------------------------------------------------------- */

/* An id, exact; of gid://shopify/Order/17 it is 17. */
Str shopify_id(Arena *arena, const Json *object, const char *key);

/* A list: as a webhook has it, or within {"nodes": [...]}. */
const Json *shopify_list(const Json *object, const char *key);

/* "a, b", told as a text or as a list. */
Str shopify_tags(Arena *arena, const Json *object);

PostalAddress shopify_address(Arena *arena, const Json *from);
