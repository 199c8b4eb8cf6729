/* home.c - the first page of the installation: what is here, and the next step. */
#include "feature/feature.h"

#include "engine/asset.h"

static bool
home_page(RouteCtx *ctx, GError **error)
{
    const App *app = route_app(ctx);
    size_t count = 0, live = 0;
    for (;; count++) {
        g_autoptr(ShopHold) shop = shopbook_nth(app->shops, count);
        if (!shop)
            break;
        live += shop->shop.is_live;
    }
    liquid_map_set(ctx->arena, ctx->page, STR("title"), liquid_str(STR("Postlude")));
    liquid_map_set(ctx->arena, ctx->page, STR("shop_count"), liquid_int((int64_t)count));
    liquid_map_set(ctx->arena, ctx->page, STR("live_count"), liquid_int((int64_t)live));
    liquid_map_set(ctx->arena, ctx->page, STR("shows_catcher"), liquid_bool(app->shows_catcher));
    liquid_map_set(ctx->arena, ctx->page, STR("public_url"), liquid_str(str_of(app->public_url)));
    return true;
}

static bool
home_static(RouteCtx *ctx, GError **error)
{
    asset_answer(ctx->request, route_param(ctx, "hash"), route_param(ctx, "file"));
    return true;
}

static const Route routes[] = {
    {GET, "/", ANYONE, home_page, "dashboard/home/home.liquid"},
    {GET, "/static/:hash/:file...", ANYONE, home_static, NULL},
    {0},
};

const Feature feature_home = {
    .title = "Home",
    .about = "The first page: what is here, and the next step.",
    .routes = routes,
};
