/* page.c - see page.h. */
#include "feature/page.h"

#include "base/limits.h"
#include "engine/asset.h"
#include "engine/liquid_shop/liquid_shop.h"
#include "flow/language.h"

#include <string.h>

static const char folder[] = "ui/";

typedef struct Page {
    Liquid *content;
    const Liquid *layout; /* the frame of its folder */
} Page;

struct Pages {
    GHashTable *pages; /* name below ui/ -> Page */
    Languages *languages;
    LiquidValue language_list; /* all that a page can be read in, under their own names */
    LiquidValue style_url;
    LiquidValue icon_url;
    Arena *arena;
};

static const char *const page_folders[] = {"portal", "dashboard", "demo", "plain"};

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
    Page *page = g_new0(Page, 1);
    page->content = liquid;
    g_hash_table_insert(pages->pages, g_strdup(asset->name + strlen(folder)), page);
    return true;
}

static void
page_free(void *arg)
{
    Page *page = arg;
    liquid_free(page->content);
    g_free(page);
}

/* The frame of a page is in the first folder of its name. */
static void
pages_frame(Pages *pages)
{
    GHashTableIter iter;
    void *name, *page;
    g_hash_table_iter_init(&iter, pages->pages);
    while (g_hash_table_iter_next(&iter, &name, &page)) {
        const char *slash = strchr(name, '/');
        must(slash);
        g_autofree char *layout =
            g_strdup_printf("%.*s/layout.liquid", (int)(slash - (char *)name), (char *)name);
        const Page *frame = g_hash_table_lookup(pages->pages, layout);
        must(frame);
        ((Page *)page)->layout = frame->content;
    }
}

static LiquidValue
pages_languages(const Pages *pages, Arena *arena)
{
    size_t count = 0;
    while (languages_nth(pages->languages, count))
        count++;
    LiquidValue *list = arena_new_of(arena, LiquidValue, count);
    for (size_t i = 0; i < count; i++) {
        const Language *language = languages_nth(pages->languages, i);
        list[i] = liquid_map(arena);
        liquid_map_set(arena, list[i], STR("tag"), liquid_str(language->tag));
        liquid_map_set(arena, list[i], STR("name"), liquid_str(language->name));
        liquid_map_set(arena, list[i], STR("dir"), liquid_str(language->dir));
    }
    return liquid_array(arena, list, count);
}

Pages *
pages_new(GError **error)
{
    g_autoptr(Pages) pages = g_new0(Pages, 1);
    pages->arena = arena_new(LIMIT_ARENA_BYTES);
    pages->languages = languages_new(error);
    if (!pages->languages)
        return NULL;
    pages->language_list = pages_languages(pages, pages->arena);
    pages->style_url = liquid_str(str_of(asset_url(pages->arena, "app.css")));
    pages->icon_url = liquid_str(str_of(asset_url(pages->arena, "icon.svg")));
    pages->pages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, page_free);
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
    pages_frame(pages);
    return g_steal_pointer(&pages);
}

void
pages_free(Pages *pages)
{
    if (!pages)
        return;
    if (pages->pages)
        g_hash_table_unref(pages->pages);
    languages_free(pages->languages);
    arena_free(pages->arena);
    g_free(pages);
}

bool
pages_has(const Pages *pages, const char *template)
{
    return g_hash_table_contains(pages->pages, template);
}

enum {
    WISHES_MOST = 8,
    CONTENT_BYTES = 4096, /* what most pages fit into */
};

static const Language *
pages_language(const Pages *pages, const PageFrame *frame, Str *ret_locale)
{
    Str wishes[WISHES_MOST], rest = str_of(frame->locale ? frame->locale : "en");
    size_t count = 0;
    while (count < WISHES_MOST && str_split(&rest, ',', &wishes[count]))
        count++;
    return languages_choose(pages->languages, wishes, count, ret_locale);
}

void
page_language(RouteCtx *ctx, const Str *locales, size_t count)
{
    Buf wishes = {.arena = ctx->arena};
    for (size_t i = 0; i < count; i++) {
        if (!locales[i].len || locales[i].len > 35 || memchr(locales[i].at, ',', locales[i].len))
            continue; /* RFC 5646 4.4.1: 35 letters are enough for every tag */
        if (wishes.len)
            buf_add_char(&wishes, ',');
        buf_add_str(&wishes, locales[i]);
    }
    ctx->locale = arena_cstr(ctx->arena, buf_str(&wishes));
}

bool
pages_render(const Pages *pages, Arena *arena, const char *template, LiquidValue values,
             const PageFrame *frame, Str *ret, GError **error)
{
    const Page *page = g_hash_table_lookup(pages->pages, template);
    must(page);
    Str chosen;
    const Language *language = pages_language(pages, frame, &chosen);
    LiquidShop words = language_shop(language, arena, NULL);
    LiquidData data = {
        .root = values,
        .now = frame->now,
        .zone = frame->zone,
        .locale = arena_cstr(arena, chosen),
        .host = &words,
    };
    liquid_map_set(arena, values, STR("lang"), liquid_str(chosen));
    liquid_map_set(arena, values, STR("dir"), liquid_str(language->dir));
    liquid_map_set(arena, values, STR("languages"), pages->language_list);
    liquid_map_set(arena, values, STR("style_url"), pages->style_url);
    liquid_map_set(arena, values, STR("icon_url"), pages->icon_url);
    Buf content = {.arena = arena};
    buf_reserve(&content, CONTENT_BYTES);
    if (!liquid_render(page->content, &data, arena, &content, error))
        return false;
    liquid_map_set(arena, values, STR("content"), liquid_safe(buf_str(&content), LIQUID_SAFE_HTML));
    Buf whole = {.arena = arena};
    buf_reserve(&whole, content.len + 2048);
    if (!liquid_render(page->layout, &data, arena, &whole, error))
        return false;
    *ret = buf_str(&whole);
    return true;
}
