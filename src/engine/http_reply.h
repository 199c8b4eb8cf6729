/* http_reply.h - what another server answered, and what its status means for us.
 *
 * Pure; part of the HTTP client's room (http_client.h). Sources: RFC 9110 15 (status codes), 10.2.3
 * (Retry-After), RFC 6585 (429).
 */
#pragma once

#include "base/base.h"

typedef struct HttpPair {
    const char *name;
    const char *value;
} HttpPair;

typedef struct HttpReply {
    int status;       /* 0: no whole answer came */
    Str body;         /* decoded */
    const char *peer; /* "host:port" that answered or should have */
    const HttpPair *headers;
    size_t header_count;
    int64_t retry_after_ms; /* how long the other side wants us to wait; -1: it did not say */
    int64_t took_ms;        /* since it was sent for, monotonic */
    bool asked;             /* bytes of the request have left us: without an answer, the other side
                             * may have acted on it or not */
} HttpReply;

enum { HTTP_RETRY_MOST_MS = 24 * 3600 * 1000 }; /* a day: who asks for more has made a mistake */

/* The first header of that name, in any case; the empty Str with at NULL when there is none. */
Str http_reply_header(const HttpReply *reply, const char *name);

/* True for 2xx. Else the GError that says whether trying again helps: ERR_THROTTLE (429, and 503
 * with Retry-After), ERR_BUSY (408, 425, 5xx), ERR_AUTH (401), ERR_FORBIDDEN (403), ERR_NOT_FOUND
 * (404, 410), ERR_CONFLICT (409, 412), ERR_TOO_BIG (413), ERR_CONFIG for a redirect (the address in
 * the settings has moved), ERR_REFUSED (what is left of 4xx), ERR_BAD_REPLY (no HTTP status at
 * all). The message names peer and status and nothing of the body, which may hold what no log
 * should. */
bool http_reply_check(const HttpReply *reply, GError **error);

/* Reads Retry-After: seconds, or a date, which is measured against `now` (ms UTC: the answer's own
 * Date where it has one, since two clocks differ). From 0 to HTTP_RETRY_MOST_MS; -1 for what is
 * neither. */
int64_t http_retry_after(Str value, int64_t now);
