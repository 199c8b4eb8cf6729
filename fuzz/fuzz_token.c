/* fuzz_token.c - letters that should be bytes: what is taken as base64, base32 or hex is the one
 * text of its bytes, and no made-up token, return path or Message-ID is taken for ours. */
#include "base/encode.h"
#include "base/limits.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/token.h"
#include "engine/verp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
check_encodings(Arena *arena, Str text)
{
    for (Encoding encoding = ENCODE_BASE64; encoding <= ENCODE_HEX; encoding++) {
        bool any_case = encoding == ENCODE_BASE32 || encoding == ENCODE_HEX;
        Str plain, back;
        if (decode(arena, encoding, text, &plain)) {
            const char *letters = encode(arena, encoding, plain);
            must(any_case ? str_eq_nocase(text, letters) : str_is(text, letters));
        }
        must(decode(arena, encoding, str_of(encode(arena, encoding, text)), &back));
        must(str_eq(back, text));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    /* Another secret in each run: no input can learn it. */
    char secret[32];
    seal_random(secret, sizeof secret);
    g_autoptr(HmacKey) key = hmac_key_new(DIGEST_SHA256, (Str){secret, sizeof secret});
    Str text = {(const char *)bytes, len};
    int64_t id;
    uint32_t generation;
    check_encodings(arena, text);
    must(!token_read(key, "order", text, &id, &generation, NULL));
    must(!verp_read_return_path(key, text, &id));
    must(!verp_read_message_id(key, text, &id));

    /* One of ours among it is found. */
    Buf buf = {.arena = arena};
    buf_add_str(&buf, text);
    buf_add_char(&buf, ' ');
    buf_add_cstr(&buf, verp_message_id(arena, key, 4711, "x.example"));
    must(verp_read_message_id(key, buf_str(&buf), &id) && id == 4711);
    return 0;
}
