/* check.c - `postlude check`: is the store whole? */
#include "cmd/cmd.h"
#include "engine/guard.h"

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
};

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
    store_reader_return(home->store, db);
    if (!ok)
        return cmd_fail(error);
    if (wrong == 0)
        printf("The store is whole.\n");
    return wrong == 0 ? GUARD_OK : GUARD_FAILED;
}
