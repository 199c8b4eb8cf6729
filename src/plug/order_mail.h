/* order_mail.h - orders in mails: what a shop's own system writes to its owner when somebody has bought something.
 *
 * The start for shops whose plan or system offers nothing else. Two forms are read:
 *
 *   a block of ours, which a snippet puts into the template of that mail (ui/snippet/order_mail.txt):
 *
 *       postlude:order:1:BASE64URL:HMAC:end
 *
 *   BASE64URL is an order in our own words (plug/own.h), HMAC the HMAC-SHA256 in hex of these letters by a secret of the
 *   shop. Whatever a mail goes through may break its lines, quote them, or put blanks between: signs that are none of the
 *   alphabet and that such programs add are passed over. The HMAC proves both sender and wholeness, so it does not matter
 *   who handed the mail on, nor how often.
 *
 *   schema.org's Order as JSON-LD, which many systems write into their mails for mail programs. Anybody can write that. So
 *   it counts only if its sender is one that the owner has named, the receiving mail server says by Authentication-Results
 *   that the sender is genuine (DKIM or DMARC), and the mail is no answer.
 *
 * Customers' answers quote the mails of the shop, ours with their JSON-LD among them: they are never orders.
 *
 * Sources: RFC 8601 (Authentication-Results), developers.google.com/gmail/markup/reference/order, schema.org/Order.
 */
#pragma once

#include "base/letter.h"
#include "plug/own.h"

typedef struct OrderMailAsk {
    Arena *arena;
    const OwnShop *shop;
    Str secret; /* of the blocks */
    Str from; /* whose JSON-LD counts: domains and addresses, parted by commas or blanks; empty: nobody's */
    Str authority; /* the name by which the receiving mail server signs its Authentication-Results */
    bool addressed; /* it came to the address for order mails: what is no order there is wrong */
    bool attached;  /* it stands in another mail: then only a block counts */
} OrderMailAsk;

/* *ret_is is false, and *ret untouched, if the mail is no order. Fails with ERR_AUTH (a signature or a sender that does not
 * count) and ERR_INPUT, ERR_JSON, ERR_TOO_BIG for an order that cannot be read. Versions are the order's own updated_at, in
 * its absence the mail's date. */
bool order_mail_facts(const OrderMailAsk *ask, const Letter *letter, bool *ret_is, Facts *ret,
                      GError **error);

/* The first block in a text: its JSON. *ret_is as above. For the fuzzer, too. */
bool
order_block_read(Arena *arena, Str secret, Str text, bool *ret_is, Str *ret_json, GError **error);

/* order_markup.c: an HTML text's JSON-LD order as JSON in our own words; `at` stands for what it does not tell of times. */
bool
order_markup_read(Arena *arena, Str html, int64_t at, bool *ret_is, Str *ret_json, GError **error);
