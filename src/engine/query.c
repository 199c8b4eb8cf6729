/* query.c - the table of statements; see query.h. */
#include "engine/query.h"

#include "base/base.h"

static const QueryRow rows[] = {
#define ROW(name, file, line, sql, parameters) {#name, file, line, sql, parameters},
#include "queries.def"
#undef ROW
};

const QueryRow *
query_row(Query query)
{
    must((int)query >= 0 && query < QUERY_COUNT);
    return &rows[query];
}
