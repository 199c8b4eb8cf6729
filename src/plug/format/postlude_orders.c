/* postlude_orders.c - orders in our own words: all that we can know of one, with its version.
 *
 * Two forms. A table with the columns of order_field.c: the lines of an order are rows with the same id, and the rest of it
 * stands in the first of them. Or a JSON document a line, with the same names: customer, ship_to and bill_to are objects,
 * lines is an array, and shipments and refunds may stand beside. With updated_at the newest word wins, whoever tells it:
 * this is what repairs a shop that lost webhooks. source says whose ids these are (shopify, woocommerce ...).
 */
#include "plug/format/format.h"
#include "plug/own.h"

#include <string.h>

enum { SOURCE, ID, PLACED };

static const FormatColumn columns[] = {
    [SOURCE] = {"source"},
    [ID] = {"id", true},
    [PLACED] = {"placed_at", true},
    {0},
};

static bool
postlude_claims(Str name)
{
    return order_field_find(name) != NULL;
}

/* The header's columns as fields; NULL: not ours. */
typedef struct OwnTable {
    const OrderField **fields;
} OwnTable;

static bool
postlude_open(Arena *arena, FormatTable *table, Str map, GError **error)
{
    OwnTable *own = arena_new_of(arena, OwnTable, 1);
    own->fields = arena_new_of(arena, const OrderField *, table->width + 1);
    for (size_t i = 0; i < table->width; i++)
        own->fields[i] = order_field_find(table->header[i]);
    table->own = own;
    return true;
}

static Str
postlude_key(Arena *arena, const FormatTable *table, const FormatRow *row)
{
    FormatRecord record = {.table = table, .rows = row, .count = 1};
    Str id = cell_text(&record, 0, ID), source = cell_text(&record, 0, SOURCE);
    if (!source.len)
        return id;
    return str_of(arena_format(arena, STR_FMT "/" STR_FMT, STR_ARG(source), STR_ARG(id)));
}

static OwnShop
own_shop(const FormatTable *table)
{
    OwnShop shop = {.zone = table->shop.zone};
    memcpy(shop.currency, table->shop.currency, sizeof shop.currency);
    return shop;
}

/* ---- a table ------------------------------------------------------------------------------------------------ */

static Str
table_cell(const FormatRecord *record, size_t row, size_t place)
{
    Str text =
        place < record->rows[row].count ? str_trim(record->rows[row].cells[place]) : (Str){0};
    return text.len > 1 && text.at[0] == '\'' ? str_sub(text, 1, text.len) : text;
}

/* Rows behind the first add their line; what they repeat of the order is not read again. */
static bool
row_read(Arena *arena, const FormatRecord *record, size_t row, const FieldStyle *style,
         Order *order, OrderLine *line, FieldsTold *told, bool *ret_has_line, GError **error)
{
    const OwnTable *own = record->table->own;
    for (size_t i = 0; i < record->table->width; i++) {
        const OrderField *field = own->fields[i];
        Str text = table_cell(record, row, i);
        if (!field || !text.len || (row && field->of != OF_LINE))
            continue;
        *ret_has_line |= field->of == OF_LINE;
        told->is[order_field_index(field)] = true;
        if (!order_field_set(arena, field, text, style, order_field_noun(field, order, line),
                             error))
            return fail_at(error, "line %" G_GINT64_FORMAT, record->rows[row].line);
    }
    return true;
}

static bool
postlude_read(Arena *arena, const FormatRecord *record, FormatFacts *ret, GError **error)
{
    const OwnTable *own = record->table->own;
    Order *order = arena_new_of(arena, Order, 1);
    OrderLine *lines = arena_new_of(arena, OrderLine, record->count);
    FieldsTold told = {{0}};
    OwnShop shop = own_shop(record->table);
    FieldStyle style;
    Str currency = {0};
    size_t count = 0;
    for (size_t i = 0; i < record->table->width; i++)
        if (own->fields[i] && strcmp(own->fields[i]->name, "currency") == 0)
            currency = table_cell(record, 0, i);
    if (!own_style(&shop, currency, &style, error))
        return false;
    for (size_t i = 0; i < record->count; i++) {
        bool has_line = false;
        lines[count] = (OrderLine){.quantity = 1, .ships = true};
        if (!row_read(arena, record, i, &style, order, &lines[count], &told, &has_line, error))
            return false;
        count += has_line;
    }
    Str source = own_source(arena, cell_text(record, 0, SOURCE), error);
    if (!source.len || !own_order_end(arena, order, lines, count, &style, &told, error))
        return false;
    ret->facts = (Facts){.source = source, .orders = order, .order_count = 1};
    return true;
}

static bool
postlude_read_json(Arena *arena, const FormatTable *table, const Json *root, FormatFacts *ret,
                   GError **error)
{
    OwnShop shop = own_shop(table);
    return own_order_read(arena, &shop, root, &ret->facts, error);
}

const Format format_postlude_orders = {
    .name = "postlude-orders",
    .title = "Orders in Postlude's own words",
    .help =
        "A table or JSON lines with all that an order has; with updated_at the newest word wins.",
    .columns = columns,
    .claims = postlude_claims,
    .open = postlude_open,
    .key = postlude_key,
    .read = postlude_read,
    .read_json = postlude_read_json,
};
