/* body.h - what came and what was sent, as rows: packed, with the dictionary of its name, and unpacked again.
 *
 * Bodies stand in tables of their own (inbox_body, message_body), by the id of their row, and are written once.
 * The bodies of one name (a connector's topic, a template) share most of what they say; when enough of them are
 * there a dictionary is learned and kept as a row, and later ones are packed with it to a fifth of their size.
 * A body names its dictionary, so those of before and after stand side by side, and all are read through
 * body_unpack.
 */
#pragma once

#include "engine/store.h"

typedef enum BodyKind { BODY_INBOX, BODY_MESSAGE, BODY_KINDS } BodyKind;

typedef struct BodyName {
    int64_t shop;
    BodyKind kind;
    Str name; /* what bodies that say mostly the same have in common */
} BodyName;

/* Packed, in the arena. From any thread but the writer's. Where its dictionary cannot be had it is packed without. */
Str body_pack(Store *store, Arena *arena, const BodyName *name, Str bytes);

/* The bytes again, in the arena. ERR_STORE: damaged, or its dictionary is gone. */
bool body_unpack(Db *db, Arena *arena, int64_t shop, Str packed, Str *ret, GError **error);

/* Keeps a packed body beside its row; on the writer. */
bool body_save(Db *db, BodyKind kind, int64_t shop, int64_t id, Str packed, GError **error);

/* Learns one dictionary, if one is due; waits for its COMMIT. On the flow's thread: one thread only. False: it could
 * not be read or kept; the next attempt comes with more bodies. */
bool body_learn(Store *store, GError **error);
