/* cldr.h - how people of a language write amounts, dates and plurals.
 *
 * The tables are made at build time from Unicode's CLDR (tools/make_cldr.py). A locale holds what it
 * does not inherit: de_AT has its own currency pattern and takes the months of de, which takes the
 * rest of root. Digits are the Latin ones in all languages.
 */
#pragma once

#include "base/base.h"

typedef enum CldrPlural {
    CLDR_ZERO,
    CLDR_ONE,
    CLDR_TWO,
    CLDR_FEW,
    CLDR_MANY,
    CLDR_OTHER,
} CldrPlural;

/* The operands of plural rules (UTS 35, part 3, 5.1.1). */
typedef struct CldrOperands {
    bool whole; /* the number has no digits but zeros behind the point */
    int64_t n;  /* the number, where it is whole */
    int64_t i;  /* its whole part */
    int64_t v;  /* digits behind the point, zeros counted; w: not counted */
    int64_t w;
    int64_t f; /* these digits as a number; t: without zeros at the end */
    int64_t t;
    int64_t e; /* exponent of compact numbers: always 0 */
} CldrOperands;

typedef struct CldrSign {
    const char *currency;
    const char *sign;
} CldrSign;

/* NULL: as the parent has it. */
typedef struct CldrLocale {
    const char *name;                /* "de_AT" */
    const struct CldrLocale *parent; /* NULL: it is root */
    const char *decimal, *group, *minus;
    const char *money;       /* "#,##0.00 \u00a4" */
    uint8_t least_groups;    /* 2: 1234 is written without a separator */
    const char *months[24];  /* January to December, then Jan to Dec */
    const char *days[14];    /* Monday to Sunday, then Mon to Sun */
    const char *halves[2];   /* AM, PM */
    const char *patterns[8]; /* dates full, long, medium, short; times likewise */
    const CldrSign *signs;   /* sorted by currency */
    size_t sign_count;
    CldrPlural (*plural)(const CldrOperands *operands);
} CldrLocale;

extern const CldrLocale cldr_locales[]; /* sorted by name */
extern const size_t cldr_locale_count;

/* The locale of a tag ("de-AT", "pt_BR", "en"); of its language if it has none, else root. NULL and
 * the empty tag give English. */
const CldrLocale *cldr_find(const char *tag);

const char *cldr_month(const CldrLocale *locale, int month, bool brief); /* 1..12 */
const char *cldr_day(const CldrLocale *locale, int weekday, bool brief); /* 1 Monday .. 7 */
const char *cldr_half(const CldrLocale *locale, bool afternoon);

/* The pattern of a date ("full", "long", "medium", "short") or time, in CLDR's letters; NULL for
 * another length. */
const char *cldr_pattern(const CldrLocale *locale, Str length, bool time);

/* Which form a number takes: digits * 10^-scale. */
CldrPlural cldr_plural(const CldrLocale *locale, int64_t digits, int scale);
const char *cldr_plural_name(CldrPlural plural); /* "one" */

/* How a locale writes amounts of one currency. Options as bits. */
enum {
    CLDR_NO_SIGN = 1,  /* the amount alone */
    CLDR_NO_ZEROS = 2, /* no fraction when it is zero */
    CLDR_BELOW = 4,    /* amounts below zero, which may look otherwise */
};
typedef struct CldrMoney {
    Str before, after;        /* sign of the currency, minus */
    size_t group, next_group; /* digits of the last group and of those before; 0: none */
    Str separator, decimal;
    uint8_t least; /* digits before the first separator, at least */
    int digits;    /* behind the point */
    unsigned options;
} CldrMoney;

/* currency: one that money_digits() knows. What it holds lives in the arena. */
void cldr_money_prepare(Arena *arena, const CldrLocale *locale, const char *currency,
                        unsigned options, CldrMoney *ret);

/* "1.234,50 \u20ac": minor units of the currency, below zero where CLDR_BELOW says so. */
void cldr_money_add(const CldrMoney *money, int64_t minor, Buf *out);
