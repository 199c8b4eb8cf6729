/* shopify_graphql.c - products, customers, what carriers said and what was deleted, by Shopify's GraphQL Admin API.
 *
 * The queries give each field the name that it has in a webhook (GraphQL calls that an alias). So one reader reads both,
 * and what is asked for twice is known by its version. Ids come as gid://shopify/Order/17, lists as {nodes: [...]}, words
 * of an enum in capitals; the readers take both.
 *
 * What a page may cost is bounded: a query of more than 1,000 points is refused, and a point is about an object (a list
 * counts as what it may hold). Who asks too fast gets an answer without data and the state of the bucket. A field that
 * the shop's plan or the app's permission hides is null, and an error names its path; the rest counts.
 *
 * https://shopify.dev/docs/api/usage/limits (cost, throttleStatus)
 * https://shopify.dev/docs/api/usage/pagination-graphql
 * https://shopify.dev/docs/api/admin-graphql/2026-01/queries/customers, /products, /orders, /deletionEvents
 */
#include "base/civil.h"
#include "base/json_write.h"
#include "base/when.h"
#include "plug/connector/shopify_inside.h"

#include <string.h>

enum { PAUSE_MS = 2000, HIDDEN_MOST = 20 };

/* ---- the queries ---------------------------------------------------------------------------------- */

#define HEAD  "query($first: Int!, $after: String, $query: String!) { "
#define WHERE "(first: $first, after: $after, query: $query"
#define TAIL  " pageInfo { hasNextPage endCursor } } }"

#define ADDRESS                                                                           \
    "{ id first_name: firstName last_name: lastName name company address1 address2 city " \
    "province province_code: provinceCode country country_code: countryCodeV2 zip phone }"

#define VARIANT                                                              \
    "{ id sku title barcode price updated_at: updatedAt image { src: url } " \
    "item: inventoryItem { requires_shipping: requiresShipping "             \
    "measurement { weight { unit value } } } }"

static const char customers_query[] =
    HEAD "page: customers" WHERE ", sortKey: UPDATED_AT) { nodes { id first_name: firstName "
         "last_name: lastName locale note tags created_at: createdAt updated_at: updatedAt "
         "email_marketing_consent: defaultEmailAddress { email: emailAddress state: marketingState "
         "opt_in_level: marketingOptInLevel consent_updated_at: marketingUpdatedAt } "
         "sms_marketing_consent: defaultPhoneNumber { phone: phoneNumber state: marketingState "
         "opt_in_level: marketingOptInLevel consent_updated_at: marketingUpdatedAt "
         "consent_collected_from: marketingCollectedFrom } "
         "default_address: defaultAddress " ADDRESS " "
         "addresses: addressesV2(first: 10) { nodes " ADDRESS " } }" TAIL;

static const char products_query[] =
    HEAD "page: products" WHERE ", sortKey: UPDATED_AT) { nodes { id title vendor "
         "product_type: productType handle tags status published_at: publishedAt "
         "updated_at: updatedAt media: featuredMedia { preview { image { src: url } } } "
         "variants(first: 20) { nodes " VARIANT " pageInfo { hasNextPage endCursor } } }" TAIL;

/* The rest of a product with many variants. */
static const char variants_query[] =
    "query($id: ID!, $first: Int!, $after: String) { product(id: $id) { id "
    "page: variants(first: $first, after: $after) { nodes " VARIANT TAIL " }";

/* An order tells its fulfilments by REST with their last state; each word of the carrier stands here alone. */
static const char shipments_query[] =
    HEAD "page: orders" WHERE ", sortKey: UPDATED_AT) { nodes { id updated_at: updatedAt "
         "fulfillments(first: 5) { id events(first: 10, sortKey: HAPPENED_AT, reverse: true) { "
         "nodes { status message city province country happened_at: happenedAt "
         "created_at: createdAt estimated_delivery_at: estimatedDeliveryAt } } } }" TAIL;

static const char deletions_query[] =
    HEAD "page: deletionEvents" WHERE ", subjectTypes: [PRODUCT]) { nodes { id: subjectId "
         "updated_at: occurredAt }" TAIL;

/* By the noun. A page may cost: 20 x 24, 8 x 104, 10 x 66, 100 points. */
static const struct {
    const char *noun;
    const char *query;
    const char *clock; /* the moment that is asked for, as searches call it */
    int page;
    const char *scope; /* without it nothing of it is told */
} asked[] = {
    {"customers", customers_query, "updated_at", 20, "read_customers"},
    {"products", products_query, "updated_at", 8, "read_products"},
    {"shipments", shipments_query, "updated_at", 10, "read_orders"},
    {"deletions", deletions_query, "occurred_at", 100, "read_products"},
};

enum { PAGE_VARIANTS = 100 };

static size_t
asked_nth(const ConnectorNoun *noun)
{
    size_t i = 0;
    while (i < G_N_ELEMENTS(asked) && strcmp(asked[i].noun, noun->name) != 0)
        i++;
    must(i < G_N_ELEMENTS(asked));
    return i;
}

/* ---- where it stands --------------------------------------------------------------------------------
 *
 * ConnectorCursor.next is a JSON list: first the cursor behind the last page of products; then, for each product of which
 * there are more variants, its id and the cursor within it. Those are asked for before the next page. */

/* What is asked for now: NULL members where it is not that. */
typedef struct Place {
    const Json *list;    /* next, as it was kept; NULL: the first page */
    const Json *product; /* whose variants; NULL: a page of the noun itself */
    const Json *after;   /* the cursor; NULL: from the start */
} Place;

static Place
place_read(Arena *arena, Str next)
{
    Place place = {.list = next.len ? json_parse(arena, next.at, next.len, NULL) : NULL};
    place.product = json_nth(place.list, 1);
    place.after = place.product ? json_nth(place.list, 2) : json_nth(place.list, 0);
    return place;
}

/* The products of this page that have more variants than were told, as pairs. */
static void
more_put(JsonWriter *out, const Json *nodes)
{
    for (size_t i = 0; i < json_len(nodes); i++) {
        const Json *node = json_nth(nodes, i);
        const Json *info = json_at(node, "/variants/pageInfo");
        if (!json_true(json_get(info, "hasNextPage")))
            continue;
        json_put_value(out, json_get(node, "id"));
        json_put_value(out, json_get(info, "endCursor"));
    }
}

/* The place behind this page; empty: the round is at its end. */
static Str
place_next(Arena *arena, const Place *place, const Json *page)
{
    const Json *info = json_get(page, "pageInfo");
    bool more = json_true(json_get(info, "hasNextPage"));
    size_t least = 1;
    Buf text = {.arena = arena};
    JsonWriter out = {.buf = &text};
    json_put_array(&out);
    if (place->product) {
        const Json *behind = json_nth(place->list, 0);
        least = json_missing(behind) ? 1 : 0;
        json_put_value(&out, behind);
        if (more) {
            json_put_value(&out, place->product);
            json_put_value(&out, json_get(info, "endCursor"));
        }
        for (size_t i = 3; i < json_len(place->list); i++)
            json_put_value(&out, json_nth(place->list, i));
    } else {
        least = more ? 0 : 1;
        json_put_value(&out, more ? json_get(info, "endCursor") : NULL);
        more_put(&out, json_get(page, "nodes"));
    }
    json_put_end(&out);
    json_put_done(&out);
    const Json *made = json_parse(arena, text.at, text.len, NULL);
    return json_len(made) > least ? buf_str(&text) : (Str){0};
}

/* ---- asking --------------------------------------------------------------------------------------- */

void
shopify_graphql_ask(const ConnectorVisit *visit, const char *query,
                    const ShopifyVariable *variables, size_t count, ConnectorRequest *ret)
{
    Buf body = {.arena = visit->arena};
    JsonWriter out = {.buf = &body};
    json_put_object(&out);
    json_put_key(&out, "query");
    json_put_str(&out, query);
    json_put_key(&out, "variables");
    json_put_object(&out);
    for (size_t i = 0; i < count; i++) {
        json_put_key(&out, variables[i].name);
        if (variables[i].text)
            json_put_str(&out, variables[i].text);
        else if (variables[i].number)
            json_put_int(&out, variables[i].number);
        else
            json_put_null(&out);
    }
    json_put_end(&out);
    json_put_end(&out);
    json_put_done(&out);
    shopify_request(visit, "graphql.json", ret);
    ret->type = "application/json";
    ret->body = buf_str(&body);
}

bool
shopify_graphql_page_ask(const ConnectorVisit *visit, const ConnectorCursor *cursor,
                         ConnectorRequest *ret, GError **error)
{
    (void)error;
    size_t nth = asked_nth(cursor->noun);
    Place place = place_read(visit->arena, cursor->next);
    const char *after = json_str(place.after);
    if (place.product) {
        const ShopifyVariable variables[] = {
            {"id", json_str(place.product), 0},
            {"first", NULL, PAGE_VARIANTS},
            {"after", after, 0},
        };
        shopify_graphql_ask(visit, variants_query, variables, G_N_ELEMENTS(variables), ret);
        return true;
    }
    const ShopifyVariable variables[] = {
        {"first", NULL, asked[nth].page},
        {"after", after, 0},
        {"query",
         arena_format(visit->arena, "%s:>='%s'", asked[nth].clock,
                      when_format(visit->arena, cursor->since)),
         0},
    };
    shopify_graphql_ask(visit, asked[nth].query, variables, G_N_ELEMENTS(variables), ret);
    return true;
}

/* ---- what an answer says beside its data --------------------------------------------------------------- */

/* Time until the bucket holds what the next page may cost; 0: it does. */
static int64_t
bucket_wait(const Json *root)
{
    const Json *cost = json_at(root, "/extensions/cost");
    double wanted = 0, there = 0, rate = 0;
    if (!json_double(json_get(cost, "requestedQueryCost"), &wanted) ||
        !json_double(json_at(cost, "/throttleStatus/currentlyAvailable"), &there) ||
        !json_double(json_at(cost, "/throttleStatus/restoreRate"), &rate) || !(wanted > there))
        return 0;
    double seconds = rate > 0 ? (wanted - there) / rate : 0;
    return CLAMP((int64_t)(MIN(seconds, 60) * SECOND_MS), PAUSE_MS, MINUTE_MS);
}

static bool
is_throttled(const Json *root)
{
    const Json *errors = json_get(root, "errors");
    for (size_t i = 0; i < json_len(errors); i++)
        if (str_is(json_text(json_at(json_nth(errors, i), "/extensions/code")), "THROTTLED"))
            return true;
    return false;
}

/* page.nodes.0.email_marketing_consent.email is email_marketing_consent.email to its reader. */
Str
shopify_path_words(Arena *arena, const Json *path)
{
    Buf words = {.arena = arena};
    for (size_t i = 0; i < json_len(path); i++) {
        Str part = json_text(json_nth(path, i));
        if (!part.len || str_is(part, "page") || str_is(part, "orders") || str_is(part, "nodes"))
            continue;
        if (words.len)
            buf_add_char(&words, '.');
        buf_add_str(&words, part);
    }
    return buf_str(&words);
}

/* Each field once, as "email: words; phone: words". */
static Str
hidden_read(Arena *arena, const Json *root)
{
    const Json *errors = json_get(root, "errors");
    Str known[HIDDEN_MOST];
    size_t count = 0;
    Buf words = {.arena = arena};
    for (size_t i = 0; i < json_len(errors) && count < HIDDEN_MOST; i++) {
        const Json *error = json_nth(errors, i);
        Str path = shopify_path_words(arena, json_get(error, "path"));
        bool told = !path.len;
        for (size_t n = 0; n < count; n++)
            told = told || str_eq(known[n], path);
        if (told)
            continue;
        known[count++] = path;
        buf_format(&words, "%s" STR_FMT ": " STR_FMT, words.len ? "; " : "", STR_ARG(path),
                   STR_ARG(plug_text(arena, error, "message")));
    }
    return buf_str(&words);
}

/* An answer that holds no page: the words of its first error. */
static bool
refusal(Arena *arena, const Json *root, const char *scope, GError **error)
{
    const Json *first = json_at(root, "/errors/0");
    Str words = plug_text(arena, first, "message");
    if (!words.len)
        words = json_text(json_get(root, "errors"));
    if (str_is(json_text(json_at(first, "/extensions/code")), "ACCESS_DENIED"))
        return fail(error, ERR_FORBIDDEN,
                    "Shopify does not let the app see this (" STR_FMT "): give it the scope %s in "
                    "the Dev Dashboard, release that version and approve it",
                    STR_ARG(words), scope);
    return fail(error, ERR_BAD_REPLY, "Shopify answered without a page: %.200s",
                words.len ? arena_cstr(arena, words) : "no word why");
}

/* Most orders that changed have no word of a carrier: such a page is not worth keeping. */
static size_t
words_count_of(const Json *order)
{
    const Json *shipments = json_get(order, "fulfillments");
    size_t count = 0;
    for (size_t i = 0; i < json_len(shipments); i++)
        count += json_len(shopify_list(json_nth(shipments, i), "events"));
    return count;
}

static size_t
words_count(const Json *orders)
{
    size_t count = 0;
    for (size_t i = 0; i < json_len(orders); i++)
        count += words_count_of(json_nth(orders, i));
    return count;
}

bool
shopify_graphql_page_read(const ConnectorVisit *visit, const ConnectorCursor *cursor,
                          const ConnectorAnswer *answer, ConnectorPage *ret, GError **error)
{
    Arena *arena = visit->arena;
    if (!shopify_answer_check(visit, answer, error))
        return false;
    const Json *root = json_parse(arena, answer->body.at, answer->body.len, NULL);
    if (!root)
        return fail(error, ERR_BAD_REPLY, "Shopify answered with what is no JSON");
    Place place = place_read(arena, cursor->next);
    bool variants = place.product != NULL;
    const Json *page = json_at(root, variants ? "/data/product/page" : "/data/page");
    const Json *nodes = json_get(page, "nodes");
    ConnectorPage made = {.count = json_len(nodes), .cursor = *cursor};
    if (json_type(nodes) != JSON_ARRAY && is_throttled(root)) {
        made.more = true;
        made.wait_ms = MAX(bucket_wait(root), PAUSE_MS);
        *ret = made;
        return true;
    }
    /* A product that was deleted between two pages has no more variants. */
    bool gone = variants && json_type(json_at(root, "/data/product")) == JSON_NULL;
    if (json_type(nodes) != JSON_ARRAY && !gone)
        return refusal(arena, root, asked[asked_nth(cursor->noun)].scope, error);
    for (size_t i = 0; !variants && i < json_len(nodes); i++) {
        Str updated = plug_text(arena, json_nth(nodes, i), "updated_at");
        int64_t at = 0;
        if (updated.len && when_parse(updated, NULL, &at, NULL))
            made.newest = MAX(made.newest, at);
    }
    if (str_is(str_of(cursor->noun->name), "shipments"))
        made.count = words_count(nodes);
    made.hidden = hidden_read(arena, root);
    made.wait_ms = bucket_wait(root);
    made.cursor.next = place_next(arena, &place, page);
    made.more = made.cursor.next.len > 0;
    *ret = made;
    return true;
}

/* ---- what a page tells ------------------------------------------------------------------------------- */

static bool
deletion_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Gone *gone = arena_new_of(ask->arena, Gone, 1);
    *gone = (Gone){.noun = GONE_PRODUCT, .foreign_id = shopify_id(ask->arena, root, "id")};
    if (!gone->foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: what was deleted?");
    if (!plug_moment(ask->arena, root, "updated_at", &gone->gone_at, error))
        return false;
    *ret = (Facts){.gone = gone, .gone_count = 1};
    return true;
}

/* An order with its fulfilments, of which only what carriers said is told here. */
static bool
order_scans_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    const Json *shipments = json_get(root, "fulfillments");
    Str order = shopify_id(ask->arena, root, "id");
    size_t filled = 0;
    Scan *scans = arena_new_of(ask->arena, Scan, words_count_of(root));
    for (size_t i = 0; i < json_len(shipments); i++) {
        const Json *shipment = json_nth(shipments, i), *events = shopify_list(shipment, "events");
        Str id = shopify_id(ask->arena, shipment, "id");
        for (size_t n = 0; n < json_len(events); n++) {
            Scan *scan = &scans[filled++];
            *scan = (Scan){.shipment_foreign_id = id, .order_foreign_id = order};
            if (!shopify_scan_read(ask->arena, json_nth(events, n), scan, error))
                return fail_at(error, "order " STR_FMT, STR_ARG(order));
        }
    }
    *ret = (Facts){.scans = scans, .scan_count = filled};
    return true;
}

bool
shopify_page_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    static const struct {
        const char *topic;
        const char *list;
        ConnectorTold told;
    } pages[] = {
        {"poll/orders", "/orders", shopify_order_told},
        {"poll/customers", "/data/page/nodes", shopify_customer_told},
        {"poll/products", "/data/page/nodes", shopify_product_told},
        {"poll/shipments", "/data/page/nodes", order_scans_told},
        {"poll/deletions", "/data/page/nodes", deletion_told},
    };
    const Json *product = json_at(root, "/data/product");
    if (str_is(ask->topic, "poll/products") && !json_missing(product))
        return shopify_variants_told(ask, product, ret, error);
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
        if (str_is(ask->topic, pages[i].topic))
            return connector_list_told(ask, json_at(root, pages[i].list), pages[i].told, ret,
                                       error);
    *ret = (Facts){.declined = STR("this version asks for nothing of this name")};
    return true;
}
