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

enum { PARTS_MOST = 16, FILTERS_MOST = 6, TERMS_MOST = 24, FIELDS_MOST = 64 };

/* ---- templates ------------------------------------------------------------------------------------------------ */

typedef enum FilterKind {
    INTEGER,
    LOWER,
    UPPER,
    TRIM,
    REMOVE,
    FIRST,
    DEFAULT,
    FILTER_COUNT
} FilterKind;

static const struct {
    const char *name;
    bool takes; /* an argument */
} filters[FILTER_COUNT] = {
    [INTEGER] = {"integer", false}, [LOWER] = {"lower", false},  [UPPER] = {"upper", false},
    [TRIM] = {"trim", false},       [REMOVE] = {"remove", true}, [FIRST] = {"first", true},
    [DEFAULT] = {"default", true},
};

typedef struct Filter {
    FilterKind kind;
    Str text; /* its argument */
} Filter;

typedef struct Part {
    int place; /* column of the table; -1: the text */
    Str text;
    Filter filters[FILTERS_MOST];
    size_t filter_count;
} Part;

typedef struct Template {
    Part parts[PARTS_MOST];
    size_t count;
} Template;

/* ---- rules ----------------------------------------------------------------------------------------------------- */

typedef enum Op {
    IS,
    IS_NOT,
    IN,
    NOT_IN,
    STARTS,
    ENDS,
    CONTAINS,
    EMPTY,
    FILLED,
    LESS,
    LESS_IS,
    MORE,
    MORE_IS,
    OP_COUNT
} Op;

static const struct {
    const char *words;
    bool takes;
} ops[OP_COUNT] = {
    [IS] = {"is", true},
    [IS_NOT] = {"is not", true},
    [IN] = {"in", true},
    [NOT_IN] = {"not in", true},
    [STARTS] = {"starts", true},
    [ENDS] = {"ends", true},
    [CONTAINS] = {"contains", true},
    [EMPTY] = {"empty", false},
    [FILLED] = {"filled", false},
    [LESS] = {"<", true},
    [LESS_IS] = {"<=", true},
    [MORE] = {">", true},
    [MORE_IS] = {">=", true},
};

typedef struct Term {
    int place;
    Op op;
    Str value;
    double number;
    bool starts_or; /* what stands before it is an alternative of its own */
} Term;

/* Alternatives of terms that hold all. */
typedef struct Rule {
    Term terms[TERMS_MOST];
    size_t count;
} Rule;

/* ---- the map ------------------------------------------------------------------------------------------------------ */

typedef struct Mapped {
    const OrderField *field;
    Template template;
} Mapped;

typedef struct Map {
    Str source;
    FieldStyle style;
    Template order;
    Mapped fields[FIELDS_MOST];
    size_t field_count;
    Rule cancelled, test, draft, skip_line, shipping_line, no_product;
} Map;

static const FormatColumn columns[] = {{0}};

static int
place_find(const FormatTable *table, Str name)
{
    for (size_t i = 0; i < table->width; i++)
        if (name.len && table->header[i].len == name.len &&
            g_ascii_strncasecmp(table->header[i].at, name.at, name.len) == 0)
            return (int)i;
    return -1;
}

static bool
place_get(Arena *arena, const FormatTable *table, Str name, int *ret, GError **error)
{
    *ret = place_find(table, name);
    if (*ret >= 0)
        return true;
    Buf known = {.arena = arena};
    const char **list = arena_new_of(arena, const char *, table->width + 1);
    for (size_t i = 0; i < table->width; i++) {
        list[i] = arena_cstr(arena, table->header[i]);
        buf_format(&known, "%s%s", i ? ", " : "", list[i]);
    }
    const char *near = nearest_name(list, name);
    return fail(error, ERR_INPUT,
                "the table has no column '" STR_FMT "'%s%s%s; its columns are: " STR_FMT,
                STR_ARG(name), near ? "; did you mean '" : "", near ? near : "", near ? "'" : "",
                STR_ARG(text_cut(buf_str(&known), 1500)));
}

/* 'A' or "A" or A: without its quotes. */
static Str
unquote(Str text)
{
    text = str_trim(text);
    bool quoted = text.len >= 2 && (text.at[0] == '\'' || text.at[0] == '"') &&
                  text.at[text.len - 1] == text.at[0];
    return quoted ? str_sub(text, 1, text.len - 2) : text;
}

static bool
filter_parse(Str text, Filter *ret, GError **error)
{
    Str rest = str_trim(text), name;
    str_split(&rest, ':', &name);
    name = str_trim(name);
    for (int i = 0; i < FILTER_COUNT; i++) {
        if (!str_is(name, filters[i].name))
            continue;
        *ret = (Filter){(FilterKind)i, rest.at ? unquote(rest) : (Str){0}};
        return filters[i].takes == (ret->text.len > 0) ||
               fail(error, ERR_INPUT, "the filter %s takes %s", filters[i].name,
                    filters[i].takes ? "a value, as in remove: 'x'" : "no value");
    }
    return fail(error, ERR_INPUT,
                "there is no filter '" STR_FMT
                "'; there are integer, lower, upper, trim, remove, first and default",
                STR_ARG(name));
}

static bool
hole_parse(Arena *arena, const FormatTable *table, Str text, Part *ret, GError **error)
{
    Str rest = text, piece;
    str_split(&rest, '|', &piece);
    if (!place_get(arena, table, unquote(piece), &ret->place, error))
        return false;
    while (str_split(&rest, '|', &piece)) {
        if (ret->filter_count == FILTERS_MOST)
            return fail(error, ERR_INPUT, "more than %d filters", FILTERS_MOST);
        if (!filter_parse(piece, &ret->filters[ret->filter_count++], error))
            return false;
    }
    return true;
}

static bool
template_parse(Arena *arena, const FormatTable *table, Str text, Template *ret, GError **error)
{
    while (text.len) {
        size_t open = 0, close = 0;
        if (ret->count + 2 > PARTS_MOST)
            return fail(error, ERR_INPUT, "the template has too many parts");
        if (!str_find(text, STR("{"), &open))
            open = text.len;
        if (open)
            ret->parts[ret->count++] = (Part){.place = -1, .text = str_sub(text, 0, open)};
        text = str_sub(text, open, text.len);
        if (!text.len)
            break;
        if (!str_find(text, STR("}"), &close))
            return fail(error, ERR_INPUT, "a { has no } behind it");
        Part part = {0};
        if (!hole_parse(arena, table, str_sub(text, 1, close - 1), &part, error))
            return false;
        ret->parts[ret->count++] = part;
        text = str_sub(text, close + 1, text.len);
    }
    return true;
}

/* Reads one word or quoted text off the front. */
static Str
word_take(Str *rest)
{
    *rest = str_trim(*rest);
    size_t len = 0;
    if (rest->len && (rest->at[0] == '\'' || rest->at[0] == '"')) {
        const char *end = memchr(rest->at + 1, rest->at[0], rest->len - 1);
        len = end ? (size_t)(end - rest->at) + 1 : rest->len;
    } else {
        while (len < rest->len && !g_ascii_isspace(rest->at[len]))
            len++;
    }
    Str word = str_sub(*rest, 0, len);
    *rest = str_sub(*rest, len, rest->len);
    return word;
}

/* The longest op whose words the text begins with. */
static bool
op_take(Str *rest, Op *ret, GError **error)
{
    size_t best = 0;
    Str text = str_trim(*rest);
    for (int i = 0; i < OP_COUNT; i++) {
        size_t len = strlen(ops[i].words);
        bool whole = text.len == len || (text.len > len && (g_ascii_isspace(text.at[len]) ||
                                                            !g_ascii_isalpha(ops[i].words[0])));
        if (!str_starts(text, ops[i].words) || !whole || len <= best)
            continue;
        best = len;
        *ret = (Op)i;
    }
    *rest = str_sub(text, best, text.len);
    return best > 0 ||
           fail(error, ERR_INPUT,
                "behind the column comes is, is not, in, not in, starts, ends, contains, empty, "
                "filled, <, <=, > or >=; here stands '" STR_FMT "'",
                STR_ARG(str_sub(text, 0, 40)));
}

/* A list behind `in` goes on as long as commas do. */
static Str
value_take(Str *rest)
{
    Str start = str_trim(*rest);
    *rest = start;
    for (;;) {
        Str word = word_take(rest);
        Str after = str_trim(*rest);
        if (str_ends(word, ",") && after.len)
            continue;
        if (!str_starts(after, ","))
            break;
        *rest = str_sub(after, 1, after.len);
    }
    size_t used = rest->at ? (size_t)(rest->at - start.at) : start.len;
    return str_sub(start, 0, used);
}

static bool
rule_parse(Arena *arena, const FormatTable *table, Str text, Rule *ret, GError **error)
{
    bool starts_or = false;
    for (Str rest = str_trim(text); rest.len;) {
        Term term = {.starts_or = starts_or};
        if (ret->count == TERMS_MOST)
            return fail(error, ERR_INPUT, "the rule has more than %d terms", TERMS_MOST);
        if (!place_get(arena, table, unquote(word_take(&rest)), &term.place, error) ||
            !op_take(&rest, &term.op, error))
            return false;
        if (ops[term.op].takes) {
            bool list = term.op == IN || term.op == NOT_IN;
            term.value = list ? value_take(&rest) : unquote(word_take(&rest));
            if (term.op >= LESS) {
                char *end = NULL;
                const char *number = arena_cstr(arena, term.value);
                term.number = g_ascii_strtod(number, &end);
                if (end == number || *end)
                    return fail(error, ERR_INPUT, "'%s' is no number", number);
            }
        }
        ret->terms[ret->count++] = term;
        Str link = word_take(&rest);
        starts_or = str_is(link, "or");
        if (link.len && !starts_or && !str_is(link, "and"))
            return fail(error, ERR_INPUT,
                        "between two conditions comes and or or, not '" STR_FMT "'", STR_ARG(link));
        if (link.len && !str_trim(rest).len)
            return fail(error, ERR_INPUT, "nothing stands behind " STR_FMT, STR_ARG(link));
    }
    return ret->count > 0 || fail(error, ERR_INPUT, "the rule is empty");
}

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

static Rule *
map_rule(Map *map, Str key)
{
    const struct {
        const char *key;
        Rule *rule;
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
    Rule *rule = map_rule(map, key);
    if (rule)
        return rule_parse(arena, table, value, rule, error);
    if (str_is(key, "order"))
        return template_parse(arena, table, value, &map->order, error);
    const OrderField *field = order_field_find(key);
    if (!field)
        return key_unknown(arena, key, error);
    if (map->field_count == FIELDS_MOST)
        return fail(error, ERR_INPUT, "more than %d fields", FIELDS_MOST);
    Mapped *mapped = &map->fields[map->field_count++];
    mapped->field = field;
    return template_parse(arena, table, value, &mapped->template, error);
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
    if (!map->order.count)
        return fail(error, ERR_INPUT,
                    "the map does not say which rows are one order: order = \"{COLUMN}\"");
    table->own = map;
    table->unknown_count = 0; /* what a map leaves out, it means to */
    return true;
}

/* ---- evaluating ---------------------------------------------------------------------------------------------------- */

static Str
cell_at(const FormatRow *row, int place)
{
    return (size_t)place < row->count ? str_trim(row->cells[place]) : (Str){0};
}

/* 17850.0 is 17850, 1e3 stays: only zeros are left out. */
static Str
integer_of(Str text)
{
    size_t dot;
    if (!str_find(text, STR("."), &dot))
        return text;
    for (size_t i = dot + 1; i < text.len; i++)
        if (text.at[i] != '0')
            return text;
    return str_sub(text, 0, dot);
}

static Str
removed(Arena *arena, Str text, Str what)
{
    Buf buf = {.arena = arena};
    size_t at;
    while (str_find(text, what, &at) && text.len) {
        buf_add_str(&buf, str_sub(text, 0, at));
        text = str_sub(text, at + what.len, text.len);
    }
    buf_add_str(&buf, text);
    return buf_str(&buf);
}

static Str
filter_run(Arena *arena, const Filter *filter, Str text)
{
    switch (filter->kind) {
    case INTEGER:
        return integer_of(text);
    case LOWER:
        return text_lower(arena, text);
    case UPPER: {
        g_autofree char *upper = g_ascii_strup(text.len ? text.at : "", (gssize)text.len);
        return arena_copy(arena, str_of(upper));
    }
    case REMOVE:
        return removed(arena, text, filter->text);
    case FIRST:
        return text_cut(text,
                        (size_t)CLAMP(g_ascii_strtoll(arena_cstr(arena, filter->text), NULL, 10), 0,
                                      LIMIT_TEXT_BYTES));
    case DEFAULT:
        return text.len ? text : filter->text;
    default:
        return str_trim(text);
    }
}

/* Empty as soon as one of its columns is. */
static Str
template_run(Arena *arena, const Template *template, const FormatRow *row)
{
    Buf buf = {.arena = arena};
    for (size_t i = 0; i < template->count; i++) {
        const Part *part = &template->parts[i];
        Str text = part->text;
        if (part->place >= 0) {
            text = cell_at(row, part->place);
            for (size_t n = 0; n < part->filter_count; n++)
                text = filter_run(arena, &part->filters[n], text);
            if (!text.len)
                return text;
        }
        if (template->count == 1)
            return text;
        buf_add_str(&buf, text);
    }
    return buf_str(&buf);
}

static bool
value_in(Str list, Str cell)
{
    for (Str part; str_split(&list, ',', &part);)
        if (str_eq(unquote(part), cell))
            return true;
    return false;
}

static bool
number_of(Str cell, double *ret)
{
    char text[40];
    if (!cell.len || cell.len >= sizeof text)
        return false;
    memcpy(text, cell.at, cell.len);
    text[cell.len] = '\0';
    char *end = NULL;
    *ret = g_ascii_strtod(text, &end);
    return end != text && !*end;
}

static bool
term_holds(const Term *term, const FormatRow *row)
{
    Str cell = cell_at(row, term->place);
    double number = 0;
    size_t at;
    switch (term->op) {
    case IS:
        return str_eq(cell, term->value);
    case IS_NOT:
        return !str_eq(cell, term->value);
    case IN:
        return value_in(term->value, cell);
    case NOT_IN:
        return !value_in(term->value, cell);
    case STARTS:
        return cell.len >= term->value.len && memcmp(cell.at, term->value.at, term->value.len) == 0;
    case ENDS:
        return cell.len >= term->value.len &&
               memcmp(cell.at + cell.len - term->value.len, term->value.at, term->value.len) == 0;
    case CONTAINS:
        return str_find(cell, term->value, &at);
    case EMPTY:
        return !cell.len;
    case FILLED:
        return cell.len > 0;
    default:
        break;
    }
    if (!number_of(cell, &number))
        return false;
    return term->op == LESS      ? number < term->number
           : term->op == LESS_IS ? number <= term->number
           : term->op == MORE    ? number > term->number
                                 : number >= term->number;
}

static bool
rule_holds(const Rule *rule, const FormatRow *row)
{
    bool holds = rule->count > 0;
    for (size_t i = 0; i < rule->count; i++) {
        if (rule->terms[i].starts_or) {
            if (holds)
                return true;
            holds = true;
        }
        holds = holds && term_holds(&rule->terms[i], row);
    }
    return holds;
}

/* An order is a test or a draft if all of its rows are. */
static bool
rule_holds_all(const Rule *rule, const FormatRecord *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (!rule_holds(rule, &record->rows[i]))
            return false;
    return rule->count > 0;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static Str
columns_key(Arena *arena, const FormatTable *table, const FormatRow *row)
{
    const Map *map = table->own;
    return template_run(arena, &map->order, row);
}

static bool
fields_read(Arena *arena, const Map *map, const FormatRow *row, bool lines, Order *order,
            OrderLine *line, FieldsTold *told, GError **error)
{
    for (size_t i = 0; i < map->field_count; i++) {
        const OrderField *field = map->fields[i].field;
        if ((field->of == OF_LINE) != lines)
            continue;
        Str text = template_run(arena, &map->fields[i].template, row);
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
    if (rule_holds(&map->skip_line, row))
        return true;
    if (!fields_read(arena, map, row, true, order, &line, told, error))
        return false;
    if (rule_holds(&map->shipping_line, row)) {
        if (!order->shipping_title.len)
            order->shipping_title = line.title;
        return line_sum(&line, &order->shipping, error);
    }
    /* Whatever the template says, what is no product of the shop must not become one. */
    if (rule_holds(&map->no_product, row)) {
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
        order->foreign_id = template_run(arena, &map->order, &record->rows[0]);
    for (size_t i = 0; i < record->count; i++)
        if (!row_read(arena, map, &record->rows[i], order, lines, &count, &told, error))
            return false;
    if (!order->currency.len)
        order->currency = str_of(map->style.currency);
    if (map->cancelled.count && rule_holds(&map->cancelled, &record->rows[0]) &&
        !order->cancelled_at)
        order->cancelled_at = order->placed_at;
    if (!order->cancelled_at && !order->quiet)
        order->quiet = rule_holds_all(&map->test, record)    ? QUIET_TEST
                       : rule_holds_all(&map->draft, record) ? QUIET_DRAFT
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
