/* replay.c - `postlude replay`: tries again what could not be read or worked on before. */
#include "cmd/cmd.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "flow/inbox.h"

typedef struct Again {
    int64_t shop;
    int64_t id;
    int64_t changed;
} Again;

static bool
again_job(Db *db, void *arg, GError **error)
{
    Again *again = arg;
    Bind shop = bind_int("shop", again->shop), id = bind_int("id", again->id);
    Bind now = bind_int("now", clock_now());
    switch (id_kind(again->id)) {
    case KIND_EVENT:
        return db_run(db, Q_event_replay, BINDS(shop, id), &again->changed, error);
    case KIND_RUN:
        return db_run(db, Q_run_replay, BINDS(now, shop, id), &again->changed, error);
    case KIND_MESSAGE:
        return db_run(db, Q_message_replay, BINDS(now, shop, id), &again->changed, error);
    default:
        return true;
    }
}

/* An event, a run or a message that was put aside. */
static bool
replay_aside(Home *home, int64_t shop, int64_t id, GError **error)
{
    Again again = {.shop = shop, .id = id};
    if (!store_write(home->store, STORE_FLOW, again_job, &again, error))
        return false;
    return again.changed || fail(error, ERR_NOT_FOUND, "nothing of this id was put aside");
}

bool
replay_write(Home *home, char **words, GString *out, GError **error)
{
    int64_t id;
    if (g_strv_length(words) != 2 || !id_parse(str_of(words[1]), &id))
        return fail(error, ERR_USAGE,
                    "replay takes a shop and an id, as `list unread` or `list aside` shows it");
    g_autoptr(ShopHold) shop = home_shop(home, words[0], error);
    if (!shop)
        return false;
    bool delivery = id_kind(id) == KIND_INBOX || !id_kind(id);
    if (delivery ? !inbox_replay(home->store, shop->shop.id, id, error)
                 : !replay_aside(home, shop->shop.id, id, error))
        return false;
    g_string_append(out, delivery ? "It will be read again.\n" : "It will be tried again.\n");
    return true;
}

int
cmd_replay(int argc, char **argv)
{
    CmdOptions options = {
        .usage = "replay SLUG ID",
        .help =
            "Reads a delivery again that could not be read before (`postlude list unread` shows "
            "them), or tries again what was put aside (`postlude list aside`).",
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 3)
        return cmd_usage(&options, "replay takes a shop and an id");
    return cmd_write(data, "replay", argv + 1);
}
