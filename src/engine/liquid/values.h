/* values.h - numbers, text, comparison: what the engine can do with any value. */
#pragma once

#include "base/limits.h"
#include "engine/liquid/bytes.h"
#include "engine/liquid/liquid.h"

#include <string.h>

/* buf_add where there is room, which is nearly always: no call for a handful of bytes. */
static inline void
out_add(Buf *out, const char *bytes, size_t len)
{
    size_t left = out->room - out->len;
    if (G_LIKELY(len < 16 && left >= 16)) {
        bytes_copy_short(out->at + out->len, bytes, len);
    } else if (G_LIKELY(left >= len && len)) {
        memcpy(out->at + out->len, bytes, len);
    } else {
        buf_add(out, bytes, len);
        return;
    }
    out->len += len;
}

/* The text is this word: inlined, with the length known, it is one comparison. */
static inline bool
word_is(Str text, Str word)
{
    return text.len == word.len && memcmp(text.at, word.at, word.len) == 0;
}

/* ---- numbers (number.c) ------------------------------------------------------------------- */

/* A number while it is computed with: integer * 10^-scale, 38 digits. */
typedef struct Number {
    __int128 digits;
    int scale;
    bool decimal; /* a fraction (Ruby's Float or BigDecimal), even when it has no digits behind */
    bool minus_zero; /* decimals have two zeros; a value marks this one by a scale of -1 */
} Number;

typedef struct LiquidBig {
    __int128 digits;
} LiquidBig;

/* What Ruby's Utils.to_number makes of a value; 0 for what is no number. */
Number number_of(LiquidCall *call, LiquidValue value);
/* As int64 when it fits, LIQUID_BIG or LIQUID_DECIMAL (rounded to a double, as Ruby does). */
LiquidValue number_value(Arena *arena, Number number);
int number_compare(Number left, Number right);
bool number_add(Number left, Number right, Number *ret);
Number number_negate(Number number);
bool number_multiply(Number left, Number right, Number *ret);
/* Whole by whole gives the floor; divisor must not be 0. */
bool number_divide(Number left, Number right, Number *ret);
bool number_modulo(Number left, Number right, Number *ret);
/* To `places` digits, half away from zero; whole when places < 1. */
Number number_round(Number number, int64_t places);
Number number_floor(Number number);
Number number_ceil(Number number);
/* Reads [-]digits[.digits][e..]; false when text is anything else. */
bool number_parse(Str text, Number *ret);
/* The whole number at the start of the text, 0 if there is none: Ruby's String#to_i. */
Number number_prefix(Str text);
/* At most 40 digits and a sign, NUL-terminated. */
size_t number_print_digits(__int128 digits, char ret[48]);
enum { NUMBER_BYTES = 400 };
size_t number_print(LiquidValue value, char ret[NUMBER_BYTES]);
/* The same, of an INT, DECIMAL or BIG, behind what *out has. */
void number_add_text(Buf *out, LiquidValue value);

static inline bool
kind_is_number(LiquidValue value)
{
    return value.kind == LIQUID_INT || value.kind == LIQUID_DECIMAL || value.kind == LIQUID_BIG;
}

/* ---- values ------------------------------------------------------------------------------- */

typedef struct MapEntry {
    LiquidName name;
    LiquidValue value;
} MapEntry;

struct LiquidMap {
    size_t count;
    size_t room;
    MapEntry *list;
    uint32_t *index; /* open addressing, index_room slots of entry + 1; NULL for small maps */
    size_t index_room;
};

const LiquidValue *map_find(const LiquidMap *map, const LiquidName *name);

/* Access (access.c): what a template can do with any value. */
bool value_get(LiquidCall *call, LiquidValue value, const LiquidName *name, LiquidValue *ret);
/* value[key], key being any value. */
bool value_at(LiquidCall *call, LiquidValue value, LiquidValue key, LiquidValue *ret);
/* .size, .first, .last where no such name exists. */
bool value_command(LiquidCall *call, LiquidValue value, const LiquidName *name, LiquidValue *ret);
bool value_is_list(LiquidValue value); /* ARRAY, RANGE, object with len and without key */
bool value_is_map(LiquidValue value);  /* MAP, object with key */
size_t value_len(LiquidValue value);   /* of lists and maps; 0 else */
/* The index-th element; of a map the [name, value] pair. */
LiquidValue value_nth(LiquidCall *call, LiquidValue value, size_t index);
/* An object's plain value; any other value as it is. */
LiquidValue value_plain(LiquidCall *call, LiquidValue value);

/* Text (text.c), as Ruby prints it. */
void text_add(LiquidCall *call, Buf *out, LiquidValue value);         /* to_s */
void text_add_inspect(LiquidCall *call, Buf *out, LiquidValue value); /* inspect */
/* As {{ value }} prints it: lists without brackets. */
void text_add_output(LiquidCall *call, Buf *out, LiquidValue value);
Str text_of(LiquidCall *call, LiquidValue value);
size_t text_chars(Str text); /* characters */
bool text_is_ascii(Str text);
size_t text_skip(Str text, size_t chars); /* bytes of the first `chars` characters */
Str text_strip_left(Str text);            /* as Ruby strips: NUL is white space too */
/* Back from what text_escape made. */
Str text_unescape(Arena *arena, Str text);
/* JSON that is safe in a script (no <, >, &, U+2028). */
void value_add_json(LiquidCall *call, Buf *out, LiquidValue value);
void text_escape(Buf *out, Str text); /* & < > " ' */
bool text_is_blank(Str text);         /* nothing but white space */
static inline bool
text_is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Comparison (compare.c). */
bool value_equal(LiquidCall *call, LiquidValue left, LiquidValue right);
typedef enum Order { ORDER_LESS = -1, ORDER_SAME = 0, ORDER_MORE = 1, ORDER_NONE = 2 } Order;
Order value_order(LiquidCall *call, LiquidValue left, LiquidValue right); /* Ruby's <=> */
bool value_contains(LiquidCall *call, LiquidValue left, LiquidValue right);
bool value_is_empty(LiquidCall *call, LiquidValue value);
/* The named arguments as a map. */
LiquidValue args_bundle(Arena *arena, const LiquidArgs *args);
bool value_is_blank(LiquidCall *call, LiquidValue value);
