/* store_db.h - inside the store: a connection as the writer and the pool see it. */
#pragma once

#include "engine/store.h"

typedef struct DbOptions {
    const char *file;
    bool read_only;
    int busy_timeout_ms;
    PackBook *packs; /* the store's */
} DbOptions;

Db *db_open(const DbOptions *options, GError **error);
void db_close(Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Db, db_close)

/* BEGIN, COMMIT and the like: constant statements of ours, without parameters or rows. */
bool db_exec(Db *db, const char *sql, GError **error);

/* Moves all of the log into the file and empties it, between groups; ERR_STORE_BUSY while somebody reads of before. */
bool db_truncate_log(Db *db, GError **error);

bool db_begin(Db *db, GError **error);
bool db_commit(Db *db, GError **error);
void db_rollback(Db *db);
bool db_savepoint(Db *db, GError **error);
bool db_release(Db *db, GError **error);
bool db_rollback_to(Db *db, GError **error);

/* Makes an empty store, or checks that the file is one of ours and of this version. */
bool db_schema(Db *db, const char *schema, int version, GError **error);
