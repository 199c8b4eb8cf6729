/* compile.c - a template and its partials become one program. */
#include "engine/liquid/inside.h"
#include "engine/liquid/place.h"

#include <string.h>

enum { UNITS_MOST = 1000, ARENA_FACTOR = 64 };

/* ---- findings ----------------------------------------------------------------------------- */

static void
compile_note(Compiler *compiler, bool error, uint32_t at, Str suggestion, Str message)
{
    LiquidNote *note = note_add(compiler->notes, compiler->unit, at);
    note->error = error;
    note->message = arena_copy(compiler->notes->arena, message);
    note->suggestion = arena_copy(compiler->notes->arena, suggestion);
}

static Str
message_of(Arena *arena, const char *format, va_list args)
{
    char *text = g_strdup_vprintf(format, args);
    Str message = arena_copy(arena, str_of(text));
    g_free(text);
    return message;
}

/* The first error is told, and others if they are wanted; each place once, since one mistake can be
 * noticed by several. */
static void
compile_error(Compiler *compiler, uint32_t at, Str suggestion, const char *format, va_list args)
{
    bool again = compiler->error_at == at && compiler->error_unit == compiler->unit;
    if (!compiler->failed || (recover_is_on(compiler) && !again))
        compile_note(compiler, true, at, suggestion,
                     message_of(compiler->notes->arena, format, args));
    compiler->failed = true;
    compiler->errors++;
    compiler->error_at = at;
    compiler->error_unit = compiler->unit;
}

bool
compile_fail_guess(Compiler *compiler, uint32_t at, Str suggestion, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    compile_error(compiler, at, suggestion, format, args);
    va_end(args);
    return false;
}

bool
compile_fail(Compiler *compiler, uint32_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    compile_error(compiler, at, (Str){0}, format, args);
    va_end(args);
    return false;
}

void
compile_warn(Compiler *compiler, uint32_t at, Str suggestion, const char *format, ...)
{
    if (compiler->warnings++ >= NOTES_MOST)
        return;
    va_list args;
    va_start(args, format);
    compile_note(compiler, false, at, suggestion, message_of(compiler->notes->arena, format, args));
    va_end(args);
}

/* ---- room --------------------------------------------------------------------------------- */

enum { ROOM_BYTES = 4096 };

void *
compile_room_more(Compiler *compiler, size_t bytes)
{
    if (bytes > ROOM_BYTES / 4)
        return arena_alloc(compiler->arena, bytes);
    compiler->spare = arena_alloc(compiler->arena, ROOM_BYTES);
    compiler->spare_bytes = ROOM_BYTES;
    return compile_room(compiler, bytes);
}

const LiquidFilter *
compile_filter(Compiler *compiler, Str text)
{
    uint32_t place = (uint32_t)text.len * 5 + (uint8_t)text.at[0] * 3 +
                     (uint8_t)text.at[text.len / 2] * 11 + (uint8_t)text.at[text.len - 1];
    FilterFound *found = &compiler->filters[place % FILTERS_FOUND];
    if (found->name.len != text.len || !bytes_same(found->name.at, text.at, text.len)) {
        found->name = text;
        found->filter = filter_find(&compiler->liquid->options, text);
    }
    return found->filter;
}

/* ---- units -------------------------------------------------------------------------------- */

bool
unit_compile(Compiler *compiler, Unit *unit)
{
    Scanner scanner = {
        .source = unit->source, .at = unit->source.at, .end = unit->source.at + unit->source.len};
    Unit *outer_unit = compiler->unit;
    Scanner *outer_scanner = compiler->scanner;
    int outer_depth = compiler->depth;
    uint64_t outer_place = compiler->place;
    compiler->unit = unit;
    compiler->scanner = &scanner;
    compiler->depth = 0;
    compiler->place = unit->entry;
    Nodes nodes = {.blank = true};
    bool fine = document_parse(compiler, &nodes);
    if (fine) {
        unit->body = block_finish(compiler, &nodes, false);
        if (unit->used &&
            !compiler
                 ->failed) /* it holds itself: what followed there relied on the end as the start */
            fine = place_same(compiler, unit->entry, compiler->place, (uint32_t)unit->source.len,
                              "partial that holds itself");
        unit->exit = compiler->place;
        unit->done = true;
    }
    compiler->unit = outer_unit;
    compiler->scanner = outer_scanner;
    compiler->depth = outer_depth;
    compiler->place = outer_place;
    return fine;
}

static Unit *
unit_new(Compiler *compiler, Str file, Str source)
{
    Unit *unit = arena_new_of(compiler->arena, Unit, 1);
    *unit = (Unit){.file = arena_copy(compiler->arena, file),
                   .source = arena_copy(compiler->arena, source),
                   .entry = compiler->place,
                   .exit = compiler->place,
                   .isolated = compiler->in_render,
                   .next = *compiler->units};
    *compiler->units = unit;
    return unit;
}

static Unit *
unit_find(const Compiler *compiler, Str file)
{
    for (Unit *unit = *compiler->units; unit; unit = unit->next)
        if (unit->entry == compiler->place && unit->isolated == compiler->in_render &&
            str_eq(unit->file, file))
            return unit;
    return NULL;
}

/* Templates are ASCII but for a word now and then: 32 bytes at a time until there is one. */
static bool
source_is_utf8(Str source)
{
    const uint64_t tops = UINT64_C(0x8080808080808080);
    size_t i = 0;
    for (; i + 32 <= source.len; i += 32) {
        const char *at = source.at + i;
        if ((bytes_load8(at) | bytes_load8(at + 8) | bytes_load8(at + 16) | bytes_load8(at + 24)) &
            tops)
            break;
    }
    return g_utf8_validate_len(source.at + i, source.len - i, NULL);
}

static bool
source_check(Compiler *compiler, Str source, uint32_t at, Str name)
{
    if (source.len > LIMIT_TEMPLATE_BYTES)
        return compile_fail(compiler, at, "'" STR_FMT "' is larger than %d bytes", STR_ARG(name),
                            LIMIT_TEMPLATE_BYTES);
    if (source.len && memchr(source.at, '\0', source.len))
        return compile_fail(compiler, at, "'" STR_FMT "' holds a zero byte", STR_ARG(name));
    if (source.len && !source_is_utf8(source))
        return compile_fail(compiler, at, "'" STR_FMT "' is not UTF-8", STR_ARG(name));
    return true;
}

static const Unit *
partial_load(Compiler *compiler, Str name, uint32_t at, Str *ret_missing)
{
    Unit *unit = unit_find(compiler, name);
    if (unit) {
        unit->used = unit->used || !unit->done;
        return unit;
    }
    const LiquidOptions *options = &compiler->liquid->options;
    Str source;
    if (!options->load || !options->load(options->host, name, compiler->arena, &source)) {
        *ret_missing =
            str_of(arena_format(compiler->arena, "No such template '" STR_FMT "'", STR_ARG(name)));
        return NULL;
    }
    if (compiler->unit_count >= UNITS_MOST) {
        compile_fail(compiler, at, "more than %d partials", UNITS_MOST);
        return NULL;
    }
    compiler->unit_count++;
    if (compiler->partial_depth >= LIMIT_PARTIAL_DEPTH) {
        compile_fail(compiler, at, "partials are nested more than %d deep", LIMIT_PARTIAL_DEPTH);
        return NULL;
    }
    if (!source_check(compiler, source, at, name))
        return NULL;
    unit = unit_new(compiler, name, source);
    compiler->partial_depth++;
    bool fine = unit_compile(compiler, unit);
    compiler->partial_depth--;
    return fine ? unit : NULL;
}

const Unit *
compile_partial(Compiler *compiler, Str name, uint32_t at, bool render, Str *ret_missing)
{
    bool outer = compiler->in_render;
    compiler->in_render = outer || render;
    const Unit *unit = partial_load(compiler, name, at, ret_missing);
    compiler->in_render = outer;
    return unit;
}

/* ---- the public face ---------------------------------------------------------------------- */

static const LiquidData NO_DATA;

static bool
liquid_build(Liquid *liquid, Str file, Str source, LiquidNotes *notes, bool all)
{
    Buf nowhere = {.arena = liquid->arena};
    LiquidCall fold = {.liquid = liquid,
                       .data = &NO_DATA,
                       .arena = liquid->arena,
                       .html = liquid->options.html,
                       .out = &nowhere};
    call_budget(&fold);
    Compiler compiler = {.liquid = liquid,
                         .arena = liquid->arena,
                         .names = &liquid->names,
                         .units = &liquid->units,
                         .notes = notes,
                         .recovers = all,
                         .place = PLACE_TEXT,
                         .fold = &fold};
    Unit *unit = unit_new(&compiler, file, source);
    compiler.unit = unit;
    liquid->main = unit;
    return source_check(&compiler, unit->source, 0, file) && unit_compile(&compiler, unit) &&
           !compiler.failed &&
           (!liquid->options.html ||
            place_same(&compiler, PLACE_TEXT, unit->exit, (uint32_t)unit->source.len, "template"));
}

static void
notes_raise(const LiquidNotes *notes, Str source, GError **error)
{
    ErrorCode code = source.len > LIMIT_TEMPLATE_BYTES ? ERR_TOO_BIG : ERR_TEMPLATE;
    for (size_t i = 0; i < notes->count; i++) {
        const LiquidNote *note = &notes->list[i];
        if (!note->error)
            continue;
        const char *hint = note->suggestion.len ? "; did you mean " : "";
        fail(error, code, STR_FMT ":%u:%u: " STR_FMT "%s" STR_FMT "%s", STR_ARG(note->file),
             note->line, note->column, STR_ARG(note->message), hint, STR_ARG(note->suggestion),
             note->suggestion.len ? "?" : "");
        return;
    }
}

static void
budget_fill(LiquidBudget *budget)
{
    if (!budget->output_bytes)
        budget->output_bytes = LIMIT_RENDER_BYTES;
    if (!budget->steps)
        budget->steps = LIMIT_RENDER_STEPS;
    if (!budget->turns)
        budget->turns = LIMIT_RENDER_STEPS;
    if (!budget->depth)
        budget->depth = LIMIT_PARTIAL_DEPTH;
    if (!budget->arena_bytes)
        budget->arena_bytes = LIMIT_ARENA_BYTES;
}

Liquid *
liquid_compile(Str file, Str source, const LiquidOptions *options, LiquidNotes *notes,
               GError **error)
{
    Arena *arena = arena_new((size_t)LIMIT_TEMPLATE_BYTES * ARENA_FACTOR);
    Liquid *liquid = arena_new_of(arena, Liquid, 1);
    liquid->arena = arena;
    if (options)
        liquid->options = *options;
    if (!liquid->options.cents)
        liquid->money = filter_find(&liquid->options, STR("money"));
    budget_fill(&liquid->options.budget);
    LiquidNotes own = {.arena = arena};
    LiquidNotes *found = notes ? notes : &own;
    size_t before = found->count;
    if (liquid_build(liquid, file, source, found, notes != NULL) &&
        (!liquid->options.schema || check_schema(liquid, found)))
        return liquid;
    LiquidNotes fresh = {.list = found->list + before, .count = found->count - before};
    notes_raise(&fresh, source, error);
    arena_free(arena);
    return NULL;
}

void
liquid_free(Liquid *liquid)
{
    if (liquid)
        arena_free(liquid->arena);
}
