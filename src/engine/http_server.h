/* http_server.h - the listener: HTTP/1.1 requests in, one answer each out.
 *
 * One or two web threads (libmicrohttpd's epoll loops) read requests. When the whole body is there,
 * the handler is called on the web thread with everything in memory, and either answers at once or
 * suspends the request and hands it on:
 *
 *     web thread:  read ... handler --http_answer----------------------------> write, next request
 *                              \--http_suspend, store_post ...
 *     any thread:                              after the COMMIT: http_answer -> (web thread) write
 *
 * So a web thread never waits for a disk: thousands of requests hang on one group commit.
 *
 * What is bounded, and what happens at the bound (a client sees an answer wherever HTTP allows it):
 *     body            413; up to four times as much is read and thrown away, so that the client
 *                     reads the answer instead of a broken pipe, then the connection is closed
 *     bodies in all   503 with Retry-After while requests in memory hold more than bodies_bytes
 *     headers         431 (libmicrohttpd's own page); a million headers never leave one buffer of
 *                     LIMIT_HEADER_BYTES
 *     time            the first headers of a connection must be there within head_seconds, the next
 *                     ones idle_seconds after the answer before, a body within body_seconds; the
 *                     client takes the answer within answer_seconds and a second more for each
 *                     16 kB. Dripping a byte a second extends nothing
 *     connections     near the limit the connection that has waited longest for its headers makes
 *                     room for the new one: slow clients starve each other, nobody else
 *
 * A client that goes away while its request is suspended is noticed after the answer: the request
 * stays valid until then, so the holder needs no care at all.
 */
#pragma once

#include "base/base.h"
#include "engine/http_problem.h"

typedef struct HttpServer HttpServer;

/* Unprefixed because tables of routes are written with them. */
typedef enum HttpMethod { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, METHOD_OTHER } HttpMethod;

const char *http_method_name(HttpMethod method);

/* ---- a request ------------------------------------------------------------------------------- */

/* Belongs to the server; valid until it is answered. Everything in it lives in its arena. While it
 * is suspended it (with its arena) belongs to whoever will answer it. */
typedef struct HttpRequest {
    HttpMethod method;
    Str path;     /* as sent, still percent-encoded: split first, decode after (RFC 3986 2.4) */
    Str query;    /* what stands behind the '?', as sent */
    Str body;     /* raw bytes, at most HttpServerOptions.body_bytes */
    Arena *arena; /* the request's memory, with LIMIT_ARENA_BYTES */
    const char *route; /* pattern that matched ("/o/:token"), for logs; NULL until routed */
} HttpRequest;

/* A header by its name in any case; the first one if it was sent twice. The empty Str with at NULL
 * when it is missing. Headers, cookies and the address of the client belong to its connection: read
 * them before http_suspend (must). */
Str http_header(const HttpRequest *request, const char *name);

/* A decoded value of the query; false if it is missing or not valid (see url.h). */
bool http_query(const HttpRequest *request, const char *name, Str *ret);

/* A value of the Cookie header. */
bool http_cookie(const HttpRequest *request, const char *name, Str *ret);

/* The client's address as text, without port. Behind a reverse proxy on this machine (peer is
 * loopback, HttpServerOptions.behind_proxy) it is the last address of X-Forwarded-For: what the
 * proxy itself has seen; the ones before it can be made up by the client. */
const char *http_client_address(const HttpRequest *request);

/* True if the other side wants JSON rather than a page: it says so in Accept, or it sends JSON. */
bool http_wants_json(const HttpRequest *request);

/* ---- its answer ------------------------------------------------------------------------------ */

/* Adds a header to the answer to come; a default of the same name is replaced (an empty value
 * drops it). The same name twice sends two (Set-Cookie). Both texts are borrowed until the answer
 * was sent: constants or the request's arena. A value with a line break is our bug (must). */
void http_header_add(HttpRequest *request, const char *name, const char *value);

/* Answers. In the handler at once; after http_suspend from any thread, which wakes the request up.
 * Exactly once: the request is not yours any more afterwards. The body is borrowed until it was
 * sent: a constant or the request's arena. type: media type, NULL for none (204, 304).
 *
 * Every answer carries, unless replaced by http_header_add:
 *     Content-Security-Policy: HTTP_CSP      X-Content-Type-Options: nosniff
 *     Referrer-Policy: no-referrer           Cache-Control: no-store
 * (links hold tokens: no referrer; nearly every page is somebody's own: no-store unless said) */
void http_answer(HttpRequest *request, int status, const char *type, Str body);

#define HTTP_CSP                                                                                   \
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src " \
    "'none'"

/* Answers with what went wrong: the status of the error's row, problem+json (RFC 9457) with `code`
 * and `cure` to who wants JSON, else the error page. What is our own or the machine's failure (5xx)
 * is told without its message, which may name files; the log has it. error is borrowed. */
void http_answer_error(HttpRequest *request, const GError *error);

/* 303 to a path of ours (after a POST) or to a URL. */
void http_answer_redirect(HttpRequest *request, const char *url);

/* In the handler: the answer comes later. Call it before the request is handed to another
 * thread. */
void http_suspend(HttpRequest *request);

/* In the handler: was it answered or suspended already? */
bool http_is_answered(const HttpRequest *request);

/* ---- the server ------------------------------------------------------------------------------ */

/* Runs on a web thread; must call http_answer..., or http_suspend, before it returns. Must not
 * wait. */
typedef void (*HttpHandler)(HttpRequest *request, void *arg);

/* What an error looks like to a person: HTML in the request's arena, or the empty Str for plain
 * text. */
typedef Str (*HttpErrorPage)(HttpRequest *request, const HttpProblem *problem, void *arg);

/* One finished request, for the log. Never holds a query or a token: route is the pattern. */
typedef struct HttpLogLine {
    HttpMethod method;
    const char *route; /* "-" when none matched */
    int status;        /* 0: the connection broke before the answer was sent whole */
    size_t body_bytes, answer_bytes;
    int64_t us; /* from the headers to the last byte of the answer */
} HttpLogLine;
typedef void (*HttpLog)(const HttpLogLine *line, void *arg);

typedef struct HttpServerOptions {
    const char *listen;       /* "127.0.0.1:8080", "[::]:80", "0.0.0.0:0"; port 0: a free one */
    HttpErrorPage error_page; /* NULL: plain text */
    HttpLog log;              /* NULL: none. Runs on the web threads */
    bool behind_proxy;        /* see http_client_address */
    const char *
        programs; /* who asks below this path, like "/api/", is a program and wants JSON; NULL: nowhere */
    /* 0 means the default */
    int threads;            /* 1 */
    int connections;        /* LIMIT_INBOX_CONNECTIONS */
    int connections_per_ip; /* no bound: behind a proxy all come from one */
    size_t body_bytes;      /* LIMIT_BODY_BYTES */
    size_t bodies_bytes;    /* 128 MB: bodies of all requests in memory */
    int head_seconds;       /* 30 */
    int idle_seconds;       /* 75: longer than proxies keep theirs (nginx 60), else they post into
                             * connections that we are just closing */
    int body_seconds;       /* 120 */
    int answer_seconds;     /* 120 */
} HttpServerOptions;

typedef struct HttpServerCounts {
    int64_t requests;    /* answered since the start */
    int64_t connections; /* open now */
    int64_t suspended;   /* now */
    int64_t evicted;     /* connections closed because of a time or connection bound */
} HttpServerCounts;

/* Listens and serves from here on; arg goes to handler, error_page and log. NULL on failure:
 * ERR_CONFIG for an address that cannot be read or is not ours, or a port that needs root;
 * ERR_LISTEN when the port is in use. */
HttpServer *
http_server_new(const HttpServerOptions *options, HttpHandler handler, void *arg, GError **error);
int http_server_port(const HttpServer *server);
HttpServerCounts http_server_counts(HttpServer *server);

/* New connections are refused from here on; what was begun is finished: waits until every request
 * whose headers have arrived is answered, at most grace_seconds. What is still suspended then gets
 * a 503, and its holder's late http_answer is ignored. */
void http_server_stop(HttpServer *server, int grace_seconds);
void http_server_free(HttpServer *server); /* stops with a grace of 5 s if nobody did */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpServer, http_server_free)
