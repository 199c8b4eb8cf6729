/* filter_url.c - addresses of pages and pictures. */
#include "engine/liquid_shop/liquid_shop.h"

#include <string.h>

/* {{ order | url_for: "order" }}: the page of a thing, as the host names it. */
static bool
url_for_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    const LiquidShop *shop = liquid_call_data(call)->host;
    Str page = liquid_call_text(call, args->list[0]), path;
    if (!shop || !shop->page || !shop->page(shop, page, call, value, &path))
        return liquid_fail(call, "there is no page '" STR_FMT "'", STR_ARG(page));
    const char *before = shop->public_url && str_starts(path, "/") ? shop->public_url : "";
    *ret = liquid_str(
        str_of(arena_format(liquid_call_arena(call), "%s" STR_FMT, before, STR_ARG(path))));
    return true;
}

/* ---- pictures ----------------------------------------------------------------------------- */

/* Where the ending of the file starts, or the end of the path. */
static size_t
ending_at(Str url)
{
    size_t path = 0;
    while (path < url.len && url.at[path] != '?' && url.at[path] != '#')
        path++;
    for (size_t i = path; i > 0 && url.at[i - 1] != '/'; i--)
        if (url.at[i - 1] == '.')
            return i - 1;
    return path;
}

static bool
is_size(Str size)
{
    for (size_t i = 0; i < size.len; i++)
        if (!g_ascii_isalnum(size.at[i]))
            return false;
    return size.len > 0 && size.len <= 16;
}

/* {{ item.image | img_url: "160x" }}: pictures on Shopify's servers come in any size when their name
 * says so (a.jpg -> a_160x.jpg). Pictures elsewhere stay what they are. */
static bool
img_url_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    size_t at;
    *ret = value;
    Str url = liquid_call_text(call, value);
    Str size = args->count ? liquid_call_text(call, args->list[0]) : STR("small");
    bool resizes =
        str_find(url, STR("cdn.shopify.com/"), &at) || str_find(url, STR("/cdn/shop/"), &at);
    if (!resizes || !is_size(size) || str_is(size, "master") || str_is(size, "original"))
        return true;
    Buf out = {.arena = liquid_call_arena(call)};
    size_t ending = ending_at(url);
    buf_add(&out, url.at, ending);
    buf_add_char(&out, '_');
    buf_add_str(&out, size);
    buf_add_str(&out, str_sub(url, ending, url.len));
    *ret = liquid_str(buf_str(&out));
    return true;
}

const LiquidFilter liquid_shop_filter_img_url = {"img_url",
                                                 img_url_run,
                                                 0,
                                                 1,
                                                 .named = true,
                                                 .type = LIQUID_TYPE_STRING,
                                                 .help =
                                                     "The address of a picture in another size."};
const LiquidFilter liquid_shop_filter_url_for = {"url_for",
                                                 url_for_run,
                                                 1,
                                                 1,
                                                 .named = true,
                                                 .varies = true,
                                                 .type = LIQUID_TYPE_STRING,
                                                 .help = "The address of the page of a thing."};
