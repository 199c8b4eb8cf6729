/* json.h - reading JSON (RFC 8259) that others wrote.
 *
 * json_parse turns bytes into a tree that lives in the arena and never changes: 16 bytes a value,
 * strings unescaped and NUL-terminated, members of objects in the order in which they were sent.
 * The bytes themselves may be thrown away afterwards.
 *
 * No accessor fails: a NULL value, a value of another type or a place that does not exist give
 * NULL, false or the empty Str. So a reader walks a document as if it were what it expects, and
 * asks once at the end whether what it needs was there:
 *
 *     const Json *order = json_parse(arena, body, len, error);
 *     if (!order)
 *         return false;
 *     if (!json_int(json_get(order, "id"), &id))
 *         return fail(error, ERR_INPUT, "the order has no id");
 *     const char *city = json_str(json_at(order, "/shipping_address/city"));
 *
 * Numbers lose nothing. A whole number that fits into int64 is a JSON_INT and exact (Shopify's ids
 * need 60 bits; a double has 53). Every other number (a fraction, an exponent, 2^63 and more,
 * 1e400) is a JSON_REAL: its text as sent plus the nearest double. Money is read from the text.
 *
 * A byte order mark at the start is skipped. The same key twice in one object: json_get and
 * json_at answer with the last one, as JavaScript, Python and PHP do; json_nth shows both.
 * A lone surrogate (half of an emoji that somebody cut) becomes U+FFFD.
 *
 * The writer is base/json_write.h.
 */
#pragma once

#include "base/base.h"

typedef struct Json Json;

typedef enum JsonType {
    JSON_NONE, /* there is no value: the pointer is NULL */
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,
    JSON_REAL,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
} JsonType;

/* Reads one document. NULL on failure: ERR_JSON names line, column (in characters, from 1), what
 * was expected and what stood there, or the place where nesting exceeds LIMIT_JSON_DEPTH;
 * ERR_ENCODING names the offset of the first byte that is not UTF-8. The size of what comes from
 * outside is bounded by the caller (LIMIT_BODY_BYTES); the tree takes about 3 times the bytes.
 * Safe on all threads; each keeps some scratch memory of about 20 times its usual document. */
const Json *json_parse(Arena *arena, const char *bytes, size_t len, GError **error);

JsonType json_type(const Json *value);
const char *json_type_name(const Json *value); /* "nothing", "null", "a string", for messages */

/* True for no value and for null: shops send both when they mean "none". */
bool json_missing(const Json *value);

/* ---- places ------------------------------------------------------------------------------ */

/* The value at an RFC 6901 pointer ("/line_items/0/price"; "" is the value itself; ~1 is a slash
 * and ~0 a tilde within a key). An index has no leading zeros; "-" names nothing. */
const Json *json_at(const Json *value, const char *pointer);

/* A member of an object by its key. */
const Json *json_get(const Json *object, const char *key);
const Json *json_find(const Json *object, Str key); /* the same; the key may hold any byte */

/* Elements of an array, or values of an object in the order sent: O(1).
 *
 *     for (size_t i = 0; i < json_len(object); i++)
 *         ... json_key(object, i), json_nth(object, i) ... */
size_t json_len(const Json *value);
const Json *json_nth(const Json *value, size_t index);
Str json_key(const Json *object, size_t index);

/* ---- what a value holds ------------------------------------------------------------------ */

/* A string; NUL-terminated. A string that holds the character U+0000 has a json_text but no
 * json_str: cutting it there could turn one address into another. */
Str json_text(const Json *value);
const char *json_str(const Json *value);

/* True for a whole number in the range of int64, also when it was sent as 5.0. */
bool json_int(const Json *value, int64_t *ret);

/* The nearest double of any number. False for 1e400, which has none. */
bool json_double(const Json *value, double *ret);

bool json_bool(const Json *value, bool *ret);
bool json_true(const Json *value); /* it is there and it is true */

/* A number as sent; a JSON_INT in its shortest form. The empty Str for anything else. */
Str json_number_text(Arena *arena, const Json *value);

/* The text of a string, a number or a boolean: for fields that one shop sends as "57.98" and the
 * next one as 57.98 (prices, ids, telephone numbers). The empty Str for anything else. */
Str json_as_text(Arena *arena, const Json *value);
