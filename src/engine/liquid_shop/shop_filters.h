/* shop_filters.h - the filters that a shop's templates have beside those of the language.
 *
 * The host gives them to every template that it compiles:
 *     LiquidOptions options = {.html = true, .filters = shop_filters(), ...};
 *
 * Each is a file here and a row of shop_filters.def. What they need to know of the world comes in
 * LiquidData.host, a ShopWords; without it they do what they can.
 */
#pragma once

#include "engine/liquid/liquid.h"

const LiquidFilter *const *shop_filters(void); /* NULL-terminated */

typedef struct ShopWords {
    /* The text of a key ("mail.thanks") in a language, or false. `count` chooses the plural form. */
    bool (*translate)(const struct ShopWords *words, Str key, const char *locale, Arena *arena,
                      Str *ret);
    /* The address of a page: "order" with its id. */
    bool (*url)(const struct ShopWords *words, Str page, LiquidCall *call, LiquidValue value,
                Str *ret);
} ShopWords;
