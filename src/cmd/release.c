/* release.c - `postlude release`: after a restore, mail flows again. */
#include "cmd/cmd.h"
#include "engine/guard.h"
#include "flow/hold.h"

typedef struct Releasing {
    bool drop;
    int64_t dropped;
} Releasing;

static bool
release_job(Db *db, void *arg, GError **error)
{
    Releasing *releasing = arg;
    return hold_release(db, releasing->drop, &releasing->dropped, error);
}

static bool
release_look(Home *home, int64_t *ret_since, int64_t *ret_overdue, GError **error)
{
    Db *db = store_reader(home->store, error);
    if (!db)
        return false;
    bool ok = hold_since(db, ret_since, error) && hold_overdue(db, ret_overdue, error);
    store_reader_return(home->store, db);
    return ok;
}

bool
release_write(Home *home, char **words, GString *out, GError **error)
{
    int64_t since = 0, overdue = 0;
    const char *choice = words[0] ? words[0] : "";
    Releasing releasing = {.drop = g_str_equal(choice, "drop")};
    if (*choice && !releasing.drop && !g_str_equal(choice, "send"))
        return fail(error, ERR_USAGE, "overdue messages can be `send` or `drop`, not '%s'", choice);
    if (!release_look(home, &since, &overdue, error))
        return false;
    if (!since)
        return fail(error, ERR_CONFLICT, "nothing is on hold");
    if (overdue && !*choice)
        return fail(error, ERR_USAGE,
                    "%" G_GINT64_FORMAT " messages were due before the restore and may have been "
                    "sent then: `postlude release send` or `postlude release drop`",
                    overdue);
    if (!store_write(home->store, STORE_FLOW, release_job, &releasing, error))
        return false;
    g_string_append_printf(out,
                           "Mail flows again. %" G_GINT64_FORMAT " overdue messages were %s.\n",
                           overdue, releasing.drop ? "dropped" : "kept and go now");
    return true;
}

int
cmd_release(int argc, char **argv)
{
    CmdOptions options = {
        .usage = "release [send|drop]",
        .help = "Ends the hold after a restore. If messages were due before it, say what becomes "
                "of them: `send` or `drop`.",
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc > 2)
        return cmd_usage(&options, "release takes `send`, `drop` or nothing");
    return cmd_write(data, "release", argv + 1);
}
