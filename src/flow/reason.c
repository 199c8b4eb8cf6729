/* reason.c - the rows of reasons.def. */
#include "flow/reason.h"

static const struct {
    const char *slug;
    const char *words;
} reasons[REASON_COUNT] = {
#define ROW(reason, slug, words) [reason] = {slug, words},
#include "flow/reasons.def"
#undef ROW
};

const char *
reason_slug(Reason reason)
{
    must((int)reason >= 0 && reason < REASON_COUNT);
    return reasons[reason].slug;
}

const char *
reason_words(Reason reason)
{
    must((int)reason >= 0 && reason < REASON_COUNT);
    return reasons[reason].words;
}

Reason
reason_find(Str slug)
{
    for (int reason = 0; reason < REASON_COUNT; reason++)
        if (str_is(slug, reasons[reason].slug))
            return (Reason)reason;
    return REASON_NONE;
}
