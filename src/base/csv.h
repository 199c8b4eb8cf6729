/* csv.h - tables as text, record by record, whatever program wrote them.
 *
 * RFC 4180, and what is really found: `,` `;` tab or `|` between fields (found out from the first lines, or from
 * Excel's `sep=;`), lines that end with LF, CRLF or CR, quoted fields with line ends, separators and "" in
 * them, no line end behind the last record, empty lines (which are no records), text behind a closing quote.
 *
 * A reader holds one record and what it read ahead, never the file: a record over LIMIT_CSV_RECORD_BYTES or
 * with more than LIMIT_CSV_FIELDS fields is told as a problem, and so is a quote that nobody closes; the
 * reader goes on behind its first line, so that one bad line costs one line.
 */
#pragma once

#include "base/base.h"

/* Where the bytes come from: UTF-8 without a byte order mark. Fills at most room bytes; 0: the end. */
typedef struct CsvSource {
    bool (*read)(void *arg, char *to, size_t room, size_t *ret_len, GError **error);
    void *arg;
} CsvSource;

typedef struct CsvRecord {
    int64_t line;      /* of the file, from 1: where the record begins */
    int64_t offset;    /* of its first byte in what was read */
    const Str *fields; /* unquoted; valid until the next csv_next */
    size_t count;
    /* Not NULL: this is no record; why, in words. The one field is the line as it stands, cut. */
    const char *problem;
} CsvRecord;

typedef struct CsvReader CsvReader;

/* delimiter 0: find out. */
CsvReader *csv_new(const CsvSource *source, char delimiter);
void csv_free(CsvReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CsvReader, csv_free)

/* True while there is a record. False at the end and when the source failed; csv_ok tells which:
 *     while (csv_next(reader, &record))
 *         ...
 *     return csv_ok(reader, error); */
bool csv_next(CsvReader *reader, CsvRecord *ret);
bool csv_ok(CsvReader *reader, GError **error);

/* What separates the fields; known after the first csv_next. */
char csv_delimiter(const CsvReader *reader);
const char *csv_delimiter_name(char delimiter); /* for people: comma, tab */

/* Adds a record with its line end (LF), quoting what needs it. */
void csv_write(Buf *buf, const Str *fields, size_t count, char delimiter);
