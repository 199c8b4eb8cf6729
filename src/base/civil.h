/* civil.h - the calendar: days, hours and minutes as people count them, without any time zone.
 *
 * Proleptic Gregorian, no leap seconds, years 1 to 9999. The arithmetic is Howard Hinnant's
 * (https://howardhinnant.github.io/date_algorithms.html): exact integers, no tables, no libc.
 * A Civil is UTC or local time depending on who made it; zone.h turns one into the other.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Civil {
    int year;    /* 1..9999 */
    int month;   /* 1..12 */
    int day;     /* 1..31 */
    int hour;    /* 0..23 */
    int minute;  /* 0..59 */
    int second;  /* 0..59 */
    int ms;      /* 0..999 */
    int weekday; /* 1 Monday .. 7 Sunday (ISO 8601); filled by civil_of, ignored by civil_ms */
    int yearday; /* 1..366; likewise */
} Civil;

#define CIVIL_LEAST INT64_C(-62135596800000) /* 0001-01-01 00:00, in ms from 1970 */
#define CIVIL_MOST  INT64_C(253402300799999) /* 9999-12-31 23:59:59.999 */

enum {
    SECOND_MS = 1000,
    MINUTE_MS = 60 * 1000,
    HOUR_MS = 60 * 60 * 1000,
    DAY_MS = 24 * 3600 * 1000
};

/* Times outside the years 1 to 9999 are taken as the nearest one inside. */
Civil civil_of(int64_t ms);

/* ms from 1970-01-01 00:00 of the same clock. Must be a date that exists: ask civil_exists of what
 * comes from outside. */
int64_t civil_ms(Civil civil);

/* All fields in range, and the month has that day. */
bool civil_exists(Civil civil);

bool civil_leap_year(int year);
int civil_month_days(int year, int month);
