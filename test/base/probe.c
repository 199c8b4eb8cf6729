/* probe.c - base/ behind a pipe: a line in, a line out, so that Python's datetime, zoneinfo, decimal
 * and json can be asked the same questions.
 *
 *     zone NAME AT                   -> OFFSET_MS ABBREVIATION YYYY-MM-DDTHH:MM:SS
 *     local NAME Y M D H MI S        -> AT
 *     when ZONE TEXT                 -> AT, or error
 *     mail TEXT                      -> AT, or error
 *     show AT                        -> ISO, the date of a mail, HTTP's (between tabs)
 *     money CURRENCY TEXT            -> MINOR, or error
 *     json LEN                       -> reads LEN bytes more; the value written again, or error
 */
#include "base/json_write.h"
#include "base/money.h"
#include "base/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
answer_error(GError *error)
{
    printf("error %s %s\n", error_row(error)->slug, error->message);
    g_clear_error(&error);
}

static void
answer_at(bool good, int64_t at, GError *error)
{
    if (good)
        printf("%" PRId64 "\n", at);
    else
        answer_error(error);
}

static const Zone *
zone_take(Str *rest)
{
    Str name = {0};
    GError *error = NULL;
    str_split(rest, ' ', &name);
    g_autofree char *text = g_strndup(name.at, name.len);
    const Zone *zone = zone_get(text, &error);
    if (!zone)
        answer_error(error);
    return zone;
}

static void
zone_ask(Arena *arena, Str rest)
{
    const Zone *zone = zone_take(&rest);
    if (!zone)
        return;
    int64_t at = g_ascii_strtoll(rest.at ? rest.at : "", NULL, 10);
    Civil local = zone_local(zone, at);
    printf("%" PRId64 " %s %04d-%02d-%02dT%02d:%02d:%02d\n", zone_offset_ms(zone, at),
           zone_abbreviation(zone, at), local.year, local.month, local.day, local.hour,
           local.minute, local.second);
}

static void
local_ask(Arena *arena, Str rest)
{
    const Zone *zone = zone_take(&rest);
    if (!zone)
        return;
    Civil local = {0};
    int *const fields[] = {&local.year, &local.month,  &local.day,
                           &local.hour, &local.minute, &local.second};
    Str part;
    for (size_t i = 0; i < G_N_ELEMENTS(fields) && str_split(&rest, ' ', &part); i++)
        *fields[i] = atoi(part.at);
    printf("%" PRId64 "\n", zone_at(zone, local));
}

static void
when_ask(Arena *arena, Str rest)
{
    const Zone *zone = zone_take(&rest);
    GError *error = NULL;
    int64_t at = 0;
    if (!zone)
        return;
    bool good = when_parse(rest, zone, &at, &error);
    answer_at(good, at, error);
}

static void
mail_ask(Arena *arena, Str rest)
{
    GError *error = NULL;
    int64_t at = 0;
    bool good = when_parse_mail(rest, &at, &error);
    answer_at(good, at, error);
}

static void
show_ask(Arena *arena, Str rest)
{
    int64_t at = g_ascii_strtoll(rest.at ? rest.at : "", NULL, 10);
    printf("%s\t%s\t%s\n", when_format(arena, at), when_mail_date(arena, at, NULL),
           when_http_date(arena, at));
}

static void
money_ask(Arena *arena, Str rest)
{
    Str currency = {0};
    Money amount = {0};
    GError *error = NULL;
    str_split(&rest, ' ', &currency);
    bool good = money_parse(rest, arena_cstr(arena, currency), &amount, &error);
    answer_at(good, amount.minor, error);
}

static void
json_ask(Arena *arena, Str rest)
{
    size_t len = (size_t)g_ascii_strtoull(rest.at ? rest.at : "", NULL, 10);
    char *bytes = arena_bytes(arena, len + 1);
    GError *error = NULL;
    if (fread(bytes, 1, len, stdin) != len)
        exit(1);
    const Json *value = json_parse(arena, bytes, len, &error);
    if (!value) {
        answer_error(error);
        return;
    }
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_value(&out, value);
    json_put_done(&out);
    printf("%s\n", buf_cstr(&buf));
}

int
main(void)
{
    static const struct {
        const char *word;
        void (*ask)(Arena *arena, Str rest);
    } questions[] = {{"zone", zone_ask}, {"local", local_ask}, {"when", when_ask},
                     {"mail", mail_ask}, {"show", show_ask},   {"money", money_ask},
                     {"json", json_ask}};
    g_autoptr(Arena) arena = arena_new(SIZE_MAX / 8);
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, stdin)) > 0) {
        Str rest = {line, (size_t)len}, word = {0};
        if (line[len - 1] == '\n')
            line[--rest.len] = '\0';
        str_split(&rest, ' ', &word);
        for (size_t i = 0; i < G_N_ELEMENTS(questions); i++)
            if (str_is(word, questions[i].word))
                questions[i].ask(arena, rest);
        fflush(stdout);
        arena_reset(arena);
    }
    free(line);
    return 0;
}
