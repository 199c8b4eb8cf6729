/* digest.c - SHA and HMAC through OpenSSL. The only file that includes openssl/evp.h. */
#include "base/digest.h"
#include "base/seal.h"

#include <openssl/evp.h>
#include <string.h>

enum { BLOCK_BYTES = 64 }; /* of SHA-1 and SHA-256 alike */

struct HmacKey {
    EVP_MD_CTX *inner; /* has hashed secret xor 0x36... */
    EVP_MD_CTX *outer; /* has hashed secret xor 0x5c... */
    size_t bytes;      /* of the result */
};

void
digest_sha256(Str bytes, uint8_t ret[DIGEST_BYTES])
{
    must(EVP_Digest(bytes.at ? bytes.at : "", bytes.len, ret, NULL, EVP_sha256(), NULL));
}

struct DigestSum {
    EVP_MD_CTX *state;
};

DigestSum *
digest_sum_new(void)
{
    DigestSum *sum = g_new0(DigestSum, 1);
    sum->state = EVP_MD_CTX_new();
    must(sum->state && EVP_DigestInit_ex(sum->state, EVP_sha256(), NULL));
    return sum;
}

void
digest_sum_add(DigestSum *sum, Str bytes)
{
    must(EVP_DigestUpdate(sum->state, bytes.at ? bytes.at : "", bytes.len));
}

void
digest_sum_end(DigestSum *sum, uint8_t ret[DIGEST_BYTES])
{
    must(EVP_DigestFinal_ex(sum->state, ret, NULL));
}

void
digest_sum_free(DigestSum *sum)
{
    if (!sum)
        return;
    EVP_MD_CTX_free(sum->state);
    g_free(sum);
}

/* A state that has seen one block: the secret with every byte xored. */
static EVP_MD_CTX *
hmac_pad(const EVP_MD *md, const uint8_t block[BLOCK_BYTES], uint8_t with)
{
    uint8_t padded[BLOCK_BYTES];
    for (size_t i = 0; i < sizeof padded; i++)
        padded[i] = block[i] ^ with;
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    must(state && EVP_DigestInit_ex(state, md, NULL));
    must(EVP_DigestUpdate(state, padded, sizeof padded));
    seal_wipe(padded, sizeof padded);
    return state;
}

HmacKey *
hmac_key_new(Digest digest, Str secret)
{
    const EVP_MD *md = digest == DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
    uint8_t block[BLOCK_BYTES] = {0};
    if (secret.len > sizeof block)
        must(EVP_Digest(secret.at, secret.len, block, NULL, md, NULL));
    else if (secret.len)
        memcpy(block, secret.at, secret.len);

    HmacKey *key = g_new0(HmacKey, 1);
    key->bytes = (size_t)EVP_MD_get_size(md);
    key->inner = hmac_pad(md, block, 0x36);
    key->outer = hmac_pad(md, block, 0x5c);
    seal_wipe(block, sizeof block);
    return key;
}

void
hmac_key_free(HmacKey *key)
{
    if (!key)
        return;
    EVP_MD_CTX_free(key->inner);
    EVP_MD_CTX_free(key->outer);
    g_free(key);
}

size_t
hmac_make(const HmacKey *key, Str bytes, uint8_t ret[DIGEST_BYTES])
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    must(state && EVP_MD_CTX_copy_ex(state, key->inner));
    must(EVP_DigestUpdate(state, bytes.at, bytes.len));
    must(EVP_DigestFinal_ex(state, ret, NULL));
    must(EVP_MD_CTX_copy_ex(state, key->outer));
    must(EVP_DigestUpdate(state, ret, key->bytes));
    must(EVP_DigestFinal_ex(state, ret, NULL));
    EVP_MD_CTX_free(state);
    return key->bytes;
}

bool
hmac_check(const HmacKey *key, Str bytes, Str tag)
{
    uint8_t right[DIGEST_BYTES];
    size_t len = hmac_make(key, bytes, right);
    return seal_same((Str){(const char *)right, len}, tag);
}
