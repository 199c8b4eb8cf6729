/* step.h - what a box in a journey can do.
 *
 * A step looks at where the customer stands and decides: go on, wait, or leave the journey; it may write one
 * message on the way. It does nothing itself: flow/run.c carries out what it returns, in one transaction
 * with the run's move, so a step is run twice only if its first run never happened.
 *
 * To add one: src/flow/step/NAME.c with `const Step step_NAME` in it, ROW(NAME) in steps.def, and a
 * test/flow/NAME.flow. Its `fields` are at once its form in the editor, its validation and its documentation.
 */
#pragma once

#include "base/json.h"
#include "flow/reason.h"
#include "flow/shop.h"
#include "model.h"

typedef enum StepFieldType {
    FIELD_END,
    FIELD_TEXT,
    FIELD_DURATION, /* "7d", "90m" */
    FIELD_CHOICE,   /* one of `choices` */
} StepFieldType;

typedef struct StepField {
    const char *name;
    StepFieldType type;
    bool optional;
    const char *choices; /* for FIELD_CHOICE, space-separated */
    const char *help;
} StepField;

/* What a step may look at. */
typedef struct StepCtx {
    const ShopEntry *shop;
    const Json *config; /* the step's fields, already checked */
    Arena *arena;
    int64_t now;
    int64_t started;     /* when the journey began for this customer */
    int64_t entered;     /* when the customer came to this box */
    int64_t subject;     /* what the journey runs once for: the order, the shipment, the refund */
    int64_t order_id;    /* 0: the journey is not about an order */
    int64_t customer_id; /* 0: nobody known */
    Str basis;           /* of the consent that it is about: opt_in */
    Str email;           /* where it goes: of the order, or of the consent */
    /* Of the order, if there is one: */
    int64_t placed_at;
    int64_t cancelled_at;
    Quiet quiet;    /* why it never causes a mail */
    Str source;     /* who told of it: shopify */
    bool in_person; /* nothing of it is shipped */
    bool has_legal; /* the shop has terms and withdrawal instruction, by language */
} StepCtx;

typedef enum StepNext { STEP_GO, STEP_WAIT, STEP_END } StepNext;

/* A message that the step wants to be written. */
typedef struct StepMessage {
    MessageClass class;
    MessageLane lane;
    Str channel;
    Str template;
    Str topic;   /* of marketing: topics.def, what the gate asks for; empty for what is owed */
    Str address; /* as it goes over the wire */
    int64_t not_after;
    Str skip; /* what makes it pointless until it has left: skips.def */
} StepMessage;

typedef struct StepResult {
    StepNext next;
    int64_t wake;    /* for STEP_WAIT */
    const char *why; /* in plain words, for whoever asks why */
    bool has_message;
    StepMessage message;
} StepResult;

typedef struct Step {
    const char *label;
    const char *help;
    const StepField *fields; /* ended by {0} */
    bool (*run)(const StepCtx *ctx, StepResult *ret, GError **error);
    /* What no single field shows: fields that need one another. May be NULL; ERR_CONFIG. */
    bool (*check)(const Json *config, GError **error);
} Step;

/* NULL if there is none of this name. */
const Step *step_find(Str name);
const Step *step_nth(size_t n, const char **ret_name);

/* Checks a config against the step's fields. ERR_CONFIG names the field and what it may be. */
bool step_check(const Step *step, const Json *config, GError **error);

const char *step_next_slug(StepNext next);
