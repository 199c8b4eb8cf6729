/* import_write.c - records meet what is known, on the writer; see import.h.
 *
 * A batch is one transaction with the mark of how far the import came. Where others wait for the writer, a turn ends when
 * its time is over and the rest of the batch gets another one. What the store refuses as a value (a constraint) costs
 * that record, not the import: the batch goes again, record by record, until it is found.
 */
#include "base/limits.h"
#include "engine/clock.h"
#include "flow/choice.h"
#include "flow/consent.h"
#include "flow/erase.h"
#include "flow/import_inside.h"
#include "flow/product.h"

#include <pthread.h>

struct ImportWriter {
    ImportWriterAsk ask;
    ImportMark mark; /* as it is in the store */
    ImportMark turn; /* as it will be after the turn */
    ImportBatch *batch;
    size_t done;           /* records of the batch after the turn */
    bool single;           /* one record a turn: one of them is refused */
    int64_t rejects_bytes; /* with the whole batch */

    StoreTask task;
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool waiting;  /* a turn is under way */
    GError *error; /* of it */
};

ImportWriter *
import_writer_new(const ImportWriterAsk *ask, const ImportMark *start)
{
    ImportWriter *writer = g_new0(ImportWriter, 1);
    writer->ask = *ask;
    writer->mark = *start;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->told, NULL);
    return writer;
}

void
import_writer_free(ImportWriter *writer)
{
    if (!writer)
        return;
    must(!writer->waiting);
    g_clear_error(&writer->error);
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->told);
    g_free(writer);
}

/* ---- a turn on the writer -------------------------------------------------------------------------------- */

/* An address that somebody else kept as one not to be written to; the widest scope counts. Of somebody erased it is kept
 * as a fingerprint: the list does not bring the person back, and nobody writes to the address either. */
static bool
opt_out_learn(const Learn *learn, const FormatOptOut *out, FactsCount *count, GError **error)
{
    bool known = false;
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    Str address, mark = erased_address(arena, learn->fingerprints, out->address);
    if (!erased_or_address(learn, arena, out->address, &address, error))
        return false;
    {
        g_autoptr(Rows) rows =
            db_rows(learn->db, Q_suppression_find,
                    BINDS(bind_int("shop", learn->shop), bind_text("channel", out->channel),
                          bind_text("address", out->address), bind_text("mark", mark)),
                    error);
        if (!rows)
            return false;
        known = rows_next(rows) && (!out->all || str_is(rows_text(rows, 0), "all"));
        if (!rows_ok(rows, error))
            return false;
    }
    count->of[known ? LEARNED_SAME : LEARNED_NEW]++;
    Suppression suppression = {
        .shop = learn->shop,
        .cause = learn->cause,
        .channel = out->channel,
        .address = address,
        .scope = out->all ? "all" : "marketing",
        .reason = out->reason,
    };
    return known || suppression_add(learn->db, &suppression, error);
}

static void
mark_count(ImportMark *mark, const FactsCount *count)
{
    if (count->of[LEARNED_NEW])
        mark->made++;
    else if (count->of[LEARNED_CHANGED])
        mark->changed++;
    else if (count->of[LEARNED_OLDER] || count->of[LEARNED_ERASED])
        mark->older++;
    else
        mark->same++;
}

static bool
item_learn(const Learn *learn, const ImportItem *item, ImportMark *mark, GError **error)
{
    FactsCount count = {{0}};
    mark->records++;
    if (!item->news) {
        mark->rejected++;
        return true;
    }
    if (!facts_learn(learn, item->news, &count, error))
        return false;
    for (size_t i = 0; i < item->opt_out_count; i++)
        if (!opt_out_learn(learn, &item->opt_outs[i], &count, error))
            return false;
    mark->versions |= item->versions;
    mark_count(mark, &count);
    return true;
}

static bool
mark_save(ImportWriter *writer, Db *db, GError **error)
{
    const ImportMark *mark = &writer->turn;
    int64_t changed = 0;
    if (!db_run(db, Q_import_mark,
                BINDS(bind_int("records", mark->records), bind_int("made", mark->made),
                      bind_int("changed", mark->changed), bind_int("same", mark->same),
                      bind_int("older", mark->older), bind_int("rejected", mark->rejected),
                      bind_int("versions", mark->versions),
                      bind_cstr("rejects", mark->rejected ? writer->ask.rejects : NULL),
                      bind_int("rejects_bytes", mark->rejects_bytes),
                      bind_int("shop", writer->ask.shop), bind_int("id", writer->ask.id)),
                &changed, error))
        return false;
    return changed == 1 || fail(error, ERR_CONFLICT, "the import was taken back meanwhile");
}

static bool
turn_run(Db *db, void *arg, GError **error)
{
    ImportWriter *writer = arg;
    ImportBatch *batch = writer->batch;
    g_autoptr(ProductCache) products = product_cache_new();
    Learn learn = {
        .db = db,
        .shop = writer->ask.shop,
        .cause = writer->ask.id,
        .at = clock_now(),
        .source = STR("import"),
        .history = !writer->ask.as_live,
        .fingerprints = writer->ask.fingerprints,
        .products = products,
    };
    int64_t until = clock_monotonic() + writer->ask.budget_ms;
    writer->turn = writer->mark;
    writer->done = batch->next;
    do {
        if (!item_learn(&learn, &batch->items[writer->done], &writer->turn, error))
            return false;
        writer->done++;
    } while (writer->done < batch->count && !writer->single && clock_monotonic() < until);
    if (writer->ask.as_live &&
        !db_run(db, Q_import_hush_cancelled,
                BINDS(bind_int("shop", writer->ask.shop), bind_int("cause", writer->ask.id)), NULL,
                error))
        return false;
    if (writer->done == batch->count)
        writer->turn.rejects_bytes = writer->rejects_bytes;
    if (writer->ask.id)
        return mark_save(writer, db, error);
    /* Dry: all was learned, and is forgotten again. */
    return fail(error, ERR_INTERNAL, "dry");
}

static void
turn_done(StoreTask *task, const GError *error)
{
    ImportWriter *writer = task->arg;
    pthread_mutex_lock(&writer->lock);
    g_clear_error(&writer->error);
    bool dry = !writer->ask.id && error && error_is(error, ERR_INTERNAL) &&
               g_strcmp0(error->message, "dry") == 0;
    writer->error = error && !dry ? g_error_copy(error) : NULL;
    writer->waiting = false;
    pthread_cond_signal(&writer->told);
    pthread_mutex_unlock(&writer->lock);
}

/* ---- turns, one after the other ----------------------------------------------------------------------------- */

static void
turn_post(ImportWriter *writer)
{
    writer->waiting = true;
    writer->task = (StoreTask){.run = turn_run, .done = turn_done, .arg = writer};
    store_post(writer->ask.store, STORE_BULK, &writer->task);
}

/* The record at which the store stumbled counts as rejected. */
static void
turn_refuse(ImportWriter *writer)
{
    ImportItem *item = &writer->batch->items[writer->batch->next];
    item->news = NULL;
    writer->rejects_bytes = writer->ask.refused(writer->ask.arg, item, writer->error->message);
    g_clear_error(&writer->error);
    turn_post(writer);
}

/* Waits for the turn, and posts the next one while the batch has more. False: it failed. */
static bool
batch_wait(ImportWriter *writer, GError **error)
{
    while (writer->batch) {
        pthread_mutex_lock(&writer->lock);
        while (writer->waiting)
            pthread_cond_wait(&writer->told, &writer->lock);
        pthread_mutex_unlock(&writer->lock);
        if (writer->error) {
            bool value =
                error_is(writer->error, ERR_CONFLICT) || error_is(writer->error, ERR_INPUT);
            if (value && writer->single && writer->batch->items[writer->batch->next].news) {
                turn_refuse(writer);
                continue;
            }
            if (value && !writer->single) {
                writer->single = true;
                turn_post(writer);
                continue;
            }
            writer->batch = NULL;
            g_propagate_error(error, g_steal_pointer(&writer->error));
            return false;
        }
        writer->mark = writer->turn;
        writer->batch->next = writer->done;
        if (writer->batch->next == writer->batch->count)
            writer->batch = NULL;
        else
            turn_post(writer);
    }
    writer->single = false;
    return true;
}

bool
import_writer_put(ImportWriter *writer, ImportBatch *batch, int64_t mark_rejects, GError **error)
{
    if (!batch_wait(writer, error))
        return false;
    must(batch->next < batch->count);
    writer->batch = batch;
    writer->rejects_bytes = mark_rejects;
    turn_post(writer);
    return true;
}

bool
import_writer_end(ImportWriter *writer, GError **error)
{
    return batch_wait(writer, error);
}

ImportMark
import_writer_mark(ImportWriter *writer)
{
    return writer->mark;
}
