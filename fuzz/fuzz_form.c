/* fuzz_form.c - the body of a form, as anybody may post it: engine/form.h. What is read keeps its promises: valid UTF-8
 * within its bound, one line where one is asked for, a choice that there is. */
#include "base/limits.h"
#include "base/text.h"
#include "engine/form.h"

static const char *const roles[] = {"viewer", "owner", NULL};
static const FormField fields[] = {
    {"email", FORM_EMAIL, "Mail address", .needed = true},
    {"name", FORM_LINE, "Name", .most_bytes = 20},
    {"note", FORM_BLOCK, "Note"},
    {"role", FORM_CHOICE, "Role", .choices = roles},
    {"password", FORM_PASSWORD, "Password"},
    {"agree", FORM_CHECK, "Agreed"},
    {0},
};

static void
form_look(const Form *form)
{
    Str role = form_value(form, "role"), name = form_value(form, "name");
    must(!role.len || str_is(role, "viewer") || str_is(role, "owner"));
    must(!text_has(name, '\n') && !text_has(form_value(form, "email"), '\n'));
    for (size_t i = 0; fields[i].name; i++) {
        size_t most = fields[i].most_bytes ? fields[i].most_bytes : LIMIT_TEXT_BYTES;
        Str value = form_value(form, fields[i].name);
        must(text_valid(value));
        must(value.len <= most || form_error(form, fields[i].name));
    }
    must(form_is_fine(form) == (form_value(form, "email").len > 0 && !form_error(form, "email") &&
                                !form_error(form, "name") && !form_error(form, "note") &&
                                !form_error(form, "role") && !form_error(form, "password")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    HttpRequest request = {
        .method = POST, .body = {(const char *)data, size}, .arena = arena, .query = STR("")};
    Form form;
    LiquidValue page = liquid_map(arena);
    if (!form_read(&request, fields, &form, NULL))
        return 0;
    form_look(&form);
    form_show(&form, page);
    return 0;
}
