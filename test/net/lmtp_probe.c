/* lmtp_probe.c - our LMTP listener with hooks that do as the address says, for tests in Python.
 *
 *     lmtp_probe FOLDER [KEY=N]...     keys: mail mails connections recipients idle mail_s answer divisor
 *
 * The first line of its output is the port. Commands: counts -> counts CONNECTIONS MAILS REFUSED
 * OPEN STORING; release N (answers deliveries that were held) -> released N; stop MS -> stopped;
 * quit.
 *
 * A recipient: no-...@ is refused, later-...@ put off, all others taken. When the mail is there:
 *   fail-...@ is refused, busy-...@ put off, hold-...@ waits for `release`, slow-...@ takes 100 ms
 *   and is answered by another thread, all others are accepted at once.
 * What is accepted is a file FOLDER/N: "FROM\nRCPT\nTOKEN\nFLAGS\n" and the mail, whole before the
 * yes.
 */
#include "engine/lmtp.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Probe {
    Lmtp *lmtp;
    const char *folder;
    pthread_mutex_t lock;
    int files;
    GQueue held; /* of Slow */
} Probe;

typedef struct Slow {
    Probe *probe;
    LmtpDelivery *delivery;
    size_t rcpt;
} Slow;

static LmtpVerdict
probe_rcpt(Str address, int64_t *ret_token, void *arg)
{
    *ret_token = (int64_t)address.len;
    if (str_starts(address, "no-"))
        return LMTP_REFUSE;
    return str_starts(address, "later-") ? LMTP_LATER : LMTP_ACCEPT;
}

static void
probe_keep(Probe *probe, const LmtpDelivery *delivery, size_t rcpt)
{
    pthread_mutex_lock(&probe->lock);
    int number = ++probe->files;
    pthread_mutex_unlock(&probe->lock);
    g_autofree char *path = g_strdup_printf("%s/%d.part", probe->folder, number);
    g_autofree char *whole = g_strdup_printf("%s/%d", probe->folder, number);
    FILE *file = fopen(path, "w");
    must(file);
    const LmtpRcpt *to = &delivery->rcpts[rcpt];
    fprintf(file, STR_FMT "\n" STR_FMT "\n%" PRId64 "\n%s%s\n", STR_ARG(delivery->from),
            STR_ARG(to->address), to->token, delivery->eight_bit ? "8" : "",
            delivery->utf8 ? "u" : "");
    must(fwrite(delivery->mail.at, 1, delivery->mail.len, file) == delivery->mail.len);
    must(fclose(file) == 0);
    must(rename(path, whole) == 0);
}

static void *
slow_main(void *arg)
{
    Slow *slow = arg;
    g_usleep(100 * 1000);
    probe_keep(slow->probe, slow->delivery, slow->rcpt);
    lmtp_answer(slow->delivery, slow->rcpt, LMTP_ACCEPT);
    g_free(slow);
    return NULL;
}

static void
probe_deliver(LmtpDelivery *delivery, void *arg)
{
    Probe *probe = arg;
    size_t count = delivery->count;
    for (size_t i = 0; i < count; i++) {
        Str address = delivery->rcpts[i].address;
        Slow *slow = g_new0(Slow, 1);
        *slow = (Slow){probe, delivery, i};
        if (str_starts(address, "hold-")) {
            pthread_mutex_lock(&probe->lock);
            g_queue_push_tail(&probe->held, slow);
            pthread_mutex_unlock(&probe->lock);
            continue;
        }
        if (str_starts(address, "slow-")) {
            pthread_t thread;
            must(pthread_create(&thread, NULL, slow_main, slow) == 0);
            pthread_detach(thread);
            continue;
        }
        g_free(slow);
        LmtpVerdict verdict = str_starts(address, "fail-")   ? LMTP_REFUSE
                              : str_starts(address, "busy-") ? LMTP_LATER
                                                             : LMTP_ACCEPT;
        if (verdict == LMTP_ACCEPT)
            probe_keep(probe, delivery, i);
        lmtp_answer(delivery, i, verdict);
    }
}

static void
probe_release(Probe *probe)
{
    int count = 0;
    Slow *slow;
    do {
        pthread_mutex_lock(&probe->lock);
        slow = g_queue_pop_head(&probe->held);
        pthread_mutex_unlock(&probe->lock);
        if (!slow)
            break;
        probe_keep(probe, slow->delivery, slow->rcpt);
        lmtp_answer(slow->delivery, slow->rcpt, LMTP_ACCEPT);
        g_free(slow);
        count++;
    } while (true);
    printf("released %d\n", count);
}

static int
number_of(char **words, int count, const char *key)
{
    size_t len = strlen(key);
    for (int i = 2; i < count; i++)
        if (strncmp(words[i], key, len) == 0 && words[i][len] == '=')
            return (int)g_ascii_strtoll(words[i] + len + 1, NULL, 10);
    return 0;
}

static bool
probe_command(Probe *probe, const char *line)
{
    if (g_str_has_prefix(line, "counts")) {
        LmtpCounts counts = lmtp_counts(probe->lmtp);
        printf("counts %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %d\n", counts.connections,
               counts.mails, counts.refused, counts.open, counts.storing);
    } else if (g_str_has_prefix(line, "release")) {
        probe_release(probe);
    } else if (g_str_has_prefix(line, "stop")) {
        lmtp_stop(probe->lmtp, (int)g_ascii_strtoll(line + 5, NULL, 10));
        printf("stopped\n");
    }
    return !g_str_has_prefix(line, "quit");
}

int
main(int count, char **words)
{
    Probe probe = {.folder = words[1]};
    must(count > 1);
    pthread_mutex_init(&probe.lock, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    LmtpOptions options = {
        .listen = "127.0.0.1:0",
        .name = "shop.test",
        .mail_bytes = (size_t)number_of(words, count, "mail"),
        .mails_bytes = (size_t)number_of(words, count, "mails"),
        .connections = number_of(words, count, "connections"),
        .recipients = number_of(words, count, "recipients"),
        .idle_s = number_of(words, count, "idle"),
        .mail_s = number_of(words, count, "mail_s"),
        .answer_s = number_of(words, count, "answer"),
        .divisor = number_of(words, count, "divisor"),
    };
    LmtpHooks hooks = {probe_rcpt, probe_deliver, &probe};
    probe.lmtp = lmtp_new(&options, &hooks, NULL);
    must(probe.lmtp);
    printf("%d\n", lmtp_port(probe.lmtp));
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0 && probe_command(&probe, line))
        ;
    free(line);
    lmtp_free(probe.lmtp);
    probe_release(&probe); /* answers that come after the listener is gone */
    pthread_mutex_destroy(&probe.lock);
    return 0;
}
