/* backup.c - `postlude backup`: the whole store as it is at one moment, in one file, while the server goes on. */
#include "cmd/cmd.h"
#include "engine/file.h"
#include "engine/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void
backup_progress(int64_t done, int64_t of, void *arg)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%3d %%", of ? (int)(done * 100 / of) : 100);
}

/* The file that is written until the copy is whole. Another backup into the same one would mix with ours; one that was
 * killed has let go of it. */
static int
part_open(const char *part, GError **error)
{
    int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    g_autofree char *journal = g_strconcat(part, "-journal", NULL);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(fd, 0) == 0) {
        unlink(journal);
        return fd;
    }
    fail(error, errno == EWOULDBLOCK ? ERR_CONFLICT : ERR_IO, "cannot write %s: %s", part,
         errno == EWOULDBLOCK ? "another backup writes it" : g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool
backup_write(Home *home, Db *db, const char *file, GError **error)
{
    g_autofree char *part = g_strconcat(file, ".part", NULL);
    StoreCopy copy = {.file = part, .progress = backup_progress};
    int fd = part_open(part, error);
    if (fd < 0)
        return false;
    /* Complete and on the disk, or not there at all. */
    bool ok = store_copy(db, &copy, error) && file_settle(part, file, error);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r     \r");
    if (!ok)
        unlink(part);
    close(fd);
    struct stat made;
    if (ok && stat(file, &made) == 0)
        printf("%s: %.1f MB, of the key %s. The key itself is not in it: keep secret.key at "
               "another place, without it nothing sealed opens and no customer's link works. Keep "
               "erased.list there, too: it tells a restore who was erased after this copy.\n",
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
