/* privacy.c - `postlude privacy`: what is kept of a person, as a file to hand over; and its erasure.
 *
 * The shop system's own askings (customers/data_request, customers/redact) come in by webhook and stand in the same
 * list; erasures are done by themselves, a copy is the owner's to hand over.
 */
#include "base/address.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/when.h"
#include "cmd/cmd.h"
#include "engine/clock.h"
#include "engine/guard.h"
#include "engine/id.h"
#include "flow/body.h"
#include "flow/privacy.h"

#include <stdio.h>

/* All that is kept of a person, table by table. The columns' names are the JSON's. */
static const struct {
    const char *name;
    Query query;
} parts[] = {
    {"customers", Q_export_customers},
    {"orders", Q_export_orders},
    {"lines", Q_export_lines},
    {"shipments", Q_export_shipments},
    {"refunds", Q_export_refunds},
    {"messages", Q_export_messages},
    {"happenings", Q_export_happenings},
    {"consents", Q_export_consents},
    {"suppressions", Q_export_suppressions},
};

static void
value_put(JsonWriter *out, Rows *rows, int column)
{
    const char *name = rows_column_name(rows, column);
    char moment[WHEN_BYTES];
    json_put_key(out, name);
    if (rows_is_null(rows, column))
        json_put_null(out);
    else if (rows_is_text(rows, column))
        json_put_text(out, rows_text(rows, column));
    else if (g_str_has_suffix(name, "_at") && rows_int(rows, column)) {
        when_iso(rows_int(rows, column), moment);
        json_put_str(out, moment);
    } else if (g_str_equal(name, "id"))
        json_put_id(out, rows_int(rows, column));
    else
        json_put_int(out, rows_int(rows, column));
}

static bool
part_put(JsonWriter *out, Db *db, Query query, int64_t shop, Str key, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, query, BINDS(bind_int("shop", shop), bind_text("email_key", key)), error);
    json_put_array(out);
    while (rows && rows_next(rows)) {
        json_put_object(out);
        for (int column = 0; column < rows_columns(rows); column++)
            value_put(out, rows, column);
        json_put_end(out);
    }
    json_put_end(out);
    return rows && rows_ok(rows, error);
}

static bool
person_export(Db *db, Arena *arena, const ShopEntry *shop, Str key, GError **error)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf, .pretty = true};
    bool ok = true;
    json_put_object(&out);
    for (size_t i = 0; i < G_N_ELEMENTS(parts) && ok; i++) {
        json_put_key(&out, parts[i].name);
        ok = part_put(&out, db, parts[i].query, shop->shop.id, key, error);
    }
    json_put_end(&out);
    json_put_done(&out);
    if (ok)
        printf("%s\n", buf_cstr(&buf));
    return ok;
}

/* An address as it is found by. */
static bool
key_of(Arena *arena, const char *word, Str *ret, GError **error)
{
    Address address;
    if (!address_parse_spec(arena, str_of(word), &address, error))
        return fail_at(error, "%s", word);
    *ret = address_key(arena, &address);
    return true;
}

static bool
asks_print(Db *db, int64_t shop, GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(db, Q_privacy_asks, BINDS(bind_int("shop", shop), bind_int("limit", 200)), error);
    while (rows && rows_next(rows)) {
        char id[ID_TEXT_BYTES], at[WHEN_BYTES], due[WHEN_BYTES];
        when_iso(rows_int(rows, 1), at);
        when_iso(rows_int(rows, 5), due);
        printf("%-18s %.10s  %-10.*s %-5.*s due %.10s  %.*s\n", id_format(rows_int(rows, 0), id),
               at, STR_ARG(rows_text(rows, 2)), STR_ARG(rows_text(rows, 3)), due,
               STR_ARG(rows_text(rows, 4)));
    }
    return rows && rows_ok(rows, error);
}

/* ---- erasure ------------------------------------------------------------------------------------------------ */

typedef struct Asking {
    int64_t shop;
    PrivacyNews news;
    Learned learned;
} Asking;

static bool
asking_job(Db *db, void *arg, GError **error)
{
    Asking *asking = arg;
    Learn learn = {.db = db, .shop = asking->shop, .at = clock_now(), .source = STR("by_hand")};
    return privacy_learn(&learn, &asking->news, &asking->learned, error);
}

bool
privacy_write(Home *home, char **words, GString *out, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    guint count = g_strv_length(words);
    Str key;
    if (count != 3 || !str_is(str_of(words[1]), "erase"))
        return fail(error, ERR_USAGE, "privacy takes a shop, and `erase ADDRESS`");
    g_autoptr(ShopHold) shop = home_shop(home, words[0], error);
    if (!shop || !key_of(arena, words[2], &key, error))
        return false;
    PrivacyAsk ask = {.kind = PRIVACY_ERASE, .email = key};
    Asking asking = {.shop = shop->shop.id};
    privacy_prepare(arena, &ask, &asking.news);
    if (!store_write(home->store, STORE_FLOW, asking_job, &asking, error))
        return false;
    g_string_append(out, asking.learned == LEARNED_NEW
                             ? "All of this person will be erased; `postlude privacy SLUG` shows "
                               "the receipt when it is done.\n"
                             : "That was asked already; `postlude privacy SLUG` shows it.\n");
    return true;
}

static int
privacy_look(const char *data, const char *slug, const char *address)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    HomeOptions options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&options, &error);
    g_autoptr(ShopHold) shop = home ? home_shop(home, slug, &error) : NULL;
    Db *db = shop ? store_reader(home->store, &error) : NULL;
    if (!db)
        return cmd_fail(error);
    Str key = {0};
    bool ok = !address || key_of(arena, address, &key, &error);
    if (ok && address)
        ok = person_export(db, arena, shop, key, &error);
    else if (ok)
        ok = asks_print(db, shop->shop.id, &error);
    store_reader_return(home->store, db);
    return ok ? GUARD_OK : cmd_fail(error);
}

int
cmd_privacy(int argc, char **argv)
{
    CmdOptions options = {
        .usage = "privacy SLUG | privacy SLUG export ADDRESS | privacy SLUG erase ADDRESS",
        .help = "Lists what people asked of what is kept of them; prints all that is kept of an "
                "address, as JSON to hand over; erases it.",
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc == 2)
        return privacy_look(data, argv[1], NULL);
    if (argc == 4 && g_str_equal(argv[2], "export"))
        return privacy_look(data, argv[1], argv[3]);
    if (argc != 4 || !g_str_equal(argv[2], "erase"))
        return cmd_usage(&options,
                         "privacy takes a shop, and nothing, `export ADDRESS` or `erase ADDRESS`");
    return cmd_write(data, "privacy", argv + 1);
}
