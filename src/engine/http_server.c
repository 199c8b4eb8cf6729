/* http_server.c - the listener, over libmicrohttpd 0.9.75 (the only file that knows it).
 *
 * What one has to know about libmicrohttpd:
 *  - Its access handler is called several times for one request: when the headers are there, for
 *    each piece of the body, when all is there, and again when a suspended connection was resumed.
 *    An answer that is queued in the FIRST call counts as "before the body" and closes the
 *    connection (6 times slower); so the first call only prepares, unless refusing early is what
 *    we want.
 *  - It decodes and cuts the address in place. The raw one is only seen by the URI log callback,
 *    which is also the first to hear of a request: there the Request is made. It ends in the
 *    completed callback, always, also when the connection breaks.
 *  - A suspended connection is out of its event loop: nobody notices that the client left, so
 *    nothing of the request can go away under its holder.
 *  - MHD_stop_daemon aborts the program while a connection is suspended.
 *  - Adding a thread pool of 1 is refused; one thread is the daemon itself.
 */
#include "engine/http_inside.h"

#include "base/limits.h"
#include "engine/listen.h"

#include <microhttpd.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    HTTP_SLOWEST_BYTES = 16, /* a client takes an answer at this many bytes a ms, at least */
    HTTP_STOP_GRACE_SECONDS = 5,
    LAST_ANSWERS_MS = 1000, /* from the 503 of what was broken off to the end */
    HTTP_FILES = 256,       /* descriptors besides connections */
};

/* A web thread belongs to one server for life. */
static _Thread_local HttpThread *http_thread;

/* ---- answering ------------------------------------------------------------------------------- */

static void
request_headers_write(Request *request, struct MHD_Response *response)
{
    request_headers_finish(request);
    for (int i = 0; i < request->header_count; i++)
        must(MHD_add_response_header(response, request->headers[i].name,
                                     request->headers[i].value) == MHD_YES);
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

bool
http_is_answered(const HttpRequest *pub)
{
    const Request *request = (const Request *)pub;
    return request->was_suspended || atomic_load(&request->state) == REQUEST_ANSWERED;
}

void
http_suspend(HttpRequest *pub)
{
    Request *request = (Request *)pub;
    HttpServer *server = request->server;
    must(atomic_load(&request->state) == REQUEST_RUNNING);
    request->wants_json = http_wants_json(pub);
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
    if (!request_take(request))
        return;
    request->status = status;
    request->type = type;
    request->answer = body;
    if (atomic_exchange(&request->state, REQUEST_ANSWERED) == REQUEST_TAKEN)
        request_resume(request);
}

/* ---- reading --------------------------------------------------------------------------------- */

Str
http_header(const HttpRequest *pub, const char *name)
{
    const char *value = NULL;
    size_t len = 0;
    must(!((const Request *)pub)->was_suspended);
    if (MHD_lookup_connection_value_n(((const Request *)pub)->connection, MHD_HEADER_KIND, name,
                                      strlen(name), &value, &len) != MHD_YES)
        return (Str){0};
    return (Str){value ? value : "", len};
}

const struct sockaddr *
http_peer(const Request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

/* Counts the headers that say where the body ends; one that we do not know counts as two. */
static enum MHD_Result
http_count_statement(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    int *count = arg;
    if (g_ascii_strcasecmp(name, "Content-Length") == 0)
        ++*count;
    else if (g_ascii_strcasecmp(name, "Transfer-Encoding") == 0)
        *count += value && g_ascii_strcasecmp(value, "chunked") == 0 ? 1 : 2;
    return MHD_YES;
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
    int statements = 0;
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, http_count_statement,
                              &statements);
    return http_body_start(request, statements) ? request_refuse(request) : MHD_YES;
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

/* ---- what libmicrohttpd calls ---------------------------------------------------------------- */

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
    Request *request = request_new(server, http_thread_get(server), target);
    request->connection = connection;
    request->watched =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
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
        return http_body_read(request, (Str){bytes, taken}) ? MHD_YES : MHD_NO;
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
                     server->options.idle_seconds * INT64_C(1000));
    if (request->started) {
        http_log(request, code);
        atomic_fetch_add_explicit(&server->requests, 1, memory_order_relaxed);
        atomic_fetch_sub(&server->begun, 1);
    }
    http_body_finish(request);
    if (request_unref(request))
        request_recycle(request);
}

/* ---- the server ------------------------------------------------------------------------------ */

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
    if (!options->idle_seconds)
        options->idle_seconds = 75;
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
        {MHD_OPTION_CONNECTION_LIMIT,
         ((intptr_t)options->connections + HTTP_FILES) * options->threads, NULL},
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->connections_per_ip, NULL},
        {pool ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, 0, NULL, NULL,
        http_on_access, server, MHD_OPTION_ARRAY, items, MHD_OPTION_URI_LOG_CALLBACK,
        http_on_target, server, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, server, MHD_OPTION_END);
}

/* Our threads take no signals, but for those of a crash: blocked, they would kill without a
 * word. */
static sigset_t
http_signals_block(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (size_t i = 0; i < G_N_ELEMENTS(crashes); i++)
        sigdelset(&blocked, crashes[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    return before;
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
    sigset_t before = http_signals_block();
    server->watch = http_watch_new(server->options.connections);
    server->daemon = http_daemon_start(server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
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
    /* The web threads still have to write what they answer with. */
    for (int i = 0; i < LAST_ANSWERS_MS / 10 && atomic_load(&server->begun); i++)
        g_usleep(10 * 1000);
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
