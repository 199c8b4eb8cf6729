/* api.c - /api/v1: what programs tell and ask, with a key of the shop.
 *
 * What is posted is looked through field by field and durable before the 202 (flow/told.h); what became of it is asked for
 * at /api/v1/deliveries/ID. There is no CORS: a key in a browser is a key in everybody's hands.
 *
 * Sources: RFC 6750 (Bearer), RFC 9457 (problems), RFC 8288 (Link), draft-ietf-httpapi-idempotency-key-header-07,
 * draft-ietf-httpapi-ratelimit-headers-10 (RateLimit, RateLimit-Policy).
 */
#include "feature/api/api_inside.h"

#include "base/json_write.h"
#include "base/when.h"
#include "engine/bucket.h"
#include "engine/clock.h"

#include <inttypes.h>

/* ---- who comes in ------------------------------------------------------------------------------------------------ */

static bool
bearer_read(const HttpRequest *request, Str *ret, GError **error)
{
    static const char scheme[] = "bearer ";
    enum { SCHEME_LEN = sizeof scheme - 1 };
    Str header = http_header(request, "Authorization");
    if (!header.len)
        return fail(error, ERR_AUTH,
                    "the header Authorization is missing: it says Bearer and a key of the shop");
    if (header.len < SCHEME_LEN || !str_eq_nocase(str_sub(header, 0, SCHEME_LEN), scheme))
        return fail(error, ERR_AUTH, "Authorization says Bearer and a key of the shop");
    *ret = str_trim(str_sub(header, SCHEME_LEN, header.len));
    return true;
}

static int64_t
per_minute(const ShopEntry *shop)
{
    enum { MOST = 1000 * 1000, PRESET = 600 };
    Str text = shop_setting(shop, SETTING_API_PER_MINUTE);
    int64_t number = 0;
    for (size_t i = 0; i < text.len && g_ascii_isdigit(text.at[i]) && number < MOST; i++)
        number = number * 10 + (text.at[i] - '0');
    return number ? MIN(number, MOST) : PRESET;
}

static bool
rate_check(RouteCtx *ctx, const ApiGuest *guest, GError **error)
{
    int64_t most = per_minute(guest->shop);
    BucketSays says =
        bucket_take(route_app(ctx)->api_rates, guest->key.id, most, clock_monotonic());
    int64_t wait = (says.wait_ms + 999) / 1000;
    http_header_add(ctx->request, "RateLimit-Policy",
                    arena_format(ctx->arena, "\"key\";q=%" PRId64 ";w=60", most));
    http_header_add(ctx->request, "RateLimit",
                    arena_format(ctx->arena, "\"key\";r=%" PRId64 ";t=%" PRId64, says.left, wait));
    if (says.may)
        return true;
    http_header_add(ctx->request, "Retry-After",
                    arena_format(ctx->arena, "%" PRId64, MAX(wait, 1)));
    return fail(error, ERR_RATE, "this key asks more than %" PRId64 " times a minute", most);
}

static void
guest_leave(void *shop)
{
    shop_unref(shop);
}

static bool
guest_find(RouteCtx *ctx, ApiGuest *ret, GError **error)
{
    Str key;
    Db *db = route_db(ctx, error);
    if (!db || !bearer_read(ctx->request, &key, error) ||
        !api_key_find(db, ctx->arena, key, &ret->key, error))
        return false;
    ret->shop = shopbook_get(route_app(ctx)->shops, ret->key.shop);
    if (!ret->shop)
        return fail(error, ERR_AUTH, "the shop of this key is gone");
    route_keep(ctx, (void *)ret->shop, guest_leave);
    return true;
}

bool
api_allow(RouteCtx *ctx, GError **error)
{
    ApiGuest *guest = arena_new_of(ctx->arena, ApiGuest, 1);
    const ApiNoun *noun = api_noun_of(ctx->route);
    bool writes = ctx->route->method != GET;
    GError *problem = NULL;
    ctx->who = guest;
    if (!guest_find(ctx, guest, &problem)) {
        if (error_is(problem, ERR_AUTH))
            http_header_add(ctx->request, "WWW-Authenticate", "Bearer realm=\"postlude\"");
        g_propagate_error(error, problem);
        return false;
    }
    if (!rate_check(ctx, guest, error))
        return false;
    return !noun || api_key_may(&guest->key, noun->name, writes) ||
           fail(error, ERR_FORBIDDEN, "this key has no scope %s:%s", noun->name,
                writes ? "write" : "read");
}

/* ---- what is posted ------------------------------------------------------------------------------------------------- */

static Str
told_json(Arena *arena, const Told *told, const char **ret_url)
{
    char id[ID_TEXT_BYTES];
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    *ret_url = arena_format(arena, "/api/v1/deliveries/%s", id_format(told->inbox_id, id));
    json_put_object(&out);
    json_put_key(&out, "id");
    json_put_str(&out, id);
    json_put_key(&out, "noun");
    json_put_text(&out, told->delivery->topic);
    json_put_key(&out, "href");
    json_put_str(&out, *ret_url);
    json_put_end(&out);
    json_put_done(&out);
    return buf_str(&buf);
}

typedef struct Posting {
    HttpRequest *request;
    Flow *flow;
} Posting;

/* On the writer's thread, after the COMMIT. */
static void
told_done(StoreTask *task, const GError *error)
{
    Told *told = (Told *)task;
    Posting *posting = told->caller;
    Flow *flow = posting->flow;
    HttpRequest *request = posting->request;
    const char *url;
    if (error) {
        http_answer_error(request, error);
        return;
    }
    Str json = told_json(request->arena, told, &url);
    bool repeated = told->repeated;
    http_header_add(request, "Location", url);
    if (repeated)
        http_header_add(request, "Idempotent-Replayed", "true");
    http_answer(request, 202, "application/json", json);
    if (!repeated)
        flow_wake_inbox(flow);
}

static void
answer_fields(RouteCtx *ctx, const OwnReading *reading, const GError *error)
{
    HttpProblem problem = http_problem_of(error);
    HttpProblemField *fields = arena_new_of(ctx->arena, HttpProblemField, reading->problem_count);
    for (size_t i = 0; i < reading->problem_count; i++)
        fields[i] = (HttpProblemField){reading->problems[i].pointer, reading->problems[i].detail};
    problem.fields = fields;
    problem.field_count = reading->problem_count;
    http_answer(ctx->request, problem.status, "application/problem+json",
                http_problem_json(ctx->arena, &problem));
}

static bool
json_is_sent(const HttpRequest *request)
{
    Str type = http_header(request, "Content-Type"), name = {0};
    return str_split(&type, ';', &name) && str_eq_nocase(str_trim(name), "application/json");
}

static bool
api_tell(RouteCtx *ctx, GError **error)
{
    const ApiNoun *noun = api_noun_of(ctx->route);
    const OwnReading *reading = NULL;
    HttpRequest *request = ctx->request;
    Told *told;
    GError *problem = NULL;
    if (!json_is_sent(request))
        return fail(error, ERR_MEDIA, "the body is JSON, and Content-Type says application/json");
    ToldAsk ask = {
        .store = ctx->store,
        .shop = api_guest(ctx)->shop,
        .noun = (OwnNoun)noun->told,
        .key = http_header(request, "Idempotency-Key"),
        .body = request->body,
    };
    if (!told_check(request->arena, &ask, &told, &reading, &problem)) {
        bool fields = error_is(problem, ERR_FIELDS);
        if (fields)
            answer_fields(ctx, reading, problem);
        if (!fields)
            g_propagate_error(error, problem);
        else
            g_error_free(problem);
        return fields;
    }
    Posting *posting = arena_new_of(request->arena, Posting, 1);
    *posting = (Posting){request, route_app(ctx)->flow};
    told->caller = posting;
    told->task.done = told_done;
    http_suspend(request);
    told_post(ctx->store, told);
    return true;
}

/* ---- what became of it ------------------------------------------------------------------------------------------------ */

static void
delivery_put(JsonWriter *out, Rows *rows, int64_t id)
{
    char text[ID_TEXT_BYTES], at[WHEN_BYTES];
    when_iso(rows_int(rows, 3), at);
    json_put_object(out);
    json_put_key(out, "id");
    json_put_str(out, id_format(id, text));
    json_put_key(out, "noun");
    json_put_text(out, rows_text(rows, 0));
    json_put_key(out, "state");
    json_put_text(out, rows_text(rows, 1));
    json_put_key(out, "reason");
    json_put_text(out, rows_is_null(rows, 2) ? (Str){0} : rows_text(rows, 2));
    json_put_key(out, "received_at");
    json_put_str(out, at);
    json_put_end(out);
    json_put_done(out);
}

static bool
api_delivery(RouteCtx *ctx, GError **error)
{
    const ApiKey *key = &api_guest(ctx)->key;
    Buf buf = {.arena = ctx->arena};
    JsonWriter out = {.buf = &buf};
    int64_t id;
    Db *db = route_db(ctx, error);
    if (!db)
        return false;
    if (!id_parse(route_param(ctx, "id"), &id) || id <= 0)
        return fail(error, ERR_NOT_FOUND, "this is no id of a delivery");
    g_autoptr(Rows) rows =
        db_rows(db, Q_api_delivery, BINDS(bind_int("shop", key->shop), bind_int("id", id)), error);
    if (!rows)
        return false;
    if (!rows_next(rows) || !api_key_may(key, arena_cstr(ctx->arena, rows_text(rows, 0)), true))
        return rows_ok(rows, error) &&
               fail(error, ERR_NOT_FOUND, "this key posted no delivery of this id");
    delivery_put(&out, rows, id);
    ctx->json = buf_str(&buf);
    return true;
}

static const Route routes[] = {
    {GET, "/openapi.json", ANYONE, api_spec, NULL, DESK_READ},
    {GET, "/api/v1/orders", KEY, api_list, NULL, DESK_READ},
    {POST, "/api/v1/orders", KEY, api_tell, NULL},
    {GET, "/api/v1/orders/:id", KEY, api_one, NULL, DESK_READ},
    {GET, "/api/v1/customers", KEY, api_list, NULL, DESK_READ},
    {POST, "/api/v1/customers", KEY, api_tell, NULL},
    {GET, "/api/v1/customers/:id", KEY, api_one, NULL, DESK_READ},
    {GET, "/api/v1/products", KEY, api_list, NULL, DESK_READ},
    {POST, "/api/v1/products", KEY, api_tell, NULL},
    {GET, "/api/v1/products/:id", KEY, api_one, NULL, DESK_READ},
    {GET, "/api/v1/shipments", KEY, api_list, NULL, DESK_READ},
    {POST, "/api/v1/shipments", KEY, api_tell, NULL},
    {GET, "/api/v1/shipments/:id", KEY, api_one, NULL, DESK_READ},
    {GET, "/api/v1/refunds", KEY, api_list, NULL, DESK_READ},
    {POST, "/api/v1/refunds", KEY, api_tell, NULL},
    {GET, "/api/v1/refunds/:id", KEY, api_one, NULL, DESK_READ},
    {POST, "/api/v1/consents", KEY, api_tell, NULL},
    {GET, "/api/v1/events", KEY, api_list, NULL, DESK_READ},
    {POST, "/api/v1/events", KEY, api_tell, NULL},
    {GET, "/api/v1/events/:id", KEY, api_one, NULL, DESK_READ},
    {GET, "/api/v1/messages", KEY, api_list, NULL, DESK_READ},
    {GET, "/api/v1/messages/:id", KEY, api_one, NULL, DESK_READ},
    {GET, "/api/v1/deliveries/:id", KEY, api_delivery, NULL},
    {0},
};

const Feature feature_api = {
    .title = "API",
    .about = "Programs tell of orders, customers, products, parcels and events, and ask for them.",
    .routes = routes,
};
