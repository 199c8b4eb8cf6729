/* date.c - printing moments as Ruby's Time#strftime does. */
#include "engine/liquid/date.h"

#include "base/civil.h"
#include "engine/liquid/inside.h"

#include <stdio.h>
#include <string.h>

static const DateNames ENGLISH = {
    {"January", "February", "March", "April", "May", "June", "July", "August", "September",
     "October", "November", "December"},
    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
    {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
    {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
    {"AM", "PM"},
};

static const DateNames *
names_of(const Moment *moment)
{
    return moment->names ? moment->names : &ENGLISH;
}

Moment
date_local(const LiquidCall *call, int64_t ms)
{
    const Zone *zone = call->data->zone;
    if (!zone)
        return (Moment){ms, 0, "UTC", NULL};
    return (Moment){ms, zone_offset_ms(zone, ms), zone_abbreviation(zone, ms), NULL};
}

/* ---- directives --------------------------------------------------------------------------- */

/* %-d, %^a, %010Y, %:z */
typedef struct Directive {
    char letter;
    char pad; /* '0', ' ', '-' none; 0: as the letter has it */
    bool upper;
    bool swap; /* # */
    int colons;
    int width;
} Directive;

enum { WIDTH_MOST = 1024 };

static size_t
directive_read(Str format, Directive *ret)
{
    size_t i = 0;
    *ret = (Directive){0};
    for (; i < format.len; i++) {
        char flag = format.at[i];
        if (flag == '-' || flag == '0')
            ret->pad = flag;
        else if (flag == '_')
            ret->pad = ' ';
        else if (flag == '^')
            ret->upper = true;
        else if (flag == '#')
            ret->swap = true;
        else if (flag == ':')
            ret->colons++;
        else
            break;
    }
    for (; i < format.len && g_ascii_isdigit(format.at[i]); i++)
        ret->width = MIN(ret->width * 10 + (format.at[i] - '0'), WIDTH_MOST);
    while (i < format.len && (format.at[i] == 'E' || format.at[i] == 'O'))
        i++;
    if (i == format.len)
        return 0;
    ret->letter = format.at[i];
    return i + 1;
}

static void
add_number(Buf *out, const Directive *directive, int64_t number, int width, char pad)
{
    char digits[32];
    bool negative = number < 0;
    uint64_t rest = negative ? 0 - (uint64_t)number : (uint64_t)number;
    int len = 0;
    do {
        digits[len++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (directive->pad)
        pad = directive->pad;
    if (directive->width)
        width = directive->width;
    if (pad == '-')
        width = 0;
    int fill = width - len - negative;
    for (int i = 0; pad == ' ' && i < fill; i++)
        buf_add_char(out, ' ');
    if (negative)
        buf_add_char(out, '-');
    for (int i = 0; pad == '0' && i < fill; i++)
        buf_add_char(out, '0');
    while (len)
        buf_add_char(out, digits[--len]);
}

static void
add_text(Buf *out, const Directive *directive, const char *text, size_t len)
{
    for (size_t i = len; i < (size_t)directive->width && directive->pad != '-'; i++)
        buf_add_char(out, directive->pad == '0' ? '0' : ' ');
    for (size_t i = 0; i < len; i++)
        buf_add_char(out, directive->upper ? g_ascii_toupper(text[i]) : text[i]);
}

/* Letters beyond ASCII change their case too. */
static void
add_name(Buf *out, const Directive *directive, const char *name)
{
    Directive plain = *directive;
    plain.upper = false;
    if (!directive->upper && !directive->swap) {
        add_text(out, &plain, name, strlen(name));
        return;
    }
    Buf upper = {.arena = out->arena};
    for (const char *at = name; *at; at = g_utf8_next_char(at)) {
        char bytes[6];
        int len = g_unichar_to_utf8(g_unichar_toupper(g_utf8_get_char(at)), bytes);
        buf_add(&upper, bytes, (size_t)len);
    }
    add_text(out, &plain, upper.at, upper.len);
}

static void
add_half(Buf *out, const Directive *directive, const Moment *moment, int hour)
{
    const char *half = names_of(moment)->halves[hour >= 12];
    bool small = (directive->letter == 'P') != directive->swap && !directive->upper;
    char text[64];
    g_strlcpy(text, half, sizeof text);
    for (char *at = text; small && *at; at++)
        *at = g_ascii_tolower(*at);
    add_text(out, directive, text, strlen(text));
}

static void
add_offset(Buf *out, const Directive *directive, int64_t offset_ms)
{
    int64_t seconds = offset_ms / SECOND_MS;
    char sign = seconds < 0 ? '-' : '+';
    int64_t size = seconds < 0 ? -seconds : seconds;
    char text[32];
    int len = directive->colons > 1
                  ? snprintf(text, sizeof text, "%c%02d:%02d:%02d", sign, (int)(size / 3600),
                             (int)(size / 60 % 60), (int)(size % 60))
                  : snprintf(text, sizeof text, directive->colons ? "%c%02d:%02d" : "%c%02d%02d",
                             sign, (int)(size / 3600), (int)(size / 60 % 60));
    add_text(out, directive, text, (size_t)len);
}

static void
add_fraction(Buf *out, const Directive *directive, int ms)
{
    int digits = directive->width ? directive->width : directive->letter == 'L' ? 3 : 9;
    char text[16];
    snprintf(text, sizeof text, "%03d", ms);
    for (int i = 0; i < digits; i++)
        buf_add_char(out, i < 3 ? text[i] : '0');
}

/* ISO 8601: week 1 holds the year's first Thursday. */
static int
iso_week(Civil civil, int *ret_year)
{
    int year = civil.year;
    int week = (civil.yearday - civil.weekday + 10) / 7;
    if (week < 1) {
        year--;
        int days = 365 + civil_leap_year(year);
        week = (civil.yearday + days - civil.weekday + 10) / 7;
    } else if (week == 53) {
        int days = 365 + civil_leap_year(year);
        if (civil.yearday - civil.weekday + 4 > days) {
            week = 1;
            year++;
        }
    }
    *ret_year = year;
    return week;
}

/* The letters that stand for others. */
static const char *
combined(char letter)
{
    switch (letter) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'v':
        return "%e-%^b-%Y";
    case 'X':
    case 'T':
        return "%H:%M:%S";
    case 'r':
        return "%I:%M:%S %p";
    case 'R':
        return "%H:%M";
    case '+':
        return "%a %b %e %H:%M:%S %Z %Y";
    default:
        return NULL;
    }
}

static bool
add_clock(Buf *out, const Directive *directive, const Moment *moment, Civil civil)
{
    int hour = civil.hour % 12 ? civil.hour % 12 : 12;
    switch (directive->letter) {
    case 'H':
        add_number(out, directive, civil.hour, 2, '0');
        return true;
    case 'k':
        add_number(out, directive, civil.hour, 2, ' ');
        return true;
    case 'I':
        add_number(out, directive, hour, 2, '0');
        return true;
    case 'l':
        add_number(out, directive, hour, 2, ' ');
        return true;
    case 'M':
        add_number(out, directive, civil.minute, 2, '0');
        return true;
    case 'S':
        add_number(out, directive, civil.second, 2, '0');
        return true;
    case 'p':
    case 'P':
        add_half(out, directive, moment, civil.hour);
        return true;
    case 'L':
    case 'N':
        add_fraction(out, directive, civil.ms);
        return true;
    case 's': {
        int64_t floor = moment->ms / SECOND_MS - (moment->ms % SECOND_MS < 0);
        add_number(out, directive, floor, 1, '0');
        return true;
    }
    case 'z':
        add_offset(out, directive, moment->offset_ms);
        return true;
    case 'Z':
        add_text(out, directive, moment->abbreviation, strlen(moment->abbreviation));
        return true;
    default:
        return false;
    }
}

static bool
add_day(Buf *out, const Directive *directive, const Moment *moment, Civil civil)
{
    const DateNames *names = names_of(moment);
    switch (directive->letter) {
    case 'd':
        add_number(out, directive, civil.day, 2, '0');
        return true;
    case 'e':
        add_number(out, directive, civil.day, 2, ' ');
        return true;
    case 'j':
        add_number(out, directive, civil.yearday, 3, '0');
        return true;
    case 'A':
        add_name(out, directive, names->days[civil.weekday - 1]);
        return true;
    case 'a':
        add_name(out, directive, names->brief_days[civil.weekday - 1]);
        return true;
    case 'u':
        add_number(out, directive, civil.weekday, 1, '0');
        return true;
    case 'w':
        add_number(out, directive, civil.weekday % 7, 1, '0');
        return true;
    default:
        return false;
    }
}

static bool
add_week(Buf *out, const Directive *directive, Civil civil)
{
    int iso_year, sunday = civil.weekday % 7;
    int week = iso_week(civil, &iso_year);
    switch (directive->letter) {
    case 'G':
        add_number(out, directive, iso_year, 4, '0');
        return true;
    case 'g':
        add_number(out, directive, iso_year % 100, 2, '0');
        return true;
    case 'V':
        add_number(out, directive, week, 2, '0');
        return true;
    case 'U':
        add_number(out, directive, (civil.yearday + 6 - sunday) / 7, 2, '0');
        return true;
    case 'W':
        add_number(out, directive, (civil.yearday + 7 - civil.weekday) / 7, 2, '0');
        return true;
    default:
        return false;
    }
}

static bool
add_year(Buf *out, const Directive *directive, const Moment *moment, Civil civil)
{
    const DateNames *names = names_of(moment);
    switch (directive->letter) {
    case 'Y':
        add_number(out, directive, civil.year, 4, '0');
        return true;
    case 'C':
        add_number(out, directive, civil.year / 100, 2, '0');
        return true;
    case 'y':
        add_number(out, directive, civil.year % 100, 2, '0');
        return true;
    case 'm':
        add_number(out, directive, civil.month, 2, '0');
        return true;
    case 'B':
        add_name(out, directive, names->months[civil.month - 1]);
        return true;
    case 'b':
    case 'h':
        add_name(out, directive, names->brief_months[civil.month - 1]);
        return true;
    default:
        return add_week(out, directive, civil);
    }
}

static bool
add_directive(Buf *out, const Directive *directive, const Moment *moment, Civil civil)
{
    if (directive->letter == 'n' || directive->letter == 't' || directive->letter == '%') {
        char text = directive->letter == 'n' ? '\n' : directive->letter == 't' ? '\t' : '%';
        add_text(out, directive, &text, 1);
        return true;
    }
    const char *parts = combined(directive->letter);
    if (parts) {
        Buf text = {.arena = out->arena};
        date_print(moment, str_of(parts), &text);
        add_text(out, directive, text.at, text.len);
        return true;
    }
    return add_clock(out, directive, moment, civil) || add_day(out, directive, moment, civil) ||
           add_year(out, directive, moment, civil);
}

void
date_print(const Moment *moment, Str format, Buf *out)
{
    Civil civil = civil_of(moment->ms + moment->offset_ms);
    for (size_t i = 0; i < format.len;) {
        Directive directive;
        size_t len = 0;
        if (format.at[i] == '%')
            len = directive_read(str_sub(format, i + 1, format.len), &directive);
        if (len && add_directive(out, &directive, moment, civil)) {
            i += 1 + len;
            continue;
        }
        buf_add_char(out, format.at[i++]); /* an unknown letter stands for itself */
    }
}

void
date_add_default(LiquidCall *call, Buf *out, int64_t ms)
{
    Moment moment = date_local(call, ms);
    bool utc = strcmp(moment.abbreviation, "UTC") == 0;
    date_print(&moment, utc ? STR("%Y-%m-%d %H:%M:%S UTC") : STR("%Y-%m-%d %H:%M:%S %z"), out);
}
