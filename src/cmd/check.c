/* check.c - `postlude check`: is the store whole? */
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/guard.h"
#include "flow/body.h"

#include <stdio.h>

/* Rows that contradict each other; each query gives how many. */
static const struct {
    Query query;
    const char *what;
} checks[] = {
    {Q_check_line_without_order, "order lines without their order"},
    {Q_check_run_without_event, "runs without the event that started them"},
    {Q_check_message_without_step, "messages without the step that wrote them"},
    {Q_check_delivery_without_message, "deliveries without their message"},
    {Q_check_accepted_without_delivery, "accepted messages without an accepted delivery"},
    {Q_check_two_accepted, "messages that were accepted more than once"},
    {Q_check_part_without_order, "shipments and refunds without their order"},
    {Q_check_parcel_without_shipment, "parcels without their shipment"},
    {Q_check_merged_into_nobody, "customers who stand behind nobody"},
    {Q_check_body_without_row, "bodies without their row"},
    {Q_check_early_for_nothing, "deliveries that wait for what is there"},
};

/* A body that cannot be unpacked is damaged, or its dictionary is gone. */
static bool
check_bodies(Db *db, Query query, const char *what, int64_t *wrong, GError **error)
{
    int64_t damaged = 0;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Rows) rows = db_rows(db, query, NULL, error);
    while (rows && rows_next(rows)) {
        Str body;
        arena_reset(arena);
        damaged += !body_unpack(db, arena, rows_int(rows, 1), rows_blob(rows, 2), &body, NULL);
    }
    if (damaged)
        printf("%" G_GINT64_FORMAT " %s\n", damaged, what);
    *wrong += damaged;
    return rows && rows_ok(rows, error);
}

int
cmd_check(int argc, char **argv)
{
    CmdOptions options = {
        .usage = "check",
        .help = "Looks whether the store's file is whole and its rows agree. Takes a while on a "
                "large store.",
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 1)
        return cmd_usage(&options, "check takes no word");
    g_autoptr(GError) error = NULL;
    HomeOptions home_options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&home_options, &error);
    Db *db = home ? store_reader(home->store, &error) : NULL;
    if (!db)
        return cmd_fail(error);
    bool ok = store_check(db, &error);
    int64_t wrong = 0;
    for (size_t i = 0; ok && i < G_N_ELEMENTS(checks); i++) {
        int64_t count = 0;
        ok = db_int(db, checks[i].query, NULL, &count, &error);
        if (count)
            printf("%" G_GINT64_FORMAT " %s\n", count, checks[i].what);
        wrong += count;
    }
    ok = ok &&
         check_bodies(db, Q_check_inbox_bodies, "deliveries whose body is damaged", &wrong,
                      &error) &&
         check_bodies(db, Q_check_message_bodies, "messages whose body is damaged", &wrong, &error);
    store_reader_return(home->store, db);
    if (!ok)
        return cmd_fail(error);
    if (wrong == 0)
        printf("The store is whole.\n");
    return wrong == 0 ? GUARD_OK : GUARD_FAILED;
}
