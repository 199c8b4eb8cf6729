/* learn.h - what all nouns have in common when they are learned from Facts: whose word it is, and what became of it.
 *
 * Facts win by version (the sender's updated_at), in whatever order they come. Facts without a version (0: a CSV) fill
 * gaps and never overwrite a newer fact. Events are the difference between what was known and what is told.
 */
#pragma once

#include "base/digest.h"
#include "engine/store.h"
#include "model.h"

typedef struct ProductCache ProductCache; /* flow/product.h */

typedef struct Learn {
    Db *db; /* the writer's */
    int64_t shop;
    int64_t cause; /* the row that tells: inbox, import */
    int64_t at;
    Str source;                  /* whose foreign ids these are */
    bool history;                /* of the past, as an import tells it: no journey starts from it */
    const HmacKey *fingerprints; /* of erased addresses; NULL: nobody asks for them */
    ProductCache *products;      /* what this transaction looked up already; NULL: each time anew */
} Learn;

/* Of several the first in this list is the word for all. */
typedef enum Learned {
    LEARNED_NEW,
    LEARNED_CHANGED,
    LEARNED_SAME,   /* the same content, or nothing that was missing */
    LEARNED_OLDER,  /* we know newer facts */
    LEARNED_ERASED, /* its person was: nothing is learned any more */
    LEARNED_EARLY,  /* it belongs to something that nobody told us of yet */
} Learned;

/* Does what is told count, by its version? Equal ones are for the caller to decide by content. */
static inline Learned
learn_by_version(int64_t known, int64_t told)
{
    if (told == known)
        return LEARNED_SAME;
    return told < known ? LEARNED_OLDER : LEARNED_CHANGED;
}

/* Facts as bytes to be hashed: no two lists of them give the same ones. */
static inline void
learn_hash_text(Buf *buf, Str text)
{
    buf_add_int(buf, (int64_t)text.len);
    buf_add_char(buf, ':');
    buf_add_str(buf, text);
}

static inline void
learn_hash_int(Buf *buf, int64_t number)
{
    buf_add_int(buf, number);
    buf_add_char(buf, ';');
}
