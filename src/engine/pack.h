/* pack.h - bytes made small for the store (zstd, level 1), and back.
 *
 * 11.6 kB of webhook become 2.7 kB in 30 us; what is not written is not waited for, so intake gains more
 * than it pays. Bodies of one kind say mostly the same: with a dictionary, which holds what they share, the
 * same webhook takes 1.2 kB, and a mail of 7.4 kB, which shares all but a few words, 0.5 kB.
 *
 * What was packed with a dictionary names it (by zstd's own dictionary id, RFC 8878 section 3.1.1.1.3) and
 * cannot be read without. pack_learn.h makes dictionaries, pack_book.h keeps those in use; where they are
 * stored is the caller's affair.
 */
#pragma once

#include "base/base.h"

/* A dictionary made ready for both ways. Immutable, counted, for any thread. */
typedef struct PackDict PackDict;

enum {
    PACK_DICT_MOST_BYTES = 64 * 1024, /* of one read from a store; ours are far smaller */
    PACK_DICT_FIRST_ID = 32768,       /* RFC 8878: below are ids of public dictionaries */
};

/* From the bytes that pack_dict_finish made; they are copied. NULL: these are no dictionary. */
PackDict *pack_dict_new(Str bytes);
PackDict *pack_dict_ref(PackDict *dict);
void pack_dict_unref(PackDict *dict); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PackDict, pack_dict_unref)
uint32_t pack_dict_id(const PackDict *dict);

/* Completes what samples share (`content`, the most useful at its end) to a dictionary: its header, and how
 * often what stands in the samples. False: too little to be of use. */
bool pack_dict_finish(Arena *arena, uint32_t id, Str content, const Str *samples, size_t count,
                      Str *ret);

/* The packed bytes, in the arena. dict may be NULL. */
Str pack(Arena *arena, const PackDict *dict, Str bytes);

/* The id of the dictionary that the packed bytes ask for; 0: none. */
uint32_t pack_needs(Str packed);

/* The bytes again, NUL-terminated behind their len. dict is the one they need, or NULL. bytes_most bounds
 * what a damaged or hostile row can unfold to. Fails with ERR_STORE. */
bool
unpack(Arena *arena, const PackDict *dict, Str packed, size_t bytes_most, Str *ret, GError **error);
