/* http_client.c - see http_client.h: the thread, whose turn it is, and how long anything may take.
 * What concerns one request is in http_job.c.
 */
#include "engine/clock.h"
#include "engine/http_job.h"
#include "engine/http_queue.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>

enum {
    CONNECTIONS = 64,
    CONNECTIONS_PER_HOST = 4,
    WAITING = 10000,
    IDLE_CONNECTIONS = 32, /* kept open */
    IDLE_WAIT_MS = 60000,  /* nothing to do: libcurl looks after its idle connections */
};

struct HttpClient {
    CURLM *multi;
    char *agent;
    size_t waiting;
    pthread_t thread;

    pthread_mutex_t lock;
    HttpJob *arrived; /* under lock, the latest first */
    GArray *given_up; /* under lock: tickets */
    uint64_t tickets; /* under lock */
    size_t busy;      /* under lock */
    bool stopping;    /* under lock */

    HttpQueue *queue; /* from here on the thread's own */
    HttpJob *jobs;
    int64_t soonest; /* deadline of a job, or earlier */
};

/* ---- a job's way ---------------------------------------------------------------------------- */

/* Lets the job, at its URL of now, wait for its turn. */
static void
job_enter(HttpClient *client, HttpJob *job)
{
    http_queue_enter(client->queue, job->peer, job);
    job->queued = true;
}

/* Takes it back, from the queue or from libcurl. */
static void
job_leave(HttpClient *client, HttpJob *job)
{
    if (job->running)
        curl_multi_remove_handle(client->multi, job->easy);
    if (job->queued)
        http_queue_leave(client->queue, job->peer, job, job->running);
    job->queued = job->running = false;
}

static void
job_unlink(HttpJob *job)
{
    if (!job->link)
        return;
    *job->link = job->next;
    if (job->next)
        job->next->link = job->link;
    job->link = NULL;
}

/* Hands it to libcurl: it is its turn. */
static void
job_start(HttpClient *client, HttpJob *job)
{
    http_job_aim(job);
    must(curl_multi_add_handle(client->multi, job->easy) == CURLM_OK);
    job->running = true;
}

/* True when it goes on elsewhere; false when this answer is its end, with error or without. */
static bool
job_follow(HttpClient *client, HttpJob *job, GError **error)
{
    HttpHop hop;
    if (!http_job_next(job, &hop, error))
        return false;
    job_leave(client, job);
    http_job_move(job, hop);
    job_enter(client, job);
    return true;
}

static void
client_settled(HttpClient *client)
{
    pthread_mutex_lock(&client->lock);
    client->busy--;
    pthread_mutex_unlock(&client->lock);
}

/* The one place where a job ends. */
static void
job_end(HttpClient *client, HttpJob *job, const GError *error)
{
    HttpReply reply;
    http_job_reply(job, !error, &reply);
    job_leave(client, job);
    job_unlink(job);
    client_settled(client);
    job->done(&reply, error, job->arg);
    http_job_free(job);
}

static void G_GNUC_PRINTF(4, 5)
    job_break(HttpClient *client, HttpJob *job, ErrorCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *words = g_strdup_vprintf(format, args);
    va_end(args);
    g_autoptr(GError) error = NULL;
    fail(&error, code, "%s %s", job->peer, words);
    job_end(client, job, error);
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void
client_begin(HttpClient *client, HttpJob *job)
{
    g_autoptr(GError) error = NULL;
    if (!http_job_prepare(job, client->agent, &error)) {
        job_end(client, job, error);
        return;
    }
    job->link = &client->jobs;
    job->next = client->jobs;
    if (job->next)
        job->next->link = &job->next;
    client->jobs = job;
    client->soonest = MIN(client->soonest, job->deadline);
    job_enter(client, job);
}

static void
client_give_up(HttpClient *client, uint64_t ticket)
{
    HttpJob *job = client->jobs;
    while (job && job->ticket != ticket)
        job = job->next;
    if (!job)
        return;
    job_break(client, job, ERR_BUSY, "was not asked to the end: it was given up");
}

/* Takes over what arrived. False when the client is to stop. */
static bool
client_take(HttpClient *client)
{
    pthread_mutex_lock(&client->lock);
    HttpJob *arrived = client->arrived, *ordered = NULL;
    client->arrived = NULL;
    GArray *given_up = client->given_up;
    client->given_up = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    bool stopping = client->stopping;
    pthread_mutex_unlock(&client->lock);

    while (arrived) { /* the latest stands first */
        HttpJob *job = arrived;
        arrived = job->next;
        job->next = ordered;
        ordered = job;
    }
    while (ordered) {
        HttpJob *job = ordered;
        ordered = job->next;
        client_begin(client, job);
    }
    for (guint i = 0; i < given_up->len; i++)
        client_give_up(client, g_array_index(given_up, uint64_t, i));
    g_array_unref(given_up);
    return !stopping;
}

static void
client_finish(HttpClient *client)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        g_autoptr(GError) error = NULL;
        CURLcode code = message->data.result;
        HttpJob *job = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
        if (code != CURLE_OK)
            http_job_fail(job, (int)code, &error);
        else if (job_follow(client, job, &error))
            continue;
        job_end(client, job, error);
    }
}

static void
client_alarms(HttpClient *client)
{
    int64_t now = clock_monotonic();
    if (now < client->soonest)
        return;
    client->soonest = INT64_MAX;
    for (HttpJob *job = client->jobs, *next; job; job = next) {
        next = job->next;
        if (job->deadline > now)
            client->soonest = MIN(client->soonest, job->deadline);
        else
            job_break(client, job, ERR_NET, "did not answer within %d ms", job->ask.total_ms);
    }
}

static void
client_start_next(HttpClient *client)
{
    HttpJob *job;
    while ((job = http_queue_next(client->queue)))
        job_start(client, job);
}

static void *
client_main(void *arg)
{
    HttpClient *client = arg;
    pthread_setname_np(pthread_self(), "http out");
    int running;
    while (client_take(client)) {
        client_start_next(client);
        must(curl_multi_perform(client->multi, &running) == CURLM_OK);
        client_finish(client);
        client_alarms(client);
        client_start_next(client);
        int64_t left = client->soonest - MIN(clock_monotonic(), client->soonest);
        must(curl_multi_poll(client->multi, NULL, 0, (int)MIN(left, IDLE_WAIT_MS), NULL) ==
             CURLM_OK);
    }
    while (client->jobs)
        job_break(client, client->jobs, ERR_BUSY, "was not asked to the end: the program stops");
    return NULL;
}

/* ---- for others ----------------------------------------------------------------------------- */

/* The thread takes no signals: libcurl's TLS writes with write(2), and a SIGPIPE that stays pending
 * in this thread disturbs nobody. */
static bool
client_start_thread(HttpClient *client)
{
    sigset_t all, before;
    sigfillset(&all);
    must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    int status = pthread_create(&client->thread, NULL, client_main, client);
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return status == 0;
}

static void
client_drop(HttpClient *client)
{
    curl_multi_cleanup(client->multi);
    http_queue_free(client->queue);
    pthread_mutex_destroy(&client->lock);
    g_array_unref(client->given_up);
    g_free(client->agent);
    g_free(client);
    curl_global_cleanup();
}

HttpClient *
http_client_new(const HttpClientOptions *options, GError **error)
{
    must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    HttpClient *client = g_new0(HttpClient, 1);
    client->agent = g_strdup(options->agent ? options->agent : "Postlude/" POSTLUDE_VERSION);
    client->waiting = options->waiting ? (size_t)options->waiting : WAITING;
    client->soonest = INT64_MAX;
    client->given_up = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    client->multi = curl_multi_init();
    must(client->multi);
    pthread_mutex_init(&client->lock, NULL);
    client->queue = http_queue_new(options->connections ? options->connections : CONNECTIONS,
                                   options->connections_per_host ? options->connections_per_host
                                                                 : CONNECTIONS_PER_HOST);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
    if (!client_start_thread(client)) {
        client_drop(client);
        fail(error, ERR_IO, "no thread left for asking other servers");
        return NULL;
    }
    return client;
}

void
http_client_free(HttpClient *client)
{
    if (!client)
        return;
    must(!pthread_equal(pthread_self(), client->thread));
    pthread_mutex_lock(&client->lock);
    client->stopping = true;
    pthread_mutex_unlock(&client->lock);
    curl_multi_wakeup(client->multi);
    pthread_join(client->thread, NULL);
    /* What done() sent while the thread was ending. */
    while (client->arrived) {
        HttpJob *job = client->arrived;
        client->arrived = job->next;
        job_break(client, job, ERR_BUSY, "was not asked: the program stops");
    }
    client_drop(client);
}

uint64_t
http_client_send(HttpClient *client, const HttpAsk *ask, HttpDone done, void *arg)
{
    HttpJob *job = http_job_new(ask, done, arg);
    pthread_mutex_lock(&client->lock);
    uint64_t ticket = job->ticket = ++client->tickets;
    bool full = client->busy++ >= client->waiting;
    if (!full) {
        job->next = client->arrived;
        client->arrived = job;
    }
    pthread_mutex_unlock(&client->lock);
    if (full)
        job_break(client, job, ERR_BUSY, "was not asked: %zu requests are waiting already",
                  client->waiting);
    else
        curl_multi_wakeup(client->multi);
    return ticket;
}

void
http_client_cancel(HttpClient *client, uint64_t ticket)
{
    pthread_mutex_lock(&client->lock);
    g_array_append_val(client->given_up, ticket);
    pthread_mutex_unlock(&client->lock);
    curl_multi_wakeup(client->multi);
}

size_t
http_client_busy(HttpClient *client)
{
    pthread_mutex_lock(&client->lock);
    size_t busy = client->busy;
    pthread_mutex_unlock(&client->lock);
    return busy;
}
