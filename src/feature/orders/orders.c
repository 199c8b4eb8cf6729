/* orders.c - the orders of a shop: found by number, name or address, and everything about one. */
#include "feature/account/account.h"
#include "feature/list.h"
#include "feature/words.h"

#include "base/token.h"
#include "engine/id.h"
#include "flow/postal.h"

#include <string.h>

enum { LINES_MOST = 500, STORY_MOST = 400 };

static const Column list_columns[] = {
    {"id", COLUMN_ID},
    {"placed_at", COLUMN_DATE},
    {"name", COLUMN_TEXT},
    {"email", COLUMN_TEXT},
    {"buyer", COLUMN_TEXT},
    {"total", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {"payment", COLUMN_TEXT},
    {"fulfilment", COLUMN_TEXT},
    {"cancelled_at", COLUMN_DATE},
    {"delivered_at", COLUMN_DATE},
    {"deleted_at", COLUMN_DATE},
    {"quiet", COLUMN_TEXT},
    {0},
};

/* The day of the order that the last page ended with, from whose id the next one goes on. */
static bool
orders_cursor(RouteCtx *ctx, int64_t shop, int64_t *ret_at, int64_t *ret_id, GError **error)
{
    Str before;
    Db *db = route_db(ctx, error);
    *ret_at = *ret_id = INT64_MAX;
    if (!db || !http_query(ctx->request, "before", &before) || !id_parse(before, ret_id))
        return db != NULL;
    return db_int(db, Q_orders_placed_at, BINDS(bind_int("shop", shop), bind_int("id", *ret_id)),
                  ret_at, error);
}

static bool
orders_list(RouteCtx *ctx, GError **error)
{
    int64_t shop = route_staff(ctx)->shop->shop.id, at, id, last = 0;
    bool more = false;
    char cursor[ID_TEXT_BYTES];
    Str find = page_filter(ctx, "q"), state = page_filter(ctx, "state"), from, to;
    if (!orders_cursor(ctx, shop, &at, &id, error))
        return false;
    list_range(ctx->arena, find, &from, &to);
    Bind place[] = {bind_int("shop", shop), bind_int("at", at), bind_int("id", id),
                    bind_text("state", state)};
    Bind limit = bind_int("limit", LIST_ROWS + 1);
    ListAsk ask = {
        .query = find.len ? Q_orders_found : Q_orders_list,
        .binds = find.len ? BINDS(place[0], place[1], place[2], place[3], bind_text("from", from),
                                  bind_text("to", to), bind_text("number", find), limit)
                          : BINDS(place[0], place[1], place[2], place[3], limit),
        .columns = list_columns,
        .most = LIST_ROWS,
        .more = &more,
        .last_ids = &last,
    };
    if (!page_list(ctx, "orders", &ask, error))
        return false;
    if (more)
        page_next(ctx, id_format(last, cursor));
    page_put(ctx, "title", liquid_str(STR("Orders")));
    page_put(ctx, "filtered", liquid_bool(find.len || state.len));
    return true;
}

/* ---- one order ---------------------------------------------------------------------------------------------------- */

static const Column order_columns[] = {
    {"id", COLUMN_ID},
    {"name", COLUMN_TEXT},
    {"placed_at", COLUMN_DATE},
    {"email", COLUMN_TEXT},
    {"phone", COLUMN_TEXT},
    {"locale", COLUMN_TEXT},
    {"source", COLUMN_TEXT},
    {"total", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {"subtotal", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {"shipping", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {"fees", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {"tax", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {"discount", COLUMN_MONEY},
    {"currency", COLUMN_TEXT},
    {"tax_included", COLUMN_BOOL},
    {"discount_codes", COLUMN_TEXT},
    {"shipping_title", COLUMN_TEXT},
    {"channel", COLUMN_TEXT},
    {"url", COLUMN_TEXT},
    {"payment", COLUMN_TEXT},
    {"payment_words", COLUMN_TEXT, words_payment},
    {"fulfilment", COLUMN_TEXT},
    {"quiet", COLUMN_TEXT},
    {"gift", COLUMN_BOOL},
    {"cancelled_at", COLUMN_DATE},
    {"deleted_at", COLUMN_DATE},
    {"delivered_at", COLUMN_DATE},
    {"promised_from", COLUMN_DATE},
    {"promised_until", COLUMN_DATE},
    {"note", COLUMN_TEXT},
    {"tags", COLUMN_TEXT},
    {"generation", COLUMN_INT},
    {"customer_id", COLUMN_ID},
    {"customer_name", COLUMN_TEXT},
    {"customer_email", COLUMN_TEXT},
    {0},
};

static const Column line_columns[] = {
    {"title", COLUMN_TEXT},
    {"variant", COLUMN_TEXT},
    {"sku", COLUMN_TEXT},
    {"quantity", COLUMN_INT},
    {"price", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {"discount", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {"charged", COLUMN_MONEY},
    {"", COLUMN_SKIP},
    {0},
};

static const Column parcel_columns[] = {
    {"id", COLUMN_ID},
    {"name", COLUMN_TEXT},
    {"state", COLUMN_TEXT},
    {"words", COLUMN_TEXT, words_shipment},
    {"state_at", COLUMN_DATE},
    {"shipped_at", COLUMN_DATE},
    {"delivered_at", COLUMN_DATE},
    {"expected_from", COLUMN_DATE},
    {"expected_until", COLUMN_DATE},
    {"carrier", COLUMN_TEXT},
    {"number", COLUMN_TEXT},
    {"url", COLUMN_TEXT},
    {0},
};

static const Column refund_columns[] = {
    {"at", COLUMN_DATE}, {"amount", COLUMN_MONEY}, {"", COLUMN_SKIP}, {"note", COLUMN_TEXT}, {0},
};

static const Column message_columns[] = {
    {"id", COLUMN_ID},        {"at", COLUMN_DATE},      {"template", COLUMN_TEXT, words_template},
    {"subject", COLUMN_TEXT}, {"address", COLUMN_TEXT}, {"state", COLUMN_TEXT},
    {"reason", COLUMN_TEXT},  {"words", COLUMN_TEXT},   {0},
};

static LiquidValue story_name(Arena *arena, Str name);
static const Column story_columns[] = {
    {"at", COLUMN_DATE},
    {"id", COLUMN_ID},
    {"what", COLUMN_TEXT},
    {"name", COLUMN_TEXT, story_name},
    {"detail", COLUMN_TEXT},
    {"more", COLUMN_TEXT},
    {0},
};

/* The name of an event ("order.paid", "shipment.shipped 1 of 2"), of a mail ("mail shipped") or of a shipment's state: each in its words. */
static LiquidValue
story_name(Arena *arena, Str name)
{
    size_t dot;
    if (str_starts(name, "mail "))
        return words_template(arena, str_sub(name, strlen("mail "), name.len));
    return str_find(name, STR("."), &dot) ? words_event(arena, name) : words_shipment(arena, name);
}

/* A postal address as its lines, for the address filter's map. */
static LiquidValue
address_map(Arena *arena, const PostalAddress *address)
{
    const struct {
        const char *name;
        Str value;
    } parts[] = {
        {"name", address->name},         {"company", address->company},
        {"address1", address->line1},    {"address2", address->line2},
        {"zip", address->zip},           {"city", address->city},
        {"province", address->province}, {"province_code", address->province_code},
        {"country", address->country},   {"country_code", address->country_code},
        {"phone", address->phone},
    };
    LiquidValue map = liquid_map(arena);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        liquid_map_set(arena, map, str_of(parts[i].name), liquid_str(parts[i].value));
    return map;
}

static bool
order_addresses(RouteCtx *ctx, const Bind *binds, GError **error)
{
    static const char *const names[] = {"ship_to", "bill_to"};
    Db *db = route_db(ctx, error);
    g_autoptr(Rows) rows = db ? db_rows(db, Q_orders_addresses, binds, error) : NULL;
    if (!rows)
        return false;
    for (int i = 0; rows_next(rows) && i < 2; i++) {
        for (int column = 0; column < 2; column++) {
            PostalAddress address = {0};
            Str json = arena_copy(ctx->arena, rows_text(rows, column));
            if (!json.len)
                continue;
            if (!postal_load(ctx->arena, json, &address, error))
                return false;
            page_put(ctx, names[column], address_map(ctx->arena, &address));
        }
    }
    return rows_ok(rows, error);
}

/* The page that the customer sees. */
static bool
order_link(RouteCtx *ctx, int64_t id, const Bind *binds, GError **error)
{
    const App *app = route_app(ctx);
    int64_t generation = 0;
    Db *db = route_db(ctx, error);
    if (!db || !db_int(db, Q_orders_generation, binds, &generation, error))
        return false;
    const char *token =
        token_make(ctx->arena, app->keyring->links, "order", id, (uint32_t)generation);
    page_put(ctx, "customer_page", liquid_str(str_of(arena_format(ctx->arena, "/o/%s", token))));
    return true;
}

static bool
orders_show(RouteCtx *ctx, GError **error)
{
    int64_t shop_id = route_staff(ctx)->shop->shop.id, id;
    if (!page_id(ctx, "id", KIND_ORDER, &id, error))
        return false;
    Bind shop = bind_int("shop", shop_id), order = bind_int("id", id);
    const struct {
        const char *name;
        Query query;
        const Column *columns;
        size_t most;
    } lists[] = {
        {"lines", Q_orders_lines, line_columns, LINES_MOST},
        {"parcels", Q_orders_parcels, parcel_columns, LINES_MOST},
        {"refunds", Q_orders_refunds, refund_columns, LINES_MOST},
        {"messages", Q_orders_messages, message_columns, LINES_MOST},
        {"story", Q_orders_story, story_columns, STORY_MOST},
    };
    if (!page_row(ctx, "order", Q_orders_one, BINDS(shop, order), order_columns, error) ||
        !order_addresses(ctx, BINDS(shop, order), error) ||
        !order_link(ctx, id, BINDS(shop, order), error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        ListAsk ask = {lists[i].query,
                       BINDS(shop, order, bind_int("limit", (int64_t)lists[i].most)),
                       lists[i].columns,
                       lists[i].most,
                       NULL,
                       NULL};
        if (!page_list(ctx, lists[i].name, &ask, error))
            return false;
    }
    page_put(ctx, "title", liquid_str(STR("Order")));
    return true;
}

static const Route routes[] = {
    {GET, "/s/:shop/orders", STAFF, orders_list, "dashboard/orders/list.liquid", DESK_READ},
    {GET, "/s/:shop/orders/:id", STAFF, orders_show, "dashboard/orders/show.liquid"},
    {0},
};

const Feature feature_orders = {
    .title = "Orders",
    .about = "Every order with its parcels, its mails and what happened, in plain words.",
    .routes = routes,
};
