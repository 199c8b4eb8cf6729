/* query.h - every statement of the program, by name.
 *
 * They stand in .sql files beside the C that uses them, each under `-- name: order_save` with a line of
 * help. The build collects them (tools/embed_sql.py), refuses one that forgets the shop, and the tests
 * prepare each of them on SQLite and on PostgreSQL.
 */
#pragma once

typedef enum Query {
#define ROW(name, file, line, sql, parameters) Q_##name,
#include "queries.def"
#undef ROW
    QUERY_COUNT
} Query;

typedef struct QueryRow {
    const char *name;
    const char *file;
    int line;
    const char *sql;
    const char *parameters; /* comma-separated, in order of first appearance */
} QueryRow;

const QueryRow *query_row(Query query);
