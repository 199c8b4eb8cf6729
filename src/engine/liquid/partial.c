/* partial.c - include and render while they run. */
#include "engine/liquid/inside.h"
#include "engine/liquid/place.h"

#include <string.h>

/* ---- partials with computed names --------------------------------------------------------- */

/* Names of partials that are read while rendering come behind the template's own; the slots grow
 * with them. */
static void
slots_grow(LiquidCall *call)
{
    uint32_t count = call->names->first + call->names->count;
    if (count <= call->slot_count)
        return;
    Slot *slots = arena_new_of(call->arena, Slot, count);
    memcpy(slots, call->slots, call->slot_count * sizeof *slots);
    call->slots = slots;
    call->slot_count = count;
}

static Names *
names_own(LiquidCall *call)
{
    if (!call->own_names) {
        call->own_names = arena_new_of(call->arena, Names, 1);
        call->own_names->base = &call->liquid->names;
        call->own_names->first = call->liquid->names.count;
        call->names = call->own_names;
    }
    return call->own_names;
}

/* Compiles a partial whose name is known only now. */
static const Unit *
unit_late(LiquidCall *call, Str name, uint32_t at)
{
    Liquid copy = *call->liquid; /* the template's own program never changes */
    Buf nowhere = {.arena = call->arena};
    LiquidCall fold = {.liquid = &copy,
                       .data = call->data,
                       .arena = call->arena,
                       .html = call->html,
                       .out = &nowhere};
    call_budget(&fold);
    LiquidNotes notes = {.arena = call->arena};
    Compiler compiler = {.liquid = &copy,
                         .arena = call->arena,
                         .names = names_own(call),
                         .units = &call->own_units,
                         .notes = &notes,
                         .unit = (Unit *)call->unit,
                         .place = PLACE_TEXT,
                         .in_render = call->isolated,
                         .fold = &fold};
    Str missing = {0};
    const Unit *unit = compile_partial(&compiler, name, at, false, &missing);
    if (unit && call->html && unit->exit != PLACE_TEXT)
        call_fail(call, FAILURE_ERROR, at, "the partial does not end in text");
    else if (!unit && missing.len)
        call_fail(call, FAILURE_ERROR, at, STR_FMT, STR_ARG(missing));
    else if (!unit)
        call_fail(call, FAILURE_ERROR, at, STR_FMT " (" STR_FMT " line %u)",
                  STR_ARG(notes.list[notes.count - 1].message), STR_ARG(name),
                  notes.list[notes.count - 1].line);
    return call->failure ? NULL : unit;
}

/* The partial to print, and its name. NULL: a failure is pending. */
static const Unit *
unit_of(LiquidCall *call, const Node *node, Str *ret_name)
{
    const Partial *partial = node->partial;
    LiquidValue name = expr_eval(call, partial->name);
    if (call->failure)
        return NULL;
    if (name.kind != LIQUID_STR) {
        call_fail(call, FAILURE_ERROR, node->at,
                  "Argument error in tag 'include' - Illegal template name");
        return NULL;
    }
    *ret_name = liquid_text(name);
    if (partial->unit)
        return partial->unit;
    if (partial->missing.len) {
        call_fail(call, FAILURE_ERROR, node->at, STR_FMT, STR_ARG(partial->missing));
        return NULL;
    }
    return unit_late(call, *ret_name, node->at);
}

static void
unit_render(LiquidCall *call, const Unit *unit)
{
    const Unit *outer = call->unit;
    call->unit = unit;
    render_block(call, unit->body);
    if (!call->stopped)
        call->unit = outer;
}

/* ---- include ------------------------------------------------------------------------------ */

static uint32_t
with_slot(LiquidCall *call, const Partial *partial, Str name)
{
    if (!partial->with_name)
        return partial->with_slot;
    for (size_t i = name.len; i > 0; i--)
        if (name.at[i - 1] == '/')
            name = str_sub(name, i, name.len);
    return names_slot(names_own(call), call->arena, name);
}

static void
include_turns(LiquidCall *call, const Node *node, const Unit *unit, uint32_t slot, LiquidValue with)
{
    bool many = value_is_list(with) && with.kind != LIQUID_RANGE;
    size_t count = many ? value_len(with) : 1;
    for (size_t i = 0; i < count && !call->stopped; i++) {
        if (many && !call_turn(call, node->at))
            return;
        call->slots[slot].local = many ? value_nth(call, with, i) : with;
        unit_render(call, unit);
        if (call->interrupt)
            return;
    }
}

void
render_include(LiquidCall *call, const Node *node)
{
    const Partial *partial = node->partial;
    Str name;
    const Unit *unit = unit_of(call, node, &name);
    if (!unit || !scope_enter(call, node->at))
        return;
    uint32_t slot = with_slot(call, partial, name);
    if (call->own_names)
        slots_grow(call);
    bool strict = call->strict;
    call->strict = strict && partial->with; /* a variable called as the partial may exist */
    LiquidValue with = partial->with ? expr_eval(call, partial->with) : liquid_call_var(call, name);
    call->strict = strict;
    Slot *saved = arena_new_of(call->arena, Slot, partial->count + 1);
    for (size_t i = 0; i < partial->count; i++)
        slot_shadow(call, partial->slots[i], expr_eval(call, partial->values[i]), &saved[i]);
    slot_shadow(call, slot, with, &saved[partial->count]);
    if (!call->failure)
        include_turns(call, node, unit, slot, with);
    slot_restore(call, slot, &saved[partial->count]);
    for (size_t i = partial->count; i > 0; i--)
        slot_restore(call, partial->slots[i - 1], &saved[i - 1]);
    call->depth--;
}

/* ---- render ------------------------------------------------------------------------------- */

/* What a rendered partial must not see or change. */
typedef struct Outside {
    Slot *slots;
    uint32_t slot_count;
    bool isolated;
    Counters *cycles, *offsets;
    Str ifchanged;
    const ForLoop *loop;
    const LiquidObject *self;
    LiquidValue *values; /* the arguments */
} Outside;

static void
slot_bind(LiquidCall *call, uint32_t slot, LiquidValue value)
{
    call->slots[slot].local = value;
    call->slots[slot].bound = true;
}

/* The partial, once, with fresh variables. */
static void
render_once(LiquidCall *call, const Partial *partial, const Unit *unit, const Outside *outside,
            LiquidValue with, ForLoop *forloop)
{
    call->slots = arena_new_of(call->arena, Slot, outside->slot_count);
    call->isolated = true;
    call->cycles = call->offsets = NULL;
    call->ifchanged = (Str){0};
    call->loop = NULL;
    call->self = NULL;
    if (forloop)
        slot_bind(call, partial->loop_slot, liquid_object(&forloop->object));
    for (size_t i = 0; i < partial->count; i++)
        slot_bind(call, partial->slots[i], outside->values[i]);
    if (with.kind != LIQUID_NIL)
        slot_bind(call, partial->with_slot, with);
    unit_render(call, unit);
    call->interrupt = INTERRUPT_NONE;
    call->slots = outside->slots;
    call->slot_count = outside->slot_count;
    call->isolated = outside->isolated;
    call->cycles = outside->cycles;
    call->offsets = outside->offsets;
    call->ifchanged = outside->ifchanged;
    call->loop = outside->loop;
    call->self = outside->self;
}

static void
render_turns(LiquidCall *call, const Node *node, const Unit *unit, const Outside *outside,
             LiquidValue with)
{
    const Partial *partial = node->partial;
    if (!partial->is_for || (!value_is_list(with) && !value_is_map(with))) {
        render_once(call, partial, unit, outside, with, NULL);
        return;
    }
    size_t count = value_len(with);
    ForLoop *forloop = forloop_new(call, liquid_text(partial->name->constant), count);
    for (size_t i = 0; i < count && !call->stopped; i++) {
        if (!call_turn(call, node->at))
            return;
        render_once(call, partial, unit, outside, value_nth(call, with, i), forloop);
        forloop->index++;
    }
}

void
render_render(LiquidCall *call, const Node *node)
{
    const Partial *partial = node->partial;
    Str name;
    const Unit *unit = unit_of(call, node, &name);
    if (!unit || !scope_enter(call, node->at))
        return;
    Outside outside = {.slots = call->slots,
                       .slot_count = call->slot_count,
                       .isolated = call->isolated,
                       .cycles = call->cycles,
                       .offsets = call->offsets,
                       .ifchanged = call->ifchanged,
                       .loop = call->loop,
                       .self = call->self,
                       .values = arena_new_of(call->arena, LiquidValue, partial->count + 1)};
    LiquidValue with = partial->with ? expr_eval(call, partial->with) : LIQUID_OF_NIL;
    for (size_t i = 0; i < partial->count; i++)
        outside.values[i] = expr_eval(call, partial->values[i]);
    if (!call->failure)
        render_turns(call, node, unit, &outside, with);
    call->depth--;
}
