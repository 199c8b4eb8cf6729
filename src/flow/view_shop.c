/* view_shop.c - how templates see the shop: its name, its colours, how to reach it. */
#include "base/color.h"
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

/* ---- colours ---------------------------------------------------------------------------------------------------- */

/* What mails and pages stand on; the same values are in ui/mail/sections/head.liquid and app.css. */
static const Color paper_light = {0xff, 0xff, 0xff}, paper_dark = {0x22, 0x22, 0x20};

static Color
brand_color(const Seen *seen)
{
    Color color = {0x1d, 0x4f, 0x91};
    color_parse(shop_setting(seen->row, SETTING_BRAND_COLOR), &color);
    return color;
}

static LiquidValue
color_value(Arena *arena, Color color)
{
    return liquid_str(str_of(color_format(arena, color)));
}

static LiquidValue
shop_color(const Seen *seen, Arena *arena)
{
    return color_value(arena, brand_color(seen));
}

static LiquidValue
shop_on_color(const Seen *seen, Arena *arena)
{
    return color_value(arena, color_on(brand_color(seen)));
}

static LiquidValue
shop_link_color(const Seen *seen, Arena *arena)
{
    return color_value(arena, color_readable(brand_color(seen), paper_light));
}

static LiquidValue
shop_link_color_dark(const Seen *seen, Arena *arena)
{
    return color_value(arena, color_readable(brand_color(seen), paper_dark));
}

#define MADE(name_, make_, help_)                                                             \
    {                                                                                         \
        .name = NAME(name_), .type = AS_MADE, .make = make_, .made_type = LIQUID_TYPE_STRING, \
        .help = help_                                                                         \
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
    MADE("color", shop_color, "Of buttons, #rrggbb"),
    MADE("on_color", shop_on_color, "Of the text on it: black or white, by contrast"),
    MADE("link_color", shop_link_color, "The colour, made dark enough to be read on white"),
    MADE("link_color_dark", shop_link_color_dark, "The same in dark mode"),
    {{0}},
};

const View view_of_shop = {.name = "shop", .fields = shop_fields};

LiquidValue
view_shop(Arena *arena, const ShopEntry *shop)
{
    return view_see(arena, &view_of_shop, shop, shop->shop.currency.at, NULL);
}
