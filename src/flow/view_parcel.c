/* view_parcel.c - how templates see a shipment, its parcels and what is in it, and a refund. */
#include "flow/view_inside.h"

/* ---- parcel --------------------------------------------------------------------------------------------- */

/* A carrier's page that is no web address is none: it stands in a link of ours. */
static LiquidValue
parcel_url(const Seen *seen, Arena *arena)
{
    Str url = ((const Parcel *)seen->row)->url;
    return str_starts(url, "https://") || str_starts(url, "http://") ? liquid_str(url)
                                                                     : LIQUID_OF_NIL;
}

static const Field parcel_fields[] = {
    TEXT(Parcel, carrier, "Who brings it, as the shop system says: DHL Express"),
    TEXT(Parcel, number, "Tracking number"),
    {.name = NAME("url"),
     .type = AS_MADE,
     .make = parcel_url,
     .made_type = LIQUID_TYPE_STRING,
     .optional = true,
     .help = "Where the carrier shows it"},
    {{0}},
};

const View view_of_parcel = {.name = "parcel", .fields = parcel_fields};

/* ---- what is in it --------------------------------------------------------------------------------------- */

/* The order's line that a line of the shipment means: by its id, else by its SKU. */
static const OrderLine *
line_of(const Order *order, const ShipmentLine *wanted)
{
    for (size_t i = 0; i < order->line_count; i++) {
        const OrderLine *line = &order->lines[i];
        if (wanted->line_foreign_id.len ? str_eq(line->foreign_id, wanted->line_foreign_id)
                                        : wanted->sku.len && str_eq(line->sku, wanted->sku))
            return line;
    }
    return NULL;
}

static LiquidValue
contents_nth(const Seen *of, size_t index, Arena *arena)
{
    const OrderLine *lines = of->row;
    return view_see(arena, &view_of_line, &lines[index], of->currency, NULL);
}

/* Lines of the order with the quantities of this shipment; all that ships where nobody told what is in it. */
static LiquidValue
shipment_lines(const Seen *seen, Arena *arena)
{
    const Shipment *shipment = &((const ShipmentRow *)seen->row)->shipment;
    const OrderRow *row = seen->more;
    if (!row)
        return view_list(arena, 0, seen, contents_nth);
    const Order *order = &row->order;
    size_t most = shipment->line_count ? shipment->line_count : order->line_count, count = 0;
    OrderLine *lines = arena_new_of(arena, OrderLine, most);
    for (size_t i = 0; i < shipment->line_count; i++) {
        const OrderLine *line = line_of(order, &shipment->lines[i]);
        if (!line)
            continue;
        lines[count] = *line;
        lines[count++].quantity = shipment->lines[i].quantity;
    }
    for (size_t i = 0; !shipment->line_count && i < order->line_count; i++)
        if (order->lines[i].ships)
            lines[count++] = order->lines[i];
    Seen *of = arena_new_of(arena, Seen, 1);
    *of = (Seen){.row = lines, .currency = order->currency.at};
    return view_list(arena, count, of, contents_nth);
}

/* ---- shipment --------------------------------------------------------------------------------------------- */

static LiquidValue
parcels_nth(const Seen *of, size_t index, Arena *arena)
{
    const Shipment *shipment = &((const ShipmentRow *)of->row)->shipment;
    return view_see(arena, &view_of_parcel, &shipment->parcels[index], "", NULL);
}

static LiquidValue
shipment_parcels(const Seen *seen, Arena *arena)
{
    return view_list(arena, ((const ShipmentRow *)seen->row)->shipment.parcel_count, seen,
                     parcels_nth);
}

static LiquidValue
shipment_state(const Seen *seen, Arena *arena)
{
    return liquid_str(str_of(shipment_slug(((const ShipmentRow *)seen->row)->shipment.state)));
}

#define SHIPMENT(name_, member, help_)                                                 \
    {                                                                                  \
        .name = NAME(name_), .type = AS_DATE, .offset = offsetof(ShipmentRow, member), \
        .optional = true, .help = help_                                                \
    }

static const Field shipment_fields[] = {
    {.name = NAME("name"),
     .type = AS_TEXT,
     .offset = offsetof(ShipmentRow, shipment.name),
     .optional = true,
     .help = "As the shop calls it, #1001.1"},
    {.name = NAME("state"),
     .type = AS_MADE,
     .make = shipment_state,
     .made_type = LIQUID_TYPE_STRING,
     .help = "in_transit, delayed, out_for_delivery, available_for_pickup, delivered ..."},
    SHIPMENT("state_at", state_at, "Since when it is so"),
    SHIPMENT("shipped_at", shipment.shipped_at, "When it left the shop"),
    SHIPMENT("delivered_at", shipment.delivered_at, "When it arrived"),
    SHIPMENT("expected_from", shipment.expected_from, "From when on it should arrive"),
    SHIPMENT("expected_until", shipment.expected_until, "By when it should arrive"),
    {.name = NAME("parcels"),
     .type = AS_MADE,
     .make = shipment_parcels,
     .made_type = LIQUID_TYPE_LIST,
     .view = &view_of_parcel,
     .help = "Its boxes, each with its number"},
    {.name = NAME("line_items"),
     .type = AS_MADE,
     .make = shipment_lines,
     .made_type = LIQUID_TYPE_LIST,
     .view = &view_of_line,
     .help = "What is in it"},
    {{0}},
};

const View view_of_shipment = {.name = "shipment", .fields = shipment_fields};

LiquidValue
view_shipment(Arena *arena, const ShipmentRow *shipment, const OrderRow *order)
{
    return view_see(arena, &view_of_shipment, shipment, order ? order->order.currency.at : "",
                    order);
}

/* ---- refund -------------------------------------------------------------------------------------------------- */

static const Field refund_fields[] = {
    {.name = NAME("amount"),
     .type = AS_MONEY,
     .offset = offsetof(Refund, amount),
     .help = "What went back"},
    {.name = NAME("refunded_at"),
     .type = AS_DATE,
     .offset = offsetof(Refund, refunded_at),
     .optional = true,
     .help = "When"},
    {{0}},
};

const View view_of_refund = {.name = "refund", .fields = refund_fields};
