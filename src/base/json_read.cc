/* json_read.cc - the fast reader: simdjson, then one pass over its tape. The tree's one C++ file.
 *
 * simdjson leaves three things: the tape (one 64-bit word a value, numbers two, containers one at
 * each end), a buffer of unescaped strings, each with its length before it and a NUL behind it,
 * and the positions of all tokens in the source. The strings are copied at once; the tape is
 * walked once; the positions are followed along, because a number that is no integer keeps its
 * text and the tape does not have it.
 *
 * How many values there are is known before: a document with N values (keys counted) and E empty
 * containers has exactly 2N - 1 + E tokens, so N <= (tokens + 1) / 2, and one allocation holds
 * the whole tree.
 *
 * Built without exceptions and RTTI, like all code that calls it.
 */
#include <simdjson.h>

#include <glib.h>
extern "C" {
#include "base/json_inside.h"
#include "base/limits.h"
}

#include <cstring>

namespace
{

/* The tape counts the elements of a container in 24 bits, and stops there. 2^24 elements need more
 * bytes than this, so the count is right in what we take; longer ones are for the exact reader. */
constexpr size_t MOST_BYTES = 32 * 1024 * 1024;

/* A thread keeps its parser for documents up to this size (it takes up to 20 times as much memory,
 * of which the system gives only what is touched); above, one is made and dropped. */
constexpr size_t KEEP_BYTES = 256 * 1024;

/* What a new parser has room for; it grows by itself. */
constexpr size_t LEAST_BYTES = 16 * 1024;

constexpr uint64_t PAYLOAD = (UINT64_C(1) << 56) - 1;

struct Builder {
    const uint64_t *word;  /* the tape's next */
    const uint32_t *token; /* the next token's place in the source */
    const char *source;
    size_t source_len;
    const char *strings; /* our copy */
    Json *room;          /* the next free value */
    Json *room_end;
    Arena *arena;
};

const JsonReal *
real_build(const Builder &builder, double value, uint32_t *ret_len)
{
    const char *from = builder.source + *builder.token;
    const char *end = builder.source + builder.source_len;
    const char *to = from;
    while (to < end && strchr("+-.0123456789eE", *to) && *to)
        to++;
    size_t len = size_t(to - from);
    JsonReal *real =
        static_cast<JsonReal *>(arena_alloc(builder.arena, sizeof(JsonReal) + len + 1));
    real->value = value;
    memcpy(real->text, from, len);
    *ret_len = uint32_t(len);
    return real;
}

Json *
children_take(Builder &builder, size_t count)
{
    must(count <= size_t(builder.room_end - builder.room));
    Json *children = builder.room;
    builder.room += count;
    return children;
}

void
string_build(Builder &builder, uint64_t word, Json *ret)
{
    const char *at = builder.strings + (word & PAYLOAD);
    memcpy(&ret->len, at, sizeof ret->len);
    ret->type = JSON_STRING;
    ret->text = at + sizeof ret->len;
    builder.token++;
}

void value_build(Builder &builder, Json *ret);

/* On the tape's opening word: low 32 bits are the end's place, 24 more the count. */
void
array_build(Builder &builder, uint64_t word, Json *ret)
{
    uint32_t count = uint32_t(word >> 32) & 0xffffff;
    Json *children = children_take(builder, count);
    *ret = Json{JSON_ARRAY, count, {}};
    ret->children = children;
    builder.token += count ? 1 : 2;
    for (uint32_t i = 0; i < count; i++) {
        value_build(builder, &children[i]);
        builder.token++; /* the comma or the bracket behind it */
    }
    builder.word++;
}

void
object_build(Builder &builder, uint64_t word, Json *ret)
{
    uint32_t count = uint32_t(word >> 32) & 0xffffff;
    Json *children = children_take(builder, size_t(count) * 2);
    *ret = Json{JSON_OBJECT, count, {}};
    ret->children = children;
    builder.token += count ? 1 : 2;
    for (uint32_t i = 0; i < count; i++) {
        string_build(builder, *builder.word++, &children[2 * i]);
        builder.token++; /* the colon */
        value_build(builder, &children[2 * i + 1]);
        builder.token++;
    }
    builder.word++;
}

void
number_build(Builder &builder, char kind, Json *ret)
{
    uint64_t bits = *builder.word++;
    if (kind == 'l') {
        *ret = Json{JSON_INT, 0, {}};
        memcpy(&ret->number, &bits, sizeof bits);
    } else {
        double value = double(bits); /* 'u': an integer of 2^63 and more */
        if (kind == 'd')
            memcpy(&value, &bits, sizeof bits);
        ret->type = JSON_REAL;
        ret->real = real_build(builder, value, &ret->len);
    }
    builder.token++;
}

void
value_build(Builder &builder, Json *ret)
{
    uint64_t word = *builder.word++;
    switch (char kind = char(word >> 56)) {
    case '"':
        return string_build(builder, word, ret);
    case '{':
        return object_build(builder, word, ret);
    case '[':
        return array_build(builder, word, ret);
    case 'l':
    case 'u':
    case 'd':
        return number_build(builder, kind, ret);
    case 't':
    case 'f':
        *ret = Json{JSON_BOOL, 0, {}};
        ret->truth = kind == 't';
        break;
    default:
        must(kind == 'n');
        *ret = Json{JSON_NULL, 0, {}};
        break;
    }
    builder.token++;
}

/* Bytes of the string buffer in use: up to the end of the last string. simdjson does not say, so
 * tokens and tape are walked back from their ends together, as far as the last string. */
size_t
strings_len(const simdjson::dom::parser &parser, const char *source)
{
    const uint32_t *tokens = parser.implementation->structural_indexes.get();
    const uint64_t *tape = parser.doc.tape.get();
    size_t word = size_t(tape[0] & PAYLOAD) - 1; /* the root's word at the end */
    for (size_t i = parser.implementation->n_structural_indexes; i-- > 0;) {
        char first = source[tokens[i]];
        if (first == '"') {
            size_t at = size_t(tape[word - 1] & PAYLOAD);
            uint32_t len;
            memcpy(&len, parser.doc.string_buf.get() + at, sizeof len);
            return at + sizeof len + len + 1;
        }
        if (first == ':' || first == ',')
            continue;
        word -= first == '-' || g_ascii_isdigit(first) ? 2 : 1;
    }
    return 0;
}

/* Room for so many values, aligned; arena_alloc would fill it with zeros first. */
Json *
values_new(Arena *arena, size_t count)
{
    char *bytes = arena_bytes(arena, count * sizeof(Json) + alignof(Json) - 1);
    return reinterpret_cast<Json *>((uintptr_t(bytes) + alignof(Json) - 1) & -alignof(Json));
}

const Json *
tree_build(Arena *arena, const simdjson::dom::parser &parser, const char *bytes, size_t len)
{
    size_t tokens = parser.implementation->n_structural_indexes;
    size_t count = (tokens + 1) / 2;
    Json *values = values_new(arena, count);
    size_t text_len = strings_len(parser, bytes);
    char *text = arena_bytes(arena, text_len);
    if (text_len)
        memcpy(text, parser.doc.string_buf.get(), text_len);

    Builder builder = {};
    builder.word = parser.doc.tape.get() + 1;
    builder.token = parser.implementation->structural_indexes.get();
    builder.source = bytes;
    builder.source_len = len;
    builder.strings = text;
    builder.room = values + 1;
    builder.room_end = values + count;
    builder.arena = arena;
    value_build(builder, values);
    must(builder.token == parser.implementation->structural_indexes.get() + tokens);
    return values;
}

const Json *
parser_read(simdjson::dom::parser &parser, Arena *arena, const char *bytes, size_t len)
{
    /* simdjson counts an empty container at the bottom as no level of its own, so it refuses some
     * documents of exactly LIMIT_JSON_DEPTH levels, and none that it takes has more. */
    if (parser.capacity() == 0 && parser.allocate(LEAST_BYTES, LIMIT_JSON_DEPTH))
        return nullptr;
    if (parser.parse(bytes, len, true).error())
        return nullptr;
    return tree_build(arena, parser, bytes, len);
}

} // namespace

const Json *
json_read_fast(Arena *arena, const char *bytes, size_t len)
{
    if (len == 0 || len > MOST_BYTES)
        return nullptr;
    if (len > KEEP_BYTES) {
        simdjson::dom::parser once;
        return parser_read(once, arena, bytes, len);
    }
    static thread_local simdjson::dom::parser kept;
    return parser_read(kept, arena, bytes, len);
}
