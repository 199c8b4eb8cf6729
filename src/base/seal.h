/* seal.h - secrets: the installation's key, subkeys by purpose, sealed columns, random bytes.
 *
 * One master key of 32 random bytes (engine/keyring.h keeps its file) is never used itself: every
 * use has a subkey of its own, so that what leaks from one says nothing of another.
 *
 *     SealKey columns, links;
 *     seal_subkey(&master, "columns.", &columns);
 *     seal_subkey(&master, "tokens..", &links);
 *
 * What the store must not show to whoever copies its file (connectors' secrets, SMTP passwords,
 * DKIM keys, TOTP seeds) is closed with XChaCha20-Poly1305 over the place where it stands: a sealed
 * value moved to another shop, row or column does not open. The nonce is 24 random bytes, so the
 * same secret closed twice looks different and no counter has to survive a restored backup.
 *
 * HMAC and SHA are in base/digest.h, base64 and hex in base/encode.h, link tokens in base/token.h.
 *
 * Sources: libsodium 1.0.18 (crypto_kdf: BLAKE2b keyed with context and number; crypto_aead:
 * draft-irtf-cfrg-xchacha-03), RFC 8439.
 */
#pragma once

#include "base/base.h"

enum {
    SEAL_KEY_BYTES = 32,
    SEAL_PURPOSE_CHARS = 8,            /* of a subkey's purpose, exactly */
    SEAL_OVERHEAD_BYTES = 1 + 24 + 16, /* form, nonce, tag: sealed length less plain length */
};

typedef struct SealKey {
    uint8_t bytes[SEAL_KEY_BYTES];
} SealKey;

/* Wipes and empties a key that goes out of scope: g_auto(SealKey) key = {0}; */
void seal_key_clear(SealKey *key);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SealKey, seal_key_clear)

/* A fresh master key. */
void seal_key_make(SealKey *ret);

/* The subkey of a purpose: 8 printable ASCII characters, pad with dots. The same master and purpose
 * give the same subkey for ever: a purpose that changes its name loses what it had sealed. */
void seal_subkey(const SealKey *master, const char *purpose, SealKey *ret);

/* Where a sealed value stands. It does not open anywhere else. */
typedef struct SealPlace {
    int64_t shop;       /* 0: the installation's own */
    int64_t row;        /* the row's id */
    const char *column; /* "table.column" */
} SealPlace;

/* Closes a secret; the result (form byte, nonce, text and tag) lives in the arena and is for a BLOB
 * column. */
Str seal_close(Arena *arena, const SealKey *key, SealPlace place, Str plain);

/* Opens it again, into the arena, NUL-terminated behind its length. Fails with ERR_AUTH when the
 * key is another one, the value was moved from another place, or a bit of it changed: these cannot
 * be told apart. */
bool
seal_open(Arena *arena, const SealKey *key, SealPlace place, Str sealed, Str *ret, GError **error);

/* Bytes from the kernel's generator. Cannot fail. */
void seal_random(void *ret, size_t bytes);

/* Overwrites a secret in a way that the compiler keeps. */
void seal_wipe(void *secret, size_t bytes);

/* True if both are the same. The time it takes depends on the lengths only: for everything that an
 * outsider could guess byte by byte. */
bool seal_same(Str left, Str right);

/* A password as it is kept (Argon2id, libsodium's moderate costs: about 0.7 s and 256 MB, so never on a web thread):
 * a text of ours to store, which holds salt and costs. Fails with ERR_BUSY where the machine has no memory for it. */
bool seal_password(Arena *arena, Str password, char **ret_kept, GError **error);

/* A kept password that nobody has, of today's costs: asking it takes as long as asking a real one. */
char *seal_password_nobody(Arena *arena);

/* True if it was kept with other costs than today's: keep it anew at the next sign-in. */
bool seal_password_is_old(const char *kept);

/* True if the password is the one that was kept. A text that is no kept password is never right. */
bool seal_password_is(const char *kept, Str password);
