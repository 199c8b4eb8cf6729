/* setup_live.c - going live: what is missing, item by item, with the way to its cure; a test mail; the step itself.
 *
 * An item that is needed holds the step up; one that is only wise is told and left to the owner. Going back is always
 * possible: what would leave then stays here again.
 */
#include "feature/setup/setup_inside.h"

#include "base/address.h"
#include "engine/log.h"
#include "flow/owed.h"
#include "flow/test_mail.h"

enum { ITEMS_MOST = 12 };

typedef struct Item {
    const char *title;
    bool done;
    bool needed;
    const char *words;   /* what is so, or what is missing */
    const char *link;    /* to the cure, below the shop's address */
    const char *command; /* what to type for it; may be NULL */
} Item;

typedef struct List {
    Item items[ITEMS_MOST];
    size_t count;
} List;

static void
item_add(List *list, Item item)
{
    must(list->count < ITEMS_MOST);
    list->items[list->count++] = item;
}

/* ---- the items ------------------------------------------------------------------------------------------------------ */

static void
item_sender(RouteCtx *ctx, const ShopEntry *shop, List *list)
{
    Str from = shop_setting(shop, SETTING_MAIL_FROM);
    item_add(list, (Item){
                       .title = "The sender",
                       .done = from.len > 0,
                       .needed = true,
                       .words = from.len ? arena_format(ctx->arena, "Mails come from " STR_FMT ".",
                                                        STR_ARG(from))
                                         : "No mail has a sender yet.",
                       .link = "/settings#mail.from",
                   });
}

static void
item_server(RouteCtx *ctx, const ShopEntry *shop, List *list)
{
    Str server = test_mail_server(ctx->arena, shop, flow_options(route_app(ctx)->flow));
    bool tested = server.len && str_eq(server, shop_setting(shop, SETTING_SMTP_TESTED));
    item_add(list,
             (Item){
                 .title = "The mail server",
                 .done = server.len > 0,
                 .needed = true,
                 .words = server.len ? arena_format(ctx->arena, "Mails are handed to " STR_FMT ".",
                                                    STR_ARG(server))
                                     : "There is none: every mail stays on this machine.",
                 .link = "/settings#smtp.url",
             });
    item_add(list, (Item){
                       .title = "A test mail",
                       .done = tested,
                       .needed = true,
                       .words = tested       ? "This server has taken one."
                                : server.len ? "This server has not taken one yet. Send one below."
                                             : "It can be sent as soon as there is a mail server.",
                       .link = "/live#test",
                   });
}

/* A signature counts for the sender when its domain is the sender's, or above it (RFC 7489 3.1.1, relaxed). */
static bool
domain_is_of(Str domain, Str above)
{
    if (!above.len || domain.len < above.len)
        return false;
    const char *end = domain.at + domain.len - above.len;
    return g_ascii_strncasecmp(end, above.at, above.len) == 0 &&
           (domain.len == above.len || end[-1] == '.');
}

static void
item_dkim(RouteCtx *ctx, const ShopEntry *shop, List *list)
{
    Address from = {0};
    Str domain = shop_setting(shop, SETTING_DKIM_DOMAIN);
    bool has_from = address_parse(ctx->arena, shop_setting(shop, SETTING_MAIL_FROM), &from, NULL);
    bool fits = shop->dkim && has_from && domain_is_of(from.domain, domain);
    const char *words =
        fits ? arena_format(ctx->arena, "Mails are signed by " STR_FMT ".", STR_ARG(domain))
        : shop->dkim
            ? arena_format(ctx->arena,
                           "Mails are signed by " STR_FMT ", which is not the sender's domain: "
                           "Gmail and Yahoo do not count it.",
                           STR_ARG(domain))
            : "Mails are not signed by us. Without a signature of the sender's domain many end as "
              "spam, unless your mail server signs them. This makes a key and tells what to put "
              "into the DNS:";
    Str of = from.domain.len ? from.domain : STR("example.com");
    const char *command = arena_format(
        ctx->arena, "postlude key dkim " STR_FMT " --domain " STR_FMT " --selector postlude",
        STR_ARG(shop->shop.slug), STR_ARG(of));
    item_add(list, (Item){"The signature (DKIM)", fits, false, words, "/settings#sender",
                          shop->dkim ? NULL : command});
}

/* Without it no law is known, and so none is kept. */
static void
item_country(RouteCtx *ctx, const ShopEntry *shop, List *list)
{
    Str country = shop_setting(shop, SETTING_COUNTRY);
    item_add(list,
             (Item){
                 .title = "The shop's country",
                 .done = country.len > 0,
                 .needed = true,
                 .words = country.len ? arena_format(ctx->arena,
                                                     "It is established in " STR_FMT
                                                     ", whose law its mails keep.",
                                                     STR_ARG(country))
                                      : "It is not set where the shop is established, so nobody "
                                        "knows which law counts.",
                 .link = "/settings#shop.country",
             });
}

static void
item_legal(RouteCtx *ctx, const ShopEntry *shop, bool has_legal, List *list)
{
    Str country = shop_setting(shop, SETTING_COUNTRY);
    bool needed = owed_needs_legal(country);
    bool has = has_legal || shop_setting(shop, SETTING_LEGAL_TEXT).len;
    const char *words =
        has && country.len ? "The order confirmation carries the shop's texts."
        : !country.len     ? "Which ones are needed depends on the country."
        : needed           ? arena_format(ctx->arena,
                                          "A confirmation from " STR_FMT " has to carry terms, withdrawal "
                                                    "instruction and model form. Until they are here ours stays off.",
                                          STR_ARG(country))
                           : "The law of the shop's country asks for none in the confirmation.";
    item_add(list, (Item){"The legal texts", country.len && (has || !needed), true, words,
                          "/settings/legal"});
    bool address = shop_setting(shop, SETTING_LEGAL_ADDRESS).len > 0;
    item_add(list, (Item){"The postal address", address, false,
                          address ? "It stands in the last lines of every mail."
                                  : "Many countries want it in the last lines of every mail, and "
                                    "marketing does not leave without it.",
                          "/settings#legal.address"});
}

static void
item_marketing(const ShopEntry *shop, List *list)
{
    bool decided = shop_setting(shop, SETTING_MARKETING_SUPPRESSIONS).len > 0;
    item_add(list, (Item){"Old opt-outs", decided, false,
                          decided ? "They are here, or there are none."
                                  : "Who said no to mails in the system before is not known here. "
                                    "Marketing stays locked until they are imported, or you say "
                                    "that there are none. Mails about orders go either way.",
                          "/settings#marketing.suppressions", NULL});
}

static void
item_senders(RouteCtx *ctx, const ShopEntry *shop, List *list)
{
    size_t open = senders_undecided(shop);
    item_add(list,
             (Item){"Who sends what", open == 0, true,
                    open ? arena_format(ctx->arena,
                                        "%zu mail%s would come twice: from the shop system and "
                                        "from here. Say who sends each.",
                                        open, open == 1 ? "" : "s")
                         : "Each mail has one sender.",
                    "/settings/senders"});
}

/* A way by which we hear of mail that came back: our own domain for it, or a provider that tells. */
static bool
hears_of_bounces(const ShopEntry *shop)
{
    static const char *const ways[] = {"mail.bounce_domain", "mail.in_secret",  "mailgun.secret",
                                       "postmark.secret",    "sendgrid.secret", "ses.secret"};
    Setting setting;
    bool hears = false;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++)
        hears |= setting_find(str_of(ways[i]), &setting) && shop_setting(shop, setting).len;
    return hears;
}

static void
item_bounces(const ShopEntry *shop, List *list)
{
    bool hears = hears_of_bounces(shop);
    item_add(list,
             (Item){"Mail that comes back", hears, false,
                    hears ? "Postlude hears of it, and addresses that do not work are left alone."
                          : "It goes to the sender's mailbox, where Postlude does not see it. A "
                            "domain for it, whose mail reaches Postlude, or your mail "
                            "provider's webhook cures that.",
                    "/settings#comes-back", NULL});
}

static bool
list_make(RouteCtx *ctx, List *ret, GError **error)
{
    const ShopEntry *shop = route_staff(ctx)->shop;
    bool has_legal = false;
    if (!setup_has_legal(ctx, &has_legal, error))
        return false;
    item_sender(ctx, shop, ret);
    item_server(ctx, shop, ret);
    item_country(ctx, shop, ret);
    item_legal(ctx, shop, has_legal, ret);
    item_senders(ctx, shop, ret);
    item_dkim(ctx, shop, ret);
    item_bounces(shop, ret);
    item_marketing(shop, ret);
    return true;
}

static size_t
list_missing(const List *list)
{
    size_t missing = 0;
    for (size_t i = 0; i < list->count; i++)
        missing += list->items[i].needed && !list->items[i].done;
    return missing;
}

/* ---- the page ------------------------------------------------------------------------------------------------------- */

static const char *const steps[] = {"live", "stop", NULL};
static const FormField go_fields[] = {
    {"do", FORM_CHOICE, "Step", .needed = true, .choices = steps},
    {"sure", FORM_CHECK, "Yes, customers get mails from now on"},
    {0},
};
static const FormField test_fields[] = {
    {"address", FORM_EMAIL, "Your own mail address", .needed = true},
    {0},
};

static LiquidValue
item_map(Arena *arena, const Item *item)
{
    LiquidValue map = liquid_map(arena);
    liquid_map_set(arena, map, STR("title"), liquid_str(str_of(item->title)));
    liquid_map_set(arena, map, STR("done"), liquid_bool(item->done));
    liquid_map_set(arena, map, STR("needed"), liquid_bool(item->needed));
    liquid_map_set(arena, map, STR("words"), liquid_str(str_of(item->words)));
    liquid_map_set(arena, map, STR("link"), liquid_str(str_of(item->link)));
    if (item->command)
        liquid_map_set(arena, map, STR("command"), liquid_str(str_of(item->command)));
    return map;
}

static bool
live_show(RouteCtx *ctx, const Form *form, GError **error)
{
    const Staff *staff = route_staff(ctx);
    const Shop *shop = &staff->shop->shop;
    List list = {0};
    if (!list_make(ctx, &list, error))
        return false;
    LiquidValue *items = arena_new_of(ctx->arena, LiquidValue, ITEMS_MOST);
    for (size_t i = 0; i < list.count; i++)
        items[i] = item_map(ctx->arena, &list.items[i]);
    page_put(ctx, "items", liquid_array(ctx->arena, items, list.count));
    page_put(ctx, "missing", liquid_int((int64_t)list_missing(&list)));
    page_put(ctx, "live_since", shop->is_live ? liquid_date(shop->live_since) : LIQUID_OF_NIL);
    page_put(ctx, "title", liquid_str(shop->is_live ? STR("The shop is live") : STR("Go live")));
    if (form)
        form_show(form, ctx->page);
    if (!form || form->fields != test_fields)
        page_put(ctx, "test_address", liquid_str(staff->email));
    else
        page_put(ctx, "test_address", liquid_str(form_value(form, "address")));
    return true;
}

bool
live_page(RouteCtx *ctx, GError **error)
{
    page_filter(ctx, "done");
    return live_show(ctx, NULL, error);
}

bool
live_go(RouteCtx *ctx, GError **error)
{
    Form form;
    List list = {0};
    bool saved = false;
    if (!form_read(ctx->request, go_fields, &form, error) || !list_make(ctx, &list, error))
        return false;
    bool stop = str_is(form_value(&form, "do"), "stop");
    if (!stop && list_missing(&list))
        form_wrong(&form, NULL, "Something is still missing, see below.");
    else if (!stop && !form_checked(&form, "sure"))
        form_wrong(&form, "sure", "Tick this first: from then on customers get mails.");
    ShopValue value = {STR("live_since"), stop ? STR("never") : STR("now")};
    if (form_is_fine(&form) && !setup_set(ctx, &form, &value, 1, &saved, error))
        return false;
    if (saved) {
        log_info(stop ? "shop.stopped" : "shop.live",
                 "by=%" G_GINT64_FORMAT " shop=%" G_GINT64_FORMAT, route_staff(ctx)->user,
                 route_staff(ctx)->shop->shop.id);
        route_redirect(ctx, route_shop_path(ctx, stop ? "/live?done=stop" : "/live?done=live"));
        return true;
    }
    ctx->status = 422;
    return live_show(ctx, &form, error);
}

/* Keeps which server took it: another one has to be tried anew. */
static bool
live_note_test(RouteCtx *ctx, Form *form, GError **error)
{
    const ShopEntry *shop = route_staff(ctx)->shop;
    bool saved = false;
    ShopValue value = {STR("smtp.tested"),
                       test_mail_server(ctx->arena, shop, flow_options(route_app(ctx)->flow))};
    return str_eq(value.value, shop_setting(shop, SETTING_SMTP_TESTED)) ||
           setup_set(ctx, form, &value, 1, &saved, error);
}

bool
live_test(RouteCtx *ctx, GError **error)
{
    const Staff *staff = route_staff(ctx);
    Form form;
    SmtpResult result = {0};
    if (!form_read(ctx->request, test_fields, &form, error))
        return false;
    if (form_is_fine(&form)) {
        g_autoptr(GError) problem = NULL;
        bool asked =
            test_mail_send(ctx->arena, staff->shop, flow_options(route_app(ctx)->flow),
                           &(TestMail){.to = form_value(&form, "address")}, &result, &problem);
        if (!asked)
            form_wrong(&form, NULL, "It was not sent: %s.", problem->message);
        else if (result.outcome != SMTP_SENT)
            form_wrong(&form, NULL, "The server did not take it: %s %s", result.enhanced,
                       result.words);
    }
    if (form_is_fine(&form) && !live_note_test(ctx, &form, error))
        return false;
    if (form_is_fine(&form)) {
        route_redirect(ctx, route_shop_path(ctx, "/live?done=test#test"));
        return true;
    }
    ctx->status = 422;
    return live_show(ctx, &form, error);
}
