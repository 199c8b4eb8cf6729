/* tz_file.h - what is in a file of the tz database (TZif, RFC 9636): the moments at which clocks were
 * moved, and the rule for all years after the last of them.
 *
 * For zone.c alone. GLib reads these files too, but gets the rule wrong where winter is the time
 * that is moved (Ireland: "IST-1GMT0,M10.5.0,M3.5.0/1"); with Debian's files that begins in 2038,
 * with the slim files of other systems today.
 */
#pragma once

#include "base/base.h"

typedef struct TzFile TzFile;

/* The zone's clock at a moment. */
typedef struct TzClock {
    int64_t offset;           /* local time minus UTC, in seconds */
    const char *abbreviation; /* lives as long as the file */
} TzClock;

/* Reads the bytes of a file, version 2 or newer. NULL with ERR_INPUT if they are something else. */
TzFile *tz_file_new(Str bytes, GError **error);
void tz_file_free(TzFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TzFile, tz_file_free)

/* at: seconds since 1970, UTC. */
TzClock tz_file_clock(const TzFile *file, int64_t at);
