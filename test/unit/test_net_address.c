/* Which addresses a stranger may make us talk to. Expected values are the IANA special-purpose
 * registries. */
#include "check.h"

#include "engine/net_address.h"

static bool
is_public(const char *digits)
{
    struct sockaddr_storage address;
    assert_true(net_address_parse(digits, &address));
    return net_address_is_public((const struct sockaddr *)&address);
}

static void
public_addresses(void **state)
{
    static const char *const addresses[] = {
        "1.1.1.1",         "8.8.8.8",        "9.255.255.255",
        "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0",      "169.253.255.255",
        "169.255.0.0",     "172.15.255.255", "172.32.0.0",
        "192.0.1.0",       "192.167.0.1",    "192.169.0.0",
        "198.17.255.255",  "198.20.0.0",     "223.255.255.255",
        "2606:4700::1111", "2a00:1450::1",   "2001:4860:4860::8888",
        "2620:fe::fe",     "::ffff:8.8.8.8", "64:ff9b::808:808",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++)
        if (!is_public(addresses[i])) {
            print_error("%s\n", addresses[i]);
            assert_true(false);
        }
}

static void
all_others(void **state)
{
    static const char *const addresses[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:a00:1::",
        "3fff::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
        "5f00::1",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++)
        if (is_public(addresses[i])) {
            print_error("%s\n", addresses[i]);
            assert_true(false);
        }
}

static void
this_machine(void **state)
{
    static const struct {
        const char *digits;
        bool loopback;
    } known[] = {{"127.0.0.1", true},        {"127.9.9.9", true}, {"::1", true},
                 {"::ffff:127.0.0.1", true}, {"10.0.0.1", false}, {"0.0.0.0", false},
                 {"::ffff:10.0.0.1", false}, {"::", false},       {"8.8.8.8", false}};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        struct sockaddr_storage address;
        assert_true(net_address_parse(known[i].digits, &address));
        assert_int_equal(net_address_is_loopback((const struct sockaddr *)&address),
                         known[i].loopback);
    }
}

static void
what_is_no_address(void **state)
{
    static const char *const texts[] = {"",          "localhost", "127.1", "fe80::1%eth0",
                                        "1.2.3.4.5", "::g"};
    struct sockaddr_storage address;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_false(net_address_parse(texts[i], &address));
    address.ss_family = AF_UNIX;
    assert_false(net_address_is_public((const struct sockaddr *)&address));
    assert_false(net_address_is_loopback((const struct sockaddr *)&address));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_addresses),
        cmocka_unit_test(all_others),
        cmocka_unit_test(this_machine),
        cmocka_unit_test(what_is_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
