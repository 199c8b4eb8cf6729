/* mailbox_imap.c - a shop's mailbox over IMAP; see mailbox.h. */
#include "flow/mailbox_inside.h"

#include "base/limits.h"
#include "engine/log.h"
#include "engine/url.h"
#include "flow/reach.h"

#include <stdlib.h>
#include <string.h>

/* ---- address ---------------------------------------------------------------------------------- */

static bool
login_read(Arena *arena, Str login, ImapServer *server, GError **error)
{
    Str user = login, secret = {0};
    const char *colon = login.len ? memchr(login.at, ':', login.len) : NULL;
    if (colon) {
        user.len = (size_t)(colon - login.at);
        secret = str_sub(login, user.len + 1, login.len);
    }
    if (!url_decode(arena, user, false, &user) || !url_decode(arena, secret, false, &secret))
        return fail(error, ERR_CONFIG,
                    "mailbox.imap: user or password hold a sign that has to be written as %%XX");
    if (!user.len || !secret.len)
        return fail(error, ERR_CONFIG, "mailbox.imap needs a user and a password before the @");
    server->user = arena_cstr(arena, user);
    server->secret = arena_cstr(arena, secret);
    return true;
}

static bool
host_read(Arena *arena, Str host, ImapServer *server, GError **error)
{
    const char *colon = host.len ? memrchr(host.at, ':', host.len) : NULL;
    if (colon && host.at[host.len - 1] != ']') {
        Str digits = str_sub(host, (size_t)(colon - host.at) + 1, host.len);
        host.len = (size_t)(colon - host.at);
        char *end = NULL;
        long port = strtol(arena_cstr(arena, digits), &end, 10);
        if (!digits.len || *end || port < 1 || port > 65535)
            return fail(error, ERR_CONFIG, "mailbox.imap: the port is no number up to 65535");
        server->port = (int)port;
    }
    server->host = arena_cstr(arena, host);
    return host.len || fail(error, ERR_CONFIG, "mailbox.imap names no host");
}

static bool
option_read(Str option, ImapServer *server, GError **error)
{
    if (str_is(option, "tls=never"))
        server->tls = IMAP_TLS_NEVER;
    else if (str_is(option, "auth=xoauth2"))
        server->xoauth2 = true;
    else
        return fail(error, ERR_CONFIG,
                    "mailbox.imap: behind the ? may stand auth=xoauth2; a ? in the password is "
                    "written as %%3F");
    return true;
}

bool
mailbox_imap_parse(Arena *arena, Str url, ImapServer *ret, GError **error)
{
    ImapServer server = {.tls = IMAP_TLS_IMPLICIT};
    size_t at;
    if (str_starts(url, "imap://"))
        server.tls = IMAP_TLS_STARTTLS;
    else if (!str_starts(url, "imaps://"))
        return fail(error, ERR_CONFIG,
                    "mailbox.imap has the form imaps://user:password@host/INBOX");
    Str rest = str_sub(url, server.tls == IMAP_TLS_STARTTLS ? 7 : 8, url.len), option, host, folder;
    str_split(&rest, '?', &host);
    while (rest.at && str_split(&rest, '&', &option))
        if (!option_read(option, &server, error))
            return false;
    str_split(&host, '/', &rest);
    folder = host;
    const char *sign = rest.len ? memrchr(rest.at, '@', rest.len) : NULL;
    if (!sign)
        return fail(error, ERR_CONFIG, "mailbox.imap needs a user and a password before the @");
    at = (size_t)(sign - rest.at);
    if (!login_read(arena, str_sub(rest, 0, at), &server, error) ||
        !host_read(arena, str_sub(rest, at + 1, rest.len), &server, error))
        return false;
    if (!url_decode(arena, folder, false, &folder))
        return fail(error, ERR_CONFIG, "mailbox.imap: the folder cannot be read");
    server.mailbox = folder.len ? arena_cstr(arena, folder) : "INBOX";
    *ret = server;
    return true;
}

bool
mailbox_check_imap(Str url, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    ImapServer server;
    return mailbox_imap_parse(arena, url, &server, error);
}

/* ---- reading ----------------------------------------------------------------------------------- */

/* For people's eyes alone: what fails here is tried with no mail again, and loses none. */
static void
imap_show_taken(const MailboxVisit *visit, Imap *imap, uint32_t uid)
{
    g_autoptr(GError) problem = NULL;
    Str folder = shop_setting(visit->shop, SETTING_MAILBOX_DONE);
    bool done = folder.len ? imap_move(imap, uid, arena_cstr(visit->arena, folder), &problem)
                           : imap_mark_seen(imap, uid, true, &problem);
    if (!done)
        log_failure("mailbox.not_marked", problem, "shop=" STR_FMT " uid=%u",
                    STR_ARG(visit->shop->shop.slug), uid);
}

/* A mail that is gone meanwhile is passed over; one that is too big, too, and is told. */
static bool
imap_take_one(MailboxVisit *visit, Imap *imap, uint32_t uid, GError **error)
{
    g_autoptr(Arena) arena = arena_new(MAILBOX_ARENA_BYTES);
    g_autoptr(GError) problem = NULL;
    Str mail = {0};
    bool got = imap_fetch(imap, arena, uid, LIMIT_MAIL_BYTES, &mail, &problem);
    if (!got && !error_is(problem, ERR_TOO_BIG) && !error_is(problem, ERR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (!got && error_is(problem, ERR_TOO_BIG)) {
        visit->left = arena_format(visit->arena, "mail %u was left: %s", uid, problem->message);
        imap_mark_seen(imap, uid, false, NULL);
    }
    visit->place.uid = uid;
    MailboxVisit one = *visit;
    one.arena = arena;
    if (!mailbox_keep(&one, visit->shop, mail.len ? mail : (Str){0}, error))
        return false;
    if (got)
        imap_show_taken(visit, imap, uid);
    return true;
}

static bool
imap_take(MailboxVisit *visit, Imap *imap, GError **error)
{
    ImapList list;
    if (!imap_list(imap, visit->arena, visit->place, MAILBOX_TURN_MAILS, &list, error))
        return false;
    if (list.renumbered)
        log_info("mailbox.renumbered", "shop=" STR_FMT, STR_ARG(visit->shop->shop.slug));
    if (list.uidvalidity != visit->place.uidvalidity)
        visit->place = (ImapPlace){.uidvalidity = list.uidvalidity};
    visit->more = list.more;
    for (size_t i = 0; i < list.count && !atomic_load(&visit->mailbox->stop); i++)
        if (!imap_take_one(visit, imap, list.uids[i], error))
            return false;
    return true;
}

/* Where mailbox_stop() finds it. */
static void
imap_hold(Mailbox *mailbox, Imap *imap)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->imap = imap;
    if (imap && atomic_load(&mailbox->stop))
        imap_stop(imap);
    pthread_mutex_unlock(&mailbox->lock);
}

bool
mailbox_imap_read(MailboxVisit *visit, GError **error)
{
    ImapServer server;
    Str ca_file = shop_setting(visit->shop, SETTING_MAILBOX_CA_FILE);
    if (!mailbox_imap_parse(visit->arena, shop_setting(visit->shop, SETTING_MAILBOX_IMAP), &server,
                            error))
        return false;
    server.ca_file = ca_file.len ? arena_cstr(visit->arena, ca_file) : NULL;
    const FlowOptions *options = &visit->mailbox->options;
    if (!reach_of(options->store, &options->net, visit->shop->shop.id, &server.net, error))
        return false;
    server.allow_plain = server.net.scope == NET_LOOPBACK;
    g_autoptr(Imap) imap = imap_open(&server, error);
    if (!imap)
        return false;
    imap_hold(visit->mailbox, imap);
    bool ok = imap_take(visit, imap, error);
    imap_hold(visit->mailbox, NULL);
    return ok;
}
