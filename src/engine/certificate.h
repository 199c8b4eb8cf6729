/* certificate.h - is this the certificate of somebody whom we know by name? For those who sign what they send.
 *
 * Asked once for a certificate that was fetched, not for connections (libcurl and smtp_tls.c verify theirs). What a
 * certificate has to be before a signature by it counts:
 *
 *     for one of the names asked for, without wildcards, and no authority itself
 *     valid now
 *     signed by an authority that this machine trusts, or by one that such an authority signed
 *
 * Signers often publish their own certificate alone and name in it where that of the authority above is found (RFC 5280
 * 4.2.2.1): certificate_issuer_url tells, the caller fetches it and asks again. Whatever is fetched there has no weight of
 * its own: it is a link of the chain or nothing. Revocation is not looked up.
 *
 * Pure but for the files of trusted authorities.
 */
#pragma once

#include "base/base.h"

enum { CERTIFICATE_NAMES_MOST = 4 };

typedef struct CertificateAsk {
    Str pem;    /* the certificate, first; those of authorities may follow */
    Str issuer; /* of the authority above it, DER or PEM; empty: none */
    const char *names[CERTIFICATE_NAMES_MOST];
    size_t name_count;
    const char *ca_file; /* PEM of authorities to trust besides the system's; NULL: none */
    int64_t now;         /* ms UTC */
} CertificateAsk;

/* ERR_INPUT: it cannot be read. ERR_AUTH: it is another's, not yet or not any more valid, or its key is none of RSA. ERR_TLS:
 * all that is fine, but no authority that we know stands for it. *ret_expires_at: ms UTC. */
bool certificate_check(const CertificateAsk *ask, int64_t *ret_expires_at, GError **error);

/* Where the certificate of the authority above is: an http:// URL, in the arena; empty: it does not say. */
Str certificate_issuer_url(Arena *arena, Str pem);
