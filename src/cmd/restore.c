/* restore.c - `postlude restore`: a data folder made of a backup, on hold: nothing leaves until `postlude release`.
 *
 * All is done under another name (postlude.db.restoring): killed at any moment, there is no store in the folder that
 * somebody could serve without its hold, or with people in it who were erased since the backup was made.
 */
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/clock.h"
#include "engine/file.h"
#include "engine/guard.h"
#include "engine/schema.h"
#include "flow/erase.h"
#include "flow/erase_list.h"
#include "flow/hold.h"
#include "flow/installation.h"

#include <stdio.h>
#include <unistd.h>

typedef struct Restoring {
    const char *backup;
    const char *key_file;
    const char *data;
    char *erased; /* the list of erasures; NULL: there is none */
    char *file;   /* the store that is made */
    char *part;   /* its name until it is whole */
    Keyring *keyring;
    GString *list; /* what stands in the list, and in one that the folder has already */
    int64_t asked; /* erasures that were done again */
} Restoring;

/* The copy must be whole, of this version, and belong to the key. */
static bool
restore_check(Db *db, const Restoring *restoring, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    const Keyring *keyring = restoring->keyring;
    Str fingerprint;
    if (!store_check(db, error) || !installation_key(db, arena, &fingerprint, error))
        return false;
    if (fingerprint.len && !str_is(fingerprint, keyring->fingerprint))
        return fail(error, ERR_AUTH,
                    "%s is not the key of this backup (it needs the one of fingerprint " STR_FMT
                    ", this is %s)",
                    restoring->key_file, STR_ARG(fingerprint), keyring->fingerprint);
    return true;
}

static Store *
store_of(const char *file, bool read_only, GError **error)
{
    g_autofree char *schema = schema_text();
    StoreOptions options = {
        .file = file,
        .schema = schema,
        .schema_version = SCHEMA_VERSION,
        .read_only = read_only,
    };
    return store_open(&options, error);
}

static bool
restore_copy(const Restoring *restoring, GError **error)
{
    g_autoptr(Store) store = store_of(restoring->backup, true, error);
    Db *db = store ? store_reader(store, error) : NULL;
    if (!db)
        return false;
    StoreCopy copy = {.file = restoring->part};
    bool ok = restore_check(db, restoring, error) && store_copy(db, &copy, error);
    store_reader_return(store, db);
    return ok;
}

/* A key that is there already may be the only one that opens something else. */
static bool
restore_key_fits(const Restoring *restoring, GError **error)
{
    g_autofree char *to = g_build_filename(restoring->data, "secret.key", NULL);
    if (!g_file_test(to, G_FILE_TEST_EXISTS))
        return true;
    g_autoptr(Keyring) there = keyring_open(to, error);
    if (!there)
        return false;
    return g_str_equal(there->fingerprint, restoring->keyring->fingerprint) ||
           fail(error, ERR_CONFLICT,
                "%s is another key; restore into a new folder, and nothing is lost", to);
}

/* Small files beside the store: complete and on the disk, or not there. */
static bool
restore_file(const Restoring *restoring, const char *name, Str bytes, GError **error)
{
    g_autofree char *to = g_build_filename(restoring->data, name, NULL);
    g_autoptr(GError) problem = NULL;
    if (g_file_set_contents_full(to, bytes.at, (gssize)bytes.len, G_FILE_SET_CONTENTS_DURABLE, 0600,
                                 &problem))
        return true;
    return fail(error, ERR_IO, "cannot write %s: %s", to, problem->message);
}

static Str
restore_listed(const Restoring *restoring)
{
    return (Str){restoring->list->str, restoring->list->len};
}

static bool
restore_beside(const Restoring *restoring, GError **error)
{
    g_autofree char *line = NULL;
    gsize bytes = 0;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(restoring->key_file, &line, &bytes, &problem))
        return fail(error, ERR_IO, "cannot read the key: %s", problem->message);
    return restore_file(restoring, "secret.key", (Str){line, bytes}, error) &&
           (!restoring->list->len ||
            restore_file(restoring, ERASE_LIST_FILE, restore_listed(restoring), error));
}

static bool
hold_job(Db *db, void *arg, GError **error)
{
    Restoring *restoring = arg;
    return hold_begin(db, clock_now(), error) &&
           (!restoring->list->len ||
            erase_list_ask(db, restoring->keyring, restore_listed(restoring), &restoring->asked,
                           error));
}

/* What was asked again, and what was still to be done when the backup was made: that stands in no list yet. */
static bool
restore_erase(const Restoring *restoring, Store *store, GError **error)
{
    g_autofree char *list = g_build_filename(restoring->data, ERASE_LIST_FILE, NULL);
    g_autoptr(ShopBook) shops = shopbook_new(store, restoring->keyring);
    Erase *erase = erase_new(store, shops, restoring->keyring, list);
    bool ok = shopbook_load(shops, error), moved = true;
    while (ok && moved)
        ok = erase_turn(erase, &moved, error);
    erase_free(erase);
    return ok;
}

static bool
restore_hold(Restoring *restoring, GError **error)
{
    g_autoptr(Store) store = store_of(restoring->part, false, error);
    return store && store_write(store, STORE_FLOW, hold_job, restoring, error) &&
           restore_beside(restoring, error) && restore_erase(restoring, store, error);
}

static void
restore_clean(const Restoring *restoring)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *left = g_strconcat(restoring->part, endings[i], NULL);
        unlink(left);
    }
}

/* Also a log without its store: it would be taken for the new one's. */
static bool
restore_is_free(const Restoring *restoring, GError **error)
{
    static const char *const endings[] = {"", "-wal", "-journal"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(restoring->file, endings[i], NULL);
        if (g_file_test(file, G_FILE_TEST_EXISTS))
            return fail(error, ERR_CONFLICT,
                        "%s has a store already (%s); restore into a new folder, and nothing is "
                        "lost",
                        restoring->data, file);
    }
    return true;
}

static bool
restore_locked(Restoring *restoring, GError **error)
{
    restore_clean(restoring);
    bool ok = restore_is_free(restoring, error) && restore_key_fits(restoring, error) &&
              restore_copy(restoring, error) && restore_hold(restoring, error) &&
              file_settle(restoring->part, restoring->file, error);
    if (!ok)
        restore_clean(restoring);
    return ok;
}

/* The lines of a list that are not in ours yet. */
static bool
list_join(Restoring *restoring, GHashTable *known, const char *path, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize len = 0;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(path, &bytes, &len, &problem))
        return fail(error, ERR_NOT_FOUND, "cannot read the list of erasures: %s", problem->message);
    Str rest = {bytes, len}, line;
    while (str_split(&rest, '\n', &line)) {
        if (!line.len || !g_hash_table_add(known, g_strndup(line.at, line.len)))
            continue;
        g_string_append_len(restoring->list, line.at, (gssize)line.len);
        g_string_append_c(restoring->list, '\n');
    }
    return true;
}

/* A list that stands in the folder already may know of more than the one that was kept elsewhere. */
static bool
restore_list(Restoring *restoring, GError **error)
{
    g_autofree char *there = g_build_filename(restoring->data, ERASE_LIST_FILE, NULL);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (restoring->erased && !list_join(restoring, known, restoring->erased, error))
        return false;
    if (restoring->erased && !restoring->list->len)
        return fail(error, ERR_INPUT, "%s is empty", restoring->erased);
    return !g_file_test(there, G_FILE_TEST_EXISTS) || list_join(restoring, known, there, error);
}

static bool
restore_run(Restoring *restoring, GError **error)
{
    if (!g_file_test(restoring->backup, G_FILE_TEST_IS_REGULAR))
        return fail(error, ERR_NOT_FOUND, "there is no file %s", restoring->backup);
    g_autoptr(Keyring) keyring = keyring_open(restoring->key_file, error);
    restoring->keyring = keyring;
    if (!keyring)
        return false;
    FolderOptions options = {.allow_volatile = true};
    g_autoptr(Folder) folder = folder_open(restoring->data, &options, error);
    return folder && restore_list(restoring, error) && restore_locked(restoring, error);
}

/* Which list of erasures: the one that is named, or the one beside the key, which is then the old data folder's. */
static bool
restore_find_list(Restoring *restoring, const char *word, GError **error)
{
    if (word && g_str_equal(word, "none"))
        return true;
    if (word) {
        restoring->erased = g_strdup(word);
        return true;
    }
    g_autofree char *folder = g_path_get_dirname(restoring->key_file);
    restoring->erased = g_build_filename(folder, ERASE_LIST_FILE, NULL);
    if (g_file_test(restoring->erased, G_FILE_TEST_EXISTS))
        return true;
    g_free(restoring->erased);
    restoring->erased = NULL;
    g_autofree char *there = g_build_filename(restoring->data, ERASE_LIST_FILE, NULL);
    return g_file_test(there, G_FILE_TEST_EXISTS) ||
           fail(error, ERR_USAGE,
                "whoever was erased after the backup was made is in it again: name the list of "
                "erasures with --erased (" ERASE_LIST_FILE
                " of the folder that was backed up), or say --erased none if it is lost or nobody "
                "was");
}

static void
restore_tell(const Restoring *restoring)
{
    if (restoring->asked)
        printf("%" G_GINT64_FORMAT " erasures of after the backup were done again.\n",
               restoring->asked);
    if (!restoring->list->len)
        printf("Without a list of erasures: whoever was erased after the backup was made is in it "
               "again. Erase them anew (`postlude privacy SLUG erase ADDRESS`) before you let mail "
               "flow.\n");
    printf("%s is restored and on hold: look at it with `postlude serve`, then let mail flow with "
           "`postlude release`.\n",
           restoring->data);
}

int
cmd_restore(int argc, char **argv)
{
    g_autofree char *key_file = NULL, *erased = NULL;
    const GOptionEntry entries[] = {
        {"key-file", 0, 0, G_OPTION_ARG_FILENAME, &key_file,
         "The secret.key of the data folder that was backed up", "FILE"},
        {"erased", 0, 0, G_OPTION_ARG_FILENAME, &erased,
         "The list of erasures of that folder, erased.list, or `none`; the one beside the key is "
         "found by itself",
         "FILE"},
        {0},
    };
    CmdOptions options = {
        .usage = "restore FILE --key-file KEY [--erased LIST] [--data DIR]",
        .help = "Makes a data folder of a backup. Who was erased since is erased again. It comes "
                "up on hold: pages work, nothing is sent until `postlude release`, which asks what "
                "becomes of what is overdue.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 2)
        return cmd_usage(&options, "restore takes the backup's file");
    if (!key_file)
        return cmd_usage(&options, "a backup leaves the key out: name it with --key-file, the "
                                   "secret.key of the folder that was backed up");
    g_autofree char *file = g_build_filename(data, "postlude.db", NULL);
    g_autofree char *part = g_strconcat(file, ".restoring", NULL);
    Restoring restoring = {
        .backup = argv[1],
        .key_file = key_file,
        .data = data,
        .file = file,
        .part = part,
        .list = g_string_new(NULL),
    };
    g_autoptr(GError) error = NULL;
    bool ok = restore_find_list(&restoring, erased, &error) && restore_run(&restoring, &error);
    if (ok)
        restore_tell(&restoring);
    g_free(restoring.erased);
    g_string_free(restoring.list, true);
    return ok ? GUARD_OK : cmd_fail(error);
}
