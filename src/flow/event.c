/* event.c - stage 2: events start journeys. */
#include "flow/event.h"

#include "engine/clock.h"
#include "engine/id.h"
#include "flow/flow_inside.h"
#include "flow/journey.h"

static const struct {
    const char *slug;
    const char *help;
    const char *story;
} kinds[EVENT_COUNT] = {
#define ROW(kind, slug, help, story) [kind] = {slug, help, story},
#include "flow/events.def"
#undef ROW
};

const char *
event_slug(EventKind kind)
{
    must((int)kind >= 0 && kind < EVENT_COUNT);
    return kinds[kind].slug;
}

const char *
event_help(EventKind kind)
{
    must((int)kind >= 0 && kind < EVENT_COUNT);
    return kinds[kind].help;
}

Str
event_story(Arena *arena, EventKind kind, Str parcel)
{
    must((int)kind >= 0 && kind < EVENT_COUNT);
    const char *story = kinds[kind].story;
    return *story == '*' ? str_of(arena_format(arena, STR_FMT "%s", STR_ARG(parcel), story + 1))
                         : str_of(story);
}

bool
event_find(Str slug, EventKind *ret)
{
    for (int kind = 0; kind < EVENT_COUNT; kind++) {
        if (!str_is(slug, kinds[kind].slug))
            continue;
        *ret = (EventKind)kind;
        return true;
    }
    return false;
}

bool
event_append(const Learn *learn, const EventNew *event, GError **error)
{
    const char *state = learn->history ? "history" : journey_listens(event->kind) ? "new" : "done";
    return db_run(learn->db, Q_event_append,
                  BINDS(bind_int("id", id_new(KIND_EVENT)), bind_int("shop", learn->shop),
                        bind_int("at", learn->at), bind_id("cause", learn->cause),
                        bind_cstr("kind", event_slug(event->kind)),
                        bind_int("happened_at", event->happened_at),
                        bind_id("order_id", event->order_id),
                        bind_id("customer_id", event->customer_id),
                        bind_id("subject_id", event->subject_id), bind_cstr("state", state)),
                  NULL, error);
}

/* ---- the stage ------------------------------------------------------------------------------------- */

typedef struct EventRow {
    int64_t id;
    int64_t shop;
    EventKind kind;
    bool known; /* false: a kind that this version does not know */
    int64_t order_id;
    int64_t customer_id;
    int64_t subject; /* what a journey runs once for */
} EventRow;

static bool
event_take(StageTurn *turn, GError **error)
{
    EventRow *list = arena_new_of(turn->arena, EventRow, turn->most);
    g_autoptr(Rows) rows =
        db_rows(turn->db, Q_event_take, BINDS(bind_int("limit", (int64_t)turn->most)), error);
    if (!rows)
        return false;
    while (turn->rows < turn->most && rows_next(rows)) {
        EventRow *event = &list[turn->rows++];
        event->id = rows_int(rows, 0);
        event->shop = rows_int(rows, 1);
        event->known = event_find(rows_text(rows, 2), &event->kind);
        event->order_id = rows_int(rows, 4);
        event->customer_id = rows_int(rows, 5);
        event->subject = rows_int(rows, 6);
    }
    turn->batch = list;
    turn->row_id = turn->rows ? list[0].id : 0;
    turn->row_shop = turn->rows ? list[0].shop : 0;
    return rows_ok(rows, error);
}

/* A journey runs once for its subject: the shipment, the order, the customer. */
static bool
run_start(Db *db, const EventRow *event, const Journey *journey, int64_t now, GError **error)
{
    return db_run(db, Q_run_append,
                  BINDS(bind_int("id", id_new(KIND_RUN)), bind_int("shop", event->shop),
                        bind_int("at", now), bind_int("cause", event->id),
                        bind_cstr("journey", journey->name), bind_int("subject", event->subject),
                        bind_id("order_id", event->order_id),
                        bind_id("customer_id", event->customer_id),
                        bind_cstr("step", journey->steps[0].id), bind_int("entered", now)),
                  NULL, error);
}

static bool
event_write(Db *db, StageTurn *turn, GError **error)
{
    const JourneyBook *journeys = flow_journeys(turn->flow);
    const EventRow *list = turn->batch;
    int64_t now = clock_now();
    for (size_t i = 0; i < turn->rows; i++) {
        const EventRow *event = &list[i];
        int64_t changed = 0;
        flow_writing(turn->flow, event->id);
        if (!db_run(db, Q_event_finish,
                    BINDS(bind_cstr("state", "done"), bind_int("shop", event->shop),
                          bind_int("id", event->id)),
                    &changed, error))
            return false;
        if (!changed || !event->known || !event->subject)
            continue;
        for (size_t n = 0; journey_nth(journeys, n); n++)
            if (journey_nth(journeys, n)->event == event->kind &&
                !run_start(db, event, journey_nth(journeys, n), now, error))
                return false;
    }
    flow_writing(turn->flow, 0);
    return true;
}

static bool
event_aside(Db *db, int64_t shop, int64_t row, const char *why, GError **error)
{
    (void)why; /* the log has it; an event row has no words of its own */
    return db_run(db, Q_event_finish,
                  BINDS(bind_cstr("state", "aside"), bind_int("shop", shop), bind_int("id", row)),
                  NULL, error);
}

const Stage stage_event = {
    .name = "event",
    .lane = STORE_FLOW,
    .kind = KIND_EVENT,
    .shop_of = Q_suspect_event,
    .take = event_take,
    .write = event_write,
    .aside = event_aside,
};
