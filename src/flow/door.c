/* door.c - see door.h. */
#include "flow/door.h"

#include "base/encode.h"
#include "base/seal.h"

static char *
hex_of(Arena *arena, const HmacKey *key, Str text)
{
    uint8_t tag[DIGEST_BYTES];
    size_t bytes = hmac_make(key, text, tag);
    return encode(arena, ENCODE_HEX, (Str){(const char *)tag, bytes});
}

char *
door_key(Arena *arena, const HmacKey *links, int64_t shop)
{
    return hex_of(arena, links, str_of(arena_format(arena, "door|%" G_GINT64_FORMAT, shop)));
}

bool
door_check(Arena *arena, const HmacKey *links, int64_t shop, Str source, Str foreign_id, Str tag)
{
    HmacKey *key = hmac_key_new(DIGEST_SHA256, str_of(door_key(arena, links, shop)));
    Str named =
        str_of(arena_format(arena, STR_FMT "/" STR_FMT, STR_ARG(source), STR_ARG(foreign_id)));
    bool same = seal_same(str_of(hex_of(arena, key, named)), tag);
    hmac_key_free(key);
    return same;
}
