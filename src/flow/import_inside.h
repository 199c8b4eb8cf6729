/* import_inside.h - what the files of the import share. */
#pragma once

#include "base/charset.h"
#include "base/digest.h"
#include "flow/facts.h"
#include "flow/import.h"

/* ---- reading: import_read.c --------------------------------------------------------------------------- */

/* What a first look at all bytes tells. */
typedef struct ImportFile {
    const char *path;
    int64_t bytes;
    uint8_t sha256[DIGEST_BYTES];
    Charset charset;
    bool all_utf8;      /* no decoding is needed */
    int64_t bad_offset; /* first byte that is not UTF-8, if it was taken for Windows-1252 */
} ImportFile;

bool import_file_look(const char *path, const char *charset, ImportFile *ret, GError **error);

typedef struct ImportTable ImportTable;

typedef struct ImportTableAsk {
    const ImportFile *file;
    const Format *format;
    FormatShop shop;
    Str map;
    char delimiter;
} ImportTableAsk;

/* Reads the header and finds out which records do not stand together in the file. */
ImportTable *import_table_open(const ImportTableAsk *ask, GError **error);
void import_table_free(ImportTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportTable, import_table_free)

typedef struct ImportRecord {
    FormatRecord record;
    const Json *json;    /* of JSON lines; the record has one row with one cell then */
    const char *problem; /* it is none; why */
} ImportRecord;

/* The next record, copied into the arena. False at the end and on failure: *error tells which. */
bool import_table_next(ImportTable *table, Arena *arena, ImportRecord *ret, GError **error);

int64_t import_table_bytes(const ImportTable *table); /* read so far */
char import_table_delimiter(const ImportTable *table);
bool import_table_is_json(const ImportTable *table);
const FormatTable *import_table_format(const ImportTable *table);
size_t
import_table_scattered(const ImportTable *table); /* records whose rows do not stand together */

/* ---- learning: import_write.c ---------------------------------------------------------------------------- */

/* How far it came; the row's counts. */
typedef struct ImportMark {
    int64_t records;
    int64_t made, changed, same, older, rejected;
    bool versions;
    int64_t rejects_bytes;
} ImportMark;

typedef struct ImportItem {
    const FactsNews *news; /* NULL: rejected */
    const FormatOptOut *opt_outs;
    size_t opt_out_count;
    bool versions;
    FormatRecord record; /* for the file of rejects */
} ImportItem;

/* Records that are learned in one go, or in several if that takes too long. */
typedef struct ImportBatch {
    Arena *arena;
    ImportItem *items;
    size_t count;
    size_t next;  /* the first that is not learned */
    size_t bytes; /* of their rows */
} ImportBatch;

typedef struct ImportWriter ImportWriter;

typedef struct ImportWriterAsk {
    Store *store;
    int64_t shop;
    const HmacKey *fingerprints; /* of erased addresses */
    int64_t id;                  /* of the import; 0: dry */
    bool as_live;
    int budget_ms;       /* of one turn on the writer */
    const char *rejects; /* path of its file */
    /* A record that the store would not take, and why; on the caller's thread. Gives the length of the file of rejects
     * with it. */
    int64_t (*refused)(void *arg, const ImportItem *item, const char *why);
    void *arg;
} ImportWriterAsk;

ImportWriter *import_writer_new(const ImportWriterAsk *ask, const ImportMark *start);
void import_writer_free(ImportWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportWriter, import_writer_free)

/* Hands a batch over; waits first until the one before is learned. Fails when that one failed. The batch is the
 * writer's until the next put or end. mark_rejects: length of the file of rejects with this batch's own. */
bool
import_writer_put(ImportWriter *writer, ImportBatch *batch, int64_t mark_rejects, GError **error);
/* Waits for the last one. */
bool import_writer_end(ImportWriter *writer, GError **error);
ImportMark import_writer_mark(ImportWriter *writer);

/* ---- taking back: import_undo.c ---------------------------------------------------------------------------- */

typedef struct ImportUndo {
    Store *store;
    int64_t shop;
    int64_t id;
    bool versions;
    int64_t undone[5], left[5], left_mailed;
    int64_t after; /* where the walk stands */
    int budget_ms;
    bool more; /* there is more to walk */
} ImportUndo;

/* All of it, in turns; asks go_on before each. False without error: it was stopped. */
bool import_undo(ImportUndo *undo, bool (*go_on)(void *arg), void *arg, GError **error);

/* ---- one import at work: import_job.c ------------------------------------------------------------------------ */

enum {
    IMPORT_BUDGET_MS = 20, /* of the writer, where others wait for it */
    IMPORT_BUDGET_ALONE_MS = 2000,
};

typedef struct ImportJob {
    Imports *imports;
    Store *store;
    ShopBook *shops;
    const SealKey *columns;
    ImportAsk ask;
    Arena *arena; /* of the ask's texts */
    ImportFile file;
    uint8_t hash[DIGEST_BYTES];
    int64_t id;
    ImportMark start;
    char *rejects_path;
    struct FileOut *rejects; /* opened when the first one comes */
    int rejects_shown;
    ImportTable *table;
    ImportWriter *writer;
    bool undo;
    /* What was known of it when it was asked for: */
    int64_t resumed;
    bool nothing_to_do;
    int64_t finished_at;
} ImportJob;

/* From the header to the last record, on the import's own thread. */
bool import_job_read(ImportJob *job, GError **error);
void import_job_free(ImportJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportJob, import_job_free)

/* What the job tells those who watch: import.c. */
void import_phase(Imports *imports, ImportPhase phase, const GError *error);
void import_say(Imports *imports, const char *format, ...) G_GNUC_PRINTF(2, 3); /* one line */
void import_progress(const ImportJob *job, const ImportMark *mark);
bool import_stops(Imports *imports); /* it should end after the present batch */
