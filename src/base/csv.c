/* csv.c - tables as text; see csv.h.
 *
 * A record is first found whole (csv_scan: places only, nothing is changed), then its quoted fields are
 * written anew in place: so that a record which ends beyond what was read ahead can simply be looked at again.
 */
#include "base/csv.h"

#include "base/limits.h"

#include <string.h>

#define EVERY_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS  UINT64_C(0x8080808080808080)

enum {
    READ_BYTES = 256 * 1024,
    PAD_BYTES = 8,       /* zeros behind the last byte: csv_find looks at eight at a time */
    PROBLEM_BYTES = 300, /* shown of a line that is no record */
    SNIFF_RECORDS = 20,
};

typedef struct CsvField {
    size_t from; /* offset from the record's start */
    size_t len;
    bool quoted;
} CsvField;

struct CsvReader {
    CsvSource source;
    char delimiter;
    bool started;
    bool ended;    /* the source has no more */
    bool skipping; /* the rest of a line that is too long */
    char *at;
    size_t room;
    size_t start, end; /* what is not taken yet */
    int64_t offset;    /* of start */
    int64_t line;      /* of start */
    size_t count;
    CsvField fields[LIMIT_CSV_FIELDS];
    Str texts[LIMIT_CSV_FIELDS];
    GError *error;
};

/* ---- life --------------------------------------------------------------------------------------------- */

CsvReader *
csv_new(const CsvSource *source, char delimiter)
{
    CsvReader *reader = g_new0(CsvReader, 1);
    reader->source = *source;
    reader->delimiter = delimiter;
    reader->line = 1;
    reader->room = 2 * (size_t)READ_BYTES;
    reader->at = g_malloc0(reader->room + PAD_BYTES);
    return reader;
}

void
csv_free(CsvReader *reader)
{
    if (!reader)
        return;
    g_clear_error(&reader->error);
    g_free(reader->at);
    g_free(reader);
}

/* Reads ahead; false when there is no more, or the source failed. */
static bool
csv_fill(CsvReader *reader)
{
    if (reader->ended || reader->error)
        return false;
    if (reader->start) {
        memmove(reader->at, reader->at + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    }
    if (reader->room - reader->end < READ_BYTES) {
        reader->room *= 2;
        reader->at = g_realloc(reader->at, reader->room + PAD_BYTES);
    }
    size_t len = 0;
    if (!reader->source.read(reader->source.arg, reader->at + reader->end,
                             reader->room - reader->end, &len, &reader->error))
        return false;
    reader->ended = len == 0;
    reader->end += len;
    memset(reader->at + reader->end, 0, PAD_BYTES);
    return len > 0;
}

/* ---- finding a record ---------------------------------------------------------------------------------- */

static inline uint64_t
bytes_equal(uint64_t eight, uint64_t pattern)
{
    uint64_t zero_where_equal = eight ^ pattern;
    return (zero_where_equal - EVERY_BYTE) & ~zero_where_equal & HIGH_BITS;
}

/* The first delimiter or line end; end if there is none. The lowest bit that is set is exact (Hacker's Delight
 * 6-1); higher ones may be borrowed. */
static inline const char *
csv_find(const char *at, const char *end, char delimiter)
{
    const uint64_t delimiters = EVERY_BYTE * (uint8_t)delimiter;
    for (; at < end; at += 8) {
        uint64_t eight;
        memcpy(&eight, at, 8);
        eight = GUINT64_FROM_LE(eight);
        uint64_t hits = bytes_equal(eight, delimiters) | bytes_equal(eight, EVERY_BYTE * '\n') |
                        bytes_equal(eight, EVERY_BYTE * '\r');
        if (hits) {
            at += __builtin_ctzll(hits) / 8;
            return MIN(at, end);
        }
    }
    return end;
}

/* The end of a quoted field: behind its closing quote and what somebody wrote there. NULL: it is not closed. */
static const char *
csv_find_quoted(const char *at, const char *end, char delimiter)
{
    for (at++;; at++) {
        at = memchr(at, '"', (size_t)(end - at));
        if (!at)
            return NULL;
        at++;
        if (at == end || *at != '"')
            return csv_find(at, end, delimiter);
    }
}

typedef enum CsvFound {
    CSV_WHOLE,
    CSV_OPEN,   /* its end is not here */
    CSV_QUOTED, /* the same, and a quote is open */
    CSV_MANY,   /* too many fields */
} CsvFound;

/* Notes the fields of the record that begins at `at`; *ret_bytes with its line end. */
static CsvFound
csv_scan(CsvReader *reader, const char *at, const char *end, size_t *ret_bytes)
{
    const char *start = at;
    for (reader->count = 0;;) {
        bool quoted = at < end && *at == '"';
        const char *stop = quoted ? csv_find_quoted(at, end, reader->delimiter)
                                  : csv_find(at, end, reader->delimiter);
        if (!stop)
            return CSV_QUOTED;
        if (reader->count == LIMIT_CSV_FIELDS)
            return CSV_MANY;
        reader->fields[reader->count++] =
            (CsvField){(size_t)(at - start), (size_t)(stop - at), quoted};
        if (stop == end) {
            *ret_bytes = (size_t)(stop - start);
            return CSV_OPEN;
        }
        at = stop + 1;
        if (*stop == reader->delimiter)
            continue;
        if (*stop == '\r' && at == end && !reader->ended)
            return CSV_OPEN; /* half of a CRLF */
        *ret_bytes = (size_t)(at - start) + (*stop == '\r' && at < end && *at == '\n');
        return CSV_WHOLE;
    }
}

static int64_t
lines_in(Str text)
{
    int64_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == '\n' ||
                 (text.at[i] == '\r' && !(i + 1 < text.len && text.at[i + 1] == '\n'));
    return count;
}

/* ---- taking a record ----------------------------------------------------------------------------------- */

/* The text of a quoted field, written over the field itself. */
static Str
csv_unquote(char *at, size_t len)
{
    char *to = at;
    size_t i = 1;
    for (; i < len; i++) {
        if (at[i] == '"') {
            i++;
            if (i >= len || at[i] != '"')
                break; /* closed */
        }
        *to++ = at[i];
    }
    for (; i < len; i++)
        *to++ = at[i];
    return (Str){at, (size_t)(to - at)};
}

static void
csv_advance(CsvReader *reader, size_t bytes)
{
    reader->start += bytes;
    reader->offset += (int64_t)bytes;
}

static void
csv_take(CsvReader *reader, size_t bytes, CsvRecord *ret)
{
    char *start = reader->at + reader->start;
    int64_t lines = 1;
    *ret = (CsvRecord){
        .line = reader->line,
        .offset = reader->offset,
        .fields = reader->texts,
        .count = reader->count,
    };
    for (size_t i = 0; i < reader->count; i++) {
        CsvField field = reader->fields[i];
        Str text = {start + field.from, field.len};
        if (field.quoted) {
            lines += lines_in(text);
            text = csv_unquote(start + field.from, field.len);
        }
        reader->texts[i] = text;
    }
    reader->line += lines;
    csv_advance(reader, bytes);
}

/* Takes the first line of what is no record. */
static void
csv_take_problem(CsvReader *reader, const char *problem, CsvRecord *ret)
{
    const char *start = reader->at + reader->start, *end = reader->at + reader->end;
    const char *stop = start;
    while (stop < end && *stop != '\n' && *stop != '\r')
        stop++;
    *ret = (CsvRecord){
        .line = reader->line,
        .offset = reader->offset,
        .fields = reader->texts,
        .count = 1,
        .problem = problem,
    };
    reader->texts[0] = (Str){start, MIN((size_t)(stop - start), PROBLEM_BYTES)};
    reader->skipping = stop == end;
    if (stop < end) {
        stop += *stop == '\r' && stop + 1 < end && stop[1] == '\n' ? 2 : 1;
        reader->line++;
    }
    csv_advance(reader, (size_t)(stop - start));
}

/* Leaves out the rest of a line that was too long to hold. */
static void
csv_skip_line(CsvReader *reader)
{
    while (reader->skipping) {
        const char *start = reader->at + reader->start;
        const char *stop = memchr(start, '\n', reader->end - reader->start);
        csv_advance(reader, stop ? (size_t)(stop - start) + 1 : reader->end - reader->start);
        reader->line += stop != NULL;
        reader->skipping = !stop && csv_fill(reader);
    }
}

/* ---- the delimiter --------------------------------------------------------------------------------------- */

/* How many of the first records have as many fields as the first, times the fields: a delimiter that is none gives
 * one field, or another number each time. */
static size_t
sniff_score(CsvReader *reader, char delimiter)
{
    const char *at = reader->at + reader->start, *end = reader->at + reader->end;
    size_t first = 0, same = 0, seen = 0, bytes;
    reader->delimiter = delimiter;
    for (; at < end && seen < SNIFF_RECORDS; at += bytes) {
        CsvFound found = csv_scan(reader, at, end, &bytes);
        if (found != CSV_WHOLE && !(found == CSV_OPEN && reader->ended))
            break;
        if (reader->count == 1 && !reader->fields[0].len)
            continue; /* an empty line */
        first = seen++ ? first : reader->count;
        same += reader->count == first;
    }
    return first > 1 ? 1 + same * same * 100 / MAX(seen * seen, 1) * MIN(first, 50) : 0;
}

static void
csv_sniff(CsvReader *reader)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    size_t best = 0;
    char winner = ',';
    for (size_t i = 0; i < sizeof delimiters; i++) {
        size_t score = sniff_score(reader, delimiters[i]);
        if (score <= best)
            continue;
        best = score;
        winner = delimiters[i];
    }
    reader->delimiter = winner;
}

/* Excel's own first line, which it writes and reads to say what the delimiter is. */
static void
csv_start(CsvReader *reader)
{
    reader->started = true;
    while (reader->end - reader->start < 8 && csv_fill(reader))
        continue;
    Str text = {reader->at + reader->start, reader->end - reader->start};
    if (text.len > 5 && g_ascii_strncasecmp(text.at, "sep=", 4) == 0 &&
        (text.at[5] == '\n' || text.at[5] == '\r') && strchr(",;\t|", text.at[4])) {
        if (!reader->delimiter)
            reader->delimiter = text.at[4];
        csv_advance(reader, text.at[5] == '\r' && text.len > 6 && text.at[6] == '\n' ? 7 : 6);
        reader->line++;
    }
    if (!reader->delimiter)
        csv_sniff(reader);
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

/* False: there is none (any more). */
static bool
csv_read(CsvReader *reader, CsvRecord *ret)
{
    for (;;) {
        const char *at = reader->at + reader->start, *end = reader->at + reader->end;
        size_t bytes = 0;
        CsvFound found = at < end ? csv_scan(reader, at, end, &bytes) : CSV_OPEN;
        bool whole = found == CSV_WHOLE || (found == CSV_OPEN && reader->ended);
        if (found == CSV_MANY || (whole && bytes > LIMIT_CSV_RECORD_BYTES)) {
            csv_take_problem(reader,
                             found == CSV_MANY ? "more fields than a table has"
                                               : "the record is longer than a table's ever is",
                             ret);
            return true;
        }
        if (whole) {
            if (at == end)
                return false;
            csv_take(reader, bytes, ret);
            return true;
        }
        if ((size_t)(end - at) > LIMIT_CSV_RECORD_BYTES || reader->ended) {
            csv_take_problem(reader,
                             found == CSV_QUOTED ? "a quote is opened and never closed"
                                                 : "the record is longer than a table's ever is",
                             ret);
            return true;
        }
        if (!csv_fill(reader) && reader->error)
            return false;
    }
}

bool
csv_next(CsvReader *reader, CsvRecord *ret)
{
    if (!reader->started)
        csv_start(reader);
    for (;;) {
        csv_skip_line(reader);
        if (reader->error || !csv_read(reader, ret))
            return false;
        /* A line with nothing on it; one with "" on it is a record. */
        bool empty = ret->count == 1 && !ret->fields[0].len && !reader->fields[0].quoted;
        if (!empty || ret->problem)
            return true;
    }
}

bool
csv_ok(CsvReader *reader, GError **error)
{
    if (!reader->error)
        return true;
    g_propagate_error(error, g_steal_pointer(&reader->error));
    reader->ended = true;
    return false;
}

char
csv_delimiter(const CsvReader *reader)
{
    return reader->delimiter;
}

const char *
csv_delimiter_name(char delimiter)
{
    switch (delimiter) {
    case ',':
        return "comma";
    case ';':
        return "semicolon";
    case '\t':
        return "tab";
    default:
        return "vertical bar";
    }
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

static bool
needs_quotes(Str field, char delimiter)
{
    if (!field.len)
        return false;
    for (size_t i = 0; i < field.len; i++)
        if (field.at[i] == delimiter || field.at[i] == '"' || field.at[i] == '\n' ||
            field.at[i] == '\r')
            return true;
    return false;
}

void
csv_write(Buf *buf, const Str *fields, size_t count, char delimiter)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(buf, delimiter);
        /* A record of one empty field has to be told from an empty line. */
        bool quotes = needs_quotes(fields[i], delimiter) || (count == 1 && !fields[i].len);
        if (!quotes) {
            buf_add_str(buf, fields[i]);
            continue;
        }
        buf_add_char(buf, '"');
        for (Str rest = fields[i], part; str_split(&rest, '"', &part);) {
            buf_add_str(buf, part);
            if (rest.at)
                buf_add_cstr(buf, "\"\"");
        }
        buf_add_char(buf, '"');
    }
    buf_add_char(buf, '\n');
}
