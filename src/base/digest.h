/* digest.h - SHA-256 and HMAC over bytes.
 *
 * Checking a webhook's signature is what every request of the outside costs first, so an HMAC key
 * is made once per secret and then shared by all threads: it holds the two hash states that depend
 * on the secret only (the padded inner and outer block), and a call copies them. Without that,
 * OpenSSL 3 looks up its providers for each call, which costs as much as hashing 2 kB.
 *
 * Sources: FIPS 180-4, RFC 2104; vectors in the tests from RFC 4231 and RFC 2202.
 */
#pragma once

#include "base/base.h"

typedef enum Digest {
    DIGEST_SHA256, /* 32 bytes: everybody */
    DIGEST_SHA1,   /* 20 bytes: only as HMAC and only where a sender gives no choice (Twilio) */
} Digest;

enum {
    DIGEST_BYTES = 32, /* the longest of them */
    DIGEST_SHA1_BYTES = 20,
};

/* The SHA-256 of all bytes. */
void digest_sha256(Str bytes, uint8_t ret[DIGEST_BYTES]);

/* The SHA-256 of bytes that come in pieces: a file. */
typedef struct DigestSum DigestSum;
DigestSum *digest_sum_new(void);
void digest_sum_add(DigestSum *sum, Str bytes);
void digest_sum_end(DigestSum *sum, uint8_t ret[DIGEST_BYTES]); /* once */
void digest_sum_free(DigestSum *sum);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DigestSum, digest_sum_free)

typedef struct HmacKey HmacKey;

/* Yours. Immutable from here on: any number of threads may use it at once. */
HmacKey *hmac_key_new(Digest digest, Str secret);
void hmac_key_free(HmacKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HmacKey, hmac_key_free)

/* The HMAC of the bytes. Returns how many bytes of ret it filled: 32 or 20. */
size_t hmac_make(const HmacKey *key, Str bytes, uint8_t ret[DIGEST_BYTES]);

/* True if tag (raw bytes: decode base64 or hex first) is the HMAC of the bytes; constant time. */
bool hmac_check(const HmacKey *key, Str bytes, Str tag);
