/* uniq.c - every item of a list once.
 *
 * Items are found again by a hash that is the same for all that are equal, so a list of thousands
 * takes as many steps, not their square. */
#include "engine/liquid/filter/list.h"

#include <string.h>

enum { HASH_DEPTH = 4 }; /* of lists in lists: deeper, all hash alike */

/* The keys that were seen, and where the hash of each leads. */
typedef struct Seen {
    List keys;
    uint32_t *index; /* number of the key + 1; 0: free */
    size_t room;     /* a power of two */
} Seen;

static uint32_t
hash_join(uint32_t left, uint32_t right)
{
    return (left ^ right) * UINT32_C(0x9E3779B1) + (left >> 15);
}

/* Inside lists 1 and 1.0 are equal: of numbers the whole part counts. */
static uint32_t
number_hash(LiquidCall *call, LiquidValue value)
{
    Number whole = number_floor(number_of(call, value));
    return hash_join(LIQUID_INT, (uint32_t)whole.digits ^ (uint32_t)(whole.digits >> 32));
}

static uint32_t
value_hash(LiquidCall *call, LiquidValue value, int depth)
{
    value = value_plain(call, value);
    if (kind_is_number(value) || value.kind == LIQUID_MONEY)
        return number_hash(call, value);
    if (value.kind == LIQUID_STR)
        return liquid_hash(liquid_text(value));
    if (value.kind == LIQUID_BOOL)
        return hash_join(LIQUID_BOOL, value.truth);
    if (value.kind == LIQUID_DATE)
        return hash_join(LIQUID_DATE, (uint32_t)value.integer);
    bool map = value_is_map(value);
    bool list = value_is_list(value) && value.kind != LIQUID_RANGE;
    if (depth >= HASH_DEPTH || (!map && !list))
        return value.kind;
    uint32_t hash = map ? LIQUID_MAP : LIQUID_ARRAY;
    for (size_t i = 0, len = value_len(value); i < len; i++, call->steps++) {
        uint32_t item = value_hash(call, value_nth(call, value, i), depth + 1);
        hash = map ? hash + item : hash_join(hash, item); /* the order of a map is all the same */
    }
    return hash;
}

/* Ruby's eql?: 1 and 1.0 are two. */
static bool
same_key(LiquidCall *call, LiquidValue left, LiquidValue right)
{
    if (left.kind != right.kind && (kind_is_number(left) || kind_is_number(right)))
        return false;
    return value_equal(call, left, right);
}

/* False: it was there. */
static bool
seen_add(LiquidCall *call, Seen *seen, LiquidValue key)
{
    size_t at = value_hash(call, key, 0) & (seen->room - 1);
    for (; seen->index[at]; at = (at + 1) & (seen->room - 1), call->steps++)
        if (same_key(call, seen->keys.items[seen->index[at] - 1], key))
            return false;
    seen->keys.items[seen->keys.count++] = key;
    seen->index[at] = (uint32_t)seen->keys.count;
    return true;
}

static Seen
seen_new(Arena *arena, size_t count)
{
    Seen seen = {.room = 16};
    while (seen.room < count * 2)
        seen.room *= 2;
    seen.index = arena_new_of(arena, uint32_t, seen.room);
    seen.keys.items = arena_new_of(arena, LiquidValue, count);
    return seen;
}

static bool
uniq_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    List list;
    size_t kept = 0;
    if (!list_of(call, value, &list))
        return false;
    bool by_property = args->count && args->list[0].kind != LIQUID_NIL;
    if (list.count < 2) /* Ruby does not ask a lone item for its property */
        return list_result(call, &list, ret);
    Seen seen = seen_new(call->arena, list.count);
    for (size_t i = 0; i < list.count; i++) {
        LiquidValue key = list.items[i];
        Has has = by_property ? item_property(call, key, args->list[0], &key) : HAS_IT;
        if (has == HAS_WRONG_TYPE)
            return property_fail(call, args->list[0]);
        if (has == HAS_NOT_INDEX)
            return true;
        if (seen_add(call, &seen, key))
            list.items[kept++] = list.items[i];
        if (call->steps > call->steps_most)
            return call_fail(call, FAILURE_BUDGET, call->fail_at, "the list is too long");
    }
    list.count = kept;
    return list_result(call, &list, ret);
}

const LiquidFilter liquid_filter_uniq = {
    "uniq", uniq_run, 0, 1, .type = LIQUID_TYPE_LIST, .help = "Every item once."};
