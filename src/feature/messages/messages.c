/* messages.c - every message of a shop: why it was written, each attempt, the server's own words, the mail as sent; and
 * trying again those that did not arrive.
 *
 * What is confirmed is what happens: the page counts, and the form carries the filter and the newest of those that were
 * counted, so that none which failed since is swept along.
 */
#include "feature/account/account.h"
#include "feature/list.h"
#include "feature/words.h"

#include "base/when.h"
#include "engine/clock.h"
#include "engine/form.h"
#include "engine/id.h"
#include "engine/log.h"
#include "engine/mime.h"
#include "flow/message.h"
#include "flow/reason.h"

#include <string.h>

enum { SHOWN_MOST = 200, RETRY_GROUP = 200 };
#define RETRY_SPAN_MS (3 * (int64_t)DAY_MS)

/* ---- the filter --------------------------------------------------------------------------------------------------- */

/* What is looked for, from the address of a list or the fields of a form. */
typedef struct Sieve {
    int64_t shop;
    int64_t since;  /* an id */
    int64_t before; /* an id: below it */
    Str state;
    Str reason;
    Str template;
    Str address;  /* a pattern */
    Str from, to; /* the same as a range */
    bool finds;
} Sieve;

static const FormField sieve_fields[] = {
    {"state", FORM_LINE, "State"},
    {"reason", FORM_LINE, "Reason"},
    {"template", FORM_LINE, "Mail"},
    {"q", FORM_LINE, "Address"},
    {"from", FORM_LINE, "From"},
    {"to", FORM_LINE, "To"},
    {"newest", FORM_LINE, "Newest"},
    {"count", FORM_LINE, "Count"},
    {0},
};

/* A day of the shop's calendar; otherwise, what was given instead. */
static int64_t
sieve_day(const ShopEntry *shop, Str day, bool end, int64_t otherwise)
{
    int64_t at;
    if (!day.len || !when_parse(day, shop->zone, &at, NULL))
        return otherwise;
    return id_least(end ? at + DAY_MS : at);
}

static Sieve
sieve_make(RouteCtx *ctx, Str (*value)(void *from, const char *name), void *from)
{
    const ShopEntry *shop = route_staff(ctx)->shop;
    Sieve sieve = {
        .shop = shop->shop.id,
        .since = sieve_day(shop, value(from, "from"), false, 0),
        .before = sieve_day(shop, value(from, "to"), true, INT64_MAX),
        .state = value(from, "state"),
        .reason = value(from, "reason"),
        .template = value(from, "template"),
        .address = list_pattern(ctx->arena, value(from, "q")),
        .finds = value(from, "q").len > 0,
    };
    list_range(ctx->arena, value(from, "q"), &sieve.from, &sieve.to);
    return sieve;
}

static Str
filter_value(void *ctx, const char *name)
{
    return page_filter(ctx, name);
}

static Str
field_value(void *form, const char *name)
{
    return form_value(form, name);
}

static bool
sieve_is_trouble(const Sieve *sieve)
{
    return str_is(sieve->state, "failed") || str_is(sieve->state, "unknown") ||
           str_is(sieve->state, "trouble");
}

/* In the order in which the statements name them. */
#define SIEVE_PLAIN(sieve)                                                       \
    bind_int("shop", (sieve)->shop), bind_int("since", (sieve)->since),          \
        bind_int("before", (sieve)->before), bind_text("state", (sieve)->state), \
        bind_text("reason", (sieve)->reason), bind_text("template", (sieve)->template)
#define SIEVE_BINDS(sieve) SIEVE_PLAIN(sieve), bind_text("address", (sieve)->address)

/* ---- the list ----------------------------------------------------------------------------------------------------- */

static const Column list_columns[] = {
    {"id", COLUMN_ID},        {"at", COLUMN_DATE},      {"template", COLUMN_TEXT, words_template},
    {"subject", COLUMN_TEXT}, {"address", COLUMN_TEXT}, {"state", COLUMN_TEXT},
    {"reason", COLUMN_TEXT},  {"words", COLUMN_TEXT},   {0},
};

/* The reasons that a message can have, for choosing one. */
static LiquidValue
reason_choices(Arena *arena)
{
    LiquidValue *list = arena_new_of(arena, LiquidValue, REASON_COUNT);
    size_t count = 0;
    for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        LiquidValue map = liquid_map(arena);
        liquid_map_set(arena, map, STR("name"), liquid_str(str_of(reason_slug((Reason)i))));
        liquid_map_set(arena, map, STR("words"), liquid_str(str_of(reason_words((Reason)i))));
        list[count++] = map;
    }
    return liquid_array(arena, list, count);
}

static bool
messages_list(RouteCtx *ctx, GError **error)
{
    Sieve sieve = sieve_make(ctx, filter_value, ctx);
    int64_t last = 0, cursor_id;
    bool more = false, filtered = ctx->request->query.len > 0;
    char cursor[ID_TEXT_BYTES];
    Str before;
    if (http_query(ctx->request, "before", &before) && id_parse(before, &cursor_id))
        sieve.before = MIN(sieve.before, cursor_id);
    bool trouble = sieve_is_trouble(&sieve);
    Bind limit = bind_int("limit", LIST_ROWS + 1);
    ListAsk ask = {
        .query = trouble       ? Q_messages_trouble
                 : sieve.finds ? Q_messages_found
                               : Q_messages_list,
        .binds = trouble       ? BINDS(SIEVE_BINDS(&sieve), limit)
                 : sieve.finds ? BINDS(SIEVE_PLAIN(&sieve), bind_text("from", sieve.from),
                                       bind_text("to", sieve.to), limit)
                               : BINDS(SIEVE_PLAIN(&sieve), limit),
        .columns = list_columns,
        .most = LIST_ROWS,
        .more = &more,
        .last_ids = &last,
    };
    if (!page_list(ctx, "messages", &ask, error))
        return false;
    if (more)
        page_next(ctx, id_format(last, cursor));
    page_put(ctx, "title", liquid_str(STR("Messages")));
    page_put(ctx, "filtered", liquid_bool(filtered));
    page_put(ctx, "can_retry", liquid_bool(sieve_is_trouble(&sieve)));
    page_put(ctx, "query", liquid_str(ctx->request->query));
    page_put(ctx, "templates", words_templates(ctx->arena));
    page_put(ctx, "reasons", reason_choices(ctx->arena));
    page_filter(ctx, "retried");
    page_put(ctx, "shows_catcher", liquid_bool(route_app(ctx)->shows_catcher));
    return true;
}

/* ---- one message --------------------------------------------------------------------------------------------------- */

static const Column one_columns[] = {
    {"id", COLUMN_ID},
    {"at", COLUMN_DATE},
    {"template", COLUMN_TEXT},
    {"title", COLUMN_TEXT, words_template},
    {"subject", COLUMN_TEXT},
    {"address", COLUMN_TEXT},
    {"class", COLUMN_TEXT},
    {"state", COLUMN_TEXT},
    {"reason", COLUMN_TEXT},
    {"reason_words", COLUMN_TEXT, words_reason},
    {"words", COLUMN_TEXT},
    {"next_at", COLUMN_DATE},
    {"not_after", COLUMN_DATE},
    {"attempts", COLUMN_INT},
    {"body_bytes", COLUMN_INT},
    {"order_id", COLUMN_ID},
    {"order_name", COLUMN_TEXT},
    {"customer_id", COLUMN_ID},
    {"customer_name", COLUMN_TEXT},
    {0},
};

static const Column attempt_columns[] = {
    {"id", COLUMN_ID},
    {"at", COLUMN_DATE},
    {"attempt", COLUMN_INT},
    {"sender", COLUMN_TEXT},
    {"state", COLUMN_TEXT},
    {"code", COLUMN_INT},
    {"enhanced", COLUMN_TEXT},
    {"words", COLUMN_TEXT},
    {"finished_at", COLUMN_DATE},
    {0},
};

static const Column receipt_columns[] = {
    {"at", COLUMN_DATE}, {"kind", COLUMN_TEXT}, {"words", COLUMN_TEXT}, {0}};

static const Column why_columns[] = {
    {"told_at", COLUMN_DATE},
    {"connector", COLUMN_TEXT},
    {"topic", COLUMN_TEXT},
    {"event_at", COLUMN_DATE},
    {"event", COLUMN_TEXT, words_event},
    {"happened_at", COLUMN_DATE},
    {"journey", COLUMN_TEXT, words_template},
    {"started_at", COLUMN_DATE},
    {"step_at", COLUMN_DATE},
    {"step", COLUMN_TEXT},
    {0},
};

/* The parts of the mail as it was, or would have been, sent. */
static bool
message_parts(RouteCtx *ctx, int64_t id, MessageKept *kept, MailParts *ret, GError **error)
{
    Db *db = route_db(ctx, error);
    return db && message_load(db, ctx->arena, route_staff(ctx)->shop->shop.id, id, kept, error) &&
           (!kept->body.len || mail_parts(ctx->arena, kept->body, ret, error));
}

static bool
messages_show(RouteCtx *ctx, GError **error)
{
    static const struct {
        const char *name;
        Query query;
        const Column *columns;
    } lists[] = {
        {"attempts", Q_messages_attempts, attempt_columns},
        {"receipts", Q_messages_receipts, receipt_columns},
        {"why", Q_messages_why, why_columns},
    };
    MessageKept kept = {0};
    MailParts parts = {0};
    int64_t id;
    Bind shop = bind_int("shop", route_staff(ctx)->shop->shop.id);
    if (!page_id(ctx, "id", KIND_MESSAGE, &id, error) ||
        !page_row(ctx, "message", Q_messages_one, BINDS(shop, bind_int("id", id)), one_columns,
                  error) ||
        !message_parts(ctx, id, &kept, &parts, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        ListAsk ask = {lists[i].query,
                       BINDS(shop, bind_int("id", id), bind_int("limit", SHOWN_MOST)),
                       lists[i].columns,
                       SHOWN_MOST,
                       NULL,
                       NULL};
        if (!page_list(ctx, lists[i].name, &ask, error))
            return false;
    }
    page_put(ctx, "title", liquid_str(kept.subject.len ? kept.subject : STR("A mail")));
    page_put(ctx, "has_html", liquid_bool(parts.html.len > 0));
    page_put(ctx, "has_words", liquid_bool(kept.body.len > 0));
    page_put(ctx, "text", liquid_str(parts.text));
    page_put(ctx, "header", liquid_str(parts.header));
    return true;
}

/* The HTML part alone, for the frame on the page: it may run nothing, send nothing, and load nothing from elsewhere. */
static bool
messages_html(RouteCtx *ctx, GError **error)
{
    MessageKept kept = {0};
    MailParts parts = {0};
    int64_t id;
    if (!page_id(ctx, "id", KIND_MESSAGE, &id, error) ||
        !message_parts(ctx, id, &kept, &parts, error))
        return false;
    if (!parts.html.len)
        return fail(error, ERR_NOT_FOUND,
                    "this mail has no HTML, or its words are not kept any more");
    http_header_add(ctx->request, "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'; sandbox "
                    "allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'");
    http_answer(ctx->request, 200, "text/html; charset=utf-8", parts.html);
    return true;
}

static bool
messages_raw(RouteCtx *ctx, GError **error)
{
    MessageKept kept = {0};
    MailParts parts = {0};
    int64_t id;
    if (!page_id(ctx, "id", KIND_MESSAGE, &id, error) ||
        !message_parts(ctx, id, &kept, &parts, error))
        return false;
    if (!kept.body.len)
        return fail(error, ERR_NOT_FOUND,
                    "the words of this mail are not kept, or not written yet");
    http_answer(ctx->request, 200, "text/plain; charset=utf-8", kept.body);
    return true;
}

/* ---- trying again --------------------------------------------------------------------------------------------------- */

typedef struct RetryCount {
    int64_t count;
    int64_t newest;
    int64_t unknown;
    int64_t marketing;
} RetryCount;

static bool
retry_count(RouteCtx *ctx, const Sieve *sieve, RetryCount *ret, GError **error)
{
    Db *db = route_db(ctx, error);
    if (!db)
        return false;
    g_autoptr(Rows) rows = db_rows(db, Q_messages_retry_count, BINDS(SIEVE_BINDS(sieve)), error);
    if (!rows)
        return false;
    if (rows_next(rows))
        *ret = (RetryCount){rows_int(rows, 0), rows_int(rows, 1), rows_int(rows, 2),
                            rows_int(rows, 3)};
    return rows_ok(rows, error);
}

static void
retry_show(RouteCtx *ctx, const RetryCount *count)
{
    char newest[ID_TEXT_BYTES];
    page_put(ctx, "title", liquid_str(STR("Try again")));
    page_put(ctx, "count", liquid_int(count->count));
    page_put(ctx, "unknown", liquid_int(count->unknown));
    page_put(ctx, "marketing", liquid_int(count->marketing));
    page_put(ctx, "newest",
             liquid_str(arena_copy(ctx->arena, str_of(id_format(count->newest, newest)))));
    page_put(ctx, "query", liquid_str(ctx->request->query));
}

static bool
messages_retry_page(RouteCtx *ctx, GError **error)
{
    Sieve sieve = sieve_make(ctx, filter_value, ctx);
    RetryCount count = {0};
    if (!sieve_is_trouble(&sieve))
        return fail(error, ERR_INPUT, "only mails that did not arrive can be tried again");
    if (!retry_count(ctx, &sieve, &count, error))
        return false;
    retry_show(ctx, &count);
    return true;
}

typedef struct RetryJob {
    Sieve sieve;
    int64_t changed;
} RetryJob;

static bool
retry_job(Db *db, void *arg, GError **error)
{
    RetryJob *job = arg;
    return db_run(db, Q_messages_retry,
                  BINDS(bind_int("until", clock_now() + RETRY_SPAN_MS), SIEVE_BINDS(&job->sieve),
                        bind_int("limit", RETRY_GROUP)),
                  &job->changed, error);
}

/* Group by group, so that the writer's others get their turn. */
static bool
retry_all(RouteCtx *ctx, const Sieve *sieve, int64_t *ret_count, GError **error)
{
    RetryJob job = {.sieve = *sieve};
    *ret_count = 0;
    do {
        if (!store_write(ctx->store, STORE_BULK, retry_job, &job, error))
            return false;
        *ret_count += job.changed;
    } while (job.changed == RETRY_GROUP);
    return true;
}

static bool
messages_retry(RouteCtx *ctx, GError **error)
{
    Form form;
    int64_t newest, done = 0, promised;
    RetryCount count = {0};
    if (!form_read(ctx->request, sieve_fields, &form, error))
        return false;
    Sieve sieve = sieve_make(ctx, field_value, &form);
    if (!sieve_is_trouble(&sieve) || !id_parse(form_value(&form, "newest"), &newest))
        return fail(error, ERR_INPUT, "nobody said which mails to try again");
    sieve.before = MIN(sieve.before, newest + 1);
    promised = g_ascii_strtoll(arena_cstr(ctx->arena, form_value(&form, "count")), NULL, 10);
    if (!retry_count(ctx, &sieve, &count, error))
        return false;
    if (count.count > promised)
        return fail(error, ERR_CONFLICT,
                    "there are more of them now than the %" G_GINT64_FORMAT
                    " that you saw; look again",
                    promised);
    if (!retry_all(ctx, &sieve, &done, error))
        return false;
    flow_wake(route_app(ctx)->flow);
    log_info("messages.retried",
             "by=%" G_GINT64_FORMAT " shop=%" G_GINT64_FORMAT " count=%" G_GINT64_FORMAT,
             route_staff(ctx)->user, sieve.shop, done);
    route_redirect(ctx, arena_format(ctx->arena, "%s?retried=%" G_GINT64_FORMAT,
                                     route_shop_path(ctx, "/messages"), done));
    return true;
}

static const Route routes[] = {
    {GET, "/s/:shop/messages", STAFF, messages_list, "dashboard/messages/list.liquid", DESK_READ},
    {GET, "/s/:shop/messages/retry", STAFF, messages_retry_page, "dashboard/messages/retry.liquid",
     DESK_READ},
    {POST, "/s/:shop/messages/retry", STAFF, messages_retry, NULL, DESK_WRITE},
    {GET, "/s/:shop/messages/:id", STAFF, messages_show, "dashboard/messages/show.liquid"},
    {GET, "/s/:shop/messages/:id/html", STAFF, messages_html, NULL},
    {GET, "/s/:shop/messages/:id/raw", STAFF, messages_raw, NULL},
    {0},
};

const Feature feature_messages = {
    .title = "Messages",
    .about = "Every message with each attempt and the server's own words.",
    .routes = routes,
};
