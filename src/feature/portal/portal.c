/* portal.c - the customer's side: the page of an order.
 *
 * Whoever has the link sees this one order; the link's token names it and is signed, so nothing is kept per
 * link and nothing can be guessed. The page works without JavaScript and says first where things stand.
 */
#include "feature/feature.h"
#include "feature/page.h"

#include "base/limits.h"
#include "base/token.h"
#include "engine/clock.h"
#include "flow/door.h"
#include "flow/order.h"
#include "flow/shipment.h"
#include "flow/view.h"

enum { SCANS_SHOWN = 50 };

/* What the page is about; lives in the request's arena. */
typedef struct Shown {
    const ShopEntry *shop;
    OrderRow order;
    ShipmentRow *shipments;
    size_t shipment_count;
    Refund *refunds;
    size_t refund_count;
} Shown;

/* The order that a token opens. A token of an older generation opens nothing. */
static bool
portal_order(RouteCtx *ctx, Db *db, Shown *ret, GError **error)
{
    const App *app = route_app(ctx);
    int64_t id = 0, shop_id = 0;
    uint32_t generation = 0;
    if (!token_read(app->keyring->links, "order", route_param(ctx, "token"), &id, &generation,
                    error) ||
        !db_int(db, Q_order_shop, BINDS(bind_int("id", id)), &shop_id, error))
        return false;
    g_autoptr(ShopHold) shop = shopbook_get(app->shops, shop_id);
    if (!shop)
        return fail(error, ERR_NOT_FOUND, "this link does not lead to an order any more");
    if (!order_load(db, ctx->arena, shop_id, id, &ret->order, error) ||
        !shipments_load(db, ctx->arena, shop_id, id, &ret->shipments, &ret->shipment_count, error))
        return false;
    if (ret->order.generation != generation)
        return fail(error, ERR_NOT_FOUND, "this link does not lead to an order any more");
    ret->shop = g_steal_pointer(&shop);
    return true;
}

static bool
portal_refunds(RouteCtx *ctx, Db *db, Shown *shown, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_portal_refunds,
                BINDS(bind_int("shop", shown->shop->shop.id), bind_int("order_id", shown->order.id),
                      bind_int("limit", LIMIT_PAGE_ROWS)),
                error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        if (!shown->refunds)
            shown->refunds = arena_new_of(ctx->arena, Refund, LIMIT_PAGE_ROWS);
        shown->refunds[shown->refund_count++] = (Refund){
            .currency = arena_copy(ctx->arena, rows_text(rows, 0)),
            .amount = rows_int(rows, 1),
            .refunded_at = rows_int(rows, 2),
        };
    }
    return rows_ok(rows, error);
}

/* The words of the carriers, for the timeline. */
static bool
portal_scans(RouteCtx *ctx, Db *db, const Shown *shown, LiquidValue *ret, GError **error)
{
    *ret = liquid_array(ctx->arena, NULL, 0);
    if (!shown->shipment_count)
        return true;
    LiquidValue *list = arena_new_of(ctx->arena, LiquidValue, SCANS_SHOWN);
    size_t count = 0;
    g_autoptr(Rows) rows =
        db_rows(db, Q_portal_scans,
                BINDS(bind_int("shop", shown->shop->shop.id), bind_int("order_id", shown->order.id),
                      bind_int("limit", SCANS_SHOWN)),
                error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        LiquidValue scan = liquid_map(ctx->arena);
        Str place = arena_copy(ctx->arena, rows_text(rows, 1));
        liquid_map_set(ctx->arena, scan, STR("state"),
                       liquid_str(arena_copy(ctx->arena, rows_text(rows, 0))));
        liquid_map_set(ctx->arena, scan, STR("place"),
                       place.len ? liquid_str(place) : LIQUID_OF_NIL);
        liquid_map_set(ctx->arena, scan, STR("at"), liquid_date(rows_int(rows, 2)));
        list[count++] = scan;
    }
    *ret = liquid_array(ctx->arena, list, count);
    return rows_ok(rows, error);
}

/* ---- where things stand ------------------------------------------------------------------------------- */

/* What the state of one parcel is for the whole, the worst and then the nearest first. */
static const struct {
    ShipmentState state;
    const char *word;
} parcel_words[] = {
    {SHIPMENT_LOST, "trouble"},           {SHIPMENT_DAMAGED, "trouble"},
    {SHIPMENT_EXPIRED, "trouble"},        {SHIPMENT_EXCEPTION, "trouble"},
    {SHIPMENT_ATTEMPT_FAILED, "trouble"}, {SHIPMENT_DELAYED, "delayed"},
    {SHIPMENT_PICKUP, "pickup"},          {SHIPMENT_OUT_FOR_DELIVERY, "out_for_delivery"},
    {SHIPMENT_RETURNING, "returning"},    {SHIPMENT_RETURNED, "returning"},
};

static const char *
parcels_state(const Shown *shown)
{
    for (size_t i = 0; i < G_N_ELEMENTS(parcel_words); i++)
        for (size_t n = 0; n < shown->shipment_count; n++)
            if (shown->shipments[n].shipment.state == parcel_words[i].state)
                return parcel_words[i].word;
    return NULL;
}

/* As one word, for which the template has a sentence. */
static const char *
portal_state(const Shown *shown)
{
    const Order *order = &shown->order.order;
    const char *parcels = parcels_state(shown);
    if (order->cancelled_at)
        return "cancelled";
    if (order->payment == PAYMENT_REFUNDED)
        return "refunded";
    if (order->in_person)
        return "in_person";
    if (parcels)
        return parcels;
    if (shown->order.delivered_at)
        return "delivered";
    if (order->fulfilment == FULFILMENT_DONE)
        return "fulfilled";
    if (order->fulfilment == FULFILMENT_PARTIAL)
        return "partial";
    return order->payment == PAYMENT_PENDING ? "waiting_for_payment" : "preparing";
}

/* ---- the page ------------------------------------------------------------------------------------------- */

static void
shop_let_go(void *shop)
{
    shop_unref(shop);
}

/* Whoever reads it may ask for another language than the order's. */
static void
portal_language(RouteCtx *ctx, const Shown *shown)
{
    Str asked = {0};
    http_query(ctx->request, "lang", &asked);
    const Order *order = &shown->order.order;
    const Str wishes[] = {asked, order->locale, order->customer.locale, shown->shop->shop.locale};
    page_language(ctx, wishes, G_N_ELEMENTS(wishes));
}

static bool
portal_order_page(RouteCtx *ctx, GError **error)
{
    Db *db = route_db(ctx, error);
    Shown *shown = arena_new_of(ctx->arena, Shown, 1);
    LiquidValue scans;
    if (!db || !portal_order(ctx, db, shown, error))
        return false;
    route_keep(ctx, (void *)shown->shop, shop_let_go);
    if (!portal_refunds(ctx, db, shown, error) || !portal_scans(ctx, db, shown, &scans, error))
        return false;
    ctx->zone = shown->shop->zone;
    portal_language(ctx, shown);
    ViewAsk *view = arena_new_of(ctx->arena, ViewAsk, 1);
    *view = (ViewAsk){
        .shop = shown->shop,
        .order = &shown->order,
        .shipments = shown->shipments,
        .shipment_count = shown->shipment_count,
        .refunds = shown->refunds,
        .refund_count = shown->refund_count,
    };
    view_fill(ctx->arena, view, ctx->page);
    liquid_map_set(ctx->arena, ctx->page, STR("scans"), scans);
    liquid_map_set(ctx->arena, ctx->page, STR("state"), liquid_str(str_of(portal_state(shown))));
    return true;
}

/* A link of a shop system's own mail leads on to the page's usual address. */
static bool
portal_door(RouteCtx *ctx, GError **error)
{
    static const char unknown[] = "we have not heard of this order yet";
    const HmacKey *links = route_app(ctx)->keyring->links;
    Str source = route_param(ctx, "source"), id = route_param(ctx, "id");
    Db *db = route_db(ctx, error);
    g_autoptr(ShopHold) shop = shopbook_find(route_app(ctx)->shops, route_param(ctx, "shop"));
    if (!db)
        return false;
    if (!shop || !door_check(ctx->arena, links, shop->shop.id, source, id, route_param(ctx, "tag")))
        return fail(error, ERR_NOT_FOUND, unknown);
    g_autoptr(Rows) rows = db_rows(db, Q_portal_door,
                                   BINDS(bind_int("shop", shop->shop.id),
                                         bind_text("source", source), bind_text("foreign_id", id)),
                                   error);
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error) && fail(error, ERR_NOT_FOUND, unknown);
    const char *token =
        token_make(ctx->arena, links, "order", rows_int(rows, 0), (uint32_t)rows_int(rows, 1));
    http_answer_redirect(ctx->request, arena_format(ctx->arena, "/o/%s", token));
    return true;
}

static const Route routes[] = {
    {GET, "/f/:shop/:source/:id/:tag", ANYONE, portal_door, NULL},
    {GET, "/o/:token", ANYONE, portal_order_page, "portal/order.liquid"},
    {0},
};

const Feature feature_portal = {
    .title = "Order page",
    .about = "Every order has a page of its own for its customer.",
    .routes = routes,
};
