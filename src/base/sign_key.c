/* sign_key.c - key pairs through OpenSSL. The only file that includes openssl/decoder.h and
 * openssl/x509.h. */
#include "base/sign_key.h"

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { RSA_BITS = 2048, RSA_BITS_LEAST = 1024, RSA_BITS_MOST = 4096, ED25519_BYTES = 32 };

struct SignKey {
    EVP_PKEY *pair; /* immutable; OpenSSL counts its users */
    SignKind kind;
};

static SignKey *
sign_key_of(EVP_PKEY *pair, SignKind kind)
{
    SignKey *key = g_new0(SignKey, 1);
    *key = (SignKey){.pair = pair, .kind = kind};
    return key;
}

SignKey *
sign_key_make(SignKind kind)
{
    EVP_PKEY *pair = kind == SIGN_RSA ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS)
                                      : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    must(pair);
    return sign_key_of(pair, kind);
}

/* What OpenSSL reads as a private key, or NULL; its own words of the failure say nothing to an
 * owner and are dropped. */
static EVP_PKEY *
sign_pair_read(Str private)
{
    EVP_PKEY *pair = NULL;
    OSSL_DECODER_CTX *decoder =
        OSSL_DECODER_CTX_new_for_pkey(&pair, NULL, NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
    must(decoder);
    /* Else it would ask the terminal for the password of a locked key. */
    OSSL_DECODER_CTX_set_passphrase(decoder, (const unsigned char *)"", 0);
    const unsigned char *at = (const unsigned char *)private.at;
    size_t len = private.len;
    if (!at || !OSSL_DECODER_from_data(decoder, &at, &len)) {
        EVP_PKEY_free(pair);
        pair = NULL;
    }
    OSSL_DECODER_CTX_free(decoder);
    ERR_clear_error();
    return pair;
}

SignKey *
sign_key_open(Str private, GError **error)
{
    EVP_PKEY *pair = sign_pair_read(private);
    if (!pair) {
        fail(error, ERR_INPUT, "this is no private key as PEM or DER without a password");
        return NULL;
    }
    int bits = EVP_PKEY_get_bits(pair);
    if (EVP_PKEY_is_a(pair, "ED25519"))
        return sign_key_of(pair, SIGN_ED25519);
    if (EVP_PKEY_is_a(pair, "RSA") && bits >= RSA_BITS_LEAST && bits <= RSA_BITS_MOST)
        return sign_key_of(pair, SIGN_RSA);
    EVP_PKEY_free(pair);
    fail(error, ERR_INPUT, "the key must be RSA of %d to %d bits, or Ed25519", RSA_BITS_LEAST,
         RSA_BITS_MOST);
    return NULL;
}

void
sign_key_free(SignKey *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pair);
    g_free(key);
}

SignKind
sign_key_kind(const SignKey *key)
{
    return key->kind;
}

Str
sign_key_private(Arena *arena, const SignKey *key)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pair);
    must(info);
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    must(len > 0);
    unsigned char *der = (unsigned char *)arena_bytes(arena, (size_t)len), *at = der;
    must(i2d_PKCS8_PRIV_KEY_INFO(info, &at) == len);
    PKCS8_PRIV_KEY_INFO_free(info);
    return (Str){(char *)der, (size_t)len};
}

Str
sign_key_public(Arena *arena, const SignKey *key)
{
    if (key->kind == SIGN_ED25519) {
        size_t len = ED25519_BYTES;
        char *raw = arena_bytes(arena, len);
        must(EVP_PKEY_get_raw_public_key(key->pair, (unsigned char *)raw, &len));
        return (Str){raw, len};
    }
    int len = i2d_PUBKEY(key->pair, NULL);
    must(len > 0);
    unsigned char *der = (unsigned char *)arena_bytes(arena, (size_t)len), *at = der;
    must(i2d_PUBKEY(key->pair, &at) == len);
    return (Str){(char *)der, (size_t)len};
}

/* Ed25519 hashes by itself. */
static const EVP_MD *
sign_digest(const SignKey *key)
{
    return key->kind == SIGN_ED25519 ? NULL : EVP_sha256();
}

Str
sign_make(Arena *arena, const SignKey *key, Str bytes)
{
    size_t len = (size_t)EVP_PKEY_get_size(key->pair);
    unsigned char *signature = (unsigned char *)arena_bytes(arena, len);
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    must(state && EVP_DigestSignInit(state, NULL, sign_digest(key), NULL, key->pair));
    must(EVP_DigestSign(state, signature, &len, (const unsigned char *)bytes.at, bytes.len));
    EVP_MD_CTX_free(state);
    return (Str){(char *)signature, len};
}

bool
sign_check(const SignKey *key, Str bytes, Str signature)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    must(state && EVP_DigestVerifyInit(state, NULL, sign_digest(key), NULL, key->pair));
    bool right = EVP_DigestVerify(state, (const unsigned char *)signature.at, signature.len,
                                  (const unsigned char *)bytes.at, bytes.len) == 1;
    EVP_MD_CTX_free(state);
    ERR_clear_error();
    return right;
}

/* ---- signatures of others ---------------------------------------------------------------------- */

/* The key of a certificate, or the key itself; NULL for anything else. */
static EVP_PKEY *
sign_public_read(Str public)
{
    const unsigned char *der = (const unsigned char *)public.at;
    BIO *text = BIO_new_mem_buf(public.at, (int)MIN(public.len, (size_t)G_MAXINT));
    must(text);
    EVP_PKEY *key = NULL;
    X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
    if (!certificate)
        certificate = d2i_X509(NULL, &der, (long)public.len);
    if (certificate) {
        key = X509_get_pubkey(certificate);
    } else {
        (void)BIO_reset(text);
        key = PEM_read_bio_PUBKEY(text, NULL, NULL, NULL);
        der = (const unsigned char *)public.at;
        if (!key)
            key = d2i_PUBKEY(NULL, &der, (long)public.len);
    }
    X509_free(certificate);
    BIO_free(text);
    ERR_clear_error();
    return key;
}

bool
sign_check_by(Str public, SignDigest digest, Str bytes, Str signature, GError **error)
{
    EVP_PKEY *key = public.len ? sign_public_read(public) : NULL;
    bool known = key && (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "EC"));
    bool right = false;
    if (known) {
        EVP_MD_CTX *state = EVP_MD_CTX_new();
        must(state);
        right = EVP_DigestVerifyInit(state, NULL, digest == SIGN_SHA1 ? EVP_sha1() : EVP_sha256(),
                                     NULL, key) == 1 &&
                EVP_DigestVerify(state, (const unsigned char *)signature.at, signature.len,
                                 (const unsigned char *)bytes.at, bytes.len) == 1;
        EVP_MD_CTX_free(state);
        ERR_clear_error();
    }
    EVP_PKEY_free(key);
    if (!known)
        return fail(error, ERR_INPUT, "this is no certificate and no public key (RSA or ECDSA)");
    return right || fail(error, ERR_AUTH, "the signature is not that of the key");
}
