/* test_learn.c - what is known in the end does not depend on the order in which it was told: facts are learned in
 * hundreds of shuffled and repeated orders, and the rows must be the same each time, each event once. */
#include "check.h"

#include "base/limits.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "engine/schema.h"
#include "engine/store.h"
#include "flow/facts.h"
#include "flow/merge.h"

#include <glib/gstdio.h>

enum { SHUFFLES = 60, COPIES = 3 };

typedef struct Place {
    char *folder;
    char *file;
    Store *store;
    Arena *arena;
} Place;

static int
place_make(void **state)
{
    g_autofree char *schema = schema_text();
    Place *place = g_new0(Place, 1);
    place->folder = g_dir_make_tmp("postlude-learn-XXXXXX", NULL);
    place->file = g_build_filename(place->folder, "postlude.db", NULL);
    place->arena = arena_new(LIMIT_ARENA_BYTES);
    StoreOptions options = {
        .file = place->file, .schema = schema, .schema_version = SCHEMA_VERSION};
    place->store = store_open(&options, NULL);
    *state = place;
    return place->store ? 0 : -1;
}

static int
place_drop(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    Place *place = *state;
    store_close(place->store);
    arena_free(place->arena);
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

/* ---- telling -------------------------------------------------------------------------------------------- */

typedef struct Telling {
    int64_t shop;
    FactsNews *news;
    bool history;
    FactsCount count;
} Telling;

static bool
telling_job(Db *db, void *arg, GError **error)
{
    Telling *telling = arg;
    Learn learn = {
        .db = db,
        .shop = telling->shop,
        .at = clock_now(),
        .source = STR("shopify"),
        .history = telling->history,
    };
    return facts_learn(&learn, telling->news, &telling->count, error);
}

static FactsCount
tell(Place *place, int64_t shop, const Facts *facts)
{
    g_autoptr(GError) error = NULL;
    Telling telling = {.shop = shop, .news = facts_prepare(place->arena, facts)};
    if (!store_write(place->store, STORE_FLOW, telling_job, &telling, &error))
        print_error("%s\n", error->message);
    assert_null(error);
    return telling.count;
}

static FactsCount
tell_order(Place *place, int64_t shop, const Order *order)
{
    return tell(place, shop, &(Facts){.orders = order, .order_count = 1});
}

/* What a query says of a shop, all its rows, `|` between columns and a line each. */
static char *
rows_said(Place *place, int64_t shop, const char *sql)
{
    g_autofree char *text = g_strdup_printf(sql, shop);
    GString *said = g_string_new(NULL);
    Db *db = store_reader(place->store, NULL);
    Rows *rows = db_rows_of_text(db, text, NULL);
    assert_non_null(rows);
    while (rows_next(rows)) {
        for (int i = 0; i < rows_columns(rows); i++) {
            if (rows_is_text(rows, i))
                g_string_append_len(said, rows_text(rows, i).at, (gssize)rows_text(rows, i).len);
            else if (!rows_is_null(rows, i))
                g_string_append_printf(said, "%" G_GINT64_FORMAT, rows_int(rows, i));
            g_string_append_c(said, '|');
        }
        g_string_append_c(said, '\n');
    }
    rows_close(rows);
    store_reader_return(place->store, db);
    return g_string_free(said, FALSE);
}

static void
assert_rows(Place *place, int64_t shop, const char *sql, const char *expected)
{
    g_autofree char *said = rows_said(place, shop, sql);
    assert_string_equal(said, expected);
}

/* ---- a life of an order ----------------------------------------------------------------------------------- */

static const OrderLine lines[] = {
    {.foreign_id = STR("l1"),
     .sku = STR("BOOT"),
     .title = STR("Boots"),
     .quantity = 1,
     .price = 12900,
     .ships = true},
    {.foreign_id = STR("l2"),
     .sku = STR("WAX"),
     .title = STR("Wax"),
     .quantity = 2,
     .price = 900,
     .ships = true},
};

static Order
order_at(int64_t updated_at)
{
    return (Order){
        .foreign_id = STR("820982911946154508"),
        .name = STR("#1001"),
        .email = STR("Ana.Lima@Example.com"),
        .currency = STR("EUR"),
        .subtotal = 14700,
        .total = 14700,
        .placed_at = 1000,
        .updated_at = updated_at,
        .customer = {.foreign_id = STR("c1"),
                     .email = STR("ana.lima@example.com"),
                     .first_name = STR("Ana"),
                     .updated_at = updated_at},
        .lines = lines,
        .line_count = G_N_ELEMENTS(lines),
    };
}

static const Parcel parcels[] = {{STR("DHL"), STR("00340434161094042557"), STR("")}};

static Shipment
shipment_at(int64_t updated_at, ShipmentState state)
{
    return (Shipment){
        .foreign_id = STR("f1"),
        .order_foreign_id = STR("820982911946154508"),
        .state = state,
        .shipped_at = 3000,
        .updated_at = updated_at,
        .parcels = parcels,
        .parcel_count = 1,
    };
}

static Scan
scan_at(int64_t at, ShipmentState state)
{
    return (Scan){
        .shipment_foreign_id = STR("f1"),
        .order_foreign_id = STR("820982911946154508"),
        .state = state,
        .happened_at = at,
    };
}

enum { LIFE = 12 };

/* Placed and paid in the same second, shipped, seen, delivered, seen again by a late scanner, part of it refunded. */
static void
life_make(Facts ret[LIFE], Order orders[4], Shipment shipments[2], Scan scans[4], Refund *refund)
{
    for (int i = 0; i < 4; i++)
        orders[i] = order_at(i < 2 ? 1000 : 1000 * (i + 1));
    orders[1].payment = orders[2].payment = PAYMENT_PAID;
    orders[2].fulfilment = orders[3].fulfilment = FULFILMENT_DONE;
    orders[3].payment = PAYMENT_PARTLY_REFUNDED;
    shipments[0] = shipment_at(3000, SHIPMENT_UNKNOWN);
    shipments[1] = shipment_at(3600, SHIPMENT_IN_TRANSIT);
    scans[0] = scan_at(3500, SHIPMENT_IN_TRANSIT);
    scans[1] = scan_at(3800, SHIPMENT_OUT_FOR_DELIVERY);
    scans[2] = scan_at(3900, SHIPMENT_DELIVERED);
    scans[3] = scan_at(3950, SHIPMENT_IN_TRANSIT);
    *refund = (Refund){
        .foreign_id = STR("r1"),
        .order_foreign_id = STR("820982911946154508"),
        .currency = STR("EUR"),
        .amount = 900,
        .refunded_at = 4000,
    };
    for (int i = 0; i < 4; i++)
        ret[i] = (Facts){.orders = &orders[i], .order_count = 1};
    for (int i = 0; i < 2; i++)
        ret[4 + i] = (Facts){.shipments = &shipments[i], .shipment_count = 1};
    for (int i = 0; i < 4; i++)
        ret[6 + i] = (Facts){.scans = &scans[i], .scan_count = 1};
    ret[10] = (Facts){.refunds = refund, .refund_count = 1};
    ret[11] = ret[0];
}

/* Tells all of it, `copies` times, in a shuffled order; what came too early is told again, as the inbox does. */
static void
life_tell(Place *place, int64_t shop, const Facts life[LIFE], GRand *dice)
{
    g_autoptr(GArray) left = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < LIFE * (dice ? COPIES : 1); i++) {
        int which = i % LIFE;
        g_array_append_val(left, which);
    }
    for (guint i = left->len; dice && i > 1; i--) {
        guint other = (guint)g_rand_int_range(dice, 0, (gint32)i);
        int *list = (int *)(void *)left->data, kept = list[i - 1];
        list[i - 1] = list[other];
        list[other] = kept;
    }
    for (int round = 0; left->len; round++) {
        assert_in_range(round, 0, 5);
        g_autoptr(GArray) early = g_array_new(FALSE, FALSE, sizeof(int));
        for (guint i = 0; i < left->len; i++) {
            int which = g_array_index(left, int, i);
            if (tell(place, shop, &life[which]).of[LEARNED_EARLY])
                g_array_append_val(early, which);
        }
        g_array_set_size(left, 0);
        g_array_append_vals(left, early->data, early->len);
    }
}

static const char order_sql[] =
    "SELECT name, payment, fulfilment, total, delivered_at, updated_at, "
    "(SELECT count(*) FROM order_line WHERE order_id = orders.id) FROM orders WHERE shop = %d";
static const char shipment_sql[] =
    "SELECT state, state_at, shipped_at, delivered_at, updated_at, "
    "(SELECT group_concat(number) FROM parcel WHERE shipment_id = shipment.id) FROM shipment "
    "WHERE shop = %d";
/* Those that a customer hears of. */
static const char event_sql[] =
    "SELECT kind, count(*) FROM event WHERE shop = %d AND kind IN ('order.placed', "
    "'shipment.shipped', 'shipment.delivered', 'refund.made', 'order.delivered', "
    "'order.fulfilled') GROUP BY kind ORDER BY kind";

static void
test_the_end_does_not_depend_on_the_order_of_telling(void **state)
{
    Place *place = *state;
    Facts life[LIFE];
    Order orders[4];
    Shipment shipments[2];
    Scan scans[4];
    Refund refund;
    life_make(life, orders, shipments, scans, &refund);
    g_autoptr(GRand) dice = g_rand_new_with_seed(20261122);
    for (int64_t shop = 1; shop <= SHUFFLES; shop++) {
        life_tell(place, shop, life, shop > 1 ? dice : NULL);
        assert_rows(place, shop, order_sql, "#1001|partly_refunded|fulfilled|14700|3900|4000|2|\n");
        assert_rows(place, shop, shipment_sql,
                    "delivered|3900|3000|3900|3600|00340434161094042557|\n");
        assert_rows(place, shop, event_sql,
                    "order.delivered|1|\norder.fulfilled|1|\norder.placed|1|\nrefund.made|1|\n"
                    "shipment.delivered|1|\nshipment.shipped|1|\n");
    }
}

/* ---- without versions ------------------------------------------------------------------------------------- */

static void
test_a_table_without_versions_fills_gaps_only(void **state)
{
    Place *place = *state;
    Order told = order_at(5000), listed = order_at(0);
    told.payment = PAYMENT_REFUNDED;
    told.phone = STR("");
    listed.payment = PAYMENT_PAID;
    listed.phone = STR("+33 1 70 18 99 00");
    listed.total = 1;
    assert_int_equal(tell_order(place, 1, &told).of[LEARNED_NEW], 1);
    assert_int_equal(tell_order(place, 1, &listed).of[LEARNED_CHANGED], 1);
    assert_int_equal(tell_order(place, 1, &listed).of[LEARNED_SAME], 1);
    assert_rows(place, 1, "SELECT payment, phone, total, updated_at FROM orders WHERE shop = %d",
                "refunded|+33 1 70 18 99 00|14700|5000|\n");
}

static void
test_a_version_wins_over_none(void **state)
{
    Place *place = *state;
    Order listed = order_at(0), told = order_at(2000);
    told.payment = PAYMENT_PAID;
    assert_int_equal(tell_order(place, 1, &listed).of[LEARNED_NEW], 1);
    assert_int_equal(tell_order(place, 1, &told).of[LEARNED_CHANGED], 1);
    assert_rows(place, 1, "SELECT payment, updated_at FROM orders WHERE shop = %d", "paid|2000|\n");
}

/* ---- who is who --------------------------------------------------------------------------------------------- */

static const char person_sql[] = "SELECT c.source, (SELECT p.source FROM customer AS p WHERE p.id "
                                 "= c.merged_into) FROM customer "
                                 "AS c WHERE c.shop = %d ORDER BY c.id";

static void
tell_customer(Place *place, int64_t shop, const char *id, const char *email)
{
    Customer customer = {.foreign_id = str_of(id), .email = str_of(email), .updated_at = 1000};
    tell(place, shop, &(Facts){.customers = &customer, .customer_count = 1});
}

static void
test_a_guest_is_the_one_account_of_the_address(void **state)
{
    Place *place = *state;
    tell_customer(place, 1, "", "bo@example.com");
    tell_customer(place, 1, "c7", "Bo@Example.com");
    assert_rows(place, 1, person_sql, "guest|shopify|\nshopify||\n");
    tell_customer(place, 2, "c7", "bo@example.com");
    tell_customer(place, 2, "", "BO@example.com");
    assert_rows(place, 2, person_sql, "shopify||\nguest|shopify|\n");
}

static void
test_two_accounts_are_never_guessed_to_be_one(void **state)
{
    Place *place = *state;
    tell_customer(place, 1, "c7", "family@example.com");
    tell_customer(place, 1, "c8", "family@example.com");
    tell_customer(place, 1, "", "family@example.com");
    assert_rows(place, 1, person_sql, "shopify||\nshopify||\nguest||\n");
}

static void
test_nothing_is_merged_across_shops(void **state)
{
    Place *place = *state;
    tell_customer(place, 1, "c7", "bo@example.com");
    tell_customer(place, 2, "", "bo@example.com");
    assert_rows(place, 2, person_sql, "guest||\n");
}

typedef struct Parting {
    int64_t from;
    int64_t into;
} Parting;

static bool
parting_job(Db *db, void *arg, GError **error)
{
    const Parting *parting = arg;
    Learn learn = {.db = db, .shop = 1, .at = clock_now()};
    return parting->into ? merge_add(&learn, parting->from, parting->into, "by_hand", error)
                         : merge_undo(&learn, parting->from, error);
}

static int64_t
customer_of(Place *place, const char *source)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT id FROM customer WHERE shop = %%d AND source = '%s'", source);
    g_autofree char *said = rows_said(place, 1, sql);
    return g_ascii_strtoll(said, NULL, 10);
}

static void
test_a_merge_is_taken_back_and_stays_so(void **state)
{
    Place *place = *state;
    g_autoptr(GError) error = NULL;
    tell_customer(place, 1, "", "bo@example.com");
    tell_customer(place, 1, "c7", "bo@example.com");
    Parting parting = {.from = customer_of(place, "guest")};
    assert_true(store_write(place->store, STORE_FLOW, parting_job, &parting, NULL));
    assert_rows(place, 1, person_sql, "guest||\nshopify||\n");
    assert_false(store_write(place->store, STORE_FLOW, parting_job, &parting, &error));
    assert_int_equal(error->code, ERR_NOT_FOUND);
    parting.into = customer_of(place, "shopify");
    assert_true(store_write(place->store, STORE_FLOW, parting_job, &parting, NULL));
    assert_rows(place, 1, person_sql, "guest|shopify|\nshopify||\n");
    assert_rows(place, 1,
                "SELECT reason, undone_at IS NOT NULL FROM merge WHERE shop = %d ORDER BY id",
                "same_address|1|\nby_hand|0|\n");
}

/* ---- choices ---------------------------------------------------------------------------------------------- */

static void
test_an_old_yes_does_not_outweigh_a_newer_no(void **state)
{
    Place *place = *state;
    ConsentFact no = {.channel = STR("email"),
                      .address = STR("Ana@example.com"),
                      .basis = STR("asked"),
                      .chosen_at = 2000};
    ConsentFact yes = {.channel = STR("email"),
                       .address = STR("ana@Example.com"),
                       .given = true,
                       .basis = STR("opt_in"),
                       .chosen_at = 1000};
    Facts first = {.consents = &no, .consent_count = 1};
    Facts second = {.consents = &yes, .consent_count = 1};
    assert_int_equal(tell(place, 1, &first).of[LEARNED_NEW], 1);
    assert_int_equal(tell(place, 1, &second).of[LEARNED_OLDER], 1);
    yes.chosen_at = 2000;
    assert_int_equal(tell(place, 1, &second).of[LEARNED_OLDER], 1);
    yes.chosen_at = 3000;
    assert_int_equal(tell(place, 1, &second).of[LEARNED_CHANGED], 1);
    assert_int_equal(tell(place, 1, &second).of[LEARNED_SAME], 1);
}

/* The same "no" twice, and the "yes" between them is told last: the "no" is the newest. */
static void
test_a_choice_made_again_counts_from_then(void **state)
{
    Place *place = *state;
    ConsentFact no = {
        .channel = STR("email"), .address = STR("a@example.com"), .basis = STR("asked")};
    ConsentFact yes = {.channel = STR("email"),
                       .address = STR("a@example.com"),
                       .given = true,
                       .basis = STR("opt_in"),
                       .chosen_at = 3000};
    Facts nos = {.consents = &no, .consent_count = 1};
    no.chosen_at = 1000;
    tell(place, 1, &nos);
    no.chosen_at = 5000;
    assert_int_equal(tell(place, 1, &nos).of[LEARNED_SAME], 1);
    tell(place, 1, &(Facts){.consents = &yes, .consent_count = 1});
    assert_rows(
        place, 1,
        "SELECT state FROM consent WHERE shop = %d ORDER BY chosen_at DESC, id DESC LIMIT 1",
        "withdrawn|\n");
    assert_rows(place, 1, "SELECT kind FROM event WHERE shop = %d", "consent.withdrawn|\n");
}

/* The clock of the machine that told of the "yes" is a day ahead of ours. */
static void
test_nobody_chooses_in_the_future(void **state)
{
    Place *place = *state;
    enum { DAY = 24 * 3600 * 1000 };
    ConsentFact yes = {.channel = STR("email"),
                       .address = STR("a@example.com"),
                       .given = true,
                       .basis = STR("opt_in"),
                       .chosen_at = clock_now() + DAY};
    ConsentFact no = {
        .channel = STR("email"), .address = STR("a@example.com"), .basis = STR("asked")};
    tell(place, 1, &(Facts){.consents = &yes, .consent_count = 1});
    g_usleep(5000);
    no.chosen_at = clock_now();
    assert_int_equal(
        tell(place, 1, &(Facts){.consents = &no, .consent_count = 1}).of[LEARNED_CHANGED], 1);
}

/* ---- quiet orders ------------------------------------------------------------------------------------------ */

static void
test_a_marketplaces_order_is_quiet(void **state)
{
    Place *place = *state;
    Order relay = order_at(1000), sold = order_at(1000);
    relay.email = STR("x4k2p1@marketplace.amazon.de");
    sold.foreign_id = STR("2");
    sold.channel = STR("ebay");
    tell_order(place, 1, &relay);
    tell_order(place, 1, &sold);
    assert_rows(place, 1, "SELECT quiet FROM orders WHERE shop = %d ORDER BY id",
                "marketplace|\nmarketplace|\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_drop)
        TEST(test_the_end_does_not_depend_on_the_order_of_telling),
        TEST(test_a_table_without_versions_fills_gaps_only),
        TEST(test_a_version_wins_over_none),
        TEST(test_a_guest_is_the_one_account_of_the_address),
        TEST(test_two_accounts_are_never_guessed_to_be_one),
        TEST(test_nothing_is_merged_across_shops),
        TEST(test_a_merge_is_taken_back_and_stays_so),
        TEST(test_an_old_yes_does_not_outweigh_a_newer_no),
        TEST(test_a_choice_made_again_counts_from_then),
        TEST(test_nobody_chooses_in_the_future),
        TEST(test_a_marketplaces_order_is_quiet),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
