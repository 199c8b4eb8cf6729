/* http_watch.h - how long connections may take, and which one makes room.
 *
 * libmicrohttpd knows one timeout, and every byte resets it: a client that drips a byte a second
 * holds a connection for ever. Here each connection has a deadline for what it is doing, which no
 * byte moves; a thread of its own looks twice a second and shuts the sockets of those that are
 * over, which their web thread sees as a hang-up.
 *
 * When seven eighths of the connections are taken, each new one ends the one that has been waited
 * for longest, for its headers first, else for its body. Honest clients send their headers in
 * milliseconds, so a flood of slow ones ends itself.
 *
 * All functions may be called from any thread.
 */
#pragma once

#include "base/base.h"

typedef struct HttpWatch HttpWatch;
typedef struct HttpWatched HttpWatched;

typedef enum HttpPhase {
    HTTP_PHASE_HEAD,   /* idle, or its headers are on the way */
    HTTP_PHASE_BODY,   /* its body is on the way */
    HTTP_PHASE_ANSWER, /* it takes our answer */
    HTTP_PHASE_OURS,   /* we are at work: no deadline */
} HttpPhase;

/* most: connections at once; one more is shut at once. (A shut one keeps its descriptor for the
 * moment until its web thread has removed it; of these there are at most 128.) */
HttpWatch *http_watch_new(int most);
void http_watch_free(HttpWatch *watch); /* when all connections were removed */

/* The descriptor stays the caller's and is open until http_watch_remove returns. */
HttpWatched *http_watch_add(HttpWatch *watch, int fd, int64_t within_ms);
void http_watch_remove(HttpWatched *watched);

/* From now on it does this, within so many ms (HTTP_PHASE_OURS: ignored). One atomic store or
 * two. */
void http_watch_phase(HttpWatched *watched, HttpPhase phase, int64_t within_ms);

int64_t http_watch_count(HttpWatch *watch);   /* open now */
int64_t http_watch_evicted(HttpWatch *watch); /* shut so far */
