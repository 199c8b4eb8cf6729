/* dkim.h - signs mails for a domain (DKIM), so that receivers know whose they are.
 *
 * One key per domain and selector, parsed once, shared by all threads. A mail may carry several
 * signatures: RSA, which every receiver checks, and Ed25519 beside it. Canonicalisation is
 * relaxed/relaxed: what relays do to white space does no harm.
 *
 * All fields that a reader sees or acts on are signed, and each once more than it is there: a
 * second From or Subject put in on the way breaks the signature (RFC 6376 5.4.2 and 8.15). There is
 * no l= (it would let others append) and no x=.
 *
 *     Str field;
 *     if (!dkim_sign(arena, key, wire.bytes, now, &field, error))
 *         return false;
 *     ... send field, then wire.bytes ...
 *
 * Sources: RFC 6376 (DKIM), RFC 8301 (key sizes), RFC 8463 (Ed25519); which fields: RFC 6376 5.4.1,
 * RFC 8058 4 (List-Unsubscribe-Post), Google on Feedback-ID.
 */
#pragma once

#include "base/base.h"
#include "base/sign_key.h"

typedef struct DkimKey DkimKey;

/* A key of a domain. sign_key is taken over. domain and selector are checked: ERR_INPUT (the
 * sign_key is then freed). An internationalised domain becomes punycode. */
DkimKey *dkim_key_new(SignKey *sign_key, Str domain, Str selector, GError **error);
void dkim_key_free(DkimKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DkimKey, dkim_key_free)

/* For sealing: sign_key_private of it, and back through sign_key_open and dkim_key_new. */
const SignKey *dkim_key_sign_key(const DkimKey *key);

/* The signature as a whole header field, "DKIM-Signature: ...\r\n", to be put before the mail; in
 * the arena. mail is the whole mail with CRLF line ends, at its time in ms UTC. Fails with
 * ERR_INPUT for a mail without From or with other line ends: its signature would not hold. */
bool
dkim_sign(Arena *arena, const DkimKey *key, Str mail, int64_t at, Str *ret_field, GError **error);

/* What the domain's owner puts into the DNS. */
char *dkim_record_name(Arena *arena, const DkimKey *key); /* selector._domainkey.domain */
char *dkim_record(Arena *arena, const DkimKey *key);      /* v=DKIM1; k=rsa; p=... */
/* The record's text as a zone file has it: strings of at most 255 bytes in quotes, since RSA's does
 * not fit into one. */
char *dkim_record_strings(Arena *arena, const DkimKey *key);
