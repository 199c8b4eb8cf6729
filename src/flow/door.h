/* door.h - links to the order page that a shop system makes by itself, in mails that we do not write.
 *
 * A shop system knows its own order id, and its template language can make an HMAC. So a shop gets one key for its
 * templates, and a link is
 *     /f/SHOP/SOURCE/ID/HMAC-SHA256(key, SOURCE/ID) in hex
 * The key is made from the installation's own and kept nowhere; whoever has the templates of a shop's mails could open
 * the page of any of its orders, which is whoever runs the shop. The link leads on to the order's usual one, so that
 * taking links back (generation) works for both.
 */
#pragma once

#include "base/digest.h"

/* The key of a shop, 64 hex digits, in the arena. */
char *door_key(Arena *arena, const HmacKey *links, int64_t shop);

/* Is this the tag of that order? In a time that does not depend on where it is wrong. */
bool
door_check(Arena *arena, const HmacKey *links, int64_t shop, Str source, Str foreign_id, Str tag);
