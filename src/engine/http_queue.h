/* http_queue.h - whose turn it is: so many requests at once to one host, so many in all, each host
 * in its turn.
 *
 * libcurl has such bounds of its own, but one queue for all: behind requests to a host that hangs,
 * those to all others wait, too.
 *
 * Part of the HTTP client's room. Not for several threads.
 */
#pragma once

#include "base/base.h"

typedef struct HttpQueue HttpQueue;

HttpQueue *http_queue_new(int most, int most_per_host);
void http_queue_free(HttpQueue *queue); /* must be empty */

/* Waits for its turn behind the others of that host ("name:port"). */
void http_queue_enter(HttpQueue *queue, const char *host, void *job);

/* One whose turn it is; NULL when there is none. It counts from here on until it leaves. */
void *http_queue_next(HttpQueue *queue);

/* Takes out one that has had its turn (true) or is still waiting. */
void http_queue_leave(HttpQueue *queue, const char *host, void *job, bool had_turn);
