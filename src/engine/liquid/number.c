/* number.c - arithmetic as Ruby's Liquid does it.
 *
 * Ruby's filters turn a Float into the BigDecimal that its digits spell, compute exactly, and turn
 * the result back into a Float. So 0.1 + 0.2 is 0.3, and what is printed are the fewest digits that
 * name the double. Here a fraction is kept as those digits (at most 17, so they fit into 64 bits)
 * and a power of ten; the double appears only when a result has more than 15 digits and has to be
 * rounded as the double would. Up to 15 digits every decimal survives the way through a double
 * (C's DBL_DIG), which covers all prices, and then integers are all there is.
 *
 * In between, 128 bits hold 38 digits. What exceeds even that is computed in doubles.
 */
#include "engine/liquid/inside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_EXACT = 15, /* decimal digits that a double keeps */
    DIGITS_MOST = 38,  /* of an __int128 */
    SCALE_MOST = 400,  /* 10^-400 is below the smallest double */
};

static const int64_t POWERS[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
};

static bool
digits_scale(__int128 *digits, int places)
{
    while (places > 0) {
        int step = MIN(places, 18);
        if (__builtin_mul_overflow(*digits, (__int128)POWERS[step], digits))
            return false;
        places -= step;
    }
    return true;
}

static __int128
digits_power(int places)
{
    __int128 power = 1;
    must(places <= DIGITS_MOST && digits_scale(&power, places));
    return power;
}

static bool
fits_64(__int128 digits)
{
    return digits == (int64_t)digits;
}

/* ---- doubles ----------------------------------------------------------------------------- */

static double
number_double(Number number)
{
    char text[80];
    size_t len = number_print_digits(number.digits, text);
    snprintf(text + len, sizeof text - len, "e%d", -number.scale);
    return strtod(text, NULL);
}

/* The fewest digits that name the double. Infinities and NaN, which our arithmetic never makes but
 * a host might pass, count as 0. */
static Number
number_of_double(double real)
{
    if (!isfinite(real) || real == 0)
        return (Number){.decimal = true};
    char text[40];
    for (int precision = DIGITS_EXACT; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, real);
        if (strtod(text, NULL) == real)
            break;
    }
    Number ret = {.decimal = true};
    bool negative = text[0] == '-';
    int behind = 0;
    const char *at = text + negative;
    for (bool point = false; *at && *at != 'e'; at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        ret.digits = ret.digits * 10 + (*at - '0');
        behind += point;
    }
    ret.scale = behind - (int)g_ascii_strtoll(at + 1, NULL, 10);
    if (negative)
        ret.digits = -ret.digits;
    return ret;
}

static Number
number_trim(Number number)
{
    if (number.digits == 0) {
        number.scale = 0;
        return number;
    }
    while (!fits_64(number.digits) && number.digits % 10 == 0) {
        number.digits /= 10;
        number.scale--;
    }
    if (!fits_64(number.digits))
        return number;
    int64_t digits = (int64_t)number.digits;
    for (; digits % 10 == 0; number.scale--)
        digits /= 10;
    number.digits = digits;
    return number;
}

static LiquidValue
decimal_value(Number number)
{
    if (number.digits == 0)
        return (LiquidValue){.kind = LIQUID_DECIMAL, .scale = number.minus_zero ? -1 : 0};
    if (fits_64(number.digits) && number.scale >= 0 && number.scale <= DIGITS_EXACT &&
        (uint64_t)number.digits + (uint64_t)POWERS[DIGITS_EXACT] <=
            2 * (uint64_t)POWERS[DIGITS_EXACT]) { /* prices */
        int64_t digits = (int64_t)number.digits;
        for (; digits % 10 == 0; number.scale--)
            digits /= 10;
        return (LiquidValue){
            .kind = LIQUID_DECIMAL, .scale = (int16_t)number.scale, .integer = digits};
    }
    number = number_trim(number);
    __int128 size = number.digits < 0 ? -number.digits : number.digits;
    if (size > POWERS[DIGITS_EXACT] || number.scale > 300 || number.scale < -300)
        number = number_trim(number_of_double(number_double(number)));
    return (LiquidValue){
        .kind = LIQUID_DECIMAL, .scale = (int16_t)number.scale, .integer = (int64_t)number.digits};
}

LiquidValue
liquid_decimal(int64_t integer, int scale)
{
    return decimal_value((Number){.digits = integer, .scale = scale, .decimal = true});
}

LiquidValue
liquid_double(double number)
{
    return decimal_value(number_of_double(number));
}

LiquidValue
number_value(Arena *arena, Number number)
{
    if (number.decimal)
        return decimal_value(number);
    if (number.digits >= INT64_MIN && number.digits <= INT64_MAX)
        return liquid_int((int64_t)number.digits);
    LiquidBig *big = arena_new_of(arena, LiquidBig, 1);
    memcpy(&big->digits, &number.digits, sizeof number.digits);
    return (LiquidValue){.kind = LIQUID_BIG, .big = big};
}

/* ---- reading ------------------------------------------------------------------------------ */

/* Adds a digit; false when there is no room for more. */
static bool
digits_push(__int128 *digits, char digit)
{
    return !__builtin_mul_overflow(*digits, (__int128)10, digits) &&
           !__builtin_add_overflow(*digits, (__int128)(digit - '0'), digits);
}

/* Digits from *at on; those that do not fit any more are counted in *ret_lost. */
static size_t
digits_read(const char **at, const char *end, __int128 *digits, int *ret_lost)
{
    const char *start = *at;
    for (; *at < end && g_ascii_isdigit(**at); (*at)++) {
        __int128 longer = *digits;
        if (*ret_lost == 0 && digits_push(&longer, **at))
            *digits = longer;
        else
            (*ret_lost)++;
    }
    return (size_t)(*at - start);
}

bool
number_parse(Str text, Number *ret)
{
    const char *at = text.at;
    const char *end = text.at + text.len;
    bool negative = at < end && *at == '-';
    at += negative;
    Number number = {0};
    int lost = 0;
    if (digits_read(&at, end, &number.digits, &lost) == 0)
        return false;
    number.scale = -lost;
    number.decimal = lost > 0;
    if (at < end && *at == '.') {
        at++;
        int lost_behind = lost;
        size_t behind = digits_read(&at, end, &number.digits, &lost_behind);
        if (behind == 0)
            return false;
        number.scale += (int)MIN(behind - (size_t)(lost_behind - lost), (size_t)SCALE_MOST);
        number.decimal = true;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        bool down = at + 1 < end && at[1] == '-';
        at += (at + 1 < end && (at[1] == '-' || at[1] == '+')) ? 2 : 1;
        __int128 exponent = 0;
        int lost_exponent = 0;
        if (digits_read(&at, end, &exponent, &lost_exponent) == 0)
            return false;
        int places = lost_exponent || exponent > SCALE_MOST ? SCALE_MOST : (int)exponent;
        number.scale += down ? places : -places;
        number.decimal = true;
    }
    if (negative)
        number = number_negate(number);
    if (at != end)
        return false;
    *ret = number;
    return true;
}

Number
number_prefix(Str text)
{
    const char *at = text.at;
    const char *end = text.at + text.len;
    while (at < end && text_is_space(*at))
        at++;
    bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    Number number = {0};
    int lost = 0;
    digits_read(&at, end, &number.digits, &lost);
    while (at + 1 < end && *at == '_' && g_ascii_isdigit(at[1])) { /* Ruby reads 1_000 */
        at++;
        digits_read(&at, end, &number.digits, &lost);
    }
    number.scale = -lost;
    number.decimal = lost > 0;
    if (negative)
        number.digits = -number.digits;
    number.minus_zero = number.decimal && number.digits == 0 && !number.minus_zero;
    return number;
}

/* Only digits, a point and digits make a fraction; everything else is read by its first digits. */
static Number
number_of_text(Str text)
{
    Str trimmed = str_trim(text);
    Number number;
    if (memchr(trimmed.at ? trimmed.at : "", '.', trimmed.len) && trimmed.len &&
        g_ascii_isdigit(trimmed.at[trimmed.len - 1]) && number_parse(trimmed, &number) &&
        number.decimal && !memchr(trimmed.at, 'e', trimmed.len) &&
        !memchr(trimmed.at, 'E', trimmed.len))
        return number;
    return number_prefix(text);
}

Number
number_of(LiquidCall *call, LiquidValue value)
{
    switch ((LiquidKind)value.kind) {
    case LIQUID_INT:
        return (Number){.digits = value.integer};
    case LIQUID_DECIMAL:
        return (Number){.digits = value.integer,
                        .scale = value.scale,
                        .decimal = true,
                        .minus_zero = value.integer == 0 && value.scale < 0};
    case LIQUID_BIG: {
        Number number = {0};
        memcpy(&number.digits, &value.big->digits, sizeof number.digits);
        return number;
    }
    case LIQUID_MONEY:
        return (Number){.digits = value.integer};
    case LIQUID_STR:
        return number_of_text(liquid_text(value));
    case LIQUID_OBJECT:
        if (call && value.object->class->value)
            return number_of(call, value_plain(call, value));
        return (Number){0};
    default:
        return (Number){0};
    }
}

/* ---- computing ---------------------------------------------------------------------------- */

/* Brings both to the same scale. False when the digits do not fit. */
static bool
number_align(Number *left, Number *right)
{
    int scale = MAX(left->scale, right->scale);
    if (!digits_scale(&left->digits, scale - left->scale) ||
        !digits_scale(&right->digits, scale - right->scale))
        return false;
    left->scale = right->scale = scale;
    return true;
}

int
number_compare(Number left, Number right)
{
    if (left.scale == right.scale || number_align(&left, &right))
        return left.digits < right.digits ? -1 : left.digits > right.digits;
    double a = number_double(left);
    double b = number_double(right);
    return a < b ? -1 : a > b;
}

bool
number_add(Number left, Number right, Number *ret)
{
    bool decimal = left.decimal || right.decimal;
    Number a = left, b = right;
    if (number_align(&a, &b) && !__builtin_add_overflow(a.digits, b.digits, &ret->digits)) {
        ret->scale = a.scale;
        ret->decimal = decimal;
        ret->minus_zero = left.minus_zero && right.minus_zero;
        return true;
    }
    *ret = number_of_double(number_double(left) + number_double(right));
    return true;
}

Number
number_negate(Number number)
{
    number.digits = -number.digits;
    number.minus_zero = number.decimal && number.digits == 0 && !number.minus_zero;
    return number;
}

static bool
is_negative(Number number)
{
    return number.digits < 0 || number.minus_zero;
}

bool
number_multiply(Number left, Number right, Number *ret)
{
    bool decimal = left.decimal || right.decimal;
    if (__builtin_mul_overflow(left.digits, right.digits, &ret->digits)) {
        *ret = number_of_double(number_double(left) * number_double(right));
        return true;
    }
    ret->scale = left.scale + right.scale;
    ret->decimal = decimal;
    ret->minus_zero = ret->digits == 0 && (is_negative(left) != is_negative(right));
    return true;
}

static __int128
digits_floor_divide(__int128 left, __int128 right)
{
    __int128 quotient = left / right;
    if (left % right != 0 && (left < 0) != (right < 0))
        quotient--;
    return quotient;
}

/* Scales the dividend until the quotient has 20 digits or more: enough to round it to a double
 * correctly, given that a last digit of 1 stands for "and something more". */
static Number
number_quotient(Number left, Number right)
{
    Number ret = {.decimal = true, .scale = left.scale - right.scale};
    if (right.digits == 1 && left.digits != 0) { /* 100.0: cents become a price */
        ret.digits = left.digits;
        return ret;
    }
    bool negative = (left.digits < 0) != (right.digits < 0);
    unsigned __int128 rest =
        left.digits < 0 ? -(unsigned __int128)left.digits : (unsigned __int128)left.digits;
    unsigned __int128 divisor =
        right.digits < 0 ? -(unsigned __int128)right.digits : (unsigned __int128)right.digits;
    unsigned __int128 quotient = rest;
    if (divisor != 1) {
        quotient = rest / divisor;
        rest %= divisor;
    } else {
        rest = 0;
    }
    const unsigned __int128 enough = (unsigned __int128)POWERS[18] * 100;
    const unsigned __int128 room = ((unsigned __int128)1 << 123);
    while (rest && quotient < enough && rest < room) {
        rest *= 10;
        quotient = quotient * 10 + rest / divisor;
        rest %= divisor;
        ret.scale++;
    }
    if (rest && quotient < room) {
        quotient = quotient * 10 + 1;
        ret.scale++;
    }
    ret.digits = negative ? -(__int128)quotient : (__int128)quotient;
    ret.minus_zero = ret.digits == 0 && is_negative(left) != is_negative(right);
    return ret;
}

bool
number_divide(Number left, Number right, Number *ret)
{
    if (left.decimal || right.decimal)
        *ret = number_quotient(left, right);
    else
        *ret = (Number){.digits = digits_floor_divide(left.digits, right.digits)};
    return true;
}

bool
number_modulo(Number left, Number right, Number *ret)
{
    bool decimal = left.decimal || right.decimal;
    Number a = left, b = right;
    if (!number_align(&a, &b)) {
        double divisor = number_double(right);
        double rest = fmod(number_double(left), divisor);
        *ret = number_of_double(rest != 0 && (rest < 0) != (divisor < 0) ? rest + divisor : rest);
        return true;
    }
    __int128 rest = a.digits % b.digits;
    if (rest != 0 && (rest < 0) != (b.digits < 0))
        rest += b.digits;
    *ret = (Number){.digits = rest, .scale = a.scale, .decimal = decimal};
    return true;
}

/* Cuts to `places` digits behind the point; direction: -1 floor, 1 ceiling, 0 half away from 0. */
static Number
number_cut(Number number, int places, int direction)
{
    int drop = number.scale - places;
    if (drop <= 0)
        return number;
    if (drop > DIGITS_MOST) {
        int64_t least =
            direction < 0 && number.digits < 0 ? -1 : direction > 0 && number.digits > 0;
        return (Number){.digits = least, .scale = places, .decimal = number.decimal};
    }
    __int128 power = drop <= 18 ? POWERS[drop] : digits_power(drop);
    __int128 whole, rest;
    if (drop <= 18 && fits_64(number.digits)) {
        whole = (int64_t)number.digits / (int64_t)power;
        rest = (int64_t)number.digits % (int64_t)power;
    } else {
        whole = number.digits / power;
        rest = number.digits % power;
    }
    if (direction < 0)
        whole -= rest < 0;
    else if (direction > 0)
        whole += rest > 0;
    else if ((rest < 0 ? -rest : rest) >= power - (rest < 0 ? -rest : rest))
        whole += rest < 0 ? -1 : rest > 0;
    number.digits = whole;
    number.scale = places;
    return number;
}

/* A number without digits behind the point as a whole one. */
static Number
number_whole(Number number)
{
    if (number.scale < 0 && digits_scale(&number.digits, -number.scale))
        number.scale = 0;
    number.decimal = number.scale != 0; /* beyond 38 digits it stays a decimal */
    return number;
}

Number
number_round(Number number, int64_t places)
{
    if (places > SCALE_MOST)
        return number;
    int cut = (int)MAX(places, -SCALE_MOST);
    Number ret = number_cut(number, cut, 0);
    return places < 1 || !number.decimal ? number_whole(number_trim(ret)) : ret;
}

Number
number_floor(Number number)
{
    return number_whole(number_cut(number, 0, -1));
}

Number
number_ceil(Number number)
{
    return number_whole(number_cut(number, 0, 1));
}
