/* send_test.c - `postlude send-test`: one mail through the shop's own server, now, with the server's words.
 *
 * It passes no gate and leaves no row: it goes to the address that whoever sets up the shop has typed, and is the
 * only mail that leaves before a shop is live.
 */
#include "base/address.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/seal.h"
#include "cmd/cmd.h"
#include "engine/clock.h"
#include "engine/compose.h"
#include "engine/dkim.h"
#include "engine/guard.h"
#include "flow/sender.h"

#include <stdio.h>

typedef struct Test {
    SmtpResult result;
    bool done;
} Test;

static void
test_done(void *arg, SmtpPool *pool, const SmtpResult *result)
{
    Test *test = arg;
    test->result = *result;
    test->done = true;
}

static bool
test_compose(Arena *arena, const ShopEntry *shop, const char *to, Mail *mail, Str *ret,
             GError **error)
{
    uint8_t dice[12];
    seal_random(dice, sizeof dice);
    Str name = shop->shop.name;
    if (!address_parse(arena, shop_setting(shop, SETTING_MAIL_FROM), &mail->from, error))
        return fail_at(error, "mail.from");
    if (!address_parse_spec(arena, str_of(to), &mail->to, error))
        return false;
    mail->subject = str_of(arena_format(arena, "Test mail of " STR_FMT, STR_ARG(name)));
    mail->text =
        str_of(arena_format(arena,
                            "This is a test mail of " STR_FMT ", sent by hand with `postlude "
                            "send-test`.\n\nIf you can read it, the shop's mail server takes our "
                            "mail. Look at how the sender is shown, and answer it: the answer "
                            "should reach somebody who reads it.\n",
                            STR_ARG(name)));
    mail->at = clock_now();
    mail->message_id =
        str_of(arena_format(arena, "<test-%s@" STR_FMT ">",
                            encode(arena, ENCODE_HEX, (Str){(const char *)dice, sizeof dice}),
                            STR_ARG(mail->from.domain)));
    MailWire wire;
    if (!mail_compose(arena, mail, &wire, error))
        return false;
    *ret = wire.bytes;
    Str signature;
    if (!shop->dkim)
        return true;
    if (!dkim_sign(arena, shop->dkim, wire.bytes, mail->at, &signature, error))
        return false;
    *ret = str_of(arena_format(arena, STR_FMT STR_FMT, STR_ARG(signature), STR_ARG(wire.bytes)));
    return true;
}

static bool
test_send(Arena *arena, const ShopEntry *shop, const FlowOptions *options, const char *to,
          SmtpResult *ret, GError **error)
{
    Mail mail = {0};
    Str wire;
    SmtpServer server;
    Str url = sender_url(options, shop);
    if (!url.len)
        return fail(error, ERR_CONFIG,
                    "the shop has no smtp.url: its mails are caught, see /dev/mail");
    if (!test_compose(arena, shop, to, &mail, &wire, error) ||
        !sender_parse(arena, url, &server, error))
        return false;
    Str ca = shop_setting(shop, SETTING_SMTP_CA_FILE);
    server.ca_file =
        ca.len ? arena_cstr(arena, ca) : (*options->smtp_ca_file ? options->smtp_ca_file : NULL);
    Test test = {0};
    g_autoptr(SmtpLoop) loop = smtp_loop_new(test_done, &test, error);
    SmtpPool *pool = loop ? smtp_pool_open(loop, &server, error) : NULL;
    if (!pool)
        return false;
    SmtpMail one = {.tag = 1, .from = mail.from.spec, .to = mail.to.spec, .data = wire};
    smtp_pool_submit(pool, &one);
    while (!test.done)
        smtp_loop_turn(loop, 1000);
    *ret = test.result;
    return true;
}

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
        .smtp_url = config_get(config, CONFIG_SMTP_URL),
        .smtp_ca_file = config_get(config, CONFIG_SMTP_CA_FILE),
    };
    SmtpResult result;
    if (!shop || !test_send(arena, shop, &flow, argv[2], &result, &error))
        return cmd_fail(error);
    printf("%s: %s%s%s\n", smtp_outcome_name(result.outcome), result.enhanced,
           result.enhanced[0] ? " " : "", result.words);
    return result.outcome == SMTP_SENT ? GUARD_OK : GUARD_FAILED;
}
