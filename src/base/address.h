/* address.h - a mail address: read, checked, in one normal form.
 *
 * The same mailbox is written in many ways; what we keep is one of them:
 *   - the domain in small ASCII letters, an internationalised one as punycode (xn--...), because
 *     the wire wants it so and every server understands it;
 *   - the local part as written, without quotes that it does not need ("ana"@x is ana@x);
 *     letters outside ASCII stay and need a server with SMTPUTF8.
 *
 * Taken although RFC 5321 forbids it: dots at the end of the local part or side by side, as old
 * accounts of Japanese phone companies have them; they are quoted on the wire, which makes them
 * lawful. Refused although it allows it: address literals (ana@[192.0.2.1]), comments, routes: no
 * customer has one, and each is a way to make us talk to a machine of somebody's choice.
 *
 * Sources: RFC 5321 4.1.2, RFC 5322 3.4, RFC 6531 and 6532 (UTF-8), HTML's `input
 * type=email` for what people really have; domains: base/domain.h.
 */
#pragma once

#include "base/base.h"

typedef struct Address {
    Str name; /* display name, one line of UTF-8, without quotes; empty if none */
    Str spec; /* local@domain as it goes over the wire, at most LIMIT_ADDRESS_BYTES; NUL-terminated */
    Str domain; /* the part of spec behind the @ */
    bool utf8;  /* the local part has letters outside ASCII: needs SMTPUTF8 */
} Address;

/* Reads `ana@example.com`, `<ana@example.com>`, `Ana Lima <ana@example.com>`,
 * `"Lima, Ana" <ana@example.com>`. A name that would need quotes is taken without them too: people
 * write such settings by hand. All parts live in the arena. Fails with ERR_INPUT. */
bool address_parse(Arena *arena, Str text, Address *ret, GError **error);

/* The address alone; anything around it is an error. Names in `ret` stay empty. */
bool address_parse_spec(Arena *arena, Str text, Address *ret, GError **error);

/* What two spellings of one mailbox have in common: all letters small. In theory the local part's
 * case matters, in practice no customer has two such mailboxes. For finding a customer and for
 * suppression, never for sending. */
Str address_key(Arena *arena, const Address *address);
