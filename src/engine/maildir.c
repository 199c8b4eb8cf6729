/* maildir.c - see maildir.h. All by descriptors of the two folders: whatever happens to the path
 * meanwhile, it is the same mailbox. */
#include "engine/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct Maildir {
    char *path;
    int new_fd, cur_fd;
};

static int
maildir_folder(const char *path, const char *name)
{
    g_autofree char *whole = g_build_filename(path, name, NULL);
    return open(whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

Maildir *
maildir_open(const char *path, GError **error)
{
    Maildir *maildir = g_new0(Maildir, 1);
    maildir->path = g_strdup(path);
    maildir->new_fd = maildir_folder(path, "new");
    maildir->cur_fd = maildir_folder(path, "cur");
    if (maildir->new_fd >= 0 && maildir->cur_fd >= 0)
        return maildir;
    fail(error, ERR_CONFIG, "%s is no Maildir that we can use (new/ and cur/): %s", path,
         g_strerror(errno));
    maildir_close(maildir);
    return NULL;
}

void
maildir_close(Maildir *maildir)
{
    if (!maildir)
        return;
    if (maildir->new_fd >= 0)
        close(maildir->new_fd);
    if (maildir->cur_fd >= 0)
        close(maildir->cur_fd);
    g_free(maildir->path);
    g_free(maildir);
}

/* ---- listing -------------------------------------------------------------------------------- */

static gint
by_name(gconstpointer left, gconstpointer right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

bool
maildir_list(Maildir *maildir, Arena *arena, size_t most, MaildirList *ret, GError **error)
{
    /* A descriptor of its own, since reading a folder moves its place. */
    int fd = openat(maildir->new_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        fail(error, ERR_IO, "%s/new cannot be read: %s", maildir->path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    MaildirList list = {.names = arena_new_of(arena, char *, most + 1)};
    const struct dirent *entry;
    while (!list.more && (entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        list.more = list.count == most;
        if (!list.more)
            list.names[list.count++] = arena_cstr(arena, str_of(entry->d_name));
    }
    closedir(folder);
    qsort(list.names, list.count, sizeof *list.names, by_name);
    *ret = list;
    return true;
}

/* ---- one mail ------------------------------------------------------------------------------- */

static bool
maildir_fail(const Maildir *maildir, const char *name, int number, GError **error)
{
    if (number == ENOENT)
        return fail(error, ERR_NOT_FOUND, "%s/new has no %s any more", maildir->path, name);
    if (number == ELOOP)
        return fail(error, ERR_INPUT, "%s/new/%s is a link, not a mail", maildir->path, name);
    return fail(error, ERR_IO, "%s/new/%s: %s", maildir->path, name, g_strerror(number));
}

/* A name is one step, never a path. */
static bool
name_check(const char *name, GError **error)
{
    if (*name && *name != '.' && !strchr(name, '/'))
        return true;
    return fail(error, ERR_INPUT, "a mail's name in a Maildir cannot be '%s'", name);
}

/* Reads all, as long as it stays within its bound while it is being read. */
static bool
file_read(int fd, Arena *arena, size_t most_bytes, Str *ret, GError **error)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return fail(error, ERR_INPUT, "this is no file");
    if ((uint64_t)facts.st_size > most_bytes)
        return fail(error, ERR_TOO_BIG, "this mail has %lld bytes, more than %zu",
                    (long long)facts.st_size, most_bytes);
    size_t size = (size_t)facts.st_size, len = 0;
    char *bytes = arena_bytes(arena, size + 1);
    while (len < size) {
        ssize_t got = read(fd, bytes + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(error, ERR_IO, "%s", g_strerror(errno));
        if (got == 0)
            break;
        len += (size_t)got;
    }
    bytes[len] = '\0';
    *ret = (Str){bytes, len};
    return true;
}

bool
maildir_read(Maildir *maildir, Arena *arena, const char *name, size_t most_bytes, Str *ret,
             GError **error)
{
    if (!name_check(name, error))
        return false;
    /* Without waiting for somebody who might write into a pipe. */
    int fd = openat(maildir->new_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return maildir_fail(maildir, name, errno, error);
    bool fine = file_read(fd, arena, most_bytes, ret, error);
    close(fd);
    return fine || fail_at(error, "%s/new/%s", maildir->path, name);
}

bool
maildir_finish(Maildir *maildir, const char *name, const char *flags, GError **error)
{
    if (!name_check(name, error))
        return false;
    const char *info = strstr(name, ":2,"); /* flags from elsewhere */
    size_t stem = info ? (size_t)(info - name) : strlen(name);
    g_autofree char *there = g_strdup_printf("%.*s:2,%s", (int)stem, name, flags);
    must(!strchr(flags, '/'));
    /* rename() alone would put it in place of another mail of that name. */
    if (renameat2(maildir->new_fd, name, maildir->cur_fd, there, RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST)
            return fail(error, ERR_CONFLICT, "%s/cur has a %s already", maildir->path, there);
        return maildir_fail(maildir, name, errno, error);
    }
    if (fsync(maildir->cur_fd) != 0 || fsync(maildir->new_fd) != 0)
        return fail(error, ERR_IO, "%s: %s", maildir->path, g_strerror(errno));
    return true;
}
