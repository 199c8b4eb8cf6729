/* zone.c - see zone.h.
 *
 * The tree of tz files holds others that are no zones, or count leap seconds; so a name is looked
 * at before its file is.
 */
#include "base/zone.h"
#include "base/nearest.h"
#include "base/tz_file.h"

#include <pthread.h>
#include <string.h>

struct Zone {
    char *name;
    TzFile *file;      /* NULL: the offset is always the same */
    int64_t offset_ms; /* then */
};

static const Zone utc = {.name = (char *)"UTC"};

/* ---- names ------------------------------------------------------------------------------- */

static const char *
tz_dir(void)
{
    const char *dir = g_getenv("TZDIR");
    return dir && *dir ? dir : "/usr/share/zoneinfo";
}

/* Names of zones begin with a capital letter; "posix/", "right/" (with leap seconds), "tzdata.zi",
 * "localtime" and the like do not. */
static bool
name_is_zone(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    return g_ascii_isupper(name[0]) && !name[strspn(name, letters)];
}

static TzFile *
file_of(const char *name)
{
    g_autofree char *path = g_build_filename(tz_dir(), name, NULL);
    g_autofree char *bytes = NULL;
    gsize len = 0;
    if (!name_is_zone(name) || !g_file_get_contents(path, &bytes, &len, NULL))
        return NULL;
    return tz_file_new((Str){bytes, len}, NULL);
}

/* "+02:00", "-0330", "+5". */
static bool
fixed_parse(const char *name, int64_t *ret_offset_ms)
{
    int digits[4] = {0};
    int count = 0;
    if (name[0] != '+' && name[0] != '-')
        return false;
    for (const char *at = name + 1; *at; at++) {
        if (*at == ':' && count == 2 && at[1])
            continue;
        if (!g_ascii_isdigit(*at) || count == 4)
            return false;
        digits[count++] = *at - '0';
    }
    if (count == 0 || count == 3)
        return false;
    int hours = count == 1 ? digits[0] : digits[0] * 10 + digits[1];
    int minutes = digits[2] * 10 + digits[3];
    if (hours > 23 || minutes > 59)
        return false;
    int64_t offset = (int64_t)hours * HOUR_MS + minutes * MINUTE_MS;
    *ret_offset_ms = name[0] == '-' ? -offset : offset;
    return true;
}

/* How far a name is from what was wanted, as a whole or by its city alone ("Paris"); in halves, so
 * that of two equally near names the one that is near as a whole wins. */
static size_t
name_distance(Str name, Str wanted)
{
    const char *slash = memrchr(name.at, '/', name.len);
    size_t whole = 2 * nearest_distance(wanted, name);
    if (!slash)
        return whole;
    Str city = {slash + 1, (size_t)(name.at + name.len - slash - 1)};
    return MIN(whole, 2 * nearest_distance(wanted, city) + 1);
}

/* The name in a line of tzdata.zi: "Z NAME ..." (a zone) or "L TARGET NAME" (another name of it). */
static bool
line_name(Str line, Str *ret)
{
    Str kind, first, second = {0};
    if (!str_split(&line, ' ', &kind) || !str_split(&line, ' ', &first))
        return false;
    str_split(&line, ' ', &second);
    *ret = str_is(kind, "L") ? second : first;
    return str_is(kind, "Z") || str_is(kind, "L");
}

/* The most similar name there is, or NULL. */
static char *
name_suggest(const char *wanted)
{
    g_autofree char *path = g_build_filename(tz_dir(), "tzdata.zi", NULL);
    g_autofree char *bytes = NULL;
    gsize len = 0;
    if (!g_file_get_contents(path, &bytes, &len, NULL))
        return NULL;
    g_autofree char *asked = g_strdelimit(g_strdup(wanted), " ", '_');
    Str rest = {bytes, len}, line, name, best = {0};
    size_t best_distance = SIZE_MAX;
    while (str_split(&rest, '\n', &line)) {
        if (!line_name(line, &name))
            continue;
        size_t distance = name_distance(name, str_of(asked));
        if (distance < best_distance) {
            best = name;
            best_distance = distance;
        }
    }
    return nearest_is_near(str_of(asked), best_distance / 2) ? g_strndup(best.at, best.len) : NULL;
}

/* ---- zones ------------------------------------------------------------------------------- */

static Zone *
zone_new(const char *name)
{
    int64_t offset_ms = 0;
    TzFile *file = NULL;
    if (!fixed_parse(name, &offset_ms) && !(file = file_of(name)))
        return NULL;
    Zone *zone = g_new(Zone, 1);
    *zone = (Zone){g_strdup(name), file, offset_ms};
    return zone;
}

/* The zones of the process. Only good names are kept, so it cannot grow beyond what exists. */
static const Zone *
zone_of_process(const char *name)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static GHashTable *zones; /* name -> Zone */
    pthread_mutex_lock(&lock);
    if (!zones)
        zones = g_hash_table_new(g_str_hash, g_str_equal);
    Zone *zone = g_hash_table_lookup(zones, name);
    if (!zone && (zone = zone_new(name)))
        g_hash_table_insert(zones, zone->name, zone);
    pthread_mutex_unlock(&lock);
    return zone;
}

const Zone *
zone_get(const char *name, GError **error)
{
    if (!name)
        name = "";
    if (strcmp(name, "UTC") == 0)
        return &utc;
    const Zone *zone = zone_of_process(name);
    if (zone)
        return zone;
    g_autofree char *near = name_suggest(name);
    g_autofree char *shown = g_utf8_make_valid(name, (gssize)strnlen(name, 64));
    if (near)
        fail(error, ERR_INPUT, "there is no time zone \"%s\"; did you mean %s?", shown, near);
    else
        fail(error, ERR_INPUT, "there is no time zone \"%s\"; use a name like Europe/Paris", shown);
    return NULL;
}

const Zone *
zone_utc(void)
{
    return &utc;
}

const char *
zone_name(const Zone *zone)
{
    return zone->name;
}

static TzClock
zone_clock(const Zone *zone, int64_t at)
{
    at = CLAMP(at, CIVIL_LEAST, CIVIL_MOST);
    return tz_file_clock(zone->file, at / 1000 - (at % 1000 < 0));
}

int64_t
zone_offset_ms(const Zone *zone, int64_t at)
{
    return zone->file ? zone_clock(zone, at).offset * 1000 : zone->offset_ms;
}

const char *
zone_abbreviation(const Zone *zone, int64_t at)
{
    return zone->file ? zone_clock(zone, at).abbreviation : zone->name;
}

Civil
zone_local(const Zone *zone, int64_t at)
{
    at = CLAMP(at, CIVIL_LEAST, CIVIL_MOST); /* or the sum could overflow */
    return civil_of(at + zone_offset_ms(zone, at));
}

/* Two guesses are enough: the offset at `wall` read as if it were UTC, and the one a day before the
 * first guess. No clock was ever moved by more than a day, so one of them is the offset before and
 * one the offset after any jump nearby. (The same reasoning as in Python's datetime.) */
int64_t
zone_at(const Zone *zone, Civil local)
{
    int64_t wall = civil_ms(local);
    int64_t one = zone_offset_ms(zone, wall);
    int64_t first = wall - one;
    int64_t two = zone_offset_ms(zone, first);
    if (one == two) {
        /* It is a right answer; in a fold there is an earlier one. */
        two = zone_offset_ms(zone, first - DAY_MS);
        if (one == two)
            return first;
    }
    int64_t second = wall - two;
    bool first_is = zone_offset_ms(zone, first) == one;
    bool second_is = zone_offset_ms(zone, second) == two;
    if (first_is && second_is)
        return MIN(first, second);
    if (first_is || second_is)
        return first_is ? first : second;
    return MAX(first, second); /* a gap: the old offset moves it forward */
}

int64_t
zone_day_start(const Zone *zone, int64_t at)
{
    Civil day = zone_local(zone, at);
    day.hour = day.minute = day.second = day.ms = 0;
    return zone_at(zone, day);
}
