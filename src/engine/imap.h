/* imap.h - read a mailbox over IMAP: what is new since a place, each mail once.
 *
 *     imap = imap_open(&server, error);
 *     imap_list(imap, arena, place, 100, &list, error)        // logs in, selects
 *     each: imap_fetch(imap, arena, uid, bytes, &mail, error), store it and its place in ONE job
 *     imap_mark_seen(...) or imap_move(...)           // for the eyes of people; not our memory
 *
 * THE PLACE is (uidvalidity, uid): the store keeps it, the mailbox keeps nothing for us. So a crash
 * anywhere loses no mail and reads none twice, whatever people do with the flags meanwhile. When
 * the server gives the mailbox another UIDVALIDITY all UIDs are new ones (RFC 9051 2.3.1.1): the
 * list then begins at the start and says so; whoever stores mails must know them again (by
 * Message-ID, hash).
 *
 * libcurl speaks the protocol. It blocks: for a thread of its own, or a command. Each step logs in
 * if the connection is gone, so an Imap may be kept for as long as one likes. TLS is always
 * verified. Where it may connect is judged as for HTTP (http_client.h): shops name the host. Errors
 * name host and port and the server's words, never the password.
 *
 * Fetching a mail marks it as seen: libcurl has no BODY.PEEK. imap_mark_seen(.., false) takes it
 * back.
 *
 * Sources: RFC 9051 and 3501 (IMAP), 6851 (MOVE), 4315 (UIDPLUS), 3501 5.1.3 (folder names).
 */
#pragma once

#include "base/base.h"
#include "engine/net_rule.h"

typedef struct Imap Imap;

typedef enum ImapTls {
    IMAP_TLS_IMPLICIT, /* from the first byte, port 993 */
    IMAP_TLS_STARTTLS, /* or nothing; port 143 */
    IMAP_TLS_NEVER,    /* the password in the open: only together with allow_plain */
} ImapTls;

/* Copied by imap_open(). Zero means the default in brackets. */
typedef struct ImapServer {
    const char *host;
    int port; /* [993; 143 without implicit TLS] */
    ImapTls tls;
    const char *ca_file; /* PEM of authorities to trust besides the system's */
    const char *user;
    const char *secret; /* password, or access token with xoauth2 */
    bool xoauth2;
    const char *mailbox; /* UTF-8 ["INBOX"] */
    int connect_ms;      /* [10,000] */
    int step_ms;         /* of one list, fetch, mark, move [60,000] */
    NetRule net;         /* where it may connect [public addresses] */
    bool allow_plain;    /* without TLS */
} ImapServer;

typedef struct ImapPlace {
    uint32_t uidvalidity; /* 0: never read before */
    uint32_t uid;         /* the last one that is stored; 0: none */
} ImapPlace;

typedef struct ImapList {
    uint32_t uidvalidity; /* now; the place of a mail stored is (this, its uid) */
    bool renumbered;      /* another one than that of the place: all mails are listed */
    uint32_t *uids;       /* ascending */
    size_t count;
    bool more; /* there may be more than asked for: ask again from the last */
} ImapList;

/* Connects to nothing yet. ERR_CONFIG when the settings contradict each other or name what cannot
 * be (line breaks). */
Imap *imap_open(const ImapServer *server, GError **error);
void imap_close(Imap *imap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Imap, imap_close)

/* From another thread, while the imap is open: the step under way, and all that follow, fail within a second or two. */
void imap_stop(Imap *imap);

/* The following fail with ERR_AUTH (login), ERR_NET, ERR_TLS, ERR_FORBIDDEN (address), ERR_REFUSED
 * (the server's no, in its words), ERR_BAD_REPLY, and what they name themselves. */

/* Lists at most `most` mails behind the place, the oldest first, into the arena. */
bool
imap_list(Imap *imap, Arena *arena, ImapPlace behind, size_t most, ImapList *ret, GError **error);

/* One whole mail, into the arena. ERR_TOO_BIG over most_bytes (no more than that and a little is
 * read); ERR_NOT_FOUND when somebody has deleted it, or renumbered the mailbox. After imap_list(). */
bool
imap_fetch(Imap *imap, Arena *arena, uint32_t uid, size_t most_bytes, Str *ret, GError **error);

/* Marks it as seen or as not seen. */
bool imap_mark_seen(Imap *imap, uint32_t uid, bool seen, GError **error);

/* Moves it to another folder (UTF-8), made where it is missing; by MOVE, else by copying and
 * deleting. */
bool imap_move(Imap *imap, uint32_t uid, const char *folder, GError **error);
