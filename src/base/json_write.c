/* json_write.c - see json_write.h. */
#include "base/json_write.h"
#include "base/json_inside.h"

#include <math.h>
#include <string.h>

/* ---- the grammar ------------------------------------------------------------------------- */

static void
line_start(JsonWriter *writer)
{
    if (!writer->pretty)
        return;
    buf_add_char(writer->buf, '\n');
    for (int i = 0; i < writer->depth; i++)
        buf_add(writer->buf, "  ", 2);
}

static void
entry_start(JsonWriter *writer)
{
    if (writer->open[writer->depth - 1].filled)
        buf_add_char(writer->buf, ',');
    writer->open[writer->depth - 1].filled = true;
    line_start(writer);
}

/* Before every value, and the only place that decides whether one may stand here. */
static void
value_start(JsonWriter *writer)
{
    if (writer->depth == 0) {
        must(!writer->done);
        writer->done = true;
    } else if (writer->open[writer->depth - 1].object) {
        must(writer->keyed);
        writer->keyed = false;
    } else {
        entry_start(writer);
    }
}

static void
container_put(JsonWriter *writer, bool object)
{
    value_start(writer);
    must(writer->depth < JSON_WRITE_DEPTH);
    writer->open[writer->depth].object = object;
    writer->open[writer->depth].filled = false;
    writer->depth++;
    buf_add_char(writer->buf, object ? '{' : '[');
}

void
json_put_object(JsonWriter *writer)
{
    container_put(writer, true);
}

void
json_put_array(JsonWriter *writer)
{
    container_put(writer, false);
}

void
json_put_end(JsonWriter *writer)
{
    must(writer->depth > 0 && !writer->keyed);
    writer->depth--;
    if (writer->open[writer->depth].filled)
        line_start(writer);
    buf_add_char(writer->buf, writer->open[writer->depth].object ? '}' : ']');
}

void
json_put_done(const JsonWriter *writer)
{
    must(writer->done && writer->depth == 0);
}

/* ---- strings ----------------------------------------------------------------------------- */

/* ASCII that does not always stand for itself. */
static const bool special[0x80] = {
    [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true, ['<'] = true,
    ['>'] = true,        ['&'] = true, ['\''] = true,
};

static void
unit_escape(Buf *buf, unsigned unit)
{
    static const char hex[] = "0123456789abcdef";
    const char text[] = {
        '\\', 'u', hex[unit >> 12], hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]};
    buf_add(buf, text, sizeof text);
}

static void
ascii_put(JsonWriter *writer, unsigned char byte)
{
    static const char controls[] = "\b\f\n\r\t";
    static const char letters[] = "bfnrt";
    const char *control = byte ? strchr(controls, byte) : NULL;
    if (control || byte == '"' || byte == '\\') {
        buf_add_char(writer->buf, '\\');
        buf_add_char(writer->buf, control ? letters[control - controls] : (char)byte);
    } else if (byte < 0x20 || writer->html) {
        unit_escape(writer->buf, byte);
    } else {
        buf_add_char(writer->buf, (char)byte);
    }
}

/* One character beyond ASCII, or one byte that belongs to none. Returns how many bytes it took. */
static size_t
letter_put(JsonWriter *writer, Str rest)
{
    gunichar letter = g_utf8_get_char_validated(rest.at, (gssize)rest.len);
    if (letter >= (gunichar)-2) {
        buf_add_cstr(writer->buf, "\xEF\xBF\xBD");
        return 1;
    }
    size_t len = (size_t)g_unichar_to_utf8(letter, NULL);
    if (writer->html && (letter == 0x2028 || letter == 0x2029))
        unit_escape(writer->buf, letter); /* line ends to old JavaScript */
    else
        buf_add(writer->buf, rest.at, len);
    return len;
}

static void
quoted_put(JsonWriter *writer, Str text)
{
    buf_reserve(writer->buf, text.len + 2);
    buf_add_char(writer->buf, '"');
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        while (i < text.len && (unsigned char)text.at[i] < 0x80 && !special[(int)text.at[i]])
            i++;
        buf_add(writer->buf, text.at + from, i - from);
        if (i == text.len)
            break;
        unsigned char byte = (unsigned char)text.at[i];
        if (byte < 0x80) {
            ascii_put(writer, byte);
            i++;
        } else {
            i += letter_put(writer, (Str){text.at + i, text.len - i});
        }
    }
    buf_add_char(writer->buf, '"');
}

void
json_put_key_text(JsonWriter *writer, Str key)
{
    must(writer->depth > 0 && writer->open[writer->depth - 1].object && !writer->keyed);
    entry_start(writer);
    quoted_put(writer, key);
    buf_add(writer->buf, ": ", writer->pretty ? 2 : 1);
    writer->keyed = true;
}

void
json_put_key(JsonWriter *writer, const char *key)
{
    json_put_key_text(writer, str_of(key));
}

/* ---- values ------------------------------------------------------------------------------ */

void
json_put_text(JsonWriter *writer, Str text)
{
    if (!text.at) {
        json_put_null(writer);
        return;
    }
    value_start(writer);
    quoted_put(writer, text);
}

void
json_put_str(JsonWriter *writer, const char *text)
{
    json_put_text(writer, str_of(text));
}

void
json_put_int(JsonWriter *writer, int64_t number)
{
    value_start(writer);
    buf_add_int(writer->buf, number);
}

void
json_put_id(JsonWriter *writer, int64_t id)
{
    value_start(writer);
    buf_add_char(writer->buf, '"');
    buf_add_int(writer->buf, id);
    buf_add_char(writer->buf, '"');
}

void
json_put_double(JsonWriter *writer, double number)
{
    if (!isfinite(number)) {
        json_put_null(writer);
        return;
    }
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    static const char *const formats[] = {"%.15g", "%.16g", "%.17g"};
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(text, sizeof text, formats[i], number);
        if (g_ascii_strtod(text, NULL) == number)
            break;
    }
    value_start(writer);
    buf_add_cstr(writer->buf, text);
}

void
json_put_bool(JsonWriter *writer, bool truth)
{
    value_start(writer);
    buf_add_cstr(writer->buf, truth ? "true" : "false");
}

void
json_put_null(JsonWriter *writer)
{
    value_start(writer);
    buf_add_cstr(writer->buf, "null");
}

static void
children_put(JsonWriter *writer, const Json *value)
{
    for (size_t i = 0; i < json_len(value); i++) {
        if (json_type(value) == JSON_OBJECT)
            json_put_key_text(writer, json_key(value, i));
        json_put_value(writer, json_nth(value, i));
    }
    json_put_end(writer);
}

void
json_put_value(JsonWriter *writer, const Json *value)
{
    switch (json_type(value)) {
    case JSON_NONE:
    case JSON_NULL:
        json_put_null(writer);
        break;
    case JSON_BOOL:
        json_put_bool(writer, json_true(value));
        break;
    case JSON_INT:
        value_start(writer);
        buf_add_int(writer->buf, value->number);
        break;
    case JSON_REAL:
        value_start(writer);
        buf_add(writer->buf, value->real->text, value->len);
        break;
    case JSON_STRING:
        json_put_text(writer, json_text(value));
        break;
    case JSON_ARRAY:
        json_put_array(writer);
        children_put(writer, value);
        break;
    case JSON_OBJECT:
        json_put_object(writer);
        children_put(writer, value);
        break;
    }
}
