/* keyring.c - the master key's file and the keys made of it. */
#include "engine/keyring.h"
#include "base/encode.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_CHARS = 2 * SEAL_KEY_BYTES + 1, /* hex digits and \n */
    /* Nobody else may read it; a group may, since mounted secrets come so (Kubernetes, systemd). */
    MODE_REFUSED = S_IRWXO | S_IWGRP | S_IXGRP,
};

/* ---- the keys -------------------------------------------------------------------------------- */

static HmacKey *
keyring_hmac(const SealKey *master, const char *purpose)
{
    g_auto(SealKey) subkey = {0};
    seal_subkey(master, purpose, &subkey);
    return hmac_key_new(DIGEST_SHA256, (Str){(const char *)subkey.bytes, sizeof subkey.bytes});
}

/* Its purposes are for ever: see seal_subkey. */
Keyring *
keyring_new(const SealKey *master)
{
    g_auto(SealKey) finger = {0};
    Keyring *keyring = g_new0(Keyring, 1);
    seal_subkey(master, "columns.", &keyring->columns);
    keyring->links = keyring_hmac(master, "links...");
    keyring->mail = keyring_hmac(master, "mail....");
    keyring->suppression = keyring_hmac(master, "suppress");
    keyring->forms = keyring_hmac(master, "forms...");
    keyring->digests = keyring_hmac(master, "digests.");
    seal_subkey(master, "finger..", &finger);
    encode_to(ENCODE_HEX, (Str){(const char *)finger.bytes, sizeof keyring->fingerprint / 2},
              keyring->fingerprint);
    return keyring;
}

void
keyring_free(Keyring *keyring)
{
    if (!keyring)
        return;
    seal_key_clear(&keyring->columns);
    hmac_key_free(keyring->links);
    hmac_key_free(keyring->mail);
    hmac_key_free(keyring->suppression);
    hmac_key_free(keyring->forms);
    hmac_key_free(keyring->digests);
    g_free(keyring);
}

/* ---- the file: writing -------------------------------------------------------------------------- */

static bool
keyring_fail(GError **error, const char *what, const char *path)
{
    ErrorCode code = errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_IO;
    return fail(error, code, "cannot %s the key file %s: %s", what, path, g_strerror(errno));
}

/* Until here the file could be lost with the power: the folder holds its name. */
static bool
keyring_sync_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (!done)
        keyring_fail(error, "keep", path);
    if (fd >= 0)
        close(fd);
    return done;
}

static bool
keyring_write(const char *path, const char line[LINE_CHARS], GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return keyring_fail(error, "make", path);
    bool done = write(fd, line, LINE_CHARS) == LINE_CHARS && fsync(fd) == 0;
    if (!done)
        keyring_fail(error, "write", path);
    close(fd);
    return done;
}

/* Written under another name first and then given its own, which fails if that is taken: so the
 * file is whole or not there, whenever we are killed, and no key is ever replaced. */
bool
keyring_make(const char *path, GError **error)
{
    char line[LINE_CHARS];
    uint32_t dice;
    g_auto(SealKey) master = {0};
    seal_key_make(&master);
    encode_to(ENCODE_HEX, (Str){(const char *)master.bytes, sizeof master.bytes}, line);
    line[LINE_CHARS - 1] = '\n';
    seal_random(&dice, sizeof dice);
    g_autofree char *fresh = g_strdup_printf("%s.%08x", path, dice);

    bool made = keyring_write(fresh, line, error);
    seal_wipe(line, sizeof line);
    if (made && link(fresh, path) != 0) {
        made = false;
        if (errno == EEXIST)
            fail(error, ERR_CONFLICT, "there is a key file %s already", path);
        else
            keyring_fail(error, "make", path);
    }
    unlink(fresh);
    return made && keyring_sync_folder(path, error);
}

/* ---- the file: reading --------------------------------------------------------------------------- */

static bool
keyring_check(int fd, const char *path, GError **error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return keyring_fail(error, "look at", path);
    if (!S_ISREG(status.st_mode))
        return fail(error, ERR_CONFIG, "the key file %s is no file", path);
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return fail(error, ERR_CONFIG, "the key file %s belongs to another user", path);
    if (status.st_mode & MODE_REFUSED)
        return fail(error, ERR_CONFIG,
                    "others on this machine can read or change the key file %s (mode %04o): say "
                    "chmod 600 %s, and make a new key if somebody may have read it",
                    path, (unsigned)(status.st_mode & 07777), path);
    return true;
}

static bool
keyring_read(int fd, const char *path, SealKey *ret, GError **error)
{
    char line[LINE_CHARS + 1];
    size_t key_len = 0;
    ssize_t len = read(fd, line, sizeof line);
    if (len < 0)
        return keyring_fail(error, "read", path);
    Str digits = {line, (size_t)len};
    if (len == LINE_CHARS && line[len - 1] == '\n')
        digits.len--;
    bool whole = digits.len == LINE_CHARS - 1 &&
                 decode_to(ENCODE_HEX, digits, sizeof ret->bytes, ret->bytes, &key_len);
    seal_wipe(line, sizeof line);
    if (!whole)
        return fail(error, ERR_CONFIG, "the key file %s does not hold one line of %d hex digits",
                    path, LINE_CHARS - 1);
    return true;
}

Keyring *
keyring_open(const char *path, GError **error)
{
    g_auto(SealKey) master = {0};
    /* O_NONBLOCK: a pipe put there must not hold up the start; it is refused as no file. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOENT)
            fail(error, ERR_NOT_FOUND,
                 "the key file %s is not there: put it back from where you keep it, since without "
                 "it no sealed password opens and no customer's link works",
                 path);
        else
            keyring_fail(error, "open", path);
        return NULL;
    }
    bool good = keyring_check(fd, path, error) && keyring_read(fd, path, &master, error);
    close(fd);
    return good ? keyring_new(&master) : NULL;
}
