/* page.c - see page.h. */
#include "feature/page.h"

#include "base/limits.h"
#include "engine/asset.h"
#include "engine/liquid_shop/liquid_shop.h"

#include <string.h>

static const char folder[] = "ui/";

struct Pages {
    GHashTable *templates; /* name below ui/ -> Liquid */
    Arena *arena;
};

static const char *const page_folders[] = {"portal", "dashboard"};

/* Partials of a page stand beside it: `render 'portal/part/line'`. */
static bool
pages_load(const void *host, Str name, Arena *arena, Str *ret_source)
{
    *ret_source = asset_get(arena_format(arena, "ui/" STR_FMT ".liquid", STR_ARG(name)));
    return ret_source->at != NULL;
}

static bool
pages_compile(Pages *pages, const Asset *asset, GError **error)
{
    static const LiquidOptions options = {.html = true, .load = pages_load};
    LiquidOptions own = options;
    own.filters = liquid_shop_filters();
    Liquid *liquid = liquid_compile(str_of(asset->name), asset->bytes, &own, NULL, error);
    if (!liquid)
        return false;
    g_hash_table_insert(pages->templates, g_strdup(asset->name + strlen(folder)), liquid);
    return true;
}

Pages *
pages_new(GError **error)
{
    g_autoptr(Pages) pages = g_new0(Pages, 1);
    pages->arena = arena_new(LIMIT_ARENA_BYTES);
    pages->templates =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)liquid_free);
    for (size_t f = 0; f < G_N_ELEMENTS(page_folders); f++) {
        g_autofree char *prefix = g_strdup_printf("%s%s/", folder, page_folders[f]);
        size_t first, count = asset_below(prefix, &first);
        for (size_t i = 0; i < count; i++) {
            const Asset *asset = asset_nth(first + i);
            if (strstr(asset->name, "/part/") || !g_str_has_suffix(asset->name, ".liquid"))
                continue;
            if (!pages_compile(pages, asset, error))
                return NULL;
        }
    }
    return g_steal_pointer(&pages);
}

void
pages_free(Pages *pages)
{
    if (!pages)
        return;
    g_hash_table_unref(pages->templates);
    arena_free(pages->arena);
    g_free(pages);
}

bool
pages_has(const Pages *pages, const char *template)
{
    return g_hash_table_contains(pages->templates, template);
}

/* The frame of a page is in the first folder of its name. */
static const Liquid *
pages_layout(const Pages *pages, Arena *arena, const char *template)
{
    const char *slash = strchr(template, '/');
    must(slash);
    return g_hash_table_lookup(pages->templates, arena_format(arena, "%.*s/layout.liquid",
                                                              (int)(slash - template), template));
}

bool
pages_render(const Pages *pages, Arena *arena, const char *template, LiquidValue values,
             const PageFrame *frame, Str *ret, GError **error)
{
    const Liquid *page = g_hash_table_lookup(pages->templates, template);
    const Liquid *layout = pages_layout(pages, arena, template);
    must(page && layout);
    LiquidData data = {
        .root = values,
        .now = frame->now,
        .zone = frame->zone,
        .locale = frame->locale ? frame->locale : "en",
    };
    liquid_map_set(arena, values, STR("style_url"),
                   liquid_str(str_of(asset_url(arena, "app.css"))));
    Buf content = {.arena = arena};
    if (!liquid_render(page, &data, arena, &content, error))
        return false;
    liquid_map_set(arena, values, STR("content"), liquid_safe(buf_str(&content), LIQUID_SAFE_HTML));
    Buf whole = {.arena = arena};
    buf_reserve(&whole, content.len + 2048);
    if (!liquid_render(layout, &data, arena, &whole, error))
        return false;
    *ret = buf_str(&whole);
    return true;
}
