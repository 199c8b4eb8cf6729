/* stage.h - what the stages of the path have in common: a turn.
 *
 * A stage reads rows of the stage before, and in ONE transaction writes the next rows and marks its own as
 * done. A turn has two halves: take() runs on the flow's thread with a read-only connection and does all that
 * takes time (parsing, rendering); write() runs on the writer and checks again what take() saw. While one
 * stage's write is on its way, the flow takes the next stage's turn, so that thinking and writing overlap;
 * a stage itself has one turn at a time. Nothing is handed from stage to stage in memory.
 */
#pragma once

#include "engine/id.h"
#include "engine/store.h"
#include "flow/shop.h"

typedef struct Flow Flow;

typedef struct TurnShop TurnShop;

typedef struct StageTurn {
    Flow *flow;
    Db *db;          /* read-only */
    Arena *arena;    /* of this turn: lives until its write is done */
    TurnShop *shops; /* what stage_shop() gave */
    size_t most;     /* rows at most: LIMIT_TURN_ROWS, or 1 while a bad row is looked for */
    /* Filled by take(): */
    void *batch;
    size_t rows;    /* 0: nothing is due */
    int64_t row_id; /* with most == 1: which row */
    int64_t row_shop;
} StageTurn;

typedef struct Stage {
    const char *name;
    StoreLane lane;
    IdKind kind;   /* of its rows */
    Query shop_of; /* whose row an id names */
    bool (*take)(StageTurn *turn, GError **error);
    bool (*write)(Db *db, StageTurn *turn, GError **error);
    /* Puts a row aside at which the stage fails again and again; on the writer. */
    bool (*aside)(Db *db, int64_t shop, int64_t row, const char *why, GError **error);
    /* When the next row is due, for stages that wait for time; NULL: rows are due at once. 0: none. */
    bool (*next_at)(Db *db, int64_t *ret, GError **error);
} Stage;

extern const Stage stage_inbox, stage_event, stage_run, stage_message;

/* What the stages may ask the flow. */
ShopBook *flow_shops(Flow *flow);
/* A shop of whose row the turn knows. Held as long as the turn's arena: what take() found in its settings may be what
 * write() writes, and somebody may set others in between. */
const ShopEntry *stage_shop(StageTurn *turn, int64_t id);
/* The turn is over: lets go of its shops and empties its arena. */
void stage_rest(StageTurn *turn);
/* Say which row is in work on the flow's and on the writer's thread, so that a crash can be laid to it.
 * 0: none. */
void flow_taking(Flow *flow, int64_t row);
void flow_writing(Flow *flow, int64_t row);
