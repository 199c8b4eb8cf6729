/* test_mail.h - one mail through the shop's own server, now, with the server's words.
 *
 * It passes no gate and leaves no row: it goes to the address that whoever sets up the shop has typed, and is the only
 * mail that leaves before a shop is live.
 */
#pragma once

#include "engine/smtp.h"
#include "flow/flow.h"
#include "flow/shop.h"
#include "flow/words.h"

typedef struct TestMail {
    Str to;
    const WordsDone *words; /* NULL: that it is a test, and what to look at */
} TestMail;

/* Sends it and waits for the answer: never on a web thread. ERR_CONFIG: the shop has no server, or no sender. */
bool test_mail_send(Arena *arena, const ShopEntry *shop, const FlowOptions *options,
                    const TestMail *mail, SmtpResult *ret, GError **error);

/* "smtp://host:port", without the password: which server that is; empty: the catcher. */
Str test_mail_server(Arena *arena, const ShopEntry *shop, const FlowOptions *options);
