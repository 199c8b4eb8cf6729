/* filter_money.c - amounts as people write them where they live. */
#include "engine/liquid_shop/shop_memo.h"

#include "base/money.h"

#include <string.h>

/* An amount: minor units, and how this render writes them. */
typedef struct Amount {
    int64_t minor;
    char currency[4];
    const CldrMoney *money;
} Amount;

/* The amount of a value: Money, or a whole number of minor units in the shop's currency (or in the
 * one of `currency:`). False: it is none, and is printed as it is. */
static bool
amount_of(LiquidCall *call, LiquidValue value, const LiquidArgs *args, unsigned options,
          Amount *ret)
{
    const LiquidShop *shop = call->data->host;
    const LiquidValue *wanted = liquid_arg(args, "currency");
    const char *currency = shop ? shop->currency : NULL;
    *ret = (Amount){.minor = value.integer};
    if (value.kind == LIQUID_MONEY) {
        memcpy(ret->currency, value.currency, sizeof ret->currency);
    } else {
        if (wanted)
            currency = arena_cstr(call->arena, liquid_call_text(call, *wanted));
        if (!currency || money_digits(currency) < 0 || !liquid_call_int(call, value, &ret->minor))
            return false;
        g_strlcpy(ret->currency, currency, sizeof ret->currency);
    }
    if (ret->minor < 0)
        options |= CLDR_BELOW;
    ret->money = shop_memo_money(shop_memo(call), ret->currency, options);
    return ret->money != NULL;
}

static bool
money_print(LiquidCall *call, LiquidValue value, const LiquidArgs *args, unsigned options,
            bool code, LiquidValue *ret)
{
    Amount amount;
    *ret = value;
    if (value.kind == LIQUID_NIL || !amount_of(call, value, args, options, &amount))
        return true;
    Buf out = {.arena = call->arena};
    cldr_money_add(amount.money, amount.minor, &out);
    if (code) {
        buf_add_char(&out, ' ');
        buf_add_cstr(&out, amount.currency);
    }
    *ret = liquid_safe(buf_str(&out), LIQUID_SAFE_TEXT); /* digits and signs of CLDR */
    return true;
}

static bool
money_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return money_print(call, value, args, 0, false, ret);
}

static bool
money_with_currency_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args,
                        LiquidValue *ret)
{
    return money_print(call, value, args, 0, true, ret);
}

static bool
money_without_currency_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args,
                           LiquidValue *ret)
{
    return money_print(call, value, args, CLDR_NO_SIGN, false, ret);
}

static bool
money_without_trailing_zeros_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args,
                                 LiquidValue *ret)
{
    return money_print(call, value, args, CLDR_NO_ZEROS, false, ret);
}

const LiquidFilter liquid_shop_filter_money = {
    "money",
    money_run,
    .named = true,
    .varies = true,
    .type = LIQUID_TYPE_STRING,
    .help = "An amount with its currency, as the customer's language writes it."};
const LiquidFilter liquid_shop_filter_money_with_currency = {
    "money_with_currency",
    money_with_currency_run,
    .named = true,
    .varies = true,
    .type = LIQUID_TYPE_STRING,
    .help = "The same with the code of the currency behind it."};
const LiquidFilter liquid_shop_filter_money_without_currency = {
    "money_without_currency", money_without_currency_run, .named = true,
    .varies = true,           .type = LIQUID_TYPE_STRING, .help = "The amount alone."};
const LiquidFilter liquid_shop_filter_money_without_trailing_zeros = {
    "money_without_trailing_zeros",
    money_without_trailing_zeros_run,
    .named = true,
    .varies = true,
    .type = LIQUID_TYPE_STRING,
    .help = "Without a fraction of zeros."};
