/* desk.h - a thread for the few requests that may wait: for a COMMIT, for a password's costs.
 *
 * Web threads never wait. A form that staff sends is rare, and its work reads simplest as one function from top to
 * bottom; so the router suspends it and puts it on a desk, whose one thread does one after the other. What waits
 * longest (passwords) has a desk of its own and holds up nothing else.
 */
#pragma once

#include "base/base.h"

typedef struct Desk Desk;

typedef struct DeskTask DeskTask;
struct DeskTask {
    void (*run)(DeskTask *task); /* on the desk's thread; the task is the caller's again */
    DeskTask *next;              /* the desk's */
};

/* most: how many may wait before desk_post refuses. */
Desk *desk_new(const char *name, int most);

/* False: too many wait (ERR_BUSY). Else run is called, also while the desk is being freed. */
bool desk_post(Desk *desk, DeskTask *task, GError **error);

/* Works off what waits, then ends the thread. */
void desk_free(Desk *desk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Desk, desk_free)
