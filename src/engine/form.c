/* form.c - see form.h. */
#include "engine/form.h"

#include "base/address.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/url.h"

#include <stdarg.h>
#include <string.h>

static size_t
form_count(const Form *form)
{
    size_t count = 0;
    while (form->fields[count].name)
        count++;
    must(count <= FORM_FIELDS_MOST);
    return count;
}

static size_t
form_at(const Form *form, const char *name)
{
    size_t count = form_count(form);
    for (size_t i = 0; i < count; i++)
        if (strcmp(form->fields[i].name, name) == 0)
            return i;
    must(!"the form has this field");
    return 0;
}

void
form_begin(Arena *arena, const FormField *fields, Form *ret)
{
    *ret = (Form){.arena = arena, .fields = fields};
    for (size_t i = 0; i < form_count(ret); i++)
        ret->values[i] = STR("");
}

void
form_set(Form *form, const char *name, Str value)
{
    form->values[form_at(form, name)] = value.at ? value : STR("");
}

Str
form_value(const Form *form, const char *name)
{
    return form->values[form_at(form, name)];
}

bool
form_checked(const Form *form, const char *name)
{
    return form_value(form, name).len > 0;
}

bool
form_wrong(Form *form, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *words = g_strdup_vprintf(format, args);
    va_end(args);
    const char **error = name ? &form->errors[form_at(form, name)] : &form->trouble;
    if (!*error)
        *error = arena_cstr(form->arena, str_of(words));
    return false;
}

const char *
form_error(const Form *form, const char *name)
{
    return form->errors[form_at(form, name)];
}

bool
form_is_fine(const Form *form)
{
    bool fine = !form->trouble;
    for (size_t i = 0; i < form_count(form); i++)
        fine = fine && !form->errors[i];
    return fine;
}

/* ---- reading ----------------------------------------------------------------------------------- */

bool
form_is_sent(const HttpRequest *request)
{
    Str type = http_header(request, "Content-Type"), first;
    return str_split(&type, ';', &first) &&
           str_eq_nocase(str_trim(first), "application/x-www-form-urlencoded");
}

bool
form_peek(const HttpRequest *request, const char *name, Str *ret)
{
    return url_query(request->arena, request->body, name, ret);
}

static Str
field_clean(Arena *arena, const FormField *field, Str value)
{
    size_t most = field->most_bytes ? field->most_bytes : LIMIT_TEXT_BYTES;
    switch (field->kind) {
    case FORM_BLOCK:
        return text_block(arena, value, most + 1);
    case FORM_PASSWORD:
        return value;
    case FORM_CHECK:
        return value.len ? STR("1") : STR("");
    default:
        return text_line(arena, value, most + 1);
    }
}

static bool
field_has_choice(const FormField *field, Str value)
{
    for (const char *const *choice = field->choices; *choice; choice++)
        if (str_is(value, *choice))
            return true;
    return false;
}

static void
field_check(Form *form, size_t at)
{
    const FormField *field = &form->fields[at];
    Str *value = &form->values[at];
    Address address;
    g_autoptr(GError) problem = NULL;
    size_t most = field->most_bytes ? field->most_bytes : LIMIT_TEXT_BYTES;
    if (!value->len && field->needed)
        form_wrong(form, field->name, "%s is missing.", field->label);
    else if (value->len > most)
        form_wrong(form, field->name, "This is longer than the %zu characters that fit.", most);
    else if (field->kind == FORM_EMAIL && value->len) {
        if (address_parse_spec(form->arena, *value, &address, &problem))
            *value = address_key(form->arena, &address);
        else
            form_wrong(form, field->name, "This is no mail address like ana@example.com.");
    } else if (field->kind == FORM_CHOICE && value->len && !field_has_choice(field, *value)) {
        form_wrong(form, field->name, "This is none of the choices.");
        *value = STR("");
    }
}

bool
form_read(HttpRequest *request, const FormField *fields, Form *ret, GError **error)
{
    form_begin(request->arena, fields, ret);
    size_t count = form_count(ret);
    bool seen[FORM_FIELDS_MOST] = {0};
    Str rest = request->body, name, value;
    GError *problem = NULL;
    while (url_pair(request->arena, &rest, &name, &value, &problem)) {
        for (size_t i = 0; i < count; i++) {
            if (seen[i] || !str_is(name, fields[i].name))
                continue;
            seen[i] = true;
            ret->values[i] = field_clean(request->arena, &fields[i], value);
        }
    }
    if (problem) {
        g_error_free(problem);
        return fail(error, ERR_INPUT, "the form did not arrive as a browser sends it");
    }
    for (size_t i = 0; i < count; i++)
        field_check(ret, i);
    return true;
}

/* ---- showing ------------------------------------------------------------------------------------- */

static LiquidValue
form_error_of(Arena *arena, const char *name, const char *label, const char *message)
{
    LiquidValue map = liquid_map(arena);
    liquid_map_set(arena, map, STR("name"), name ? liquid_str(str_of(name)) : LIQUID_OF_NIL);
    liquid_map_set(arena, map, STR("label"), label ? liquid_str(str_of(label)) : LIQUID_OF_NIL);
    liquid_map_set(arena, map, STR("message"), liquid_str(str_of(message)));
    return map;
}

static LiquidValue
form_field_of(const Form *form, size_t at)
{
    Arena *arena = form->arena;
    const FormField *field = &form->fields[at];
    bool hidden = field->kind == FORM_PASSWORD || field->kind == FORM_SECRET;
    LiquidValue map = liquid_map(arena);
    liquid_map_set(arena, map, STR("name"), liquid_str(str_of(field->name)));
    liquid_map_set(arena, map, STR("label"), liquid_str(str_of(field->label)));
    liquid_map_set(arena, map, STR("value"), liquid_str(hidden ? STR("") : form->values[at]));
    liquid_map_set(arena, map, STR("checked"), liquid_bool(form->values[at].len > 0));
    liquid_map_set(arena, map, STR("error"),
                   form->errors[at] ? liquid_str(str_of(form->errors[at])) : LIQUID_OF_NIL);
    return map;
}

void
form_show(const Form *form, LiquidValue page)
{
    Arena *arena = form->arena;
    size_t count = form_count(form), wrong = 0;
    LiquidValue *errors = arena_new_of(arena, LiquidValue, count + 1), map = liquid_map(arena);
    if (form->trouble)
        errors[wrong++] = form_error_of(arena, NULL, NULL, form->trouble);
    for (size_t i = 0; i < count; i++) {
        liquid_map_set(arena, map, str_of(form->fields[i].name), form_field_of(form, i));
        if (form->errors[i])
            errors[wrong++] =
                form_error_of(arena, form->fields[i].name, form->fields[i].label, form->errors[i]);
    }
    liquid_map_set(arena, map, STR("errors"), liquid_array(arena, errors, wrong));
    liquid_map_set(arena, page, STR("form"), map);
}
