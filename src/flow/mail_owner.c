/* mail_owner.c - see mail_owner.h. */
#include "flow/mail_owner.h"

#include "base/address.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/seal.h"
#include "engine/verp.h"

enum { TAG_BYTES = 10 /* 80 bits, 16 letters */ };

char *
mail_owner_orders(Arena *arena, const HmacKey *links, Str slug)
{
    uint8_t tag[DIGEST_BYTES];
    const char *words = arena_format(arena, "orders+" STR_FMT, STR_ARG(slug));
    hmac_make(links, str_of(words), tag);
    return arena_format(arena, "%s.%s", words,
                        encode(arena, ENCODE_BASE32, (Str){(const char *)tag, TAG_BYTES}));
}

static bool
address_is(Arena *arena, Str setting, Str key)
{
    Address address;
    return setting.len && address_parse(arena, setting, &address, NULL) &&
           str_eq(address_key(arena, &address), key);
}

/* Letters of an address may have been folded on the way: it is asked in small ones. */
static bool
shop_has_address(Arena *arena, const FlowOptions *options, const ShopEntry *shop,
                 const Address *address)
{
    Str key = address_key(arena, address);
    Str domain = shop_setting(shop, SETTING_MAIL_BOUNCE_DOMAIN);
    if ((domain.len && str_eq_nocase(address->domain, arena_cstr(arena, domain))) ||
        address_is(arena, shop_setting(shop, SETTING_MAIL_REPLY_TO), key) ||
        address_is(arena, shop_setting(shop, SETTING_MAIL_FROM), key))
        return true;
    Str local = str_sub(key, 0, key.len - address->domain.len - 1);
    return str_starts(local, "orders+") &&
           seal_same(local, str_of(mail_owner_orders(arena, options->links, shop->shop.slug)));
}

static int64_t
shop_of_address(const FlowOptions *options, Str text)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES * 16);
    Address address;
    if (!address_parse_spec(arena, text, &address, NULL))
        return 0;
    for (size_t i = 0;; i++) {
        g_autoptr(ShopHold) shop = shopbook_nth(options->shops, i);
        if (!shop)
            return 0;
        if (shop_has_address(arena, options, shop, &address))
            return shop->shop.id;
    }
}

bool
mail_owner_find(const FlowOptions *options, Str address, MailOwner *ret)
{
    int64_t message = 0;
    if (verp_read_return_path(options->mail_ids, address, &message)) {
        *ret = message;
        return true;
    }
    int64_t shop = shop_of_address(options, address);
    if (shop)
        *ret = -shop;
    return shop != 0;
}

static bool
shop_read(Db *db, int64_t message, int64_t *ret_shop, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_inbound_shop, BINDS(bind_int("id", message)), error);
    if (!rows)
        return false;
    int64_t shop = rows_next(rows) ? rows_int(rows, 0) : 0;
    if (!rows_ok(rows, error))
        return false;
    *ret_shop = shop;
    return true;
}

bool
mail_owner_shop(const FlowOptions *options, MailOwner owner, int64_t *ret, GError **error)
{
    if (owner < 0) {
        *ret = -owner;
        return true;
    }
    Db *db = store_reader(options->store, error);
    if (!db)
        return false;
    bool ok = shop_read(db, owner, ret, error);
    store_reader_return(options->store, db);
    return ok;
}
