/* zone.h - IANA time zones: what the clock on the wall shows somewhere.
 *
 * Zones come from the system's tz database (tz_file.h; /usr/share/zoneinfo, or $TZDIR). Each is read
 * once and held for the life of the process, behind a lock: the one piece of state in base/. A
 * `const Zone *` may be kept and used on every thread; nobody frees it. A look-up takes 7 ns, or
 * 640 where the rule at the end of the file decides (from 2038 on with Debian's files).
 *
 * Two rules for local times, the same as java.time's and Temporal's "compatible":
 *   a gap  (the clock jumps from 02:00 to 03:00): a time inside is moved forward by the length of
 *          the gap, so 02:30 is 03:30 summer time;
 *   a fold (the clock goes from 03:00 back to 02:00): of the two 02:30 it is the first.
 */
#pragma once

#include "base/base.h"
#include "base/civil.h"

typedef struct Zone Zone;

/* The zone of an IANA name ("Europe/Paris", "UTC"), or of a fixed offset as shops that know no
 * zones send it ("+02:00", "-0330"). NULL with ERR_INPUT for any other; the message names the most
 * similar name that exists ("Europe/Pariss": did you mean Europe/Paris?). */
const Zone *zone_get(const char *name, GError **error);

const Zone *zone_utc(void);
const char *zone_name(const Zone *zone);

/* Local time minus UTC at that moment, in ms: 7200000 in Paris in July. */
int64_t zone_offset_ms(const Zone *zone, int64_t at);

/* "CEST"; "+03" where people use no letters. Lives as long as the zone. */
const char *zone_abbreviation(const Zone *zone, int64_t at);

Civil zone_local(const Zone *zone, int64_t at);

/* The moment at which the clock shows this (weekday and yearday are ignored). It must be a date
 * that exists in the calendar: civil_exists. */
int64_t zone_at(const Zone *zone, Civil local);

/* The first moment of the local day that holds `at`: 00:00, or 01:00 where midnight is skipped. */
int64_t zone_day_start(const Zone *zone, int64_t at);
