/* api_spec.c - /openapi.json: the API described, from the tables by which it is served.
 *
 * What may be posted is written from the shapes that check it (plug/own_shape.h), what is answered from the columns that
 * write it (api_nouns.c), so the description cannot say anything else than the program does.
 *
 * Source: OpenAPI 3.1.0; its schemas are JSON Schema 2020-12.
 */
#include "feature/api/api_inside.h"

#include "base/json_write.h"

typedef struct Spec {
    Arena *arena;
    JsonWriter *out;
    const char *const *currencies;
    size_t currency_count;
} Spec;

static void
put_key_str(JsonWriter *out, const char *key, const char *text)
{
    json_put_key(out, key);
    json_put_str(out, text);
}

static void
put_key_object(JsonWriter *out, const char *key)
{
    json_put_key(out, key);
    json_put_object(out);
}

static void
put_key_array(JsonWriter *out, const char *key)
{
    json_put_key(out, key);
    json_put_array(out);
}

static void
put_key_int(JsonWriter *out, const char *key, int64_t number)
{
    json_put_key(out, key);
    json_put_int(out, number);
}

/* {"$ref": "#/components/KIND/NAME"} */
static void
put_ref(Spec *spec, const char *kind, const char *name)
{
    json_put_object(spec->out);
    put_key_str(spec->out, "$ref", arena_format(spec->arena, "#/components/%s/%s", kind, name));
    json_put_end(spec->out);
}

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

static void
put_help(JsonWriter *out, const char *help)
{
    if (help && *help)
        put_key_str(out, "description", help);
}

/* ---- what may be posted --------------------------------------------------------------------------------------- */

static void shape_members_put(Spec *spec, const OwnShape *shape, bool none);

static void
words_put(Spec *spec, const char *const *words, bool none)
{
    put_key_array(spec->out, "enum");
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
    put_key_str(out, "pattern", own_type_row(field->type)->pattern);
    put_key_int(out, "minimum", field->type == OWN_SUM ? 0 : -most);
    put_key_int(out, "maximum", most);
}

static void
list_put(Spec *spec, const OwnField *field, bool none)
{
    put_types(spec->out, "array", NULL, none);
    put_key_int(spec->out, "maxItems", (int64_t)field->most);
    put_key_object(spec->out, "items");
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
        put_key_str(out, "pattern", row->pattern);
    if (row->format)
        put_key_str(out, "format", row->format);
    if (row->chars)
        put_key_int(out, "maxLength", (int64_t)row->chars);
    if (field->words)
        words_put(spec, field->words, none);
}

static void
currency_put(Spec *spec, bool none)
{
    JsonWriter *out = spec->out;
    put_types(out, "string", NULL, none);
    put_key_array(out, "enum");
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
    put_key_object(out, field->name);
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
        put_key_int(out, "minimum", 0);
        put_key_int(out, "maximum", OWN_COUNT_MOST);
        break;
    case OWN_PROPERTIES:
        put_types(out, "object", NULL, none);
        put_key_int(out, "maxProperties", OWN_PROPERTIES_MOST);
        break;
    default:
        text_put(spec, field, none);
    }
    put_help(out, field->help);
    json_put_end(out);
}

/* Into an object that is open. */
static void
shape_members_put(Spec *spec, const OwnShape *shape, bool none)
{
    JsonWriter *out = spec->out;
    put_types(out, "object", NULL, none);
    put_key_object(out, "properties");
    for (const OwnField *field = shape->fields; field->name; field++)
        field_put(spec, field);
    json_put_end(out);
    bool any = false;
    for (const OwnField *field = shape->fields; field->name; field++) {
        if (field->needed && !any)
            put_key_array(out, "required");
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
    put_key_object(out, "additionalProperties");
    put_key_str(out, "type", "string");
    json_put_end(out);
}

static void
money_members_put(Spec *spec)
{
    JsonWriter *out = spec->out;
    put_key_str(out, "type", "object");
    put_key_object(out, "properties");
    put_key_object(out, "amount");
    put_key_str(out, "type", "string");
    put_key_str(out, "pattern", "^-?[0-9]+(\\.[0-9]+)?$");
    json_put_end(out);
    put_key_object(out, "currency");
    put_key_str(out, "type", "string");
    json_put_end(out);
    json_put_end(out);
    put_key_array(out, "required");
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
    put_key_object(out, column->name);
    switch (column->kind) {
    case API_COUNT:
        put_types(out, "integer", NULL, column->none);
        break;
    case API_YES:
        put_types(out, "boolean", NULL, column->none);
        break;
    case API_WHEN:
        put_types(out, "string", NULL, column->none);
        put_key_str(out, "format", "date-time");
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
        put_key_str(out, "type", "array");
        put_key_object(out, "items");
        postal_put(spec, false);
        json_put_end(out);
        break;
    case API_PART:
        put_key_str(out, "type", "array");
        put_key_object(out, "items");
        columns_put(spec, column->part->columns);
        json_put_end(out);
        break;
    default:
        put_types(out, "string", NULL, column->none);
    }
    put_help(out, column->help);
    json_put_end(out);
}

/* Into an object that is open. All that is described is there, if only as null. */
static void
columns_put(Spec *spec, const ApiColumn *columns)
{
    JsonWriter *out = spec->out;
    put_key_str(out, "type", "object");
    put_key_object(out, "properties");
    for (const ApiColumn *column = columns; column->name; column++)
        if (*column->name)
            column_put(spec, column);
    json_put_end(out);
    put_key_array(out, "required");
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
    put_key_str(out, "type", "object");
    put_key_object(out, "properties");
    for (size_t i = 0; names[i]; i++) {
        put_key_object(out, names[i]);
        put_types(out, "string", NULL, null_name && g_str_equal(names[i], null_name));
        json_put_end(out);
    }
    json_put_end(out);
    put_key_array(out, "required");
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
    put_key_object(out, "Problem");
    put_key_str(out, "description", "What went wrong (RFC 9457).");
    put_key_str(out, "type", "object");
    put_key_object(out, "properties");
    for (size_t i = 0; texts[i]; i++) {
        put_key_object(out, texts[i]);
        put_key_str(out, "type", "string");
        json_put_end(out);
    }
    put_key_object(out, "status");
    put_key_str(out, "type", "integer");
    json_put_end(out);
    put_key_object(out, "errors");
    put_key_str(out, "type", "array");
    put_key_object(out, "items");
    texts_put(spec, wrong, NULL);
    json_put_end(out);
    json_put_end(out);
    json_put_end(out);
    put_key_array(out, "required");
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
    put_key_object(out, arena_format(spec->arena, "%sPage", noun->title));
    put_key_str(out, "type", "object");
    put_key_object(out, "properties");
    put_key_object(out, noun->name);
    put_key_str(out, "type", "array");
    json_put_key(out, "items");
    put_ref(spec, "schemas", noun->title);
    json_put_end(out);
    put_key_object(out, "next");
    put_types(out, "string", NULL, true);
    put_help(out, "The address of the next page; null: this is the last one by now.");
    json_put_end(out);
    json_put_end(out);
    put_key_array(out, "required");
    json_put_str(out, noun->name);
    json_put_str(out, "next");
    json_put_end(out);
    json_put_key(out, "additionalProperties");
    json_put_bool(out, false);
    json_put_end(out);
}

static void
schemas_put(Spec *spec)
{
    static const char *const receipt[] = {"id", "noun", "href", NULL};
    static const char *const delivery[] = {"id", "noun", "state", "reason", "received_at", NULL};
    JsonWriter *out = spec->out;
    const ApiNoun *noun;
    put_key_object(out, "schemas");
    for (size_t n = 0; (noun = api_noun_nth(n)); n++) {
        if (noun->told >= 0) {
            const OwnShape *shape = own_noun_shape(spec->arena, (OwnNoun)noun->told);
            put_key_object(out, arena_format(spec->arena, "%sTold", shape->title));
            shape_members_put(spec, shape, false);
            put_help(out, shape->about);
            json_put_end(out);
        }
        if (!noun->title)
            continue;
        put_key_object(out, noun->title);
        columns_put(spec, noun->columns);
        json_put_end(out);
        page_schema_put(spec, noun);
    }
    put_key_object(out, "Receipt");
    texts_put(spec, receipt, NULL);
    json_put_end(out);
    put_key_object(out, "Delivery");
    texts_put(spec, delivery, "reason");
    json_put_end(out);
    problem_put(spec);
    json_put_end(out);
}

/* ---- addresses ------------------------------------------------------------------------------------------------------ */

static const struct {
    int status;
    const char *about;
    bool told_only;
} refusals[] = {
    {400, "The request cannot be read.", false},
    {401, "The key is missing, unknown or revoked.", false},
    {403, "The key has no such scope.", false},
    {404, "There is nothing of this id in the key's shop.", false},
    {413, "The body is too large.", true},
    {415, "The body is not application/json.", true},
    {422, "Fields are wrong: `errors` names each; or an Idempotency-Key was used for another body.",
     true},
    {429, "The key asks too often; Retry-After says how long to wait.", false},
};

static void
content_put(Spec *spec, const char *type, const char *schema)
{
    put_key_object(spec->out, "content");
    put_key_object(spec->out, type);
    json_put_key(spec->out, "schema");
    put_ref(spec, "schemas", schema);
    json_put_end(spec->out);
    json_put_end(spec->out);
}

static void
responses_put(Spec *spec, const char *status, const char *about, const char *schema)
{
    JsonWriter *out = spec->out;
    bool told = g_str_equal(status, "202");
    put_key_object(out, "responses");
    put_key_object(out, status);
    put_key_str(out, "description", about);
    content_put(spec, "application/json", schema);
    json_put_end(out);
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        if (refusals[i].told_only && !told)
            continue;
        put_key_object(out, arena_format(spec->arena, "%d", refusals[i].status));
        put_key_str(out, "description", refusals[i].about);
        content_put(spec, "application/problem+json", "Problem");
        json_put_end(out);
    }
    put_key_object(out, "default");
    put_key_str(out, "description", "Something else went wrong; 503 may be tried again.");
    content_put(spec, "application/problem+json", "Problem");
    json_put_end(out);
    json_put_end(out);
}

static void
operation_open(Spec *spec, const char *method, const char *id, const char *summary)
{
    put_key_object(spec->out, method);
    put_key_str(spec->out, "operationId", id);
    put_key_str(spec->out, "summary", summary);
}

/* A parameter, whose schema stays open for the caller to fill: two ends. */
static void
parameter_open(Spec *spec, const char *name, const char *in, const char *help)
{
    JsonWriter *out = spec->out;
    json_put_object(out);
    put_key_str(out, "name", name);
    put_key_str(out, "in", in);
    put_help(out, help);
    if (g_str_equal(in, "path")) {
        json_put_key(out, "required");
        json_put_bool(out, true);
    }
    put_key_object(out, "schema");
}

static void
parameter_end(Spec *spec)
{
    json_put_end(spec->out);
    json_put_end(spec->out);
}

static void
list_parameters_put(Spec *spec, const ApiNoun *noun)
{
    JsonWriter *out = spec->out;
    put_key_array(out, "parameters");
    parameter_open(spec, "limit", "query", "Rows of a page.");
    put_key_str(out, "type", "integer");
    put_key_int(out, "minimum", 1);
    put_key_int(out, "maximum", API_PAGE_MOST);
    put_key_int(out, "default", API_PAGE_ROWS);
    parameter_end(spec);
    parameter_open(spec, "cursor", "query", "As it stands in `next` of the page before.");
    put_key_str(out, "type", "string");
    put_key_str(out, "pattern", API_CURSOR);
    parameter_end(spec);
    for (int n = 0; n < API_FILTERS; n++) {
        const ApiFilterRow *row = api_filter_row(n);
        if (!(noun->filters & 1 << n))
            continue;
        parameter_open(spec, row->name, "query", row->help);
        put_key_str(out, "type", "string");
        if (row->kind == API_WHEN)
            put_key_str(out, "format", "date-time");
        if (row->kind != API_WHEN)
            put_key_int(out, "maxLength", 254);
        parameter_end(spec);
    }
    json_put_end(out);
}

static void
list_path_put(Spec *spec, const ApiNoun *noun)
{
    JsonWriter *out = spec->out;
    put_key_object(out, arena_format(spec->arena, "/api/v1/%s", noun->name));
    if (noun->title) {
        operation_open(
            spec, "get", arena_format(spec->arena, "%s_list", noun->name),
            arena_format(spec->arena, "Pages of %s, in the order in which they came.", noun->name));
        list_parameters_put(spec, noun);
        responses_put(spec, "200", "A page.", arena_format(spec->arena, "%sPage", noun->title));
        json_put_end(out);
    }
    if (noun->told >= 0) {
        const char *title = own_noun_shape(spec->arena, (OwnNoun)noun->told)->title;
        operation_open(spec, "post", arena_format(spec->arena, "%s_tell", noun->name),
                       arena_format(spec->arena, "Tells of one of the shop's %s.", noun->name));
        put_key_array(out, "parameters");
        parameter_open(
            spec, "Idempotency-Key", "header",
            "The same key with the same body is the same request, however often it comes.");
        put_key_str(out, "type", "string");
        put_key_str(out, "pattern", "^[A-Za-z0-9_-]+$");
        put_key_int(out, "minLength", 1);
        put_key_int(out, "maxLength", TOLD_KEY_CHARS);
        parameter_end(spec);
        json_put_end(out);
        put_key_object(out, "requestBody");
        json_put_key(out, "required");
        json_put_bool(out, true);
        content_put(spec, "application/json", arena_format(spec->arena, "%sTold", title));
        json_put_end(out);
        responses_put(spec, "202", "Kept; it is worked on.", "Receipt");
        json_put_end(out);
    }
    json_put_end(out);
}

static void
one_path_put(Spec *spec, const char *path, const char *operation, const char *about,
             const char *schema)
{
    JsonWriter *out = spec->out;
    put_key_object(out, arena_format(spec->arena, "/api/v1/%s/{id}", path));
    operation_open(spec, "get", operation, about);
    put_key_array(out, "parameters");
    parameter_open(spec, "id", "path", "Ours, as a list or a receipt names it.");
    put_key_str(out, "type", "string");
    parameter_end(spec);
    json_put_end(out);
    responses_put(spec, "200", about, schema);
    json_put_end(out);
    json_put_end(out);
}

static void
paths_put(Spec *spec)
{
    const ApiNoun *noun;
    put_key_object(spec->out, "paths");
    for (size_t n = 0; (noun = api_noun_nth(n)); n++) {
        list_path_put(spec, noun);
        if (noun->title)
            one_path_put(spec, noun->name, arena_format(spec->arena, "%s_get", noun->name),
                         arena_format(spec->arena, "One of the %s.", noun->name), noun->title);
    }
    one_path_put(
        spec, "deliveries", "deliveries_get",
        "What became of what was posted: new, done, same (nothing new in it), early (it waits "
        "for its order), unread, aside.",
        "Delivery");
    json_put_end(spec->out);
}

static void
security_put(Spec *spec)
{
    JsonWriter *out = spec->out;
    put_key_array(out, "security");
    json_put_object(out);
    put_key_array(out, "key");
    json_put_end(out);
    json_put_end(out);
    json_put_end(out);
}

static void
components_put(Spec *spec)
{
    JsonWriter *out = spec->out;
    put_key_object(out, "components");
    schemas_put(spec);
    put_key_object(out, "securitySchemes");
    put_key_object(out, "key");
    put_key_str(out, "type", "http");
    put_key_str(out, "scheme", "bearer");
    put_key_str(out, "description",
                "A key of one shop: `postlude key api SHOP --name PROGRAM --scopes ...`");
    json_put_end(out);
    json_put_end(out);
    json_put_end(out);
}

bool
api_spec(RouteCtx *ctx, GError **error)
{
    Buf buf = {.arena = ctx->arena};
    JsonWriter *out = arena_new_of(ctx->arena, JsonWriter, 1);
    Spec spec = {.arena = ctx->arena, .out = out};
    spec.currencies = own_currencies(ctx->arena, &spec.currency_count);
    out->buf = &buf;
    json_put_object(out);
    put_key_str(out, "openapi", "3.1.0");
    put_key_object(out, "info");
    put_key_str(out, "title", "Postlude");
    put_key_str(out, "version", "1");
    put_key_str(out, "description",
                "Tells of a shop's orders and what belongs to them, and asks for them.");
    json_put_end(out);
    put_key_array(out, "servers");
    json_put_object(out);
    put_key_str(out, "url", "/");
    json_put_end(out);
    json_put_end(out);
    security_put(&spec);
    paths_put(&spec);
    components_put(&spec);
    json_put_end(out);
    json_put_done(out);
    ctx->json = buf_str(&buf);
    return true;
}
