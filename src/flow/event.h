/* event.h - stage 2: what happened, in our words, and which journeys start from it. */
#pragma once

#include "flow/stage.h"
#include "model.h"

typedef struct EventNew {
    int64_t shop;
    int64_t cause;
    EventKind kind;
    int64_t happened_at;
    int64_t order_id;
    int64_t customer_id;
} EventNew;

/* On the writer. */
bool event_append(Db *db, const EventNew *event, GError **error);

const char *event_slug(EventKind kind);
const char *event_help(EventKind kind);
bool event_find(Str slug, EventKind *ret);
