/* maildir.h - read the mails that a mail server leaves in a Maildir folder.
 *
 * The server writes a mail in tmp/ and moves it to new/ when it is whole, so whatever is in new/ is
 * whole. Who has read one moves it to cur/, with flags in its name; then it is not found again.
 *
 *     maildir_list(maildir, arena, 100, &list, error)
 *     each: maildir_read(...), store it, and only then maildir_finish(maildir, name, "S", error)
 *
 * A crash between the two finds the mail again: whoever stores mails must know them again, by name.
 * A mail that cannot be read (too big, no file, not ours to read) must be finished, too, or it
 * stays among the first for good.
 *
 * The folder may be written by others: links, pipes and devices in it are no mails, and no name
 * leads out of it. Source: cr.yp.to/proto/maildir.html.
 */
#pragma once

#include "base/base.h"

typedef struct Maildir Maildir;

typedef struct MaildirList {
    char **names; /* in order, which for most servers is that of their arrival */
    size_t count;
    bool more; /* there were more than asked for */
} MaildirList;

/* ERR_CONFIG when the folder or its new/ and cur/ are not there or not ours to use. */
Maildir *maildir_open(const char *path, GError **error);
void maildir_close(Maildir *maildir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Maildir, maildir_close)

/* Names of at most `most` mails in new/. ERR_IO. */
bool maildir_list(Maildir *maildir, Arena *arena, size_t most, MaildirList *ret, GError **error);

/* A mail's bytes as they stand there (most servers write LF line ends), into the arena. ERR_TOO_BIG
 * over most_bytes; ERR_NOT_FOUND when somebody else took it; ERR_INPUT for what is no mail's file;
 * ERR_IO. */
bool maildir_read(Maildir *maildir, Arena *arena, const char *name, size_t most_bytes, Str *ret,
                  GError **error);

/* Moves it from new/ to cur/ with the flags ("S" seen, "F" flagged, "T" trashed; "" none), for
 * good: the move outlives a power cut. ERR_NOT_FOUND, ERR_CONFLICT (cur/ has another one of that
 * name), ERR_IO. */
bool maildir_finish(Maildir *maildir, const char *name, const char *flags, GError **error);
