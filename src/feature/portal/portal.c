/* portal.c - the customer's side: the page of an order.
 *
 * Whoever has the link sees this one order; the link's token names it and is signed, so nothing is kept per
 * link and nothing can be guessed. The page works without JavaScript and says first where things stand.
 */
#include "feature/feature.h"

#include "base/token.h"
#include "engine/clock.h"
#include "flow/order.h"
#include "flow/view.h"

/* The order that a token opens. A token of an older generation opens nothing. */
static bool
portal_order(RouteCtx *ctx, Db *db, const ShopEntry **ret_shop, OrderRow *ret, GError **error)
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
    if (!order_load(db, ctx->arena, shop_id, id, ret, error))
        return false;
    if (ret->generation != generation)
        return fail(error, ERR_NOT_FOUND, "this link does not lead to an order any more");
    *ret_shop = g_steal_pointer(&shop);
    return true;
}

/* Where things stand, as one word that the template turns into a sentence. */
static const char *
portal_state(const Order *order)
{
    if (order->cancelled_at)
        return "cancelled";
    if (order->payment == PAYMENT_REFUNDED)
        return "refunded";
    if (order->fulfilment == FULFILMENT_DONE)
        return "fulfilled";
    if (order->fulfilment == FULFILMENT_PARTIAL)
        return "partial";
    return order->payment == PAYMENT_PENDING ? "waiting_for_payment" : "preparing";
}

static void
shop_let_go(void *shop)
{
    shop_unref(shop);
}

static bool
portal_order_page(RouteCtx *ctx, GError **error)
{
    Db *db = route_db(ctx, error);
    OrderRow *order = arena_new_of(ctx->arena, OrderRow, 1);
    const ShopEntry *shop = NULL;
    if (!db || !portal_order(ctx, db, &shop, order, error))
        return false;
    route_keep(ctx, (void *)shop, shop_let_go);
    ctx->zone = shop->zone;
    const char *title = arena_format(ctx->arena, "Order " STR_FMT " - " STR_FMT,
                                     STR_ARG(order->order.name), STR_ARG(shop->shop.name));
    liquid_map_set(ctx->arena, ctx->page, STR("title"), liquid_str(str_of(title)));
    liquid_map_set(ctx->arena, ctx->page, STR("shop"), view_shop(ctx->arena, shop));
    liquid_map_set(ctx->arena, ctx->page, STR("order"), view_order(ctx->arena, order));
    liquid_map_set(ctx->arena, ctx->page, STR("state"),
                   liquid_str(str_of(portal_state(&order->order))));
    return true;
}

static const Route routes[] = {
    {GET, "/o/:token", ANYONE, portal_order_page, "portal/order.liquid"},
    {0},
};

const Feature feature_portal = {
    .title = "Order page",
    .about = "Every order has a page of its own for its customer.",
    .routes = routes,
};
