/* letter.c - fields and parts of a mail that came in; see letter.h. */
#include "base/letter.h"

#include <string.h>

enum { FIELDS_MOST = 1000 }; /* of one block; real headers stay below 200 */

/* RFC 5322 2.2: printable ASCII without colon and space. */
static bool
field_name(Str line, size_t *ret_len)
{
    size_t i = 0;
    while (i < line.len && line.at[i] > 32 && line.at[i] < 127 && line.at[i] != ':')
        i++;
    *ret_len = i;
    while (i < line.len && (line.at[i] == ' ' || line.at[i] == '\t'))
        i++; /* obs-optional (4.5): space before the colon */
    return *ret_len && i < line.len && line.at[i] == ':';
}

/* A field being put together from its lines. */
typedef struct FieldLines {
    Str name;
    Buf value;
} FieldLines;

static void
field_end(Arena *arena, FieldLines *lines, LetterField *list, size_t *count)
{
    if (lines->name.len && *count < FIELDS_MOST)
        list[(*count)++] = (LetterField){lines->name, str_trim(buf_str(&lines->value))};
    *lines = (FieldLines){.value.arena = arena};
}

/* Lines of the block at the start of the text; a list for all that follows would be made again for each block. */
static size_t
lines_count(Str text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len && count < FIELDS_MOST; i++) {
        if (text.at[i] == '\n' && i + 1 < text.len && text.at[i + 1] == '\n')
            break;
        count += text.at[i] == '\n';
    }
    return count;
}

size_t
letter_fields(Arena *arena, Str *rest, const LetterField **ret)
{
    LetterField *list = arena_new_of(arena, LetterField, lines_count(*rest));
    FieldLines lines = {.value.arena = arena};
    size_t count = 0, name_len;
    Str line;
    while (rest->at && str_split(rest, '\n', &line)) {
        Str words = str_trim(line);
        if (!words.len)
            break;
        if (line.at[0] == ' ' || line.at[0] == '\t') {
            buf_add_char(&lines.value, ' ');
            buf_add_str(&lines.value, words);
        } else if (field_name(line, &name_len)) {
            field_end(arena, &lines, list, &count);
            lines.name = str_sub(line, 0, name_len);
            size_t colon = (size_t)((const char *)memchr(line.at, ':', line.len) - line.at);
            buf_add_str(&lines.value, str_trim(str_sub(line, colon + 1, line.len)));
        }
    }
    field_end(arena, &lines, list, &count);
    *ret = list;
    return count;
}

Str
letter_field_in(const LetterField *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(fields[i].name, name))
            return fields[i].value;
    return (Str){0};
}

Str
letter_field(const Letter *letter, const char *name)
{
    return letter_field_in(letter->fields, letter->field_count, name);
}

const LetterPart *
letter_part(const Letter *letter, const char *type)
{
    for (size_t i = 0; i < letter->part_count; i++)
        if (str_is(letter->parts[i].type, type))
            return &letter->parts[i];
    return NULL;
}
