/* Mail addresses as people and shops write them. */
#include "check.h"

#include "base/address.h"
#include "base/domain.h"

static void
addresses_come_in_one_form(void **state)
{
    static const struct {
        const char *text, *name, *spec;
    } rows[] = {
        {"ana@example.com", "", "ana@example.com"},
        {"  <ana@EXAMPLE.Com> ", "", "ana@example.com"},
        {"Ana.Lima@example.com", "", "Ana.Lima@example.com"},
        {"Ana Lima <ana@example.com>", "Ana Lima", "ana@example.com"},
        {"\"Lima, Ana\" <ana@example.com>", "Lima, Ana", "ana@example.com"},
        {"\"Ana \\\"A\\\" Lima\" <ana@example.com>", "Ana \"A\" Lima", "ana@example.com"},
        {"M\xc3\xbcller & S\xc3\xb6hne, GmbH <info@example.de>",
         "M\xc3\xbcller & S\xc3\xb6hne, GmbH", "info@example.de"},
        {"Ana\r\nBcc: x@y.z <ana@example.com>", "Ana Bcc: x@y.z", "ana@example.com"},
        {"o'brien+tag@example.co.uk", "", "o'brien+tag@example.co.uk"},
        {"ana@x", "", "ana@x"},
        {"\"ana\"@example.com", "", "ana@example.com"},
        {"\"ana lima\"@example.com", "", "\"ana lima\"@example.com"},
        {"\"a@b\"@example.com", "", "\"a@b\"@example.com"},
        {"taro..yamada.@docomo.ne.jp", "", "\"taro..yamada.\"@docomo.ne.jp"},
        /* python3 -c 'print("bücher.example".encode("idna"))' */
        {"info@B\xc3\x9c"
         "cher.example",
         "", "info@xn--bcher-kva.example"},
        {"info@\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "",
         "info@xn--r8jz45g.xn--zckzah"},
        {"j\xc3\xb6rg@example.de", "", "j\xc3\xb6rg@example.de"},
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Address address = {0};
        g_autoptr(GError) error = NULL;
        if (!address_parse(arena, str_of(rows[i].text), &address, &error))
            print_error("%s: %s\n", rows[i].text, error->message);
        assert_string_equal(arena_cstr(arena, address.name), rows[i].name);
        assert_string_equal(address.spec.at, rows[i].spec);
        assert_string_equal(address.domain.at, strrchr(rows[i].spec, '@') + 1);
        /* What we write is read back as itself. */
        Address again;
        assert_true(address_parse_spec(arena, address.spec, &again, NULL));
        assert_true(str_eq(again.spec, address.spec));
    }
    Address address;
    assert_true(address_parse(arena, STR("j\xc3\xb6rg@example.de"), &address, NULL));
    assert_true(address.utf8);
    assert_true(address_parse(arena,
                              STR("info@b\xc3\xbc"
                                  "cher.example"),
                              &address, NULL));
    assert_false(address.utf8);
}

static void
what_is_no_address_is_refused(void **state)
{
    static const Str rows[] = {
        STR(""),
        STR("ana"),
        STR("@example.com"),
        STR("ana@"),
        STR("ana@example..com"),
        STR("ana@.example.com"),
        STR("ana@example.com."),
        STR("ana@-example.com"),
        STR("ana@example_shop.com"),
        STR("ana@[127.0.0.1]"),
        STR("ana@127.0.0.1"),
        STR("ana lima@example.com"),
        STR("ana@exa mple.com"),
        STR(".ana@example.com"),
        STR("ana(x)@example.com"),
        STR("ana@example.com, eva@example.com"),
        STR("ana\n@example.com"),
        STR("ana\0@example.com"),
        STR("ana@example.com\0"),
        STR("\"ana\r\n\"@example.com"),
        STR("\"an\"a\"@example.com"),
        STR("\"ana\\\"@example.com"),
        STR("ana\xff@example.com"),
        STR("ana\xc2\x85@example.com"),
        STR("ana\xe2\x80\xa8@example.com"),
        STR("Ana <ana@example.com"),
        STR("Ana ana@example.com>"),
        STR("Ana <>"),
        STR("<Ana> <ana@exam>ple.com>"),
        STR("info@stra\xe2\x80\x8d"
            "se.de"),
        STR("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@example.com"),
        STR("ana@xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.com"),
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Address address = {0};
        g_autoptr(GError) error = NULL;
        if (address_parse(arena, rows[i], &address, &error))
            print_error("row %zu was taken\n", i);
        assert_true(error_is(error, ERR_INPUT));
        assert_null(strpbrk(error->message, "\r\n"));
        assert_null(address.spec.at);
    }
}

/* A customer's field holds the address alone. */
static void
a_field_for_the_address_alone_takes_nothing_else(void **state)
{
    static const Str rows[] = {
        STR("ana@example.com\r\nRCPT TO:<x@y.z>"),
        STR("Ana <ana@example.com>"),
        STR("<ana@example.com>"),
        STR(" ana@example.com"),
        STR("ana@example.com\n"),
        STR("ana@example.com,eva@example.com"),
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Address address;
        assert_false(address_parse_spec(arena, rows[i], &address, NULL));
    }
}

static void
two_spellings_are_one_customer(void **state)
{
    static const char *const pairs[][2] = {
        {"Ana.Lima@Example.com", "Ana <ana.lima@example.COM>"},
        {"\"ana\"@example.com", "ana@example.com"},
        {"J\xc3\x96RG@example.de", "j\xc3\xb6rg@example.de"},
        {"jo\xcc\x88rg@example.de", "j\xc3\xb6rg@example.de"}, /* o and its dots apart */
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        Address one, two;
        assert_true(address_parse(arena, str_of(pairs[i][0]), &one, NULL));
        assert_true(address_parse(arena, str_of(pairs[i][1]), &two, NULL));
        assert_true(str_eq(address_key(arena, &one), address_key(arena, &two)));
    }
}

/* Domains by today's rules (Unicode UTS #46, table of deviations); in Python:
 * "xn--" + "stra\u00dfe".encode("punycode").decode() */
static void
a_sharp_s_is_not_a_double_s(void **state)
{
    static const char *const rows[][2] = {
        {"stra\xc3\x9f"
         "e.de",
         "xn--strae-oqa.de"},
        {"STRA\xe1\xba\x9e"
         "E.de",
         "xn--strae-oqa.de"},
        {"fa\xc3\x9f.de", "xn--fa-hia.de"},
        {"\xce\xb2\xcf\x8c\xce\xbb\xce\xbf\xcf\x82.com", "xn--nxasmm1c.com"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"K\xc3\xb6nigsg\xc3\xa4\xc3\x9f"
         "chen.example",
         "xn--knigsgchen-b4a3dun.example"},
        {"shop.XN--FA-HIA.de", "shop.xn--fa-hia.de"},
        {"a.b-c.3d.example", "a.b-c.3d.example"},
    };
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Str domain = {0};
        assert_true(domain_parse(arena, str_of(rows[i][0]), &domain, NULL));
        assert_string_equal(domain.at, rows[i][1]);
    }
    static const char *const none[] = {"\xc3\x9f\xe2\x98\x83\n.de", "\xc3\x9f .de", "\xc3\x9f@.de",
                                       ".\xc3\x9f.de", "\xc3\x9f..de"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        Str domain = {0};
        assert_false(domain_parse(arena, str_of(none[i]), &domain, NULL));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_come_in_one_form),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_field_for_the_address_alone_takes_nothing_else),
        cmocka_unit_test(a_sharp_s_is_not_a_double_s),
        cmocka_unit_test(two_spellings_are_one_customer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
