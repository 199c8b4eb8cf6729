/* api_list.c - rows as JSON, a page at a time. */
#include "feature/api/api_inside.h"

#include "base/json_write.h"
#include "base/money.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/url.h"

#include <inttypes.h>
#include <string.h>

enum { FILTER_CHARS = 254, BINDS_MOST = API_FILTERS + 4 };

/* ---- a row --------------------------------------------------------------------------------------------------- */

typedef struct Writing {
    RouteCtx *ctx;
    Db *db;
    JsonWriter *out;
    int64_t id; /* of the noun */
} Writing;

static void
money_put(JsonWriter *out, Arena *arena, Rows *rows, int at, int currency_at)
{
    Money money = {.minor = rows_int(rows, at)};
    Str currency = rows_text(rows, currency_at);
    memcpy(money.currency, currency.at, MIN(currency.len, 3));
    json_put_object(out);
    json_put_key(out, "amount");
    json_put_str(out, money_format(arena, money));
    json_put_key(out, "currency");
    json_put_text(out, currency);
    json_put_end(out);
}

static void
json_put_stored(JsonWriter *out, Arena *arena, Str text, bool list)
{
    const Json *value = text.len ? json_parse(arena, text.at, text.len, NULL) : NULL;
    if (value || !list) {
        json_put_value(out, value);
        return;
    }
    json_put_array(out);
    json_put_end(out);
}

static void
when_put(JsonWriter *out, int64_t at)
{
    char text[WHEN_BYTES];
    when_iso(at, text);
    json_put_str(out, text);
}

static void
value_put(Writing *writing, const ApiColumn *column, Rows *rows, int at)
{
    char id[ID_TEXT_BYTES];
    JsonWriter *out = writing->out;
    Arena *arena = writing->ctx->arena;
    bool number = column->kind == API_ID || column->kind == API_WHEN;
    if (column->none && (rows_is_null(rows, at) || (number && !rows_int(rows, at)))) {
        json_put_null(out);
        return;
    }
    switch (column->kind) {
    case API_ID:
        json_put_str(out, id_format(rows_int(rows, at), id));
        return;
    case API_COUNT:
        json_put_int(out, rows_int(rows, at));
        return;
    case API_WHEN:
        when_put(out, rows_int(rows, at));
        return;
    case API_MONEY:
        money_put(out, arena, rows, at, column->with);
        return;
    case API_YES:
        json_put_bool(out, rows_int(rows, at) != 0);
        return;
    case API_DAY:
        json_put_str(out, arena_format(arena, "%02d-%02d", (int)(rows_int(rows, at) / 100 % 100),
                                       (int)(rows_int(rows, at) % 100)));
        return;
    case API_POSTAL:
    case API_POSTALS:
    case API_OBJECT:
        json_put_stored(out, arena, rows_text(rows, at), column->kind == API_POSTALS);
        return;
    default:
        json_put_text(out, rows_text(rows, at).at ? rows_text(rows, at) : STR(""));
    }
}

static bool row_put(Writing *writing, const ApiColumn *columns, Rows *rows, GError **error);

static bool
part_put(Writing *writing, const ApiPart *part, GError **error)
{
    const ApiGuest *guest = api_guest(writing->ctx);
    g_autoptr(Rows) rows =
        db_rows(writing->db, part->query,
                BINDS(bind_int("shop", guest->key.shop), bind_int("id", writing->id),
                      bind_int("limit", API_PART_MOST)),
                error);
    if (!rows)
        return false;
    json_put_array(writing->out);
    while (rows_next(rows))
        if (!row_put(writing, part->columns, rows, error))
            return false;
    json_put_end(writing->out);
    return rows_ok(rows, error);
}

static bool
row_put(Writing *writing, const ApiColumn *columns, Rows *rows, GError **error)
{
    json_put_object(writing->out);
    for (int i = 0; columns[i].name; i++) {
        if (!*columns[i].name)
            continue;
        json_put_key(writing->out, columns[i].name);
        if (!columns[i].part)
            value_put(writing, &columns[i], rows, i);
        else if (!part_put(writing, columns[i].part, error))
            return false;
    }
    json_put_end(writing->out);
    return true;
}

/* ---- what was asked ------------------------------------------------------------------------------------------------ */

typedef struct Asked {
    int64_t after;
    int64_t limit;
    struct {
        Str text;
        int64_t number;
    } filter[API_FILTERS];
} Asked;

static bool
filter_read(RouteCtx *ctx, int n, Str value, Asked *ret, GError **error)
{
    const ApiFilterRow *row = api_filter_row(n);
    if (row->kind == API_WHEN)
        return when_parse(value, api_guest(ctx)->shop->zone, &ret->filter[n].number, error);
    if (text_count(value) > FILTER_CHARS)
        return fail(error, ERR_INPUT, "at most %d characters", FILTER_CHARS);
    /* What is no id of ours is that of nothing. */
    if (row->kind == API_ID && (!id_parse(value, &ret->filter[n].number) || !value.len))
        ret->filter[n].number = -1;
    else if (row->kind == API_TEXT)
        ret->filter[n].text = value;
    return true;
}

/* The number of the last row: below 9 * 10^18, as API_CURSOR describes it. */
static bool
cursor_read(Str value, int64_t *ret, GError **error)
{
    enum { DIGITS_MOST = 19 };
    bool fits =
        value.len && value.len <= DIGITS_MOST && (value.len < DIGITS_MOST || value.at[0] < '9');
    int64_t number = 0;
    for (size_t i = 0; fits && i < value.len; i++) {
        fits = g_ascii_isdigit(value.at[i]);
        number = number * 10 + (value.at[i] - '0');
    }
    if (!fits)
        return fail(error, ERR_INPUT, "this is no cursor: take `next` as it came");
    *ret = number;
    return true;
}

static bool
limit_read(Str value, int64_t *ret, GError **error)
{
    int64_t limit = 0;
    for (size_t i = 0; i < value.len && limit <= API_PAGE_MOST; i++)
        limit = g_ascii_isdigit(value.at[i]) ? limit * 10 + (value.at[i] - '0') : INT32_MAX;
    if (limit < 1 || limit > API_PAGE_MOST)
        return fail(error, ERR_INPUT, "here stands a number from 1 to %d", API_PAGE_MOST);
    *ret = limit;
    return true;
}

static bool
asked_one(RouteCtx *ctx, const ApiNoun *noun, Str name, Str value, Asked *ret, GError **error)
{
    if (str_is(name, "limit"))
        return limit_read(value, &ret->limit, error);
    if (str_is(name, "cursor"))
        return cursor_read(value, &ret->after, error);
    for (int n = 0; n < API_FILTERS; n++)
        if (noun->filters & 1 << n && str_is(name, api_filter_row(n)->name))
            return filter_read(ctx, n, value, ret, error);
    return fail(error, ERR_INPUT, "%s cannot be asked for by that", noun->name);
}

/* What is not known is wrong: a slip would list everything. */
static bool
asked_read(RouteCtx *ctx, const ApiNoun *noun, Asked *ret, GError **error)
{
    Str rest = ctx->request->query, name, value;
    g_autoptr(GError) problem = NULL;
    *ret = (Asked){.limit = API_PAGE_ROWS};
    while (url_pair(ctx->arena, &rest, &name, &value, &problem))
        if (!asked_one(ctx, noun, name, value, ret, error))
            return fail_at(error, STR_FMT, STR_ARG(text_line(ctx->arena, name, 40)));
    return !problem || fail(error, ERR_INPUT, "the query cannot be read: %s", problem->message);
}

static Rows *
asked_rows(Db *db, const RouteCtx *ctx, const ApiNoun *noun, const Asked *asked, GError **error)
{
    Bind binds[BINDS_MOST] = {bind_int("shop", api_guest(ctx)->key.shop),
                              bind_int("after", asked->after)};
    size_t count = 2;
    for (int n = 0; n < API_FILTERS; n++) {
        const ApiFilterRow *row = api_filter_row(n);
        if (!(noun->filters & 1 << n))
            continue;
        binds[count++] = row->kind == API_TEXT ? bind_text(row->name, asked->filter[n].text)
                                               : bind_int(row->name, asked->filter[n].number);
    }
    binds[count++] = bind_int("limit", asked->limit + 1);
    return db_rows(db, noun->list, binds, error);
}

/* ---- the answers ------------------------------------------------------------------------------------------------------ */

/* The same address behind the last row. */
static const char *
next_url(const RouteCtx *ctx, const ApiNoun *noun, const Asked *asked, int64_t last)
{
    Buf url = {.arena = ctx->arena};
    Str rest = ctx->request->query, name, value;
    buf_format(&url, "/api/v1/%s?limit=%" PRId64, noun->name, asked->limit);
    while (url_pair(ctx->arena, &rest, &name, &value, NULL)) {
        if (str_is(name, "limit") || str_is(name, "cursor"))
            continue;
        buf_format(&url, "&" STR_FMT "=", STR_ARG(name));
        url_encode(&url, value);
    }
    buf_format(&url, "&cursor=%" PRId64, last);
    return buf_cstr(&url);
}

static void
page_end(RouteCtx *ctx, JsonWriter *out, const char *next)
{
    json_put_end(out);
    json_put_key(out, "next");
    json_put_str(out, next);
    json_put_end(out);
    json_put_done(out);
    if (next)
        http_header_add(ctx->request, "Link", arena_format(ctx->arena, "<%s>; rel=\"next\"", next));
    ctx->json = buf_str(out->buf);
}

bool
api_list(RouteCtx *ctx, GError **error)
{
    const ApiNoun *noun = api_noun_of(ctx->route);
    Asked asked;
    Buf buf = {.arena = ctx->arena};
    JsonWriter out = {.buf = &buf};
    Db *db = route_db(ctx, error);
    if (!db || !asked_read(ctx, noun, &asked, error))
        return false;
    g_autoptr(Rows) rows = asked_rows(db, ctx, noun, &asked, error);
    if (!rows)
        return false;
    Writing writing = {.ctx = ctx, .db = db, .out = &out};
    int64_t count = 0;
    bool more = false;
    json_put_object(&out);
    json_put_key(&out, noun->name);
    json_put_array(&out);
    while (!more && rows_next(rows)) {
        /* An order of many lines may fill a page alone. */
        more = count == asked.limit || arena_over(ctx->arena);
        if (more)
            break;
        count++;
        writing.id = rows_int(rows, 0);
        if (!row_put(&writing, noun->columns, rows, error))
            return false;
    }
    if (!more && !rows_ok(rows, error))
        return false;
    page_end(ctx, &out, more ? next_url(ctx, noun, &asked, writing.id) : NULL);
    return true;
}

bool
api_one(RouteCtx *ctx, GError **error)
{
    const ApiNoun *noun = api_noun_of(ctx->route);
    Str name = route_param(ctx, "id");
    Asked asked = {.limit = 0};
    int64_t id;
    Buf buf = {.arena = ctx->arena};
    JsonWriter out = {.buf = &buf};
    Db *db = route_db(ctx, error);
    if (!db)
        return false;
    if (!id_parse(name, &id) || id <= 0 || id_kind(id) != noun->kind)
        return fail(error, ERR_NOT_FOUND, "this is no id of %s", noun->name);
    asked.after = id - 1;
    g_autoptr(Rows) rows = asked_rows(db, ctx, noun, &asked, error);
    if (!rows)
        return false;
    if (!rows_next(rows) || rows_int(rows, 0) != id)
        return rows_ok(rows, error) &&
               fail(error, ERR_NOT_FOUND, "the shop has nothing of this id in %s", noun->name);
    Writing writing = {.ctx = ctx, .db = db, .out = &out, .id = id};
    if (!row_put(&writing, noun->columns, rows, error))
        return false;
    json_put_done(&out);
    ctx->json = buf_str(&buf);
    return true;
}
