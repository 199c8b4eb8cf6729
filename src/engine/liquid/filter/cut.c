/* cut.c - filters that take strings apart: by characters, by words, at separators. */
#include "engine/liquid/inside.h"

#include <string.h>

enum { TRUNCATE_CHARS = 50, TRUNCATE_WORDS = 15 };

/* ---- cutting ------------------------------------------------------------------------------ */

static bool
whole_arg(LiquidCall *call, LiquidValue value, int64_t *ret)
{
    return value_to_integer(call, value, ret) || liquid_fail(call, "invalid integer");
}

static Str
ellipsis_of(LiquidCall *call, const LiquidArgs *args)
{
    return args->count > 1 ? text_of(call, args->list[1]) : STR("...");
}

static bool
truncate_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    int64_t most = TRUNCATE_CHARS;
    if (value.kind == LIQUID_NIL)
        return true;
    if (args->count && !whole_arg(call, args->list[0], &most))
        return false;
    Str text = text_of(call, value);
    Str ellipsis = ellipsis_of(call, args);
    if ((int64_t)text.len <= most || (int64_t)text_chars(text) <= most) {
        *ret = liquid_str(text);
        return true;
    }
    int64_t keep = MAX(most, 0) - (int64_t)text_chars(ellipsis);
    Buf out = {.arena = call->arena};
    buf_add(&out, text.at, text_skip(text, (size_t)MAX(keep, 0)));
    buf_add_str(&out, ellipsis);
    *ret = liquid_str(buf_str(&out));
    return true;
}

static bool
truncatewords_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    int64_t most = TRUNCATE_WORDS;
    if (value.kind == LIQUID_NIL)
        return true;
    if (args->count && !whole_arg(call, args->list[0], &most))
        return false;
    most = MAX(most, 1);
    Str text = text_of(call, value);
    Str ellipsis = ellipsis_of(call, args);
    Buf out = {.arena = call->arena};
    Str rest = text_strip_left(text);
    bool more = false; /* something stands behind the last word, were it white space alone */
    for (int64_t words = 0; rest.len && words < most; words++) {
        size_t len = 0;
        while (len < rest.len && !text_is_space(rest.at[len]))
            len++;
        if (words)
            buf_add_char(&out, ' ');
        buf_add(&out, rest.at, len);
        more = len < rest.len && words + 1 == most;
        rest = text_strip_left(str_sub(rest, len, rest.len));
    }
    if (!more) {
        *ret = liquid_str(text);
        return true;
    }
    buf_add_str(&out, ellipsis);
    *ret = liquid_str(buf_str(&out));
    return true;
}

/* Where a cut of `length` from `offset` starts and ends in `total`, by Ruby's rules; false: none. */
static bool
slice_bounds(int64_t offset, int64_t length, int64_t total, size_t *ret_from, size_t *ret_len)
{
    if (offset < 0)
        offset += total;
    if (offset < 0 || offset > total || length < 0)
        return false;
    *ret_from = (size_t)offset;
    *ret_len = (size_t)MIN(length, total - offset);
    return true;
}

static LiquidValue
slice_list(LiquidCall *call, LiquidValue value, int64_t offset, int64_t length)
{
    size_t from = 0, len = 0;
    slice_bounds(offset, length, (int64_t)value_len(value), &from, &len);
    LiquidValue *list = arena_new_of(call->arena, LiquidValue, len + 1);
    for (size_t i = 0; i < len; i++)
        list[i] = value_nth(call, value, from + i);
    return liquid_array(call->arena, list, len);
}

static bool
slice_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    int64_t offset, length = 1;
    if (!whole_arg(call, args->list[0], &offset))
        return false;
    if (args->count > 1 && liquid_truth(args->list[1]) && !whole_arg(call, args->list[1], &length))
        return false;
    if (value_is_list(value) && value.kind != LIQUID_RANGE) {
        *ret = slice_list(call, value, offset, length);
        return true;
    }
    Str text = text_of(call, value);
    size_t from, len;
    *ret = liquid_str(STR(""));
    if (slice_bounds(offset, length, (int64_t)text_chars(text), &from, &len)) {
        Str rest = str_sub(text, text_skip(text, from), text.len);
        *ret = liquid_str((Str){rest.at, text_skip(rest, len)});
    }
    return true;
}

/* ---- splitting ---------------------------------------------------------------------------- */

typedef struct Parts {
    Arena *arena;
    LiquidValue *list;
    size_t count, room;
} Parts;

static void
parts_add(Parts *parts, Str text)
{
    if (parts->count == parts->room) {
        parts->room = MAX(parts->room * 2, (size_t)8);
        LiquidValue *list = arena_new_of(parts->arena, LiquidValue, parts->room);
        if (parts->count)
            memcpy(list, parts->list, parts->count * sizeof *list);
        parts->list = list;
    }
    parts->list[parts->count++] = liquid_str(text);
}

static void
split_words(Parts *parts, Str text)
{
    for (text = text_strip_left(text); text.len;) {
        size_t len = 0;
        while (len < text.len && !text_is_space(text.at[len]))
            len++;
        parts_add(parts, str_sub(text, 0, len));
        text = text_strip_left(str_sub(text, len, text.len));
    }
}

static void
split_chars(Parts *parts, Str text)
{
    while (text.len) {
        size_t len = text_skip(text, 1);
        parts_add(parts, str_sub(text, 0, len));
        text = str_sub(text, len, text.len);
    }
}

static void
split_at(Parts *parts, Str text, Str separator)
{
    size_t at;
    while (str_find(text, separator, &at)) {
        parts_add(parts, (Str){text.at, at});
        text = (Str){text.at + at + separator.len, text.len - at - separator.len};
    }
    parts_add(parts, text);
    while (parts->count && parts->list[parts->count - 1].len == 0) /* as Ruby drops them */
        parts->count--;
}

static bool
split_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Str text = text_of(call, value);
    Str separator = text_of(call, args->list[0]);
    Parts parts = {.arena = call->arena};
    if (separator.len == 0)
        split_chars(&parts, text);
    else if (separator.len == 1 && separator.at[0] == ' ')
        split_words(&parts, text);
    else
        split_at(&parts, text, separator);
    *ret = liquid_array(call->arena, parts.list, parts.count);
    return true;
}

/* ---- table ------------------------------------------------------------------------------- */

const LiquidFilter liquid_filter_slice = {"slice", slice_run, 1, 2,
                                          .help = "A part of a text or list, from a place on."};
const LiquidFilter liquid_filter_split = {
    "split", split_run, 1, 1, .type = LIQUID_TYPE_LIST, .help = "The parts of a text, as a list."};
const LiquidFilter liquid_filter_truncate = {"truncate",
                                             truncate_run,
                                             0,
                                             2,
                                             .type = LIQUID_TYPE_STRING,
                                             .help = "At most so many characters."};
const LiquidFilter liquid_filter_truncatewords = {"truncatewords",
                                                  truncatewords_run,
                                                  0,
                                                  2,
                                                  .type = LIQUID_TYPE_STRING,
                                                  .help = "At most so many words."};
