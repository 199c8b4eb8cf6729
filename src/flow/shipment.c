/* shipment.c - shipments: their words, reading them back; see shipment.h. */
#include "flow/shipment.h"

#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

static const struct {
    const char *slug;
    const char *words;
} states[SHIPMENT_STATE_COUNT] = {
#define ROW(state, slug, rank, words) [state] = {slug, words},
#include "shipments.def"
#undef ROW
};

const char *
shipment_slug(ShipmentState state)
{
    must((int)state >= 0 && state < SHIPMENT_STATE_COUNT);
    return states[state].slug;
}

const char *
shipment_words(ShipmentState state)
{
    must((int)state >= 0 && state < SHIPMENT_STATE_COUNT);
    return states[state].words;
}

ShipmentState
shipment_state_of(Str slug)
{
    for (int i = 0; i < SHIPMENT_STATE_COUNT; i++)
        if (str_is(slug, states[i].slug))
            return (ShipmentState)i;
    return SHIPMENT_UNKNOWN;
}

/* ---- preparing -------------------------------------------------------------------------------------------- */

static Str
line_clean(Arena *arena, Str text)
{
    return text_line(arena, text, LIMIT_TEXT_BYTES);
}

static const Parcel *
parcels_clean(Arena *arena, const Shipment *shipment)
{
    Parcel *list = arena_new_of(arena, Parcel, shipment->parcel_count);
    for (size_t i = 0; i < shipment->parcel_count; i++)
        list[i] = (Parcel){
            .carrier = line_clean(arena, shipment->parcels[i].carrier),
            .number = line_clean(arena, shipment->parcels[i].number),
            .url = line_clean(arena, shipment->parcels[i].url),
        };
    return list;
}

static void
shipment_hash(Arena *arena, ShipmentNews *news)
{
    const Shipment *shipment = &news->shipment;
    Buf buf = {.arena = arena};
    learn_hash_text(&buf, shipment->name);
    learn_hash_int(&buf, shipment->state);
    learn_hash_int(&buf, shipment->shipped_at);
    learn_hash_int(&buf, shipment->delivered_at);
    learn_hash_int(&buf, shipment->expected_from);
    learn_hash_int(&buf, shipment->expected_until);
    for (size_t i = 0; i < shipment->parcel_count; i++) {
        learn_hash_text(&buf, shipment->parcels[i].carrier);
        learn_hash_text(&buf, shipment->parcels[i].number);
        learn_hash_text(&buf, shipment->parcels[i].url);
    }
    for (size_t i = 0; i < shipment->line_count; i++) {
        learn_hash_text(&buf, shipment->lines[i].line_foreign_id);
        learn_hash_text(&buf, shipment->lines[i].sku);
        learn_hash_int(&buf, shipment->lines[i].quantity);
    }
    uint8_t digest[DIGEST_BYTES];
    digest_sha256(buf_str(&buf), digest);
    memcpy(news->hash, digest, sizeof news->hash);
}

void
shipment_prepare(Arena *arena, const Shipment *told, ShipmentNews *ret)
{
    *ret = (ShipmentNews){.shipment = *told};
    ret->shipment.name = line_clean(arena, told->name);
    ret->shipment.parcels = parcels_clean(arena, told);
    shipment_hash(arena, ret);
}

Scan
scan_clean(Arena *arena, const Scan *told)
{
    Scan scan = *told;
    scan.number = line_clean(arena, told->number);
    scan.words = line_clean(arena, told->words);
    scan.place = line_clean(arena, told->place);
    return scan;
}

/* ---- reading back ------------------------------------------------------------------------------------------ */

static void
shipment_row_read(Rows *rows, Arena *arena, ShipmentRow *ret)
{
    *ret = (ShipmentRow){
        .id = rows_int(rows, 0),
        .order_id = rows_int(rows, 1),
        .state_at = rows_int(rows, 2),
        .shipment =
            {
                .foreign_id = arena_copy(arena, rows_text(rows, 3)),
                .name = arena_copy(arena, rows_text(rows, 4)),
                .state = shipment_state_of(rows_text(rows, 5)),
                .shipped_at = rows_int(rows, 6),
                .delivered_at = rows_int(rows, 7),
                .expected_from = rows_int(rows, 8),
                .expected_until = rows_int(rows, 9),
                .updated_at = rows_int(rows, 10),
            },
    };
}

enum { SHIPMENT_PARTS_MOST = LIMIT_ORDER_LINES };

static bool
parcels_load(Db *db, Arena *arena, int64_t shop, ShipmentRow *row, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_parcels,
                                   BINDS(bind_int("shop", shop), bind_int("shipment_id", row->id),
                                         bind_int("limit", SHIPMENT_PARTS_MOST)),
                                   error);
    if (!rows)
        return false;
    Parcel *list = NULL;
    size_t count = 0;
    while (rows_next(rows)) {
        if (!list)
            list = arena_new_of(arena, Parcel, (size_t)rows_int(rows, 3));
        list[count++] =
            (Parcel){arena_copy(arena, rows_text(rows, 0)), arena_copy(arena, rows_text(rows, 1)),
                     arena_copy(arena, rows_text(rows, 2))};
    }
    row->shipment.parcels = list;
    row->shipment.parcel_count = count;
    return rows_ok(rows, error);
}

static bool
lines_load(Db *db, Arena *arena, int64_t shop, ShipmentRow *row, GError **error)
{
    g_autoptr(Rows) rows = db_rows(db, Q_shipment_lines,
                                   BINDS(bind_int("shop", shop), bind_int("shipment_id", row->id),
                                         bind_int("limit", SHIPMENT_PARTS_MOST)),
                                   error);
    if (!rows)
        return false;
    ShipmentLine *list = NULL;
    size_t count = 0;
    while (rows_next(rows)) {
        if (!list)
            list = arena_new_of(arena, ShipmentLine, (size_t)rows_int(rows, 3));
        list[count++] = (ShipmentLine){arena_copy(arena, rows_text(rows, 0)),
                                       arena_copy(arena, rows_text(rows, 1)), rows_int(rows, 2)};
    }
    row->shipment.lines = list;
    row->shipment.line_count = count;
    return rows_ok(rows, error);
}

bool
shipment_load(Db *db, Arena *arena, int64_t shop, int64_t id, ShipmentRow *ret, GError **error)
{
    ShipmentRow row;
    g_autoptr(Rows) rows =
        db_rows(db, Q_shipment_get, BINDS(bind_int("shop", shop), bind_int("id", id)), error);
    if (!rows)
        return false;
    if (!rows_next(rows))
        return rows_ok(rows, error) && fail(error, ERR_NOT_FOUND, "there is no such shipment");
    shipment_row_read(rows, arena, &row);
    if (!parcels_load(db, arena, shop, &row, error) || !lines_load(db, arena, shop, &row, error))
        return false;
    *ret = row;
    return true;
}

bool
shipments_load(Db *db, Arena *arena, int64_t shop, int64_t order_id, ShipmentRow **ret,
               size_t *ret_count, GError **error)
{
    ShipmentRow *list = NULL;
    size_t count = 0;
    {
        g_autoptr(Rows) rows = db_rows(db, Q_shipments_of_order,
                                       BINDS(bind_int("shop", shop), bind_int("order_id", order_id),
                                             bind_int("limit", SHIPMENT_PARTS_MOST)),
                                       error);
        if (!rows)
            return false;
        while (rows_next(rows)) {
            if (!list)
                list = arena_new_of(arena, ShipmentRow, (size_t)rows_int(rows, 11));
            shipment_row_read(rows, arena, &list[count++]);
        }
        if (!rows_ok(rows, error))
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!parcels_load(db, arena, shop, &list[i], error) ||
            !lines_load(db, arena, shop, &list[i], error))
            return false;
    *ret = list;
    *ret_count = count;
    return true;
}
