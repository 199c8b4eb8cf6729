/* mailbox_inside.h - what the files of the mailbox share. */
#pragma once

#include "engine/imap.h"
#include "flow/inbox.h"
#include "flow/mailbox.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    MAILBOX_TURN_MAILS = 50,                /* then it is the next one's turn */
    MAILBOX_ARENA_BYTES = 64 * 1024 * 1024, /* one mail, decoded and packed */
};

struct Mailbox {
    Flow *flow;
    FlowOptions options;
    int64_t enrolled_at; /* monotonic; 0: never */
    int64_t enrolled_version;

    pthread_mutex_t lock;
    Imap *imap; /* what is under way; NULL: nothing */
    _Atomic bool stop;
};

/* One look into one mailbox. */
typedef struct MailboxVisit {
    Mailbox *mailbox;
    Arena *arena;
    const ShopEntry *shop; /* NULL: the installation's */
    const char *kind;
    int64_t failures;
    ImapPlace place;
    /* What came of it: */
    bool more;
    const char *left; /* a mail that could not be taken, in words; NULL: none */
} MailboxVisit;

/* Keeps a mail for a shop and moves the place, in one transaction. mail.at NULL: there is none, only the place moves. */
bool mailbox_keep(const MailboxVisit *visit, const ShopEntry *shop, Str mail, GError **error);

/* mailbox_imap.c: takes what `mailbox.imap` says apart: imaps://user:password@host:port/FOLDER. All lives in the arena.
 * ERR_CONFIG; its words never repeat the password. */
bool mailbox_imap_parse(Arena *arena, Str url, ImapServer *ret, GError **error);
bool mailbox_imap_read(MailboxVisit *visit, GError **error);

/* mailbox_maildir.c */
bool mailbox_maildir_read(MailboxVisit *visit, GError **error);
