/* verp.c - return paths and Message-IDs that know their message. */
#include "engine/verp.h"
#include "base/encode.h"
#include "base/seal.h"

#include <string.h>

enum {
    ID_BYTES = 8,
    TAG_BYTES = 10,
    TOKEN_BYTES = ID_BYTES + TAG_BYTES,
    TOKEN_CHARS = (TOKEN_BYTES * 8 + 4) / 5,
    KIND_CHARS_MOST = 16,
};

static const char RETURN_PATH[] = "return-path";
static const char MESSAGE_ID[] = "message-id";

static void
verp_tag(const HmacKey *key, const char *kind, const uint8_t id[ID_BYTES],
         uint8_t ret[DIGEST_BYTES])
{
    char text[KIND_CHARS_MOST + ID_BYTES];
    size_t len = strlen(kind) + 1;
    must(len <= KIND_CHARS_MOST);
    memcpy(text, kind, len);
    memcpy(text + len, id, ID_BYTES);
    hmac_make(key, (Str){text, len + ID_BYTES}, ret);
}

static char *
verp_token(Arena *arena, const HmacKey *key, const char *kind, int64_t id)
{
    uint8_t bytes[TOKEN_BYTES], tag[DIGEST_BYTES];
    must(id > 0);
    uint64_t big_id = GUINT64_TO_BE((uint64_t)id);
    memcpy(bytes, &big_id, sizeof big_id);
    verp_tag(key, kind, bytes, tag);
    memcpy(bytes + ID_BYTES, tag, TAG_BYTES);
    return encode(arena, ENCODE_BASE32, (Str){(char *)bytes, sizeof bytes});
}

static bool
verp_read(const HmacKey *key, const char *kind, Str token, int64_t *ret_id)
{
    uint8_t bytes[TOKEN_BYTES], tag[DIGEST_BYTES];
    size_t len;
    if (token.len != TOKEN_CHARS || !decode_to(ENCODE_BASE32, token, sizeof bytes, bytes, &len))
        return false;
    verp_tag(key, kind, bytes, tag);
    if (!seal_same((Str){(char *)bytes + ID_BYTES, TAG_BYTES}, (Str){(char *)tag, TAG_BYTES}))
        return false;
    uint64_t big_id;
    memcpy(&big_id, bytes, sizeof big_id);
    int64_t id = (int64_t)GUINT64_FROM_BE(big_id);
    if (id <= 0)
        return false;
    *ret_id = id;
    return true;
}

char *
verp_return_path(Arena *arena, const HmacKey *key, int64_t id, const char *domain)
{
    return arena_format(arena, "bounce+%s@%s", verp_token(arena, key, RETURN_PATH, id), domain);
}

bool
verp_read_return_path(const HmacKey *key, Str address, int64_t *ret_id)
{
    const char *at = address.len ? memrchr(address.at, '@', address.len) : NULL;
    if (!at)
        return false;
    Str local = {address.at, (size_t)(at - address.at)};
    const char *plus = local.len ? memrchr(local.at, '+', local.len) : NULL;
    if (!plus)
        return false;
    return verp_read(key, RETURN_PATH, str_sub(local, (size_t)(plus - local.at) + 1, local.len),
                     ret_id);
}

char *
verp_message_id(Arena *arena, const HmacKey *key, int64_t id, const char *domain)
{
    return arena_format(arena, "<%s@%s>", verp_token(arena, key, MESSAGE_ID, id), domain);
}

bool
verp_read_message_id(const HmacKey *key, Str text, int64_t *ret_id)
{
    Str part;
    while (str_split(&text, '@', &part)) {
        /* What stands right before each @; in front of it a bracket, spaces, or the text's start. */
        if (part.len < TOKEN_CHARS || !text.at)
            continue;
        size_t from = part.len - TOKEN_CHARS;
        bool whole = from == 0 || part.at[from - 1] == '<' || g_ascii_isspace(part.at[from - 1]);
        if (whole && verp_read(key, MESSAGE_ID, str_sub(part, from, TOKEN_CHARS), ret_id))
            return true;
    }
    return false;
}
