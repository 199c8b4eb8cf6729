/* liquid.c - `postlude liquid`: templates on the command line.
 *
 *     render FILE --data JSON    prints it; exit 1 when an error was printed into the text
 *     check FILE [--schema S]    every finding, with its place; exit 1 when there is an error
 *     vars FILE                  the names that it reads
 *     fmt FILE [--write]         the same template, spaced in one way
 *     bench FILE --data JSON     renders and parses per second
 *     serve-tests                a case a line (liquid_serve.c)
 */
#include "cmd/liquid_inside.h"

#include "base/limits.h"
#include "base/when.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* ---- what the flags say ------------------------------------------------------------------- */

int
liquid_verb_fail(const GError *error)
{
    fprintf(stderr, "postlude: %s\n  %s\n", error->message, error_row(error)->cure);
    return EXIT_FAILED;
}

bool
liquid_verb_file(const char *path, Arena *arena, Str *ret, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize len;
    g_autoptr(GError) why = NULL;
    if (!g_file_get_contents(path, &bytes, &len, &why))
        return fail(error, ERR_IO, "%s", why->message);
    *ret = arena_copy(arena, (Str){bytes, len});
    return true;
}

/* A partial is a file of the folder: "address" is address.liquid, or _address.liquid, or the name
 * as it stands. A name cannot leave the folder. */
static bool
partial_load(const void *host, Str name, Arena *arena, Str *ret)
{
    size_t at;
    if (str_find(name, STR(".."), &at) || str_starts(name, "/"))
        return false;
    const char *folder = host;
    const char *plain = arena_cstr(arena, name);
    const char *const paths[] = {
        arena_format(arena, "%s/%s.liquid", folder, plain),
        arena_format(arena, "%s/_%s.liquid", folder, plain),
        arena_format(arena, "%s/%s", folder, plain),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        if (g_file_test(paths[i], G_FILE_TEST_IS_REGULAR) &&
            liquid_verb_file(paths[i], arena, ret, NULL))
            return true;
    return false;
}

bool
liquid_verb_options(const LiquidVerb *verb, Arena *arena, LiquidOptions *ret, GError **error)
{
    g_autofree char *folder =
        verb->partials ? g_strdup(verb->partials) : g_path_get_dirname(verb->file);
    *ret = (LiquidOptions){.html = verb->html,
                           .strict = verb->strict,
                           .filters = liquid_shop_filters(),
                           .load = partial_load,
                           .host = arena_cstr(arena, str_of(folder))};
    return true;
}

bool
liquid_verb_data(const LiquidVerb *verb, Arena *arena, LiquidData *ret, GError **error)
{
    *ret = (LiquidData){.locale = verb->locale, .now = g_get_real_time() / 1000};
    if (verb->now && !when_parse(str_of(verb->now), NULL, &ret->now, error))
        return false;
    if (verb->zone && !(ret->zone = zone_get(verb->zone, error)))
        return false;
    if (!verb->data)
        return true;
    Str text;
    if (!liquid_verb_file(verb->data, arena, &text, error))
        return false;
    const Json *json = json_parse(arena, text.at, text.len, error);
    if (!json)
        return fail_at(error, "%s", verb->data);
    ret->root = liquid_json(arena, json);
    return true;
}

/* ---- verbs -------------------------------------------------------------------------------- */

static void
notes_print(const LiquidNotes *notes, Arena *arena)
{
    for (size_t i = 0; i < notes->count; i++) {
        Buf text = {.arena = arena};
        liquid_note_print(&notes->list[i], &text);
        fwrite(text.at, 1, text.len, stderr);
    }
}

static bool
notes_have_error(const LiquidNotes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        if (notes->list[i].error)
            return true;
    return false;
}

typedef struct Work {
    Arena *arena;
    Str source;
    LiquidOptions options;
    LiquidData data;
    LiquidNotes notes;
    Liquid *liquid; /* NULL: it did not compile, the notes say why */
} Work;

static bool
work_start(const LiquidVerb *verb, Arena *arena, Work *ret, GError **error)
{
    *ret = (Work){.arena = arena, .notes = {.arena = arena}};
    return liquid_verb_file(verb->file, arena, &ret->source, error) &&
           liquid_verb_options(verb, arena, &ret->options, error) &&
           liquid_verb_data(verb, arena, &ret->data, error);
}

static int
verb_render(const LiquidVerb *verb)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    Work work;
    if (!work_start(verb, arena, &work, &error))
        return liquid_verb_fail(error);
    g_autoptr(Liquid) liquid =
        liquid_compile(str_of(verb->file), work.source, &work.options, &work.notes, &error);
    if (!liquid) {
        notes_print(&work.notes, arena);
        return EXIT_FAILED;
    }
    Buf out = {.arena = arena};
    LiquidNotes runtime = {.arena = arena};
    work.data.notes = &runtime;
    bool fine = liquid_render(liquid, &work.data, arena, &out, &error);
    if (fine)
        fwrite(out.at ? out.at : "", 1, out.len, stdout);
    notes_print(&runtime, arena);
    if (!fine && !notes_have_error(&runtime))
        return liquid_verb_fail(error);
    return fine && !notes_have_error(&runtime) ? EXIT_FINE : EXIT_FAILED;
}

typedef struct VerbRow {
    const char *name;
    int (*run)(const LiquidVerb *verb);
} VerbRow;

static int
verb_serve(const LiquidVerb *verb)
{
    (void)verb;
    return liquid_verb_serve();
}

static const VerbRow VERBS[] = {
    {"render", verb_render},  {"check", liquid_verb_check}, {"vars", liquid_verb_vars},
    {"fmt", liquid_verb_fmt}, {"bench", liquid_verb_bench}, {"serve-tests", verb_serve},
};

static int
usage(const char *why)
{
    fprintf(stderr,
            "postlude: %s\n  postlude liquid render|check|vars|fmt|bench FILE [--data JSON] "
            "[--html] [--strict] [--now T] [--zone Z] [--partials DIR] [--schema S]\n",
            why);
    return EXIT_USAGE;
}

static const VerbRow *
verb_find(const char *name)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(VERBS); i++)
        if (strcmp(VERBS[i].name, name) == 0)
            return &VERBS[i];
    return NULL;
}

int
cmd_liquid(int argc, char **argv)
{
    LiquidVerb verb = {.seconds = 3, .threads = 1};
    const GOptionEntry entries[] = {
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &verb.data, "The data, JSON", "FILE"},
        {"partials", 0, 0, G_OPTION_ARG_FILENAME, &verb.partials,
         "Where partials are (the file's folder)", "DIR"},
        {"schema", 0, 0, G_OPTION_ARG_FILENAME, &verb.schema, "What the data offers, JSON", "FILE"},
        {"html", 0, 0, G_OPTION_ARG_NONE, &verb.html, "Escape by place", NULL},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &verb.strict, "Unknown names are errors", NULL},
        {"now", 0, 0, G_OPTION_ARG_STRING, &verb.now, "The time that now means", "TIME"},
        {"zone", 0, 0, G_OPTION_ARG_STRING, &verb.zone, "The zone of dates", "NAME"},
        {"locale", 0, 0, G_OPTION_ARG_STRING, &verb.locale, "The language of names", "TAG"},
        {"write", 'w', 0, G_OPTION_ARG_NONE, &verb.write, "fmt: into the file", NULL},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &verb.seconds, "bench: how long", "N"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &verb.threads, "bench: how many", "N"},
        {0},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context =
        g_option_context_new("render|check|vars|fmt|bench|serve-tests FILE");
    g_set_prgname("postlude liquid");
    g_option_context_add_main_entries(context, entries, NULL);
    int code = EXIT_USAGE;
    const VerbRow *row = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error))
        code = usage(error->message);
    else if (!(row = verb_find(argc > 1 ? argv[1] : NULL)))
        code = usage("liquid needs one of its verbs");
    else if (argc != (row->run == verb_serve ? 2 : 3))
        code = usage("liquid needs one file");
    else {
        verb.file = argc > 2 ? argv[2] : NULL;
        code = row->run(&verb);
    }
    g_free(verb.data);
    g_free(verb.partials);
    g_free(verb.schema);
    g_free(verb.now);
    g_free(verb.zone);
    g_free(verb.locale);
    return code;
}
