/* message.h - stage 4: a message gets its words, once; from then on they are fixed. */
#pragma once

#include "engine/store.h"
#include "flow/step.h"

typedef struct MessageNew {
    int64_t shop;
    int64_t cause; /* the run_step */
    int64_t order_id;
    int64_t customer_id;
    int64_t about; /* what it tells of, if not the order; 0: the order */
    int64_t at;
    const StepMessage *step;
} MessageNew;

/* On the writer: as `new`; its words, or the reason why it will not leave, come next. */
bool message_append(Db *db, const MessageNew *message, GError **error);

const char *message_class_slug(MessageClass class);
MessageClass message_class_find(Str slug); /* CLASS_MARKETING for an unknown one: the strictest */

/* A message as it was, or would have been, sent. */
typedef struct MessageKept {
    int64_t shop;
    int64_t at;
    int64_t order_id;
    Str address;
    Str subject;
    Str state;
    Str reason;
    Str words;
    Str template;
    Str body; /* the whole mail; empty when there are no words yet, or retention emptied it */
} MessageKept;

/* Reads one into the arena. ERR_NOT_FOUND if there is none. */
bool message_load(Db *db, Arena *arena, int64_t shop, int64_t id, MessageKept *ret, GError **error);
