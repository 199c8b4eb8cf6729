/* guard.h - a parent that only restarts its worker.
 *
 *     int main(...) { ...; return guard_run(&(GuardOptions){0}, serve_work, &serve); }
 *
 * The parent forks before anything is loaded and stays tiny; all work happens in the worker. When
 * the worker dies, the parent writes one line (which signal or exit code) and starts the next one,
 * at once at first, then after 100 ms, doubling to 30 s; a worker that lived a minute starts the
 * count anew. SIGTERM and SIGINT go on to the worker, which finishes what it has begun; a second
 * one, or 30 s, ends it the hard way. If the parent dies, however, the kernel kills the worker with
 * it (PR_SET_PDEATHSIG): a data folder never has a worker that nobody watches.
 */
#pragma once

#include "base/base.h"

/* How a first worker ends when starting it again cannot help. Any other code and any signal mean a
 * restart; so do these once a worker has run, all but GUARD_OK: what was fine yesterday will be
 * again. They are also the exit codes of the command line. */
typedef enum GuardExit {
    GUARD_OK = 0,
    GUARD_FAILED = 1,    /* may get better: is tried again */
    GUARD_USAGE = 2,     /* wrong usage, value, template or configuration */
    GUARD_NOT_FOUND = 3, /* what was named does not exist */
    GUARD_IN_USE = 4,    /* the data folder or the port is somebody else's */
    GUARD_SCHEMA = 5,    /* a store of a newer version */
} GuardExit;

/* The exit code for a start that failed with this error. */
GuardExit guard_exit_of(const GError *error);

typedef struct GuardOptions {
    /* Test control: never restart; the parent ends as its worker did, with the same code or by the
     * same signal. */
    bool once;
    /* 0 means the default */
    int backoff_first_ms; /* 100 */
    int backoff_most_ms;  /* 30,000 */
    int good_ms;          /* 60,000: a worker that lived this long was fine */
    int stop_ms;          /* 30,000: from SIGTERM to SIGKILL */
} GuardOptions;

/* Runs work(arg) in a worker. Returns TWICE: in the worker with what work returned, in the parent
 * with the last worker's code; both hand it to main's return. The caller is single-threaded and has
 * opened nothing. */
int guard_run(const GuardOptions *options, int (*work)(void *arg), void *arg);
