/* civil.c - see civil.h. Days are counted in eras of 400 years that begin on 1 March, so that the
 * leap day is the last day of a year and needs no special case. */
#include "base/civil.h"

#include "base/base.h"

enum {
    ERA_DAYS = 146097,   /* 400 years */
    EPOCH_DAYS = 719468, /* from 0000-03-01 to 1970-01-01 */
    EPOCH_WEEKDAY = 3,   /* 1970-01-01 was a Thursday; Monday is 0 */
};

/* Both sides of zero round down. */
static int64_t
floor_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* Days from 1970-01-01 to a date that exists. */
static int64_t
days_of(int year, int month, int day)
{
    int64_t march_year = year - (month <= 2);
    int64_t era = floor_divide(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

static void
date_of(int64_t days, Civil *ret)
{
    int64_t shifted = days + EPOCH_DAYS;
    int64_t era = floor_divide(shifted, ERA_DAYS);
    int64_t day_of_era = shifted - era * ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    ret->day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    ret->month = (int)(march_month + (march_month < 10 ? 3 : -9));
    ret->year = (int)(year_of_era + era * 400) + (ret->month <= 2);
}

Civil
civil_of(int64_t ms)
{
    ms = CLAMP(ms, CIVIL_LEAST, CIVIL_MOST);
    int64_t days = floor_divide(ms, DAY_MS);
    int rest = (int)(ms - days * DAY_MS);
    Civil ret = {
        .hour = rest / HOUR_MS,
        .minute = rest / MINUTE_MS % 60,
        .second = rest / SECOND_MS % 60,
        .ms = rest % 1000,
        .weekday = (int)((days % 7 + 7 + EPOCH_WEEKDAY) % 7) + 1,
    };
    date_of(days, &ret);
    ret.yearday = (int)(days - days_of(ret.year, 1, 1)) + 1;
    return ret;
}

int64_t
civil_ms(Civil civil)
{
    must(civil_exists(civil));
    int64_t ms = days_of(civil.year, civil.month, civil.day) * DAY_MS;
    ms += (int64_t)civil.hour * HOUR_MS + civil.minute * MINUTE_MS;
    return ms + civil.second * SECOND_MS + civil.ms;
}

bool
civil_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int
civil_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    must(month >= 1 && month <= 12);
    return days[month - 1] + (month == 2 && civil_leap_year(year));
}

static bool
within(int number, int least, int most)
{
    return number >= least && number <= most;
}

bool
civil_exists(Civil civil)
{
    return within(civil.year, 1, 9999) && within(civil.month, 1, 12) &&
           within(civil.day, 1, civil_month_days(civil.year, civil.month)) &&
           within(civil.hour, 0, 23) && within(civil.minute, 0, 59) &&
           within(civil.second, 0, 59) && within(civil.ms, 0, 999);
}
