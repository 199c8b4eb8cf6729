/* order_field.h - orders by the names of our own fields: the one list of what can be said of an order, for our own tables
 * and JSON, and for maps of others'.
 */
#pragma once

#include "base/zone.h"
#include "model.h"

typedef enum FieldOf { OF_ORDER, OF_CUSTOMER, OF_SHIP_TO, OF_BILL_TO, OF_LINE, OF_COUNT } FieldOf;

/* What stands in a field. */
typedef enum FieldKind {
    ORDER_FIELD_TEXT,
    ORDER_FIELD_AMOUNT,
    ORDER_FIELD_MOMENT,
    ORDER_FIELD_COUNT,
    ORDER_FIELD_YES,
    ORDER_FIELD_CURRENCY,
    ORDER_FIELD_PAYMENT,
    ORDER_FIELD_FULFILMENT,
    ORDER_FIELD_QUIET
} FieldKind;

typedef struct OrderField {
    const char *name; /* placed_at, customer.email, line.sku */
    FieldOf of;
    FieldKind type;
    size_t offset;
    const char *help;
} OrderField;

/* How amounts and moments are written. */
typedef struct FieldStyle {
    char currency[4];
    const Zone *zone;
    char decimal;      /* '.' or ',' */
    const char *dates; /* "DD/MM/YYYY hh:mm"; NULL: the forms of when_parse */
} FieldStyle;

const OrderField *order_field_find(Str name);
const OrderField *order_field_nth(size_t n);
/* "; did you mean email?", or nothing. */
const char *order_field_hint(Arena *arena, Str name);
size_t order_field_index(const OrderField *field);

/* The words of a PAYMENT, FULFILMENT or QUIET, one after the other; NULL behind the last, and for any other kind. */
const char *order_field_word(const OrderField *field, size_t n);

/* Puts a text into its field of the Order, Customer, PostalAddress or OrderLine. An empty text changes nothing. */
bool order_field_set(Arena *arena, const OrderField *field, Str text, const FieldStyle *style,
                     void *noun, GError **error);

/* The struct that a field belongs to: a part of the order, or the line. */
void *order_field_noun(const OrderField *field, Order *order, OrderLine *line);

/* Which fields were told, by order_field_index. */
enum { ORDER_FIELDS_MOST = 96 };
typedef struct FieldsTold {
    bool is[ORDER_FIELDS_MOST];
} FieldsTold;

/* Adds what was not told but follows from the rest (subtotal, total, name), and looks whether what has to be is there. */
bool order_complete(Order *order, const OrderLine *lines, size_t line_count, const FieldsTold *told,
                    GError **error);
