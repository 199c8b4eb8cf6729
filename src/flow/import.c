/* import.c - imports of this process: begun, gone on with, watched, stopped; see import.h. */
#include "base/json_write.h"
#include "base/limits.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "flow/import_inside.h"
#include "flow/sender.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct Imports {
    Store *store;
    ShopBook *shops;
    SealKey columns;
    char *data;

    pthread_t thread;
    bool has_thread;
    atomic_bool stop;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    ImportStatus status;
};

/* ---- status ---------------------------------------------------------------------------------------------- */

Imports *
imports_new(Store *store, ShopBook *shops, const SealKey *columns, const char *data)
{
    Imports *imports = g_new0(Imports, 1);
    imports->store = store;
    imports->shops = shops;
    imports->columns = *columns;
    imports->data = g_strdup(data);
    pthread_mutex_init(&imports->lock, NULL);
    pthread_cond_init(&imports->changed, NULL);
    return imports;
}

static void
imports_join(Imports *imports)
{
    if (imports->has_thread)
        must(pthread_join(imports->thread, NULL) == 0);
    imports->has_thread = false;
}

void
imports_free(Imports *imports)
{
    if (!imports)
        return;
    atomic_store(&imports->stop, true);
    imports_join(imports);
    pthread_mutex_destroy(&imports->lock);
    pthread_cond_destroy(&imports->changed);
    seal_key_clear(&imports->columns);
    g_free(imports->data);
    g_free(imports);
}

void
imports_status(Imports *imports, ImportStatus *ret)
{
    pthread_mutex_lock(&imports->lock);
    *ret = imports->status;
    pthread_mutex_unlock(&imports->lock);
}

bool
import_stops(Imports *imports)
{
    return atomic_load(&imports->stop);
}

static bool
phase_ends(ImportPhase phase)
{
    return phase == IMPORT_IDLE || phase == IMPORT_DONE || phase == IMPORT_FAILED;
}

bool
imports_wait(Imports *imports, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&imports->lock);
    int late = 0;
    while (!phase_ends(imports->status.phase) && !late)
        late = pthread_cond_timedwait(&imports->changed, &imports->lock, &until);
    bool ended = phase_ends(imports->status.phase);
    pthread_mutex_unlock(&imports->lock);
    return ended;
}

void
import_phase(Imports *imports, ImportPhase phase, const GError *error)
{
    pthread_mutex_lock(&imports->lock);
    imports->status.phase = phase;
    if (error) {
        g_strlcpy(imports->status.error, error->message, sizeof imports->status.error);
        imports->status.error_code = error->domain == POSTLUDE_ERROR ? error->code : ERR_INTERNAL;
    }
    pthread_cond_broadcast(&imports->changed);
    pthread_mutex_unlock(&imports->lock);
}

/* One line of what there is to know. */
void
import_say(Imports *imports, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    pthread_mutex_lock(&imports->lock);
    g_strlcat(imports->status.words, line, sizeof imports->status.words);
    g_strlcat(imports->status.words, "\n", sizeof imports->status.words);
    pthread_mutex_unlock(&imports->lock);
}

void
import_progress(const ImportJob *job, const ImportMark *mark)
{
    Imports *imports = job->imports;
    pthread_mutex_lock(&imports->lock);
    ImportStatus *status = &imports->status;
    status->bytes_read = import_table_bytes(job->table);
    status->records = mark->records;
    status->made = mark->made;
    status->changed = mark->changed;
    status->same = mark->same;
    status->older = mark->older;
    status->rejected = mark->rejected;
    if (mark->rejected && job->rejects_path && !job->ask.dry)
        g_strlcpy(status->rejects, job->rejects_path, sizeof status->rejects);
    pthread_mutex_unlock(&imports->lock);
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static bool
undo_go_on(void *arg)
{
    ImportJob *job = arg;
    return !import_stops(job->imports);
}

static bool
job_undo(ImportJob *job, GError **error)
{
    Imports *imports = job->imports;
    ImportUndo undo = {
        .store = imports->store,
        .shop = job->ask.shop->shop.id,
        .id = job->id,
        .versions = job->start.versions,
        .budget_ms = job->ask.waits ? IMPORT_BUDGET_MS : IMPORT_BUDGET_ALONE_MS,
    };
    g_autoptr(GError) problem = NULL;
    import_phase(imports, IMPORT_UNDOING, NULL);
    bool ok = import_undo(&undo, undo_go_on, job, &problem);
    pthread_mutex_lock(&imports->lock);
    memcpy(imports->status.undone, undo.undone, sizeof undo.undone);
    memcpy(imports->status.left, undo.left, sizeof undo.left);
    imports->status.left_mailed = undo.left_mailed;
    pthread_mutex_unlock(&imports->lock);
    if (!ok && !problem)
        return fail(error, ERR_BUSY, "taking back was stopped; the same command goes on with it");
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&problem));
    return ok;
}

static void *
job_main(void *arg)
{
    ImportJob *job = arg;
    Imports *imports = job->imports;
    g_autoptr(GError) error = NULL;
    pthread_setname_np(pthread_self(), "import");
    bool ok = job->undo ? job_undo(job, &error) : import_job_read(job, &error);
    import_job_free(job);
    import_phase(imports, ok ? IMPORT_DONE : IMPORT_FAILED, error);
    return NULL;
}

/* ---- beginning --------------------------------------------------------------------------------------------------------- */

/* The file's bytes, the map and how it is read: what makes it the same import. */
static void
job_hash(ImportJob *job)
{
    g_autoptr(DigestSum) sum = digest_sum_new();
    const ImportAsk *ask = &job->ask;
    digest_sum_add(sum, (Str){(const char *)job->file.sha256, DIGEST_BYTES});
    digest_sum_add(sum, str_of(ask->format->name));
    digest_sum_add(sum, (Str){"", 1});
    digest_sum_add(sum, ask->map);
    digest_sum_add(sum, (Str){(const char[]){0, (char)job->file.charset, ask->delimiter}, 3});
    digest_sum_end(sum, job->hash);
    hmac_make(ask->shop->digests, (Str){(const char *)job->hash, DIGEST_BYTES}, job->hash);
}

static Str
job_options(ImportJob *job)
{
    Buf buf = {.arena = job->arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    json_put_key(&out, "map");
    json_put_text(&out, job->ask.map);
    json_put_key(&out, "encoding");
    json_put_str(&out, job->ask.charset);
    json_put_key(&out, "delimiter");
    json_put_int(&out, job->ask.delimiter);
    json_put_end(&out);
    json_put_done(&out);
    return buf_str(&buf);
}

static bool
begin_row(Db *db, ImportJob *job, int64_t *ret_known, GError **error)
{
    const ImportAsk *ask = &job->ask;
    const Str hash = {(const char *)job->hash, sizeof job->hash};
    int64_t shop = ask->shop->shop.id;
    if (!db_int(db, Q_import_by_hash, BINDS(bind_int("shop", shop), bind_blob("hash", hash)),
                ret_known, error) ||
        *ret_known)
        return *ret_known != 0;
    job->id = id_new(KIND_IMPORT);
    return db_run(db, Q_import_append,
                  BINDS(bind_int("id", job->id), bind_int("shop", shop),
                        bind_int("at", clock_now()), bind_cstr("format", ask->format->name),
                        bind_cstr("file", ask->spooled ? "-" : ask->file),
                        bind_cstr("spool", ask->spooled ? ask->file : NULL),
                        bind_blob("hash", hash), bind_int("bytes", job->file.bytes),
                        bind_text("options", job_options(job)), bind_int("as_live", ask->as_live)),
                  NULL, error);
}

/* What the row of an import says; the texts are copied. */
typedef struct ImportRow {
    int64_t shop;
    Str format, file, spool, options;
    bool as_live;
    Str state;
    ImportMark mark;
    Str rejects;
    int64_t finished_at;
} ImportRow;

static bool
row_get(Db *db, Arena *arena, int64_t shop, int64_t id, ImportRow *ret, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_import_get, BINDS(bind_int("shop", shop), bind_int("id", id)), error);
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error) && fail(error, ERR_NOT_FOUND, "there is no such import");
    *ret = (ImportRow){
        .shop = rows_int(rows, 0),
        .format = arena_copy(arena, rows_text(rows, 2)),
        .file = arena_copy(arena, rows_text(rows, 3)),
        .spool = arena_copy(arena, rows_text(rows, 4)),
        .options = arena_copy(arena, rows_text(rows, 6)),
        .as_live = rows_int(rows, 7) != 0,
        .state = arena_copy(arena, rows_text(rows, 8)),
        .mark = {rows_int(rows, 9), rows_int(rows, 10), rows_int(rows, 11), rows_int(rows, 12),
                 rows_int(rows, 13), rows_int(rows, 14), rows_int(rows, 15) != 0,
                 rows_int(rows, 17)},
        .rejects = arena_copy(arena, rows_text(rows, 16)),
        .finished_at = rows_int(rows, 18),
    };
    return true;
}

/* Finds the import of this file, or begins it. */
static bool
begin_job(Db *db, void *arg, GError **error)
{
    ImportJob *job = arg;
    int64_t known = 0, shop = job->ask.shop->shop.id;
    ImportRow row;
    if (!begin_row(db, job, &known, error))
        return false;
    if (!known)
        return true;
    job->id = known;
    if (!row_get(db, job->arena, shop, known, &row, error))
        return false;
    const Bind by_shop = bind_int("shop", shop), by_id = bind_int("id", known);
    const Bind spool = bind_cstr("spool", job->ask.spooled ? job->ask.file : NULL);
    if (str_is(row.state, "undoing"))
        return fail(error, ERR_CONFLICT,
                    "this file is being taken back; finish that first with import --undo");
    if (job->ask.as_live != row.as_live && str_is(row.state, "open"))
        return fail(error, ERR_CONFLICT, "this file was begun %s --as-live; go on with it so",
                    row.as_live ? "with" : "without");
    if (str_is(row.state, "open")) {
        job->start = row.mark;
        job->resumed = row.mark.records;
        return db_run(db, Q_import_spool, BINDS(spool, by_shop, by_id), NULL, error);
    }
    if (job->ask.again)
        return db_run(
            db, Q_import_again,
            BINDS(bind_cstr("file", job->ask.spooled ? "-" : job->ask.file), spool, by_shop, by_id),
            NULL, error);
    job->start = row.mark;
    job->nothing_to_do = true;
    job->finished_at = row.finished_at;
    return true;
}

/* The catcher, or a server on this machine: a replay as new must not reach anybody's customers. */
static bool
as_live_check(const ImportAsk *ask, Arena *arena, GError **error)
{
    Str url = shop_setting(ask->shop, SETTING_SMTP_URL);
    SmtpServer server;
    if (!ask->as_live)
        return true;
    if (!url.len && !ask->installation_smtp)
        return fail(
            error, ERR_FORBIDDEN,
            "--as-live writes mails as for new orders, and where this shop's mails go is set "
            "for the installation; set smtp.url=catcher for the shop first");
    if (!url.len)
        url = str_of(ask->installation_smtp);
    if (!url.len || str_is(url, "catcher"))
        return true;
    if (!sender_parse(arena, url, &server, error))
        return false;
    const char *host = server.host;
    return g_ascii_strcasecmp(host, "localhost") == 0 || g_str_has_prefix(host, "127.") ||
           strcmp(host, "::1") == 0 ||
           fail(error, ERR_FORBIDDEN,
                "--as-live writes mails as for new orders, and this shop's go to %s; set "
                "smtp.url=catcher first, or a server on this machine",
                host);
}

/* Beside the file; of standard input, in the data folder. */
static char *
rejects_path(const ImportJob *job)
{
    return g_strdup_printf("%s.rejects.csv", job->ask.file);
}

static ImportJob *
job_new(Imports *imports, const ImportAsk *ask)
{
    ImportJob *job = g_new0(ImportJob, 1);
    job->imports = imports;
    job->store = imports->store;
    job->shops = imports->shops;
    job->columns = &imports->columns;
    job->arena = arena_new(LIMIT_ARENA_BYTES);
    job->ask = *ask;
    job->ask.file = ask->file ? arena_cstr(job->arena, str_of(ask->file)) : NULL;
    job->ask.map = arena_copy(job->arena, ask->map);
    job->ask.charset = ask->charset ? arena_cstr(job->arena, str_of(ask->charset)) : NULL;
    shop_hold(ask->shop);
    return job;
}

static bool
job_open(ImportJob *job, GError **error)
{
    ImportTableAsk ask = {.file = &job->file,
                          .format = job->ask.format,
                          .shop = {.zone = job->ask.shop->zone},
                          .map = job->ask.map,
                          .delimiter = job->ask.delimiter};
    Str currency = job->ask.shop->shop.currency;
    memcpy(ask.shop.currency, currency.at, MIN(currency.len, sizeof ask.shop.currency - 1));
    if (!as_live_check(&job->ask, job->arena, error) ||
        !import_file_look(job->ask.file, job->ask.charset, &job->file, error))
        return false;
    job->table = import_table_open(&ask, error);
    if (!job->table)
        return false;
    job_hash(job);
    job->rejects_path = rejects_path(job);
    return true;
}

/* False: another one is at work. */
static bool
imports_take(Imports *imports, GError **error)
{
    pthread_mutex_lock(&imports->lock);
    bool free = phase_ends(imports->status.phase);
    if (free)
        imports->status = (ImportStatus){.phase = IMPORT_LOOKING};
    pthread_mutex_unlock(&imports->lock);
    if (!free)
        return fail(error, ERR_BUSY, "another import is at work; wait until it is done");
    imports_join(imports);
    return true;
}

static void
imports_run(Imports *imports, ImportJob *job)
{
    must(pthread_create(&imports->thread, NULL, job_main, job) == 0);
    imports->has_thread = true;
}

static bool
start(Imports *imports, const ImportAsk *ask, int64_t *ret_id, GError **error)
{
    g_autoptr(ImportJob) job = job_new(imports, ask);
    if (!job_open(job, error))
        return false;
    if (!ask->dry && !store_write(imports->store, STORE_FLOW, begin_job, job, error))
        return false;
    pthread_mutex_lock(&imports->lock);
    imports->status.id = *ret_id = job->id;
    imports->status.dry = ask->dry;
    imports->status.bytes = job->file.bytes;
    imports->status.resumed = job->resumed;
    imports->status.nothing_to_do = job->nothing_to_do;
    imports->status.finished_at = job->finished_at;
    pthread_mutex_unlock(&imports->lock);
    if (job->nothing_to_do) {
        import_progress(job, &job->start);
        if (ask->spooled)
            unlink(ask->file);
        import_phase(imports, IMPORT_DONE, NULL);
        return true;
    }
    imports_run(imports, g_steal_pointer(&job));
    return true;
}

bool
imports_start(Imports *imports, const ImportAsk *ask, int64_t *ret_id, GError **error)
{
    g_autoptr(GError) problem = NULL;
    if (!imports_take(imports, error))
        return false;
    if (start(imports, ask, ret_id, &problem))
        return true;
    import_phase(imports, IMPORT_FAILED, problem);
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

/* The asking of a row: what was told of file, map and encoding then. */
static bool
ask_of_row(Arena *arena, const ImportRow *row, ImportAsk *ask, GError **error)
{
    const Json *options = json_parse(arena, row->options.at, row->options.len, error);
    int64_t delimiter = 0;
    if (!options)
        return fail_at(error, "the import's options");
    json_int(json_get(options, "delimiter"), &delimiter);
    ask->format = format_find(row->format);
    ask->spooled = row->spool.len > 0;
    ask->file = arena_cstr(arena, ask->spooled ? row->spool : row->file);
    ask->map = json_text(json_get(options, "map"));
    ask->charset = json_str(json_get(options, "encoding"));
    ask->delimiter = (char)delimiter;
    ask->as_live = row->as_live;
    return ask->format ||
           fail(error, ERR_INPUT, "this version has no format " STR_FMT, STR_ARG(row->format));
}

static bool
open_find(Db *db, Arena *arena, ImportAsk *ask, GError **error)
{
    int64_t id = 0, shop = ask->shop->shop.id;
    ImportRow row;
    if (!db_int(db, Q_import_open, BINDS(bind_int("shop", shop)), &id, error))
        return false;
    if (!id)
        return fail(error, ERR_NOT_FOUND, "no import of this shop was broken off");
    return row_get(db, arena, shop, id, &row, error) && ask_of_row(arena, &row, ask, error);
}

bool
imports_resume(Imports *imports, const ImportAsk *ask, int64_t *ret_id, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    ImportAsk whole = *ask;
    Db *db = store_reader(imports->store, error);
    if (!db)
        return false;
    bool ok = open_find(db, arena, &whole, error);
    store_reader_return(imports->store, db);
    return ok && imports_start(imports, &whole, ret_id, error);
}

static bool
undo_look(Imports *imports, Db *db, ImportJob *job, GError **error)
{
    int64_t shop = 0;
    ImportRow row;
    if (!db_int(db, Q_import_shop, BINDS(bind_int("id", job->id)), &shop, error))
        return false;
    if (!shop)
        return fail(error, ERR_NOT_FOUND,
                    "there is no such import; `postlude import --list` shows them");
    if (!row_get(db, job->arena, shop, job->id, &row, error))
        return false;
    if (str_is(row.state, "undone"))
        return fail(error, ERR_CONFLICT, "this import was taken back already");
    job->ask.shop = shopbook_get(imports->shops, shop);
    job->start = row.mark;
    if (row.spool.len)
        unlink(arena_cstr(job->arena, row.spool));
    return true;
}

bool
imports_undo(Imports *imports, int64_t id, bool waits, GError **error)
{
    const ImportAsk none = {0};
    if (!imports_take(imports, error))
        return false;
    ImportJob *job = g_new0(ImportJob, 1);
    *job = (ImportJob){.imports = imports,
                       .ask = none,
                       .arena = arena_new(LIMIT_ARENA_BYTES),
                       .id = id,
                       .undo = true};
    job->ask.waits = waits;
    g_autoptr(GError) problem = NULL;
    Db *db = store_reader(imports->store, &problem);
    bool ok = db && undo_look(imports, db, job, &problem);
    if (db)
        store_reader_return(imports->store, db);
    pthread_mutex_lock(&imports->lock);
    imports->status.id = id;
    pthread_mutex_unlock(&imports->lock);
    if (ok) {
        imports_run(imports, job);
        return true;
    }
    import_job_free(job);
    import_phase(imports, IMPORT_FAILED, problem);
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}
