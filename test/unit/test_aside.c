/* A row at which the worker died twice is put aside, and everything else goes on. */
#include "check.h"

#include "base/seal.h"
#include "engine/id.h"
#include "engine/keyring.h"
#include "engine/schema.h"
#include "engine/store.h"
#include "flow/flow.h"

#include <glib/gstdio.h>

typedef struct Bench {
    char *folder;
    Store *store;
    ShopBook *shops;
    HmacKey *key;
    Keyring *keyring;
    WorkPage page;
} Bench;

static bool
insert_inbox(Db *db, void *arg, GError **error)
{
    const int64_t *id = arg;
    g_autofree char *delivery = g_strdup_printf("d%" G_GINT64_FORMAT, *id);
    return db_run(db, Q_inbox_append,
                  BINDS(bind_int("id", *id), bind_int("shop", 1), bind_int("at", 1),
                        bind_null("cause"), bind_cstr("connector", "shopify"),
                        bind_cstr("topic", "orders/create"), bind_cstr("delivery", delivery),
                        bind_int("body_bytes", 13)),
                  NULL, error) &&
           db_run(db, Q_inbox_body_append,
                  BINDS(bind_int("id", *id), bind_int("shop", 1),
                        bind_blob("body", STR("no zstd frame"))),
                  NULL, error);
}

static int
bench_open(void **state)
{
    Bench *bench = *state = g_new0(Bench, 1);
    g_autoptr(GError) error = NULL;
    g_autofree char *schema = schema_text();
    SealKey master;
    seal_key_make(&master);
    bench->keyring = keyring_new(&master);
    bench->folder = g_dir_make_tmp("postlude-aside-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(bench->folder, "postlude.db", NULL);
    StoreOptions options = {.file = file, .schema = schema, .schema_version = SCHEMA_VERSION};
    bench->store = store_open(&options, &error);
    assert_non_null(bench->store);
    ShopNew shop = {STR("demo"), STR("Demo"), STR("EUR"), STR("UTC"), STR("en")};
    assert_true(shop_add(bench->store, &shop, &error));
    bench->shops = shopbook_new(bench->store, bench->keyring);
    assert_true(shopbook_load(bench->shops, &error));
    bench->key = hmac_key_new(DIGEST_SHA256, STR("a key of the test"));
    return 0;
}

static int
bench_close(void **state)
{
    Bench *bench = *state;
    static const char *const endings[] = {"", "-wal", "-shm"};
    shopbook_free(bench->shops);
    store_close(bench->store);
    hmac_key_free(bench->key);
    keyring_free(bench->keyring);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(bench->folder, "/postlude.db", endings[i], NULL);
        g_unlink(file);
    }
    g_rmdir(bench->folder);
    g_free(bench->folder);
    g_free(bench);
    return 0;
}

/* One life of the worker that starts with what the page says of the one before. */
static void
live(Bench *bench, bool works)
{
    g_autoptr(GError) error = NULL;
    FlowOptions options = {
        .store = bench->store,
        .shops = bench->shops,
        .links = bench->key,
        .mail_ids = bench->key,
        .keyring = bench->keyring,
        .public_url = "http://127.0.0.1",
        .smtp_url = "",
        .smtp_ca_file = "",
        .smtp_rate = "auto",
        .smtp_connections = "1",
        .manual = true,
        .page = &bench->page,
    };
    g_autoptr(Flow) flow = flow_new(&options, &error);
    assert_non_null(flow);
    int64_t turns;
    if (works)
        assert_true(flow_work(flow, &turns, &error));
}

static char *
state_of(Bench *bench, int64_t id)
{
    g_autoptr(GError) error = NULL;
    Db *db = store_reader(bench->store, &error);
    g_autofree char *sql =
        g_strdup_printf("SELECT state FROM inbox WHERE id = %" G_GINT64_FORMAT, id);
    Rows *rows = db_rows_of_text(db, sql, &error);
    assert_true(rows_next(rows));
    Str text = rows_text(rows, 0);
    char *state = g_strndup(text.at, text.len);
    rows_close(rows);
    store_reader_return(bench->store, db);
    return state;
}

static void
a_row_that_kills_twice_is_put_aside(void **state)
{
    Bench *bench = *state;
    g_autoptr(GError) error = NULL;
    int64_t killer = id_new(KIND_INBOX), bystander = id_new(KIND_INBOX);
    assert_true(store_write(bench->store, STORE_INTAKE, insert_inbox, &killer, &error));
    assert_true(store_write(bench->store, STORE_INTAKE, insert_inbox, &bystander, &error));

    /* First death at it: it may have been chance. */
    bench->page.taking = killer;
    live(bench, false);
    g_autofree char *first = state_of(bench, killer);
    assert_string_equal(first, "new");

    /* Second death at the same row. */
    bench->page.taking = killer;
    live(bench, true);
    g_autofree char *second = state_of(bench, killer);
    assert_string_equal(second, "aside");

    /* The others were worked; this one cannot be read, which is a state and no crash. */
    g_autofree char *other = state_of(bench, bystander);
    assert_string_equal(other, "unread");
}

static void
deaths_at_different_rows_put_nothing_aside(void **state)
{
    Bench *bench = *state;
    g_autoptr(GError) error = NULL;
    int64_t one = id_new(KIND_INBOX), two = id_new(KIND_INBOX);
    assert_true(store_write(bench->store, STORE_INTAKE, insert_inbox, &one, &error));
    assert_true(store_write(bench->store, STORE_INTAKE, insert_inbox, &two, &error));
    bench->page.taking = one;
    live(bench, false);
    bench->page.writing = two;
    live(bench, false);
    bench->page.taking = one;
    live(bench, false);
    g_autofree char *first = state_of(bench, one);
    g_autofree char *second = state_of(bench, two);
    assert_string_equal(first, "new");
    assert_string_equal(second, "new");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_row_that_kills_twice_is_put_aside, bench_open,
                                        bench_close),
        cmocka_unit_test_setup_teardown(deaths_at_different_rows_put_nothing_aside, bench_open,
                                        bench_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
