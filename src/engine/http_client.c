/* http_client.c - see http_client.h. libcurl does HTTP and TLS; what may be asked, where it may go,
 * how long and how much it may take is decided here.
 *
 * A job is an ask under way. It is made in the caller's thread, handed over under the lock, and from
 * then on belongs to the client's thread alone.
 */
#include "engine/http_client.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/clock.h"
#include "engine/http_ask.h"
#include "engine/http_queue.h"
#include "engine/net_address.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
    HEADERS_MOST_BYTES = 64 * 1024, /* of an answer; nginx and Apache send at most 8 to 16 kB */
    HEADERS_MOST = 200,
    CONNECTIONS = 64,
    CONNECTIONS_PER_HOST = 4,
    WAITING = 10000,
    IDLE_CONNECTIONS = 32,  /* kept open */
    IDLE_WAIT_MS = 60000,   /* nothing to do: libcurl looks after its idle connections */
    READ_BYTES = 16 * 1024, /* of one read */
};

/* Why we broke a transfer off ourselves. */
typedef enum Trouble {
    TROUBLE_NONE,
    TROUBLE_PRIVATE,
    TROUBLE_BODY,
    TROUBLE_HEADERS,
} Trouble;

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

    CURL *easy;
    struct curl_slist *lines;
    bool queued;  /* it waits for its turn, or has it */
    bool running; /* it has its turn: the multi has it */
    Trouble trouble;
    GByteArray *body;
    GArray *headers; /* of HttpPair, ours */
    size_t header_bytes;
    char said[CURL_ERROR_SIZE];
    struct HttpJob *next, **link;
} HttpJob;

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

/* ---- the job -------------------------------------------------------------------------------- */

static void
lines_free(struct curl_slist *lines)
{
    for (struct curl_slist *line = lines; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(lines);
}

static void
headers_clear(HttpJob *job)
{
    for (guint i = 0; i < job->headers->len; i++)
        http_pair_clear(&g_array_index(job->headers, HttpPair, i));
    g_array_set_size(job->headers, 0);
    job->header_bytes = 0;
}

static void
job_free(HttpJob *job)
{
    headers_clear(job);
    g_array_unref(job->headers);
    g_byte_array_unref(job->body);
    lines_free(job->lines);
    curl_easy_cleanup(job->easy);
    http_ask_clear(&job->ask);
    http_wipe(job->url);
    g_free(job->peer);
    g_free(job);
}

static HttpJob *
job_new(const HttpAsk *ask, HttpDone done, void *arg)
{
    HttpJob *job = g_new0(HttpJob, 1);
    job->ask = http_ask_copy(ask);
    job->done = done;
    job->arg = arg;
    job->url = g_strdup(job->ask.url);
    job->peer = g_strdup("the address");
    job->since = clock_monotonic();
    job->deadline = job->since + job->ask.total_ms;
    job->body = g_byte_array_new();
    job->headers = g_array_new(FALSE, TRUE, sizeof(HttpPair));
    return job;
}

static bool
is_secure(const char *url)
{
    return g_ascii_strncasecmp(url, "https:", 6) == 0;
}

/* "host:port" of a URL; NULL when it is none that we use. */
static char *
peer_of(const char *url)
{
    char *host = NULL, *port = NULL, *ret = NULL;
    CURLU *parts = curl_url();
    must(parts);
    if (curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
        ret = g_strdup_printf("%s:%s", host, port);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return ret;
}

static bool
is_one_line(const char *text)
{
    return !strpbrk(text, "\r\n");
}

/* What the caller may have got wrong. */
static bool
job_check(HttpJob *job, GError **error)
{
    must(!job->ask.user || !job->ask.bearer);
    bool plain = g_ascii_strncasecmp(job->url, "http:", 5) == 0;
    if (!is_secure(job->url) && !plain)
        return fail(error, ERR_CONFIG, "an address must start with https://");
    char *peer = peer_of(job->url);
    if (!peer)
        return fail(error, ERR_CONFIG,
                    "an address cannot be read, or has a user and password in it");
    g_free(job->peer);
    job->peer = peer;
    if (plain && !job->ask.allow_plain)
        return fail(error, ERR_CONFIG, "%s must be asked over https", peer);
    for (size_t i = 0; i < job->ask.header_count; i++)
        if (!is_one_line(job->ask.headers[i].name) || !is_one_line(job->ask.headers[i].value))
            return fail(error, ERR_CONFIG, "the header %zu for %s has a line break", i + 1, peer);
    if (job->ask.bearer && !is_one_line(job->ask.bearer))
        return fail(error, ERR_CONFIG, "the key for %s has a line break", peer);
    return true;
}

/* ---- where it may go ------------------------------------------------------------------------ */

static bool
address_allowed(HttpJob *job, const struct sockaddr *address)
{
    bool loopback = net_address_is_loopback(address);
    bool fine = job->ask.loopback_only ? loopback
                                       : job->ask.allow_private || net_address_is_public(address);
    if (!fine)
        job->trouble = TROUBLE_PRIVATE;
    return fine;
}

/* Before connecting: the one place that sees the address which the kernel will be given. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    if (!address_allowed(arg, &address->addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Before the request is written. The connection may be one that was kept open, for an ask that was
 * allowed more than this one. */
static int
before_request(void *arg, char *there, char *here, int there_port, int here_port)
{
    HttpJob *job = arg;
    struct sockaddr_storage address;
    bool fine = net_address_parse(there, &address) &&
                address_allowed(job, (const struct sockaddr *)&address);
    if (!fine)
        job->trouble = TROUBLE_PRIVATE;
    return fine ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- what comes ----------------------------------------------------------------------------- */

static size_t
take_body(char *bytes, size_t one, size_t len, void *arg)
{
    HttpJob *job = arg;
    if (len > job->ask.max_bytes - job->body->len) {
        job->trouble = TROUBLE_BODY;
        return 0;
    }
    g_byte_array_append(job->body, (const guint8 *)bytes, (guint)len);
    return len;
}

/* Each line of the headers. Those of an interim answer (1xx) and of a redirect are forgotten when
 * the next begin. */
static size_t
take_header(char *bytes, size_t one, size_t len, void *arg)
{
    HttpJob *job = arg;
    Str line = str_trim((Str){bytes, len});
    job->header_bytes += len;
    if (job->header_bytes > HEADERS_MOST_BYTES || job->headers->len >= HEADERS_MOST) {
        job->trouble = TROUBLE_HEADERS;
        return 0;
    }
    if (str_starts(line, "HTTP/")) {
        size_t sum = job->header_bytes;
        headers_clear(job);
        job->header_bytes = sum; /* interim answers without end are headers without end, too */
        return len;
    }
    Str value = line, name;
    if (!str_split(&value, ':', &name) || !name.len || !value.at)
        return len;
    name = str_trim(name);
    value = str_trim(value);
    HttpPair pair = {g_strndup(name.at, name.len), g_strndup(value.at ? value.at : "", value.len)};
    g_array_append_val(job->headers, pair);
    return len;
}

/* ---- asking --------------------------------------------------------------------------------- */

/* Headers that say nothing about who asks. */
static bool
is_harmless(const char *name)
{
    static const char *const harmless[] = {"Accept", "Accept-Language", "User-Agent", NULL};
    for (const char *const *one = harmless; *one; one++)
        if (g_ascii_strcasecmp(name, *one) == 0)
            return true;
    return false;
}

static void
job_add_line(HttpJob *job, const char *line)
{
    job->lines = curl_slist_append(job->lines, line);
    must(job->lines);
}

static void
job_set_headers(HttpJob *job)
{
    bool typed = false;
    lines_free(job->lines);
    job->lines = NULL;
    for (size_t i = 0; i < job->ask.header_count; i++) {
        HttpPair pair = job->ask.headers[i];
        if (job->abroad && !is_harmless(pair.name))
            continue;
        typed |= g_ascii_strcasecmp(pair.name, "Content-Type") == 0;
        /* libcurl sends an empty header only when it ends in a semicolon */
        char *line = g_strdup_printf(*pair.value ? "%s: %s" : "%s;", pair.name, pair.value);
        job_add_line(job, line);
        http_wipe(line);
    }
    if (job->ask.bearer && !job->abroad) {
        char *line = g_strdup_printf("Authorization: Bearer %s", job->ask.bearer);
        job_add_line(job, line);
        http_wipe(line);
    }
    if (job->ask.body.at && !typed)
        job_add_line(job, "Content-Type:"); /* libcurl would call it a form */
    job_add_line(job, "Expect:");           /* a round trip for nothing */
    curl_easy_setopt(job->easy, CURLOPT_HTTPHEADER, job->lines);
}

static void
job_set_method(HttpJob *job)
{
    CURL *easy = job->easy;
    if (strcmp(job->ask.method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    bool get = strcmp(job->ask.method, "GET") == 0;
    if (!job->ask.body.at) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)job->ask.body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, job->ask.body.at);
    }
    if (job->ask.body.at || !get)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, job->ask.method);
}

static void
job_set_bounds(const HttpClient *client, HttpJob *job)
{
    CURL *easy = job->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, job);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, job->said);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, client->agent);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* not even the environment's */
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Else giving up while a name is being resolved waits for the name server after all. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)job->ask.connect_ms);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)job->ask.max_bytes);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_BYTES);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)job->ask.once);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (job->ask.ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, job->ask.ca_file);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, job);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, job);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, job);
}

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
    job->trouble = TROUBLE_NONE;
    headers_clear(job);
    g_byte_array_set_size(job->body, 0);
    curl_easy_setopt(job->easy, CURLOPT_URL, job->url);
    bool known = job->ask.user && !job->abroad;
    curl_easy_setopt(job->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(job->easy, CURLOPT_USERNAME, known ? job->ask.user : NULL);
    curl_easy_setopt(job->easy, CURLOPT_PASSWORD,
                     known && job->ask.password ? job->ask.password : NULL);
    job_set_headers(job);
    must(curl_multi_add_handle(client->multi, job->easy) == CURLM_OK);
    job->running = true;
}

/* ---- what became of it ---------------------------------------------------------------------- */

/* libcurl's own words where they help somebody; never a path: it puts none there. */
static bool
fail_words(const HttpJob *job, GError **error, ErrorCode code, const char *what)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    Str said = text_line(arena, str_of(job->said), sizeof job->said);
    return fail(error, code, "%s %s%s" STR_FMT, job->peer, what, said.len ? ": " : "",
                STR_ARG(said));
}

static bool
fail_unreached(const HttpJob *job, GError **error)
{
    long number = 0;
    curl_easy_getinfo(job->easy, CURLINFO_OS_ERRNO, &number);
    return fail(error, ERR_NET, "%s cannot be reached%s%s", job->peer, number ? ": " : "",
                number ? g_strerror((int)number) : "");
}

static bool
fail_trouble(const HttpJob *job, GError **error)
{
    switch (job->trouble) {
    case TROUBLE_PRIVATE:
        return fail(error, ERR_FORBIDDEN, "%s is not %s", job->peer,
                    job->ask.loopback_only ? "on this machine" : "at a public address");
    case TROUBLE_BODY:
        return fail(error, ERR_TOO_BIG, "%s answers with more than %zu bytes", job->peer,
                    job->ask.max_bytes);
    default:
        return fail(error, ERR_BAD_REPLY, "%s answers with headers without end", job->peer);
    }
}

static bool
job_fail(HttpJob *job, CURLcode code, GError **error)
{
    if (job->trouble)
        return fail_trouble(job, error);
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return fail(error, ERR_NET, "%s: the name cannot be resolved", job->peer);
    case CURLE_COULDNT_CONNECT:
        return fail_unreached(job, error);
    case CURLE_OPERATION_TIMEDOUT:
        return fail(error, ERR_NET, "%s: no connection within %d ms", job->peer,
                    job->ask.connect_ms);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return fail_words(job, error, ERR_TLS, "cannot be trusted");
    case CURLE_SSL_CACERT_BADFILE:
        return fail(error, ERR_CONFIG, "%s has no certificates that can be read",
                    job->ask.ca_file ? job->ask.ca_file : "the system's certificate store");
    case CURLE_FILESIZE_EXCEEDED:
        job->trouble = TROUBLE_BODY;
        return fail_trouble(job, error);
    case CURLE_URL_MALFORMAT:
        return fail(error, ERR_CONFIG, "the address at %s cannot be read", job->peer);
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WRITE_ERROR: /* our own writes say why above: it could not be unpacked */
        return fail(error, ERR_BAD_REPLY, "%s does not speak proper HTTP", job->peer);
    default:
        return fail(error, ERR_NET, "%s broke the connection: %s", job->peer,
                    curl_easy_strerror(code));
    }
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
    HttpReply reply = {.peer = job->peer, .retry_after_ms = -1};
    long status = 0, request = 0;
    if (job->easy)
        curl_easy_getinfo(job->easy, CURLINFO_REQUEST_SIZE, &request);
    if (!error) {
        curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
        reply.status = (int)status;
        reply.body = (Str){(const char *)job->body->data, job->body->len};
        reply.headers = (const HttpPair *)(const void *)job->headers->data;
        reply.header_count = job->headers->len;
        int64_t now;
        if (!when_parse_mail(http_reply_header(&reply, "Date"), &now, NULL))
            now = clock_now();
        reply.retry_after_ms = http_retry_after(http_reply_header(&reply, "Retry-After"), now);
    }
    reply.asked = request > 0;
    reply.took_ms = clock_monotonic() - job->since;
    job_leave(client, job);
    job_unlink(job);
    client_settled(client);
    job->done(&reply, error, job->arg);
    job_free(job);
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

/* ---- redirects ------------------------------------------------------------------------------ */

/* Where an answer sends us on to, if we follow there; else NULL. */
static char *
redirect_of(const HttpJob *job)
{
    long status = 0;
    char *url = NULL;
    bool reads = strcmp(job->ask.method, "GET") == 0 || strcmp(job->ask.method, "HEAD") == 0;
    curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(job->easy, CURLINFO_REDIRECT_URL, &url);
    bool moves = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    if (!job->ask.redirects || !reads || job->ask.body.at || !moves || !url)
        return NULL;
    if (!is_secure(url) && (is_secure(job->url) || g_ascii_strncasecmp(url, "http:", 5) != 0))
        return NULL;
    return g_strdup(url);
}

/* True when the job goes on elsewhere; false when this answer is its end, with error or without. */
static bool
job_follow(HttpClient *client, HttpJob *job, GError **error)
{
    char *url = redirect_of(job);
    char *peer = url ? peer_of(url) : NULL;
    if (!peer) {
        http_wipe(url);
        return false;
    }
    if (job->redirects++ >= job->ask.redirects) {
        http_wipe(url);
        g_free(peer);
        return fail(error, ERR_BAD_REPLY, "%s sends us on and on, %d times already", job->peer,
                    job->ask.redirects);
    }
    job->abroad |= g_ascii_strcasecmp(peer, job->peer) != 0;
    job_leave(client, job);
    http_wipe(job->url);
    g_free(job->peer);
    job->url = url;
    job->peer = peer;
    job_enter(client, job);
    return true;
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void
client_begin(HttpClient *client, HttpJob *job)
{
    g_autoptr(GError) error = NULL;
    if (!job_check(job, &error)) {
        job_end(client, job, error);
        return;
    }
    job->easy = curl_easy_init();
    must(job->easy);
    job_set_bounds(client, job);
    job_set_method(job);
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
            job_fail(job, code, &error);
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
    HttpJob *job = job_new(ask, done, arg);
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
