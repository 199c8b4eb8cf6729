/* mail.c - a whole mail by HTTP, as any mail server can hand it on: `curl -u :SECRET --data-binary @- ADDRESS` in a
 * pipe. The same rows come from the LMTP listener, from IMAP and from a Maildir; taken apart they are by the flow.
 */
#include "plug/inbound/inbound_inside.h"

static bool
mail_check(Arena *arena, const PlugHeaders *headers, Str body, const InboundSecret *secret,
           GError **error)
{
    if (!body.len)
        return fail(error, ERR_INPUT, "there is no mail in the request");
    return inbound_login(arena, headers, secret, error);
}

const Inbound inbound_mail = {
    .name = "mail",
    .title = "Mail",
    .secret = "mail.in_secret",
    .help =
        "A password of your own, for mail servers that hand mails on by HTTP; the user name does "
        "not matter.",
    .check = mail_check,
    .read = NULL,
};
