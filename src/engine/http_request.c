/* http_request.c - one request: its life, what may be read of it, its answer up to the wire. */
#include "engine/http_inside.h"

#include "base/limits.h"
#include "engine/log.h"
#include "engine/url.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    HTTP_POOL_REQUESTS = 64,      /* kept for the next requests, per thread */
    HTTP_POOL_BYTES = 128 * 1024, /* an arena that grew larger is not kept */
};

static const char *const http_methods[] = {
    [GET] = "GET",     [HEAD] = "HEAD",     [POST] = "POST",       [PUT] = "PUT",
    [PATCH] = "PATCH", [DELETE] = "DELETE", [OPTIONS] = "OPTIONS", [METHOD_OTHER] = "-",
};

const char *
http_method_name(HttpMethod method)
{
    return http_methods[method];
}

HttpMethod
http_method_parse(const char *name)
{
    for (int method = GET; method < METHOD_OTHER; method++) {
        if (strcmp(http_methods[method], name) == 0)
            return (HttpMethod)method;
    }
    return METHOD_OTHER;
}

static const HttpHeader http_defaults[] = {
    {"Content-Security-Policy", HTTP_CSP},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
};

/* ---- life ------------------------------------------------------------------------------------ */

void
request_free(Request *request)
{
    arena_free(request->pub.arena);
    g_free(request);
}

void
request_recycle(Request *request)
{
    HttpThread *thread = request->thread;
    if (thread->pooled >= HTTP_POOL_REQUESTS ||
        arena_used_bytes(request->pub.arena) > HTTP_POOL_BYTES) {
        request_free(request);
        return;
    }
    arena_reset(request->pub.arena);
    request->after = thread->pool;
    thread->pool = request;
    thread->pooled++;
}

bool
request_unref(Request *request)
{
    return atomic_fetch_sub(&request->refs, 1) == 1;
}

static void
request_target_read(Request *request, const char *target)
{
    Str rest = arena_copy(request->pub.arena, str_of(target));
    size_t at;
    if (!str_starts(rest, "/") && str_find(rest, STR("://"), &at)) {
        rest = str_sub(rest, at + 3, rest.len);
        rest = str_find(rest, STR("/"), &at) ? str_sub(rest, at, rest.len) : STR("/");
    }
    str_split(&rest, '?', &request->pub.path);
    request->pub.query = rest;
}

Request *
request_new(HttpServer *server, HttpThread *thread, const char *target)
{
    Request *request = thread->pool;
    Arena *arena;
    if (request) {
        thread->pool = request->after;
        thread->pooled--;
        arena = request->pub.arena;
    } else {
        request = g_new0(Request, 1);
        arena = arena_new(LIMIT_ARENA_BYTES);
    }
    *request = (Request){
        .server = server,
        .thread = thread,
        .refs = 1,
        .pub.arena = arena,
        .body.arena = arena,
    };
    request_target_read(request, target);
    return request;
}

/* ---- reading --------------------------------------------------------------------------------- */

bool
http_query(const HttpRequest *request, const char *name, Str *ret)
{
    return url_query(request->arena, request->query, name, ret);
}

bool
http_cookie(const HttpRequest *request, const char *name, Str *ret)
{
    Str rest = http_header(request, "Cookie"), part, key;
    while (str_split(&rest, ';', &part)) {
        part = str_trim(part);
        if (str_split(&part, '=', &key) && part.at && str_is(key, name)) {
            *ret = part;
            return true;
        }
    }
    return false;
}

static bool
http_header_has(const HttpRequest *request, const char *name, const char *word)
{
    Str value = http_header(request, name);
    size_t at;
    return value.len && str_find(value, str_of(word), &at);
}

bool
http_wants_json(const HttpRequest *request)
{
    if (((const Request *)request)->was_suspended)
        return ((const Request *)request)->wants_json;
    const char *programs = ((const Request *)request)->server->options.programs;
    if (programs && str_starts(request->path, programs))
        return true;
    if (http_header_has(request, "Accept", "text/html"))
        return false;
    return http_header_has(request, "Accept", "json") ||
           http_header_has(request, "Content-Type", "json");
}

static const char *
http_peer_address(const HttpRequest *pub, bool *ret_loopback)
{
    const struct sockaddr *peer = http_peer((const Request *)pub);
    char *ret = arena_bytes(pub->arena, INET6_ADDRSTRLEN);
    ret[0] = '\0';
    *ret_loopback = false;
    if (peer && peer->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)peer)->sin6_addr;
        inet_ntop(AF_INET6, v6, ret, INET6_ADDRSTRLEN);
        *ret_loopback = IN6_IS_ADDR_LOOPBACK(v6) || g_str_has_prefix(ret, "::ffff:127.");
        /* An IPv4 client of a socket for both is shown as what it is. */
        if (IN6_IS_ADDR_V4MAPPED(v6))
            return ret + strlen("::ffff:");
    } else if (peer && peer->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, ret, INET6_ADDRSTRLEN);
        *ret_loopback = g_str_has_prefix(ret, "127.");
    }
    return ret;
}

const char *
http_client_address(const HttpRequest *request)
{
    bool loopback;
    const char *peer = http_peer_address(request, &loopback);
    if (!loopback || !((const Request *)request)->server->options.behind_proxy)
        return peer;
    Str rest = http_header(request, "X-Forwarded-For"), part, last = {0};
    while (str_split(&rest, ',', &part))
        last = str_trim(part);
    struct in6_addr parsed;
    const char *text = arena_cstr(request->arena, last);
    bool is_address =
        inet_pton(AF_INET, text, &parsed) == 1 || inet_pton(AF_INET6, text, &parsed) == 1;
    return is_address ? text : peer;
}

/* ---- answering ------------------------------------------------------------------------------- */

bool
request_take(Request *request)
{
    int state = REQUEST_SUSPENDED;
    if (atomic_compare_exchange_strong(&request->state, &state, REQUEST_TAKEN))
        return true;
    if (state == REQUEST_ABANDONED) {
        if (request_unref(request))
            request_free(request);
        return false;
    }
    must(state == REQUEST_RUNNING || state == REQUEST_TAKEN);
    return true;
}

void
http_header_add(HttpRequest *pub, const char *name, const char *value)
{
    Request *request = (Request *)pub;
    must(!strpbrk(value, "\r\n"));
    for (size_t i = 0; i < G_N_ELEMENTS(http_defaults); i++) {
        if (g_ascii_strcasecmp(name, http_defaults[i].name) == 0)
            request->replaced |= 1u << i;
    }
    if (!value[0])
        return;
    must(request->header_count < HTTP_HEADERS - (int)G_N_ELEMENTS(http_defaults) - 1);
    request->headers[request->header_count++] = (HttpHeader){name, value};
}

void
request_headers_finish(Request *request)
{
    for (size_t i = 0; i < G_N_ELEMENTS(http_defaults); i++) {
        if (!(request->replaced & 1u << i))
            request->headers[request->header_count++] = http_defaults[i];
    }
    if (request->type)
        request->headers[request->header_count++] = (HttpHeader){"Content-Type", request->type};
}

void
http_answer_redirect(HttpRequest *pub, const char *url)
{
    http_header_add(pub, "Location", url);
    http_answer(pub, 303, NULL, (Str){0});
}

void
http_answer_error(HttpRequest *pub, const GError *error)
{
    const HttpServer *server = ((Request *)pub)->server;
    if (!request_take((Request *)pub))
        return;
    HttpProblem problem = http_problem_of(error);
    /* The client is not told what failed here, so this is where it ends. */
    if (problem.status >= 500)
        log_failure("http.failed", error, "method=%s route=%s", http_method_name(pub->method),
                    pub->route ? pub->route : "-");
    if (problem.status == 503)
        http_header_add(pub, "Retry-After", "5");
    if (http_wants_json(pub)) {
        http_answer(pub, problem.status, "application/problem+json",
                    http_problem_json(pub->arena, &problem));
        return;
    }
    Str page = {0};
    if (server->options.error_page)
        page = server->options.error_page(pub, &problem, server->arg);
    if (page.len)
        http_answer(pub, problem.status, "text/html; charset=utf-8", page);
    else
        http_answer(pub, problem.status, "text/plain; charset=utf-8",
                    http_problem_text(pub->arena, &problem));
}
