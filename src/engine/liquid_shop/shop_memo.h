/* shop_memo.h - what the filters of a render found out once: its locale, how it writes an amount of a currency, the names
 * of its months. A mail asks for these a hundred times.
 */
#pragma once

#include "engine/liquid/date.h"
#include "engine/liquid/inside.h"
#include "engine/liquid_shop/cldr.h"
#include "engine/liquid_shop/liquid_shop.h"

typedef struct ShopMoney ShopMoney;

typedef struct LiquidShopMemo {
    Arena *arena;
    const CldrLocale *locale;
    const DateNames *names; /* NULL until a date is asked for */
    ShopMoney *moneys;
} ShopMemo;

/* Of this render; where the host keeps none, of this call alone. */
ShopMemo *shop_memo(LiquidCall *call);

/* How this render writes amounts of a currency (three letters); options as in cldr.h. NULL: no such currency. */
const CldrMoney *shop_memo_money(ShopMemo *memo, const char *currency, unsigned options);

const DateNames *shop_memo_names(ShopMemo *memo);
