/* Settings: who wins, and what somebody reads who made a mistake. */
#include "check.h"
#include "engine/config.h"

#include <glib/gstdio.h>
#include <stdlib.h>

static char *path;

static int
setup(void **state)
{
    path = g_build_filename(g_get_tmp_dir(), "postlude-test-config-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    assert_true(fd >= 0);
    return g_close(fd, NULL) ? 0 : -1;
}

static int
teardown(void **state)
{
    g_unlink(path);
    g_free(path);
    return 0;
}

static bool
file_read(Config *config, const char *text, GError **error)
{
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return config_take_file(config, path, error);
}

static void
flag_over_environment_over_file(void **state)
{
    g_autoptr(Config) config = config_new();
    assert_string_equal(config_get(config, CONFIG_SERVER_LISTEN), "127.0.0.1:8080");
    assert_string_equal(config_source(config, CONFIG_SERVER_LISTEN), "usual");

    assert_true(config_take_flag(config, "listen", "[::]:80", NULL));
    g_setenv("POSTLUDE_LISTEN", "env:1", TRUE);
    g_setenv("POSTLUDE_SMTP_CA_FILE", "env.pem", TRUE);
    assert_true(config_take_environment(config, NULL));
    g_unsetenv("POSTLUDE_LISTEN");
    g_unsetenv("POSTLUDE_SMTP_CA_FILE");
    assert_true(file_read(config,
                          "# the shop\n[server]\nlisten = file:1\ndata=/srv/shop \n\n[smtp]\n"
                          "ca_file = file.pem\nurl = smtp://a:b@mail.example:587?tls=require\n"
                          "[log]\nlevel = warn\n",
                          NULL));

    assert_string_equal(config_get(config, CONFIG_SERVER_LISTEN), "[::]:80");
    assert_string_equal(config_source(config, CONFIG_SERVER_LISTEN), "--listen");
    assert_string_equal(config_get(config, CONFIG_SMTP_CA_FILE), "env.pem");
    assert_string_equal(config_source(config, CONFIG_SMTP_CA_FILE), "POSTLUDE_SMTP_CA_FILE");
    assert_string_equal(config_get(config, CONFIG_SERVER_DATA), "/srv/shop");
    g_autofree char *line4 = g_strdup_printf("%s line 4", path);
    assert_string_equal(config_source(config, CONFIG_SERVER_DATA), line4);
    assert_string_equal(config_get(config, CONFIG_SMTP_URL),
                        "smtp://a:b@mail.example:587?tls=require");
    assert_string_equal(config_get(config, CONFIG_LOG_LEVEL), "warn");
    assert_string_equal(config_get(config, CONFIG_SMTP_RATE), "auto");
}

static void
mistakes_in_the_file_are_found(void **state)
{
    static const struct {
        const char *text;
        const char *message; /* behind the path */
    } rows[] = {
        {"[server]\n\nlistn = x\n", " line 3: [server] has no key listn; did you mean listen?"},
        {"[sever]\nlisten = x\n", " line 1: there is no group [sever]; did you mean [server]?"},
        {"[wholly other]\n", " line 1: there is no group [wholly other]"},
        {"[server]\nca_file = x\n",
         " line 2: [server] has no key ca_file; it belongs below [smtp]"},
        {"[server]\nabcdefgh = x\n", " line 2: [server] has no key abcdefgh"},
        {"[smtp]\nrate = 5\nrate = quick\n", " line 3: rate \"quick\" is not auto or a number"},
        {"[smtp]\nconnections = 2.5\n",
         " line 2: connections \"2.5\" is not a whole number from 1"},
        {"[smtp]\nurl = mail.example\n",
         " line 2: url \"mail.example\" is not a URL like https://host"},
        {"[log]\nlevel = loud\n", " line 2: level \"loud\" is not debug, info, warn or error"},
        {"[server]\n# fine\nlisten x\n", " line 3: neither [group] nor key = value"},
        {"[server]\ndata = \xFF\n", " line 2: data \"\" is not UTF-8 text"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Config) config = config_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strconcat("[log]\nlevel = debug\n", rows[i].text, NULL);
        assert_false(file_read(config, rows[i].text, &error));
        g_autofree char *expected = g_strconcat(path, rows[i].message, NULL);
        assert_string_equal(error->message, expected);
        assert_true(error_is(error, ERR_CONFIG));
        assert_false(file_read(config, text, NULL)); /* and nothing of it counts */
        assert_string_equal(config_get(config, CONFIG_LOG_LEVEL), "info");
    }
    g_autoptr(Config) config = config_new();
    g_autoptr(GError) error = NULL;
    assert_false(config_take_file(config, "/nowhere/postlude.ini", &error));
    assert_non_null(strstr(error->message, "/nowhere/postlude.ini"));
}

static void
mistakes_elsewhere_are_found(void **state)
{
    g_autoptr(Config) config = config_new();
    g_autoptr(GError) flag = NULL, value = NULL, environment = NULL;
    assert_false(config_take_flag(config, "lisen", "x", &flag));
    assert_string_equal(flag->message, "there is no flag --lisen; did you mean --listen?");
    assert_true(error_is(flag, ERR_USAGE));
    assert_false(config_take_flag(config, "smtp-rate", "-5", &value));
    assert_string_equal(value->message, "--smtp-rate \"-5\" is not auto or a number");
    g_setenv("POSTLUDE_LOG_LEVEL", "loud", TRUE);
    assert_false(config_take_environment(config, &environment));
    g_unsetenv("POSTLUDE_LOG_LEVEL");
    assert_string_equal(environment->message,
                        "POSTLUDE_LOG_LEVEL \"loud\" is not debug, info, warn or error");
}

static void
every_setting_is_described(void **state)
{
    for (int i = 0; i < CONFIG_COUNT; i++) {
        g_autoptr(Config) config = config_new();
        const SettingRow *row = config_row((ConfigName)i);
        g_autofree char *flag = config_flag((ConfigName)i);
        assert_true(strlen(row->help) > 10 && g_str_has_suffix(row->help, "."));
        assert_true(config_take_flag(config, flag, row->usual, NULL));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flag_over_environment_over_file),
        cmocka_unit_test(mistakes_in_the_file_are_found),
        cmocka_unit_test(mistakes_elsewhere_are_found),
        cmocka_unit_test(every_setting_is_described),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
