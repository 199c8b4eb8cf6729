/* import.c - imports of this process: begun, gone on with, watched, stopped; see import.h. */
#include "base/csv.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/clock.h"
#include "engine/file.h"
#include "engine/id.h"
#include "flow/choice.h"
#include "flow/import_inside.h"
#include "flow/sender.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_RECORDS = 4096,
    BATCH_BYTES = 4 * 1024 * 1024, /* of rows: so much is held, twice */
    BUDGET_MS = 20,                /* of the writer, where others wait for it */
    BUDGET_ALONE_MS = 400,
    FIRST_REJECTS = 5, /* shown; the file has them all */
    ARENA_BYTES = 256 * 1024 * 1024,
};

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

/* One import at work; the thread's own. */
typedef struct Job {
    Imports *imports;
    ImportAsk ask;
    Arena *arena; /* of the ask's texts */
    ImportFile file;
    uint8_t hash[DIGEST_BYTES];
    int64_t id;
    ImportMark start;
    char *rejects_path;
    FileOut *rejects;
    int rejects_shown;
    ImportTable *table;
    ImportWriter *writer;
    bool undo;
    int64_t resumed;
    bool nothing_to_do;
    int64_t finished_at;
} Job;

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

static void
status_phase(Imports *imports, ImportPhase phase, const GError *error)
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

static void status_say(Imports *imports, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* One line of what there is to know. */
static void
status_say(Imports *imports, const char *format, ...)
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

static void
status_mark(const Job *job, const ImportMark *mark)
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
    if (mark->rejected && job->rejects_path)
        g_strlcpy(status->rejects, job->rejects_path, sizeof status->rejects);
    pthread_mutex_unlock(&imports->lock);
}

/* ---- rejects ------------------------------------------------------------------------------------------------ */

static void
reject_header(const Job *job, Buf *buf)
{
    const FormatTable *table = import_table_format(job->table);
    Str *cells = arena_new_of(buf->arena, Str, table->width + 3);
    cells[0] = STR("line");
    cells[1] = STR("reason");
    cells[2] = STR("record");
    for (size_t i = 0; i < table->width; i++)
        cells[2 + i] = table->header[i];
    csv_write(buf, cells, 2 + MAX(table->width, 1), ',');
}

/* The file is made when the first one comes: most imports need none. */
static bool
rejects_open(Job *job, Arena *arena, GError **error)
{
    Buf buf = {.arena = arena};
    if (job->rejects)
        return true;
    job->rejects = file_out_open(job->rejects_path, job->start.rejects_bytes, error);
    if (!job->rejects)
        return false;
    if (file_out_bytes(job->rejects))
        return true;
    reject_header(job, &buf);
    return file_out_write(job->rejects, buf_str(&buf), error);
}

/* Every row of the record, each with its line and the reason: so that the file can be mended and imported itself. */
static bool
reject_write(Job *job, Arena *arena, const FormatRecord *record, const char *why, GError **error)
{
    Buf buf = {.arena = arena};
    if (job->rejects_shown++ < FIRST_REJECTS)
        status_say(job->imports, "Rejected: line %" G_GINT64_FORMAT ": %s",
                   record->count ? record->rows[0].line : 0, why);
    if (job->ask.dry)
        return true;
    if (!rejects_open(job, arena, error))
        return false;
    for (size_t i = 0; i < record->count; i++) {
        const FormatRow *row = &record->rows[i];
        Str *cells = arena_new_of(arena, Str, row->count + 2);
        cells[0] = str_of(arena_format(arena, "%" G_GINT64_FORMAT, row->line));
        cells[1] = str_of(why);
        memcpy(cells + 2, row->cells, row->count * sizeof *cells);
        csv_write(&buf, cells, row->count + 2, ',');
    }
    return file_out_write(job->rejects, buf_str(&buf), error);
}

static int64_t
rejects_bytes(const Job *job)
{
    return job->rejects ? file_out_bytes(job->rejects) : job->start.rejects_bytes;
}

/* The store's own no: told as it comes. */
static int64_t
job_refused(void *arg, const ImportItem *item, const char *why)
{
    Job *job = arg;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    if (!reject_write(job, arena, &item->record, why, &error))
        status_say(job->imports, "The file of rejects could not be written: %s", error->message);
    return rejects_bytes(job);
}

/* ---- records become items -------------------------------------------------------------------------------------- */

/* Could somebody be reached there? */
static bool
address_is_one(const ConsentFact *fact)
{
    size_t digits = 0;
    for (size_t i = 0; i < fact->address.len; i++)
        digits += g_ascii_isdigit(fact->address.at[i]) != 0;
    return str_is(fact->channel, "email") ? text_has(fact->address, '@') : digits >= 5;
}

/* The address in its normal form; one that is none cannot be stopped. */
static bool
opt_outs_clean(Arena *arena, FormatFacts *facts, GError **error)
{
    FormatOptOut *list = arena_new_of(arena, FormatOptOut, facts->opt_out_count);
    for (size_t i = 0; i < facts->opt_out_count; i++) {
        ConsentFact fact = {.channel = facts->opt_outs[i].channel,
                            .address = facts->opt_outs[i].address};
        fact = choice_clean(arena, &fact);
        if (!address_is_one(&fact))
            return fail(error, ERR_INPUT, "'" STR_FMT "' is no address",
                        STR_ARG(str_sub(facts->opt_outs[i].address, 0, 80)));
        list[i] = facts->opt_outs[i];
        list[i].channel = fact.channel;
        list[i].address = fact.address;
    }
    facts->opt_outs = list;
    return true;
}

static bool
facts_have_versions(const Facts *facts)
{
    for (size_t i = 0; i < facts->order_count; i++)
        if (facts->orders[i].updated_at)
            return true;
    return false;
}

static bool
item_read(Job *job, Arena *arena, const ImportRecord *record, ImportItem *ret, GError **error)
{
    const Format *format = job->ask.format;
    FormatFacts facts = {0};
    if (record->problem)
        return fail(error, ERR_INPUT, "%s", record->problem);
    bool ok = record->json
                  ? format->read_json(arena, record->record.table, record->json, &facts, error)
                  : format->read(arena, &record->record, &facts, error);
    if (!ok || !opt_outs_clean(arena, &facts, error))
        return false;
    ret->news = facts_prepare(arena, &facts.facts);
    ret->opt_outs = facts.opt_outs;
    ret->opt_out_count = facts.opt_out_count;
    ret->versions = facts_have_versions(&facts.facts);
    return true;
}

/* The next record as an item; a bad one is rejected. *ret_end: there is none. */
static bool
item_next(Job *job, ImportBatch *batch, bool *ret_end, GError **error)
{
    g_autoptr(GError) why = NULL, broken = NULL;
    ImportRecord record;
    if (!import_table_next(job->table, batch->arena, &record, &broken)) {
        *ret_end = true;
        if (broken)
            g_propagate_error(error, g_steal_pointer(&broken));
        return !broken;
    }
    ImportItem *item = &batch->items[batch->count++];
    *item = (ImportItem){.record = record.record};
    for (size_t i = 0; i < record.record.count; i++)
        for (size_t n = 0; n < record.record.rows[i].count; n++)
            batch->bytes += record.record.rows[i].cells[n].len;
    if (item_read(job, batch->arena, &record, item, &why))
        return true;
    item->news = NULL;
    return reject_write(job, batch->arena, &record.record, why->message, error);
}

/* What is done already is read over: its rows only have to be known. */
static bool
skip_done(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new(ARENA_BYTES);
    for (int64_t i = 0; i < job->start.records; i++) {
        ImportRecord record;
        g_autoptr(GError) broken = NULL;
        arena_reset(arena);
        if (import_table_next(job->table, arena, &record, &broken))
            continue;
        if (broken) {
            g_propagate_error(error, g_steal_pointer(&broken));
            return false;
        }
        return true;
    }
    return true;
}

/* ---- the work ------------------------------------------------------------------------------------------------------ */

static bool
batch_read(Job *job, ImportBatch *batch, bool *ret_end, GError **error)
{
    batch->count = batch->next = batch->bytes = 0;
    while (batch->count < BATCH_RECORDS && batch->bytes < BATCH_BYTES && !*ret_end)
        if (!item_next(job, batch, ret_end, error))
            return false;
    return true;
}

/* Two batches take turns: one is read while the other is learned. */
static bool
batches_learn(Job *job, ImportBatch batches[2], GError **error)
{
    bool end = false;
    for (int turn = 0; !end; turn ^= 1) {
        ImportBatch *batch = &batches[turn];
        arena_reset(batch->arena);
        if (!batch_read(job, batch, &end, error))
            return false;
        if (atomic_load(&job->imports->stop))
            return fail(error, ERR_BUSY,
                        "the import was stopped; the same command goes on with it");
        if (batch->count && !import_writer_put(job->writer, batch, rejects_bytes(job), error))
            return false;
        ImportMark mark = import_writer_mark(job->writer);
        status_mark(job, &mark);
    }
    return import_writer_end(job->writer, error);
}

static bool
records_learn(Job *job, GError **error)
{
    g_autoptr(Arena) first = arena_new(ARENA_BYTES), second = arena_new(ARENA_BYTES);
    g_autofree ImportItem *items = g_new0(ImportItem, (size_t)2 * BATCH_RECORDS);
    ImportBatch batches[2] = {{.arena = first, .items = items},
                              {.arena = second, .items = items + BATCH_RECORDS}};
    bool ok = batches_learn(job, batches, error);
    /* The last batch may still be under way: nothing of it may go before it is told. */
    if (!ok)
        import_writer_end(job->writer, NULL);
    return ok;
}

typedef struct Finish {
    int64_t shop, id;
} Finish;

static bool
finish_job(Db *db, void *arg, GError **error)
{
    const Finish *finish = arg;
    return db_run(db, Q_import_finish,
                  BINDS(bind_int("at", clock_now()), bind_int("shop", finish->shop),
                        bind_int("id", finish->id)),
                  NULL, error);
}

/* Marketing was locked until the shop's old opt-outs are here. */
static bool
unlock_marketing(Job *job, GError **error)
{
    Imports *imports = job->imports;
    const ShopValue value = {STR("marketing.suppressions"), STR("imported")};
    g_autoptr(ShopHold) shop = shopbook_get(imports->shops, job->ask.shop->shop.id);
    if (!job->ask.format->has_opt_outs || !shop ||
        str_is(shop_setting(shop, SETTING_MARKETING_SUPPRESSIONS), "imported"))
        return true;
    return shop_set(imports->store, &imports->columns, shop, &value, 1, error) &&
           shopbook_load(imports->shops, error);
}

static bool
job_finish(Job *job, GError **error)
{
    Finish finish = {job->ask.shop->shop.id, job->id};
    if (!job->id)
        return true;
    if (!unlock_marketing(job, error) ||
        !store_write(job->imports->store, STORE_BULK, finish_job, &finish, error))
        return false;
    if (job->ask.spooled)
        unlink(job->ask.file);
    return true;
}

static void
job_say_table(const Job *job)
{
    const FormatTable *table = import_table_format(job->table);
    Imports *imports = job->imports;
    if (import_table_is_json(job->table))
        status_say(imports, "JSON lines, %s.", charset_name(job->file.charset));
    else
        status_say(imports, "Fields separated by %s, %s.",
                   csv_delimiter_name(import_table_delimiter(job->table)),
                   charset_name(job->file.charset));
    if (job->file.charset == CHARSET_WINDOWS_1252 && job->file.bad_offset && !job->ask.charset)
        status_say(imports,
                   "Taken for Windows-1252, since byte %" G_GINT64_FORMAT
                   " is not UTF-8; --encoding says otherwise.",
                   job->file.bad_offset);
    g_autoptr(GString) unknown = g_string_new(NULL);
    for (size_t i = 0; i < table->unknown_count; i++)
        g_string_append_printf(unknown, "%s" STR_FMT, i ? ", " : "", STR_ARG(table->unknown[i]));
    if (unknown->len)
        status_say(imports, "Not read, since nobody knows these columns: %s.", unknown->str);
    if (import_table_scattered(job->table))
        status_say(imports,
                   "%zu records do not stand together in the file; their rows were gathered.",
                   import_table_scattered(job->table));
}

static bool
job_read(Job *job, GError **error)
{
    ImportWriterAsk ask = {
        .store = job->imports->store,
        .shop = job->ask.shop->shop.id,
        .id = job->id,
        .as_live = job->ask.as_live,
        .budget_ms = job->ask.waits ? BUDGET_MS : BUDGET_ALONE_MS,
        .rejects = job->rejects_path,
        .refused = job_refused,
        .arg = job,
    };
    job_say_table(job);
    status_phase(job->imports, IMPORT_READING, NULL);
    job->writer = import_writer_new(&ask, &job->start);
    bool ok = skip_done(job, error) && records_learn(job, error);
    ImportMark mark = import_writer_mark(job->writer);
    status_mark(job, &mark);
    return ok && job_finish(job, error);
}

static void
job_free(Job *job)
{
    file_out_close(job->rejects);
    import_writer_free(job->writer);
    import_table_free(job->table);
    g_free(job->rejects_path);
    shop_unref(job->ask.shop);
    arena_free(job->arena);
    g_free(job);
}

static bool
undo_go_on(void *arg)
{
    Job *job = arg;
    return !atomic_load(&job->imports->stop);
}

static bool
job_undo(Job *job, GError **error)
{
    Imports *imports = job->imports;
    ImportUndo undo = {
        .store = imports->store,
        .shop = job->ask.shop->shop.id,
        .id = job->id,
        .versions = job->start.versions,
        .budget_ms = job->ask.waits ? BUDGET_MS : BUDGET_ALONE_MS,
    };
    g_autoptr(GError) problem = NULL;
    status_phase(imports, IMPORT_UNDOING, NULL);
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
    Job *job = arg;
    Imports *imports = job->imports;
    g_autoptr(GError) error = NULL;
    pthread_setname_np(pthread_self(), "import");
    bool ok = job->undo ? job_undo(job, &error) : job_read(job, &error);
    job_free(job);
    status_phase(imports, ok ? IMPORT_DONE : IMPORT_FAILED, error);
    return NULL;
}

/* ---- beginning --------------------------------------------------------------------------------------------------------- */

/* The file's bytes, the map and how it is read: what makes it the same import. */
static void
job_hash(Job *job)
{
    g_autoptr(DigestSum) sum = digest_sum_new();
    const ImportAsk *ask = &job->ask;
    digest_sum_add(sum, (Str){(const char *)job->file.sha256, DIGEST_BYTES});
    digest_sum_add(sum, str_of(ask->format->name));
    digest_sum_add(sum, (Str){"", 1});
    digest_sum_add(sum, ask->map);
    digest_sum_add(sum, (Str){(const char[]){0, (char)job->file.charset, ask->delimiter}, 3});
    digest_sum_end(sum, job->hash);
}

static Str
job_options(Job *job)
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
begin_row(Db *db, Job *job, int64_t *ret_known, GError **error)
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
    Job *job = arg;
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
rejects_path(const Job *job)
{
    return g_strdup_printf("%s.rejects.csv", job->ask.file);
}

static Job *
job_new(Imports *imports, const ImportAsk *ask)
{
    Job *job = g_new0(Job, 1);
    job->imports = imports;
    job->arena = arena_new(LIMIT_ARENA_BYTES);
    job->ask = *ask;
    job->ask.file = ask->file ? arena_cstr(job->arena, str_of(ask->file)) : NULL;
    job->ask.map = arena_copy(job->arena, ask->map);
    job->ask.charset = ask->charset ? arena_cstr(job->arena, str_of(ask->charset)) : NULL;
    shop_hold(ask->shop);
    return job;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

static bool
job_open(Job *job, GError **error)
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
imports_run(Imports *imports, Job *job)
{
    must(pthread_create(&imports->thread, NULL, job_main, job) == 0);
    imports->has_thread = true;
}

static bool
start(Imports *imports, const ImportAsk *ask, int64_t *ret_id, GError **error)
{
    g_autoptr(Job) job = job_new(imports, ask);
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
        status_mark(job, &job->start);
        if (ask->spooled)
            unlink(ask->file);
        status_phase(imports, IMPORT_DONE, NULL);
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
    status_phase(imports, IMPORT_FAILED, problem);
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static bool
undo_look(Imports *imports, Db *db, Job *job, GError **error)
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
    Job *job = g_new0(Job, 1);
    *job = (Job){.imports = imports,
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
    job_free(job);
    status_phase(imports, IMPORT_FAILED, problem);
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}
