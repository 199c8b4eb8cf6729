/* compare.c - equal, less, contains, blank, empty: by Ruby's rules. */
#include "engine/liquid/inside.h"

#include <string.h>

static bool
list_equal(LiquidCall *call, LiquidValue left, LiquidValue right)
{
    size_t len = value_len(left);
    if (len != value_len(right))
        return false;
    for (size_t i = 0; i < len; i++, call->steps++)
        if (!value_equal(call, value_nth(call, left, i), value_nth(call, right, i)))
            return false;
    return true;
}

static bool
map_equal(LiquidCall *call, LiquidValue left, LiquidValue right)
{
    size_t len = value_len(left);
    if (len != value_len(right))
        return false;
    for (size_t i = 0; i < len; i++, call->steps++) {
        const LiquidValue *pair = value_nth(call, left, i).array->list;
        LiquidValue other;
        if (!value_at(call, right, pair[0], &other) || !value_equal(call, pair[1], other))
            return false;
    }
    return true;
}

static bool
same_kind_equal(LiquidCall *call, LiquidValue left, LiquidValue right)
{
    switch ((LiquidKind)left.kind) {
    case LIQUID_NIL:
        return true;
    case LIQUID_BOOL:
        return left.truth == right.truth;
    case LIQUID_STR:
        return str_eq(liquid_text(left), liquid_text(right));
    case LIQUID_RANGE:
        return left.range->from == right.range->from && left.range->to == right.range->to;
    case LIQUID_MONEY:
        return left.integer == right.integer && strcmp(left.currency, right.currency) == 0;
    case LIQUID_DATE:
        return left.integer == right.integer;
    case LIQUID_OBJECT:
        return left.object == right.object;
    default:
        return false;
    }
}

bool
value_equal(LiquidCall *call, LiquidValue left, LiquidValue right)
{
    if (left.kind == LIQUID_INT && right.kind == LIQUID_INT)
        return left.integer == right.integer;
    if (left.kind == LIQUID_BLANK || left.kind == LIQUID_EMPTY)
        return left.kind == LIQUID_BLANK ? value_is_blank(call, right)
                                         : value_is_empty(call, right);
    if (right.kind == LIQUID_BLANK || right.kind == LIQUID_EMPTY)
        return value_equal(call, right, left);
    left = value_plain(call, left);
    right = value_plain(call, right);
    if (kind_is_number(left) && kind_is_number(right))
        return number_compare(number_of(call, left), number_of(call, right)) == 0;
    if (left.kind == LIQUID_MONEY && kind_is_number(right))
        return number_compare(number_of(call, left), number_of(call, right)) == 0;
    if (left.kind == right.kind && same_kind_equal(call, left, right))
        return true;
    if (left.kind == LIQUID_RANGE || right.kind == LIQUID_RANGE)
        return false;
    if (value_is_list(left) && value_is_list(right))
        return list_equal(call, left, right);
    return value_is_map(left) && value_is_map(right) && map_equal(call, left, right);
}

static Order
text_order(Str left, Str right)
{
    size_t len = MIN(left.len, right.len);
    int order = len ? memcmp(left.at, right.at, len) : 0;
    if (order == 0)
        order = left.len < right.len ? -1 : left.len > right.len;
    return order < 0 ? ORDER_LESS : order > 0 ? ORDER_MORE : ORDER_SAME;
}

static Order
list_order(LiquidCall *call, LiquidValue left, LiquidValue right)
{
    size_t left_len = value_len(left), right_len = value_len(right);
    for (size_t i = 0; i < MIN(left_len, right_len); i++) {
        Order order = value_order(call, value_nth(call, left, i), value_nth(call, right, i));
        if (order != ORDER_SAME)
            return order;
    }
    return left_len < right_len ? ORDER_LESS : left_len > right_len ? ORDER_MORE : ORDER_SAME;
}

static bool
kind_is_amount(LiquidValue value)
{
    return kind_is_number(value) || value.kind == LIQUID_MONEY;
}

Order
value_order(LiquidCall *call, LiquidValue left, LiquidValue right)
{
    left = value_plain(call, left);
    right = value_plain(call, right);
    if (kind_is_amount(left) && kind_is_amount(right)) {
        if (left.kind == LIQUID_MONEY && right.kind == LIQUID_MONEY &&
            strcmp(left.currency, right.currency) != 0)
            return ORDER_NONE;
        return (Order)number_compare(number_of(call, left), number_of(call, right));
    }
    if (left.kind == LIQUID_STR && right.kind == LIQUID_STR)
        return text_order(liquid_text(left), liquid_text(right));
    if (left.kind == LIQUID_DATE && right.kind == LIQUID_DATE)
        return left.integer < right.integer   ? ORDER_LESS
               : left.integer > right.integer ? ORDER_MORE
                                              : ORDER_SAME;
    if (value_is_list(left) && value_is_list(right) && left.kind != LIQUID_RANGE &&
        right.kind != LIQUID_RANGE)
        return list_order(call, left, right);
    return value_equal(call, left, right) ? ORDER_SAME : ORDER_NONE;
}

static bool
list_contains(LiquidCall *call, LiquidValue list, LiquidValue item)
{
    if (list.kind == LIQUID_RANGE) {
        if (!kind_is_number(item))
            return false;
        Number number = number_of(call, item);
        return number_compare(number, (Number){.digits = list.range->from}) >= 0 &&
               number_compare(number, (Number){.digits = list.range->to}) <= 0;
    }
    for (size_t i = 0, len = value_len(list); i < len; i++, call->steps++)
        if (value_equal(call, value_nth(call, list, i), item))
            return true;
    return false;
}

bool
value_contains(LiquidCall *call, LiquidValue left, LiquidValue right)
{
    left = value_plain(call, left);
    right = value_plain(call, right);
    if (!liquid_truth(left) || !liquid_truth(right))
        return false;
    size_t at;
    call_charge_text(call, left);
    if (right.kind == LIQUID_BLANK || right.kind == LIQUID_EMPTY) /* words, not values */
        return left.kind == LIQUID_STR;
    if (left.kind == LIQUID_STR)
        return str_find(liquid_text(left), text_of(call, right), &at);
    if (value_is_list(left))
        return list_contains(call, left, right);
    LiquidValue found;
    return value_is_map(left) && right.kind == LIQUID_STR && value_at(call, left, right, &found);
}

bool
value_is_empty(LiquidCall *call, LiquidValue value)
{
    value = value_plain(call, value);
    if (value.kind == LIQUID_STR)
        return value.len == 0;
    return value.kind != LIQUID_RANGE && (value_is_list(value) || value_is_map(value)) &&
           value_len(value) == 0;
}

bool
value_is_blank(LiquidCall *call, LiquidValue value)
{
    value = value_plain(call, value);
    if (value.kind == LIQUID_STR)
        return text_is_blank(liquid_text(value));
    return !liquid_truth(value) || value_is_empty(call, value);
}
