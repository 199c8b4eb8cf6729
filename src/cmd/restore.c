/* restore.c - `postlude restore`: a data folder made of a backup, on hold: nothing leaves until `postlude release`. */
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/clock.h"
#include "engine/guard.h"
#include "engine/schema.h"
#include "flow/hold.h"
#include "flow/installation.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Restoring {
    const char *backup;
    const char *key_file;
    const char *data;
    char *file; /* the store that is made */
} Restoring;

/* The copy must be whole, of this version, and belong to the key. */
static bool
restore_check(Db *db, const Restoring *restoring, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Keyring) keyring = keyring_open(restoring->key_file, error);
    Str fingerprint;
    if (!keyring || !store_check(db, error) || !installation_key(db, arena, &fingerprint, error))
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
    StoreCopy copy = {.file = restoring->file};
    bool ok = restore_check(db, restoring, error) && store_copy(db, &copy, error);
    store_reader_return(store, db);
    return ok;
}

static bool
restore_key(const Restoring *restoring, GError **error)
{
    g_autofree char *to = g_build_filename(restoring->data, "secret.key", NULL);
    g_autofree char *line = NULL;
    gsize bytes = 0;
    g_autoptr(GError) problem = NULL;
    if (g_file_get_contents(restoring->key_file, &line, &bytes, &problem) &&
        g_file_set_contents_full(to, line, (gssize)bytes, G_FILE_SET_CONTENTS_DURABLE, 0600,
                                 &problem))
        return true;
    return fail(error, ERR_IO, "cannot keep the key: %s", problem->message);
}

static bool
hold_job(Db *db, void *arg, GError **error)
{
    return hold_begin(db, clock_now(), error);
}

static bool
restore_hold(const Restoring *restoring, GError **error)
{
    g_autoptr(Store) store = store_of(restoring->file, false, error);
    return store && store_write(store, STORE_FLOW, hold_job, NULL, error);
}

static bool
restore_run(const Restoring *restoring, GError **error)
{
    if (g_file_test(restoring->file, G_FILE_TEST_EXISTS))
        return fail(error, ERR_CONFLICT,
                    "%s has a store already; restore into a new folder, and nothing is lost",
                    restoring->data);
    if (!g_file_test(restoring->backup, G_FILE_TEST_EXISTS))
        return fail(error, ERR_NOT_FOUND, "there is no file %s", restoring->backup);
    if (g_mkdir_with_parents(restoring->data, 0700) != 0)
        return fail(error, ERR_IO, "cannot make the folder %s", restoring->data);
    if (restore_copy(restoring, error) && restore_key(restoring, error) &&
        restore_hold(restoring, error))
        return true;
    unlink(restoring->file);
    return false;
}

int
cmd_restore(int argc, char **argv)
{
    g_autofree char *key_file = NULL;
    const GOptionEntry entries[] = {
        {"key-file", 0, 0, G_OPTION_ARG_FILENAME, &key_file,
         "The secret.key of the data folder that was backed up", "FILE"},
        {0},
    };
    CmdOptions options = {
        .usage = "restore FILE --key-file KEY [--data DIR]",
        .help = "Makes a data folder of a backup. It comes up on hold: pages work, nothing is sent "
                "until `postlude release`, which asks what becomes of what is overdue.",
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
    Restoring restoring = {.backup = argv[1], .key_file = key_file, .data = data, .file = file};
    g_autoptr(GError) error = NULL;
    if (!restore_run(&restoring, &error))
        return cmd_fail(error);
    printf("%s is restored and on hold: look at it with `postlude serve`, then let mail flow with "
           "`postlude release`.\n",
           data);
    return GUARD_OK;
}
