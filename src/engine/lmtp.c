/* lmtp.c - the listener: one thread, one epoll; the dialogue is lmtp_session.c's.
 *
 * A mail that came whole leaves its connection as a parcel (lmtp_delivery.h), and its answers come
 * back by letter.
 */
#include "base/limits.h"
#include "engine/clock.h"
#include "engine/listen.h"
#include "engine/lmtp_delivery.h"
#include "engine/lmtp_session.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 16384,
    EVENTS = 64,
    FAREWELL_S = 2,  /* for a client to read why we hang up */
    YOUNG_MS = 1000, /* a connection of that age makes no room for others */
    STOP_GRACE_MS = 2000,
};

typedef struct Conn Conn;

struct Conn {
    Lmtp *lmtp;
    int fd;
    LmtpSession session;
    GByteArray *pending; /* read and not yet taken by the session */
    LmtpParcel *parcel;
    size_t held;   /* bytes of mail counted in lmtp->held */
    uint64_t seen; /* session.commands when the deadline was set */
    LmtpPhase was; /* session.phase, likewise */
    bool farewell; /* all is said; only waiting for the client to have read it */
    bool gone;     /* the client will say no more */
    int64_t since; /* monotonic: connected, or its last mail */
    int64_t deadline;
    uint32_t interest; /* in epoll */
    Conn *next, **link;
};

struct Lmtp {
    LmtpOptions options;
    char *name;
    LmtpHooks hooks;
    int port, listen_fd, epoll_fd;
    LmtpBox *box;
    pthread_t thread;
    bool joined;

    pthread_mutex_t lock;
    LmtpCounts counts; /* under lock */
    bool stopping;     /* under lock */
    int64_t stop_at;   /* under lock: monotonic */

    Conn *conns; /* from here on the thread's own */
    Conn *dead;  /* freed at the end of the turn: events may still name them */
    size_t held;
    int64_t now;
};

/* ---- a connection's watch ------------------------------------------------------------------- */

static int64_t
lmtp_ms(const Lmtp *lmtp, int seconds)
{
    return MAX(1, (int64_t)seconds * 1000 / lmtp->options.divisor);
}

/* A phase has its time; only a whole command, or a whole mail, gives a new one. */
static void
conn_set_deadline(Conn *conn)
{
    const LmtpOptions *options = &conn->lmtp->options;
    const LmtpSession *session = &conn->session;
    if (conn->was == session->phase && conn->seen == session->commands)
        return;
    int seconds = options->idle_s;
    if (session->phase == LMTP_PHASE_TEXT)
        seconds = options->mail_s;
    else if (session->phase == LMTP_PHASE_WAIT)
        seconds = options->answer_s;
    else if (session->phase == LMTP_PHASE_OVER)
        seconds = FAREWELL_S * options->divisor;
    conn->was = session->phase;
    conn->seen = session->commands;
    conn->deadline = conn->lmtp->now + lmtp_ms(conn->lmtp, seconds);
}

/* Nobody is read from whose mail is being stored, or who does not listen to us. */
static void
conn_set_interest(Conn *conn)
{
    const LmtpSession *session = &conn->session;
    bool wants = !conn->gone && !conn->pending->len && session->phase != LMTP_PHASE_WAIT &&
                 session->out->len < LMTP_OUT_BYTES;
    uint32_t interest = (wants ? EPOLLIN : 0) | (session->out->len ? EPOLLOUT : 0);
    if (interest == conn->interest)
        return;
    struct epoll_event event = {.events = interest, .data.ptr = conn};
    must(epoll_ctl(conn->lmtp->epoll_fd, EPOLL_CTL_MOD, conn->fd, &event) == 0);
    conn->interest = interest;
}

/* Bytes of mail that lie in the session are counted; not what left it as a parcel. */
static void
conn_count_bytes(Conn *conn)
{
    size_t there = conn->session.text ? conn->session.text->len : 0;
    Lmtp *lmtp = conn->lmtp;
    lmtp->held = lmtp->held - conn->held + there;
    conn->held = there;
    if (!conn->session.refused)
        return;
    pthread_mutex_lock(&lmtp->lock);
    lmtp->counts.refused += conn->session.refused;
    pthread_mutex_unlock(&lmtp->lock);
    conn->session.refused = 0;
}

static void
conn_close(Conn *conn)
{
    Lmtp *lmtp = conn->lmtp;
    if (conn->fd < 0)
        return;
    close(conn->fd); /* which takes it out of epoll */
    conn->fd = -1;
    if (conn->parcel)
        conn->parcel->conn = NULL;
    conn->parcel = NULL;
    lmtp->held -= conn->held;
    conn->held = 0;
    *conn->link = conn->next;
    if (conn->next)
        conn->next->link = conn->link;
    conn->next = lmtp->dead;
    lmtp->dead = conn;
    pthread_mutex_lock(&lmtp->lock);
    lmtp->counts.open--;
    pthread_mutex_unlock(&lmtp->lock);
}

static void
lmtp_free_dead(Lmtp *lmtp)
{
    while (lmtp->dead) {
        Conn *conn = lmtp->dead;
        lmtp->dead = conn->next;
        lmtp_session_clear(&conn->session);
        g_byte_array_unref(conn->pending);
        g_free(conn);
    }
}

/* ---- a mail leaves -------------------------------------------------------------------------- */

static void
conn_deliver(Conn *conn)
{
    Lmtp *lmtp = conn->lmtp;
    LmtpParcel *parcel = lmtp_parcel_new(lmtp->box, &conn->session);
    parcel->conn = conn;
    conn->parcel = parcel;
    conn->held = 0; /* lmtp->held keeps them until the last answer is read */
    conn->since = lmtp->now;
    pthread_mutex_lock(&lmtp->lock);
    lmtp->counts.mails++;
    lmtp->counts.storing++;
    pthread_mutex_unlock(&lmtp->lock);
    lmtp->hooks.deliver(&parcel->shown, lmtp->hooks.arg);
}

/* The hook takes too long: whoever is not answered comes again. */
static void
conn_answer_late(Conn *conn)
{
    LmtpSession *session = &conn->session;
    conn->parcel->conn = NULL;
    conn->parcel = NULL;
    for (guint i = 0; session->phase == LMTP_PHASE_WAIT; i++)
        if (!g_array_index(session->slots, LmtpSlot, i).answered)
            lmtp_session_answer(session, i, LMTP_LATER);
}

/* ---- reading and writing -------------------------------------------------------------------- */

/* Says what the kernel takes. False when the client is gone, and the connection with it. */
static bool
conn_flush(Conn *conn)
{
    GString *out = conn->session.out;
    while (out->len) {
        ssize_t sent = send(conn->fd, out->str, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return true;
        if (sent < 0) {
            conn_close(conn);
            return false;
        }
        g_string_erase(out, 0, sent);
    }
    return true;
}

static void
conn_take_pending(Conn *conn)
{
    const char *bytes = (const char *)conn->pending->data;
    size_t taken = lmtp_session_feed(&conn->session, bytes, conn->pending->len);
    g_byte_array_remove_range(conn->pending, 0, (guint)taken);
    conn_count_bytes(conn);
}

/* Goes on as far as it can; sets what is waited for next. */
static void
conn_pump(Conn *conn)
{
    LmtpSession *session = &conn->session;
    for (;;) {
        if (session->phase == LMTP_PHASE_WAIT && !conn->parcel)
            conn_deliver(conn);
        if (!conn_flush(conn))
            return;
        if (session->phase == LMTP_PHASE_WAIT || !conn->pending->len ||
            session->out->len >= LMTP_OUT_BYTES)
            break;
        conn_take_pending(conn);
    }
    bool said = !session->out->len;
    if (said && conn->gone && session->phase != LMTP_PHASE_WAIT) {
        conn_close(conn);
        return;
    }
    /* A socket that is closed with bytes unread takes our last words back from the client. */
    if (said && session->phase == LMTP_PHASE_OVER && !conn->farewell) {
        shutdown(conn->fd, SHUT_WR);
        conn->farewell = true;
    }
    conn_set_deadline(conn);
    conn_set_interest(conn);
}

static void
conn_read(Conn *conn)
{
    char bytes[READ_BYTES];
    ssize_t got = recv(conn->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0) {
        conn_close(conn);
        return;
    }
    conn->gone = got == 0;
    g_byte_array_append(conn->pending, (const guint8 *)bytes, (guint)got);
    conn_pump(conn);
}

static void
conn_event(Conn *conn, uint32_t events)
{
    if (conn->fd < 0)
        return;
    if (events & EPOLLIN)
        conn_read(conn);
    else if (events & (EPOLLHUP | EPOLLERR))
        conn_close(conn);
    else
        conn_pump(conn);
}

static void
conn_alarm(Conn *conn)
{
    LmtpSession *session = &conn->session;
    if (session->phase == LMTP_PHASE_OVER) {
        conn_close(conn);
        return;
    }
    if (session->phase == LMTP_PHASE_WAIT)
        conn_answer_late(conn);
    else
        lmtp_session_end(session, "421 4.4.2 Too slow");
    conn_pump(conn);
}

/* ---- new connections ------------------------------------------------------------------------ */

static LmtpVerdict
conn_rcpt(Str address, int64_t *ret_token, void *arg)
{
    const Conn *conn = arg;
    return conn->lmtp->hooks.rcpt(address, ret_token, conn->lmtp->hooks.arg);
}

static bool
conn_grow(size_t bytes, void *arg)
{
    Conn *conn = arg;
    Lmtp *lmtp = conn->lmtp;
    if (bytes > lmtp->options.mails_bytes - MIN(lmtp->held, lmtp->options.mails_bytes))
        return false;
    lmtp->held += bytes;
    conn->held += bytes;
    return true;
}

static void
conn_new(Lmtp *lmtp, int fd)
{
    Conn *conn = g_new0(Conn, 1);
    conn->lmtp = lmtp;
    conn->fd = fd;
    conn->pending = g_byte_array_new();
    conn->since = lmtp->now;
    conn->was = LMTP_PHASE_OVER; /* so that its first deadline is set */
    conn->session = (LmtpSession){
        .name = lmtp->name,
        .mail_bytes = lmtp->options.mail_bytes,
        .recipients = lmtp->options.recipients,
        .rcpt = conn_rcpt,
        .grow = conn_grow,
        .arg = conn,
    };
    lmtp_session_start(&conn->session);
    conn->link = &lmtp->conns;
    conn->next = lmtp->conns;
    if (conn->next)
        conn->next->link = &conn->next;
    lmtp->conns = conn;
    pthread_mutex_lock(&lmtp->lock);
    lmtp->counts.open++;
    lmtp->counts.connections++;
    pthread_mutex_unlock(&lmtp->lock);
    struct epoll_event event = {.data.ptr = conn};
    if (epoll_ctl(lmtp->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
        conn_pump(conn);
    else
        conn_close(conn);
}

/* Closes the connection that has gone longest without a mail, so that slow clients are in each
 * other's way and in nobody else's. False when all are young or at work. */
static bool
lmtp_make_room(Lmtp *lmtp)
{
    Conn *oldest = NULL;
    for (Conn *conn = lmtp->conns; conn; conn = conn->next)
        if (conn->session.phase != LMTP_PHASE_WAIT && (!oldest || conn->since < oldest->since))
            oldest = conn;
    if (!oldest || lmtp->now - oldest->since < YOUNG_MS)
        return false;
    lmtp_session_end(&oldest->session, "421 4.3.2 Others are waiting");
    if (conn_flush(oldest))
        conn_close(oldest);
    return true;
}

static void
lmtp_accept(Lmtp *lmtp)
{
    static const char busy[] = "421 4.3.2 Too many connections\r\n";
    int fd;
    while ((fd = accept4(lmtp->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        if (lmtp->counts.open < lmtp->options.connections || lmtp_make_room(lmtp)) {
            conn_new(lmtp, fd);
            continue;
        }
        send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
    }
    /* No descriptor left: the one that waits stays readable, so look again a little later. */
    if ((errno == EMFILE || errno == ENFILE) && !lmtp_make_room(lmtp))
        g_usleep(20 * 1000);
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void
lmtp_letter(Lmtp *lmtp, const LmtpLetter *letter)
{
    LmtpParcel *parcel = letter->parcel;
    Conn *conn = parcel->conn;
    bool last = ++parcel->read == parcel->shown.count;
    if (last) {
        lmtp->held -= parcel->text->len;
        pthread_mutex_lock(&lmtp->lock);
        lmtp->counts.storing--;
        pthread_mutex_unlock(&lmtp->lock);
    }
    if (conn) {
        lmtp_session_answer(&conn->session, letter->rcpt, letter->verdict);
        if (last)
            conn->parcel = NULL;
    }
    if (last)
        lmtp_parcel_free(parcel);
    if (conn)
        conn_pump(conn);
}

/* With close, no answer will be read any more. */
static void
lmtp_read_letters(Lmtp *lmtp, bool close)
{
    GArray *letters = lmtp_box_take(lmtp->box, close);
    for (guint i = 0; i < letters->len; i++)
        lmtp_letter(lmtp, &g_array_index(letters, LmtpLetter, i));
    g_array_unref(letters);
}

static void
lmtp_alarms(Lmtp *lmtp)
{
    for (Conn *conn = lmtp->conns, *next; conn; conn = next) {
        next = conn->next;
        if (conn->deadline <= lmtp->now)
            conn_alarm(conn);
    }
}

static int
lmtp_patience(const Lmtp *lmtp, int64_t stop_at)
{
    int64_t until = stop_at;
    for (const Conn *conn = lmtp->conns; conn; conn = conn->next)
        until = MIN(until, conn->deadline);
    return until == INT64_MAX ? -1 : (int)CLAMP(until - clock_monotonic() + 1, 0, INT32_MAX);
}

/* No new connections; those that are not at work end. */
static void
lmtp_wind_down(Lmtp *lmtp)
{
    if (lmtp->listen_fd >= 0)
        close(lmtp->listen_fd);
    lmtp->listen_fd = -1;
    for (Conn *conn = lmtp->conns, *next; conn; conn = next) {
        next = conn->next;
        if (conn->session.phase == LMTP_PHASE_WAIT)
            continue;
        lmtp_session_end(&conn->session, "421 4.3.2 Stopping");
        conn_pump(conn);
    }
}

/* Somebody waits for an answer of the store, or has not been told yet. */
static bool
lmtp_is_working(const Lmtp *lmtp)
{
    for (const Conn *conn = lmtp->conns; conn; conn = conn->next)
        if (conn->session.phase == LMTP_PHASE_WAIT || conn->session.out->len)
            return true;
    return false;
}

static void
lmtp_turn(Lmtp *lmtp, int64_t stop_at)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(lmtp->epoll_fd, events, EVENTS, lmtp_patience(lmtp, stop_at));
    must(count >= 0 || errno == EINTR);
    lmtp->now = clock_monotonic();
    for (int i = 0; i < count; i++) {
        void *source = events[i].data.ptr;
        if (source == &lmtp->box)
            lmtp_read_letters(lmtp, false);
        else if (source == &lmtp->listen_fd)
            lmtp_accept(lmtp);
        else
            conn_event(source, events[i].events);
    }
    lmtp_alarms(lmtp);
    lmtp_free_dead(lmtp);
}

static void *
lmtp_main(void *arg)
{
    Lmtp *lmtp = arg;
    pthread_setname_np(pthread_self(), "lmtp");
    lmtp->now = clock_monotonic();
    for (;;) {
        pthread_mutex_lock(&lmtp->lock);
        bool stopping = lmtp->stopping;
        int64_t stop_at = stopping ? lmtp->stop_at : INT64_MAX;
        pthread_mutex_unlock(&lmtp->lock);
        if (stopping)
            lmtp_wind_down(lmtp);
        if (stopping && (!lmtp_is_working(lmtp) || lmtp->now >= stop_at))
            break;
        lmtp_turn(lmtp, stop_at);
    }
    while (lmtp->conns)
        conn_close(lmtp->conns);
    lmtp_free_dead(lmtp);
    return NULL;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void
lmtp_set_options(Lmtp *lmtp, const LmtpOptions *options)
{
    LmtpOptions *own = &lmtp->options;
    lmtp->name = g_strdup(options->name ? options->name : "localhost");
    *own = (LmtpOptions){
        .mail_bytes = options->mail_bytes ? options->mail_bytes : LIMIT_MAIL_BYTES,
        .mails_bytes = options->mails_bytes ? options->mails_bytes : 64 * 1024 * 1024,
        .connections = options->connections ? options->connections : 64,
        .recipients = options->recipients ? options->recipients : 100,
        .idle_s = options->idle_s ? options->idle_s : 300,
        .mail_s = options->mail_s ? options->mail_s : 600,
        .answer_s = options->answer_s ? options->answer_s : 240,
        .divisor = options->divisor ? options->divisor : 1,
    };
}

static bool
lmtp_watch(Lmtp *lmtp, int fd, void *source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    return epoll_ctl(lmtp->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* The thread takes no signals: they are for whoever handles them. */
static bool
lmtp_start(Lmtp *lmtp)
{
    sigset_t all, before;
    sigfillset(&all);
    must(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    int status = pthread_create(&lmtp->thread, NULL, lmtp_main, lmtp);
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return status == 0;
}

static void
lmtp_drop(Lmtp *lmtp)
{
    if (lmtp->listen_fd >= 0)
        close(lmtp->listen_fd);
    if (lmtp->epoll_fd >= 0)
        close(lmtp->epoll_fd);
    if (lmtp->box)
        lmtp_box_release(lmtp->box);
    pthread_mutex_destroy(&lmtp->lock);
    g_free(lmtp->name);
    g_free(lmtp);
}

Lmtp *
lmtp_new(const LmtpOptions *options, const LmtpHooks *hooks, GError **error)
{
    int port = 0;
    if (!listen_is_loopback(options->listen)) {
        fail(error, ERR_CONFIG,
             "%s is not on this machine alone; LMTP has no passwords: take 127.0.0.1:PORT",
             options->listen);
        return NULL;
    }
    int fd = listen_open(options->listen, &port, error);
    if (fd < 0)
        return NULL;
    Lmtp *lmtp = g_new0(Lmtp, 1);
    lmtp_set_options(lmtp, options);
    lmtp->hooks = *hooks;
    lmtp->port = port;
    lmtp->listen_fd = fd;
    lmtp->box = lmtp_box_new();
    lmtp->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    pthread_mutex_init(&lmtp->lock, NULL);
    if (!lmtp->box || lmtp->epoll_fd < 0 || !lmtp_watch(lmtp, fd, &lmtp->listen_fd) ||
        !lmtp_watch(lmtp, lmtp->box->wake_fd, &lmtp->box) || !lmtp_start(lmtp)) {
        fail(error, ERR_IO, "no descriptors left for taking mail: %s", g_strerror(errno));
        lmtp_drop(lmtp);
        return NULL;
    }
    return lmtp;
}

int
lmtp_port(const Lmtp *lmtp)
{
    return lmtp->port;
}

LmtpCounts
lmtp_counts(Lmtp *lmtp)
{
    pthread_mutex_lock(&lmtp->lock);
    LmtpCounts counts = lmtp->counts;
    pthread_mutex_unlock(&lmtp->lock);
    return counts;
}

void
lmtp_stop(Lmtp *lmtp, int grace_ms)
{
    if (lmtp->joined)
        return;
    pthread_mutex_lock(&lmtp->lock);
    lmtp->stopping = true;
    lmtp->stop_at = clock_monotonic() + grace_ms;
    pthread_mutex_unlock(&lmtp->lock);
    eventfd_write(lmtp->box->wake_fd, 1);
    pthread_join(lmtp->thread, NULL);
    lmtp->joined = true;
}

void
lmtp_free(Lmtp *lmtp)
{
    if (!lmtp)
        return;
    lmtp_stop(lmtp, STOP_GRACE_MS);
    lmtp_read_letters(lmtp, true);
    lmtp_drop(lmtp);
}
