/* http_inside.h - what http_server.c (the listener), http_request.c (one request: its life, its
 * reading, its answer) and http_body.c (what may come in) share. For these three only.
 */
#pragma once

#include "engine/http_server.h"
#include "engine/http_watch.h"

#include <pthread.h>
#include <stdatomic.h>

struct MHD_Connection;
struct MHD_Daemon;
struct sockaddr;

enum {
    HTTP_HEADERS = 24, /* of one answer */
    HTTP_THREADS = 16, /* at most */
};

typedef struct HttpHeader {
    const char *name, *value;
} HttpHeader;

typedef enum RequestState {
    REQUEST_READING,
    REQUEST_RUNNING,   /* in the handler */
    REQUEST_SUSPENDED, /* its holder will answer */
    REQUEST_TAKEN,     /* its holder makes the answer: the server cannot abandon it any more */
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
    bool wants_json; /* valid when it was suspended */
    bool queued;     /* the answer is libmicrohttpd's */
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
    HttpHeader headers[HTTP_HEADERS];

    Request *before, *after; /* among the suspended; after also among the pooled */
};

/* One web thread's own: no locks, and cache lines of its own. */
struct HttpThread {
    Request *pool;
    int pooled;
    char apart[112];
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

/* ---- http_request.c: the life of a request --------------------------------------------------- */

/* On its connection's thread, from that thread's pool. Splits the target: "/path?query", or
 * "http://host/path?query" as proxies are asked (RFC 9112 3.2.2). */
Request *request_new(HttpServer *server, HttpThread *thread, const char *target);

/* On its connection's thread, which is nearly always the last to let go: back to the pool. */
void request_recycle(Request *request);
void request_free(Request *request);
bool request_unref(Request *request); /* true: that was the last one */

/* Before a holder makes the answer of a suspended request. False: the server has stopped meanwhile
 * and the request is gone. True also for one that runs in its handler. */
bool request_take(Request *request);

/* Adds the default headers that the handler has not replaced. */
void request_headers_finish(Request *request);

HttpMethod http_method_parse(const char *name);

/* ---- http_body.c: what may come in ----------------------------------------------------------- */

/* When the headers are there. statements: how many headers say where the body ends. Sets
 * request->refusal when the body is not wanted; true when that is to be said at once, without
 * waiting for the body. */
bool http_body_start(Request *request, int statements);

/* A piece of it. False: the client goes on sending a body that was refused; close. */
bool http_body_read(Request *request, Str piece);

/* Gives its share of the budget back. */
void http_body_finish(Request *request);

/* ---- http_server.c --------------------------------------------------------------------------- */

const struct sockaddr *http_peer(const Request *request); /* NULL: unknown */
