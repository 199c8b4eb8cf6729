/* json_write.h - writing JSON that nobody can call broken.
 *
 * The writer keeps the commas, the quotes and the nesting, and asserts that the calls make one
 * whole value, so it cannot write invalid JSON: a missing key, a second root or an open bracket is
 * a bug of ours and ends in must().
 *
 *     Buf buf = {.arena = arena};
 *     JsonWriter out = {.buf = &buf};
 *     json_put_object(&out);
 *     json_put_key(&out, "id");
 *     json_put_id(&out, order->id);
 *     json_put_key(&out, "lines");
 *     json_put_array(&out);
 *     ...
 *     json_put_end(&out);
 *     json_put_end(&out);
 *     json_put_done(&out);
 *
 * Text that is not UTF-8 comes out with U+FFFD in place of each bad byte.
 */
#pragma once

#include "base/json.h"
#include "base/limits.h"

/* A document that was read may stand within one of ours. */
enum { JSON_WRITE_DEPTH = 2 * LIMIT_JSON_DEPTH };

typedef struct JsonWriter {
    Buf *buf;
    bool pretty; /* a value a line, indented by two spaces, for people */
    bool html;   /* safe in <script> and attr='': no < > & ' U+2028 U+2029 in it */

    /* The writer's own. */
    bool keyed; /* a key waits for its value */
    bool done;  /* the root is there */
    int depth;
    struct {
        bool object;
        bool filled; /* a comma comes before the next one */
    } open[JSON_WRITE_DEPTH];
} JsonWriter;

void json_put_object(JsonWriter *writer); /* opens one */
void json_put_array(JsonWriter *writer);
void json_put_end(JsonWriter *writer); /* closes the newest open one */
void json_put_key(JsonWriter *writer, const char *key);
void json_put_key_text(JsonWriter *writer, Str key);

void json_put_str(JsonWriter *writer, const char *text); /* NULL gives null */
void json_put_text(JsonWriter *writer, Str text);        /* at == NULL gives null */
void json_put_int(JsonWriter *writer, int64_t number);
/* As a string: an id has up to 63 bits, JavaScript's numbers have 53. */
void json_put_id(JsonWriter *writer, int64_t id);
/* The shortest text that reads back as the same double; null for infinities and NaN. */
void json_put_double(JsonWriter *writer, double number);
void json_put_bool(JsonWriter *writer, bool truth);
void json_put_null(JsonWriter *writer);
/* A value that was read, whole, numbers as they were sent; NULL gives null. */
void json_put_value(JsonWriter *writer, const Json *value);

/* Says that the value is whole: must() if it is not. */
void json_put_done(const JsonWriter *writer);
