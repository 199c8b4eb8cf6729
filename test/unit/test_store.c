/* test_store.c - the writer's promises: groups reach the disk as one, a bad job takes nobody along, a store that is
 * locked or full says so at once and goes on later. */
#include "check.h"

#include "engine/clock.h"
#include "engine/schema.h"
#include "engine/store_db.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BUSY_MS = 200, JOBS = 20 };

typedef struct Place {
    char *folder;
    char *file;
    Store *store;
} Place;

static Store *
store_of(const char *file, int version, bool read_only, GError **error)
{
    g_autofree char *schema = schema_text();
    StoreOptions options = {
        .file = file,
        .schema = schema,
        .schema_version = version,
        .read_only = read_only,
        .busy_timeout_ms = BUSY_MS,
    };
    return store_open(&options, error);
}

static int
place_make(void **state)
{
    Place *place = g_new0(Place, 1);
    place->folder = g_dir_make_tmp("postlude-store-XXXXXX", NULL);
    place->file = g_build_filename(place->folder, "postlude.db", NULL);
    place->store = store_of(place->file, SCHEMA_VERSION, false, NULL);
    *state = place;
    return place->store ? 0 : -1;
}

static int
place_drop(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    Place *place = *state;
    store_close(place->store);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(place->file, endings[i], NULL);
        g_unlink(file);
    }
    int left = g_rmdir(place->folder);
    g_free(place->folder);
    g_free(place->file);
    g_free(place);
    return left;
}

/* ---- jobs -------------------------------------------------------------------------------------------------- */

/* Waits on the writer until it is let go: what is posted meanwhile is one group. */
typedef struct Gate {
    StoreTask task; /* first */
    _Atomic bool entered, open, told;
} Gate;

static bool
gate_run(Db *db, void *arg, GError **error)
{
    Gate *gate = arg;
    atomic_store(&gate->entered, true);
    while (!atomic_load(&gate->open))
        g_usleep(1000);
    g_usleep(5000); /* longer than a group stays open: the next jobs are the next group */
    return true;
}

static void
gate_told(StoreTask *task, const GError *error)
{
    atomic_store(&((Gate *)task)->told, true);
}

static void
gate_close(Store *store, Gate *gate)
{
    *gate = (Gate){.task = {.run = gate_run, .done = gate_told, .arg = gate}};
    store_post(store, STORE_INTAKE, &gate->task);
    while (!atomic_load(&gate->entered))
        g_usleep(1000);
}

/* Appends a shop; the bad one appends it and then fails. */
typedef struct Job {
    StoreTask task; /* first */
    char slug[16];
    bool bad;
    int *turn; /* counts the jobs that ran, on the writer */
    int ran;   /* as which of them */
    _Atomic bool told;
    int code; /* of the error; -1: none */
} Job;

static bool
job_run(Db *db, void *arg, GError **error)
{
    Job *job = arg;
    job->ran = job->turn ? ++*job->turn : 0;
    if (!db_run(db, Q_shop_append,
                BINDS(bind_int("at", 1), bind_cstr("slug", job->slug), bind_cstr("name", "x"),
                      bind_cstr("currency", "EUR"), bind_cstr("zone", "UTC"),
                      bind_cstr("locale", "en")),
                NULL, error))
        return false;
    return !job->bad || fail(error, ERR_INPUT, "a bad job");
}

static void
job_told(StoreTask *task, const GError *error)
{
    Job *job = (Job *)task;
    job->code = error ? error->code : -1;
    atomic_store(&job->told, true);
}

static void
job_post(Store *store, StoreLane lane, Job *job, const char *slug)
{
    job->task = (StoreTask){.run = job_run, .done = job_told, .arg = job};
    g_strlcpy(job->slug, slug, sizeof job->slug);
    store_post(store, lane, &job->task);
}

static void
jobs_wait(Job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        while (!atomic_load(&jobs[i].told))
            g_usleep(1000);
}

static int64_t
shops_kept(Store *store)
{
    int64_t count = 0;
    Db *db = store_reader(store, NULL);
    assert_non_null(db);
    Rows *rows = db_rows_of_text(db, "SELECT count(*) FROM shop", NULL);
    assert_true(rows_next(rows));
    count = rows_int(rows, 0);
    rows_close(rows);
    store_reader_return(store, db);
    return count;
}

/* ---- groups ------------------------------------------------------------------------------------------------- */

static void
test_jobs_that_wait_share_a_commit(void **state)
{
    Store *store = ((Place *)*state)->store;
    Gate gate;
    Job jobs[JOBS] = {0};
    gate_close(store, &gate);
    int64_t before = store_commits(store);
    for (int i = 0; i < JOBS; i++) {
        g_autofree char *slug = g_strdup_printf("shop-%d", i);
        job_post(store, STORE_FLOW, &jobs[i], slug);
    }
    assert_int_equal(store_waiting(store), JOBS);
    atomic_store(&gate.open, true);
    jobs_wait(jobs, JOBS);
    assert_int_equal(store_commits(store) - before, 2);
    assert_int_equal(shops_kept(store), JOBS);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].code, -1);
}

static void
test_a_bad_job_takes_nobody_along(void **state)
{
    Store *store = ((Place *)*state)->store;
    Gate gate;
    Job jobs[4] = {0};
    gate_close(store, &gate);
    jobs[1].bad = true;
    job_post(store, STORE_FLOW, &jobs[0], "first");
    job_post(store, STORE_FLOW, &jobs[1], "bad");
    job_post(store, STORE_FLOW, &jobs[2], "first"); /* the slug is taken: a constraint */
    job_post(store, STORE_FLOW, &jobs[3], "last");
    atomic_store(&gate.open, true);
    jobs_wait(jobs, 4);
    assert_int_equal(jobs[0].code, -1);
    assert_int_equal(jobs[1].code, ERR_INPUT);
    assert_int_equal(jobs[2].code, ERR_CONFLICT);
    assert_int_equal(jobs[3].code, -1);
    assert_int_equal(shops_kept(store), 2);
}

static void
test_who_is_waited_for_goes_first(void **state)
{
    Store *store = ((Place *)*state)->store;
    Gate gate;
    int turn = 0;
    Job jobs[4] = {{.turn = &turn}, {.turn = &turn}, {.turn = &turn}, {.turn = &turn}};
    gate_close(store, &gate);
    job_post(store, STORE_BULK, &jobs[0], "bulk");
    job_post(store, STORE_FLOW, &jobs[1], "flow");
    job_post(store, STORE_RECEIPT, &jobs[2], "receipt");
    job_post(store, STORE_INTAKE, &jobs[3], "intake");
    atomic_store(&gate.open, true);
    jobs_wait(jobs, 4);
    assert_int_equal(jobs[3].ran, 1);
    assert_int_equal(jobs[2].ran, 2);
    assert_int_equal(jobs[1].ran, 3);
    assert_int_equal(jobs[0].ran, 4);
}

static bool
job_run_plain(Db *db, void *arg, GError **error)
{
    return job_run(db, arg, error);
}

static void
test_store_write_returns_after_the_commit(void **state)
{
    Store *store = ((Place *)*state)->store;
    Job job = {.slug = "one"}, again = {.slug = "one"};
    g_autoptr(GError) error = NULL;
    assert_true(store_write(store, STORE_FLOW, job_run_plain, &job, NULL));
    assert_int_equal(shops_kept(store), 1);
    assert_false(store_write(store, STORE_FLOW, job_run_plain, &again, &error));
    assert_true(error_is(error, ERR_CONFLICT));
    assert_int_equal(shops_kept(store), 1);
}

/* ---- ends ---------------------------------------------------------------------------------------------------- */

static void
test_drain_waits_for_all_lanes(void **state)
{
    Store *store = ((Place *)*state)->store;
    Gate gate;
    Job jobs[2] = {0};
    gate_close(store, &gate);
    job_post(store, STORE_BULK, &jobs[0], "bulk");
    job_post(store, STORE_INTAKE, &jobs[1], "intake");
    atomic_store(&gate.open, true);
    store_drain(store);
    assert_true(atomic_load(&gate.told));
    assert_true(atomic_load(&jobs[0].told));
    assert_true(atomic_load(&jobs[1].told));
}

static void
test_close_works_off_what_is_queued(void **state)
{
    Place *place = *state;
    Job jobs[JOBS] = {0};
    for (int i = 0; i < JOBS; i++) {
        g_autofree char *slug = g_strdup_printf("shop-%d", i);
        job_post(place->store, STORE_BULK, &jobs[i], slug);
    }
    store_close(place->store);
    for (int i = 0; i < JOBS; i++) {
        assert_true(atomic_load(&jobs[i].told));
        assert_int_equal(jobs[i].code, -1);
    }
    place->store = store_of(place->file, SCHEMA_VERSION, false, NULL);
    assert_int_equal(shops_kept(place->store), JOBS);
}

/* ---- the store cannot -------------------------------------------------------------------------------------------- */

static void
test_locked_by_another_program(void **state)
{
    Place *place = *state;
    DbOptions options = {place->file, false, BUSY_MS};
    g_autoptr(Db) other = db_open(&options, NULL);
    Job jobs[JOBS] = {0};
    assert_true(db_exec(other, "BEGIN IMMEDIATE", NULL));
    int64_t began = clock_monotonic();
    for (int i = 0; i < JOBS; i++) {
        g_autofree char *slug = g_strdup_printf("shop-%d", i);
        job_post(place->store, STORE_INTAKE, &jobs[i], slug);
    }
    jobs_wait(jobs, JOBS);
    /* All hear it after one wait, not one after another. */
    assert_true(clock_monotonic() - began < 5 * BUSY_MS);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].code, ERR_STORE_BUSY);
    assert_int_equal(shops_kept(place->store), 0);
    assert_true(db_exec(other, "ROLLBACK", NULL));
    Job after = {.slug = "after"};
    assert_true(store_write(place->store, STORE_FLOW, job_run_plain, &after, NULL));
    assert_int_equal(shops_kept(place->store), 1);
}

/* Files may not grow: what a full disk is to a program. */
static void
files_may_grow(bool may)
{
    static struct rlimit before;
    struct rlimit limit = {4096, before.rlim_max};
    if (!may) {
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        limit.rlim_max = before.rlim_max;
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, may ? &before : &limit), 0);
}

static void
test_disk_full(void **state)
{
    Store *store = ((Place *)*state)->store;
    Job before = {.slug = "before"}, after = {.slug = "after"};
    Job jobs[3] = {0};
    assert_true(store_write(store, STORE_FLOW, job_run_plain, &before, NULL));
    files_may_grow(false);
    job_post(store, STORE_INTAKE, &jobs[0], "a");
    job_post(store, STORE_INTAKE, &jobs[1], "b");
    job_post(store, STORE_INTAKE, &jobs[2], "c");
    jobs_wait(jobs, 3);
    files_may_grow(true);
    for (int i = 0; i < 3; i++) {
        GError example = {POSTLUDE_ERROR, jobs[i].code, NULL};
        assert_int_not_equal(jobs[i].code, -1);
        assert_true(error_row(&example)->again);
        assert_true(error_row(&example)->http >= 500);
    }
    assert_int_equal(shops_kept(store), 1);
    assert_true(store_write(store, STORE_FLOW, job_run_plain, &after, NULL));
    assert_int_equal(shops_kept(store), 2);
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static void
refused(const char *file, int version, bool read_only, ErrorCode code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Store) store = store_of(file, version, read_only, &error);
    assert_null(store);
    assert_true(error_is(error, code));
    assert_non_null(strstr(error->message, "postlude"));
}

static void
test_stores_that_are_refused(void **state)
{
    Place *place = *state;
    g_autofree char *none = g_build_filename(place->folder, "none.db", NULL);
    g_autofree char *text = g_build_filename(place->folder, "text.db", NULL);
    refused(none, SCHEMA_VERSION, true, ERR_NOT_FOUND);
    assert_false(g_file_test(none, G_FILE_TEST_EXISTS));
    assert_true(g_file_set_contents(text, "This is a letter to my aunt, and no store of anything.",
                                    -1, NULL));
    refused(text, SCHEMA_VERSION, false, ERR_STORE);
    g_unlink(text);
    refused(place->file, SCHEMA_VERSION + 1, false, ERR_SCHEMA);
    refused(place->file, SCHEMA_VERSION - 1, false, ERR_SCHEMA);
}

/* ---- somebody's own question -------------------------------------------------------------------------------------- */

static void
question(Store *store, const char *sql, bool may)
{
    g_autoptr(GError) error = NULL;
    Db *db = store_reader(store, NULL);
    Rows *rows = db_rows_of_text(db, sql, &error);
    if ((rows != NULL) != may)
        print_error("%s: %s\n", sql, error ? error->message : "was taken");
    assert_int_equal(rows != NULL, may);
    assert_int_equal(error != NULL, !may);
    rows_close(rows);
    store_reader_return(store, db);
}

static void
test_a_question_only_looks(void **state)
{
    Store *store = ((Place *)*state)->store;
    question(store, "SELECT count(*) FROM orders", true);
    question(store, "WITH one AS (SELECT 1 AS n) SELECT sum(n) FROM one;", true);
    question(store, "EXPLAIN QUERY PLAN SELECT * FROM orders WHERE shop = 1", true);
    question(store, "PRAGMA table_info(orders)", true);
    question(store, "DELETE FROM orders", false);
    question(store, "SELECT 1; SELECT 2", false);
    question(store, "PRAGMA wal_checkpoint(TRUNCATE)", false);
    question(store, "PRAGMA query_only = OFF", false);
    question(store, "ATTACH DATABASE ':memory:' AS other", false);
    question(store, "BEGIN", false);
    question(store, "", false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_jobs_that_wait_share_a_commit, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_a_bad_job_takes_nobody_along, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_who_is_waited_for_goes_first, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_store_write_returns_after_the_commit, place_make,
                                        place_drop),
        cmocka_unit_test_setup_teardown(test_drain_waits_for_all_lanes, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_close_works_off_what_is_queued, place_make,
                                        place_drop),
        cmocka_unit_test_setup_teardown(test_locked_by_another_program, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_disk_full, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_stores_that_are_refused, place_make, place_drop),
        cmocka_unit_test_setup_teardown(test_a_question_only_looks, place_make, place_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
