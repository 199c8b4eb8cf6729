/* money.c - see money.h. */
#include "base/money.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

typedef struct Currency {
    char code[4];
    int digits;
} Currency;

/* Sorted by code; made by tools/make_currencies.py when the program is built. */
static const Currency currencies[] = {
#define ROW(code, digits) {code, digits},
#include "base/currencies.def"
#undef ROW
};

static int
currency_compare(const void *code, const void *row)
{
    return strcmp(code, ((const Currency *)row)->code);
}

int
money_digits(const char *currency)
{
    const Currency *row = bsearch(currency, currencies, G_N_ELEMENTS(currencies),
                                  sizeof currencies[0], currency_compare);
    return row ? row->digits : -1;
}

static Money
money_of(int64_t minor, const char *currency)
{
    Money ret = {.minor = minor};
    memcpy(ret.currency, currency, sizeof ret.currency); /* a code of the table: 3 letters */
    return ret;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* -12.340e1: the number is 0.12340 times 10 to the power of `point`. */
typedef struct Decimal {
    bool negative;
    Str whole;    /* "12" */
    Str fraction; /* "340" */
    int64_t point;
} Decimal;

enum { EXPONENT_MOST = 9999 };

static Str
take_digits(Str *rest)
{
    size_t len = 0;
    while (len < rest->len && g_ascii_isdigit(rest->at[len]))
        len++;
    Str ret = {rest->at, len};
    *rest = str_sub(*rest, len, rest->len);
    return ret;
}

static bool
take_char(Str *rest, char byte)
{
    if (rest->len == 0 || rest->at[0] != byte)
        return false;
    *rest = str_sub(*rest, 1, rest->len);
    return true;
}

static bool
take_exponent(Str *rest, int64_t *ret)
{
    if (!take_char(rest, 'e') && !take_char(rest, 'E'))
        return true;
    bool minus = take_char(rest, '-');
    if (!minus)
        take_char(rest, '+');
    Str digits = take_digits(rest);
    int64_t exponent = 0;
    for (size_t i = 0; i < digits.len && exponent <= EXPONENT_MOST; i++)
        exponent = exponent * 10 + (digits.at[i] - '0');
    *ret = minus ? -exponent : exponent;
    return digits.len > 0 && exponent <= EXPONENT_MOST;
}

static bool
decimal_parse(Str text, Decimal *ret)
{
    Decimal decimal = {0};
    int64_t exponent = 0;
    Str rest = str_trim(text);
    decimal.negative = take_char(&rest, '-');
    if (!decimal.negative)
        take_char(&rest, '+');
    decimal.whole = take_digits(&rest);
    if (decimal.whole.len == 0)
        return false;
    if (take_char(&rest, '.')) {
        decimal.fraction = take_digits(&rest);
        if (decimal.fraction.len == 0)
            return false;
    }
    if (!take_exponent(&rest, &exponent) || rest.len)
        return false;
    decimal.point = (int64_t)decimal.whole.len + exponent;
    *ret = decimal;
    return true;
}

static int
digit_at(const Decimal *decimal, int64_t place)
{
    int64_t whole = (int64_t)decimal->whole.len;
    if (place < 0 || place >= whole + (int64_t)decimal->fraction.len)
        return 0;
    return (place < whole ? decimal->whole.at[place] : decimal->fraction.at[place - whole]) - '0';
}

typedef enum Outcome { FITS, TOO_FINE, TOO_BIG } Outcome;

/* The digits above the minor unit become the amount; those below decide about rounding. */
static Outcome
decimal_minor(const Decimal *decimal, int digits, bool round, int64_t *ret)
{
    uint64_t most = (uint64_t)INT64_MAX + decimal->negative;
    uint64_t minor = 0;
    int64_t kept = decimal->point + digits;
    int64_t all = (int64_t)(decimal->whole.len + decimal->fraction.len);
    for (int64_t i = 0; i < kept; i++)
        if (__builtin_mul_overflow(minor, 10, &minor) ||
            __builtin_add_overflow(minor, digit_at(decimal, i), &minor) || minor > most)
            return TOO_BIG;
    for (int64_t i = MAX(kept, 0); i < all && !round; i++)
        if (digit_at(decimal, i))
            return TOO_FINE;
    if (round && digit_at(decimal, kept) >= 5)
        minor++;
    if (minor > most)
        return TOO_BIG;
    *ret = (int64_t)(decimal->negative ? 0 - minor : minor);
    return FITS;
}

/* What somebody sent, for a message: short, and UTF-8 whatever it is. */
static char *
shown(Str text)
{
    return g_utf8_make_valid(text.at ? text.at : "", (gssize)text_cut(text, 40).len);
}

static bool
amount_parse(Str text, const char *currency, bool round, Money *ret, GError **error)
{
    Decimal decimal;
    int64_t minor = 0;
    int digits = money_digits(currency);
    g_autofree char *sent = shown(digits < 0 ? str_of(currency) : text);
    if (digits < 0)
        return fail(error, ERR_INPUT, "there is no currency \"%s\" (three capital letters)", sent);
    if (!decimal_parse(text, &decimal))
        return fail(error, ERR_INPUT, "\"%s\" is no amount; write it like 57.98", sent);
    switch (decimal_minor(&decimal, digits, round, &minor)) {
    case TOO_FINE:
        return fail(error, ERR_INPUT, "\"%s\" has more digits than %s has (%d)", sent, currency,
                    digits);
    case TOO_BIG:
        return fail(error, ERR_INPUT, "\"%s\" is more than an amount can be", sent);
    case FITS:
        break;
    }
    *ret = money_of(minor, currency);
    return true;
}

bool
money_parse(Str decimal, const char *currency, Money *ret, GError **error)
{
    return amount_parse(decimal, currency, false, ret, error);
}

bool
money_parse_rounded(Str decimal, const char *currency, Money *ret, GError **error)
{
    return amount_parse(decimal, currency, true, ret, error);
}

/* ---- arithmetic -------------------------------------------------------------------------- */

bool
money_add(Money left, Money right, Money *ret)
{
    int64_t minor;
    if (strcmp(left.currency, right.currency) != 0 ||
        __builtin_add_overflow(left.minor, right.minor, &minor))
        return false;
    *ret = money_of(minor, left.currency);
    return true;
}

bool
money_subtract(Money left, Money right, Money *ret)
{
    int64_t minor;
    if (strcmp(left.currency, right.currency) != 0 ||
        __builtin_sub_overflow(left.minor, right.minor, &minor))
        return false;
    *ret = money_of(minor, left.currency);
    return true;
}

bool
money_multiply(Money amount, int64_t factor, Money *ret)
{
    int64_t minor;
    if (__builtin_mul_overflow(amount.minor, factor, &minor))
        return false;
    *ret = money_of(minor, amount.currency);
    return true;
}

bool
money_share(Money amount, int64_t part, int64_t whole, Money *ret)
{
    if (whole == 0)
        return false;
    __int128 product = (__int128)amount.minor * part;
    __int128 share = product / whole;
    __int128 rest = product % whole;
    __int128 twice = 2 * (rest < 0 ? -rest : rest);
    if (twice >= (whole < 0 ? -(__int128)whole : whole))
        share += (product < 0) == (whole < 0) ? 1 : -1;
    if (share > INT64_MAX || share < INT64_MIN)
        return false;
    *ret = money_of((int64_t)share, amount.currency);
    return true;
}

/* ---- showing ----------------------------------------------------------------------------- */

MoneyParts
money_parts(Money amount)
{
    MoneyParts ret = {.sign = (amount.minor > 0) - (amount.minor < 0)};
    int digits = MAX(money_digits(amount.currency), 0);
    ret.units = amount.minor < 0 ? 0 - (uint64_t)amount.minor : (uint64_t)amount.minor;
    for (int i = digits; i-- > 0; ret.units /= 10)
        ret.fraction[i] = (char)('0' + ret.units % 10);
    return ret;
}

char *
money_format(Arena *arena, Money amount)
{
    MoneyParts parts = money_parts(amount);
    Buf out = {.arena = arena};
    if (parts.sign < 0)
        buf_add_char(&out, '-');
    if (parts.units > INT64_MAX)
        buf_format(&out, "%" G_GUINT64_FORMAT, parts.units); /* of one amount: the least */
    else
        buf_add_int(&out, (int64_t)parts.units);
    if (parts.fraction[0])
        buf_add_char(&out, '.');
    buf_add_cstr(&out, parts.fraction);
    return buf_cstr(&out);
}
