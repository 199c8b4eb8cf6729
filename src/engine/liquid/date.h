/* date.h - moments in templates: reading what people write, printing by strftime's letters. */
#pragma once

#include "engine/liquid/liquid.h"

/* The names of a language. */
typedef struct DateNames {
    const char *months[12], *brief_months[12];
    const char *days[7], *brief_days[7]; /* Monday first */
    const char *halves[2];               /* AM, PM */
} DateNames;

typedef struct Moment {
    int64_t ms;               /* UTC */
    int64_t offset_ms;        /* local time minus UTC */
    const char *abbreviation; /* "CET", "UTC", "" when only the offset is known */
    const DateNames *names;   /* NULL: English */
} Moment;

/* What Ruby's Time.parse, "now", "today", and seconds since 1970 make of a value. A text without an
 * offset is local time of the render's zone. False: it is no date. */
bool date_read(LiquidCall *call, LiquidValue value, Moment *ret);

/* The moment as the render's zone shows it. */
Moment date_local(const LiquidCall *call, int64_t ms);

/* Ruby's strftime with its flags (-, 0, ^, #, _, :) and widths. */
void date_print(const Moment *moment, Str format, Buf *out);

/* "2026-03-02 10:00:00 +0100" */
void date_add_default(LiquidCall *call, Buf *out, int64_t ms);
