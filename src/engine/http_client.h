/* http_client.h - ask other servers over HTTP, without waiting for them.
 *
 * One thread of its own (libcurl's multi) for any number of requests under way:
 *
 *     client = http_client_new(&(HttpClientOptions){0}, error);
 *     ticket = http_client_send(client, &(HttpAsk){.url = url, .bearer = key}, done, me);
 *     ...
 *     static void done(const HttpReply *reply, const GError *error, void *me)   // its thread
 *
 * THE PROMISE. Each ask ends in exactly one done(), whatever happens: error is NULL if and only if
 * an answer came in whole, whatever its status (http_reply_check() says what that means). The row
 * of the error says whether trying again can help:
 *
 *     ERR_NET        no such name, no route, refused, broken, silent, too slow       again
 *     ERR_TLS        the certificate or the handshake                                again
 *     ERR_BAD_REPLY  no HTTP, redirects in a circle, headers without end             again
 *     ERR_BUSY       too many are waiting, it was cancelled, the client stops        again
 *     ERR_TOO_BIG    the answer is over max_bytes                                    not
 *     ERR_FORBIDDEN  the address is not public (below)                               not
 *     ERR_CONFIG     no URL that we use: scheme, user in it, broken header, CA file   not
 *
 * WHERE IT MAY GO. URLs come from shops. Unless the ask says otherwise only https, and only to
 * public addresses (net_rule.h): the address is judged when the socket is about to be connected
 * and again when the connection, perhaps one that was kept open for an ask with other rights, is
 * about to be used; so a name that resolves otherwise the second time passes neither. The
 * environment's proxies are not used, because behind one there is nothing to judge.
 *
 * REDIRECTS are followed for GET and HEAD only, to the same scheme or from http to https. At
 * another host the ask goes on without its credentials and without any header that could hold some.
 * All other redirects are handed to the caller as the answers they are.
 *
 * SECRETS. Errors name host and port, never a path, a query, a header or a body. What was copied of
 * an ask is wiped when it is done. HTTP/1.1 only: requests of different shops share no connection
 * at a time, so a slow one holds up nobody.
 *
 * All functions may be called from any thread, done() included.
 */
#pragma once

#include "base/base.h"
#include "engine/http_reply.h"
#include "engine/net_rule.h"

typedef struct HttpClient HttpClient;

/* Copied by http_client_send(). Zero means the default in brackets. */
typedef struct HttpAsk {
    const char *method; /* [GET; POST where there is a body] */
    const char *url;    /* without user and password in it */
    const HttpPair *headers;
    size_t header_count;
    Str body;                    /* its Content-Type is among the headers; none is made up */
    const char *user, *password; /* Basic, RFC 7617 */
    const char *bearer;          /* RFC 6750; not together with user */
    const char *ca_file;         /* PEM of authorities to trust besides the system's */
    int connect_ms;              /* name, connection and TLS [10,000] */
    int total_ms;     /* until the last byte of the answer, time in our queue included [30,000] */
    size_t max_bytes; /* of the answer's body, decoded [LIMIT_BODY_BYTES] */
    int redirects;    /* followed at most [0] */
    NetRule net;      /* where it may go [public addresses] */
    bool allow_plain; /* also http */
    const char *
        connect_to; /* "127.0.0.1:8443" instead of the URL's host and port, whose name is asked for and checked
                              * all the same; only under test control (net.scope NET_LOOPBACK) */
    bool once; /* must not be asked twice: takes a fresh connection, since on one that was kept open
                * a request that got no answer at all is repeated */
} HttpAsk;

/* On the client's thread; must not wait. All is borrowed until it returns. reply is never NULL:
 * without an answer its status is 0, and peer, took_ms and asked are set all the same. */
typedef void (*HttpDone)(const HttpReply *reply, const GError *error, void *arg);

typedef struct HttpClientOptions {
    const char *agent;        /* User-Agent ["Postlude/VERSION"] */
    int connections;          /* at once [64] */
    int connections_per_host; /* [4] */
    int waiting;              /* asks not done yet; more of them end with ERR_BUSY [10,000] */
} HttpClientOptions;

/* Starts the thread. ERR_IO when the machine has none left. */
HttpClient *http_client_new(const HttpClientOptions *options, GError **error);

/* Stops: what is not done yet ends with ERR_BUSY, then the thread is gone. Not from done(). */
void http_client_free(HttpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpClient, http_client_free)

/* Never blocks, never fails: trouble comes by done(), which may be called before this returns.
 * Gives the ticket for http_client_cancel(). */
uint64_t http_client_send(HttpClient *client, const HttpAsk *ask, HttpDone done, void *arg);

/* Ends the ask with ERR_BUSY soon, by done() as always; nothing happens if it is done already. */
void http_client_cancel(HttpClient *client, uint64_t ticket);

/* The same for who has a thread to wait with (commands): the answer lives in the arena. False with
 * error when none came; *ret is then filled as for done(). Not from done(). */
bool http_client_ask(HttpClient *client, const HttpAsk *ask, Arena *arena, HttpReply *ret,
                     GError **error);

/* Asks that are not done yet. */
size_t http_client_busy(HttpClient *client);
