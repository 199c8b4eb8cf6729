/* money.h - amounts: a whole number of minor units and an ISO 4217 currency.
 *
 * No amount ever goes through a double. A Money without currency (currency[0] == 0) is none at all.
 * How many digits a currency has is ISO 4217's: JPY 0, EUR 2, BHD 3, CLF 4. CLDR's differ for
 * currencies whose coins went out of use (RSD, HUF in cash): good for showing, wrong for keeping.
 * Symbols and grouping for people are made by the templates from CLDR; money_units and money_digits
 * give them the parts.
 */
#pragma once

#include "base/base.h"

typedef struct Money {
    int64_t minor;    /* cents; may be negative */
    char currency[4]; /* "EUR", NUL-terminated */
} Money;

/* Minor digits of a currency, or -1 if ISO 4217 has no such code (upper case letters). */
int money_digits(const char *currency);

/* Reads a decimal number ("57.98", "1.5", "-3", "1000", "1.50e2", the text of a JSON number) as an
 * amount of the currency. Digits below the minor unit must be zeros, or ERR_INPUT: "9.999" EUR is
 * not rounded in silence (money_parse_rounded does that). ERR_INPUT also for another form, an
 * unknown currency and an amount beyond int64. */
bool money_parse(Str decimal, const char *currency, Money *ret, GError **error);

/* The same, rounding half away from zero: for prices per unit that shops send with 4 digits. */
bool money_parse_rounded(Str decimal, const char *currency, Money *ret, GError **error);

/* Checked arithmetic: false, and *ret untouched, when int64 overflows or currencies differ. */
bool money_add(Money left, Money right, Money *ret);
bool money_subtract(Money left, Money right, Money *ret);
bool money_multiply(Money amount, int64_t factor, Money *ret);

/* amount * part / whole, rounded half away from zero, exact in between (128 bits): shares, rates
 * ("19 %" is 19, 100) and points. False when whole is 0 or the result overflows. */
bool money_share(Money amount, int64_t part, int64_t whole, Money *ret);

/* "57.98", "-0.05", "1000" for JPY: no symbol, no grouping, read back by money_parse. */
char *money_format(Arena *arena, Money amount);

/* The parts for showing it: -1234.05 is sign -1, units 1234, fraction "05" ("" for JPY). */
typedef struct MoneyParts {
    int sign;         /* -1, 0 or 1 */
    uint64_t units;   /* before the point */
    char fraction[8]; /* behind it, as many digits as the currency has */
} MoneyParts;
MoneyParts money_parts(Money amount);
