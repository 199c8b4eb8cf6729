/* flow.c - the loop that works the stages; see flow.h.
 *
 * One thread. It goes round the stages; a stage whose write is on its way is passed over, so that while the
 * writer commits one stage's rows the next stage's are being thought about. When nothing is due and nothing
 * is on its way it sleeps until it is woken or the next run is due.
 *
 * A turn whose write fails for the world's reasons (disk full, store locked) is tried again after a second;
 * its rows are where they were. One that fails for its own (a constraint) is cut down to one row at a time
 * until the row is found, and that one is put aside, with its reason.
 */
#include "flow/flow_inside.h"

#include "base/limits.h"
#include "engine/clock.h"
#include "engine/id.h"
#include "engine/log.h"
#include "flow/house.h"
#include "flow/inbox.h"
#include "flow/mend.h"
#include "flow/mailbox.h"
#include "flow/poll.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    STAGES = 4,
    RETRY_MS = 1000,
    SLEEP_MOST_MS = 1000, /* a missed wake-up costs a second, not a day */
    DRAIN_MS = 10000,
    STEP_BACK = 5, /* nice */
};

typedef struct StageState {
    StoreTask task; /* first */
    const Stage *stage;
    Flow *flow;
    Arena *arena;
    StageTurn turn;
    bool under_way; /* the flow's thread */
    _Atomic bool back;
    GError *error; /* of the write, set by the writer before `back` */
    size_t most;
    int64_t retry_at; /* monotonic */
} StageState;

struct Flow {
    FlowOptions options;
    JourneyBook *journeys;
    Words *words;
    Outbox *outbox;
    Poll *poll;
    Signers *signers;
    Mailbox *mailbox;
    StageState stages[STAGES];
    Mend mend; /* the flow's thread */
    House *house;
    int64_t taking; /* the row that a stage's take() looks at; the flow's thread */

    pthread_t thread, outbox_thread, poll_thread, mailbox_thread;
    _Atomic bool has_thread; /* the health page asks while it starts */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool woken;
    _Atomic bool stop;
    _Atomic int64_t flow_at, outbox_at; /* monotonic, last time round */
};

static const Stage *const stages[STAGES] = {&stage_inbox, &stage_event, &stage_run, &stage_message};

const JourneyBook *
flow_journeys(Flow *flow)
{
    return flow->journeys;
}

const Words *
flow_words(Flow *flow)
{
    return flow->words;
}

const FlowOptions *
flow_options(Flow *flow)
{
    return &flow->options;
}

Signers *
flow_signers(Flow *flow)
{
    return flow->signers;
}

ShopBook *
flow_shops(Flow *flow)
{
    return flow->options.shops;
}

void
flow_taking(Flow *flow, int64_t row)
{
    flow->taking = row;
    if (flow->options.page)
        atomic_store_explicit(&flow->options.page->taking, row, memory_order_relaxed);
}

void
flow_writing(Flow *flow, int64_t row)
{
    if (flow->options.page)
        atomic_store_explicit(&flow->options.page->writing, row, memory_order_relaxed);
}

/* ---- waking -------------------------------------------------------------------------------------------------- */

static void
flow_signal(Flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    flow->woken = true;
    pthread_cond_signal(&flow->wake);
    pthread_mutex_unlock(&flow->lock);
}

void
flow_wake(Flow *flow)
{
    flow_signal(flow);
    outbox_wake(flow->outbox);
}

void
flow_wake_inbox(Flow *flow)
{
    flow_signal(flow);
}

static void
flow_sleep(Flow *flow, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&flow->lock);
    while (!flow->woken && ms > 0)
        if (pthread_cond_timedwait(&flow->wake, &flow->lock, &until) != 0)
            break;
    flow->woken = false;
    pthread_mutex_unlock(&flow->lock);
}

/* ---- one stage's turn ----------------------------------------------------------------------------------------- */

static bool
stage_run_write(Db *db, void *arg, GError **error)
{
    StageState *state = arg;
    bool ok = state->stage->write(db, &state->turn, error);
    flow_writing(state->flow,
                 0); /* also after a failure: a crash that comes later is not this row's */
    return ok;
}

static void
stage_write_done(StoreTask *task, const GError *error)
{
    StageState *state = (StageState *)task;
    Flow *flow = state->flow;
    state->error = error ? g_error_copy(error) : NULL;
    /* In one hold of the lock: once it is back and the lock is free, the flow may be gone. */
    pthread_mutex_lock(&flow->lock);
    atomic_store(&state->back, true);
    flow->woken = true;
    pthread_cond_signal(&flow->wake);
    pthread_mutex_unlock(&flow->lock);
}

typedef struct Aside {
    const Stage *stage;
    int64_t shop;
    int64_t row;
    const char *why;
} Aside;

static bool
aside_job(Db *db, void *arg, GError **error)
{
    const Aside *aside = arg;
    return aside->stage->aside(db, aside->shop, aside->row, aside->why, error);
}

static bool
stage_put_aside(Flow *flow, const Stage *stage, int64_t row, const char *why, GError **error)
{
    char id[ID_TEXT_BYTES];
    log_error("flow.aside", "stage=%s row=%s", stage->name, id_format(row, id));
    Aside aside = {stage, 0, row, why};
    Db *db = store_reader(flow->options.store, error);
    if (!db)
        return false;
    bool ok = db_int(db, stage->shop_of, BINDS(bind_int("id", row)), &aside.shop, error);
    store_reader_return(flow->options.store, db);
    return ok && store_write(flow->options.store, STORE_FLOW, aside_job, &aside, error);
}

static void
stage_failed(StageState *state, const GError *error)
{
    char id[ID_TEXT_BYTES];
    log_failure("flow.stage_failed", error, "stage=%s row=%s", state->stage->name,
                id_format(state->turn.row_id, id));
    state->retry_at = clock_monotonic() + RETRY_MS;
    /* What is wrong with the store as a whole is no row's fault, and no row may pay for it. */
    if (error_row(error)->again || error_is(error, ERR_STORE))
        return;
    g_autoptr(GError) problem = NULL;
    if (state->most > 1)
        state->most = 1;
    else if (!state->turn.row_id || !stage_put_aside(state->flow, state->stage, state->turn.row_id,
                                                     error->message, &problem))
        return;
    state->retry_at = 0;
}

/* The write of a turn is on the disk, or failed. */
static void
stage_back(StageState *state)
{
    g_autoptr(GError) error = g_steal_pointer(&state->error);
    atomic_store(&state->back, false);
    state->under_way = false;
    if (error)
        stage_failed(state, error);
    else if (state->most < LIMIT_TURN_ROWS)
        state->most = MIN(state->most * 2, (size_t)LIMIT_TURN_ROWS);
    stage_rest(&state->turn);
    /* What this stage wrote is the next one's work; for the last one it is the outbox's. */
    if (!error && state->stage == stages[STAGES - 1])
        outbox_wake(state->flow->outbox);
}

/* *ret_moved: a turn was begun. */
static bool
stage_turn(StageState *state, bool *ret_moved, GError **error)
{
    Flow *flow = state->flow;
    state->turn = (StageTurn){.flow = flow, .arena = state->arena, .most = state->most};
    Db *db = state->turn.db = store_reader(flow->options.store, error);
    if (!db)
        return false;
    bool ok = state->stage->take(&state->turn, error);
    if (!ok && flow->taking) {
        state->turn.row_id = flow->taking; /* this one it is: nobody has to look for it */
        state->most = 1;
    }
    flow_taking(flow, 0);
    store_reader_return(flow->options.store, db);
    state->turn.db = NULL;
    if (!ok || state->turn.rows == 0) {
        stage_rest(&state->turn);
        return ok;
    }
    *ret_moved = true;
    state->under_way = true;
    state->task = (StoreTask){.run = stage_run_write, .done = stage_write_done, .arg = state};
    store_post(flow->options.store, state->stage->lane, &state->task);
    return true;
}

/* Once round all stages. *ret_moved: anything was begun or came back; *ret_under_way: anything is. */
static void
flow_round(Flow *flow, bool *ret_moved, bool *ret_under_way)
{
    *ret_moved = *ret_under_way = false;
    for (int i = 0; i < STAGES; i++) {
        StageState *state = &flow->stages[i];
        if (state->under_way && atomic_load(&state->back)) {
            stage_back(state);
            *ret_moved = true;
        }
        g_autoptr(GError) error = NULL;
        if (!state->under_way && clock_monotonic() >= state->retry_at &&
            !stage_turn(state, ret_moved, &error)) {
            stage_failed(state, error);
            *ret_moved |= state->retry_at == 0; /* the bad row is out of the way */
        }
        *ret_under_way |= state->under_way;
    }
    house_learn(flow->house, !*ret_moved && !*ret_under_way);
    atomic_store(&flow->flow_at, clock_monotonic());
}

/* How long the flow may sleep: until the first run is due. */
static int64_t
flow_pause(Flow *flow)
{
    int64_t pause = SLEEP_MOST_MS;
    Db *db = store_reader(flow->options.store, NULL);
    if (!db)
        return pause;
    int64_t next = 0;
    if (stage_run.next_at(db, &next, NULL) && next)
        pause = CLAMP(next - clock_now(), 1, SLEEP_MOST_MS);
    store_reader_return(flow->options.store, db);
    return pause;
}

/* Looks at the clock: what it left in the future when it jumped back is brought back. */
static bool
flow_mend(Flow *flow, GError **error)
{
    int64_t now = clock_now();
    if (mend_is_due(&flow->mend, now))
        return mend_clock(flow->options.store, &flow->mend, error);
    flow->mend.newest_at = MAX(flow->mend.newest_at, now);
    return true;
}

/* Somebody waits for a webhook's answer or a page; the path may work a moment later. With both cores busy this
 * halves the time of an answer. It fails where it is not allowed, and nothing is lost by that. */
static void
thread_step_back(void)
{
    setpriority(PRIO_PROCESS, (id_t)gettid(), STEP_BACK);
}

static void *
flow_main(void *arg)
{
    Flow *flow = arg;
    pthread_setname_np(pthread_self(), "flow");
    thread_step_back();
    while (!atomic_load(&flow->stop)) {
        bool moved, under_way;
        g_autoptr(GError) error = NULL;
        if (!flow_mend(flow, &error))
            log_failure("flow.mend_failed", error, "");
        flow_round(flow, &moved, &under_way);
        if (!moved && !under_way && !error && !house_turn(flow->house, &moved, &error))
            log_failure("flow.house_failed", error, "");
        if (!moved)
            flow_sleep(flow, under_way ? SLEEP_MOST_MS : flow_pause(flow));
    }
    return NULL;
}

static void *
outbox_main(void *arg)
{
    Flow *flow = arg;
    pthread_setname_np(pthread_self(), "outbox");
    thread_step_back();
    int64_t drain_until = 0;
    for (;;) {
        bool moved;
        g_autoptr(GError) error = NULL;
        if (!outbox_turn(flow->outbox, SLEEP_MOST_MS, &moved, &error)) {
            log_failure("outbox.failed", error, "retry_ms=%d", RETRY_MS);
            g_usleep(RETRY_MS * 1000);
        }
        atomic_store(&flow->outbox_at, clock_monotonic());
        if (!atomic_load(&flow->stop))
            continue;
        if (!drain_until) {
            drain_until = clock_monotonic() + DRAIN_MS;
            outbox_drain(flow->outbox);
        }
        if (outbox_idle(flow->outbox) || clock_monotonic() > drain_until)
            return NULL;
    }
}

/* Asks shop systems for what their webhooks did not bring; waits for their answers. */
static void *
poll_main(void *arg)
{
    enum { PAUSE_MS = 200 };
    Flow *flow = arg;
    pthread_setname_np(pthread_self(), "poll");
    thread_step_back();
    for (int64_t next = 0; !atomic_load(&flow->stop); g_usleep(PAUSE_MS * 1000)) {
        bool moved = clock_monotonic() >= next;
        while (moved && !atomic_load(&flow->stop)) {
            g_autoptr(GError) error = NULL;
            if (!poll_turn(flow->poll, &moved, &error))
                log_failure("poll.turn_failed", error, "");
        }
        if (clock_monotonic() >= next)
            next = clock_monotonic() + SLEEP_MOST_MS;
    }
    return NULL;
}

/* Reads mailboxes; waits for their servers. */
static void *
mailbox_main(void *arg)
{
    enum { PAUSE_MS = 200 };
    Flow *flow = arg;
    pthread_setname_np(pthread_self(), "mailbox");
    thread_step_back();
    for (int64_t next = 0; !atomic_load(&flow->stop); g_usleep(PAUSE_MS * 1000)) {
        bool moved = clock_monotonic() >= next;
        while (moved && !atomic_load(&flow->stop)) {
            g_autoptr(GError) error = NULL;
            if (!mailbox_turn(flow->mailbox, &moved, &error))
                log_failure("mailbox.turn_failed", error, "");
        }
        if (clock_monotonic() >= next)
            next = clock_monotonic() + SLEEP_MOST_MS;
    }
    return NULL;
}

static void
poll_woken(void *arg)
{
    flow_wake_inbox(arg);
}

/* ---- under test control ------------------------------------------------------------------------------------ */

bool
flow_work(Flow *flow, int64_t *ret_turns, GError **error)
{
    must(flow->options.manual);
    int64_t turns = 0;
    if (!flow_mend(flow, error))
        return false;
    for (bool busy = true; busy; turns++) {
        bool moved, under_way, sent = false;
        flow_round(flow, &moved, &under_way);
        if (!outbox_turn(flow->outbox, moved ? 0 : 20, &sent, error))
            return false;
        if (!moved && !under_way && !sent && !house_turn(flow->house, &moved, error))
            return false;
        if (!moved && !under_way && !sent && !poll_turn(flow->poll, &moved, error))
            return false;
        if (!moved && !under_way && !sent && !mailbox_turn(flow->mailbox, &moved, error))
            return false;
        busy =
            moved || under_way || sent || !outbox_idle(flow->outbox) || outbox_waits(flow->outbox);
        if (under_way && !moved && !sent)
            flow_sleep(flow, 10);
    }
    *ret_turns = turns;
    return true;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

/* Ids never go backwards, also when the clock did while we were away. */
static bool
flow_floor_ids(Flow *flow, GError **error)
{
    Db *db = store_reader(flow->options.store, error);
    if (!db)
        return false;
    Rows *rows = db_rows(db, Q_floors, NULL, error);
    bool ok = rows != NULL;
    if (ok && rows_next(rows)) {
        for (int i = 0; i < rows_columns(rows); i++) {
            int64_t id = rows_int(rows, i);
            id_floor(id);
            if (id)
                flow->mend.newest_at = MAX(flow->mend.newest_at, id_at(id));
        }
    }
    ok = ok && rows_ok(rows, error);
    rows_close(rows);
    store_reader_return(flow->options.store, db);
    return ok;
}

/* Puts the row aside at which the worker died twice. */
static bool
flow_put_suspect_aside(Flow *flow, GError **error)
{
    WorkPage *page = flow->options.page;
    if (!page)
        return true;
    int64_t row = atomic_exchange(&page->writing, 0);
    int64_t taking = atomic_exchange(&page->taking, 0);
    row = row ? row : taking;
    page->deaths = row && row == page->suspect ? page->deaths + 1 : (row != 0);
    page->suspect = row;
    if (page->deaths < 2)
        return true;
    for (int i = 0; i < STAGES; i++)
        if (stages[i]->kind == id_kind(row))
            return stage_put_aside(flow, stages[i], row, reason_words(REASON_ASIDE), error);
    return true;
}

Flow *
flow_new(const FlowOptions *options, GError **error)
{
    g_autoptr(Flow) flow = g_new0(Flow, 1);
    flow->options = *options;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&flow->lock, NULL);
    pthread_cond_init(&flow->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (int i = 0; i < STAGES; i++) {
        Arena *arena = arena_new(LIMIT_ARENA_BYTES);
        flow->stages[i] = (StageState){
            .stage = stages[i],
            .flow = flow,
            .turn = {.arena = arena},
            .arena = arena,
            .most = LIMIT_TURN_ROWS,
        };
    }
    flow->journeys = journeys_new(error);
    flow->words = flow->journeys ? words_new(error) : NULL;
    flow->signers = signers_new(options->store, options->net.scope == NET_LOOPBACK);
    flow->poll = poll_new(&(PollOptions){
        .store = options->store,
        .shops = options->shops,
        .net = &flow->options.net,
        .woken = poll_woken,
        .arg = flow,
    });
    flow->mailbox = mailbox_new(flow, options);
    flow->house = house_new(&flow->options);
    flow->outbox = flow->words ? outbox_new(flow, error) : NULL;
    if (!flow->outbox || !flow_floor_ids(flow, error) || !flow_put_suspect_aside(flow, error) ||
        !outbox_recover(options->store, error))
        return NULL;
    /* Under test control the clock is not set yet: the first work will look. */
    if (!options->manual && !flow_mend(flow, error))
        return NULL;
    return g_steal_pointer(&flow);
}

bool
flow_start(Flow *flow, GError **error)
{
    must(!flow->options.manual && !flow->has_thread);
    atomic_store(&flow->flow_at, clock_monotonic());
    atomic_store(&flow->outbox_at, clock_monotonic());
    if (pthread_create(&flow->thread, NULL, flow_main, flow) != 0)
        return fail(error, ERR_IO, "no thread could be started");
    must(pthread_create(&flow->outbox_thread, NULL, outbox_main, flow) == 0);
    must(pthread_create(&flow->poll_thread, NULL, poll_main, flow) == 0);
    must(pthread_create(&flow->mailbox_thread, NULL, mailbox_main, flow) == 0);
    flow->has_thread = true;
    return true;
}

void
flow_stop(Flow *flow)
{
    if (flow->signers)
        signers_stop(flow->signers);
    if (!flow->has_thread)
        return;
    atomic_store(&flow->stop, true);
    flow_wake(flow);
    poll_stop(flow->poll);
    mailbox_stop(flow->mailbox);
    pthread_join(flow->thread, NULL);
    pthread_join(flow->outbox_thread, NULL);
    pthread_join(flow->poll_thread, NULL);
    pthread_join(flow->mailbox_thread, NULL);
    flow->has_thread = false;
}

/* A write that is still under way ends in stage_write_done: waits until that has let go of the lock. */
static void
stage_wait(StageState *state)
{
    Flow *flow = state->flow;
    if (!state->under_way)
        return;
    pthread_mutex_lock(&flow->lock);
    while (!atomic_load(&state->back))
        pthread_cond_wait(&flow->wake, &flow->lock);
    pthread_mutex_unlock(&flow->lock);
}

void
flow_free(Flow *flow)
{
    if (!flow)
        return;
    flow_stop(flow);
    for (int i = 0; i < STAGES; i++) {
        stage_wait(&flow->stages[i]);
        g_clear_error(&flow->stages[i].error);
        stage_rest(&flow->stages[i].turn);
        arena_free(flow->stages[i].arena);
    }
    house_free(flow->house);
    poll_free(flow->poll);
    signers_free(flow->signers);
    mailbox_free(flow->mailbox);
    outbox_free(flow->outbox);
    words_free(flow->words);
    journeys_free(flow->journeys);
    pthread_mutex_destroy(&flow->lock);
    pthread_cond_destroy(&flow->wake);
    g_free(flow);
}

void
flow_health(Flow *flow, FlowHealth *ret)
{
    int64_t now = clock_monotonic();
    *ret = (FlowHealth){
        .flow_age_ms = flow->has_thread ? now - atomic_load(&flow->flow_at) : 0,
        .outbox_age_ms = flow->has_thread ? now - atomic_load(&flow->outbox_at) : 0,
        .claimed = outbox_in_flight(flow->outbox),
    };
    outbox_trouble(flow->outbox, ret->trouble, sizeof ret->trouble);
}
