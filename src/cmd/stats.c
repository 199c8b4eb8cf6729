/* stats.c - `postlude stats`: counts that add up. */
#include "base/json_write.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/guard.h"

#include <stdio.h>
#include <string.h>

/* Which count of the answer a message's state belongs to. */
static const struct {
    const char *state;
    const char *count;
} counts[] = {
    {"accepted", "accepted"}, {"failed", "failed"},   {"new", "waiting"},
    {"ready", "waiting"},     {"claimed", "waiting"}, {"unknown", "unknown"},
};
static const char *const count_names[] = {"accepted", "failed", "waiting", "unknown"};

static bool
put_nouns(Db *db, int64_t shop, JsonWriter *out, GError **error)
{
    static const char *const names[] = {"customers", "products", "orders", "order_lines", "events"};
    g_autoptr(Rows) rows = db_rows(db, Q_stats_nouns, BINDS(bind_int("only", shop)), error);
    if (!rows)
        return false;
    if (rows_next(rows))
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
            json_put_key(out, names[i]);
            json_put_int(out, rows_int(rows, (int)i));
        }
    return rows_ok(rows, error);
}

static bool
put_inbox(Db *db, int64_t shop, JsonWriter *out, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_stats_inbox, BINDS(bind_int("only", shop)), error);
    if (!rows)
        return false;
    json_put_key(out, "inbox");
    json_put_object(out);
    while (rows_next(rows)) {
        json_put_key_text(out, rows_text(rows, 0));
        json_put_int(out, rows_int(rows, 1));
    }
    json_put_end(out);
    return rows_ok(rows, error);
}

static bool
put_messages(Db *db, Arena *arena, int64_t shop, JsonWriter *out, GError **error)
{
    int64_t sums[G_N_ELEMENTS(count_names)] = {0};
    Buf excluded = {.arena = arena}, failed = {.arena = arena};
    JsonWriter reasons = {.buf = &excluded}, failures = {.buf = &failed};
    g_autoptr(Rows) rows = db_rows(db, Q_stats_messages, BINDS(bind_int("only", shop)), error);
    if (!rows)
        return false;
    json_put_object(&reasons);
    json_put_object(&failures);
    while (rows_next(rows)) {
        Str state = rows_text(rows, 0);
        JsonWriter *by_reason = str_is(state, "excluded") ? &reasons
                                : str_is(state, "failed") ? &failures
                                                          : NULL;
        if (by_reason) {
            json_put_key_text(by_reason, rows_text(rows, 1));
            json_put_int(by_reason, rows_int(rows, 2));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
            for (size_t n = 0; n < G_N_ELEMENTS(sums); n++)
                if (str_is(state, counts[i].state) && strcmp(counts[i].count, count_names[n]) == 0)
                    sums[n] += rows_int(rows, 2);
    }
    json_put_end(&reasons);
    json_put_end(&failures);
    json_put_key(out, "messages");
    json_put_object(out);
    for (size_t n = 0; n < G_N_ELEMENTS(sums); n++) {
        json_put_key(out, count_names[n]);
        json_put_int(out, sums[n]);
    }
    json_put_key(out, "excluded");
    json_put_value(out, json_parse(arena, excluded.at, excluded.len, NULL));
    json_put_key(out, "failed_by_reason");
    json_put_value(out, json_parse(arena, failed.at, failed.len, NULL));
    json_put_end(out);
    return rows_ok(rows, error);
}

static bool
stats_print(Home *home, int64_t shop, bool json, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Db *db = store_reader(home->store, error);
    if (!db)
        return false;
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf, .pretty = !json};
    json_put_object(&out);
    bool ok = put_nouns(db, shop, &out, error) && put_messages(db, arena, shop, &out, error) &&
              put_inbox(db, shop, &out, error);
    store_reader_return(home->store, db);
    if (!ok)
        return false;
    json_put_end(&out);
    json_put_done(&out);
    printf("%s\n", buf_cstr(&buf));
    return true;
}

int
cmd_stats(int argc, char **argv)
{
    g_autofree char *slug = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"shop", 0, 0, G_OPTION_ARG_STRING, &slug, "Only this shop", "SLUG"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "In one line", NULL},
        {0},
    };
    CmdOptions options = {
        .usage = "stats [--shop SLUG] [--json]",
        .help = "Counts customers, orders, events, and messages by what became of them.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    g_autoptr(GError) error = NULL;
    HomeOptions home_options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&home_options, &error);
    if (!home)
        return cmd_fail(error);
    g_autoptr(ShopHold) shop = slug ? home_shop(home, slug, &error) : NULL;
    if (slug && !shop)
        return cmd_fail(error);
    return stats_print(home, shop ? shop->shop.id : 0, json, &error) ? GUARD_OK : cmd_fail(error);
}
