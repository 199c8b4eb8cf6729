/* file.c - see file.h. */
#include "engine/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct FileIn {
    char *path;
    int fd;
    int64_t bytes;
};

struct FileOut {
    char *path;
    int fd;
    int64_t bytes;
};

static bool
io_fail(GError **error, const char *path)
{
    switch (errno) {
    case ENOENT:
        return fail(error, ERR_NOT_FOUND, "there is no file %s", path);
    case EACCES:
    case EPERM:
        return fail(error, ERR_FORBIDDEN, "%s: the user who runs Postlude may not open it", path);
    case ENOSPC:
        return fail(error, ERR_DISK_FULL, "the disk of %s is full", path);
    default:
        return fail(error, ERR_IO, "%s: %s", path, g_strerror(errno));
    }
}

FileIn *
file_in_open(const char *path, GError **error)
{
    struct stat about;
    /* O_NONBLOCK: opening a pipe that nobody writes to would wait for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0) {
        io_fail(error, path);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (!S_ISREG(about.st_mode)) {
        close(fd);
        fail(error, ERR_INPUT, "%s is no plain file; hand it over on standard input, as -", path);
        return NULL;
    }
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    FileIn *file = g_new0(FileIn, 1);
    *file = (FileIn){g_strdup(path), fd, about.st_size};
    return file;
}

void
file_in_close(FileIn *file)
{
    if (!file)
        return;
    close(file->fd);
    g_free(file->path);
    g_free(file);
}

int64_t
file_in_bytes(const FileIn *file)
{
    return file->bytes;
}

bool
file_in_rewind(FileIn *file, GError **error)
{
    return lseek(file->fd, 0, SEEK_SET) == 0 || io_fail(error, file->path);
}

bool
file_in_read(FileIn *file, char *to, size_t room, size_t *ret_len, GError **error)
{
    ssize_t len;
    do
        len = read(file->fd, to, room);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return io_fail(error, file->path);
    *ret_len = (size_t)len;
    return true;
}

FileOut *
file_out_open(const char *path, int64_t keep, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || ftruncate(fd, keep) != 0 || lseek(fd, 0, SEEK_END) < 0) {
        io_fail(error, path);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    FileOut *file = g_new0(FileOut, 1);
    *file = (FileOut){g_strdup(path), fd, keep};
    return file;
}

void
file_out_close(FileOut *file)
{
    if (!file)
        return;
    close(file->fd);
    g_free(file->path);
    g_free(file);
}

static bool
write_all(int fd, Str bytes)
{
    while (bytes.len) {
        ssize_t len = write(fd, bytes.at, bytes.len);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return false;
        bytes = str_sub(bytes, (size_t)len, bytes.len);
    }
    return true;
}

bool
file_out_write(FileOut *file, Str bytes, GError **error)
{
    if (!write_all(file->fd, bytes))
        return io_fail(error, file->path);
    file->bytes += (int64_t)bytes.len;
    return true;
}

int64_t
file_out_bytes(const FileOut *file)
{
    return file->bytes;
}

/* Until here its name could be lost with the power. */
static bool
folder_sync(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        io_fail(error, folder);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool
file_append(const char *path, Str bytes, GError **error)
{
    bool fresh = !g_file_test(path, G_FILE_TEST_EXISTS);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0;
    if (!ok)
        io_fail(error, path);
    if (fd >= 0)
        close(fd);
    return ok && (!fresh || folder_sync(path, error));
}

/* Some disks (FAT, SMB) cannot refuse by themselves: there a look has to do. */
static bool
file_name(const char *part, const char *path, GError **error)
{
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EEXIST && !g_file_test(path, G_FILE_TEST_EXISTS))
        return rename(part, path) == 0 || io_fail(error, path);
    return fail(error, ERR_CONFLICT, "%s is there already", path);
}

bool
file_settle(const char *part, const char *path, GError **error)
{
    int fd = open(part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && fsync(fd) == 0;
    if (!ok)
        io_fail(error, part);
    if (fd >= 0)
        close(fd);
    return ok && file_name(part, path, error) && folder_sync(path, error);
}

bool
file_replace(const char *fresh, const char *path, GError **error)
{
    return rename(fresh, path) == 0 || io_fail(error, path);
}

bool
file_spool(int from, const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_fail(error, path);
    char bytes[64 * 1024];
    ssize_t len;
    while ((len = read(from, bytes, sizeof bytes)) != 0) {
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0 || !write_all(fd, (Str){bytes, (size_t)len})) {
            io_fail(error, path);
            close(fd);
            unlink(path);
            return false;
        }
    }
    close(fd);
    return true;
}
