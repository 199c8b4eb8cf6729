/* format.c - the list of formats, and what they share; see format.h. */
#include "plug/format/format.h"

#include "base/limits.h"
#include "base/money.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/when.h"

#include <string.h>

#define ROW(name) extern const Format format_##name;
#include "plug/format/formats.def"
#undef ROW

static const Format *const formats[] = {
#define ROW(name) &format_##name,
#include "plug/format/formats.def"
#undef ROW
};

const Format *
format_find(Str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        if (str_is(name, formats[i]->name))
            return formats[i];
    return NULL;
}

const Format *
format_nth(size_t n)
{
    return n < G_N_ELEMENTS(formats) ? formats[n] : NULL;
}

/* ---- the header ---------------------------------------------------------------------------------------- */

static int
header_find(const FormatTable *table, Str name)
{
    for (size_t i = 0; i < table->width; i++)
        if (table->header[i].len == name.len &&
            (!name.len || g_ascii_strncasecmp(table->header[i].at, name.at, name.len) == 0))
            return (int)i;
    return -1;
}

static int
column_find(const FormatTable *table, const char *names)
{
    for (Str rest = str_of(names), name; str_split(&rest, '|', &name);) {
        int place = header_find(table, name);
        if (place >= 0)
            return place;
    }
    return -1;
}

static const char *
header_list(Arena *arena, const FormatTable *table)
{
    Buf buf = {.arena = arena};
    for (size_t i = 0; i < table->width; i++)
        buf_format(&buf, "%s" STR_FMT, i ? ", " : "", STR_ARG(table->header[i]));
    Str cut = text_cut(buf_str(&buf), 1500);
    return arena_format(arena, STR_FMT "%s", STR_ARG(cut), cut.len < buf.len ? ", ..." : "");
}

/* How many of a format's columns the table has; 0 where one that is needed is not among them. */
static size_t
columns_count(const FormatTable *table, const Format *format)
{
    size_t count = 0;
    for (const FormatColumn *column = format->columns; column->names; column++)
        if (column_find(table, column->names) >= 0)
            count++;
        else if (column->needed)
            return 0;
    return count;
}

/* The format that the table looks like, for somebody who named another one; NULL: like none. */
static const Format *
format_guess(const FormatTable *table)
{
    const Format *best = NULL;
    size_t most = 1; /* a column of addresses has every table */
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        size_t count = columns_count(table, formats[i]);
        if (count <= most)
            continue;
        most = count;
        best = formats[i];
    }
    return best;
}

static bool
column_missing(Arena *arena, const FormatTable *table, const char *names, GError **error)
{
    Str rest = str_of(names), first;
    const char **list = arena_new_of(arena, const char *, table->width + 1);
    for (size_t i = 0; i < table->width; i++)
        list[i] = arena_cstr(arena, table->header[i]);
    str_split(&rest, '|', &first);
    const char *near = nearest_name(list, first);
    const Format *other = near ? NULL : format_guess(table);
    return fail(error, ERR_INPUT,
                "the table has no column '" STR_FMT "'%s%s%s%s%s; its columns are: %s",
                STR_ARG(first), near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "",
                other ? "; it looks like --format " : "", other ? other->name : "",
                header_list(arena, table));
}

/* A name twice: nobody could say which one is meant. */
static bool
header_check(const FormatTable *table, const Format *format, GError **error)
{
    for (const FormatColumn *column = format->columns; column->names; column++) {
        int place = column_find(table, column->names);
        if (place < 0)
            continue;
        for (size_t i = (size_t)place + 1; i < table->width; i++)
            if (table->header[i].len == table->header[place].len &&
                g_ascii_strncasecmp(table->header[i].at, table->header[place].at,
                                    table->header[i].len) == 0)
                return fail(error, ERR_INPUT, "the table has the column '" STR_FMT "' twice",
                            STR_ARG(table->header[i]));
    }
    return true;
}

bool
format_open(Arena *arena, const Format *format, const Str *header, size_t width,
            const FormatShop *shop, Str map, FormatTable *ret, GError **error)
{
    size_t count = 0, unknown_count = 0;
    while (format->columns[count].names)
        count++;
    int *places = arena_new_of(arena, int, count + 1);
    bool *known = arena_new_of(arena, bool, width + 1);
    Str *names = arena_new_of(arena, Str, width + 1),
        *unknown = arena_new_of(arena, Str, width + 1);
    for (size_t i = 0; i < width; i++)
        names[i] = text_line(arena, header[i], 200);
    *ret = (FormatTable){.shop = *shop, .header = names, .width = width, .places = places};
    for (size_t i = 0; i < count; i++) {
        places[i] = column_find(ret, format->columns[i].names);
        if (places[i] >= 0)
            known[places[i]] = true;
        else if (format->columns[i].needed)
            return column_missing(arena, ret, format->columns[i].names, error);
    }
    if (!header_check(ret, format, error))
        return false;
    /* A file of our own rejects, mended. */
    if (width > 2 && str_is(names[0], "line") && str_is(names[1], "reason"))
        known[0] = known[1] = true;
    for (size_t i = 0; i < width; i++)
        if (names[i].len && !known[i] && !(format->claims && format->claims(names[i])))
            unknown[unknown_count++] = names[i];
    ret->unknown = unknown;
    ret->unknown_count = unknown_count;
    return !format->open || format->open(arena, ret, map, error);
}

/* ---- cells ----------------------------------------------------------------------------------------------- */

Str
cell_text(const FormatRecord *record, size_t row, int column)
{
    int place = record->table->places[column];
    const FormatRow *from = &record->rows[row];
    if (place < 0 || (size_t)place >= from->count)
        return (Str){0};
    Str text = str_trim(from->cells[place]);
    if (text.len > 1 && text.at[0] == '\'')
        text = str_sub(text, 1, text.len);
    return text_cut(text, LIMIT_TEXT_BYTES);
}

Str
cell_column(const FormatRecord *record, int column)
{
    int place = record->table->places[column];
    return place >= 0 ? record->table->header[place] : (Str){0};
}

bool
cell_fail(GError **error, const FormatRecord *record, size_t row, int column)
{
    return fail_at(error, "line %" G_GINT64_FORMAT ", " STR_FMT, record->rows[row].line,
                   STR_ARG(cell_column(record, column)));
}

bool
cell_yes(const FormatRecord *record, size_t row, int column)
{
    static const char *const yes[] = {"yes", "true", "1", "y", "subscribed"};
    Str text = cell_text(record, row, column);
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++)
        if (str_eq_nocase(text, yes[i]))
            return true;
    return false;
}

bool
cell_amount(const FormatRecord *record, size_t row, int column, const char *currency, int64_t *ret,
            GError **error)
{
    Str text = cell_text(record, row, column);
    Money money = {0};
    if (text.len && !money_parse_rounded(text, currency, &money, error))
        return cell_fail(error, record, row, column);
    /* So that a sum of LIMIT_ORDER_LINES of them cannot overflow. */
    if (money.minor > INT64_MAX / 4096 || money.minor < INT64_MIN / 4096) {
        fail(error, ERR_INPUT, "the amount is too large");
        return cell_fail(error, record, row, column);
    }
    *ret = money.minor;
    return true;
}

bool
cell_count(const FormatRecord *record, size_t row, int column, int64_t *ret, GError **error)
{
    Str text = cell_text(record, row, column);
    int64_t number = 0;
    bool good = text.len <= 18;
    for (size_t i = 0; i < text.len && good; i++) {
        good = g_ascii_isdigit(text.at[i]);
        number = number * 10 + g_ascii_digit_value(text.at[i]);
    }
    if (!good) {
        fail(error, ERR_INPUT, "'" STR_FMT "' is no whole number", STR_ARG(str_sub(text, 0, 60)));
        return cell_fail(error, record, row, column);
    }
    *ret = number;
    return true;
}

bool
cell_moment(const FormatRecord *record, size_t row, int column, int64_t *ret, GError **error)
{
    Str text = cell_text(record, row, column);
    int64_t at = 0;
    if (text.len && !when_parse(text, record->table->shop.zone, &at, error))
        return cell_fail(error, record, row, column);
    *ret = at;
    return true;
}

void
name_split(Str name, Str *ret_first, Str *ret_last)
{
    name = str_trim(name);
    size_t at = name.len;
    while (at > 0 && name.at[at - 1] != ' ')
        at--;
    *ret_first = at ? str_trim(str_sub(name, 0, at)) : name;
    *ret_last = at ? str_sub(name, at, name.len) : (Str){0};
}
