/* shop_memo.c - see shop_memo.h. */
#include "engine/liquid_shop/shop_memo.h"

#include "base/money.h"

#include <string.h>

struct ShopMoney {
    ShopMoney *next;
    char currency[4];
    unsigned options;
    bool known;
    CldrMoney money;
};

LiquidShopMemo *
liquid_shop_memo(Arena *arena)
{
    ShopMemo *memo = arena_new_of(arena, ShopMemo, 1);
    memo->arena = arena;
    return memo;
}

ShopMemo *
shop_memo(LiquidCall *call)
{
    const LiquidShop *shop = call->data->host;
    ShopMemo *memo = shop && shop->memo ? shop->memo : liquid_shop_memo(call->arena);
    if (!memo->locale)
        memo->locale = cldr_find(call->data->locale);
    return memo;
}

const CldrMoney *
shop_memo_money(ShopMemo *memo, const char *currency, unsigned options)
{
    for (const ShopMoney *at = memo->moneys; at; at = at->next)
        if (at->options == options && strncmp(at->currency, currency, sizeof at->currency) == 0)
            return at->known ? &at->money : NULL;
    ShopMoney *own = arena_new_of(memo->arena, ShopMoney, 1);
    g_strlcpy(own->currency, currency, sizeof own->currency);
    own->options = options;
    own->known = money_digits(currency) >= 0;
    if (own->known)
        cldr_money_prepare(memo->arena, memo->locale, own->currency, options, &own->money);
    own->next = memo->moneys;
    memo->moneys = own;
    return own->known ? &own->money : NULL;
}

const DateNames *
shop_memo_names(ShopMemo *memo)
{
    if (memo->names)
        return memo->names;
    DateNames *names = arena_new_of(memo->arena, DateNames, 1);
    for (int i = 0; i < 12; i++) {
        names->months[i] = cldr_month(memo->locale, i + 1, false);
        names->brief_months[i] = cldr_month(memo->locale, i + 1, true);
    }
    for (int i = 0; i < 7; i++) {
        names->days[i] = cldr_day(memo->locale, i + 1, false);
        names->brief_days[i] = cldr_day(memo->locale, i + 1, true);
    }
    names->halves[0] = cldr_half(memo->locale, false);
    names->halves[1] = cldr_half(memo->locale, true);
    return memo->names = names;
}
