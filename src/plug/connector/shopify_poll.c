/* shopify_poll.c - asks Shopify's Admin API for what a webhook did not bring.
 *
 * The access token comes by the client credentials grant of an app of the Dev Dashboard that is installed in the
 * owner's own shop; it lasts a day. Orders come from the REST resource, because it tells them as the webhooks do, with
 * their fulfilments and refunds: one reader, one version, one hash, so that what is asked for twice is known. What REST
 * tells no more, or without what is hidden, comes by GraphQL (shopify_graphql.c).
 *
 * https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant
 * https://shopify.dev/docs/api/admin-rest/latest/resources/order (pages: Link, page_info)
 * https://shopify.dev/docs/api/usage/limits (a bucket of 40 that leaks 2 a second; X-Shopify-Shop-Api-Call-Limit)
 */
#include "base/json_write.h"
#include "base/when.h"
#include "plug/connector/shopify_inside.h"

#include <string.h>

enum { PAGE_ORDERS = 50, PAUSE_MS = 2000 };

static bool
poll_is_set(const PlugSettings *settings)
{
    return plug_setting(settings, "shopify.shop").len &&
           plug_setting(settings, "shopify.client_id").len;
}

/* anas-boots, anas-boots.myshopify.com, or an address with its scheme. */
static Str
base_of(const ConnectorVisit *visit)
{
    Str shop = plug_setting(&visit->settings, "shopify.shop");
    size_t at = 0;
    while (shop.len && shop.at[shop.len - 1] == '/')
        shop.len--;
    if (str_find(shop, STR("://"), &at))
        return arena_copy(visit->arena, shop);
    return str_of(arena_format(visit->arena, "https://" STR_FMT "%s", STR_ARG(shop),
                               str_find(shop, STR("."), &at) ? "" : ".myshopify.com"));
}

/* ---- the token ------------------------------------------------------------------------------------ */

static bool
token_ask(const ConnectorVisit *visit, ConnectorRequest *ret, GError **error)
{
    Str id = plug_setting(&visit->settings, "shopify.client_id");
    Str secret = connector_either(plug_setting(&visit->settings, "shopify.client_secret"),
                                  plug_setting(&visit->settings, "shopify.secret"));
    if (!plug_setting(&visit->settings, "shopify.shop").len)
        return fail(error, ERR_CONFIG, "shopify.shop is not set: which shop is to be asked?");
    if (!id.len || !secret.len)
        return fail(error, ERR_CONFIG,
                    "%s is not set: it stands in the Dev Dashboard, in the app's Settings",
                    id.len ? "shopify.client_secret" : "shopify.client_id");
    Buf form = {.arena = visit->arena};
    buf_add_cstr(&form, "grant_type=client_credentials&client_id=");
    connector_escape(&form, id);
    buf_add_cstr(&form, "&client_secret=");
    connector_escape(&form, secret);
    *ret = (ConnectorRequest){
        .url = arena_format(visit->arena, STR_FMT "/admin/oauth/access_token",
                            STR_ARG(base_of(visit))),
        .type = "application/x-www-form-urlencoded",
        .body = buf_str(&form),
    };
    return true;
}

static bool
token_read(const ConnectorVisit *visit, const ConnectorAnswer *answer, Str *ret_token,
           int64_t *ret_seconds, GError **error)
{
    enum { DAY_SECONDS = 24 * 3600 };
    if (answer->status == 404)
        return fail(error, ERR_CONFIG, "shopify.shop: Shopify has no shop of this address");
    const Json *root = json_parse(visit->arena, answer->body.at, answer->body.len, NULL);
    Str token = plug_text(visit->arena, root, "access_token");
    Str why = connector_either(plug_text(visit->arena, root, "error_description"),
                               plug_text(visit->arena, root, "error"));
    int64_t seconds = DAY_SECONDS;
    if (!token.len)
        return fail(error, ERR_AUTH,
                    "Shopify gave no access token (HTTP %d%s" STR_FMT "): shopify.client_id and "
                    "shopify.client_secret have to be those of an app of the Dev Dashboard that is "
                    "installed in this shop",
                    answer->status, why.len ? ": " : "", STR_ARG(why));
    json_int(json_get(root, "expires_in"), &seconds);
    *ret_token = token;
    *ret_seconds = CLAMP(seconds, 60, DAY_SECONDS);
    return true;
}

/* ---- pages ---------------------------------------------------------------------------------------- */

void
shopify_request(const ConnectorVisit *visit, const char *path, ConnectorRequest *ret)
{
    *ret = (ConnectorRequest){
        .url =
            arena_format(visit->arena, STR_FMT "/admin/api/" STR_FMT "/%s", STR_ARG(base_of(visit)),
                         STR_ARG(plug_setting(&visit->settings, "shopify.api_version")), path),
        .header = "X-Shopify-Access-Token",
        .value = arena_cstr(visit->arena, visit->token),
    };
}

static const ConnectorNoun nouns[] = {
    {"orders",
     "Orders with their fulfilments and refunds. A deleted order is told by its webhook alone.", 0,
     false},
    {"customers",
     "Accounts and what their owners chose; those of before are imported. Merged and deleted ones "
     "are told by webhooks alone.",
     0, false},
    {"products", "Products with all of their variants; the first time all there are.", 0, true},
    {"shipments", "What carriers said of the parcels of changed orders.", 0, false},
    {"deletions", "Products that were deleted.", 0, false},
    {0},
};

static bool
poll_ask(const ConnectorVisit *visit, const ConnectorCursor *cursor, ConnectorRequest *ret,
         GError **error)
{
    Buf path = {.arena = visit->arena};
    if (cursor->noun != &nouns[0])
        return shopify_graphql_page_ask(visit, cursor, ret, error);
    buf_format(&path, "orders.json?limit=%d", PAGE_ORDERS);
    if (cursor->next.len) {
        buf_add_cstr(&path, "&page_info=");
        connector_escape(&path, cursor->next);
    } else {
        buf_add_cstr(&path, "&status=any&order=updated_at%20asc&updated_at_min=");
        connector_escape(&path, str_of(when_format(visit->arena, cursor->since)));
    }
    shopify_request(visit, buf_cstr(&path), ret);
    return true;
}

/* What Shopify says under "errors": a text, or lists of texts by field. */
static Str
words_read(Arena *arena, Str body)
{
    const Json *errors = json_get(json_parse(arena, body.at, body.len, NULL), "errors");
    for (int depth = 0;
         depth < 4 && (json_type(errors) == JSON_ARRAY || json_type(errors) == JSON_OBJECT);
         depth++)
        errors = json_missing(json_get(errors, "message")) ? json_nth(errors, 0)
                                                           : json_get(errors, "message");
    return str_trim(json_as_text(arena, errors));
}

bool
shopify_answer_check(const ConnectorVisit *visit, const ConnectorAnswer *answer, GError **error)
{
    if (answer->status >= 200 && answer->status < 300)
        return true;
    Str words = words_read(visit->arena, answer->body);
    switch (answer->status) {
    case 401:
        return fail(error, ERR_AUTH,
                    "Shopify refused our access token: is the app still installed in the shop?");
    case 403:
        return fail(error, ERR_FORBIDDEN,
                    "Shopify does not let the app see this (" STR_FMT
                    "): give it the scopes read_orders, read_customers, read_products and "
                    "read_fulfillments in the Dev Dashboard, release that version and approve it",
                    STR_ARG(words));
    case 402:
    case 423:
        return fail(error, ERR_REFUSED, "Shopify has frozen or locked this shop (HTTP %d)",
                    answer->status);
    case 404:
        return fail(error, ERR_CONFIG,
                    "shopify.shop or shopify.api_version: Shopify knows no such address");
    default:
        return fail(error, ERR_BAD_REPLY, "Shopify answered HTTP %d %.200s", answer->status,
                    arena_cstr(visit->arena, words));
    }
}

/* Link: <https://.../orders.json?limit=50&page_info=eyJ...>; rel="next" */
static Str
next_read(Str link)
{
    Str part, page = {0};
    while (str_split(&link, ',', &part)) {
        size_t at = 0, end = 0;
        if (!str_find(part, STR("rel=\"next\""), &end) || !str_find(part, STR("page_info="), &at))
            continue;
        page = str_sub(part, at + strlen("page_info="), part.len);
        for (end = 0; end < page.len && page.at[end] != '&' && page.at[end] != '>'; end++)
            continue;
        page = str_sub(page, 0, end);
    }
    return page;
}

/* "39/40": how full the bucket is. */
static bool
bucket_is_full(Arena *arena, Str calls)
{
    Str used = {0}, room = calls;
    if (!str_split(&room, '/', &used) || !room.len)
        return false;
    double full = g_ascii_strtod(arena_cstr(arena, used), NULL);
    return full >= 0.8 * g_ascii_strtod(arena_cstr(arena, room), NULL);
}

static bool
poll_read(const ConnectorVisit *visit, const ConnectorCursor *cursor, const ConnectorAnswer *answer,
          ConnectorPage *ret, GError **error)
{
    Arena *arena = visit->arena;
    if (cursor->noun != &nouns[0])
        return shopify_graphql_page_read(visit, cursor, answer, ret, error);
    if (!shopify_answer_check(visit, answer, error))
        return false;
    const Json *root = json_parse(arena, answer->body.at, answer->body.len, NULL);
    const Json *orders = json_get(root, "orders");
    if (!root)
        return fail(error, ERR_BAD_REPLY, "Shopify answered with what is no JSON");
    if (json_type(orders) != JSON_ARRAY)
        return fail(error, ERR_BAD_REPLY, "Shopify answered without a list of orders");
    ConnectorPage page = {.count = json_len(orders)};
    for (size_t i = 0; i < page.count; i++) {
        Str updated = plug_text(arena, json_nth(orders, i), "updated_at");
        int64_t at = 0;
        if (updated.len && when_parse(updated, NULL, &at, NULL))
            page.newest = MAX(page.newest, at);
    }
    page.cursor = (ConnectorCursor){
        .noun = cursor->noun,
        .since = cursor->since,
        .next = arena_copy(arena, next_read(plug_header(&answer->headers, "Link"))),
    };
    page.more = page.cursor.next.len > 0;
    if (bucket_is_full(arena, plug_header(&answer->headers, "X-Shopify-Shop-Api-Call-Limit")))
        page.wait_ms = PAUSE_MS;
    *ret = page;
    return true;
}

const ConnectorPoll shopify_poll = {
    .nouns = nouns,
    .is_set = poll_is_set,
    .token_ask = token_ask,
    .token_read = token_read,
    .ask = poll_ask,
    .read = poll_read,
    .setup = shopify_setup,
};
