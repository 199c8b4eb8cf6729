/* sample.c - see sample.h. */
#include "flow/sample.h"

#include "engine/clock.h"
#include "engine/id.h"
#include "flow/flow_inside.h"
#include "flow/language.h"
#include "flow/legal.h"
#include "flow/owed.h"
#include "flow/refund.h"
#include "flow/shipment.h"

enum { ORDERS_LOOKED_AT = 300 };

/* ---- which order ---------------------------------------------------------------------------------------------------- */

/* *ret_order is 0 if there is none. */
static bool
order_choose(Db *db, const SampleAsk *ask, int64_t *ret_order, int64_t *ret_about, GError **error)
{
    int64_t shop = ask->shop->shop.id;
    *ret_order = *ret_about = 0;
    g_autoptr(Rows) mailed =
        db_rows(db, Q_sample_order_mailed,
                BINDS(bind_int("shop", shop), bind_int("now", clock_now()),
                      bind_int("limit", ORDERS_LOOKED_AT), bind_text("template", ask->mail)),
                error);
    if (!mailed)
        return false;
    if (rows_next(mailed)) {
        *ret_order = rows_int(mailed, 0);
        *ret_about = rows_int(mailed, 1);
    }
    if (!rows_ok(mailed, error))
        return false;
    /* Of parcels and money that there are not nothing can be told: only the confirmation takes any order. */
    if (*ret_order || !str_is(ask->mail, "order_confirmation"))
        return true;
    g_autoptr(Rows) newest =
        db_rows(db, Q_sample_order_newest,
                BINDS(bind_int("shop", shop), bind_int("now", clock_now())), error);
    if (!newest)
        return false;
    if (rows_next(newest))
        *ret_order = rows_int(newest, 0);
    return rows_ok(newest, error);
}

static bool
matter_read(Db *db, Arena *arena, const SampleAsk *ask, SampleMatter *ret, bool *ret_made_up,
            GError **error)
{
    int64_t shop = ask->shop->shop.id, order = 0, about = 0;
    if (!order_choose(db, ask, &order, &about, error))
        return false;
    sample_order(arena, ask->shop, ask->mail, clock_now(), ret);
    *ret_made_up = !order;
    if (!order)
        return true;
    if (!order_load(db, arena, shop, order, &ret->order, error))
        return false;
    if (id_kind(about) == KIND_SHIPMENT)
        return shipment_load(db, arena, shop, about, &ret->shipment, error);
    return id_kind(about) != KIND_REFUND ||
           refund_load(db, arena, shop, about, &ret->refund, error);
}

/* ---- the mail ------------------------------------------------------------------------------------------------------- */

static Str
link_to(Arena *arena, Flow *flow, const ShopEntry *shop, const char *path)
{
    Str own = shop_setting(shop, SETTING_PUBLIC_URL);
    Str base = own.len ? own : str_of(flow_options(flow)->public_url);
    while (str_ends(base, "/"))
        base.len--;
    return str_of(arena_format(arena, STR_FMT "%s", STR_ARG(base), path));
}

static bool
legal_fill(Flow *flow, Db *db, Arena *arena, const SampleAsk *ask, const Order *order, Str locale,
           ViewAsk *view, GError **error)
{
    LegalText legal;
    if (!str_is(ask->mail, "order_confirmation"))
        return true;
    Str country =
        order->ship_to.country_code.len ? order->ship_to.country_code : order->bill_to.country_code;
    if (!legal_find(db, arena, ask->shop, country, words_language(flow_words(flow), locale), &legal,
                    error))
        return false;
    view->legal_text = legal.text;
    return true;
}

bool
sample_make(Flow *flow, Db *db, Arena *arena, const SampleAsk *ask, Sample *ret, GError **error)
{
    const Owed *owed = owed_find(ask->mail);
    if (!owed)
        return fail(error, ERR_NOT_FOUND, "there is no such mail");
    g_autoptr(ShopWords) chosen = NULL;
    if (ask->choices.len && !(chosen = shop_words_new(ask->choices, error)))
        return false;
    SampleMatter matter;
    Sample sample = {0};
    if (!matter_read(db, arena, ask, &matter, &sample.made_up, error))
        return false;
    if (ask->locale.len)
        matter.order.order.locale = ask->locale;
    ShopEntry shop = *ask->shop;
    shop.words = chosen;
    sample.locale = words_locale(flow_words(flow), &shop, &matter.order);
    bool of_order = owed->event != EVENT_CONSENT_GIVEN;
    WordsAsk words = {
        .name = ask->mail,
        .view = {.shop = &shop,
                 .order = of_order ? &matter.order : NULL,
                 .shipment = of_order ? &matter.shipment : NULL,
                 .refund = of_order ? &matter.refund : NULL,
                 .page_url = of_order ? link_to(arena, flow, &shop, "/o/...") : STR(""),
                 .preferences_url = link_to(arena, flow, &shop, "/p/..."),
                 .confirm_url = of_order ? STR("") : link_to(arena, flow, &shop, "/c/...")},
        .locale = sample.locale,
        .now = clock_now(),
    };
    if (!legal_fill(flow, db, arena, ask, &matter.order.order, sample.locale, &words.view, error) ||
        !words_fill(flow_words(flow), arena, &words, &sample.words, error))
        return false;
    sample.order_name = of_order ? matter.order.order.name : STR("");
    sample.locale = arena_copy(arena, sample.locale);
    *ret = sample;
    return true;
}

Str
sample_usual(Flow *flow, Arena *arena, Str locale, Str key)
{
    return arena_copy(arena, words_usual(flow_words(flow), locale, key));
}

/* ---- light and dark ------------------------------------------------------------------------------------------------- */

/* The first `what` behind a place. */
static bool
find_in(Str text, Str what, size_t from, size_t *ret)
{
    size_t at;
    bool found = str_find(str_sub(text, from, text.len), what, &at);
    if (found)
        *ret = from + at;
    return found;
}

/* The template's own words in the head, from `<style>` on: nothing of a shop's or a customer's stands before the end of
 * that style but colours that were checked. */
Str
sample_lit(Arena *arena, Str html, bool dark)
{
    const Str asked = STR("@media (prefers-color-scheme: dark)"), scheme = STR("light dark; }");
    size_t done = 0, at = 0;
    Buf out = {.arena = arena};
    if (!find_in(html, STR("<style>"), 0, &at))
        return html;
    buf_reserve(&out, html.len + 64);
    buf_add_str(&out, str_sub(html, 0, at));
    done = at;
    if (find_in(html, scheme, done, &at)) {
        buf_add_str(&out, str_sub(html, done, at - done));
        buf_add_str(&out, dark ? STR("dark; } a { pointer-events: none; }")
                               : STR("light; } a { pointer-events: none; }"));
        done = at + scheme.len;
    }
    if (find_in(html, asked, done, &at)) {
        buf_add_str(&out, str_sub(html, done, at - done));
        buf_add_str(&out, dark ? STR("@media all") : STR("@media not all"));
        done = at + asked.len;
    }
    buf_add_str(&out, str_sub(html, done, html.len));
    return buf_str(&out);
}
