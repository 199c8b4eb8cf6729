/* http_server.c - the listener, over libmicrohttpd 0.9.75 (the only file that knows it).
 *
 * What one has to know about libmicrohttpd:
 *  - Its access handler is called several times for one request: when the headers are there, for each
 *    piece of the body, when all is there, and again when a suspended connection was resumed. An
 *    answer that is queued in the FIRST call counts as "before the body" and closes the connection
 *    (6 times slower); so the first call only prepares, unless refusing early is what we want.
 *  - It decodes and cuts the address in place. The raw one is only seen by the URI log callback,
 *    which is also the first to hear of a request: there the Request is made. It ends in the
 *    completed callback, always, also when the connection breaks.
 *  - A suspended connection is out of its event loop: nobody notices that the client left, so
 *    nothing of the request can go away under its holder.
 *  - MHD_stop_daemon aborts the program while a connection is suspended.
 *  - Adding a thread pool of 1 is refused; one thread is the daemon itself.
 */
#include "engine/http_server.h"

#include "base/limits.h"
#include "engine/http_watch.h"
#include "engine/listen.h"
#include "engine/url.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    HTTP_HEADERS = 24,             /* of one answer */
    HTTP_THREADS = 16,             /* at most */
    HTTP_POOL_REQUESTS = 64,       /* kept for the next requests, per thread */
    HTTP_POOL_BYTES = 128 * 1024,  /* an arena that grew larger is not kept */
    HTTP_BODY_WHOLE = 1024 * 1024, /* bodies up to here get their room at once */
    HTTP_DISCARD_TIMES = 4,        /* how much of a refused body is read, in body_bytes */
    HTTP_SLOWEST_BYTES = 16,       /* a client takes an answer at this many bytes a ms, at least */
    HTTP_STOP_GRACE_SECONDS = 5,
    HTTP_FILES = 256, /* descriptors besides connections */
};

typedef enum RequestState {
    REQUEST_READING,
    REQUEST_RUNNING,   /* in the handler */
    REQUEST_SUSPENDED, /* its holder will answer */
    REQUEST_ANSWERED,
    REQUEST_ABANDONED, /* the server stopped before its holder answered */
} RequestState;

typedef struct HttpThread HttpThread;
typedef struct Request Request;

struct Request {
    HttpRequest pub; /* first: the handler's pointer is ours */
    HttpServer *server;
    HttpThread *thread;
    struct MHD_Connection *connection;
    HttpWatched *watched;
    _Atomic int state; /* RequestState */
    _Atomic int refs;  /* the connection's, and the holder's while suspended */
    bool started;      /* the first call was made */
    bool was_suspended;
    bool queued; /* the answer is libmicrohttpd's */
    Buf body;
    size_t claimed;   /* bytes of server->bodies */
    size_t discarded; /* bytes of a refused body */
    GError *refusal;  /* the body is not wanted */
    int64_t began_us; /* only when somebody logs */

    int status;
    const char *type;
    Str answer;
    unsigned replaced; /* bits of http_defaults */
    int header_count;
    struct {
        const char *name, *value;
    } headers[HTTP_HEADERS];

    Request *before, *after; /* among the suspended; after also among the pooled */
};

/* One web thread's own: no locks. */
struct HttpThread {
    Request *pool;
    int pooled;
};

struct HttpServer {
    HttpServerOptions options;
    HttpHandler handler;
    void *arg;
    struct MHD_Daemon *daemon;
    HttpWatch *watch;
    int listen_fd, port;
    bool stopped;

    HttpThread threads[HTTP_THREADS];
    _Atomic int thread_count;

    pthread_mutex_t lock; /* suspended */
    Request *suspended;
    _Atomic int64_t suspended_count;
    _Atomic int64_t requests;
    _Atomic int64_t begun;    /* requests with headers and without a finished answer */
    _Atomic int64_t handling; /* handlers that run */
    _Atomic size_t bodies;    /* bytes claimed */
    _Atomic bool closing;     /* answers end their connection */
    _Atomic bool refusing;    /* no handler runs any more */
};

/* A web thread belongs to one server for life. */
static _Thread_local HttpThread *http_thread;

static const struct {
    const char *name, *value;
} http_defaults[] = {
    {"Content-Security-Policy", HTTP_CSP},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
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

static HttpMethod
http_method_parse(const char *name)
{
    for (int method = GET; method < METHOD_OTHER; method++) {
        if (strcmp(http_methods[method], name) == 0)
            return (HttpMethod)method;
    }
    return METHOD_OTHER;
}

/* ---- the life of a request -------------------------------------------------------------------- */

static void
request_free(Request *request)
{
    arena_free(request->pub.arena);
    g_free(request);
}

static Request *
request_new(HttpServer *server, HttpThread *thread)
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
    return request;
}

/* On the thread of the connection, which is nearly always the last to let go. */
static void
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

static bool
request_unref(Request *request)
{
    return atomic_fetch_sub(&request->refs, 1) == 1;
}

/* Splits the target: "/path?query", or "http://host/path?query" as proxies are asked (RFC 9112
 * 3.2.2). */
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

/* ---- answering -------------------------------------------------------------------------------- */

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
    must(request->header_count < HTTP_HEADERS);
    request->headers[request->header_count].name = name;
    request->headers[request->header_count++].value = value;
}

static void
request_headers_write(const Request *request, struct MHD_Response *response)
{
    for (size_t i = 0; i < G_N_ELEMENTS(http_defaults); i++) {
        if (!(request->replaced & 1u << i))
            MHD_add_response_header(response, http_defaults[i].name, http_defaults[i].value);
    }
    if (request->type)
        MHD_add_response_header(response, "Content-Type", request->type);
    for (int i = 0; i < request->header_count; i++)
        must(
            MHD_add_response_header(response, request->headers[i].name, request->headers[i].value));
    if (request->server->closing)
        MHD_add_response_header(response, "Connection", "close");
}

/* Hands the answer to libmicrohttpd. Its bytes stay in the arena until the completed callback. */
static enum MHD_Result
request_send(Request *request)
{
    HttpServer *server = request->server;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        request->answer.len, (void *)request->answer.at, MHD_RESPMEM_PERSISTENT);
    must(response);
    request_headers_write(request, response);
    http_watch_phase(request->watched, HTTP_PHASE_ANSWER,
                     server->options.answer_seconds * INT64_C(1000) +
                         (int64_t)request->answer.len / HTTP_SLOWEST_BYTES);
    request->queued = true;
    enum MHD_Result ret =
        MHD_queue_response(request->connection, (unsigned)request->status, response);
    MHD_destroy_response(response);
    return ret;
}

/* The answer of a server that stops. Constant: the request's memory is still its holder's. */
static enum MHD_Result
request_send_abandoned(Request *request)
{
    static const char text[] = "{\"type\":\"urn:postlude:problem:busy\",\"status\":503}\n";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof text - 1, (void *)text, MHD_RESPMEM_PERSISTENT);
    must(response);
    MHD_add_response_header(response, "Content-Type", "application/problem+json");
    MHD_add_response_header(response, "Retry-After", "5");
    MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result ret = MHD_queue_response(request->connection, 503, response);
    MHD_destroy_response(response);
    return ret;
}

static void
request_suspended_remove(Request *request)
{
    HttpServer *server = request->server;
    pthread_mutex_lock(&server->lock);
    if (request->before)
        request->before->after = request->after;
    else
        server->suspended = request->after;
    if (request->after)
        request->after->before = request->before;
    pthread_mutex_unlock(&server->lock);
    /* The last touch of the server: at 0 it may be freed. */
    atomic_fetch_sub(&server->suspended_count, 1);
}

void
http_suspend(HttpRequest *pub)
{
    Request *request = (Request *)pub;
    HttpServer *server = request->server;
    must(atomic_load(&request->state) == REQUEST_RUNNING);
    request->was_suspended = true;
    atomic_fetch_add(&request->refs, 1);
    http_watch_phase(request->watched, HTTP_PHASE_OURS, 0);
    MHD_suspend_connection(request->connection);

    atomic_fetch_add(&server->suspended_count, 1);
    pthread_mutex_lock(&server->lock);
    request->before = NULL;
    request->after = server->suspended;
    if (server->suspended)
        server->suspended->before = request;
    server->suspended = request;
    pthread_mutex_unlock(&server->lock);
    atomic_store(&request->state, REQUEST_SUSPENDED);
}

/* From any thread, with the holder's reference. The connection cannot go away before it is resumed,
 * the server not before suspended_count falls. */
static void
request_resume(Request *request)
{
    MHD_resume_connection(request->connection);
    request_suspended_remove(request);
    if (request_unref(request))
        request_free(request);
}

void
http_answer(HttpRequest *pub, int status, const char *type, Str body)
{
    Request *request = (Request *)pub;
    request->status = status;
    request->type = type;
    request->answer = body;
    int state = REQUEST_RUNNING;
    if (atomic_compare_exchange_strong(&request->state, &state, REQUEST_ANSWERED))
        return;
    must(state == REQUEST_SUSPENDED || state == REQUEST_ABANDONED);
    state = REQUEST_SUSPENDED;
    if (atomic_compare_exchange_strong(&request->state, &state, REQUEST_ANSWERED))
        request_resume(request);
    else if (request_unref(request))
        request_free(request);
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
    HttpProblem problem = http_problem_of(error);
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

/* ---- reading ---------------------------------------------------------------------------------- */

Str
http_header(const HttpRequest *pub, const char *name)
{
    const char *value = NULL;
    size_t len = 0;
    if (MHD_lookup_connection_value_n(((const Request *)pub)->connection, MHD_HEADER_KIND, name,
                                      strlen(name), &value, &len) != MHD_YES)
        return (Str){0};
    return (Str){value ? value : "", len};
}

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
    if (http_header_has(request, "Accept", "text/html"))
        return false;
    return http_header_has(request, "Accept", "json") ||
           http_header_has(request, "Content-Type", "json");
}

static const char *
http_peer_address(const HttpRequest *pub, bool *ret_loopback)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        ((const Request *)pub)->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *peer = info ? info->client_addr : NULL;
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

/* Takes bytes of the budget that all bodies share. */
static bool
request_claim(Request *request, size_t bytes)
{
    HttpServer *server = request->server;
    size_t before = atomic_fetch_add(&server->bodies, bytes);
    request->claimed += bytes;
    return before + bytes <= server->options.bodies_bytes;
}

static enum MHD_Result
http_count_framing(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    int *count = arg;
    if (g_ascii_strcasecmp(name, "Content-Length") == 0)
        ++*count;
    else if (g_ascii_strcasecmp(name, "Transfer-Encoding") == 0)
        *count += value && g_ascii_strcasecmp(value, "chunked") == 0 ? 1 : 2;
    return MHD_YES;
}

/* Two statements about where a body ends, or one that we do not know, are how requests are smuggled
 * past a proxy (RFC 9112 6.3, 11.2). */
static bool
request_check_framing(Request *request, GError **error)
{
    int count = 0;
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, http_count_framing, &count);
    return count <= 1 ||
           fail(error, ERR_INPUT, "the request says in two ways how long its body is");
}

static bool
request_check_length(Request *request, size_t length, GError **error)
{
    const HttpServerOptions *options = &request->server->options;
    if (length > options->body_bytes)
        return fail(error, ERR_TOO_BIG, "the body has %zu bytes, the limit is %zu", length,
                    options->body_bytes);
    if (!request_claim(request, length))
        return fail(error, ERR_BUSY, "too many large requests at once");
    return true;
}

/* May the refused body be waited for? Not if the client waits for a 100, or if it is endless. */
static bool
request_refuses_at_once(const Request *request, size_t length)
{
    return http_header(&request->pub, "Expect").len ||
           length > request->server->options.body_bytes * HTTP_DISCARD_TIMES;
}

static enum MHD_Result
request_refuse(Request *request)
{
    atomic_store(&request->state, REQUEST_RUNNING);
    http_answer_error(&request->pub, request->refusal);
    return request_send(request);
}

/* The first call: the headers are there. */
static enum MHD_Result
request_start(Request *request, const char *method)
{
    HttpServer *server = request->server;
    request->started = true;
    request->pub.method = http_method_parse(method);
    request->began_us = server->options.log ? g_get_monotonic_time() : 0;
    atomic_fetch_add(&server->begun, 1);
    http_watch_phase(request->watched, HTTP_PHASE_BODY,
                     server->options.body_seconds * INT64_C(1000));
    if (request->pub.method == GET || request->pub.method == HEAD)
        return MHD_YES; /* a body is possible and bounded below, but never expected */

    if (!request_check_framing(request, &request->refusal))
        return request_refuse(request);
    Str text = http_header(&request->pub, "Content-Length");
    size_t length = text.len ? (size_t)g_ascii_strtoull(text.at, NULL, 10) : 0;
    if (!request_check_length(request, length, &request->refusal) &&
        request_refuses_at_once(request, length))
        return request_refuse(request);
    if (!request->refusal && length <= HTTP_BODY_WHOLE)
        buf_reserve(&request->body, length);
    return MHD_YES;
}

/* A piece of the body. */
static enum MHD_Result
request_read(Request *request, const char *bytes, size_t len)
{
    size_t most = request->server->options.body_bytes;
    if (!request->refusal) {
        size_t total = request->body.len + len;
        if (total > most)
            fail(&request->refusal, ERR_TOO_BIG, "the body is larger than %zu bytes", most);
        else if (total > request->claimed && !request_claim(request, total - request->claimed))
            fail(&request->refusal, ERR_BUSY, "too many large requests at once");
        else
            buf_add(&request->body, bytes, len);
    }
    if (request->refusal)
        request->discarded += len;
    return request->discarded <= most * HTTP_DISCARD_TIMES ? MHD_YES : MHD_NO;
}

static enum MHD_Result
request_run(Request *request)
{
    HttpServer *server = request->server;
    request->pub.body = buf_str(&request->body);
    if (request->refusal)
        return request_refuse(request);
    atomic_store(&request->state, REQUEST_RUNNING);
    atomic_fetch_add(&server->handling, 1);
    if (server->refusing) {
        g_autoptr(GError) error = NULL;
        fail(&error, ERR_BUSY, "the server stops");
        http_answer_error(&request->pub, error);
    } else {
        server->handler(&request->pub, server->arg);
    }
    atomic_fetch_sub(&server->handling, 1);
    if (request->was_suspended)
        return MHD_YES;
    must(atomic_load(&request->state) == REQUEST_ANSWERED);
    return request_send(request);
}

/* ---- what libmicrohttpd calls ----------------------------------------------------------------- */

static HttpThread *
http_thread_get(HttpServer *server)
{
    if (!http_thread) {
        int index = atomic_fetch_add(&server->thread_count, 1);
        must(index < HTTP_THREADS);
        http_thread = &server->threads[index];
        pthread_setname_np(pthread_self(), "web");
    }
    return http_thread;
}

static void
http_on_connection(void *arg, struct MHD_Connection *connection, void **mine,
                   enum MHD_ConnectionNotificationCode code)
{
    HttpServer *server = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *mine = http_watch_add(server->watch, info->connect_fd,
                               server->options.head_seconds * INT64_C(1000));
    } else {
        http_watch_remove(*mine);
    }
}

static void *
http_on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    HttpServer *server = arg;
    Request *request = request_new(server, http_thread_get(server));
    request->connection = connection;
    request->watched =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    request_target_read(request, target);
    return request;
}

static enum MHD_Result
http_on_access(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
               const char *version, const char *bytes, size_t *len, void **mine)
{
    Request *request = *mine;
    if (!request->started)
        return request_start(request, method);
    if (*len) {
        size_t taken = *len;
        *len = 0;
        return request_read(request, bytes, taken);
    }
    switch ((RequestState)atomic_load(&request->state)) {
    case REQUEST_READING:
        return request_run(request);
    case REQUEST_ANSWERED:
        return request_send(request);
    case REQUEST_ABANDONED:
        return request_send_abandoned(request);
    default:
        return MHD_YES; /* still suspended */
    }
}

static void
http_log(const Request *request, enum MHD_RequestTerminationCode code)
{
    const HttpServer *server = request->server;
    if (!server->options.log)
        return;
    bool sent = code == MHD_REQUEST_TERMINATED_COMPLETED_OK && request->queued;
    HttpLogLine line = {
        .method = request->pub.method,
        .route = request->pub.route ? request->pub.route : "-",
        .status = sent ? request->status : 0,
        .body_bytes = request->body.len + request->discarded,
        .answer_bytes = sent && request->pub.method != HEAD ? request->answer.len : 0,
        .us = g_get_monotonic_time() - request->began_us,
    };
    server->options.log(&line, server->arg);
}

static void
http_on_completed(void *arg, struct MHD_Connection *connection, void **mine,
                  enum MHD_RequestTerminationCode code)
{
    HttpServer *server = arg;
    Request *request = *mine;
    if (!request)
        return;
    *mine = NULL;
    http_watch_phase(request->watched, HTTP_PHASE_HEAD,
                     server->options.head_seconds * INT64_C(1000));
    if (request->started) {
        http_log(request, code);
        atomic_fetch_add_explicit(&server->requests, 1, memory_order_relaxed);
        atomic_fetch_sub(&server->begun, 1);
    }
    atomic_fetch_sub(&server->bodies, request->claimed);
    g_clear_error(&request->refusal);
    if (request_unref(request))
        request_recycle(request);
}

/* ---- the server ------------------------------------------------------------------------------- */

static void
http_options_fill(HttpServerOptions *options)
{
    options->threads = CLAMP(options->threads, 1, HTTP_THREADS);
    if (!options->connections)
        options->connections = LIMIT_INBOX_CONNECTIONS;
    if (!options->body_bytes)
        options->body_bytes = LIMIT_BODY_BYTES;
    if (!options->bodies_bytes)
        options->bodies_bytes = 128 * 1024 * 1024;
    if (!options->head_seconds)
        options->head_seconds = 30;
    if (!options->body_seconds)
        options->body_seconds = 120;
    if (!options->answer_seconds)
        options->answer_seconds = 120;
}

/* Asks for enough descriptors; where the system allows fewer, takes fewer connections. */
static void
http_files_reserve(HttpServerOptions *options)
{
    struct rlimit limit;
    must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlim_t need = (rlim_t)options->connections + HTTP_FILES;
    if (limit.rlim_cur >= need)
        return;
    limit.rlim_cur = MIN(need, limit.rlim_max);
    must(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < need)
        options->connections = MAX((int)limit.rlim_cur - HTTP_FILES, 16);
}

static struct MHD_Daemon *
http_daemon_start(HttpServer *server)
{
    const HttpServerOptions *options = &server->options;
    bool pool = options->threads > 1;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_LISTEN_SOCKET, server->listen_fd, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, LIMIT_HEADER_BYTES, NULL},
        /* http_watch.c counts; libmicrohttpd's own limit, shared out to its threads, must not come
         * first. */
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)options->connections * options->threads + 16, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->connections_per_ip, NULL},
        {pool ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    /* Signals are the main thread's. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *ret = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL,
        http_on_access, server, MHD_OPTION_ARRAY, items, MHD_OPTION_URI_LOG_CALLBACK,
        http_on_target, server, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, server, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ret;
}

HttpServer *
http_server_new(const HttpServerOptions *options, HttpHandler handler, void *arg, GError **error)
{
    int port;
    int listen_fd = listen_open(options->listen, &port, error);
    if (listen_fd < 0)
        return NULL;
    HttpServer *server = g_new0(HttpServer, 1);
    server->options = *options;
    server->handler = handler;
    server->arg = arg;
    server->listen_fd = listen_fd;
    server->port = port;
    http_options_fill(&server->options);
    http_files_reserve(&server->options);
    pthread_mutex_init(&server->lock, NULL);
    server->watch = http_watch_new(server->options.connections);
    server->daemon = http_daemon_start(server);
    must(server->daemon); /* only memory or descriptors can lack here */
    return server;
}

int
http_server_port(const HttpServer *server)
{
    return server->port;
}

HttpServerCounts
http_server_counts(HttpServer *server)
{
    return (HttpServerCounts){
        .requests = atomic_load(&server->requests),
        .connections = http_watch_count(server->watch),
        .suspended = atomic_load(&server->suspended_count),
        .evicted = http_watch_evicted(server->watch),
    };
}

/* Takes the suspended requests from their holders. */
static void
http_server_abandon(HttpServer *server)
{
    pthread_mutex_lock(&server->lock);
    Request *request = server->suspended;
    while (request) {
        Request *after = request->after;
        int state = REQUEST_SUSPENDED;
        if (atomic_compare_exchange_strong(&request->state, &state, REQUEST_ABANDONED)) {
            /* Its own reference stays its holder's. */
            if (request->before)
                request->before->after = after;
            else
                server->suspended = after;
            if (after)
                after->before = request->before;
            atomic_fetch_sub(&server->suspended_count, 1);
            MHD_resume_connection(request->connection);
        }
        request = after;
    }
    pthread_mutex_unlock(&server->lock);
}

void
http_server_stop(HttpServer *server, int grace_seconds)
{
    if (server->stopped)
        return;
    server->stopped = true;
    atomic_store(&server->closing, true);
    MHD_quiesce_daemon(server->daemon);
    close(server->listen_fd);
    for (int i = 0; i < grace_seconds * 100 && atomic_load(&server->begun); i++)
        g_usleep(10 * 1000);

    atomic_store(&server->refusing, true);
    while (atomic_load(&server->handling) || atomic_load(&server->suspended_count)) {
        http_server_abandon(server);
        g_usleep(1000);
    }
    MHD_stop_daemon(server->daemon);
}

void
http_server_free(HttpServer *server)
{
    if (!server)
        return;
    http_server_stop(server, HTTP_STOP_GRACE_SECONDS);
    http_watch_free(server->watch);
    for (int i = 0; i < HTTP_THREADS; i++) {
        while (server->threads[i].pool) {
            Request *request = server->threads[i].pool;
            server->threads[i].pool = request->after;
            request_free(request);
        }
    }
    pthread_mutex_destroy(&server->lock);
    g_free(server);
}
