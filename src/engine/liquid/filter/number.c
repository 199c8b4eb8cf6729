/* number.c - filters that compute.
 *
 * Whole numbers stay whole (9 | divided_by: 2 is 4), everything else is a decimal. Money keeps its
 * currency: it adds to money of the same currency, and is multiplied and divided by numbers, each
 * result rounded half away from zero to its minor unit. */
#include "engine/liquid/inside.h"

#include <string.h>

typedef bool (*NumberStep)(Number left, Number right, Number *ret);

static bool
keeps_currency(const LiquidCall *call, LiquidValue value)
{
    return value.kind == LIQUID_MONEY && !call->liquid->options.cents;
}

static bool
money_result(LiquidCall *call, LiquidValue money, Number number, LiquidValue *ret)
{
    Number whole = number_round(number, 0);
    if (whole.decimal || whole.digits > INT64_MAX || whole.digits < INT64_MIN)
        return liquid_fail(call, "the amount of money is too large");
    *ret = liquid_money((int64_t)whole.digits, money.currency);
    return true;
}

/* plus and minus: both are money of one currency. */
static bool
money_add(LiquidCall *call, LiquidValue value, LiquidValue other, bool minus, LiquidValue *ret)
{
    if (value.kind != LIQUID_MONEY || other.kind != LIQUID_MONEY ||
        strcmp(value.currency, other.currency) != 0)
        return liquid_fail(call, "money adds only to money of the same currency");
    Number sum;
    Number right = number_of(call, other);
    number_add(number_of(call, value), minus ? number_negate(right) : right, &sum);
    return money_result(call, value, sum, ret);
}

/* Two whole numbers, which is what shops count in. */
static inline bool
are_whole(LiquidValue left, LiquidValue right)
{
    return left.kind == LIQUID_INT && right.kind == LIQUID_INT;
}

static bool
plus_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    int64_t whole;
    if (are_whole(value, args->list[0]) &&
        !__builtin_add_overflow(value.integer, args->list[0].integer, &whole)) {
        *ret = liquid_int(whole);
        return true;
    }
    if (keeps_currency(call, value) || keeps_currency(call, args->list[0]))
        return money_add(call, value, args->list[0], false, ret);
    Number sum;
    number_add(number_of(call, value), number_of(call, args->list[0]), &sum);
    *ret = number_value(call->arena, sum);
    return true;
}

static bool
minus_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    if (keeps_currency(call, value) || keeps_currency(call, args->list[0]))
        return money_add(call, value, args->list[0], true, ret);
    Number sum;
    number_add(number_of(call, value), number_negate(number_of(call, args->list[0])), &sum);
    *ret = number_value(call->arena, sum);
    return true;
}

static bool
times_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    LiquidValue other = args->list[0];
    int64_t whole;
    if (are_whole(value, other) && !__builtin_mul_overflow(value.integer, other.integer, &whole)) {
        *ret = liquid_int(whole);
        return true;
    }
    Number product;
    number_multiply(number_of(call, value), number_of(call, other), &product);
    if (keeps_currency(call, value) && keeps_currency(call, other))
        return liquid_fail(call, "money is not multiplied by money");
    if (keeps_currency(call, value) || keeps_currency(call, other))
        return money_result(call, value.kind == LIQUID_MONEY ? value : other, product, ret);
    *ret = number_value(call->arena, product);
    return true;
}

static bool
divided_by_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Number left = number_of(call, value);
    Number right = number_of(call, args->list[0]);
    if (right.digits == 0 && !left.decimal && !right.decimal)
        return liquid_fail(call, "divided by 0");
    if (right.digits == 0) { /* as Ruby prints what its decimals make of it */
        bool negative = (left.digits < 0) != right.minus_zero;
        *ret = liquid_str(left.digits == 0 ? STR("NaN")
                          : negative       ? STR("-Infinity")
                                           : STR("Infinity"));
        return true;
    }
    bool shares = keeps_currency(call, value) && args->list[0].kind != LIQUID_MONEY;
    left.decimal = left.decimal || shares;
    Number quotient;
    number_divide(left, right, &quotient);
    if (shares)
        return money_result(call, value, quotient, ret);
    *ret = number_value(call->arena, quotient);
    return true;
}

static bool
modulo_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Number right = number_of(call, args->list[0]);
    if (right.digits == 0)
        return liquid_fail(call, "divided by 0");
    Number rest;
    number_modulo(number_of(call, value), right, &rest);
    *ret = number_value(call->arena, rest);
    return true;
}

static bool
abs_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Number number = number_of(call, value);
    if (number.digits < 0 || number.minus_zero)
        number = number_negate(number);
    if (keeps_currency(call, value))
        return money_result(call, value, number, ret);
    *ret = number_value(call->arena, number);
    return true;
}

/* A decimal that has no more digits than wanted. */
static bool
is_round(LiquidValue value, const LiquidArgs *args)
{
    return value.kind == LIQUID_DECIMAL && value.integer != 0 && args->count &&
           args->list[0].kind == LIQUID_INT && args->list[0].integer > 0 &&
           value.scale <= args->list[0].integer;
}

static bool
round_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    if (is_round(value, args)) {
        *ret = value;
        return true;
    }
    Number number = number_of(call, value);
    int64_t places = 0;
    if (args->count) {
        Number wanted = number_of(call, args->list[0]);
        wanted = wanted.digits < 0 ? number_ceil(wanted) : number_floor(wanted);
        places = (int64_t)CLAMP(wanted.digits, INT32_MIN, INT32_MAX);
    }
    *ret = number_value(call->arena, number_round(number, places));
    return true;
}

static bool
ceil_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    *ret = number_value(call->arena, number_ceil(number_of(call, value)));
    return true;
}

static bool
floor_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    *ret = number_value(call->arena, number_floor(number_of(call, value)));
    return true;
}

/* The value, or the bound where the value is on its wrong side. */
static bool
bound_run(LiquidCall *call, LiquidValue value, LiquidValue bound, int wrong, LiquidValue *ret)
{
    Number number = number_of(call, value);
    Number limit = number_of(call, bound);
    bool beyond = number_compare(number, limit) == wrong;
    if (keeps_currency(call, value))
        return money_result(call, value, beyond ? limit : number, ret);
    *ret = number_value(call->arena, beyond ? limit : number);
    return true;
}

static bool
at_least_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return bound_run(call, value, args->list[0], -1, ret);
}

static bool
at_most_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return bound_run(call, value, args->list[0], 1, ret);
}

const LiquidFilter liquid_filter_abs = {"abs", abs_run, .type = LIQUID_TYPE_NUMBER,
                                        .help = "The number without its sign."};
const LiquidFilter liquid_filter_at_least = {"at_least",
                                             at_least_run,
                                             1,
                                             1,
                                             .type = LIQUID_TYPE_NUMBER,
                                             .help = "The number, but not below this one."};
const LiquidFilter liquid_filter_at_most = {"at_most",
                                            at_most_run,
                                            1,
                                            1,
                                            .type = LIQUID_TYPE_NUMBER,
                                            .help = "The number, but not above this one."};
const LiquidFilter liquid_filter_ceil = {"ceil", ceil_run, .type = LIQUID_TYPE_NUMBER,
                                         .help = "The next whole number above."};
const LiquidFilter liquid_filter_divided_by = {
    "divided_by",
    divided_by_run,
    1,
    1,
    .type = LIQUID_TYPE_NUMBER,
    .help = "Divides; two whole numbers give a whole one, rounded down."};
const LiquidFilter liquid_filter_floor = {"floor", floor_run, .type = LIQUID_TYPE_NUMBER,
                                          .help = "The next whole number below."};
const LiquidFilter liquid_filter_minus = {
    "minus", minus_run, 1, 1, .type = LIQUID_TYPE_NUMBER, .help = "Subtracts."};
const LiquidFilter liquid_filter_modulo = {
    "modulo", modulo_run, 1, 1, .type = LIQUID_TYPE_NUMBER, .help = "The rest of a division."};
const LiquidFilter liquid_filter_plus = {"plus",         plus_run, 1, 1, .type = LIQUID_TYPE_NUMBER,
                                         .help = "Adds."};
const LiquidFilter liquid_filter_round = {"round",
                                          round_run,
                                          0,
                                          1,
                                          .type = LIQUID_TYPE_NUMBER,
                                          .help = "Rounds, to so many digits behind the point."};
const LiquidFilter liquid_filter_times = {
    "times", times_run, 1, 1, .type = LIQUID_TYPE_NUMBER, .help = "Multiplies."};
