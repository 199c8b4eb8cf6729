/* shopify.c - what Shopify's webhooks tell (REST payloads, API 2017 to 2026).
 *
 * Shopify repeats a webhook for hours, sends orders/updated before orders/create, and tells the whole
 * order each time. So every orders/ topic is read in the same way, and what happened is found out later
 * by comparing. https://shopify.dev/docs/api/webhooks
 */
#include "base/limits.h"
#include "base/text.h"
#include "plug/connector/shopify_inside.h"

#include <string.h>

static bool
app_gone(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    (void)ask, (void)root, (void)error;
    *ret = (Facts){.disconnected = true};
    return true;
}

/* A name that ends in / or _ stands for all topics that start with it; the first row that fits counts. */
static const struct {
    const char *name;
    bool (*read)(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);
    const char *declined;
} topics[] = {
    {"orders/create", shopify_order_told, NULL},
    {"orders/updated", shopify_order_told, NULL},
    {"orders/paid", shopify_order_told, NULL},
    {"orders/cancelled", shopify_order_told, NULL},
    {"orders/fulfilled", shopify_order_told, NULL},
    {"orders/partially_fulfilled", shopify_order_told, NULL},
    {"orders/delete", shopify_gone_told, NULL},
    {"orders/edited", NULL,
     "an edit tells the difference alone; orders/updated, sent with it, tells the whole order"},
    {"orders/risk_assessment_changed", NULL,
     "it names the order without telling it; a cancelled order says itself that it was fraud"},
    {"orders/", NULL, "it names the order without telling it; orders/updated tells it"},
    {"fulfillments/create", shopify_shipment_told, NULL},
    {"fulfillments/update", shopify_shipment_told, NULL},
    {"fulfillment_events/create", shopify_scan_told, NULL},
    {"fulfillment_events/delete", NULL, "what a carrier said once was said"},
    {"refunds/create", shopify_refund_told, NULL},
    {"customers/create", shopify_customer_told, NULL},
    {"customers/update", shopify_customer_told, NULL},
    {"customers/enable", shopify_customer_told, NULL},
    {"customers/disable", shopify_customer_told, NULL},
    {"customers/delete", shopify_gone_told, NULL},
    {"customers/data_request", shopify_privacy_told, NULL},
    {"customers/redact", shopify_privacy_told, NULL},
    {"shop/redact", shopify_privacy_told, NULL},
    {"customers/merge", shopify_merge_told, NULL},
    {"customers_marketing_consent/update", shopify_consent_told, NULL},
    {"customers_email_marketing_consent/update", shopify_consent_told, NULL},
    {"products/create", shopify_product_told, NULL},
    {"products/update", shopify_product_told, NULL},
    {"products/delete", shopify_gone_told, NULL},
    {"poll/", shopify_page_told, NULL},
    {"app/uninstalled", app_gone, NULL},
    {"app", NULL, "it is about what the shop pays for its apps"},
    {"bulk_operations/", NULL, "we ask for no bulk operations"},
    {"carts/", NULL, "a cart is no order"},
    {"checkouts/", NULL, "a checkout is no order until it is completed"},
    {"collection", NULL, "it is about how products are grouped"},
    {"companies/", NULL, "a company is learned with its first order"},
    {"company_", NULL, "a company and its people are learned with their orders"},
    {"customer_account_settings/", NULL, "it is a setting of the shop"},
    {"customer_groups/", NULL, "it is a saved search of the admin"},
    {"customer_payment_methods/", NULL, "how somebody pays is not for us to keep"},
    {"customer_tags_", NULL, "the tags come with customers/update"},
    {"customer.tags_", NULL, "the tags come with customers/update"},
    {"customers/", NULL, "it names the customer without telling who it is"},
    {"delivery_", NULL, "it is a setting of the shop's delivery"},
    {"discounts/", NULL, "it names the discount without its code"},
    {"disputes/", NULL, "a dispute is between the shop and the bank"},
    {"domains/", NULL, "it is a setting of the shop"},
    {"draft_orders/", NULL, "a draft is no order until somebody completes it"},
    {"fulfillment_holds/", NULL, "how the warehouse works through an order is not for the buyer"},
    {"fulfillment_orders/", NULL,
     "how the warehouse works through an order is not for the buyer; parcels are fulfillments"},
    {"inventory_", NULL, "it is about the stock"},
    {"locales/", NULL, "it is a setting of the shop"},
    {"locations/", NULL, "it is a setting of the shop"},
    {"markets/", NULL, "it is a setting of the shop"},
    {"metaobjects/", NULL, "it is content of the shop"},
    {"order_transactions/", NULL, "what was paid and given back stands in order and refund"},
    {"payment_schedules/", NULL, "when a payment is due stands in the order"},
    {"payment_terms/", NULL, "when a payment is due stands in the order"},
    {"product_feeds/", NULL, "feeds are for sales channels"},
    {"product_listings/", NULL, "listings are for sales channels; products tell themselves"},
    {"product_publications/", NULL, "it is about a sales channel"},
    {"profiles/", NULL, "it is a setting of the shop's delivery"},
    {"returns/", NULL, "a return is known by its refund"},
    {"reverse_", NULL, "how goods come back is not told to the buyer from here"},
    {"scheduled_product_listings/", NULL, "listings are for sales channels"},
    {"segments/", NULL, "it is a saved search of the admin"},
    {"selling_plan_groups/", NULL, "it is about how a subscription is sold"},
    {"shop/", NULL, "name, currency and zone of the shop are set here by its owner"},
    {"subscription_", NULL, "what a subscription brings is an order of its own"},
    {"tax_", NULL, "it is a setting of the shop"},
    {"tender_transactions/", NULL, "what was paid stands in the order"},
    {"themes/", NULL, "it is about the look of the shop"},
    {"variants/", NULL, "the stock of a variant is not kept"},
};

static bool
topic_fits(Str topic, const char *name)
{
    size_t len = strlen(name);
    bool start = name[len - 1] == '/' || name[len - 1] == '_' || !strchr(name, '/');
    return start ? str_starts(topic, name) : str_is(topic, name);
}

static bool
shopify_check(const ConnectorKnock *knock, Envelope *ret, GError **error)
{
    const PlugHeaders *headers = &knock->headers;
    Str sent = plug_header(headers, "X-Shopify-Hmac-SHA256");
    if (!sent.len)
        return fail(error, ERR_AUTH, "the header X-Shopify-Hmac-SHA256 is missing");
    if (!connector_signed(knock->secret, knock->body, sent))
        return fail(error, ERR_AUTH,
                    "the signature does not fit: shopify.secret is not the secret of the app that "
                    "sent this, or a proxy changed the body");
    Str topic = plug_header(headers, "X-Shopify-Topic");
    if (!topic.len)
        return fail(error, ERR_INPUT, "the header X-Shopify-Topic is missing");
    *ret = (Envelope){.topic = topic, .delivery = plug_header(headers, "X-Shopify-Webhook-Id")};
    return true;
}

static bool
shopify_read(const ConnectorAsk *ask, Facts *ret, GError **error)
{
    Facts facts = {.declined = STR("nothing is read from this topic")};
    for (size_t i = 0; i < G_N_ELEMENTS(topics); i++) {
        if (!topic_fits(ask->topic, topics[i].name))
            continue;
        facts.declined = str_of(topics[i].declined);
        if (!topics[i].read)
            break;
        const Json *root = json_parse(ask->arena, ask->body.at, ask->body.len, error);
        if (!root)
            return false;
        if (json_type(root) != JSON_OBJECT)
            return fail(error, ERR_INPUT, "an object was expected, not %s", json_type_name(root));
        if (!topics[i].read(ask, root, &facts, error))
            return false;
        break;
    }
    *ret = facts;
    return true;
}

/* ---- fields ------------------------------------------------------------------------------------- */

Str
shopify_id(Arena *arena, const Json *object, const char *key)
{
    Str id = plug_text(arena, object, key), part = id, rest = id;
    if (!str_starts(id, "gid://"))
        return id;
    while (str_split(&rest, '/', &part))
        continue;
    size_t query = 0;
    return str_find(part, STR("?"), &query) ? str_sub(part, 0, query) : part;
}

const Json *
shopify_list(const Json *object, const char *key)
{
    const Json *list = json_get(object, key);
    return json_type(list) == JSON_OBJECT ? json_get(list, "nodes") : list;
}

Str
shopify_tags(Arena *arena, const Json *object)
{
    const Json *list = json_get(object, "tags");
    Buf tags = {.arena = arena};
    if (json_type(list) != JSON_ARRAY)
        return plug_text(arena, object, "tags");
    for (size_t i = 0; i < json_len(list); i++)
        connector_join(&tags, str_trim(json_as_text(arena, json_nth(list, i))));
    return text_cut(buf_str(&tags), LIMIT_TEXT_BYTES);
}

PostalAddress
shopify_address(Arena *arena, const Json *from)
{
    return (PostalAddress){
        .name = connector_either(plug_text(arena, from, "name"),
                                 connector_name(arena, plug_text(arena, from, "first_name"),
                                                plug_text(arena, from, "last_name"))),
        .company = plug_text(arena, from, "company"),
        .line1 = plug_text(arena, from, "address1"),
        .line2 = plug_text(arena, from, "address2"),
        .zip = plug_text(arena, from, "zip"),
        .city = plug_text(arena, from, "city"),
        .province = plug_text(arena, from, "province"),
        .province_code = plug_text(arena, from, "province_code"),
        .country = plug_text(arena, from, "country"),
        .country_code = plug_text(arena, from, "country_code"),
        .phone = plug_text(arena, from, "phone"),
    };
}

/* {"id": 17} and nothing else of use. */
bool
shopify_gone_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Gone *gone = arena_new_of(ask->arena, Gone, 1);
    gone->foreign_id = shopify_id(ask->arena, root, "id");
    gone->noun = str_starts(ask->topic, "orders/")      ? GONE_ORDER
                 : str_starts(ask->topic, "customers/") ? GONE_CUSTOMER
                                                        : GONE_PRODUCT;
    if (!gone->foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: what is gone?");
    *ret = (Facts){.gone = gone, .gone_count = 1};
    return true;
}

const Connector connector_shopify = {
    .name = "shopify",
    .title = "Shopify",
    .secret = "shopify.secret",
    .help =
        "Settings > Notifications > Webhooks in Shopify's admin shows the secret below the list; "
        "for an app of your own it is the client secret.",
    .check = shopify_check,
    .read = shopify_read,
    .poll = &shopify_poll,
};
