/* text.c - values as text, as Ruby's to_s and inspect write them, and characters of UTF-8. */
#include "engine/liquid/inside.h"
#include "engine/liquid/date.h"

#include <string.h>

/* ---- characters --------------------------------------------------------------------------- */

size_t
text_chars(Str text)
{
    const uint64_t tops = UINT64_C(0x8080808080808080);
    size_t follow = 0, i = 0;
    for (; i + 8 <= text.len; i += 8) { /* bytes that start with the bits 10 start no character */
        uint64_t word = bytes_load8(text.at + i);
        follow += (size_t)__builtin_popcountll(word & ~(word << 1) & tops);
    }
    for (; i < text.len; i++)
        follow += ((uint8_t)text.at[i] & 0xC0) == 0x80;
    return text.len - follow;
}

bool
text_is_ascii(Str text)
{
    const uint64_t tops = UINT64_C(0x8080808080808080);
    uint64_t seen = 0;
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8)
        seen |= bytes_load8(text.at + i);
    for (; i < text.len; i++)
        seen |= (uint8_t)text.at[i];
    return !(seen & tops);
}

size_t
text_skip(Str text, size_t chars)
{
    size_t i = 0;
    for (; chars >= 8 && i + 8 <= text.len; i += 8, chars -= 8)
        if (bytes_load8(text.at + i) & UINT64_C(0x8080808080808080))
            break;
    while (i < text.len && chars) {
        i++;
        while (i < text.len && ((uint8_t)text.at[i] & 0xC0) == 0x80)
            i++;
        chars--;
    }
    return i;
}

Str
text_strip_left(Str text)
{
    while (text.len && (text_is_space(text.at[0]) || text.at[0] == '\0'))
        text.at++, text.len--;
    return text;
}

bool
text_is_blank(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!text_is_space(text.at[i]))
            return false;
    return true;
}

/* ---- escaping ----------------------------------------------------------------------------- */

enum { ENTITY_BYTES = 8 };
static const struct {
    char text[ENTITY_BYTES];
    size_t len;
} ENTITIES[] = {
    {"", 0}, {"&amp;", 5}, {"&lt;", 4}, {"&gt;", 4}, {"&quot;", 6}, {"&#39;", 5},
};

/* For every byte the index of its entity; 0: stands for itself. */
static const uint8_t ENTITY_OF[256] = {['&'] = 1, ['<'] = 2, ['>'] = 3, ['"'] = 4, ['\''] = 5};

/* Copies 16 bytes and has a bit for each that needs an entity: < and > differ in one bit, and so do
 * & and '. */
#if defined(__SSE2__)
static inline unsigned
escape_lane(char *to, BytesLane lane)
{
    memcpy(to, &lane, sizeof lane);
    BytesLane found = (BytesLane)((lane | bytes_lane('<' ^ '>')) == bytes_lane('>')) |
                      (BytesLane)((lane | bytes_lane('&' ^ '\'')) == bytes_lane('\'')) |
                      (BytesLane)(lane == bytes_lane('"'));
    return (unsigned)__builtin_ia32_pmovmskb128(found);
}

static inline unsigned
escape_block(char *to, const char *from)
{
    return escape_lane(to, bytes_lane_at(from));
}

static inline unsigned
escape_short(char *to, const char *from, size_t len)
{
    return escape_lane(to, bytes_lane_of(bytes_load_short(from, len)));
}
#else
static inline unsigned
escape_short(char *to, const char *from, size_t len)
{
    unsigned found = 0;
    memcpy(to, from, len);
    for (size_t i = 0; i < len; i++)
        found |= (unsigned)(ENTITY_OF[(uint8_t)to[i]] != 0) << i;
    return found;
}

static inline unsigned
escape_block(char *to, const char *from)
{
    return escape_short(to, from, 16);
}
#endif

/* Copies up to the first byte that needs an entity; there is room for 16 bytes more than `len`. */
static inline size_t
escape_copy(char *to, const char *from, size_t len)
{
    size_t i = 0;
    for (; i + 16 <= len; i += 16) {
        unsigned found = escape_block(to + i, from + i);
        if (found)
            return i + (size_t)__builtin_ctz(found);
    }
    unsigned found = escape_short(to + i, from + i, len - i);
    return found ? i + (size_t)__builtin_ctz(found) : len;
}

void
text_escape(Buf *out, Str text)
{
    while (text.len) {
        if (out->room - out->len < text.len + 16 + ENTITY_BYTES)
            buf_reserve(out, text.len + 16 + ENTITY_BYTES);
        char *to = out->at + out->len;
        size_t plain = escape_copy(to, text.at, text.len);
        out->len += plain;
        if (plain == text.len)
            return;
        uint8_t entity = ENTITY_OF[(uint8_t)text.at[plain]];
        memcpy(to + plain, ENTITIES[entity].text, ENTITY_BYTES);
        out->len += ENTITIES[entity].len;
        text.at += plain + 1;
        text.len -= plain + 1;
    }
}

Str
text_unescape(Arena *arena, Str text)
{
    if (!text.len || !memchr(text.at, '&', text.len))
        return text;
    Buf out = {.arena = arena};
    for (size_t i = 0; i < text.len;) {
        size_t entity = 1;
        while (entity < G_N_ELEMENTS(ENTITIES) &&
               (text.len - i < ENTITIES[entity].len ||
                memcmp(text.at + i, ENTITIES[entity].text, ENTITIES[entity].len) != 0))
            entity++;
        bool found = entity < G_N_ELEMENTS(ENTITIES);
        buf_add_char(&out, found ? "\0&<>\"'"[entity] : text.at[i]);
        i += found ? ENTITIES[entity].len : 1;
    }
    return buf_str(&out);
}

/* ---- to_s and inspect --------------------------------------------------------------------- */

static void
inspect_byte(Buf *out, char byte)
{
    static const char LETTERS[] = "abtnvfr"; /* 7 to 13 */
    if (byte == '"' || byte == '\\')
        buf_format(out, "\\%c", byte);
    else if (byte >= 7 && byte <= 13)
        buf_format(out, "\\%c", LETTERS[byte - 7]);
    else if (byte == 27)
        buf_add_cstr(out, "\\e");
    else if (byte == 127)
        buf_add_cstr(out, "\\x7F");
    else if ((uint8_t)byte < 32)
        buf_format(out, "\\u%04X", (unsigned)byte);
    else
        buf_add_char(out, byte);
}

static void
inspect_text(Buf *out, Str text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char next = i + 1 < text.len ? text.at[i + 1] : 0;
        if (text.at[i] == '#' && (next == '{' || next == '$' || next == '@'))
            buf_add_char(out, '\\');
        inspect_byte(out, text.at[i]);
    }
    buf_add_char(out, '"');
}

static void
inspect_list(LiquidCall *call, Buf *out, LiquidValue value)
{
    buf_add_char(out, '[');
    for (size_t i = 0, len = value_len(value); i < len && !arena_over(call->arena); i++) {
        if (i)
            buf_add_cstr(out, ", ");
        text_add_inspect(call, out, value_nth(call, value, i));
    }
    buf_add_char(out, ']');
}

static void
inspect_map(LiquidCall *call, Buf *out, LiquidValue value)
{
    buf_add_char(out, '{');
    for (size_t i = 0, len = value_len(value); i < len && !arena_over(call->arena); i++) {
        const LiquidValue *pair = value_nth(call, value, i).array->list;
        if (i)
            buf_add_cstr(out, ", ");
        text_add_inspect(call, out, pair[0]);
        buf_add_cstr(out, "=>");
        text_add_inspect(call, out, pair[1]);
    }
    buf_add_char(out, '}');
}

void
text_add_inspect(LiquidCall *call, Buf *out, LiquidValue value)
{
    if (value.kind == LIQUID_NIL)
        buf_add_cstr(out, "nil");
    else if (value.kind == LIQUID_STR)
        inspect_text(out, liquid_text(value));
    else
        text_add(call, out, value);
}

/* Money has one plain form: what the host's filter `money` makes of it. */
static void
money_add(LiquidCall *call, Buf *out, LiquidValue value)
{
    static const LiquidArgs none;
    const LiquidFilter *filter = call->liquid->money;
    LiquidValue shown;
    if (filter && filter->run(call, value, &none, &shown) && shown.kind == LIQUID_STR) {
        buf_add_str(out, liquid_text(shown));
        return;
    }
    if (call->liquid->options.cents)
        buf_add_int(out, value.integer);
    else
        buf_format(out, "%s %" G_GINT64_FORMAT, value.currency, value.integer);
}

static void
object_add(LiquidCall *call, Buf *out, LiquidValue value)
{
    if (value.object->class->value)
        text_add(call, out, value_plain(call, value));
    else if (value_is_map(value))
        inspect_map(call, out, value);
    else if (value_is_list(value))
        inspect_list(call, out, value);
    else
        buf_add_cstr(out, value.object->class->name);
}

void
text_add(LiquidCall *call, Buf *out, LiquidValue value)
{
    switch ((LiquidKind)value.kind) {
    case LIQUID_NIL:
    case LIQUID_BLANK:
    case LIQUID_EMPTY:
        return;
    case LIQUID_BOOL:
        buf_add_cstr(out, value.truth ? "true" : "false");
        return;
    case LIQUID_INT:
    case LIQUID_DECIMAL:
    case LIQUID_BIG:
        number_add_text(out, value);
        return;
    case LIQUID_STR:
        buf_add(out, value.at, value.len);
        return;
    case LIQUID_ARRAY:
        inspect_list(call, out, value);
        return;
    case LIQUID_MAP:
        inspect_map(call, out, value);
        return;
    case LIQUID_RANGE:
        buf_format(out, "%" G_GINT64_FORMAT "..%" G_GINT64_FORMAT, value.range->from,
                   value.range->to);
        return;
    case LIQUID_MONEY:
        money_add(call, out, value);
        return;
    case LIQUID_DATE:
        date_add_default(call, out, value.integer);
        return;
    case LIQUID_OBJECT:
        object_add(call, out, value);
        return;
    }
}

void
text_add_output(LiquidCall *call, Buf *out, LiquidValue value)
{
    if (!value_is_list(value) || value.kind == LIQUID_RANGE) {
        text_add(call, out, value);
        return;
    }
    for (size_t i = 0, len = value_len(value); i < len && !arena_over(call->arena); i++)
        text_add_output(call, out, value_nth(call, value, i));
}

Str
text_of(LiquidCall *call, LiquidValue value)
{
    if (value.kind == LIQUID_STR)
        return liquid_text(value);
    Buf buf = {.arena = call->arena};
    text_add(call, &buf, value);
    return buf.at ? buf_str(&buf) : STR("");
}
