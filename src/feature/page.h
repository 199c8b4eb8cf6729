/* page.h - the templates of all pages, compiled at start, and the frame around each.
 *
 * A page is ui/FOLDER/.../NAME.liquid; what it renders stands as `content` in ui/FOLDER/layout.liquid. Partials
 * are ui/FOLDER/part/NAME.liquid.
 */
#pragma once

#include "engine/route.h"

typedef struct Pages Pages;

/* ERR_TEMPLATE names file, line and column. */
Pages *pages_new(GError **error);
void pages_free(Pages *pages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pages, pages_free)

bool pages_has(const Pages *pages, const char *template);

/* The first of these locales that our words are written in becomes the page's; empty ones are passed over. */
void page_language(RouteCtx *ctx, const Str *locales, size_t count);

/* What a page is rendered for. */
typedef struct PageFrame {
    const Zone *zone; /* NULL: UTC */
    const char
        *locale; /* wishes, split by commas: the first that our words are written in; NULL: en */
    int64_t now;
} PageFrame;

/* The whole page, in the arena. values is a map: `title` is for the frame, all are for both. */
bool pages_render(const Pages *pages, Arena *arena, const char *template, LiquidValue values,
                  const PageFrame *frame, Str *ret, GError **error);
