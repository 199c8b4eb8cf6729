/* json.c - walking a JSON tree. See json_inside.h for its shape.
 *
 * json_parse asks the fast reader first. What it refuses goes to the exact reader, which either
 * reads it or says what is wrong with it; so no error of simdjson's ever needs translating.
 */
#include "base/json_inside.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const Json *
json_parse(Arena *arena, const char *bytes, size_t len, GError **error)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* old PHP plug-ins of shops send one */
    if (len == 0)
        bytes = ""; /* an empty Str may have NULL there */
    if (len >= 3 && memcmp(bytes, mark, 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    const Json *ret = json_read_fast(arena, bytes, len);
    return ret ? ret : json_read_exact(arena, bytes, len, error);
}

JsonType
json_type(const Json *value)
{
    return value ? (JsonType)value->type : JSON_NONE;
}

const char *
json_type_name(const Json *value)
{
    static const char *const names[] = {
        [JSON_NONE] = "nothing",   [JSON_NULL] = "null",        [JSON_BOOL] = "true or false",
        [JSON_INT] = "a number",   [JSON_REAL] = "a number",    [JSON_STRING] = "a string",
        [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
    };
    return names[json_type(value)];
}

bool
json_missing(const Json *value)
{
    return !value || value->type == JSON_NULL;
}

/* ---- places ------------------------------------------------------------------------------ */

const Json *
json_find(const Json *object, Str key)
{
    if (json_type(object) != JSON_OBJECT)
        return NULL;
    /* From the end: of two members with the same key the last one counts. */
    for (size_t i = object->len; i-- > 0;) {
        const Json *name = &object->children[2 * i];
        if (name->len == key.len && (key.len == 0 || memcmp(name->text, key.at, key.len) == 0))
            return name + 1;
    }
    return NULL;
}

const Json *
json_get(const Json *object, const char *key)
{
    return json_find(object, str_of(key));
}

size_t
json_len(const Json *value)
{
    JsonType type = json_type(value);
    return type == JSON_ARRAY || type == JSON_OBJECT ? value->len : 0;
}

const Json *
json_nth(const Json *value, size_t index)
{
    if (index >= json_len(value))
        return NULL;
    return value->type == JSON_ARRAY ? &value->children[index] : &value->children[2 * index + 1];
}

Str
json_key(const Json *object, size_t index)
{
    if (json_type(object) != JSON_OBJECT || index >= object->len)
        return (Str){0};
    return json_text(&object->children[2 * index]);
}

/* Does the step of a pointer, with its ~0 and ~1, name this key? */
static bool
step_is(Str step, Str key)
{
    size_t at = 0;
    for (size_t i = 0; i < step.len; i++, at++) {
        char byte = step.at[i];
        if (byte == '~' && i + 1 < step.len && (step.at[i + 1] == '0' || step.at[i + 1] == '1'))
            byte = step.at[++i] == '0' ? '~' : '/';
        if (at >= key.len || key.at[at] != byte)
            return false;
    }
    return at == key.len;
}

static const Json *
object_step(const Json *object, Str step)
{
    if (!memchr(step.at, '~', step.len))
        return json_find(object, step);
    for (size_t i = object->len; i-- > 0;)
        if (step_is(step, json_key(object, i)))
            return json_nth(object, i);
    return NULL;
}

static const Json *
array_step(const Json *array, Str step)
{
    if (step.len == 0 || step.len > 9 || (step.at[0] == '0' && step.len > 1))
        return NULL;
    size_t index = 0;
    for (size_t i = 0; i < step.len; i++) {
        if (!g_ascii_isdigit(step.at[i]))
            return NULL;
        index = index * 10 + (size_t)(step.at[i] - '0');
    }
    return json_nth(array, index);
}

const Json *
json_at(const Json *value, const char *pointer)
{
    while (value && *pointer) {
        must(*pointer == '/'); /* pointers are written by us */
        const char *end = strchrnul(pointer + 1, '/');
        Str step = {pointer + 1, (size_t)(end - pointer - 1)};
        JsonType type = json_type(value);
        if (type == JSON_OBJECT)
            value = object_step(value, step);
        else
            value = type == JSON_ARRAY ? array_step(value, step) : NULL;
        pointer = end;
    }
    return value;
}

/* ---- what a value holds ------------------------------------------------------------------ */

Str
json_text(const Json *value)
{
    return json_type(value) == JSON_STRING ? (Str){value->text, value->len} : (Str){0};
}

const char *
json_str(const Json *value)
{
    if (json_type(value) != JSON_STRING || memchr(value->text, '\0', value->len))
        return NULL;
    return value->text;
}

/* "5.0", "-12.000": people's databases make fractions of whole numbers. */
static bool
whole_text(const char *text, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    int64_t number = g_ascii_strtoll(text, &end, 10);
    if (errno || *end != '.')
        return false;
    end += 1 + strspn(end + 1, "0");
    if (*end)
        return false;
    *ret = number;
    return true;
}

bool
json_int(const Json *value, int64_t *ret)
{
    JsonType type = json_type(value);
    if (type == JSON_REAL)
        return whole_text(value->real->text, ret);
    if (type != JSON_INT)
        return false;
    *ret = value->number;
    return true;
}

bool
json_double(const Json *value, double *ret)
{
    JsonType type = json_type(value);
    if (type == JSON_INT) {
        *ret = (double)value->number;
        return true;
    }
    if (type != JSON_REAL || !isfinite(value->real->value))
        return false;
    *ret = value->real->value;
    return true;
}

bool
json_bool(const Json *value, bool *ret)
{
    if (json_type(value) != JSON_BOOL)
        return false;
    *ret = value->truth;
    return true;
}

bool
json_true(const Json *value)
{
    return json_type(value) == JSON_BOOL && value->truth;
}

Str
json_number_text(Arena *arena, const Json *value)
{
    JsonType type = json_type(value);
    if (type == JSON_REAL)
        return (Str){value->real->text, value->len};
    if (type != JSON_INT)
        return (Str){0};
    Buf text = {.arena = arena};
    buf_reserve(&text, 24); /* the longest int64 and its NUL */
    buf_add_int(&text, value->number);
    buf_cstr(&text);
    return buf_str(&text);
}

Str
json_as_text(Arena *arena, const Json *value)
{
    switch (json_type(value)) {
    case JSON_STRING:
        return json_text(value);
    case JSON_BOOL:
        return value->truth ? STR("true") : STR("false");
    default:
        return json_number_text(arena, value);
    }
}
