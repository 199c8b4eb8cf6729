/* sign_key.h - key pairs that sign: RSA with SHA-256 (PKCS #1 v1.5) and Ed25519.
 *
 * A key is parsed once and then shared by all threads. Its private half leaves only as DER, to be
 * closed with base/seal.h.
 *
 * Measured on one core of a small server (AMD EPYC, OpenSSL 3.0): RSA-2048 about 4,000 signatures a
 * second, Ed25519 about 30,000: RSA is what a sending machine spends its time on.
 *
 * Sources: RFC 8017 8.2 (RSASSA-PKCS1-v1_5), RFC 8032 (Ed25519), RFC 5958 (PKCS #8).
 */
#pragma once

#include "base/base.h"

typedef enum SignKind { SIGN_RSA, SIGN_ED25519 } SignKind;

typedef struct SignKey SignKey;

/* A fresh pair: RSA of 2048 bits (0.1 to 1 s of work) or Ed25519. Yours. */
SignKey *sign_key_make(SignKind kind);

/* The pair of a private key as DER (PKCS #8 or PKCS #1) or PEM without a password. NULL with
 * ERR_INPUT for anything else, and for RSA outside 1024 to 4096 bits (RFC 8301 3.2). */
SignKey *sign_key_open(Str private, GError **error);
void sign_key_free(SignKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SignKey, sign_key_free)

SignKind sign_key_kind(const SignKey *key);

/* The private key as PKCS #8 DER: a secret. Wipe or seal it. */
Str sign_key_private(Arena *arena, const SignKey *key);

/* The public half: RSA as SubjectPublicKeyInfo DER, Ed25519 as its 32 bytes. */
Str sign_key_public(Arena *arena, const SignKey *key);

/* The signature of the bytes: 256 bytes for RSA-2048, 64 for Ed25519; in the arena. */
Str sign_make(Arena *arena, const SignKey *key, Str bytes);

/* True if the signature is this key's. */
bool sign_check(const SignKey *key, Str bytes, Str signature);

/* ---- signatures of others ---------------------------------------------------------------------- */

typedef enum SignDigest { SIGN_SHA256, SIGN_SHA1 } SignDigest;

/* True if the signature over the bytes is that of a public key of others: RSA (PKCS #1 v1.5) or ECDSA (DER, as it
 * comes in webhooks). `public` is a certificate or a public key, as PEM or DER. SHA-1 only where the sender gives no
 * choice. False with ERR_AUTH when it is another's, or ERR_INPUT when `public` is none of these. */
bool sign_check_by(Str public, SignDigest digest, Str bytes, Str signature, GError **error);
