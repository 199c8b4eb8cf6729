/* when.h - moments and durations as text. A moment is int64_t, ms since 1970-01-01 00:00 UTC.
 *
 * All functions are pure; the clock that moves is engine/clock.h.
 */
#pragma once

#include "base/base.h"
#include "base/zone.h"

/* Reads a moment in the forms that shops and carriers send (ISO 8601, RFC 3339):
 *
 *     2017-07-17T13:44:09-04:00   2017-07-17T13:44:09Z   2017-07-17 13:44:09.123456 +0200
 *     2017-07-17T13:44:09 UTC     20170717T134409Z       2017-07-17T13:44        2017-07-17
 *
 * The fraction of a second is cut to ms. A time without offset is local time of `zone` (NULL:
 * UTC), a date alone is the start of its day. Second 60 (a leap second) is read as 59.999, 24:00
 * as the next day's 00:00. Years 1 to 9999: what an offset moves out of them is the first or the last moment of these.
 * Fails with ERR_INPUT. */
bool when_parse(Str text, const Zone *zone, int64_t *ret, GError **error);

/* The same for fields where a wrong time is as good as none; text may be NULL. */
int64_t when_parse_or(const char *text, const Zone *zone, int64_t otherwise);

/* Reads the date of a mail (RFC 5322 3.3 with its obsolete zones) or of HTTP (RFC 9110 5.6.7). */
bool when_parse_mail(Str text, int64_t *ret, GError **error);

enum { WHEN_BYTES = 40 }; /* room for any form below and its NUL */

/* 2026-05-01T10:00:00.000Z */
void when_iso(int64_t at, char ret[WHEN_BYTES]);
char *when_format(Arena *arena, int64_t at);

/* 2026-05-01T12:00:00.000+02:00: local time with its offset; NULL: as when_format. */
char *when_format_local(Arena *arena, int64_t at, const Zone *zone);

/* Fri, 01 May 2026 12:00:00 +0200: the Date: of a mail (RFC 5322). NULL: +0000. */
char *when_mail_date(Arena *arena, int64_t at, const Zone *zone);

/* Fri, 01 May 2026 10:00:00 GMT: HTTP's IMF-fixdate (RFC 9110 5.6.7). */
char *when_http_date(Arena *arena, int64_t at);

/* ---- durations --------------------------------------------------------------------------- */

/* "7d", "90m", "10s", "250ms", "1h30m", "2w"; ISO 8601 "P7D", "PT1H30M", "P1W". In ms, never
 * negative. Months and years are refused: they have no fixed length. Fails with ERR_INPUT. */
bool duration_parse(Str text, int64_t *ret_ms, GError **error);

/* The shortest form that duration_parse reads back: "7d", "1h30m", "0s". */
char *duration_format(Arena *arena, int64_t ms);
