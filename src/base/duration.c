/* duration.c - lengths of time as text; declared in when.h. */
#include "base/text.h"
#include "base/when.h"

#include <string.h>

typedef struct Unit {
    const char *name;
    int64_t ms;
} Unit;

/* Largest first: a duration counts down, and each unit stands in it once at most. "ms" comes
 * before "m", so that the longer name is tried first. */
static const Unit plain_units[] = {
    {"w", 7 * (int64_t)DAY_MS}, {"d", DAY_MS},    {"h", HOUR_MS}, {"ms", 1},
    {"m", MINUTE_MS},           {"s", SECOND_MS},
};
static const Unit iso_days[] = {{"W", 7 * (int64_t)DAY_MS}, {"D", DAY_MS}};
static const Unit iso_times[] = {{"H", HOUR_MS}, {"M", MINUTE_MS}, {"S", SECOND_MS}};

/* One number and its unit, which must be smaller than the one before. */
static const char *
part_parse(Str *rest, const Unit *units, size_t count, int64_t *smaller_than, int64_t *total)
{
    int64_t number = 0;
    size_t digits = 0;
    for (; digits < rest->len && g_ascii_isdigit(rest->at[digits]); digits++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, rest->at[digits] - '0', &number))
            return "it is too long";
    }
    if (digits == 0)
        return "a number is missing";
    *rest = str_sub(*rest, digits, rest->len);
    for (size_t i = 0; i < count; i++) {
        if (!str_starts(*rest, units[i].name))
            continue;
        if (units[i].ms >= *smaller_than)
            return "the units must come largest first";
        if (__builtin_mul_overflow(number, units[i].ms, &number) ||
            __builtin_add_overflow(*total, number, total))
            return "it is too long";
        *smaller_than = units[i].ms;
        *rest = str_sub(*rest, strlen(units[i].name), rest->len);
        return NULL;
    }
    return "a unit is missing";
}

static const char *
plain_parse(Str rest, int64_t *ret_ms)
{
    int64_t smaller_than = INT64_MAX;
    int64_t total = 0;
    const char *wrong = NULL;
    do {
        wrong = part_parse(&rest, plain_units, G_N_ELEMENTS(plain_units), &smaller_than, &total);
        rest = str_trim(rest);
    } while (!wrong && rest.len);
    if (!wrong)
        *ret_ms = total;
    return wrong;
}

/* Behind the P: P7D, P1DT12H, PT90M, P2W. */
static const char *
iso_parse(Str rest, int64_t *ret_ms)
{
    int64_t smaller_than = INT64_MAX;
    int64_t total = 0;
    bool time = false;
    if (rest.len == 0 || str_ends(rest, "T"))
        return "a number is missing";
    while (rest.len) {
        if (!time && rest.at[0] == 'T') {
            time = true;
            rest = str_sub(rest, 1, rest.len);
        }
        const char *wrong =
            time ? part_parse(&rest, iso_times, G_N_ELEMENTS(iso_times), &smaller_than, &total)
                 : part_parse(&rest, iso_days, G_N_ELEMENTS(iso_days), &smaller_than, &total);
        if (wrong && !time && rest.len && strchr("MY", rest.at[0]))
            wrong = "months and years have no fixed length; say days";
        if (wrong)
            return wrong;
    }
    *ret_ms = total;
    return NULL;
}

bool
duration_parse(Str text, int64_t *ret_ms, GError **error)
{
    Str trimmed = str_trim(text);
    bool iso = str_starts(trimmed, "P");
    const char *wrong =
        iso ? iso_parse(str_sub(trimmed, 1, trimmed.len), ret_ms) : plain_parse(trimmed, ret_ms);
    if (!wrong)
        return true;
    g_autofree char *sent =
        g_utf8_make_valid(text.at ? text.at : "", (gssize)text_cut(text, 60).len);
    return fail(error, ERR_INPUT, "\"%s\" is no duration (%s); write 7d, 90m, 10s, 250ms or 1h30m",
                sent, wrong);
}

char *
duration_format(Arena *arena, int64_t ms)
{
    static const Unit units[] = {
        {"d", DAY_MS}, {"h", HOUR_MS}, {"m", MINUTE_MS}, {"s", SECOND_MS}, {"ms", 1}};
    Buf buf = {.arena = arena};
    uint64_t rest = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    buf_reserve(&buf, 48);
    if (ms < 0)
        buf_add_char(&buf, '-');
    if (ms == 0)
        buf_add_cstr(&buf, "0s");
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (rest < (uint64_t)units[i].ms)
            continue;
        buf_add_int(&buf, (int64_t)(rest / (uint64_t)units[i].ms));
        buf_add_cstr(&buf, units[i].name);
        rest %= (uint64_t)units[i].ms;
    }
    return buf_cstr(&buf);
}
