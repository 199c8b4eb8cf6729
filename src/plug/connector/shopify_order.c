/* shopify_order.c - an order, with all that is told within it: its parcels, its refunds, its buyer and what the buyer
 * chose.
 *
 * Every amount stands in the shop's currency, and in a set beside it also in the one that the buyer saw and paid.
 * Where those differ the buyer's is read, and the shop's only where one of the amounts is not told in both.
 *
 * https://shopify.dev/docs/api/admin-rest/latest/resources/order
 */
#include "base/limits.h"
#include "base/text.h"
#include "plug/connector/shopify_inside.h"

static const struct {
    const char *theirs;
    Payment ours;
} payments[] = {
    {"pending", PAYMENT_PENDING},
    {"authorized", PAYMENT_AUTHORIZED},
    {"partially_paid", PAYMENT_PARTLY_PAID},
    {"paid", PAYMENT_PAID},
    {"partially_refunded", PAYMENT_PARTLY_REFUNDED},
    {"refunded", PAYMENT_REFUNDED},
    {"voided", PAYMENT_VOIDED},
    {"expired", PAYMENT_VOIDED},
};

/* Sales channels that are told by the number of their app. */
static const struct {
    const char *app;
    const char *name;
} channels[] = {
    {"580111", "web"},
    {"129785", "pos"},
    {"1354745", "shopify_draft_order"},
};

/* In which currency the amounts of an order are read. */
typedef struct Coin {
    const char *currency;
    bool presentment; /* from the sets: the buyer's */
} Coin;

/* ---- amounts ------------------------------------------------------------------------------------ */

static bool
amount_read(Arena *arena, const Json *from, const char *key, const Coin *coin, int64_t *ret,
            GError **error)
{
    if (!coin->presentment)
        return plug_amount(arena, from, key, coin->currency, ret, error);
    const Json *set = json_get(from, arena_format(arena, "%s_set", key));
    const Json *side = json_get(set, "presentment_money");
    int64_t plain = 0;
    if (str_is(plug_text(arena, side, "currency_code"), coin->currency))
        return plug_amount(arena, side, "amount", coin->currency, ret, error);
    if (!plug_amount(arena, from, key, coin->currency, &plain, error))
        return false;
    if (plain)
        return fail(error, ERR_INPUT, "%s is not told in %s", key, coin->currency);
    *ret = 0;
    return true;
}

/* One that is told as a set alone. */
static bool
amount_of_set(Arena *arena, const Json *set, const Coin *coin, int64_t *ret, GError **error)
{
    const Json *side = json_get(set, coin->presentment ? "presentment_money" : "shop_money");
    return plug_amount(arena, side, "amount", coin->currency, ret, error);
}

static bool
amounts_read(Arena *arena, const Json *from, const Coin *coin, Order *order, GError **error)
{
    if (!plug_text(arena, from, "total_price").len)
        return fail(error, ERR_INPUT, "total_price is missing: this is no whole order");
    return amount_read(arena, from, "subtotal_price", coin, &order->subtotal, error) &&
           amount_read(arena, from, "total_tax", coin, &order->tax, error) &&
           amount_read(arena, from, "total_discounts", coin, &order->discount, error) &&
           amount_read(arena, from, "total_price", coin, &order->total, error);
}

/* Shipping is the sum of the shipping lines; the set with the discounts off is newer than 2020. */
static bool
shipping_read(Arena *arena, const Json *from, const Coin *coin, Order *order, GError **error)
{
    const Json *lines = json_get(from, "shipping_lines");
    size_t count = 0;
    if (!connector_len(from, "shipping_lines", &count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const Json *line = json_nth(lines, i);
        bool reduced = !json_missing(json_get(line, "discounted_price"));
        int64_t price = 0;
        if (!amount_read(arena, line, reduced ? "discounted_price" : "price", coin, &price, error))
            return fail_at(error, "shipping_lines/%zu", i);
        if (!connector_add(&order->shipping, price, "shipping_lines", error))
            return false;
        order->shipping_title =
            connector_either(order->shipping_title, plug_text(arena, line, "title"));
    }
    return true;
}

/* A tip, duties, and what else a market adds. Where a tip is a line of the order, too, the total has no room for it a
 * second time. */
static bool
fees_read(Arena *arena, const Json *from, const Coin *coin, Order *order, GError **error)
{
    static const char *const sets[] = {"original_total_duties_set",
                                       "original_total_additional_fees_set"};
    int64_t room = order->total, fees = 0, more = 0;
    if (!amount_read(arena, from, "total_tip_received", coin, &fees, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(sets); i++)
        if (!amount_of_set(arena, json_get(from, sets[i]), coin, &more, error) ||
            !connector_add(&fees, more, sets[i], error))
            return false;
    if (!connector_add(&room, -order->subtotal, "total_price", error) ||
        !connector_add(&room, -order->shipping, "total_price", error) ||
        !connector_add(&room, order->tax_included ? 0 : -order->tax, "total_price", error))
        return false;
    order->fees = MAX(MIN(fees, room), 0);
    return true;
}

/* ---- lines ---------------------------------------------------------------------------------------- */

/* Every discount is allocated to lines, one of a code or of the whole order too; total_discount holds only those
 * that were shown beside the line, and is all there is in orders of old. */
static bool
line_discount(Arena *arena, const Json *from, const Coin *coin, int64_t *ret, GError **error)
{
    const Json *list = json_get(from, "discount_allocations");
    int64_t sum = 0, amount = 0;
    if (!json_len(list))
        return amount_read(arena, from, "total_discount", coin, ret, error);
    for (size_t i = 0; i < json_len(list); i++) {
        if (!amount_read(arena, json_nth(list, i), "amount", coin, &amount, error))
            return fail_at(error, "discount_allocations/%zu", i);
        if (!connector_add(&sum, amount, "discount_allocations", error))
            return false;
    }
    *ret = sum;
    return true;
}

static bool
line_read(Arena *arena, const Json *from, const Coin *coin, OrderLine *ret, GError **error)
{
    OrderLine line = {
        .foreign_id = shopify_id(arena, from, "id"),
        .product_foreign_id = shopify_id(arena, from, "product_id"),
        .variant_foreign_id = shopify_id(arena, from, "variant_id"),
        .sku = plug_text(arena, from, "sku"),
        .title = connector_either(plug_text(arena, from, "title"), plug_text(arena, from, "name")),
        .variant = plug_text(arena, from, "variant_title"),
        .vendor = plug_text(arena, from, "vendor"),
        .quantity = 1,
        .ships = json_true(json_get(from, "requires_shipping")),
    };
    if (str_is(line.variant, "Default Title"))
        line.variant = (Str){0};
    if (!connector_count(arena, from, "quantity", &line.quantity, error))
        return false;
    if (!line.title.len)
        return fail(error, ERR_INPUT, "title is missing");
    if (!amount_read(arena, from, "price", coin, &line.price, error) ||
        !line_discount(arena, from, coin, &line.discount, error))
        return false;
    *ret = line;
    return true;
}

static bool
lines_read(Arena *arena, const Json *from, const Coin *coin, Order *order, GError **error)
{
    const Json *items = json_get(from, "line_items");
    size_t count = 0;
    /* A webhook that was set up with a choice of fields tells half an order: it must not empty ours. */
    if (json_type(items) != JSON_ARRAY)
        return fail(error, ERR_INPUT, "line_items is missing: this is no whole order");
    if (!connector_len(from, "line_items", &count, error))
        return false;
    OrderLine *lines = arena_new_of(arena, OrderLine, count);
    for (size_t i = 0; i < count; i++)
        if (!line_read(arena, json_nth(items, i), coin, &lines[i], error))
            return fail_at(error, "line_items/%zu", i);
    order->lines = lines;
    order->line_count = count;
    return true;
}

/* ---- what kind of order it is ------------------------------------------------------------------------ */

static Payment
payment_of(Str status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(payments); i++)
        if (str_is(status, payments[i].theirs))
            return payments[i].ours;
    return PAYMENT_PENDING;
}

static Fulfilment
fulfilment_of(Str status)
{
    if (str_is(status, "fulfilled"))
        return FULFILMENT_DONE;
    return str_is(status, "partial") ? FULFILMENT_PARTIAL : FULFILMENT_NONE;
}

static Str
channel_read(Arena *arena, const Json *from)
{
    Str name = plug_text(arena, from, "source_name");
    for (size_t i = 0; i < G_N_ELEMENTS(channels); i++)
        if (str_is(name, channels[i].app))
            return str_of(channels[i].name);
    return name;
}

/* Of the risk that newer payloads tell only the advice to cancel counts: a review goes on for minutes, and most end
 * well. */
static Quiet
quiet_read(Arena *arena, const Json *from, Str channel)
{
    Str advice = plug_text(arena, json_get(from, "risk"), "recommendation");
    if (json_true(json_get(from, "test")))
        return QUIET_TEST;
    if (str_eq_nocase(plug_text(arena, from, "cancel_reason"), "fraud") ||
        str_eq_nocase(advice, "cancel"))
        return QUIET_FRAUD;
    return connector_marketplace(arena, channel) ? QUIET_MARKETPLACE : QUIET_NO;
}

/* Is a tag among "first, second"? */
static bool
tag_has(Str tags, const char *wanted)
{
    Str tag;
    while (str_split(&tags, ',', &tag))
        if (str_eq_nocase(str_trim(tag), wanted))
            return true;
    return false;
}

static bool
gift_read(Arena *arena, const Json *from, Str tags)
{
    const Json *notes = json_get(from, "note_attributes");
    for (size_t i = 0; i < json_len(notes); i++)
        if (connector_gift(arena, plug_text(arena, json_nth(notes, i), "name"),
                           plug_text(arena, json_nth(notes, i), "value")))
            return true;
    return tag_has(tags, "gift");
}

/* A renewal is made by the contract, not at the checkout. Apps that charge on their own say it in a tag (Recharge:
 * https://docs.getrecharge.com/docs/order-tags). */
static void
kind_read(Arena *arena, const Json *from, Order *order)
{
    bool counter = str_is(order->channel, "pos");
    order->quiet = quiet_read(arena, from, order->channel);
    order->gift = gift_read(arena, from, order->tags);
    order->renewal = str_starts(order->channel, "subscription_contract") ||
                     tag_has(order->tags, "Subscription Recurring Order");
    order->in_person = counter && !json_len(json_get(from, "shipping_lines"));
}

static Str
codes_join(Arena *arena, const Json *from)
{
    const Json *list = json_get(from, "discount_codes");
    Buf codes = {.arena = arena};
    for (size_t i = 0; i < json_len(list); i++)
        connector_join(&codes, plug_text(arena, json_nth(list, i), "code"));
    return text_cut(buf_str(&codes), LIMIT_TEXT_BYTES);
}

/* ---- who ordered ------------------------------------------------------------------------------------ */

/* A guest has no customer object, but still a name: on the parcel or the bill. */
static bool
buyer_read(Arena *arena, const Json *from, Order *order, GError **error)
{
    Customer customer = {0};
    const Json *person = json_get(from, "shipping_address");
    const Json *company = json_get(from, "company");
    if (json_missing(person))
        person = json_get(from, "billing_address");
    if (!shopify_customer_read(arena, json_get(from, "customer"), &customer, error))
        return false;
    customer.first_name =
        connector_either(customer.first_name, plug_text(arena, person, "first_name"));
    customer.last_name =
        connector_either(customer.last_name, plug_text(arena, person, "last_name"));
    customer.locale = connector_either(customer.locale, order->locale);
    /* The person is told as of the moment at which the order is. */
    customer.updated_at = MAX(customer.updated_at, order->updated_at);
    customer.company_foreign_id = shopify_id(arena, company, "id");
    if (customer.company_foreign_id.len)
        customer.company = connector_either(
            connector_either(plug_text(arena, company, "name"), order->bill_to.company),
            connector_either(order->ship_to.company, customer.company));
    order->email = connector_either(order->email, customer.email);
    order->customer = customer;
    return true;
}

/* ---- order -------------------------------------------------------------------------------------- */

static bool
moments_read(Arena *arena, const Json *from, Order *order, GError **error)
{
    int64_t created = 0;
    /* processed_at is the day of the sale, also for orders that were imported into Shopify later. */
    if (!plug_moment(arena, from, "processed_at", &order->placed_at, error) ||
        !plug_moment(arena, from, "created_at", &created, error) ||
        !plug_moment(arena, from, "updated_at", &order->updated_at, error) ||
        !plug_moment(arena, from, "cancelled_at", &order->cancelled_at, error))
        return false;
    if (!order->placed_at)
        order->placed_at = created;
    if (!order->placed_at)
        return fail(error, ERR_INPUT, "created_at is missing");
    if (!order->updated_at)
        order->updated_at = order->placed_at;
    return true;
}

static bool
order_fill(Arena *arena, const Json *from, const Coin *coin, Order *order, GError **error)
{
    order->currency = str_of(coin->currency);
    return moments_read(arena, from, order, error) &&
           amounts_read(arena, from, coin, order, error) &&
           shipping_read(arena, from, coin, order, error) &&
           fees_read(arena, from, coin, order, error) &&
           lines_read(arena, from, coin, order, error) && buyer_read(arena, from, order, error);
}

/* In the buyer's currency where it is another one and every amount is told in it, else in the shop's. */
static bool
order_fill_coins(Arena *arena, const Json *from, Order *order, GError **error)
{
    Str shops = plug_text(arena, from, "currency");
    Str buyers = plug_text(arena, from, "presentment_currency");
    Coin coin = {connector_currency(arena, shops), false};
    Coin seen = {connector_currency(arena, buyers), true};
    Order copy = *order;
    if (!coin.currency)
        return fail(error, ERR_INPUT, "currency is missing or no ISO 4217 code");
    if (seen.currency && !str_eq(shops, buyers) && order_fill(arena, from, &seen, &copy, NULL)) {
        *order = copy;
        return true;
    }
    return order_fill(arena, from, &coin, order, error);
}

static bool
order_read(Arena *arena, const Json *from, Order *ret, GError **error)
{
    Order order = {
        .foreign_id = shopify_id(arena, from, "id"),
        .name = plug_text(arena, from, "name"),
        .email = connector_either(plug_text(arena, from, "email"),
                                  plug_text(arena, from, "contact_email")),
        .phone = plug_text(arena, from, "phone"),
        .locale = plug_text(arena, from, "customer_locale"),
        .tax_included = json_true(json_get(from, "taxes_included")),
        .payment = payment_of(plug_text(arena, from, "financial_status")),
        .fulfilment = fulfilment_of(plug_text(arena, from, "fulfillment_status")),
        .discount_codes = codes_join(arena, from),
        .channel = channel_read(arena, from),
        .url = plug_text(arena, from, "order_status_url"),
        .tags = plug_text(arena, from, "tags"),
        .ship_to = shopify_address(arena, json_get(from, "shipping_address")),
        .bill_to = shopify_address(arena, json_get(from, "billing_address")),
        .note = plug_text(arena, from, "note"),
    };
    if (!order.foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: this is no order");
    if (!order.name.len)
        order.name = str_of(arena_format(
            arena, "#" STR_FMT,
            STR_ARG(connector_either(plug_text(arena, from, "order_number"), order.foreign_id))));
    kind_read(arena, from, &order);
    if (!order_fill_coins(arena, from, &order, error))
        return fail_at(error, "order " STR_FMT, STR_ARG(order.name));
    *ret = order;
    return true;
}

/* ---- what is told within it -------------------------------------------------------------------------- */

static bool
shipments_read(const ConnectorAsk *ask, const Json *root, const Order *order, Facts *facts,
               GError **error)
{
    const Json *list = json_get(root, "fulfillments");
    if (!connector_len(root, "fulfillments", &facts->shipment_count, error))
        return false;
    Shipment *shipments = arena_new_of(ask->arena, Shipment, facts->shipment_count);
    for (size_t i = 0; i < facts->shipment_count; i++)
        if (!shopify_shipment_read(ask->arena, json_nth(list, i), order->foreign_id, &shipments[i],
                                   error))
            return fail_at(error, "order " STR_FMT, STR_ARG(order->name));
    facts->shipments = shipments;
    return true;
}

static bool
refunds_read(const ConnectorAsk *ask, const Json *root, const Order *order, Facts *facts,
             GError **error)
{
    const Json *list = json_get(root, "refunds");
    ConnectorAsk own = *ask;
    own.currency = arena_cstr(ask->arena, order->currency);
    if (!connector_len(root, "refunds", &facts->refund_count, error))
        return false;
    Refund *refunds = arena_new_of(ask->arena, Refund, facts->refund_count);
    for (size_t i = 0; i < facts->refund_count; i++)
        if (!shopify_refund_read(&own, json_nth(list, i), order->foreign_id, &refunds[i], error))
            return fail_at(error, "order " STR_FMT, STR_ARG(order->name));
    facts->refunds = refunds;
    return true;
}

/* What the account says counts; where it says nothing, the tick that was set at this checkout. */
static bool
consents_read(Arena *arena, const Json *root, const Order *order, Facts *facts, GError **error)
{
    const Json *customer = json_get(root, "customer");
    ConsentFact *consents = arena_new_of(arena, ConsentFact, SHOPIFY_CONSENTS);
    if (!shopify_consents_read(arena, customer, consents, &facts->consent_count, error))
        return false;
    facts->consents = consents;
    if (!json_true(json_get(root, "buyer_accepts_marketing")) || !order->email.len ||
        !json_missing(json_get(customer, "email_marketing_consent")) ||
        !json_missing(json_get(customer, "accepts_marketing")))
        return true;
    consents[facts->consent_count++] = (ConsentFact){
        .channel = STR("email"),
        .address = order->email,
        .given = true,
        .basis = STR("opt_in"),
        .proof = str_of(
            arena_format(arena, "Shopify: checkout of order " STR_FMT, STR_ARG(order->name))),
        .chosen_at = order->placed_at,
    };
    return true;
}

bool
shopify_order_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Order *order = arena_new_of(ask->arena, Order, 1);
    Facts facts = {.orders = order, .order_count = 1};
    if (!order_read(ask->arena, root, order, error) ||
        !shipments_read(ask, root, order, &facts, error) ||
        !refunds_read(ask, root, order, &facts, error) ||
        !consents_read(ask->arena, root, order, &facts, error))
        return false;
    *ret = facts;
    return true;
}
