/* rendering.h - one render: its slots, counters, budgets and failures. */
#pragma once

#include "engine/liquid/program.h"

typedef struct Slot Slot;
struct Slot {
    LiquidValue local;
    LiquidValue env; /* from the data, or a counter */
    Slot *below;     /* the outermost binding, while loops and includes shadow it */
    bool bound;      /* local is set */
    bool resolved;   /* env is looked up */
    bool found;      /* env exists in the data */
};

typedef enum Failure {
    FAILURE_NONE,
    FAILURE_ERROR,  /* prints in lax mode */
    FAILURE_NAME,   /* unknown name in strict mode */
    FAILURE_CALL,   /* wrong number of arguments; prints as an error does */
    FAILURE_BUDGET, /* ends every render */
} Failure;

/* What an error prints where it stands: as Shopify, nothing in a block that is blank; and an assign
 * whose value fails only leaves its variable as it was. */
typedef enum Silence { SILENCE_NONE, SILENCE_TEXT, SILENCE_WARNING } Silence;

typedef enum Interrupt { INTERRUPT_NONE, INTERRUPT_BREAK, INTERRUPT_CONTINUE } Interrupt;

typedef struct Counter { /* of cycle and of offset: continue */
    Str key;
    int64_t count;
    struct Counter *next;
} Counter;

typedef struct Counters {
    Counter *first;
} Counters;

typedef struct ForLoop {
    LiquidObject object;
    Str name;
    int64_t length;
    int64_t index;
    int64_t cols, col, row; /* tablerow */
    const struct ForLoop *parent;
} ForLoop;

/* One render. */
struct LiquidCall {
    const Liquid *liquid;
    const LiquidData *data;
    Arena *arena;
    Buf *out;
    const Unit *unit;
    Slot *slots;
    uint32_t slot_count;
    const Names *names;
    Names *own_names; /* of partials with computed names */
    bool isolated;    /* inside render: the data is out of sight */
    bool html, strict;
    uint8_t failure;   /* Failure */
    uint8_t interrupt; /* Interrupt */
    bool stopped;      /* a failure that ends the render */
    uint32_t fail_at;
    Str message;
    uint32_t steps, turns;
    uint32_t depth; /* scopes: loops and partials */
    uint32_t level; /* blocks */
    uint32_t steps_most, turns_most, depth_most;
    size_t output_most, arena_most, arena_first, out_first;
    Counters *cycles;
    Counters *offsets;
    const ForLoop *loop;      /* innermost for */
    const LiquidObject *self; /* the last one that was made; of one place there is one */
    Str ifchanged;
    Unit *own_units;
    GError *error;
};

ForLoop *forloop_new(LiquidCall *call, Str name, size_t length);
LiquidValue expr_eval(LiquidCall *call, const Expr *expr);
bool expr_test(LiquidCall *call, const Expr *expr);
bool render_block(LiquidCall *call, const Block *block); /* false: interrupted or stopped */
void render_value(LiquidCall *call, LiquidValue value, Escape escape);
/* These leave a failure of their own pending. */
void render_for(LiquidCall *call, const Node *node);
void render_tablerow(LiquidCall *call, const Node *node);
void render_include(LiquidCall *call, const Node *node);
void render_render(LiquidCall *call, const Node *node);
bool scope_enter(LiquidCall *call, uint32_t at);
void render_escaped(LiquidCall *call, Buf *out, LiquidValue value, Escape escape);
bool call_fail(LiquidCall *call, Failure failure, uint32_t at, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* Reports the pending failure: prints it (lax) or stops (strict). False: stop. */
bool call_settle(LiquidCall *call, Silence silence);
void call_budget(LiquidCall *call); /* takes the budget of its template */
/* Asked by filters before they make a text this large. False: the budget is used up. */
bool call_has_room(LiquidCall *call, size_t bytes);
/* Looking at much is work too, and counts as so many steps. */
void call_charge(LiquidCall *call, size_t steps);
void call_charge_bytes(LiquidCall *call, size_t bytes); /* and asks the budget */

enum {
    STEP_BYTES = 64,   /* are looked at in the time of one step */
    LONG_BYTES = 1024, /* of text: the budget is asked about it */
};

static inline void
call_charge_text(LiquidCall *call, LiquidValue value)
{
    if (value.kind == LIQUID_STR && G_UNLIKELY(value.len >= LONG_BYTES))
        call_charge_bytes(call, value.len);
}

/* False: the budget is used up, which is now pending. */
bool budget_check(LiquidCall *call, uint32_t at);
bool call_turn(LiquidCall *call, uint32_t at);
void slot_resolve(LiquidCall *call, uint32_t slot); /* looks it up in the data */
LiquidValue slot_value(LiquidCall *call, uint32_t slot, uint32_t at);
void slot_assign(LiquidCall *call, uint32_t slot, LiquidValue value);
/* Binds a name for the time of a loop or include; saved lives as long as that. */
void slot_shadow(LiquidCall *call, uint32_t slot, LiquidValue value, Slot *saved);
void slot_restore(LiquidCall *call, uint32_t slot, const Slot *saved);
Counter *counters_get(LiquidCall *call, Counters **counters, Str key);
bool value_to_integer(LiquidCall *call, LiquidValue value, int64_t *ret); /* Utils.to_integer */

/* A source place as people count. */
void place_of(Str source, uint32_t at, uint32_t *ret_line, uint32_t *ret_column, Str *ret_excerpt);
LiquidNote *note_add(LiquidNotes *notes, const Unit *unit, uint32_t at);
