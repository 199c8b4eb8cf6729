/* signer.c - see signer.h. */
#include "flow/signer.h"

#include "base/civil.h"
#include "base/limits.h"
#include "engine/certificate.h"
#include "engine/clock.h"
#include "engine/http_client.h"
#include "engine/log.h"

#include <pthread.h>
#include <string.h>

enum {
    FETCH_MS = 10 * 1000,
    CONFIRM_MS = 10 * 1000, /* SNS itself gives up after 15 s */
    FETCH_BYTES = 64 * 1024,
    FETCHES_MOST = 4, /* at once */
    KNOWN_MOST = 16,  /* that are under way or could not be had */
    STARTS_A_MINUTE = 20,
    AGAIN_MS = 30 * 1000, /* after one that could not be had */
    MINUTE = 60 * 1000,
    FORGET_DAYS = 30,
};

/* A certificate that is not in the store: on its way, or why it did not come. */
typedef struct Fetch {
    StoreTask task; /* first: the save */
    Signers *signers;
    Arena *arena;
    InboundCertificate asked;
    Str pem;
    int64_t expires_at;
    /* under the book's lock */
    bool under_way;
    int64_t ended_at; /* monotonic */
    char *trouble;
} Fetch;

struct Signers {
    Store *store;
    NetScope scope;
    pthread_mutex_t lock;
    HttpClient *client; /* under lock: made when it is first needed */
    bool stopped;
    Fetch *fetches[KNOWN_MOST];
    int64_t minute_at; /* monotonic: the minute in which starts are counted */
    int starts;
    char *detour_https, *detour_http, *ca_file;
};

Signers *
signers_new(Store *store, bool loopback_only)
{
    Signers *signers = g_new0(Signers, 1);
    signers->store = store;
    signers->scope = loopback_only ? NET_LOOPBACK : NET_PUBLIC;
    /* An ask may end before http_client_send returns, in the thread that holds the lock. */
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&signers->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    return signers;
}

void
signers_detour(Signers *signers, const SignerDetour *detour)
{
    must(signers->scope == NET_LOOPBACK);
    pthread_mutex_lock(&signers->lock);
    g_free(signers->detour_https);
    g_free(signers->detour_http);
    g_free(signers->ca_file);
    signers->detour_https = g_strdup(detour->https);
    signers->detour_http = g_strdup(detour->http);
    signers->ca_file = g_strdup(detour->ca_file);
    pthread_mutex_unlock(&signers->lock);
}

void
signers_stop(Signers *signers)
{
    pthread_mutex_lock(&signers->lock);
    HttpClient *client = g_steal_pointer(&signers->client);
    signers->stopped = true;
    pthread_mutex_unlock(&signers->lock);
    http_client_free(client); /* calls done() of all that is under way, which takes the lock */
}

static void
fetch_free(Fetch *fetch)
{
    g_free(fetch->trouble);
    arena_free(fetch->arena);
    g_free(fetch);
}

void
signers_free(Signers *signers)
{
    if (!signers)
        return;
    signers_stop(signers);
    store_drain(signers->store); /* a save that is still on its way */
    for (size_t i = 0; i < KNOWN_MOST; i++)
        if (signers->fetches[i])
            fetch_free(signers->fetches[i]);
    g_free(signers->detour_https);
    g_free(signers->detour_http);
    g_free(signers->ca_file);
    pthread_mutex_destroy(&signers->lock);
    g_free(signers);
}

/* ---- asking -------------------------------------------------------------------------------------- */

/* Under the lock. False with ERR_BUSY when the program stops. */
static bool
signers_send(Signers *signers, const char *url, int total_ms, HttpDone done, void *arg,
             GError **error)
{
    bool plain = g_str_has_prefix(url, "http://");
    const char *detour = plain ? signers->detour_http : signers->detour_https;
    if (signers->stopped)
        return fail(error, ERR_BUSY, "the program stops");
    if (!signers->client && !(signers->client = http_client_new(&(HttpClientOptions){0}, error)))
        return false;
    HttpAsk ask = {
        .url = url,
        .total_ms = total_ms,
        .max_bytes = FETCH_BYTES,
        .allow_plain = plain,
        .ca_file = plain ? NULL : signers->ca_file,
        .net = {.scope = signers->scope},
        .connect_to = detour,
    };
    http_client_send(signers->client, &ask, done, arg);
    return true;
}

/* ---- a certificate ------------------------------------------------------------------------------- */

static bool
signer_save(Db *db, void *arg, GError **error)
{
    const Fetch *fetch = arg;
    int64_t now = clock_now();
    return db_run(
               db, Q_signer_forget,
               BINDS(bind_int("shop", 0), bind_int("before", now - (int64_t)FORGET_DAYS * DAY_MS)),
               NULL, error) &&
           db_run(db, Q_signer_save,
                  BINDS(bind_int("shop", 0), bind_text("url", fetch->asked.url),
                        bind_int("at", now), bind_int("expires_at", fetch->expires_at),
                        bind_text("pem", fetch->pem)),
                  NULL, error);
}

static void
fetch_end(Fetch *fetch, const GError *error)
{
    Signers *signers = fetch->signers;
    if (error)
        log_failure("signer.missing", error, "url=" STR_FMT, STR_ARG(fetch->asked.url));
    pthread_mutex_lock(&signers->lock);
    fetch->under_way = false;
    fetch->ended_at = clock_monotonic();
    g_free(fetch->trouble);
    fetch->trouble = error ? g_strdup(error->message) : NULL;
    pthread_mutex_unlock(&signers->lock);
}

static void
fetch_saved(StoreTask *task, const GError *error)
{
    fetch_end((Fetch *)task, error);
}

static bool
fetch_check(Fetch *fetch, Str issuer, GError **error)
{
    CertificateAsk ask = {
        .pem = fetch->pem,
        .issuer = issuer,
        .name_count = fetch->asked.name_count,
        .ca_file = fetch->signers->ca_file,
        .now = clock_now(),
    };
    for (size_t i = 0; i < ask.name_count; i++)
        ask.names[i] = fetch->asked.names[i];
    return certificate_check(&ask, &fetch->expires_at, error);
}

static void
fetch_keep(Fetch *fetch)
{
    fetch->task = (StoreTask){.run = signer_save, .done = fetch_saved, .arg = fetch};
    store_post(fetch->signers->store, STORE_INTAKE, &fetch->task);
}

/* The authority above the certificate came, or did not. */
static void
issuer_done(const HttpReply *reply, const GError *error, void *arg)
{
    Fetch *fetch = arg;
    g_autoptr(GError) problem = NULL;
    if (error)
        fetch_end(fetch, error);
    else if (!http_reply_check(reply, &problem) || !fetch_check(fetch, reply->body, &problem))
        fetch_end(fetch, problem);
    else
        fetch_keep(fetch);
}

/* Asks for the authority above, where the certificate says where it is. */
static bool
issuer_fetch(Fetch *fetch)
{
    Signers *signers = fetch->signers;
    g_autoptr(GError) problem = NULL;
    Str url = certificate_issuer_url(fetch->arena, fetch->pem);
    if (!url.len)
        return false;
    const char *text = arena_cstr(fetch->arena, url);
    pthread_mutex_lock(&signers->lock);
    if (!signers_send(signers, text, FETCH_MS, issuer_done, fetch, &problem))
        fetch_end(fetch, problem);
    pthread_mutex_unlock(&signers->lock);
    return true;
}

static void
certificate_done(const HttpReply *reply, const GError *error, void *arg)
{
    Fetch *fetch = arg;
    g_autoptr(GError) problem = NULL;
    if (error) {
        fetch_end(fetch, error);
        return;
    }
    if (!http_reply_check(reply, &problem)) {
        fetch_end(fetch, problem);
        return;
    }
    fetch->pem = arena_copy(fetch->arena, reply->body);
    if (fetch_check(fetch, (Str){0}, &problem))
        fetch_keep(fetch);
    else if (!error_is(problem, ERR_TLS) || !issuer_fetch(fetch))
        fetch_end(fetch, problem);
}

/* ---- which are wanted ----------------------------------------------------------------------------- */

/* Under the lock. A place for one more: empty, or of the one that ended longest ago. */
static Fetch **
fetch_place(Signers *signers)
{
    Fetch **found = NULL;
    size_t under_way = 0;
    for (size_t i = 0; i < KNOWN_MOST; i++) {
        Fetch **place = &signers->fetches[i];
        under_way += *place && (*place)->under_way;
        if (*place && (*place)->under_way)
            continue;
        if (!found || !*place || (*found && (*place)->ended_at < (*found)->ended_at))
            found = place;
    }
    return under_way < FETCHES_MOST ? found : NULL;
}

/* Under the lock. */
static bool
start_is_allowed(Signers *signers)
{
    int64_t now = clock_monotonic();
    if (now - signers->minute_at >= MINUTE) {
        signers->minute_at = now;
        signers->starts = 0;
    }
    return signers->starts++ < STARTS_A_MINUTE;
}

/* Under the lock. */
static bool
fetch_start(Signers *signers, Fetch **place, const InboundCertificate *asked, GError **error)
{
    Fetch *fetch = *place;
    if (fetch)
        fetch_free(fetch);
    fetch = *place = g_new0(Fetch, 1);
    fetch->signers = signers;
    fetch->arena = arena_new(LIMIT_ARENA_BYTES);
    fetch->under_way = true;
    fetch->asked = (InboundCertificate){.url = arena_copy(fetch->arena, asked->url),
                                        .name_count = asked->name_count};
    for (size_t i = 0; i < asked->name_count; i++)
        fetch->asked.names[i] = arena_cstr(fetch->arena, str_of(asked->names[i]));
    if (signers_send(signers, arena_cstr(fetch->arena, asked->url), FETCH_MS, certificate_done,
                     fetch, error))
        return true;
    fetch->under_way = false;
    return false;
}

/* Under the lock. Always false: what is asked for is not here. */
static bool
fetch_want(Signers *signers, const InboundCertificate *asked, GError **error)
{
    Fetch **place = NULL;
    for (size_t i = 0; i < KNOWN_MOST; i++)
        if (signers->fetches[i] && str_eq(signers->fetches[i]->asked.url, asked->url))
            place = &signers->fetches[i];
    const Fetch *known = place ? *place : NULL;
    if (known && known->trouble && clock_monotonic() - known->ended_at < AGAIN_MS)
        return fail(error, ERR_BUSY, "the certificate of this delivery cannot be had now: %s",
                    known->trouble);
    if (!known || !known->under_way) {
        place = place ? place : fetch_place(signers);
        if (!place || !start_is_allowed(signers))
            return fail(error, ERR_BUSY, "too many certificates are being fetched");
        if (!fetch_start(signers, place, asked, error))
            return false;
    }
    return fail(error, ERR_BUSY, "the certificate of this delivery is being fetched: come again");
}

/* *ret_pem keeps its value when it is not kept. */
static bool
signer_find(Signers *signers, Arena *arena, Str url, Str *ret_pem, int64_t *ret_expires_at,
            GError **error)
{
    Db *db = store_reader(signers->store, error);
    if (!db)
        return false;
    Rows *rows =
        db_rows(db, Q_signer_get, BINDS(bind_int("shop", 0), bind_text("url", url)), error);
    if (rows && rows_next(rows)) {
        *ret_pem = arena_copy(arena, rows_text(rows, 0));
        *ret_expires_at = rows_int(rows, 1);
    }
    bool ok = rows && rows_ok(rows, error);
    rows_close(rows);
    store_reader_return(signers->store, db);
    return ok;
}

bool
signers_get(Signers *signers, Arena *arena, const InboundCertificate *asked, Str *ret_pem,
            GError **error)
{
    Str pem = {0};
    int64_t expires_at = 0;
    if (!signer_find(signers, arena, asked->url, &pem, &expires_at, error))
        return false;
    if (!pem.len) {
        pthread_mutex_lock(&signers->lock);
        fetch_want(signers, asked, error);
        pthread_mutex_unlock(&signers->lock);
        return false;
    }
    if (expires_at < clock_now())
        return fail(error, ERR_AUTH, "the certificate of this delivery has run out");
    *ret_pem = pem;
    return true;
}

/* ---- confirming ------------------------------------------------------------------------------------ */

typedef struct Confirm {
    SignerDone done;
    void *arg;
} Confirm;

static void
confirm_done(const HttpReply *reply, const GError *error, void *arg)
{
    Confirm *confirm = arg;
    g_autoptr(GError) problem = NULL;
    if (!error && !http_reply_check(reply, &problem))
        error = problem;
    confirm->done(error, confirm->arg);
    g_free(confirm);
}

void
signers_confirm(Signers *signers, Str url, SignerDone done, void *arg)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strndup(url.at, url.len);
    Confirm *confirm = g_new0(Confirm, 1);
    *confirm = (Confirm){done, arg};
    pthread_mutex_lock(&signers->lock);
    bool sent = signers_send(signers, text, CONFIRM_MS, confirm_done, confirm, &error);
    pthread_mutex_unlock(&signers->lock);
    if (sent)
        return;
    g_free(confirm);
    done(error, arg);
}
