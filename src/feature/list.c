/* list.c - see list.h. */
#include "feature/list.h"

#include "base/text.h"
#include "engine/id.h"
#include "engine/url.h"

#include <string.h>

void
page_put(RouteCtx *ctx, const char *name, LiquidValue value)
{
    liquid_map_set(ctx->arena, ctx->page, str_of(name), value);
}

static LiquidValue
column_text(Arena *arena, const Column *column, Str text)
{
    Str copy = arena_copy(arena, text);
    return column->words ? column->words(arena, copy) : liquid_str(copy);
}

static LiquidValue
column_money(Arena *arena, Rows *rows, int at)
{
    Str currency = rows_text(rows, at + 1);
    if (currency.len != 3)
        return liquid_int(rows_int(rows, at));
    return liquid_money(rows_int(rows, at), arena_cstr(arena, currency));
}

static LiquidValue
column_value(Arena *arena, const Column *column, Rows *rows, int at)
{
    char id[ID_TEXT_BYTES];
    int64_t number = column->kind == COLUMN_TEXT ? 0 : rows_int(rows, at);
    switch (column->kind) {
    case COLUMN_TEXT:
        return column_text(arena, column, rows_text(rows, at));
    case COLUMN_DATE:
        return number ? liquid_date(number) : LIQUID_OF_NIL;
    case COLUMN_ID:
        return number ? liquid_str(arena_copy(arena, str_of(id_format(number, id))))
                      : LIQUID_OF_NIL;
    case COLUMN_MONEY:
        return column_money(arena, rows, at);
    case COLUMN_BOOL:
        return liquid_bool(number != 0);
    default:
        return liquid_int(number);
    }
}

static LiquidValue
row_map(Arena *arena, const Column *columns, Rows *rows)
{
    LiquidValue map = liquid_map(arena);
    for (int i = 0; columns[i].name; i++)
        if (columns[i].kind != COLUMN_SKIP)
            liquid_map_set(arena, map, str_of(columns[i].name),
                           column_value(arena, &columns[i], rows, i));
    return map;
}

bool
page_list(RouteCtx *ctx, const char *name, const ListAsk *ask, GError **error)
{
    Db *db = route_db(ctx, error);
    LiquidValue *list = arena_new_of(ctx->arena, LiquidValue, ask->most + 1);
    size_t count = 0;
    bool more = false;
    if (!db)
        return false;
    g_autoptr(Rows) rows = db_rows(db, ask->query, ask->binds, error);
    while (rows && !more && rows_next(rows)) {
        more = count == ask->most;
        if (more)
            break;
        if (ask->last_ids)
            *ask->last_ids = rows_int(rows, 0);
        list[count++] = row_map(ctx->arena, ask->columns, rows);
    }
    if (!rows || (!more && !rows_ok(rows, error)))
        return false;
    if (ask->more)
        *ask->more = more;
    page_put(ctx, name, liquid_array(ctx->arena, list, count));
    return true;
}

bool
page_row(RouteCtx *ctx, const char *name, Query query, const Bind *binds, const Column *columns,
         GError **error)
{
    Db *db = route_db(ctx, error);
    if (!db)
        return false;
    g_autoptr(Rows) rows = db_rows(db, query, binds, error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        page_put(ctx, name, row_map(ctx->arena, columns, rows));
        return true;
    }
    return rows_ok(rows, error) && fail(error, ERR_NOT_FOUND, "there is nothing at this address");
}

Str
page_filter(RouteCtx *ctx, const char *name)
{
    Str value;
    if (!url_query(ctx->arena, ctx->request->query, name, &value))
        value = STR("");
    value = text_line(ctx->arena, value, LIST_FIND_BYTES);
    page_put(ctx, arena_format(ctx->arena, "filter_%s", name), liquid_str(value));
    return value;
}

bool
page_id(RouteCtx *ctx, const char *name, int kind, int64_t *ret, GError **error)
{
    return (id_parse(route_param(ctx, name), ret) && id_kind(*ret) == (IdKind)kind) ||
           fail(error, ERR_NOT_FOUND, "there is nothing at this address");
}

void
page_next(RouteCtx *ctx, const char *cursor)
{
    Buf url = {.arena = ctx->arena};
    Str rest = ctx->request->query, name, value;
    g_autoptr(GError) ignored = NULL;
    buf_add_char(&url, '?');
    while (url_pair(ctx->arena, &rest, &name, &value, &ignored)) {
        if (!value.len || str_is(name, "before"))
            continue;
        url_encode(&url, name);
        buf_add_char(&url, '=');
        url_encode(&url, value);
        buf_add_char(&url, '&');
    }
    buf_format(&url, "before=%s", cursor);
    page_put(ctx, "next", liquid_str(buf_str(&url)));
}

void
list_range(Arena *arena, Str find, Str *ret_from, Str *ret_to)
{
    static const char last[] = "\xf4\x8f\xbf\xbf"; /* U+10FFFF stands behind every text */
    *ret_from = text_lower(arena, find);
    *ret_to = str_of(arena_format(arena, STR_FMT "%s", STR_ARG(*ret_from), last));
}

Str
list_pattern(Arena *arena, Str find)
{
    if (!find.len)
        return STR("");
    Buf pattern = {.arena = arena};
    Str small = text_lower(arena, find);
    for (size_t i = 0; i < small.len; i++) {
        if (strchr("%_\\", small.at[i]))
            buf_add_char(&pattern, '\\');
        buf_add_char(&pattern, small.at[i]);
    }
    buf_add_char(&pattern, '%');
    return buf_str(&pattern);
}
