/* shopify_shipment.c - what leaves the shop (a fulfilment) and what the carrier says of it (its events).
 *
 * The state is that of the parcel (shipment_status), where Shopify hears of it. A fulfilment without one has left the
 * shop and nothing more is known: that is SHIPMENT_UNKNOWN, which never turns back what a carrier said. Before it has
 * left (`pending`, `open`: a fulfilment service has it) it is being packed; what that service could not do
 * (`error`, `failure`) never left, so it counts as cancelled, not as a parcel in trouble.
 *
 * https://shopify.dev/docs/api/admin-rest/latest/resources/fulfillment
 * https://shopify.dev/docs/api/admin-graphql/latest/enums/FulfillmentEventStatus
 */
#include "plug/connector/shopify_inside.h"

static const struct {
    const char *theirs;
    ShipmentState ours;
} states[] = {
    {"label_purchased", SHIPMENT_LABEL},
    {"label_printed", SHIPMENT_LABEL},
    {"label_voided", SHIPMENT_CANCELLED},
    {"confirmed", SHIPMENT_LABEL}, /* the carrier knows of it and has not got it yet */
    {"carrier_picked_up", SHIPMENT_ACCEPTED},
    {"in_transit", SHIPMENT_IN_TRANSIT},
    {"delayed", SHIPMENT_DELAYED},
    {"buyer_action_required", SHIPMENT_EXCEPTION},
    {"failure", SHIPMENT_EXCEPTION},
    {"not_delivered", SHIPMENT_EXCEPTION},
    {"attempted_delivery", SHIPMENT_ATTEMPT_FAILED},
    {"out_for_delivery", SHIPMENT_OUT_FOR_DELIVERY},
    {"ready_for_pickup", SHIPMENT_PICKUP},
    {"ready_for_recipient_pickup", SHIPMENT_PICKUP},
    {"returning_to_sender", SHIPMENT_RETURNING},
    {"picked_up", SHIPMENT_DELIVERED}, /* by the buyer; by the carrier is carrier_picked_up */
    {"delivered", SHIPMENT_DELIVERED},
};

static ShipmentState
state_of(Str word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
        if (str_eq_nocase(word, states[i].theirs))
            return states[i].ours;
    return SHIPMENT_UNKNOWN;
}

static ShipmentState
state_read(Arena *arena, const Json *from)
{
    Str status = plug_text(arena, from, "status");
    if (str_eq_nocase(status, "cancelled") || str_eq_nocase(status, "error") ||
        str_eq_nocase(status, "failure"))
        return SHIPMENT_CANCELLED;
    ShipmentState state = state_of(plug_text(arena, from, "shipment_status"));
    bool waits = str_eq_nocase(status, "pending") || str_eq_nocase(status, "open");
    return state == SHIPMENT_UNKNOWN && waits ? SHIPMENT_LABEL : state;
}

/* The lists are newer than 2014; where they are missing or empty there is one number at most. */
static bool
parcels_read(Arena *arena, const Json *from, Shipment *shipment, GError **error)
{
    const Json *numbers = json_get(from, "tracking_numbers");
    const Json *urls = json_get(from, "tracking_urls");
    Str carrier = plug_text(arena, from, "tracking_company");
    size_t count = 0;
    if (!connector_len(from, "tracking_numbers", &count, error))
        return false;
    Parcel *parcels = arena_new_of(arena, Parcel, count + 1);
    for (size_t i = 0; i < count; i++)
        parcels[i] = (Parcel){
            .carrier = carrier,
            .number = str_trim(json_as_text(arena, json_nth(numbers, i))),
            .url = str_trim(json_as_text(arena, json_nth(urls, i))),
        };
    if (!count) {
        Str url = plug_text(arena, from, "tracking_url");
        parcels[0] = (Parcel){
            .carrier = carrier,
            .number = plug_text(arena, from, "tracking_number"),
            .url = connector_either(url, str_trim(json_as_text(arena, json_nth(urls, 0)))),
        };
        count = parcels[0].carrier.len || parcels[0].number.len || parcels[0].url.len;
    }
    shipment->parcels = parcels;
    shipment->parcel_count = count;
    return true;
}

static bool
lines_read(Arena *arena, const Json *from, Shipment *shipment, GError **error)
{
    const Json *items = json_get(from, "line_items");
    size_t count = 0;
    if (!connector_len(from, "line_items", &count, error))
        return false;
    ShipmentLine *lines = arena_new_of(arena, ShipmentLine, count);
    for (size_t i = 0; i < count; i++) {
        const Json *item = json_nth(items, i);
        lines[i] = (ShipmentLine){
            .line_foreign_id = shopify_id(arena, item, "id"),
            .sku = plug_text(arena, item, "sku"),
            .quantity = 1,
        };
        if (!connector_count(arena, item, "quantity", &lines[i].quantity, error))
            return fail_at(error, "line_items/%zu", i);
    }
    shipment->lines = lines;
    shipment->line_count = count;
    return true;
}

static bool
shipment_fill(Arena *arena, const Json *from, Shipment *shipment, GError **error)
{
    int64_t created = 0;
    if (!plug_moment(arena, from, "created_at", &created, error) ||
        !plug_moment(arena, from, "updated_at", &shipment->updated_at, error) ||
        !plug_moment(arena, from, "estimated_delivery_at", &shipment->expected_until, error) ||
        !parcels_read(arena, from, shipment, error) || !lines_read(arena, from, shipment, error))
        return false;
    if (!shipment->updated_at)
        shipment->updated_at = created;
    if (shipment->state != SHIPMENT_LABEL && shipment->state != SHIPMENT_CANCELLED)
        shipment->shipped_at = created;
    if (shipment->state == SHIPMENT_DELIVERED)
        shipment->delivered_at = shipment->updated_at;
    return true;
}

bool
shopify_shipment_read(Arena *arena, const Json *from, Str order_id, Shipment *ret, GError **error)
{
    Shipment shipment = {
        .foreign_id = shopify_id(arena, from, "id"),
        .order_foreign_id = connector_either(shopify_id(arena, from, "order_id"), order_id),
        .name = plug_text(arena, from, "name"),
        .state = state_read(arena, from),
    };
    if (!shipment.foreign_id.len)
        return fail(error, ERR_INPUT, "id is missing: this is no fulfilment");
    if (!shipment.order_foreign_id.len)
        return fail(error, ERR_INPUT, "order_id is missing: whose parcel is it?");
    if (!shipment_fill(arena, from, &shipment, error))
        return fail_at(error, "fulfillment " STR_FMT, STR_ARG(shipment.foreign_id));
    *ret = shipment;
    return true;
}

bool
shopify_shipment_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Shipment *shipment = arena_new_of(ask->arena, Shipment, 1);
    if (!shopify_shipment_read(ask->arena, root, (Str){0}, shipment, error))
        return false;
    *ret = (Facts){.shipments = shipment, .shipment_count = 1};
    return true;
}

/* ---- the carrier's words -------------------------------------------------------------------------- */

/* "Rotterdam, Zuid-Holland, NL" of what there is. */
static Str
place_read(Arena *arena, const Json *from)
{
    static const char *const keys[] = {"city", "province", "country"};
    Buf place = {.arena = arena};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        connector_join(&place, plug_text(arena, from, keys[i]));
    return buf_str(&place);
}

bool
shopify_scan_read(Arena *arena, const Json *from, Scan *ret, GError **error)
{
    int64_t created = 0;
    ret->state = state_of(plug_text(arena, from, "status"));
    ret->words = plug_text(arena, from, "message");
    ret->place = place_read(arena, from);
    if (!ret->shipment_foreign_id.len)
        return fail(error, ERR_INPUT, "fulfillment_id is missing: whose parcel is it?");
    if (!plug_moment(arena, from, "happened_at", &ret->happened_at, error) ||
        !plug_moment(arena, from, "created_at", &created, error) ||
        !plug_moment(arena, from, "estimated_delivery_at", &ret->expected_until, error))
        return false;
    if (!ret->happened_at)
        ret->happened_at = created;
    return ret->happened_at || fail(error, ERR_INPUT, "happened_at is missing");
}

bool
shopify_scan_told(const ConnectorAsk *ask, const Json *root, Facts *ret, GError **error)
{
    Scan *scan = arena_new_of(ask->arena, Scan, 1);
    *scan = (Scan){
        .shipment_foreign_id = shopify_id(ask->arena, root, "fulfillment_id"),
        .order_foreign_id = shopify_id(ask->arena, root, "order_id"),
    };
    if (!shopify_scan_read(ask->arena, root, scan, error))
        return false;
    *ret = (Facts){.scans = scan, .scan_count = 1};
    return true;
}
