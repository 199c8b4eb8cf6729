/* section.c - the schemas of sections, and how templates see what is set; see section.h. */
#include "flow/section.h"

#include "base/color.h"
#include "base/limits.h"
#include "engine/asset.h"
#include "engine/liquid/bytes.h"

#include <string.h>

static const char folder[] = "ui/mail/sections/", schema_ending[] = ".schema.json",
                  part_ending[] = ".liquid";

static const char *const type_names[] = {
    [SECTION_TEXT] = "text",     [SECTION_RICHTEXT] = "richtext", [SECTION_CHOICE] = "choice",
    [SECTION_SWITCH] = "switch", [SECTION_COLOUR] = "colour",
};

const char *
section_type_name(SectionType type)
{
    return type_names[type];
}

/* ---- reading a schema ------------------------------------------------------------------------------------------- */

static bool
name_check(Str name, GError **error)
{
    bool good = name.len > 0;
    for (size_t i = 0; i < name.len; i++)
        good = good && (g_ascii_islower(name.at[i]) || (i && g_ascii_isdigit(name.at[i])) ||
                        name.at[i] == '_');
    return good || fail(error, ERR_TEMPLATE, "a name has letters a-z, digits and _");
}

static bool
type_read(const Json *json, SectionType *ret, GError **error)
{
    for (int i = 0; i < SECTION_TYPES_END; i++) {
        if (str_is(json_text(json), type_names[i])) {
            *ret = (SectionType)i;
            return true;
        }
    }
    return fail(error, ERR_TEMPLATE, "type is text, richtext, choice, switch or colour");
}

/* Only known keys: a key that is misspelt would count for nothing. */
static bool
keys_check(const Json *object, const char *const *keys, GError **error)
{
    if (json_type(object) != JSON_OBJECT)
        return fail(error, ERR_TEMPLATE, "it is %s instead of an object", json_type_name(object));
    for (size_t i = 0; i < json_len(object); i++) {
        size_t k = 0;
        while (keys[k] && !str_is(json_key(object, i), keys[k]))
            k++;
        if (!keys[k])
            return fail(error, ERR_TEMPLATE, "nobody knows '" STR_FMT "'",
                        STR_ARG(json_key(object, i)));
    }
    return true;
}

static bool
choice_has(const Json *words, Str word)
{
    for (size_t i = 0; i < json_len(words); i++)
        if (str_eq(json_text(json_nth(words, i)), word))
            return true;
    return false;
}

static bool
default_read(const Json *value, SectionSetting *setting, GError **error)
{
    Color color;
    setting->value = json_text(value);
    switch (setting->type) {
    case SECTION_TEXT:
    case SECTION_RICHTEXT:
        return json_type(value) == JSON_STRING || fail(error, ERR_TEMPLATE, "default is a text");
    case SECTION_CHOICE:
        return choice_has(setting->words, setting->value) ||
               fail(error, ERR_TEMPLATE, "default is one of choices");
    case SECTION_SWITCH:
        return json_bool(value, &setting->on) ||
               fail(error, ERR_TEMPLATE, "default is true or false");
    case SECTION_COLOUR:
        return color_parse(setting->value, &color) ||
               fail(error, ERR_TEMPLATE, "default is a colour like #1d4f91");
    case SECTION_TYPES_END:
        break;
    }
    must(false);
    return false;
}

static bool
setting_read(const Json *json, SectionSetting *ret, GError **error)
{
    static const char *const keys[] = {"name",    "type",    "label", "help",
                                       "default", "choices", "usual", NULL};
    SectionSetting setting = {
        .name = json_text(json_get(json, "name")),
        .label = json_text(json_get(json, "label")),
        .help = json_text(json_get(json, "help")),
        .words = json_get(json, "choices"),
        .usual = json_text(json_get(json, "usual")),
    };
    if (!keys_check(json, keys, error) || !name_check(setting.name, error) ||
        !type_read(json_get(json, "type"), &setting.type, error))
        return false;
    if (!setting.label.len || !setting.help.len)
        return fail(error, ERR_TEMPLATE, "label and help are missing");
    if ((setting.type == SECTION_CHOICE) != (json_len(setting.words) > 0))
        return fail(error, ERR_TEMPLATE, "a choice has choices, and nothing else has");
    if (!default_read(json_get(json, "default"), &setting, error))
        return false;
    *ret = setting;
    return true;
}

static const SectionSetting *
setting_in(const Section *section, Str name)
{
    for (size_t i = 0; i < section->setting_count; i++)
        if (section->settings[i].name.len == name.len &&
            bytes_same(section->settings[i].name.at, name.at, name.len))
            return &section->settings[i];
    return NULL;
}

static bool
settings_read(Arena *arena, const Json *json, Section *section, GError **error)
{
    if (!json_missing(json) && json_type(json) != JSON_ARRAY)
        return fail(error, ERR_TEMPLATE, "settings are a list");
    SectionSetting *list = arena_new_of(arena, SectionSetting, json_len(json));
    section->settings = list;
    for (size_t i = 0; i < json_len(json); i++) {
        SectionSetting setting;
        if (!setting_read(json_nth(json, i), &setting, error))
            return fail_at(error, "settings/%" G_GSIZE_FORMAT, i);
        if (setting_in(section, setting.name))
            return fail(error, ERR_TEMPLATE, "settings/%" G_GSIZE_FORMAT ": the name is taken", i);
        list[section->setting_count++] = setting;
    }
    return true;
}

bool
section_read(Arena *arena, Str name, Str text, Section *ret, GError **error)
{
    static const char *const keys[] = {"title", "always", "fixed", "settings", NULL};
    const Json *json = json_parse(arena, text.at, text.len, error);
    if (!json || !keys_check(json, keys, error))
        return false;
    Section section = {
        .name = name,
        .title = json_text(json_get(json, "title")),
        .always = json_true(json_get(json, "always")),
        .fixed = json_true(json_get(json, "fixed")),
    };
    if (!section.title.len)
        return fail(error, ERR_TEMPLATE, "title is missing");
    if (!settings_read(arena, json_get(json, "settings"), &section, error))
        return false;
    *ret = section;
    return true;
}

/* ---- the book ------------------------------------------------------------------------------------------------------ */

/* The file's name without folder and ending; false for another kind of file. */
static bool
file_name(const Asset *asset, const char *ending, Str *ret)
{
    Str file = str_of(asset->name);
    if (!str_ends(file, ending))
        return false;
    *ret = str_sub(file, sizeof folder - 1, file.len - (sizeof folder - 1) - strlen(ending));
    return true;
}

bool
section_book_read(Arena *arena, SectionBook *ret, GError **error)
{
    size_t first, count = asset_below(folder, &first);
    Section *list = arena_new_of(arena, Section, count);
    SectionBook book = {.list = list};
    for (size_t i = 0; i < count; i++) {
        const Asset *asset = asset_nth(first + i);
        Str name;
        if (!file_name(asset, schema_ending, &name))
            continue;
        if (!asset_find(arena_format(arena, "%s" STR_FMT "%s", folder, STR_ARG(name), part_ending)))
            return fail(error, ERR_TEMPLATE, "%s: the section is missing", asset->name);
        if (!section_read(arena, name, asset->bytes, &list[book.count++], error))
            return fail_at(error, "%s", asset->name);
    }
    for (size_t i = 0; i < count; i++) {
        Str name;
        if (file_name(asset_nth(first + i), part_ending, &name) && !str_starts(name, "text/") &&
            !section_find(&book, name))
            return fail(error, ERR_TEMPLATE, "%s has no schema", asset_nth(first + i)->name);
    }
    *ret = book;
    return true;
}

const Section *
section_find(const SectionBook *book, Str name)
{
    for (size_t i = 0; i < book->count; i++)
        if (book->list[i].name.len == name.len &&
            bytes_same(book->list[i].name.at, name.at, name.len))
            return &book->list[i];
    return NULL;
}

/* ---- what a template reads ------------------------------------------------------------------------------------------- */

/* sections, sections.NAME and sections.NAME.settings are the same row, one step deeper each. */
typedef struct SectionSeen {
    LiquidObject object; /* first */
    const SectionBook *book;
    const SectionChoices *choices; /* may be NULL */
    Str mail;
    Str locale;
    const Section *section;
} SectionSeen;

static LiquidValue
seen_step(const SectionSeen *from, const LiquidClass *class, const Section *section, Arena *arena)
{
    SectionSeen *seen = arena_new_of(arena, SectionSeen, 1);
    *seen = *from;
    seen->object.class = class;
    seen->section = section;
    return liquid_object(&seen->object);
}

const Json *
section_in_language(const Json *value, Str locale)
{
    if (json_type(value) != JSON_OBJECT)
        return json_missing(value) ? NULL : value;
    Str base = locale, rest = locale;
    str_split(&rest, '-', &base);
    const Str wishes[] = {locale, base, STR("other")};
    const Json *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(wishes) && !found; i++)
        found = json_find(value, wishes[i]);
    return found;
}

static const Json *
chosen_value(const SectionSeen *seen, Str name)
{
    if (!seen->choices)
        return NULL;
    const Str scopes[] = {seen->mail, STR("all")};
    const Json *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(scopes) && !found; i++) {
        const Json *value = section_chosen(seen->choices, scopes[i], seen->section->name, name);
        found = section_in_language(value, seen->locale);
    }
    return found;
}

static bool
settings_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const SectionSeen *seen = (const SectionSeen *)self;
    const SectionSetting *setting = setting_in(seen->section, name->text);
    if (!setting)
        return false;
    const Json *chosen = chosen_value(seen, name->text);
    bool on = setting->on;
    if (setting->type == SECTION_SWITCH) {
        json_bool(chosen, &on);
        *ret = liquid_bool(on);
        return true;
    }
    Str text = chosen ? json_text(chosen) : setting->value;
    *ret = text.len ? liquid_str(text) : LIQUID_OF_NIL;
    return true;
}

static const LiquidClass settings_class = {.name = "settings", .get = settings_get};

static bool
section_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const SectionSeen *seen = (const SectionSeen *)self;
    if (!str_is(name->text, "settings"))
        return false;
    *ret = seen_step(seen, &settings_class, seen->section, arena);
    return true;
}

static const LiquidClass section_class = {.name = "section", .get = section_get};

static bool
sections_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const SectionSeen *seen = (const SectionSeen *)self;
    const Section *section = section_find(seen->book, name->text);
    if (!section)
        return false;
    *ret = seen_step(seen, &section_class, section, arena);
    return true;
}

static const LiquidClass sections_class = {.name = "sections", .get = sections_get};

LiquidValue
section_values(Arena *arena, const SectionBook *book, const SectionChoices *choices, Str mail,
               Str locale)
{
    SectionSeen seen = {.book = book, .choices = choices, .mail = mail, .locale = locale};
    return seen_step(&seen, &sections_class, NULL, arena);
}

/* ---- the same for the check of templates --------------------------------------------------------------------------- */

static const LiquidField *
settings_schema(Arena *arena, const Section *section)
{
    LiquidField *list = arena_new_of(arena, LiquidField, section->setting_count + 1);
    for (size_t i = 0; i < section->setting_count; i++) {
        const SectionSetting *setting = &section->settings[i];
        list[i] = (LiquidField){
            .name = arena_cstr(arena, setting->name),
            .type = setting->type == SECTION_SWITCH ? LIQUID_TYPE_BOOL : LIQUID_TYPE_STRING,
            .optional = setting->type != SECTION_SWITCH && !setting->value.len,
            .help = arena_cstr(arena, setting->help),
        };
    }
    return list;
}

const LiquidSchema *
section_schema(Arena *arena, const SectionBook *book, const LiquidSchema *root)
{
    LiquidField *sections = arena_new_of(arena, LiquidField, book->count + 1);
    for (size_t i = 0; i < book->count; i++) {
        LiquidField *inner = arena_new_of(arena, LiquidField, 2);
        inner[0] = (LiquidField){"settings", LIQUID_TYPE_OBJECT, false,
                                 settings_schema(arena, &book->list[i]), "What the shop chose"};
        sections[i] = (LiquidField){arena_cstr(arena, book->list[i].name), LIQUID_TYPE_OBJECT,
                                    false, inner, arena_cstr(arena, book->list[i].title)};
    }
    size_t count = 0;
    while (root->fields[count].name)
        count++;
    LiquidField *fields = arena_new_of(arena, LiquidField, count + 2);
    memcpy(fields, root->fields, count * sizeof *fields);
    fields[count] =
        (LiquidField){"sections", LIQUID_TYPE_OBJECT, false, sections, "What mails are built from"};
    LiquidSchema *schema = arena_new_of(arena, LiquidSchema, 1);
    schema->fields = fields;
    return schema;
}
