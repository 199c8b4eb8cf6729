/* health.c - /health for whoever watches the service, /metrics for Prometheus.
 *
 * Health is: every loop went round in the last minute, rows can be written, and those that wait are counted. A server that does not
 * take our mail is told as trouble, and is no reason to restart us: the status stays 200.
 */
#include "feature/feature.h"

#include "base/json_write.h"
#include "engine/clock.h"
#include "engine/folder.h"
#include "engine/store.h"
#include "flow/hold.h"
#include "flow/keep.h"

enum { LOOP_MOST_MS = 60 * 1000 };

static const struct {
    Query query;
    const char *name;
    bool takes_now;
} counts[] = {
    {Q_health_inbox, "inbox", false},   {Q_health_event, "event", false},
    {Q_health_run, "run", true},        {Q_health_message, "message", false},
    {Q_health_outbox, "outbox", false}, {Q_health_claimed, "claimed", false},
    {Q_health_unread, "unread", false}, {Q_health_aside, "aside", false},
};
enum { COUNTS = G_N_ELEMENTS(counts) };

/* What we look at ourselves, again and again. */
typedef struct Asked {
    int64_t count, failing;
    int64_t polled_at; /* of the one that has waited longest; 0: none was read yet */
} Asked;

typedef struct Health {
    int64_t waiting[COUNTS];
    int64_t oldest_at[COUNTS];
    FlowHealth flow;
    KeepForecast disk;
    Asked mailboxes;
    Asked polls;        /* of shop systems, noun by noun */
    int64_t held_since; /* after a restore nothing leaves; 0: mail flows */
    char trouble[256];  /* what keeps rows from being written, or mail from leaving */
    bool fine;
} Health;

static bool
health_asked(Db *db, Query query, Asked *ret, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, query, NULL, error);
    if (!rows)
        return false;
    if (rows_next(rows))
        *ret = (Asked){rows_int(rows, 0), rows_int(rows, 1), rows_int(rows, 2)};
    return rows_ok(rows, error);
}

static bool
health_read(RouteCtx *ctx, Health *ret, GError **error)
{
    const App *app = route_app(ctx);
    Db *db = route_db(ctx, error);
    if (!db)
        return false;
    for (int i = 0; i < COUNTS; i++) {
        g_autoptr(Rows) rows =
            db_rows(db, counts[i].query,
                    counts[i].takes_now ? BINDS(bind_int("now", clock_now())) : NULL, error);
        if (!rows)
            return false;
        if (rows_next(rows)) {
            ret->waiting[i] = rows_int(rows, 0);
            ret->oldest_at[i] = rows_int(rows, 1);
        }
        if (!rows_ok(rows, error))
            return false;
    }
    if (!keep_forecast(db, folder_free_bytes(app->data), &ret->disk, error) ||
        !hold_since(db, &ret->held_since, error) ||
        !health_asked(db, Q_health_mailbox, &ret->mailboxes, error) ||
        !health_asked(db, Q_health_poll, &ret->polls, error))
        return false;
    flow_health(app->flow, &ret->flow);
    bool writes = !store_trouble(app->store, ret->trouble, sizeof ret->trouble);
    if (writes)
        g_strlcpy(ret->trouble, ret->flow.trouble, sizeof ret->trouble);
    if (!ret->trouble[0] && ret->held_since)
        g_strlcpy(ret->trouble, "restored and on hold: nothing leaves until `postlude release`",
                  sizeof ret->trouble);
    ret->fine =
        writes && ret->flow.flow_age_ms < LOOP_MOST_MS && ret->flow.outbox_age_ms < LOOP_MOST_MS;
    return true;
}

/* How long the disk lasts. */
static void
disk_put(JsonWriter *out, const KeepForecast *disk)
{
    json_put_object(out);
    json_put_key(out, "store_bytes");
    json_put_int(out, disk->store_bytes);
    json_put_key(out, "free_bytes");
    json_put_int(out, disk->free_bytes);
    json_put_key(out, "bytes_a_day");
    json_put_int(out, disk->bytes_a_day);
    json_put_key(out, "days_left");
    if (disk->days_left < 0)
        json_put_null(out);
    else
        json_put_int(out, disk->days_left);
    json_put_end(out);
}

static void
asked_put(JsonWriter *out, const char *key, const Asked *asked)
{
    json_put_key(out, key);
    json_put_object(out);
    json_put_key(out, "count");
    json_put_int(out, asked->count);
    json_put_key(out, "failing");
    json_put_int(out, asked->failing);
    json_put_key(out, "last_read_s");
    if (asked->polled_at)
        json_put_int(out, MAX(clock_now() - asked->polled_at, 0) / 1000);
    else
        json_put_null(out);
    json_put_end(out);
}

static bool
health_page(RouteCtx *ctx, GError **error)
{
    Health health = {0};
    if (!health_read(ctx, &health, error))
        return false;
    const App *app = route_app(ctx);
    Buf buf = {.arena = ctx->arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    json_put_key(&out, "status");
    json_put_str(&out, health.fine ? "fine" : "stuck");
    json_put_key(&out, "version");
    json_put_str(&out, POSTLUDE_VERSION);
    json_put_key(&out, "uptime_s");
    json_put_int(&out, (clock_monotonic() - app->started_at) / 1000);
    json_put_key(&out, "loops_ms");
    json_put_object(&out);
    json_put_key(&out, "flow");
    json_put_int(&out, health.flow.flow_age_ms);
    json_put_key(&out, "outbox");
    json_put_int(&out, health.flow.outbox_age_ms);
    json_put_end(&out);
    json_put_key(&out, "waiting");
    json_put_object(&out);
    for (int i = 0; i < COUNTS; i++) {
        json_put_key(&out, counts[i].name);
        json_put_int(&out, health.waiting[i]);
    }
    json_put_end(&out);
    asked_put(&out, "mailboxes", &health.mailboxes);
    asked_put(&out, "polls", &health.polls);
    json_put_key(&out, "disk");
    disk_put(&out, &health.disk);
    json_put_key(&out, "trouble");
    json_put_str(&out, health.trouble[0] ? health.trouble : NULL);
    json_put_end(&out);
    json_put_done(&out);
    http_answer(ctx->request, health.fine ? 200 : 503, "application/json", buf_str(&buf));
    return true;
}

static bool
health_metrics(RouteCtx *ctx, GError **error)
{
    Health health = {0};
    if (!health_read(ctx, &health, error))
        return false;
    const App *app = route_app(ctx);
    int64_t now = clock_now();
    Buf buf = {.arena = ctx->arena};
    buf_add_cstr(&buf, "# HELP postlude_waiting Rows that wait, by stage.\n"
                       "# TYPE postlude_waiting gauge\n");
    for (int i = 0; i < COUNTS; i++)
        buf_format(&buf, "postlude_waiting{stage=\"%s\"} %" G_GINT64_FORMAT "\n", counts[i].name,
                   health.waiting[i]);
    buf_add_cstr(&buf, "# HELP postlude_oldest_seconds Age of the oldest waiting row, by stage.\n"
                       "# TYPE postlude_oldest_seconds gauge\n");
    for (int i = 0; i < COUNTS; i++)
        buf_format(&buf, "postlude_oldest_seconds{stage=\"%s\"} %" G_GINT64_FORMAT "\n",
                   counts[i].name,
                   health.oldest_at[i] ? MAX(now - health.oldest_at[i], 0) / 1000 : 0);
    buf_format(&buf,
               "# HELP postlude_loop_age_seconds Since a loop last went round.\n"
               "# TYPE postlude_loop_age_seconds gauge\n"
               "postlude_loop_age_seconds{loop=\"flow\"} %.3f\n"
               "postlude_loop_age_seconds{loop=\"outbox\"} %.3f\n"
               "# HELP postlude_commits_total COMMITs since the start.\n"
               "# TYPE postlude_commits_total counter\n"
               "postlude_commits_total %" G_GINT64_FORMAT "\n"
               "# HELP postlude_in_flight Messages handed to servers.\n"
               "# TYPE postlude_in_flight gauge\n"
               "postlude_in_flight %" G_GINT64_FORMAT "\n"
               "# HELP postlude_polls_failing What shop systems are asked for in vain.\n"
               "# TYPE postlude_polls_failing gauge\n"
               "postlude_polls_failing %" G_GINT64_FORMAT "\n",
               (double)health.flow.flow_age_ms / 1000, (double)health.flow.outbox_age_ms / 1000,
               store_commits(app->store), health.flow.claimed, health.polls.failing);
    http_answer(ctx->request, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&buf));
    return true;
}

static const Route routes[] = {
    {GET, "/health", ANYONE, health_page, NULL},
    {GET, "/metrics", ANYONE, health_metrics, NULL},
    {0},
};

const Feature feature_health = {
    .title = "Health",
    .about = "Whether everything flows, for people and for Prometheus.",
    .routes = routes,
};
