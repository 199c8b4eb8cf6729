/* seal.c - secrets through libsodium. The only file that includes it. */
#include "base/seal.h"

#include <sodium.h>
#include <string.h>

G_STATIC_ASSERT(SEAL_KEY_BYTES == crypto_kdf_KEYBYTES);
G_STATIC_ASSERT(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
G_STATIC_ASSERT(SEAL_PURPOSE_CHARS == crypto_kdf_CONTEXTBYTES);

enum {
    /* First byte of everything sealed, so that another cipher can come later and old rows still
     * open. */
    FORM_XCHACHA20 = 1,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

G_STATIC_ASSERT(SEAL_OVERHEAD_BYTES == 1 + NONCE_BYTES + TAG_BYTES);

/* libsodium picks its fast code and its generator on the first call; later calls cost one
 * uncontended lock. Base keeps no state, so each entry asks. */
static void
seal_ready(void)
{
    must(sodium_init() >= 0);
}

void
seal_key_clear(SealKey *key)
{
    sodium_memzero(key, sizeof *key);
}

void
seal_key_make(SealKey *ret)
{
    seal_ready();
    crypto_kdf_keygen(ret->bytes);
}

void
seal_subkey(const SealKey *master, const char *purpose, SealKey *ret)
{
    must(strlen(purpose) == SEAL_PURPOSE_CHARS);
    seal_ready();
    must(crypto_kdf_derive_from_key(ret->bytes, sizeof ret->bytes, 1, purpose, master->bytes) == 0);
}

/* "SHOP/ROW/COLUMN": digits, so no two places share a text. */
static Str
seal_place(Arena *arena, SealPlace place)
{
    must(place.column && *place.column);
    return str_of(arena_format(arena, "%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "/%s", place.shop,
                               place.row, place.column));
}

Str
seal_close(Arena *arena, const SealKey *key, SealPlace place, Str plain)
{
    seal_ready();
    Str about = seal_place(arena, place);
    size_t len = plain.len + SEAL_OVERHEAD_BYTES;
    uint8_t *sealed = (uint8_t *)arena_bytes(arena, len);
    uint8_t *nonce = sealed + 1;
    sealed[0] = FORM_XCHACHA20;
    randombytes_buf(nonce, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_BYTES, NULL, (const uint8_t *)plain.at,
                                               plain.len, (const uint8_t *)about.at, about.len,
                                               NULL, nonce, key->bytes);
    return (Str){(char *)sealed, len};
}

bool
seal_open(Arena *arena, const SealKey *key, SealPlace place, Str sealed, Str *ret, GError **error)
{
    seal_ready();
    const uint8_t *bytes = (const uint8_t *)sealed.at;
    if (sealed.len < SEAL_OVERHEAD_BYTES || bytes[0] != FORM_XCHACHA20)
        return fail(error, ERR_AUTH, "%s holds no sealed secret", place.column);
    Str about = seal_place(arena, place);
    size_t len = sealed.len - SEAL_OVERHEAD_BYTES;
    char *plain = arena_bytes(arena, len + 1);
    const uint8_t *nonce = bytes + 1;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            (uint8_t *)plain, NULL, NULL, nonce + NONCE_BYTES, len + TAG_BYTES,
            (const uint8_t *)about.at, about.len, nonce, key->bytes) != 0)
        return fail(error, ERR_AUTH,
                    "the secret in %s does not open: it was sealed with another key file, or for "
                    "another row",
                    place.column);
    plain[len] = '\0';
    *ret = (Str){plain, len};
    return true;
}

void
seal_random(void *ret, size_t bytes)
{
    seal_ready();
    randombytes_buf(ret, bytes);
}

void
seal_wipe(void *secret, size_t bytes)
{
    sodium_memzero(secret, bytes);
}

bool
seal_same(Str left, Str right)
{
    return left.len == right.len &&
           (left.len == 0 || sodium_memcmp(left.at, right.at, left.len) == 0);
}

bool
seal_password(Arena *arena, Str password, char **ret_kept, GError **error)
{
    seal_ready();
    char *kept = arena_bytes(arena, crypto_pwhash_STRBYTES);
    if (crypto_pwhash_str(kept, password.at ? password.at : "", password.len,
                          crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE) != 0)
        return fail(error, ERR_BUSY, "no memory left to keep a password safely");
    *ret_kept = kept;
    return true;
}

bool
seal_password_is(const char *kept, Str password)
{
    seal_ready();
    return crypto_pwhash_str_verify(kept, password.at ? password.at : "", password.len) == 0;
}

char *
seal_password_nobody(Arena *arena)
{
    uint8_t salt[16], hash[32];
    char salt_text[32], hash_text[64];
    seal_random(salt, sizeof salt);
    seal_random(hash, sizeof hash);
    int variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    sodium_bin2base64(salt_text, sizeof salt_text, salt, sizeof salt, variant);
    sodium_bin2base64(hash_text, sizeof hash_text, hash, sizeof hash, variant);
    return arena_format(arena, "$argon2id$v=19$m=%u,t=%u,p=1$%s$%s",
                        (unsigned)(crypto_pwhash_MEMLIMIT_MODERATE / 1024),
                        (unsigned)crypto_pwhash_OPSLIMIT_MODERATE, salt_text, hash_text);
}

bool
seal_password_is_old(const char *kept)
{
    seal_ready();
    return crypto_pwhash_str_needs_rehash(kept, crypto_pwhash_OPSLIMIT_MODERATE,
                                          crypto_pwhash_MEMLIMIT_MODERATE) != 0;
}
