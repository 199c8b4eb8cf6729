/* import_read.c - a file as records: bytes, encoding, rows, rows of one record together; see import.h.
 *
 * The rows of one order mostly stand together. Where they do not, a first pass over the keys has found out which records are
 * scattered, and their rows are held until the last one came: so an order is told whole, and once.
 */
#include "base/csv.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/file.h"
#include "flow/import_inside.h"

#include <string.h>

enum { PIECE_BYTES = 256 * 1024, JSON_DELIMITER = 1 };

/* ---- the first look ----------------------------------------------------------------------------------- */

/* What people hand over instead of a table, by its first bytes. */
static bool
table_check(const char *path, Str head, GError **error)
{
    static const struct {
        const char *begin;
        const char *what;
    } others[] = {
        {"PK\x03\x04",
         "a spreadsheet or a zip: unpack it, or save it as CSV (Excel: Save as, CSV UTF-8)"},
        {"\xd0\xcf\x11\xe0", "an old Excel file: save it as CSV (Excel: Save as, CSV UTF-8)"},
        {"\x1f\x8b", "packed with gzip: `gunzip -c FILE | postlude import ... -` reads it"},
        {"%PDF", "a PDF: export the table as CSV"},
        {"<!DOCTYPE", "a web page, probably one that asks to sign in: download the table again"},
        {"<html", "a web page, probably one that asks to sign in: download the table again"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if (str_starts(head, others[i].begin))
            return fail(error, ERR_INPUT, "%s is %s", path, others[i].what);
    return true;
}

bool
import_file_look(const char *path, const char *charset, ImportFile *ret, GError **error)
{
    g_autoptr(FileIn) file = file_in_open(path, error);
    g_autoptr(DigestSum) sum = digest_sum_new();
    g_autofree char *bytes = g_malloc(PIECE_BYTES);
    CharsetGuess guess = {0};
    size_t len = 0;
    bool seen = false;
    if (!file)
        return false;
    *ret = (ImportFile){.path = path, .bytes = file_in_bytes(file)};
    while (file_in_read(file, bytes, PIECE_BYTES, &len, error)) {
        if (!len) {
            digest_sum_end(sum, ret->sha256);
            ret->charset = charset_decide(&guess);
            ret->all_utf8 = ret->charset == CHARSET_UTF8 && !guess.bad;
            ret->bad_offset = guess.bad && !guess.marked ? guess.bad_offset : 0;
            if (charset && !charset_find(str_of(charset), &ret->charset, error))
                return false;
            ret->all_utf8 = ret->all_utf8 && ret->charset == CHARSET_UTF8;
            return true;
        }
        if (!seen && !table_check(path, (Str){bytes, len}, error))
            return false;
        seen = true;
        digest_sum_add(sum, (Str){bytes, len});
        charset_look(&guess, (Str){bytes, len});
    }
    return false;
}

/* ---- bytes, as UTF-8 ------------------------------------------------------------------------------------ */

typedef struct Source {
    FileIn *file;
    CharsetDecoder decoder;
    bool plain; /* UTF-8 already */
    char *raw;  /* what waits to be decoded */
    int64_t bytes;
} Source;

static bool
source_read(void *arg, char *to, size_t room, size_t *ret_len, GError **error)
{
    Source *source = arg;
    size_t len = 0, piece = MIN(room / CHARSET_GROWTH - 4, PIECE_BYTES);
    bool first = source->bytes == 0;
    *ret_len = 0;
    if (source->plain) {
        Charset marked;
        if (!file_in_read(source->file, to, room, &len, error))
            return false;
        source->bytes += (int64_t)len;
        size_t bom = first ? charset_bom((Str){to, len}, &marked) : 0;
        memmove(to, to + bom, len - bom);
        *ret_len = len - bom;
        return true;
    }
    /* A piece may hold nothing but half of a character. */
    do {
        if (!file_in_read(source->file, source->raw, piece, &len, error))
            return false;
        source->bytes += (int64_t)len;
        *ret_len = charset_decode(&source->decoder, (Str){source->raw, len}, len == 0, to);
    } while (len && !*ret_len);
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

/* Rows of a record that is scattered, until the last one comes. */
typedef struct Held {
    int64_t last_line;
    size_t count;
    FormatRow *rows; /* grows */
    Arena *arena;
} Held;

struct ImportTable {
    const Format *format;
    ImportFile file;
    Source source;
    CsvReader *csv;
    bool is_json;
    Arena *arena; /* header, map */
    Arena *key_arena;
    FormatTable table;
    GHashTable *scattered; /* hash of the key -> Held */
    size_t scattered_count;
    size_t held_rows;
    /* The row that was read and belongs to the next record. */
    bool pending;
    CsvRecord row;
    uint64_t key;
    Held *held_last; /* the row before was held here */
};

void
import_table_free(ImportTable *table)
{
    if (!table)
        return;
    csv_free(table->csv);
    file_in_close(table->source.file);
    g_free(table->source.raw);
    if (table->scattered)
        g_hash_table_unref(table->scattered);
    arena_free(table->key_arena);
    arena_free(table->arena);
    g_free(table);
}

static void
held_free(void *arg)
{
    Held *held = arg;
    arena_free(held->arena);
    g_free(held->rows);
    g_free(held);
}

/* 0: the row goes on with the one before. A hash is enough: of a million keys two are the same with a chance of one in
 * forty million. */
static uint64_t
key_of(ImportTable *table, const CsvRecord *record)
{
    FormatRow row = {record->line, record->fields, record->count};
    arena_reset(table->key_arena);
    Str key = table->format->key(table->key_arena, &table->table, &row);
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a, and a last stir */
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (uint8_t)key.at[i]) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return key.len ? hash | 1 : 0;
}

static FormatRow
row_copy(Arena *arena, const CsvRecord *record)
{
    Str *cells = arena_new_of(arena, Str, record->count);
    size_t bytes = 0;
    for (size_t i = 0; i < record->count; i++)
        bytes += record->fields[i].len;
    char *to = arena_bytes(arena, bytes + 1);
    for (size_t i = 0; i < record->count; i++) {
        Str field = record->fields[i];
        cells[i] = (Str){to, field.len};
        if (field.len)
            memcpy(to, field.at, field.len);
        to += field.len;
    }
    return (FormatRow){record->line, cells, record->count};
}

/* ---- opening --------------------------------------------------------------------------------------------- */

static bool
table_rewind(ImportTable *table, char delimiter, GError **error)
{
    if (!file_in_rewind(table->source.file, error))
        return false;
    csv_free(table->csv);
    table->source.decoder = (CharsetDecoder){.charset = table->file.charset};
    table->source.bytes = 0;
    CsvSource source = {source_read, &table->source};
    table->csv = csv_new(&source, delimiter);
    return true;
}

/* JSON lines begin with a brace; a header never does. */
static bool
table_look_json(ImportTable *table, GError **error)
{
    char bytes[CHARSET_GROWTH * 256];
    size_t len = 0;
    if (!table->format->read_json || !table_rewind(table, ',', error))
        return !table->format->read_json;
    if (!source_read(&table->source, bytes, sizeof bytes, &len, error))
        return false;
    table->is_json = str_starts(str_trim((Str){bytes, len}), "{");
    return true;
}

static bool
header_read(ImportTable *table, const ImportTableAsk *ask, GError **error)
{
    CsvRecord record;
    if (!csv_next(table->csv, &record))
        return csv_ok(table->csv, error) &&
               fail(error, ERR_INPUT, "%s is empty: there is not even a header", table->file.path);
    if (record.problem)
        return fail(error, ERR_INPUT, "the header, line %" G_GINT64_FORMAT ": %s", record.line,
                    record.problem);
    FormatRow header = row_copy(table->arena, &record);
    return format_open(table->arena, table->format, header.cells, header.count, &ask->shop,
                       ask->map, &table->table, error);
}

static size_t
record_bytes(const CsvRecord *record)
{
    size_t bytes = 0;
    for (size_t i = 0; i < record->count; i++)
        bytes += record->fields[i].len;
    return bytes;
}

/* Which keys come again after another one: their rows are counted, and where the last of them stands. */
static bool
keys_look(ImportTable *table, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL); /* hash of the key as a pointer */
    CsvRecord record;
    uint64_t before = 0;
    size_t rows = 0, bytes = 0;
    while (csv_next(table->csv, &record)) {
        if (record.problem) {
            before = 0; /* what follows begins anew, even if it is the same record */
            continue;
        }
        uint64_t key = key_of(table, &record);
        key = key ? key : before;
        void *name = GSIZE_TO_POINTER((gsize)key);
        Held *held = g_hash_table_lookup(table->scattered, name);
        if (!held && key && key != before && !g_hash_table_add(seen, name)) {
            held = g_new0(Held, 1);
            g_hash_table_insert(table->scattered, name, held);
            table->scattered_count++;
        }
        before = key;
        if (!held)
            continue;
        held->last_line = record.line;
        bytes += record_bytes(&record);
        if (++rows > LIMIT_IMPORT_HELD_ROWS || bytes > LIMIT_IMPORT_HELD_BYTES)
            return fail(error, ERR_INPUT,
                        "the rows of %zu records and more do not stand together; sort the table by "
                        "what the records have in common",
                        table->scattered_count);
    }
    return csv_ok(table->csv, error);
}

ImportTable *
import_table_open(const ImportTableAsk *ask, GError **error)
{
    g_autoptr(ImportTable) table = g_new0(ImportTable, 1);
    table->format = ask->format;
    table->file = *ask->file;
    table->arena = arena_new(LIMIT_ARENA_BYTES);
    table->key_arena = arena_new(LIMIT_CSV_RECORD_BYTES * 2);
    table->scattered = g_hash_table_new_full(NULL, NULL, NULL, held_free);
    table->source.plain = ask->file->all_utf8;
    table->source.raw = g_malloc(PIECE_BYTES);
    table->source.file = file_in_open(ask->file->path, error);
    if (!table->source.file || !table_look_json(table, error))
        return NULL;
    if (table->is_json) {
        table->table.shop = ask->shop;
        return table_rewind(table, JSON_DELIMITER, error) ? g_steal_pointer(&table) : NULL;
    }
    if (!table_rewind(table, ask->delimiter, error) || !header_read(table, ask, error))
        return NULL;
    char delimiter = csv_delimiter(table->csv);
    CsvRecord header;
    if (ask->format->key && !keys_look(table, error))
        return NULL;
    if (ask->format->key &&
        (!table_rewind(table, delimiter, error) || !csv_next(table->csv, &header)))
        return NULL;
    return g_steal_pointer(&table);
}

/* ---- records ----------------------------------------------------------------------------------------------- */

typedef struct Group {
    Arena *arena;
    FormatRow *rows;
    size_t count, room;
    size_t bytes; /* of its cells */
    uint64_t key;
} Group;

static void
group_add(Group *group, const CsvRecord *record)
{
    if (group->count > LIMIT_ORDER_LINES || group->bytes > LIMIT_IMPORT_RECORD_BYTES)
        return; /* too many already; it will be refused */
    group->bytes += record_bytes(record);
    if (group->count == group->room) {
        size_t room = MAX(group->room * 2, 8);
        FormatRow *rows = arena_new_of(group->arena, FormatRow, room);
        if (group->count)
            memcpy(rows, group->rows, group->count * sizeof *rows);
        group->rows = rows;
        group->room = room;
    }
    group->rows[group->count++] = row_copy(group->arena, record);
}

/* Puts a row beside those of its record. True if it was the last: then they all are the group. */
static bool
held_add(ImportTable *table, Held *held, const CsvRecord *record, Group *group)
{
    if (!held->arena)
        held->arena = arena_new(LIMIT_ARENA_BYTES);
    if (held->count <= LIMIT_ORDER_LINES) {
        if ((held->count & (held->count - 1)) == 0) /* 0, 1, 2, 4, 8 ...: full */
            held->rows = g_renew(FormatRow, held->rows, MAX(held->count * 2, 1));
        held->rows[held->count++] = row_copy(held->arena, record);
    }
    table->held_last = held;
    if (record->line != held->last_line)
        return false;
    for (size_t i = 0; i < held->count; i++) {
        CsvRecord row = {.line = held->rows[i].line,
                         .fields = held->rows[i].cells,
                         .count = held->rows[i].count};
        group_add(group, &row);
    }
    return true;
}

static bool
row_next(ImportTable *table)
{
    if (table->pending) {
        table->pending = false;
        return true;
    }
    if (!csv_next(table->csv, &table->row))
        return false;
    table->key = table->row.problem || table->is_json || !table->format->key
                     ? 0
                     : key_of(table, &table->row);
    return true;
}

/* True: the group is whole. */
static bool
group_take(ImportTable *table, Group *group)
{
    bool alone = !table->format->key || table->is_json;
    Held *held = table->key
                     ? g_hash_table_lookup(table->scattered, GSIZE_TO_POINTER((gsize)table->key))
                     : table->held_last;
    bool goes_on = group->count && !held && (!table->key || table->key == group->key);
    if (group->count && !goes_on) {
        table->pending = true; /* it begins the next one */
        return true;
    }
    if (held)
        return held_add(table, held, &table->row, group);
    table->held_last = NULL;
    if (!group->count)
        group->key = table->key;
    group_add(group, &table->row);
    return alone;
}

static void
record_finish(ImportTable *table, const Group *group, ImportRecord *ret)
{
    *ret = (ImportRecord){.record = {&table->table, group->rows, group->count}};
    if (group->count > LIMIT_ORDER_LINES || group->bytes > LIMIT_IMPORT_RECORD_BYTES)
        ret->problem = "it has more than 2,000 rows, or more than 8 MB in them";
    if (!table->is_json || ret->problem)
        return;
    g_autoptr(GError) problem = NULL;
    Str line = group->rows[0].cells[0];
    ret->json = json_parse(group->arena, line.at, line.len, &problem);
    if (!ret->json)
        ret->problem = arena_cstr(group->arena, str_of(problem->message));
}

bool
import_table_next(ImportTable *table, Arena *arena, ImportRecord *ret, GError **error)
{
    Group group = {.arena = arena};
    bool whole = false;
    while (!whole && row_next(table)) {
        if (!table->row.problem) {
            whole = group_take(table, &group);
            continue;
        }
        if (group.count) {
            table->pending = whole = true;
            continue;
        }
        group_add(&group, &table->row);
        *ret =
            (ImportRecord){.record = {&table->table, group.rows, 1}, .problem = table->row.problem};
        return true;
    }
    if (!group.count)
        return csv_ok(table->csv, error) && false;
    record_finish(table, &group, ret);
    return true;
}

int64_t
import_table_bytes(const ImportTable *table)
{
    return table->source.bytes;
}

char
import_table_delimiter(const ImportTable *table)
{
    return csv_delimiter(table->csv);
}

bool
import_table_is_json(const ImportTable *table)
{
    return table->is_json;
}

const FormatTable *
import_table_format(const ImportTable *table)
{
    return &table->table;
}

size_t
import_table_scattered(const ImportTable *table)
{
    return table->scattered_count;
}
