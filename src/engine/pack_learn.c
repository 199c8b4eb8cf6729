/* pack_learn.c - finding what bodies share; see pack_learn.h.
 *
 * Each sample has an index of its places by their next GRAM bytes. For each place of a sample, each other one
 * tells the longest piece it has in common with what stands there; the PACK_SHARED_BY - 1st longest of these is
 * how long a piece is shared by enough. So each sample falls into pieces that are shared and gaps that are its
 * own. A mail of one order may have lines that the next has not (a discount), so all samples are gone through,
 * and of each what the dictionary does not hold yet is put BEFORE what it holds: zstd finds near things cheaper,
 * and what most have should be near.
 */
#include "engine/pack_learn.h"

#include "engine/pack.h"

#include <string.h>

enum {
    GRAM = 8,         /* bytes; shorter pieces cost more to name than to write */
    SLOTS = 1 << 14,  /* of an index; a power of two */
    CHAIN_MOST = 256, /* places with the same bytes that are looked at */
};

typedef struct Sample {
    Str text;
    int32_t *heads; /* SLOTS: 1 + the last place whose bytes fall here */
    int32_t *next;  /* text.len: 1 + the place before it */
} Sample;

static uint32_t
gram_slot(const char *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return (uint32_t)((bytes * UINT64_C(0x9E3779B97F4A7C15)) >> 50);
}

static void
sample_index(Arena *arena, Str text, Sample *ret)
{
    text.len = MIN(text.len, (size_t)PACK_SAMPLE_BYTES);
    *ret = (Sample){text, arena_new_of(arena, int32_t, SLOTS),
                    arena_new_of(arena, int32_t, text.len + 1)};
    for (size_t i = 0; i + GRAM <= text.len; i++) {
        uint32_t slot = gram_slot(text.at + i);
        ret->next[i] = ret->heads[slot];
        ret->heads[slot] = (int32_t)i + 1;
    }
}

/* How many bytes both begin with; eight at a time, since this is nearly all of what learning takes. */
static size_t
common_len(const char *left, const char *right, size_t most)
{
    size_t len = 0;
    for (; most - len >= sizeof(uint64_t); len += sizeof(uint64_t)) {
        uint64_t one, other;
        memcpy(&one, left + len, sizeof one);
        memcpy(&other, right + len, sizeof other);
        if (one != other)
            return len + (size_t)__builtin_ctzll(GUINT64_FROM_LE(one ^ other)) / 8;
    }
    while (len < most && left[len] == right[len])
        len++;
    return len;
}

/* The longest piece that `text` begins with and that stands somewhere in the sample; at least GRAM bytes, or 0. */
static size_t
sample_longest(const Sample *sample, Str text)
{
    size_t longest = 0;
    if (text.len < GRAM)
        return 0;
    int32_t place = sample->heads[gram_slot(text.at)];
    for (int tries = 0; place && tries < CHAIN_MOST; tries++, place = sample->next[place - 1]) {
        const char *there = sample->text.at + place - 1;
        size_t most = MIN(text.len, sample->text.len - (size_t)(place - 1));
        if (most <= longest || there[longest] != text.at[longest])
            continue; /* no longer than what is there already */
        longest = MAX(longest, common_len(there, text.at, most));
    }
    return longest >= GRAM ? longest : 0;
}

/* How long a piece at this place of samples[own] is shared by enough of them. */
static size_t
piece_shared(const Sample *samples, size_t count, size_t own, size_t at)
{
    size_t longest[PACK_SHARED_BY - 1] = {0}; /* of the others, descending */
    Str rest = str_sub(samples[own].text, at, SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t len = i == own ? 0 : sample_longest(&samples[i], rest);
        for (size_t rank = 0; rank < PACK_SHARED_BY - 1; rank++) {
            if (len <= longest[rank])
                continue;
            size_t shorter = longest[rank];
            longest[rank] = len;
            len = shorter;
        }
    }
    return longest[PACK_SHARED_BY - 2];
}

/* Puts what sample `own` shares, and `known` does not hold yet, before it. */
static Str
learn_from(Arena *arena, const Sample *samples, size_t count, size_t own, Str known)
{
    Buf learned = {.arena = arena};
    Sample have;
    sample_index(arena, known, &have);
    size_t at = 0, room = PACK_LEARNED_BYTES - known.len;
    while (at + GRAM <= samples[own].text.len && learned.len < room) {
        size_t len = piece_shared(samples, count, own, at);
        Str piece = str_sub(samples[own].text, at, MIN(len, room - learned.len));
        size_t old = sample_longest(&have, piece);
        if (old < piece.len)
            buf_add_str(&learned, str_sub(piece, old >= GRAM ? old : 0, SIZE_MAX));
        at += MAX(len, (size_t)1);
    }
    buf_add_str(&learned, known);
    return buf_str(&learned);
}

bool
pack_learn(Arena *arena, uint32_t id, const Str *samples, size_t count, Str *ret)
{
    Sample indexed[PACK_SAMPLES];
    count = MIN(count, (size_t)PACK_SAMPLES);
    if (count < PACK_SHARED_BY)
        return false;
    for (size_t i = 0; i < count; i++)
        sample_index(arena, samples[i], &indexed[i]);
    Str content = {0};
    for (size_t own = 0; own < count; own++)
        content = learn_from(arena, indexed, count, own, content);
    return pack_dict_finish(arena, id, content, samples, count, ret);
}
