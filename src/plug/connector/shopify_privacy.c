/* shopify_privacy.c - what Shopify passes on by law: a customer asks for a copy or for erasure, a shop has left.
 *
 * https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance
 */
#include "plug/connector/shopify_inside.h"

static bool
orders_read(Arena *arena, const Json *root, const char *key, PrivacyAsk *privacy, GError **error)
{
    const Json *list = json_get(root, key);
    size_t count = 0;
    if (!connector_len(root, key, &count, error))
        return false;
    Str *orders = arena_new_of(arena, Str, count);
    for (size_t i = 0; i < count; i++)
        orders[i] = str_trim(json_as_text(arena, json_nth(list, i)));
    privacy->orders = orders;
    privacy->order_count = count;
    return true;
}

bool
shopify_privacy_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Arena *arena = ask->arena;
    const Json *customer = json_get(root, "customer");
    PrivacyAsk *privacy = arena_new_of(arena, PrivacyAsk, 1);
    bool copy = str_is(ask->topic, "customers/data_request");
    bool whole = str_is(ask->topic, "shop/redact");
    *privacy = (PrivacyAsk){
        .kind = copy    ? PRIVACY_EXPORT
                : whole ? PRIVACY_ERASE_SHOP
                        : PRIVACY_ERASE,
        .foreign_id = shopify_id(arena, json_get(root, "data_request"), "id"),
        .customer_foreign_id = shopify_id(arena, customer, "id"),
        .email = plug_text(arena, customer, "email"),
        .phone = plug_text(arena, customer, "phone"),
    };
    if (!whole && !privacy->customer_foreign_id.len && !privacy->email.len && !privacy->phone.len)
        return fail(error, ERR_INPUT, "customer is missing: whose data is meant?");
    if (!orders_read(arena, root, copy ? "orders_requested" : "orders_to_redact", privacy, error))
        return false;
    *ret = (Facts){.asks = privacy, .ask_count = 1};
    return true;
}
