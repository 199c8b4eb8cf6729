/* signer.h - the certificates of providers that sign what they tell, fetched once and kept.
 *
 * A delivery names the certificate that signed it; the plug says where such a one may be (InboundCertificate). What is not
 * in the store yet is fetched beside the requests, on the HTTP client's thread; until it is there every delivery is
 * answered 503, and its sender comes again: nothing is kept of what nobody has vouched for, and no web thread waits.
 * doc/why/sns.md has the reasons.
 *
 * Bounded: a certificate of 64 kB, 10 s, no redirects, public addresses alone; four at a time, twenty a minute, and one
 * that cannot be had is asked for again after half a minute. So whoever makes up addresses for us to look at gets little.
 *
 * All functions may be called from any thread.
 */
#pragma once

#include "engine/net_rule.h"
#include "engine/store.h"
#include "plug/inbound/inbound.h"

typedef struct Signers Signers;

/* Under test control all that is asked for is asked at these places on this machine instead; names and certificates are
 * checked all the same. */
typedef struct SignerDetour {
    const char *https; /* 127.0.0.1:8443 */
    const char *http;
    const char *ca_file; /* authorities to trust besides the system's */
} SignerDetour;

/* Test control: nothing but this machine is asked. */
Signers *signers_new(Store *store, bool loopback_only);
void signers_detour(Signers *signers, const SignerDetour *detour); /* copied */

/* What is under way ends at once, done() is called; nothing is asked any more. */
void signers_stop(Signers *signers);
void signers_free(Signers *signers);

/* The certificate as PEM, in the arena, if it is kept and valid now. ERR_BUSY: it is being fetched, or could not be had: the
 * sender may come again. ERR_AUTH: it has run out. */
bool signers_get(Signers *signers, Arena *arena, const InboundCertificate *asked, Str *ret_pem,
                 GError **error);

/* Fetches the address at which a provider is told that its deliveries are wanted. done() is called once, on the HTTP
 * client's thread or before this returns; error NULL: it was told. */
typedef void (*SignerDone)(const GError *error, void *arg);
void signers_confirm(Signers *signers, Str url, SignerDone done, void *arg);
