/* list.h - rows of the store as a page's values: which column becomes which name, in one table.
 *
 *     static const Column columns[] = {{"id", COLUMN_ID}, {"at", COLUMN_DATE}, {"email", COLUMN_TEXT}, {0}};
 *     page_list(ctx, "orders", &(ListAsk){Q_orders_list, binds, columns, 50, &more}, error)
 *
 * and the template loops over `orders`. Everything is copied into the request's arena: a page outlives its rows.
 */
#pragma once

#include "engine/route.h"
#include "engine/store.h"

enum { LIST_ROWS = 50 /* of one page */, LIST_FIND_BYTES = 100 };

typedef enum ColumnKind {
    COLUMN_TEXT,
    COLUMN_INT,
    COLUMN_DATE,  /* NULL and 0: nil */
    COLUMN_ID,    /* printed with its kind; NULL: nil */
    COLUMN_MONEY, /* in the currency of the next column */
    COLUMN_BOOL,
    COLUMN_SKIP,
} ColumnKind;

typedef struct Column {
    const char *name; /* NULL ends a table */
    ColumnKind kind;
    LiquidValue (*words)(Arena *arena,
                         Str slug); /* of a TEXT: what people read instead; NULL: as it is */
} Column;

typedef struct ListAsk {
    Query query;
    const Bind *binds; /* with a limit of one more than most, if somebody asks for more */
    const Column *columns;
    size_t most;
    bool *more;        /* may be NULL: there is at least one row beyond */
    int64_t *last_ids; /* may be NULL: the first column's number of the last row */
} ListAsk;

/* Sets page.NAME to the rows as a list of maps. */
bool page_list(RouteCtx *ctx, const char *name, const ListAsk *ask, GError **error);

/* Sets page.NAME to the one row; ERR_NOT_FOUND when there is none. */
bool page_row(RouteCtx *ctx, const char *name, Query query, const Bind *binds,
              const Column *columns, GError **error);

/* A value of the address, cleaned to one line, and kept as filter_NAME for the template; empty when missing. */
Str page_filter(RouteCtx *ctx, const char *name);

/* The id that a part of the address names; ERR_NOT_FOUND for what is no id of this kind. */
bool page_id(RouteCtx *ctx, const char *name, int kind, int64_t *ret, GError **error);

/* page.next: this address with its filters and :cursor in `before`. */
void page_next(RouteCtx *ctx, const char *cursor);

/* Texts that begin with what somebody looks for, in small letters: from ret_from to below ret_to, so that an index finds
 * them. Looking anywhere in a text would go through all of a shop's. */
void list_range(Arena *arena, Str find, Str *ret_from, Str *ret_to);

/* The same for LIKE, where few rows are to be looked at: its own signs escaped with a backslash; empty stays empty. */
Str list_pattern(Arena *arena, Str find);

/* Puts a value into the page. */
void page_put(RouteCtx *ctx, const char *name, LiquidValue value);
