/* rate.c - how fast one sender may send, learned from what its server says; formula in rate.h. */
#include "engine/rate.h"

#include <math.h>
#include <string.h>

static const double BURST_S = 1.0;         /* the bucket holds what drops in during this */
static const double SEEN_S = 10.0;         /* memory of seen_mps */
static const double PROBE_MPS = 0.05 / 60; /* above the knee: 5 % a minute */
static const double FORGET_FACTOR = 100.0; /* so far above the knee it says nothing any more */

enum {
    SECOND_MS = 1000,
    MINUTE_MS = 60 * SECOND_MS,
    HOUR_MS = 60 * MINUTE_MS,
    DAY_MS = 24 * HOUR_MS,
};

RateRules
rate_rules_default(void)
{
    return (RateRules){
        .floor_mps = 0.05,
        .start_mps = 1,
        .pause_ms = SECOND_MS,
        .pause_max_ms = 15 * MINUTE_MS,
        .recover_ms = 10 * MINUTE_MS,
    };
}

/* ---- the bucket ----------------------------------------------------------------------------- */

/* What bounds it now, learned or set; 0: nothing. */
static double
rate_limit(const Rate *rate, const RateRules *rules)
{
    if (rate->mps > 0 && rules->ceiling_mps > 0)
        return fmin(rate->mps, rules->ceiling_mps);
    return rate->mps > 0 ? rate->mps : rules->ceiling_mps;
}

static double
rate_bucket(double limit)
{
    return fmax(1.0, limit * BURST_S);
}

/* Tokens there would be at `now`. A bucket that was never counted is full. */
static double
rate_tokens(const Rate *rate, double limit, int64_t now)
{
    if (!rate->tokens_at)
        return rate_bucket(limit);
    int64_t passed = CLAMP(now - rate->tokens_at, 0, DAY_MS);
    return fmin(rate_bucket(limit), rate->tokens + limit * (double)passed / SECOND_MS);
}

/* How much of the pause is left. No more than it was meant to be, though the clock jump back. */
static int64_t
rate_pause_left(const Rate *rate, int64_t now)
{
    return CLAMP(rate->paused_until - now, 0, MAX(0, rate->paused_until - rate->paused_at));
}

/* After a jump backwards the pause is counted from now on, else each look would begin it anew. */
static void
rate_mend_pause(Rate *rate, int64_t now)
{
    int64_t left = rate_pause_left(rate, now);
    if (now < rate->paused_at)
        rate->paused_at = now;
    rate->paused_until = left ? now + left : 0;
}

size_t
rate_take(Rate *rate, const RateRules *rules, int64_t now, size_t want)
{
    double limit = rate_limit(rate, rules);
    rate_mend_pause(rate, now);
    if (rate->paused_until)
        return 0;
    if (limit <= 0)
        return want;
    if (rate->tokens_at > now) /* the clock jumped back */
        rate->tokens_at = now;
    double tokens = rate_tokens(rate, limit, now);
    size_t take =
        MIN(want, (size_t)(tokens + 1e-9)); /* 0.1 s x 10/s is a mail, whatever doubles say */
    rate->tokens = fmax(0, tokens - (double)take);
    rate->tokens_at = now;
    return take;
}

void
rate_return(Rate *rate, const RateRules *rules, size_t count)
{
    double limit = rate_limit(rate, rules);
    if (limit > 0 && rate->tokens_at)
        rate->tokens = fmin(rate_bucket(limit), rate->tokens + (double)count);
}

int64_t
rate_next(const Rate *rate, const RateRules *rules, int64_t now)
{
    double limit = rate_limit(rate, rules);
    int64_t from = now + rate_pause_left(rate, now);
    if (limit <= 0)
        return from;
    double missing = 1.0 - rate_tokens(rate, limit, from);
    return from + (missing > 1e-9 ? (int64_t)ceil(missing / limit * SECOND_MS) : 0);
}

/* ---- learning ------------------------------------------------------------------------------- */

void
rate_sent(Rate *rate, const RateRules *rules, int64_t now, size_t count)
{
    double passed_s = (double)MAX(0, now - rate->seen_at) / SECOND_MS;
    rate->seen_mps = rate->seen_mps * exp(-passed_s / SEEN_S) + (double)count / SEEN_S;
    rate->seen_at = now;
    rate->throttles = 0;
    if (rate->mps <= 0 || !count)
        return;
    double recover_s = (double)MAX(1, rules->recover_ms) / SECOND_MS;
    double step =
        rate->mps < rate->knee_mps ? rate->knee_mps / (2 * recover_s * rate->mps) : PROBE_MPS;
    rate->mps += step * (double)count;
    if (rate->mps >= FORGET_FACTOR * rate->knee_mps)
        rate->mps = rate->knee_mps = 0;
}

static void
rate_cut(Rate *rate, const RateRules *rules, int64_t now)
{
    bool first = rate->mps <= 0;
    double passed_s = (double)MAX(0, now - rate->seen_at) / SECOND_MS;
    double seen = rate->seen_mps * exp(-passed_s / SEEN_S);
    double limit = rate_limit(rate, rules);
    rate->knee_mps = limit > 0 ? fmin(limit, fmax(seen, limit / 2)) : seen;
    rate->mps = fmax(rate->knee_mps / 2, first ? rules->start_mps : rules->floor_mps);
    rate->knee_mps = fmax(rate->knee_mps, rate->mps);
}

void
rate_throttled(Rate *rate, const RateRules *rules, int64_t now, int64_t taken_at, Str words)
{
    RateHint hint = rate_read_words(words);
    bool news = !rate->throttled_at || taken_at > rate->throttled_at || now < rate->throttled_at;
    int64_t pause = 0;
    rate_mend_pause(rate, now);
    if (news) {
        if (!hint.quota)
            rate_cut(rate, rules, now);
        pause = MIN(rules->pause_ms << MIN(rate->throttles, 30), rules->pause_max_ms);
        rate->throttles++;
        rate->throttled_at = now;
    }
    if (hint.quota)
        pause = HOUR_MS;
    if (hint.wait_ms)
        pause = hint.quota ? hint.wait_ms : MAX(pause, hint.wait_ms);
    if (now + pause > rate->paused_until) {
        rate->paused_at = now;
        rate->paused_until = now + pause;
    }
    rate->tokens = 0;
    rate->tokens_at = rate->paused_until; /* the bucket begins to fill when the pause is over */
}

/* ---- words ---------------------------------------------------------------------------------- */

static const struct {
    const char *name; /* begins with */
    int64_t ms;
} units[] = {
    {"ms", 1},       {"millisec", 1}, {"min", MINUTE_MS}, {"sec", SECOND_MS}, {"hour", HOUR_MS},
    {"hr", HOUR_MS}, {"day", DAY_MS}, {"s", SECOND_MS},   {"m", MINUTE_MS},   {"h", HOUR_MS},
};

/* Before a number: it is a time to wait, not "100 messages per 60 seconds". */
static const char *const words_before[] = {"in", "after", "wait", "for", "least", "until", NULL};

static const char *const words_of_quota[] = {
    "daily",  "per day",  "a day",   "24 hours",       "24-hour",        "per 24",
    "hourly", "per hour", "an hour", "quota exceeded", "quota_exceeded", NULL};

/* The unit at the start of text, whole word for those of one letter; 0 when there is none. */
static int64_t
words_unit_ms(const char *text)
{
    while (*text == ' ' || *text == '-')
        text++;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        size_t len = strlen(units[i].name);
        bool same = g_ascii_strncasecmp(text, units[i].name, len) == 0;
        if (same && (len > 2 || !g_ascii_isalpha(text[len])))
            return units[i].ms;
    }
    return 0;
}

/* True if the word that ends before `at` introduces a time to wait ("in", "in about"). */
static bool
words_introduce(const char *text, const char *at)
{
    for (int back = 0; back < 2; back++) {
        while (at > text && !g_ascii_isalpha(at[-1]))
            at--;
        const char *end = at;
        while (at > text && g_ascii_isalpha(at[-1]))
            at--;
        for (const char *const *word = words_before; *word; word++)
            if ((size_t)(end - at) == strlen(*word) &&
                g_ascii_strncasecmp(at, *word, strlen(*word)) == 0)
                return true;
    }
    return false;
}

static int64_t
words_wait_ms(const char *text)
{
    for (const char *at = text; *at; at++) {
        bool begins = g_ascii_isdigit(*at) && (at == text || !g_ascii_isalnum(at[-1]));
        if (!begins)
            continue;
        char *end;
        guint64 number = g_ascii_strtoull(at, &end, 10);
        int64_t unit = *end == '.' ? 0 : words_unit_ms(end);
        if (unit && number && words_introduce(text, at))
            return (int64_t)MIN(number, DAY_MS / (guint64)unit) * unit;
        at = end - 1;
    }
    return 0;
}

RateHint
rate_read_words(Str words)
{
    g_autofree char *text = g_strndup(words.at ? words.at : "", words.len);
    RateHint hint = {.wait_ms = words_wait_ms(text)};
    for (const char *const *word = words_of_quota; *word; word++)
        hint.quota |= strcasestr(text, *word) != NULL;
    return hint;
}
