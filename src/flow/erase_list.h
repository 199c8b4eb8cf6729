/* erase_list.h - a list of who was erased, beside the store: DATA/erased.list.
 *
 * A backup from before an erasure still holds the person, and cannot know of what came after it. So every erasure is noted
 * in a file before its first row goes: one JSON object a line, with keyed fingerprints instead of names and addresses. The
 * list tells nothing to somebody without the key, so it may be kept as long as the oldest backup, at another place than the
 * store. A restore takes the list and erases again before anything is served (cmd/restore.c).
 *
 *   {"list":"erased","key":"0123456789abcdef"}
 *   {"ask":"123","at":1772445600000,"shop":1,"kind":"erase","source":"shopify","address":"erased:...","customer":
 *    "erased:...","customers":["erased:..."],"addresses":["erased:..."],"orders":["erased:..."]}
 *
 * A line that is there twice, or cut off at the end, does no harm: an erasure is known by its asking and the asking's day.
 * So lists of the same key may be joined, line by line, in any order.
 */
#pragma once

#include "engine/keyring.h"
#include "engine/store.h"
#include "flow/erase_person.h"

#define ERASE_LIST_FILE "erased.list"

/* Makes the file if it is not there, or if a crash left it without its first line. ERR_IO, ERR_FORBIDDEN. */
bool erase_list_make(const char *path, const Keyring *keyring, GError **error);

/* Notes an erasure, on the disk when it returns. */
bool erase_list_add(const char *path, const Keyring *keyring, int64_t ask, int64_t at,
                    const ErasePerson *person, GError **error);

/* On the writer of a store that was restored: asks again for what it does not know of. Reads the list from the file's
 * bytes; ERR_AUTH: it is of another key; ERR_INPUT: no such list. *ret_count: how many were asked again. */
bool erase_list_ask(Db *db, const Keyring *keyring, Str list, int64_t *ret_count, GError **error);
