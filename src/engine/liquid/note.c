/* note.c - findings with their place, and "did you mean". */
#include "base/nearest.h"
#include "engine/liquid/inside.h"

#include <string.h>

void
place_of(Str source, uint32_t at, uint32_t *ret_line, uint32_t *ret_column, Str *ret_excerpt)
{
    const char *byte = source.at + MIN((size_t)at, source.len);
    const char *start = source.at;
    uint32_t line = 1;
    for (const char *i = source.at; i < byte; i++) {
        if (*i == '\n') {
            line++;
            start = i + 1;
        }
    }
    const char *end = source.at + source.len;
    const char *stop = byte < end ? memchr(byte, '\n', (size_t)(end - byte)) : NULL;
    *ret_line = line;
    *ret_column = (uint32_t)text_chars((Str){start, (size_t)(byte - start)}) + 1;
    *ret_excerpt = (Str){start, (size_t)((stop ? stop : end) - start)};
}

LiquidNote *
note_add(LiquidNotes *notes, const Unit *unit, uint32_t at)
{
    if (notes->count == notes->room) {
        size_t room = MAX(notes->room * 2, (size_t)4);
        LiquidNote *list = arena_new_of(notes->arena, LiquidNote, room);
        if (notes->count)
            memcpy(list, notes->list, notes->count * sizeof *list);
        notes->list = list;
        notes->room = room;
    }
    LiquidNote *note = &notes->list[notes->count++];
    *note = (LiquidNote){0};
    Str excerpt;
    place_of(unit->source, at, &note->line, &note->column, &excerpt);
    const LiquidNote *before = notes->count > 1 ? note - 1 : NULL;
    bool same = before && before->line == note->line && before->excerpt.len == excerpt.len &&
                str_eq(before->file, unit->file); /* a line may be long, and is kept once */
    note->file = same ? before->file : arena_copy(notes->arena, unit->file);
    note->excerpt = same ? before->excerpt : arena_copy(notes->arena, excerpt);
    return note;
}

/* A tab of the line stays a tab under it, so that the caret stands where it should. */
void
liquid_note_print(const LiquidNote *note, Buf *out)
{
    buf_format(out, STR_FMT ":%u:%u: %s: " STR_FMT "\n", STR_ARG(note->file), note->line,
               note->column, note->error ? "error" : "warning", STR_ARG(note->message));
    buf_format(out, "    " STR_FMT "\n    ",
               STR_ARG(str_trim(note->excerpt).len ? note->excerpt : (Str){0}));
    size_t before = text_skip(note->excerpt, note->column - 1);
    for (size_t i = 0; i < before; i++)
        if (((uint8_t)note->excerpt.at[i] & 0xC0) != 0x80)
            buf_add_char(out, note->excerpt.at[i] == '\t' ? '\t' : ' ');
    buf_add_cstr(out, "^\n");
    if (note->suggestion.len)
        buf_format(out, "    did you mean " STR_FMT "?\n", STR_ARG(note->suggestion));
}

/* ---- did you mean ------------------------------------------------------------------------- */

void
guess_offer(Guess *guess, Str word)
{
    size_t distance = nearest_distance(guess->wanted, word);
    if (!nearest_is_near(guess->wanted, distance) ||
        (guess->best.len && distance >= guess->distance))
        return;
    guess->best = word;
    guess->distance = distance;
}
