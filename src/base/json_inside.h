/* json_inside.h - the shape of a JSON value, for the files json*.c and json_read.cc, and for
 * engine/liquid/json_class.c, which reads trees where every call counts.
 *
 * Children stand side by side, so json_nth is one addition. An object has a string and a value for
 * each member, in turn. json_read.cc (simdjson) and json_exact.c (ours) build the very same tree;
 * test_json.c and fuzz_json.c hold them to it.
 */
#pragma once

#include "base/json.h"

/* A number that is not an int64. The text is NUL-terminated. */
typedef struct JsonReal {
    double value; /* infinite when no double is near enough (1e400) */
    char text[];
} JsonReal;

struct Json {
    uint32_t type; /* JsonType */
    uint32_t len;  /* bytes of a string or of a number's text; elements; members */
    union {
        bool truth;
        int64_t number;
        const JsonReal *real;
        const char *text;
        const struct Json *children;
    };
};

/* The fast reader: simdjson, and one pass over what it found. It gives NULL for whatever it does
 * not take: broken documents, but also four kinds of sound ones (an integer beyond uint64, 1e400, a
 * lone surrogate, deep nesting). Then the exact reader decides. bytes has no byte order mark. */
const Json *json_read_fast(Arena *arena, const char *bytes, size_t len);

/* The exact reader: RFC 8259 to the letter, and the one that words all errors. */
const Json *json_read_exact(Arena *arena, const char *bytes, size_t len, GError **error);
