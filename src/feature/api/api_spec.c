/* api_spec.c - /openapi.json: the API described, from the tables by which it is served.
 *
 * What may be posted is written from the shapes that check it (plug/own_shape.h), what is answered from the columns that
 * write it (api_nouns.c), so the description cannot say anything else than the program does.
 *
 * Source: OpenAPI 3.1.0; its schemas are JSON Schema 2020-12.
 */
#include "feature/api/api_spec.h"

void
spec_put_str(JsonWriter *out, const char *key, const char *text)
{
    json_put_key(out, key);
    json_put_str(out, text);
}

void
spec_put_object(JsonWriter *out, const char *key)
{
    json_put_key(out, key);
    json_put_object(out);
}

void
spec_put_array(JsonWriter *out, const char *key)
{
    json_put_key(out, key);
    json_put_array(out);
}

void
spec_put_int(JsonWriter *out, const char *key, int64_t number)
{
    json_put_key(out, key);
    json_put_int(out, number);
}

/* {"$ref": "#/components/KIND/NAME"} */
void
spec_put_ref(Spec *spec, const char *kind, const char *name)
{
    json_put_object(spec->out);
    spec_put_str(spec->out, "$ref", arena_format(spec->arena, "#/components/%s/%s", kind, name));
    json_put_end(spec->out);
}

void
spec_put_help(JsonWriter *out, const char *help)
{
    if (help && *help)
        spec_put_str(out, "description", help);
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
    spec_put_object(spec->out, "content");
    spec_put_object(spec->out, type);
    json_put_key(spec->out, "schema");
    spec_put_ref(spec, "schemas", schema);
    json_put_end(spec->out);
    json_put_end(spec->out);
}

static void
responses_put(Spec *spec, const char *status, const char *about, const char *schema)
{
    JsonWriter *out = spec->out;
    bool told = g_str_equal(status, "202");
    spec_put_object(out, "responses");
    spec_put_object(out, status);
    spec_put_str(out, "description", about);
    content_put(spec, "application/json", schema);
    json_put_end(out);
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        if (refusals[i].told_only && !told)
            continue;
        spec_put_object(out, arena_format(spec->arena, "%d", refusals[i].status));
        spec_put_str(out, "description", refusals[i].about);
        content_put(spec, "application/problem+json", "Problem");
        json_put_end(out);
    }
    spec_put_object(out, "default");
    spec_put_str(out, "description", "Something else went wrong; 503 may be tried again.");
    content_put(spec, "application/problem+json", "Problem");
    json_put_end(out);
    json_put_end(out);
}

static void
operation_open(Spec *spec, const char *method, const char *id, const char *summary)
{
    spec_put_object(spec->out, method);
    spec_put_str(spec->out, "operationId", id);
    spec_put_str(spec->out, "summary", summary);
}

/* A parameter, whose schema stays open for the caller to fill: two ends. */
static void
parameter_open(Spec *spec, const char *name, const char *in, const char *help)
{
    JsonWriter *out = spec->out;
    json_put_object(out);
    spec_put_str(out, "name", name);
    spec_put_str(out, "in", in);
    spec_put_help(out, help);
    if (g_str_equal(in, "path")) {
        json_put_key(out, "required");
        json_put_bool(out, true);
    }
    spec_put_object(out, "schema");
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
    spec_put_array(out, "parameters");
    parameter_open(spec, "limit", "query", "Rows of a page.");
    spec_put_str(out, "type", "integer");
    spec_put_int(out, "minimum", 1);
    spec_put_int(out, "maximum", API_PAGE_MOST);
    spec_put_int(out, "default", API_PAGE_ROWS);
    parameter_end(spec);
    parameter_open(spec, "cursor", "query", "As it stands in `next` of the page before.");
    spec_put_str(out, "type", "string");
    spec_put_str(out, "pattern", API_CURSOR);
    parameter_end(spec);
    for (int n = 0; n < API_FILTERS; n++) {
        const ApiFilterRow *row = api_filter_row(n);
        if (!(noun->filters & 1 << n))
            continue;
        parameter_open(spec, row->name, "query", row->help);
        spec_put_str(out, "type", "string");
        if (row->kind == API_WHEN)
            spec_put_str(out, "format", "date-time");
        if (row->kind != API_WHEN)
            spec_put_int(out, "maxLength", 254);
        parameter_end(spec);
    }
    json_put_end(out);
}

static void
list_path_put(Spec *spec, const ApiNoun *noun)
{
    JsonWriter *out = spec->out;
    spec_put_object(out, arena_format(spec->arena, "/api/v1/%s", noun->name));
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
        spec_put_array(out, "parameters");
        parameter_open(
            spec, "Idempotency-Key", "header",
            "The same key with the same body is the same request, however often it comes.");
        spec_put_str(out, "type", "string");
        spec_put_str(out, "pattern", "^[A-Za-z0-9_-]+$");
        spec_put_int(out, "minLength", 1);
        spec_put_int(out, "maxLength", TOLD_KEY_CHARS);
        parameter_end(spec);
        json_put_end(out);
        spec_put_object(out, "requestBody");
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
    spec_put_object(out, arena_format(spec->arena, "/api/v1/%s/{id}", path));
    operation_open(spec, "get", operation, about);
    spec_put_array(out, "parameters");
    parameter_open(spec, "id", "path", "Ours, as a list or a receipt names it.");
    spec_put_str(out, "type", "string");
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
    spec_put_object(spec->out, "paths");
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
    spec_put_array(out, "security");
    json_put_object(out);
    spec_put_array(out, "key");
    json_put_end(out);
    json_put_end(out);
    json_put_end(out);
}

static void
components_put(Spec *spec)
{
    JsonWriter *out = spec->out;
    spec_put_object(out, "components");
    spec_put_schemas(spec);
    spec_put_object(out, "securitySchemes");
    spec_put_object(out, "key");
    spec_put_str(out, "type", "http");
    spec_put_str(out, "scheme", "bearer");
    spec_put_str(out, "description",
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
    spec_put_str(out, "openapi", "3.1.0");
    spec_put_object(out, "info");
    spec_put_str(out, "title", "Postlude");
    spec_put_str(out, "version", "1");
    spec_put_str(out, "description",
                 "Tells of a shop's orders and what belongs to them, and asks for them.");
    json_put_end(out);
    spec_put_array(out, "servers");
    json_put_object(out);
    spec_put_str(out, "url", "/");
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
