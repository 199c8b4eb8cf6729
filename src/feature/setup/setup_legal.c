/* setup_legal.c - terms, withdrawal instruction and model form: shown, and a new version added. Nothing is overwritten,
 * since each mail names the version that it carried. */
#include "feature/setup/setup_inside.h"

#include "base/limits.h"
#include "engine/log.h"
#include "flow/legal.h"
#include "flow/owed.h"

static const FormField legal_fields[] = {
    {"country", FORM_LINE, "Country of the buyer", .most_bytes = 2},
    {"language", FORM_LINE, "Language", .most_bytes = 2},
    {"text", FORM_BLOCK, "Text", .needed = true, .most_bytes = LIMIT_TEMPLATE_BYTES},
    {0},
};

static LiquidValue
text_map(Arena *arena, const LegalText *text)
{
    LiquidValue map = liquid_map(arena);
    liquid_map_set(arena, map, STR("at"), liquid_date(text->at));
    liquid_map_set(arena, map, STR("country"), liquid_str(text->country));
    liquid_map_set(arena, map, STR("language"), liquid_str(text->language));
    liquid_map_set(arena, map, STR("text"), liquid_str(text->text));
    return map;
}

static bool
legal_show(RouteCtx *ctx, const Form *form, GError **error)
{
    const ShopEntry *shop = route_staff(ctx)->shop;
    LegalText *texts;
    size_t count = 0;
    Db *db = route_db(ctx, error);
    if (!db || !legal_list(db, ctx->arena, shop->shop.id, &texts, &count, error))
        return false;
    LiquidValue *list = arena_new_of(ctx->arena, LiquidValue, count + 1);
    for (size_t i = 0; i < count; i++)
        list[i] = text_map(ctx->arena, &texts[i]);
    Str country = shop_setting(shop, SETTING_COUNTRY);
    page_put(ctx, "general",
             liquid_str(arena_copy(ctx->arena, shop_setting(shop, SETTING_LEGAL_TEXT))));
    page_put(ctx, "texts", liquid_array(ctx->arena, list, count));
    page_put(ctx, "country", liquid_str(arena_copy(ctx->arena, country)));
    page_put(ctx, "needed", liquid_bool(owed_needs_legal(country)));
    page_put(ctx, "title", liquid_str(STR("Legal texts")));
    form_show(form, ctx->page);
    return true;
}

bool
legal_page(RouteCtx *ctx, GError **error)
{
    Form form;
    page_filter(ctx, "done");
    form_begin(ctx->arena, legal_fields, &form);
    return legal_show(ctx, &form, error);
}

typedef struct LegalJob {
    int64_t shop;
    LegalText text;
} LegalJob;

static bool
legal_job(Db *db, void *arg, GError **error)
{
    const LegalJob *job = arg;
    return legal_append(db, job->shop, &job->text, error);
}

bool
legal_save(RouteCtx *ctx, GError **error)
{
    const Staff *staff = route_staff(ctx);
    Form form;
    if (!form_read(ctx->request, legal_fields, &form, error))
        return false;
    LegalJob job = {
        .shop = staff->shop->shop.id,
        .text = {.country = form_value(&form, "country"),
                 .language = form_value(&form, "language"),
                 .text = form_value(&form, "text")},
    };
    g_autoptr(GError) problem = NULL;
    if (form_is_fine(&form) && !store_write(ctx->store, STORE_RECEIPT, legal_job, &job, &problem)) {
        if (!error_is(problem, ERR_INPUT)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
        form_wrong(&form, NULL, "%s.", problem->message);
    }
    if (!form_is_fine(&form)) {
        ctx->status = 422;
        return legal_show(ctx, &form, error);
    }
    log_info("legal.added", "by=%" G_GINT64_FORMAT " shop=%" G_GINT64_FORMAT, staff->user,
             job.shop);
    route_redirect(ctx, route_shop_path(ctx, "/settings/legal?done=1"));
    return true;
}
