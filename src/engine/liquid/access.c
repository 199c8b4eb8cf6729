/* access.c - what a template can reach in a value: names, indexes, size, first, last. */
#include "engine/liquid/inside.h"

enum { INTEGER_BYTES = 8 }; /* what Ruby's Integer#size says of a small one */

bool
value_is_list(LiquidValue value)
{
    return value.kind == LIQUID_ARRAY || value.kind == LIQUID_RANGE ||
           (value.kind == LIQUID_OBJECT && value.object->class->len && !value.object->class->key);
}

bool
value_is_map(LiquidValue value)
{
    return value.kind == LIQUID_MAP || (value.kind == LIQUID_OBJECT && value.object->class->key);
}

static size_t
range_len(const LiquidRange *range)
{
    return range->to < range->from ? 0 : (size_t)((uint64_t)range->to - (uint64_t)range->from) + 1;
}

size_t
value_len(LiquidValue value)
{
    switch (value.kind) {
    case LIQUID_ARRAY:
        return value.array->count;
    case LIQUID_MAP:
        return value.map->count;
    case LIQUID_RANGE:
        return range_len(value.range);
    case LIQUID_OBJECT:
        return value.object->class->len ? value.object->class->len(value.object) : 0;
    default:
        return 0;
    }
}

static LiquidValue
pair_new(Arena *arena, Str name, LiquidValue value)
{
    LiquidValue *list = arena_new_of(arena, LiquidValue, 2);
    list[0] = liquid_str(name);
    list[1] = value;
    return liquid_array(arena, list, 2);
}

LiquidValue
value_nth(LiquidCall *call, LiquidValue value, size_t index)
{
    switch (value.kind) {
    case LIQUID_ARRAY:
        return value.array->list[index];
    case LIQUID_RANGE:
        return liquid_int((int64_t)((uint64_t)value.range->from + index));
    case LIQUID_MAP: {
        const MapEntry *entry = &value.map->list[index];
        return pair_new(call->arena, entry->name.text, entry->value);
    }
    case LIQUID_OBJECT: {
        const LiquidClass *class = value.object->class;
        LiquidValue item = class->nth(value.object, index, call->arena);
        if (!class->key)
            return item;
        return pair_new(call->arena, class->key(value.object, index), item);
    }
    default:
        return LIQUID_OF_NIL;
    }
}

LiquidValue
value_plain(LiquidCall *call, LiquidValue value)
{
    if (value.kind == LIQUID_OBJECT && value.object->class->value)
        return value.object->class->value(value.object, call->arena);
    return value;
}

bool
value_get(LiquidCall *call, LiquidValue value, const LiquidName *name, LiquidValue *ret)
{
    if (value.kind == LIQUID_MAP) {
        const LiquidValue *found = map_find(value.map, name);
        if (found)
            *ret = *found;
        return found != NULL;
    }
    if (value.kind == LIQUID_OBJECT && value.object->class->get)
        return value.object->class->get(value.object, name, call->arena, ret);
    return false;
}

static bool
value_at_index(LiquidCall *call, LiquidValue value, int64_t index, LiquidValue *ret)
{
    if (!value_is_list(value) || value.kind == LIQUID_RANGE)
        return false;
    size_t len = value_len(value);
    if (index < 0)
        index += (int64_t)len;
    *ret =
        index >= 0 && (size_t)index < len ? value_nth(call, value, (size_t)index) : LIQUID_OF_NIL;
    return true;
}

bool
value_at(LiquidCall *call, LiquidValue value, LiquidValue key, LiquidValue *ret)
{
    key = value_plain(call, key);
    if (key.kind == LIQUID_INT)
        return value_at_index(call, value, key.integer, ret);
    if (key.kind != LIQUID_STR)
        return false;
    LiquidName name = liquid_name(liquid_text(key));
    return value_get(call, value, &name, ret);
}

/* The first or last character. */
static LiquidValue
text_end(Str text, bool last)
{
    size_t chars = text_chars(text);
    if (chars == 0)
        return liquid_str((Str){0});
    size_t from = last ? text_skip(text, chars - 1) : 0;
    Str rest = str_sub(text, from, text.len);
    return liquid_str((Str){rest.at, text_skip(rest, 1)});
}

static bool
value_size(LiquidValue value, LiquidValue *ret)
{
    if (value.kind == LIQUID_STR)
        *ret = liquid_int((int64_t)text_chars(liquid_text(value)));
    else if (value.kind == LIQUID_INT)
        *ret = liquid_int(INTEGER_BYTES);
    else if (value_is_list(value) || value_is_map(value))
        *ret = liquid_int((int64_t)value_len(value));
    else
        return false;
    return true;
}

bool
value_command(LiquidCall *call, LiquidValue value, const LiquidName *name, LiquidValue *ret)
{
    call_charge_text(call, value);
    if (word_is(name->text, STR("size")))
        return value_size(value, ret);
    bool last = word_is(name->text, STR("last"));
    if (!last && !word_is(name->text, STR("first")))
        return false;
    if (value.kind == LIQUID_STR) {
        *ret = text_end(liquid_text(value), last);
        return true;
    }
    if (value.kind == LIQUID_RANGE) { /* its ends, even where nothing is between them */
        *ret = liquid_int(last ? value.range->to : value.range->from);
        return true;
    }
    if (!value_is_list(value) && (last || !value_is_map(value))) /* a map has no last pair */
        return false;
    size_t len = value_len(value);
    *ret = len == 0 ? LIQUID_OF_NIL : value_nth(call, value, last ? len - 1 : 0);
    return true;
}
