/* api_schema.c - the nouns described: what may be posted, from the shapes that check it, and what is answered, from the
 * columns that write it. */
#include "feature/api/api_spec.h"

/* "type": one, or a list of them. */
static void
put_types(JsonWriter *out, const char *one, const char *other, bool none)
{
    json_put_key(out, "type");
    if (!other && !none) {
        json_put_str(out, one);
        return;
    }
    json_put_array(out);
    json_put_str(out, one);
    if (other)
        json_put_str(out, other);
    if (none)
        json_put_str(out, "null");
    json_put_end(out);
}

/* ---- what may be posted --------------------------------------------------------------------------------------- */

static void shape_members_put(Spec *spec, const OwnShape *shape, bool none);

static void
words_put(Spec *spec, const char *const *words, bool none)
{
    spec_put_array(spec->out, "enum");
    for (size_t i = 0; words[i]; i++)
        json_put_str(spec->out, words[i]);
    if (none)
        json_put_null(spec->out);
    json_put_end(spec->out);
}

static void
amount_put(Spec *spec, const OwnField *field, bool none)
{
    JsonWriter *out = spec->out;
    const int64_t most = INT64_C(9999999999);
    put_types(out, "string", "number", none);
    spec_put_str(out, "pattern", own_type_row(field->type)->pattern);
    spec_put_int(out, "minimum", field->type == OWN_SUM ? 0 : -most);
    spec_put_int(out, "maximum", most);
}

static void
list_put(Spec *spec, const OwnField *field, bool none)
{
    put_types(spec->out, "array", NULL, none);
    spec_put_int(spec->out, "maxItems", (int64_t)field->most);
    spec_put_object(spec->out, "items");
    shape_members_put(spec, field->shape, false);
    json_put_end(spec->out);
}

static void
text_put(Spec *spec, const OwnField *field, bool none)
{
    JsonWriter *out = spec->out;
    const OwnTypeRow *row = own_type_row(field->type);
    put_types(out, row->json, NULL, none);
    if (row->pattern)
        spec_put_str(out, "pattern", row->pattern);
    if (row->format)
        spec_put_str(out, "format", row->format);
    if (row->chars)
        spec_put_int(out, "maxLength", (int64_t)row->chars);
    if (field->words)
        words_put(spec, field->words, none);
}

static void
currency_put(Spec *spec, bool none)
{
    JsonWriter *out = spec->out;
    put_types(out, "string", NULL, none);
    spec_put_array(out, "enum");
    for (size_t i = 0; i < spec->currency_count; i++)
        json_put_str(out, spec->currencies[i]);
    if (none)
        json_put_null(out);
    json_put_end(out);
}

static void
field_put(Spec *spec, const OwnField *field)
{
    JsonWriter *out = spec->out;
    bool none = !field->needed;
    spec_put_object(out, field->name);
    switch (field->type) {
    case OWN_OBJECT:
        shape_members_put(spec, field->shape, none);
        break;
    case OWN_LIST:
        list_put(spec, field, none);
        break;
    case OWN_CURRENCY:
        currency_put(spec, none);
        break;
    case OWN_AMOUNT:
    case OWN_SUM:
        amount_put(spec, field, none);
        break;
    case OWN_COUNT:
        put_types(out, "integer", NULL, none);
        spec_put_int(out, "minimum", 0);
        spec_put_int(out, "maximum", OWN_COUNT_MOST);
        break;
    case OWN_PROPERTIES:
        put_types(out, "object", NULL, none);
        spec_put_int(out, "maxProperties", OWN_PROPERTIES_MOST);
        break;
    default:
        text_put(spec, field, none);
    }
    spec_put_help(out, field->help);
    json_put_end(out);
}

/* Into an object that is open. */
static void
shape_members_put(Spec *spec, const OwnShape *shape, bool none)
{
    JsonWriter *out = spec->out;
    put_types(out, "object", NULL, none);
    spec_put_object(out, "properties");
    for (const OwnField *field = shape->fields; field->name; field++)
        field_put(spec, field);
    json_put_end(out);
    bool any = false;
    for (const OwnField *field = shape->fields; field->name; field++) {
        if (field->needed && !any)
            spec_put_array(out, "required");
        any |= field->needed;
        if (field->needed)
            json_put_str(out, field->name);
    }
    if (any)
        json_put_end(out);
    json_put_key(out, "additionalProperties");
    json_put_bool(out, false);
}

/* ---- what is answered ------------------------------------------------------------------------------------------- */

static void columns_put(Spec *spec, const ApiColumn *columns);

static void
postal_put(Spec *spec, bool none)
{
    JsonWriter *out = spec->out;
    put_types(out, "object", NULL, none);
    spec_put_object(out, "additionalProperties");
    spec_put_str(out, "type", "string");
    json_put_end(out);
}

static void
money_members_put(Spec *spec)
{
    JsonWriter *out = spec->out;
    spec_put_str(out, "type", "object");
    spec_put_object(out, "properties");
    spec_put_object(out, "amount");
    spec_put_str(out, "type", "string");
    spec_put_str(out, "pattern", "^-?[0-9]+(\\.[0-9]+)?$");
    json_put_end(out);
    spec_put_object(out, "currency");
    spec_put_str(out, "type", "string");
    json_put_end(out);
    json_put_end(out);
    spec_put_array(out, "required");
    json_put_str(out, "amount");
    json_put_str(out, "currency");
    json_put_end(out);
    json_put_key(out, "additionalProperties");
    json_put_bool(out, false);
}

static void
column_put(Spec *spec, const ApiColumn *column)
{
    JsonWriter *out = spec->out;
    spec_put_object(out, column->name);
    switch (column->kind) {
    case API_COUNT:
        put_types(out, "integer", NULL, column->none);
        break;
    case API_YES:
        put_types(out, "boolean", NULL, column->none);
        break;
    case API_WHEN:
        put_types(out, "string", NULL, column->none);
        spec_put_str(out, "format", "date-time");
        break;
    case API_MONEY:
        money_members_put(spec);
        break;
    case API_POSTAL:
        postal_put(spec, column->none);
        break;
    case API_OBJECT:
        put_types(out, "object", NULL, column->none);
        break;
    case API_POSTALS:
        spec_put_str(out, "type", "array");
        spec_put_object(out, "items");
        postal_put(spec, false);
        json_put_end(out);
        break;
    case API_PART:
        spec_put_str(out, "type", "array");
        spec_put_object(out, "items");
        columns_put(spec, column->part->columns);
        json_put_end(out);
        break;
    default:
        put_types(out, "string", NULL, column->none);
    }
    spec_put_help(out, column->help);
    json_put_end(out);
}

/* Into an object that is open. All that is described is there, if only as null. */
static void
columns_put(Spec *spec, const ApiColumn *columns)
{
    JsonWriter *out = spec->out;
    spec_put_str(out, "type", "object");
    spec_put_object(out, "properties");
    for (const ApiColumn *column = columns; column->name; column++)
        if (*column->name)
            column_put(spec, column);
    json_put_end(out);
    spec_put_array(out, "required");
    for (const ApiColumn *column = columns; column->name; column++)
        if (*column->name)
            json_put_str(out, column->name);
    json_put_end(out);
    json_put_key(out, "additionalProperties");
    json_put_bool(out, false);
}

/* Members of an object that are texts, some of them null. */
static void
texts_put(Spec *spec, const char *const *names, const char *null_name)
{
    JsonWriter *out = spec->out;
    spec_put_str(out, "type", "object");
    spec_put_object(out, "properties");
    for (size_t i = 0; names[i]; i++) {
        spec_put_object(out, names[i]);
        put_types(out, "string", NULL, null_name && g_str_equal(names[i], null_name));
        json_put_end(out);
    }
    json_put_end(out);
    spec_put_array(out, "required");
    for (size_t i = 0; names[i]; i++)
        json_put_str(out, names[i]);
    json_put_end(out);
    json_put_key(out, "additionalProperties");
    json_put_bool(out, false);
}

static void
problem_put(Spec *spec)
{
    static const char *const texts[] = {"type", "title", "detail", "code", "cure", NULL};
    static const char *const wrong[] = {"pointer", "detail", NULL};
    JsonWriter *out = spec->out;
    spec_put_object(out, "Problem");
    spec_put_str(out, "description", "What went wrong (RFC 9457).");
    spec_put_str(out, "type", "object");
    spec_put_object(out, "properties");
    for (size_t i = 0; texts[i]; i++) {
        spec_put_object(out, texts[i]);
        spec_put_str(out, "type", "string");
        json_put_end(out);
    }
    spec_put_object(out, "status");
    spec_put_str(out, "type", "integer");
    json_put_end(out);
    spec_put_object(out, "errors");
    spec_put_str(out, "type", "array");
    spec_put_object(out, "items");
    texts_put(spec, wrong, NULL);
    json_put_end(out);
    json_put_end(out);
    json_put_end(out);
    spec_put_array(out, "required");
    for (size_t i = 0; texts[i]; i++)
        json_put_str(out, texts[i]);
    json_put_str(out, "status");
    json_put_end(out);
    json_put_end(out);
}

static void
page_schema_put(Spec *spec, const ApiNoun *noun)
{
    JsonWriter *out = spec->out;
    spec_put_object(out, arena_format(spec->arena, "%sPage", noun->title));
    spec_put_str(out, "type", "object");
    spec_put_object(out, "properties");
    spec_put_object(out, noun->name);
    spec_put_str(out, "type", "array");
    json_put_key(out, "items");
    spec_put_ref(spec, "schemas", noun->title);
    json_put_end(out);
    spec_put_object(out, "next");
    put_types(out, "string", NULL, true);
    spec_put_help(out, "The address of the next page; null: this is the last one by now.");
    json_put_end(out);
    json_put_end(out);
    spec_put_array(out, "required");
    json_put_str(out, noun->name);
    json_put_str(out, "next");
    json_put_end(out);
    json_put_key(out, "additionalProperties");
    json_put_bool(out, false);
    json_put_end(out);
}

void
spec_put_schemas(Spec *spec)
{
    static const char *const receipt[] = {"id", "noun", "href", NULL};
    static const char *const delivery[] = {"id", "noun", "state", "reason", "received_at", NULL};
    JsonWriter *out = spec->out;
    const ApiNoun *noun;
    spec_put_object(out, "schemas");
    for (size_t n = 0; (noun = api_noun_nth(n)); n++) {
        if (noun->told >= 0) {
            const OwnShape *shape = own_noun_shape(spec->arena, (OwnNoun)noun->told);
            spec_put_object(out, arena_format(spec->arena, "%sTold", shape->title));
            shape_members_put(spec, shape, false);
            spec_put_help(out, shape->about);
            json_put_end(out);
        }
        if (!noun->title)
            continue;
        spec_put_object(out, noun->title);
        columns_put(spec, noun->columns);
        json_put_end(out);
        page_schema_put(spec, noun);
    }
    spec_put_object(out, "Receipt");
    texts_put(spec, receipt, NULL);
    json_put_end(out);
    spec_put_object(out, "Delivery");
    texts_put(spec, delivery, "reason");
    json_put_end(out);
    problem_put(spec);
    json_put_end(out);
}
