/* test_mail.c - see test_mail.h. */
#include "flow/test_mail.h"

#include "base/address.h"
#include "base/encode.h"
#include "base/seal.h"
#include "engine/clock.h"
#include "engine/compose.h"
#include "engine/dkim.h"
#include "flow/sender.h"

enum { ANSWER_MS = 60 * 1000 /* somebody waits before the page */ };

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
test_compose(Arena *arena, const ShopEntry *shop, const TestMail *test, Mail *mail, Str *ret,
             GError **error)
{
    uint8_t dice[12];
    seal_random(dice, sizeof dice);
    Str name = shop->shop.name;
    if (!address_parse(arena, shop_setting(shop, SETTING_MAIL_FROM), &mail->from, error))
        return fail_at(error, "mail.from");
    if (!address_parse_spec(arena, test->to, &mail->to, error))
        return false;
    mail->subject = str_of(arena_format(arena, "Test mail of " STR_FMT, STR_ARG(name)));
    mail->text = str_of(arena_format(
        arena,
        "This is a test mail of " STR_FMT ", sent by hand.\n\nIf you can read it, the shop's mail "
        "server takes our mail. Look at how the sender is shown, and answer it: the answer should "
        "reach somebody who reads it.\n",
        STR_ARG(name)));
    if (test->words) {
        mail->subject =
            str_of(arena_format(arena, "Test: " STR_FMT, STR_ARG(test->words->subject)));
        mail->text = test->words->text;
        mail->html = test->words->html;
    }
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

bool
test_mail_send(Arena *arena, const ShopEntry *shop, const FlowOptions *options,
               const TestMail *test_mail, SmtpResult *ret, GError **error)
{
    Mail mail = {0};
    Str wire;
    SmtpServer server;
    Str url = sender_url(options, shop);
    if (!url.len)
        return fail(error, ERR_CONFIG,
                    "the shop has no smtp.url: its mails are caught, see /dev/mail");
    if (!test_compose(arena, shop, test_mail, &mail, &wire, error) ||
        !sender_parse(arena, url, &server, error) ||
        !sender_reach(options->store, options, shop, &server.net, error))
        return false;
    Str ca = shop_setting(shop, SETTING_SMTP_CA_FILE);
    const char *common =
        options->smtp_ca_file && *options->smtp_ca_file ? options->smtp_ca_file : NULL;
    server.ca_file = ca.len ? arena_cstr(arena, ca) : common;
    Test test = {0};
    g_autoptr(SmtpLoop) loop = smtp_loop_new(test_done, &test, error);
    SmtpPool *pool = loop ? smtp_pool_open(loop, &server, error) : NULL;
    if (!pool)
        return false;
    SmtpMail one = {.tag = 1, .from = mail.from.spec, .to = mail.to.spec, .data = wire};
    smtp_pool_submit(pool, &one);
    int64_t deadline = clock_monotonic() + ANSWER_MS;
    while (!test.done && clock_monotonic() < deadline)
        smtp_loop_turn(loop, 1000);
    if (!test.done)
        return fail(error, ERR_NET, "the mail server gave no answer within a minute");
    *ret = test.result;
    return true;
}

Str
test_mail_server(Arena *arena, const ShopEntry *shop, const FlowOptions *options)
{
    SmtpServer server;
    Str url = sender_url(options, shop);
    if (!url.len || !sender_parse(arena, url, &server, NULL))
        return STR("");
    return str_of(arena_format(arena, "%s:%d", server.host, server.port));
}
