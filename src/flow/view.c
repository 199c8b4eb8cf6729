/* view.c - how templates see our rows; see view.h. */
#include "flow/view.h"

#include <string.h>

typedef enum FieldType {
    AS_TEXT,
    AS_INT,
    AS_BOOL,
    AS_MONEY,
    AS_DATE,
    AS_OBJECT,
    AS_MADE
} FieldType;

typedef struct View View;

/* A row as a template's object. */
typedef struct Seen {
    LiquidObject object; /* first */
    const View *view;
    const void *row;
    const char *currency; /* of its amounts */
    const void *more;     /* the row it belongs to */
} Seen;

typedef struct Field {
    Str name; /* its length is known: most names differ in it */
    FieldType type;
    size_t offset;
    bool optional;
    const View *view; /* AS_OBJECT: of the struct that stands there; AS_MADE: of what is made */
    LiquidValue (*make)(const Seen *seen, Arena *arena); /* AS_MADE */
    LiquidType made_type;
    const char *help;
} Field;

struct View {
    const char *name;
    const Field *fields;
    LiquidValue (*value)(const LiquidObject *self,
                         Arena *arena); /* printed as a whole; may be NULL */
};

/* ---- reading a field ---------------------------------------------------------------------------------- */

static const Field *
field_find(const View *view, Str name)
{
    for (const Field *field = view->fields; field->name.at; field++)
        if (str_eq(name, field->name))
            return field;
    return NULL;
}

static LiquidValue
see(Arena *arena, const View *view, const void *row, const char *currency, const void *more);

static LiquidValue
field_value(const Seen *seen, const Field *field, Arena *arena)
{
    const char *at = (const char *)seen->row + field->offset;
    Str text;
    int64_t number;
    bool truth;
    switch (field->type) {
    case AS_TEXT:
        memcpy(&text, at, sizeof text);
        return text.len ? liquid_str(text) : LIQUID_OF_NIL;
    case AS_BOOL:
        memcpy(&truth, at, sizeof truth);
        return liquid_bool(truth);
    case AS_INT:
        memcpy(&number, at, sizeof number);
        return liquid_int(number);
    case AS_MONEY:
        memcpy(&number, at, sizeof number);
        return liquid_money(number, seen->currency);
    case AS_DATE:
        memcpy(&number, at, sizeof number);
        return number ? liquid_date(number) : LIQUID_OF_NIL;
    case AS_OBJECT:
        return see(arena, field->view, at, seen->currency, seen->row);
    case AS_MADE:
        return field->make(seen, arena);
    }
    must(false);
    return LIQUID_OF_NIL;
}

static bool
seen_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const Seen *seen = (const Seen *)self;
    const Field *field = field_find(seen->view, name->text);
    if (!field)
        return false;
    *ret = field_value(seen, field, arena);
    return true;
}

static LiquidValue
seen_value(const LiquidObject *self, Arena *arena)
{
    const Seen *seen = (const Seen *)self;
    return seen->view->value ? seen->view->value(self, arena)
                             : liquid_str(str_of(seen->view->name));
}

static const LiquidClass seen_class = {.name = "object", .get = seen_get, .value = seen_value};

static LiquidValue
see(Arena *arena, const View *view, const void *row, const char *currency, const void *more)
{
    Seen *seen = arena_new_of(arena, Seen, 1);
    *seen = (Seen){{&seen_class}, view, row, currency, more};
    return liquid_object(&seen->object);
}

/* ---- postal address ------------------------------------------------------------------------------------- */

#define NAME(literal)                \
    {                                \
        literal, sizeof(literal) - 1 \
    }

#define TEXT(struct, member, help_)                                                 \
    {                                                                               \
        .name = NAME(#member), .type = AS_TEXT, .offset = offsetof(struct, member), \
        .optional = true, .help = help_                                             \
    }

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

static const View address_view = {.name = "address", .fields = address_fields};

static LiquidValue
address_or_nil(Arena *arena, const PostalAddress *address, const Seen *seen)
{
    if (!address->line1.len && !address->city.len && !address->name.len)
        return LIQUID_OF_NIL;
    return see(arena, &address_view, address, seen->currency, seen->row);
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
    {.name = NAME("ships"),
     .type = AS_BOOL,
     .offset = offsetof(OrderLine, ships),
     .help = "Goes into a parcel"},
    {{0}},
};

static const View line_view = {.name = "line", .fields = line_fields};

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

typedef struct LinesSeen {
    LiquidObject object; /* first */
    const Order *order;
} LinesSeen;

static size_t
lines_len(const LiquidObject *self)
{
    return ((const LinesSeen *)self)->order->line_count;
}

static LiquidValue
lines_nth(const LiquidObject *self, size_t index, Arena *arena)
{
    const Order *order = ((const LinesSeen *)self)->order;
    return see(arena, &line_view, &order->lines[index], order->currency.at, order);
}

static const LiquidClass lines_class = {.name = "lines", .len = lines_len, .nth = lines_nth};

static LiquidValue
order_lines(const Seen *seen, Arena *arena)
{
    const OrderRow *row = seen->row;
    LinesSeen *lines = arena_new_of(arena, LinesSeen, 1);
    *lines = (LinesSeen){{&lines_class}, &row->order};
    return liquid_object(&lines->object);
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
     .view = &line_view,
     .help = "What was ordered"},
    {.name = NAME("shipping_address"),
     .type = AS_MADE,
     .make = order_ship_to,
     .made_type = LIQUID_TYPE_OBJECT,
     .view = &address_view,
     .optional = true,
     .help = "Where it goes"},
    {.name = NAME("billing_address"),
     .type = AS_MADE,
     .make = order_bill_to,
     .made_type = LIQUID_TYPE_OBJECT,
     .view = &address_view,
     .optional = true,
     .help = "Who pays"},
    {.name = NAME("customer"),
     .type = AS_OBJECT,
     .offset = offsetof(OrderRow, order.customer),
     .view = &customer_view,
     .help = "Who ordered"},
    {{0}},
};

static const View order_view = {.name = "order", .fields = order_fields};

LiquidValue
view_order(Arena *arena, const OrderRow *order)
{
    return see(arena, &order_view, order, order->order.currency.at, NULL);
}

/* ---- shop ----------------------------------------------------------------------------------------------------- */

static LiquidValue
setting_or_nil(const Seen *seen, Setting setting)
{
    Str text = shop_setting(seen->row, setting);
    return text.len ? liquid_str(text) : LIQUID_OF_NIL;
}

static LiquidValue
shop_contact(const Seen *seen, Arena *arena)
{
    return setting_or_nil(seen, SETTING_CONTACT);
}

static LiquidValue
shop_legal_text(const Seen *seen, Arena *arena)
{
    return setting_or_nil(seen, SETTING_LEGAL_TEXT);
}

static LiquidValue
shop_legal_address(const Seen *seen, Arena *arena)
{
    return setting_or_nil(seen, SETTING_LEGAL_ADDRESS);
}

static const Field shop_fields[] = {
    {.name = NAME("name"),
     .type = AS_TEXT,
     .offset = offsetof(ShopEntry, shop.name),
     .help = "As its customers know it"},
    {.name = NAME("locale"),
     .type = AS_TEXT,
     .offset = offsetof(ShopEntry, shop.locale),
     .help = "Language of its pages and mails"},
    {.name = NAME("contact"),
     .type = AS_MADE,
     .make = shop_contact,
     .made_type = LIQUID_TYPE_STRING,
     .optional = true,
     .help = "How to reach a person"},
    {.name = NAME("legal_text"),
     .type = AS_MADE,
     .make = shop_legal_text,
     .made_type = LIQUID_TYPE_STRING,
     .optional = true,
     .help = "Terms and withdrawal instruction"},
    {.name = NAME("legal_address"),
     .type = AS_MADE,
     .make = shop_legal_address,
     .made_type = LIQUID_TYPE_STRING,
     .optional = true,
     .help = "Postal address of the shop"},
    {{0}},
};

static const View shop_view = {.name = "shop", .fields = shop_fields};

LiquidValue
view_shop(Arena *arena, const ShopEntry *shop)
{
    return see(arena, &shop_view, shop, shop->shop.currency.at, NULL);
}

LiquidValue
view_order_root(Arena *arena, const ShopEntry *shop, const OrderRow *order, Str page_url)
{
    LiquidValue root = liquid_map(arena);
    liquid_map_set(arena, root, STR("shop"), view_shop(arena, shop));
    liquid_map_set(arena, root, STR("order"), view_order(arena, order));
    liquid_map_set(arena, root, STR("page_url"), liquid_str(page_url));
    return root;
}

/* ---- the same tables as a schema for the check ------------------------------------------------------------- */

static LiquidType
field_type(const Field *field)
{
    static const LiquidType types[] = {
        [AS_TEXT] = LIQUID_TYPE_STRING, [AS_INT] = LIQUID_TYPE_NUMBER,
        [AS_BOOL] = LIQUID_TYPE_BOOL,   [AS_MONEY] = LIQUID_TYPE_MONEY,
        [AS_DATE] = LIQUID_TYPE_DATE,   [AS_OBJECT] = LIQUID_TYPE_OBJECT,
    };
    return field->type == AS_MADE ? field->made_type : types[field->type];
}

static const LiquidField *
view_schema(Arena *arena, const View *view)
{
    size_t count = 0;
    while (view->fields[count].name.at)
        count++;
    LiquidField *list = arena_new_of(arena, LiquidField, count + 1);
    for (size_t i = 0; i < count; i++) {
        const Field *field = &view->fields[i];
        list[i] =
            (LiquidField){field->name.at, field_type(field), field->optional, NULL, field->help};
        if (!field->view)
            continue;
        const LiquidField *inner = view_schema(arena, field->view);
        if (list[i].type == LIQUID_TYPE_LIST) {
            LiquidField *item = arena_new_of(arena, LiquidField, 2);
            item[0] = (LiquidField){"", LIQUID_TYPE_OBJECT, false, inner, NULL};
            inner = item;
        }
        list[i].fields = inner;
    }
    return list;
}

const LiquidSchema *
view_order_schema(Arena *arena)
{
    LiquidField *root = arena_new_of(arena, LiquidField, 4);
    root[0] =
        (LiquidField){"shop", LIQUID_TYPE_OBJECT, false, view_schema(arena, &shop_view), NULL};
    root[1] =
        (LiquidField){"order", LIQUID_TYPE_OBJECT, false, view_schema(arena, &order_view), NULL};
    root[2] = (LiquidField){"page_url", LIQUID_TYPE_STRING, false, NULL, "The order's own page"};
    LiquidSchema *schema = arena_new_of(arena, LiquidSchema, 1);
    schema->fields = root;
    return schema;
}
