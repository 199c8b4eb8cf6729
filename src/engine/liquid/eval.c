/* eval.c - the value of an expression, and the slots that names stand for. */
#include "engine/liquid/inside.h"

#include <string.h>

enum { ARGS_ON_STACK = 6 };

/* ---- slots -------------------------------------------------------------------------------- */

static bool
root_get(LiquidCall *call, const LiquidName *name, LiquidValue *ret)
{
    if (!call->isolated && value_get(call, call->data->root, name, ret) && ret->kind != LIQUID_NIL)
        return true;
    if (value_get(call, call->data->globals, name, ret))
        return true;
    return !call->isolated && value_get(call, call->data->root, name, ret);
}

void
slot_resolve(LiquidCall *call, uint32_t number)
{
    Slot *slot = &call->slots[number];
    LiquidName name = names_text(call->names, number);
    slot->found = root_get(call, &name, &slot->env);
    if (!slot->found)
        slot->env = LIQUID_OF_NIL;
    slot->resolved = true;
}

LiquidValue
slot_value(LiquidCall *call, uint32_t number, uint32_t at)
{
    Slot *slot = &call->slots[number];
    if (slot->bound)
        return slot->local;
    if (!slot->resolved)
        slot_resolve(call, number);
    if (!slot->found && call->strict)
        call_fail(call, FAILURE_NAME, at, "there is no '" STR_FMT "' here",
                  STR_ARG(names_text(call->names, number).text));
    return slot->env;
}

void
slot_assign(LiquidCall *call, uint32_t number, LiquidValue value)
{
    Slot *slot = &call->slots[number];
    while (slot->below) /* assign reaches below the variables of loops and includes */
        slot = slot->below;
    slot->local = value;
    slot->bound = true;
}

void
slot_shadow(LiquidCall *call, uint32_t number, LiquidValue value, Slot *saved)
{
    Slot *slot = &call->slots[number];
    *saved = *slot;
    slot->below = saved;
    slot->local = value;
    slot->bound = true;
}

void
slot_restore(LiquidCall *call, uint32_t number, const Slot *saved)
{
    Slot *slot = &call->slots[number];
    slot->local = saved->local;
    slot->bound = saved->bound;
    slot->below = saved->below;
}

/* ---- paths -------------------------------------------------------------------------------- */

static bool
segment_get(LiquidCall *call, const Segment *segment, LiquidValue value, LiquidValue *ret)
{
    if (segment->key)
        return value_at(call, value, expr_eval(call, segment->key), ret);
    return value_get(call, value, &segment->name, ret) ||
           (segment->command && value_command(call, value, &segment->name, ret));
}

static void
segment_missing(LiquidCall *call, const Segment *segment)
{
    if (call->strict && !call->failure)
        call_fail(call, FAILURE_NAME, segment->at, "there is no '" STR_FMT "' here",
                  STR_ARG(segment->key ? text_of(call, expr_eval(call, segment->key))
                                       : segment->name.text));
}

static LiquidValue
segments_eval(LiquidCall *call, const Expr *expr, LiquidValue value)
{
    const Segment *segment = expr->segments;
    for (uint16_t left = expr->count; left; left--, segment++) {
        LiquidValue next = LIQUID_OF_NIL;
        bool plain = value.kind == LIQUID_OBJECT && !segment->key && value.object->class->get;
        bool found = plain && value.object->class->get(value.object, &segment->name, call->arena,
                                                       &next); /* nearly all */
        if (!found && !segment_get(call, segment, value, &next)) {
            segment_missing(call, segment);
            return LIQUID_OF_NIL;
        }
        value = next;
    }
    return value;
}

static inline LiquidValue
path_eval(LiquidCall *call, const Expr *expr)
{
    const Slot *slot = &call->slots[expr->slot];
    LiquidValue value = slot->bound ? slot->local : slot_value(call, expr->slot, expr->at);
    return expr->count && !call->failure ? segments_eval(call, expr, value) : value;
}

/* What most expressions are; the others by expr_eval(). */
static inline LiquidValue
operand_eval(LiquidCall *call, const Expr *expr)
{
    if (expr->kind == EXPR_CONST)
        return expr->constant;
    return expr->kind == EXPR_PATH ? path_eval(call, expr) : expr_eval(call, expr);
}

static LiquidValue
computed_eval(LiquidCall *call, const Expr *expr)
{
    LiquidValue root = value_plain(call, expr_eval(call, expr->root));
    if (root.kind != LIQUID_STR)
        return LIQUID_OF_NIL;
    return segments_eval(call, expr, liquid_call_var(call, liquid_text(root)));
}

/* All variables of the place where self was written, as they are when it is asked. */
typedef struct SelfView {
    LiquidObject object;
    LiquidCall *call;
    Slot *slots;
    uint32_t slot_count;
    bool isolated;
} SelfView;

static bool
variable_find(LiquidCall *call, const LiquidName *name, LiquidValue *ret)
{
    uint32_t number;
    if (!call->names || !names_find(call->names, name->text, name->hash, &number) ||
        number >= call->slot_count)
        return root_get(call, name, ret);
    Slot *slot = &call->slots[number];
    if (!slot->bound && !slot->resolved)
        slot_resolve(call, number);
    *ret = slot->bound ? slot->local : slot->env;
    return slot->bound || slot->found;
}

static bool
self_get(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret)
{
    const SelfView *view = (const SelfView *)self;
    LiquidCall *call = view->call;
    Slot *slots = call->slots;
    uint32_t slot_count = call->slot_count;
    bool isolated = call->isolated;
    call->slots = view->slots;
    call->slot_count = view->slot_count;
    call->isolated = view->isolated;
    bool found = variable_find(call, name, ret);
    call->slots = slots;
    call->slot_count = slot_count;
    call->isolated = isolated;
    return found;
}

static const LiquidClass self_class = {.name = "Liquid::SelfDrop", .get = self_get};

/* A variable that is called self hides it. */
static LiquidValue
self_eval(LiquidCall *call, const Expr *expr)
{
    Slot *slot = &call->slots[expr->slot];
    if (!slot->bound && !slot->resolved)
        slot_resolve(call, expr->slot);
    if (slot->bound || slot->found)
        return segments_eval(call, expr, slot->bound ? slot->local : slot->env);
    if (!call->self || ((const SelfView *)call->self)->slots != call->slots) {
        SelfView *view = arena_new_of(call->arena, SelfView, 1);
        *view = (SelfView){{&self_class}, call, call->slots, call->slot_count, call->isolated};
        call->self = &view->object;
    }
    return segments_eval(call, expr, liquid_object(call->self));
}

/* ---- ranges and conditions ---------------------------------------------------------------- */

bool
value_to_integer(LiquidCall *call, LiquidValue value, int64_t *ret)
{
    if (value.kind == LIQUID_INT) {
        *ret = value.integer;
        return true;
    }
    Number number;
    Str text = str_trim(text_of(call, value));
    if (text.len && text.at[0] == '+')
        text = str_sub(text, 1, text.len);
    if (!number_parse(text, &number) || number.decimal)
        return false;
    *ret = (int64_t)CLAMP(number.digits, INT64_MIN, INT64_MAX);
    return true;
}

static bool
range_end(LiquidCall *call, const Expr *expr, int64_t *ret)
{
    LiquidValue value = expr_eval(call, expr);
    if (value.kind == LIQUID_NIL || value.kind == LIQUID_STR) {
        Number number = number_prefix(liquid_text(value));
        *ret = (int64_t)CLAMP(number.digits, INT64_MIN, INT64_MAX);
        return true;
    }
    if (value_to_integer(call, value, ret))
        return true;
    return call_fail(call, FAILURE_ERROR, expr->at, "invalid integer");
}

static LiquidValue
range_eval(LiquidCall *call, const Expr *expr)
{
    int64_t from, to;
    if (!range_end(call, expr->left, &from) || !range_end(call, expr->right, &to))
        return LIQUID_OF_NIL;
    return liquid_range(call->arena, from, to);
}

/* Ruby's inspect of small values, the class of others: "comparison of String with 5 failed". */
static const char *
ruby_class(LiquidValue value)
{
    switch ((LiquidKind)value.kind) {
    case LIQUID_STR:
        return "String";
    case LIQUID_INT:
    case LIQUID_BIG:
        return "Integer";
    case LIQUID_DECIMAL:
        return "Float";
    case LIQUID_MONEY:
        return "Money";
    case LIQUID_DATE:
        return "Time";
    default:
        return "Object";
    }
}

static bool
order_fail(LiquidCall *call, const Expr *expr, LiquidValue left, LiquidValue right)
{
    const int64_t small_most = INT64_C(1) << 62; /* beyond, Ruby names the class */
    bool small =
        right.kind == LIQUID_DECIMAL ||
        (right.kind == LIQUID_INT && right.integer < small_most && right.integer >= -small_most);
    Str shown = small ? text_of(call, right) : str_of(ruby_class(right));
    return call_fail(call, FAILURE_ERROR, expr->at, "comparison of %s with " STR_FMT " failed",
                     ruby_class(left), STR_ARG(shown));
}

static bool
kind_has_order(LiquidValue value)
{
    return kind_is_number(value) || value.kind == LIQUID_STR || value.kind == LIQUID_MONEY ||
           value.kind == LIQUID_DATE;
}

static bool
order_test(LiquidCall *call, const Expr *expr, LiquidValue left, LiquidValue right)
{
    left = value_plain(call, left);
    right = value_plain(call, right);
    if (!kind_has_order(left) || !kind_has_order(right))
        return false;
    Order order;
    if (left.kind == LIQUID_INT && right.kind == LIQUID_INT)
        order = left.integer < right.integer   ? ORDER_LESS
                : left.integer > right.integer ? ORDER_MORE
                                               : ORDER_SAME;
    else
        order = value_order(call, left, right);
    if (order == ORDER_NONE)
        return order_fail(call, expr, left, right);
    switch (expr->operator) {
    case OP_LT:
        return order == ORDER_LESS;
    case OP_GT:
        return order == ORDER_MORE;
    case OP_LE:
        return order != ORDER_MORE;
    default:
        return order != ORDER_LESS;
    }
}

static bool
compare_test(LiquidCall *call, const Expr *expr)
{
    LiquidValue left = operand_eval(call, expr->left);
    LiquidValue right = operand_eval(call, expr->right);
    switch (expr->operator) {
    case OP_EQ:
        return value_equal(call, left, right);
    case OP_NE:
        return !value_equal(call, left, right);
    case OP_CONTAINS:
        return value_contains(call, left, right);
    default:
        return order_test(call, expr, left, right);
    }
}

bool
expr_test(LiquidCall *call, const Expr *expr)
{
    switch (expr->kind) {
    case EXPR_COMPARE:
        return compare_test(call, expr);
    case EXPR_AND:
        return expr_test(call, expr->left) && !call->failure && expr_test(call, expr->right);
    case EXPR_OR:
        return expr_test(call, expr->left) || (!call->failure && expr_test(call, expr->right));
    default:
        return liquid_truth(value_plain(call, operand_eval(call, expr)));
    }
}

/* ---- filters ------------------------------------------------------------------------------ */

bool
call_fits(const Call *call)
{
    const LiquidFilter *filter = call->filter;
    int given = call->count + call_bundles(call);
    return given >= filter->least && given <= filter->most;
}

/* Counts as Ruby does: the value is an argument too, and so is a bundle of named ones. */
char *
call_misfit(Arena *arena, const Call *call)
{
    const LiquidFilter *filter = call->filter;
    int given = 1 + call->count + call_bundles(call);
    if (filter->least == filter->most)
        return arena_format(arena, "wrong number of arguments (given %d, expected %d)", given,
                            1 + filter->least);
    return arena_format(arena, "wrong number of arguments (given %d, expected %d..%d)", given,
                        1 + filter->least, 1 + filter->most);
}

static LiquidValue
call_run_with(LiquidCall *call, const Call *filter_call, LiquidValue value, const LiquidArgs *args)
{
    LiquidValue result = LIQUID_OF_NIL;
    call->fail_at = filter_call->at;
    call->steps++;
    call_charge_text(call, value);
    if (!filter_call->filter->run(call, value, args, &result))
        return LIQUID_OF_NIL;
    return result;
}

LiquidValue
args_bundle(Arena *arena, const LiquidArgs *args)
{
    LiquidValue map = liquid_map(arena);
    for (size_t i = 0; i < args->named_count; i++)
        liquid_map_set(arena, map, args->names[i], args->named[i]);
    return map;
}

LiquidArgs
call_args(Arena *arena, const Call *call, LiquidValue *list)
{
    LiquidArgs args = {call->count, list, call->named_count, call->names, list + call->count + 1};
    if (G_LIKELY(!call_bundles(call)))
        return args;
    list[call->count] = args_bundle(arena, &args);
    return (LiquidArgs){.count = call->count + 1u, .list = list};
}

static LiquidValue
call_run_computed(LiquidCall *call, const Call *filter_call, LiquidValue value)
{
    LiquidValue room[ARGS_ON_STACK];
    size_t total = (size_t)filter_call->count + 1 + filter_call->named_count;
    LiquidValue *list =
        total <= ARGS_ON_STACK ? room : arena_new_of(call->arena, LiquidValue, total);
    LiquidValue *named = list + filter_call->count + 1;
    for (uint8_t i = 0; i < filter_call->count; i++)
        list[i] = operand_eval(call, filter_call->args[i]);
    for (uint8_t i = 0; i < filter_call->named_count; i++)
        named[i] = operand_eval(call, filter_call->named[i]);
    if (call->failure)
        return LIQUID_OF_NIL;
    LiquidArgs args = call_args(call->arena, filter_call, list);
    return call_run_with(call, filter_call, value, &args);
}

static LiquidValue
call_run(LiquidCall *call, const Call *filter_call, LiquidValue value)
{
    if (!filter_call->filter)
        return value;
    if (!filter_call->fits) {
        call_fail(call, FAILURE_CALL, filter_call->at, "%s", call_misfit(call->arena, filter_call));
        return LIQUID_OF_NIL;
    }
    if (filter_call->constant)
        return call_run_with(call, filter_call, value, &filter_call->ready);
    return call_run_computed(call, filter_call, value);
}

static LiquidValue
filtered_eval(LiquidCall *call, const Expr *expr)
{
    bool strict = call->strict;
    if (strict && word_is(expr->calls->name, STR("default"))) /* the place to say what else it is */
        call->strict = false;
    LiquidValue value = operand_eval(call, expr->input);
    call->strict = strict;
    const Call *filter_call = expr->calls;
    for (uint16_t left = expr->count; left && !call->failure; left--) {
        value = call_run(call, filter_call, value);
        filter_call = filter_call->next;
    }
    return call->failure ? LIQUID_OF_NIL : value;
}

LiquidValue
expr_eval(LiquidCall *call, const Expr *expr)
{
    switch ((ExprKind)expr->kind) {
    case EXPR_CONST:
        return expr->constant;
    case EXPR_PATH:
        return path_eval(call, expr);
    case EXPR_COMPUTED:
        return computed_eval(call, expr);
    case EXPR_SELF:
        return self_eval(call, expr);
    case EXPR_RANGE:
        return range_eval(call, expr);
    case EXPR_FILTERED:
        return filtered_eval(call, expr);
    case EXPR_COMPARE:
    case EXPR_AND:
    case EXPR_OR:
        return liquid_bool(expr_test(call, expr));
    }
    return LIQUID_OF_NIL;
}

/* ---- what filters see --------------------------------------------------------------------- */

void
liquid_call_charge(LiquidCall *call, size_t steps)
{
    call_charge(call, steps);
}

const LiquidValue *
liquid_arg(const LiquidArgs *args, const char *name)
{
    for (size_t i = 0; i < args->named_count; i++)
        if (str_is(args->names[i], name))
            return &args->named[i];
    return NULL;
}

Arena *
liquid_call_arena(const LiquidCall *call)
{
    return call->arena;
}

const LiquidData *
liquid_call_data(const LiquidCall *call)
{
    return call->data;
}

Str
liquid_call_text(LiquidCall *call, LiquidValue value)
{
    return text_of(call, value);
}

bool
liquid_call_int(LiquidCall *call, LiquidValue value, int64_t *ret)
{
    return value_to_integer(call, value, ret);
}

LiquidValue
liquid_call_get(LiquidCall *call, LiquidValue value, Str name)
{
    LiquidValue found;
    LiquidName key = liquid_name(name);
    return value_get(call, value, &key, &found) ? found : LIQUID_OF_NIL;
}

size_t
liquid_call_len(LiquidCall *call, LiquidValue value)
{
    return value_len(value);
}

LiquidValue
liquid_call_nth(LiquidCall *call, LiquidValue value, size_t index)
{
    return value_nth(call, value, index);
}

LiquidValue
liquid_call_var(LiquidCall *call, Str text)
{
    uint32_t slot;
    LiquidName name = liquid_name(text);
    if (call->names && names_find(call->names, text, name.hash, &slot) && slot < call->slot_count)
        return slot_value(call, slot, call->fail_at);
    LiquidValue found;
    return root_get(call, &name, &found) ? found : LIQUID_OF_NIL;
}
