/* store.h - where the rows are: one writer, many readers, groups of writes that reach the disk as one.
 *
 * A store is one SQLite file in WAL mode (synchronous=FULL). ONE thread writes and checkpoints; all
 * other connections are read-only. Whoever wants to write hands the writer a job; jobs that wait at
 * the same moment share one COMMIT, each in a savepoint of its own, so that one bad job takes nobody
 * along. The caller hears of its job only after the COMMIT is on the disk.
 *
 *   thread A: store_write(job) --\                       /--> done, after the COMMIT
 *   thread B: store_write(job) ---+-> queue by lane -> writer: BEGIN job job job COMMIT
 *   thread C: store_write(job) --/
 *
 * A job is short: no network, no rendering, under 2 ms. It sees the rows as they are now and checks
 * again what its caller read before (`WHERE id = :id AND state = :seen`).
 *
 * Statements come from the tree's .sql files by name (see query.h), never from text in C.
 */
#pragma once

#include "base/base.h"
#include "engine/pack_book.h"
#include "engine/query.h"

typedef struct Store Store;
typedef struct Db Db;     /* one connection, in the hands of one thread */
typedef struct Rows Rows; /* an open result */

/* ---- statements --------------------------------------------------------------------------- */

typedef enum BindType { BIND_END, BIND_INT, BIND_REAL, BIND_TEXT, BIND_BLOB, BIND_NULL } BindType;

/* A value for a named parameter. Values stand in the order in which the parameters first appear in the
 * statement, and carry their names so that a wrong order is caught at once (must). */
typedef struct Bind {
    BindType type;
    const char *name; /* without the colon */
    int64_t number;
    double real;
    Str bytes;
} Bind;

#define BINDS(...) ((const Bind[]){__VA_ARGS__ __VA_OPT__(, ){0}})

static inline Bind
bind_int(const char *name, int64_t number)
{
    return (Bind){.type = BIND_INT, .name = name, .number = number};
}

static inline Bind
bind_real(const char *name, double real)
{
    return (Bind){.type = BIND_REAL, .name = name, .real = real};
}

/* The bytes are borrowed until the statement ran. An empty Str is the empty text. */
static inline Bind
bind_text(const char *name, Str text)
{
    return (Bind){.type = BIND_TEXT, .name = name, .bytes = text};
}

static inline Bind
bind_cstr(const char *name, const char *text)
{
    return (Bind){.type = text ? BIND_TEXT : BIND_NULL, .name = name, .bytes = str_of(text)};
}

static inline Bind
bind_blob(const char *name, Str bytes)
{
    return (Bind){.type = BIND_BLOB, .name = name, .bytes = bytes};
}

/* 0 is stored as NULL: for references that may be missing. */
static inline Bind
bind_id(const char *name, int64_t id)
{
    return (Bind){.type = id ? BIND_INT : BIND_NULL, .name = name, .number = id};
}

/* An empty Str is stored as NULL: for texts that may be missing. */
static inline Bind
bind_some(const char *name, Str text)
{
    return (Bind){.type = text.len ? BIND_TEXT : BIND_NULL, .name = name, .bytes = text};
}

static inline Bind
bind_null(const char *name)
{
    return (Bind){.type = BIND_NULL, .name = name};
}

/* Runs a statement that gives no rows. ret_changed (may be NULL): how many rows it changed. Fails with
 * ERR_DISK_FULL, ERR_STORE_BUSY, ERR_CONFLICT (a constraint) or ERR_STORE. */
bool db_run(Db *db, Query query, const Bind *binds, int64_t *ret_changed, GError **error);

/* Opens a result; NULL on failure. A query cannot be opened twice at once on one connection. */
Rows *db_rows(Db *db, Query query, const Bind *binds, GError **error);

/* True while there is a row. False at the end and on failure; rows_ok tells which:
 *     while (rows_next(rows))
 *         ...
 *     return rows_ok(rows, error); */
bool rows_next(Rows *rows);
bool rows_ok(Rows *rows, GError **error);
void rows_close(Rows *rows);
Db *rows_db(Rows *rows); /* whose result it is */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, rows_close)

/* Columns of the current row; text and blob are borrowed until the next rows_next. */
int64_t rows_int(Rows *rows, int column); /* NULL reads as 0 */
bool rows_is_null(Rows *rows, int column);
Str rows_text(Rows *rows, int column);
Str rows_blob(Rows *rows, int column);
double rows_real(Rows *rows, int column);

/* The one value of the one row; *ret keeps its value when there is no row. False on failure. */
bool db_int(Db *db, Query query, const Bind *binds, int64_t *ret, GError **error);

/* For the `sql` verb only: somebody's own SELECT, on a read-only connection. */
Rows *db_rows_of_text(Db *db, const char *sql, GError **error);
int rows_columns(Rows *rows);
const char *rows_column_name(Rows *rows, int column);
bool rows_is_text(Rows *rows, int column);
bool rows_is_blob(Rows *rows, int column);

/* Is the file whole? ERR_STORE names the first thing that is not. Reads all of it. */
bool store_check(Db *db, GError **error);

/* Copies the store as it is at this moment into a new file, while others read and write it. progress may be NULL. */
typedef struct StoreCopy {
    const char *file;
    void (*progress)(int64_t pages_done, int64_t pages, void *arg);
    void *arg;
} StoreCopy;
bool store_copy(Db *db, const StoreCopy *copy, GError **error);

/* ---- life ---------------------------------------------------------------------------------- */

typedef struct StoreOptions {
    const char *file;    /* path; made if it is missing and not read_only */
    const char *schema;  /* the statements that make an empty store */
    int schema_version;  /* kept in user_version; another one is refused with ERR_SCHEMA */
    bool read_only;      /* no writer thread: for verbs that only look */
    int busy_timeout_ms; /* how long a lock of another program is waited for; 0: 4 s */
} StoreOptions;

Store *store_open(const StoreOptions *options, GError **error);
void store_close(Store *store); /* works off what is queued */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)

/* A read-only connection for the calling thread, from a pool; give it back soon. All that is read until then
 * is of one moment (one transaction, which also spares a lock for each statement). */
Db *store_reader(Store *store, GError **error);
void store_reader_return(Store *store, Db *db);

/* The dictionaries of packed texts that are in use here; as old as the store, for any thread. */
PackBook *store_packs(Store *store);
PackBook *db_packs(Db *db);

/* ---- writing -------------------------------------------------------------------------------- */

/* Intake and receipts go first: somebody waits for them. */
typedef enum StoreLane {
    STORE_INTAKE,
    STORE_RECEIPT,
    STORE_FLOW,
    STORE_BULK,
    STORE_LANES
} StoreLane;

typedef struct StoreTask StoreTask;
struct StoreTask {
    bool (*run)(Db *db, void *arg, GError **error);
    /* On the writer's thread, after the COMMIT (error NULL) or the failure. Must be quick. The task is
     * the caller's again from here on. May be NULL. */
    void (*done)(StoreTask *task, const GError *error);
    void *arg;
    StoreTask *next; /* the store's */
    GError *error;   /* the store's */
};

/* Queues the task (owned by the caller until done) and returns at once. */
void store_post(Store *store, StoreLane lane, StoreTask *task);

/* Queues the job and waits for its COMMIT. Never call it from a job. */
bool store_write(Store *store, StoreLane lane, bool (*run)(Db *db, void *arg, GError **error),
                 void *arg, GError **error);

/* Waits until all that was queued before has been told what became of it. */
void store_drain(Store *store);

/* After the next COMMIT at which nobody reads what was before, the log is moved into the file and emptied: what was
 * erased stands nowhere any more. */
void store_truncate_log(Store *store);

/* The last group of writes failed, less than a minute ago: why, in words. False: all is well. */
bool store_trouble(Store *store, char *words, size_t bytes);

/* Bytes of the store's files on the disk, the log among them. */
int64_t store_bytes(Store *store);

/* How many COMMITs were made, for tests and figures; how many jobs wait now. */
int64_t store_commits(Store *store);
int64_t store_waiting(Store *store);

/* Test control: called on the writer's thread after each COMMIT, before anybody is told. NULL: no more. */
void store_on_commit(Store *store, void (*hook)(void *arg), void *arg);
