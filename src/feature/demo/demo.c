/* demo.c - the goods of the demo shop and their pictures; see demo.h. */
#include "feature/demo/demo.h"

#include "feature/feature.h"

static const Good goods[] = {
#define ROW(sku, title, kind, shape, hue, price, grams, variants) \
    {sku, title, kind, #shape, hue, price, grams, variants},
#include "feature/demo/goods.def"
#undef ROW
};

size_t
demo_goods(const Good **ret)
{
    *ret = goods;
    return G_N_ELEMENTS(goods);
}

/* Each picture is a template in the product's colours: nothing to download, the same on every machine. */
static bool
demo_picture(RouteCtx *ctx, GError **error)
{
    Str name = route_param(ctx, "picture");
    if (str_ends(name, ".svg"))
        name.len -= 4;
    for (size_t i = 0; i < G_N_ELEMENTS(goods); i++) {
        if (!str_is(name, goods[i].sku))
            continue;
        Arena *arena = ctx->arena;
        liquid_map_set(arena, ctx->page, STR("title"), liquid_str(str_of(goods[i].title)));
        liquid_map_set(arena, ctx->page, STR("shape"), liquid_str(str_of(goods[i].shape)));
        liquid_map_set(arena, ctx->page, STR("hue"), liquid_int(goods[i].hue));
        liquid_map_set(arena, ctx->page, STR("number"), liquid_int((int64_t)i));
        return true;
    }
    return fail(error, ERR_NOT_FOUND, "the demo shop sells nothing of this number");
}

static const Route routes[] = {
    {GET, "/demo/goods/:picture", ANYONE, demo_picture, "demo/goods.svg.liquid"},
    {0},
};

const Feature feature_demo = {
    .title = "Demo",
    .about = "A shop to look around in.",
    .routes = routes,
};
