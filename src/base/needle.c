/* needle.c - see needle.h. */
#include "base/needle.h"

#include <string.h>

/* ---- the automaton -------------------------------------------------------------------------------------- */

/* Between a digit and what is none stands a mark, in needles and in bodies alike, and a needle's own end is such a
 * place, too. So "numbers are found whole" is a matter of what the automaton reads, and nothing is looked at twice. */
enum { SYMBOL_MARK = 256 };

typedef struct Node {
    int32_t child; /* 0: none, since the root is nobody's child */
    int32_t next;  /* the parent's next child */
    int32_t fail;  /* the longest other beginning of a needle that ends here, too */
    uint16_t symbol;
    bool ends; /* a needle, or one of the shorter ones, ends here */
} Node;

struct Needles {
    GArray *nodes; /* Node; [0] is the root */
};

/* What the character before was. Behind the odd one no number begins: see escape_quoted. */
typedef enum Before { BEFORE_OTHER, BEFORE_DIGIT, BEFORE_ODD } Before;

/* Where a reading stands. */
typedef struct Path {
    int32_t node;
    Before before;
} Path;

static Node *
node_at(const Needles *needles, int32_t node)
{
    return &g_array_index(needles->nodes, Node, node);
}

static int32_t
node_child(const Needles *needles, int32_t node, uint16_t symbol)
{
    int32_t child = node_at(needles, node)->child;
    while (child && node_at(needles, child)->symbol != symbol)
        child = node_at(needles, child)->next;
    return child;
}

static int32_t
node_step(const Needles *needles, int32_t node, uint16_t symbol)
{
    int32_t child;
    while (!(child = node_child(needles, node, symbol)) && node)
        node = node_at(needles, node)->fail;
    return child;
}

static int32_t
node_grow(Needles *needles, int32_t node, uint16_t symbol)
{
    int32_t child = node_child(needles, node, symbol);
    if (child)
        return child;
    child = (int32_t)needles->nodes->len;
    Node fresh = {.next = node_at(needles, node)->child, .symbol = symbol};
    g_array_append_val(needles->nodes, fresh);
    node_at(needles, node)->child = child;
    return child;
}

static void
needle_add(Needles *needles, Str text)
{
    int32_t node = 0;
    bool digit = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)g_ascii_tolower(text.at[i]);
        if (g_ascii_isdigit(byte) != digit)
            node = node_grow(needles, node, SYMBOL_MARK);
        digit = g_ascii_isdigit(byte);
        node = node_grow(needles, node, byte);
    }
    if (digit)
        node = node_grow(needles, node, SYMBOL_MARK);
    node_at(needles, node)->ends = true;
}

/* Level by level, so that whatever a node fails to is done before it. */
static void
needles_link(Needles *needles)
{
    g_autoptr(GArray) queue = g_array_new(false, false, sizeof(int32_t));
    int32_t node = 0;
    g_array_append_val(queue, node);
    for (guint i = 0; i < queue->len; i++) {
        node = g_array_index(queue, int32_t, i);
        for (int32_t child = node_at(needles, node)->child; child;
             child = node_at(needles, child)->next) {
            Node *it = node_at(needles, child);
            it->fail = node ? node_step(needles, node_at(needles, node)->fail, it->symbol) : 0;
            it->ends |= node_at(needles, it->fail)->ends;
            g_array_append_val(queue, child);
        }
    }
}

Needles *
needles_new(const Str *texts, size_t count)
{
    Needles *needles = g_new0(Needles, 1);
    needles->nodes = g_array_sized_new(false, true, sizeof(Node), 256);
    g_array_set_size(needles->nodes, 1);
    for (size_t i = 0; i < count; i++)
        if (texts[i].len >= NEEDLE_LEAST)
            needle_add(needles, str_sub(texts[i], 0, NEEDLE_MOST));
    needles_link(needles);
    return needles;
}

void
needles_free(Needles *needles)
{
    if (!needles)
        return;
    g_array_free(needles->nodes, true);
    g_free(needles);
}

/* One byte further; true: a needle ends with it, or right before it. */
static bool
path_feed(const Needles *needles, Path *path, uint8_t byte)
{
    bool digit = g_ascii_isdigit(byte), found = false;
    if (path->before == (digit ? BEFORE_OTHER : BEFORE_DIGIT)) {
        path->node = node_step(needles, path->node, SYMBOL_MARK);
        found = node_at(needles, path->node)->ends;
    }
    path->before = digit ? BEFORE_DIGIT : BEFORE_OTHER;
    path->node = node_step(needles, path->node, (uint8_t)g_ascii_tolower((char)byte));
    return found || node_at(needles, path->node)->ends;
}

/* ---- how a character is spelled -------------------------------------------------------------------------- */

/* What a reading gives: a byte, a character (CODE_POINT and its number), or nothing at all (a soft line break). */
enum { CODE_POINT = 1 << 24, CODE_NOTHING = -1 };

typedef struct Reading {
    int32_t code;
    size_t end; /* of its spelling in the text */
    bool odd;   /* may be the front of a number instead: see escape_quoted */
} Reading;

static bool char_read(Str text, size_t at, int depth, Reading *ret);

#define DIGITS     "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"

/* The next character of an escape, which may be spelled itself: the plainest reading that is one of `accepts`. */
static bool
escape_char(Str text, Reading *reading, int depth, const char *accepts, int32_t *ret)
{
    Reading inner = {.end = reading->end}, before;
    int undone = 0;
    do {
        before = inner;
        if (!char_read(text, reading->end, undone++, &inner))
            return false;
        if (inner.code > 0 && inner.code < 128 && strchr(accepts, inner.code)) {
            reading->end = inner.end;
            *ret = inner.code;
            return true;
        }
    } while (undone <= depth && inner.end != before.end);
    return false;
}

static bool
escape_hex(Str text, Reading *reading, int depth, int digits, int32_t *ret)
{
    *ret = 0;
    for (int i = 0; i < digits; i++) {
        int32_t code;
        if (!escape_char(text, reading, depth, HEX_DIGITS, &code))
            return false;
        *ret = *ret * 16 + g_ascii_xdigit_value((char)code);
    }
    return true;
}

static void
reading_point(Reading *reading, int32_t point)
{
    reading->code = point < 0x80 ? point : CODE_POINT + point;
}

/* The second half of a character beyond U+FFFF, if it follows. */
static int32_t
escape_pair(Str text, Reading *reading, int depth, int32_t high)
{
    Reading low = *reading;
    int32_t code, point;
    if (escape_char(text, &low, depth, "\\", &code) && escape_char(text, &low, depth, "u", &code) &&
        escape_hex(text, &low, depth, 4, &point) && point >= 0xDC00 && point < 0xE000) {
        reading->end = low.end;
        return 0x10000 + ((high - 0xD800) << 10) + (point - 0xDC00);
    }
    return high;
}

static bool
escape_json(Str text, Reading *reading, int depth)
{
    int32_t code, point;
    if (!escape_char(text, reading, depth, "/\"\\bfntrxu", &code))
        return false;
    switch (code) {
    case '/':
    case '"':
    case '\\':
        reading->code = code;
        return true;
    case 'b':
    case 'f':
    case 't':
        reading->code = ' '; /* white space: which one does not matter */
        return true;
    case 'n':
        reading->code = '\n';
        return true;
    case 'r':
        reading->code = '\r';
        return true;
    case 'x': /* JavaScript's own */
        if (!escape_hex(text, reading, depth, 2, &point))
            return false;
        reading_point(reading, point);
        return true;
    case 'u':
        if (!escape_hex(text, reading, depth, 4, &point))
            return false;
        if (point >= 0xD800 && point < 0xDC00)
            point = escape_pair(text, reading, depth, point);
        reading_point(reading, point);
        return true;
    default:
        return false;
    }
}

static bool
escape_percent(Str text, Reading *reading, int depth)
{
    return escape_hex(text, reading, depth, 2, &reading->code);
}

/* In addresses of the web a value stands behind "=": what is read as an escape of two digits may be the front of a
 * number instead, in which no other number begins. */
static bool
escape_quoted(Str text, Reading *reading, int depth)
{
    Reading line = *reading, hex = *reading;
    int32_t code;
    if (escape_char(text, &line, depth, "\r\n", &code) &&
        (code == '\n' || escape_char(text, &line, depth, "\n", &code))) {
        *reading = (Reading){.code = CODE_NOTHING, .end = line.end};
        return true;
    }
    if (!escape_hex(text, &hex, depth, 2, &hex.code))
        return false;
    hex.odd = hex.code / 16 < 10 && hex.code % 16 < 10;
    *reading = hex;
    return true;
}

/* The names of characters that stand in addresses, paths and numbers. */
static const struct {
    const char *name;
    char character;
} entities[] = {
    {"amp", '&'}, {"commat", '@'}, {"period", '.'}, {"plus", '+'},   {"lowbar", '_'}, {"sol", '/'},
    {"num", '#'}, {"hyphen", '-'}, {"colon", ':'},  {"quot", '"'},   {"apos", '\''},  {"lt", '<'},
    {"gt", '>'},  {"nbsp", ' '},   {"percnt", '%'}, {"equals", '='}, {"bsol", '\\'},
};

enum { ENTITY_CHARS = 8 };

#define ENTITY_LETTERS "abcdefghijklmnopqrstuvwxyz"

static bool
entity_number(Str text, Reading *reading, int depth)
{
    int32_t code, point = 0;
    bool hex = escape_char(text, reading, depth, "xX", &code);
    int digits = 0;
    while (digits < ENTITY_CHARS &&
           escape_char(text, reading, depth, hex ? HEX_DIGITS : DIGITS, &code)) {
        point = MIN(point * (hex ? 16 : 10) + g_ascii_xdigit_value((char)code), 0x110000);
        digits++;
    }
    escape_char(text, reading, depth, ";", &code); /* browsers do without it, too */
    if (!digits || point >= 0x110000)
        return false;
    reading_point(reading, point);
    return true;
}

static bool
escape_entity(Str text, Reading *reading, int depth)
{
    char name[ENTITY_CHARS + 1] = "";
    int32_t code;
    if (escape_char(text, reading, depth, "#", &code))
        return entity_number(text, reading, depth);
    for (size_t len = 0; escape_char(text, reading, depth, ENTITY_LETTERS, &code); len++) {
        if (len == ENTITY_CHARS)
            return false;
        name[len] = (char)code;
    }
    if (!escape_char(text, reading, depth, ";", &code))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(entities); i++)
        if (strcmp(name, entities[i].name) == 0) {
            reading->code = (uint8_t)entities[i].character;
            return true;
        }
    return false;
}

/* What the character read so far stands for, if an escape begins with it. Untouched where none does. */
static bool
reading_deepen(Str text, size_t from, int depth, Reading *reading)
{
    static bool (*const escapes[128])(Str text, Reading * reading, int depth) = {
        ['\\'] = escape_json,
        ['%'] = escape_percent,
        ['='] = escape_quoted,
        ['&'] = escape_entity,
    };
    Reading deeper = *reading;
    if (depth <= 0 || reading->code < 0 || reading->code >= 128 || !escapes[reading->code] ||
        !escapes[reading->code](text, &deeper, depth - 1) || deeper.end - from >= NEEDLE_SPAN)
        return false;
    *reading = deeper;
    return true;
}

/* The character at a place, with all escapes undone. */
static bool
char_read(Str text, size_t at, int depth, Reading *ret)
{
    if (at >= text.len)
        return false;
    *ret = (Reading){.code = (uint8_t)text.at[at], .end = at + 1};
    while (depth > 0 && reading_deepen(text, at, depth, ret))
        depth--;
    return true;
}

/* ---- all readings at once --------------------------------------------------------------------------------- */

typedef struct Place {
    Path paths[NEEDLE_PATHS];
    size_t count;
} Place;

static void
place_add(Place *place, Path path)
{
    for (size_t i = 0; i < place->count; i++)
        if (place->paths[i].node == path.node && place->paths[i].before == path.before)
            return;
    if (place->count < NEEDLE_PATHS)
        place->paths[place->count++] = path;
}

static bool
path_read(const Needles *needles, Path *path, const Reading *reading)
{
    char bytes[6];
    int count = 1;
    if (reading->code == CODE_NOTHING)
        return false;
    if (reading->code < CODE_POINT)
        bytes[0] = (char)reading->code;
    else
        count = g_unichar_to_utf8((gunichar)(reading->code - CODE_POINT), bytes);
    bool found = false;
    if (reading->odd && path->before == BEFORE_OTHER)
        path->before = BEFORE_ODD;
    for (int i = 0; i < count; i++)
        found |= path_feed(needles, path, (uint8_t)bytes[i]);
    if (reading->odd && path->before == BEFORE_OTHER)
        path->before = BEFORE_ODD;
    return found;
}

/* All ways on from a place. */
static bool
place_leave(const Needles *needles, Str text, size_t at, Place ring[NEEDLE_SPAN])
{
    const Place here = ring[at % NEEDLE_SPAN];
    Reading reading = {.code = (uint8_t)text.at[at], .end = at + 1};
    ring[at % NEEDLE_SPAN].count = 0;
    for (int depth = NEEDLE_DEPTH;; depth--) {
        Reading next = reading;
        bool deeper = reading_deepen(text, at, depth, &next);
        /* A line that is broken softly is never anything else: nothing ends or begins there. */
        bool broken = deeper && next.code == CODE_NOTHING && reading.end == at + 1 &&
                      strchr("\r\n", text.at[at + 1]);
        for (size_t n = 0; n < here.count && !broken; n++) {
            Path path = here.paths[n];
            if (path_read(needles, &path, &reading))
                return true;
            place_add(&ring[reading.end % NEEDLE_SPAN], path);
        }
        if (!deeper)
            return false;
        reading = next;
    }
}

static bool
text_found(const Needles *needles, Str text)
{
    Place ring[NEEDLE_SPAN] = {0};
    ring[0].count = 1;
    for (size_t at = 0; at < text.len; at++)
        if (place_leave(needles, text, at, ring))
            return true;
    Place *last = &ring[text.len % NEEDLE_SPAN];
    for (size_t i = 0; i < last->count; i++)
        if (last->paths[i].before == BEFORE_DIGIT && path_feed(needles, &last->paths[i], ' '))
            return true;
    return false;
}

/* ---- base64 ------------------------------------------------------------------------------------------------ */

enum { RUN_LEAST = NEEDLE_LEAST * 4 / 3 };

static int
sixbits_of(int32_t code)
{
    if (code >= 'A' && code <= 'Z')
        return code - 'A';
    if (code >= 'a' && code <= 'z')
        return code - 'a' + 26;
    if (code >= '0' && code <= '9')
        return code - '0' + 52;
    return code == '+' || code == '-' ? 62 : code == '/' || code == '_' ? 63 : -1;
}

static bool level_found(const Needles *needles, Str text, int levels);

/* What a run of letters means, wherever its groups of four begin. */
static bool
run_found(const Needles *needles, const GByteArray *run, GByteArray *bytes, int levels)
{
    for (guint from = 0; from < 4; from++) {
        uint32_t bits = 0;
        g_byte_array_set_size(bytes, 0);
        for (guint i = from; i < run->len; i++) {
            bits = bits << 6 | run->data[i];
            guint have = (i - from) % 4; /* 6, 12, 18, 24 bits: 0, 1, 2, 3 bytes */
            uint8_t byte = (uint8_t)(bits >> (have == 1 ? 4 : have == 2 ? 2 : 0));
            if (have)
                g_byte_array_append(bytes, &byte, 1);
        }
        if (level_found(needles, (Str){(const char *)bytes->data, bytes->len}, levels))
            return true;
    }
    return false;
}

static bool
base64_found(const Needles *needles, Str text, int levels)
{
    g_autoptr(GByteArray) run = g_byte_array_new();
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Reading reading = {0};
    while (reading.end < text.len) {
        must(char_read(text, reading.end, NEEDLE_DEPTH - 1, &reading));
        int six = sixbits_of(reading.code);
        uint8_t letter = (uint8_t)six;
        if (six >= 0) {
            g_byte_array_append(run, &letter, 1);
            continue;
        }
        if (reading.code == '\r' || reading.code == '\n' || reading.code == CODE_NOTHING)
            continue;
        if (run->len >= RUN_LEAST && run_found(needles, run, bytes, levels))
            return true;
        g_byte_array_set_size(run, 0);
    }
    return run->len >= RUN_LEAST && run_found(needles, run, bytes, levels);
}

static bool
level_found(const Needles *needles, Str text, int levels)
{
    return text_found(needles, text) || (levels > 0 && base64_found(needles, text, levels - 1));
}

bool
needles_found(const Needles *needles, Str body)
{
    return needles->nodes->len > 1 && level_found(needles, body, NEEDLE_LEVELS);
}
