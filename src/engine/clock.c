/* clock.c - the two clocks; see clock.h. */
#include "engine/clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t turned_to = -1; /* -1: the real wall clock */

static int64_t
clock_read(clockid_t clock)
{
    struct timespec now;
    must(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_now(void)
{
    int64_t at = atomic_load_explicit(&turned_to, memory_order_relaxed);
    return at >= 0 ? at : clock_read(CLOCK_REALTIME);
}

int64_t
clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

void
clock_set(int64_t at)
{
    must(at >= 0);
    atomic_store(&turned_to, at);
}

bool
clock_is_set(void)
{
    return atomic_load(&turned_to) >= 0;
}
