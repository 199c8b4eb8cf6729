/* cell_template.c - texts with columns in braces: "c{CustomerID | integer}@retail.test"; see format.h. */
#include "base/limits.h"
#include "base/nearest.h"
#include "base/text.h"
#include "plug/format/format.h"

#include <string.h>

enum { PARTS_MOST = 16, FILTERS_MOST = 6 };

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

struct CellTemplate {
    Part parts[PARTS_MOST];
    size_t count;
};

/* ---- places ------------------------------------------------------------------------------------------------------ */

static int
place_find(const FormatTable *table, Str name)
{
    for (size_t i = 0; i < table->width; i++)
        if (name.len && table->header[i].len == name.len &&
            g_ascii_strncasecmp(table->header[i].at, name.at, name.len) == 0)
            return (int)i;
    return -1;
}

bool
cell_place(Arena *arena, const FormatTable *table, Str name, int *ret, GError **error)
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

Str
cell_unquote(Str text)
{
    text = str_trim(text);
    bool quoted = text.len >= 2 && (text.at[0] == '\'' || text.at[0] == '"') &&
                  text.at[text.len - 1] == text.at[0];
    return quoted ? str_sub(text, 1, text.len - 2) : text;
}

Str
cell_raw(const FormatRow *row, int place)
{
    return (size_t)place < row->count ? str_trim(row->cells[place]) : (Str){0};
}

/* ---- parsing ----------------------------------------------------------------------------------------------------- */

static bool
filter_parse(Str text, Filter *ret, GError **error)
{
    Str rest = str_trim(text), name;
    str_split(&rest, ':', &name);
    name = str_trim(name);
    for (int i = 0; i < FILTER_COUNT; i++) {
        if (!str_is(name, filters[i].name))
            continue;
        *ret = (Filter){(FilterKind)i, rest.at ? cell_unquote(rest) : (Str){0}};
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
    if (!cell_place(arena, table, cell_unquote(piece), &ret->place, error))
        return false;
    while (str_split(&rest, '|', &piece)) {
        if (ret->filter_count == FILTERS_MOST)
            return fail(error, ERR_INPUT, "more than %d filters", FILTERS_MOST);
        if (!filter_parse(piece, &ret->filters[ret->filter_count++], error))
            return false;
    }
    return true;
}

/* Text up to the next hole, or a hole. */
static bool
part_parse(Arena *arena, const FormatTable *table, Str *text, Part *ret, GError **error)
{
    size_t open = 0, close = 0;
    if (!str_find(*text, STR("{"), &open))
        open = text->len;
    if (open) {
        *ret = (Part){.place = -1, .text = str_sub(*text, 0, open)};
        *text = str_sub(*text, open, text->len);
        return true;
    }
    if (!str_find(*text, STR("}"), &close))
        return fail(error, ERR_INPUT, "a { has no } behind it");
    Str hole = str_sub(*text, 1, close - 1);
    *text = str_sub(*text, close + 1, text->len);
    *ret = (Part){.place = -1};
    return hole_parse(arena, table, hole, ret, error);
}

bool
cell_template_parse(Arena *arena, const FormatTable *table, Str text, const CellTemplate **ret,
                    GError **error)
{
    CellTemplate *template = arena_new_of(arena, CellTemplate, 1);
    while (text.len) {
        if (template->count == PARTS_MOST)
            return fail(error, ERR_INPUT, "the template has more than %d parts", PARTS_MOST);
        if (!part_parse(arena, table, &text, &template->parts[template->count++], error))
            return false;
    }
    *ret = template;
    return true;
}

/* ---- evaluating -------------------------------------------------------------------------------------------------- */

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
Str
cell_template_run(Arena *arena, const CellTemplate *template, const FormatRow *row)
{
    Buf buf = {.arena = arena};
    for (size_t i = 0; i < template->count; i++) {
        const Part *part = &template->parts[i];
        Str text = part->text;
        if (part->place >= 0) {
            text = cell_raw(row, part->place);
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
