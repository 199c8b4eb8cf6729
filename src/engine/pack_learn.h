/* pack_learn.h - what bodies of one kind share, found by looking at some of them.
 *
 * Bodies hold names and addresses, and a dictionary outlives them: it is kept while anything that was packed
 * with it is, also when one of those it was learned from has been erased. So nothing enters a dictionary but
 * pieces that stand, byte for byte, in at least PACK_SHARED_BY of the samples, and the caller gives samples of
 * that many different people. Then it tells nothing of any of them.
 *
 * The same samples in the same order give the same dictionary.
 */
#pragma once

#include "base/base.h"

enum {
    PACK_SAMPLES = 16,              /* that is how many are looked at */
    PACK_SHARED_BY = 8,             /* people who must have said it too */
    PACK_SAMPLE_BYTES = 64 * 1024,  /* of a longer one only the start is looked at */
    PACK_LEARNED_BYTES = 16 * 1024, /* of a dictionary at most */
};

/* A dictionary of this id in the arena, from up to PACK_SAMPLES samples. False: they have too little in
 * common, or are too few. */
bool pack_learn(Arena *arena, uint32_t id, const Str *samples, size_t count, Str *ret);
