/* import_job.c - one import at work: records become facts, what cannot be read goes into a file beside; see import.h. */
#include "base/csv.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/clock.h"
#include "engine/file.h"
#include "flow/choice.h"
#include "flow/import_inside.h"

#include <string.h>
#include <unistd.h>

enum {
    BATCH_RECORDS = 4096,
    BATCH_BYTES = 2 * 1024 * 1024, /* of rows: so much is held, twice */
    FIRST_REJECTS = 5,             /* shown; the file has them all */
    ARENA_BYTES = 256 * 1024 * 1024,
};

/* ---- rejects ------------------------------------------------------------------------------------------------ */

static void
reject_header(const ImportJob *job, Buf *buf)
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
rejects_open(ImportJob *job, Arena *arena, GError **error)
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

/* A reason begins with the line of its cell, which is mostly the record's own: that stands beside it already. */
static const char *
reject_words(Arena *arena, const FormatRecord *record, const char *why)
{
    const char *line = arena_format(arena, "line %" G_GINT64_FORMAT ", ",
                                    record->count ? record->rows[0].line : 0);
    return g_str_has_prefix(why, line) ? why + strlen(line) : why;
}

/* Every row of the record, each with its line and the reason: so that the file can be mended and imported itself. */
static bool
reject_write(ImportJob *job, Arena *arena, const FormatRecord *record, const char *why,
             GError **error)
{
    Buf buf = {.arena = arena};
    why = reject_words(arena, record, why);
    if (job->rejects_shown++ < FIRST_REJECTS)
        import_say(job->imports, "Rejected: line %" G_GINT64_FORMAT ": %s",
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
rejects_bytes(const ImportJob *job)
{
    return job->rejects ? file_out_bytes(job->rejects) : job->start.rejects_bytes;
}

/* The store's own no: told as it comes. */
static int64_t
job_refused(void *arg, const ImportItem *item, const char *why)
{
    ImportJob *job = arg;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    if (!reject_write(job, arena, &item->record, why, &error))
        import_say(job->imports, "The file of rejects could not be written: %s", error->message);
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
item_read(ImportJob *job, Arena *arena, const ImportRecord *record, ImportItem *ret, GError **error)
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
item_next(ImportJob *job, ImportBatch *batch, bool *ret_end, GError **error)
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
skip_done(ImportJob *job, GError **error)
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
batch_read(ImportJob *job, ImportBatch *batch, bool *ret_end, GError **error)
{
    batch->count = batch->next = batch->bytes = 0;
    while (batch->count < BATCH_RECORDS && batch->bytes < BATCH_BYTES && !*ret_end)
        if (!item_next(job, batch, ret_end, error))
            return false;
    return true;
}

/* Two batches take turns: one is read while the other is learned. */
static bool
batches_learn(ImportJob *job, ImportBatch batches[2], GError **error)
{
    bool end = false;
    for (int turn = 0; !end; turn ^= 1) {
        ImportBatch *batch = &batches[turn];
        arena_reset(batch->arena);
        if (!batch_read(job, batch, &end, error))
            return false;
        if (import_stops(job->imports))
            return fail(error, ERR_BUSY,
                        "the import was stopped; the same command goes on with it");
        if (batch->count && !import_writer_put(job->writer, batch, rejects_bytes(job), error))
            return false;
        ImportMark mark = import_writer_mark(job->writer);
        import_progress(job, &mark);
    }
    return import_writer_end(job->writer, error);
}

static bool
records_learn(ImportJob *job, GError **error)
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
unlock_marketing(ImportJob *job, GError **error)
{
    const ShopValue value = {STR("marketing.suppressions"), STR("imported")};
    g_autoptr(ShopHold) shop = shopbook_get(job->shops, job->ask.shop->shop.id);
    if (!job->ask.format->has_opt_outs || !shop ||
        str_is(shop_setting(shop, SETTING_MARKETING_SUPPRESSIONS), "imported"))
        return true;
    return shop_set(job->store, job->columns, shop, &value, 1, error) &&
           shopbook_load(job->shops, error);
}

static bool
job_finish(ImportJob *job, GError **error)
{
    Finish finish = {job->ask.shop->shop.id, job->id};
    if (!job->id)
        return true;
    if (!unlock_marketing(job, error) ||
        !store_write(job->store, STORE_BULK, finish_job, &finish, error))
        return false;
    if (job->ask.spooled)
        unlink(job->ask.file);
    return true;
}

static void
job_say_table(const ImportJob *job)
{
    const FormatTable *table = import_table_format(job->table);
    Imports *imports = job->imports;
    if (import_table_is_json(job->table))
        import_say(imports, "JSON lines, %s.", charset_name(job->file.charset));
    else
        import_say(imports, "Fields separated by %s, %s.",
                   csv_delimiter_name(import_table_delimiter(job->table)),
                   charset_name(job->file.charset));
    if (job->file.charset == CHARSET_WINDOWS_1252 && job->file.bad_offset && !job->ask.charset)
        import_say(imports,
                   "Taken for Windows-1252, since byte %" G_GINT64_FORMAT
                   " is not UTF-8; --encoding says otherwise.",
                   job->file.bad_offset);
    g_autoptr(GString) unknown = g_string_new(NULL);
    for (size_t i = 0; i < table->unknown_count; i++)
        g_string_append_printf(unknown, "%s" STR_FMT, i ? ", " : "", STR_ARG(table->unknown[i]));
    if (unknown->len)
        import_say(imports, "Not read, since nobody knows these columns: %s.", unknown->str);
    if (import_table_scattered(job->table))
        import_say(imports,
                   "%zu records do not stand together in the file; their rows were gathered.",
                   import_table_scattered(job->table));
}

bool
import_job_read(ImportJob *job, GError **error)
{
    ImportWriterAsk ask = {
        .store = job->store,
        .shop = job->ask.shop->shop.id,
        .fingerprints = job->ask.shop->fingerprints,
        .id = job->id,
        .as_live = job->ask.as_live,
        .budget_ms = job->ask.waits ? IMPORT_BUDGET_MS : IMPORT_BUDGET_ALONE_MS,
        .rejects = job->rejects_path,
        .refused = job_refused,
        .arg = job,
    };
    job_say_table(job);
    import_phase(job->imports, IMPORT_READING, NULL);
    job->writer = import_writer_new(&ask, &job->start);
    bool ok = skip_done(job, error) && records_learn(job, error);
    ImportMark mark = import_writer_mark(job->writer);
    import_progress(job, &mark);
    return ok && job_finish(job, error);
}

void
import_job_free(ImportJob *job)
{
    file_out_close(job->rejects);
    import_writer_free(job->writer);
    import_table_free(job->table);
    g_free(job->rejects_path);
    shop_unref(job->ask.shop);
    arena_free(job->arena);
    g_free(job);
}
