/* http_job.h - an ask under way: made in the caller's thread, handed over under the client's lock,
 * and from then on the client's thread's alone.
 *
 * Part of the HTTP client's room. The client decides when a job has its turn and when it ends; the
 * job knows all that concerns this one request.
 */
#pragma once

#include "engine/http_client.h"

enum { HTTP_SAID_BYTES = 256 };

/* Why we broke a transfer off ourselves. */
typedef enum HttpTrouble {
    HTTP_TROUBLE_NONE,
    HTTP_TROUBLE_PRIVATE,
    HTTP_TROUBLE_BODY,
    HTTP_TROUBLE_HEADERS,
} HttpTrouble;

typedef struct HttpJob {
    uint64_t ticket;
    HttpAsk ask; /* its texts are ours */
    HttpDone done;
    void *arg;

    char *url; /* where it is now */
    char *peer;
    bool abroad; /* a redirect led to another host: nothing of the caller's goes with it */
    int redirects;
    int64_t since, deadline; /* monotonic */

    void *easy; /* CURL; made by http_job_prepare() */
    struct curl_slist *lines;
    struct curl_slist *detour; /* test control: where it connects instead */
    bool queued;               /* it waits for its turn, or has it */
    bool running;              /* it has its turn: the multi has it */
    HttpTrouble trouble;
    GByteArray *body;
    GArray *headers; /* of HttpPair, ours */
    size_t header_bytes;
    char said[HTTP_SAID_BYTES]; /* by libcurl, when it failed */
    struct HttpJob *next, **link;
} HttpJob;

HttpJob *http_job_new(const HttpAsk *ask, HttpDone done, void *arg);
void http_job_free(HttpJob *job);

/* Checks what the caller may have got wrong (ERR_CONFIG) and makes `easy`. */
bool http_job_prepare(HttpJob *job, const char *agent, GError **error);

/* Readies `easy` for the URL of now: nothing of an earlier answer is left. */
void http_job_aim(HttpJob *job);

/* Why a transfer failed, by its CURLcode. Returns false. */
bool http_job_fail(HttpJob *job, int code, GError **error);

/* What done() is given; whole: an answer came. Borrowed from the job. */
void http_job_reply(HttpJob *job, bool whole, HttpReply *ret);

/* Where an answer sends us on to; both texts go to http_job_move(). */
typedef struct HttpHop {
    char *url, *peer;
} HttpHop;

/* False when this answer is the end: with error when we were sent on too often. */
bool http_job_next(HttpJob *job, HttpHop *ret, GError **error);
void http_job_move(HttpJob *job, HttpHop hop);
