/* The gate: marketing waits for the old opt-outs, what is due does not; who said no to a topic gets the others. */
#include "check.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/keyring.h"
#include "engine/schema.h"
#include "flow/choice.h"
#include "flow/consent.h"
#include "flow/step.h"

#include <glib/gstdio.h>

typedef struct Bench {
    char *folder;
    Store *store;
    ShopBook *shops;
    Keyring *keyring;
} Bench;

static int
bench_open(void **state)
{
    Bench *bench = *state = g_new0(Bench, 1);
    g_autofree char *schema = schema_text();
    SealKey master;
    seal_key_make(&master);
    bench->keyring = keyring_new(&master);
    bench->folder = g_dir_make_tmp("postlude-consent-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(bench->folder, "postlude.db", NULL);
    StoreOptions options = {.file = file, .schema = schema, .schema_version = SCHEMA_VERSION};
    bench->store = store_open(&options, NULL);
    assert_non_null(bench->store);
    ShopNew shop = {STR("demo"), STR("Demo"), STR("EUR"), STR("UTC"), STR("en")};
    assert_true(shop_add(bench->store, &shop, NULL));
    bench->shops = shopbook_new(bench->store, bench->keyring);
    assert_true(shopbook_load(bench->shops, NULL));
    return 0;
}

static int
bench_close(void **state)
{
    Bench *bench = *state;
    static const char *const endings[] = {"", "-wal", "-shm"};
    shopbook_free(bench->shops);
    store_close(bench->store);
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

static void
set(const Bench *bench, const char *key, const char *value)
{
    g_autoptr(ShopHold) shop = shopbook_find(bench->shops, STR("demo"));
    ShopValue change = {str_of(key), str_of(value)};
    assert_true(shop_set(bench->store, &bench->keyring->columns, shop, &change, 1, NULL));
    assert_true(shopbook_load(bench->shops, NULL));
}

static Reason
verdict(const Bench *bench, MessageClass class)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(ShopHold) shop = shopbook_find(bench->shops, STR("demo"));
    ConsentAsk ask = {
        .shop = shop, .class = class, .channel = STR("email"), .address = STR("ana@example.com")};
    ConsentVerdict found = {0};
    Db *db = store_reader(bench->store, NULL);
    assert_true(consent_check(db, arena, &ask, &found, NULL));
    store_reader_return(bench->store, db);
    assert_int_equal(found.may, found.reason == REASON_NONE);
    return found.reason;
}

static bool
agree_job(Db *db, void *arg, GError **error)
{
    Arena *arena = arg;
    ConsentFact told = {.channel = STR("email"),
                        .address = STR("Ana@Example.com"),
                        .given = true,
                        .basis = STR("opt_in"),
                        .proof = STR("a form"),
                        .chosen_at = 1};
    ConsentFact choice = choice_clean(arena, &told);
    Learn learn = {.db = db, .shop = 1, .at = 1, .source = STR("test")};
    Learned learned;
    return choice_learn(&learn, &choice, &learned, error);
}

static void
marketing_waits_for_opt_outs(void **state)
{
    const Bench *bench = *state;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    set(bench, "live_since", "2020-01-01T00:00:00Z");
    set(bench, "legal.address", "1 Rue, Lyon");
    assert_int_equal(verdict(bench, CLASS_TRANSACTIONAL), REASON_NONE);
    assert_int_equal(verdict(bench, CLASS_SAFETY), REASON_NONE);
    assert_true(store_write(bench->store, STORE_FLOW, agree_job, arena, NULL));
    /* She agreed; whether she took it back in the program before, nobody knows yet. */
    assert_int_equal(verdict(bench, CLASS_MARKETING), REASON_NO_SUPPRESSIONS);
    set(bench, "marketing.suppressions", "none");
    assert_int_equal(verdict(bench, CLASS_MARKETING), REASON_NONE);
    set(bench, "marketing.suppressions", "imported");
    assert_int_equal(verdict(bench, CLASS_MARKETING), REASON_NONE);
    set(bench, "marketing.suppressions", "");
    assert_int_equal(verdict(bench, CLASS_MARKETING), REASON_NO_SUPPRESSIONS);
    assert_int_equal(verdict(bench, CLASS_TRANSACTIONAL), REASON_NONE);
}

static bool
refuse_reviews_job(Db *db, void *arg, GError **error)
{
    Arena *arena = arg;
    ConsentFact told = {.channel = STR("email"),
                        .address = STR("ana@example.com"),
                        .topic = STR("reviews"),
                        .basis = STR("opt_out"),
                        .proof = STR("a page"),
                        .chosen_at = 2};
    ConsentFact choice = choice_clean(arena, &told);
    Learn learn = {.db = db, .shop = 1, .at = 2, .source = STR("test")};
    Learned learned;
    return choice_learn(&learn, &choice, &learned, error);
}

static Reason
verdict_on(const Bench *bench, const char *topic)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(ShopHold) shop = shopbook_find(bench->shops, STR("demo"));
    ConsentAsk ask = {.shop = shop,
                      .class = CLASS_MARKETING,
                      .topic = str_of(topic),
                      .channel = STR("email"),
                      .address = STR("ana@example.com")};
    ConsentVerdict found = {0};
    Db *db = store_reader(bench->store, NULL);
    assert_true(consent_check(db, arena, &ask, &found, NULL));
    store_reader_return(bench->store, db);
    return found.reason;
}

static void
one_topic_is_refused(void **state)
{
    const Bench *bench = *state;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    set(bench, "live_since", "2020-01-01T00:00:00Z");
    set(bench, "legal.address", "1 Rue, Lyon");
    set(bench, "marketing.suppressions", "none");
    assert_true(store_write(bench->store, STORE_FLOW, agree_job, arena, NULL));
    assert_int_equal(verdict_on(bench, "reviews"), REASON_NONE);
    assert_true(store_write(bench->store, STORE_FLOW, refuse_reviews_job, arena, NULL));
    assert_int_equal(verdict_on(bench, "reviews"), REASON_NO_CONSENT);
    assert_int_equal(verdict_on(bench, "news"), REASON_NONE);
}

static bool
step_takes(const char *config, const char *said)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    const Json *json = json_parse(arena, config, strlen(config), NULL);
    assert_non_null(json);
    bool takes = step_check(step_find(STR("send")), json, &error);
    if (!takes)
        assert_non_null(strstr(error->message, said));
    return takes;
}

static void
marketing_names_its_topic(void **state)
{
    (void)state;
#define SEND "{\"template\": \"hello\", \"lane\": \"journeys\", \"not_after\": \"72h\", "
    assert_false(step_takes(SEND "\"class\": \"marketing\"}", "topic is missing"));
    assert_false(step_takes(SEND "\"class\": \"marketing\", \"topic\": \"\"}", "topic"));
    assert_false(step_takes(SEND "\"class\": \"marketing\", \"topic\": \"hello\"}", "reviews"));
    assert_true(step_takes(SEND "\"class\": \"marketing\", \"topic\": \"reviews\"}", ""));
    assert_true(step_takes(SEND "\"class\": \"transactional\"}", ""));
#undef SEND
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(marketing_waits_for_opt_outs, bench_open, bench_close),
        cmocka_unit_test_setup_teardown(one_topic_is_refused, bench_open, bench_close),
        cmocka_unit_test(marketing_names_its_topic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
