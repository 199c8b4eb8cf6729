/* test_pack.c - bytes are the same after packing, and a dictionary holds nothing of one person. */
#include "check.h"

#include "engine/pack_book.h"
#include "engine/pack_learn.h"

#include <string.h>

enum { PEOPLE = PACK_SAMPLES };

static const char letter[] =
    "{\"id\":%d,\"email\":\"%s\",\"buyer_accepts_marketing\":false,\"cancel_reason\":null,"
    "\"currency\":\"EUR\",\"financial_status\":\"paid\",\"fulfillment_status\":null,"
    "\"shipping_address\":{\"city\":\"%s\",\"country_code\":\"FR\"},\"note\":\"%s\"}";

/* Letters of PEOPLE people; the first PACK_SHARED_BY - 1 of them name the same city and leave the same note. */
static void
letters_make(Arena *arena, Str *ret)
{
    G_STATIC_ASSERT((int)PACK_SHARED_BY < (int)PEOPLE);
    for (int i = 0; i < PEOPLE; i++) {
        char *email = arena_format(arena, "person-%c%c@mail-%d.example", 'a' + i, 'z' - i, i * i);
        bool few = i < PACK_SHARED_BY - 1;
        ret[i] = str_of(arena_format(arena, letter, i * 7919, email,
                                     few ? "Castellane-sur-Verdon" : email,
                                     few ? "to be given to Marguerite" : email));
    }
}

static PackDict *
letters_learn(Arena *arena, const Str *letters, Str *ret_bytes)
{
    assert_true(pack_learn(arena, PACK_DICT_FIRST_ID, letters, PEOPLE, ret_bytes));
    PackDict *dict = pack_dict_new(*ret_bytes);
    assert_non_null(dict);
    return dict;
}

static void
test_the_same_bytes_come_back(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    g_autoptr(GError) error = NULL;
    Str letters[PEOPLE], bytes, again;
    letters_make(arena, letters);
    g_autoptr(PackDict) dict = letters_learn(arena, letters, &bytes);
    for (int i = 0; i < PEOPLE; i++) {
        Str plain = pack(arena, NULL, letters[i]), small = pack(arena, dict, letters[i]);
        assert_true(small.len * 2 < plain.len);
        assert_int_equal(pack_needs(plain), 0);
        assert_int_equal(pack_needs(small), PACK_DICT_FIRST_ID);
        assert_true(unpack(arena, NULL, plain, 1 << 20, &again, &error));
        assert_true(str_eq(again, letters[i]));
        assert_true(unpack(arena, dict, small, 1 << 20, &again, &error));
        assert_true(str_eq(again, letters[i]));
    }
}

static void
test_what_is_damaged_says_so(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    Str letters[PEOPLE], bytes, again;
    letters_make(arena, letters);
    g_autoptr(PackDict) dict = letters_learn(arena, letters, &bytes);
    Str small = arena_copy(arena, pack(arena, dict, letters[3]));
    assert_false(unpack(arena, NULL, small, 1 << 20, &again, NULL)); /* without its dictionary */
    assert_false(unpack(arena, dict, small, 10, &again, NULL));
    for (size_t len = 0; len < small.len; len++)
        assert_false(unpack(arena, dict, str_sub(small, 0, len), 1 << 20, &again, NULL));
    assert_false(unpack(arena, dict, STR("no zstd frame"), 1 << 20, &again, NULL));
    assert_null(pack_dict_new(STR("no dictionary")));
    assert_null(pack_dict_new((Str){0}));
}

static void
test_a_dictionary_names_nobody(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    Str letters[PEOPLE], bytes;
    size_t at;
    letters_make(arena, letters);
    pack_dict_unref(letters_learn(arena, letters, &bytes));
    assert_true(str_find(bytes, STR("\"buyer_accepts_marketing\":false"), &at));
    assert_false(str_find(bytes, STR("person"), &at) && memchr(bytes.at + at, '@', 16));
    assert_false(str_find(bytes, STR("Castellane"), &at));
    assert_false(str_find(bytes, STR("Marguerite"), &at));

    /* One person more, and it is everybody's. */
    letters[PACK_SHARED_BY] = letters[0];
    assert_true(pack_learn(arena, PACK_DICT_FIRST_ID, letters, PEOPLE, &bytes));
    assert_true(str_find(bytes, STR("Castellane-sur-Verdon"), &at));
}

static void
test_too_few_or_too_different_teach_nothing(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    Str letters[PEOPLE], bytes;
    letters_make(arena, letters);
    assert_false(pack_learn(arena, PACK_DICT_FIRST_ID, letters, PACK_SHARED_BY - 1, &bytes));
    for (int i = 0; i < PEOPLE; i++)
        letters[i] = str_of(arena_format(arena, "%x", (unsigned)i * 0x9E3779B9u));
    assert_false(pack_learn(arena, PACK_DICT_FIRST_ID, letters, PEOPLE, &bytes));
    for (int i = 0; i < PEOPLE; i++)
        letters[i] = (Str){0};
    assert_false(pack_learn(arena, PACK_DICT_FIRST_ID, letters, PEOPLE, &bytes));
}

static void
test_the_same_samples_teach_the_same(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    Str letters[PEOPLE], first, second;
    letters_make(arena, letters);
    assert_true(pack_learn(arena, 40000, letters, PEOPLE, &first));
    assert_true(pack_learn(arena, 40000, letters, PEOPLE, &second));
    assert_true(str_eq(first, second));
}

static void
test_the_book(void **state)
{
    g_autoptr(Arena) arena = arena_new(1 << 24);
    g_autoptr(PackBook) book = pack_book_new();
    Str letters[PEOPLE], bytes;
    letters_make(arena, letters);
    g_autoptr(PackDict) dict = letters_learn(arena, letters, &bytes);
    const PackName name = {7, "inbox", STR("shopify orders/create")};
    const PackName other = {8, "inbox", STR("shopify orders/create")};
    PackName due;
    PackDict *found = NULL;
    assert_false(pack_book_ask(book, &name, &found));
    pack_book_tell(book, &name, NULL);
    assert_true(pack_book_ask(book, &name, &found));
    assert_null(found);
    assert_false(pack_book_due(book, arena, &due));
    for (int i = 2; i < 32; i++)
        assert_true(pack_book_ask(book, &name, &found));
    assert_true(pack_book_due(book, arena, &due));
    assert_int_equal(due.shop, 7);
    assert_true(str_eq(due.name, name.name));
    assert_false(pack_book_due(book, arena, &due)); /* once */

    pack_book_tell(book, &name, dict);
    assert_true(pack_book_ask(book, &name, &found));
    assert_ptr_equal(found, dict);
    pack_dict_unref(found);
    found = pack_book_find(book, PACK_DICT_FIRST_ID);
    assert_ptr_equal(found, dict);
    pack_dict_unref(found);
    assert_null(pack_book_find(book, PACK_DICT_FIRST_ID + 1));
    assert_false(pack_book_ask(book, &other, &found)); /* another shop's is another */

    /* Somebody invents topics: it stays small, and what it forgot is asked for again. */
    for (int i = 0; i < 5000; i++) {
        PackName made = {7, "inbox", str_of(arena_format(arena, "shopify %d", i))};
        assert_false(pack_book_ask(book, &made, &found));
    }
    assert_false(pack_book_ask(book, &name, &found));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_bytes_come_back),
        cmocka_unit_test(test_what_is_damaged_says_so),
        cmocka_unit_test(test_a_dictionary_names_nobody),
        cmocka_unit_test(test_too_few_or_too_different_teach_nothing),
        cmocka_unit_test(test_the_same_samples_teach_the_same),
        cmocka_unit_test(test_the_book),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
