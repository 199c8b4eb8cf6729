/* preferences.c - what comes and what does not: chosen by whoever has the link of a mail, guests too.
 *
 * A link names a message and with it one address on one channel. Mail scanners open every link, so a GET changes
 * nothing, anywhere here. A POST to /u/ is one-click unsubscribing as RFC 8058 has it: no cookie, no redirect, whatever
 * its body is; the page with its button posts to the same place. Mails about orders are not to be chosen: they are owed.
 *
 * Undo is the form again, filled with what was before.
 */
#include "feature/feature.h"
#include "feature/page.h"

#include "base/address.h"
#include "base/token.h"
#include "engine/clock.h"
#include "engine/form.h"
#include "engine/id.h"
#include "flow/choice.h"
#include "flow/consent.h"
#include "flow/view.h"

#include <string.h>

enum { CHOICES_LOOKED_AT = 500 };

static const char *const topics[] = {
#define ROW(topic, help) #topic,
#include "flow/topics.def"
#undef ROW
};
enum { TOPICS = G_N_ELEMENTS(topics) };

/* A form of the page: a tick for each topic, and whether it takes back the last one. */
static const FormField fields[] = {
#define ROW(topic, help) {#topic, FORM_CHECK, help},
#include "flow/topics.def"
#undef ROW
    {"undo", FORM_CHECK, "Undo"},
    {0},
};

/* Whose choice it is. */
typedef struct Chooser {
    const ShopEntry *shop;
    int64_t message;
    Str channel;
    Str address; /* as it was written to */
    Str key;     /* as the gate asks for it */
    Str locale;
} Chooser;

static void
shop_let_go(void *shop)
{
    shop_unref(shop);
}

static bool
chooser_read(RouteCtx *ctx, Db *db, int64_t *ret_shop, Chooser *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_preferences_message, BINDS(bind_int("id", ret->message)), error);
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error) && fail(error, ERR_NOT_FOUND, "this link is not known");
    *ret_shop = rows_int(rows, 0);
    ret->channel = arena_copy(ctx->arena, rows_text(rows, 1));
    ret->address = arena_copy(ctx->arena, rows_text(rows, 2));
    ret->locale = arena_copy(ctx->arena, rows_text(rows, 3));
    return rows_ok(rows, error);
}

/* Whom the link names. An address that was erased has nothing to choose any more. */
static bool
chooser_load(RouteCtx *ctx, Db *db, const char *purpose, Chooser *ret, GError **error)
{
    const App *app = route_app(ctx);
    uint32_t generation;
    int64_t shop_id = 0;
    Address address;
    if (!token_read(app->keyring->links, purpose, route_param(ctx, "token"), &ret->message,
                    &generation, error) ||
        !chooser_read(ctx, db, &shop_id, ret, error))
        return false;
    ret->shop = shopbook_get(app->shops, shop_id);
    if (!ret->shop || !address_parse_spec(ctx->arena, ret->address, &address, NULL))
        return fail(error, ERR_NOT_FOUND, "this link is not known any more");
    route_keep(ctx, (void *)ret->shop, shop_let_go);
    ret->key = address_key(ctx->arena, &address);
    return true;
}

/* ---- what is chosen ------------------------------------------------------------------------------------- */

/* As the gate reads it: of the words on a topic and on all of marketing the newest counts. */
static bool
choices_read(Db *db, const Chooser *chooser, bool ret_on[TOPICS], GError **error)
{
    bool said[TOPICS] = {false};
    memset(ret_on, 0, TOPICS * sizeof *ret_on);
    g_autoptr(Rows) rows = db_rows(
        db, Q_preferences_known,
        BINDS(bind_int("shop", chooser->shop->shop.id), bind_text("channel", chooser->channel),
              bind_text("address", chooser->key), bind_int("limit", CHOICES_LOOKED_AT)),
        error);
    if (!rows)
        return false;
    while (rows_next(rows)) {
        Str topic = rows_text(rows, 0);
        bool given =
            str_is(rows_text(rows, 1), "given") && consent_basis(chooser->shop, rows_text(rows, 2));
        for (size_t i = 0; i < TOPICS; i++) {
            if (said[i] || (topic.len && !str_is(topic, topics[i])))
                continue;
            said[i] = true;
            ret_on[i] = given;
        }
    }
    return rows_ok(rows, error);
}

typedef struct ChoiceJob {
    const Chooser *chooser;
    Arena *arena;
    bool wanted[TOPICS];
    const char *where; /* which page it was chosen on */
    int64_t at;
    bool before[TOPICS];
    bool changed;
} ChoiceJob;

/* The link came to this address alone: whoever ticks a topic has shown that the address is theirs, which is what a
 * double opt-in asks for. */
static bool
choice_write(Db *db, ChoiceJob *job, const char *topic, bool given, bool changes, GError **error)
{
    char id[ID_TEXT_BYTES];
    const Chooser *chooser = job->chooser;
    ConsentFact told = {
        .channel = chooser->channel,
        .address = chooser->key,
        .topic = str_of(topic),
        .given = given,
        .basis = given ? STR("double_opt_in") : STR("asked"),
        .proof = str_of(arena_format(job->arena, "%s, by the link of message %s", job->where,
                                     id_format(chooser->message, id))),
        .chosen_at = job->at,
    };
    Learn learn = {
        .db = db,
        .shop = chooser->shop->shop.id,
        .cause = chooser->message,
        .at = job->at,
        .source = STR("preferences"),
    };
    ConsentFact choice = choice_clean(job->arena, &told);
    Learned learned;
    job->changed = job->changed || changes;
    return choice_learn(&learn, &choice, &learned, error);
}

static bool
choice_job(Db *db, void *arg, GError **error)
{
    ChoiceJob *job = arg;
    bool none = true, any_before = false;
    if (!choices_read(db, job->chooser, job->before, error))
        return false;
    for (size_t i = 0; i < TOPICS; i++) {
        none = none && !job->wanted[i];
        any_before = any_before || job->before[i];
    }
    /* "Nothing at all" is one word, for topics to come, too; and kept also of somebody who had nothing. */
    if (none)
        return choice_write(db, job, "", false, any_before, error);
    for (size_t i = 0; i < TOPICS; i++)
        if (job->wanted[i] != job->before[i] &&
            !choice_write(db, job, topics[i], job->wanted[i], true, error))
            return false;
    return true;
}

static bool
choices_save(RouteCtx *ctx, const Chooser *chooser, const char *where,
             bool (*run)(Db *db, void *arg, GError **error), ChoiceJob *job, GError **error)
{
    job->chooser = chooser;
    job->arena = ctx->arena;
    job->where = where;
    job->at = clock_now();
    return store_write(ctx->store, STORE_RECEIPT, run, job, error);
}

/* ---- the pages -------------------------------------------------------------------------------------------- */

static LiquidValue
choices_value(RouteCtx *ctx, const bool on[TOPICS])
{
    LiquidValue *list = arena_new_of(ctx->arena, LiquidValue, TOPICS);
    for (size_t i = 0; i < TOPICS; i++) {
        list[i] = liquid_map(ctx->arena);
        liquid_map_set(ctx->arena, list[i], STR("name"), liquid_str(str_of(topics[i])));
        liquid_map_set(ctx->arena, list[i], STR("on"), liquid_bool(on[i]));
    }
    return liquid_array(ctx->arena, list, TOPICS);
}

static void
page_show(RouteCtx *ctx, const Chooser *chooser, const bool on[TOPICS], const char *done)
{
    const Str wishes[] = {chooser->locale, chooser->shop->shop.locale};
    page_language(ctx, wishes, G_N_ELEMENTS(wishes));
    liquid_map_set(ctx->arena, ctx->page, STR("shop"), view_shop(ctx->arena, chooser->shop));
    liquid_map_set(ctx->arena, ctx->page, STR("address"), liquid_str(chooser->address));
    liquid_map_set(ctx->arena, ctx->page, STR("topics"), choices_value(ctx, on));
    liquid_map_set(ctx->arena, ctx->page, STR("done"), liquid_str(str_of(done)));
    liquid_map_set(ctx->arena, ctx->page, STR("preferences_token"),
                   liquid_str(str_of(token_make(ctx->arena, route_app(ctx)->keyring->links,
                                                "preferences", chooser->message, 0))));
}

static bool
preferences_page(RouteCtx *ctx, GError **error)
{
    Db *db = route_db(ctx, error);
    Chooser chooser = {0};
    bool on[TOPICS];
    if (!db || !chooser_load(ctx, db, "preferences", &chooser, error) ||
        !choices_read(db, &chooser, on, error))
        return false;
    page_show(ctx, &chooser, on, "");
    return true;
}

static bool
preferences_save(RouteCtx *ctx, GError **error)
{
    Db *db = route_db(ctx, error);
    Chooser chooser = {0};
    ChoiceJob job = {0};
    Form form;
    if (!db || !form_read(ctx->request, fields, &form, error) ||
        !chooser_load(ctx, db, "preferences", &chooser, error))
        return false;
    for (size_t i = 0; i < TOPICS; i++)
        job.wanted[i] = form_checked(&form, topics[i]);
    if (!choices_save(ctx, &chooser, "preference page", choice_job, &job, error))
        return false;
    page_show(ctx, &chooser, job.wanted,
              form_checked(&form, "undo") ? "undone"
              : job.changed               ? "saved"
                                          : "same");
    liquid_map_set(ctx->arena, ctx->page, STR("before"), choices_value(ctx, job.before));
    return true;
}

static bool
unsubscribe_page(RouteCtx *ctx, GError **error)
{
    Db *db = route_db(ctx, error);
    Chooser chooser = {0};
    const bool on[TOPICS] = {false};
    if (!db || !chooser_load(ctx, db, "unsubscribe", &chooser, error))
        return false;
    page_show(ctx, &chooser, on, "");
    return true;
}

static bool
unsubscribe_now(RouteCtx *ctx, GError **error)
{
    Db *db = route_db(ctx, error);
    Chooser chooser = {0};
    ChoiceJob job = {0};
    if (!db || !chooser_load(ctx, db, "unsubscribe", &chooser, error) ||
        !choices_save(ctx, &chooser, "one-click unsubscribing", choice_job, &job, error))
        return false;
    page_show(ctx, &chooser, job.wanted, "unsubscribed");
    liquid_map_set(ctx->arena, ctx->page, STR("before"), choices_value(ctx, job.before));
    return true;
}

static bool
confirm_page(RouteCtx *ctx, GError **error)
{
    Db *db = route_db(ctx, error);
    Chooser chooser = {0};
    const bool on[TOPICS] = {false};
    if (!db || !chooser_load(ctx, db, "confirm", &chooser, error))
        return false;
    page_show(ctx, &chooser, on, "");
    return true;
}

static bool
confirm_job(Db *db, void *arg, GError **error)
{
    return choice_write(db, arg, "", true, true, error);
}

/* The second half of a double opt-in: for all of marketing, as was asked for. */
static bool
confirm_now(RouteCtx *ctx, GError **error)
{
    Db *db = route_db(ctx, error);
    Chooser chooser = {0};
    ChoiceJob job = {0};
    if (!db || !chooser_load(ctx, db, "confirm", &chooser, error))
        return false;
    if (!choices_save(ctx, &chooser, "double opt-in", confirm_job, &job, error))
        return false;
    page_show(ctx, &chooser, job.wanted, "confirmed");
    return true;
}

static const Route routes[] = {
    {GET, "/p/:token", ANYONE, preferences_page, "portal/preferences.liquid"},
    {POST, "/p/:token", ANYONE, preferences_save, "portal/preferences.liquid", DESK_WRITE},
    {GET, "/u/:token", ANYONE, unsubscribe_page, "portal/unsubscribe.liquid"},
    {POST, "/u/:token", ANYONE, unsubscribe_now, "portal/unsubscribe.liquid", DESK_WRITE},
    {GET, "/c/:token", ANYONE, confirm_page, "portal/confirm.liquid"},
    {POST, "/c/:token", ANYONE, confirm_now, "portal/confirm.liquid", DESK_WRITE},
    {0},
};

const Feature feature_preferences = {
    .title = "Preferences",
    .about = "Everybody chooses which mails come; what is owed comes always.",
    .routes = routes,
};
