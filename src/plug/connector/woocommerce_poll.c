/* woocommerce_poll.c - asks WooCommerce's REST API for what a webhook did not bring, and sets its webhooks up.
 *
 * Keys go as Basic authentication, over https only: so WooCommerce wants it, too. Pages are by number, and an order
 * that changes while we read moves to the end and shifts all behind it; so instead of the next page the first one is
 * asked for again, from the newest change that was seen. Only where one second fills a whole page its number counts.
 *
 * Of a product with variations only their ids are told: each is asked for its own, right after its page. What is in the
 * bin has a list of its own; what was thrown away from there, nobody tells. Customers cannot be asked for by their change:
 * all of them are gone through once a day, and only those that changed are kept.
 *
 * https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders (modified_after: WooCommerce 5.8),
 * also #list-all-products, #list-all-product-variations, #list-all-coupons, #list-all-customers
 * https://woocommerce.github.io/woocommerce-rest-api-docs/#create-a-webhook
 */
#include "base/civil.h"
#include "base/json_write.h"
#include "base/when.h"
#include "plug/connector/woocommerce_inside.h"

#include <string.h>

enum { PAGE_ROWS = 50, PAGE_VARIATIONS = 100, PAGE_CUSTOMERS = 100 };

static bool
poll_is_set(const PlugSettings *settings)
{
    return plug_setting(settings, "woocommerce.url").len &&
           plug_setting(settings, "woocommerce.key").len;
}

static bool
request_make(const ConnectorVisit *visit, const char *path, ConnectorRequest *ret, GError **error)
{
    Str url = plug_setting(&visit->settings, "woocommerce.url");
    Str key = plug_setting(&visit->settings, "woocommerce.key");
    Str secret = plug_setting(&visit->settings, "woocommerce.key_secret");
    while (url.len && url.at[url.len - 1] == '/')
        url.len--;
    if (!url.len || !key.len || !secret.len)
        return fail(error, ERR_CONFIG,
                    "%s is not set: a key is made in WooCommerce > Settings > Advanced > REST API, "
                    "with the permission Read/Write",
                    !url.len   ? "woocommerce.url"
                    : !key.len ? "woocommerce.key"
                               : "woocommerce.key_secret");
    *ret = (ConnectorRequest){
        .url = arena_format(visit->arena, STR_FMT "/wp-json/wc/v3/%s", STR_ARG(url), path),
        .user = arena_cstr(visit->arena, key),
        .password = arena_cstr(visit->arena, secret),
    };
    return true;
}

/* ---- what is asked for ------------------------------------------------------------------------------- */

static const ConnectorNoun nouns[] = {
    {"orders", "Orders with their refunds and parcels. One in the bin stays what it was.", 0,
     false},
    {"products", "Products with their variations; the first time all there are.", 0, true},
    {"bin", "Products in the bin: they are gone until they are restored.", 0, false},
    {"coupons",
     "Coupons; the first time all there are. One in the bin is told by its webhook alone.", 0,
     true},
    {"customers",
     "Accounts, once a day all of them; those of before are imported. A deleted one is told by its "
     "webhook alone.",
     DAY_MS, false},
    {0},
};

/* By the noun. */
static const struct {
    const char *noun;
    const char *path; /* up to its `modified_after` or `page` */
    ConnectorTold told;
} asked[] = {
    {"orders", "orders?", woocommerce_order_told},
    {"products", "products?", woocommerce_product_told},
    {"bin", "products?status=trash&", woocommerce_bin_told},
    {"coupons", "coupons?", woocommerce_coupon_told},
    {"customers", "customers?", woocommerce_customer_told},
};

static size_t
asked_nth(Str noun)
{
    size_t i = 0;
    while (i < G_N_ELEMENTS(asked) && !str_is(noun, asked[i].noun))
        i++;
    return i;
}

/* Where a round stands: ConnectorCursor.next is the number of a page, or, while variations are asked for, a JSON list:
 * from which moment and on which page it goes on (0: nowhere, it was the last), the page of variations, and the products
 * whose turn it is. The cursor's own moment stays that of the page until all of its variations are there. */
typedef struct Place {
    int64_t page;
    const Json *list; /* NULL: no variations */
} Place;

enum { LIST_SINCE, LIST_PAGE, LIST_VARIATIONS_PAGE, LIST_PRODUCTS };

static Place
place_read(Arena *arena, Str next)
{
    const Json *json = next.len ? json_parse(arena, next.at, next.len, NULL) : NULL;
    Place place = {.page = 1};
    if (json_len(json) > LIST_PRODUCTS)
        place.list = json;
    else if (!json_int(json, &place.page) || place.page < 1)
        place.page = 1;
    return place;
}

static bool
poll_ask(const ConnectorVisit *visit, const ConnectorCursor *cursor, ConnectorRequest *ret,
         GError **error)
{
    Place place = place_read(visit->arena, cursor->next);
    Buf path = {.arena = visit->arena};
    bool customers = str_is(str_of(cursor->noun->name), "customers");
    if (place.list) {
        int64_t page = 1;
        json_int(json_nth(place.list, LIST_VARIATIONS_PAGE), &page);
        buf_format(&path, "products/" STR_FMT "/variations?per_page=%d&page=%" G_GINT64_FORMAT,
                   STR_ARG(json_as_text(visit->arena, json_nth(place.list, LIST_PRODUCTS))),
                   PAGE_VARIATIONS, page);
        return request_make(visit, buf_cstr(&path), ret, error);
    }
    buf_add_cstr(&path, asked[asked_nth(str_of(cursor->noun->name))].path);
    buf_format(&path, "per_page=%d&page=%" G_GINT64_FORMAT, customers ? PAGE_CUSTOMERS : PAGE_ROWS,
               place.page);
    if (customers) {
        buf_add_cstr(&path, "&orderby=id&order=asc");
    } else {
        buf_add_cstr(&path, "&orderby=modified&order=asc&dates_are_gmt=true&modified_after=");
        connector_escape(&path, str_of(when_format(visit->arena, cursor->since)));
    }
    return request_make(visit, buf_cstr(&path), ret, error);
}

/* ---- what an answer means ------------------------------------------------------------------------------- */

static bool
answer_check(const ConnectorVisit *visit, const ConnectorAnswer *answer, GError **error)
{
    if (answer->status >= 200 && answer->status < 300)
        return true;
    const Json *root = json_parse(visit->arena, answer->body.at, answer->body.len, NULL);
    Str words = plug_text(visit->arena, root, "message");
    if (answer->status == 401 || answer->status == 403)
        return fail(error, answer->status == 401 ? ERR_AUTH : ERR_FORBIDDEN,
                    "WooCommerce refused woocommerce.key (" STR_FMT
                    "): it has to be of a user who may manage orders, with the permission "
                    "Read/Write; some servers swallow the Authorization header",
                    STR_ARG(words));
    if (answer->status == 404)
        return fail(error, ERR_CONFIG,
                    "woocommerce.url: there is no WooCommerce REST API (HTTP 404); it is the "
                    "address of the shop, and its permalinks must not be set to Plain");
    return fail(error, ERR_BAD_REPLY, "WooCommerce answered HTTP %d %.200s", answer->status,
                arena_cstr(visit->arena, words));
}

static int64_t
changed_at(Arena *arena, const Json *from)
{
    Str changed = connector_either(plug_text(arena, from, "date_modified_gmt"),
                                   plug_text(arena, from, "date_created_gmt"));
    int64_t at = 0;
    return changed.len && when_parse(changed, NULL, &at, NULL) ? at : 0;
}

static Str
page_text(Arena *arena, int64_t page)
{
    return page > 1 ? str_of(arena_format(arena, "%" G_GINT64_FORMAT, page)) : (Str){0};
}

/* The products of this page that have variations go before what would be asked for next. */
static void
variations_queue(Arena *arena, const Json *list, const ConnectorCursor *cursor, ConnectorPage *page)
{
    Buf text = {.arena = arena};
    JsonWriter out = {.buf = &text};
    bool any = false;
    json_put_array(&out);
    json_put_int(&out, page->cursor.since);
    json_put_int(&out, page->more ? place_read(arena, page->cursor.next).page : 0);
    json_put_int(&out, 1);
    for (size_t i = 0; i < json_len(list); i++) {
        const Json *product = json_nth(list, i);
        if (!json_len(json_get(product, "variations")))
            continue;
        any = true;
        json_put_value(&out, json_get(product, "id"));
    }
    json_put_end(&out);
    json_put_done(&out);
    if (!any)
        return;
    page->cursor.since = cursor->since;
    page->cursor.next = buf_str(&text);
    page->more = true;
}

/* Behind a page of variations: more of the same product, the next product, or on with the pages. */
static void
variations_next(Arena *arena, const Json *list, bool full, ConnectorPage *page)
{
    int64_t since = 0, next = 0, number = 1;
    json_int(json_nth(list, LIST_SINCE), &since);
    json_int(json_nth(list, LIST_PAGE), &next);
    json_int(json_nth(list, LIST_VARIATIONS_PAGE), &number);
    size_t from = full ? LIST_PRODUCTS : LIST_PRODUCTS + 1;
    page->more = true;
    if (from >= json_len(list)) {
        page->more = next > 0;
        page->cursor.since = page->more ? since : page->cursor.since;
        page->cursor.next = page_text(arena, next);
        return;
    }
    Buf text = {.arena = arena};
    JsonWriter out = {.buf = &text};
    json_put_array(&out);
    json_put_int(&out, since);
    json_put_int(&out, next);
    json_put_int(&out, full ? number + 1 : 1);
    for (size_t i = from; i < json_len(list); i++)
        json_put_value(&out, json_nth(list, i));
    json_put_end(&out);
    json_put_done(&out);
    page->cursor.next = buf_str(&text);
}

/* The variations do not say whose they are. */
static Str
variations_body(Arena *arena, const Json *product, const Json *variations)
{
    Buf text = {.arena = arena};
    JsonWriter out = {.buf = &text};
    json_put_object(&out);
    json_put_key(&out, "product_id");
    json_put_value(&out, product);
    json_put_key(&out, "variations");
    json_put_value(&out, variations);
    json_put_end(&out);
    json_put_done(&out);
    return buf_str(&text);
}

static void
variations_read(Arena *arena, const Json *list, const Json *variations, ConnectorPage *page)
{
    page->count = json_len(variations);
    page->body = variations_body(arena, json_nth(list, LIST_PRODUCTS), variations);
    variations_next(arena, list, page->count >= PAGE_VARIATIONS, page);
}

/* Of all customers those that changed. */
static void
customers_read(Arena *arena, const Json *list, int64_t number, ConnectorPage *page)
{
    Buf text = {.arena = arena};
    JsonWriter out = {.buf = &text};
    json_put_array(&out);
    for (size_t i = 0; i < json_len(list); i++) {
        int64_t at = changed_at(arena, json_nth(list, i));
        if (at < page->cursor.since)
            continue;
        page->newest = MAX(page->newest, at);
        page->count++;
        json_put_value(&out, json_nth(list, i));
    }
    json_put_end(&out);
    json_put_done(&out);
    page->body = buf_str(&text);
    page->more = json_len(list) >= PAGE_CUSTOMERS;
    page->cursor.next = page->more ? page_text(arena, number + 1) : (Str){0};
}

static void
changes_read(Arena *arena, const Json *list, int64_t number, ConnectorPage *page)
{
    page->count = json_len(list);
    for (size_t i = 0; i < page->count; i++)
        page->newest = MAX(page->newest, changed_at(arena, json_nth(list, i)));
    page->more = page->count >= PAGE_ROWS;
    page->cursor.next = (Str){0};
    /* modified_after leaves the moment itself out, and there may be more of that second. */
    if (page->more && page->newest - SECOND_MS > page->cursor.since)
        page->cursor.since = page->newest - SECOND_MS;
    else if (page->more)
        page->cursor.next = page_text(arena, number + 1);
}

static bool
poll_read(const ConnectorVisit *visit, const ConnectorCursor *cursor, const ConnectorAnswer *answer,
          ConnectorPage *ret, GError **error)
{
    Arena *arena = visit->arena;
    Place place = place_read(arena, cursor->next);
    ConnectorPage page = {.cursor = *cursor};
    /* A product that was thrown away meanwhile has no variations. */
    if (place.list && answer->status == 404) {
        variations_next(arena, place.list, false, &page);
        *ret = page;
        return true;
    }
    if (!answer_check(visit, answer, error))
        return false;
    const Json *list = json_parse(arena, answer->body.at, answer->body.len, NULL);
    if (!list)
        return fail(error, ERR_BAD_REPLY,
                    "WooCommerce answered with what is no JSON: woocommerce.url has to be the "
                    "address of the shop, and no plugin may ask for a login there");
    if (json_type(list) != JSON_ARRAY)
        return fail(error, ERR_BAD_REPLY, "WooCommerce answered without a list of %s",
                    cursor->noun->name);
    if (place.list)
        variations_read(arena, place.list, list, &page);
    else if (str_is(str_of(cursor->noun->name), "customers"))
        customers_read(arena, list, place.page, &page);
    else
        changes_read(arena, list, place.page, &page);
    if (!place.list && str_is(str_of(cursor->noun->name), "products"))
        variations_queue(arena, list, cursor, &page);
    *ret = page;
    return true;
}

/* A row of a page, which has to say what it is as a webhook has. */
static bool
row_told(const ConnectorAsk *ask, const Json *row, Facts *ret, GError **error)
{
    size_t nth = asked_nth(str_sub(ask->topic, strlen("poll/"), ask->topic.len));
    if (!woocommerce_id(ask->arena, row, "id").len)
        return fail(error, ERR_INPUT, "id is missing: this is none of the %s", asked[nth].noun);
    return asked[nth].told(ask, row, ret, error);
}

bool
woocommerce_page_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    size_t nth = asked_nth(str_sub(ask->topic, strlen("poll/"), ask->topic.len));
    if (nth < G_N_ELEMENTS(asked) && json_type(root) == JSON_OBJECT)
        return woocommerce_variations_told(ask, root, ret, error);
    if (nth < G_N_ELEMENTS(asked))
        return connector_list_told(ask, root, row_told, ret, error);
    *ret = (Facts){.declined = STR("this version asks for nothing of this name")};
    return true;
}

/* ---- setting up ----------------------------------------------------------------------------------- */

static const char *const wanted_topics[] = {
    "order.created",    "order.updated",    "order.deleted",    "order.restored",
    "customer.created", "customer.updated", "customer.deleted", "product.created",
    "product.updated",  "product.deleted",  "product.restored", "coupon.created",
    "coupon.updated",   "coupon.deleted",   "coupon.restored",
};

enum { STEP_ORDERS, STEP_HOOKS, STEP_TOPICS };

static void
orders_tell(ConnectorSetup *setup, const Json *root)
{
    static const char *const fields[] = {"/billing/email", "/date_modified_gmt", "/line_items",
                                         "/status"};
    const Json *order = json_nth(root, 0);
    if (!order)
        buf_add_cstr(setup->told, "The shop has no order yet; its key may read them.\n");
    for (size_t i = 0; order && i < G_N_ELEMENTS(fields); i++) {
        if (!json_missing(json_at(order, fields[i])))
            continue;
        setup->wanting = true;
        buf_format(setup->told, "hidden %s: a plugin takes it out of the REST API\n",
                   fields[i] + 1);
    }
}

static bool
hook_is_there(const ConnectorSetup *setup, const char *topic)
{
    for (size_t i = 0; i < json_len(setup->known); i++) {
        const Json *one = json_nth(setup->known, i);
        if (str_is(json_text(json_get(one, "topic")), topic) &&
            str_is(json_text(json_get(one, "status")), "active") &&
            str_is(json_text(json_get(one, "delivery_url")), setup->address))
            return true;
    }
    return false;
}

static bool
hook_ask(ConnectorSetup *setup, const char *topic, ConnectorRequest *ret, GError **error)
{
    Buf body = {.arena = setup->visit.arena};
    JsonWriter out = {.buf = &body};
    Str secret = plug_setting(&setup->visit.settings, "woocommerce.secret");
    if (!secret.len)
        return fail(error, ERR_CONFIG,
                    "woocommerce.secret is not set: choose one, a long word that nobody can guess, "
                    "and the webhooks are signed with it");
    if (!request_make(&setup->visit, "webhooks", ret, error))
        return false;
    const Str members[][2] = {
        {STR("name"), str_of(arena_format(setup->visit.arena, "Postlude %s", topic))},
        {STR("topic"), str_of(topic)},
        {STR("delivery_url"), str_of(setup->address)},
        {STR("secret"), secret},
        {STR("status"), STR("active")},
    };
    json_put_object(&out);
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        json_put_key_text(&out, members[i][0]);
        json_put_text(&out, members[i][1]);
    }
    json_put_end(&out);
    json_put_done(&out);
    ret->type = "application/json";
    ret->body = buf_str(&body);
    return true;
}

static bool
answer_take(ConnectorSetup *setup, const ConnectorAnswer *answer, GError **error)
{
    if (!answer_check(&setup->visit, answer, error))
        return false;
    const Json *root = json_parse(setup->visit.arena, answer->body.at, answer->body.len, NULL);
    if (!root)
        return fail(error, ERR_BAD_REPLY, "WooCommerce answered with what is no JSON");
    if (setup->step == STEP_ORDERS)
        orders_tell(setup, root);
    else if (setup->step == STEP_HOOKS)
        setup->known = root;
    else
        buf_format(setup->told, "webhook %s: made\n", wanted_topics[setup->step - STEP_TOPICS]);
    setup->step++;
    return true;
}

static bool
setup_turn(ConnectorSetup *setup, const ConnectorAnswer *answer, ConnectorRequest *ret,
           bool *ret_done, GError **error)
{
    if (answer && !answer_take(setup, answer, error))
        return false;
    if (setup->step == STEP_ORDERS)
        return request_make(&setup->visit, "orders?per_page=1", ret, error);
    if (setup->step == STEP_HOOKS)
        return request_make(&setup->visit, "webhooks?per_page=100", ret, error);
    for (; (size_t)setup->step < STEP_TOPICS + G_N_ELEMENTS(wanted_topics); setup->step++)
        if (!hook_is_there(setup, wanted_topics[setup->step - STEP_TOPICS]))
            return hook_ask(setup, wanted_topics[setup->step - STEP_TOPICS], ret, error);
    *ret_done = true;
    return true;
}

const ConnectorPoll woocommerce_poll = {
    .nouns = nouns,
    .is_set = poll_is_set,
    .ask = poll_ask,
    .read = poll_read,
    .setup = setup_turn,
};
