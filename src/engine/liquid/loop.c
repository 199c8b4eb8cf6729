/* loop.c - for and tablerow while they run. */
#include "engine/liquid/inside.h"

#include <string.h>

/* ---- forloop and tablerowloop ------------------------------------------------------------- */

static bool
loop_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const ForLoop *loop = (const ForLoop *)self;
    Str text = name->text;
    if (word_is(text, STR("index")))
        *ret = liquid_int(loop->index + 1);
    else if (word_is(text, STR("index0")))
        *ret = liquid_int(loop->index);
    else if (word_is(text, STR("first")))
        *ret = liquid_bool(loop->index == 0);
    else if (word_is(text, STR("last")))
        *ret = liquid_bool(loop->index == loop->length - 1);
    else if (word_is(text, STR("length")))
        *ret = liquid_int(loop->length);
    else if (word_is(text, STR("rindex")))
        *ret = liquid_int(loop->length - loop->index);
    else if (word_is(text, STR("rindex0")))
        *ret = liquid_int(loop->length - loop->index - 1);
    else
        return false;
    return true;
}

static bool
forloop_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const ForLoop *loop = (const ForLoop *)self;
    if (loop_get(self, name, arena, ret))
        return true;
    if (word_is(name->text, STR("parentloop")))
        *ret = loop->parent ? liquid_object(&loop->parent->object) : LIQUID_OF_NIL;
    else if (word_is(name->text, STR("name")))
        *ret = liquid_str(loop->name);
    else
        return false;
    return true;
}

static bool
tablerowloop_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const ForLoop *loop = (const ForLoop *)self;
    if (loop_get(self, name, arena, ret))
        return true;
    if (word_is(name->text, STR("col")))
        *ret = liquid_int(loop->col);
    else if (word_is(name->text, STR("col0")))
        *ret = liquid_int(loop->col - 1);
    else if (word_is(name->text, STR("col_first")))
        *ret = liquid_bool(loop->col == 1);
    else if (word_is(name->text, STR("col_last")))
        *ret = liquid_bool(loop->col == loop->cols);
    else if (word_is(name->text, STR("row")))
        *ret = liquid_int(loop->row);
    else
        return false;
    return true;
}

static const LiquidClass forloop_class = {.name = "Liquid::ForloopDrop", .get = forloop_get};
static const LiquidClass tablerowloop_class = {.name = "Liquid::TablerowloopDrop",
                                               .get = tablerowloop_get};

ForLoop *
forloop_new(LiquidCall *call, Str name, size_t length)
{
    ForLoop *loop = arena_new_of(call->arena, ForLoop, 1);
    loop->object.class = &forloop_class;
    loop->name = name;
    loop->length = (int64_t)length;
    return loop;
}

/* ---- what is looped over ------------------------------------------------------------------ */

/* A part of a list: item i is list[first + i * step]. */
typedef struct Slice {
    LiquidValue list;
    size_t first;
    size_t length;
    bool reversed;
    bool whole; /* the list is one item itself: a string */
} Slice;

static bool
bound_eval(LiquidCall *call, const Expr *expr, int64_t none, int64_t *ret)
{
    *ret = none;
    if (!expr)
        return true;
    LiquidValue value = expr_eval(call, expr);
    if (call->failure)
        return false;
    if (value.kind == LIQUID_NIL || value_to_integer(call, value, ret))
        return true;
    return call_fail(call, FAILURE_ERROR, expr->at, "invalid integer");
}

static void
slice_cut(LiquidValue list, int64_t from, int64_t limit, Slice *ret)
{
    *ret = (Slice){.list = list};
    if (list.kind == LIQUID_STR) {
        ret->whole = true;
        ret->length = list.len > 0;
        return;
    }
    if (!value_is_list(list) && !value_is_map(list))
        return;
    size_t len = value_len(list);
    int64_t to;
    if (limit == INT64_MAX || __builtin_add_overflow(from, limit, &to) || to > (int64_t)len)
        to = (int64_t)len;
    int64_t first = MAX(from, 0);
    ret->first = (size_t)first;
    ret->length = to > first ? (size_t)(to - first) : 0;
}

static LiquidValue
slice_item(LiquidCall *call, const Slice *slice, size_t index)
{
    if (slice->whole)
        return slice->list;
    if (slice->reversed)
        index = slice->length - 1 - index;
    return value_nth(call, slice->list, slice->first + index);
}

/* ---- for ---------------------------------------------------------------------------------- */

static bool
for_slice(LiquidCall *call, const Loop *loop, Slice *ret)
{
    int64_t from, limit;
    if (loop->continues)
        from = counters_get(call, &call->offsets, loop->name)->count;
    else if (!bound_eval(call, loop->offset, 0, &from))
        return false;
    LiquidValue list = expr_eval(call, loop->list);
    if (call->failure || !bound_eval(call, loop->limit, INT64_MAX, &limit))
        return false;
    slice_cut(list, from, limit, ret);
    ret->reversed = loop->reversed;
    int64_t end = from + (int64_t)ret->length;
    counters_get(call, &call->offsets, loop->name)->count = CLAMP(end, 0, INT64_MAX);
    return true;
}

/* Takes the pending break or continue. True: the loop ends. */
static bool
interrupt_take(LiquidCall *call)
{
    bool ends = call->interrupt == INTERRUPT_BREAK;
    call->interrupt = INTERRUPT_NONE;
    return ends || call->stopped;
}

static void
for_turns(LiquidCall *call, const Node *node, const Slice *slice, ForLoop *forloop)
{
    const Loop *loop = node->loop;
    uint32_t number = loop->slot;
    for (size_t i = 0; i < slice->length; i++) {
        if (!call_turn(call, node->at))
            return;
        Slot *slot = &call->slots[number]; /* a partial may have moved them */
        slot->local = slice_item(call, slice, i);
        render_block(call, loop->body);
        forloop->index++;
        if ((call->interrupt || call->stopped) && interrupt_take(call))
            return;
    }
}

/* One more scope, as Shopify counts them. */
bool
scope_enter(LiquidCall *call, uint32_t at)
{
    if (call->depth >= call->depth_most)
        return call_fail(call, FAILURE_ERROR, at, "Nesting too deep");
    call->depth++;
    return true;
}

void
render_for(LiquidCall *call, const Node *node)
{
    const Loop *loop = node->loop;
    Slice slice;
    if (!for_slice(call, loop, &slice))
        return;
    if (slice.length == 0) {
        if (loop->otherwise)
            render_block(call, loop->otherwise);
        return;
    }
    if (!scope_enter(call, node->at))
        return;
    ForLoop *forloop = forloop_new(call, loop->name, slice.length);
    forloop->parent = call->loop;
    call->loop = forloop;
    Slot saved_loop, saved_item;
    slot_shadow(call, loop->loop_slot, liquid_object(&forloop->object), &saved_loop);
    slot_shadow(call, loop->slot, LIQUID_OF_NIL, &saved_item);
    for_turns(call, node, &slice, forloop);
    slot_restore(call, loop->slot, &saved_item);
    slot_restore(call, loop->loop_slot, &saved_loop);
    call->loop = forloop->parent;
    call->depth--;
}

/* ---- tablerow ----------------------------------------------------------------------------- */

/* Ruby's to_i: what is no number is 0, true and lists are errors. */
static bool
count_eval(LiquidCall *call, const Expr *expr, int64_t none, int64_t *ret)
{
    *ret = none;
    if (!expr)
        return true;
    LiquidValue value = expr_eval(call, expr);
    if (call->failure)
        return false;
    if (value.kind != LIQUID_NIL && value.kind != LIQUID_STR && !kind_is_number(value))
        return call_fail(call, FAILURE_ERROR, expr->at, "invalid integer");
    Number number =
        value.kind == LIQUID_STR ? number_prefix(liquid_text(value)) : number_of(call, value);
    number = number.digits < 0 ? number_ceil(number) : number_floor(number);
    *ret = (int64_t)CLAMP(number.digits, INT64_MIN, INT64_MAX);
    return true;
}

static void
tablerow_step(LiquidCall *call, ForLoop *loop)
{
    bool last = loop->index == loop->length - 1;
    if (loop->col == loop->cols && !last)
        buf_format(call->out, "</tr>\n<tr class=\"row%" G_GINT64_FORMAT "\">", loop->row + 1);
    loop->index++;
    if (loop->col == loop->cols) {
        loop->col = 1;
        loop->row++;
    } else {
        loop->col++;
    }
}

static void
tablerow_turns(LiquidCall *call, const Node *node, const Slice *slice, ForLoop *loop)
{
    for (size_t i = 0; i < slice->length; i++) {
        if (!call_turn(call, node->at))
            return;
        call->slots[node->loop->slot].local = slice_item(call, slice, i);
        buf_format(call->out, "<td class=\"col%" G_GINT64_FORMAT "\">", loop->col);
        render_block(call, node->loop->body);
        buf_add_cstr(call->out, "</td>");
        if ((call->interrupt || call->stopped) && interrupt_take(call))
            return;
        tablerow_step(call, loop);
    }
}

void
render_tablerow(LiquidCall *call, const Node *node)
{
    const Loop *loop = node->loop;
    LiquidValue list = expr_eval(call, loop->list);
    int64_t from, limit, cols;
    if (call->failure || !liquid_truth(list) || !count_eval(call, loop->offset, 0, &from) ||
        !count_eval(call, loop->limit, INT64_MAX, &limit))
        return;
    Slice slice;
    slice_cut(list, from, limit, &slice);
    if (!count_eval(call, loop->cols, (int64_t)slice.length, &cols) || !scope_enter(call, node->at))
        return;
    ForLoop *tablerow = forloop_new(call, loop->name, slice.length);
    tablerow->object.class = &tablerowloop_class;
    tablerow->row = tablerow->col = 1;
    tablerow->cols = cols;
    buf_add_cstr(call->out, "<tr class=\"row1\">\n");
    Slot saved_loop, saved_item;
    slot_shadow(call, loop->loop_slot, liquid_object(&tablerow->object), &saved_loop);
    slot_shadow(call, loop->slot, LIQUID_OF_NIL, &saved_item);
    tablerow_turns(call, node, &slice, tablerow);
    slot_restore(call, loop->slot, &saved_item);
    slot_restore(call, loop->loop_slot, &saved_loop);
    buf_add_cstr(call->out, "</tr>\n");
    call->depth--;
}
