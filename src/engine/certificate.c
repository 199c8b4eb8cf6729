/* certificate.c - see certificate.h. One of the files that include OpenSSL. */
#include "engine/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum {
    AUTH_LEVEL = 2, /* 112 bits: RSA from 2048 */
    CHAIN_MOST = 6, /* certificates of one file that are looked at */
    DEPTH_MOST = 5, /* of a chain */
    URL_MOST = 512, /* of an authority's address */
    KEY_BITS_LEAST = 2048,
};

/* ---- reading ------------------------------------------------------------------------------------ */

static BIO *
bytes_bio(Str bytes)
{
    BIO *bio = BIO_new_mem_buf(bytes.at ? bytes.at : "", (int)MIN(bytes.len, (size_t)G_MAXINT));
    must(bio);
    return bio;
}

/* The first certificate, and those behind it. NULL if there is none. */
static X509 *
chain_read(Str pem, STACK_OF(X509) * behind)
{
    BIO *bio = bytes_bio(pem);
    X509 *first = PEM_read_bio_X509(bio, NULL, NULL, NULL), *next = NULL;
    for (int i = 0; first && i < CHAIN_MOST; i++) {
        next = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (!next)
            break;
        must(sk_X509_push(behind, next));
    }
    BIO_free(bio);
    ERR_clear_error();
    return first;
}

/* The certificate of an authority, as its site gives it. */
static void
issuer_read(Str issuer, STACK_OF(X509) * behind)
{
    const unsigned char *der = (const unsigned char *)issuer.at;
    X509 *one = issuer.len ? d2i_X509(NULL, &der, (long)MIN(issuer.len, (size_t)G_MAXINT)) : NULL;
    if (!one && issuer.len) {
        BIO *bio = bytes_bio(issuer);
        one = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }
    if (one)
        must(sk_X509_push(behind, one));
    ERR_clear_error();
}

/* ---- what it has to be -------------------------------------------------------------------------- */

static bool
check_name(X509 *certificate, const CertificateAsk *ask, GError **error)
{
    for (size_t i = 0; i < ask->name_count; i++)
        if (X509_check_host(certificate, ask->names[i], 0, X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1)
            return true;
    return fail(error, ERR_AUTH, "the certificate is not that of %s",
                ask->name_count ? ask->names[0] : "anybody");
}

static bool
check_time(X509 *certificate, int64_t now, int64_t *ret_expires_at, GError **error)
{
    struct tm parts;
    time_t seconds = (time_t)(now / 1000);
    if (X509_cmp_time(X509_get0_notBefore(certificate), &seconds) > 0)
        return fail(error, ERR_AUTH, "the certificate is not valid yet");
    if (X509_cmp_time(X509_get0_notAfter(certificate), &seconds) < 0 ||
        !ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts))
        return fail(error, ERR_AUTH, "the certificate has run out");
    *ret_expires_at = (int64_t)timegm(&parts) * 1000;
    return true;
}

static bool
check_key(X509 *certificate, GError **error)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (!key || !EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < KEY_BITS_LEAST)
        return fail(error, ERR_AUTH, "the certificate has no RSA key of %d bits", KEY_BITS_LEAST);
    return X509_check_ca(certificate) == 0 ||
           fail(error, ERR_AUTH, "the certificate is that of an authority");
}

static bool
check_chain(X509 *certificate, STACK_OF(X509) * behind, const CertificateAsk *ask, GError **error)
{
    X509_STORE *trust = X509_STORE_new();
    X509_STORE_CTX *state = X509_STORE_CTX_new();
    must(trust && state);
    X509_STORE_set_default_paths(trust);
    if (ask->ca_file)
        X509_STORE_load_file(trust, ask->ca_file);
    must(X509_STORE_CTX_init(state, trust, certificate, behind));
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(state);
    X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_auth_level(rules, AUTH_LEVEL);
    X509_VERIFY_PARAM_set_depth(rules, DEPTH_MOST);
    X509_VERIFY_PARAM_set_time(rules, (time_t)(ask->now / 1000));
    bool fine = X509_verify_cert(state) == 1;
    const char *why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(state));
    X509_STORE_CTX_free(state);
    X509_STORE_free(trust);
    ERR_clear_error();
    return fine || fail(error, ERR_TLS, "nobody whom we trust stands for the certificate: %s", why);
}

bool
certificate_check(const CertificateAsk *ask, int64_t *ret_expires_at, GError **error)
{
    int64_t expires_at = 0;
    STACK_OF(X509) *behind = sk_X509_new_null();
    must(behind);
    X509 *certificate = chain_read(ask->pem, behind);
    issuer_read(ask->issuer, behind);
    bool fine = certificate ? check_name(certificate, ask, error) &&
                                  check_time(certificate, ask->now, &expires_at, error) &&
                                  check_key(certificate, error) &&
                                  check_chain(certificate, behind, ask, error)
                            : fail(error, ERR_INPUT, "what came is no certificate");
    X509_free(certificate);
    sk_X509_pop_free(behind, X509_free);
    if (fine)
        *ret_expires_at = expires_at;
    return fine;
}

/* ---- the authority above ------------------------------------------------------------------------- */

static bool
url_is_fine(Str url)
{
    if (!str_starts(url, "http://") || url.len > URL_MOST)
        return false;
    for (size_t i = 0; i < url.len; i++)
        if (!g_ascii_isalnum(url.at[i]) && !strchr("-._~:/?=&%", url.at[i]))
            return false;
    return true;
}

Str
certificate_issuer_url(Arena *arena, Str pem)
{
    Str found = {0};
    STACK_OF(X509) *behind = sk_X509_new_null();
    must(behind);
    X509 *certificate = chain_read(pem, behind);
    AUTHORITY_INFO_ACCESS *places =
        certificate ? X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL) : NULL;
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(places) && !found.len; i++) {
        const ACCESS_DESCRIPTION *place = sk_ACCESS_DESCRIPTION_value(places, i);
        if (OBJ_obj2nid(place->method) != NID_ad_ca_issuers || place->location->type != GEN_URI)
            continue;
        const ASN1_STRING *text = place->location->d.uniformResourceIdentifier;
        Str url = {(const char *)ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text)};
        if (url_is_fine(url))
            found = arena_copy(arena, url);
    }
    AUTHORITY_INFO_ACCESS_free(places);
    X509_free(certificate);
    sk_X509_pop_free(behind, X509_free);
    ERR_clear_error();
    return found;
}
