/* reason.h - why a message did not leave; the rows of reasons.def. */
#pragma once

#include "base/base.h"

typedef enum Reason {
#define ROW(reason, slug, words) reason,
#include "flow/reasons.def"
#undef ROW
    REASON_COUNT
} Reason;

const char *reason_slug(Reason reason);
const char *reason_words(Reason reason);
Reason reason_find(Str slug); /* REASON_NONE if there is none of this name */
