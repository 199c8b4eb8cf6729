/* tz_file.c - see tz_file.h. A file holds its data twice: with 32-bit times for readers of old, which
 * is skipped, and with 64-bit times; behind that stands the rule. Numbers are big-endian. */
#include "base/tz_file.h"
#include "base/civil.h"
#include "base/tz_rule.h"

#include <string.h>

enum { HEADER_BYTES = 44, TYPE_BYTES = 6, TYPES_MOST = 256, OFFSET_MOST = 26 * 3600 };

struct TzFile {
    size_t count;     /* of moments at which something changed */
    int64_t *moments; /* ascending */
    uint8_t *types;   /* what holds from then on: an index of clocks */
    TzClock *clocks;  /* [0] holds before the first moment */
    char *names;      /* the abbreviations that clocks point into */
    bool ruled;
    TzRule rule; /* from the last moment on */
};

/* The counts of a header, in the order in which they stand there. */
typedef struct Counts {
    uint32_t uts, standards, leaps, moments, types, name_bytes;
} Counts;

static uint64_t
number_at(const char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | (uint8_t)at[i];
    return number;
}

static bool
take(Str *rest, size_t bytes, const char **ret)
{
    if (rest->len < bytes)
        return false;
    *ret = rest->at;
    *rest = str_sub(*rest, bytes, rest->len);
    return true;
}

static bool
take_header(Str *rest, Counts *ret)
{
    const char *at;
    if (!take(rest, HEADER_BYTES, &at) || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
        return false;
    uint32_t *const counts[] = {&ret->uts,     &ret->standards, &ret->leaps,
                                &ret->moments, &ret->types,     &ret->name_bytes};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        *counts[i] = (uint32_t)number_at(at + 20 + 4 * i, 4);
    return true;
}

static size_t
block_bytes(const Counts *counts, size_t time_bytes)
{
    return (size_t)counts->moments * (time_bytes + 1) + (size_t)counts->types * TYPE_BYTES +
           counts->name_bytes + (size_t)counts->leaps * (time_bytes + 4) + counts->standards +
           counts->uts;
}

static bool
take_moments(Str *rest, const Counts *counts, TzFile *file)
{
    const char *times, *types;
    if (!take(rest, (size_t)counts->moments * 8, &times) || !take(rest, counts->moments, &types))
        return false;
    file->count = counts->moments;
    file->moments = g_new0(int64_t, counts->moments);
    file->types = g_memdup2(types, counts->moments);
    for (size_t i = 0; i < file->count; i++) {
        file->moments[i] = (int64_t)number_at(times + 8 * i, 8);
        if (file->types[i] >= counts->types || (i && file->moments[i] <= file->moments[i - 1]))
            return false;
    }
    return true;
}

static bool
take_clocks(Str *rest, const Counts *counts, TzFile *file)
{
    const char *types, *names;
    if (counts->types == 0 || counts->types > TYPES_MOST || counts->name_bytes == 0 ||
        !take(rest, (size_t)counts->types * TYPE_BYTES, &types) ||
        !take(rest, counts->name_bytes, &names) || names[counts->name_bytes - 1])
        return false;
    file->clocks = g_new0(TzClock, counts->types);
    file->names = g_memdup2(names, counts->name_bytes);
    for (size_t i = 0; i < counts->types; i++) {
        int64_t offset = (int32_t)number_at(types + TYPE_BYTES * i, 4);
        uint8_t name = (uint8_t)types[TYPE_BYTES * i + 5];
        if (name >= counts->name_bytes || offset < -OFFSET_MOST || offset > OFFSET_MOST)
            return false;
        file->clocks[i] = (TzClock){offset, file->names + name};
    }
    return true;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n"; an empty line means that nobody knows. */
static bool
take_rule(Str *rest, TzFile *file)
{
    Str rule;
    if (rest->len < 2 || rest->at[0] != '\n')
        return false;
    *rest = str_sub(*rest, 1, rest->len);
    if (!str_split(rest, '\n', &rule) || !rest->at)
        return false;
    file->ruled = rule.len > 0;
    return !file->ruled || tz_rule_parse(rule, &file->rule);
}

static bool
file_read(Str rest, TzFile *file)
{
    Counts counts;
    const char *skipped;
    if (!take_header(&rest, &counts) || !take(&rest, block_bytes(&counts, 4), &skipped) ||
        !take_header(&rest, &counts) || counts.leaps) /* "right/": clocks that count leap seconds */
        return false;
    return take_moments(&rest, &counts, file) && take_clocks(&rest, &counts, file) &&
           take(&rest, (size_t)counts.standards + counts.uts, &skipped) && take_rule(&rest, file);
}

TzFile *
tz_file_new(Str bytes, GError **error)
{
    g_autoptr(TzFile) file = g_new0(TzFile, 1);
    if (!file_read(bytes, file)) {
        fail(error, ERR_INPUT, "this is no tz file that we can read (RFC 9636)");
        return NULL;
    }
    return g_steal_pointer(&file);
}

void
tz_file_free(TzFile *file)
{
    if (!file)
        return;
    g_free(file->moments);
    g_free(file->types);
    g_free(file->clocks);
    g_free(file->names);
    g_free(file);
}

TzClock
tz_file_clock(const TzFile *file, int64_t at)
{
    size_t low = 0; /* how many moments are not after it */
    size_t high = file->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (file->moments[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == file->count && file->ruled) {
        int side = tz_rule_side(&file->rule, at);
        return (TzClock){file->rule.offsets[side], file->rule.names[side]};
    }
    return file->clocks[low ? file->types[low - 1] : 0];
}
