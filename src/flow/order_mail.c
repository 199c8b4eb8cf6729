/* order_mail.c - see order_mail.h. */
#include "flow/order_mail.h"

#include "base/encode.h"
#include "engine/mime.h"
#include "flow/mail_owner.h"
#include "plug/order_mail.h"

char *
order_mail_secret(Arena *arena, const HmacKey *links, Str slug)
{
    uint8_t tag[DIGEST_BYTES];
    hmac_make(links, str_of(arena_format(arena, "order_mail " STR_FMT, STR_ARG(slug))), tag);
    return encode(arena, ENCODE_BASE32, (Str){(const char *)tag, sizeof tag});
}

/* Did it come to the address that is there for order mails alone? What its mail server says counts, not its To. */
static bool
came_for_orders(Arena *arena, const HmacKey *links, const ShopEntry *shop, const Letter *letter)
{
    const char *local = mail_owner_orders(arena, links, shop->shop.slug);
    char *to = g_ascii_strdown(arena_cstr(arena, letter_field(letter, "Delivered-To")), -1);
    bool came = g_str_has_prefix(to, local);
    g_free(to);
    return came;
}

/* A mail that was forwarded as an attachment. */
static bool
attached_read(OrderMailAsk *ask, const Letter *letter, bool *ret_is, Facts *ret, GError **error)
{
    ask->attached = true;
    for (size_t i = 0; i < letter->part_count && !*ret_is; i++) {
        Letter inner;
        if (str_is(letter->parts[i].type, "message/rfc822") &&
            letter_read(ask->arena, letter->parts[i].text, &inner, NULL) &&
            !order_mail_facts(ask, &inner, ret_is, ret, error))
            return false;
    }
    return true;
}

bool
order_mail_read(Arena *arena, const HmacKey *links, const ShopEntry *shop, Str mail, bool *ret_is,
                Facts *ret, GError **error)
{
    Letter letter;
    bool is = false;
    if (!letter_read(arena, mail, &letter, error))
        return false;
    OwnShop own = {.zone = shop->zone};
    g_strlcpy(own.currency, arena_cstr(arena, shop->shop.currency), sizeof own.currency);
    OrderMailAsk ask = {
        .arena = arena,
        .shop = &own,
        .secret = str_of(order_mail_secret(arena, links, shop->shop.slug)),
        .from = shop_setting(shop, SETTING_ORDER_MAIL_FROM),
        .authority = shop_setting(shop, SETTING_ORDER_MAIL_AUTHORITY),
        .addressed = came_for_orders(arena, links, shop, &letter),
    };
    bool addressed = ask.addressed;
    if (!order_mail_facts(&ask, &letter, &is, ret, error) ||
        (!is && !attached_read(&ask, &letter, &is, ret, error)))
        return false;
    if (!is && addressed)
        return fail(error, ERR_INPUT, "there is no order in this mail that we can read");
    *ret_is = is;
    return true;
}
