/* tz_rule.h - the rule at the end of a tz file: a POSIX TZ string (RFC 9636 3.3.1), such as
 * "CET-1CEST,M3.5.0,M10.5.0/3" or "<+0330>-3:30". For tz_file.c alone. */
#pragma once

#include "base/base.h"

enum { TZ_NAME_BYTES = 16 };

/* A day of the year and a time of it at which clocks are moved. */
typedef struct TzTurn {
    char form; /* 'M': day `day` (0 Sunday) of week `week` (5: the last) of a month;
                       'J': day 1 to 365, never 29 February; 'N': day 0 to 365 */
    int month;
    int week;
    int day;
    int64_t time; /* seconds since that day's midnight; may be negative or more than a day */
} TzTurn;

typedef struct TzRule {
    char names[2][TZ_NAME_BYTES]; /* [0] standard, [1] the other */
    int64_t offsets[2];           /* local time minus UTC, in seconds */
    bool turns;                   /* false: standard time all the year */
    TzTurn turn[2];               /* turn[1] begins the other time, turn[0] ends it */
} TzRule;

bool tz_rule_parse(Str text, TzRule *ret);

/* Which of the two holds at a moment (seconds since 1970, UTC). */
int tz_rule_side(const TzRule *rule, int64_t at);
