/* Both readers of JSON on the same bytes: what the fast one takes the exact one takes too, and they
 * see the same; what we write of it is read back as the same once more. */
#include "base/json_inside.h"
#include "base/json_write.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
same(const Json *left, const Json *right)
{
    must(left->type == right->type && left->len == right->len);
    switch (json_type(left)) {
    case JSON_BOOL:
        must(left->truth == right->truth);
        break;
    case JSON_INT:
        must(left->number == right->number);
        break;
    case JSON_REAL:
        must(memcmp(left->real->text, right->real->text, left->len + 1) == 0);
        must(memcmp(&left->real->value, &right->real->value, sizeof(double)) == 0);
        break;
    case JSON_STRING:
        must(memcmp(left->text, right->text, left->len + 1) == 0);
        must(left->text[left->len] == '\0');
        break;
    default:
        for (size_t i = 0; i < json_len(left); i++) {
            must(str_eq(json_key(left, i), json_key(right, i)));
            same(json_nth(left, i), json_nth(right, i));
        }
        break;
    }
}

static const Json *
written_and_read(Arena *arena, const Json *value, bool pretty)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf, .pretty = pretty, .html = pretty};
    json_put_value(&out, value);
    json_put_done(&out);
    const Json *ret = json_parse(arena, buf.at, buf.len, NULL);
    must(ret);
    return ret;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    g_autoptr(Arena) arena = arena_new(64 * 1024 * 1024);
    g_autoptr(GError) error = NULL;
    /* A copy of its own size, so that reading one byte behind it is found. */
    g_autofree char *copy = g_memdup2(bytes, len);
    const char *text = copy ? copy : "";
    const Json *exact = json_read_exact(arena, text, len, &error);
    const Json *fast = json_read_fast(arena, text, len);
    must(!json_parse(arena, copy, len, NULL) == !exact ||
         str_starts((Str){text, len}, "\xEF\xBB\xBF"));
    must(!exact == !!error);
    must(exact || !fast);
    if (fast)
        same(fast, exact);
    if (!exact) {
        must(g_utf8_validate(error->message, -1, NULL));
        return 0;
    }
    same(exact, written_and_read(arena, exact, false));
    same(exact, written_and_read(arena, exact, true));
    return 0;
}
