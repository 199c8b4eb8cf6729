/* json_exact.c - the exact reader: RFC 8259 to the letter, every number kept, every error worded.
 *
 * It reads what simdjson refuses (see json_inside.h), which is rare, so it is written to be plain
 * rather than fast (about 0.2 GB/s all the same). The values of a container that is still open wait
 * on a stack; when it closes they move side by side into the arena.
 */
#include "base/json_inside.h"
#include "base/limits.h"

#include <errno.h>
#include <string.h>

typedef struct Reader {
    Arena *arena;
    const char *start;
    const char *at; /* the next byte */
    const char *end;
    Json *waiting; /* values whose container is open (no GArray: TSan does not see its locks) */
    size_t waiting_count;
    size_t waiting_room;
    int depth;
    GError **error;
} Reader;

static bool value_read(Reader *reader, const char *expected);

/* ---- errors ------------------------------------------------------------------------------ */

enum { FOUND_BYTES = 24 };

/* What stands at a place, for people: `"x"`, `U+0007`, `the end`. */
static void
found_words(const Reader *reader, const char *at, char ret[static FOUND_BYTES])
{
    if (at >= reader->end) {
        g_strlcpy(ret, "the end", FOUND_BYTES);
        return;
    }
    gunichar letter = g_utf8_get_char(at);
    char bytes[7] = "";
    bytes[g_unichar_to_utf8(letter, bytes)] = '\0';
    if (letter == '"')
        g_strlcpy(ret, "a quote", FOUND_BYTES);
    else if (g_unichar_isgraph(letter))
        g_snprintf(ret, FOUND_BYTES, "\"%s\"", bytes);
    else
        g_snprintf(ret, FOUND_BYTES, "U+%04X", letter);
}

static void
place_of(const Reader *reader, const char *at, size_t *ret_line, size_t *ret_column)
{
    const char *line_start = reader->start;
    *ret_line = 1;
    for (const char *p = reader->start; p < at; p++) {
        if (*p == '\n') {
            line_start = p + 1;
            ++*ret_line;
        }
    }
    *ret_column = (size_t)g_utf8_strlen(line_start, at - line_start) + 1;
}

static bool
reader_fail(Reader *reader, const char *at, const char *expected)
{
    size_t line, column;
    char found[FOUND_BYTES];
    place_of(reader, at, &line, &column);
    found_words(reader, at, found);
    return fail(reader->error, ERR_JSON, "line %zu, column %zu: expected %s, found %s", line,
                column, expected, found);
}

/* ---- the parts --------------------------------------------------------------------------- */

static void
skip_space(Reader *reader)
{
    while (reader->at < reader->end && *reader->at && strchr(" \t\r\n", *reader->at))
        reader->at++;
}

/* The next byte that is no white space; '\0' at the end (a NUL byte is no JSON either). */
static char
next_byte(Reader *reader)
{
    skip_space(reader);
    return reader->at < reader->end ? *reader->at : '\0';
}

static void
value_add(Reader *reader, Json value)
{
    if (reader->waiting_count == reader->waiting_room) {
        reader->waiting_room = MAX(2 * reader->waiting_room, (size_t)64);
        reader->waiting = g_renew(Json, reader->waiting, reader->waiting_room);
    }
    reader->waiting[reader->waiting_count++] = value;
}

static bool
word_read(Reader *reader, const char *word, Json value)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < len; i++)
        if (reader->at + i >= reader->end || reader->at[i] != word[i])
            return reader_fail(reader, reader->at + i, "true, false or null");
    reader->at += len;
    value_add(reader, value);
    return true;
}

/* ---- numbers ----------------------------------------------------------------------------- */

static bool
is_digit(const Reader *reader)
{
    return reader->at < reader->end && g_ascii_isdigit(*reader->at);
}

static bool
digits_read(Reader *reader)
{
    if (!is_digit(reader))
        return reader_fail(reader, reader->at, "a digit");
    while (is_digit(reader))
        reader->at++;
    return true;
}

static bool
byte_take(Reader *reader, const char *any_of)
{
    if (reader->at >= reader->end || !*reader->at || !strchr(any_of, *reader->at))
        return false;
    reader->at++;
    return true;
}

/* Moves behind the number; *ret_whole: it has neither fraction nor exponent. */
static bool
number_scan(Reader *reader, bool *ret_whole)
{
    byte_take(reader, "-");
    if (byte_take(reader, "0")) {
        if (is_digit(reader))
            return reader_fail(reader, reader->at, "no digit after a leading 0");
    } else if (!digits_read(reader)) {
        return false;
    }
    const char *integer_end = reader->at;
    if (byte_take(reader, ".") && !digits_read(reader))
        return false;
    if (byte_take(reader, "eE")) {
        byte_take(reader, "+-");
        if (!digits_read(reader))
            return false;
    }
    *ret_whole = reader->at == integer_end;
    return true;
}

static bool
number_read(Reader *reader)
{
    const char *from = reader->at;
    bool whole = false;
    if (!number_scan(reader, &whole))
        return false;
    size_t len = (size_t)(reader->at - from);
    JsonReal *real = arena_alloc(reader->arena, sizeof *real + len + 1);
    memcpy(real->text, from, len);

    errno = 0;
    int64_t number = whole ? g_ascii_strtoll(real->text, NULL, 10) : 0;
    if (whole && errno == 0) {
        value_add(reader, (Json){.type = JSON_INT, .number = number});
        return true;
    }
    real->value = g_ascii_strtod(real->text, NULL);
    value_add(reader, (Json){.type = JSON_REAL, .len = (uint32_t)len, .real = real});
    return true;
}

/* ---- strings ----------------------------------------------------------------------------- */

/* The four digits of \uXXXX, reader->at being on the first of them. */
static bool
hex_read(Reader *reader, uint32_t *ret)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++, reader->at++) {
        if (reader->at >= reader->end || !g_ascii_isxdigit(*reader->at))
            return reader_fail(reader, reader->at, "four hexadecimal digits after \\u");
        code = code * 16 + (uint32_t)g_ascii_xdigit_value(*reader->at);
    }
    *ret = code;
    return true;
}

/* Behind "\u": a character, or two of them that are a surrogate pair. */
static bool
unicode_read(Reader *reader, char **to)
{
    uint32_t code;
    if (!hex_read(reader, &code))
        return false;
    if (code >= 0xD800 && code <= 0xDBFF && reader->end - reader->at >= 2 &&
        reader->at[0] == '\\' && reader->at[1] == 'u') {
        const char *second = reader->at;
        uint32_t low;
        reader->at += 2;
        if (!hex_read(reader, &low))
            return false;
        if (low >= 0xDC00 && low <= 0xDFFF)
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        else
            reader->at = second; /* no pair: the second one is read by itself */
    }
    if (code >= 0xD800 && code <= 0xDFFF)
        code = 0xFFFD;
    *to += g_unichar_to_utf8(code, *to);
    return true;
}

static bool
escape_read(Reader *reader, char **to)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    if (byte_take(reader, "u"))
        return unicode_read(reader, to);
    const char *hit = reader->at < reader->end && *reader->at ? strchr(letters, *reader->at) : NULL;
    if (!hit)
        return reader_fail(reader, reader->at, "one of \" \\ / b f n r t u after a backslash");
    *(*to)++ = bytes[hit - letters];
    reader->at++;
    return true;
}

/* Bytes from here to the closing quote, or to where the string breaks off: room enough, since
 * no escape is shorter than what it stands for. */
static size_t
string_room(const Reader *reader)
{
    const char *at = reader->at;
    while (at < reader->end && *at != '"')
        at += *at == '\\' ? 2 : 1;
    return (size_t)(MIN(at, reader->end) - reader->at) + 1;
}

/* On the opening quote. */
static bool
string_read(Reader *reader)
{
    reader->at++;
    char *text = arena_bytes(reader->arena, string_room(reader));
    char *to = text;
    for (;;) {
        if (reader->at >= reader->end)
            return reader_fail(reader, reader->at, "a quote that ends the string");
        char byte = *reader->at;
        if ((unsigned char)byte < 0x20)
            return reader_fail(reader, reader->at, "an escape (control characters need one)");
        reader->at++;
        if (byte == '"')
            break;
        if (byte != '\\')
            *to++ = byte;
        else if (!escape_read(reader, &to))
            return false;
    }
    *to = '\0';
    value_add(reader, (Json){.type = JSON_STRING, .len = (uint32_t)(to - text), .text = text});
    return true;
}

/* ---- containers -------------------------------------------------------------------------- */

/* The values above `from` leave the stack and become the children of a new value. */
static void
container_close(Reader *reader, JsonType type, size_t from)
{
    size_t count = reader->waiting_count - from;
    Json *children = arena_new_of(reader->arena, Json, count);
    if (count)
        memcpy(children, reader->waiting + from, count * sizeof *children);
    reader->waiting_count = from;
    uint32_t len = (uint32_t)(type == JSON_OBJECT ? count / 2 : count);
    value_add(reader, (Json){.type = (uint32_t)type, .len = len, .children = children});
}

static bool
member_read(Reader *reader, const char *expected)
{
    if (next_byte(reader) != '"')
        return reader_fail(reader, reader->at, expected);
    if (!string_read(reader))
        return false;
    if (next_byte(reader) != ':')
        return reader_fail(reader, reader->at, "a colon after the key");
    reader->at++;
    return value_read(reader, "a value");
}

/* Up to the closing bracket, which stays. */
static bool
elements_read(Reader *reader, bool object, char close)
{
    const char *expected = object ? "a key in quotes or }" : "a value or ]";
    if (next_byte(reader) == close)
        return true;
    for (;;) {
        if (object ? !member_read(reader, expected) : !value_read(reader, expected))
            return false;
        if (next_byte(reader) == close)
            return true;
        if (next_byte(reader) != ',')
            return reader_fail(reader, reader->at, object ? "a comma or }" : "a comma or ]");
        reader->at++;
        expected = object ? "a key in quotes" : "a value";
    }
}

/* On the opening bracket. */
static bool
container_read(Reader *reader, JsonType type)
{
    size_t from = reader->waiting_count;
    if (reader->depth == LIMIT_JSON_DEPTH) {
        size_t line, column;
        place_of(reader, reader->at, &line, &column);
        return fail(reader->error, ERR_JSON, "line %zu, column %zu: nested deeper than %d levels",
                    line, column, LIMIT_JSON_DEPTH);
    }
    reader->depth++;
    reader->at++;
    if (!elements_read(reader, type == JSON_OBJECT, type == JSON_OBJECT ? '}' : ']'))
        return false;
    reader->at++;
    reader->depth--;
    container_close(reader, type, from);
    return true;
}

static bool
value_read(Reader *reader, const char *expected)
{
    char byte = next_byte(reader);
    switch (byte) {
    case '{':
        return container_read(reader, JSON_OBJECT);
    case '[':
        return container_read(reader, JSON_ARRAY);
    case '"':
        return string_read(reader);
    case 't':
        return word_read(reader, "true", (Json){.type = JSON_BOOL, .truth = true});
    case 'f':
        return word_read(reader, "false", (Json){.type = JSON_BOOL, .truth = false});
    case 'n':
        return word_read(reader, "null", (Json){.type = JSON_NULL});
    default:
        if (byte == '-' || g_ascii_isdigit(byte))
            return number_read(reader);
        return reader_fail(reader, reader->at, expected);
    }
}

/* ---- the document ------------------------------------------------------------------------ */

/* GLib's check stops at a NUL byte, which is sound UTF-8 (and refused later, with its place). */
static bool
utf8_check(const char *bytes, size_t len, GError **error)
{
    const char *at = bytes;
    const char *end = bytes + len;
    while (at < end && !g_utf8_validate(at, end - at, &at)) {
        if (*at)
            return fail(error, ERR_ENCODING, "byte %zu (0x%02X) is not UTF-8", (size_t)(at - bytes),
                        (unsigned char)*at);
        at++;
    }
    return true;
}

/* The root, in reader->waiting[0]. */
static bool
document_read(Reader *reader)
{
    if (!value_read(reader, "a value"))
        return false;
    skip_space(reader);
    return reader->at == reader->end ||
           reader_fail(reader, reader->at, "nothing after the document");
}

const Json *
json_read_exact(Arena *arena, const char *bytes, size_t len, GError **error)
{
    if (len > UINT32_MAX / 2) {
        fail(error, ERR_TOO_BIG, "a JSON document of %zu bytes", len);
        return NULL;
    }
    if (!utf8_check(bytes, len, error))
        return NULL;
    Json *root = NULL;
    Reader reader = {
        .arena = arena, .start = bytes, .at = bytes, .end = bytes + len, .error = error};
    if (document_read(&reader)) {
        root = arena_new_of(arena, Json, 1);
        *root = reader.waiting[0];
    }
    g_free(reader.waiting);
    return root;
}
