/* woocommerce.c - what WooCommerce's webhooks tell (REST API v2 and v3, WooCommerce 3 to 10).
 *
 * A webhook carries the whole noun, built when it is sent. What is peculiar:
 *   - A new webhook first sends an unsigned `webhook_id=N` and wants exactly 200 (WC_Webhook::deliver_ping).
 *   - X-WC-Webhook-Delivery-ID is a hash of webhook and SECOND (get_new_delivery_id): two orders changed within
 *     one second share it. So deliveries are told apart by their content instead.
 *   - `deleted` is moved to the bin, and tells the id alone: WordPress tells nobody when the bin is emptied. A product
 *     or coupon in the bin cannot be bought or used, so it is gone until it is restored. An order in the bin, as
 *     shops do with spam and with the old, is to its buyer what it was. A customer is deleted at once.
 *   - Names are HTML: `Tea &amp; Cups`.
 */
#include "plug/connector/woocommerce_inside.h"

typedef bool (*Told)(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);

static bool gone_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error);

static const struct {
    const char *name;
    Told read;
    const char *declined;
} topics[] = {
    {"order.created", woocommerce_order_told, NULL},
    {"order.updated", woocommerce_order_told, NULL},
    {"order.restored", woocommerce_order_told, NULL},
    {"order.deleted", NULL, "an order in the bin is no cancelled order: what is known of it stays"},
    {"customer.created", woocommerce_customer_told, NULL},
    {"customer.updated", woocommerce_customer_told, NULL},
    {"customer.restored", woocommerce_customer_told, NULL},
    {"customer.deleted", gone_told, NULL},
    {"product.created", woocommerce_product_told, NULL},
    {"product.updated", woocommerce_product_told, NULL},
    {"product.restored", woocommerce_product_told, NULL},
    {"product.deleted", gone_told, NULL},
    {"coupon.created", woocommerce_coupon_told, NULL},
    {"coupon.updated", woocommerce_coupon_told, NULL},
    {"coupon.restored", woocommerce_coupon_told, NULL},
    {"coupon.deleted", gone_told, NULL},
    {"poll/", woocommerce_page_told, NULL},
    {"subscription.", NULL, "what a subscription brings is an order of its own"},
    {"action.", NULL, "an action of WordPress tells nothing that we know how to read"},
};

/* webhook_id=17 and nothing else: unsigned, so nothing may come of it but a yes. */
static bool
ping_is(Str body)
{
    Str prefix = STR("webhook_id=");
    if (!str_starts(body, prefix.at) || body.len == prefix.len || body.len > prefix.len + 20)
        return false;
    for (size_t i = prefix.len; i < body.len; i++)
        if (!g_ascii_isdigit(body.at[i]))
            return false;
    return true;
}

static bool
woocommerce_check(const ConnectorKnock *knock, Envelope *ret, GError **error)
{
    const PlugHeaders *headers = &knock->headers;
    Str body = knock->body;
    Str sent = plug_header(headers, "X-WC-Webhook-Signature");
    if (!sent.len && ping_is(body)) {
        *ret = (Envelope){.ping = true};
        return true;
    }
    if (!sent.len)
        return fail(error, ERR_AUTH, "the header X-WC-Webhook-Signature is missing");
    if (!connector_signed(knock->secret, body, sent))
        return fail(error, ERR_AUTH,
                    "the signature does not fit: woocommerce.secret is not the secret of the "
                    "webhook that sent this, or a proxy changed the body");
    Str topic = plug_header(headers, "X-WC-Webhook-Topic");
    if (!topic.len)
        return fail(error, ERR_INPUT, "the header X-WC-Webhook-Topic is missing");
    *ret = (Envelope){.topic = topic};
    return true;
}

/* ---- reading ------------------------------------------------------------------------------------ */

/* {"id": 17} and nothing else of use. */
static bool
gone_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    (void)error;
    Gone *gone = arena_new_of(ask->arena, Gone, 1);
    gone->foreign_id = woocommerce_id(ask->arena, root, "id");
    gone->noun = str_starts(ask->topic, "customer.")  ? GONE_CUSTOMER
                 : str_starts(ask->topic, "product.") ? GONE_PRODUCT
                                                      : GONE_COUPON;
    *ret = (Facts){.gone = gone, .gone_count = 1};
    return true;
}

/* What stands in place of a noun when something is set up wrongly on their side. */
static bool
noun_check(const ConnectorAsk *ask, const Json *root, GError **error)
{
    Arena *arena = ask->arena;
    Str rest = ask->topic, noun = {0};
    str_split(&rest, '.', &noun);
    const char *name = arena_cstr(arena, noun);
    if (json_type(root) != JSON_OBJECT)
        return fail(error, ERR_INPUT, "an object was expected, not %s", json_type_name(root));
    if (woocommerce_id(arena, root, "id").len)
        return true;
    if (json_type(json_get(root, name)) == JSON_OBJECT)
        return fail(error, ERR_INPUT,
                    "%s: this is the legacy form; choose WP REST API v3 in the webhook's settings",
                    name);
    Str message = plug_text(arena, root, "message");
    if (message.len)
        return fail(error, ERR_INPUT,
                    "WooCommerce could not read the %s for this webhook: " STR_FMT
                    " (the user who made the webhook has to be one who may see them)",
                    name, STR_ARG(message));
    return fail(error, ERR_INPUT, "id is missing: this is no %s", name);
}

static bool
woocommerce_read(const ConnectorAsk *ask, Facts *ret, GError **error)
{
    Facts facts = {.declined = STR("nothing is read from this topic")};
    for (size_t i = 0; i < G_N_ELEMENTS(topics); i++) {
        bool start = str_ends(str_of(topics[i].name), ".") || str_ends(str_of(topics[i].name), "/");
        if (!(start ? str_starts(ask->topic, topics[i].name) : str_is(ask->topic, topics[i].name)))
            continue;
        facts.declined = str_of(topics[i].declined);
        if (!topics[i].read)
            break;
        const Json *root = json_parse(ask->arena, ask->body.at, ask->body.len, error);
        bool page = str_starts(ask->topic, "poll/");
        if (!root || (!page && !noun_check(ask, root, error)) ||
            !topics[i].read(ask, root, &facts, error))
            return false;
        break;
    }
    *ret = facts;
    return true;
}

const Connector connector_woocommerce = {
    .name = "woocommerce",
    .title = "WooCommerce",
    .secret = "woocommerce.secret",
    .help = "WooCommerce > Settings > Advanced > Webhooks: one webhook each for Order created, "
            "updated, deleted and restored, for Customer, Product and Coupon as wanted, API "
            "version WP REST API "
            "v3, all with this secret.",
    .check = woocommerce_check,
    .read = woocommerce_read,
    .poll = &woocommerce_poll,
};
