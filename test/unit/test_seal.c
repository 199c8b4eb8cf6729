/* Secrets, signatures and letters, against numbers of others: RFC 4231, RFC 2202, RFC 4648, and
 * Python's hashlib and PyNaCl where a format is ours. */
#include "check.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/seal.h"

static Str
bytes_of(Arena *arena, const char *hex)
{
    Str ret = {0};
    assert_true(decode(arena, ENCODE_HEX, str_of(hex), &ret));
    return ret;
}

/* The master key 00 01 02 ... 1f. */
static SealKey
key_counting(void)
{
    SealKey key;
    for (size_t i = 0; i < sizeof key.bytes; i++)
        key.bytes[i] = (uint8_t)i;
    return key;
}

static void
encodings_match_the_rfc(void **state)
{
    static const struct {
        const char *plain, *base64, *base64url, *base32, *hex;
    } rows[] = {
        {"", "", "", "", ""},
        {"f", "Zg==", "Zg", "my", "66"},
        {"fo", "Zm8=", "Zm8", "mzxq", "666f"},
        {"foo", "Zm9v", "Zm9v", "mzxw6", "666f6f"},
        {"foob", "Zm9vYg==", "Zm9vYg", "mzxw6yq", "666f6f62"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE", "mzxw6ytb", "666f6f6261"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy", "mzxw6ytboi", "666f6f626172"},
        {"\xfb\xff\xfe", "+//+", "-__-", "7p774", "fbfffe"},
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Str plain = str_of(rows[i].plain), back;
        const char *all[] = {rows[i].base64, rows[i].base64url, rows[i].base32, rows[i].hex};
        for (Encoding encoding = ENCODE_BASE64; encoding <= ENCODE_HEX; encoding++) {
            assert_string_equal(encode(arena, encoding, plain), all[encoding]);
            assert_int_equal(encode_len(encoding, plain.len), strlen(all[encoding]));
            assert_true(decode(arena, encoding, str_of(all[encoding]), &back));
            assert_true(str_eq(back, plain));
        }
    }
    Str back;
    assert_true(decode(arena, ENCODE_BASE32, STR("MZXW6YTBOI"), &back));
    assert_true(str_is(back, "foobar"));
}

static void
one_value_has_one_text(void **state)
{
    static const struct {
        Encoding encoding;
        const char *letters;
    } rows[] = {
        {ENCODE_BASE64, "Zg"},       {ENCODE_BASE64, "Zg="},    {ENCODE_BASE64, "Zg==="},
        {ENCODE_BASE64, "Zh=="},     {ENCODE_BASE64, "Zm9="},   {ENCODE_BASE64, "=Zg="},
        {ENCODE_BASE64, "Zm9v\n"},   {ENCODE_BASE64, "Zm 9v"},  {ENCODE_BASE64, "-__-"},
        {ENCODE_BASE64, "===="},     {ENCODE_BASE64, "Z==="},   {ENCODE_BASE64URL, "Zg=="},
        {ENCODE_BASE64URL, "Zh"},    {ENCODE_BASE64URL, "Z"},   {ENCODE_BASE64URL, "+//+"},
        {ENCODE_BASE64URL, "Zm9vA"}, {ENCODE_BASE32, "m"},      {ENCODE_BASE32, "mz1q"},
        {ENCODE_BASE32, "mzx"},      {ENCODE_BASE32, "mzxw6y"}, {ENCODE_BASE32, "mz"},
        {ENCODE_HEX, "f"},           {ENCODE_HEX, "0g"},        {ENCODE_HEX, " 0"},
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Str back = STR("untouched");
        assert_false(decode(arena, rows[i].encoding, str_of(rows[i].letters), &back));
        assert_true(str_is(back, "untouched"));
    }
    assert_false(decode(arena, ENCODE_BASE64, (Str){"Zm\0v", 4}, &(Str){0}));
    uint8_t small[2];
    size_t len;
    assert_false(decode_to(ENCODE_HEX, STR("010203"), sizeof small, small, &len));
}

static void
hmac_matches_the_rfcs(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    uint8_t tag[DIGEST_BYTES];

    /* RFC 4231, case 2, and case 6 (a secret longer than a block). */
    g_autoptr(HmacKey) jefe = hmac_key_new(DIGEST_SHA256, STR("Jefe"));
    assert_int_equal(hmac_make(jefe, STR("what do ya want for nothing?"), tag), 32);
    Str right = bytes_of(arena, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_memory_equal(tag, right.at, 32);
    /* A key is not used up. */
    assert_true(hmac_check(jefe, STR("what do ya want for nothing?"), right));
    assert_false(hmac_check(jefe, STR("what do ya want for nothing!"), right));
    assert_false(hmac_check(jefe, STR("what do ya want for nothing?"), str_sub(right, 0, 31)));
    assert_false(hmac_check(jefe, STR("what do ya want for nothing?"), (Str){0}));

    char aa[131];
    memset(aa, 0xaa, sizeof aa);
    g_autoptr(HmacKey) longer = hmac_key_new(DIGEST_SHA256, (Str){aa, sizeof aa});
    right = bytes_of(arena, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_true(
        hmac_check(longer, STR("Test Using Larger Than Block-Size Key - Hash Key First"), right));

    /* RFC 2202, case 2. */
    g_autoptr(HmacKey) sha1 = hmac_key_new(DIGEST_SHA1, STR("Jefe"));
    assert_int_equal(hmac_make(sha1, STR("what do ya want for nothing?"), tag), 20);
    right = bytes_of(arena, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_memory_equal(tag, right.at, 20);

    /* Nothing at all; hmac.new(b"", b"", "sha256"). */
    g_autoptr(HmacKey) empty = hmac_key_new(DIGEST_SHA256, (Str){0});
    right = bytes_of(arena, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    assert_true(hmac_check(empty, (Str){0}, right));

    /* FIPS 180-4's "abc". */
    digest_sha256(STR("abc"), tag);
    right = bytes_of(arena, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_memory_equal(tag, right.at, 32);
}

/* The app proxy example of Shopify's documentation: secret "hush". */
static void
shopify_signs_as_documented(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_autoptr(HmacKey) hush = hmac_key_new(DIGEST_SHA256, STR("hush"));
    uint8_t tag[DIGEST_BYTES];
    size_t len = hmac_make(hush,
                           STR("extra=1,2logged_in_customer_id=1path_prefix=/apps/awesome_reviews"
                               "shop=shop-name.myshopify.comtimestamp=1317327555"),
                           tag);
    assert_string_equal(encode(arena, ENCODE_HEX, (Str){(char *)tag, len}),
                        "4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb");
}

/* hashlib.blake2b(b"", digest_size=32, key=bytes(range(32)), salt=struct.pack("<Q", 1) + bytes(8),
 *                 person=b"tokens.." + bytes(8)).hexdigest() */
static void
subkeys_are_those_of_libsodium(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_auto(SealKey) master = key_counting(), one = {0}, two = {0};
    seal_subkey(&master, "tokens..", &one);
    seal_subkey(&master, "columns.", &two);
    assert_string_equal(encode(arena, ENCODE_HEX, (Str){(char *)one.bytes, sizeof one.bytes}),
                        "15bf6ee672e65c5fd9dc04a8c7aa1c305be147ea1c7fb3c2fc9aae11372cafec");
    assert_memory_not_equal(one.bytes, two.bytes, sizeof one.bytes);
}

/* nonce = bytes(range(24)); b"\1" + nonce + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
 *     b"hunter2", b"7/42/shop.smtp_url", nonce, bytes(range(32))) */
static void
sealed_columns_open_as_another_library_wrote_them(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_auto(SealKey) key = key_counting();
    Str sealed = bytes_of(arena, "01000102030405060708090a0b0c0d0e0f1011121314151617f6b7610bf5a0bf3"
                                 "eead4fddc01cfd3048beec3d9953631");
    Str plain;
    assert_true(seal_open(arena, &key, (SealPlace){7, 42, "shop.smtp_url"}, sealed, &plain, NULL));
    assert_true(str_is(plain, "hunter2"));
}

static void
a_sealed_secret_opens_only_where_it_was_put(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    g_auto(SealKey) key = {0}, other = {0};
    seal_key_make(&key);
    seal_key_make(&other);
    SealPlace here = {7, 42, "shop.smtp_url"};
    Str sealed = seal_close(arena, &key, here, STR("secret")), plain = {0};
    assert_int_equal(sealed.len, strlen("secret") + SEAL_OVERHEAD_BYTES);
    assert_true(seal_open(arena, &key, here, sealed, &plain, NULL));
    assert_true(str_is(plain, "secret"));
    assert_false(str_eq(sealed, seal_close(arena, &key, here, STR("secret"))));

    SealPlace elsewhere[] = {{8, 42, "shop.smtp_url"}, {7, 43, "shop.smtp_url"}, {7, 42, "shop.x"}};
    for (size_t i = 0; i < G_N_ELEMENTS(elsewhere); i++) {
        g_autoptr(GError) error = NULL;
        assert_false(seal_open(arena, &key, elsewhere[i], sealed, &plain, &error));
        assert_true(error_is(error, ERR_AUTH));
    }
    assert_false(seal_open(arena, &other, here, sealed, &plain, NULL));
    for (size_t i = 0; i < sealed.len; i++) {
        Str copy = arena_copy(arena, sealed);
        ((char *)copy.at)[i] ^= 1;
        assert_false(seal_open(arena, &key, here, copy, &plain, NULL));
        assert_false(seal_open(arena, &key, here, str_sub(sealed, 0, i), &plain, NULL));
    }
    Str nothing = seal_close(arena, &key, here, (Str){0});
    assert_true(seal_open(arena, &key, here, nothing, &plain, NULL));
    assert_int_equal(plain.len, 0);
}

static void
passwords_are_known_again(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    char *kept = NULL;
    assert_true(seal_password(arena, STR("correct horse"), &kept, NULL));
    assert_true(g_str_has_prefix(kept, "$argon2id$"));
    assert_true(seal_password_is(kept, STR("correct horse")));
    assert_false(seal_password_is(kept, STR("correct hors")));
    assert_false(seal_password_is("no hash", STR("correct horse")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_match_the_rfc),
        cmocka_unit_test(one_value_has_one_text),
        cmocka_unit_test(hmac_matches_the_rfcs),
        cmocka_unit_test(shopify_signs_as_documented),
        cmocka_unit_test(subkeys_are_those_of_libsodium),
        cmocka_unit_test(sealed_columns_open_as_another_library_wrote_them),
        cmocka_unit_test(a_sealed_secret_opens_only_where_it_was_put),
        cmocka_unit_test(passwords_are_known_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
