/* postal.c - see postal.h. */
#include "flow/postal.h"

#include "base/json.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/text.h"

/* The fields with their names in JSON: written, read and cleaned by one list. */
static const struct {
    const char *key;
    size_t offset;
} fields[] = {
#define FIELD(name)                          \
    {                                        \
#name, offsetof(PostalAddress, name) \
    }
    FIELD(name),    FIELD(company),      FIELD(line1),    FIELD(line2),
    FIELD(zip),     FIELD(city),         FIELD(province), FIELD(province_code),
    FIELD(country), FIELD(country_code), FIELD(phone),
#undef FIELD
};

static Str *
postal_field(PostalAddress *address, size_t i)
{
    return (Str *)(void *)((char *)address + fields[i].offset);
}

PostalAddress
postal_clean(Arena *arena, PostalAddress address)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        Str *field = postal_field(&address, i);
        *field = text_line(arena, *field, LIMIT_TEXT_BYTES);
    }
    return address;
}

/* True if there was anything to write. */
static bool
postal_put(JsonWriter *out, PostalAddress *address)
{
    bool any = false;
    json_put_object(out);
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        Str field = *postal_field(address, i);
        if (!field.len)
            continue;
        any = true;
        json_put_key(out, fields[i].key);
        json_put_text(out, field);
    }
    json_put_end(out);
    return any;
}

Str
postal_json(Arena *arena, PostalAddress address)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    bool any = postal_put(&out, &address);
    json_put_done(&out);
    return any ? buf_str(&buf) : (Str){0};
}

Str
postal_list_json(Arena *arena, const PostalAddress *list, size_t count)
{
    if (!count)
        return (Str){0};
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_array(&out);
    for (size_t i = 0; i < count; i++) {
        PostalAddress address = postal_clean(arena, list[i]);
        postal_put(&out, &address);
    }
    json_put_end(&out);
    json_put_done(&out);
    return buf_str(&buf);
}

bool
postal_load(Arena *arena, Str json, PostalAddress *ret, GError **error)
{
    if (!json.len)
        return true;
    const Json *root = json_parse(arena, json.at, json.len, error);
    if (!root)
        return fail_at(error, "a stored postal address");
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        *postal_field(ret, i) = json_text(json_get(root, fields[i].key));
    return true;
}
