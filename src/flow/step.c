/* step.c - the list of steps, and the check of what is entered into them. */
#include "flow/step.h"

#include "base/when.h"

#include <string.h>

#define ROW(name) extern const Step step_##name;
#include "flow/steps.def"
#undef ROW

static const struct {
    const char *name;
    const Step *step;
} steps[] = {
#define ROW(name) {#name, &step_##name},
#include "flow/steps.def"
#undef ROW
};

const Step *
step_find(Str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++)
        if (str_is(name, steps[i].name))
            return steps[i].step;
    return NULL;
}

const Step *
step_nth(size_t n, const char **ret_name)
{
    if (n >= G_N_ELEMENTS(steps))
        return NULL;
    *ret_name = steps[n].name;
    return steps[n].step;
}

const char *
step_next_slug(StepNext next)
{
    static const char *const slugs[] = {"go", "wait", "end"};
    must((size_t)next < G_N_ELEMENTS(slugs));
    return slugs[next];
}

static bool
choice_has(const char *choices, Str word)
{
    Str rest = str_of(choices), choice;
    while (str_split(&rest, ' ', &choice))
        if (str_eq(choice, word))
            return true;
    return false;
}

static bool
field_check(const StepField *field, const Json *value, GError **error)
{
    int64_t ms;
    if (json_missing(value))
        return field->optional || fail(error, ERR_CONFIG, "%s is missing", field->name);
    if (json_type(value) != JSON_STRING)
        return fail(error, ERR_CONFIG, "%s is %s, not text", field->name, json_type_name(value));
    if (field->type == FIELD_DURATION && !duration_parse(json_text(value), &ms, error))
        return fail_at(error, "%s", field->name);
    if (field->type == FIELD_CHOICE && !choice_has(field->choices, json_text(value)))
        return fail(error, ERR_CONFIG, "%s is '" STR_FMT "'; it may be one of: %s", field->name,
                    STR_ARG(json_text(value)), field->choices);
    return true;
}

bool
step_check(const Step *step, const Json *config, GError **error)
{
    if (json_type(config) != JSON_OBJECT)
        return fail(error, ERR_CONFIG, "a step's fields are an object, not %s",
                    json_type_name(config));
    for (const StepField *field = step->fields; field->name; field++)
        if (!field_check(field, json_get(config, field->name), error))
            return false;
    for (size_t i = 0; i < json_len(config); i++) {
        bool known = false;
        for (const StepField *field = step->fields; field->name && !known; field++)
            known = str_is(json_key(config, i), field->name);
        if (!known)
            return fail(error, ERR_CONFIG, "there is no field '" STR_FMT "'",
                        STR_ARG(json_key(config, i)));
    }
    return !step->check || step->check(config, error);
}
