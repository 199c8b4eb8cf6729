/* smtp_conn.c - one connection: socket, TLS, deadlines; the dialogue is its session's.
 *
 * Events are edge-triggered: every event reads until the kernel has no more, and writes until it
 * takes no more; then nothing has to be changed in epoll between mails.
 */
#include "engine/clock.h"
#include "engine/smtp_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_BYTES = 16384,
    RECORD_BYTES = 16384,    /* of TLS: one record (RFC 8446 5.1) */
    PIECES = 64,             /* of one write */
    CONNECT_PATIENCE_S = 30, /* per address; RFC 5321 names none */
    DEAD_PATIENCE_S = 60,    /* what we sent is not even acknowledged: the line is dead */
};

static int64_t
conn_patience(const SmtpConn *conn, int seconds)
{
    return MAX(1, (int64_t)seconds * 1000 / conn->pool->server.timeout_divisor);
}

static void
conn_set_deadline(SmtpConn *conn, int64_t ms)
{
    conn->deadline = conn->pool->loop->now + ms;
    smtp_loop_remind(conn->pool->loop, conn->deadline);
}

void
smtp_conn_watch(SmtpConn *conn)
{
    if (conn->link == SMTP_LINK_CONNECTING || conn->seen == conn->session.progress)
        return;
    conn->seen = conn->session.progress;
    conn_set_deadline(conn, smtp_session_patience(&conn->session));
}

/* ---- connecting ----------------------------------------------------------------------------- */

static void
conn_close_socket(SmtpConn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd); /* which takes it out of epoll */
    conn->fd = -1;
}

/* Begins with one address; false with errno. */
static bool
conn_try(SmtpConn *conn, const SmtpAddress *address)
{
    int yes = 1;
    unsigned dead_ms = (unsigned)conn_patience(conn, DEAD_PATIENCE_S);
    conn->fd = socket(address->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        return false;
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof dead_ms);
    setsockopt(conn->fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    const struct sockaddr *at = (const struct sockaddr *)&address->at;
    if (connect(conn->fd, at, address->len) != 0 && errno != EINPROGRESS)
        return false;
    conn->link = SMTP_LINK_CONNECTING;
    return smtp_loop_add(conn->pool->loop, conn);
}

/* Tries the addresses that are left, beginning with the one that worked last. `why` is what the one
 * before failed with. */
static void
conn_connect(SmtpConn *conn, const char *why)
{
    SmtpPool *pool = conn->pool;
    while (conn->tries < pool->addresses.count) {
        conn->address = (pool->address_first + conn->tries++) % pool->addresses.count;
        const SmtpAddress *address = &pool->addresses.list[conn->address];
        if (!net_rule_allows(&pool->server.net, (const struct sockaddr *)&address->at)) {
            why = net_rule_words(&pool->server.net);
            continue;
        }
        if (conn_try(conn, address)) {
            conn_set_deadline(conn, conn_patience(conn, CONNECT_PATIENCE_S));
            return;
        }
        why = g_strerror(errno);
        conn_close_socket(conn);
    }
    smtp_session_break(&conn->session, SMTP_AT_CONNECT, why);
}

SmtpConn *
smtp_conn_new(SmtpPool *pool)
{
    SmtpConn *conn = g_new0(SmtpConn, 1);
    conn->pool = pool;
    conn->fd = -1;
    conn->session.server = &pool->server;
    conn->session.peer = pool->peer;
    conn->session.settle = smtp_pool_settle;
    conn->session.arg = conn;
    conn_connect(conn, "has no address");
    return conn;
}

/* RFC 5321 4.1.3: who has no name gives the address of his end. */
static void
conn_name_us(SmtpConn *conn)
{
    struct sockaddr_storage end = {0};
    socklen_t len = sizeof end;
    char digits[INET6_ADDRSTRLEN] = "127.0.0.1";
    getsockname(conn->fd, (struct sockaddr *)&end, &len);
    bool six = end.ss_family == AF_INET6;
    const void *address = six ? (const void *)&((struct sockaddr_in6 *)&end)->sin6_addr
                              : (const void *)&((struct sockaddr_in *)&end)->sin_addr;
    inet_ntop(six ? AF_INET6 : AF_INET, address, digits, sizeof digits);
    g_snprintf(conn->session.helo, sizeof conn->session.helo, six ? "[IPv6:%s]" : "[%s]", digits);
}

static void
conn_shake(SmtpConn *conn)
{
    g_autoptr(GError) error = NULL;
    SmtpFlow flow = smtp_stream_handshake(conn->stream, &error);
    if (flow == SMTP_FLOW_FAILED) {
        smtp_session_break(&conn->session, SMTP_AT_TLS, error->message);
    } else if (flow == SMTP_FLOW_OK) {
        conn->link = SMTP_LINK_TALKING;
        if (conn->session.phase == SMTP_PHASE_HANDSHAKE)
            smtp_session_secured(&conn->session);
        else
            smtp_session_start(&conn->session, &conn->pool->server, true);
        conn->session.progress++;
    }
}

static void
conn_begin_tls(SmtpConn *conn)
{
    g_autoptr(GError) error = NULL;
    const SmtpTrust *trust = smtp_pool_trust(conn->pool, &error);
    if (!trust) {
        smtp_session_break(&conn->session, SMTP_AT_TLS, error->message);
        return;
    }
    conn->stream = smtp_stream_new(trust, conn->fd, conn->pool->server.host);
    conn->record = g_malloc(RECORD_BYTES);
    conn->link = SMTP_LINK_SHAKING;
    conn->session.progress++;
    conn_shake(conn);
}

static void
conn_connected(SmtpConn *conn)
{
    SmtpPool *pool = conn->pool;
    int status = 0;
    socklen_t len = sizeof status;
    must(getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &status, &len) == 0);
    if (status) {
        conn_close_socket(conn);
        conn_connect(conn, g_strerror(status));
        return;
    }
    SmtpAddress other = {.len = sizeof other.at};
    if (getpeername(conn->fd, (struct sockaddr *)&other.at, &other.len) != 0)
        return; /* woken too early */
    pool->address_first = conn->address;
    conn->session.may_auth = pool->server.allow_plain_auth || smtp_address_is_loopback(&other);
    conn->link = SMTP_LINK_TALKING;
    conn_name_us(conn);
    if (pool->server.tls == SMTP_TLS_IMPLICIT)
        conn_begin_tls(conn);
    else
        smtp_session_start(&conn->session, &pool->server, false);
    conn->session.progress++;
}

/* ---- reading -------------------------------------------------------------------------------- */

static SmtpFlow
conn_receive(SmtpConn *conn, char *ret, size_t *ret_len)
{
    if (conn->stream)
        return smtp_stream_read(conn->stream, ret, READ_BYTES, ret_len);
    ssize_t got = recv(conn->fd, ret, READ_BYTES, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? SMTP_FLOW_AGAIN : SMTP_FLOW_FAILED;
    *ret_len = (size_t)got;
    return got ? SMTP_FLOW_OK : SMTP_FLOW_CLOSED;
}

static void
conn_read(SmtpConn *conn)
{
    char bytes[READ_BYTES];
    SmtpSession *session = &conn->session;
    while (conn->link == SMTP_LINK_TALKING && session->phase != SMTP_PHASE_OVER) {
        size_t len = 0;
        errno = 0;
        SmtpFlow flow = conn_receive(conn, bytes, &len);
        if (flow == SMTP_FLOW_AGAIN)
            return;
        if (flow == SMTP_FLOW_OK)
            smtp_session_feed(session, bytes, len);
        else
            smtp_session_lost(session, flow == SMTP_FLOW_CLOSED ? "connection closed"
                                       : errno                  ? g_strerror(errno)
                                                                : "TLS broke");
        conn->was_ready |= session->phase == SMTP_PHASE_READY;
        if (session->phase == SMTP_PHASE_HANDSHAKE)
            conn_begin_tls(conn);
        /* Less than there was room for: that was all, and the next byte is a new event. TLS may
         * still have some in its own buffer. */
        if (flow == SMTP_FLOW_OK && len < READ_BYTES && !conn->stream && !conn->hung_up)
            return;
    }
}

/* ---- writing -------------------------------------------------------------------------------- */

/* A write that fails: the server may have said why before it closed. */
static void
conn_broken(SmtpConn *conn, int status)
{
    conn->hung_up = true;
    conn_read(conn);
    smtp_session_lost(&conn->session, status ? g_strerror(status) : "TLS broke");
}

static void
conn_send(SmtpConn *conn, struct iovec *pieces, size_t count)
{
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    ssize_t sent = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
    if (sent >= 0)
        smtp_session_wrote(&conn->session, (size_t)sent);
    else if (errno == EAGAIN || errno == EINTR)
        conn->blocked = true;
    else
        conn_broken(conn, errno);
}

/* TLS takes one buffer, and the same one again until it has taken it. */
static void
conn_encrypt(SmtpConn *conn, const struct iovec *pieces, size_t count)
{
    bool again = conn->record_len > 0;
    for (size_t i = 0; !again && i < count; i++) {
        size_t len = MIN(pieces[i].iov_len, RECORD_BYTES - conn->record_len);
        memcpy(conn->record + conn->record_len, pieces[i].iov_base, len);
        conn->record_len += len;
    }
    size_t taken = 0;
    errno = 0;
    SmtpFlow flow = smtp_stream_write(conn->stream, conn->record, conn->record_len, &taken);
    if (flow == SMTP_FLOW_OK) {
        memmove(conn->record, conn->record + taken, conn->record_len - taken);
        conn->record_len -= taken;
        smtp_session_wrote(&conn->session, taken);
    } else if (flow == SMTP_FLOW_AGAIN) {
        conn->blocked = true;
    } else {
        conn_broken(conn, errno);
    }
}

void
smtp_conn_flush(SmtpConn *conn)
{
    struct iovec pieces[PIECES];
    SmtpSession *session = &conn->session;
    while (conn->link == SMTP_LINK_TALKING && session->phase != SMTP_PHASE_OVER && !conn->blocked) {
        size_t count = session->text ? smtp_session_out(session, pieces, PIECES) : 0;
        if (!count)
            return;
        if (conn->stream)
            conn_encrypt(conn, pieces, count);
        else
            conn_send(conn, pieces, count);
    }
}

/* ---- events and life ------------------------------------------------------------------------ */

void
smtp_conn_event(SmtpConn *conn, bool hung_up)
{
    conn->hung_up |= hung_up;
    conn->blocked = false;
    if (conn->link == SMTP_LINK_CONNECTING)
        conn_connected(conn);
    if (conn->link == SMTP_LINK_SHAKING)
        conn_shake(conn);
    conn_read(conn);
}

void
smtp_conn_alarm(SmtpConn *conn)
{
    SmtpSession *session = &conn->session;
    if (conn->link == SMTP_LINK_CONNECTING) {
        conn_close_socket(conn);
        conn_connect(conn, "does not answer");
    } else if (smtp_session_is_idle(session)) {
        smtp_session_quit(session);
    } else {
        g_autofree char *why =
            g_strdup_printf("silent for %.3g s", (double)smtp_session_patience(session) / 1000.0);
        smtp_session_lost(session, why);
    }
}

void
smtp_conn_close(SmtpConn *conn)
{
    must(conn->session.phase == SMTP_PHASE_OVER);
    smtp_stream_free(conn->stream);
    conn->stream = NULL;
    conn_close_socket(conn);
    conn->link = SMTP_LINK_CLOSED;
}

void
smtp_conn_free(SmtpConn *conn)
{
    smtp_session_clear(&conn->session);
    if (conn->record)
        explicit_bzero(conn->record, RECORD_BYTES);
    g_free(conn->record);
    g_free(conn);
}
