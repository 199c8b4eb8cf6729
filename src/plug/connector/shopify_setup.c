/* shopify_setup.c - what `postlude connect SHOP shopify` finds out and sets up, question by question.
 *
 * One GraphQL query tells which scopes the app has and, field by field, what Shopify hides: names, addresses and
 * numbers of customers are protected data, which an app sees only where the shop's plan and the app's permission
 * allow it. A hidden field is null and has an error that names its path. Then the webhooks that are missing are
 * made. Those that the law asks for (customers/data_request, customers/redact, shop/redact) can be made in the Dev
 * Dashboard only.
 *
 * https://shopify.dev/docs/apps/launch/protected-customer-data
 * https://shopify.dev/docs/api/admin-graphql/latest/mutations/webhookSubscriptionCreate
 */
#include "plug/connector/shopify_inside.h"

#include <string.h>

static const char *const wanted_scopes[] = {"read_orders", "read_customers", "read_products",
                                            "read_fulfillments", "read_customer_merge"};

static const char *const wanted_topics[] = {
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_PAID",
    "ORDERS_CANCELLED",
    "ORDERS_FULFILLED",
    "ORDERS_PARTIALLY_FULFILLED",
    "ORDERS_DELETE",
    "FULFILLMENTS_CREATE",
    "FULFILLMENTS_UPDATE",
    "FULFILLMENT_EVENTS_CREATE",
    "REFUNDS_CREATE",
    "CUSTOMERS_CREATE",
    "CUSTOMERS_UPDATE",
    "CUSTOMERS_DELETE",
    "CUSTOMERS_MERGE",
    "CUSTOMERS_MARKETING_CONSENT_UPDATE",
    "CUSTOMERS_EMAIL_MARKETING_CONSENT_UPDATE",
    "PRODUCTS_CREATE",
    "PRODUCTS_UPDATE",
    "PRODUCTS_DELETE",
    "APP_UNINSTALLED",
};

static const char look_query[] =
    "{ currentAppInstallation { accessScopes { handle } } "
    "orders(first: 1, sortKey: UPDATED_AT, reverse: true) { nodes { id email phone "
    "customer { id firstName lastName email phone } "
    "shippingAddress { name address1 city zip phone } "
    "billingAddress { name address1 city zip phone } } } "
    "customers(first: 1, sortKey: UPDATED_AT, reverse: true) { nodes { id firstName lastName "
    "defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber } "
    "defaultAddress { name address1 city zip phone } } } "
    "products(first: 1) { nodes { id title } } "
    "webhookSubscriptions(first: 200) { nodes { topic uri } } }";

static const char hook_query[] =
    "mutation($topic: WebhookSubscriptionTopic!, $uri: String!) { "
    "webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri, format: JSON}) { "
    "userErrors { field message } } }";

static void
hook_ask(const ConnectorSetup *setup, const char *topic, ConnectorRequest *ret)
{
    const ShopifyVariable variables[] = {{"topic", topic, 0}, {"uri", setup->address, 0}};
    shopify_graphql_ask(&setup->visit, hook_query, variables, G_N_ELEMENTS(variables), ret);
}

/* ---- what we may see ------------------------------------------------------------------------------ */

static void
scopes_tell(ConnectorSetup *setup, const Json *root)
{
    const Json *scopes = json_at(root, "/data/currentAppInstallation/accessScopes");
    for (size_t i = 0; i < G_N_ELEMENTS(wanted_scopes); i++) {
        bool has = false;
        for (size_t n = 0; n < json_len(scopes); n++) {
            Str handle = json_text(json_get(json_nth(scopes, n), "handle"));
            /* Whoever may write may read. */
            has = has || str_is(handle, wanted_scopes[i]) ||
                  (str_starts(handle, "write_") &&
                   str_is(str_sub(handle, strlen("write_"), handle.len),
                          wanted_scopes[i] + strlen("read_")));
        }
        if (has)
            continue;
        setup->wanting = true;
        buf_format(setup->told,
                   "missing scope %s: add it to the app in the Dev Dashboard, release the version, "
                   "approve it in the shop\n",
                   wanted_scopes[i]);
    }
}

static void
hidden_tell(ConnectorSetup *setup, const Json *root)
{
    const Json *errors = json_get(root, "errors");
    for (size_t i = 0; i < json_len(errors); i++) {
        const Json *error = json_nth(errors, i);
        Str message = plug_text(setup->visit.arena, error, "message");
        setup->wanting = true;
        Str path = shopify_path_words(setup->visit.arena, json_get(error, "path"));
        buf_format(setup->told, "hidden " STR_FMT ": " STR_FMT "\n",
                   STR_ARG(connector_either(path, STR("orders"))), STR_ARG(message));
    }
    if (json_len(errors))
        buf_add_cstr(setup->told,
                     "Shopify hides these fields: ask for them in the app's protected customer "
                     "data access; on a Basic plan an app of one's own does not get them at all. "
                     "Without `email` no mail can leave.\n");
    if (!json_len(json_at(root, "/data/orders/nodes")))
        buf_add_cstr(setup->told,
                     "The shop has no order yet, so what is hidden cannot be seen: connect again "
                     "after the first one.\n");
}

/* ---- webhooks ------------------------------------------------------------------------------------- */

static bool
hook_is_there(const ConnectorSetup *setup, const char *topic)
{
    for (size_t i = 0; i < json_len(setup->known); i++) {
        const Json *one = json_nth(setup->known, i);
        if (str_is(json_text(json_get(one, "topic")), topic) &&
            str_is(json_text(json_get(one, "uri")), setup->address))
            return true;
    }
    return false;
}

static void
hook_tell(ConnectorSetup *setup, const char *topic, const Json *root)
{
    const Json *told = json_at(root, "/data/webhookSubscriptionCreate/userErrors/0");
    Str problem = plug_text(setup->visit.arena, told, "message");
    if (!problem.len)
        problem = plug_text(setup->visit.arena, json_at(root, "/errors/0"), "message");
    setup->wanting = setup->wanting || problem.len;
    buf_format(setup->told, "webhook %s: %s" STR_FMT "\n", topic,
               problem.len ? "not made: " : "made", STR_ARG(problem));
}

/* Steps: 0 looks, from 1 on each is a topic. */
bool
shopify_setup(ConnectorSetup *setup, const ConnectorAnswer *answer, ConnectorRequest *ret,
              bool *ret_done, GError **error)
{
    if (!answer) {
        shopify_graphql_ask(&setup->visit, look_query, NULL, 0, ret);
        return true;
    }
    if (!shopify_answer_check(&setup->visit, answer, error))
        return false;
    const Json *root = json_parse(setup->visit.arena, answer->body.at, answer->body.len, NULL);
    if (!root)
        return fail(error, ERR_BAD_REPLY, "Shopify answered with what is no JSON");
    if (!setup->step) {
        scopes_tell(setup, root);
        hidden_tell(setup, root);
        setup->known = json_at(root, "/data/webhookSubscriptions/nodes");
    } else {
        hook_tell(setup, wanted_topics[setup->step - 1], root);
    }
    while ((size_t)setup->step < G_N_ELEMENTS(wanted_topics)) {
        const char *topic = wanted_topics[setup->step++];
        if (hook_is_there(setup, topic))
            continue;
        hook_ask(setup, topic, ret);
        return true;
    }
    buf_format(setup->told,
               "In the Dev Dashboard set the compliance webhooks (customers/data_request, "
               "customers/redact, shop/redact) to %s\n",
               setup->address);
    *ret_done = true;
    return true;
}
