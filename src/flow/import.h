/* import.h - tables of other programs, brought in: read, learned, gone on with after a crash, taken back.
 *
 * An import is a row of its own. What its records tell goes the way of all facts (flow/facts.h), in batches that are one
 * transaction with the mark of how far it came: killed at any moment, the same command goes on where the last COMMIT was.
 * A file is known by its bytes, its map and how it is read; one that is done has nothing more to do.
 *
 * An import never causes mail: what it tells is history, and no journey starts from it. as_live makes news of it, and is
 * refused unless the shop's mails go to the catcher or stay on this machine.
 *
 * A record that cannot be read is rejected, with line and reason, into a file beside (FILE.rejects.csv); the others go on.
 *
 *   the import's own thread: file -> encoding -> rows -> records -> facts, cleaned and hashed     (import_read.c)
 *   the store's writer:      facts learned, the mark written                                      (import_write.c)
 */
#pragma once

#include "base/needle.h"
#include "base/seal.h"
#include "engine/store.h"
#include "flow/shop.h"
#include "plug/format/format.h"

/* Those of one process: one at a time. */
typedef struct Imports Imports;

Imports *imports_new(Store *store, ShopBook *shops, const SealKey *columns, const char *data);
/* Stops what runs after its present batch; it can be gone on with. */
void imports_free(Imports *imports);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imports, imports_free)

typedef struct ImportAsk {
    const ShopEntry *shop;
    const Format *format;
    const char *file; /* absolute path */
    bool
        spooled; /* it is a copy of standard input, made for this import: taken away when it is done */
    Str map;     /* text of the map; empty: none */
    const char *charset; /* NULL: find out */
    char delimiter;      /* 0: find out */
    bool dry;            /* reads, checks and counts all, changes nothing */
    bool as_live;
    bool again;                    /* from the front although it is done */
    bool waits;                    /* others wait for the writer: short turns */
    const char *installation_smtp; /* NULL: not known here; "" or "catcher": the catcher */
} ImportAsk;

/* Looks at the whole file, opens the table, and goes on by itself. ERR_BUSY while another one runs; errors of the table name
 * column and cure. *ret_id is 0 for a dry run. */
bool imports_start(Imports *imports, const ImportAsk *ask, int64_t *ret_id, GError **error);

/* Goes on with the newest import of the shop that is not at its end, as it was asked for. ERR_NOT_FOUND if there is none. */
bool imports_resume(Imports *imports, const ImportAsk *ask, int64_t *ret_id, GError **error);

/* Begins to take back what an import told first and nobody else touched since. */
bool imports_undo(Imports *imports, int64_t id, bool waits, GError **error);

typedef enum ImportPhase {
    IMPORT_IDLE,
    IMPORT_LOOKING,
    IMPORT_READING,
    IMPORT_UNDOING,
    IMPORT_DONE,
    IMPORT_FAILED
} ImportPhase;

/* What the one that runs, or ran last, has come to. */
typedef struct ImportStatus {
    ImportPhase phase;
    int64_t id;
    bool dry;
    bool nothing_to_do; /* it was done before: finished_at */
    int64_t finished_at;
    int64_t bytes_read, bytes;
    int64_t records, made, changed, same, older, rejected;
    int64_t resumed;            /* records that were done before */
    int64_t undone[5], left[5]; /* undo: orders, customers, products, consents, suppressions */
    int64_t left_mailed;        /* orders for which mails were written */
    char rejects[1024];         /* the file; empty: none */
    char words
        [8192]; /* what there is to know: encoding, delimiter, warnings, the first rejects; a line each */
    char error[2048];
    int error_code;
} ImportStatus;

void imports_status(Imports *imports, ImportStatus *ret);

/* Waits until the phase is done or failed, at most so long; false: not yet. */
bool imports_wait(Imports *imports, int64_t wait_ms);

/* Takes the rows that name somebody (by addresses, ids) out of the files of rejected records;
 * needles NULL: takes the files away. Of imports that are at their end: one that is not still writes its file. */
bool import_forget(Store *store, int64_t shop, const Needles *needles, GError **error);
