/* imap_probe.c - our IMAP client behind a pipe, so that tests in Python can drive it.
 *
 *     imap_probe HOST PORT TLS USER SECRET CA MAILBOX PRIVATE STEP_MS
 *         TLS implicit|starttls|never; CA and MAILBOX "-" for none; PRIVATE 0|1
 *
 * Commands, a line each, answered with one line (fetch: and so many bytes):
 *   list UIDVALIDITY UID MOST     -> list UIDVALIDITY RENUMBERED MORE UID...
 *   fetch UID MOST_BYTES          -> fetch BYTES
 *   seen UID 0|1, move UID FOLDER -> ok
 * or error SLUG MESSAGE.
 */
#include "base/limits.h"
#include "engine/imap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
number(const char *word)
{
    return (uint32_t)g_ascii_strtoull(word ? word : "", NULL, 10);
}

static bool
run_list(Imap *imap, Arena *arena, char **words, GError **error)
{
    ImapList list;
    ImapPlace place = {number(words[1]), number(words[2])};
    if (!imap_list(imap, arena, place, number(words[3]), &list, error))
        return false;
    printf("list %" PRIu32 " %d %d", list.uidvalidity, list.renumbered, list.more);
    for (size_t i = 0; i < list.count; i++)
        printf(" %" PRIu32, list.uids[i]);
    printf("\n");
    return true;
}

static bool
run_fetch(Imap *imap, Arena *arena, char **words, GError **error)
{
    Str mail;
    if (!imap_fetch(imap, arena, number(words[1]), number(words[2]), &mail, error))
        return false;
    printf("fetch %zu\n", mail.len);
    must(fwrite(mail.at, 1, mail.len, stdout) == mail.len);
    return true;
}

static bool
run(Imap *imap, Arena *arena, char **words, GError **error)
{
    if (strcmp(words[0], "list") == 0)
        return run_list(imap, arena, words, error);
    if (strcmp(words[0], "fetch") == 0)
        return run_fetch(imap, arena, words, error);
    bool fine = strcmp(words[0], "seen") == 0
                    ? imap_mark_seen(imap, number(words[1]), number(words[2]), error)
                    : imap_move(imap, number(words[1]), words[2], error);
    if (fine)
        printf("ok\n");
    return fine;
}

static void
print_error(const GError *error)
{
    printf("error %s %s\n", error_row(error)->slug, error->message);
}

int
main(int count, char **words)
{
    g_autoptr(GError) error = NULL;
    must(count == 10);
    ImapServer server = {
        .host = words[1],
        .port = (int)number(words[2]),
        .tls = strcmp(words[3], "implicit") == 0   ? IMAP_TLS_IMPLICIT
               : strcmp(words[3], "starttls") == 0 ? IMAP_TLS_STARTTLS
                                                   : IMAP_TLS_NEVER,
        .user = words[4],
        .secret = words[5],
        .ca_file = strcmp(words[6], "-") == 0 ? NULL : words[6],
        .mailbox = strcmp(words[7], "-") == 0 ? NULL : words[7],
        .net = {.scope = number(words[8]) ? NET_ANY : NET_PUBLIC},
        .allow_plain = number(words[8]),
        .step_ms = (int)number(words[9]),
    };
    g_autoptr(Imap) imap = imap_open(&server, &error);
    if (!imap) {
        print_error(error);
        return 1;
    }
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
        g_autoptr(GError) wrong = NULL;
        g_auto(GStrv) parts = g_strsplit(g_strchomp(line), " ", *line == 'm' ? 3 : 4);
        if (!run(imap, arena, parts, &wrong))
            print_error(wrong);
        fflush(stdout);
    }
    free(line);
    return 0;
}
