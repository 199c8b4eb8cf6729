/* token.c - link tokens. */
#include "base/token.h"
#include "base/encode.h"
#include "base/seal.h"

#include <string.h>

enum {
    ID_BYTES = 8,
    GENERATION_BYTES = 4,
    TAG_BYTES = 16,
    PURPOSE_CHARS_MOST = 32,
    TOKEN_BYTES_MOST = ID_BYTES + GENERATION_BYTES + TAG_BYTES,
};

static void
token_tag(const HmacKey *key, const char *purpose, int64_t id, uint32_t generation,
          uint8_t ret[DIGEST_BYTES])
{
    char text[PURPOSE_CHARS_MOST + 1 + ID_BYTES + GENERATION_BYTES];
    size_t len = strlen(purpose) + 1;
    must(len <= PURPOSE_CHARS_MOST + 1);
    uint64_t big_id = GUINT64_TO_BE((uint64_t)id);
    uint32_t big_generation = GUINT32_TO_BE(generation);
    memcpy(text, purpose, len);
    memcpy(text + len, &big_id, sizeof big_id);
    len += sizeof big_id;
    memcpy(text + len, &big_generation, sizeof big_generation);
    len += sizeof big_generation;
    hmac_make(key, (Str){text, len}, ret);
}

char *
token_make(Arena *arena, const HmacKey *key, const char *purpose, int64_t id, uint32_t generation)
{
    must(id > 0);
    uint8_t tag[DIGEST_BYTES];
    token_tag(key, purpose, id, generation, tag);

    char bytes[TOKEN_BYTES_MOST];
    uint64_t big_id = GUINT64_TO_BE((uint64_t)id);
    memcpy(bytes, &big_id, sizeof big_id);
    size_t len = sizeof big_id;
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (generation >> shift)
            bytes[len++] = (char)(generation >> shift);
    }
    memcpy(bytes + len, tag, TAG_BYTES);
    return encode(arena, ENCODE_BASE64URL, (Str){bytes, len + TAG_BYTES});
}

bool
token_read(const HmacKey *key, const char *purpose, Str token, int64_t *ret_id,
           uint32_t *ret_generation, GError **error)
{
    static const char refusal[] = "this link is not one of ours, or it was cut short";
    uint8_t bytes[TOKEN_BYTES_MOST], tag[DIGEST_BYTES];
    size_t len;
    if (!decode_to(ENCODE_BASE64URL, token, sizeof bytes, bytes, &len) ||
        len < ID_BYTES + TAG_BYTES)
        return fail(error, ERR_NOT_FOUND, refusal);

    uint64_t big_id;
    memcpy(&big_id, bytes, sizeof big_id);
    int64_t id = (int64_t)GUINT64_FROM_BE(big_id);
    uint32_t generation = 0;
    size_t tag_at = len - TAG_BYTES;
    for (size_t i = ID_BYTES; i < tag_at; i++)
        generation = generation << 8 | bytes[i];

    token_tag(key, purpose, id, generation, tag);
    bool right = seal_same((Str){(const char *)bytes + tag_at, TAG_BYTES},
                           (Str){(const char *)tag, TAG_BYTES});
    bool one_text = tag_at == ID_BYTES || bytes[ID_BYTES] != 0;
    if (!right || !one_text || id <= 0)
        return fail(error, ERR_NOT_FOUND, refusal);
    *ret_id = id;
    *ret_generation = generation;
    return true;
}
