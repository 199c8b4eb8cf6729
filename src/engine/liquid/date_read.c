/* date_read.c - dates as people write them: what Ruby's Time.parse understands of them.
 *
 *     2025-03-14T09:26:53Z   2025-03-14 09:26 +0100   March 14, 2016   14 Mar 2016 10:20 PM
 *     3 March 2016   2016/03/14   14.3.2016   14/3/2016   10:20   Fri, 14 Mar 2025 09:26:53 GMT
 *
 * The text is read word by word; each word is a part of a date or is passed over. What is missing
 * comes from today; a time that is missing is 00:00.
 */
#include "engine/liquid/date.h"

#include "base/civil.h"
#include "engine/liquid/inside.h"

#include <string.h>

/* What was found so far; -1: nothing. */
typedef struct Found {
    int year, month, day;
    int hour, minute, second, ms;
    bool has_offset;
    int64_t offset_ms;
    const char *abbreviation;
    bool afternoon, forenoon;
    bool in_word;   /* a letter stands right before */
    bool one_digit; /* the day: "7", which is one beside a month only */
} Found;

/* ---- words -------------------------------------------------------------------------------- */

static int
month_of(Str word)
{
    static const char MONTHS[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    static const char *const REST[] = {"uary", "ruary", "ch",     "il",   "",      "e",
                                       "y",    "ust",   "tember", "ober", "ember", "ember"};
    for (int i = 0; i < 12 && word.len >= 3; i++) {
        if (g_ascii_strncasecmp(word.at, MONTHS + 3 * i, 3) != 0)
            continue;
        Str rest = str_sub(word, 3, word.len);
        if (rest.len == 0 || str_eq_nocase(rest, REST[i]) || str_eq_nocase(word, "sept"))
            return i + 1;
    }
    return -1;
}

static bool
is_weekday(Str word)
{
    static const char DAYS[] = "montuewedthufrisatsun";
    for (int i = 0; i < 7 && word.len >= 3; i++)
        if (g_ascii_strncasecmp(word.at, DAYS + 3 * i, 3) == 0)
            return true;
    return false;
}

static bool
zone_word(Str word, Found *found)
{
    static const struct {
        const char *name;
        int hours;
    } ZONES[] = {{"utc", 0},  {"gmt", 0},  {"z", 0},    {"est", -5}, {"edt", -4}, {"cst", -6},
                 {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}, {"cet", 1},
                 {"cest", 2}, {"bst", 1},  {"ist", 5},  {"jst", 9}};
    for (size_t i = 0; i < G_N_ELEMENTS(ZONES); i++) {
        if (!str_eq_nocase(word, ZONES[i].name))
            continue;
        found->has_offset = true;
        found->offset_ms = (int64_t)ZONES[i].hours * HOUR_MS;
        if (strcmp(ZONES[i].name, "ist") == 0)
            found->offset_ms += 30 * MINUTE_MS;
        found->abbreviation = ZONES[i].hours == 0 ? "UTC" : "";
        return true;
    }
    return false;
}

static bool
word_read(Str word, Found *found)
{
    int month = month_of(word);
    if (month > 0 && found->month < 0) {
        found->month = month;
        return true;
    }
    if (is_weekday(word))
        return true;
    if (str_eq_nocase(word, "pm") || str_eq_nocase(word, "am")) {
        found->afternoon = g_ascii_tolower(word.at[0]) == 'p';
        found->forenoon = !found->afternoon;
        return true;
    }
    return zone_word(word, found);
}

/* ---- numbers ------------------------------------------------------------------------------ */

static int
digits_value(Str digits)
{
    int value = 0;
    for (size_t i = 0; i < digits.len && i < 9; i++)
        value = value * 10 + (digits.at[i] - '0');
    return value;
}

static size_t
digits_len(Str text)
{
    size_t len = 0;
    while (len < text.len && g_ascii_isdigit(text.at[len]))
        len++;
    return len;
}

static int
year_of(Str digits)
{
    int year = digits_value(digits);
    if (digits.len <= 2)
        year += year >= 69 ? 1900 : 2000;
    return year;
}

/* 09:26, 09:26:53, 09:26:53.123: bytes taken. */
static size_t
clock_read(Str text, Found *found)
{
    size_t hour = digits_len(text);
    Str rest = str_sub(text, hour + 1, text.len);
    size_t minute = digits_len(rest);
    if (hour > 2 || minute != 2)
        return 0;
    found->hour = digits_value(str_sub(text, 0, hour));
    found->minute = digits_value(str_sub(rest, 0, minute));
    found->second = 0;
    size_t len = hour + 1 + minute;
    rest = str_sub(text, len, text.len);
    if (rest.len < 3 || rest.at[0] != ':' || digits_len(str_sub(rest, 1, rest.len)) != 2)
        return len;
    found->second = digits_value(str_sub(rest, 1, 2));
    len += 3;
    rest = str_sub(text, len, text.len);
    if (rest.len < 2 || (rest.at[0] != '.' && rest.at[0] != ',') || !g_ascii_isdigit(rest.at[1]))
        return len;
    Str fraction = str_sub(rest, 1, rest.len);
    fraction.len = digits_len(fraction);
    for (size_t i = 0; i < 3; i++)
        found->ms = found->ms * 10 + (i < fraction.len ? fraction.at[i] - '0' : 0);
    return len + 1 + fraction.len;
}

/* +01:00, -0330, +1 behind a time. */
static size_t
offset_read(Str text, Found *found)
{
    Str rest = str_sub(text, 1, text.len);
    size_t len = digits_len(rest);
    if (found->hour < 0 || len == 0 || len == 3 || len > 4)
        return 0;
    int hours = digits_value(str_sub(rest, 0, MIN(len, (size_t)2)));
    int minutes = len == 4 ? digits_value(str_sub(rest, 2, 2)) : 0;
    size_t taken = 1 + len;
    if (len <= 2 && rest.len > len && rest.at[len] == ':') {
        Str behind = str_sub(rest, len + 1, rest.len);
        if (digits_len(behind) == 2) {
            minutes = digits_value(str_sub(behind, 0, 2));
            taken += 3;
        }
    }
    int64_t offset = (int64_t)hours * HOUR_MS + (int64_t)minutes * MINUTE_MS;
    found->has_offset = true;
    found->offset_ms = text.at[0] == '-' ? -offset : offset;
    found->abbreviation = "";
    return taken;
}

/* a-b-c, a/b/c, a.b.c: year first if it has four digits, else day, month, year. */
static size_t
triple_read(Str text, Found *found)
{
    Str part[3];
    size_t len = 0;
    char mark = 0;
    for (int i = 0; i < 3; i++) {
        Str rest = str_sub(text, len, text.len);
        size_t digits = digits_len(rest);
        part[i] = str_sub(rest, 0, digits);
        if (digits == 0 || digits > 4)
            return 0;
        len += digits;
        if (i == 2)
            break;
        char next = len < text.len ? text.at[len] : 0;
        if ((next != '-' && next != '/' && next != '.') || (mark && next != mark))
            return 0;
        mark = next;
        len++;
    }
    bool year_first = part[0].len > 2 || (mark != '.' && part[2].len <= 2);
    found->year = year_of(part[year_first ? 0 : 2]);
    found->month = digits_value(part[1]);
    found->day = digits_value(part[year_first ? 2 : 0]);
    return len;
}

static size_t
compact_read(Str text, size_t digits, Found *found)
{
    if (digits != 8 && digits != 14)
        return 0;
    found->year = digits_value(str_sub(text, 0, 4));
    found->month = digits_value(str_sub(text, 4, 2));
    found->day = digits_value(str_sub(text, 6, 2));
    size_t at = digits == 14 ? 8 : 9;
    bool clock = digits == 14 || (text.len >= 15 && g_ascii_tolower(text.at[8]) == 't' &&
                                  digits_len(str_sub(text, 9, text.len)) == 6);
    if (!clock)
        return digits;
    found->hour = digits_value(str_sub(text, at, 2));
    found->minute = digits_value(str_sub(text, at + 2, 2));
    found->second = digits_value(str_sub(text, at + 4, 2));
    return at + 6;
}

static size_t
ordinal_len(Str text)
{
    static const char *const ENDS[] = {"st", "nd", "rd", "th"};
    for (size_t i = 0; i < G_N_ELEMENTS(ENDS); i++)
        if (text.len >= 2 && g_ascii_strncasecmp(text.at, ENDS[i], 2) == 0)
            return 2;
    return 0;
}

/* A lone number: 10pm, the day, or the year. */
static size_t
number_read(Str text, size_t digits, Found *found)
{
    Str number = str_sub(text, 0, digits);
    Str rest = str_sub(text, digits, text.len);
    if (digits <= 2 && rest.len >= 2 && found->hour < 0 && g_ascii_tolower(rest.at[1]) == 'm' &&
        (g_ascii_tolower(rest.at[0]) == 'a' || g_ascii_tolower(rest.at[0]) == 'p')) {
        found->hour = digits_value(number);
        found->minute = found->second = 0;
        return digits;
    }
    size_t ordinal = ordinal_len(rest);
    bool before_word = rest.len && g_ascii_isalpha(rest.at[0]) && !ordinal;
    if (digits == 1 && (found->in_word || before_word)) /* a4, 4x */
        return digits;
    if (digits <= 2 && found->day < 0) {
        found->day = digits_value(number);
        found->one_digit = digits == 1 && !ordinal;
    } else if (found->year < 0)
        found->year = year_of(number);
    return digits + (digits <= 2 ? ordinal : 0);
}

/* 3.75 is no date. */
static size_t
fraction_len(Str text, size_t digits)
{
    Str rest = str_sub(text, digits, text.len);
    bool fraction = rest.len > 1 && rest.at[0] == '.' && g_ascii_isdigit(rest.at[1]);
    return fraction ? digits + 1 + digits_len(str_sub(rest, 1, rest.len)) : 0;
}

static size_t
part_read(Str text, Found *found)
{
    if (g_ascii_isalpha(text.at[0])) {
        size_t len = 0;
        while (len < text.len && g_ascii_isalpha(text.at[len]))
            len++;
        word_read(str_sub(text, 0, len), found);
        return len;
    }
    if ((text.at[0] == '+' || text.at[0] == '-') && found->hour >= 0) {
        size_t len = offset_read(text, found);
        return MAX(len, (size_t)1);
    }
    size_t digits = digits_len(text);
    if (digits == 0)
        return 1;
    size_t len = digits < text.len && text.at[digits] == ':' && found->hour < 0
                     ? clock_read(text, found)
                     : 0;
    if (!len)
        len = triple_read(text, found);
    if (!len)
        len = compact_read(text, digits, found);
    if (!len)
        len = fraction_len(text, digits);
    return len ? len : number_read(text, digits, found);
}

/* ---- putting it together ------------------------------------------------------------------ */

static bool
found_moment(LiquidCall *call, Found *found, Moment *ret)
{
    if (found->one_digit && found->month < 0 && found->hour < 0)
        found->day = found->year = -1;
    bool date = found->year >= 0 || found->month >= 0 || found->day >= 0;
    if (!date && found->hour < 0)
        return false;
    Moment now = date_local(call, call->data->now);
    Civil civil = civil_of(now.ms + now.offset_ms);
    if (found->year >= 0)
        civil.year = found->year;
    if (found->month >= 0 || found->year >= 0)
        civil.month = found->month >= 0 ? found->month : 1;
    if (date)
        civil.day = found->day >= 0 ? found->day : 1;
    if (found->hour >= 0 && found->hour <= 12 && (found->afternoon || found->forenoon))
        found->hour = found->hour % 12 + (found->afternoon ? 12 : 0);
    civil.hour = MAX(found->hour, 0);
    civil.minute = MAX(found->minute, 0);
    civil.second = MAX(found->second, 0);
    civil.ms = found->ms;
    if (!civil_exists(civil))
        return false;
    const Zone *zone = call->data->zone;
    if (!found->has_offset) {
        int64_t ms = zone ? zone_at(zone, civil) : civil_ms(civil);
        *ret = date_local(call, ms);
        return true;
    }
    *ret =
        (Moment){civil_ms(civil) - found->offset_ms, found->offset_ms, found->abbreviation, NULL};
    if (zone)
        *ret = date_local(call, ret->ms);
    return true;
}

/* Two digits; 100 when one of them is none. */
static inline int
pair_value(const char *at)
{
    unsigned tens = (unsigned)(uint8_t)at[0] - '0', ones = (unsigned)(uint8_t)at[1] - '0';
    return tens > 9 || ones > 9 ? 100 : (int)(tens * 10 + ones);
}

/* 2025-03-14T09:26:53Z, as shops and databases write it. False: it is not in this form, or no date,
 * and the long way decides. */
static bool
iso_moment(const LiquidCall *call, Str text, Moment *ret)
{
    const char *at = text.at;
    if (text.len != 20 || at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' ||
        at[16] != ':' || at[19] != 'Z')
        return false;
    Civil civil = {.year = pair_value(at) * 100 + pair_value(at + 2),
                   .month = pair_value(at + 5),
                   .day = pair_value(at + 8),
                   .hour = pair_value(at + 11),
                   .minute = pair_value(at + 14),
                   .second = pair_value(at + 17)};
    if (pair_value(at) == 100 || pair_value(at + 2) == 100 || !civil_exists(civil))
        return false;
    *ret = (Moment){civil_ms(civil), 0, "UTC", NULL};
    if (call->data->zone)
        *ret = date_local(call, ret->ms);
    return true;
}

static bool
text_moment(LiquidCall *call, Str text, Moment *ret)
{
    if (iso_moment(call, text, ret))
        return true;
    Found found = {-1, -1, -1, -1, -1, -1, 0, false, 0, "", false, false, false};
    while (text.len) {
        size_t len = part_read(text, &found);
        found.in_word = g_ascii_isalpha(text.at[len - 1]);
        text = str_sub(text, len, text.len);
    }
    return found_moment(call, &found, ret);
}

static bool
seconds_moment(LiquidCall *call, int64_t seconds, Moment *ret)
{
    int64_t ms;
    if (__builtin_mul_overflow(seconds, (int64_t)SECOND_MS, &ms))
        return false;
    *ret = date_local(call, ms);
    return true;
}

bool
date_read(LiquidCall *call, LiquidValue value, Moment *ret)
{
    value = value_plain(call, value);
    if (value.kind == LIQUID_DATE) {
        *ret = date_local(call, value.integer);
        return true;
    }
    if (value.kind == LIQUID_INT)
        return seconds_moment(call, value.integer, ret);
    Str text = liquid_text(value);
    if (text.len == 0)
        return false;
    if (str_eq_nocase(text, "now") || str_eq_nocase(text, "today")) {
        *ret = date_local(call, call->data->now);
        return true;
    }
    if (digits_len(text) == text.len) {
        Number number = number_prefix(text);
        return number.digits <= INT64_MAX && !number.decimal &&
               seconds_moment(call, (int64_t)number.digits, ret);
    }
    return text_moment(call, text, ret);
}
