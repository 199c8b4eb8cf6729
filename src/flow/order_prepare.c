/* order_prepare.c - an order as it was told, made ready to be learned: texts cleaned, content hashed; see order.h.
 *
 * All that takes time is here, outside of the writer.
 */
#include "base/address.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"
#include "flow/customer.h"
#include "flow/order.h"
#include "flow/postal.h"
#include "plug/connector/connector.h"

#include <string.h>

/* Marketplaces give their buyers an address of their own at these domains, and forbid shops to write to it about
 * anything (Amazon's communication guidelines, eBay's member-to-member policy, ...). */
static const char *const relay_domains[] = {
    "marketplace.amazon.com",    "marketplace.amazon.co.uk",
    "marketplace.amazon.de",     "marketplace.amazon.fr",
    "marketplace.amazon.it",     "marketplace.amazon.es",
    "marketplace.amazon.nl",     "marketplace.amazon.se",
    "marketplace.amazon.pl",     "marketplace.amazon.com.be",
    "marketplace.amazon.ca",     "marketplace.amazon.com.mx",
    "marketplace.amazon.com.au", "marketplace.amazon.co.jp",
    "marketplace.amazon.com.br", "marketplace.amazon.in",
    "marketplace.amazon.ae",     "marketplace.amazon.sa",
    "marketplace.amazon.sg",     "marketplace.amazon.com.tr",
    "marketplace.amazon.eg",     "members.ebay.com",
    "relay.walmart.com",         "customer.otto.market",
    "marketplace.kaufland.de",   "allegromail.pl",
    "user.allegrogroup.pl",      "notification.mirakl.net",
    "message.bol.com",           "verkopen.bol.com",
    "mail.cdiscount.com",        "scs.tiktokw.us",
    "chat.tiktokshop.com",
};

static Str
line_clean(Arena *arena, Str text)
{
    return text_line(arena, text, LIMIT_TEXT_BYTES);
}

static const OrderLine *
lines_clean(Arena *arena, const Order *order)
{
    OrderLine *lines = arena_new_of(arena, OrderLine, order->line_count);
    for (size_t i = 0; i < order->line_count; i++) {
        OrderLine line = order->lines[i];
        line.sku = line_clean(arena, line.sku);
        line.title = line_clean(arena, line.title);
        line.variant = line_clean(arena, line.variant);
        line.vendor = line_clean(arena, line.vendor);
        lines[i] = line;
    }
    return lines;
}

/* All facts but the version: the same order told again a minute later is no news. */
static void
order_hash(Arena *arena, OrderNews *news)
{
    const Order *order = news->order;
    Buf buf = {.arena = arena};
    buf_reserve(&buf, 4096);
    const Str texts[] = {order->name,
                         order->email,
                         order->phone,
                         order->currency,
                         order->note,
                         order->shipping_title,
                         order->discount_codes,
                         order->channel,
                         order->url,
                         order->tags,
                         news->ship_to,
                         news->bill_to,
                         order->customer.foreign_id,
                         order->customer.email};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        learn_hash_text(&buf, texts[i]);
    const int64_t numbers[] = {
        order->subtotal,      order->shipping,       order->fees,
        order->tax,           order->discount,       order->total,
        order->tax_included,  order->payment,        order->fulfilment,
        order->quiet,         order->gift,           order->renewal,
        order->in_person,     order->placed_at,      order->cancelled_at,
        order->promised_from, order->promised_until, (int64_t)order->line_count};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        learn_hash_int(&buf, numbers[i]);
    for (size_t i = 0; i < order->line_count; i++) {
        const OrderLine *line = &order->lines[i];
        learn_hash_text(&buf, line->foreign_id);
        learn_hash_text(&buf, line->title);
        learn_hash_text(&buf, line->variant);
        learn_hash_text(&buf, line->sku);
        learn_hash_int(&buf, line->quantity);
        learn_hash_int(&buf, line->price);
        learn_hash_int(&buf, line->discount);
    }
    uint8_t digest[DIGEST_BYTES];
    digest_sha256(buf_str(&buf), digest);
    memcpy(news->hash, digest, sizeof news->hash);
}

static bool
word_listed(Str word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(word, list[i]))
            return true;
    return false;
}

/* The marketplace speaks with its buyer itself. */
static bool
order_of_marketplace(Arena *arena, const Order *order)
{
    Address address;
    if (connector_marketplace(arena, order->channel))
        return true;
    return order->email.len && address_parse_spec(arena, order->email, &address, NULL) &&
           word_listed(address.domain, relay_domains, G_N_ELEMENTS(relay_domains));
}

void
order_prepare(Arena *arena, const Order *told, OrderNews *ret)
{
    Order *order = arena_new_of(arena, Order, 1);
    *order = *told;
    Str *const lines[] = {
        &order->name,           &order->phone,          &order->locale, &order->channel,
        &order->shipping_title, &order->discount_codes, &order->url,    &order->tags};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        *lines[i] = line_clean(arena, *lines[i]);
    order->email = customer_email_clean(arena, told->email);
    order->note = text_block(arena, told->note, LIMIT_TEXT_BYTES);
    order->ship_to = postal_clean(arena, told->ship_to);
    order->bill_to = postal_clean(arena, told->bill_to);
    if (!order->customer.email.len)
        order->customer.email = order->email;
    order->lines = lines_clean(arena, told);
    if (!order->quiet && order_of_marketplace(arena, order))
        order->quiet = QUIET_MARKETPLACE;
    *ret = (OrderNews){
        .order = order,
        .ship_to = postal_json(arena, order->ship_to),
        .bill_to = postal_json(arena, order->bill_to),
    };
    customer_prepare(arena, &order->customer, &ret->customer);
    order->customer = ret->customer.customer;
    order_hash(arena, ret);
}
