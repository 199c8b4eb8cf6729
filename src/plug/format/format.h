/* format.h - tables that other programs export, as Facts.
 *
 * A format knows the columns of a table by their names (never by their places, and in any letter case) and turns the rows
 * of one record into Facts: an order with five lines is five rows. It is pure: flow/import.c reads the file, finds
 * its encoding, keeps its place in it and hands over what stands in the rows.
 *
 * A table has no versions unless it says so (updated_at): its facts fill gaps and never overwrite a newer one.
 *
 * To add one: a file like woocommerce_orders.c, a row in formats.def, a table in test/import/. doc/manual/import.md
 * lists them for owners.
 */
#pragma once

#include "base/zone.h"
#include "model.h"
#include "plug/order_field.h"
#include "plug/plug.h"

typedef struct FormatColumn {
    const char
        *names; /* "Customer ID|Id": the first as it is shown; others as older versions had it */
    bool needed;
} FormatColumn;

/* Whose table it is: what a cell means that does not say it itself. */
typedef struct FormatShop {
    char currency[4];
    const Zone *zone;
} FormatShop;

/* A table whose header was read. Lives in the arena of format_open. */
typedef struct FormatTable {
    FormatShop shop;
    const Str *header;
    size_t width;
    const int *places;  /* by the format's columns: where it stands in a row; -1: it is not there */
    const Str *unknown; /* columns that nobody reads */
    size_t unknown_count;
    const void *own; /* what the format made of the header and the map */
} FormatTable;

typedef struct FormatRow {
    int64_t line; /* of the file */
    const Str *cells;
    size_t count; /* may be less or more than the table's width */
} FormatRow;

/* Rows that tell of one thing. */
typedef struct FormatRecord {
    const FormatTable *table;
    const FormatRow *rows;
    size_t count;
} FormatRecord;

/* An address that is not to be written to, as another program kept it. */
typedef struct FormatOptOut {
    Str channel;        /* email, sms */
    Str address;        /* as told */
    bool all;           /* it does not work: no mail at all; else: no marketing */
    const char *reason; /* hard_bounce, complaint, asked, by_hand */
} FormatOptOut;

typedef struct FormatFacts {
    Facts facts; /* source is filled */
    const FormatOptOut *opt_outs;
    size_t opt_out_count;
} FormatFacts;

typedef struct Format {
    const char *name;            /* on the command line: shopify-orders */
    const char *title;           /* as people know it */
    const char *help;            /* where the owner gets the file, one or two sentences */
    const FormatColumn *columns; /* ends with {0} */
    bool has_map;                /* needs --map */
    bool has_opt_outs;           /* it is what marketing waits for */
    /* Columns that are known by a pattern, as line_item_7; NULL: none. */
    bool (*claims)(Str name);
    /* Reads map and header into table->own. ERR_INPUT names the line of the map. NULL: nothing to do. */
    bool (*open)(Arena *arena, FormatTable *table, Str map, GError **error);
    /* What the rows of one record have in common; empty: the row goes on with the record before. NULL: each row is a
     * record. The Str lives in the row or the arena. */
    Str (*key)(Arena *arena, const FormatTable *table, const FormatRow *row);
    bool (*read)(Arena *arena, const FormatRecord *record, FormatFacts *ret, GError **error);
    /* One JSON document a line instead of a table; NULL: tables only. */
    bool (*read_json)(Arena *arena, const FormatTable *table, const Json *json, FormatFacts *ret,
                      GError **error);
} Format;

const Format *format_find(Str name); /* NULL: there is none */
const Format *format_nth(size_t n);

/* Finds the columns. ERR_INPUT names a needed one that is missing, what looks like it, and what there is. */
bool format_open(Arena *arena, const Format *format, const Str *header, size_t width,
                 const FormatShop *shop, Str map, FormatTable *ret, GError **error);

/* ---- cells ------------------------------------------------------------------------------------------
 *
 * column counts in the format's columns. A column that is not there and an empty cell are both "none": the empty
 * Str, 0. A wrong cell fails with ERR_INPUT, naming line and column; *ret is untouched then. */

/* Trimmed; without the ' that keeps a spreadsheet from calculating with it ('00123, '+33612345678). */
Str cell_text(const FormatRecord *record, size_t row, int column);
/* yes, true, 1, y and their like. */
bool cell_yes(const FormatRecord *record, size_t row, int column);
bool cell_amount(const FormatRecord *record, size_t row, int column, const char *currency,
                 int64_t *ret, GError **error);
bool cell_count(const FormatRecord *record, size_t row, int column, int64_t *ret, GError **error);
bool cell_moment(const FormatRecord *record, size_t row, int column, int64_t *ret, GError **error);
/* The column's name as the file has it. */
Str cell_column(const FormatRecord *record, int column);
bool cell_fail(GError **error, const FormatRecord *record, size_t row,
               int column); /* names the place; false */

/* "Ana Maria Lima": all but the last word, the last word. */
void name_split(Str name, Str *ret_first, Str *ret_last);

/* ---- texts and conditions over the cells of a row, for maps --------------------------------------------
 *
 * ERR_INPUT says what is wrong, and names the table's columns where one is not there. */

typedef struct CellTemplate CellTemplate;
bool cell_template_parse(Arena *arena, const FormatTable *table, Str text, const CellTemplate **ret,
                         GError **error);
/* Empty as soon as one of its columns is. */
Str cell_template_run(Arena *arena, const CellTemplate *template, const FormatRow *row);

typedef struct CellRule CellRule;
bool cell_rule_parse(Arena *arena, const FormatTable *table, Str text, const CellRule **ret,
                     GError **error);
/* NULL holds for no row. */
bool cell_rule_holds(const CellRule *rule, const FormatRow *row);

/* Where a column stands in a row. */
bool cell_place(Arena *arena, const FormatTable *table, Str name, int *ret, GError **error);
/* The cell there, trimmed, as it is; empty where the row is shorter. */
Str cell_raw(const FormatRow *row, int place);
/* 'A' or "A" or A: without its quotes. */
Str cell_unquote(Str text);
