/* mail_owner.h - whose is a mail, by the address it was delivered to.
 *
 * A shop's are: return paths with a token of ours, whatever their domain; its bounce domain, its sender and its reply
 * address; and orders+SLUG.TAG at any domain, where its own system's order mails go (flow/order_mail.h). The tag is an
 * HMAC: who does not know it cannot fill another shop's inbox. Any thread.
 */
#pragma once

#include "flow/flow.h"

/* A message whose return path it is, or a shop as a negative number. */
typedef int64_t MailOwner;

/* False: nobody's. Two shops with one address: the older. */
bool mail_owner_find(const FlowOptions *options, Str address, MailOwner *ret);

/* *ret is 0 if that message is not there (any more). ERR_STORE. */
bool mail_owner_shop(const FlowOptions *options, MailOwner owner, int64_t *ret, GError **error);

/* The part before the @ of the address for a shop's order mails. */
char *mail_owner_orders(Arena *arena, const HmacKey *links, Str slug);
