/* today.c - the first page of a shop: what needs somebody today, in sentences, and six counts. */
#include "feature/home/home_inside.h"

#include "engine/clock.h"
#include "engine/id.h"
#include "flow/hold.h"
#include "flow/test_mail.h"

typedef struct Today {
    int64_t orders, orders_before;
    int64_t sent, sent_before;
    int64_t would_have_gone;
    int64_t held;
    int64_t failed, unknown;
    int64_t waiting, waiting_again, waiting_since;
    int64_t unread, newest_unread;
    int64_t newest_order;
} Today;

/* The whole numbers of the one row. */
static bool
today_row(Db *db, Query query, const Bind *binds, int64_t *const *ret, int count, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, query, binds, error);
    if (!rows)
        return false;
    if (rows_next(rows))
        for (int i = 0; i < count; i++)
            *ret[i] = rows_int(rows, i);
    return rows_ok(rows, error);
}

static bool
today_text(RouteCtx *ctx, Db *db, Query query, const Bind *binds, const char *name, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, query, binds, error);
    if (!rows)
        return false;
    if (rows_next(rows))
        liquid_map_set(ctx->arena, ctx->page, str_of(name),
                       liquid_str(arena_copy(ctx->arena, rows_text(rows, 0))));
    return rows_ok(rows, error);
}

static bool
today_count(Db *db, int64_t shop_id, Today *t, GError **error)
{
    int64_t now = clock_now();
    Bind shop = bind_int("shop", shop_id), day = bind_int("day", id_least(now - DAY_MS));
    Bind before = bind_int("before", id_least(now - 2 * DAY_MS));
    Bind week = bind_int("week", id_least(now - 7 * DAY_MS));
    return today_row(
               db, Q_today_orders,
               BINDS(bind_int("day", now - DAY_MS), shop, bind_int("before", now - 2 * DAY_MS)),
               (int64_t *const[]){&t->orders, &t->orders_before}, 2, error) &&
           today_row(db, Q_today_messages, BINDS(day, shop, before),
                     (int64_t *const[]){&t->sent, &t->sent_before, &t->would_have_gone, &t->held},
                     4, error) &&
           today_row(db, Q_today_trouble, BINDS(shop, week),
                     (int64_t *const[]){&t->failed, &t->unknown}, 2, error) &&
           today_row(db, Q_today_waiting, BINDS(shop),
                     (int64_t *const[]){&t->waiting, &t->waiting_again, &t->waiting_since}, 3,
                     error) &&
           today_row(db, Q_today_unread, BINDS(shop),
                     (int64_t *const[]){&t->unread, &t->newest_unread}, 2, error) &&
           db_int(db, Q_today_any_order, BINDS(shop), &t->newest_order, error);
}

static void
today_show(RouteCtx *ctx, const Today *t)
{
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {
        {"orders", t->orders},   {"orders_before", t->orders_before},
        {"sent", t->sent},       {"sent_before", t->sent_before},
        {"held", t->held},       {"would_have_gone", t->would_have_gone},
        {"failed", t->failed},   {"unknown", t->unknown},
        {"waiting", t->waiting}, {"waiting_again", t->waiting_again},
        {"unread", t->unread},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        liquid_map_set(ctx->arena, ctx->page, str_of(counts[i].name), liquid_int(counts[i].value));
    liquid_map_set(ctx->arena, ctx->page, STR("has_orders"), liquid_bool(t->newest_order != 0));
    liquid_map_set(ctx->arena, ctx->page, STR("waiting_since"),
                   t->waiting_since ? liquid_date(t->waiting_since) : LIQUID_OF_NIL);
}

bool
today_page(RouteCtx *ctx, GError **error)
{
    const App *app = route_app(ctx);
    const ShopEntry *shop = route_staff(ctx)->shop;
    int64_t shop_id = shop->shop.id;
    Today today = {0};
    FlowHealth health;
    int64_t held_since = 0;
    char trouble[256];
    Db *db = route_db(ctx, error);
    Bind here = bind_int("shop", shop_id);
    if (!db || !today_count(db, shop_id, &today, error) || !hold_since(db, &held_since, error) ||
        !today_text(ctx, db, Q_today_waiting_words, BINDS(here), "waiting_words", error) ||
        !today_text(ctx, db, Q_today_unread_why, BINDS(here, bind_int("id", today.newest_unread)),
                    "unread_why", error))
        return false;
    today_show(ctx, &today);
    Str server = test_mail_server(ctx->arena, shop, flow_options(app->flow));
    liquid_map_set(ctx->arena, ctx->page, STR("has_server"), liquid_bool(server.len > 0));
    liquid_map_set(ctx->arena, ctx->page, STR("demo"),
                   liquid_bool(str_is(shop_setting(shop, SETTING_DEMO), "yes")));
    if (held_since)
        liquid_map_set(ctx->arena, ctx->page, STR("held_since"), liquid_date(held_since));
    flow_health(app->flow, &health);
    if (store_trouble(app->store, trouble, sizeof trouble))
        g_strlcpy(health.trouble, trouble, sizeof health.trouble);
    liquid_map_set(ctx->arena, ctx->page, STR("title"), liquid_str(STR("Today")));
    liquid_map_set(ctx->arena, ctx->page, STR("trouble"),
                   liquid_str(arena_copy(ctx->arena, str_of(health.trouble))));
    liquid_map_set(ctx->arena, ctx->page, STR("now"), liquid_date(clock_now()));
    liquid_map_set(ctx->arena, ctx->page, STR("intake_url"),
                   liquid_str(str_of(arena_format(ctx->arena, "%s/in/" STR_FMT, app->public_url,
                                                  STR_ARG(shop->shop.slug)))));
    return true;
}
