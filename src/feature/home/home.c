/* home.c - the first page of the installation: the way to one's shops. */
#include "feature/home/home_inside.h"

#include "engine/asset.h"

enum { SHOPS_MOST = 1000 };

/* May this user look at the shop? */
static bool
home_may(Db *db, int64_t shop, int64_t user, bool *ret, GError **error)
{
    Role role = ROLE_NONE;
    if (!user_role(db, shop, user, &role, error))
        return false;
    *ret = role != ROLE_NONE;
    return true;
}

static LiquidValue
home_shop_of(Arena *arena, const ShopEntry *entry)
{
    LiquidValue shop = liquid_map(arena);
    liquid_map_set(arena, shop, STR("slug"), liquid_str(arena_copy(arena, entry->shop.slug)));
    liquid_map_set(arena, shop, STR("name"), liquid_str(arena_copy(arena, entry->shop.name)));
    liquid_map_set(arena, shop, STR("live"), liquid_bool(entry->shop.is_live));
    return shop;
}

/* Whoever has one shop is led there; whoever has more chooses. */
static bool
home_shops(RouteCtx *ctx, GError **error)
{
    const App *app = route_app(ctx);
    const Staff *staff = route_staff(ctx);
    LiquidValue *shops = arena_new_of(ctx->arena, LiquidValue, SHOPS_MOST);
    size_t count = 0;
    const char *only = NULL;
    Db *db = route_db(ctx, error);
    for (size_t n = 0; db && count < SHOPS_MOST; n++) {
        bool may = false;
        g_autoptr(ShopHold) shop = shopbook_nth(app->shops, n);
        if (!shop)
            break;
        if (!home_may(db, shop->shop.id, staff->user, &may, error))
            return false;
        if (!may)
            continue;
        shops[count++] = home_shop_of(ctx->arena, shop);
        only = arena_format(ctx->arena, "/s/" STR_FMT, STR_ARG(shop->shop.slug));
    }
    liquid_map_set(ctx->arena, ctx->page, STR("shops"), liquid_array(ctx->arena, shops, count));
    if (count == 1)
        route_redirect(ctx, only);
    return db != NULL;
}

static bool
home_page(RouteCtx *ctx, GError **error)
{
    const App *app = route_app(ctx);
    int64_t users = 0;
    Db *db = route_db(ctx, error);
    liquid_map_set(ctx->arena, ctx->page, STR("title"), liquid_str(STR("Postlude")));
    liquid_map_set(ctx->arena, ctx->page, STR("shows_catcher"), liquid_bool(app->shows_catcher));
    if (!db || !db_int(db, Q_user_count, BINDS(bind_int("shop", 0)), &users, error))
        return false;
    liquid_map_set(ctx->arena, ctx->page, STR("has_users"), liquid_bool(users > 0));
    return !route_staff(ctx)->user || home_shops(ctx, error);
}

static bool
home_static(RouteCtx *ctx, GError **error)
{
    asset_answer(ctx->request, route_param(ctx, "hash"), route_param(ctx, "file"));
    return true;
}

static const Route routes[] = {
    {GET, "/", GUEST, home_page, "dashboard/home/home.liquid"},
    {GET, "/s/:shop", STAFF, today_page, "dashboard/home/today.liquid", DESK_READ},
    {GET, "/static/:hash/:file...", ANYONE, home_static, NULL},
    {0},
};

const Feature feature_home = {
    .title = "Home",
    .about = "The way to one's shops, and what needs somebody there today.",
    .routes = routes,
};
