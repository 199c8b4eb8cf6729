/* Tables of other programs: any bytes as a table (and a map) of any format are read or refused with words, and what is read
 * holds: ids, currencies, sums that do not overflow. The first byte chooses the format; a map ends with a NUL. */
#include "base/csv.h"
#include "base/limits.h"
#include "base/money.h"
#include "plug/format/format.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { ROWS_MOST = 8 };

static bool
text_read(void *arg, char *to, size_t room, size_t *ret_len, GError **error)
{
    Str *text = arg;
    *ret_len = MIN(room, text->len);
    if (*ret_len)
        memcpy(to, text->at, *ret_len);
    *text = str_sub(*text, *ret_len, text->len);
    return true;
}

static FormatRow
row_copy(Arena *arena, const CsvRecord *record)
{
    Str *cells = arena_new_of(arena, Str, record->count);
    for (size_t i = 0; i < record->count; i++)
        cells[i] = arena_copy(arena, record->fields[i]);
    return (FormatRow){record->line, cells, record->count};
}

static void
order_holds(const Order *order)
{
    int64_t sum = 0;
    must(order->foreign_id.len && order->placed_at);
    must(order->currency.len == 3 && money_digits(order->currency.at) >= 0);
    must(order->line_count <= LIMIT_ORDER_LINES);
    for (size_t i = 0; i < order->line_count; i++) {
        int64_t charged;
        const OrderLine *line = &order->lines[i];
        must(line->title.len && line->foreign_id.len);
        must(!__builtin_mul_overflow(line->price, line->quantity, &charged));
        must(!__builtin_sub_overflow(charged, line->discount, &charged));
        must(!__builtin_add_overflow(sum, charged, &sum));
    }
}

static void
facts_hold(const FormatFacts *facts)
{
    must(facts->facts.source.len);
    for (size_t i = 0; i < facts->facts.order_count; i++)
        order_holds(&facts->facts.orders[i]);
    for (size_t i = 0; i < facts->facts.customer_count; i++)
        must(facts->facts.customers[i].foreign_id.len || facts->facts.customers[i].email.len);
    for (size_t i = 0; i < facts->opt_out_count; i++)
        must(facts->opt_outs[i].channel.len && facts->opt_outs[i].reason);
}

static void
record_read(Arena *arena, const Format *format, const FormatTable *table, const FormatRow *rows,
            size_t count)
{
    g_autoptr(GError) error = NULL;
    FormatRecord record = {table, rows, count};
    FormatFacts facts = {0};
    if (format->read(arena, &record, &facts, &error))
        facts_hold(&facts);
    else
        must(error && error->message[0]);
}

static void
table_read(Arena *arena, const Format *format, CsvReader *csv, Str map)
{
    g_autoptr(GError) error = NULL;
    FormatShop shop = {"EUR", zone_get("Europe/Paris", NULL)};
    FormatTable table;
    FormatRow rows[ROWS_MOST];
    CsvRecord record;
    size_t count = 0;
    Str before = {0};
    if (!csv_next(csv, &record) || record.problem)
        return;
    FormatRow header = row_copy(arena, &record);
    if (!format_open(arena, format, header.cells, header.count, &shop, map, &table, &error)) {
        must(error && error->message[0]);
        return;
    }
    while (csv_next(csv, &record) && !arena_over(arena)) {
        FormatRow row = row_copy(arena, &record);
        Str key = format->key ? format->key(arena, &table, &row) : (Str){0};
        bool goes_on =
            format->key && count && count < ROWS_MOST && (!key.len || str_eq(key, before));
        if (count && !goes_on) {
            record_read(arena, format, &table, rows, count);
            count = 0;
        }
        before = key.len ? key : before;
        rows[count++] = row;
    }
    if (count)
        record_read(arena, format, &table, rows, count);
}

static void
json_read(Arena *arena, const Format *format, Str text)
{
    FormatTable table = {.shop = {"EUR", zone_utc()}};
    FormatFacts facts = {0};
    const Json *json = json_parse(arena, text.at, text.len, NULL);
    if (json && format->read_json && format->read_json(arena, &table, json, &facts, NULL))
        facts_hold(&facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    size_t count = 0;
    while (format_nth(count))
        count++;
    if (len < 1)
        return 0;
    const Format *format = format_nth(bytes[0] % count);
    g_autoptr(Arena) arena = arena_new(16 * 1024 * 1024);
    Str text = arena_copy(arena, (Str){(const char *)bytes + 1, len - 1}), map = {0};
    if (format->has_map && memchr(text.at, '\0', text.len))
        str_split(&text, '\0', &map);
    json_read(arena, format, text);
    CsvSource source = {text_read, &text};
    g_autoptr(CsvReader) csv = csv_new(&source, 0);
    table_read(arena, format, csv, map);
    return 0;
}
