/* render.c - nodes become text.
 *
 * The program is walked as it stands. Text goes straight into the caller's Buf; nothing is kept
 * between renders. An error in a node is settled where the node stands: printed (lax) or the end
 * of the render (strict).
 */
#include "engine/liquid/inside.h"

#include <stdio.h>
#include <string.h>

enum { LEVELS_MOST = 1000 }; /* blocks within blocks, through all partials: bounds the C stack */

/* ---- failures ----------------------------------------------------------------------------- */

static Str
message_format(Arena *arena, const char *format, va_list args)
{
    va_list copy;
    va_copy(copy, args);
    int len = vsnprintf(NULL, 0, format, copy);
    va_end(copy);
    must(len >= 0);
    char *text = arena_bytes(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    return (Str){text, (size_t)len};
}

bool
call_fail(LiquidCall *call, Failure failure, uint32_t at, const char *format, ...)
{
    if (call->failure)
        return false;
    va_list args;
    va_start(args, format);
    call->message = message_format(call->arena, format, args);
    va_end(args);
    call->failure = (uint8_t)failure;
    call->fail_at = at;
    return false;
}

bool
liquid_fail(LiquidCall *call, const char *format, ...)
{
    if (call->failure)
        return false;
    va_list args;
    va_start(args, format);
    call->message = message_format(call->arena, format, args);
    va_end(args);
    call->failure = FAILURE_ERROR;
    return false;
}

static void
failure_note(LiquidCall *call, Silence silence)
{
    LiquidNotes *notes = call->data->notes;
    bool ends = call->strict || call->failure == FAILURE_BUDGET;
    if (!notes || (notes->count >= NOTES_MOST && !ends))
        return;
    LiquidNote *note = note_add(notes, call->unit, call->fail_at);
    note->error = silence != SILENCE_WARNING || call->strict || call->failure > FAILURE_NAME;
    note->message = arena_copy(notes->arena, call->message);
}

static void
failure_raise(LiquidCall *call)
{
    uint32_t line, column;
    Str excerpt;
    place_of(call->unit->source, call->fail_at, &line, &column, &excerpt);
    ErrorCode code = call->failure == FAILURE_BUDGET ? ERR_TOO_BIG : ERR_TEMPLATE;
    fail(&call->error, code, STR_FMT ":%u:%u: " STR_FMT, STR_ARG(call->unit->file), line, column,
         STR_ARG(call->message));
    call->stopped = true;
}

bool
call_settle(LiquidCall *call, Silence silence)
{
    if (call->stopped)
        return false;
    failure_note(call, silence);
    if (call->strict || call->failure == FAILURE_BUDGET) {
        failure_raise(call);
        return false;
    }
    call->failure = FAILURE_NONE;
    if (silence != SILENCE_NONE)
        return true;
    buf_add_cstr(call->out, "Liquid error: ");
    if (call->html)
        text_escape(call->out, call->message);
    else
        buf_add_str(call->out, call->message);
    return true;
}

/* Asked at every block, turn of a loop and assignment, and before every filter that gets much. */
bool
budget_check(LiquidCall *call, uint32_t at)
{
    if (call->steps > call->steps_most)
        return call_fail(call, FAILURE_BUDGET, at, "the template takes more than %u steps",
                         call->steps_most);
    if (call->out->len > call->output_most)
        return call_fail(call, FAILURE_BUDGET, at, "the output is larger than %zu bytes",
                         call->output_most);
    if (arena_used_bytes(call->arena) - call->arena_first > call->arena_most)
        return call_fail(call, FAILURE_BUDGET, at, "the template takes more than %zu bytes",
                         call->arena_most);
    return true;
}

void
call_charge(LiquidCall *call, size_t steps)
{
    call->steps += (uint32_t)MIN(steps, (size_t)(UINT32_MAX - call->steps));
}

void
call_charge_bytes(LiquidCall *call, size_t bytes)
{
    call_charge(call, bytes / STEP_BYTES);
    budget_check(call, call->fail_at);
}

bool
call_turn(LiquidCall *call, uint32_t at)
{
    call->turns++;
    call->steps++;
    if (call->turns > call->turns_most)
        return call_fail(call, FAILURE_BUDGET, at, "the loops take more than %u turns",
                         call->turns_most);
    return budget_check(call, at);
}

/* ---- nodes -------------------------------------------------------------------------------- */

/* Digits, points and signs need no escaping where text stands. */
static bool
is_text_place(Escape escape)
{
    return escape <= ESCAPE_RCDATA;
}

void
render_value(LiquidCall *call, LiquidValue value, Escape escape)
{
    if (value.kind == LIQUID_STR && escape == ESCAPE_NONE)
        out_add(call->out, value.at, value.len);
    else if (value.kind == LIQUID_STR && value.safe == LIQUID_UNSAFE && is_text_place(escape))
        text_escape(call->out, (Str){value.at, value.len});
    else if (value.kind == LIQUID_NIL)
        return;
    else if (value.kind == LIQUID_INT || (value.kind == LIQUID_DECIMAL && is_text_place(escape)))
        number_add_text(call->out, value);
    else if (escape == ESCAPE_NONE)
        text_add_output(call, call->out, value);
    else
        render_escaped(call, call->out, value, escape);
}

static bool
render_if(LiquidCall *call, const Node *node)
{
    for (const Branch *branch = node->branches, *end = branch + node->count; branch < end;
         branch++) {
        bool taken = !branch->test || expr_test(call, branch->test) != branch->negated;
        if (call->failure)
            return call_settle(call, node->silent ? SILENCE_TEXT : SILENCE_NONE);
        if (taken)
            return render_block(call, branch->body);
    }
    return true;
}

static bool
when_matches(LiquidCall *call, const When *when, size_t index, LiquidValue subject)
{
    return value_equal(call, subject, expr_eval(call, when->values[index]));
}

/* Every value that is equal prints the body again, and `else` prints when nothing did so far. */
static bool
render_case(LiquidCall *call, const Node *node)
{
    const Case *choice = node->choice;
    LiquidValue subject = expr_eval(call, choice->subject);
    bool matched = false;
    for (size_t i = 0; i < choice->count; i++) {
        const When *when = &choice->list[i];
        if (when->count == 0 && !matched && !render_block(call, when->body))
            return false;
        for (size_t j = 0; j < when->count; j++) {
            bool hit = when_matches(call, when, j, subject);
            if (call->failure)
                return call_settle(call, node->silent ? SILENCE_TEXT : SILENCE_NONE);
            matched = matched || hit;
            if (hit && !render_block(call, when->body))
                return false;
        }
    }
    return true;
}

/* Renders a block into text of its own. */
static Str
render_aside(LiquidCall *call, const Block *body)
{
    Buf aside = {.arena = call->arena};
    Buf *out = call->out;
    call->out = &aside;
    render_block(call, body);
    call->out = out;
    return buf_str(&aside);
}

/* What was captured in HTML mode is escaped already. Without tags and quotes it is text that may
 * stand in attributes too. */
static LiquidSafe
captured_safe(const LiquidCall *call, Str text)
{
    if (!call->html)
        return LIQUID_UNSAFE;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '<' || text.at[i] == '>' || text.at[i] == '"' || text.at[i] == '\'')
            return LIQUID_SAFE_HTML;
    return LIQUID_SAFE_TEXT;
}

static void
render_capture(LiquidCall *call, const Node *node)
{
    Str text = render_aside(call, node->body);
    LiquidSafe safe = captured_safe(call, text);
    if (text.len <= UINT32_MAX)
        slot_assign(call, node->slot, liquid_safe(text, safe));
}

static void
render_ifchanged(LiquidCall *call, const Node *node)
{
    Str text = render_aside(call, node->body);
    if (call->ifchanged.at && str_eq(text, call->ifchanged))
        return;
    call->ifchanged = text.at ? text : STR("");
    buf_add_str(call->out, text);
}

/* Counters live beside the data, where an assigned variable of the same name hides them. */
static void
render_count(LiquidCall *call, const Node *node)
{
    Slot *slot = &call->slots[node->slot];
    if (!slot->resolved)
        slot_resolve(call, node->slot);
    int64_t number = slot->env.kind == LIQUID_INT ? slot->env.integer : 0;
    int64_t next;
    if (__builtin_add_overflow(number, node->flag ? -1 : 1, &next))
        next = number;
    slot->env = liquid_int(next);
    slot->resolved = slot->found = true;
    buf_add_int(call->out, node->flag ? next : number);
}

Counter *
counters_get(LiquidCall *call, Counters **counters, Str key)
{
    if (!*counters)
        *counters = arena_new_of(call->arena, Counters, 1);
    for (Counter *counter = (*counters)->first; counter; counter = counter->next)
        if (str_eq(counter->key, key))
            return counter;
    Counter *counter = arena_new_of(call->arena, Counter, 1);
    counter->key = key;
    counter->next = (*counters)->first;
    (*counters)->first = counter;
    return counter;
}

static Str
cycle_key(LiquidCall *call, const Cycle *cycle)
{
    if (!cycle->group)
        return cycle->group_key;
    Buf key = {.arena = call->arena};
    text_add_inspect(call, &key, expr_eval(call, cycle->group));
    return buf_str(&key);
}

static bool
render_cycle(LiquidCall *call, const Node *node)
{
    const Cycle *cycle = node->cycle;
    Counter *counter = counters_get(call, &call->cycles, cycle_key(call, cycle));
    LiquidValue value = LIQUID_OF_NIL;
    if (counter->count < (int64_t)cycle->count)
        value = expr_eval(call, cycle->values[counter->count]);
    counter->count = counter->count + 1 < (int64_t)cycle->count ? counter->count + 1 : 0;
    if (call->failure)
        return call_settle(call, SILENCE_NONE);
    render_value(call, value, cycle->escape);
    return true;
}

static bool
render_assign(LiquidCall *call, const Node *node)
{
    LiquidValue value = expr_eval(call, node->expr);
    if (call->failure)
        return call_settle(call, SILENCE_WARNING);
    slot_assign(call, node->slot, value);
    return budget_check(call, node->at) || call_settle(call, SILENCE_WARNING);
}

static bool
render_print(LiquidCall *call, const Node *node)
{
    LiquidValue value = expr_eval(call, node->expr);
    if (call->failure)
        return call_settle(call, SILENCE_NONE);
    size_t before = call->out->len;
    render_value(call, value, (Escape)node->escape);
    if (G_LIKELY(call->out->len - before < LONG_BYTES) || budget_check(call, node->at))
        return true;
    return call_settle(call, SILENCE_NONE);
}

/* False: the rest of the block is not rendered. */
static bool
render_node(LiquidCall *call, const Node *node)
{
    switch ((NodeKind)node->kind) {
    case NODE_TEXT:
        out_add(call->out, node->text.at, node->text.len);
        return true;
    case NODE_PRINT:
        return render_print(call, node);
    case NODE_ASSIGN:
        return render_assign(call, node);
    case NODE_CAPTURE:
        render_capture(call, node);
        break;
    case NODE_IF:
        render_if(call, node);
        break;
    case NODE_CASE:
        render_case(call, node);
        break;
    case NODE_FOR:
        render_for(call, node);
        break;
    case NODE_TABLEROW:
        render_tablerow(call, node);
        break;
    case NODE_BREAK:
        call->interrupt = INTERRUPT_BREAK;
        return false;
    case NODE_CONTINUE:
        call->interrupt = INTERRUPT_CONTINUE;
        return false;
    case NODE_CYCLE:
        return render_cycle(call, node);
    case NODE_COUNT:
        render_count(call, node);
        break;
    case NODE_IFCHANGED:
        render_ifchanged(call, node);
        break;
    case NODE_INCLUDE:
        render_include(call, node);
        break;
    case NODE_RENDER:
        render_render(call, node);
        break;
    }
    if (call->failure && !call_settle(call, node->silent ? SILENCE_TEXT : SILENCE_NONE))
        return false;
    return call->interrupt == INTERRUPT_NONE && !call->stopped;
}

bool
render_block(LiquidCall *call, const Block *block)
{
    if (block->count == 0)
        return true;
    uint32_t at = block->list->at;
    call->steps += (uint32_t)block->count;
    if (!budget_check(call, at))
        return call_settle(call, SILENCE_NONE);
    if (call->level >= LEVELS_MOST) {
        call_fail(call, FAILURE_ERROR, at, "Nesting too deep");
        return call_settle(call, SILENCE_NONE);
    }
    call->level++;
    bool whole = true;
    for (const Node *node = block->list, *end = node + block->count; whole && node < end; node++)
        whole = render_node(call, node);
    call->level--;
    return whole;
}

/* ---- the public face ---------------------------------------------------------------------- */

static const LiquidData EMPTY_DATA;

static size_t
bound_of(uint32_t budget)
{
    return budget == UINT32_MAX ? SIZE_MAX : budget;
}

void
call_budget(LiquidCall *call)
{
    const LiquidBudget *budget = &call->liquid->options.budget;
    call->steps_most = budget->steps;
    call->turns_most = budget->turns;
    call->depth_most = budget->depth;
    call->output_most = bound_of(budget->output_bytes);
    call->arena_most = bound_of(budget->arena_bytes);
    call->arena_first = arena_used_bytes(call->arena);
}

bool
call_has_room(LiquidCall *call, size_t bytes)
{
    size_t used = arena_used_bytes(call->arena) - call->arena_first;
    return (bytes <= call->arena_most && used <= call->arena_most - bytes) ||
           call_fail(call, FAILURE_BUDGET, call->fail_at, "the text is larger than %zu bytes",
                     call->arena_most);
}

bool
liquid_render(const Liquid *liquid, const LiquidData *data, Arena *arena, Buf *out, GError **error)
{
    LiquidCall call = {
        .liquid = liquid,
        .data = data ? data : &EMPTY_DATA,
        .arena = arena,
        .out = out,
        .unit = liquid->main,
        .names = &liquid->names,
        .slot_count = liquid->names.count,
        .html = liquid->options.html,
        .strict = liquid->options.strict,
        .own_units = liquid->units,
    };
    call_budget(&call);
    if (call.output_most != SIZE_MAX)
        call.output_most += out->len;
    call.slots = arena_new_of(arena, Slot, MAX(call.slot_count, 1u));
    render_block(&call, liquid->main->body);
    if (!call.stopped && !budget_check(&call, (uint32_t)liquid->main->source.len))
        call_settle(&call, SILENCE_NONE);
    if (call.error)
        g_propagate_error(error, call.error);
    return !call.stopped;
}
