/* check.c - what a template reads, and whether its event offers it.
 *
 * The program is walked once in the order in which it is printed. For every name the walk knows
 * where it comes from: the data (then its path is noted, and looked up in the schema), a loop over
 * something of the data, an assignment, an argument of a partial. What cannot be known (a computed
 * name, the result of most filters) is taken as right.
 */
#include "engine/liquid/inside.h"

#include <string.h>

/* What is known about a value. */
typedef struct Shape {
    LiquidType type;
    bool optional;
    const LiquidField *fields; /* of an OBJECT; the item of a LIST */
    Str path;                  /* in the data: "order.line_items[].title"; empty: not from there */
} Shape;

typedef struct Known {
    bool bound;    /* a variable of the template */
    bool assigned; /* somewhere; perhaps later */
    Shape shape;
} Known;

/* A path that an enclosing `if` asked for: inside, it is there. */
typedef struct Guard {
    Str path;
    const struct Guard *outer;
} Guard;

typedef struct Walk {
    const Liquid *liquid;
    const LiquidSchema *schema; /* NULL: only the names are wanted */
    LiquidNotes *notes;
    const Unit *unit;
    Arena *arena;  /* of the names */
    Known *known;  /* by slot */
    bool isolated; /* inside render */
    const Guard *guards;
    Names seen; /* the same, for finding them */
    Str *vars;
    size_t count, room;
    const Unit *visiting[LIMIT_PARTIAL_DEPTH];
    int depth;
    bool failed;
} Walk;

static const Shape ANYTHING = {.type = LIQUID_TYPE_ANY};

static void walk_block(Walk *walk, const Block *block);
static Shape walk_expr(Walk *walk, const Expr *expr);

/* ---- findings ----------------------------------------------------------------------------- */

static void walk_note(Walk *walk, bool error, uint32_t at, Str suggestion, const char *format, ...)
    G_GNUC_PRINTF(5, 6);

static void
walk_note(Walk *walk, bool error, uint32_t at, Str suggestion, const char *format, ...)
{
    if (!walk->notes || (walk->notes->count >= NOTES_MOST && (!error || walk->failed)))
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    LiquidNote *note = note_add(walk->notes, walk->unit, at);
    note->error = error;
    note->message = arena_copy(walk->notes->arena, str_of(text));
    note->suggestion = arena_copy(walk->notes->arena, suggestion);
    walk->failed = walk->failed || error;
}

static void
var_add(Walk *walk, Str path)
{
    uint32_t seen = walk->seen.count;
    names_slot(&walk->seen, walk->arena, path);
    if (walk->seen.count == seen)
        return;
    if (walk->count == walk->room) {
        size_t room = MAX(walk->room * 2, (size_t)16);
        Str *vars = arena_new_of(walk->arena, Str, room);
        if (walk->count)
            memcpy(vars, walk->vars, walk->count * sizeof *vars);
        walk->vars = vars;
        walk->room = room;
    }
    walk->vars[walk->count++] = path;
}

/* ---- names -------------------------------------------------------------------------------- */

static const LiquidField *
field_find(const LiquidField *fields, Str name)
{
    for (; fields && fields->name; fields++)
        if (str_is(name, fields->name))
            return fields;
    return NULL;
}

static Shape
shape_of(const LiquidField *field, Str path, bool optional)
{
    return (Shape){field->type, optional || field->optional, field->fields, path};
}

static Str
path_join(Walk *walk, Str left, Str right)
{
    return str_of(arena_format(walk->arena, STR_FMT "." STR_FMT, STR_ARG(left), STR_ARG(right)));
}

static Str
path_item(Walk *walk, Str list)
{
    return list.len ? str_of(arena_format(walk->arena, STR_FMT "[]", STR_ARG(list))) : (Str){0};
}

static void
name_unknown(Walk *walk, uint32_t at, Str before, Str name, const LiquidField *fields)
{
    Guess guess = {.wanted = name};
    for (; fields && fields->name; fields++)
        guess_offer(&guess, str_of(fields->name));
    Str meant = guess.best.len && before.len ? path_join(walk, before, guess.best) : guess.best;
    if (before.len)
        walk_note(walk, true, at, meant, "there is no '" STR_FMT "' in " STR_FMT, STR_ARG(name),
                  STR_ARG(before));
    else
        walk_note(walk, true, at, meant, "there is no '" STR_FMT "'%s", STR_ARG(name),
                  walk->isolated ? " in a rendered partial: pass it as an argument" : "");
}

static Shape
root_shape(Walk *walk, const Expr *expr)
{
    const Known *known = &walk->known[expr->slot];
    if (known->bound)
        return known->shape;
    Str name = names_text(&walk->liquid->names, expr->slot).text;
    const LiquidField *fields = walk->schema && !walk->isolated ? walk->schema->fields : NULL;
    const LiquidField *field = field_find(fields, name);
    if (field)
        return shape_of(field, name, false);
    if (known->assigned || word_is(name, STR("forloop")) || word_is(name, STR("tablerowloop")))
        return ANYTHING;
    if (walk->schema)
        name_unknown(walk, expr->at, (Str){0}, name, fields);
    Shape shape = ANYTHING;
    shape.path = walk->isolated ? (Str){0} : name;
    return shape;
}

/* The item of a list, as far as the schema tells. */
static Shape
item_shape(Walk *walk, Shape list)
{
    Shape item = ANYTHING;
    if (list.type == LIQUID_TYPE_LIST && list.fields)
        item = shape_of(list.fields, (Str){0}, false);
    item.path = path_item(walk, list.path);
    return item;
}

static Shape
command_shape(Walk *walk, Shape shape, Str name)
{
    if (word_is(name, STR("size")))
        return (Shape){.type = LIQUID_TYPE_NUMBER};
    return shape.type == LIQUID_TYPE_LIST ? item_shape(walk, shape) : ANYTHING;
}

static bool
has_commands(LiquidType type)
{
    return type == LIQUID_TYPE_LIST || type == LIQUID_TYPE_STRING || type == LIQUID_TYPE_ANY;
}

static Shape
segment_shape(Walk *walk, Shape shape, const Segment *segment)
{
    if (segment->key) {
        Shape key = walk_expr(walk, segment->key);
        bool index = key.type == LIQUID_TYPE_NUMBER || shape.type == LIQUID_TYPE_LIST;
        Shape item = index ? item_shape(walk, shape) : ANYTHING;
        if (!index && shape.path.len)
            item.path = path_item(walk, shape.path);
        return item;
    }
    Str name = segment->name.text;
    if (segment->command && has_commands(shape.type) &&
        !(shape.type == LIQUID_TYPE_ANY && shape.path.len && !word_is(name, STR("size"))))
        return command_shape(walk, shape, name);
    const LiquidField *field =
        shape.type == LIQUID_TYPE_OBJECT ? field_find(shape.fields, name) : NULL;
    Str path = shape.path.len ? path_join(walk, shape.path, name) : (Str){0};
    if (field)
        return shape_of(field, path, shape.optional);
    bool open =
        shape.type == LIQUID_TYPE_ANY || (shape.type == LIQUID_TYPE_OBJECT && !shape.fields);
    if (walk->schema && !open)
        name_unknown(walk, segment->at, shape.path, name, shape.fields);
    return (Shape){.type = LIQUID_TYPE_ANY, .optional = shape.optional, .path = path};
}

static Shape
path_shape(Walk *walk, const Expr *expr, Shape shape)
{
    for (uint16_t i = 0; i < expr->count; i++)
        shape = segment_shape(walk, shape, &expr->segments[i]);
    if (shape.path.len)
        var_add(walk, shape.path);
    return shape;
}

/* ---- values ------------------------------------------------------------------------------- */

static Shape
const_shape(LiquidValue value)
{
    Shape shape = ANYTHING;
    if (kind_is_number(value))
        shape.type = LIQUID_TYPE_NUMBER;
    else if (value.kind == LIQUID_STR)
        shape.type = LIQUID_TYPE_STRING;
    else if (value.kind == LIQUID_BOOL)
        shape.type = LIQUID_TYPE_BOOL;
    else if (value.kind == LIQUID_RANGE) {
        static const LiquidField number = {.name = "", .type = LIQUID_TYPE_NUMBER};
        shape.type = LIQUID_TYPE_LIST;
        shape.fields = &number;
    }
    return shape;
}

static Shape
filtered_shape(Walk *walk, const Expr *expr)
{
    Shape shape = walk_expr(walk, expr->input);
    const Call *call = expr->calls;
    for (uint16_t i = 0; i < expr->count; i++, call = call->next) {
        for (uint8_t j = 0; j < call->count; j++)
            walk_expr(walk, call->args[j]);
        for (uint8_t j = 0; j < call->named_count; j++)
            walk_expr(walk, call->named[j]);
        bool keeps = word_is(call->name, STR("default")) || word_is(call->name, STR("where")) ||
                     word_is(call->name, STR("reject")) || word_is(call->name, STR("sort")) ||
                     word_is(call->name, STR("sort_natural")) ||
                     word_is(call->name, STR("reverse")) || word_is(call->name, STR("compact")) ||
                     word_is(call->name, STR("uniq"));
        if (word_is(call->name, STR("first")) || word_is(call->name, STR("last")) ||
            word_is(call->name, STR("find")))
            shape = item_shape(walk, shape);
        else if (!keeps)
            shape =
                (Shape){.type = call->filter ? (LiquidType)call->filter->type : LIQUID_TYPE_ANY};
        shape.optional = false;
    }
    return shape;
}

static void
compare_check(Walk *walk, const Expr *expr, Shape left, Shape right)
{
    bool ordered = expr->operator>= OP_LT && expr->operator<= OP_GE;
    bool mixed = (left.type == LIQUID_TYPE_STRING && right.type == LIQUID_TYPE_NUMBER) ||
                 (left.type == LIQUID_TYPE_NUMBER && right.type == LIQUID_TYPE_STRING);
    if (walk->schema && ordered && mixed)
        walk_note(walk, true, expr->at, (Str){0}, "text is compared with a number");
    else if (walk->schema && expr->operator== OP_EQ && mixed)
        walk_note(walk, false, expr->at, (Str){0}, "text never equals a number");
}

static Shape
walk_expr(Walk *walk, const Expr *expr)
{
    if (!expr)
        return ANYTHING;
    switch ((ExprKind)expr->kind) {
    case EXPR_CONST:
        return const_shape(expr->constant);
    case EXPR_PATH:
        return path_shape(walk, expr, root_shape(walk, expr));
    case EXPR_COMPUTED:
        walk_expr(walk, expr->root);
        return path_shape(walk, expr, ANYTHING);
    case EXPR_SELF:
        for (uint16_t i = 0; i < expr->count; i++)
            walk_expr(walk, expr->segments[i].key);
        return ANYTHING;
    case EXPR_FILTERED:
        return filtered_shape(walk, expr);
    case EXPR_RANGE:
    case EXPR_COMPARE:
    case EXPR_AND:
    case EXPR_OR: {
        Shape left = walk_expr(walk, expr->left);
        Shape right = walk_expr(walk, expr->right);
        if (expr->kind == EXPR_COMPARE)
            compare_check(walk, expr, left, right);
        return (Shape){.type = expr->kind == EXPR_RANGE ? LIQUID_TYPE_LIST : LIQUID_TYPE_BOOL};
    }
    }
    return ANYTHING;
}

static bool
is_guarded(const Walk *walk, Str path)
{
    for (const Guard *guard = walk->guards; guard; guard = guard->outer)
        if (guard->path.len <= path.len && str_eq(guard->path, str_sub(path, 0, guard->path.len)))
            return true;
    return false;
}

static void
walk_print(Walk *walk, const Expr *expr)
{
    Shape shape = walk_expr(walk, expr);
    if (!walk->schema)
        return;
    const Expr *input = expr->kind == EXPR_FILTERED ? expr->input : expr;
    bool defaults = expr->kind == EXPR_FILTERED && word_is(expr->calls->name, STR("default"));
    if (expr->kind == EXPR_FILTERED && !defaults) {
        LiquidNotes *notes = walk->notes;
        walk->notes = NULL; /* it was said already */
        shape = walk_expr(walk, input);
        walk->notes = notes;
    }
    if (shape.optional && !defaults && shape.path.len && !is_guarded(walk, shape.path))
        walk_note(walk, false, input->at, (Str){0},
                  STR_FMT " may be missing: add | default: or ask for it with if",
                  STR_ARG(shape.path));
    if (expr->kind != EXPR_FILTERED && shape.type == LIQUID_TYPE_OBJECT && shape.path.len)
        walk_note(walk, false, expr->at, (Str){0},
                  STR_FMT " has parts: name the one that you want to print", STR_ARG(shape.path));
}

/* ---- nodes -------------------------------------------------------------------------------- */

static void
slot_set(Walk *walk, uint32_t slot, Shape shape)
{
    walk->known[slot].bound = true;
    walk->known[slot].shape = shape;
}

/* Every path of a test holds inside the branch. */
static const Guard *
guards_of(Walk *walk, const Expr *test, const Guard *outer)
{
    if (!test)
        return outer;
    if (test->kind == EXPR_AND || test->kind == EXPR_OR || test->kind == EXPR_COMPARE)
        return guards_of(walk, test->right, guards_of(walk, test->left, outer));
    if (test->kind != EXPR_PATH)
        return outer;
    LiquidNotes *notes = walk->notes;
    walk->notes = NULL;
    Shape shape = walk_expr(walk, test);
    walk->notes = notes;
    Guard *guard = arena_new_of(walk->arena, Guard, 1);
    *guard = (Guard){shape.path, outer};
    return shape.path.len ? guard : outer;
}

static void
walk_if(Walk *walk, const Node *node)
{
    const Guard *outer = walk->guards;
    const Guard *all = outer;
    for (uint32_t i = 0; i < node->count; i++) {
        const Branch *branch = &node->branches[i];
        walk_expr(walk, branch->test);
        all = guards_of(walk, branch->test, all);
        walk->guards = all; /* an else knows what the tests before asked */
        walk_block(walk, branch->body);
    }
    walk->guards = outer;
}

static void
walk_case(Walk *walk, const Case *choice)
{
    walk_expr(walk, choice->subject);
    for (size_t i = 0; i < choice->count; i++) {
        for (size_t j = 0; j < choice->list[i].count; j++)
            walk_expr(walk, choice->list[i].values[j]);
        walk_block(walk, choice->list[i].body);
    }
}

static void
walk_loop(Walk *walk, const Loop *loop)
{
    Shape list = walk_expr(walk, loop->list);
    walk_expr(walk, loop->limit);
    walk_expr(walk, loop->offset);
    walk_expr(walk, loop->cols);
    if (walk->schema && list.type != LIQUID_TYPE_LIST && list.type != LIQUID_TYPE_ANY &&
        list.type != LIQUID_TYPE_OBJECT)
        walk_note(walk, true, loop->list->at, (Str){0}, "this is no list");
    Known item = walk->known[loop->slot], forloop = walk->known[loop->loop_slot];
    slot_set(walk, loop->slot, item_shape(walk, list));
    slot_set(walk, loop->loop_slot, ANYTHING);
    walk_block(walk, loop->body);
    walk->known[loop->slot] = item;
    walk->known[loop->loop_slot] = forloop;
    if (loop->otherwise)
        walk_block(walk, loop->otherwise);
}

static bool
is_visiting(const Walk *walk, const Unit *unit)
{
    for (int i = 0; i < walk->depth; i++)
        if (walk->visiting[i] == unit)
            return true;
    return false;
}

static void
walk_unit(Walk *walk, const Unit *unit)
{
    if (!unit || !unit->body || walk->depth == LIMIT_PARTIAL_DEPTH || is_visiting(walk, unit))
        return;
    const Unit *outer = walk->unit;
    walk->visiting[walk->depth++] = unit;
    walk->unit = unit;
    walk_block(walk, unit->body);
    walk->unit = outer;
    walk->depth--;
}

static void
walk_partial(Walk *walk, const Partial *partial, bool render)
{
    walk_expr(walk, partial->name);
    Shape with = walk_expr(walk, partial->with);
    uint32_t count = walk->liquid->names.count;
    Known *outer = walk->known;
    bool isolated = walk->isolated;
    walk->known = arena_new_of(walk->arena, Known, count);
    if (!render)
        memcpy(walk->known, outer, count * sizeof *outer);
    for (size_t i = 0; i < partial->count; i++) {
        Known *inner = walk->known;
        walk->known = outer;
        Shape shape = walk_expr(walk, partial->values[i]);
        walk->known = inner;
        slot_set(walk, partial->slots[i], shape);
    }
    if (partial->with && !partial->with_name)
        slot_set(walk, partial->with_slot,
                 with.type == LIQUID_TYPE_LIST || partial->is_for ? item_shape(walk, with) : with);
    walk->isolated = isolated || render;
    walk_unit(walk, partial->unit);
    walk->isolated = isolated;
    if (!render) /* what an include assigns stays */
        for (uint32_t i = 0; i < count; i++)
            outer[i].assigned = outer[i].assigned || walk->known[i].bound;
    walk->known = outer;
}

static void
walk_node(Walk *walk, const Node *node)
{
    switch ((NodeKind)node->kind) {
    case NODE_PRINT:
        walk_print(walk, node->expr);
        break;
    case NODE_ASSIGN:
        slot_set(walk, node->slot, walk_expr(walk, node->expr));
        break;
    case NODE_CAPTURE:
        walk_block(walk, node->body);
        slot_set(walk, node->slot, (Shape){.type = LIQUID_TYPE_STRING});
        break;
    case NODE_IF:
        walk_if(walk, node);
        break;
    case NODE_CASE:
        walk_case(walk, node->choice);
        break;
    case NODE_FOR:
    case NODE_TABLEROW:
        walk_loop(walk, node->loop);
        break;
    case NODE_CYCLE:
        walk_expr(walk, node->cycle->group);
        for (size_t i = 0; i < node->cycle->count; i++)
            walk_expr(walk, node->cycle->values[i]);
        break;
    case NODE_COUNT:
        slot_set(walk, node->slot, (Shape){.type = LIQUID_TYPE_NUMBER});
        break;
    case NODE_IFCHANGED:
        walk_block(walk, node->body);
        break;
    case NODE_INCLUDE:
    case NODE_RENDER:
        walk_partial(walk, node->partial, node->kind == NODE_RENDER);
        break;
    case NODE_TEXT:
    case NODE_BREAK:
    case NODE_CONTINUE:
        break;
    }
}

static void
walk_block(Walk *walk, const Block *block)
{
    for (size_t i = 0; i < block->count; i++)
        walk_node(walk, &block->list[i]);
}

/* ---- what is assigned anywhere ------------------------------------------------------------ */

static void
assigned_mark(Walk *walk, const Block *block)
{
    for (size_t i = 0; block && i < block->count; i++) {
        const Node *node = &block->list[i];
        if (node->kind == NODE_ASSIGN || node->kind == NODE_CAPTURE || node->kind == NODE_COUNT)
            walk->known[node->slot].assigned = true;
        if (node->kind == NODE_CAPTURE || node->kind == NODE_IFCHANGED)
            assigned_mark(walk, node->body);
        for (uint32_t j = 0; node->kind == NODE_IF && j < node->count; j++)
            assigned_mark(walk, node->branches[j].body);
        for (size_t j = 0; node->kind == NODE_CASE && j < node->choice->count; j++)
            assigned_mark(walk, node->choice->list[j].body);
        if (node->kind == NODE_FOR || node->kind == NODE_TABLEROW) {
            assigned_mark(walk, node->loop->body);
            assigned_mark(walk, node->loop->otherwise);
        }
    }
}

static void
walk_all(Walk *walk)
{
    const Liquid *liquid = walk->liquid;
    walk->known = arena_new_of(walk->arena, Known, liquid->names.count + 1);
    for (const Unit *unit = liquid->units; unit; unit = unit->next)
        assigned_mark(walk, unit->body);
    walk_unit(walk, liquid->main);
}

/* ---- the public face ---------------------------------------------------------------------- */

bool
check_schema(const Liquid *liquid, LiquidNotes *notes)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    Walk walk = {
        .liquid = liquid, .schema = liquid->options.schema, .notes = notes, .arena = arena};
    walk_all(&walk);
    return !walk.failed;
}

Str *
liquid_vars(const Liquid *liquid, Arena *arena, size_t *ret_count)
{
    Walk walk = {.liquid = liquid, .arena = arena};
    walk_all(&walk);
    *ret_count = walk.count;
    return walk.vars;
}
