/* filter_md.c - Markdown (GitHub's form of CommonMark) as HTML.
 *
 * Raw HTML and dangerous addresses in it are left out by cmark-gfm, so the result is finished HTML
 * whoever wrote the text. The only file that includes cmark-gfm. */
#include "engine/liquid_shop/liquid_shop.h"

#include "base/limits.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <pthread.h>
#include <stdlib.h>

static void
extensions_attach(cmark_parser *parser)
{
    static const char *const NAMES[] = {"table", "strikethrough", "autolink"};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        cmark_syntax_extension *extension = cmark_find_syntax_extension(NAMES[i]);
        if (extension)
            cmark_parser_attach_syntax_extension(parser, extension);
    }
}

enum { MD_BYTES = 4 }; /* are read in the time of one instruction of a template */

static bool
md_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Str text = liquid_call_text(call, value);
    if (text.len > LIMIT_TEMPLATE_BYTES)
        return liquid_fail(call, "the text is larger than %d bytes", LIMIT_TEMPLATE_BYTES);
    liquid_call_charge(call, text.len / MD_BYTES);
    static pthread_once_t registered = PTHREAD_ONCE_INIT;
    pthread_once(&registered, cmark_gfm_core_extensions_ensure_registered);
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_VALIDATE_UTF8);
    extensions_attach(parser);
    cmark_parser_feed(parser, text.at ? text.at : "", text.len);
    cmark_node *document = cmark_parser_finish(parser);
    char *html =
        cmark_render_html(document, CMARK_OPT_DEFAULT, cmark_parser_get_syntax_extensions(parser));
    Str kept = arena_copy(liquid_call_arena(call), str_of(html));
    free(html);
    cmark_node_free(document);
    cmark_parser_free(parser);
    *ret = liquid_safe(kept, LIQUID_SAFE_HTML);
    return true;
}

const LiquidFilter liquid_shop_filter_md = {
    "md", md_run, .varies = true, .type = LIQUID_TYPE_STRING, .help = "Markdown as HTML."};
