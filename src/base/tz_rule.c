/* tz_rule.c - see tz_rule.h. */
#include "base/tz_rule.h"
#include "base/civil.h"

#include <string.h>

enum { HOUR_SECONDS = 3600, DAY_SECONDS = 86400, HOURS_MOST = 167 };

/* ---- reading ----------------------------------------------------------------------------- */

static bool
take_char(Str *rest, char byte)
{
    if (rest->len == 0 || rest->at[0] != byte)
        return false;
    *rest = str_sub(*rest, 1, rest->len);
    return true;
}

static bool
take_number(Str *rest, int least, int most, int *ret)
{
    int number = 0;
    size_t count = 0;
    while (count < rest->len && count < 4 && g_ascii_isdigit(rest->at[count]))
        number = number * 10 + (rest->at[count++] - '0');
    *rest = str_sub(*rest, count, rest->len);
    *ret = number;
    return count > 0 && number >= least && number <= most;
}

/* CET, or <+0330> where a name has more than letters. */
static bool
take_name(Str *rest, char ret[static TZ_NAME_BYTES])
{
    bool quoted = take_char(rest, '<');
    size_t len = 0;
    while (len < rest->len && (g_ascii_isalpha(rest->at[len]) ||
                               (quoted && (g_ascii_isdigit(rest->at[len]) || rest->at[len] == '+' ||
                                           rest->at[len] == '-'))))
        len++;
    if (len < 3 || len >= TZ_NAME_BYTES)
        return false;
    memcpy(ret, rest->at, len);
    ret[len] = '\0';
    *rest = str_sub(*rest, len, rest->len);
    return !quoted || take_char(rest, '>');
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. */
static bool
take_time(Str *rest, int64_t *ret)
{
    int hours = 0, minutes = 0, seconds = 0;
    bool minus = take_char(rest, '-');
    if (!minus)
        take_char(rest, '+');
    if (!take_number(rest, 0, HOURS_MOST, &hours))
        return false;
    if (take_char(rest, ':') && !take_number(rest, 0, 59, &minutes))
        return false;
    if (take_char(rest, ':') && !take_number(rest, 0, 59, &seconds))
        return false;
    int64_t time = (int64_t)hours * HOUR_SECONDS + minutes * 60 + seconds;
    *ret = minus ? -time : time;
    return true;
}

/* M10.5.0, J60 or 59, and /time; 02:00 when there is none. */
static bool
take_turn(Str *rest, TzTurn *ret)
{
    ret->time = 2 * HOUR_SECONDS;
    ret->form = 'N';
    if (take_char(rest, 'M')) {
        ret->form = 'M';
        if (!take_number(rest, 1, 12, &ret->month) || !take_char(rest, '.') ||
            !take_number(rest, 1, 5, &ret->week) || !take_char(rest, '.') ||
            !take_number(rest, 0, 6, &ret->day))
            return false;
    } else if (take_char(rest, 'J')) {
        ret->form = 'J';
        if (!take_number(rest, 1, 365, &ret->day))
            return false;
    } else if (!take_number(rest, 0, 365, &ret->day)) {
        return false;
    }
    return !take_char(rest, '/') || take_time(rest, &ret->time);
}

bool
tz_rule_parse(Str text, TzRule *ret)
{
    TzRule rule = {0};
    if (!take_name(&text, rule.names[0]) || !take_time(&text, &rule.offsets[0]))
        return false;
    rule.offsets[0] = -rule.offsets[0]; /* POSIX counts westwards */
    if (text.len) {
        rule.turns = true;
        rule.offsets[1] = rule.offsets[0] + HOUR_SECONDS;
        if (!take_name(&text, rule.names[1]))
            return false;
        if (text.len && text.at[0] != ',') {
            if (!take_time(&text, &rule.offsets[1]))
                return false;
            rule.offsets[1] = -rule.offsets[1];
        }
        if (!take_char(&text, ',') || !take_turn(&text, &rule.turn[1]) || !take_char(&text, ',') ||
            !take_turn(&text, &rule.turn[0]))
            return false;
    }
    if (text.len)
        return false;
    *ret = rule;
    return true;
}

/* ---- using ------------------------------------------------------------------------------- */

static int64_t
day_seconds(int year, int month, int day)
{
    return civil_ms((Civil){.year = year, .month = month, .day = day}) / 1000;
}

/* Local midnight of the turn's day, plus its time: seconds of the local clock before it. */
static int64_t
turn_wall(const TzTurn *turn, int year)
{
    int64_t start = day_seconds(year, 1, 1);
    if (turn->form == 'J') {
        bool after_february = civil_leap_year(year) && turn->day >= 60;
        return start + (int64_t)(turn->day - 1 + after_february) * DAY_SECONDS + turn->time;
    }
    if (turn->form == 'N')
        return start + (int64_t)turn->day * DAY_SECONDS + turn->time;
    int64_t first = day_seconds(year, turn->month, 1);
    int first_weekday = civil_of(first * 1000).weekday % 7;
    int day = (turn->day - first_weekday + 7) % 7 + 1 + (turn->week - 1) * 7;
    if (day > civil_month_days(year, turn->month))
        day -= 7;
    return first + (int64_t)(day - 1) * DAY_SECONDS + turn->time;
}

/* The side of the last turn before the moment. A time of day may be days away from its day, so turns
 * of the years around count, too. */
int
tz_rule_side(const TzRule *rule, int64_t at)
{
    if (!rule->turns)
        return 0;
    int year = CLAMP(civil_of(at * 1000).year, 2, 9998);
    int side = 0;
    int64_t latest = INT64_MIN;
    for (int i = 0; i < 6; i++) {
        int begins = i % 2;
        int64_t turn = turn_wall(&rule->turn[begins], year - 1 + i / 2) - rule->offsets[!begins];
        if (turn <= at && turn >= latest) {
            latest = turn;
            side = begins;
        }
    }
    return side;
}
