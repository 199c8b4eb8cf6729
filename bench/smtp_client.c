/* smtp_client.c - how many mails a second our SMTP client hands over.
 *
 *   bench_smtp PORT [MAILS [BYTES [CONNECTIONS [DEPTH]]]]
 *
 * Pushes MAILS mails of BYTES each (the same data, each with an address of its own) to a server on
 * 127.0.0.1, one thread, and prints `smtp.ours N mails/s`. Exits 1 unless every mail was accepted.
 */
#include "engine/clock.h"
#include "engine/smtp.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Run {
    GString *data;
    char (*addresses)[48]; /* one per mail in hand, by tag modulo slots */
    int64_t slots;
    int64_t begun, sent, lost;
} Run;

static void
run_done(void *arg, SmtpPool *pool, const SmtpResult *result)
{
    Run *run = arg;
    run->sent += result->outcome == SMTP_SENT;
    run->lost += result->outcome != SMTP_SENT;
    if (result->outcome != SMTP_SENT)
        fprintf(stderr, "%s at %s: %d %s\n", smtp_outcome_name(result->outcome),
                smtp_stage_name(result->stage), result->code, result->words);
}

static void
run_submit(Run *run, SmtpPool *pool)
{
    char *address = run->addresses[run->begun % run->slots];
    SmtpMail mail = {
        .tag = run->begun,
        .from = STR("orders@shop.example"),
        .to = {address, (size_t)sprintf(address, "buyer.%08d@example.com", (int)run->begun)},
        .data = {run->data->str, run->data->len},
    };
    smtp_pool_submit(pool, &mail);
    run->begun++;
}

static GString *
run_mail(size_t bytes)
{
    GString *data = g_string_new("From: orders@shop.example\r\nTo: buyer@example.com\r\n"
                                 "Subject: Your order\r\nMessage-ID: <1@shop.example>\r\n\r\n");
    while (data->len < bytes)
        g_string_append(data,
                        "The quick brown fox jumps over the lazy dog, and so do all others.\r\n");
    return data;
}

static int
number(int argc, char **argv, int at, int otherwise)
{
    return argc > at ? atoi(argv[at]) : otherwise;
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_smtp PORT [MAILS [BYTES [CONNECTIONS [DEPTH]]]]\n");
        return 2;
    }
    int mails = number(argc, argv, 2, 100000);
    SmtpServer server = {
        .host = "127.0.0.1",
        .port = atoi(argv[1]),
        .tls = SMTP_TLS_NEVER,
        .net = {.scope = NET_LOOPBACK},
        .connections = number(argc, argv, 4, 10),
        .depth = number(argc, argv, 5, 2),
        .mails_per_connection = 1000000,
    };
    Run run = {.data = run_mail((size_t)number(argc, argv, 3, 8000))};
    run.slots = (int64_t)server.connections * server.depth + mails;
    run.addresses = g_malloc0_n((gsize)run.slots, sizeof *run.addresses);
    g_autoptr(GError) error = NULL;
    g_autoptr(SmtpLoop) loop = smtp_loop_new(run_done, &run, &error);
    SmtpPool *pool = loop ? smtp_pool_open(loop, &server, &error) : NULL;
    if (!pool) {
        fprintf(stderr, "bench_smtp: %s\n", error->message);
        return 1;
    }
    int64_t from = clock_monotonic();
    while (run.sent < mails && !run.lost) {
        for (size_t room = smtp_pool_room(pool); room && run.begun < mails; room--)
            run_submit(&run, pool);
        smtp_loop_turn(loop, 1000);
    }
    double seconds = (double)(clock_monotonic() - from) / 1000.0;
    printf("smtp.ours %.0f mails/s\n", (double)run.sent / seconds);
    g_string_free(run.data, TRUE);
    g_free(run.addresses);
    return run.lost ? 1 : 0;
}
