/* view_order.c - how templates see an order, its lines, addresses and customer. */
#include "flow/view_inside.h"

/* ---- postal address ------------------------------------------------------------------------------------- */

static const Field address_fields[] = {
    TEXT(PostalAddress, name, "Whom it goes to"),
    TEXT(PostalAddress, company, "Company"),
    {.name = NAME("address1"),
     .type = AS_TEXT,
     .offset = offsetof(PostalAddress, line1),
     .optional = true,
     .help = "Street and number"},
    {.name = NAME("address2"),
     .type = AS_TEXT,
     .offset = offsetof(PostalAddress, line2),
     .optional = true,
     .help = "Floor, flat, care of"},
    TEXT(PostalAddress, zip, "Postal code"),
    TEXT(PostalAddress, city, "Town"),
    TEXT(PostalAddress, province, "Province or state"),
    TEXT(PostalAddress, province_code, "The same as a code, LA"),
    TEXT(PostalAddress, country, "Country, by name"),
    TEXT(PostalAddress, country_code, "Country, ISO 3166-1"),
    TEXT(PostalAddress, phone, "Telephone"),
    {{0}},
};

const View view_of_address = {.name = "address", .fields = address_fields};

static LiquidValue
address_or_nil(Arena *arena, const PostalAddress *address, const Seen *seen)
{
    if (!address->line1.len && !address->city.len && !address->name.len)
        return LIQUID_OF_NIL;
    return view_see(arena, &view_of_address, address, seen->currency, seen->row);
}

/* ---- order line ------------------------------------------------------------------------------------------ */

static LiquidValue
line_total(const Seen *seen, Arena *arena)
{
    const OrderLine *line = seen->row;
    int64_t total = 0;
    if (__builtin_mul_overflow(line->price, line->quantity, &total) ||
        __builtin_sub_overflow(total, line->discount, &total))
        return LIQUID_OF_NIL;
    return liquid_money(total, seen->currency);
}

static LiquidValue
line_price_number(const Seen *seen, Arena *arena)
{
    const OrderLine *line = seen->row;
    return view_decimal(arena, line->price, seen->currency);
}

static const Field line_fields[] = {
    {.name = NAME("title"),
     .type = AS_TEXT,
     .offset = offsetof(OrderLine, title),
     .help = "As it was sold"},
    {.name = NAME("variant_title"),
     .type = AS_TEXT,
     .offset = offsetof(OrderLine, variant),
     .optional = true,
     .help = "Size, colour and the like"},
    TEXT(OrderLine, sku, "The shop's number for it"),
    {.name = NAME("quantity"),
     .type = AS_INT,
     .offset = offsetof(OrderLine, quantity),
     .help = "How many"},
    {.name = NAME("price"),
     .type = AS_MONEY,
     .offset = offsetof(OrderLine, price),
     .help = "Of one"},
    {.name = NAME("discount"),
     .type = AS_MONEY,
     .offset = offsetof(OrderLine, discount),
     .help = "On the whole line"},
    {.name = NAME("total"),
     .type = AS_MADE,
     .make = line_total,
     .made_type = LIQUID_TYPE_MONEY,
     .help = "Price times quantity, less the discount"},
    {.name = NAME("price_number"),
     .type = AS_MADE,
     .make = line_price_number,
     .made_type = LIQUID_TYPE_STRING,
     .help = "Of one, for machines: 19.95"},
    {.name = NAME("ships"),
     .type = AS_BOOL,
     .offset = offsetof(OrderLine, ships),
     .help = "Goes into a parcel"},
    {{0}},
};

const View view_of_line = {.name = "line", .fields = line_fields};

/* ---- customer --------------------------------------------------------------------------------------------- */

static const Field customer_fields[] = {
    TEXT(Customer, first_name, "First name, as the customer wrote it"),
    TEXT(Customer, last_name, "Last name"),
    TEXT(Customer, email, "Mail address"),
    TEXT(Customer, phone, "Telephone"),
    {{0}},
};

static const View customer_view = {.name = "customer", .fields = customer_fields};

/* ---- order -------------------------------------------------------------------------------------------------- */

static LiquidValue
lines_nth(const Seen *of, size_t index, Arena *arena)
{
    const Order *order = &((const OrderRow *)of->row)->order;
    return view_see(arena, &view_of_line, &order->lines[index], order->currency.at, order);
}

static LiquidValue
order_lines(const Seen *seen, Arena *arena)
{
    return view_list(arena, ((const OrderRow *)seen->row)->order.line_count, seen, lines_nth);
}

static LiquidValue
order_ship_to(const Seen *seen, Arena *arena)
{
    return address_or_nil(arena, &((const OrderRow *)seen->row)->order.ship_to, seen);
}

static LiquidValue
order_bill_to(const Seen *seen, Arena *arena)
{
    return address_or_nil(arena, &((const OrderRow *)seen->row)->order.bill_to, seen);
}

static LiquidValue
order_payment(const Seen *seen, Arena *arena)
{
    return liquid_str(str_of(payment_slug(((const OrderRow *)seen->row)->order.payment)));
}

static LiquidValue
order_fulfilment(const Seen *seen, Arena *arena)
{
    return liquid_str(str_of(fulfilment_slug(((const OrderRow *)seen->row)->order.fulfilment)));
}

static LiquidValue
order_quantity(const Seen *seen, Arena *arena)
{
    const Order *order = &((const OrderRow *)seen->row)->order;
    int64_t quantity = 0;
    for (size_t i = 0; i < order->line_count; i++)
        quantity += order->lines[i].quantity;
    return liquid_int(quantity);
}

static LiquidValue
order_total_number(const Seen *seen, Arena *arena)
{
    return view_decimal(arena, ((const OrderRow *)seen->row)->order.total, seen->currency);
}

#define ORDER(name_, member, type_, help_)                                              \
    {                                                                                   \
        .name = NAME(name_), .type = type_, .offset = offsetof(OrderRow, order.member), \
        .help = help_                                                                   \
    }

static const Field order_fields[] = {
    ORDER("name", name, AS_TEXT, "The order's number as people say it, #1001"),
    {.name = NAME("email"),
     .type = AS_TEXT,
     .offset = offsetof(OrderRow, order.email),
     .optional = true,
     .help = "Where its mails go"},
    ORDER("created_at", placed_at, AS_DATE, "When it was placed"),
    {.name = NAME("cancelled_at"),
     .type = AS_DATE,
     .offset = offsetof(OrderRow, order.cancelled_at),
     .optional = true,
     .help = "When it was cancelled"},
    ORDER("subtotal_price", subtotal, AS_MONEY, "Of the lines, after discounts"),
    ORDER("shipping_price", shipping, AS_MONEY, "Shipping"),
    ORDER("total_tax", tax, AS_MONEY, "Tax, all kinds of it"),
    ORDER("taxes_included", tax_included, AS_BOOL, "The prices hold the tax already"),
    ORDER("total_discounts", discount, AS_MONEY, "All discounts"),
    ORDER("total_price", total, AS_MONEY, "What the customer pays"),
    ORDER("currency", currency, AS_TEXT, "Of all its amounts, ISO 4217"),
    ORDER("total_fees", fees, AS_MONEY, "What is added beside: payment, gift wrap"),
    ORDER("gift", gift, AS_BOOL, "Goes to somebody else: prices stay off what travels with it"),
    ORDER("in_person", in_person, AS_BOOL, "Sold over the counter: nothing is shipped"),
    {.name = NAME("total_number"),
     .type = AS_MADE,
     .make = order_total_number,
     .made_type = LIQUID_TYPE_STRING,
     .help = "What the customer pays, for machines: 190.90"},
    {.name = NAME("discount_codes"),
     .type = AS_TEXT,
     .offset = offsetof(OrderRow, order.discount_codes),
     .optional = true,
     .help = "As the customer typed them"},
    {.name = NAME("expected_from"),
     .type = AS_DATE,
     .offset = offsetof(OrderRow, order.promised_from),
     .optional = true,
     .help = "From when on it was said to arrive"},
    {.name = NAME("expected_until"),
     .type = AS_DATE,
     .offset = offsetof(OrderRow, order.promised_until),
     .optional = true,
     .help = "By when it was said to arrive"},
    {.name = NAME("delivered_at"),
     .type = AS_DATE,
     .offset = offsetof(OrderRow, delivered_at),
     .optional = true,
     .help = "When the last of it arrived"},
    {.name = NAME("shipping_title"),
     .type = AS_TEXT,
     .offset = offsetof(OrderRow, order.shipping_title),
     .optional = true,
     .help = "Shipping as the customer chose it"},
    {.name = NAME("note"),
     .type = AS_TEXT,
     .offset = offsetof(OrderRow, order.note),
     .optional = true,
     .help = "What the customer wrote to the order"},
    {.name = NAME("payment"),
     .type = AS_MADE,
     .make = order_payment,
     .made_type = LIQUID_TYPE_STRING,
     .help = "pending, authorized, partly_paid, paid, partly_refunded, refunded, voided"},
    {.name = NAME("fulfilment"),
     .type = AS_MADE,
     .make = order_fulfilment,
     .made_type = LIQUID_TYPE_STRING,
     .help = "none, partial, fulfilled"},
    {.name = NAME("quantity"),
     .type = AS_MADE,
     .make = order_quantity,
     .made_type = LIQUID_TYPE_NUMBER,
     .help = "How many pieces in all"},
    {.name = NAME("line_items"),
     .type = AS_MADE,
     .make = order_lines,
     .made_type = LIQUID_TYPE_LIST,
     .view = &view_of_line,
     .help = "What was ordered"},
    {.name = NAME("shipping_address"),
     .type = AS_MADE,
     .make = order_ship_to,
     .made_type = LIQUID_TYPE_OBJECT,
     .view = &view_of_address,
     .optional = true,
     .help = "Where it goes"},
    {.name = NAME("billing_address"),
     .type = AS_MADE,
     .make = order_bill_to,
     .made_type = LIQUID_TYPE_OBJECT,
     .view = &view_of_address,
     .optional = true,
     .help = "Who pays"},
    {.name = NAME("customer"),
     .type = AS_OBJECT,
     .offset = offsetof(OrderRow, order.customer),
     .view = &customer_view,
     .help = "Who ordered"},
    {{0}},
};

const View view_of_order = {.name = "order", .fields = order_fields};

LiquidValue
view_order(Arena *arena, const OrderRow *order)
{
    return view_see(arena, &view_of_order, order, order->order.currency.at, NULL);
}
