/* filter_date.c - dates with the names of the customer's language.
 *
 * {{ order.created_at | date: "%-d. %B" }} prints "14. März" in German. The lengths full, long,
 * medium and short print CLDR's own pattern: {{ order.created_at | date: "long" }} is
 * "14. März 2025" there and "March 14, 2025" in American English; with `time: "short"` the time
 * follows. */
#include "engine/liquid_shop/shop_memo.h"

#include <string.h>

/* ---- CLDR's patterns ---------------------------------------------------------------------- */

/* The letters of strftime for a run of CLDR's (UTS 35, part 4, 8.1); empty: print nothing. */
static const char *
letters_of(char letter, size_t count)
{
    switch (letter) {
    case 'y':
        return count == 2 ? "%y" : "%Y";
    case 'M':
    case 'L':
        return count >= 4 ? "%B" : count == 3 ? "%b" : count == 2 ? "%m" : "%-m";
    case 'd':
        return count == 2 ? "%d" : "%-d";
    case 'E':
    case 'c':
        return count == 4 ? "%A" : "%a";
    case 'H':
    case 'k':
        return count == 2 ? "%H" : "%-H";
    case 'h':
    case 'K':
        return count == 2 ? "%I" : "%-I";
    case 'm':
        return "%M";
    case 's':
        return "%S";
    case 'a':
    case 'b':
    case 'B':
        return "%p";
    case 'z':
    case 'v':
        return "%Z";
    default:
        return "";
    }
}

/* CLDR's pattern in strftime's letters. Text stands in quotes. */
static Str
pattern_translate(Arena *arena, const char *pattern)
{
    Buf out = {.arena = arena};
    for (const char *at = pattern; *at;) {
        if (*at == '\'') {
            const char *close = strchr(at + 1, '\'');
            if (!close)
                break;
            buf_add(&out, at + 1, close > at + 1 ? (size_t)(close - at - 1) : 0);
            if (close == at + 1)
                buf_add_char(&out, '\'');
            at = close + 1;
        } else if (g_ascii_isalpha(*at)) {
            size_t count = strspn(at, (char[]){*at, '\0'});
            buf_add_cstr(&out, letters_of(*at, count));
            at += count;
        } else {
            buf_add_char(&out, *at++);
        }
    }
    return buf_str(&out);
}

/* ---- filters ------------------------------------------------------------------------------ */

static Str
format_of(LiquidCall *call, const CldrLocale *locale, const LiquidArgs *args)
{
    Arena *arena = liquid_call_arena(call);
    Str wanted = args->count ? liquid_call_text(call, args->list[0]) : STR("medium");
    const char *pattern = cldr_pattern(locale, wanted, false);
    if (!pattern)
        return wanted;
    Str date = pattern_translate(arena, pattern);
    const LiquidValue *time = liquid_arg(args, "time");
    const char *clock = time ? cldr_pattern(locale, liquid_call_text(call, *time), true) : NULL;
    if (!clock)
        return date;
    Str behind = pattern_translate(arena, clock);
    return str_of(arena_format(arena, STR_FMT ", " STR_FMT, STR_ARG(date), STR_ARG(behind)));
}

static bool
date_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    const LiquidData *data = liquid_call_data(call);
    ShopMemo *memo = shop_memo(call);
    Str format = format_of(call, memo->locale, args);
    Moment moment;
    *ret = value;
    if (format.len == 0 || !date_read(call, value, &moment))
        return true;
    if (data->locale && !g_str_has_prefix(data->locale, "en"))
        moment.names = shop_memo_names(memo);
    Buf out = {.arena = liquid_call_arena(call)};
    date_print(&moment, format, &out);
    *ret = liquid_str(buf_str(&out));
    return true;
}

/* <time datetime="2025-03-14T09:26:53Z">March 14, 2025</time> */
static bool
time_tag_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Moment moment;
    LiquidValue shown;
    *ret = value;
    if (!date_read(call, value, &moment) || !date_run(call, value, args, &shown))
        return true;
    Moment utc = {.ms = moment.ms, .abbreviation = "UTC"};
    Buf out = {.arena = liquid_call_arena(call)};
    date_print(&utc, STR("<time datetime=\"%Y-%m-%dT%H:%M:%SZ\">"), &out);
    text_escape(&out, liquid_text(shown));
    buf_add_cstr(&out, "</time>");
    *ret = liquid_safe(buf_str(&out), LIQUID_SAFE_HTML);
    return true;
}

const LiquidFilter liquid_shop_filter_date = {
    "date",
    date_run,
    1,
    1,
    .named = true,
    .varies = true,
    .type = LIQUID_TYPE_STRING,
    .help = "A date: by the letters of strftime, or full, long, medium, short."};
const LiquidFilter liquid_shop_filter_time_tag = {
    "time_tag",
    time_tag_run,
    0,
    1,
    .named = true,
    .varies = true,
    .type = LIQUID_TYPE_STRING,
    .help = "A date as an HTML element that machines can read too."};
