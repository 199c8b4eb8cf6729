/* keyring.h - the installation's master key: its file, and the keys made of it.
 *
 * The file is DATA/secret.key, or where --key-file says (systemd's credentials, a mounted secret).
 * It holds one line, 64 hex digits, so that it can be kept on paper. Whoever has it and the store
 * can read the shops' passwords and open every customer's page, so:
 *   - it is made with mode 0600, complete or not at all, and never replaced;
 *   - a file that others on the machine can read or change is refused;
 *   - a backup leaves it out, and a data folder that has lost it says so instead of making a new
 *     one, under which nothing sealed would open and no link would work.
 *
 * A Keyring is made once at start and shared by all threads.
 */
#pragma once

#include "base/digest.h"
#include "base/seal.h"

typedef struct Keyring {
    SealKey columns;      /* seal_close and seal_open of secrets in the store */
    HmacKey *links;       /* token_make and token_read */
    HmacKey *mail;        /* verp_...: return paths and Message-IDs */
    HmacKey *suppression; /* the HMAC of an erased address, which keeps it off the list */
    HmacKey *forms;       /* tokens of forms and of sessions */
    HmacKey *
        digests; /* what was told, to know it again: who has the store alone cannot try what it was */
    char fingerprint[17]; /* of the master key, 16 hex digits: the store keeps it, so that another
                           * key's file is noticed at start. Not secret. */
} Keyring;

/* Makes the file with a fresh key. Fails with ERR_CONFLICT if there is one, ERR_IO, ERR_DISK_FULL. */
bool keyring_make(const char *path, GError **error);

/* Reads the file. NULL on failure: ERR_NOT_FOUND (there is none), ERR_CONFIG (others can read it, it
 * belongs to somebody else, it holds no key), ERR_IO. Yours. */
Keyring *keyring_open(const char *path, GError **error);

/* The same from a master key that is already in memory: for tests and for restoring. */
Keyring *keyring_new(const SealKey *master);

void keyring_free(Keyring *keyring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keyring, keyring_free)
