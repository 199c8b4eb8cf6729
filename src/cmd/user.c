/* user.c - `postlude user`: who may sign in, from the command line. */
#include "base/address.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/guard.h"
#include "feature/account/user.h"

#include <stdio.h>
#include <string.h>

/* ---- the writing half ---------------------------------------------------------------------------------------------- */

/* Where the pages are: the server says so in its data folder. */
static char *
base_url(const Home *home)
{
    g_autofree char *file = g_build_filename(home->data, "url", NULL);
    char *text = NULL;
    if (g_file_get_contents(file, &text, NULL, NULL))
        return g_strchomp(text);
    return g_strdup("http://127.0.0.1:8080");
}

static void
print_link(const Home *home, const Session *link, GString *out)
{
    g_autofree char *base = base_url(home);
    g_string_append_printf(out,
                           "Pass this link on; it sets the password once, within 24 hours:\n"
                           "%s/set-up/%s\n",
                           base, link->text);
}

/* A shop's number; an empty name is every shop. */
static bool
shop_of(Home *home, const char *slug, int64_t *ret, GError **error)
{
    *ret = 0;
    if (!*slug)
        return true;
    g_autoptr(ShopHold) shop = home_shop(home, slug, error);
    if (shop)
        *ret = shop->shop.id;
    return shop != NULL;
}

static bool
email_of(Arena *arena, const char *word, Str *ret, GError **error)
{
    Address address;
    if (!address_parse_spec(arena, str_of(word), &address, error))
        return false;
    *ret = address_key(arena, &address);
    return true;
}

/* Where none is named: the one that somebody has, so that a second link makes no owner a viewer. */
static bool
role_kept(Home *home, Arena *arena, UserInvite *invite, GError **error)
{
    User user = {0};
    Db *db = store_reader(home->store, error);
    bool ok = db && user_find(db, arena, invite->email, &user, error) &&
              (!user.id || user_role(db, invite->shop, user.id, &invite->role, error));
    store_reader_return(home->store, db);
    if (invite->role == ROLE_NONE)
        invite->role = ROLE_VIEWER;
    return ok;
}

/* Words: EMAIL SHOP ROLE NAME. */
static bool
write_add(Home *home, Arena *arena, char **words, GString *out, GError **error)
{
    if (g_strv_length(words) != 4)
        return fail(error, ERR_USAGE, "user add takes one address");
    UserInvite invite = {
        .role = role_find(str_of(words[2])), .name = str_of(words[3]), .everywhere = true};
    if (*words[2] && invite.role == ROLE_NONE)
        return fail(error, ERR_USAGE, "a role is owner or viewer, not '%s'", words[2]);
    if (!email_of(arena, words[0], &invite.email, error) ||
        !shop_of(home, words[1], &invite.shop, error) ||
        (!*words[2] && !role_kept(home, arena, &invite, error)) ||
        !user_floor_ids(home->store, error) || !user_invite(home->store, &invite, error))
        return false;
    g_string_append_printf(out, STR_FMT " is %s of %s.\n", STR_ARG(invite.email),
                           role_slug(invite.role), *words[1] ? words[1] : "every shop");
    if (invite.has_link)
        print_link(home, &invite.link, out);
    return true;
}

static bool
find_user(Home *home, Arena *arena, const char *word, User *ret, GError **error)
{
    Str email;
    Db *db = NULL;
    if (!email_of(arena, word, &email, error) || !(db = store_reader(home->store, error)))
        return false;
    bool ok = user_find(db, arena, email, ret, error);
    store_reader_return(home->store, db);
    return ok && (ret->id || fail(error, ERR_NOT_FOUND, "there is no user %s", word));
}

/* Words: EMAIL SHOP. */
static bool
write_remove(Home *home, Arena *arena, char **words, GString *out, GError **error)
{
    User user = {0};
    int64_t shop;
    if (g_strv_length(words) != 2)
        return fail(error, ERR_USAGE, "user remove takes one address");
    if (!find_user(home, arena, words[0], &user, error) || !shop_of(home, words[1], &shop, error) ||
        !user_set_role(home->store, shop, user.id, ROLE_NONE, error))
        return false;
    g_string_append_printf(out, STR_FMT " may not come into %s any more.\n", STR_ARG(user.email),
                           *words[1] ? words[1] : "every shop by one role");
    return true;
}

/* Words: EMAIL. */
static bool
write_password(Home *home, Arena *arena, char **words, GString *out, GError **error)
{
    User user = {0};
    Session link;
    if (g_strv_length(words) != 1)
        return fail(error, ERR_USAGE, "user password takes one address");
    if (!find_user(home, arena, words[0], &user, error) || !user_floor_ids(home->store, error) ||
        !user_link(home->store, 0, user.id, true, &link, error))
        return false;
    print_link(home, &link, out);
    return true;
}

bool
user_write(Home *home, char **words, GString *out, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    const char *verb = words[0] ? words[0] : "";
    if (strcmp(verb, "add") == 0)
        return write_add(home, arena, words + 1, out, error);
    if (strcmp(verb, "remove") == 0)
        return write_remove(home, arena, words + 1, out, error);
    if (strcmp(verb, "password") == 0)
        return write_password(home, arena, words + 1, out, error);
    return fail(error, ERR_USAGE, "user takes add, list, remove or password");
}

/* ---- the looking half ------------------------------------------------------------------------------------------------ */

static void
print_user(Home *home, Rows *rows)
{
    int64_t shop = rows_int(rows, 2);
    g_autoptr(ShopHold) entry = shop ? shopbook_get(home->shops, shop) : NULL;
    Str where = entry ? entry->shop.slug : STR("(every shop)");
    Str email = rows_text(rows, 0);
    printf(STR_FMT "\t" STR_FMT "\t", STR_ARG(email), STR_ARG(where));
    Str role = rows_text(rows, 3), name = rows_text(rows, 1);
    printf(STR_FMT "\t%s\t" STR_FMT "\n", STR_ARG(role),
           rows_int(rows, 4) ? "has a password" : "has no password yet", STR_ARG(name));
}

static int
list_users(const char *data)
{
    g_autoptr(GError) error = NULL;
    HomeOptions options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&options, &error);
    Db *db = home ? store_reader(home->store, &error) : NULL;
    if (!db)
        return cmd_fail(error);
    Rows *rows = db_rows(db, Q_user_all, NULL, &error);
    while (rows && rows_next(rows))
        print_user(home, rows);
    bool ok = rows && rows_ok(rows, &error);
    rows_close(rows);
    store_reader_return(home->store, db);
    return ok ? GUARD_OK : cmd_fail(error);
}

/* ---- the verb ---------------------------------------------------------------------------------------------------------- */

int
cmd_user(int argc, char **argv)
{
    g_autofree char *shop = NULL, *role = NULL, *name = NULL;
    const GOptionEntry entries[] = {
        {"shop", 0, 0, G_OPTION_ARG_STRING, &shop, "add, remove: of which shop (every shop)",
         "SLUG"},
        {"role", 0, 0, G_OPTION_ARG_STRING, &role, "add: owner or viewer (as before, else viewer)",
         "ROLE"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &name, "add: as colleagues know them", "NAME"},
        {0},
    };
    CmdOptions options = {
        .usage = "user add EMAIL --shop SLUG --role owner|viewer | user list | user remove EMAIL "
                 "--shop SLUG | user password EMAIL",
        .help = "Says who may sign in. Nobody types a password here: who is added gets a link.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    const char *verb = argc > 1 ? argv[1] : "", *where = shop ? shop : "";
    if (strcmp(verb, "list") == 0 && argc == 2)
        return list_users(data);
    if (strcmp(verb, "password") == 0 && argc == 3)
        return cmd_write(data, "user", argv + 1);
    if (strcmp(verb, "remove") == 0 && argc == 3) {
        const char *words[] = {"remove", argv[2], where, NULL};
        return cmd_write(data, "user", (char **)words);
    }
    if (strcmp(verb, "add") != 0 || argc != 3)
        return cmd_usage(&options, "user takes add, list, remove or password");
    const char *words[] = {"add", argv[2], where, role ? role : "", name ? name : "", NULL};
    return cmd_write(data, "user", (char **)words);
}
