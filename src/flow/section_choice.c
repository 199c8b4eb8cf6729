/* section_choice.c - what a shop chose of its mails' sections: checking it, and putting them in order; see section.h. */
#include "flow/section.h"

#include "base/color.h"
#include "base/limits.h"
#include "engine/asset.h"

#include <string.h>

enum { SECTIONS_MOST = 64 /* of a mail */ };

static const char include_begins[] = "{%- include '", include_ends[] = "' -%}", in_text[] = "text/";

bool
section_line(Str line, Str *ret_name)
{
    if (!str_starts(line, include_begins) || !str_ends(line, include_ends))
        return false;
    size_t begins = sizeof include_begins - 1, ends = sizeof include_ends - 1;
    if (line.len <= begins + ends)
        return false;
    Str name = str_sub(line, begins, line.len - begins - ends);
    if (str_starts(name, in_text))
        name = str_sub(name, sizeof in_text - 1, name.len);
    *ret_name = name;
    return true;
}

/* ---- checking ----------------------------------------------------------------------------------------------------- */

typedef struct Check {
    const SectionBook *book;
    Arena *arena;
    Str mail;
    Str source; /* the mail's template; empty for all mails */
} Check;

static bool
is_all(Str mail)
{
    return str_is(mail, "all");
}

/* The template of a mail; empty if there is no such mail. */
static Str
mail_source(Arena *arena, Str mail)
{
    const char *subject = arena_format(arena, "ui/mail/" STR_FMT ".subject.liquid", STR_ARG(mail));
    return asset_find(subject)
               ? asset_get(arena_format(arena, "ui/mail/" STR_FMT ".liquid", STR_ARG(mail)))
               : STR("");
}

static bool
source_has(Str source, Str section)
{
    Str rest = source, line, name;
    while (str_split(&rest, '\n', &line))
        if (section_line(line, &name) && str_eq(name, section))
            return true;
    return false;
}

static bool
names_add(Arena *arena, Buf *names, Str name)
{
    if (names->len)
        buf_add(names, ", ", 2);
    buf_add(names, name.at, name.len);
    return true;
}

/* Those that may be named here, for messages. */
static Str
sections_named(const Check *check)
{
    Buf names = {.arena = check->arena};
    for (size_t i = 0; i < check->book->count; i++)
        if (is_all(check->mail) || source_has(check->source, check->book->list[i].name))
            names_add(check->arena, &names, check->book->list[i].name);
    return buf_str(&names);
}

static const Section *
section_named(const Check *check, Str name, GError **error)
{
    const Section *section = section_find(check->book, name);
    bool here = section && (is_all(check->mail) || source_has(check->source, name));
    if (here)
        return section;
    Str names = sections_named(check);
    fail(error, ERR_INPUT, "there is no section '" STR_FMT "' here; there are " STR_FMT,
         STR_ARG(name), STR_ARG(names));
    return NULL;
}

static bool
list_check(const Check *check, const Json *list, bool off, GError **error)
{
    if (!json_missing(list) && json_type(list) != JSON_ARRAY)
        return fail(error, ERR_INPUT, "it is %s instead of a list of sections",
                    json_type_name(list));
    for (size_t i = 0; i < json_len(list); i++) {
        Str name = json_text(json_nth(list, i));
        const Section *section = section_named(check, name, error);
        if (!section)
            return false;
        if (off && section->always)
            return fail(error, ERR_INPUT, "'" STR_FMT "' cannot be switched off", STR_ARG(name));
        if (!off && section->fixed)
            return fail(error, ERR_INPUT, "'" STR_FMT "' stays where it is; leave it out",
                        STR_ARG(name));
        for (size_t j = 0; j < i; j++)
            if (str_eq(name, json_text(json_nth(list, j))))
                return fail(error, ERR_INPUT, "'" STR_FMT "' stands here twice", STR_ARG(name));
    }
    return true;
}

static bool
text_check(const Json *value, bool line, GError **error)
{
    Str text = json_text(value);
    size_t most = line ? LIMIT_TEXT_BYTES / 16 : LIMIT_TEXT_BYTES;
    if (json_type(value) != JSON_STRING || !json_str(value))
        return fail(error, ERR_INPUT, "it is %s instead of a text", json_type_name(value));
    if (line && memchr(text.at, '\n', text.len))
        return fail(error, ERR_INPUT, "it is one line");
    return text.len <= most ||
           fail(error, ERR_INPUT, "it is longer than %" G_GSIZE_FORMAT " bytes", most);
}

/* One text for all languages, or {"de": "..."}. */
static bool
texts_check(const Check *check, const Json *value, bool line, GError **error)
{
    if (json_type(value) != JSON_OBJECT)
        return text_check(value, line, error);
    for (size_t i = 0; i < json_len(value); i++) {
        Str tag = json_key(value, i);
        if (!str_is(tag, "other") &&
            !asset_find(arena_format(check->arena, "i18n/" STR_FMT ".json", STR_ARG(tag))))
            return fail(error, ERR_INPUT,
                        "'" STR_FMT "' is no language of ours; those are like en or de, and other",
                        STR_ARG(tag));
        if (!text_check(json_nth(value, i), line, error))
            return fail_at(error, STR_FMT, STR_ARG(tag));
    }
    return true;
}

static bool
choice_check(const Check *check, const SectionSetting *setting, const Json *value, GError **error)
{
    Buf names = {.arena = check->arena};
    for (size_t i = 0; i < json_len(setting->words); i++) {
        Str word = json_text(json_nth(setting->words, i));
        if (json_type(value) == JSON_STRING && str_eq(word, json_text(value)))
            return true;
        names_add(check->arena, &names, word);
    }
    return fail(error, ERR_INPUT, "it is one of " STR_FMT, STR_ARG(buf_str(&names)));
}

static bool
value_check(const Check *check, const SectionSetting *setting, const Json *value, GError **error)
{
    Color color;
    bool on;
    switch (setting->type) {
    case SECTION_TEXT:
    case SECTION_RICHTEXT:
        return texts_check(check, value, setting->type == SECTION_TEXT, error);
    case SECTION_CHOICE:
        return choice_check(check, setting, value, error);
    case SECTION_SWITCH:
        return json_bool(value, &on) || fail(error, ERR_INPUT, "it is true or false");
    case SECTION_COLOUR:
        return (json_str(value) && color_parse(json_text(value), &color)) ||
               fail(error, ERR_INPUT, "a colour is written like #1d4f91");
    case SECTION_TYPES_END:
        break;
    }
    must(false);
    return false;
}

static const SectionSetting *
setting_named(const Check *check, const Section *section, Str name, GError **error)
{
    Buf names = {.arena = check->arena};
    for (size_t i = 0; i < section->setting_count; i++) {
        if (str_eq(section->settings[i].name, name))
            return &section->settings[i];
        names_add(check->arena, &names, section->settings[i].name);
    }
    Str known = names.len ? buf_str(&names) : STR("none");
    fail(error, ERR_INPUT, "there is no setting '" STR_FMT "' here; there is " STR_FMT,
         STR_ARG(name), STR_ARG(known));
    return NULL;
}

static bool
object_check(const Json *json, GError **error)
{
    return json_missing(json) || json_type(json) == JSON_OBJECT ||
           fail(error, ERR_INPUT, "it is %s instead of an object", json_type_name(json));
}

static bool
values_check(const Check *check, const Section *section, const Json *values, GError **error)
{
    if (!object_check(values, error))
        return false;
    for (size_t i = 0; i < json_len(values); i++) {
        Str name = json_key(values, i);
        const SectionSetting *setting = setting_named(check, section, name, error);
        if (!setting)
            return false;
        if (!value_check(check, setting, json_nth(values, i), error))
            return fail_at(error, STR_FMT, STR_ARG(name));
    }
    return true;
}

static bool
settings_check(const Check *check, const Json *settings, GError **error)
{
    if (!object_check(settings, error))
        return false;
    for (size_t i = 0; i < json_len(settings); i++) {
        Str name = json_key(settings, i);
        const Section *section = section_named(check, name, error);
        if (!section)
            return false;
        if (!values_check(check, section, json_nth(settings, i), error))
            return fail_at(error, STR_FMT, STR_ARG(name));
    }
    return true;
}

static bool
mail_check(const Check *check, const Json *mail, GError **error)
{
    if (!object_check(mail, error))
        return false;
    for (size_t i = 0; i < json_len(mail); i++) {
        Str key = json_key(mail, i);
        const Json *value = json_nth(mail, i);
        bool good = false;
        if (str_is(key, "settings"))
            good = settings_check(check, value, error);
        else if (str_is(key, "off") || str_is(key, "order"))
            good = list_check(check, value, str_is(key, "off"), error);
        else
            return fail(error, ERR_INPUT, "'" STR_FMT "' is none of off, order and settings",
                        STR_ARG(key));
        if (!good)
            return fail_at(error, STR_FMT, STR_ARG(key));
    }
    return true;
}

bool
section_choices_read(Arena *arena, const SectionBook *book, Str text, SectionChoices *ret,
                     GError **error)
{
    g_autoptr(GError) problem = NULL;
    const Json *document = json_parse(arena, text.at, text.len, &problem);
    if (!document)
        return fail(error, ERR_INPUT, "%s", problem->message);
    if (json_type(document) != JSON_OBJECT)
        return fail(error, ERR_INPUT, "it is %s instead of an object", json_type_name(document));
    for (size_t i = 0; i < json_len(document); i++) {
        Str mail = json_key(document, i);
        Check check = {book, arena, mail, STR("")};
        if (!is_all(mail))
            check.source = mail_source(arena, mail);
        if (!is_all(mail) && !check.source.len)
            return fail(error, ERR_INPUT,
                        "there is no mail '" STR_FMT "'; it is all or one like order_confirmation",
                        STR_ARG(mail));
        if (!mail_check(&check, json_nth(document, i), error))
            return fail_at(error, STR_FMT, STR_ARG(mail));
    }
    *ret = (SectionChoices){book, document};
    return true;
}

/* ---- in the shop's order -------------------------------------------------------------------------------------------- */

/* `off` or `order` of the mail, else of all. */
static const Json *
list_of(const SectionChoices *choices, Str mail, const char *key)
{
    const Json *own = json_get(json_find(choices->document, mail), key);
    return own ? own : json_get(json_get(choices->document, "all"), key);
}

static bool
list_place(const Json *list, Str name, size_t *ret)
{
    for (size_t i = 0; i < json_len(list); i++) {
        if (str_eq(json_text(json_nth(list, i)), name)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool
section_rearranged(const SectionChoices *choices, Str mail)
{
    return json_len(list_of(choices, mail, "off")) || json_len(list_of(choices, mail, "order"));
}

/* The next of `order`, from *at on, that the mail has. */
static Str
order_next(const Json *order, const Str *lines, size_t count, size_t *at)
{
    while (*at < json_len(order)) {
        Str wanted = json_text(json_nth(order, (*at)++)), name;
        for (size_t i = 0; i < count; i++)
            if (section_line(lines[i], &name) && str_eq(name, wanted))
                return lines[i];
    }
    must(false); /* as many places as names */
    return STR("");
}

static Str
arrange(Arena *arena, const SectionChoices *choices, Str mail, Str source, bool with_off)
{
    const Json *off = list_of(choices, mail, "off"), *order = list_of(choices, mail, "order");
    Str lines[SECTIONS_MOST], rest = source, line, name;
    size_t count = 0, place, next = 0;
    Buf out = {.arena = arena};
    buf_reserve(&out, source.len + 1);
    while (str_split(&rest, '\n', &line))
        if (section_line(line, &name) && count < SECTIONS_MOST)
            lines[count++] = line;
    rest = source;
    while (str_split(&rest, '\n', &line)) {
        if (section_line(line, &name) && list_place(order, name, &place)) {
            line = order_next(order, lines, count, &next);
            section_line(line, &name);
        }
        if (!with_off && section_line(line, &name) && list_place(off, name, &place))
            line = STR(""); /* an empty line between two sections is trimmed by both */
        buf_add(&out, line.at, line.len);
        buf_add(&out, "\n", 1);
    }
    return buf_str(&out);
}

Str
section_arrange(Arena *arena, const SectionChoices *choices, Str mail, Str source)
{
    return arrange(arena, choices, mail, source, false);
}

/* ---- for the page where they are chosen --------------------------------------------------------------------------- */

/* In the order of the template's lines. */
static const Section **
sections_of(Arena *arena, const SectionBook *book, Str source, size_t *ret_count)
{
    const Section **list = arena_new_of(arena, const Section *, SECTIONS_MOST);
    Str rest = source, line, name;
    size_t count = 0;
    while (str_split(&rest, '\n', &line) && count < SECTIONS_MOST)
        if (section_line(line, &name) && (list[count] = section_find(book, name)))
            count++;
    *ret_count = count;
    return list;
}

const Section **
section_list(Arena *arena, const SectionBook *book, Str mail, size_t *ret_count)
{
    Str source = mail_source(arena, mail);
    *ret_count = 0;
    return source.len ? sections_of(arena, book, source, ret_count) : NULL;
}

const Section **
section_list_chosen(Arena *arena, const SectionChoices *choices, Str mail, size_t *ret_count)
{
    Str source = mail_source(arena, mail);
    *ret_count = 0;
    if (!source.len)
        return NULL;
    Str arranged = arrange(arena, choices, mail, source, true);
    return sections_of(arena, choices->book, arranged, ret_count);
}

bool
section_is_off(const SectionChoices *choices, Str mail, Str section)
{
    size_t place;
    return list_place(list_of(choices, mail, "off"), section, &place);
}

const Json *
section_chosen(const SectionChoices *choices, Str mail, Str section, Str setting)
{
    const Json *settings = json_get(json_find(choices->document, mail), "settings");
    return json_find(json_find(settings, section), setting);
}
