/* send_test.c - `postlude send-test`: one mail through the shop's own server (flow/test_mail.h). */
#include "base/limits.h"
#include "cmd/cmd.h"
#include "engine/guard.h"
#include "flow/test_mail.h"

#include <stdio.h>

int
cmd_send_test(int argc, char **argv)
{
    g_autofree char *config_file = NULL;
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &config_file, "Settings of the installation",
         "FILE"},
        {0},
    };
    CmdOptions options = {
        .usage = "send-test SLUG ADDRESS",
        .help = "Sends a test mail through the shop's own server and tells what the server said.",
        .entries = entries,
    };
    int code;
    if (!cmd_parse(&options, &argc, &argv, &code))
        return code;
    g_autofree char *data = options.data;
    if (argc != 3)
        return cmd_usage(&options, "send-test takes a shop and an address");
    g_autoptr(GError) error = NULL;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(Config) config = config_new();
    if (!config_take_environment(config, &error) ||
        (config_file && !config_take_file(config, config_file, &error)))
        return cmd_fail(error);
    HomeOptions home_options = {.data = data, .look = true};
    g_autoptr(Home) home = home_open(&home_options, &error);
    g_autoptr(ShopHold) shop = home ? home_shop(home, argv[1], &error) : NULL;
    FlowOptions flow = {
        .store = home ? home->store : NULL,
        .smtp_url = config_get(config, CONFIG_SMTP_URL),
        .smtp_ca_file = config_get(config, CONFIG_SMTP_CA_FILE),
    };
    SmtpResult result;
    if (!shop || !net_rule_parse(str_of(config_get(config, CONFIG_NET_INNER)), &flow.net, &error) ||
        !test_mail_send(arena, shop, &flow, &(TestMail){.to = str_of(argv[2])}, &result, &error))
        return cmd_fail(error);
    printf("%s: %s%s%s\n", smtp_outcome_name(result.outcome), result.enhanced,
           result.enhanced[0] ? " " : "", result.words);
    return result.outcome == SMTP_SENT ? GUARD_OK : GUARD_FAILED;
}
