/* order_mail.h - orders in mails (plug/order_mail.h), as a shop has set them up.
 *
 * What a mail tells goes the way of all facts (flow/facts.h). With a block the source is the one it names, so that later
 * webhooks of the shop's system meet the same order; the JSON-LD of mails has the source `mail`.
 */
#pragma once

#include "flow/flow.h"

/* The secret of a shop's blocks, for its snippet: made of the installation's key, the same each time. */
char *order_mail_secret(Arena *arena, const HmacKey *links, Str slug);

/* Reads a whole mail. *ret_is is false, and *ret untouched, if it is no order; errors as of order_mail_facts. */
bool order_mail_read(Arena *arena, const HmacKey *links, const ShopEntry *shop, Str mail,
                     bool *ret_is, Facts *ret, GError **error);
