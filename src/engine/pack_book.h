/* pack_book.h - the dictionaries in use: which bodies of a name are packed with, and any by its id.
 *
 * A book is a cache and a counter, for all threads. What it does not know its user looks up in the store and
 * tells it; when it holds much it forgets all, and is told again. It also counts the bodies of each name, and
 * says when a name has gathered enough of them to learn from.
 */
#pragma once

#include "engine/pack.h"

typedef struct PackBook PackBook;

/* Bodies that say mostly the same: those of one shop, kind and name. Borrowed. */
typedef struct PackName {
    int64_t shop;
    const char *kind; /* a constant */
    Str name;
} PackName;

PackBook *pack_book_new(void);
void pack_book_free(PackBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PackBook, pack_book_free)

/* Counts one body of this name. True with the dictionary to pack it with (yours; NULL: without one). False: the
 * book does not know; look it up and tell. */
bool pack_book_ask(PackBook *book, const PackName *name, PackDict **ret);
/* NULL: there is none yet. */
void pack_book_tell(PackBook *book, const PackName *name, PackDict *dict);

/* By its id; yours. NULL: not here; look it up and keep it. */
PackDict *pack_book_find(PackBook *book, uint32_t id);
void pack_book_keep(PackBook *book, PackDict *dict);

/* A name of which enough bodies came since it was last due: after 32, and again when their number has
 * doubled; once there is a dictionary, when there are eight times as many. Its text is in the arena. False: none. Costs nothing where nothing is due. */
bool pack_book_due(PackBook *book, Arena *arena, PackName *ret);
