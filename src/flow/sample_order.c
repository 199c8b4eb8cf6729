/* sample_order.c - an order that nobody placed, for shops that have none yet; see sample.h. */
#include "base/money.h"
#include "flow/sample.h"

static const int64_t day_ms = 24 * 60 * 60 * (int64_t)1000;

/* A price as people write it, in minor units of the shop's currency, which may have none: 1990 yen. */
static int64_t
amount(const ShopEntry *shop, Arena *arena, const char *decimal)
{
    Money money = {0};
    const char *currency = arena_cstr(arena, shop->shop.currency);
    return money_parse_rounded(str_of(decimal), currency, &money, NULL) ? money.minor : 0;
}

static const OrderLine *
lines_make(const ShopEntry *shop, Arena *arena, size_t *ret_count)
{
    OrderLine *lines = arena_new_of(arena, OrderLine, 2);
    lines[0] = (OrderLine){
        .foreign_id = STR("1"),
        .sku = STR("CUP-01"),
        .title = STR("Stoneware cup"),
        .variant = STR("Sand"),
        .quantity = 2,
        .price = amount(shop, arena, "18"),
        .ships = true,
    };
    lines[1] = (OrderLine){
        .foreign_id = STR("2"),
        .sku = STR("TEA-07"),
        .title = STR("Linen tea towel"),
        .quantity = 1,
        .price = amount(shop, arena, "14.50"),
        .ships = true,
    };
    *ret_count = 2;
    return lines;
}

static const PostalAddress home = {
    .name = STR("Ana Lima"),
    .line1 = STR("Rua da Atalaia 12"),
    .zip = STR("1200-041"),
    .city = STR("Lisboa"),
    .country = STR("Portugal"),
    .country_code = STR("PT"),
};

static Order
order_make(const ShopEntry *shop, Arena *arena, int64_t now)
{
    Order order = {
        .foreign_id = STR("1001"),
        .name = STR("#1001"),
        .email = STR("ana@example.com"),
        .locale = shop->shop.locale,
        .currency = shop->shop.currency,
        .subtotal = amount(shop, arena, "50.50"),
        .shipping = amount(shop, arena, "4.90"),
        .tax = amount(shop, arena, "8.85"),
        .total = amount(shop, arena, "55.40"),
        .tax_included = true,
        .payment = PAYMENT_PAID,
        .placed_at = now - day_ms,
        .promised_from = now + 2 * day_ms,
        .promised_until = now + 4 * day_ms,
        .ship_to = home,
        .bill_to = home,
        .customer = {.first_name = STR("Ana"), .last_name = STR("Lima")},
    };
    order.lines = lines_make(shop, arena, &order.line_count);
    return order;
}

/* How far the parcel of this mail is. */
static ShipmentState
state_of(Str mail)
{
    static const struct {
        const char *mail;
        ShipmentState state;
    } rows[] = {
        {"shipped", SHIPMENT_ACCEPTED},
        {"in_transit", SHIPMENT_IN_TRANSIT},
        {"delayed", SHIPMENT_DELAYED},
        {"out_for_delivery", SHIPMENT_OUT_FOR_DELIVERY},
        {"available_for_pickup", SHIPMENT_PICKUP},
        {"delivered", SHIPMENT_DELIVERED},
        {"order_delivered", SHIPMENT_DELIVERED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (str_is(mail, rows[i].mail))
            return rows[i].state;
    return SHIPMENT_UNKNOWN;
}

void
sample_order(Arena *arena, const ShopEntry *shop, Str mail, int64_t now, SampleMatter *ret)
{
    static const Parcel parcel = {.carrier = STR("DHL"), .number = STR("00340434292135100186")};
    static const ShipmentLine lines[] = {
        {.line_foreign_id = STR("1"), .sku = STR("CUP-01"), .quantity = 2},
        {.line_foreign_id = STR("2"), .sku = STR("TEA-07"), .quantity = 1},
    };
    SampleMatter matter = {.order = {.id = 1, .order = order_make(shop, arena, now)}};
    if (str_is(mail, "order_cancelled"))
        matter.order.order.cancelled_at = now;
    matter.shipment = (ShipmentRow){
        .id = 1,
        .order_id = 1,
        .state_at = now,
        .shipment = {.foreign_id = STR("1"),
                     .order_foreign_id = STR("1001"),
                     .name = STR("#1001.1"),
                     .state = state_of(mail),
                     .shipped_at = now,
                     .expected_until = now + 2 * day_ms,
                     .parcels = &parcel,
                     .parcel_count = 1,
                     .lines = lines,
                     .line_count = G_N_ELEMENTS(lines)},
    };
    matter.refund = (Refund){
        .foreign_id = STR("1"),
        .order_foreign_id = STR("1001"),
        .currency = matter.order.order.currency,
        .amount = amount(shop, arena, "14.50"),
        .refunded_at = now,
    };
    *ret = matter;
}
