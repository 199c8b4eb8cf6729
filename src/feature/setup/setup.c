/* setup.c - what the owner of a shop can set, in groups, as the table below has them.
 *
 * The rows of settings.def are the only list of settings; here stands under which heading each is, and what people call
 * it. A secret is never shown again: an empty field keeps it, a mark takes it away.
 */
#include "feature/setup/setup_inside.h"

#include "engine/log.h"
#include "flow/legal.h"
#include "flow/owed.h"
#include "flow/shop_check.h"

#include <string.h>

enum { KEYS_MOST = 10, NAME_BYTES = 200 };

typedef struct Group {
    const char *id;
    const char *title;
    const char *about;
    const struct {
        const char *key;
        const char *label;
        const char *kind; /* of the input: text, area, email, url, color */
    } keys[KEYS_MOST];
} Group;

static const Group groups[] = {
    {"shop",
     "The shop",
     "As its customers know it.",
     {{"name", "Name", "text"},
      {"shop.country", "Country", "text"},
      {"currency", "Currency", "text"},
      {"zone", "Time zone", "text"},
      {"locale", "Language", "text"},
      {"public_url", "Address of the order pages", "url"},
      {"contact", "Contact", "area"}}},
    {"shop-system",
     "The shop system",
     "What it tells us is taken only with its signature.",
     {{"shopify.secret", "Secret of Shopify's webhooks", "secret"},
      {"shopify.shop", "Address at Shopify", "text"},
      {"woocommerce.secret", "Secret of WooCommerce's webhooks", "secret"}}},
    {"sender",
     "The sender",
     "Who the mails come from, and who reads the answers.",
     {{"mail.from", "Sender", "text"},
      {"mail.reply_to", "Answers go to", "text"},
      {"mail.signed_by", "Signed by", "text"}}},
    {"server",
     "The mail server",
     "Mails are handed to this server, which brings them on. Until one is set they stay here.",
     {{"smtp.url", "Mail server", "secret"},
      {"smtp.rate", "Mails a second at most", "text"},
      {"smtp.connections", "Connections at most", "text"},
      {"smtp.ca_file", "File of its authority", "text"}}},
    {"comes-back",
     "What comes back",
     "How Postlude hears of mails that did not arrive, and leaves such addresses alone.",
     {{"mail.bounce_domain", "Domain for mail that comes back", "text"},
      {"mail.in_secret", "Password of mail servers that hand it on", "secret"},
      {"ses.secret", "Amazon SES", "secret"},
      {"postmark.secret", "Postmark", "secret"},
      {"mailgun.secret", "Mailgun", "secret"},
      {"sendgrid.secret", "SendGrid", "secret"},
      {"bounces.soft_limit", "Mails in a row that may come back", "text"},
      {"bounces.soft_days", "Within so many days", "text"}}},
    {"look",
     "The look",
     "Of the mails and of the order page.",
     {{"brand.color", "Colour", "text"},
      {"brand.logo_url", "Address of the logo", "url"},
      {"brand.footer", "Line below the mails", "area"},
      {"legal.address", "Postal address", "area"}}},
    {"keeping",
     "What is kept",
     "And what the law asks.",
     {{"keep.bodies_days", "Days that sent mails are kept", "text"},
      {"privacy.hold_years", "Years that orders have to be kept", "text"},
      {"marketing.suppressions", "Old opt-outs", "text"}}},
};

/* ---- values --------------------------------------------------------------------------------------------------------- */

/* What is set now; secrets are never read. */
static Str
value_now(const ShopEntry *shop, const char *key)
{
    const struct {
        const char *key;
        Str value;
    } fields[] = {
        {"name", shop->shop.name},
        {"currency", shop->shop.currency},
        {"zone", shop->shop.zone},
        {"locale", shop->shop.locale},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (strcmp(fields[i].key, key) == 0)
            return fields[i].value;
    Setting setting;
    return setting_find(str_of(key), &setting) ? shop_setting(shop, setting) : STR("");
}

static const char *
value_help(const char *key)
{
    const char *const fields[][2] = {
        {"name", "In the sender, on the order page and in every mail."},
        {"currency", "Of amounts that come without one: EUR, USD, GBP."},
        {"zone", "Days and hours are told in it: Europe/Paris."},
        {"locale", "Of mails and pages where an order has none: en, de-AT, pt-BR."},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (strcmp(fields[i][0], key) == 0)
            return fields[i][1];
    Setting setting;
    return setting_find(str_of(key), &setting) ? setting_row(setting)->help : "";
}

/* A row of the table that this version has: settings come and go. */
static bool
key_exists(const char *key)
{
    Setting setting;
    bool is_field = strcmp(key, "name") == 0 || strcmp(key, "currency") == 0 ||
                    strcmp(key, "zone") == 0 || strcmp(key, "locale") == 0;
    return is_field || setting_find(str_of(key), &setting);
}

static const char *
remove_name(Arena *arena, const char *key)
{
    return arena_format(arena, "%s.remove", key);
}

/* The fields of a group's form: its keys, a mark for each secret, and the version that the page was made from. */
static const FormField *
group_fields(Arena *arena, const Group *group)
{
    FormField *fields = arena_new_of(arena, FormField, 2 * KEYS_MOST + 2);
    size_t count = 0;
    for (size_t i = 0; i < KEYS_MOST && group->keys[i].key; i++) {
        const char *key = group->keys[i].key, *kind = group->keys[i].kind;
        if (!key_exists(key))
            continue;
        bool secret = strcmp(kind, "secret") == 0, area = strcmp(kind, "area") == 0;
        fields[count++] = (FormField){
            .name = key,
            .kind = secret ? FORM_SECRET
                    : area ? FORM_BLOCK
                           : FORM_LINE,
            .label = group->keys[i].label,
            .needed = strcmp(key, "name") == 0,
        };
        if (secret)
            fields[count++] = (FormField){
                .name = remove_name(arena, key), .kind = FORM_CHECK, .label = "Take it away"};
    }
    fields[count] = (FormField){.name = "version", .kind = FORM_LINE, .label = "Version"};
    return fields;
}

/* ---- showing -------------------------------------------------------------------------------------------------------- */

static LiquidValue
field_map(RouteCtx *ctx, const Group *group, size_t at, const Form *form)
{
    Arena *arena = ctx->arena;
    const ShopEntry *shop = route_staff(ctx)->shop;
    const char *key = group->keys[at].key;
    bool secret = strcmp(group->keys[at].kind, "secret") == 0;
    Str now = value_now(shop, key);
    LiquidValue map = liquid_map(arena);
    liquid_map_set(arena, map, STR("name"), liquid_str(str_of(key)));
    liquid_map_set(arena, map, STR("label"), liquid_str(str_of(group->keys[at].label)));
    liquid_map_set(arena, map, STR("kind"), liquid_str(str_of(group->keys[at].kind)));
    liquid_map_set(arena, map, STR("hint"), liquid_str(str_of(value_help(key))));
    liquid_map_set(arena, map, STR("is_set"), liquid_bool(now.len > 0));
    liquid_map_set(arena, map, STR("value"),
                   liquid_str(secret ? STR("")
                              : form ? form_value(form, key)
                                     : arena_copy(arena, now)));
    const char *wrong = form ? form_error(form, key) : NULL;
    liquid_map_set(arena, map, STR("error"), wrong ? liquid_str(str_of(wrong)) : LIQUID_OF_NIL);
    return map;
}

static LiquidValue
group_map(RouteCtx *ctx, const Group *group, const Form *form)
{
    Arena *arena = ctx->arena;
    LiquidValue map = liquid_map(arena), *fields = arena_new_of(arena, LiquidValue, KEYS_MOST);
    size_t count = 0;
    for (size_t i = 0; i < KEYS_MOST && group->keys[i].key; i++)
        if (key_exists(group->keys[i].key))
            fields[count++] = field_map(ctx, group, i, form);
    liquid_map_set(arena, map, STR("id"), liquid_str(str_of(group->id)));
    liquid_map_set(arena, map, STR("title"), liquid_str(str_of(group->title)));
    liquid_map_set(arena, map, STR("about"), liquid_str(str_of(group->about)));
    liquid_map_set(arena, map, STR("fields"), liquid_array(arena, fields, count));
    return map;
}

/* All groups; `wrong` is the one whose form was sent and is not right. */
static void
setup_show(RouteCtx *ctx, const Group *wrong, const Form *form)
{
    LiquidValue *list = arena_new_of(ctx->arena, LiquidValue, G_N_ELEMENTS(groups));
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        list[i] = group_map(ctx, &groups[i], &groups[i] == wrong ? form : NULL);
    const App *app = route_app(ctx);
    const Shop *shop = &route_staff(ctx)->shop->shop;
    page_put(ctx, "groups", liquid_array(ctx->arena, list, G_N_ELEMENTS(groups)));
    page_put(ctx, "version", liquid_int(shop->version));
    page_put(ctx, "intake_url",
             liquid_str(str_of(arena_format(ctx->arena, "%s/in/" STR_FMT, app->public_url,
                                            STR_ARG(shop->slug)))));
    page_put(ctx, "title", liquid_str(STR("Settings")));
    if (form)
        form_show(form, ctx->page);
}

bool
setup_page(RouteCtx *ctx, GError **error)
{
    page_filter(ctx, "done");
    setup_show(ctx, NULL, NULL);
    return true;
}

/* ---- saving --------------------------------------------------------------------------------------------------------- */

bool
setup_has_legal(RouteCtx *ctx, bool *ret, GError **error)
{
    LegalText *texts;
    size_t count = 0;
    Db *db = route_db(ctx, error);
    if (!db || !legal_list(db, ctx->arena, route_staff(ctx)->shop->shop.id, &texts, &count, error))
        return false;
    *ret = count > 0;
    return true;
}

/* What the message says behind the key that it may begin with. */
static const char *
without_key(const char *message, Str key)
{
    Str text = str_of(message);
    bool begins =
        text.len > key.len + 2 && str_eq(str_sub(text, 0, key.len), key) && text.at[key.len] == ':';
    return begins ? message + key.len + 2 : message;
}

/* Notes it beside the field of the key, if the form has one. */
static void
tell_wrong(Form *form, Str key, const GError *problem)
{
    for (const FormField *field = form->fields; field->name; field++) {
        if (str_is(key, field->name)) {
            form_wrong(form, field->name, "%s.", without_key(problem->message, key));
            return;
        }
    }
    form_wrong(form, NULL, "%s.", problem->message);
}

static bool
is_persons_mistake(const GError *problem)
{
    return error_is(problem, ERR_INPUT) || error_is(problem, ERR_CONFIG) ||
           error_is(problem, ERR_AUTH);
}

bool
setup_set(RouteCtx *ctx, Form *form, const ShopValue *values, size_t count, bool *ret_saved,
          GError **error)
{
    const App *app = route_app(ctx);
    const Staff *staff = route_staff(ctx);
    bool has_legal = false;
    *ret_saved = false;
    if (!setup_has_legal(ctx, &has_legal, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        g_autoptr(GError) problem = NULL;
        if (!shop_check_value(values[i].key, values[i].value, &problem) ||
            !owed_check(staff->shop, values[i].key, values[i].value, has_legal, &problem))
            tell_wrong(form, values[i].key, problem);
    }
    if (!form_is_fine(form))
        return true;
    g_autoptr(GError) problem = NULL;
    if (count &&
        !shop_set(ctx->store, &app->keyring->columns, staff->shop, values, count, &problem)) {
        if (!is_persons_mistake(problem)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
        tell_wrong(form, count == 1 ? values[0].key : STR(""), problem);
        return true;
    }
    if (count && !shopbook_load(app->shops, error))
        return false;
    log_info("shop.set",
             "by=%" G_GINT64_FORMAT " shop=%" G_GINT64_FORMAT " values=%" G_GSIZE_FORMAT,
             staff->user, staff->shop->shop.id, count);
    *ret_saved = true;
    return true;
}

/* What differs from what is set now. */
static size_t
group_changes(RouteCtx *ctx, const Group *group, const Form *form, ShopValue *ret)
{
    const ShopEntry *shop = route_staff(ctx)->shop;
    size_t count = 0;
    for (size_t i = 0; i < KEYS_MOST && group->keys[i].key; i++) {
        const char *key = group->keys[i].key;
        Setting setting;
        if (!key_exists(key))
            continue;
        Str typed = form_value(form, key), now = value_now(shop, key);
        bool secret = strcmp(group->keys[i].kind, "secret") == 0;
        if (secret && form_checked(form, remove_name(ctx->arena, key)))
            typed = STR("");
        else if (secret && !typed.len)
            continue;
        if (str_eq(typed, now))
            continue;
        /* The default typed out is the default. */
        if (setting_find(str_of(key), &setting) && str_is(typed, setting_row(setting)->value))
            typed = STR("");
        ret[count++] = (ShopValue){str_of(key), typed};
    }
    return count;
}

static const Group *
group_find(Str id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        if (str_is(id, groups[i].id))
            return &groups[i];
    return NULL;
}

bool
setup_save(RouteCtx *ctx, GError **error)
{
    const Group *group = group_find(route_param(ctx, "group"));
    const Shop *shop = &route_staff(ctx)->shop->shop;
    ShopValue values[KEYS_MOST];
    bool saved = false;
    Form form;
    if (!group)
        return fail(error, ERR_NOT_FOUND, "there is nothing at this address");
    if (!form_read(ctx->request, group_fields(ctx->arena, group), &form, error))
        return false;
    const char *version = arena_format(ctx->arena, "%" G_GINT64_FORMAT, shop->version);
    if (!str_is(form_value(&form, "version"), version))
        form_wrong(&form, NULL,
                   "Somebody else changed the settings of this shop meanwhile. What you typed is "
                   "still here; look at the others and save it again.");
    size_t count = group_changes(ctx, group, &form, values);
    if (form_is_fine(&form) && !setup_set(ctx, &form, values, count, &saved, error))
        return false;
    if (saved) {
        route_redirect(ctx, arena_format(ctx->arena, "%s?done=%s#%s",
                                         route_shop_path(ctx, "/settings"), group->id, group->id));
        return true;
    }
    ctx->status = 422;
    setup_show(ctx, group, &form);
    return true;
}

static const Route routes[] = {
    {GET, "/s/:shop/settings", STAFF, setup_page, "dashboard/setup/settings.liquid"},
    {POST, "/s/:shop/settings/group/:group", STAFF, setup_save, "dashboard/setup/settings.liquid",
     DESK_WRITE},
    {GET, "/s/:shop/settings/senders", STAFF, senders_page, "dashboard/setup/senders.liquid"},
    {POST, "/s/:shop/settings/senders", STAFF, senders_save, "dashboard/setup/senders.liquid",
     DESK_WRITE},
    {GET, "/s/:shop/settings/legal", STAFF, legal_page, "dashboard/setup/legal.liquid"},
    {POST, "/s/:shop/settings/legal", STAFF, legal_save, "dashboard/setup/legal.liquid",
     DESK_WRITE},
    {GET, "/s/:shop/settings/mails", STAFF, mails_list, "dashboard/setup/mails.liquid"},
    {GET, "/s/:shop/settings/mails/:mail", STAFF, mails_page, "dashboard/setup/mail.liquid"},
    {POST, "/s/:shop/settings/mails/:mail", STAFF, mails_save, "dashboard/setup/mail.liquid",
     DESK_WRITE},
    {POST, "/s/:shop/settings/mails/:mail/test", STAFF, mails_test, "dashboard/setup/mail.liquid",
     DESK_NETWORK},
    {GET, "/s/:shop/settings/mails/:mail/html", STAFF, mails_html, NULL},
    {GET, "/s/:shop/settings/mails/:mail/text", STAFF, mails_plain, "plain/mail.liquid"},
    {GET, "/s/:shop/live", STAFF, live_page, "dashboard/setup/live.liquid"},
    {POST, "/s/:shop/live", STAFF, live_go, "dashboard/setup/live.liquid", DESK_WRITE},
    {POST, "/s/:shop/live/test", STAFF, live_test, "dashboard/setup/live.liquid", DESK_NETWORK},
    {0},
};

const Feature feature_setup = {
    .title = "Settings",
    .about = "What a shop has set, who sends what, the legal texts, and going live.",
    .routes = routes,
};
