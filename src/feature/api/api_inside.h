/* api_inside.h - what the files of the API's room share: its nouns, as one table.
 *
 * A noun is told (POST, flow/told.h), asked for (GET, api.sql), or both. The rows of what is asked for are described by
 * columns, from which the answer and its description (openapi.json) are written.
 */
#pragma once

#include "engine/id.h"
#include "engine/query.h"
#include "feature/api/api.h"
#include "flow/api_key.h"
#include "flow/told.h"

/* A cursor, as JSON Schema has it: below what fits into an int64_t. */
#define API_CURSOR "^[0-8]?[0-9]{1,18}$"

enum { API_PAGE_ROWS = 50, API_PAGE_MOST = 100, API_PART_MOST = 2000 };

typedef enum ApiKind {
    API_ID, /* one of ours, printed: or_0c4k8q3vjg2t0 */
    API_TEXT,
    API_COUNT,
    API_WHEN,  /* ISO 8601, UTC */
    API_MONEY, /* {amount, currency}; the currency is in column `with` */
    API_YES,
    API_DAY,    /* 02-29 */
    API_POSTAL, /* an address, stored as JSON */
    API_POSTALS,
    API_OBJECT, /* any, stored as JSON */
    API_PART,   /* a list of rows of its own; takes no column */
} ApiKind;

typedef struct ApiPart ApiPart;
typedef struct ApiColumn {
    const char *name; /* NULL ends a table; "": not shown */
    ApiKind kind;
    bool none; /* may be null */
    const char *help;
    int with;
    const ApiPart *part;
} ApiColumn;

/* Rows of :shop and :id, the noun's; at most API_PART_MOST. */
struct ApiPart {
    const char *title;
    Query query;
    const ApiColumn *columns;
};

/* What a list may be narrowed by, as bits; the query takes them in this order, empty or 0 where they are not asked. */
typedef enum ApiFilter {
    API_BY_UPDATED = 1 << 0,
    API_BY_EMAIL = 1 << 1,
    API_BY_NAME = 1 << 2,
    API_BY_SOURCE_ID = 1 << 3,
    API_BY_ORDER = 1 << 4,
    API_BY_KIND = 1 << 5,
    API_FILTERS = 6
} ApiFilter;

typedef struct ApiFilterRow {
    const char *name; /* in the address, and of the query's parameter */
    const char *help;
    ApiKind kind; /* TEXT, WHEN or ID */
} ApiFilterRow;
const ApiFilterRow *api_filter_row(int n);

typedef struct ApiNoun {
    const char *name;  /* orders */
    const char *title; /* Order; NULL: cannot be asked for */
    IdKind kind;
    Query list; /* rows behind :after of a shop, by id */
    int filters;
    const ApiColumn *columns;
    int told; /* OwnNoun; -1: cannot be told */
} ApiNoun;

const ApiNoun *api_noun_nth(size_t n); /* NULL behind the last */
/* That of an address /api/v1/NOUN...; NULL: it has none. */
const ApiNoun *api_noun_of(const Route *route);

typedef struct ApiGuest {
    ApiKey key;
    const ShopEntry *shop; /* until the handler returns */
} ApiGuest;

static inline const ApiGuest *
api_guest(const RouteCtx *ctx)
{
    return ctx->who;
}

/* GET of a list, of one. */
bool api_list(RouteCtx *ctx, GError **error);
bool api_one(RouteCtx *ctx, GError **error);

/* GET /openapi.json. */
bool api_spec(RouteCtx *ctx, GError **error);
