/* event.h - stage 2: what happened, in our words, and which journeys start from it. */
#pragma once

#include "flow/learn.h"
#include "flow/stage.h"
#include "model.h"

typedef struct EventNew {
    EventKind kind;
    int64_t happened_at;
    int64_t order_id;    /* 0: it is about none */
    int64_t customer_id; /* 0: about nobody we know */
    int64_t
        subject_id; /* what it is about, if not the order: a shipment, a refund; 0: the order, else the customer */
} EventNew;

/* On the writer. Of the past (learn->history) it is kept, and no journey starts from it. */
bool event_append(const Learn *learn, const EventNew *event, GError **error);

const char *event_slug(EventKind kind);
const char *event_help(EventKind kind);

/* What it says to the shop's owner, one sentence; parcel as its start: "The parcel", "Parcel 1 of 2". */
Str event_story(Arena *arena, EventKind kind, Str parcel);
bool event_find(Str slug, EventKind *ret);
