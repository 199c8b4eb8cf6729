/* guard.c - a parent that only restarts its worker.
 *
 * The parent blocks its signals and waits for them one by one with sigtimedwait, so that nothing
 * here runs in a signal handler. It uses next to no heap: what it does not touch stays shared
 * with the worker and costs no memory.
 */
#include "engine/guard.h"

#include "engine/clock.h"
#include "engine/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GUARD_BACKOFF_FIRST_MS = 100,
    GUARD_BACKOFF_MOST_MS = 30 * 1000,
    GUARD_GOOD_MS = 60 * 1000,
    GUARD_STOP_MS = 30 * 1000,
    GUARD_FOREVER = -1,
};

typedef struct Guard {
    GuardOptions options;
    sigset_t signals; /* those that the parent waits for */
    sigset_t before;  /* what the worker gets back */
    pid_t worker;     /* 0: none runs */
    int backoff_ms;   /* before the next start */
    bool restarted;
    bool stopping;
    int64_t kill_at; /* monotonic ms: when a worker that is told to stop has had its time */
} Guard;

static int
guard_or(int value, int fallback)
{
    return value ? value : fallback;
}

GuardExit
guard_exit_of(const GError *error)
{
    if (error_is(error, ERR_USAGE) || error_is(error, ERR_CONFIG) || error_is(error, ERR_INPUT) ||
        error_is(error, ERR_TEMPLATE))
        return GUARD_USAGE;
    if (error_is(error, ERR_NOT_FOUND))
        return GUARD_NOT_FOUND;
    if (error_is(error, ERR_LOCKED) || error_is(error, ERR_LISTEN))
        return GUARD_IN_USE;
    if (error_is(error, ERR_SCHEMA))
        return GUARD_SCHEMA;
    return GUARD_FAILED;
}

/* ---- the worker's side ----------------------------------------------------------------------- */

static void
guard_worker_begin(const Guard *guard, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The parent may have died between fork and prctl; then the signal never comes. */
    if (getppid() != parent)
        raise(SIGKILL);
    sigprocmask(SIG_SETMASK, &guard->before, NULL);
}

/* ---- the parent's side ----------------------------------------------------------------------- */

static void
guard_signals_block(Guard *guard)
{
    sigemptyset(&guard->signals);
    sigaddset(&guard->signals, SIGTERM);
    sigaddset(&guard->signals, SIGINT);
    sigaddset(&guard->signals, SIGCHLD);
    /* The terminal went away; under nohup it is ignored, and stays so. */
    struct sigaction hangup;
    sigaction(SIGHUP, NULL, &hangup);
    if (hangup.sa_handler != SIG_IGN)
        sigaddset(&guard->signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &guard->signals, &guard->before);
    /* An inherited "ignore" (nohup, some init systems) would make the kernel drop SIGCHLD. */
    signal(SIGCHLD, SIG_DFL);
}

/* The next signal, or 0 after wait_ms (GUARD_FOREVER: no end). */
static int
guard_wait(const Guard *guard, int64_t wait_ms)
{
    for (;;) {
        struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
        int number = sigtimedwait(&guard->signals, NULL, wait_ms < 0 ? NULL : &wait);
        if (number > 0)
            return number;
        if (errno == EAGAIN)
            return 0;
        must(errno == EINTR);
    }
}

static bool
guard_is_stop(int number)
{
    return number == SIGTERM || number == SIGINT || number == SIGHUP;
}

static void
guard_on_stop(Guard *guard, int number)
{
    /* The second wish, by hand or from an impatient init, is meant. */
    int pass_on = guard->stopping ? SIGKILL : number == SIGHUP ? SIGTERM : number;
    if (!guard->stopping)
        guard->kill_at = clock_monotonic() + guard_or(guard->options.stop_ms, GUARD_STOP_MS);
    guard->stopping = true;
    if (guard->worker)
        kill(guard->worker, pass_on);
}

/* Waits for the worker's end, passing signals on; gives its wait status. */
static int
guard_watch(Guard *guard)
{
    for (;;) {
        int status;
        if (waitpid(guard->worker, &status, WNOHANG) == guard->worker) {
            guard->worker = 0;
            return status;
        }
        int64_t left = guard->stopping ? MAX(guard->kill_at - clock_monotonic(), 0) : GUARD_FOREVER;
        int number = guard_wait(guard, left);
        if (guard_is_stop(number)) {
            guard_on_stop(guard, number);
        } else if (number == 0) {
            kill(guard->worker, SIGKILL);
            guard->kill_at = clock_monotonic() + GUARD_STOP_MS; /* not again in a tight loop */
        }
    }
}

/* Sleeps before the next start; false if a signal to stop came meanwhile. */
static bool
guard_back_off(Guard *guard, int wait_ms)
{
    int64_t until = clock_monotonic() + wait_ms;
    for (int64_t left = wait_ms; left > 0; left = until - clock_monotonic()) {
        int number = guard_wait(guard, left);
        if (guard_is_stop(number))
            return false;
    }
    return true;
}

static void
guard_log(pid_t worker, int status, int64_t lived_ms, int wait_ms)
{
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        log_error("worker.died",
                  "pid=%d signal=%d name=%s lived_ms=%" G_GINT64_FORMAT " restart_ms=%d", worker,
                  WTERMSIG(status), name ? name : "", lived_ms, wait_ms);
    } else {
        log_error("worker.died", "pid=%d exit=%d lived_ms=%" G_GINT64_FORMAT " restart_ms=%d",
                  worker, WEXITSTATUS(status), lived_ms, wait_ms);
    }
}

static bool
guard_is_final(const Guard *guard, int status)
{
    if (guard->options.once || guard->stopping)
        return true;
    if (!WIFEXITED(status))
        return false;
    /* "Port in use" at the first start is for the owner to hear; after a crash at night it is a
     * program that will go away again. */
    int code = WEXITSTATUS(status);
    return code == GUARD_OK || (code != GUARD_FAILED && code <= GUARD_SCHEMA && !guard->restarted);
}

/* How the parent ends after its last worker: as that one did. */
static int
guard_end(const Guard *guard, int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (guard->stopping && guard_is_stop(WTERMSIG(status)))
        return GUARD_OK; /* it was told before it listened */
    if (guard->options.once) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* the worker's core is the one to look at */
        sigset_t all;
        sigfillset(&all);
        signal(WTERMSIG(status), SIG_DFL);
        sigprocmask(SIG_UNBLOCK, &all, NULL);
        raise(WTERMSIG(status));
    }
    return GUARD_FAILED;
}

/* The wait before the next start, and doubles the one after it. */
static int
guard_next_wait(Guard *guard, int64_t lived_ms)
{
    int first = guard_or(guard->options.backoff_first_ms, GUARD_BACKOFF_FIRST_MS);
    int most = guard_or(guard->options.backoff_most_ms, GUARD_BACKOFF_MOST_MS);
    if (lived_ms >= guard_or(guard->options.good_ms, GUARD_GOOD_MS))
        guard->backoff_ms = 0;
    int ret = guard->backoff_ms ? guard->backoff_ms : first;
    guard->backoff_ms = MIN(ret * 2, most);
    return ret;
}

/* A machine out of processes gets better by itself: -1 only when told to stop meanwhile. */
static pid_t
guard_fork(Guard *guard)
{
    pid_t worker;
    do
        worker = fork();
    while (worker < 0 && guard_back_off(guard, GUARD_BACKOFF_MOST_MS));
    guard->worker = MAX(worker, 0);
    return worker;
}

int
guard_run(const GuardOptions *options, int (*work)(void *arg), void *arg)
{
    Guard guard = {.options = *options};
    pid_t parent = getpid();
    guard_signals_block(&guard);
    for (;;) {
        int64_t born = clock_monotonic();
        pid_t worker = guard_fork(&guard);
        if (worker == 0) {
            guard_worker_begin(&guard, parent);
            return work(arg);
        }
        if (worker < 0)
            return GUARD_OK;
        int status = guard_watch(&guard);
        if (guard_is_final(&guard, status))
            return guard_end(&guard, status);
        int64_t lived_ms = clock_monotonic() - born;
        int wait_ms = guard_next_wait(&guard, lived_ms);
        guard_log(worker, status, lived_ms, wait_ms);
        if (!guard_back_off(&guard, wait_ms))
            return GUARD_OK;
        guard.restarted = true;
    }
}
