/* sink.c - an SMTP server that accepts everything, counts it and says when it came.
 *
 *   sink [-p PORT] [-l FILE]
 *
 * For figures where postfix's smtp-sink would be the wall, and where the moment of every mail counts:
 * one thread, epoll, PIPELINING (RFC 2920), 8BITMIME, SMTPUTF8, SIZE, DSN; answers are queued while
 * input is at hand and leave in one write.
 *
 * FILE gets three uint64 for each accepted mail: the moment at which its 250 was written (ns,
 * CLOCK_MONOTONIC), the number in the last recipient (`ana.garcia.00000123@example.com`: 123; with
 * bit 63 set for `bulk.00000123@`; all bits for an address without number), and a hash of its
 * Message-ID. The command XSTATS answers `250 mails=N bulk=N bytes=N` and flushes FILE.
 */
#include "listen.h"
#include "samples.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 256,
    IN_BYTES = 256 * 1024,
    OUT_BYTES = 64 * 1024,
    HEAD_BYTES = 4096,  /* where the Message-ID is looked for */
    ANSWER_CHARS = 256, /* the longest answer */
};

#define NUMBER_NONE UINT64_MAX
#define NUMBER_BULK ((uint64_t)1 << 63)

typedef struct Counts {
    uint64_t mails;
    uint64_t bulk;
    uint64_t bytes;
    FILE *log;
} Counts;

typedef struct Session {
    int fd;
    bool in_mail; /* between 354 and the dot */
    bool fresh;   /* no byte of the mail was taken yet */
    bool leaves;
    uint64_t number;
    size_t in_len;
    size_t out_len;
    size_t head_len;
    char in[IN_BYTES];
    char out[OUT_BYTES];
    char head[HEAD_BYTES + 1];
} Session;

/* ---- mails ------------------------------------------------------------------------------ */

static uint64_t
message_id_hash(Session *session)
{
    session->head[session->head_len] = '\0';
    const char *at = strcasestr(session->head, "\nMessage-ID:");
    if (!at)
        return 0;
    at += strlen("\nMessage-ID:");
    at += strspn(at, " \t\r\n");
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *at && *at != '\r' && *at != '\n'; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    return hash;
}

static uint64_t
number_of(const char *recipient)
{
    const char *at = strchr(recipient, '@'), *local = strchr(recipient, '<');
    if (!at || !local || at < local)
        return NUMBER_NONE;
    const char *digits = at;
    while (digits > local + 1 && digits[-1] >= '0' && digits[-1] <= '9')
        digits--;
    if (digits == at || digits[-1] != '.')
        return NUMBER_NONE;
    uint64_t number = strtoull(digits, NULL, 10);
    return strncmp(local, "<bulk.", 6) == 0 ? number | NUMBER_BULK : number;
}

static void
mail_count(Session *session, Counts *counts)
{
    bool bulk = session->number != NUMBER_NONE && (session->number & NUMBER_BULK);
    counts->mails++;
    counts->bulk += bulk;
    if (!counts->log)
        return;
    uint64_t row[3] = {now_ns(), session->number, message_id_hash(session)};
    if (fwrite(row, sizeof row, 1, counts->log) != 1)
        err(1, "writing the log");
}

/* ---- the dialogue ----------------------------------------------------------------------- */

static void
answer(Session *session, const char *line)
{
    size_t len = strlen(line);
    if (session->out_len + len + 2 > OUT_BYTES)
        errx(1, "more answers than fit");
    memcpy(session->out + session->out_len, line, len);
    memcpy(session->out + session->out_len + len, "\r\n", 2);
    session->out_len += len + 2;
}

static void
stats_answer(Session *session, Counts *counts)
{
    char line[ANSWER_CHARS];
    if (counts->log)
        fflush(counts->log);
    snprintf(line, sizeof line, "250 mails=%" PRIu64 " bulk=%" PRIu64 " bytes=%" PRIu64,
             counts->mails, counts->bulk, counts->bytes);
    answer(session, line);
}

static bool
verb_is(const char *line, const char *verb)
{
    return strncasecmp(line, verb, strlen(verb)) == 0;
}

static void
command_obey(Session *session, Counts *counts, const char *line)
{
    if (verb_is(line, "MAIL FROM:")) {
        session->number = NUMBER_NONE;
        answer(session, "250 2.1.0 Ok");
    } else if (verb_is(line, "RCPT TO:")) {
        session->number = number_of(line);
        answer(session, "250 2.1.5 Ok");
    } else if (verb_is(line, "DATA")) {
        session->in_mail = session->fresh = true;
        session->head[0] = '\n'; /* so that the first header line is found like the others */
        session->head_len = 1;
        answer(session, "354 End data with <CR><LF>.<CR><LF>");
    } else if (verb_is(line, "EHLO")) {
        answer(session, "250-sink\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n"
                        "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250 SMTPUTF8");
    } else if (verb_is(line, "QUIT")) {
        session->leaves = true;
        answer(session, "221 2.0.0 Bye");
    } else if (verb_is(line, "XSTATS")) {
        stats_answer(session, counts);
    } else if (verb_is(line, "HELO") || verb_is(line, "RSET") || verb_is(line, "NOOP")) {
        answer(session, "250 2.0.0 Ok");
    } else {
        answer(session, "502 5.5.1 Not known");
    }
}

/* The bytes of the mail at hand: up to its closing dot, or all that surely belong to it. */
static size_t
mail_take(Session *session, Counts *counts, const char *at, size_t len)
{
    bool empty = session->fresh && len >= 3 && memcmp(at, ".\r\n", 3) == 0;
    const char *end = empty ? at : memmem(at, len, "\r\n.\r\n", 5);
    size_t text = end ? (size_t)(end - at) : (len > 4 ? len - 4 : 0);
    size_t keep = HEAD_BYTES - session->head_len < text ? HEAD_BYTES - session->head_len : text;
    memcpy(session->head + session->head_len, at, keep);
    session->head_len += keep;
    session->fresh = session->fresh && text == 0;
    counts->bytes += text;
    if (!end)
        return text;
    session->in_mail = false;
    mail_count(session, counts);
    answer(session, "250 2.0.0 Ok: queued");
    return text + (empty ? 3 : 5);
}

/* One command line; 0 when it is not complete. */
static size_t
line_take(Session *session, Counts *counts, char *at, size_t len)
{
    char *end = memchr(at, '\n', len);
    if (!end)
        return 0;
    *end = '\0';
    command_obey(session, counts, at);
    return (size_t)(end + 1 - at);
}

static void
input_take(Session *session, Counts *counts)
{
    size_t used = 0;
    while (used < session->in_len && session->out_len < OUT_BYTES / 2) {
        char *at = session->in + used;
        size_t len = session->in_len - used;
        size_t taken = session->in_mail ? mail_take(session, counts, at, len)
                                        : line_take(session, counts, at, len);
        if (!taken)
            break;
        used += taken;
    }
    session->in_len -= used;
    memmove(session->in, session->in + used, session->in_len);
}

/* Answers are small: a client that does not read 32 kB of them is no client of the bench. */
static bool
answers_send(Session *session)
{
    if (!session->out_len)
        return true;
    ssize_t sent = send(session->fd, session->out, session->out_len, MSG_NOSIGNAL);
    bool whole = sent == (ssize_t)session->out_len;
    session->out_len = 0;
    return whole;
}

/* False when the session is over. */
static bool
session_serve(Session *session, Counts *counts)
{
    for (;;) {
        if (session->in_len == IN_BYTES)
            errx(1, "a command line over %d bytes", IN_BYTES);
        ssize_t got =
            recv(session->fd, session->in + session->in_len, IN_BYTES - session->in_len, 0);
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        session->in_len += (size_t)got;
        size_t before;
        do {
            before = session->in_len;
            input_take(session, counts);
            if (!answers_send(session) || session->leaves)
                return false;
        } while (session->in_len && session->in_len < before);
    }
}

/* ---- the frame -------------------------------------------------------------------------- */

static void
sessions_accept(int listener, int epoll)
{
    for (int fd; (fd = listen_accept(listener)) >= 0;) {
        Session *session = malloc(sizeof *session);
        if (!session)
            err(1, "memory");
        memset(session, 0, offsetof(Session, in));
        session->fd = fd;
        answer(session, "220 sink ESMTP");
        answers_send(session);
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = session};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

static void
sink_run(int listener, Counts *counts)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        err(1, "epoll");
    while (!listen_stopped()) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            Session *session = events[i].data.ptr;
            if (!session) {
                sessions_accept(listener, epoll);
            } else if (!session_serve(session, counts)) {
                close(session->fd);
                free(session);
            }
        }
    }
    close(epoll);
}

int
main(int argc, char **argv)
{
    Counts counts = {0};
    uint16_t port = 0;
    for (int option; (option = getopt(argc, argv, "p:l:")) != -1;) {
        if (option == 'p')
            port = (uint16_t)atoi(optarg);
        else if (option != 'l')
            errx(2, "usage: sink [-p PORT] [-l FILE]");
        else if (!(counts.log = fopen(optarg, "we")))
            err(1, "%s", optarg);
    }
    listen_catch_stop();
    sink_run(listen_open(port), &counts);
    if (counts.log && fclose(counts.log) != 0)
        err(1, "closing the log");
    return 0;
}
