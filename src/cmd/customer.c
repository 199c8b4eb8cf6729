/* customer.c - `postlude customer`: who somebody is, and which customers are one person.
 *
 * Merging is by hand what flow/merge.h does by address: one stands behind the other, and it can be taken back.
 */
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/clock.h"
#include "engine/guard.h"
#include "engine/id.h"
#include "flow/merge.h"

#include <stdio.h>

/* ---- writing ---------------------------------------------------------------------------------------------- */

typedef struct Merging {
    int64_t shop;
    int64_t from;
    int64_t into; /* 0: part it */
} Merging;

static bool
merging_job(Db *db, void *arg, GError **error)
{
    const Merging *merging = arg;
    Learn learn = {.db = db, .shop = merging->shop, .at = clock_now()};
    return merging->into ? merge_add(&learn, merging->from, merging->into, "by_hand", error)
                         : merge_undo(&learn, merging->from, error);
}

static bool
customer_id(const char *word, int64_t *ret, GError **error)
{
    if (id_parse(str_of(word), ret) && id_kind(*ret) == KIND_CUSTOMER)
        return true;
    return fail(error, ERR_USAGE, "'%s' is no id of a customer; `postlude customer` shows them",
                word);
}

bool
customer_write(Home *home, char **words, GString *out, GError **error)
{
    Merging merging = {0};
    guint count = g_strv_length(words);
    bool merge = count == 4 && str_is(str_of(words[1]), "merge");
    if (!merge && (count != 3 || !str_is(str_of(words[1]), "part")))
        return fail(error, ERR_USAGE, "customer takes a shop, and `merge FROM INTO` or `part ID`");
    g_autoptr(ShopHold) shop = home_shop(home, words[0], error);
    if (!shop || !customer_id(words[2], &merging.from, error) ||
        (merge && !customer_id(words[3], &merging.into, error)))
        return false;
    merging.shop = shop->shop.id;
    if (!store_write(home->store, STORE_FLOW, merging_job, &merging, error))
        return false;
    g_string_append(out, merge ? "They are one person now. `part` takes it back.\n"
                               : "It stands for itself again.\n");
    return true;
}

/* ---- looking ------------------------------------------------------------------------------------------------ */

static bool
customer_print(Db *db, int64_t shop, const char *address, size_t *ret_count, GError **error)
{
    g_autofree char *key = g_ascii_strdown(address, -1);
    g_autoptr(Rows) rows = db_rows(db, Q_customer_by_address,
                                   BINDS(bind_int("shop", shop), bind_cstr("email_key", key),
                                         bind_int("limit", LIMIT_PAGE_ROWS)),
                                   error);
    if (!rows)
        return false;
    for (*ret_count = 0; rows_next(rows); ++*ret_count) {
        char id[ID_TEXT_BYTES], person[ID_TEXT_BYTES];
        printf("%-18s %-12.*s %-24.*s %3" G_GINT64_FORMAT " orders",
               id_format(rows_int(rows, 0), id), STR_ARG(rows_text(rows, 1)),
               STR_ARG(rows_text(rows, 2)), rows_int(rows, 3));
        if (rows_is_null(rows, 4))
            printf("\n");
        else
            printf("  stands behind %s (%.*s)\n", id_format(rows_int(rows, 4), person),
                   STR_ARG(rows_text(rows, 5)));
    }
    return rows_ok(rows, error);
}

static int
customer_show(const char *data, const char *slug, const char *address)
{
    g_autoptr(GError) error = NULL;
    HomeOptions options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&options, &error);
    g_autoptr(ShopHold) shop = home ? home_shop(home, slug, &error) : NULL;
    Db *db = shop ? store_reader(home->store, &error) : NULL;
    if (!db)
        return cmd_fail(error);
    size_t count = 0;
    bool ok = customer_print(db, shop->shop.id, address, &count, &error);
    store_reader_return(home->store, db);
    if (ok && !count)
        ok = fail(&error, ERR_NOT_FOUND, "nobody at this shop has the address %s", address);
    return ok ? GUARD_OK : cmd_fail(error);
}

int
cmd_customer(int argc, char **argv)
{
    CmdOptions options = {
        .usage = "customer SLUG ADDRESS | customer SLUG merge FROM INTO | customer SLUG part ID",
        .help =
            "Shows the customers that have a mail address; says that two of them are one person, "
            "or takes that back. Orders stay where they are, so nothing is lost by either.",
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc == 3)
        return customer_show(data, argv[1], argv[2]);
    if (argc != 4 && argc != 5)
        return cmd_usage(&options,
                         "customer takes a shop, and an address, `merge FROM INTO` or `part ID`");
    return cmd_write(data, "customer", argv + 1);
}
