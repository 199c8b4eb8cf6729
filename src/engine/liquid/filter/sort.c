/* sort.c - lists in order: stable, so that equal items stay as they came. */
#include "engine/liquid/filter/list.h"

#include <string.h>

typedef struct Keyed {
    LiquidValue key;
    LiquidValue item;
} Keyed;

typedef bool (*KeyedOrder)(LiquidCall *call, LiquidValue left, LiquidValue right, Order *ret);

/* nil comes last. */
static bool
order_plain(LiquidCall *call, LiquidValue left, LiquidValue right, Order *ret)
{
    *ret = value_order(call, left, right);
    if (*ret == ORDER_NONE && left.kind == LIQUID_NIL)
        *ret = ORDER_MORE;
    else if (*ret == ORDER_NONE && right.kind == LIQUID_NIL)
        *ret = ORDER_LESS;
    return *ret != ORDER_NONE || liquid_fail(call, "cannot sort values of incompatible types");
}

static bool
order_natural(LiquidCall *call, LiquidValue left, LiquidValue right, Order *ret)
{
    *ret = ORDER_SAME;
    if (left.kind == LIQUID_NIL || right.kind == LIQUID_NIL) {
        *ret = (Order)((left.kind == LIQUID_NIL) - (right.kind == LIQUID_NIL));
        return true;
    }
    Str a = text_of(call, left), b = text_of(call, right);
    for (size_t i = 0; i < MIN(a.len, b.len) && *ret == ORDER_SAME; i++) {
        int order = (uint8_t)g_ascii_tolower(a.at[i]) - (uint8_t)g_ascii_tolower(b.at[i]);
        *ret = order < 0 ? ORDER_LESS : order > 0 ? ORDER_MORE : ORDER_SAME;
    }
    if (*ret == ORDER_SAME)
        *ret = a.len < b.len ? ORDER_LESS : a.len > b.len ? ORDER_MORE : ORDER_SAME;
    return true;
}

/* Merges two sorted halves of `from` into `to`. */
static bool
merge(LiquidCall *call, KeyedOrder order, const Keyed *from, size_t half, size_t count, Keyed *to)
{
    size_t left = 0, right = half;
    for (size_t i = 0; i < count; i++) {
        Order which = ORDER_LESS;
        if (left < half && right < count && !order(call, from[left].key, from[right].key, &which))
            return false;
        bool take_left = right == count || (left < half && which != ORDER_MORE);
        to[i] = from[take_left ? left++ : right++];
    }
    call->steps += (uint32_t)count;
    return call->steps <= call->steps_most ||
           call_fail(call, FAILURE_BUDGET, call->fail_at, "the list is too long");
}

/* Stable, and it stops at the first pair that cannot be compared. */
static bool
keyed_sort(LiquidCall *call, KeyedOrder order, Keyed *list, Keyed *spare, size_t count)
{
    if (count < 2)
        return true;
    size_t half = count / 2;
    if (!keyed_sort(call, order, list, spare, half) ||
        !keyed_sort(call, order, list + half, spare, count - half))
        return false;
    memcpy(spare, list, count * sizeof *list);
    return merge(call, order, spare, half, count, list);
}

static bool
sort_by(LiquidCall *call, LiquidValue value, const LiquidArgs *args, KeyedOrder order,
        LiquidValue *ret)
{
    List list;
    if (!list_of(call, value, &list))
        return false;
    Keyed *keyed = arena_new_of(call->arena, Keyed, list.count * 2 + 1);
    bool by_property = args->count && args->list[0].kind != LIQUID_NIL;
    bool wrong = false;
    for (size_t i = 0; i < list.count; i++) {
        keyed[i] = (Keyed){list.items[i], list.items[i]};
        Has has =
            by_property ? item_property(call, list.items[i], args->list[0], &keyed[i].key) : HAS_IT;
        if (has == HAS_NOT_INDEX)
            return true;
        wrong = wrong || has == HAS_WRONG_TYPE;
    }
    if (wrong && list.count > 1) /* a lone item is compared with nothing */
        return property_fail(call, args->list[0]);
    if (!keyed_sort(call, order, keyed, keyed + list.count, list.count))
        return false;
    for (size_t i = 0; i < list.count; i++)
        list.items[i] = keyed[i].item;
    return list_result(call, &list, ret);
}

static bool
sort_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return sort_by(call, value, args, order_plain, ret);
}

static bool
sort_natural_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return sort_by(call, value, args, order_natural, ret);
}

/* ---- table ------------------------------------------------------------------------------- */

const LiquidFilter liquid_filter_sort = {
    "sort", sort_run, 0, 1, .type = LIQUID_TYPE_LIST, .help = "In order, by a property."};
const LiquidFilter liquid_filter_sort_natural = {"sort_natural",
                                                 sort_natural_run,
                                                 0,
                                                 1,
                                                 .type = LIQUID_TYPE_LIST,
                                                 .help =
                                                     "In order, large and small letters alike."};
