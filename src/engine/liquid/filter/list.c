/* list.c - filters on lists.
 *
 * Whatever comes in counts as a list, by the rules of Ruby's Liquid: nested lists are flattened, a
 * map is one item, nil is an empty list, any other value a list of one. `item[property]` follows
 * Ruby too, with its oddities: a string has the property that it contains, a whole number its bits.
 */
#include "engine/liquid/filter/list.h"

#include <string.h>

enum { FLATTEN_DEPTH = 128 };

static void
list_push(LiquidCall *call, List *list, LiquidValue item)
{
    if (list->count == list->room) {
        list->room = MAX(list->room * 2, (size_t)8);
        LiquidValue *items = arena_new_of(call->arena, LiquidValue, list->room);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
    }
    list->items[list->count++] = item;
}

static bool
list_flatten(LiquidCall *call, List *list, LiquidValue value, int depth)
{
    for (size_t i = 0, len = value_len(value); i < len; i++) {
        if (i % 64 == 0 && !call_turn(call, call->fail_at))
            return false;
        LiquidValue item = value_nth(call, value, i);
        bool nested = value_is_list(item) && item.kind != LIQUID_RANGE && depth < FLATTEN_DEPTH;
        if (!nested)
            list_push(call, list, item);
        else if (!list_flatten(call, list, item, depth + 1))
            return false;
    }
    return true;
}

/* The items of a value, copied, so that the caller may order them. False: a failure is pending. */
bool
list_of(LiquidCall *call, LiquidValue value, List *ret)
{
    *ret = (List){0};
    if (value.kind == LIQUID_NIL)
        return true;
    if (!value_is_list(value)) {
        list_push(call, ret, value);
        return true;
    }
    size_t len = value_len(value);
    if (len > call->turns_most || !call_has_room(call, len * sizeof *ret->items))
        return call_fail(call, FAILURE_BUDGET, call->fail_at, "the list is too long");
    call_charge(call, len / 4);
    ret->room = len;
    ret->items = arena_new_of(call->arena, LiquidValue, len + 1);
    return list_flatten(call, ret, value, 0);
}

bool
list_result(LiquidCall *call, const List *list, LiquidValue *ret)
{
    *ret = liquid_array(call->arena, list->items, list->count);
    return true;
}

/* ---- item[property] ----------------------------------------------------------------------- */

/* Ruby takes a fraction as an index by its whole part. */
static bool
index_of(LiquidValue key, int64_t *ret)
{
    if (key.kind != LIQUID_INT && key.kind != LIQUID_DECIMAL)
        return false;
    Number number = number_of(NULL, key);
    number = number.digits < 0 ? number_ceil(number) : number_floor(number);
    *ret = (int64_t)CLAMP(number.digits, INT64_MIN, INT64_MAX);
    return true;
}

static Has
text_property(Str text, LiquidValue key, LiquidValue *ret)
{
    size_t at;
    int64_t index;
    if (key.kind == LIQUID_STR) {
        if (str_find(text, liquid_text(key), &at))
            *ret = key;
        return HAS_IT;
    }
    if (!index_of(key, &index))
        return HAS_WRONG_TYPE;
    int64_t chars = (int64_t)text_chars(text);
    if (index < 0)
        index += chars;
    if (index < 0 || index >= chars)
        return HAS_IT;
    Str rest = str_sub(text, text_skip(text, (size_t)index), text.len);
    *ret = liquid_str((Str){rest.at, text_skip(rest, 1)});
    return HAS_IT;
}

static Has
bits_property(int64_t integer, LiquidValue key, LiquidValue *ret)
{
    int64_t bit;
    if (!index_of(key, &bit))
        return HAS_WRONG_TYPE;
    *ret = liquid_int(bit < 0 ? 0 : bit > 63 ? integer < 0 : (integer >> bit) & 1);
    return HAS_IT;
}

Has
item_property(LiquidCall *call, LiquidValue item, LiquidValue key, LiquidValue *ret)
{
    int64_t index;
    *ret = LIQUID_OF_NIL;
    if (value_is_map(item) || (item.kind == LIQUID_OBJECT && item.object->class->get)) {
        value_at(call, item, key, ret);
        return HAS_IT;
    }
    if (item.kind == LIQUID_STR)
        return text_property(liquid_text(item), key, ret);
    if (item.kind == LIQUID_INT)
        return bits_property(item.integer, key, ret);
    if (!value_is_list(item) || item.kind == LIQUID_RANGE)
        return HAS_NOT_INDEX;
    if (!index_of(key, &index))
        return HAS_WRONG_TYPE;
    value_at(call, item, liquid_int(index), ret);
    return HAS_IT;
}

bool
property_fail(LiquidCall *call, LiquidValue key)
{
    return liquid_fail(call, "cannot select the property '" STR_FMT "'",
                       STR_ARG(text_of(call, key)));
}

/* ---- selecting ---------------------------------------------------------------------------- */

typedef struct Wanted {
    LiquidValue key;
    LiquidValue value; /* nil: anything that counts as true */
} Wanted;

static Has
item_matches(LiquidCall *call, LiquidValue item, const Wanted *wanted, bool *ret)
{
    LiquidValue found;
    Has has = item_property(call, item, wanted->key, &found);
    if (has == HAS_IT)
        *ret = wanted->value.kind == LIQUID_NIL ? liquid_truth(value_plain(call, found))
                                                : value_equal(call, found, wanted->value);
    return has;
}

static Wanted
wanted_of(const LiquidArgs *args)
{
    return (Wanted){args->list[0], args->count > 1 ? args->list[1] : LIQUID_OF_NIL};
}

static bool
select_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, bool keep, LiquidValue *ret)
{
    List list, chosen = {0};
    Wanted wanted = wanted_of(args);
    if (!list_of(call, value, &list))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        bool matches = false;
        Has has = item_matches(call, list.items[i], &wanted, &matches);
        if (has == HAS_WRONG_TYPE)
            return property_fail(call, wanted.key);
        if (has == HAS_NOT_INDEX)
            return true; /* nil */
        if (matches == keep)
            list_push(call, &chosen, list.items[i]);
    }
    return list_result(call, &chosen, ret);
}

static bool
where_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return select_run(call, value, args, true, ret);
}

static bool
reject_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return select_run(call, value, args, false, ret);
}

/* The first match: *ret_index is the number of items when there is none. False: the result is nil
 * (an item without properties) or a failure is pending. */
static bool
match_find(LiquidCall *call, LiquidValue value, const LiquidArgs *args, List *list,
           size_t *ret_index)
{
    Wanted wanted = wanted_of(args);
    if (!list_of(call, value, list))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        bool matches = false;
        Has has = item_matches(call, list->items[i], &wanted, &matches);
        if (has == HAS_WRONG_TYPE)
            return property_fail(call, wanted.key);
        if (has == HAS_NOT_INDEX)
            return false;
        if (matches) {
            *ret_index = i;
            return true;
        }
    }
    *ret_index = list->count;
    return true;
}

static bool
find_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    List list;
    size_t index;
    if (match_find(call, value, args, &list, &index) && index < list.count)
        *ret = list.items[index];
    return !call->failure;
}

static bool
find_index_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    List list;
    size_t index;
    if (match_find(call, value, args, &list, &index) && index < list.count)
        *ret = liquid_int((int64_t)index);
    return !call->failure;
}

static bool
has_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    List list;
    size_t index;
    if (match_find(call, value, args, &list, &index))
        *ret = liquid_bool(index < list.count);
    return !call->failure;
}

static bool
map_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    List list;
    if (!list_of(call, value, &list))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        LiquidValue found;
        if (item_property(call, list.items[i], args->list[0], &found) == HAS_WRONG_TYPE)
            return property_fail(call, args->list[0]);
        list.items[i] = found;
    }
    return list_result(call, &list, ret);
}

static bool
compact_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    List list;
    size_t kept = 0;
    if (!list_of(call, value, &list))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        LiquidValue found = list.items[i];
        Has has = args->count && args->list[0].kind != LIQUID_NIL
                      ? item_property(call, list.items[i], args->list[0], &found)
                      : HAS_IT;
        if (has == HAS_WRONG_TYPE)
            return property_fail(call, args->list[0]);
        if (has == HAS_NOT_INDEX)
            return true;
        if (found.kind != LIQUID_NIL)
            list.items[kept++] = list.items[i];
    }
    list.count = kept;
    return list_result(call, &list, ret);
}

static bool
reverse_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    List list;
    if (!list_of(call, value, &list))
        return false;
    for (size_t i = 0; i < list.count / 2; i++) {
        LiquidValue item = list.items[i];
        list.items[i] = list.items[list.count - 1 - i];
        list.items[list.count - 1 - i] = item;
    }
    return list_result(call, &list, ret);
}

/* ---- the rest ----------------------------------------------------------------------------- */

static bool
join_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    List list;
    if (!list_of(call, value, &list))
        return false;
    Str glue = args->count ? text_of(call, args->list[0]) : STR(" ");
    Buf out = {.arena = call->arena};
    for (size_t i = 0; i < list.count; i++) {
        if (i)
            buf_add_str(&out, glue);
        text_add(call, &out, list.items[i]);
        if (!call_has_room(call, out.len))
            return false;
    }
    *ret = liquid_str(buf_str(&out));
    return true;
}

static bool
concat_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    LiquidValue other = args->list[0];
    List list;
    if (!value_is_list(other) || other.kind == LIQUID_RANGE)
        return liquid_fail(call, "concat filter requires an array argument");
    if (!list_of(call, value, &list))
        return false;
    for (size_t i = 0, len = value_len(other); i < len; i++)
        list_push(call, &list, value_nth(call, other, i));
    return list_result(call, &list, ret);
}

static bool
sum_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    List list;
    Number sum = {0};
    LiquidValue money = LIQUID_OF_NIL;
    if (!list_of(call, value, &list))
        return false;
    bool by_property = args->count && args->list[0].kind != LIQUID_NIL;
    for (size_t i = 0; i < list.count; i++) {
        LiquidValue item = list.items[i];
        if (by_property &&
            item_property(call, list.items[i], args->list[0], &item) == HAS_WRONG_TYPE)
            return property_fail(call, args->list[0]);
        if (item.kind == LIQUID_MONEY && money.kind == LIQUID_NIL)
            money = item;
        if ((money.kind == LIQUID_MONEY) != (item.kind == LIQUID_MONEY) ||
            (item.kind == LIQUID_MONEY && strcmp(item.currency, money.currency) != 0))
            return liquid_fail(call, "money adds only to money of the same currency");
        Number before = sum;
        number_add(before, number_of(call, item), &sum);
    }
    *ret = number_value(call->arena, sum);
    if (money.kind == LIQUID_MONEY && !call->liquid->options.cents && ret->kind == LIQUID_INT)
        *ret = liquid_money(ret->integer, money.currency);
    return true;
}

static bool
end_run(LiquidCall *call, LiquidValue value, const char *which, LiquidValue *ret)
{
    LiquidName name = liquid_name(str_of(which));
    if (!value_command(call, value, &name, ret))
        *ret = LIQUID_OF_NIL;
    return true;
}

static bool
first_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return end_run(call, value, "first", ret);
}

static bool
last_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return end_run(call, value, "last", ret);
}

static bool
size_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    LiquidName name = liquid_name(STR("size"));
    if (!value_command(call, value, &name, ret))
        *ret = liquid_int(0);
    return true;
}

static bool
default_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    const LiquidValue *allow = liquid_arg(args, "allow_false");
    bool missing = allow && liquid_truth(*allow) ? value.kind == LIQUID_NIL
                                                 : !liquid_truth(value_plain(call, value));
    *ret = value;
    if (!missing && !value_is_empty(call, value))
        return true;
    *ret = args->count         ? args->list[0]
           : args->named_count ? args_bundle(call->arena, args) /* as Ruby takes them */
                               : liquid_str(STR(""));
    return true;
}

/* ---- table -------------------------------------------------------------------------------- */

const LiquidFilter liquid_filter_compact = {
    "compact", compact_run, 0, 1, .type = LIQUID_TYPE_LIST, .help = "Without what is nil."};
const LiquidFilter liquid_filter_concat = {"concat",
                                           concat_run,
                                           1,
                                           1,
                                           .type = LIQUID_TYPE_LIST,
                                           .help = "Both lists, one behind the other."};
const LiquidFilter liquid_filter_default = {
    "default", default_run,   0,
    1,         .named = true, .help = "Another value where this one is missing, false or empty."};
const LiquidFilter liquid_filter_find = {"find", find_run, 1, 2,
                                         .help = "The first item with that property."};
const LiquidFilter liquid_filter_find_index = {
    "find_index",
    find_index_run,
    1,
    2,
    .type = LIQUID_TYPE_NUMBER,
    .help = "The place of the first item with that property, from 0."};
const LiquidFilter liquid_filter_first = {"first", first_run, .help = "The first item."};
const LiquidFilter liquid_filter_has = {
    "has", has_run, 1, 2, .type = LIQUID_TYPE_BOOL, .help = "Whether an item has that property."};
const LiquidFilter liquid_filter_join = {
    "join", join_run, 0, 1, .type = LIQUID_TYPE_STRING, .help = "The items as one text."};
const LiquidFilter liquid_filter_last = {"last", last_run, .help = "The last item."};
const LiquidFilter liquid_filter_map = {
    "map", map_run, 1, 1, .type = LIQUID_TYPE_LIST, .help = "One property of every item."};
const LiquidFilter liquid_filter_reject = {"reject",
                                           reject_run,
                                           1,
                                           2,
                                           .type = LIQUID_TYPE_LIST,
                                           .help = "The items without that property."};
const LiquidFilter liquid_filter_reverse = {"reverse", reverse_run, .type = LIQUID_TYPE_LIST,
                                            .help = "Last item first."};
const LiquidFilter liquid_filter_size = {"size", size_run, .type = LIQUID_TYPE_NUMBER,
                                         .help = "How many characters or items."};
const LiquidFilter liquid_filter_sum = {"sum",
                                        sum_run,
                                        0,
                                        1,
                                        .type = LIQUID_TYPE_NUMBER,
                                        .help = "All items, or one property of them, added up."};
const LiquidFilter liquid_filter_where = {
    "where", where_run, 1, 2, .type = LIQUID_TYPE_LIST, .help = "The items with that property."};
