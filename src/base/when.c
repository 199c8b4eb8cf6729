/* when.c - see when.h. Reading goes left to right with a cursor; every reader gives false where the
 * text is something else and leaves the rest of the decision to its caller. */
#include "base/when.h"
#include "base/text.h"

#include <string.h>

/* ---- a cursor over text ------------------------------------------------------------------ */

static bool
take_char(Str *rest, const char *any_of)
{
    if (rest->len == 0 || !rest->at[0] || !strchr(any_of, rest->at[0]))
        return false;
    *rest = str_sub(*rest, 1, rest->len);
    return true;
}

static void
take_spaces(Str *rest)
{
    while (take_char(rest, " \t\r\n"))
        ;
}

static bool
take_word(Str *rest, const char *word)
{
    size_t len = strlen(word);
    if (rest->len < len || g_ascii_strncasecmp(rest->at, word, len) != 0)
        return false;
    *rest = str_sub(*rest, len, rest->len);
    return true;
}

static size_t
digits_ahead(Str rest)
{
    size_t count = 0;
    while (count < rest.len && g_ascii_isdigit(rest.at[count]))
        count++;
    return count;
}

/* Exactly so many digits. */
static bool
take_digits(Str *rest, size_t count, int *ret)
{
    int number = 0;
    if (digits_ahead(*rest) < count)
        return false;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (rest->at[i] - '0');
    *rest = str_sub(*rest, count, rest->len);
    *ret = number;
    return true;
}

/* As many digits as there are, at least one, at most `most`. */
static bool
take_number(Str *rest, size_t most, int *ret)
{
    size_t count = digits_ahead(*rest);
    return count >= 1 && count <= most && take_digits(rest, count, ret);
}

/* ---- ISO 8601 ---------------------------------------------------------------------------- */

/* 2026-05-01 or 20260501 */
static bool
take_date(Str *rest, Civil *ret)
{
    if (!take_digits(rest, 4, &ret->year))
        return false;
    bool dashed = take_char(rest, "-");
    if (!take_digits(rest, 2, &ret->month) || (dashed && !take_char(rest, "-")))
        return false;
    return take_digits(rest, 2, &ret->day) && digits_ahead(*rest) == 0;
}

/* The digits behind the point, cut to ms. */
static bool
take_fraction(Str *rest, int *ret_ms)
{
    size_t count = digits_ahead(*rest);
    int scale = 100;
    *ret_ms = 0;
    for (size_t i = 0; i < count; i++, scale /= 10)
        *ret_ms += (rest->at[i] - '0') * scale;
    *rest = str_sub(*rest, count, rest->len);
    return count > 0;
}

/* 13:44, 13:44:09, 13:44:09.123, 1344, 134409 */
static bool
take_time(Str *rest, Civil *ret)
{
    if (!take_digits(rest, 2, &ret->hour))
        return false;
    bool colons = take_char(rest, ":");
    if (!take_digits(rest, 2, &ret->minute))
        return false;
    bool seconds = colons ? take_char(rest, ":") : digits_ahead(*rest) > 0;
    if (seconds && !take_digits(rest, 2, &ret->second))
        return false;
    if (seconds && take_char(rest, ".,") && !take_fraction(rest, &ret->ms))
        return false;
    return digits_ahead(*rest) == 0;
}

/* Z, UTC, GMT, +02, +0200, +02:00. *ret_given stays false when there is none. */
static bool
take_offset(Str *rest, int64_t *ret_offset_ms, bool *ret_given)
{
    if (rest->len == 0)
        return true;
    *ret_given = true;
    if (take_char(rest, "Zz") || take_word(rest, "UTC") || take_word(rest, "GMT"))
        return true;
    bool minus = rest->at[0] == '-';
    int hours = 0, minutes = 0;
    if (!take_char(rest, "+-") || !take_digits(rest, 2, &hours))
        return false;
    bool colon = take_char(rest, ":");
    if ((colon || rest->len > 0) && !take_digits(rest, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    int64_t offset = (int64_t)hours * HOUR_MS + minutes * MINUTE_MS;
    *ret_offset_ms = minus ? -offset : offset;
    return true;
}

/* What clocks show in rare moments and Civil does not know: second 60, hour 24. The days to add. */
static int
rare_times(Civil *civil)
{
    if (civil->second == 60) {
        civil->second = 59;
        civil->ms = 999;
    }
    if (civil->hour != 24 || civil->minute || civil->second || civil->ms)
        return 0;
    civil->hour = 0;
    return 1;
}

static bool
moment_of(Civil civil, int64_t offset_ms, const Zone *zone, int64_t *ret)
{
    int days = rare_times(&civil);
    if (!civil_exists(civil))
        return false;
    int64_t wall = civil_ms(civil) + (int64_t)days * DAY_MS;
    int64_t at = zone ? zone_at(zone, civil_of(wall)) : wall - offset_ms;
    /* "0001-01-01T01:00:00+09:00" is lawful and lies before the first moment that we know. */
    *ret = CLAMP(at, CIVIL_LEAST, CIVIL_MOST);
    return true;
}

static bool
iso_parse(Str rest, const Zone *zone, int64_t *ret)
{
    Civil civil = {0};
    int64_t offset_ms = 0;
    bool given = false;
    rest = str_trim(rest);
    if (!take_date(&rest, &civil))
        return false;
    bool time = take_char(&rest, "Tt");
    if (!time) {
        take_spaces(&rest);
        time = digits_ahead(rest) > 0;
    }
    if (time && !take_time(&rest, &civil))
        return false;
    take_spaces(&rest);
    if (!take_offset(&rest, &offset_ms, &given) || rest.len)
        return false;
    return moment_of(civil, offset_ms, given ? NULL : zone, ret);
}

/* What somebody sent, for a message: short, and UTF-8 whatever it is. */
static char *
shown(Str text)
{
    return g_utf8_make_valid(text.at ? text.at : "", (gssize)text_cut(text, 60).len);
}

bool
when_parse(Str text, const Zone *zone, int64_t *ret, GError **error)
{
    if (iso_parse(text, zone, ret))
        return true;
    g_autofree char *sent = shown(text);
    return fail(error, ERR_INPUT, "\"%s\" is no date and time; send one like 2026-05-01T10:00:00Z",
                sent);
}

int64_t
when_parse_or(const char *text, const Zone *zone, int64_t otherwise)
{
    int64_t ret = otherwise;
    return text && iso_parse(str_of(text), zone, &ret) ? ret : otherwise;
}

/* ---- mail and HTTP ----------------------------------------------------------------------- */

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* White space and comments, which nest: "Fri (yes (really)), 1 May". */
static void
take_gap(Str *rest)
{
    int depth = 0;
    while (rest->len) {
        bool quoted = depth && rest->at[0] == '\\' && rest->len > 1;
        if (rest->at[0] == '(')
            depth++;
        else if (depth && rest->at[0] == ')')
            depth--;
        else if (!depth && !g_ascii_isspace(rest->at[0]))
            return;
        *rest = str_sub(*rest, quoted ? 2 : 1, rest->len);
    }
}

static bool
take_month(Str *rest, int *ret)
{
    for (int i = 0; i < 12; i++) {
        if (take_word(rest, months[i])) {
            *ret = i + 1;
            return true;
        }
    }
    return false;
}

/* "Fri", "Friday" and the comma behind it; the day itself decides, so it is not compared. */
static void
take_weekday(Str *rest)
{
    for (int i = 0; i < 7; i++) {
        if (!take_word(rest, weekdays[i]))
            continue;
        while (rest->len && g_ascii_isalpha(rest->at[0]))
            *rest = str_sub(*rest, 1, rest->len);
        break;
    }
    take_gap(rest);
    take_char(rest, ",");
    take_gap(rest);
}

/* Two digits mean 1950 to 2049, three count from 1900 (RFC 5322 4.3). */
static bool
take_year(Str *rest, int *ret)
{
    size_t count = digits_ahead(*rest);
    if (count < 2 || count > 4 || !take_digits(rest, count, ret))
        return false;
    if (count == 2)
        *ret += *ret < 50 ? 2000 : 1900;
    else if (count == 3)
        *ret += 1900;
    return true;
}

/* 9:05, 09:05:00; RFC 5322 wants two digits for the hour, mailers of old send one. */
static bool
take_clock(Str *rest, Civil *ret)
{
    take_gap(rest);
    if (!take_number(rest, 2, &ret->hour) || !take_char(rest, ":"))
        return false;
    if (!take_digits(rest, 2, &ret->minute))
        return false;
    return !take_char(rest, ":") || take_digits(rest, 2, &ret->second);
}

/* +0200, or a name of old. Names nobody knows mean -0000, UTC (RFC 5322 4.3). */
static bool
take_mail_zone(Str *rest, int64_t *ret_offset_ms)
{
    static const struct {
        const char *name;
        int hours;
    } names[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
                 {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
    bool given = false;
    take_gap(rest);
    if (rest->len && strchr("+-", rest->at[0])) {
        Str five = str_sub(*rest, 0, 5);
        *rest = str_sub(*rest, 5, rest->len);
        return five.len == 5 && take_offset(&five, ret_offset_ms, &given) && five.len == 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (take_word(rest, names[i].name))
            *ret_offset_ms = (int64_t)names[i].hours * HOUR_MS;
    while (rest->len && g_ascii_isalpha(rest->at[0]))
        *rest = str_sub(*rest, 1, rest->len);
    return true;
}

/* Sun Nov  6 08:49:37 1994: C's asctime, which HTTP still allows. */
static bool
asctime_parse(Str rest, Civil *ret)
{
    if (!take_month(&rest, &ret->month))
        return false;
    take_gap(&rest);
    if (!take_number(&rest, 2, &ret->day) || !take_clock(&rest, ret))
        return false;
    take_gap(&rest);
    return take_year(&rest, &ret->year) && rest.len == 0;
}

/* Fri, 01 May 2026 12:00:00 +0200; Sunday, 06-Nov-94 08:49:37 GMT. */
static bool
mail_date_parse(Str rest, Civil *ret, int64_t *ret_offset_ms)
{
    if (!take_number(&rest, 2, &ret->day))
        return false;
    take_gap(&rest);
    take_char(&rest, "-");
    if (!take_month(&rest, &ret->month))
        return false;
    take_gap(&rest);
    take_char(&rest, "-");
    if (!take_year(&rest, &ret->year) || !take_clock(&rest, ret))
        return false;
    if (!take_mail_zone(&rest, ret_offset_ms))
        return false;
    take_gap(&rest);
    return rest.len == 0;
}

bool
when_parse_mail(Str text, int64_t *ret, GError **error)
{
    Civil civil = {0};
    int64_t offset_ms = 0;
    Str rest = text;
    take_gap(&rest);
    take_weekday(&rest);
    bool asctime = rest.len && g_ascii_isalpha(rest.at[0]);
    bool good =
        asctime ? asctime_parse(str_trim(rest), &civil) : mail_date_parse(rest, &civil, &offset_ms);
    if (good && moment_of(civil, offset_ms, NULL, ret))
        return true;
    g_autofree char *sent = shown(text);
    return fail(error, ERR_INPUT, "\"%s\" is no date of a mail", sent);
}

/* ---- showing ----------------------------------------------------------------------------- */

/* By hand: every line of the log and every row of an answer has one, and printf takes 300 ns. */
static char *
digits_print(char *to, int number, int count, char after)
{
    for (int i = count; i-- > 0; number /= 10)
        to[i] = (char)('0' + number % 10);
    to[count] = after;
    return to + count + 1;
}

/* 2026-05-01T10:00:00.000, and the place behind it. */
static char *
iso_print(Civil civil, char *to)
{
    to = digits_print(to, civil.year, 4, '-');
    to = digits_print(to, civil.month, 2, '-');
    to = digits_print(to, civil.day, 2, 'T');
    to = digits_print(to, civil.hour, 2, ':');
    to = digits_print(to, civil.minute, 2, ':');
    to = digits_print(to, civil.second, 2, '.');
    return digits_print(to, civil.ms, 3, '\0') - 1;
}

/* "+02:00", "-0330"; seconds of old local mean times are dropped, as no format has them. */
static void
offset_print(const Zone *zone, int64_t at, bool colon, char *to)
{
    int64_t offset = zone ? zone_offset_ms(zone, at) : 0;
    int minutes = (int)((offset < 0 ? -offset : offset) / MINUTE_MS);
    *to++ = offset < 0 ? '-' : '+';
    to = digits_print(to, minutes / 60, 2, ':') - !colon;
    digits_print(to, minutes % 60, 2, '\0');
}

void
when_iso(int64_t at, char ret[WHEN_BYTES])
{
    char *end = iso_print(civil_of(at), ret);
    end[0] = 'Z';
    end[1] = '\0';
}

char *
when_format(Arena *arena, int64_t at)
{
    char *ret = arena_bytes(arena, WHEN_BYTES);
    when_iso(at, ret);
    return ret;
}

char *
when_format_local(Arena *arena, int64_t at, const Zone *zone)
{
    if (!zone)
        return when_format(arena, at);
    char *ret = arena_bytes(arena, WHEN_BYTES);
    offset_print(zone, at, true, iso_print(zone_local(zone, at), ret));
    return ret;
}

static char *
date_print(Arena *arena, Civil civil, const char *offset)
{
    return arena_format(arena, "%s, %02d %s %04d %02d:%02d:%02d %s", weekdays[civil.weekday - 1],
                        civil.day, months[civil.month - 1], civil.year, civil.hour, civil.minute,
                        civil.second, offset);
}

char *
when_mail_date(Arena *arena, int64_t at, const Zone *zone)
{
    char offset[8];
    offset_print(zone, at, false, offset);
    return date_print(arena, zone ? zone_local(zone, at) : civil_of(at), offset);
}

char *
when_http_date(Arena *arena, int64_t at)
{
    return date_print(arena, civil_of(at), "GMT");
}
