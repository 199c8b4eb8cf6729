/* schema.c - see schema.h. */
#include "engine/schema.h"

#include "engine/asset.h"

char *
schema_text(void)
{
    GString *text = g_string_new(NULL);
    size_t first, count = asset_below("sql/schema/", &first);
    must(count > 0);
    for (size_t i = 0; i < count; i++) {
        Str part = asset_nth(first + i)->bytes;
        g_string_append_len(text, part.at, (gssize)part.len);
    }
    return g_string_free(text, FALSE);
}
