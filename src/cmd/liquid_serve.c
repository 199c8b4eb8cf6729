/* liquid_serve.c - `postlude liquid serve-tests`: the engine behind a pipe, for test suites.
 *
 * One JSON object a line in, one out:
 *     {"template":..,"data":..,"partials":{..},"strict":..,"html":..,"now":..,"zone":..}
 *     {"ok":true,"output":..}  or  {"ok":false,"error":..,"line":..,"column":..}
 *
 * Without "strict", unknown names are lax and runtime errors fail the case, as Ruby's render! does;
 * with "strict":false they are printed into the output, as Shopify does; with true both are errors.
 */
#include "cmd/liquid_inside.h"

#include "base/json_write.h"
#include "base/when.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Case {
    const Json *json;
    LiquidOptions options;
    LiquidData data;
    LiquidNotes notes;
    Arena *arena;
} Case;

static Str
without_ending(Str name)
{
    return str_ends(name, ".liquid") ? str_sub(name, 0, name.len - strlen(".liquid")) : name;
}

/* By its name, with or without .liquid, in any case of letters: as file systems of shops find it. */
static const Json *
partial_find(const Json *partials, Str name)
{
    const Json *exact = json_find(partials, name);
    if (exact)
        return exact;
    name = without_ending(name);
    for (size_t i = 0; i < json_len(partials); i++) {
        Str other = without_ending(json_key(partials, i));
        if (other.len == name.len && name.len &&
            g_ascii_strncasecmp(other.at, name.at, name.len) == 0)
            return json_nth(partials, i);
    }
    return NULL;
}

static bool
partial_load(const void *host, Str name, Arena *arena, Str *ret)
{
    const Json *partial = partial_find(host, name);
    if (json_type(partial) != JSON_STRING)
        return false;
    *ret = arena_copy(arena, json_text(partial));
    return true;
}

/* Seconds since 1970, whole or not, as a number or as text; what cannot be seconds, since it would be
 * the year 5000, is ms. Or a time as people write it. */
static bool
case_now(Case *test, GError **error)
{
    const double seconds_most = 1e11;
    const Json *now = json_get(test->json, "now");
    if (json_missing(now))
        return true;
    Str text = json_as_text(test->arena, now);
    const char *copy = arena_cstr(test->arena, text);
    char *end = NULL;
    double number = g_ascii_strtod(copy, &end);
    if (text.len == 0 || *end || !(fabs(number) < seconds_most * 1000))
        return when_parse(text, NULL, &test->data.now, error);
    test->data.now = llround(fabs(number) < seconds_most ? number * 1000 : number);
    return true;
}

static bool
case_read(Case *test, GError **error)
{
    const Json *json = test->json;
    if (json_type(json_get(json, "template")) != JSON_STRING)
        return fail(error, ERR_INPUT, "\"template\" is missing");
    test->options = (LiquidOptions){.strict = json_true(json_get(json, "strict")),
                                    .html = json_true(json_get(json, "html")),
                                    .filters = liquid_shop_filters(),
                                    .load = partial_load,
                                    .host = json_get(json, "partials")};
    test->notes = (LiquidNotes){.arena = test->arena};
    test->data = (LiquidData){.now = g_get_real_time() / 1000,
                              .root = liquid_json(test->arena, json_get(json, "data")),
                              .notes = &test->notes};
    const char *zone = json_str(json_get(json, "zone"));
    if (zone && *zone && !(test->data.zone = zone_get(zone, error)))
        return false;
    test->data.locale = json_str(json_get(json, "locale"));
    return case_now(test, error);
}

static const LiquidNote *
first_error(const LiquidNotes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        if (notes->list[i].error)
            return &notes->list[i];
    return NULL;
}

static bool
case_run(Case *test, Buf *out, GError **error)
{
    if (!case_read(test, error))
        return false;
    LiquidNotes compiled = {.arena = test->arena};
    g_autoptr(Liquid) liquid =
        liquid_compile(STR("template"), json_text(json_get(test->json, "template")), &test->options,
                       &compiled, error);
    if (!liquid) {
        test->notes = compiled;
        return false;
    }
    if (!liquid_render(liquid, &test->data, test->arena, out, error))
        return false;
    bool raises = json_missing(json_get(test->json, "strict"));
    const LiquidNote *note = first_error(&test->notes);
    if (raises && note)
        return fail(error, ERR_TEMPLATE, STR_FMT, STR_ARG(note->message));
    return true;
}

static void
answer_write(const Case *test, bool ok, const Buf *out, const GError *error, Buf *answer)
{
    JsonWriter writer = {.buf = answer};
    json_put_object(&writer);
    json_put_key(&writer, "ok");
    json_put_bool(&writer, ok);
    if (ok) {
        json_put_key(&writer, "output");
        json_put_text(&writer, out->at ? buf_str(out) : STR(""));
    } else {
        const LiquidNote *note = first_error(&test->notes);
        json_put_key(&writer, "error");
        json_put_text(&writer, note ? note->message : str_of(error->message));
        json_put_key(&writer, "line");
        json_put_int(&writer, note ? note->line : 1);
        json_put_key(&writer, "column");
        json_put_int(&writer, note ? note->column : 1);
    }
    json_put_end(&writer);
    json_put_done(&writer);
}

static void
line_answer(Arena *arena, const char *line, size_t len)
{
    g_autoptr(GError) error = NULL;
    Case test = {.arena = arena, .json = json_parse(arena, line, len, &error)};
    Buf out = {.arena = arena};
    bool ok = test.json && case_run(&test, &out, &error);
    Buf answer = {.arena = arena};
    answer_write(&test, ok, &out, error, &answer);
    buf_add_char(&answer, '\n');
    fwrite(answer.at, 1, answer.len, stdout);
    fflush(stdout);
}

int
liquid_verb_serve(void)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    char *line = NULL;
    size_t room = 0;
    for (ssize_t len; (len = getline(&line, &room, stdin)) > 0; arena_reset(arena))
        line_answer(arena, line, (size_t)len);
    free(line);
    return 0;
}
