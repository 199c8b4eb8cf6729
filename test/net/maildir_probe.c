/* maildir_probe.c - one step with a Maildir, for tests in Python.
 *
 *     maildir_probe FOLDER list MOST | read NAME MOST_BYTES | finish NAME FLAGS
 *
 * Prints names (and "more"), the mail, or nothing; "error SLUG MESSAGE" and exit status 1 on
 * failure.
 */
#include "engine/maildir.h"

#include <stdio.h>
#include <string.h>

static bool
run(Maildir *maildir, Arena *arena, char **words, GError **error)
{
    if (strcmp(words[0], "finish") == 0)
        return maildir_finish(maildir, words[1], words[2], error);
    if (strcmp(words[0], "read") == 0) {
        Str mail;
        size_t most = (size_t)g_ascii_strtoull(words[2], NULL, 10);
        if (!maildir_read(maildir, arena, words[1], most, &mail, error))
            return false;
        must(fwrite(mail.at, 1, mail.len, stdout) == mail.len);
        return true;
    }
    MaildirList list;
    if (!maildir_list(maildir, arena, (size_t)g_ascii_strtoull(words[1], NULL, 10), &list, error))
        return false;
    for (size_t i = 0; i < list.count; i++)
        printf("%s\n", list.names[i]);
    printf("%s", list.more ? "more\n" : "");
    return true;
}

int
main(int count, char **words)
{
    g_autoptr(GError) error = NULL;
    must(count >= 4);
    g_autoptr(Arena) arena = arena_new(64 * 1024 * 1024);
    g_autoptr(Maildir) maildir = maildir_open(words[1], &error);
    if (maildir && run(maildir, arena, words + 2, &error))
        return 0;
    printf("error %s %s\n", error_row(error)->slug, error->message);
    return 1;
}
