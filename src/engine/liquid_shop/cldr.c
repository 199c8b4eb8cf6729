/* cldr.c - looking up what a locale has or inherits, and writing amounts of money. */
#include "engine/liquid_shop/cldr.h"

#include "base/money.h"

#include <string.h>

/* ---- locales ------------------------------------------------------------------------------ */

static const CldrLocale *
locale_named(const char *name)
{
    size_t from = 0, to = cldr_locale_count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        int order = strcmp(name, cldr_locales[middle].name);
        if (order == 0)
            return &cldr_locales[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

/* Chinese and Serbian in one script or another are separate languages to readers; the tags of shops
 * leave the script out. */
static const char *
script_of(const char *name)
{
    static const char *const SCRIPTS[][2] = {{"zh_TW", "zh_Hant_TW"}, {"zh_HK", "zh_Hant_HK"},
                                             {"zh_MO", "zh_Hant_MO"}, {"zh_CN", "zh_Hans_CN"},
                                             {"zh_SG", "zh_Hans_SG"}, {"no", "nb"}};
    for (size_t i = 0; i < G_N_ELEMENTS(SCRIPTS); i++)
        if (strcmp(name, SCRIPTS[i][0]) == 0)
            return SCRIPTS[i][1];
    return name;
}

const CldrLocale *
cldr_find(const char *tag)
{
    char name[32];
    if (!tag || !*tag)
        tag = "en";
    g_strlcpy(name, tag, sizeof name);
    g_strdelimit(name, "-", '_');
    for (;;) {
        const CldrLocale *locale = locale_named(script_of(name));
        if (locale)
            return locale;
        char *cut = strrchr(name, '_');
        if (!cut)
            return locale_named("root");
        *cut = '\0';
    }
}

/* The first text at this place of the struct, going up from the locale. */
static const char *
inherited(const CldrLocale *locale, size_t offset)
{
    for (; locale; locale = locale->parent) {
        const char *text;
        memcpy(&text, (const char *)locale + offset, sizeof text);
        if (text)
            return text;
    }
    return "";
}

/* A short name that nobody in the chain has is the long one (CLDR's root refers there). */
static const char *
name_at(const CldrLocale *locale, size_t list, size_t count, size_t index, bool brief)
{
    const size_t size = sizeof(const char *);
    const char *full = inherited(locale, list + index * size);
    if (!brief)
        return full;
    for (const CldrLocale *at = locale; at; at = at->parent) {
        const char *text, *own_full;
        memcpy(&text, (const char *)at + list + (count + index) * size, size);
        memcpy(&own_full, (const char *)at + list + index * size, size);
        if (text)
            return text;
        if (own_full)
            return own_full;
    }
    return full;
}

const char *
cldr_month(const CldrLocale *locale, int month, bool brief)
{
    must(month >= 1 && month <= 12);
    return name_at(locale, offsetof(CldrLocale, months), 12, (size_t)month - 1, brief);
}

const char *
cldr_day(const CldrLocale *locale, int weekday, bool brief)
{
    must(weekday >= 1 && weekday <= 7);
    return name_at(locale, offsetof(CldrLocale, days), 7, (size_t)weekday - 1, brief);
}

const char *
cldr_half(const CldrLocale *locale, bool afternoon)
{
    return inherited(locale, offsetof(CldrLocale, halves) + afternoon * sizeof(const char *));
}

const char *
cldr_pattern(const CldrLocale *locale, Str length, bool time)
{
    static const char *const LENGTHS[] = {"full", "long", "medium", "short"};
    for (size_t i = 0; i < G_N_ELEMENTS(LENGTHS); i++)
        if (str_is(length, LENGTHS[i]))
            return inherited(locale, offsetof(CldrLocale, patterns) +
                                         (i + 4 * (size_t)time) * sizeof(const char *));
    return NULL;
}

/* ---- plurals ------------------------------------------------------------------------------ */

CldrPlural
cldr_plural(const CldrLocale *locale, int64_t digits, int scale)
{
    CldrOperands operands = {0};
    uint64_t rest = digits < 0 ? 0 - (uint64_t)digits : (uint64_t)digits;
    uint64_t power = 1;
    for (; scale < 0 && rest < UINT64_MAX / 10; scale++)
        rest *= 10;
    for (int i = 0; i < scale && i < 18; i++)
        power *= 10;
    operands.v = CLAMP(scale, 0, 18);
    operands.i = operands.n = (int64_t)((rest / power) & INT64_MAX);
    operands.f = operands.t = (int64_t)(rest % power);
    operands.whole = operands.f == 0;
    operands.w = operands.f ? operands.v : 0;
    while (operands.t && operands.t % 10 == 0) {
        operands.t /= 10;
        operands.w--;
    }
    for (; locale; locale = locale->parent)
        if (locale->plural)
            return locale->plural(&operands);
    return CLDR_OTHER;
}

const char *
cldr_plural_name(CldrPlural plural)
{
    static const char *const NAMES[] = {"zero", "one", "two", "few", "many", "other"};
    return NAMES[plural];
}

/* ---- money -------------------------------------------------------------------------------- */

static const char *
sign_of(const CldrLocale *locale, const char *currency)
{
    for (; locale; locale = locale->parent) {
        size_t from = 0, to = locale->sign_count;
        while (from < to) {
            size_t middle = (from + to) / 2;
            int order = strcmp(currency, locale->signs[middle].currency);
            if (order == 0)
                return locale->signs[middle].sign;
            if (order < 0)
                to = middle;
            else
                from = middle + 1;
        }
    }
    return currency;
}

static uint8_t
least_groups(const CldrLocale *locale)
{
    for (; locale; locale = locale->parent)
        if (locale->least_groups)
            return locale->least_groups;
    return 1;
}

/* "#,##,##0.00" between its prefix and suffix. */
typedef struct Pattern {
    Str prefix, suffix;
    size_t group, next_group; /* digits of the last group and of those before; 0: none */
} Pattern;

static bool
is_digit_letter(char letter)
{
    return letter == '#' || letter == '0' || letter == ',' || letter == '.';
}

static Pattern
pattern_read(Str text)
{
    size_t from = 0;
    while (from < text.len && !is_digit_letter(text.at[from]))
        from++;
    size_t to = from;
    while (to < text.len && is_digit_letter(text.at[to]))
        to++;
    Pattern pattern = {str_sub(text, 0, from), str_sub(text, to, text.len), 0, 0};
    size_t since = 0;
    bool comma = false, two = false;
    for (size_t i = from; i < to && text.at[i] != '.'; i++) {
        if (text.at[i] == ',') {
            two = comma;
            pattern.next_group = since;
            comma = true;
            since = 0;
        } else {
            since++;
        }
    }
    pattern.group = comma ? since : 0;
    if (!two)
        pattern.next_group = pattern.group;
    return pattern;
}

enum { SIGN_BYTES = 2 }; /* the currency sign of patterns, U+00A4 */

/* The prefix or suffix with the currency's sign in it. Letters beside digits get a space (UTS 35,
 * part 3, 4.1 currencySpacing); without a sign its space goes too. */
static void
add_affix(Buf *out, Str affix, const char *sign, bool before)
{
    size_t at;
    if (!str_find(affix, STR("\302\244"), &at)) {
        buf_add_str(out, affix);
        return;
    }
    if (!sign)
        return;
    size_t len = strlen(sign);
    Str left = str_sub(affix, 0, at), right = str_sub(affix, at + SIGN_BYTES, affix.len);
    buf_add_str(out, left);
    if (!before && left.len == 0 && g_ascii_isalpha(sign[0]))
        buf_add_cstr(out, "\302\240");
    buf_add(out, sign, len);
    if (before && right.len == 0 && len && g_ascii_isalpha(sign[len - 1]))
        buf_add_cstr(out, "\302\240");
    buf_add_str(out, right);
}

void
cldr_money_prepare(Arena *arena, const CldrLocale *locale, const char *currency, unsigned options,
                   CldrMoney *ret)
{
    const char *sign = options & CLDR_NO_SIGN ? NULL : sign_of(locale, currency);
    Str rest = str_of(inherited(locale, offsetof(CldrLocale, money))), positive;
    str_split(&rest, ';', &positive);
    bool below = options & CLDR_BELOW;
    Pattern pattern = pattern_read(below && rest.len ? rest : positive);
    Buf before = {.arena = arena}, after = {.arena = arena};
    if (below && !rest.len)
        buf_add_cstr(&before, inherited(locale, offsetof(CldrLocale, minus)));
    add_affix(&before, pattern.prefix, sign, true);
    add_affix(&after, pattern.suffix, sign, false);
    *ret = (CldrMoney){
        .before = buf_str(&before),
        .after = buf_str(&after),
        .group = pattern.group,
        .next_group = pattern.next_group,
        .separator = str_of(inherited(locale, offsetof(CldrLocale, group))),
        .decimal = str_of(inherited(locale, offsetof(CldrLocale, decimal))),
        .least = least_groups(locale),
        .digits = money_digits(currency),
        .options = options,
    };
    must(ret->digits >= 0);
}

/* ---- amounts ------------------------------------------------------------------------------ */

enum { AMOUNT_DIGITS = 24 }; /* of int64, and zeros before the point */

static void
add_units(Buf *out, const char *digits, size_t count, const CldrMoney *money)
{
    if (!money->group || count < money->group + money->least) {
        buf_add(out, digits, count);
        return;
    }
    for (size_t i = count; i-- > 0; digits++) {
        buf_add_char(out, *digits);
        bool first = i == money->group;
        if (i && (first || (i > money->group && (i - money->group) % money->next_group == 0)))
            buf_add_str(out, money->separator);
    }
}

void
cldr_money_add(const CldrMoney *money, int64_t minor, Buf *out)
{
    uint64_t rest = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    char digits[AMOUNT_DIGITS];
    int count = 0, fraction = money->digits;
    bool zeros = true;
    for (; rest || count <= fraction; rest /= 10) {
        zeros = zeros && (count >= fraction || rest % 10 == 0);
        digits[AMOUNT_DIGITS - ++count] = (char)('0' + rest % 10);
    }
    const char *units = digits + AMOUNT_DIGITS - count;
    buf_add_str(out, money->before);
    add_units(out, units, (size_t)(count - fraction), money);
    if (fraction && !(zeros && money->options & CLDR_NO_ZEROS)) {
        buf_add_str(out, money->decimal);
        buf_add(out, units + count - fraction, (size_t)fraction);
    }
    buf_add_str(out, money->after);
}
