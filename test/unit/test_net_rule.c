/* Where a connection may go that a shop named. Addresses: RFC 1918, 3927, 4193, 5735; the public ones are example.com's
 * of 2020 and Google's name servers. */
#include "check.h"

#include "engine/net_address.h"
#include "engine/net_rule.h"

static bool
allows(const NetRule *rule, const char *digits)
{
    struct sockaddr_storage address;
    assert_true(net_address_parse(digits, &address));
    return net_rule_allows(rule, (const struct sockaddr *)&address);
}

static NetRule
rule_of(const char *text)
{
    NetRule rule;
    assert_true(net_rule_parse(str_of(text), &rule, NULL));
    return rule;
}

static const char *const inner[] = {
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "192.168.1.1",      "169.254.169.254", "::1",
    "fd00::1",   "fe80::1",   "0.0.0.0",  "::ffff:127.0.0.1", "::ffff:10.0.0.1"};

static void
public_alone_by_default(void **state)
{
    (void)state;
    NetRule strict[] = {{0}, rule_of("none"), rule_of("auto"), rule_of("")};
    for (size_t r = 0; r < G_N_ELEMENTS(strict); r++) {
        assert_true(allows(&strict[r], "93.184.216.34"));
        assert_true(allows(&strict[r], "2001:4860:4860::8888"));
        for (size_t i = 0; i < G_N_ELEMENTS(inner); i++)
            assert_false(allows(&strict[r], inner[i]));
    }
}

static void
this_machine_where_it_is_said(void **state)
{
    (void)state;
    NetRule rule = {.here = NET_HERE_YES};
    assert_true(allows(&rule, "127.0.0.1"));
    assert_true(allows(&rule, "::1"));
    assert_true(allows(&rule, "::ffff:127.0.0.1"));
    assert_false(allows(&rule, "10.0.0.1"));
    assert_false(allows(&rule, "169.254.169.254"));
}

static void
ranges_to_the_bit(void **state)
{
    (void)state;
    NetRule rule = rule_of("10.8.0.0/13, 192.168.1.7 fd12:3456::/32,127.0.0.1");
    assert_true(allows(&rule, "10.8.0.0"));
    assert_true(allows(&rule, "10.15.255.255"));
    assert_true(allows(&rule, "::ffff:10.15.255.255")); /* the same place by another spelling */
    assert_false(allows(&rule, "10.16.0.0"));
    assert_false(allows(&rule, "10.7.255.255"));
    assert_true(allows(&rule, "192.168.1.7"));
    assert_false(allows(&rule, "192.168.1.8"));
    assert_true(allows(&rule, "fd12:3456:ffff::1"));
    assert_false(allows(&rule, "fd12:3457::1"));
    assert_true(allows(&rule, "127.0.0.1"));
    assert_false(allows(&rule, "127.0.0.2"));
    assert_true(allows(&rule, "93.184.216.34"));
}

static void
scopes(void **state)
{
    (void)state;
    NetRule any = {.scope = NET_ANY}, loopback = {.scope = NET_LOOPBACK};
    assert_true(allows(&any, "10.0.0.1"));
    assert_true(allows(&loopback, "127.0.0.1"));
    assert_false(allows(&loopback, "93.184.216.34"));
    assert_false(allows(&loopback, "10.0.0.1"));
}

static void
what_is_none_is_named(void **state)
{
    static const char *const wrong[] = {
        "10.0.0.0/33", "10.0.0/8", "localhost",    "10.0.0.0/",    "10.0.0.0/-1",
        "auto, none",  "::1/129",  "10.0.0.1/8/8", "10.0.0.0/1e1", "10.0.0.0/999999999999"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        NetRule rule = {.here = NET_HERE_AUTO};
        assert_false(net_rule_parse(str_of(wrong[i]), &rule, &error));
        assert_true(error_is(error, ERR_CONFIG));
        assert_int_equal(rule.here, NET_HERE_AUTO);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_alone_by_default), cmocka_unit_test(this_machine_where_it_is_said),
        cmocka_unit_test(ranges_to_the_bit),       cmocka_unit_test(scopes),
        cmocka_unit_test(what_is_none_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
