/* verp.h - the addresses by which a bounce or a reply finds its message.
 *
 *     return path   bounce+TOKEN@bounces.shop.example    where servers send delivery reports
 *     Message-ID    <TOKEN@shop.example>                 what replies name in In-Reply-To
 *
 * A token is the message's id and the first 80 bits of an HMAC, so nobody can make up a bounce for
 * a mail he did not get: base32 over id (8 bytes big endian) and tag (10), 29 small letters and
 * digits, since some servers fold the case of what stands before the @. Both are the same for every
 * attempt at one message. The two tags differ: who sees one does not know the other.
 *
 * tag = HMAC-SHA256(key, kind | 0x00 | id)[0..9], kind being "return-path" or "message-id".
 *
 * Sources: VERP (D. J. Bernstein, cr.yp.to/proto/verp.txt), subaddresses RFC 5233, RFC 5322 3.6.4.
 */
#pragma once

#include "base/digest.h"

/* bounce+TOKEN@domain, in the arena. domain as domain_parse gave it; id must be positive. */
char *verp_return_path(Arena *arena, const HmacKey *key, int64_t id, const char *domain);

/* Reads it back, with or without brackets; any local part that ends in +TOKEN and any domain, since
 * a shop may have moved. False if it is none of ours. */
bool verp_read_return_path(const HmacKey *key, Str address, int64_t *ret_id);

/* <TOKEN@domain>, in the arena. */
char *verp_message_id(Arena *arena, const HmacKey *key, int64_t id, const char *domain);

/* Finds the first Message-ID of ours in a text of them: the value of In-Reply-To or References, or
 * one id. False if there is none. */
bool verp_read_message_id(const HmacKey *key, Str text, int64_t *ret_id);
