/* smtp.c - the loop: one thread, one epoll, all pools; see smtp.h. */
#include "engine/clock.h"
#include "engine/smtp_inside.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS = 64 };

void
smtp_loop_remind(SmtpLoop *loop, int64_t at)
{
    loop->soonest = MIN(loop->soonest, at);
}

bool
smtp_loop_add(SmtpLoop *loop, SmtpConn *conn)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = conn};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) == 0;
}

/* ---- a turn --------------------------------------------------------------------------------- */

static void
loop_pump(SmtpLoop *loop)
{
    for (SmtpPool *pool = loop->pools; pool; pool = pool->next)
        if (pool->dirty)
            smtp_pool_pump(pool);
}

static bool
loop_is_dirty(const SmtpLoop *loop)
{
    for (const SmtpPool *pool = loop->pools; pool; pool = pool->next)
        if (pool->dirty)
            return true;
    return false;
}

/* How long to wait: not at all while there is work, and never past a deadline. */
static int
loop_patience(const SmtpLoop *loop, int timeout_ms)
{
    if (loop->settled || loop_is_dirty(loop))
        return 0;
    int64_t left = CLAMP(loop->soonest - loop->now, 0, INT32_MAX);
    return timeout_ms < 0 || left < timeout_ms ? (int)(loop->soonest == INT64_MAX ? -1 : left)
                                               : timeout_ms;
}

static void
loop_resolved(SmtpLoop *loop)
{
    SmtpAddresses answer;
    while (smtp_resolver_take(loop->resolver, &answer))
        for (SmtpPool *pool = loop->pools; pool; pool = pool->next)
            smtp_pool_resolved(pool, &answer);
}

static void
loop_event(SmtpLoop *loop, const struct epoll_event *event)
{
    void *source = event->data.ptr;
    SmtpConn *conn = source;
    if (source == &loop->wake_fd) {
        eventfd_t count;
        eventfd_read(loop->wake_fd, &count);
        loop_resolved(loop);
    } else if (source == &loop->watch_fd) {
        loop->watch_ready(loop->watch_arg);
    } else if (conn->link != SMTP_LINK_CLOSED) {
        smtp_conn_event(conn, event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
        smtp_pool_pump(conn->pool);
    }
}

static void
loop_alarms(SmtpLoop *loop)
{
    if (loop->now < loop->soonest)
        return;
    loop->soonest = INT64_MAX; /* whoever still has a deadline reminds of it */
    for (SmtpPool *pool = loop->pools; pool; pool = pool->next)
        smtp_pool_alarm(pool);
}

static void
loop_free_dead(SmtpLoop *loop)
{
    while (loop->dead) {
        SmtpConn *conn = loop->dead;
        loop->dead = conn->next;
        smtp_conn_free(conn);
    }
}

size_t
smtp_loop_turn(SmtpLoop *loop, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    must(!loop->in_done);
    loop->settled = 0;
    loop->now = clock_monotonic();
    loop_pump(loop);
    int count = epoll_wait(loop->epoll_fd, events, EVENTS, loop_patience(loop, timeout_ms));
    must(count >= 0 || errno == EINTR);
    loop->now = clock_monotonic();
    for (int i = 0; i < count; i++)
        loop_event(loop, &events[i]);
    loop_alarms(loop);
    loop_pump(loop);
    loop_free_dead(loop);
    return loop->settled;
}

void
smtp_loop_wake(SmtpLoop *loop)
{
    eventfd_write(loop->wake_fd, 1);
}

/* ---- life ----------------------------------------------------------------------------------- */

static bool
loop_listen(SmtpLoop *loop, int fd, void *source)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void
smtp_loop_watch(SmtpLoop *loop, int fd, void (*ready)(void *arg), void *arg)
{
    if (loop->watch_fd >= 0)
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->watch_fd, NULL);
    loop->watch_fd = fd;
    loop->watch_ready = ready;
    loop->watch_arg = arg;
    if (fd >= 0)
        must(loop_listen(loop, fd, &loop->watch_fd));
}

SmtpLoop *
smtp_loop_new(SmtpDone done, void *arg, GError **error)
{
    g_autoptr(SmtpLoop) loop = g_new0(SmtpLoop, 1);
    loop->done = done;
    loop->arg = arg;
    loop->watch_fd = -1;
    loop->soonest = INT64_MAX;
    loop->now = clock_monotonic();
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->resolver = loop->wake_fd >= 0 ? smtp_resolver_new(loop->wake_fd) : NULL;
    if (loop->epoll_fd < 0 || !loop->resolver ||
        !loop_listen(loop, loop->wake_fd, &loop->wake_fd)) {
        fail(error, ERR_IO, "no descriptors left for sending mail: %s", g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&loop);
}

void
smtp_loop_free(SmtpLoop *loop)
{
    if (!loop)
        return;
    while (loop->pools)
        smtp_pool_close(loop->pools);
    loop_free_dead(loop);
    smtp_resolver_free(loop->resolver);
    smtp_trust_free(loop->trust);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->wake_fd >= 0)
        close(loop->wake_fd);
    g_free(loop);
}
