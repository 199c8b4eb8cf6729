/* view_shop.c - how templates see the shop: its name, its colours, how to reach it. */
#include "flow/view_inside.h"

/* ---- shop ----------------------------------------------------------------------------------------------------- */

static LiquidValue
setting_or_nil(const Seen *seen, Setting setting)
{
    Str text = shop_setting(seen->row, setting);
    return text.len ? liquid_str(text) : LIQUID_OF_NIL;
}

static LiquidValue
shop_contact(const Seen *seen, Arena *arena)
{
    return setting_or_nil(seen, SETTING_CONTACT);
}

static LiquidValue
shop_legal_address(const Seen *seen, Arena *arena)
{
    return setting_or_nil(seen, SETTING_LEGAL_ADDRESS);
}

static LiquidValue
shop_footer(const Seen *seen, Arena *arena)
{
    return setting_or_nil(seen, SETTING_BRAND_FOOTER);
}

static LiquidValue
shop_signed_by(const Seen *seen, Arena *arena)
{
    Str name = shop_setting(seen->row, SETTING_MAIL_SIGNED_BY);
    return liquid_str(name.len ? name : ((const ShopEntry *)seen->row)->shop.name);
}

/* Only what comes over https: mail readers fetch nothing else, and a page of ours must not. */
static LiquidValue
shop_logo_url(const Seen *seen, Arena *arena)
{
    Str url = shop_setting(seen->row, SETTING_BRAND_LOGO_URL);
    return str_starts(url, "https://") ? liquid_str(url) : LIQUID_OF_NIL;
}

#define MADE(name_, make_, help_)                                                             \
    {                                                                                         \
        .name = NAME(name_), .type = AS_MADE, .make = make_, .made_type = LIQUID_TYPE_STRING, \
        .help = help_                                                                         \
    }

#define COLOR(name_, member, help_)                                                         \
    {                                                                                       \
        .name = NAME(name_), .type = AS_TEXT, .offset = offsetof(ShopEntry, colors.member), \
        .help = help_                                                                       \
    }

static const Field shop_fields[] = {
    {.name = NAME("name"),
     .type = AS_TEXT,
     .offset = offsetof(ShopEntry, shop.name),
     .help = "As its customers know it"},
    {.name = NAME("locale"),
     .type = AS_TEXT,
     .offset = offsetof(ShopEntry, shop.locale),
     .help = "Language of its pages and mails"},
    {.name = NAME("contact"),
     .type = AS_MADE,
     .make = shop_contact,
     .made_type = LIQUID_TYPE_STRING,
     .optional = true,
     .help = "How to reach a person"},
    {.name = NAME("legal_address"),
     .type = AS_MADE,
     .make = shop_legal_address,
     .made_type = LIQUID_TYPE_STRING,
     .optional = true,
     .help = "Postal address of the shop"},
    {.name = NAME("footer"),
     .type = AS_MADE,
     .make = shop_footer,
     .made_type = LIQUID_TYPE_STRING,
     .optional = true,
     .help = "A line of the shop's own below its mails"},
    {.name = NAME("logo_url"),
     .type = AS_MADE,
     .make = shop_logo_url,
     .made_type = LIQUID_TYPE_STRING,
     .optional = true,
     .help = "Address of the logo"},
    MADE("signed_by", shop_signed_by, "Who signs the mails"),
    COLOR("color", color, "Of buttons, #rrggbb"),
    COLOR("on_color", on_color, "Of the text on it: black or white, by contrast"),
    COLOR("link_color", link, "The colour, made dark enough to be read on white"),
    COLOR("link_color_dark", link_dark, "The same in dark mode"),
    {{0}},
};

const View view_of_shop = {.name = "shop", .fields = shop_fields};

LiquidValue
view_shop(Arena *arena, const ShopEntry *shop)
{
    return view_see(arena, &view_of_shop, shop, shop->shop.currency.at, NULL);
}
