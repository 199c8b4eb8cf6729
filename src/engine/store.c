/* store.c - the writer thread, its queue, and the pool of readers; see store.h. */
#include "engine/store_db.h"

#include "engine/clock.h"

#include <pthread.h>
#include <sys/stat.h>
#include <stdatomic.h>

enum {
    GROUP_MOST_MS = 3,     /* a group of writes closes after this long */
    GROUP_MOST_JOBS = 512, /* or with this many jobs */
    READERS_KEPT = 8,
    TROUBLE_MS = 60 * 1000, /* how long a failure is told when nobody has written since */
    BUSY_TIMEOUT_MS = 4000, /* below the 5 s in which Shopify wants its answer */
};

typedef struct Lane {
    StoreTask *first;
    StoreTask **last;
} Lane;

struct Store {
    char *file;
    int busy_timeout_ms;
    Db *writer;
    PackBook *packs;
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t work;
    Lane lanes[STORE_LANES];
    bool stop;
    Db *readers[READERS_KEPT];
    int readers_kept;

    char trouble[256];  /* of the last group; empty: it was written */
    int64_t trouble_at; /* monotonic */

    _Atomic int64_t commits;
    _Atomic int64_t waiting;
    _Atomic bool truncate; /* the log is to be emptied */
    void (*hook)(void *arg);
    void *hook_arg;
};

/* ---- the writer ------------------------------------------------------------------------------- */

static StoreTask *
store_take(Store *store)
{
    for (int lane = 0; lane < STORE_LANES; lane++) {
        StoreTask *task = store->lanes[lane].first;
        if (!task)
            continue;
        store->lanes[lane].first = task->next;
        if (!task->next)
            store->lanes[lane].last = &store->lanes[lane].first;
        task->next = NULL;
        return task;
    }
    return NULL;
}

static StoreTask *
store_take_locked(Store *store, bool wait)
{
    pthread_mutex_lock(&store->lock);
    StoreTask *task = store_take(store);
    while (!task && wait && !store->stop) {
        pthread_cond_wait(&store->work, &store->lock);
        task = store_take(store);
    }
    pthread_mutex_unlock(&store->lock);
    if (task)
        atomic_fetch_sub(&store->waiting, 1);
    return task;
}

/* Runs one job in its own savepoint. False if the whole transaction is gone. */
static bool
store_run_task(Store *store, StoreTask *task)
{
    Db *db = store->writer;
    g_autoptr(GError) lost = NULL;
    if (!db_savepoint(db, &task->error))
        return false;
    if (task->run(db, task->arg, &task->error))
        return db_release(db, &task->error);
    must(task->error);
    return db_rollback_to(db, &lost);
}

static void
store_note_trouble(Store *store, const GError *error)
{
    if (!error && !store->trouble[0])
        return; /* only this thread writes it */
    pthread_mutex_lock(&store->lock);
    g_strlcpy(store->trouble, error ? error->message : "", sizeof store->trouble);
    store->trouble_at = clock_monotonic();
    pthread_mutex_unlock(&store->lock);
}

bool
store_trouble(Store *store, char *words, size_t bytes)
{
    pthread_mutex_lock(&store->lock);
    bool fresh = store->trouble[0] && clock_monotonic() - store->trouble_at < TROUBLE_MS;
    g_strlcpy(words, fresh ? store->trouble : "", bytes);
    pthread_mutex_unlock(&store->lock);
    return fresh;
}

/* Tells everybody of the group. A failure of the group is the failure of each job in it that has none
 * of its own. */
static void
store_tell(StoreTask *group, const GError *group_error)
{
    while (group) {
        StoreTask *task = group;
        group = task->next;
        g_autoptr(GError) error = g_steal_pointer(&task->error);
        if (!error && group_error)
            error = g_error_copy(group_error);
        if (task->done)
            task->done(task, error);
    }
}

static void
store_call_hook(Store *store)
{
    pthread_mutex_lock(&store->lock);
    void (*hook)(void *arg) = store->hook;
    void *arg = store->hook_arg;
    pthread_mutex_unlock(&store->lock);
    if (hook)
        hook(arg);
}

/* One group: from the first waiting job to the COMMIT. */
static void
store_group(Store *store, StoreTask *task)
{
    g_autoptr(GError) error = NULL;
    StoreTask *group = NULL, **last = &group;
    int64_t close_at = clock_monotonic() + GROUP_MOST_MS;
    bool open = db_begin(store->writer, &error);

    for (int count = 1; task; count++) {
        *last = task;
        last = &task->next;
        /* Where the store is locked or full, all who wait hear it now, not one timeout after another. */
        if (open && !store_run_task(store, task)) {
            open = false;
            error = task->error ? g_error_copy(task->error) : NULL;
        }
        if (open && (count == GROUP_MOST_JOBS || clock_monotonic() >= close_at))
            break;
        task = store_take_locked(store, false);
    }
    if (open)
        open = db_commit(store->writer, &error);
    if (!open) {
        db_rollback(store->writer);
        if (!error)
            fail(&error, ERR_STORE, "the group of writes was rolled back");
    } else {
        atomic_fetch_add(&store->commits, 1);
        store_call_hook(store);
        if (atomic_load(&store->truncate) && db_truncate_log(store->writer, NULL))
            atomic_store(&store->truncate, false);
    }
    store_note_trouble(store, error);
    store_tell(group, error);
}

int64_t
store_bytes(Store *store)
{
    static const char *const endings[] = {"", "-wal"};
    int64_t bytes = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(store->file, endings[i], NULL);
        struct stat found;
        if (stat(file, &found) == 0)
            bytes += found.st_size;
    }
    return bytes;
}

void
store_truncate_log(Store *store)
{
    atomic_store(&store->truncate, true);
}

static void *
store_writer_main(void *arg)
{
    Store *store = arg;
    pthread_setname_np(pthread_self(), "store-writer");
    StoreTask *task;
    while ((task = store_take_locked(store, true)))
        store_group(store, task);
    return NULL;
}

void
store_post(Store *store, StoreLane lane, StoreTask *task)
{
    must(store->has_thread && lane < STORE_LANES);
    task->next = NULL;
    task->error = NULL;
    atomic_fetch_add(&store->waiting, 1);
    pthread_mutex_lock(&store->lock);
    must(!store->stop);
    *store->lanes[lane].last = task;
    store->lanes[lane].last = &task->next;
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->lock);
}

typedef struct Waiter {
    StoreTask task;
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool done;
    GError *error;
} Waiter;

static void
waiter_done(StoreTask *task, const GError *error)
{
    Waiter *waiter = (Waiter *)task;
    pthread_mutex_lock(&waiter->lock);
    waiter->error = error ? g_error_copy(error) : NULL;
    waiter->done = true;
    pthread_cond_signal(&waiter->told);
    pthread_mutex_unlock(&waiter->lock);
}

bool
store_write(Store *store, StoreLane lane, bool (*run)(Db *db, void *arg, GError **error), void *arg,
            GError **error)
{
    must(!store->has_thread || !pthread_equal(pthread_self(), store->thread));
    Waiter waiter = {
        .task = {.run = run, .done = waiter_done, .arg = arg},
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .told = PTHREAD_COND_INITIALIZER,
    };
    store_post(store, lane, &waiter.task);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.done)
        pthread_cond_wait(&waiter.told, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_cond_destroy(&waiter.told);
    pthread_mutex_destroy(&waiter.lock);
    if (!waiter.error)
        return true;
    g_propagate_error(error, waiter.error);
    return false;
}

static bool
nothing_job(Db *db, void *arg, GError **error)
{
    return true;
}

void
store_drain(Store *store)
{
    /* The last lane: all others are taken, and so told, before it. */
    if (store->has_thread)
        store_write(store, STORE_BULK, nothing_job, NULL, NULL);
}

/* ---- readers ------------------------------------------------------------------------------------ */

Db *
store_reader(Store *store, GError **error)
{
    Db *db = NULL;
    pthread_mutex_lock(&store->lock);
    if (store->readers_kept > 0)
        db = store->readers[--store->readers_kept];
    pthread_mutex_unlock(&store->lock);
    DbOptions options = {store->file, true, store->busy_timeout_ms, store->packs};
    if (!db)
        db = db_open(&options, error);
    if (!db || db_begin(db, error))
        return db;
    db_close(db);
    return NULL;
}

void
store_reader_return(Store *store, Db *db)
{
    if (!db)
        return;
    bool keep = db_commit(db, NULL);
    pthread_mutex_lock(&store->lock);
    keep = keep && store->readers_kept < READERS_KEPT;
    if (keep)
        store->readers[store->readers_kept++] = db;
    pthread_mutex_unlock(&store->lock);
    if (!keep)
        db_close(db);
}

PackBook *
store_packs(Store *store)
{
    return store->packs;
}

/* ---- life ----------------------------------------------------------------------------------------- */

Store *
store_open(const StoreOptions *options, GError **error)
{
    g_autoptr(Store) store = g_new0(Store, 1);
    store->file = g_strdup(options->file);
    store->packs = pack_book_new();
    store->busy_timeout_ms = options->busy_timeout_ms ? options->busy_timeout_ms : BUSY_TIMEOUT_MS;
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->work, NULL);
    for (int lane = 0; lane < STORE_LANES; lane++)
        store->lanes[lane].last = &store->lanes[lane].first;
    if (options->read_only && !g_file_test(options->file, G_FILE_TEST_EXISTS)) {
        fail(error, ERR_NOT_FOUND, "there is no store at %s yet", options->file);
        return NULL;
    }
    DbOptions writer = {store->file, options->read_only, store->busy_timeout_ms, store->packs};
    g_autoptr(Db) db = db_open(&writer, error);
    if (!db || !db_schema(db, options->schema, options->schema_version, error))
        return NULL;
    if (options->read_only)
        return g_steal_pointer(&store);
    store->writer = g_steal_pointer(&db);
    must(pthread_create(&store->thread, NULL, store_writer_main, store) == 0);
    store->has_thread = true;
    return g_steal_pointer(&store);
}

void
store_close(Store *store)
{
    if (!store)
        return;
    if (store->has_thread) {
        pthread_mutex_lock(&store->lock);
        store->stop = true;
        pthread_cond_signal(&store->work);
        pthread_mutex_unlock(&store->lock);
        pthread_join(store->thread, NULL);
    }
    for (int i = 0; i < store->readers_kept; i++)
        db_close(store->readers[i]);
    db_close(store->writer);
    pthread_mutex_destroy(&store->lock);
    pthread_cond_destroy(&store->work);
    pack_book_free(store->packs);
    g_free(store->file);
    g_free(store);
}

int64_t
store_commits(Store *store)
{
    return atomic_load(&store->commits);
}

int64_t
store_waiting(Store *store)
{
    return atomic_load(&store->waiting);
}

void
store_on_commit(Store *store, void (*hook)(void *arg), void *arg)
{
    pthread_mutex_lock(&store->lock);
    store->hook_arg = arg;
    store->hook = hook;
    pthread_mutex_unlock(&store->lock);
}
