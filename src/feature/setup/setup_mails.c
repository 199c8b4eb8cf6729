/* setup_mails.c - the mails, section by section: what stands in each, in which order and in which words, looked at as it
 * will be before it is used.
 *
 * Every button of the form but one keeps what was typed as a draft and shows it; the one that uses it changes what is
 * sent from then on. So nothing needs a script, and nothing that was typed is lost.
 */
#include "feature/setup/setup_inside.h"

#include "engine/log.h"
#include "feature/words.h"
#include "flow/sample.h"
#include "flow/test_mail.h"

#include <string.h>

/* ---- how it is looked at -------------------------------------------------------------------------------------------- */

typedef struct Sight {
    Str language; /* empty: the order's */
    Str width;    /* phone, wide */
    Str light;    /* light, dark */
    Str part;     /* html, text */
    Str shown;    /* the mail in the frame: for all, one of them */
} Sight;

/* A value that is one of these, else the first of them: it comes from an address that anybody may type. */
static Str
one_of(Str value, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (str_is(value, words[i]))
            return str_of(words[i]);
    return str_of(words[0]);
}

static Sight
sight_read(const Mails *mails, Str (*get)(void *from, const char *name), void *from)
{
    static const char *const widths[] = {"phone", "wide", NULL};
    static const char *const lights[] = {"light", "dark", NULL};
    static const char *const kinds[] = {"html", "text", NULL};
    const char *languages[MAILS_TAGS_MOST + 1] = {""};
    memcpy(languages + 1, mails->tags, sizeof mails->tags);
    const Owed *shown = owed_find(get(from, "shown"));
    return (Sight){
        .language = one_of(get(from, "language"), languages),
        .width = one_of(get(from, "width"), widths),
        .light = one_of(get(from, "light"), lights),
        .part = one_of(get(from, "part"), kinds),
        .shown = str_of(mails->owed ? mails->owed->name : (shown ? shown : owed_nth(0))->name),
    };
}

static Str
get_query(void *from, const char *name)
{
    Str value;
    return http_query(((RouteCtx *)from)->request, name, &value) ? value : STR("");
}

static Str
get_form(void *from, const char *name)
{
    return form_value(from, name);
}

/* The page again, looked at in the same way. */
static const char *
sight_url(RouteCtx *ctx, const Mails *mails, const Sight *sight, const char *done,
          const char *place)
{
    return arena_format(ctx->arena,
                        "%s/" STR_FMT "?language=" STR_FMT "&width=" STR_FMT "&light=" STR_FMT
                        "&part=" STR_FMT "&shown=" STR_FMT "&done=%s#%s",
                        route_shop_path(ctx, "/settings/mails"), STR_ARG(mails->mail),
                        STR_ARG(sight->language), STR_ARG(sight->width), STR_ARG(sight->light),
                        STR_ARG(sight->part), STR_ARG(sight->shown), done, place);
}

/* ---- one section ---------------------------------------------------------------------------------------------------- */

static void
put(Arena *arena, LiquidValue map, const char *name, LiquidValue value)
{
    liquid_map_set(arena, map, str_of(name), value);
}

static void
put_str(Arena *arena, LiquidValue map, const char *name, Str value)
{
    put(arena, map, name, value.len ? liquid_str(value) : LIQUID_OF_NIL);
}

/* What stands there while nothing is chosen, in the shop's language. */
static Str
usual_value(RouteCtx *ctx, const Mails *mails, const Section *section,
            const SectionSetting *setting, bool *ret_from_all)
{
    const Json *all = mails->owed
                          ? section_chosen(&mails->tried, STR("all"), section->name, setting->name)
                          : NULL;
    bool on = setting->on;
    Str locale = mails->shop->shop.locale;
    *ret_from_all = all != NULL;
    if (setting->type == SECTION_SWITCH) {
        json_bool(all, &on);
        return on ? STR("yes") : STR("no");
    }
    if (json_text(section_in_language(all, locale)).len)
        return json_text(section_in_language(all, locale));
    *ret_from_all &= json_type(all) == JSON_STRING;
    return setting->usual.len
               ? sample_usual(route_app(ctx)->flow, ctx->arena, locale, setting->usual)
               : setting->value;
}

static LiquidValue
field_languages(RouteCtx *ctx, const Mails *mails, const Section *section, const char *setting,
                const Form *form, bool *ret_any)
{
    Arena *arena = ctx->arena;
    LiquidValue *list = arena_new_of(arena, LiquidValue, MAILS_TAGS_MOST);
    size_t count = 0;
    for (; mails->tags[count]; count++) {
        const char *name = mails_field_name(arena, section, setting, mails->tags[count]);
        const char *wrong = form_error(form, name);
        list[count] = liquid_map(arena);
        put(arena, list[count], "name", liquid_str(str_of(name)));
        put(arena, list[count], "tag", liquid_str(str_of(mails->tags[count])));
        put(arena, list[count], "value", liquid_str(form_value(form, name)));
        put_str(arena, list[count], "error", str_of(wrong ? wrong : ""));
        *ret_any |= form_value(form, name).len || wrong;
    }
    return liquid_array(arena, list, count);
}

static LiquidValue
field_choices(RouteCtx *ctx, const SectionSetting *setting)
{
    Arena *arena = ctx->arena;
    size_t count = json_len(setting->words);
    LiquidValue *list = arena_new_of(arena, LiquidValue, count + 2);
    for (size_t i = 0; i < count; i++)
        list[i] = liquid_str(arena_copy(arena, json_text(json_nth(setting->words, i))));
    if (setting->type == SECTION_SWITCH) {
        list[count++] = liquid_str(STR("yes"));
        list[count++] = liquid_str(STR("no"));
    }
    return liquid_array(arena, list, count);
}

static LiquidValue
field_map(RouteCtx *ctx, const Mails *mails, const Section *section, const SectionSetting *setting,
          const Form *form)
{
    Arena *arena = ctx->arena;
    LiquidValue map = liquid_map(arena);
    const char *short_name = arena_cstr(arena, setting->name);
    const char *name = mails_field_name(arena, section, short_name, NULL);
    const char *wrong = form_error(form, name);
    bool from_all = false, open = false;
    Str usual = usual_value(ctx, mails, section, setting, &from_all);
    Str value = form_value(form, name);
    if (setting->type == SECTION_COLOUR && !value.len)
        value = usual;
    put(arena, map, "name", liquid_str(str_of(name)));
    put(arena, map, "label", liquid_str(setting->label));
    put(arena, map, "hint", liquid_str(setting->help));
    put(arena, map, "kind", liquid_str(str_of(section_type_name(setting->type))));
    put(arena, map, "value", liquid_str(value));
    put_str(arena, map, "error", str_of(wrong ? wrong : ""));
    put_str(arena, map, "usual", usual);
    put(arena, map, "from_all", liquid_bool(from_all));
    put(arena, map, "choices", field_choices(ctx, setting));
    if (setting->type == SECTION_TEXT || setting->type == SECTION_RICHTEXT) {
        put(arena, map, "languages", field_languages(ctx, mails, section, short_name, form, &open));
        put(arena, map, "open", liquid_bool(open));
    }
    return map;
}

/* Has the mail itself chosen anything of it? */
static bool
section_is_own(const Mails *mails, const Section *section)
{
    bool own = false;
    for (size_t i = 0; i < section->setting_count; i++)
        own |= section_chosen(&mails->tried, mails->mail, section->name,
                              section->settings[i].name) != NULL;
    return own || section_is_off(&mails->tried, mails->mail, section->name);
}

static LiquidValue
section_map(RouteCtx *ctx, const Mails *mails, size_t at, const Form *form)
{
    Arena *arena = ctx->arena;
    const Section *section = mails->sections[at];
    LiquidValue map = liquid_map(arena);
    LiquidValue *fields = arena_new_of(arena, LiquidValue, section->setting_count);
    for (size_t i = 0; i < section->setting_count; i++)
        fields[i] = field_map(ctx, mails, section, &section->settings[i], form);
    bool before = false, behind = false;
    for (size_t i = 0; i < mails->section_count; i++) {
        before |= i < at && !mails->sections[i]->fixed;
        behind |= i > at && !mails->sections[i]->fixed;
    }
    bool moves = mails->owed && !section->fixed;
    bool on = section->always || form_checked(form, mails_field_name(arena, section, "on", NULL));
    put(arena, map, "name", liquid_str(section->name));
    put(arena, map, "title", liquid_str(section->title));
    put(arena, map, "always", liquid_bool(section->always));
    put(arena, map, "on", liquid_bool(on));
    put(arena, map, "up", liquid_bool(moves && before));
    put(arena, map, "down", liquid_bool(moves && behind));
    put(arena, map, "own", liquid_bool(section_is_own(mails, section)));
    put(arena, map, "fields", liquid_array(arena, fields, section->setting_count));
    return map;
}

/* ---- the page ------------------------------------------------------------------------------------------------------- */

static LiquidValue
sight_map(RouteCtx *ctx, const Sight *sight)
{
    LiquidValue map = liquid_map(ctx->arena);
    put(ctx->arena, map, "language", liquid_str(sight->language));
    put(ctx->arena, map, "width", liquid_str(sight->width));
    put(ctx->arena, map, "light", liquid_str(sight->light));
    put(ctx->arena, map, "part", liquid_str(sight->part));
    put(ctx->arena, map, "shown", liquid_str(sight->shown));
    return map;
}

/* Subject, sender and order of what is in the frame. */
static bool
sample_put(RouteCtx *ctx, const Mails *mails, const Sight *sight, GError **error)
{
    Sample sample;
    SampleAsk ask = {.shop = mails->shop,
                     .mail = sight->shown,
                     .choices = mails_text(ctx->arena, &mails->tried),
                     .locale = sight->language};
    Db *db = route_db(ctx, error);
    if (!db || !sample_make(route_app(ctx)->flow, db, ctx->arena, &ask, &sample, error))
        return false;
    LiquidValue map = liquid_map(ctx->arena);
    put(ctx->arena, map, "subject", liquid_str(sample.words.subject));
    put_str(ctx->arena, map, "order", sample.order_name);
    put(ctx->arena, map, "made_up", liquid_bool(sample.made_up));
    put_str(ctx->arena, map, "from",
            arena_copy(ctx->arena, shop_setting(mails->shop, SETTING_MAIL_FROM)));
    page_put(ctx, "sample", map);
    return true;
}

static bool
mails_show(RouteCtx *ctx, const Mails *mails, const Form *form, const Sight *sight, GError **error)
{
    Arena *arena = ctx->arena;
    const ShopEntry *shop = mails->shop;
    LiquidValue *list = arena_new_of(arena, LiquidValue, mails->section_count);
    for (size_t i = 0; i < mails->section_count; i++)
        list[i] = section_map(ctx, mails, i, form);
    bool unused = !str_eq(mails_of(arena, &mails->saved, mails->mail),
                          mails_of(arena, &mails->tried, mails->mail));
    bool has_server = test_mail_server(arena, shop, flow_options(route_app(ctx)->flow)).len > 0;
    page_put(ctx, "sections", liquid_array(arena, list, mails->section_count));
    page_put(ctx, "mail", liquid_str(mails->mail));
    page_put(ctx, "order", liquid_str(form_value(form, "order")));
    page_put(ctx, "unused", liquid_bool(unused));
    page_put(ctx, "has_server", liquid_bool(has_server));
    page_put(ctx, "version", liquid_int(shop->shop.version));
    page_put(ctx, "see", sight_map(ctx, sight));
    page_put(ctx, "trouble", mails->trouble ? liquid_str(str_of(mails->trouble)) : LIQUID_OF_NIL);
    page_put(ctx, "title", liquid_str(mails->owed ? str_of(mails->owed->title) : STR("All mails")));
    page_put(ctx, "mails", words_templates(arena));
    form_show(form, ctx->page);
    return sample_put(ctx, mails, sight, error);
}

static bool
mails_address(RouteCtx *ctx, Mails *ret, GError **error)
{
    Str mail = route_param(ctx, "mail");
    return mail.len ? mails_open(ctx, arena_copy(ctx->arena, mail), ret, error)
                    : fail(error, ERR_NOT_FOUND, "there is nothing at this address");
}

bool
mails_page(RouteCtx *ctx, GError **error)
{
    Mails mails;
    Form form;
    page_filter(ctx, "done");
    if (!mails_address(ctx, &mails, error))
        return false;
    form_begin(ctx->arena, mails_fields(&mails), &form);
    mails_form_fill(&mails, &form);
    Sight sight = sight_read(&mails, get_query, ctx);
    return mails_show(ctx, &mails, &form, &sight, error);
}

/* ---- the list of all ------------------------------------------------------------------------------------------------ */

static LiquidValue
row_map(RouteCtx *ctx, const Mails *mails, Str name, Str title, bool ours)
{
    Arena *arena = ctx->arena;
    LiquidValue map = liquid_map(arena);
    Str saved = mails_of(arena, &mails->saved, name), tried = mails_of(arena, &mails->tried, name);
    put(arena, map, "name", liquid_str(name));
    put(arena, map, "title", liquid_str(title));
    put(arena, map, "ours", liquid_bool(ours));
    put(arena, map, "changed", liquid_bool(saved.len > 0));
    put(arena, map, "unused", liquid_bool(!str_eq(saved, tried)));
    return map;
}

bool
mails_list(RouteCtx *ctx, GError **error)
{
    Mails mails;
    bool has_legal = false;
    size_t count = 0;
    LiquidValue *list = arena_new_of(ctx->arena, LiquidValue, MAILS_SECTIONS_MOST);
    if (!mails_open(ctx, STR(""), &mails, error) || !setup_has_legal(ctx, &has_legal, error))
        return false;
    for (; owed_nth(count) && count < MAILS_SECTIONS_MOST; count++) {
        const Owed *owed = owed_nth(count);
        bool ours = owed_who(mails.shop, owed, STR(""), has_legal) == OWED_OURS;
        list[count] = row_map(ctx, &mails, str_of(owed->name), str_of(owed->title), ours);
    }
    page_put(ctx, "rows", liquid_array(ctx->arena, list, count));
    page_put(ctx, "all", row_map(ctx, &mails, STR("all"), STR("All mails"), true));
    page_put(ctx, "trouble", mails.trouble ? liquid_str(str_of(mails.trouble)) : LIQUID_OF_NIL);
    page_put(ctx, "title", liquid_str(STR("What stands in the mails")));
    return true;
}

/* ---- saving --------------------------------------------------------------------------------------------------------- */

/* Puts a section one place up or down among those that move. */
static void
form_move(const Mails *mails, Form *form, Str name, bool up)
{
    Str names[MAILS_SECTIONS_MOST], rest = form_value(form, "order"), one;
    size_t count = 0;
    while (count < MAILS_SECTIONS_MOST && str_split(&rest, ',', &one)) {
        const Section *section = section_find(&mails->book, one);
        if (section && !section->fixed)
            names[count++] = one;
    }
    for (size_t i = 0; i < count; i++) {
        size_t to = up ? i - 1 : i + 1; /* below 0: beyond count */
        if (!str_eq(names[i], name) || to >= count)
            continue;
        Str moved = names[i];
        names[i] = names[to];
        names[to] = moved;
        break;
    }
    Buf order = {.arena = mails->arena};
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&order, ',');
        buf_add_str(&order, names[i]);
    }
    form_set(form, "order", buf_str(&order));
}

/* A section as it is without any choice of this mail's own. */
static void
form_usual(const Mails *mails, Form *form, Str name)
{
    for (size_t i = 0; i < mails->section_count; i++) {
        const Section *section = mails->sections[i];
        if (!str_eq(section->name, name))
            continue;
        for (const FormField *field = form->fields; field->name; field++)
            if (str_starts(str_of(field->name),
                           arena_format(mails->arena, STR_FMT ".", STR_ARG(name))))
                form_set(form, field->name, STR(""));
        if (!section->always)
            form_set(form, mails_field_name(mails->arena, section, "on", NULL), STR("1"));
    }
}

/* "up.items": what to do with which section; empty: something else. */
static Str
step_section(Str step, const char *verb)
{
    Str rest = step, first;
    str_split(&rest, '.', &first);
    return str_is(first, verb) ? rest : STR("");
}

/* What becomes of the documents; *ret_place is where the page goes on. */
static bool
mails_keep(RouteCtx *ctx, const Mails *mails, Form *form, const char **ret_place, bool *ret_saved,
           GError **error)
{
    Str step = form_value(form, "do"), section;
    *ret_place = "preview";
    if ((section = step_section(step, "usual")).len)
        form_usual(mails, form, section);
    else if ((section = step_section(step, "up")).len)
        form_move(mails, form, section, true);
    else if ((section = step_section(step, "down")).len)
        form_move(mails, form, section, false);
    if (section.len && section_find(&mails->book, section))
        *ret_place = arena_format(ctx->arena, "section-" STR_FMT, STR_ARG(section));
    Str object = str_is(step, "discard") ? mails_of(ctx->arena, &mails->saved, mails->mail)
                                         : mails_form_object(mails, form);
    bool use = str_is(step, "save");
    Str saved =
        use ? mails_with(mails, &mails->saved, object) : mails_text(ctx->arena, &mails->saved);
    Str tried = mails_with(mails, &mails->tried, object);
    /* An empty draft is none at all. */
    Str draft = str_eq(tried, saved) ? STR("") : tried.len ? tried : STR("{}");
    ShopValue values[] = {{STR("mail.sections_draft"), draft}, {STR("mail.sections"), saved}};
    return setup_set(ctx, form, values, use ? 2 : 1, ret_saved, error);
}

bool
mails_save(RouteCtx *ctx, GError **error)
{
    Mails mails;
    Form form;
    bool saved = false;
    const char *place = "preview";
    if (!mails_address(ctx, &mails, error) ||
        !form_read(ctx->request, mails_fields(&mails), &form, error))
        return false;
    Sight sight = sight_read(&mails, get_form, &form);
    bool discard = str_is(form_value(&form, "do"), "discard");
    const char *version = arena_format(ctx->arena, "%" G_GINT64_FORMAT, mails.shop->shop.version);
    if (!str_is(form_value(&form, "version"), version))
        form_wrong(&form, NULL,
                   "Somebody else changed the settings of this shop meanwhile. What you typed is "
                   "still here; save it again to put it in the place of theirs.");
    if (discard)
        form_begin(ctx->arena, form.fields, &form), form_set(&form, "do", STR("discard"));
    if (mails_form_check(&mails, &form) && !mails_keep(ctx, &mails, &form, &place, &saved, error))
        return false;
    if (saved) {
        bool used = str_is(form_value(&form, "do"), "save");
        route_redirect(ctx, sight_url(ctx, &mails, &sight,
                                      used      ? "saved"
                                      : discard ? "discarded"
                                                : "tried",
                                      place));
        return true;
    }
    ctx->status = 422;
    return mails_show(ctx, &mails, &form, &sight, error);
}

/* ---- a test --------------------------------------------------------------------------------------------------------- */

/* The mail in the frame, to whoever asks: no other address can be typed, since it may hold a customer's order. */
bool
mails_test(RouteCtx *ctx, GError **error)
{
    const Staff *staff = route_staff(ctx);
    const FlowOptions *options = flow_options(route_app(ctx)->flow);
    Mails mails;
    Form form;
    Sample sample;
    SmtpResult result = {0};
    if (!mails_address(ctx, &mails, error) ||
        !form_read(ctx->request, mails_fields(&mails), &form, error))
        return false;
    Sight sight = sight_read(&mails, get_form, &form);
    SampleAsk ask = {.shop = mails.shop,
                     .mail = sight.shown,
                     .choices = mails_text(ctx->arena, &mails.tried),
                     .locale = sight.language};
    Db *db = route_db(ctx, error);
    if (!db || !sample_make(route_app(ctx)->flow, db, ctx->arena, &ask, &sample, error))
        return false;
    g_autoptr(GError) problem = NULL;
    TestMail mail = {.to = staff->email, .words = &sample.words};
    if (!test_mail_send(ctx->arena, mails.shop, options, &mail, &result, &problem))
        form_wrong(&form, NULL, "It was not sent: %s.", problem->message);
    else if (result.outcome != SMTP_SENT)
        form_wrong(&form, NULL, "The server did not take it: %s %s", result.enhanced, result.words);
    if (form_is_fine(&form)) {
        log_info("mail.test", "by=%" G_GINT64_FORMAT " shop=%" G_GINT64_FORMAT, staff->user,
                 mails.shop->shop.id);
        route_redirect(ctx, sight_url(ctx, &mails, &sight, "test", "test"));
        return true;
    }
    ctx->status = 422;
    mails_form_fill(&mails, &form);
    return mails_show(ctx, &mails, &form, &sight, error);
}
