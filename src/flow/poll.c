/* poll.c - see poll.h. */
#include "flow/poll.h"

#include "base/civil.h"
#include "base/limits.h"
#include "base/when.h"
#include "engine/clock.h"
#include "engine/log.h"
#include "flow/inbox.h"
#include "flow/reach.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    ANSWER_MS = 20 * SECOND_MS,
    ENROLL_EVERY_MS = 10 * SECOND_MS,
    LATER_MOST_MS = 6 * HOUR_MS,
    TOKEN_SPARE_SECONDS = 300, /* an hour's work must not end with a token that has just run out */
};

/* An access token, in memory only. */
typedef struct Token {
    int64_t shop;
    int64_t version; /* of the shop's settings */
    const Connector *connector;
    int64_t until; /* monotonic */
    char *text;
} Token;

struct Poll {
    PollOptions options;
    HttpClient *client; /* made when first needed: most installations have nobody to ask */
    GPtrArray *tokens;
    int64_t enrolled_at; /* monotonic; 0: never */
    int64_t enrolled_version;

    pthread_mutex_t lock;
    uint64_t ticket; /* what is under way; 0: nothing */
    _Atomic bool stop;
};

static void
token_free(void *arg)
{
    Token *token = arg;
    g_free(token->text);
    g_free(token);
}

Poll *
poll_new(const PollOptions *options)
{
    Poll *poll = g_new0(Poll, 1);
    poll->options = *options;
    poll->tokens = g_ptr_array_new_with_free_func(token_free);
    pthread_mutex_init(&poll->lock, NULL);
    return poll;
}

void
poll_free(Poll *poll)
{
    if (!poll)
        return;
    http_client_free(poll->client);
    g_ptr_array_unref(poll->tokens);
    pthread_mutex_destroy(&poll->lock);
    g_free(poll);
}

void
poll_stop(Poll *poll)
{
    atomic_store(&poll->stop, true);
    pthread_mutex_lock(&poll->lock);
    if (poll->ticket)
        http_client_cancel(poll->client, poll->ticket);
    pthread_mutex_unlock(&poll->lock);
}

/* ---- one request ------------------------------------------------------------------------------------- */

static size_t
headers_fill(const ConnectorRequest *request, HttpPair ret[3])
{
    size_t count = 0;
    ret[count++] = (HttpPair){"Accept", "application/json"};
    if (request->type)
        ret[count++] = (HttpPair){"Content-Type", request->type};
    if (request->header)
        ret[count++] = (HttpPair){request->header, request->value};
    return count;
}

static HttpAsk
ask_make(const ConnectorRequest *request, const NetRule *net, HttpPair headers[3])
{
    return (HttpAsk){
        .method = request->method,
        .url = request->url,
        .headers = headers,
        .header_count = headers_fill(request, headers),
        .body = request->body,
        .user = request->user,
        .password = request->password,
        .total_ms = ANSWER_MS,
        .net = *net,
        .allow_plain = net->scope == NET_LOOPBACK,
    };
}

bool
poll_send(HttpClient *client, const ConnectorRequest *request, const NetRule *net, Arena *arena,
          HttpReply *ret_reply, GError **error)
{
    HttpPair headers[3];
    HttpAsk ask = ask_make(request, net, headers);
    return http_client_ask(client, &ask, arena, ret_reply, error);
}

static Str
reply_header(const void *request, const char *name)
{
    return http_reply_header(request, name);
}

ConnectorAnswer
poll_answer(const HttpReply *reply)
{
    return (ConnectorAnswer){
        .status = reply->status,
        .body = reply->body,
        .headers = {reply_header, reply},
    };
}

typedef struct Visit {
    Poll *poll;
    Arena *arena;
    const ShopEntry *shop;
    const Connector *connector;
    ConnectorVisit with;
    NetRule net; /* where this shop may lead us */
    /* As it stands in the store: */
    ConnectorCursor cursor;
    int64_t newest;
    int64_t failures;
    /* What came of it: */
    ConnectorPage page;
    InboxNew *delivery; /* NULL: an empty page */
    int64_t retry_after_ms;
    bool token_is_new;
} Visit;

/* What waits for its answer on the polling thread. */
typedef struct Waiting {
    pthread_mutex_t lock;
    pthread_cond_t back;
    bool done;
    Arena *arena;
    HttpReply reply;
    GError *error;
} Waiting;

static void
waiting_done(const HttpReply *reply, const GError *error, void *arg)
{
    Waiting *waiting = arg;
    pthread_mutex_lock(&waiting->lock);
    /* The other thread sleeps: its arena is ours until it is woken. */
    HttpPair *headers = arena_new_of(waiting->arena, HttpPair, reply->header_count);
    for (size_t i = 0; i < reply->header_count; i++)
        headers[i] = (HttpPair){arena_cstr(waiting->arena, str_of(reply->headers[i].name)),
                                arena_cstr(waiting->arena, str_of(reply->headers[i].value))};
    waiting->reply = *reply;
    waiting->reply.body = arena_copy(waiting->arena, reply->body);
    waiting->reply.peer = arena_cstr(waiting->arena, str_of(reply->peer));
    waiting->reply.headers = headers;
    waiting->error = error ? g_error_copy(error) : NULL;
    waiting->done = true;
    pthread_cond_signal(&waiting->back);
    pthread_mutex_unlock(&waiting->lock);
}

/* As poll_send, and poll_stop breaks it off. */
static bool
errand(Visit *visit, const ConnectorRequest *request, HttpReply *ret, GError **error)
{
    Poll *poll = visit->poll;
    Waiting waiting = {.arena = visit->arena};
    HttpPair headers[3];
    HttpAsk ask = ask_make(request, &visit->net, headers);
    if (!poll->client && !(poll->client = http_client_new(&(HttpClientOptions){0}, error)))
        return false;
    pthread_mutex_init(&waiting.lock, NULL);
    pthread_cond_init(&waiting.back, NULL);
    pthread_mutex_lock(&poll->lock);
    poll->ticket = http_client_send(poll->client, &ask, waiting_done, &waiting);
    if (atomic_load(&poll->stop))
        http_client_cancel(poll->client, poll->ticket);
    pthread_mutex_unlock(&poll->lock);
    pthread_mutex_lock(&waiting.lock);
    while (!waiting.done)
        pthread_cond_wait(&waiting.back, &waiting.lock);
    pthread_mutex_unlock(&waiting.lock);
    pthread_mutex_lock(&poll->lock);
    poll->ticket = 0;
    pthread_mutex_unlock(&poll->lock);
    pthread_cond_destroy(&waiting.back);
    pthread_mutex_destroy(&waiting.lock);
    *ret = waiting.reply;
    if (waiting.error)
        g_propagate_error(error, waiting.error);
    return !waiting.error;
}

/* ---- a visit to one shop --------------------------------------------------------------------------------- */

static int64_t
setting_ms(const ShopEntry *shop, Setting setting)
{
    int64_t ms = 0;
    g_autoptr(GError) error = NULL;
    if (!duration_parse(shop_setting(shop, setting), &ms, &error) &&
        !duration_parse(str_of(setting_row(setting)->value), &ms, NULL))
        ms = MINUTE_MS;
    return ms;
}

static Token *
token_find(const Visit *visit)
{
    for (guint i = 0; i < visit->poll->tokens->len; i++) {
        Token *token = visit->poll->tokens->pdata[i];
        if (token->shop == visit->shop->shop.id && token->connector == visit->connector)
            return token;
    }
    return NULL;
}

static void
token_drop(const Visit *visit)
{
    Token *token = token_find(visit);
    if (token)
        g_ptr_array_remove_fast(visit->poll->tokens, token);
}

static bool
token_fetch(Visit *visit, GError **error)
{
    const ConnectorPoll *plug = visit->connector->poll;
    ConnectorRequest request = {0};
    HttpReply reply = {0};
    Str text = {0};
    int64_t seconds = 0;
    if (!plug->token_ask(&visit->with, &request, error) || !errand(visit, &request, &reply, error))
        return false;
    visit->retry_after_ms = reply.retry_after_ms;
    if ((reply.status == 429 || reply.status >= 500) && !http_reply_check(&reply, error))
        return false;
    ConnectorAnswer answer = poll_answer(&reply);
    if (!plug->token_read(&visit->with, &answer, &text, &seconds, error))
        return false;
    token_drop(visit);
    Token *token = g_new0(Token, 1);
    *token = (Token){
        .shop = visit->shop->shop.id,
        .version = visit->shop->shop.version,
        .connector = visit->connector,
        .until = clock_monotonic() + MAX(seconds - TOKEN_SPARE_SECONDS, 0) * 1000,
        .text = g_strndup(text.at, text.len),
    };
    g_ptr_array_add(visit->poll->tokens, token);
    visit->with.token = text;
    visit->token_is_new = true;
    return true;
}

static bool
token_get(Visit *visit, GError **error)
{
    const Token *token = token_find(visit);
    visit->token_is_new = false;
    if (!visit->connector->poll->token_ask)
        return true;
    if (!token || token->version != visit->shop->shop.version || clock_monotonic() >= token->until)
        return token_fetch(visit, error);
    visit->with.token = arena_copy(visit->arena, str_of(token->text));
    return true;
}

static bool
page_fetch(Visit *visit, HttpReply *ret, GError **error)
{
    ConnectorRequest request = {0};
    return token_get(visit, error) &&
           visit->connector->poll->ask(&visit->with, &visit->cursor, &request, error) &&
           errand(visit, &request, ret, error);
}

/* One page, read as far as the cursor needs it. A token that was refused may have been taken back: once, with a new
 * one. */
static bool
visit_ask(Visit *visit, GError **error)
{
    HttpReply reply = {0};
    if (!page_fetch(visit, &reply, error))
        return false;
    if (reply.status == 401 && visit->connector->poll->token_ask && !visit->token_is_new) {
        token_drop(visit);
        if (!page_fetch(visit, &reply, error))
            return false;
    }
    visit->retry_after_ms = reply.retry_after_ms;
    if ((reply.status == 429 || reply.status >= 500) && !http_reply_check(&reply, error))
        return false;
    ConnectorAnswer answer = poll_answer(&reply);
    if (!visit->connector->poll->read(&visit->with, &visit->cursor, &answer, &visit->page, error))
        return false;
    InboxAsk page = {
        .store = visit->poll->options.store,
        .shop = visit->shop,
        .body = visit->page.body.len ? visit->page.body : reply.body,
    };
    if (visit->page.count)
        visit->delivery = inbox_page(visit->arena, &page, visit->connector, visit->cursor.noun);
    return true;
}

/* ---- noting it --------------------------------------------------------------------------------------- */

typedef struct Settling {
    int64_t shop;
    const char *connector;
    const char *noun;
    ConnectorCursor cursor;
    int64_t newest;
    int64_t wake;
    int64_t polled_at; /* 0: the round goes on, or failed */
    int64_t failures;
    const char *reason;
    Str hidden;
    size_t seen; /* what was on the page: only then it shows what is hidden */
    InboxNew *delivery;
} Settling;

static bool
settle_job(Db *db, void *arg, GError **error)
{
    const Settling *settling = arg;
    return (!settling->delivery || inbox_keep(db, settling->delivery, error)) &&
           db_run(
               db, Q_poll_settle,
               BINDS(
                   bind_int("wake", settling->wake), bind_int("since", settling->cursor.since),
                   bind_some("next", settling->cursor.next), bind_int("newest", settling->newest),
                   bind_id("polled_at", settling->polled_at),
                   bind_int("failures", settling->failures), bind_cstr("reason", settling->reason),
                   bind_int("seen", (int64_t)settling->seen), bind_some("hidden", settling->hidden),
                   bind_int("shop", settling->shop), bind_cstr("connector", settling->connector),
                   bind_cstr("noun", settling->noun)),
               NULL, error);
}

/* The round goes on behind this page, or ends: then the next one begins a little behind the newest change. */
static Settling
settling_of_page(const Visit *visit)
{
    const ConnectorPage *page = &visit->page;
    int64_t now = clock_now(), newest = MAX(visit->newest, page->newest);
    Settling settling = {
        .cursor = page->cursor,
        .newest = newest,
        .wake = now + page->wait_ms,
        .hidden = page->hidden,
        .seen = page->count,
        .delivery = visit->delivery,
    };
    if (page->more)
        return settling;
    int64_t every = MAX(setting_ms(visit->shop, SETTING_POLL_EVERY), MINUTE_MS);
    int64_t since = newest - setting_ms(visit->shop, SETTING_POLL_OVERLAP);
    settling.cursor = (ConnectorCursor){.since = MAX(since, visit->cursor.since)};
    settling.newest = 0;
    settling.wake = now + MAX(every, visit->cursor.noun->at_least_ms);
    settling.polled_at = now;
    return settling;
}

/* A page that is no longer there is asked for by number or token in vain: the round begins anew. */
static Settling
settling_of_failure(const Visit *visit, const GError *error)
{
    int64_t later = (int64_t)MINUTE_MS << MIN(visit->failures, 9);
    if (!error_row(error)->again)
        later = MAX(later, setting_ms(visit->shop, SETTING_POLL_EVERY));
    if (visit->retry_after_ms > 0)
        later = visit->retry_after_ms;
    return (Settling){
        .cursor = {.since = visit->cursor.since,
                   .next = error_row(error)->again ? visit->cursor.next : (Str){0}},
        .newest = visit->newest,
        .wake = clock_now() + MIN(later, LATER_MOST_MS),
        .failures = visit->failures + 1,
        .reason = error->message,
    };
}

static bool
visit_settle(const Visit *visit, const GError *problem, GError **error)
{
    Settling settling = problem ? settling_of_failure(visit, problem) : settling_of_page(visit);
    settling.shop = visit->shop->shop.id;
    settling.connector = visit->connector->name;
    settling.noun = visit->cursor.noun->name;
    if (problem && !visit->failures)
        log_failure("poll.failed", problem, "shop=" STR_FMT " connector=%s noun=%s",
                    STR_ARG(visit->shop->shop.slug), visit->connector->name, settling.noun);
    if (!store_write(visit->poll->options.store, STORE_INTAKE, settle_job, &settling, error))
        return false;
    if (settling.delivery && visit->poll->options.woken)
        visit->poll->options.woken(visit->poll->options.arg);
    return true;
}

/* ---- who is due --------------------------------------------------------------------------------------- */

static bool
enroll_job(Db *db, void *arg, GError **error)
{
    const Settling *fresh = arg;
    return db_run(db, Q_poll_enroll,
                  BINDS(bind_int("shop", fresh->shop), bind_cstr("connector", fresh->connector),
                        bind_cstr("noun", fresh->noun), bind_int("wake", fresh->wake),
                        bind_int("since", fresh->cursor.since)),
                  NULL, error);
}

static bool
enroll_noun(Poll *poll, const ShopEntry *shop, const Connector *connector,
            const ConnectorNoun *noun, GError **error)
{
    int64_t known = 0, now = clock_now();
    Db *db = store_reader(poll->options.store, error);
    if (!db)
        return false;
    bool ok = db_int(db, Q_poll_count,
                     BINDS(bind_int("shop", shop->shop.id), bind_cstr("connector", connector->name),
                           bind_cstr("noun", noun->name)),
                     &known, error);
    store_reader_return(poll->options.store, db);
    Settling fresh = {
        .shop = shop->shop.id,
        .connector = connector->name,
        .noun = noun->name,
        .wake = now,
        .cursor.since = noun->whole ? 0 : now - DAY_MS, /* what is older is imported */
    };
    return ok && (known || store_write(poll->options.store, STORE_FLOW, enroll_job, &fresh, error));
}

static bool
enroll_one(Poll *poll, const ShopEntry *shop, const Connector *connector, GError **error)
{
    PlugSettings settings = shop_settings(shop);
    if (!connector->poll || !connector->poll->is_set(&settings))
        return true;
    for (const ConnectorNoun *noun = connector->poll->nouns; noun->name; noun++)
        if (!enroll_noun(poll, shop, connector, noun, error))
            return false;
    return true;
}

/* Shops that have been given a key since the last look. */
static bool
enroll(Poll *poll, GError **error)
{
    int64_t now = clock_monotonic(), version = shopbook_version(poll->options.shops);
    if (poll->enrolled_at &&
        (version == poll->enrolled_version || now - poll->enrolled_at < ENROLL_EVERY_MS) &&
        poll->options.net->scope != NET_LOOPBACK)
        return true;
    for (size_t n = 0;; n++) {
        g_autoptr(ShopHold) shop = shopbook_nth(poll->options.shops, n);
        if (!shop)
            break;
        for (size_t i = 0; connector_nth(i); i++)
            if (!enroll_one(poll, shop, connector_nth(i), error))
                return false;
    }
    poll->enrolled_at = now;
    poll->enrolled_version = version;
    return true;
}

/* Who is due, by the names of its row. */
typedef struct Due {
    int64_t shop;
    Str connector; /* empty: nobody is */
    Str noun;
} Due;

/* The one that has waited longest. */
static bool
visit_take(Visit *visit, Due *ret, GError **error)
{
    Db *db = store_reader(visit->poll->options.store, error);
    if (!db)
        return false;
    Rows *rows = db_rows(db, Q_poll_due, BINDS(bind_int("now", clock_now())), error);
    if (rows && rows_next(rows)) {
        *ret = (Due){
            .shop = rows_int(rows, 0),
            .connector = arena_copy(visit->arena, rows_text(rows, 1)),
            .noun = arena_copy(visit->arena, rows_text(rows, 2)),
        };
        visit->connector = connector_find(ret->connector);
        visit->cursor = (ConnectorCursor){
            .noun = connector_noun(visit->connector, ret->noun),
            .since = rows_int(rows, 3),
            .next = arena_copy(visit->arena, rows_text(rows, 4)),
        };
        visit->newest = rows_int(rows, 5);
        visit->failures = rows_int(rows, 6);
    }
    bool ok = rows && rows_ok(rows, error);
    rows_close(rows);
    store_reader_return(visit->poll->options.store, db);
    return ok;
}

static bool
visit_make(Visit *visit, GError **error)
{
    g_autoptr(GError) problem = NULL;
    PlugSettings settings = shop_settings(visit->shop);
    visit->with = (ConnectorVisit){.arena = visit->arena, .settings = settings};
    if (!visit->connector->poll->is_set(&settings))
        fail(&problem, ERR_CONFIG, "the key was taken away");
    else if (!visit_ask(visit, &problem) && atomic_load(&visit->poll->stop))
        return true; /* we broke it off ourselves */
    return visit_settle(visit, problem, error);
}

/* Of a shop, a connector or a noun that this version does not know: it must not stand in the others' way. */
static bool
visit_put_off(const Visit *visit, const Due *due, GError **error)
{
    Settling settling = {
        .shop = due->shop,
        .connector = due->connector.at,
        .noun = due->noun.at,
        .cursor = visit->cursor,
        .newest = visit->newest,
        .wake = clock_now() + LATER_MOST_MS,
        .failures = visit->failures + 1,
        .reason = "this version does not know whom to ask",
    };
    return store_write(visit->poll->options.store, STORE_FLOW, settle_job, &settling, error);
}

bool
poll_turn(Poll *poll, bool *ret_moved, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Visit visit = {.poll = poll, .arena = arena, .retry_after_ms = -1};
    Due due = {0};
    *ret_moved = false;
    if (atomic_load(&poll->stop))
        return true;
    if (!enroll(poll, error) || !visit_take(&visit, &due, error))
        return false;
    if (!due.connector.len)
        return true;
    *ret_moved = true;
    g_autoptr(ShopHold) shop = shopbook_get(poll->options.shops, due.shop);
    if (!shop || !visit.cursor.noun)
        return visit_put_off(&visit, &due, error);
    visit.shop = shop;
    return reach_of(poll->options.store, poll->options.net, due.shop, &visit.net, error) &&
           visit_make(&visit, error);
}
