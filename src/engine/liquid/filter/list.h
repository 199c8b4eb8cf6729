/* list.h - what the filters on lists share. */
#pragma once

#include "engine/liquid/inside.h"

/* Items in the arena of the render, to be ordered and changed at will. */
typedef struct List {
    LiquidValue *items;
    size_t count, room;
} List;

/* The items of a value, copied. False: a failure is pending. */
bool list_of(LiquidCall *call, LiquidValue value, List *ret);
bool list_result(LiquidCall *call, const List *list, LiquidValue *ret); /* always true */

/* item[property], by Ruby's rules. */
typedef enum Has {
    HAS_IT,
    HAS_NOT_INDEX, /* nil, true, fractions: they know no [] */
    HAS_WRONG_TYPE,
} Has;

Has item_property(LiquidCall *call, LiquidValue item, LiquidValue key, LiquidValue *ret);
bool property_fail(LiquidCall *call, LiquidValue key); /* the error; always false */
