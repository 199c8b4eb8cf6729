/* shipment_learn.c - shipments and the carrier's words meet what is known of them; see shipment.h. */
#include "engine/id.h"
#include "flow/early.h"
#include "flow/event.h"
#include "flow/order.h"
#include "flow/shipment.h"

#include <string.h>

static const int ranks[SHIPMENT_STATE_COUNT] = {
#define ROW(state, slug, rank, words) [state] = rank,
#include "shipments.def"
#undef ROW
};

/* Which event a state is; EVENT_COUNT: none of its own. */
static const EventKind events[SHIPMENT_STATE_COUNT] = {
    [SHIPMENT_UNKNOWN] = EVENT_COUNT,
    [SHIPMENT_LABEL] = EVENT_COUNT,
    [SHIPMENT_ACCEPTED] = EVENT_COUNT,
    [SHIPMENT_IN_TRANSIT] = EVENT_SHIPMENT_IN_TRANSIT,
    [SHIPMENT_DELAYED] = EVENT_SHIPMENT_DELAYED,
    [SHIPMENT_EXCEPTION] = EVENT_SHIPMENT_EXCEPTION,
    [SHIPMENT_ATTEMPT_FAILED] = EVENT_SHIPMENT_ATTEMPT_FAILED,
    [SHIPMENT_OUT_FOR_DELIVERY] = EVENT_SHIPMENT_OUT_FOR_DELIVERY,
    [SHIPMENT_PICKUP] = EVENT_SHIPMENT_PICKUP,
    [SHIPMENT_RETURNING] = EVENT_SHIPMENT_RETURNING,
    [SHIPMENT_RETURNED] = EVENT_SHIPMENT_RETURNING,
    [SHIPMENT_DAMAGED] = EVENT_SHIPMENT_EXCEPTION,
    [SHIPMENT_LOST] = EVENT_SHIPMENT_LOST,
    [SHIPMENT_EXPIRED] = EVENT_SHIPMENT_LOST,
    [SHIPMENT_CANCELLED] = EVENT_SHIPMENT_CANCELLED,
    [SHIPMENT_DELIVERED] = EVENT_SHIPMENT_DELIVERED,
};

/* What is known of a shipment. */
typedef struct Knowing {
    int64_t id; /* 0: nothing */
    int64_t version;
    bool same_hash;
    int64_t order_id;
    int64_t person;
    ShipmentState state;
    int64_t state_at;
    int64_t shipped_at;
    bool erased; /* its person was: nothing is learned any more */
} Knowing;

static bool
shipment_recall(const Learn *learn, Str foreign_id, const uint8_t *hash, Knowing *ret,
                GError **error)
{
    g_autoptr(Rows) rows =
        db_rows(learn->db, Q_shipment_known,
                BINDS(bind_int("shop", learn->shop), bind_text("source", learn->source),
                      bind_text("foreign_id", foreign_id)),
                error);
    if (!rows)
        return false;
    if (rows_next(rows)) {
        *ret = (Knowing){
            .id = rows_int(rows, 0),
            .version = rows_int(rows, 1),
            .order_id = rows_int(rows, 3),
            .state = shipment_state_of(rows_text(rows, 4)),
            .state_at = rows_int(rows, 5),
            .shipped_at = rows_int(rows, 6),
            .person = rows_int(rows, 7),
            .erased = !rows_is_null(rows, 8),
        };
        Str known = rows_blob(rows, 2);
        ret->same_hash = hash && str_eq(known, (Str){(const char *)hash, SHIPMENT_HASH_BYTES});
    }
    return rows_ok(rows, error);
}

/* ---- the state ------------------------------------------------------------------------------------------- */

/* A shipment is under way, has arrived, or comes back. It goes from one to the next and never back: scanners that were
 * read late, and carriers that scan what they bring back as "in transit", do not make it travel again. */
typedef enum Leg { LEG_WAY, LEG_ARRIVED, LEG_BACK } Leg;

static Leg
state_leg(ShipmentState state)
{
    if (state == SHIPMENT_DELIVERED)
        return LEG_ARRIVED;
    return state == SHIPMENT_RETURNING || state == SHIPMENT_RETURNED || state == SHIPMENT_DAMAGED
               ? LEG_BACK
               : LEG_WAY;
}

/* Does a word change what is known? */
static bool
state_counts(const Knowing *known, ShipmentState state, int64_t at)
{
    Leg before = state_leg(known->state), after = state_leg(state);
    if (state == known->state || state == SHIPMENT_UNKNOWN)
        return false;
    if (after == LEG_ARRIVED)
        return before == LEG_WAY; /* whenever that was */
    if (after != before)
        return after > before && at > known->state_at;
    return at > known->state_at || (at == known->state_at && ranks[state] > ranks[known->state]);
}

static bool
shipment_tell(const Learn *learn, const Knowing *known, EventKind kind, int64_t at, GError **error)
{
    EventNew event = {
        .kind = kind,
        .happened_at = at,
        .order_id = known->order_id,
        .customer_id = known->person,
        .subject_id = known->id,
    };
    return kind == EVENT_COUNT || event_append(learn, &event, error);
}

/* Of several who say that it has arrived the one who saw it first is right, whoever tells it first. */
static bool
state_arrived_before(const Learn *learn, const Knowing *known, int64_t at, GError **error)
{
    int64_t changed = 0;
    Bind shop = bind_int("shop", learn->shop);
    return db_run(learn->db, Q_shipment_arrived,
                  BINDS(bind_int("at", at), shop, bind_int("id", known->id)), &changed, error) &&
           (!changed || db_run(learn->db, Q_shipment_arrived_order,
                               BINDS(shop, bind_int("order_id", known->order_id)), NULL, error));
}

static bool
state_move(const Learn *learn, Knowing *known, ShipmentState state, int64_t at, GError **error)
{
    if (state == SHIPMENT_DELIVERED && known->state == SHIPMENT_DELIVERED)
        return state_arrived_before(learn, known, at, error);
    if (!state_counts(known, state, at))
        return true;
    known->state = state;
    known->state_at = at;
    Bind delivered = bind_id("delivered_at", state == SHIPMENT_DELIVERED ? at : 0);
    return db_run(learn->db, Q_shipment_move,
                  BINDS(bind_cstr("state", shipment_slug(state)), bind_int("state_at", at),
                        delivered, bind_int("shop", learn->shop), bind_int("id", known->id)),
                  NULL, error) &&
           shipment_tell(learn, known, events[state], at, error) &&
           (state != SHIPMENT_DELIVERED || order_look_delivered(learn, known->order_id, error));
}

/* ---- what the shop system tells -------------------------------------------------------------------------- */

static bool
parts_save(const Learn *learn, const Shipment *shipment, int64_t id, GError **error)
{
    Bind shop = bind_int("shop", learn->shop), of = bind_int("shipment_id", id);
    if (!db_run(learn->db, Q_parcels_drop, BINDS(shop, of), NULL, error) ||
        !db_run(learn->db, Q_shipment_lines_drop, BINDS(shop, of), NULL, error))
        return false;
    for (size_t i = 0; i < shipment->parcel_count; i++) {
        const Parcel *parcel = &shipment->parcels[i];
        if (!db_run(learn->db, Q_parcel_append,
                    BINDS(bind_int("id", id_new(KIND_PARCEL)), shop, of,
                          bind_int("position", (int64_t)i), bind_some("carrier", parcel->carrier),
                          bind_some("number", parcel->number), bind_some("url", parcel->url)),
                    NULL, error))
            return false;
    }
    for (size_t i = 0; i < shipment->line_count; i++) {
        const ShipmentLine *line = &shipment->lines[i];
        if (!db_run(learn->db, Q_shipment_line_append,
                    BINDS(bind_int("id", id_new(KIND_SHIPMENT_LINE)), shop, of,
                          bind_int("position", (int64_t)i),
                          bind_some("line_foreign_id", line->line_foreign_id),
                          bind_some("sku", line->sku), bind_int("quantity", line->quantity)),
                    NULL, error))
            return false;
    }
    return true;
}

/* When the shop system's word on the state was true. */
static int64_t
state_moment(const Learn *learn, const Shipment *shipment)
{
    if (shipment->state == SHIPMENT_DELIVERED && shipment->delivered_at)
        return shipment->delivered_at;
    if (shipment->updated_at)
        return shipment->updated_at;
    return shipment->shipped_at ? shipment->shipped_at : learn->at;
}

/* A label that was made is a shipment, too, but nothing has left yet. */
static bool
state_has_left(ShipmentState state)
{
    return state != SHIPMENT_LABEL && state != SHIPMENT_CANCELLED;
}

static bool
shipment_insert(const Learn *learn, const ShipmentNews *news, Knowing *known, GError **error)
{
    const Shipment *shipment = &news->shipment;
    known->id = id_new(KIND_SHIPMENT);
    return db_run(
        learn->db, Q_shipment_append,
        BINDS(bind_int("id", known->id), bind_int("shop", learn->shop), bind_int("at", learn->at),
              bind_id("cause", learn->cause), bind_text("source", learn->source),
              bind_text("foreign_id", shipment->foreign_id), bind_int("order_id", known->order_id),
              bind_some("name", shipment->name), bind_id("expected_from", shipment->expected_from),
              bind_id("expected_until", shipment->expected_until),
              bind_int("updated_at", shipment->updated_at),
              bind_blob("hash", (Str){(const char *)news->hash, sizeof news->hash})),
        NULL, error);
}

static bool
shipment_overwrite(const Learn *learn, const ShipmentNews *news, const Knowing *known,
                   GError **error)
{
    const Shipment *shipment = &news->shipment;
    return db_run(learn->db, Q_shipment_update,
                  BINDS(bind_some("name", shipment->name),
                        bind_id("expected_from", shipment->expected_from),
                        bind_id("expected_until", shipment->expected_until),
                        bind_int("updated_at", shipment->updated_at),
                        bind_blob("hash", (Str){(const char *)news->hash, sizeof news->hash}),
                        bind_int("shop", learn->shop), bind_int("id", known->id)),
                  NULL, error);
}

/* It has left the shop, for the first time that we hear of it. */
static bool
shipment_leave(const Learn *learn, const ShipmentNews *news, Knowing *known, GError **error)
{
    const Shipment *shipment = &news->shipment;
    int64_t at = shipment->shipped_at ? shipment->shipped_at : state_moment(learn, shipment);
    if (known->shipped_at || !state_has_left(shipment->state))
        return true;
    known->shipped_at = at;
    return db_run(learn->db, Q_shipment_left,
                  BINDS(bind_int("shipped_at", at), bind_int("shop", learn->shop),
                        bind_int("id", known->id)),
                  NULL, error) &&
           shipment_tell(learn, known, EVENT_SHIPMENT_SHIPPED, at, error);
}

static bool
shipment_take_over(const Learn *learn, const ShipmentNews *news, Knowing *known, GError **error)
{
    const Shipment *shipment = &news->shipment;
    return parts_save(learn, shipment, known->id, error) &&
           shipment_leave(learn, news, known, error) &&
           state_move(learn, known, shipment->state, state_moment(learn, shipment), error) &&
           order_look_delivered(learn, known->order_id, error);
}

static bool
shipment_learn_first(const Learn *learn, const ShipmentNews *news, Learned *ret, GError **error)
{
    OrderRef order = {0};
    Str of = news->shipment.order_foreign_id;
    if (!order_find(learn, of, &order, error))
        return false;
    if (!order.id) {
        *ret = LEARNED_EARLY;
        return early_wait(learn, EARLY_ORDER, of, error);
    }
    if (order.erased) {
        *ret = LEARNED_ERASED;
        return true;
    }
    Knowing known = {.order_id = order.id, .person = order.customer_id};
    *ret = LEARNED_NEW;
    return shipment_insert(learn, news, &known, error) &&
           shipment_take_over(learn, news, &known, error) &&
           early_wake(learn, EARLY_SHIPMENT, news->shipment.foreign_id, error);
}

bool
shipment_learn(const Learn *learn, const ShipmentNews *news, Learned *ret, GError **error)
{
    Knowing known = {0};
    if (!shipment_recall(learn, news->shipment.foreign_id, news->hash, &known, error))
        return false;
    if (!known.id)
        return shipment_learn_first(learn, news, ret, error);
    if (known.erased) {
        *ret = LEARNED_ERASED;
        return true;
    }
    *ret =
        known.same_hash ? LEARNED_SAME : learn_by_version(known.version, news->shipment.updated_at);
    /* Of two words of the same second the one further along is the later; without versions, the one that came last. */
    if (*ret == LEARNED_SAME && !known.same_hash &&
        (!known.version || ranks[news->shipment.state] >= ranks[known.state]))
        *ret = LEARNED_CHANGED;
    if (*ret != LEARNED_CHANGED)
        return true;
    return shipment_overwrite(learn, news, &known, error) &&
           shipment_take_over(learn, news, &known, error);
}

/* ---- what carriers tell ------------------------------------------------------------------------------------ */

bool
scan_learn(const Learn *learn, const Scan *scan, Learned *ret, GError **error)
{
    Knowing known = {0};
    int64_t added = 0;
    if (!shipment_recall(learn, scan->shipment_foreign_id, NULL, &known, error))
        return false;
    if (!known.id) {
        *ret = LEARNED_EARLY;
        return early_wait(learn, EARLY_SHIPMENT, scan->shipment_foreign_id, error);
    }
    if (known.erased) {
        *ret = LEARNED_ERASED;
        return true;
    }
    if (!db_run(learn->db, Q_scan_append,
                BINDS(bind_int("id", id_new(KIND_SCAN)), bind_int("shop", learn->shop),
                      bind_int("at", learn->at), bind_id("cause", learn->cause),
                      bind_int("shipment_id", known.id), bind_text("number", scan->number),
                      bind_cstr("state", shipment_slug(scan->state)),
                      bind_some("words", scan->words), bind_some("place", scan->place),
                      bind_int("happened_at", scan->happened_at)),
                &added, error))
        return false;
    *ret = added ? LEARNED_CHANGED : LEARNED_SAME;
    if (!added)
        return true;
    if (scan->expected_until &&
        !db_run(learn->db, Q_shipment_expect,
                BINDS(bind_int("expected_until", scan->expected_until),
                      bind_int("shop", learn->shop), bind_int("id", known.id)),
                NULL, error))
        return false;
    return state_move(learn, &known, scan->state, scan->happened_at, error);
}
