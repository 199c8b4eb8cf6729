/* run.c - stage 3: where customers stand in journeys, and the next step of those whose time has come.
 *
 * A step decides (flow/step.h), this file carries out: in one transaction the run_step row, the message it
 * wrote and the run's move. The run_step is unique by (run, step, visit), so that a step has one outcome even
 * if it is looked at twice.
 */
#include "engine/clock.h"
#include "engine/id.h"
#include "flow/flow_inside.h"
#include "flow/journey.h"
#include "flow/message.h"
#include "flow/order.h"
#include "flow/stage.h"

typedef struct RunRow {
    int64_t id;
    int64_t shop;
    int64_t subject;
    int64_t order_id;
    int64_t customer_id;
    Str step;
    int64_t visit;
    int64_t entered;
    const Journey *journey;
    const JourneyStep *at;
    int64_t now;
    StepResult result;
} RunRow;

/* ---- looking -------------------------------------------------------------------------------------------- */

static bool
run_read_order(Db *db, RunRow *run, StepCtx *ctx, GError **error)
{
    if (!run->order_id)
        return true;
    g_autoptr(Rows) rows =
        db_rows(db, Q_order_send_facts,
                BINDS(bind_int("shop", run->shop), bind_int("id", run->order_id)), error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        ctx->email = arena_copy(ctx->arena, rows_text(rows, 0));
        ctx->placed_at = rows_int(rows, 1);
        ctx->quiet = quiet_of(rows_text(rows, 2));
        ctx->cancelled_at = rows_int(rows, 3);
        ctx->source = arena_copy(ctx->arena, rows_text(rows, 4));
        ctx->in_person = rows_int(rows, 5) != 0;
        ctx->has_legal = rows_int(rows, 6) != 0;
    }
    return rows_ok(rows, error);
}

/* A consent by mail is answered to the address that it is for. */
static bool
run_read_consent(Db *db, const RunRow *run, StepCtx *ctx, GError **error)
{
    if (id_kind(run->subject) != KIND_CONSENT)
        return true;
    g_autoptr(Rows) rows = db_rows(
        db, Q_choice_get, BINDS(bind_int("shop", run->shop), bind_int("id", run->subject)), error);
    if (!rows)
        return false;
    if (rows_next(rows) && str_is(rows_text(rows, 0), "email")) {
        ctx->email = arena_copy(ctx->arena, rows_text(rows, 1));
        ctx->basis = arena_copy(ctx->arena, rows_text(rows, 2));
    }
    return rows_ok(rows, error);
}

/* What the step says. A step that cannot decide ends the journey with its reason: waiting would hide it. */
static bool
run_look(StageTurn *turn, RunRow *run, int64_t started, GError **error)
{
    if (!run->at) {
        run->result =
            (StepResult){.next = STEP_END, .why = "this journey or box does not exist any more"};
        return true;
    }
    const ShopEntry *shop = stage_shop(turn, run->shop);
    StepCtx ctx = {
        .shop = shop,
        .config = run->at->config,
        .arena = turn->arena,
        .now = run->now,
        .started = started,
        .entered = run->entered,
        .subject = run->subject,
        .order_id = run->order_id,
        .customer_id = run->customer_id,
    };
    if (!run_read_order(turn->db, run, &ctx, error) ||
        !run_read_consent(turn->db, run, &ctx, error))
        return false;
    g_autoptr(GError) problem = NULL;
    if (!run->at->step->run(&ctx, &run->result, &problem))
        run->result = (StepResult){
            .next = STEP_END,
            .why = arena_cstr(turn->arena, str_of(problem->message)),
        };
    return true;
}

static bool
run_read(StageTurn *turn, Rows *rows, RunRow *ret, GError **error)
{
    *ret = (RunRow){
        .id = rows_int(rows, 0),
        .shop = rows_int(rows, 1),
        .journey = journey_find(flow_journeys(turn->flow), rows_text(rows, 2)),
        .order_id = rows_int(rows, 3),
        .subject = rows_int(rows, 9),
        .customer_id = rows_int(rows, 4),
        .step = arena_copy(turn->arena, rows_text(rows, 5)),
        .visit = rows_int(rows, 6),
        .entered = rows_int(rows, 7),
        .now = clock_now(),
    };
    if (ret->journey)
        ret->at = journey_step(ret->journey, ret->step);
    return run_look(turn, ret, rows_int(rows, 8), error);
}

static bool
run_take(StageTurn *turn, GError **error)
{
    RunRow *list = arena_new_of(turn->arena, RunRow, turn->most);
    g_autoptr(Rows) rows =
        db_rows(turn->db, Q_run_take,
                BINDS(bind_int("now", clock_now()), bind_int("limit", (int64_t)turn->most)), error);
    if (!rows)
        return false;
    while (turn->rows < turn->most && rows_next(rows)) {
        flow_taking(turn->flow, rows_int(rows, 0));
        if (!run_read(turn, rows, &list[turn->rows], error))
            return false;
        turn->rows++;
    }
    flow_taking(turn->flow, 0);
    turn->batch = list;
    turn->row_id = turn->rows ? list[0].id : 0;
    turn->row_shop = turn->rows ? list[0].shop : 0;
    return rows_ok(rows, error);
}

/* ---- carrying out ----------------------------------------------------------------------------------------- */

/* Where the run stands after the step. */
typedef struct RunMove {
    Str step;
    int64_t visit;
    int64_t entered;
    int64_t wake;
    const char *state;
} RunMove;

static RunMove
run_move_of(const RunRow *run)
{
    RunMove move = {run->step, run->visit, run->entered, run->now, "waiting"};
    const JourneyStep *next = NULL;
    switch (run->result.next) {
    case STEP_WAIT:
        move.wake = run->result.wake;
        break;
    case STEP_END:
        move.state = "ended";
        break;
    case STEP_GO:
        next = journey_step_after(run->journey, run->at);
        if (next)
            move = (RunMove){str_of(next->id), 1, run->now, 0, "waiting"};
        else
            move.state = "done";
    }
    return move;
}

static bool
run_move(Db *db, const RunRow *run, int64_t *ret_changed, GError **error)
{
    RunMove move = run_move_of(run);
    return db_run(db, Q_run_move,
                  BINDS(bind_text("step", move.step), bind_int("visit", move.visit),
                        bind_int("entered", move.entered), bind_int("wake", move.wake),
                        bind_cstr("state", move.state), bind_cstr("why", run->result.why),
                        bind_int("shop", run->shop), bind_int("id", run->id),
                        bind_text("seen_step", run->step), bind_int("seen_visit", run->visit)),
                  ret_changed, error);
}

static bool
run_carry_out(Db *db, const RunRow *run, GError **error)
{
    const StepResult *result = &run->result;
    int64_t changed = 0, step_id = id_new(KIND_RUN_STEP);
    if (!run_move(db, run, &changed, error))
        return false;
    if (!changed || result->next == STEP_WAIT)
        return true; /* somebody else moved it, or there is nothing to tell yet */
    if (!db_run(db, Q_run_step_append,
                BINDS(bind_int("id", step_id), bind_int("shop", run->shop),
                      bind_int("at", run->now), bind_int("cause", run->id),
                      bind_text("step", run->step), bind_int("visit", run->visit),
                      bind_cstr("outcome", step_next_slug(result->next)),
                      bind_cstr("why", result->why)),
                &changed, error))
        return false;
    if (!changed || !result->has_message)
        return true;
    MessageNew message = {
        .shop = run->shop,
        .cause = step_id,
        .order_id = run->order_id,
        .customer_id = run->customer_id,
        .about = run->subject == run->order_id ? 0 : run->subject,
        .at = run->now,
        .step = &result->message,
    };
    return message_append(db, &message, error);
}

static bool
run_write(Db *db, StageTurn *turn, GError **error)
{
    const RunRow *list = turn->batch;
    for (size_t i = 0; i < turn->rows; i++) {
        const RunRow *run = &list[i];
        flow_writing(turn->flow, run->id);
        if (!run_carry_out(db, run, error))
            return false;
    }
    flow_writing(turn->flow, 0);
    return true;
}

static bool
run_aside(Db *db, int64_t shop, int64_t row, const char *why, GError **error)
{
    return db_run(db, Q_run_aside,
                  BINDS(bind_cstr("why", why), bind_int("shop", shop), bind_int("id", row)), NULL,
                  error);
}

static bool
run_next_at(Db *db, int64_t *ret, GError **error)
{
    return db_int(db, Q_run_next_wake, NULL, ret, error);
}

const Stage stage_run = {
    .name = "run",
    .lane = STORE_FLOW,
    .kind = KIND_RUN,
    .shop_of = Q_suspect_run,
    .take = run_take,
    .write = run_write,
    .aside = run_aside,
    .next_at = run_next_at,
};
