/* own_part.c - see own_part.h. */
#include "plug/own_part.h"

#include <string.h>

static const char *const states[] = {
#define ROW(state, slug, rank, words) slug,
#include "shipments.def"
#undef ROW
    NULL,
};

/* ---- shipments ------------------------------------------------------------------------------------------------------ */

#define T Parcel
static const OwnField parcel_fields[] = {
    FIELD("carrier", OWN_TEXT, carrier, "DHL Express"),
    FIELD("number", OWN_TEXT, number, "The tracking number."),
    FIELD("url", OWN_URL, url, "Where the carrier shows it."),
    {0},
};
#undef T
static const OwnShape parcel_shape = {"Parcel", "One box with one number on it.", sizeof(Parcel),
                                      parcel_fields};

#define T ShipmentLine
static const OwnField shipment_line_fields[] = {
    FIELD("line_id", OWN_ID, line_foreign_id, "Id of the order's line; without it, by sku."),
    FIELD("sku", OWN_TEXT, sku, ""),
    PRESET("quantity", OWN_COUNT, quantity, "Without it, 1.", 1),
    {0},
};
#undef T
static const OwnShape shipment_line_shape = {"ShipmentLine", "What of the order is in it.",
                                             sizeof(ShipmentLine), shipment_line_fields};

#define T ToldShipment
#define SHIPMENT_FIELDS                                                                    \
    NEEDED("id", OWN_ID, noun_itself.foreign_id, "The shop system's id of the shipment."), \
        FIELD("name", OWN_TEXT, noun_itself.name, "#1001.1"),                              \
        WORDS("state", OWN_WORD, noun_itself.state, "Where it is.", states),               \
        FIELD("shipped_at", OWN_MOMENT, noun_itself.shipped_at, ""),                       \
        FIELD("delivered_at", OWN_MOMENT, noun_itself.delivered_at, ""),                   \
        FIELD("expected_from", OWN_MOMENT, noun_itself.expected_from,                      \
              "When it should arrive, by the carrier's word."),                            \
        FIELD("expected_until", OWN_MOMENT, noun_itself.expected_until, ""),               \
        FIELD("updated_at", OWN_MOMENT, noun_itself.updated_at,                            \
              "Version of these facts: newer ones win."),                                  \
        LIST("parcels", noun_itself.parcels, noun_itself.parcel_count, &parcel_shape, ""), \
        LIST("lines", noun_itself.lines, noun_itself.line_count, &shipment_line_shape,     \
             "Without them, all that ships.")
static const OwnField shipment_fields[] = {
    SOURCE,
    NEEDED("order_id", OWN_ID, noun_itself.order_foreign_id,
           "The shop system's id of the order. One that nobody told of yet is waited for."),
    SHIPMENT_FIELDS,
    {0},
};
static const OwnField order_shipment_fields[] = {SHIPMENT_FIELDS, {0}};
#undef T
const OwnShape own_order_shipment_shape = {"OrderShipment", "What left the shop at one time.",
                                           sizeof(ToldShipment), order_shipment_fields};

/* ---- refunds --------------------------------------------------------------------------------------------------------- */

#define T RefundLine
static const OwnField refund_line_fields[] = {
    NEEDED("line_id", OWN_ID, line_foreign_id, "Id of the order's line."),
    FIELD("quantity", OWN_COUNT, quantity, ""),
    FIELD("amount", OWN_SUM, amount, ""),
    {0},
};
#undef T
static const OwnShape refund_line_shape = {"RefundLine", "What it was for.", sizeof(RefundLine),
                                           refund_line_fields};

#define T ToldRefund
#define REFUND_FIELDS                                                                    \
    NEEDED("id", OWN_ID, noun_itself.foreign_id, "The shop system's id of the refund."), \
        NEEDED("amount", OWN_SUM, noun_itself.amount, "All of it, positive."),           \
        FIELD("refunded_at", OWN_MOMENT, noun_itself.refunded_at, ""),                   \
        FIELD("note", OWN_TEXT, noun_itself.note, "Why."),                               \
        LIST("lines", noun_itself.lines, noun_itself.line_count, &refund_line_shape, "")
static const OwnField refund_fields[] = {
    SOURCE,
    NEEDED("order_id", OWN_ID, noun_itself.order_foreign_id,
           "The shop system's id of the order. One that nobody told of yet is waited for."),
    FIELD("currency", OWN_CURRENCY, noun_itself.currency, "Without it, the shop's."),
    REFUND_FIELDS,
    {0},
};
static const OwnField order_refund_fields[] = {REFUND_FIELDS, {0}};
#undef T
const OwnShape own_order_refund_shape = {"OrderRefund", "Money that went back.", sizeof(ToldRefund),
                                         order_refund_fields};

const OwnShape own_shipment_shape = {"Shipment",
                                     "What leaves the shop at one time, in one or more parcels.",
                                     sizeof(ToldShipment), shipment_fields};
const OwnShape own_refund_shape = {"Refund", "Money that went back.", sizeof(ToldRefund),
                                   refund_fields};

/* ---- of an order ------------------------------------------------------------------------------------------------------ */

typedef struct OwnParts {
    const ToldShipment *shipments;
    const ToldRefund *refunds;
    size_t shipment_count, refund_count;
} OwnParts;

#define T OwnParts
static const OwnField part_lists[] = {
    LIST("shipments", shipments, shipment_count, &own_order_shipment_shape, ""),
    LIST("refunds", refunds, refund_count, &own_order_refund_shape, ""),
    {0},
};
#undef T

static void
parts_keep(Arena *arena, const OwnParts *parts, const Order *of, Facts *facts)
{
    Shipment *shipments = arena_new_of(arena, Shipment, parts->shipment_count);
    Refund *refunds = arena_new_of(arena, Refund, parts->refund_count);
    for (size_t i = 0; i < parts->shipment_count; i++) {
        shipments[i] = parts->shipments[i].noun_itself;
        shipments[i].order_foreign_id = of->foreign_id;
    }
    for (size_t i = 0; i < parts->refund_count; i++) {
        refunds[i] = parts->refunds[i].noun_itself;
        refunds[i].order_foreign_id = of->foreign_id;
        refunds[i].currency = of->currency;
    }
    facts->shipments = shipments;
    facts->shipment_count = parts->shipment_count;
    facts->refunds = refunds;
    facts->refund_count = parts->refund_count;
}

bool
own_parts_read(Arena *arena, const OwnShop *shop, const Json *order, const Order *of, Facts *facts,
               GError **error)
{
    OwnParts parts = {0};
    OwnReading *reading = arena_new_of(arena, OwnReading, 1);
    reading->arena = arena;
    reading->shop = shop;
    reading->loose = true;
    memcpy(reading->currency, of->currency.at, MIN(of->currency.len, 3));
    for (const OwnField *list = part_lists; list->name; list++)
        if (!own_list_read(reading, list, json_get(order, list->name), &parts))
            return fail(error, ERR_INPUT, "%s: %s", reading->problems[0].pointer + 1,
                        reading->problems[0].detail);
    parts_keep(arena, &parts, of, facts);
    return true;
}
