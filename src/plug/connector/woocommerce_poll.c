/* woocommerce_poll.c - asks WooCommerce's REST API for what a webhook did not bring, and sets its webhooks up.
 *
 * Keys go as Basic authentication, over https only: so WooCommerce wants it, too. Pages are by number, and an order
 * that changes while we read moves to the end and shifts all behind it; so instead of the next page the first one is
 * asked for again, from the newest change that was seen. Only where one second fills a whole page its number counts.
 *
 * https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders (modified_after: WooCommerce 5.8)
 * https://woocommerce.github.io/woocommerce-rest-api-docs/#create-a-webhook
 */
#include "base/json_write.h"
#include "base/when.h"
#include "plug/connector/woocommerce_inside.h"

enum { PAGE_ORDERS = 50 };

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

static int64_t
page_number(Str next)
{
    int64_t page = 0;
    for (size_t i = 0; i < next.len && i < 9; i++)
        page = page * 10 + (next.at[i] - '0');
    return page ? page : 1;
}

static bool
poll_ask(const ConnectorVisit *visit, const ConnectorCursor *cursor, ConnectorRequest *ret,
         GError **error)
{
    Buf path = {.arena = visit->arena};
    buf_format(&path,
               "orders?per_page=%d&page=%" G_GINT64_FORMAT
               "&orderby=modified&order=asc&dates_are_gmt=true&modified_after=",
               PAGE_ORDERS, page_number(cursor->next));
    connector_escape(&path, str_of(when_format(visit->arena, cursor->since)));
    return request_make(visit, buf_cstr(&path), ret, error);
}

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

static bool
poll_read(const ConnectorVisit *visit, const ConnectorCursor *cursor, const ConnectorAnswer *answer,
          ConnectorPage *ret, GError **error)
{
    Arena *arena = visit->arena;
    if (!answer_check(visit, answer, error))
        return false;
    const Json *orders = json_parse(arena, answer->body.at, answer->body.len, NULL);
    if (!orders)
        return fail(error, ERR_BAD_REPLY,
                    "WooCommerce answered with what is no JSON: woocommerce.url has to be the "
                    "address of the shop, and no plugin may ask for a login there");
    if (json_type(orders) != JSON_ARRAY)
        return fail(error, ERR_BAD_REPLY, "WooCommerce answered without a list of orders");
    ConnectorPage page = {.count = json_len(orders), .cursor.since = cursor->since};
    for (size_t i = 0; i < page.count; i++) {
        Str changed = plug_text(arena, json_nth(orders, i), "date_modified_gmt");
        int64_t at = 0;
        if (changed.len && when_parse(changed, NULL, &at, NULL))
            page.newest = MAX(page.newest, at);
    }
    page.more = page.count >= PAGE_ORDERS;
    /* modified_after leaves the moment itself out, and there may be more of that second. */
    if (page.more && page.newest - SECOND_MS > cursor->since)
        page.cursor.since = page.newest - SECOND_MS;
    else if (page.more)
        page.cursor.next =
            str_of(arena_format(arena, "%" G_GINT64_FORMAT, page_number(cursor->next) + 1));
    *ret = page;
    return true;
}

bool
woocommerce_page_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    return connector_list_told(ask, root, woocommerce_order_told, ret, error);
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
    .is_set = poll_is_set,
    .ask = poll_ask,
    .read = poll_read,
    .setup = setup_turn,
};
