/* folder.c - the data folder: one place on disk, one program at a time. */
#include "engine/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

struct Folder {
    char *path;
    int lock_fd; /* -1: read-only */
    bool scratch;
};

/* File systems that are no home for a store. linux/magic.h lacks two of them (statfs(2)). */
enum { LOCK_STEP_MS = 20 };

enum { FOLDER_CIFS_MAGIC = (int)0xff534d42, FOLDER_SMB2_MAGIC = (int)0xfe534d42 };

static const struct {
    unsigned magic;
    bool forgets; /* else: SQLite's shared memory does not work there */
    const char *name;
} folder_bad[] = {
    {TMPFS_MAGIC, true, "tmpfs (memory)"},
    {RAMFS_MAGIC, true, "ramfs (memory)"},
    {OVERLAYFS_SUPER_MAGIC, true, "overlay (a container's own layer)"},
    {NFS_SUPER_MAGIC, false, "NFS"},
    {SMB_SUPER_MAGIC, false, "SMB"},
    {(unsigned)FOLDER_CIFS_MAGIC, false, "SMB"},
    {(unsigned)FOLDER_SMB2_MAGIC, false, "SMB"},
    {V9FS_MAGIC, false, "9p"},
};

static bool
folder_make(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) != 0)
        return fail(error, ERR_IO, "cannot make the data folder %s: %s", path, g_strerror(errno));
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return fail(error, ERR_IO, "%s is not a folder", path);
    return true;
}

static bool
folder_check_disk(const Folder *folder, GError **error)
{
    struct statfs status;
    if (statfs(folder->path, &status) != 0)
        return fail(error, ERR_IO, "cannot look at %s: %s", folder->path, g_strerror(errno));
    for (size_t i = 0; i < G_N_ELEMENTS(folder_bad); i++) {
        if ((unsigned)status.f_type != folder_bad[i].magic)
            continue;
        if (folder_bad[i].forgets)
            return fail(error, ERR_CONFIG,
                        "the data folder %s lies on %s and would be lost with it; choose a disk "
                        "with --data, or say --allow-volatile",
                        folder->path, folder_bad[i].name);
        return fail(error, ERR_CONFIG,
                    "the data folder %s lies on %s, where the store's log does not work; choose "
                    "a local disk with --data",
                    folder->path, folder_bad[i].name);
    }
    return true;
}

/* Who holds the lock, as written in it: "process 4711". */
static char *
folder_lock_holder(int fd)
{
    char text[32] = {0};
    ssize_t len = pread(fd, text, sizeof text - 1, 0);
    guint64 pid = len > 0 ? g_ascii_strtoull(text, NULL, 10) : 0;
    return pid ? g_strdup_printf("process %" G_GUINT64_FORMAT, pid) : g_strdup("another program");
}

static bool
folder_lock(Folder *folder, int wait_ms, GError **error)
{
    g_autofree char *file = g_build_filename(folder->path, "lock", NULL);
    folder->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (folder->lock_fd < 0)
        return fail(error, ERR_IO, "cannot open %s: %s", file, g_strerror(errno));
    int left_ms = wait_ms;
    while (flock(folder->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK && left_ms > 0) {
            g_usleep(LOCK_STEP_MS * 1000);
            left_ms -= LOCK_STEP_MS;
            continue;
        }
        if (errno != EWOULDBLOCK)
            return fail(error, ERR_IO, "cannot lock %s: %s", file, g_strerror(errno));
        g_autofree char *holder = folder_lock_holder(folder->lock_fd);
        return fail(error, ERR_LOCKED, "the data folder %s is in use by %s", folder->path, holder);
    }
    /* Only for people and messages; the lock itself goes with the process. */
    char text[32];
    int len = g_snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(folder->lock_fd, 0) != 0 || pwrite(folder->lock_fd, text, (size_t)len, 0) != len)
        return fail(error, errno == ENOSPC ? ERR_DISK_FULL : ERR_IO, "cannot write %s: %s", file,
                    g_strerror(errno));
    return true;
}

static bool
folder_ready(Folder *folder, const FolderOptions *options, GError **error)
{
    g_autofree char *marker = g_build_filename(folder->path, "scratch", NULL);
    folder->scratch = g_file_test(marker, G_FILE_TEST_EXISTS);
    if (options->read_only)
        return true;
    return (options->allow_volatile || folder->scratch || folder_check_disk(folder, error)) &&
           folder_lock(folder, options->wait_ms, error);
}

Folder *
folder_open(const char *path, const FolderOptions *options, GError **error)
{
    if (options->read_only && !g_file_test(path, G_FILE_TEST_IS_DIR)) {
        fail(error, ERR_NOT_FOUND, "there is no data folder %s", path);
        return NULL;
    }
    if (!options->read_only && !folder_make(path, error))
        return NULL;
    g_autoptr(Folder) folder = g_new0(Folder, 1);
    folder->lock_fd = -1;
    folder->path = realpath(path, NULL);
    if (!folder->path) {
        fail(error, ERR_IO, "cannot open the data folder %s: %s", path, g_strerror(errno));
        return NULL;
    }
    return folder_ready(folder, options, error) ? g_steal_pointer(&folder) : NULL;
}

void
folder_close(Folder *folder)
{
    if (!folder)
        return;
    /* The file stays: removing it would let a third program lock a new one beside a second
     * program's lock on the old one. */
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    free(folder->path);
    g_free(folder);
}

const char *
folder_path(const Folder *folder)
{
    return folder->path;
}

bool
folder_is_scratch(const Folder *folder)
{
    return folder->scratch;
}

char *
folder_file(const Folder *folder, Arena *arena, const char *name)
{
    return arena_format(arena, "%s/%s", folder->path, name);
}

bool
folder_check_free(const Folder *folder, int64_t bytes, GError **error)
{
    struct statvfs status;
    if (statvfs(folder->path, &status) != 0)
        return fail(error, ERR_IO, "cannot look at %s: %s", folder->path, g_strerror(errno));
    int64_t left = (int64_t)status.f_bavail * (int64_t)status.f_frsize;
    if (left < bytes)
        return fail(error, ERR_DISK_FULL,
                    "the disk of %s has %" G_GINT64_FORMAT " MB left, %" G_GINT64_FORMAT
                    " MB are needed",
                    folder->path, left >> 20, (bytes + (1 << 20) - 1) >> 20);
    return true;
}

int64_t
folder_free_bytes(const char *path)
{
    struct statvfs status;
    return statvfs(path, &status) == 0 ? (int64_t)status.f_bavail * (int64_t)status.f_frsize : -1;
}
