/* backup.c - `postlude backup`: the whole store as it is at one moment, in one file, while the server goes on. */
#include "cmd/cmd.h"
#include "engine/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
backup_progress(int64_t done, int64_t of, void *arg)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%3d %%", of ? (int)(done * 100 / of) : 100);
}

/* Complete and on the disk, or not there at all. */
static bool
backup_keep(const char *part, const char *file, GError **error)
{
    int fd = open(part, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0 && fchmod(fd, 0600) == 0;
    if (fd >= 0)
        close(fd);
    ok = ok && rename(part, file) == 0;
    return ok || fail(error, ERR_IO, "cannot keep %s: %s", file, g_strerror(errno));
}

static bool
backup_write(Home *home, Db *db, const char *file, GError **error)
{
    g_autofree char *part = g_strconcat(file, ".part", NULL);
    unlink(part);
    StoreCopy copy = {.file = part, .progress = backup_progress};
    mode_t before = umask(0077);
    bool ok = store_copy(db, &copy, error) && backup_keep(part, file, error);
    umask(before);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r     \r");
    if (!ok)
        unlink(part);
    struct stat made;
    if (ok && stat(file, &made) == 0)
        printf(
            "%s: %.1f MB, of the key %s. The key itself is not in it: keep secret.key at another "
            "place, without it nothing sealed opens and no customer's link works.\n",
            file, (double)made.st_size / 1e6, home->keyring->fingerprint);
    return ok;
}

int
cmd_backup(int argc, char **argv)
{
    CmdOptions options = {
        .usage = "backup FILE",
        .help = "Writes the whole store into one new file, as it is at this moment; a running "
                "server goes on. `postlude restore` makes a data folder of it again.",
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 2)
        return cmd_usage(&options, "backup takes the name of the file to write");
    g_autoptr(GError) error = NULL;
    HomeOptions home_options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&home_options, &error);
    if (!home)
        return cmd_fail(error);
    if (g_file_test(argv[1], G_FILE_TEST_EXISTS)) {
        fail(&error, ERR_CONFLICT, "%s is there already; a backup never overwrites one", argv[1]);
        return cmd_fail(error);
    }
    Db *db = store_reader(home->store, &error);
    bool ok = db && backup_write(home, db, argv[1], &error);
    if (db)
        store_reader_return(home->store, db);
    return ok ? GUARD_OK : cmd_fail(error);
}
