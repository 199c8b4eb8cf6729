/* installation.h - what the installation remembers of itself, as rows of one table. */
#pragma once

#include "engine/store.h"

/* On the writer: notes a word under a key (sql/schema/1_shop.sql lists them); the newest stands. */
bool installation_note(Db *db, const char *key, int64_t at, const char *value, GError **error);

/* Fingerprint of the master key whose secrets the store holds, into the arena; empty: nobody noted it yet. */
bool installation_key(Db *db, Arena *arena, Str *ret, GError **error);
bool installation_note_key(Db *db, const char *fingerprint, GError **error);
