/* rate.h - how fast one sender may send, learned from what its server says.
 *
 * Pure: no clock, no lock, no store. The caller passes the time (wall, ms UTC: pauses outlive the
 * process) and keeps the Rate as a row of its sender.
 *
 *     n = rate_take(&rate, &rules, now, want);   // before claiming; hand back what was not used
 *     ...
 *     SENT       -> rate_sent(&rate, &rules, now, 1)
 *     THROTTLED  -> rate_throttled(&rate, &rules, now, taken_at, words)
 *
 * THE FORMULA, AIMD as TCP's congestion avoidance (Jacobson 1988; RFC 5681), counted in mails:
 *
 *   bucket    `mps` tokens a second drop into a bucket that holds max(1, mps x 1 s). A mail takes
 *             one.
 *             mps = 0 means that no limit is known: only the rules' ceiling bounds it.
 *   throttle  knee = what we really sent when it happened: seen_mps, within mps/2 and mps if
 *             those are known; mps = max(floor, knee / 2)  (the first time not below start_mps).
 *             Then a pause of pause_ms x 2^(throttles in a row - 1), at most pause_max_ms; if the
 *             server's words name a longer time ("try again in 300 seconds"), that, at most 24 h.
 *             The bucket is emptied.
 *   episode   throttles of mails that were taken before the last cut say nothing new (20 mails may
 *             be in flight): they can lengthen the pause, they do not cut again.
 *   quota     words about a day or an hour ("daily quota exceeded") are no matter of speed: mps
 *             stays, the pause is an hour (or what the words name).
 *   sent      ends a row of throttles. Below the knee, mps climbs linearly and is back in
 *             recover_ms of steady sending: + knee / (2 recover_s mps) per mail. Above it, 5 % a
 *             minute: + 1/1200 per mail. At 100 x knee the limit counts as forgotten (mps = 0).
 *   seen_mps  rate of the last ten seconds: on n mails, seen = seen x e^(-dt/10s) + n/10s.
 *
 * An idle sender learns nothing, so it does not climb either.
 */
#pragma once

#include "base/base.h"

/* Settings. rate_rules_default() fills them; `smtp.rate = 5` sets ceiling_mps. */
typedef struct RateRules {
    double ceiling_mps;   /* never faster; 0: no ceiling */
    double floor_mps;     /* never slower, but for pauses [0.05: 3 mails a minute] */
    double start_mps;     /* least after the very first throttle [1] */
    int64_t pause_ms;     /* first pause [1,000] */
    int64_t pause_max_ms; /* [15 min] */
    int64_t recover_ms;   /* from half back to the knee [10 min] */
} RateRules;

RateRules rate_rules_default(void);

/* The state: a row per sender. All zero is a sender that nobody has throttled yet. */
typedef struct Rate {
    double mps;           /* limit now, mails a second; 0: none known */
    double knee_mps;      /* where the last throttle met us */
    double seen_mps;      /* what really went lately */
    int64_t seen_at;      /* when seen_mps was counted */
    double tokens;        /* in the bucket */
    int64_t tokens_at;    /* when they were counted */
    int64_t paused_at;    /* when the pause began */
    int64_t paused_until; /* nothing goes before; 0: not paused */
    int64_t throttled_at; /* the last cut */
    int64_t throttles;    /* in a row, without a mail sent between */
} Rate;

/* How many of `want` may go now; they are taken out of the bucket. 0 while paused. A clock that
 * jumped backwards costs at most one bucket and one pause, never a stall. */
size_t rate_take(Rate *rate, const RateRules *rules, int64_t now, size_t want);

/* Puts back tokens of mails that did not go (nothing to claim, NOT_SENT). */
void rate_return(Rate *rate, const RateRules *rules, size_t count);

/* When rate_take() will give at least one: now or later, ms UTC. */
int64_t rate_next(const Rate *rate, const RateRules *rules, int64_t now);

void rate_sent(Rate *rate, const RateRules *rules, int64_t now, size_t count);

/* taken_at: when the throttled mail was taken out of the bucket. words: the server's reply. */
void rate_throttled(Rate *rate, const RateRules *rules, int64_t now, int64_t taken_at, Str words);

/* What a reply says about time. Reads "try again in 5 minutes", "retry after 30s", "wait 2 hours",
 * "300 seconds". Kept apart so that it can be tested with real servers' words. */
typedef struct RateHint {
    int64_t wait_ms; /* 0: names no time */
    bool quota;      /* speaks of a daily or hourly quota, not of speed */
} RateHint;

RateHint rate_read_words(Str words);
