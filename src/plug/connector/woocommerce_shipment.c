/* woocommerce_shipment.c - the parcels that plugins note on an order; WooCommerce itself knows of none.
 *
 *   _wc_shipment_tracking_items   list of WooCommerce Shipment Tracking and, with products_list, of Advanced Shipment
 *                                 Tracking: tracking_provider or custom_tracking_provider, custom_tracking_link,
 *                                 tracking_number, date_shipped (Unix seconds), tracking_id
 *   _aftership_tracking_items     list of AfterShip: slug, tracking_number, tracking_id, line_items
 *   shipments                     list of Germanized beside the order's own fields: id, status, tracking_id (the
 *                                 number), tracking_url, shipping_provider, date_sent_gmt, est_delivery_date_gmt,
 *                                 items of order_item_id and quantity
 *   _pr_shipment_dhl_label_tracking   what DHL's own plugin notes when it makes a label: tracking_number, one or a list of
 *                                 them. The parcel has left once the order is completed
 *   shipment_status               TrackShip's word on each of _wc_shipment_tracking_items, in their order
 *   one number alone              of several small plugins (table below)
 *
 * Two plugins often tell of the same parcel: the first in this list counts, by its number. A parcel that is noted has
 * left the shop; what the carrier says of it, nobody tells here. The order's status `delivered` (Advanced Shipment
 * Tracking) is about all of its parcels.
 *
 * Sources: https://woocommerce.com/document/shipment-tracking/ and
 * https://docs.zorem.com/docs/ast-free/add-tracking-to-orders/shipment-tracking-api/ ; the plugins
 * AfterShip/aftership-apps-woocommerce and vendidero/woocommerce-germanized-shipments.
 */
#include "base/text.h"
#include "plug/connector/woocommerce_inside.h"

/* Where the members of a list's item are, by the plugin. */
typedef struct Dialect {
    const char *list;
    bool note; /* in meta_data, not beside the order's own fields */
    const char *id, *number, *carrier, *carrier_own, *url, *url_own, *sent;
    const char *lines, *line_id, *line_quantity;
} Dialect;

static const Dialect dialects[] = {
    {"_wc_shipment_tracking_items", true, "tracking_id", "tracking_number", "tracking_provider",
     "custom_tracking_provider", "custom_tracking_link", "ast_tracking_link", "date_shipped",
     "products_list", "item_id", "qty"},
    {"_aftership_tracking_items", true, "tracking_id", "tracking_number", "slug", "carrier_name",
     "tracking_url", "tracking_link", "ship_date", "line_items", "id", "quantity"},
    {"shipments", false, "id", "tracking_id", "shipping_provider", "shipping_provider_title",
     "tracking_url", "tracking_link", "date_sent_gmt", "items", "order_item_id", "quantity"},
};

static const struct {
    const char *number;
    const char *carrier;
    const char *url;
} singles[] = {
    {"_aftership_tracking_number", "_aftership_tracking_provider_name", "_aftership_tracking_url"},
    {"_tracking_number", "_tracking_provider", "_custom_tracking_link"},
    {"_shipping_tracking_number", "_shipping_company", "_shipping_tracking_url"},
    {"ywot_tracking_code", "ywot_carrier_name", "ywot_tracking_url"}, /* YITH Order Tracking */
};

/* What is being gathered. */
typedef struct Gather {
    Arena *arena;
    const Order *order;
    bool delivered; /* all of the order's parcels are */
    bool left;      /* all of them are on their way at least */
    Shipment *list;
    size_t count, room;
} Gather;

static bool
number_known(const Gather *gather, Str number)
{
    for (size_t i = 0; i < gather->count; i++)
        if (number.len && str_eq_nocase(number, gather->list[i].parcels[0].number.at))
            return true;
    return false;
}

/* Unix seconds, as these plugins keep them, or a date in any other form. */
static bool
sent_read(Arena *arena, const Json *item, const char *key, int64_t *ret, GError **error)
{
    enum { SECONDS_DIGITS_MOST = 11 }; /* until the year 5138 */
    Str text = plug_text(arena, item, key);
    int64_t seconds = 0;
    size_t digits = 0;
    while (digits < text.len && g_ascii_isdigit(text.at[digits]))
        digits++;
    if (!text.len || digits < text.len || digits < 9 || digits > SECONDS_DIGITS_MOST)
        return plug_moment(arena, item, key, ret, error);
    for (size_t i = 0; i < digits; i++)
        seconds = seconds * 10 + (text.at[i] - '0');
    *ret = seconds * 1000;
    return true;
}

/* Germanized's word on its item, TrackShip's beside the items; the other plugins have none. */
static ShipmentState
state_read(Arena *arena, const Json *item)
{
    static const struct {
        const char *theirs;
        ShipmentState ours;
    } states[] = {
        {"draft", SHIPMENT_LABEL},
        {"processing", SHIPMENT_LABEL},
        {"ready-for-shipping", SHIPMENT_LABEL},
        {"delivered", SHIPMENT_DELIVERED},
        /* TrackShip's */
        {"pre_transit", SHIPMENT_LABEL},
        {"label_cancelled", SHIPMENT_CANCELLED},
        {"in_transit", SHIPMENT_IN_TRANSIT},
        {"out_for_delivery", SHIPMENT_OUT_FOR_DELIVERY},
        {"available_for_pickup", SHIPMENT_PICKUP},
        {"on_hold", SHIPMENT_EXCEPTION},
        {"exception", SHIPMENT_EXCEPTION},
        {"failure", SHIPMENT_ATTEMPT_FAILED},
        {"return_to_sender", SHIPMENT_RETURNING},
    };
    Str status = plug_text(arena, item, "status");
    if (str_starts(status, "gzd-"))
        status = str_sub(status, 4, status.len);
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
        if (str_is(status, states[i].theirs))
            return states[i].ours;
    return SHIPMENT_UNKNOWN;
}

static bool
lines_read(Arena *arena, const Json *item, const Dialect *dialect, Shipment *shipment,
           GError **error)
{
    const Json *list = json_get(item, dialect->lines);
    size_t count = 0, filled = 0;
    if (!connector_len(item, dialect->lines, &count, error))
        return false;
    ShipmentLine *lines = arena_new_of(arena, ShipmentLine, count);
    for (size_t i = 0; i < count; i++) {
        const Json *one = json_nth(list, i);
        ShipmentLine line = {
            .line_foreign_id = woocommerce_id(arena, one, dialect->line_id),
            .sku = plug_text(arena, one, "sku"),
            .quantity = 1,
        };
        if (!connector_count(arena, one, dialect->line_quantity, &line.quantity, error))
            return fail_at(error, "%s/%zu", dialect->lines, i);
        if (line.line_foreign_id.len || line.sku.len)
            lines[filled++] = line;
    }
    shipment->lines = lines;
    shipment->line_count = filled;
    return true;
}

/* One more parcel; its id is made of the order's, since a plugin's are its own. */
static void
gather_add(Gather *gather, Shipment *shipment, Str id, const Parcel *parcel)
{
    Arena *arena = gather->arena;
    Parcel *own = arena_new_of(arena, Parcel, 1);
    *own = *parcel;
    own->number = arena_copy(arena, parcel->number);
    shipment->foreign_id = str_of(
        arena_format(arena, STR_FMT "/" STR_FMT, STR_ARG(gather->order->foreign_id), STR_ARG(id)));
    shipment->order_foreign_id = gather->order->foreign_id;
    shipment->updated_at = gather->order->updated_at;
    if (gather->delivered)
        shipment->state = SHIPMENT_DELIVERED;
    if (shipment->state == SHIPMENT_DELIVERED)
        shipment->delivered_at = shipment->updated_at;
    shipment->parcels = own;
    shipment->parcel_count = own->number.len || own->carrier.len || own->url.len;
    must(gather->count < gather->room);
    gather->list[gather->count++] = *shipment;
}

static bool
item_read(Gather *gather, const Json *item, const Dialect *dialect, const Json *word,
          GError **error)
{
    Arena *arena = gather->arena;
    Shipment shipment = {.state = state_read(arena, word ? word : item)};
    Parcel parcel = {
        .carrier = connector_either(plug_text(arena, item, dialect->carrier),
                                    plug_text(arena, item, dialect->carrier_own)),
        .number = plug_text(arena, item, dialect->number),
        .url = connector_either(plug_text(arena, item, dialect->url),
                                plug_text(arena, item, dialect->url_own)),
    };
    Str id = connector_either(woocommerce_id(arena, item, dialect->id), parcel.number);
    bool comes_back = str_is(plug_text(arena, item, "type"), "return");
    if (!id.len || comes_back || number_known(gather, parcel.number))
        return true;
    if (!sent_read(arena, item, dialect->sent, &shipment.shipped_at, error) ||
        !plug_moment(arena, item, "est_delivery_date_gmt", &shipment.expected_until, error) ||
        !lines_read(arena, item, dialect, &shipment, error))
        return false;
    if (shipment.state == SHIPMENT_LABEL)
        shipment.shipped_at = 0;
    gather_add(gather, &shipment, id, &parcel);
    return true;
}

/* Some sites keep the list as the text of a JSON list. */
static const Json *
list_of(Arena *arena, const Json *root, const Dialect *dialect)
{
    const Json *list =
        dialect->note ? woocommerce_note(root, dialect->list) : json_get(root, dialect->list);
    Str text = json_text(list);
    return str_starts(text, "[") || str_starts(text, "{")
               ? json_parse(arena, text.at, text.len, NULL)
               : list;
}

static void
singles_read(Gather *gather, const Json *root)
{
    Arena *arena = gather->arena;
    for (size_t i = 0; i < G_N_ELEMENTS(singles); i++) {
        Shipment shipment = {0};
        Parcel parcel = {
            .number = woocommerce_note_text(arena, root, singles[i].number),
            .carrier = woocommerce_note_text(arena, root, singles[i].carrier),
            .url = woocommerce_note_text(arena, root, singles[i].url),
        };
        if (parcel.number.len && !number_known(gather, parcel.number))
            gather_add(gather, &shipment, parcel.number, &parcel);
    }
}

/* One number, or a list of them. */
static const Json *
dhl_numbers(const Json *root)
{
    return json_get(woocommerce_note(root, "_pr_shipment_dhl_label_tracking"), "tracking_number");
}

static void
labels_read(Gather *gather, const Json *numbers)
{
    bool list = json_type(numbers) == JSON_ARRAY;
    size_t count = list ? json_len(numbers) : 1;
    for (size_t i = 0; i < count; i++) {
        const Json *number = list ? json_nth(numbers, i) : numbers;
        Shipment shipment = {.state = gather->left ? SHIPMENT_UNKNOWN : SHIPMENT_LABEL};
        Parcel parcel = {
            .number = str_trim(json_as_text(gather->arena, number)),
            .carrier = STR("DHL"),
        };
        if (parcel.number.len && !number_known(gather, parcel.number))
            gather_add(gather, &shipment, parcel.number, &parcel);
    }
}

bool
woocommerce_shipments_read(Arena *arena, const Json *root, const Order *order, Shipment **ret,
                           size_t *ret_count, GError **error)
{
    enum { PARCELS_MOST = 100 };
    const Json *lists[G_N_ELEMENTS(dialects)];
    const Json *words = woocommerce_note(root, "shipment_status");
    const Json *label = dhl_numbers(root);
    Str status = plug_text(arena, root, "status");
    Gather gather = {
        .arena = arena,
        .order = order,
        .delivered = str_is(status, "delivered"),
        .left = str_is(status, "completed") || str_is(status, "shipped"),
        .room = G_N_ELEMENTS(singles) + 1,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(dialects); i++) {
        lists[i] = list_of(arena, root, &dialects[i]);
        if (json_len(lists[i]) > PARCELS_MOST)
            return fail(error, ERR_TOO_BIG, "%s: %zu parcels; at most %d are taken",
                        dialects[i].list, json_len(lists[i]), PARCELS_MOST);
        gather.room += json_len(lists[i]);
    }
    if (json_len(label) > PARCELS_MOST)
        return fail(error, ERR_TOO_BIG, "DHL labels: %zu; at most %d are taken", json_len(label),
                    PARCELS_MOST);
    gather.room += json_len(label);
    gather.list = arena_new_of(arena, Shipment, gather.room);
    for (size_t i = 0; i < G_N_ELEMENTS(dialects); i++)
        for (size_t n = 0; n < json_len(lists[i]); n++)
            if (!item_read(&gather, json_nth(lists[i], n), &dialects[i],
                           i ? NULL : json_nth(words, n), error))
                return fail_at(error, "%s/%zu", dialects[i].list, n);
    labels_read(&gather, label);
    singles_read(&gather, root);
    *ret = gather.list;
    *ret_count = gather.count;
    return true;
}
