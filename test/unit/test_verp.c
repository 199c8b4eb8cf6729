/* Return paths and Message-IDs, against this Python:
 *
 *     import hmac, hashlib, base64, struct
 *     def token(kind, id, key=bytes(range(32))):
 *         id = struct.pack(">q", id)
 *         tag = hmac.new(key, kind.encode() + b"\0" + id, hashlib.sha256).digest()[:10]
 *         return base64.b32encode(id + tag).decode().rstrip("=").lower()
 */
#include "check.h"

#include "base/address.h"
#include "engine/verp.h"

static HmacKey *
key_counting(void)
{
    char bytes[32];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    return hmac_key_new(DIGEST_SHA256, (Str){bytes, sizeof bytes});
}

static void
addresses_match_the_script(void **state)
{
    static const struct {
        int64_t id;
        const char *path, *message;
    } rows[] = {
        {INT64_C(1), "aaaaaaaaaaaadp7v2cpy3bkoynlk2", "aaaaaaaaaaaac5f77onj6stdfoy66"},
        {INT64_C(190000000000000001), "akrqh7slkmaadbgtrsuq5bdnn4hqe",
         "akrqh7slkmaacogafkjpzxusm3nco"},
        {INT64_C(9223372036854775807), "p777777777776iizlwta4x7cqenic",
         "p777777777777cpzqkr7h7k45h3m6"},
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_autoptr(HmacKey) key = key_counting();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *path = verp_return_path(arena, key, rows[i].id, "b.example");
        char *message = verp_message_id(arena, key, rows[i].id, "shop.example");
        assert_string_equal(path, arena_format(arena, "bounce+%s@b.example", rows[i].path));
        assert_string_equal(message, arena_format(arena, "<%s@shop.example>", rows[i].message));
        int64_t id = 0;
        assert_true(verp_read_return_path(key, str_of(path), &id));
        assert_int_equal(id, rows[i].id);
        assert_true(verp_read_message_id(key, str_of(message), &id));
        assert_int_equal(id, rows[i].id);
        Address address;
        assert_true(address_parse_spec(arena, str_of(path), &address, NULL));
        assert_true(str_is(address.spec, path));
    }
}

static void
servers_may_fold_case_and_shops_may_move(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_autoptr(HmacKey) key = key_counting();
    Str path = str_of(verp_return_path(arena, key, 4711, "b.example"));
    g_autofree char *capital = g_ascii_strup(path.at, -1);
    int64_t id = 0;
    assert_true(verp_read_return_path(key, str_of(capital), &id));
    assert_int_equal(id, 4711);
    char *bracketed = arena_format(arena, "<%s>", path.at);
    assert_true(verp_read_return_path(key, str_of(bracketed), &id));
    char *moved = arena_format(arena, "mail+x+%.29s@new.example", path.at + strlen("bounce+"));
    assert_true(verp_read_return_path(key, str_of(moved), &id));
}

static void
replies_name_their_message_among_others(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_autoptr(HmacKey) key = key_counting();
    const char *ours = verp_message_id(arena, key, 4711, "shop.example");
    const char *const texts[] = {"%s", " %s ", "<a@b.example> %s", "<a@b.example>\r\n\t%s <c@d>",
                                 "<a@b><x%%y@z>%s"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(GStrv) parts = g_strsplit(texts[i], "%s", 2);
        g_autofree char *text = g_strjoinv(ours, parts);
        int64_t id = 0;
        assert_true(verp_read_message_id(key, str_of(text), &id));
        assert_int_equal(id, 4711);
    }
}

static void
nobody_makes_up_a_bounce(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_autoptr(HmacKey) key = key_counting();
    g_autoptr(HmacKey) stranger = hmac_key_new(DIGEST_SHA256, STR("another"));
    Str path = str_of(verp_return_path(arena, key, 4711, "b.example"));
    Str message = str_of(verp_message_id(arena, key, 4711, "b.example"));
    int64_t id = 77;
    assert_false(verp_read_return_path(stranger, path, &id));
    assert_false(verp_read_message_id(stranger, message, &id));
    for (size_t i = strlen("bounce+"); i < path.len - strlen("@b.example"); i++) {
        Str copy = arena_copy(arena, path);
        for (int letter = 0; letter < 256; letter++) {
            ((char *)copy.at)[i] = (char)letter;
            if (g_ascii_tolower(copy.at[i]) != path.at[i])
                assert_false(verp_read_return_path(key, copy, &id));
        }
    }
    /* One does not serve as the other: the Message-ID is known to everybody who sees the mail. */
    char *crossed = arena_format(arena, "bounce+%.29s@b.example", message.at + 1);
    assert_false(verp_read_return_path(key, str_of(crossed), &id));
    static const char *const none[] = {
        "",          "@",  "+@",  "bounce@b.example",
        "bounce+@b", "<>", "a@b", "bounce+aaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        assert_false(verp_read_return_path(key, str_of(none[i]), &id));
        assert_false(verp_read_message_id(key, str_of(none[i]), &id));
    }
    assert_int_equal(id, 77);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_match_the_script),
        cmocka_unit_test(servers_may_fold_case_and_shops_may_move),
        cmocka_unit_test(replies_name_their_message_among_others),
        cmocka_unit_test(nobody_makes_up_a_bounce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
