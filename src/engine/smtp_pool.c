/* smtp_pool.c - the connections to one server: hands out mails, opens, buries, heals.
 *
 * A mail belongs to no connection until that one is ready for it, so a connection that fails to
 * come up takes no mail with it. One connection proves that the server is there (and the password
 * right: ten wrong logins at once lock an account) before others are opened.
 */
#include "engine/smtp_inside.h"

#include "base/limits.h"
#include "engine/clock.h"

#include <string.h>

enum {
    BACKOFF_MS = 1000, /* doubles with each episode */
    BACKOFF_MAX_MS = 5 * 60 * 1000,
    BACKOFF_AUTH_MS = 60 * 1000, /* a refused login: do not get the account locked */
    ADDRESSES_MS = 60 * 1000,    /* a name is asked for again after this */
    LIMIT_MS = 60 * 1000,        /* one more connection is tried after this */
    MOVES = 3,                   /* of one mail to other connections */
};

/* ---- settings ------------------------------------------------------------------------------- */

static int
setting(int given, int otherwise)
{
    return given ? given : otherwise;
}

static bool
word_is_plain(const char *word)
{
    for (; *word; word++)
        if ((unsigned char)*word <= 0x20 || *word == 0x7f)
            return false;
    return true;
}

static bool
server_check(const SmtpServer *server, GError **error)
{
    if (!server->host || !*server->host || !word_is_plain(server->host))
        return fail(error, ERR_CONFIG, "the SMTP server has no usable host name");
    if (server->port < 0 || server->port > 65535)
        return fail(error, ERR_CONFIG, "%d is no port of the SMTP server", server->port);
    if (!server->user != !server->secret)
        return fail(error, ERR_CONFIG, "the SMTP login of %s needs both a user and a password",
                    server->host);
    if (server->helo && (!*server->helo || !word_is_plain(server->helo)))
        return fail(error, ERR_CONFIG, "the name to give in EHLO may not have blanks");
    bool sane = server->connections >= 0 && server->connections <= 1000 && server->depth >= 0 &&
                server->depth <= 100 && server->mails_per_connection >= 0 && server->idle_ms >= 0 &&
                server->timeout_divisor >= 0;
    if (!sane)
        return fail(error, ERR_CONFIG, "a number in the SMTP settings of %s is out of its range",
                    server->host);
    return true;
}

static SmtpServer
server_copy(const SmtpServer *server)
{
    SmtpServer copy = *server;
    copy.host = g_strdup(server->host);
    copy.port = setting(server->port, server->tls == SMTP_TLS_IMPLICIT ? 465 : 587);
    copy.ca_file = g_strdup(server->ca_file);
    copy.user = g_strdup(server->user);
    copy.secret = g_strdup(server->secret);
    copy.helo = g_strdup(server->helo);
    copy.connections = setting(server->connections, 10);
    copy.depth = setting(server->depth, 2);
    copy.mails_per_connection = setting(server->mails_per_connection, 1000);
    copy.idle_ms = setting(server->idle_ms, 30 * 1000);
    copy.timeout_divisor = setting(server->timeout_divisor, 1);
    return copy;
}

static void
server_clear(SmtpServer *server)
{
    if (server->secret)
        explicit_bzero((char *)(uintptr_t)server->secret, strlen(server->secret));
    g_free((char *)(uintptr_t)server->host);
    g_free((char *)(uintptr_t)server->ca_file);
    g_free((char *)(uintptr_t)server->user);
    g_free((char *)(uintptr_t)server->secret);
    g_free((char *)(uintptr_t)server->helo);
}

/* ---- mails ---------------------------------------------------------------------------------- */

static void
pool_queue(SmtpPool *pool, SmtpTransfer *transfer, bool in_front)
{
    transfer->next = in_front ? pool->queue : NULL;
    if (!pool->queue)
        pool->queue_end = &transfer->next;
    if (in_front) {
        pool->queue = transfer;
    } else {
        if (pool->queue)
            *pool->queue_end = transfer;
        else
            pool->queue = transfer;
        pool->queue_end = &transfer->next;
    }
    pool->queued++;
    pool->dirty = true;
}

static SmtpTransfer *
pool_unqueue(SmtpPool *pool)
{
    SmtpTransfer *transfer = pool->queue;
    if (transfer) {
        pool->queue = transfer->next;
        pool->queued--;
    }
    return transfer;
}

/* The mail is out of our hands before done() hears of it, so that it can submit the next. */
static void
pool_finish(SmtpPool *pool, SmtpTransfer *transfer, SmtpResult *result)
{
    result->tag = transfer->mail.tag;
    result->took_ms = pool->loop->now - transfer->since;
    transfer->next = pool->spare;
    pool->spare = transfer;
    pool->busy--;
    pool->counts.outcome[result->outcome]++;
    pool->loop->settled++;
    pool->loop->in_done++;
    pool->loop->done(pool->loop->arg, pool, result);
    pool->loop->in_done--;
}

/* A mail that nothing was ever accepted of may go to another connection unnoticed, if this one
 * could have been dead before it was begun: it had rested, or had sent a mail before. A 421 that
 * only says that this connection has lasted long enough is such a death. */
static bool
pool_may_move(const SmtpPool *pool, const SmtpConn *conn, const SmtpTransfer *transfer,
              const SmtpResult *result)
{
    bool death = !result->code || result->code == 421;
    return result->outcome == SMTP_NOT_SENT && death && !pool->draining &&
           transfer->moves < MOVES && (conn->rested || transfer->nth > 1);
}

void
smtp_pool_settle(void *arg, SmtpTransfer *transfer, SmtpResult *result)
{
    SmtpConn *conn = arg;
    SmtpPool *pool = conn->pool;
    if (pool_may_move(pool, conn, transfer, result)) {
        transfer->moves++;
        pool->counts.retried++;
        pool_queue(pool, transfer, true);
        return;
    }
    if (result->code && result->outcome != SMTP_NOT_SENT)
        pool->failures = 0, pool->retry_at = 0; /* it talks to us about mails: no trouble */
    pool_finish(pool, transfer, result);
}

/* Gives back all that no connection has begun. */
static void
pool_return_queue(SmtpPool *pool, const SmtpResult *why)
{
    /* Only what is there now: done() may submit more. */
    for (size_t left = pool->queued; left; left--) {
        SmtpResult result = *why;
        pool_finish(pool, pool_unqueue(pool), &result);
    }
}

static SmtpResult
pool_stopped(const SmtpPool *pool)
{
    return smtp_result_ours(SMTP_NOT_SENT, SMTP_AT_CHECK, "sending to %s was stopped", pool->peer);
}

static const char *
address_check(Str address, bool may_be_empty)
{
    if (!address.len)
        return may_be_empty ? NULL : "the mail has no recipient";
    if (address.len > LIMIT_ADDRESS_BYTES)
        return "an address is longer than 254 bytes";
    for (size_t i = 0; i < address.len; i++) {
        unsigned char byte = (unsigned char)address.at[i];
        if (byte <= 0x20 || byte == 0x7f || byte == '<' || byte == '>')
            return "an address has a character that would end it";
    }
    if (!g_utf8_validate(address.at, (gssize)address.len, NULL))
        return "an address is not UTF-8";
    return NULL;
}

static const char *
mail_check(const SmtpMail *mail, SmtpBodyFacts *ret_facts)
{
    const char *why = address_check(mail->from, true);
    if (!why)
        why = address_check(mail->to, false);
    if (!why && mail->envid.len > 100)
        why = "the envelope id is longer than 100 bytes";
    if (!why)
        why = smtp_body_check(mail->data, ret_facts);
    return why;
}

void
smtp_pool_submit(SmtpPool *pool, const SmtpMail *mail)
{
    SmtpTransfer *transfer = pool->spare;
    must(transfer);
    pool->spare = transfer->next;
    *transfer = (SmtpTransfer){.mail = *mail, .since = clock_monotonic()};
    transfer->refused = mail_check(mail, &transfer->facts);
    pool->busy++;
    pool_queue(pool, transfer, false);
}

/* ---- trouble -------------------------------------------------------------------------------- */

static int64_t
pool_scaled(const SmtpPool *pool, int64_t ms)
{
    return MAX(1, ms / pool->server.timeout_divisor);
}

/* Nothing goes: everything waits for retry_at, and what is in hand goes back with the reason. */
static void
pool_trouble(SmtpPool *pool, SmtpResult why)
{
    int64_t now = pool->loop->now;
    if (why.outcome != SMTP_THROTTLED)
        why.outcome = SMTP_NOT_SENT;
    pool->proven = false;
    pool->addresses_until = 0;
    pool->trouble = why;
    if (now >= pool->retry_at) { /* not the tenth connection of the same breakdown */
        int64_t wait = (int64_t)BACKOFF_MS << MIN(pool->failures, 20);
        pool->failures++;
        wait = MIN(wait, BACKOFF_MAX_MS);
        if (why.stage == SMTP_AT_AUTH && why.code >= 500)
            wait = MAX(wait, BACKOFF_AUTH_MS);
        pool->retry_at = now + pool_scaled(pool, wait);
        smtp_loop_remind(pool->loop, pool->retry_at);
    }
    pool_return_queue(pool, &why);
}

/* Connections that work or come up; those that say QUIT no longer count. */
static int
pool_live(const SmtpPool *pool)
{
    int live = 0;
    for (int i = 0; i < pool->conn_count; i++)
        live += pool->conns[i]->session.phase < SMTP_PHASE_QUIT;
    return live;
}

/* A connection has ended. Was that the server's way of saying that it does not want us? */
static void
pool_ended(SmtpPool *pool, const SmtpConn *conn)
{
    const SmtpSession *session = &conn->session;
    bool in_order = session->end_clean && conn->rested;
    if (in_order || session->answered)
        return;
    pool->counts.connect_failures++;
    /* A server that lets us in proves nothing to one that broke after that: it may break at every
     * mail, and the connections would keep each other in good name. Only an answered mail does. */
    bool others_work = false;
    for (int i = 0; i < pool->conn_count; i++) {
        const SmtpSession *other = &pool->conns[i]->session;
        others_work |= other->phase == SMTP_PHASE_READY && (!conn->was_ready || other->answered);
    }
    if (!others_work) {
        pool_trouble(pool, session->end);
    } else if (!conn->was_ready) {
        /* It takes no more connections than it has: be content with them for a while. */
        pool->limit = MAX(1, pool_live(pool));
        pool->limit_until = pool->loop->now + pool_scaled(pool, LIMIT_MS);
        smtp_loop_remind(pool->loop, pool->limit_until);
    }
}

static void
pool_bury(SmtpPool *pool)
{
    for (int i = pool->conn_count - 1; i >= 0; i--) {
        SmtpConn *conn = pool->conns[i];
        if (conn->session.phase != SMTP_PHASE_OVER)
            continue;
        pool->conns[i] = pool->conns[--pool->conn_count];
        smtp_conn_close(conn);
        conn->next = pool->loop->dead;
        pool->loop->dead = conn;
        pool_ended(pool, conn);
    }
}

/* ---- handing out ---------------------------------------------------------------------------- */

/* The best connection for the next mail: one that is idle before one that is busy with another. */
static SmtpConn *
pool_pick(SmtpPool *pool, bool idle)
{
    for (int i = 0; i < pool->conn_count; i++) {
        SmtpConn *conn = pool->conns[i];
        if (smtp_session_can_begin(&conn->session) &&
            (!idle || smtp_session_is_idle(&conn->session)))
            return conn;
    }
    return NULL;
}

static void
pool_begin(SmtpPool *pool, SmtpConn *conn)
{
    SmtpTransfer *transfer = pool_unqueue(pool);
    if (transfer->refused) {
        SmtpResult result = smtp_result_ours(SMTP_REFUSED, SMTP_AT_CHECK, "%s", transfer->refused);
        pool_finish(pool, transfer, &result);
        return;
    }
    smtp_session_begin(&conn->session, transfer);
}

static size_t
pool_coming(const SmtpPool *pool)
{
    size_t coming = 0;
    for (int i = 0; i < pool->conn_count; i++)
        coming += pool->conns[i]->session.phase < SMTP_PHASE_READY;
    return coming;
}

static void
pool_hand_out(SmtpPool *pool)
{
    SmtpConn *conn;
    while (pool->queue && (conn = pool_pick(pool, true)))
        pool_begin(pool, conn);
    /* A mail for each connection that comes up waits for it; the rest goes along with others. */
    while (pool->queued > pool_coming(pool) && (conn = pool_pick(pool, false)))
        pool_begin(pool, conn);
}

/* The addresses to connect to, asking for them if need be; false while they are not known. */
static bool
pool_has_addresses(SmtpPool *pool)
{
    SmtpLoop *loop = pool->loop;
    if (pool->addresses.count && loop->now < pool->addresses_until)
        return true;
    if (pool->ticket)
        return false;
    SmtpAddresses found;
    pool->ticket = ++loop->last_ticket;
    const SmtpServer *server = &pool->server;
    if (!smtp_resolver_ask(loop->resolver, pool->ticket, server->host, server->port, &found))
        return false;
    smtp_pool_resolved(pool, &found);
    return pool->addresses.count > 0;
}

void
smtp_pool_resolved(SmtpPool *pool, const SmtpAddresses *addresses)
{
    if (pool->ticket != addresses->ticket)
        return;
    pool->ticket = 0;
    pool->dirty = true;
    pool->addresses = *addresses;
    pool->addresses_until = pool->loop->now + pool_scaled(pool, ADDRESSES_MS);
    if (!addresses->count)
        pool_trouble(pool, smtp_result_ours(SMTP_NOT_SENT, SMTP_AT_CONNECT, "%s: %s", pool->peer,
                                            addresses->why));
}

static void
pool_open_more(SmtpPool *pool)
{
    int limit = pool->proven ? pool->limit : 1;
    while (pool->queued > pool_coming(pool) && pool_live(pool) < limit &&
           pool->conn_count < 2 * pool->server.connections && pool->loop->now >= pool->retry_at &&
           pool_has_addresses(pool)) {
        pool->counts.connects++;
        pool->conns[pool->conn_count++] = smtp_conn_new(pool);
    }
}

/* After each round: what ended, what is new, what rests, what has something to write. */
static bool
pool_round(SmtpPool *pool)
{
    pool->dirty = false;
    pool_bury(pool);
    for (int i = 0; i < pool->conn_count; i++)
        pool->proven |= pool->conns[i]->session.phase == SMTP_PHASE_READY;
    if (pool->queue && (pool->draining || pool->loop->now < pool->retry_at)) {
        SmtpResult why = pool->draining ? pool_stopped(pool) : pool->trouble;
        pool_return_queue(pool, &why);
    }
    pool_hand_out(pool);
    pool_open_more(pool);
    bool again = false;
    for (int i = 0; i < pool->conn_count; i++) {
        SmtpConn *conn = pool->conns[i];
        bool idle = smtp_session_is_idle(&conn->session);
        if (idle && (smtp_session_is_worn(&conn->session) || pool->draining))
            smtp_session_quit(&conn->session);
        smtp_conn_flush(conn);
        conn->rested |= idle;
        smtp_conn_watch(conn);
        again |= conn->session.phase == SMTP_PHASE_OVER;
    }
    return again;
}

void
smtp_pool_pump(SmtpPool *pool)
{
    while (pool_round(pool))
        ;
}

void
smtp_pool_alarm(SmtpPool *pool)
{
    int64_t now = pool->loop->now;
    for (int i = 0; i < pool->conn_count; i++) {
        SmtpConn *conn = pool->conns[i];
        if (conn->deadline <= now)
            smtp_conn_alarm(conn);
        else
            smtp_loop_remind(pool->loop, conn->deadline);
    }
    if (pool->limit_until && pool->limit_until <= now) {
        bool full = ++pool->limit >= pool->server.connections;
        pool->limit_until = full ? 0 : now + pool_scaled(pool, LIMIT_MS);
    }
    if (pool->limit_until)
        smtp_loop_remind(pool->loop, pool->limit_until);
    if (pool->retry_at > now)
        smtp_loop_remind(pool->loop, pool->retry_at);
    smtp_pool_pump(pool);
}

/* ---- for the caller ------------------------------------------------------------------------- */

const SmtpTrust *
smtp_pool_trust(SmtpPool *pool, GError **error)
{
    if (pool->trust)
        return pool->trust;
    if (!pool->loop->trust)
        pool->loop->trust = smtp_trust_new(NULL, error);
    return pool->loop->trust;
}

SmtpPool *
smtp_pool_open(SmtpLoop *loop, const SmtpServer *server, GError **error)
{
    SmtpTrust *trust = NULL;
    if (!server_check(server, error))
        return NULL;
    if (server->ca_file && !(trust = smtp_trust_new(server->ca_file, error)))
        return NULL;
    SmtpPool *pool = g_new0(SmtpPool, 1);
    pool->loop = loop;
    pool->server = server_copy(server);
    bool six = strchr(pool->server.host, ':');
    pool->peer = g_strdup_printf(six ? "[%s]:%d" : "%s:%d", pool->server.host, pool->server.port);
    pool->trust = trust;
    pool->limit = pool->server.connections;
    pool->conns = g_new0(SmtpConn *, 2 * pool->server.connections);
    size_t count = (size_t)pool->server.connections * (size_t)pool->server.depth;
    pool->transfers = g_new0(SmtpTransfer, count);
    for (size_t i = 0; i < count; i++) {
        pool->transfers[i].next = pool->spare;
        pool->spare = &pool->transfers[i];
    }
    pool->next = loop->pools;
    loop->pools = pool;
    return pool;
}

size_t
smtp_pool_room(const SmtpPool *pool)
{
    bool waiting = pool->failures && clock_monotonic() < pool->retry_at;
    int connections = pool->failures && !pool->proven ? 1 : pool->limit;
    size_t most = (size_t)connections * (size_t)pool->server.depth;
    return waiting || pool->draining || pool->busy >= most ? 0 : most - pool->busy;
}

size_t
smtp_pool_busy(const SmtpPool *pool)
{
    return pool->busy;
}

const char *
smtp_pool_trouble(const SmtpPool *pool, int64_t *ret_retry_ms)
{
    *ret_retry_ms = MAX(0, pool->retry_at - clock_monotonic());
    return pool->failures ? pool->trouble.words : NULL;
}

void
smtp_pool_counts(const SmtpPool *pool, SmtpPoolCounts *ret)
{
    *ret = pool->counts;
    for (int i = 0; i < pool->conn_count; i++)
        ret->open += pool->conns[i]->session.phase == SMTP_PHASE_READY;
}

void
smtp_pool_drain(SmtpPool *pool)
{
    SmtpResult why = pool_stopped(pool);
    pool->loop->now = clock_monotonic();
    pool->draining = true;
    pool->dirty = true;
    pool_return_queue(pool, &why);
}

void
smtp_pool_close(SmtpPool *pool)
{
    SmtpLoop *loop = pool->loop;
    must(!loop->in_done);
    smtp_pool_drain(pool);
    for (int i = 0; i < pool->conn_count; i++) {
        SmtpConn *conn = pool->conns[i];
        if (smtp_session_is_idle(&conn->session))
            smtp_session_quit(&conn->session);
        smtp_conn_flush(conn);
        smtp_session_lost(&conn->session, "closed by us");
        smtp_conn_close(conn);
        conn->next = loop->dead;
        loop->dead = conn;
    }
    SmtpPool **link = &loop->pools;
    while (*link != pool)
        link = &(*link)->next;
    *link = pool->next;
    server_clear(&pool->server);
    smtp_trust_free(pool->trust);
    g_free(pool->peer);
    g_free(pool->conns);
    g_free(pool->transfers);
    g_free(pool);
}
