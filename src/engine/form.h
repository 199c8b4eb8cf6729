/* form.h - what somebody typed into a page: the declared fields, checked, and the page again with what is wrong.
 *
 *     static const FormField fields[] = {
 *         {"email", FORM_EMAIL, "Mail address", .needed = true},
 *         {"role", FORM_CHOICE, "Role", .choices = roles},
 *         {0},
 *     };
 *     Form form;
 *     if (!form_read(ctx->request, fields, &form, error))
 *         return false;
 *     if (form_is_fine(&form) && save(...))
 *         ... http_answer_redirect
 *     form_show(&form, ctx->page);       the same page: values kept, errors beside their fields
 *
 * A field that is not declared does not exist: it is passed over, whatever its name. The first of two with one name
 * counts. Values are UTF-8, of one line unless the field says otherwise, and bounded.
 *
 * In the page: form.NAME.value, .error, .label, .checked; form.errors, a list of {name, label, message} for the summary
 * above, which gets the focus.
 */
#pragma once

#include "base/base.h"
#include "engine/http_server.h"
#include "engine/liquid/liquid.h"

typedef enum FormKind {
    FORM_LINE,     /* one line, trimmed */
    FORM_BLOCK,    /* several */
    FORM_EMAIL,    /* an address, in its normal form */
    FORM_PASSWORD, /* as typed; never shown again */
    FORM_SECRET,   /* one line; never shown again */
    FORM_CHOICE,   /* one of choices */
    FORM_CHECK,    /* "1" or empty */
} FormKind;

typedef struct FormField {
    const char *name; /* NULL ends a table */
    FormKind kind;
    const char *label; /* as the page calls it, for the summary */
    bool needed;
    size_t most_bytes;          /* 0: LIMIT_TEXT_BYTES */
    const char *const *choices; /* NULL-terminated */
} FormField;

enum { FORM_FIELDS_MOST = 128 };

typedef struct Form {
    Arena *arena;
    const FormField *fields;
    Str values[FORM_FIELDS_MOST];
    const char *errors[FORM_FIELDS_MOST];
    const char *trouble; /* about the whole, not one field */
} Form;

/* Was this sent as a form? Before http_suspend. */
bool form_is_sent(const HttpRequest *request);

/* The undeclared value of one name of the body, for the token that is checked before any form is read. */
bool form_peek(const HttpRequest *request, const char *name, Str *ret);

/* Reads and checks. What a person typed wrongly is in the form's errors; ERR_INPUT is for what no browser sends. */
bool form_read(HttpRequest *request, const FormField *fields, Form *ret, GError **error);

/* An empty form with values to begin with (form_set), for the GET of the page. */
void form_begin(Arena *arena, const FormField *fields, Form *ret);
void form_set(Form *form, const char *name, Str value);

/* A name that is not declared is our bug (must). */
Str form_value(const Form *form, const char *name);
bool form_checked(const Form *form, const char *name);

/* Notes what is wrong with a field (the first word on it counts); NULL: with the whole. Always false. */
bool form_wrong(Form *form, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
bool form_is_fine(const Form *form);
const char *form_error(const Form *form, const char *name); /* NULL: none */

/* Puts it into the page as `form`. */
void form_show(const Form *form, LiquidValue page);
