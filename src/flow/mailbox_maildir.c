/* mailbox_maildir.c - the installation's Maildir; see mailbox.h. */
#include "flow/mailbox_inside.h"

#include "base/address.h"
#include "base/letter.h"
#include "base/limits.h"
#include "engine/log.h"
#include "engine/maildir.h"
#include "flow/mail_owner.h"

static bool
owner_of_field(const FlowOptions *options, Arena *arena, Str value, MailOwner *ret)
{
    for (Str one; str_split(&value, ',', &one);) {
        Address address;
        if (address_parse(arena, str_trim(one), &address, NULL) &&
            mail_owner_find(options, address.spec, ret))
            return true;
    }
    return false;
}

/* What a mail server writes of the delivery counts before what the sender wrote; the newest line is the first. */
static bool
owner_of_mail(const FlowOptions *options, Arena *arena, Str mail, MailOwner *ret)
{
    static const char *const names[] = {"Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"};
    const LetterField *fields;
    size_t count = letter_fields(arena, &mail, &fields);
    for (size_t n = 0; n < G_N_ELEMENTS(names); n++)
        for (size_t i = 0; i < count; i++)
            if (str_eq_nocase(fields[i].name, names[n]) &&
                owner_of_field(options, arena, fields[i].value, ret))
                return true;
    return false;
}

/* *ret_why: why it was not taken; NULL if it was. */
static bool
mail_take(const MailboxVisit *visit, Arena *arena, Str mail, const char **ret_why, GError **error)
{
    const FlowOptions *options = &visit->mailbox->options;
    MailOwner owner = 0;
    int64_t id = 0;
    if (owner_of_mail(options, arena, mail, &owner) && !mail_owner_shop(options, owner, &id, error))
        return false;
    g_autoptr(ShopHold) shop = id ? shopbook_get(options->shops, id) : NULL;
    MailboxVisit one = *visit;
    one.arena = arena;
    *ret_why = shop ? NULL : "it was delivered to no address of a shop";
    return !shop || mailbox_keep(&one, shop, mail, error);
}

static bool
maildir_take_one(MailboxVisit *visit, Maildir *maildir, const char *name, GError **error)
{
    g_autoptr(Arena) arena = arena_new(MAILBOX_ARENA_BYTES);
    g_autoptr(GError) problem = NULL;
    const char *why = NULL;
    Str mail = {0};
    if (maildir_read(maildir, arena, name, LIMIT_MAIL_BYTES, &mail, &problem)) {
        if (!mail_take(visit, arena, mail, &why, error))
            return false;
    } else if (error_is(problem, ERR_NOT_FOUND)) {
        return true;
    } else if (error_is(problem, ERR_TOO_BIG) || error_is(problem, ERR_INPUT)) {
        why = problem->message;
    } else {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (why) {
        visit->left = arena_format(visit->arena, "mail %s was left in cur/: %s", name, why);
        log_warn("mailbox.left", "mail=%s why=%s", name, why);
    }
    return maildir_finish(maildir, name, why ? "F" : "S", error);
}

bool
mailbox_maildir_read(MailboxVisit *visit, GError **error)
{
    MaildirList list;
    g_autoptr(Maildir) maildir = maildir_open(visit->mailbox->options.maildir, error);
    if (!maildir || !maildir_list(maildir, visit->arena, MAILBOX_TURN_MAILS, &list, error))
        return false;
    visit->more = list.more;
    for (size_t i = 0; i < list.count && !atomic_load(&visit->mailbox->stop); i++)
        if (!maildir_take_one(visit, maildir, list.names[i], error))
            return false;
    return true;
}
