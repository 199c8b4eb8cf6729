/* cmd.c - options, errors and the data folder, for all verbs; see cmd.h. */
#include "cmd/cmd.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "engine/asset.h"
#include "engine/clock.h"
#include "engine/guard.h"
#include "engine/line_server.h"
#include "engine/schema.h"
#include "flow/erase_list.h"
#include "flow/installation.h"

#include <stdio.h>
#include <string.h>

/* ---- options ------------------------------------------------------------------------------------------------ */

/* Each form of the verb on a line of its own: they are parted by " | " in CmdOptions.usage. */
static char *
usage_lines(const CmdOptions *options, const char *margin)
{
    g_auto(GStrv) forms = g_strsplit(options->usage, " | ", -1);
    GString *lines = g_string_new(NULL);
    for (char **form = forms; *form; form++)
        g_string_append_printf(lines, "%s%spostlude %s", form == forms ? "" : "\n",
                               form == forms ? "" : margin, *form);
    return g_string_free(lines, FALSE);
}

/* GLib's own first lines would name the verb twice. */
static void
print_help(const CmdOptions *options, GOptionContext *context)
{
    g_autofree char *help = g_option_context_get_help(context, true, NULL);
    g_autofree char *lines = usage_lines(options, "  ");
    const char *rest = strstr(help, "\n\n");
    printf("Usage:\n  %s%s", lines, rest ? rest : "\n");
}

bool
cmd_parse(CmdOptions *options, int *argc, char ***argv, int *ret_exit)
{
    const GOptionEntry data[] = {
        {"data", 'd', 0, G_OPTION_ARG_FILENAME, &options->data, "The data folder (./data)", "DIR"},
        {0},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new(options->usage);
    g_option_context_set_summary(context, options->help);
    g_option_context_add_main_entries(context, data, NULL);
    if (options->entries)
        g_option_context_add_main_entries(context, options->entries, NULL);
    g_option_context_set_help_enabled(context, false);
    for (int i = 1; i < *argc && strcmp((*argv)[i], "--") != 0; i++) {
        if (strcmp((*argv)[i], "--help") != 0 && strcmp((*argv)[i], "-h") != 0)
            continue;
        print_help(options, context);
        *ret_exit = GUARD_OK;
        return false;
    }
    if (!g_option_context_parse(context, argc, argv, &error)) {
        *ret_exit = cmd_usage(options, "%s", error->message);
        return false;
    }
    /* GLib leaves a "--" in front of words that look like options. */
    if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
        memmove(*argv + 1, *argv + 2, sizeof **argv * (size_t)(*argc - 1));
        (*argc)--;
    }
    if (!options->data)
        options->data = g_strdup(g_getenv("POSTLUDE_DATA") ? g_getenv("POSTLUDE_DATA") : "./data");
    return true;
}

int
cmd_fail(const GError *error)
{
    fprintf(stderr, "postlude: %s\n  %s\n", error->message, error_row(error)->cure);
    return guard_exit_of(error);
}

int
cmd_usage(const CmdOptions *options, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *lines = usage_lines(options, "         ");
    fprintf(stderr, "postlude: %s\n  Usage: %s\n  More with --help.\n", message, lines);
    return GUARD_USAGE;
}

/* ---- the data folder -------------------------------------------------------------------------------------------- */

static char *
home_key_file(const HomeOptions *options)
{
    /* The verbs read no settings file; the environment tells them where the server's key is. */
    const char *set =
        options->key_file && *options->key_file ? options->key_file : g_getenv("POSTLUDE_KEY_FILE");
    if (set && *set)
        return g_strdup(set);
    return g_build_filename(options->data, "secret.key", NULL);
}

/* A data folder that has a store but lost its key must not get a new one in silence. */
static bool
home_open_keyring(Home *home, const HomeOptions *options, bool has_store, GError **error)
{
    g_autofree char *file = home_key_file(options);
    if (!has_store && !options->look && !g_file_test(file, G_FILE_TEST_EXISTS) &&
        !keyring_make(file, error))
        return false;
    home->keyring = keyring_open(file, error);
    return home->keyring != NULL;
}

/* A store of another schema, and all that belongs to it, gets another name. */
static bool
home_put_aside(const char *file, GError **error)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *from = g_strconcat(file, endings[i], NULL);
        g_autofree char *to = g_strdup_printf("%s.before-%" G_GINT64_FORMAT "%s", file,
                                              clock_now() / 1000, endings[i]);
        if (g_file_test(from, G_FILE_TEST_EXISTS) && rename(from, to) != 0)
            return fail(error, ERR_IO, "cannot put %s aside", from);
    }
    return true;
}

static bool
home_open_store(Home *home, const HomeOptions *options, const char *file, GError **error)
{
    g_autofree char *schema = schema_text();
    StoreOptions store = {
        .file = file,
        .schema = schema,
        .schema_version = SCHEMA_VERSION,
        .read_only = options->look,
    };
    g_autoptr(GError) problem = NULL;
    home->store = store_open(&store, &problem);
    if (home->store)
        return true;
    if (!options->fresh || !error_is(problem, ERR_SCHEMA)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (!home_put_aside(file, error))
        return false;
    home->store = store_open(&store, error);
    return home->store != NULL;
}

static bool
fingerprint_job(Db *db, void *arg, GError **error)
{
    return installation_note_key(db, arg, error);
}

/* The store knows whose secrets it holds: under another key nothing sealed opens and no link works. */
static bool
home_check_key(Home *home, const HomeOptions *options, GError **error)
{
    Str known;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Db *db = store_reader(home->store, error);
    bool ok = db && installation_key(db, arena, &known, error);
    if (db)
        store_reader_return(home->store, db);
    if (!ok)
        return false;
    if (known.len && !str_is(known, home->keyring->fingerprint))
        return fail(error, ERR_CONFIG,
                    "the key is another one (fingerprint %s) than the store's (" STR_FMT
                    "); give the right one with --key-file or put it back as secret.key",
                    home->keyring->fingerprint, STR_ARG(known));
    return known.len || options->look ||
           store_write(home->store, STORE_FLOW, fingerprint_job, home->keyring->fingerprint, error);
}

Home *
home_open(const HomeOptions *options, GError **error)
{
    g_autoptr(Home) home = g_new0(Home, 1);
    home->data = g_strdup(options->data);
    home->erase_list = g_build_filename(options->data, ERASE_LIST_FILE, NULL);
    FolderOptions folder = {
        .allow_volatile = options->allow_volatile,
        .wait_ms = options->wait_ms,
        .read_only = options->look,
    };
    if (!options->make && !g_file_test(options->data, G_FILE_TEST_IS_DIR)) {
        fail(error, ERR_NOT_FOUND,
             "there is no data folder %s; `postlude serve` or `postlude shop add` "
             "makes one",
             options->data);
        return NULL;
    }
    home->folder = folder_open(options->data, &folder, error);
    if (!home->folder)
        return NULL;
    g_autofree char *file = g_build_filename(options->data, "postlude.db", NULL);
    bool has_store = g_file_test(file, G_FILE_TEST_EXISTS);
    if (options->look && !has_store) {
        fail(error, ERR_NOT_FOUND,
             "there is no store in %s yet; start `postlude serve` or add a shop", options->data);
        return NULL;
    }
    if (!home_open_keyring(home, options, has_store, error) ||
        !home_open_store(home, options, file, error))
        return NULL;
    if (!home_check_key(home, options, error) ||
        (!options->look && !erase_list_make(home->erase_list, home->keyring, error)))
        return NULL;
    home->shops = shopbook_new(home->store, home->keyring);
    if (!shopbook_load(home->shops, error))
        return NULL;
    if (!options->look)
        home->imports =
            imports_new(home->store, home->shops, &home->keyring->columns, options->data);
    return g_steal_pointer(&home);
}

void
home_free(Home *home)
{
    if (!home)
        return;
    imports_free(home->imports);
    shopbook_free(home->shops);
    store_close(home->store);
    keyring_free(home->keyring);
    folder_close(home->folder);
    g_free(home->data);
    g_free(home->erase_list);
    g_free(home);
}

const ShopEntry *
home_shop(Home *home, const char *slug, GError **error)
{
    const ShopEntry *found = shopbook_find(home->shops, str_of(slug));
    if (found)
        return found;
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t n = 0;; n++) {
        g_autoptr(ShopHold) shop = shopbook_nth(home->shops, n);
        if (!shop)
            break;
        g_string_append_printf(known, "%s" STR_FMT, known->len ? ", " : "",
                               STR_ARG(shop->shop.slug));
    }
    if (!known->len)
        fail(error, ERR_NOT_FOUND, "there is no shop yet; `postlude shop add SLUG` makes one");
    else
        fail(error, ERR_NOT_FOUND, "there is no shop '%s'; there are: %s", slug, known->str);
    return NULL;
}

/* ---- verbs that write --------------------------------------------------------------------------------------------- */

static const struct {
    const char *verb;
    CmdWrite run;
} writes[] = {
    {"shop", shop_write}, {"key", key_write},         {"customer", customer_write},
    {"demo", demo_write}, {"privacy", privacy_write}, {"release", release_write},
    {"user", user_write}, {"import", import_write},   {"replay", replay_write},
};

static CmdWrite
write_find(Str verb)
{
    for (size_t i = 0; i < G_N_ELEMENTS(writes); i++)
        if (str_is(verb, writes[i].verb))
            return writes[i].run;
    return NULL;
}

static void
answer_put(Buf *answer, const char *out, const GError *error)
{
    JsonWriter json = {.buf = answer};
    json_put_object(&json);
    json_put_key(&json, "out");
    json_put_str(&json, out);
    if (error) {
        json_put_key(&json, "error");
        json_put_str(&json, error->message);
        json_put_key(&json, "code");
        json_put_int(&json, error->domain == POSTLUDE_ERROR ? error->code : ERR_INTERNAL);
    }
    json_put_end(&json);
    json_put_done(&json);
}

void
cmd_ctl_line(Str line, Buf *answer, void *home)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    const Json *list = json_parse(answer->arena, line.at, line.len, &error);
    CmdWrite run = list ? write_find(json_text(json_nth(list, 0))) : NULL;
    for (size_t i = 1; i < json_len(list); i++)
        g_ptr_array_add(words, arena_cstr(answer->arena, json_text(json_nth(list, i))));
    g_ptr_array_add(words, NULL);
    if (!run)
        fail(&error, ERR_INPUT, "the running server does not know this verb");
    else
        run(home, (char **)words->pdata, out, &error);
    answer_put(answer, out->str, error);
}

bool
cmd_ask(const char *data, const char *verb, char **words, char **ret_out, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Buf buf = {.arena = arena};
    JsonWriter json = {.buf = &buf};
    json_put_array(&json);
    json_put_str(&json, verb);
    for (; *words; words++)
        json_put_str(&json, *words);
    json_put_end(&json);
    json_put_done(&json);
    g_autofree char *path = g_build_filename(data, "ctl", NULL);
    Str line;
    if (!line_ask(path, buf_str(&buf), arena, &line, error))
        return false;
    const Json *answer = json_parse(arena, line.at, line.len, error);
    if (!answer)
        return false;
    Str out = json_text(json_get(answer, "out"));
    int64_t code = ERR_INTERNAL;
    *ret_out = g_strndup(out.len ? out.at : "", out.len);
    if (!json_get(answer, "error"))
        return true;
    json_int(json_get(answer, "code"), &code);
    return fail(error, (ErrorCode)CLAMP(code, 0, ERR_COUNT - 1), "%s",
                json_str(json_get(answer, "error")));
}

static int
write_remote(const char *data, const char *verb, char **words)
{
    g_autofree char *out = NULL;
    g_autoptr(GError) error = NULL;
    bool ok = cmd_ask(data, verb, words, &out, &error);
    fputs(out ? out : "", stdout);
    return ok ? GUARD_OK : cmd_fail(error);
}

int
cmd_write(const char *data, const char *verb, char **words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    bool makes = strcmp(verb, "demo") == 0 ||
                 (words[0] && (strcmp(words[0], "add") == 0 || strcmp(words[0], "init") == 0));
    HomeOptions options = {.data = data, .make = makes};
    g_autoptr(Home) home = home_open(&options, &error);
    if (!home && error_is(error, ERR_LOCKED))
        return write_remote(data, verb, words);
    if (!home)
        return cmd_fail(error);
    bool ok = write_find(str_of(verb))(home, words, out, &error);
    fputs(out->str, stdout);
    return ok ? GUARD_OK : cmd_fail(error);
}
