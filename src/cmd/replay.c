/* replay.c - `postlude replay`: reads a delivery again that could not be read before. */
#include "cmd/cmd.h"
#include "engine/id.h"
#include "flow/inbox.h"

bool
replay_write(Home *home, char **words, GString *out, GError **error)
{
    int64_t id;
    if (g_strv_length(words) != 2 || !id_parse(str_of(words[1]), &id))
        return fail(error, ERR_USAGE,
                    "replay takes a shop and the id of a delivery, as `list unread` "
                    "shows it");
    g_autoptr(ShopHold) shop = home_shop(home, words[0], error);
    if (!shop || !inbox_replay(home->store, shop->shop.id, id, error))
        return false;
    g_string_append(out, "It will be read again.\n");
    return true;
}

int
cmd_replay(int argc, char **argv)
{
    CmdOptions options = {
        .usage = "replay SLUG ID",
        .help = "Reads a delivery again that could not be read before; `postlude list unread` "
                "shows them.",
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 3)
        return cmd_usage(&options, "replay takes a shop and an id");
    return cmd_write(data, "replay", argv + 1);
}
