/* columns.c - any table of orders, by a map that the shop writes.
 *
 *     currency   = "GBP"
 *     order      = "{InvoiceNo}"                       rows with the same value are one order
 *     placed_at  = "{InvoiceDate}"
 *     email      = "c{CustomerID | integer}@retail.test"
 *     line.sku   = "{StockCode}"
 *     cancelled  = "InvoiceNo starts C"
 *
 * A key is a field of order_field.c with a template, one of the settings below, or a rule. A template whose column
 * is empty is empty as a whole: there is no address without a customer. A rule is a condition on the cells of a row.
 * doc/manual/import.md has it all, with the map of a real shop.
 */
#include "base/limits.h"
#include "base/money.h"
#include "base/nearest.h"
#include "base/text.h"
#include "plug/format/format.h"

#include <string.h>

enum { FIELDS_MOST = 64 };

/* ---- the map ------------------------------------------------------------------------------------------------------ */

typedef struct Mapped {
    const OrderField *field;
    const CellTemplate *template;
} Mapped;

typedef struct Map {
    Str source;
    FieldStyle style;
    const CellTemplate *order;
    Mapped fields[FIELDS_MOST];
    size_t field_count;
    const CellRule *cancelled, *test, *draft, *skip_line, *shipping_line, *no_product;
} Map;

static const FormatColumn columns[] = {{0}};

/* ---- reading the map --------------------------------------------------------------------------------------------- */

static bool
map_source(Map *map, Str value, GError **error)
{
    map->source = value;
    for (size_t i = 0; i < value.len; i++)
        if (!g_ascii_islower(value.at[i]) && !g_ascii_isdigit(value.at[i]) && value.at[i] != '-')
            return fail(error, ERR_INPUT, "a source has small letters, digits and hyphens");
    return true;
}

static bool
map_currency(Map *map, Str value, GError **error)
{
    char currency[4] = {0};
    memcpy(currency, value.len ? value.at : "", MIN(value.len, 3));
    if (value.len != 3 || money_digits(currency) < 0)
        return fail(error, ERR_INPUT, "'" STR_FMT "' is no ISO 4217 currency like EUR",
                    STR_ARG(value));
    memcpy(map->style.currency, currency, sizeof currency);
    return true;
}

static bool
map_zone(Map *map, Str value, GError **error)
{
    g_autofree char *name = g_strndup(value.at, value.len);
    map->style.zone = zone_get(name, error);
    return map->style.zone != NULL;
}

static bool
map_decimal(Map *map, Str value, GError **error)
{
    map->style.decimal = value.len ? value.at[0] : '.';
    return str_is(value, ".") || str_is(value, ",") ||
           fail(error, ERR_INPUT, "decimal is \".\" or \",\"");
}

static bool
map_setting(Arena *arena, Map *map, Str key, Str value, bool *ret_is, GError **error)
{
    static const struct {
        const char *key;
        bool (*set)(Map *map, Str value, GError **error);
    } settings[] = {{"source", map_source},
                    {"currency", map_currency},
                    {"zone", map_zone},
                    {"decimal", map_decimal}};
    *ret_is = true;
    if (str_is(key, "dates")) {
        map->style.dates = arena_cstr(arena, value);
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        if (str_is(key, settings[i].key))
            return settings[i].set(map, value, error);
    *ret_is = false;
    return true;
}

static const CellRule **
map_rule(Map *map, Str key)
{
    const struct {
        const char *key;
        const CellRule **rule;
    } rules[] = {{"cancelled", &map->cancelled},
                 {"test", &map->test},
                 {"draft", &map->draft},
                 {"line.skip", &map->skip_line},
                 {"line.shipping", &map->shipping_line},
                 {"line.no_product", &map->no_product}};
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if (str_is(key, rules[i].key))
            return rules[i].rule;
    return NULL;
}

static bool
key_unknown(Arena *arena, Str key, GError **error)
{
    static const char *const own[] = {"source", "currency",  "zone",          "decimal",
                                      "dates",  "order",     "cancelled",     "test",
                                      "draft",  "line.skip", "line.shipping", "line.no_product"};
    const char *names[G_N_ELEMENTS(own) + ORDER_FIELDS_MOST + 1] = {0};
    size_t count = 0;
    for (; count < G_N_ELEMENTS(own); count++)
        names[count] = own[count];
    for (size_t n = 0; order_field_nth(n); n++)
        names[count++] = order_field_nth(n)->name;
    const char *near = nearest_name(names, key);
    return fail(error, ERR_INPUT, "there is no key '" STR_FMT "'%s%s%s; the manual lists them",
                STR_ARG(key), near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

static bool
map_put(Arena *arena, const FormatTable *table, Map *map, Str key, Str value, GError **error)
{
    bool is_setting = false;
    if (!map_setting(arena, map, key, value, &is_setting, error))
        return false;
    if (is_setting)
        return true;
    const CellRule **rule = map_rule(map, key);
    if (rule)
        return cell_rule_parse(arena, table, value, rule, error);
    if (str_is(key, "order"))
        return cell_template_parse(arena, table, value, &map->order, error);
    const OrderField *field = order_field_find(key);
    if (!field)
        return key_unknown(arena, key, error);
    if (map->field_count == FIELDS_MOST)
        return fail(error, ERR_INPUT, "more than %d fields", FIELDS_MOST);
    Mapped *mapped = &map->fields[map->field_count++];
    mapped->field = field;
    return cell_template_parse(arena, table, value, &mapped->template, error);
}

/* `key = "value"`; the quotes may be left out, what stands behind them is a comment. */
static bool
map_line(Arena *arena, const FormatTable *table, Map *map, Str line, GError **error)
{
    Str value = line, key;
    line = str_trim(line);
    if (!line.len || line.at[0] == '#')
        return true;
    value = line;
    str_split(&value, '=', &key);
    key = str_trim(key);
    value = str_trim(value.at ? value : (Str){0});
    if (!key.len || !value.len)
        return fail(error, ERR_INPUT, "a line is KEY = \"VALUE\" or a comment behind #");
    if (value.at[0] == '"') {
        const char *end = memrchr(value.at + 1, '"', value.len - 1);
        if (!end)
            return fail(error, ERR_INPUT, "the value has no closing quote");
        /* A comment behind may have quotes of its own. */
        const char *hash = memchr(value.at, '#', value.len), *close = NULL;
        if (hash && (close = memrchr(value.at + 1, '"', (size_t)(hash - value.at - 1))))
            end = close;
        value = str_sub(value, 1, (size_t)(end - value.at) - 1);
    }
    return map_put(arena, table, map, key, value, error) || fail_at(error, STR_FMT, STR_ARG(key));
}

static bool
columns_open(Arena *arena, FormatTable *table, Str text, GError **error)
{
    Map *map = arena_new_of(arena, Map, 1);
    int number = 1;
    *map = (Map){.source = STR("columns"), .style = {.zone = table->shop.zone, .decimal = '.'}};
    memcpy(map->style.currency, table->shop.currency, sizeof map->style.currency);
    for (Str rest = text, line; str_split(&rest, '\n', &line); number++)
        if (!map_line(arena, table, map, arena_copy(arena, line), error))
            return fail_at(error, "line %d of the map", number);
    if (!map->order)
        return fail(error, ERR_INPUT,
                    "the map does not say which rows are one order: order = \"{COLUMN}\"");
    table->own = map;
    table->unknown_count = 0; /* what a map leaves out, it means to */
    return true;
}

/* An order is a test or a draft if all of its rows are. */
static bool
cell_rule_holds_all(const CellRule *rule, const FormatRecord *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (!cell_rule_holds(rule, &record->rows[i]))
            return false;
    return rule != NULL;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static Str
columns_key(Arena *arena, const FormatTable *table, const FormatRow *row)
{
    const Map *map = table->own;
    return cell_template_run(arena, map->order, row);
}

static bool
fields_read(Arena *arena, const Map *map, const FormatRow *row, bool lines, Order *order,
            OrderLine *line, FieldsTold *told, GError **error)
{
    for (size_t i = 0; i < map->field_count; i++) {
        const OrderField *field = map->fields[i].field;
        if ((field->of == OF_LINE) != lines)
            continue;
        Str text = cell_template_run(arena, map->fields[i].template, row);
        if (!text.len)
            continue;
        told->is[order_field_index(field)] = true;
        if (!order_field_set(arena, field, text, &map->style, order_field_noun(field, order, line),
                             error))
            return fail_at(error, "line %" G_GINT64_FORMAT, row->line);
    }
    return true;
}

static bool
line_sum(const OrderLine *line, int64_t *sum, GError **error)
{
    int64_t whole;
    if (__builtin_mul_overflow(line->price, line->quantity, &whole) ||
        __builtin_sub_overflow(whole, line->discount, &whole) ||
        __builtin_add_overflow(*sum, whole, sum))
        return fail(error, ERR_INPUT, "the amounts of the lines are too large");
    return true;
}

/* One row: a line, carriage, or nothing. */
static bool
row_read(Arena *arena, const Map *map, const FormatRow *row, Order *order, OrderLine *lines,
         size_t *count, FieldsTold *told, GError **error)
{
    OrderLine line = {.quantity = 1, .ships = true};
    if (cell_rule_holds(map->skip_line, row))
        return true;
    if (!fields_read(arena, map, row, true, order, &line, told, error))
        return false;
    if (cell_rule_holds(map->shipping_line, row)) {
        if (!order->shipping_title.len)
            order->shipping_title = line.title;
        return line_sum(&line, &order->shipping, error);
    }
    /* Whatever the template says, what is no product of the shop must not become one. */
    if (cell_rule_holds(map->no_product, row)) {
        line.product_foreign_id = line.variant_foreign_id = line.sku = (Str){0};
        line.ships = false;
    }
    if (!line.title.len)
        line.title = line.sku.len ? line.sku : STR("-");
    if (!line.foreign_id.len)
        line.foreign_id = str_of(arena_format(arena, "%zu", *count + 1));
    lines[(*count)++] = line;
    return true;
}

static bool
columns_read(Arena *arena, const FormatRecord *record, FormatFacts *ret, GError **error)
{
    const Map *map = record->table->own;
    Order *order = arena_new_of(arena, Order, 1);
    OrderLine *lines = arena_new_of(arena, OrderLine, record->count);
    FieldsTold told = {{0}};
    size_t count = 0;
    if (!fields_read(arena, map, &record->rows[0], false, order, NULL, &told, error))
        return false;
    if (!order->foreign_id.len)
        order->foreign_id = cell_template_run(arena, map->order, &record->rows[0]);
    for (size_t i = 0; i < record->count; i++)
        if (!row_read(arena, map, &record->rows[i], order, lines, &count, &told, error))
            return false;
    if (!order->currency.len)
        order->currency = str_of(map->style.currency);
    if (cell_rule_holds(map->cancelled, &record->rows[0]) && !order->cancelled_at)
        order->cancelled_at = order->placed_at;
    if (!order->cancelled_at && !order->quiet)
        order->quiet = cell_rule_holds_all(map->test, record)    ? QUIET_TEST
                       : cell_rule_holds_all(map->draft, record) ? QUIET_DRAFT
                                                                 : QUIET_NO;
    if (!order_complete(order, lines, count, &told, error))
        return fail_at(error, "line %" G_GINT64_FORMAT, record->rows[0].line);
    ret->facts = (Facts){.source = map->source, .orders = order, .order_count = 1};
    return true;
}

const Format format_columns = {
    .name = "columns",
    .title = "Any table of orders, by a map",
    .help = "Any program's table: --map FILE says which column is what.",
    .columns = columns,
    .has_map = true,
    .open = columns_open,
    .key = columns_key,
    .read = columns_read,
};
