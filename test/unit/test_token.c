/* Link tokens, against tokens made by this Python, which shares no code with ours:
 *
 *     import hmac, hashlib, base64, struct
 *     def token(purpose, id, generation, key=bytes(range(32))):
 *         tag = hmac.new(key, purpose.encode() + b"\0" + struct.pack(">qI", id, generation),
 *                        hashlib.sha256).digest()[:16]
 *         bits = struct.pack(">q", id) + struct.pack(">I", generation).lstrip(b"\0") + tag
 *         return base64.urlsafe_b64encode(bits).rstrip(b"=").decode()
 */
#include "check.h"

#include "base/token.h"

static HmacKey *
key_counting(void)
{
    char bytes[32];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    return hmac_key_new(DIGEST_SHA256, (Str){bytes, sizeof bytes});
}

static void
tokens_match_the_script(void **state)
{
    static const struct {
        const char *purpose;
        int64_t id;
        uint32_t generation;
        const char *token;
    } rows[] = {
        {"order", 190000000000000001, 0, "AqMD_ktTAAHrVc5o4T6vLsiaPsjuI28j"},
        {"order", 1, 1, "AAAAAAAAAAEBVrWQXmtmcXcO81l2Ce9I8Q"},
        {"order", 1, 256, "AAAAAAAAAAEBAFVpqNxQQhNlI-6XIQ7Lj30"},
        {"unsubscribe", INT64_MAX, UINT32_MAX, "f_______________87HQ4L7YKfzJat6gdZj7-w"},
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_autoptr(HmacKey) key = key_counting();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_string_equal(token_make(arena, key, rows[i].purpose, rows[i].id, rows[i].generation),
                            rows[i].token);
        assert_true(strlen(rows[i].token) <= TOKEN_CHARS_MOST);
        int64_t id;
        uint32_t generation;
        assert_true(
            token_read(key, rows[i].purpose, str_of(rows[i].token), &id, &generation, NULL));
        assert_int_equal(id, rows[i].id);
        assert_int_equal(generation, rows[i].generation);
    }
}

static void
nobody_writes_a_token_but_us(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_autoptr(HmacKey) key = key_counting();
    g_autoptr(HmacKey) other = hmac_key_new(DIGEST_SHA256, STR("another"));
    Str token = str_of(token_make(arena, key, "order", 1001, 3));
    int64_t id = 77;
    uint32_t generation = 77;

    assert_false(token_read(other, "order", token, &id, &generation, NULL));
    assert_false(token_read(key, "unsubscribe", token, &id, &generation, NULL));
    for (size_t i = 0; i < token.len; i++) {
        Str copy = arena_copy(arena, token);
        for (int letter = 0; letter < 256; letter++) {
            ((char *)copy.at)[i] = (char)letter;
            if (copy.at[i] != token.at[i])
                assert_false(token_read(key, "order", copy, &id, &generation, NULL));
        }
        assert_false(token_read(key, "order", str_sub(token, 0, i), &id, &generation, NULL));
    }
    Str longer = str_of(arena_format(arena, "%sA", token.at));
    assert_false(token_read(key, "order", longer, &id, &generation, NULL));
    g_autoptr(GError) error = NULL;
    assert_false(token_read(key, "order", (Str){0}, &id, &generation, &error));
    assert_true(error_is(error, ERR_NOT_FOUND));
    assert_int_equal(id, 77);
    assert_int_equal(generation, 77);
}

/* The same script, without the lstrip: a generation written in more bytes than it needs. */
static void
a_token_has_one_text(void **state)
{
    g_autoptr(HmacKey) key = key_counting();
    int64_t id;
    uint32_t generation;
    assert_true(token_read(key, "order", STR("AAAAAAAAAAEBVrWQXmtmcXcO81l2Ce9I8Q"), &id,
                           &generation, NULL));
    assert_false(token_read(key, "order", STR("AAAAAAAAAAEAAAABVrWQXmtmcXcO81l2Ce9I8Q"), &id,
                            &generation, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_match_the_script),
        cmocka_unit_test(nobody_writes_a_token_but_us),
        cmocka_unit_test(a_token_has_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
