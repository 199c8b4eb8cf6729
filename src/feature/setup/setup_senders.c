/* setup_senders.c - who sends what: of each mail that a buyer is owed, the shop system or we; never both.
 *
 * Where the shop system sends one as well and it can be switched off there, somebody has to decide; until then it is
 * told as undecided, here and on the list before going live.
 */
#include "feature/setup/setup_inside.h"

#include "flow/owed.h"

#include <string.h>

enum { OWED_MOST = 32 };

/* The shop systems that this shop is connected to: they have a secret here. */
static bool
shop_hears_of(const ShopEntry *shop, const char *source)
{
    for (size_t i = 0; connector_nth(i) && i < SHOP_CONNECTORS_MOST; i++)
        if (strcmp(connector_nth(i)->name, source) == 0)
            return shop->secrets[i].text.len > 0;
    return false;
}

/* A mail of a connected shop system that says the same. */
static const Rival *
rival_of(const ShopEntry *shop, const Owed *owed)
{
    for (size_t n = 0; rival_nth(n); n++) {
        const Rival *rival = rival_nth(n);
        if (strcmp(rival->receipt, owed->name) == 0 && shop_hears_of(shop, rival->source))
            return rival;
    }
    return NULL;
}

static bool
is_undecided(const ShopEntry *shop, const Owed *owed)
{
    const Rival *rival = rival_of(shop, owed);
    return rival && rival->can_be_off && owed->usual && !shop_setting(shop, owed->setting).len;
}

size_t
senders_undecided(const ShopEntry *shop)
{
    size_t count = 0;
    for (size_t n = 0; owed_nth(n); n++)
        count += is_undecided(shop, owed_nth(n));
    return count;
}

/* ---- the page ------------------------------------------------------------------------------------------------------- */

static const char *const choices[] = {"", "on", "off", NULL};

static const FormField *
senders_fields(Arena *arena)
{
    FormField *fields = arena_new_of(arena, FormField, OWED_MOST + 1);
    for (size_t n = 0; owed_nth(n) && n < OWED_MOST; n++)
        fields[n] = (FormField){
            .name = setting_row(owed_nth(n)->setting)->key,
            .kind = FORM_CHOICE,
            .label = owed_nth(n)->title,
            .choices = choices,
        };
    return fields;
}

static LiquidValue
rival_map(Arena *arena, const Rival *rival)
{
    LiquidValue map = liquid_map(arena);
    liquid_map_set(arena, map, STR("source"), liquid_str(str_of(rival->source)));
    liquid_map_set(arena, map, STR("title"), liquid_str(str_of(rival->title)));
    liquid_map_set(arena, map, STR("can_be_off"), liquid_bool(rival->can_be_off));
    liquid_map_set(arena, map, STR("what_to_do"), liquid_str(str_of(rival->what_to_do)));
    return map;
}

static LiquidValue
owed_map(RouteCtx *ctx, const Owed *owed, const Form *form, bool has_legal)
{
    Arena *arena = ctx->arena;
    const ShopEntry *shop = route_staff(ctx)->shop;
    const char *key = setting_row(owed->setting)->key;
    const Rival *rival = rival_of(shop, owed);
    OwedWho who = owed_who(shop, owed, rival ? str_of(rival->source) : STR(""), has_legal);
    Str set = form ? form_value(form, key) : arena_copy(arena, shop_setting(shop, owed->setting));
    LiquidValue map = liquid_map(arena);
    liquid_map_set(arena, map, STR("key"), liquid_str(str_of(key)));
    liquid_map_set(arena, map, STR("title"), liquid_str(str_of(owed->title)));
    liquid_map_set(arena, map, STR("set"), liquid_str(set));
    liquid_map_set(arena, map, STR("usual"), liquid_bool(owed->usual));
    liquid_map_set(arena, map, STR("ours"), liquid_bool(who == OWED_OURS));
    liquid_map_set(arena, map, STR("words"), liquid_str(str_of(owed_words(who))));
    liquid_map_set(arena, map, STR("undecided"), liquid_bool(is_undecided(shop, owed)));
    const char *wrong = form ? form_error(form, key) : NULL;
    liquid_map_set(arena, map, STR("error"), wrong ? liquid_str(str_of(wrong)) : LIQUID_OF_NIL);
    if (rival)
        liquid_map_set(arena, map, STR("rival"), rival_map(arena, rival));
    return map;
}

static bool
senders_show(RouteCtx *ctx, const Form *form, GError **error)
{
    bool has_legal = false;
    size_t count = 0;
    LiquidValue *list = arena_new_of(ctx->arena, LiquidValue, OWED_MOST);
    if (!setup_has_legal(ctx, &has_legal, error))
        return false;
    for (; owed_nth(count) && count < OWED_MOST; count++)
        list[count] = owed_map(ctx, owed_nth(count), form, has_legal);
    page_put(ctx, "mails", liquid_array(ctx->arena, list, count));
    page_put(ctx, "title", liquid_str(STR("Who sends what")));
    if (form)
        form_show(form, ctx->page);
    return true;
}

bool
senders_page(RouteCtx *ctx, GError **error)
{
    page_filter(ctx, "done");
    return senders_show(ctx, NULL, error);
}

bool
senders_save(RouteCtx *ctx, GError **error)
{
    const ShopEntry *shop = route_staff(ctx)->shop;
    ShopValue values[OWED_MOST];
    size_t count = 0;
    bool saved = false;
    Form form;
    if (!form_read(ctx->request, senders_fields(ctx->arena), &form, error))
        return false;
    for (size_t n = 0; owed_nth(n) && n < OWED_MOST; n++) {
        Setting setting = owed_nth(n)->setting;
        Str key = str_of(setting_row(setting)->key), value = form_value(&form, key.at);
        if (!str_eq(value, shop_setting(shop, setting)))
            values[count++] = (ShopValue){key, value};
    }
    if (form_is_fine(&form) && !setup_set(ctx, &form, values, count, &saved, error))
        return false;
    if (saved) {
        route_redirect(ctx, route_shop_path(ctx, "/settings/senders?done=1"));
        return true;
    }
    ctx->status = 422;
    return senders_show(ctx, &form, error);
}
