/* http_watch.c - how long connections may take, and which one makes room. */
#include "engine/http_watch.h"

#include "engine/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

enum {
    WATCH_LOOK_MS = 500,
    WATCH_CLOSING = 128, /* shut and not yet removed, beside those that live */
};

struct HttpWatched {
    HttpWatch *watch;
    HttpWatched *before, *after;
    int fd;
    bool over; /* under the lock: shut; its web thread will remove it */
    _Atomic int phase;
    _Atomic int64_t since;    /* when the phase began, monotonic ms */
    _Atomic int64_t deadline; /* when it must be over */
};

struct HttpWatch {
    pthread_mutex_t lock; /* list, counts, stopping */
    pthread_cond_t stop;
    pthread_t thread;
    HttpWatched *first;
    int64_t count; /* in the list */
    int64_t alive; /* of these not over */
    int64_t most;
    bool stopping;
    _Atomic int64_t evicted;
};

/* Under the lock, so that the descriptor is still this connection's. */
static void
http_watch_shut(HttpWatched *watched)
{
    watched->over = true;
    watched->watch->alive--;
    shutdown(watched->fd, SHUT_RDWR);
    atomic_fetch_add_explicit(&watched->watch->evicted, 1, memory_order_relaxed);
}

static int
http_watch_phase_of(HttpWatched *watched)
{
    return atomic_load_explicit(&watched->phase, memory_order_acquire);
}

static bool
http_watch_is_late(HttpWatched *watched, int64_t now)
{
    return !watched->over && http_watch_phase_of(watched) != HTTP_PHASE_OURS &&
           atomic_load_explicit(&watched->deadline, memory_order_relaxed) <= now;
}

/* ---- the thread that looks ------------------------------------------------------------------- */

static void
http_watch_look(HttpWatch *watch)
{
    int64_t now = clock_monotonic();
    for (HttpWatched *watched = watch->first; watched; watched = watched->after) {
        if (http_watch_is_late(watched, now))
            http_watch_shut(watched);
    }
}

static struct timespec
http_watch_next_look(void)
{
    struct timespec ret;
    clock_gettime(CLOCK_MONOTONIC, &ret);
    int64_t ns = ret.tv_nsec + WATCH_LOOK_MS * INT64_C(1000000);
    return (struct timespec){ret.tv_sec + ns / 1000000000, ns % 1000000000};
}

static void *
http_watch_work(void *arg)
{
    HttpWatch *watch = arg;
    pthread_setname_np(pthread_self(), "web watch");
    pthread_mutex_lock(&watch->lock);
    while (!watch->stopping) {
        struct timespec until = http_watch_next_look();
        if (pthread_cond_timedwait(&watch->stop, &watch->lock, &until) == ETIMEDOUT)
            http_watch_look(watch);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

HttpWatch *
http_watch_new(int most)
{
    HttpWatch *watch = g_new0(HttpWatch, 1);
    watch->most = most;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->stop, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&watch->lock, NULL);
    must(pthread_create(&watch->thread, NULL, http_watch_work, watch) == 0);
    return watch;
}

void
http_watch_free(HttpWatch *watch)
{
    if (!watch)
        return;
    must(watch->count == 0);
    pthread_mutex_lock(&watch->lock);
    watch->stopping = true;
    pthread_cond_signal(&watch->stop);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->stop);
    pthread_mutex_destroy(&watch->lock);
    g_free(watch);
}

/* ---- connections ----------------------------------------------------------------------------- */

static HttpWatched *
http_watch_oldest(HttpWatch *watch, HttpPhase phase)
{
    HttpWatched *ret = NULL;
    int64_t oldest = INT64_MAX;
    for (HttpWatched *watched = watch->first; watched; watched = watched->after) {
        int64_t since = atomic_load_explicit(&watched->since, memory_order_relaxed);
        /* The newest stand first: of equals take the last. */
        if (!watched->over && http_watch_phase_of(watched) == (int)phase && since <= oldest) {
            oldest = since;
            ret = watched;
        }
    }
    return ret;
}

static void
http_watch_make_room(HttpWatch *watch)
{
    HttpWatched *victim = http_watch_oldest(watch, HTTP_PHASE_HEAD);
    if (!victim)
        victim = http_watch_oldest(watch, HTTP_PHASE_BODY);
    if (victim)
        http_watch_shut(victim);
}

HttpWatched *
http_watch_add(HttpWatch *watch, int fd, int64_t within_ms)
{
    HttpWatched *watched = g_new0(HttpWatched, 1);
    *watched = (HttpWatched){.watch = watch, .fd = fd};
    http_watch_phase(watched, HTTP_PHASE_HEAD, within_ms);

    pthread_mutex_lock(&watch->lock);
    if (watch->alive >= watch->most - watch->most / 8)
        http_watch_make_room(watch);
    watched->after = watch->first;
    if (watch->first)
        watch->first->before = watched;
    watch->first = watched;
    watch->count++;
    if (++watch->alive > watch->most || watch->count > watch->most + WATCH_CLOSING)
        http_watch_shut(watched);
    pthread_mutex_unlock(&watch->lock);
    return watched;
}

void
http_watch_remove(HttpWatched *watched)
{
    HttpWatch *watch = watched->watch;
    pthread_mutex_lock(&watch->lock);
    if (watched->before)
        watched->before->after = watched->after;
    else
        watch->first = watched->after;
    if (watched->after)
        watched->after->before = watched->before;
    watch->count--;
    watch->alive -= !watched->over;
    pthread_mutex_unlock(&watch->lock);
    g_free(watched);
}

void
http_watch_phase(HttpWatched *watched, HttpPhase phase, int64_t within_ms)
{
    int64_t now = clock_monotonic();
    atomic_store_explicit(&watched->since, now, memory_order_relaxed);
    atomic_store_explicit(&watched->deadline, now + within_ms, memory_order_relaxed);
    /* Whoever sees the phase sees its deadline too. */
    atomic_store_explicit(&watched->phase, (int)phase, memory_order_release);
}

int64_t
http_watch_count(HttpWatch *watch)
{
    pthread_mutex_lock(&watch->lock);
    int64_t ret = watch->count;
    pthread_mutex_unlock(&watch->lock);
    return ret;
}

int64_t
http_watch_evicted(HttpWatch *watch)
{
    return atomic_load_explicit(&watch->evicted, memory_order_relaxed);
}
