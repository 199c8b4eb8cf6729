/* http_job.c - see http_job.h. What may be asked, where it may go and how much it may take is
 * decided here; HTTP and TLS are libcurl's.
 */
#include "engine/http_job.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/clock.h"
#include "engine/http_ask.h"
#include "engine/net_address.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/socket.h>

enum {
    HEADERS_MOST_BYTES = 64 * 1024, /* of an answer; nginx and Apache send at most 8 to 16 kB */
    HEADERS_MOST = 200,
    READ_BYTES = 16 * 1024, /* of one read */
};

G_STATIC_ASSERT(HTTP_SAID_BYTES >= CURL_ERROR_SIZE);

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

void
http_job_free(HttpJob *job)
{
    headers_clear(job);
    g_array_unref(job->headers);
    g_byte_array_unref(job->body);
    lines_free(job->lines);
    curl_slist_free_all(job->detour);
    curl_easy_cleanup(job->easy);
    http_ask_clear(&job->ask);
    http_wipe(job->url);
    g_free(job->peer);
    g_free(job);
}

HttpJob *
http_job_new(const HttpAsk *ask, HttpDone done, void *arg)
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
    for (char *at = ret; at && *at; at++)
        *at = g_ascii_tolower(*at);
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
    bool fine = net_rule_allows(&job->ask.net, address);
    if (!fine)
        job->trouble = HTTP_TROUBLE_PRIVATE;
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
        job->trouble = HTTP_TROUBLE_PRIVATE;
    return fine ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- what comes ----------------------------------------------------------------------------- */

static size_t
take_body(char *bytes, size_t one, size_t len, void *arg)
{
    HttpJob *job = arg;
    if (len > job->ask.max_bytes - job->body->len) {
        job->trouble = HTTP_TROUBLE_BODY;
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
        job->trouble = HTTP_TROUBLE_HEADERS;
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

/* Another place than the URL's, under test control. */
static void
job_set_detour(HttpJob *job)
{
    if (!job->ask.connect_to)
        return;
    g_autofree char *detour = g_strconcat("::", job->ask.connect_to, NULL);
    job->detour = curl_slist_append(NULL, detour);
    must(job->detour);
    curl_easy_setopt(job->easy, CURLOPT_CONNECT_TO, job->detour);
}

static void
job_set_bounds(HttpJob *job, const char *agent)
{
    CURL *easy = job->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, job);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, job->said);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, agent);
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
    job_set_detour(job);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, job);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, job);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, job);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, job);
}

/* ---- life ----------------------------------------------------------------------------------- */

bool
http_job_prepare(HttpJob *job, const char *agent, GError **error)
{
    if (!job_check(job, error))
        return false;
    job->easy = curl_easy_init();
    must(job->easy);
    job_set_bounds(job, agent);
    job_set_method(job);
    return true;
}

void
http_job_aim(HttpJob *job)
{
    job->trouble = HTTP_TROUBLE_NONE;
    headers_clear(job);
    g_byte_array_set_size(job->body, 0);
    curl_easy_setopt(job->easy, CURLOPT_URL, job->url);
    bool known = job->ask.user && !job->abroad;
    curl_easy_setopt(job->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(job->easy, CURLOPT_USERNAME, known ? job->ask.user : NULL);
    curl_easy_setopt(job->easy, CURLOPT_PASSWORD,
                     known && job->ask.password ? job->ask.password : NULL);
    job_set_headers(job);
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
    case HTTP_TROUBLE_PRIVATE:
        return fail(error, ERR_FORBIDDEN, "%s %s", job->peer, net_rule_words(&job->ask.net));
    case HTTP_TROUBLE_BODY:
        return fail(error, ERR_TOO_BIG, "%s answers with more than %zu bytes", job->peer,
                    job->ask.max_bytes);
    default:
        return fail(error, ERR_BAD_REPLY, "%s answers with headers without end", job->peer);
    }
}

bool
http_job_fail(HttpJob *job, int code, GError **error)
{
    if (job->trouble)
        return fail_trouble(job, error);
    switch ((CURLcode)code) {
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
        job->trouble = HTTP_TROUBLE_BODY;
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
                    curl_easy_strerror((CURLcode)code));
    }
}

void
http_job_reply(HttpJob *job, bool whole, HttpReply *ret)
{
    long status = 0, request = 0;
    HttpReply reply = {.peer = job->peer, .retry_after_ms = -1};
    if (job->easy)
        curl_easy_getinfo(job->easy, CURLINFO_REQUEST_SIZE, &request);
    if (whole) {
        int64_t now;
        curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
        reply.status = (int)status;
        reply.body = (Str){(const char *)job->body->data, job->body->len};
        reply.headers = (const HttpPair *)(const void *)job->headers->data;
        reply.header_count = job->headers->len;
        if (!when_parse_mail(http_reply_header(&reply, "Date"), &now, NULL))
            now = clock_now();
        reply.retry_after_ms = http_retry_after(http_reply_header(&reply, "Retry-After"), now);
    }
    reply.asked = request > 0;
    reply.took_ms = clock_monotonic() - job->since;
    *ret = reply;
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

bool
http_job_next(HttpJob *job, HttpHop *ret, GError **error)
{
    char *url = redirect_of(job);
    HttpHop hop = {url, url ? peer_of(url) : NULL};
    if (hop.peer && job->redirects++ < job->ask.redirects) {
        *ret = hop;
        return true;
    }
    if (hop.peer)
        fail(error, ERR_BAD_REPLY, "%s sends us on and on, %d times already", job->peer,
             job->ask.redirects);
    http_wipe(hop.url);
    g_free(hop.peer);
    return false;
}

void
http_job_move(HttpJob *job, HttpHop hop)
{
    job->abroad |= strcmp(hop.peer, job->peer) != 0;
    http_wipe(job->url);
    g_free(job->peer);
    job->url = hop.url;
    job->peer = hop.peer;
}
