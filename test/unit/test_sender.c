/* test_sender.c - the address of a submission server: what is read from it, and that no message repeats the password. */
#include "check.h"

#include "flow/sender.h"

static void
test_addresses_that_are_read(void **state)
{
    g_autoptr(Arena) arena = arena_new(1024 * 1024);
    SmtpServer server;
    assert_true(sender_parse(arena, STR("smtp://mail.example.com"), &server, NULL));
    assert_string_equal(server.host, "mail.example.com");
    assert_int_equal(server.port, 0);
    assert_int_equal(server.tls, SMTP_TLS_AUTO);
    assert_null(server.user);
    assert_true(sender_parse(arena, STR("smtps://ana%40example.com:p%3Aw%3F@mail.example.com:465/"),
                             &server, NULL));
    assert_string_equal(server.user, "ana@example.com");
    assert_string_equal(server.secret, "p:w?");
    assert_int_equal(server.port, 465);
    assert_int_equal(server.tls, SMTP_TLS_IMPLICIT);
    assert_true(
        sender_parse(arena, STR("smtp://u:p@[::1]:2525?tls=never&auth=login"), &server, NULL));
    assert_string_equal(server.host, "::1");
    assert_int_equal(server.port, 2525);
    assert_int_equal(server.tls, SMTP_TLS_NEVER);
    assert_int_equal(server.auth, SMTP_AUTH_LOGIN);
}

static void
test_no_message_repeats_the_password(void **state)
{
    static const char *const wrong[] = {
        "smtp://user:hush",
        "smtp://user:hu?sh=hush@mail.example.com",
        "smtp://user:hush%@mail.example.com",
        "smtp://user:hush@",
        "smtp://user:hush@mail.example.com:port",
        "smtp://user:hush@host?tls=hush",
        "hush",
        "http://user:hush@mail.example.com",
        "smtp://user:hush@host?%zz=hush",
        "smtp://user:hush@host:0",
        "smtp://user:hush@host:65536",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(Arena) arena = arena_new(1024 * 1024);
        g_autoptr(GError) error = NULL;
        SmtpServer server;
        assert_false(sender_parse(arena, str_of(wrong[i]), &server, &error));
        assert_true(error_is(error, ERR_CONFIG));
        if (strstr(error->message, "hush"))
            print_error("%s: %s\n", wrong[i], error->message);
        assert_null(strstr(error->message, "hush"));
        assert_non_null(strstr(error->message, "smtp.url"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_that_are_read),
        cmocka_unit_test(test_no_message_repeats_the_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
