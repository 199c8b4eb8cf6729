/* store_sqlite.c - one connection to SQLite; the only file that includes sqlite3.h.
 *
 * Statements are prepared once per connection and kept in a table indexed by Query. Values are bound by
 * position; the names are checked each time, which costs next to nothing and catches a swapped pair in the
 * first test that runs the statement.
 */
#include "engine/store_db.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct Rows {
    Db *db;
    sqlite3_stmt *statement;
    const char **names; /* of each parameter, as the caller last spelled it: see bind_check */
    int parameters;
    int code; /* of the last step */
    bool busy;
    bool own; /* made by db_rows_of_text: finalised at close */
};

struct Db {
    sqlite3 *handle;
    char *file;
    PackBook *packs;
    Rows statements[QUERY_COUNT + 1];
    sqlite3_stmt *begin, *commit, *savepoint, *release, *rollback_to;
    int busy_timeout_ms;
};

enum {
    WAL_PAGES = 8000, /* 32 MB: a checkpoint writes a page once that changed a hundred times */
    WRITER_CACHE_KB = 24 * 1024,
    READER_CACHE_KB = 2 * 1024, /* readers look at what was just written: the kernel has it */
};

/* Without its own counting of memory SQLite takes no process-wide lock at each allocation: a tenth of all
 * time with three busy threads. Connections are never shared between threads, so they need no locks either. */
static void
sqlite_configure(void)
{
    must(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
    must(sqlite3_config(SQLITE_CONFIG_MULTITHREAD) == SQLITE_OK);
}

static bool
db_fail(Db *db, GError **error, const char *what)
{
    int code = sqlite3_errcode(db->handle) & 0xff;
    const char *words = sqlite3_errmsg(db->handle);
    switch (code) {
    case SQLITE_FULL:
        return fail(error, ERR_DISK_FULL, "the disk of %s is full", db->file);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(error, ERR_STORE_BUSY, "another program holds %s", db->file);
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: /* the values' fault, not the store's */
        return fail(error, ERR_CONFLICT, "%s: %s", what, words);
    case SQLITE_IOERR:
        /* A full disk under WAL shows as an I/O error on some filesystems. */
        if (sqlite3_system_errno(db->handle) == ENOSPC)
            return fail(error, ERR_DISK_FULL, "the disk of %s is full", db->file);
        return fail(error, ERR_IO, "%s: %s: %s", db->file, what, words);
    case SQLITE_NOTADB:
        return fail(error, ERR_STORE, "%s is not a store of Postlude", db->file);
    case SQLITE_CORRUPT:
        return fail(error, ERR_STORE, "%s is damaged: %s", db->file, words);
    case SQLITE_READONLY:
        return fail(error, ERR_STORE, "%s cannot be written: %s", db->file, words);
    default:
        return fail(error, ERR_STORE, "%s: %s", what, words);
    }
}

bool
db_exec(Db *db, const char *sql, GError **error)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return db_fail(db, error, sql);
}

static bool
db_prepare(Db *db, const char *sql, sqlite3_stmt **ret, GError **error)
{
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) == SQLITE_OK)
        return true;
    return db_fail(db, error, sql);
}

static bool
db_configure(Db *db, const DbOptions *options, GError **error)
{
    db->busy_timeout_ms = options->busy_timeout_ms;
    sqlite3_busy_timeout(db->handle, options->busy_timeout_ms);
    g_autofree char *pragmas = g_strdup_printf(
        "PRAGMA cache_size = -%d; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;",
        options->read_only ? READER_CACHE_KB : WRITER_CACHE_KB);
    if (!db_exec(db, pragmas, error))
        return false;
    if (options->read_only)
        return db_exec(db, "PRAGMA query_only = ON", error) &&
               db_prepare(db, "BEGIN", &db->begin, error) &&
               db_prepare(db, "COMMIT", &db->commit, error);
    g_autofree char *wal = g_strdup_printf("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                           /* What is deleted is overwritten: erasure means it. */
                                           "PRAGMA secure_delete = ON;"
                                           "PRAGMA wal_autocheckpoint = %d;"
                                           "PRAGMA journal_size_limit = 67108864",
                                           WAL_PAGES);
    return db_exec(db, wal, error) && db_prepare(db, "BEGIN IMMEDIATE", &db->begin, error) &&
           db_prepare(db, "COMMIT", &db->commit, error) &&
           db_prepare(db, "SAVEPOINT job", &db->savepoint, error) &&
           db_prepare(db, "RELEASE job", &db->release, error) &&
           db_prepare(db, "ROLLBACK TO job", &db->rollback_to, error);
}

Db *
db_open(const DbOptions *options, GError **error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, sqlite_configure);
    g_autoptr(Db) db = g_new0(Db, 1);
    db->file = g_strdup(options->file);
    db->packs = options->packs;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |=
        options->read_only ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(options->file, &db->handle, flags, NULL) != SQLITE_OK) {
        fail(error, ERR_STORE, "cannot open %s: %s", options->file,
             db->handle ? sqlite3_errmsg(db->handle) : "out of memory");
        return NULL;
    }
    if (!db_configure(db, options, error))
        return NULL;
    return g_steal_pointer(&db);
}

void
db_close(Db *db)
{
    if (!db)
        return;
    for (int i = 0; i < QUERY_COUNT; i++) {
        sqlite3_finalize(db->statements[i].statement);
        g_free(db->statements[i].names);
    }
    sqlite3_finalize(db->begin);
    sqlite3_finalize(db->commit);
    sqlite3_finalize(db->savepoint);
    sqlite3_finalize(db->release);
    sqlite3_finalize(db->rollback_to);
    must(sqlite3_close(db->handle) == SQLITE_OK);
    g_free(db->file);
    g_free(db);
}

PackBook *
db_packs(Db *db)
{
    return db->packs;
}

/* ---- transactions ------------------------------------------------------------------------- */

static bool
db_step_plain(Db *db, sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE) {
        db_fail(db, error, sqlite3_sql(statement));
        sqlite3_reset(statement);
        return false;
    }
    sqlite3_reset(statement);
    return true;
}

bool
db_begin(Db *db, GError **error)
{
    return db_step_plain(db, db->begin, error);
}

bool
db_commit(Db *db, GError **error)
{
    return db_step_plain(db, db->commit, error);
}

void
db_rollback(Db *db)
{
    /* SQLite rolls back by itself on some failures (a full disk); then there is nothing to do. */
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

bool
db_savepoint(Db *db, GError **error)
{
    return db_step_plain(db, db->savepoint, error);
}

bool
db_release(Db *db, GError **error)
{
    return db_step_plain(db, db->release, error);
}

bool
db_rollback_to(Db *db, GError **error)
{
    if (sqlite3_get_autocommit(db->handle))
        return fail(error, ERR_STORE, "the transaction was rolled back");
    return db_step_plain(db, db->rollback_to, error) && db_step_plain(db, db->release, error);
}

bool
db_truncate_log(Db *db, GError **error)
{
    int code;
    sqlite3_busy_timeout(db->handle, 0); /* a reader's snapshot: the next COMMIT tries again */
    code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db->handle, db->busy_timeout_ms);
    return code == SQLITE_OK || db_fail(db, error, "checkpoint");
}

/* ---- statements ------------------------------------------------------------------------------ */

/* A name that was compared once is known again by its address: the callers' names are constants. */
static void
bind_check(Rows *rows, int at, const char *name)
{
    must(at <= rows->parameters);
    if (rows->names[at - 1] == name)
        return;
    const char *wanted = sqlite3_bind_parameter_name(rows->statement, at);
    must(wanted && strcmp(wanted + 1, name) == 0);
    rows->names[at - 1] = name;
}

static bool
bind_one(sqlite3_stmt *statement, int at, const Bind *bind)
{
    switch (bind->type) {
    case BIND_INT:
        return sqlite3_bind_int64(statement, at, bind->number) == SQLITE_OK;
    case BIND_REAL:
        return sqlite3_bind_double(statement, at, bind->real) == SQLITE_OK;
    case BIND_TEXT:
        return sqlite3_bind_text64(statement, at, bind->bytes.at ? bind->bytes.at : "",
                                   bind->bytes.len, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
    case BIND_BLOB:
        return sqlite3_bind_blob64(statement, at, bind->bytes.at ? bind->bytes.at : "",
                                   bind->bytes.len, SQLITE_STATIC) == SQLITE_OK;
    case BIND_NULL:
        return sqlite3_bind_null(statement, at) == SQLITE_OK;
    case BIND_END:
        break;
    }
    return false;
}

Rows *
db_rows(Db *db, Query query, const Bind *binds, GError **error)
{
    Rows *rows = &db->statements[query];
    must(!rows->busy);
    if (!rows->statement) {
        const QueryRow *row = query_row(query);
        rows->db = db;
        if (!db_prepare(db, row->sql, &rows->statement, error)) {
            fail_at(error, "%s:%d", row->file, row->line);
            return NULL;
        }
        rows->parameters = sqlite3_bind_parameter_count(rows->statement);
        rows->names = g_new0(const char *, rows->parameters);
    }
    int count = 0;
    for (; binds && binds[count].type != BIND_END; count++) {
        bind_check(rows, count + 1, binds[count].name);
        must(bind_one(rows->statement, count + 1, &binds[count]));
    }
    must(count == rows->parameters);
    rows->busy = true;
    rows->code = SQLITE_DONE;
    return rows;
}

bool
rows_next(Rows *rows)
{
    rows->code = sqlite3_step(rows->statement);
    return rows->code == SQLITE_ROW;
}

bool
rows_ok(Rows *rows, GError **error)
{
    if (rows->code == SQLITE_ROW || rows->code == SQLITE_DONE)
        return true;
    return db_fail(rows->db, error, sqlite3_sql(rows->statement));
}

void
rows_close(Rows *rows)
{
    if (!rows)
        return;
    if (rows->own) {
        sqlite3_finalize(rows->statement);
        g_free(rows);
        return;
    }
    sqlite3_reset(rows->statement);
    rows->busy = false;
}

Db *
rows_db(Rows *rows)
{
    return rows->db;
}

bool
db_run(Db *db, Query query, const Bind *binds, int64_t *ret_changed, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, query, binds, error);
    if (!rows)
        return false;
    must(!rows_next(rows)); /* a statement run for its effect gave rows */
    if (!rows_ok(rows, error))
        return false;
    if (ret_changed)
        *ret_changed = sqlite3_changes64(db->handle);
    return true;
}

bool
db_int(Db *db, Query query, const Bind *binds, int64_t *ret, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, query, binds, error);
    if (!rows)
        return false;
    if (rows_next(rows))
        *ret = rows_int(rows, 0);
    return rows_ok(rows, error);
}

/* Reading tables, and nothing else: SQLite calls a checkpoint, ATTACH and most PRAGMAs "read-only", too. */
static int
text_may(void *arg, int action, const char *first, const char *second, const char *base,
         const char *trigger)
{
    static const char *const pragmas[] = {"table_info", "table_xinfo", "table_list", "index_list",
                                          "index_info"};
    if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION ||
        action == SQLITE_RECURSIVE)
        return SQLITE_OK;
    for (size_t i = 0; action == SQLITE_PRAGMA && i < G_N_ELEMENTS(pragmas); i++)
        if (g_ascii_strcasecmp(first, pragmas[i]) == 0)
            return SQLITE_OK;
    return SQLITE_DENY;
}

Rows *
db_rows_of_text(Db *db, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = "";
    sqlite3_set_authorizer(db->handle, text_may, NULL);
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, &tail);
    sqlite3_set_authorizer(db->handle, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_AUTH) {
        fail(error, ERR_INPUT, "%s", sqlite3_errmsg(db->handle));
        return NULL;
    }
    if (!statement || !sqlite3_stmt_readonly(statement) || tail[strspn(tail, " \t\r\n;")]) {
        sqlite3_finalize(statement);
        fail(error, ERR_INPUT, "one SELECT at a time, and nothing that writes");
        return NULL;
    }
    Rows *rows = g_new0(Rows, 1);
    *rows = (Rows){.db = db, .statement = statement, .own = true};
    return rows;
}

int
rows_columns(Rows *rows)
{
    return sqlite3_column_count(rows->statement);
}

const char *
rows_column_name(Rows *rows, int column)
{
    return sqlite3_column_name(rows->statement, column);
}

int64_t
rows_int(Rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

double
rows_real(Rows *rows, int column)
{
    return sqlite3_column_double(rows->statement, column);
}

bool
rows_is_null(Rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

bool
rows_is_text(Rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) != SQLITE_INTEGER;
}

bool
rows_is_blob(Rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_BLOB;
}

Str
rows_text(Rows *rows, int column)
{
    const char *at = (const char *)sqlite3_column_text(rows->statement, column);
    return (Str){at, at ? (size_t)sqlite3_column_bytes(rows->statement, column) : 0};
}

Str
rows_blob(Rows *rows, int column)
{
    const char *at = sqlite3_column_blob(rows->statement, column);
    return (Str){at, at ? (size_t)sqlite3_column_bytes(rows->statement, column) : 0};
}

bool
store_check(Db *db, GError **error)
{
    sqlite3_stmt *statement = NULL;
    if (!db_prepare(db, "PRAGMA integrity_check(1)", &statement, error))
        return false;
    bool row = sqlite3_step(statement) == SQLITE_ROW;
    const char *words = row ? (const char *)sqlite3_column_text(statement, 0) : "it cannot be read";
    bool whole = words && strcmp(words, "ok") == 0;
    if (!whole)
        fail(error, ERR_STORE, "%s is damaged: %s", db->file, words ? words : "");
    sqlite3_finalize(statement);
    return whole;
}

/* ---- copies -------------------------------------------------------------------------------------- */

enum { COPY_PAGES = 4096 };

static bool
copy_steps(Db *db, sqlite3 *to, const StoreCopy *copy, GError **error)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", db->handle, "main");
    int code = backup ? SQLITE_OK : SQLITE_ERROR;
    while (code == SQLITE_OK) {
        code = sqlite3_backup_step(backup, COPY_PAGES);
        if (copy->progress)
            copy->progress(sqlite3_backup_pagecount(backup) - sqlite3_backup_remaining(backup),
                           sqlite3_backup_pagecount(backup), copy->arg);
    }
    if (backup)
        sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE)
        return true;
    return fail(error, code == SQLITE_FULL ? ERR_DISK_FULL : ERR_IO, "cannot copy to %s: %s",
                copy->file, sqlite3_errmsg(to));
}

bool
store_copy(Db *db, const StoreCopy *copy, GError **error)
{
    sqlite3 *to = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    bool ok = sqlite3_open_v2(copy->file, &to, flags, NULL) == SQLITE_OK;
    if (!ok)
        fail(error, ERR_IO, "cannot write %s: %s", copy->file, sqlite3_errmsg(to));
    ok = ok && copy_steps(db, to, copy, error);
    /* A copy is one file: without a log beside it. */
    if (ok && sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
        ok = fail(error, ERR_IO, "cannot finish %s: %s", copy->file, sqlite3_errmsg(to));
    sqlite3_close(to);
    return ok;
}

/* ---- schema ------------------------------------------------------------------------------------ */

static bool
db_number(Db *db, const char *sql, int64_t *ret, GError **error)
{
    sqlite3_stmt *statement = NULL;
    if (!db_prepare(db, sql, &statement, error))
        return false;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    else
        db_fail(db, error, sql);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW;
}

/* What the planner should think of our tables. Without it an index on (shop, ...) looks as good as the primary key,
 * and a statement that names a few rows by id goes through all of its shop's. So it is told: a million rows of five
 * shops; a thousand in the indexes of what waits; ten of whatever is named less than whole. Fixed, unlike what ANALYZE
 * counts, so that plans are the same on every machine and in every test. */
static const char statistics[] =
    "ANALYZE;"
    "INSERT INTO sqlite_stat1 (tbl, idx, stat) SELECT tbl, idx, group_concat(rows, ' ') FROM ("
    " SELECT m.tbl_name AS tbl, m.name AS idx, -1 AS seqno, iif(l.partial, 1000, 1000000) AS rows"
    " FROM sqlite_schema AS m JOIN pragma_index_list(m.tbl_name) AS l ON l.name = m.name WHERE "
    "m.type = 'index'"
    " UNION ALL SELECT m.tbl_name, m.name, c.seqno, CASE WHEN c.seqno = 0 AND c.name = 'shop'"
    "  THEN iif(l.partial, 1000, 200000) WHEN l.\"unique\" AND c.seqno ="
    "  (SELECT max(seqno) FROM pragma_index_info(m.name)) THEN 1 ELSE 10 END"
    " FROM sqlite_schema AS m JOIN pragma_index_list(m.tbl_name) AS l ON l.name = m.name"
    " JOIN pragma_index_info(m.name) AS c WHERE m.type = 'index' ORDER BY 1, 2, 3) GROUP BY tbl, "
    "idx";

bool
db_schema(Db *db, const char *schema, int version, GError **error)
{
    int64_t found = 0, tables = 0;
    if (!db_number(db, "PRAGMA user_version", &found, error) ||
        !db_number(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'", &tables, error))
        return false;
    if (found == version)
        return true;
    if (found > version)
        return fail(
            error, ERR_SCHEMA,
            "%s was made by a newer Postlude (schema %d; this one knows %d); nothing was changed",
            db->file, (int)found, version);
    if (tables > 0)
        return fail(
            error, ERR_SCHEMA,
            "%s was made by a Postlude before v0.1 (schema %d, this one is %d), which cannot be "
            "upgraded; start with --fresh to put it aside and begin anew",
            db->file, (int)found, version);
    g_autofree char *all =
        g_strdup_printf("BEGIN IMMEDIATE; %s; %s; PRAGMA user_version = %d; COMMIT;"
                        "ANALYZE sqlite_schema", /* reads them again */
                        schema, statistics, version);
    if (db_exec(db, all, error))
        return true;
    db_rollback(db);
    return false;
}
