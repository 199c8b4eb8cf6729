/* liquid_check.c - `postlude liquid check|vars|fmt`: what can be said without rendering.
 *
 * A schema is JSON that looks like the data: a name, and what it is.
 *     {"order": {"name": "string", "note": "string?", "total": "money",
 *                "line_items": [{"title": "string", "price": "money"}]}}
 * A ? behind a type (or behind the name of an object or list) marks what may be missing.
 */
#include "cmd/liquid_inside.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

/* ---- schema ------------------------------------------------------------------------------- */

static bool
type_read(Str word, LiquidField *ret)
{
    static const struct {
        const char *name;
        LiquidType type;
    } TYPES[] = {{"any", LIQUID_TYPE_ANY},       {"bool", LIQUID_TYPE_BOOL},
                 {"number", LIQUID_TYPE_NUMBER}, {"string", LIQUID_TYPE_STRING},
                 {"money", LIQUID_TYPE_MONEY},   {"date", LIQUID_TYPE_DATE},
                 {"list", LIQUID_TYPE_LIST},     {"object", LIQUID_TYPE_OBJECT}};
    ret->optional = ret->optional || str_ends(word, "?");
    if (str_ends(word, "?"))
        word.len--;
    for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
        if (!str_is(word, TYPES[i].name))
            continue;
        ret->type = TYPES[i].type;
        return true;
    }
    return false;
}

static bool fields_read(Arena *arena, const Json *json, const LiquidField **ret, GError **error);

static bool
field_read(Arena *arena, Str name, const Json *json, LiquidField *ret, GError **error)
{
    *ret = (LiquidField){.optional = str_ends(name, "?")};
    if (ret->optional)
        name.len--;
    ret->name = arena_cstr(arena, name);
    if (json_type(json) == JSON_OBJECT) {
        ret->type = LIQUID_TYPE_OBJECT;
        return fields_read(arena, json, &ret->fields, error);
    }
    if (json_type(json) == JSON_ARRAY && json_len(json) == 1) {
        LiquidField *item = arena_new_of(arena, LiquidField, 2);
        ret->type = LIQUID_TYPE_LIST;
        ret->fields = item;
        return field_read(arena, STR(""), json_nth(json, 0), item, error);
    }
    return type_read(json_text(json), ret) ||
           fail(error, ERR_INPUT, "'%s' has no type that a schema knows", ret->name);
}

static bool
fields_read(Arena *arena, const Json *json, const LiquidField **ret, GError **error)
{
    size_t count = json_len(json);
    LiquidField *fields = arena_new_of(arena, LiquidField, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!field_read(arena, json_key(json, i), json_nth(json, i), &fields[i], error))
            return false;
    *ret = fields;
    return true;
}

static bool
schema_read(const char *path, Arena *arena, const LiquidSchema **ret, GError **error)
{
    Str text;
    LiquidSchema *schema = arena_new_of(arena, LiquidSchema, 1);
    if (!liquid_verb_file(path, arena, &text, error))
        return false;
    const Json *json = json_parse(arena, text.at, text.len, error);
    if (!json || !fields_read(arena, json, &schema->fields, error))
        return fail_at(error, "%s", path);
    *ret = schema;
    return true;
}

/* ---- verbs -------------------------------------------------------------------------------- */

/* Those of the file itself first, each file's in the order of its text. */
static int
note_order(const void *left, const void *right, void *file)
{
    const LiquidNote *a = left, *b = right;
    bool own_a = str_is(a->file, file), own_b = str_is(b->file, file);
    if (own_a != own_b)
        return own_a ? -1 : 1;
    g_autofree char *name_a = g_strndup(a->file.at, a->file.len);
    g_autofree char *name_b = g_strndup(b->file.at, b->file.len);
    int order = strcmp(name_a, name_b);
    if (order == 0)
        order = a->line < b->line ? -1 : a->line > b->line;
    if (order == 0)
        order = a->column < b->column ? -1 : a->column > b->column;
    return order;
}

int
liquid_verb_check(const LiquidVerb *verb)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    Str source;
    LiquidOptions options;
    if (!liquid_verb_file(verb->file, arena, &source, &error) ||
        !liquid_verb_options(verb, arena, &options, &error) ||
        (verb->schema && !schema_read(verb->schema, arena, &options.schema, &error)))
        return liquid_verb_fail(error);
    LiquidNotes notes = {.arena = arena};
    g_autoptr(Liquid) liquid = liquid_compile(str_of(verb->file), source, &options, &notes, NULL);
    Buf text = {.arena = arena};
    if (notes.count)
        g_qsort_with_data(notes.list, (int)notes.count, sizeof *notes.list, note_order,
                          (void *)verb->file);
    for (size_t i = 0; i < notes.count; i++)
        liquid_note_print(&notes.list[i], &text);
    fwrite(text.at ? text.at : "", 1, text.len, stdout);
    return liquid ? 0 : 1;
}

int
liquid_verb_vars(const LiquidVerb *verb)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    Str source;
    LiquidOptions options;
    if (!liquid_verb_file(verb->file, arena, &source, &error) ||
        !liquid_verb_options(verb, arena, &options, &error))
        return liquid_verb_fail(error);
    g_autoptr(Liquid) liquid = liquid_compile(str_of(verb->file), source, &options, NULL, &error);
    if (!liquid)
        return liquid_verb_fail(error);
    size_t count;
    const Str *vars = liquid_vars(liquid, arena, &count);
    for (size_t i = 0; i < count; i++)
        printf(STR_FMT "\n", STR_ARG(vars[i]));
    return 0;
}

int
liquid_verb_fmt(const LiquidVerb *verb)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    Str source;
    Buf out = {.arena = arena};
    if (!liquid_verb_file(verb->file, arena, &source, &error) ||
        !liquid_format(str_of(verb->file), source, &out, &error))
        return liquid_verb_fail(error);
    if (!verb->write) {
        fwrite(out.at ? out.at : "", 1, out.len, stdout);
        return 0;
    }
    g_autoptr(GError) why = NULL;
    if (str_eq(source, buf_str(&out)))
        return 0;
    if (!g_file_set_contents(verb->file, buf_cstr(&out), (gssize)out.len, &why)) {
        fail(&error, ERR_IO, "%s", why->message);
        return liquid_verb_fail(error);
    }
    return 0;
}
