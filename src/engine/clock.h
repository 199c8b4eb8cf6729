/* clock.h - the two clocks.
 *
 * The WALL clock is what people mean by time: every `at`, wake, expiry and id comes from it, in ms
 * UTC. Tests turn it. The MONOTONIC clock is for waiting on sockets and never turned, so that a
 * scenario of thirty days does not time out its own SMTP server.
 *
 * Process-wide on purpose: a second wall clock is how half of a program ends up in another day.
 */
#pragma once

#include "base/base.h"

int64_t clock_now(void);       /* wall, ms UTC since 1970 */
int64_t clock_monotonic(void); /* ms since some moment in the past */

/* Test control only: from here on the wall clock stands still at `at` until it is set again. */
void clock_set(int64_t at);
bool clock_is_set(void);
