/* liquid_shop.h - the filters that a shop's templates have beside those of the language.
 *
 * The host gives them to every template that it compiles:
 *     LiquidOptions options = {.html = true, .filters = liquid_shop_filters(), ...};
 * and says what they need to know of the shop in LiquidData.host, a LiquidShop. Without it they do
 * what they can: `t` prints the key, an amount without currency stays a plain number.
 *
 * Language and region come from LiquidData.locale. Each filter is in one of the files here and a row
 * of filters.def.
 */
#pragma once

#include "engine/liquid/liquid.h"
#include "engine/liquid_shop/phrases.h"

const LiquidFilter *const *liquid_shop_filters(void); /* NULL-terminated */

/* What renders of one locale have found out of it; by one thread at a time. */
typedef struct LiquidShopMemo LiquidShopMemo;
LiquidShopMemo *liquid_shop_memo(Arena *arena);

typedef struct LiquidShop {
    const char *currency;    /* of amounts that are plain numbers; NULL: they have none */
    const Phrases *words;    /* i18n/LANGUAGE.json of the locale: texts by dotted key, for `t` */
    const Phrases *fallback; /* the same in English, for keys that words lacks */
    const char *public_url;  /* "https://shop.example", before paths that url_for gives; or NULL */
    /* The path of a page, for `url_for`: {{ order | url_for: "order" }}. False: there is none. */
    bool (*page)(const struct LiquidShop *shop, Str page, LiquidCall *call, LiquidValue value,
                 Str *ret_path);
    const void *host;     /* for page */
    LiquidShopMemo *memo; /* may be NULL: then every filter finds out for itself */
} LiquidShop;
