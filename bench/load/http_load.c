/* http_load.c - a load generator on one thread: posts signed orders or gets a list of paths.
 *
 *   http_load post --port P --path /in/bench/shopify --orders FILE --secret S --moment M
 *                  --count N [--first N] [--new-buyers] [--copies N] [--times FILE] COMMON
 *   http_load get  --port P --paths FILE COMMON
 *   COMMON: [--seconds S] [--rate R] [--connections C]
 *
 * Without --rate every connection asks again as soon as it is answered (closed loop). With --rate
 * requests are due at fixed moments and latency counts from that moment, also when no connection
 * was free: a server that stalls cannot hide it (no coordinated omission).
 *
 * `post` ends after --count orders, --copies of each in no order, or --seconds, whichever comes
 * first; `get` walks through the paths in the file's order, again and again, for --seconds. Bodies
 * are signed before the clock starts. Prints one line of JSON; an answer other than 2xx, or a lost
 * connection with a request on the way, counts as an error. --times gets three uint64 for each
 * acknowledged order: its number, when it was due and when it was acknowledged (ns,
 * CLOCK_MONOTONIC).
 */
#include "client.h"
#include "order.h"
#include "samples.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    EVENTS = 256,
    GRACE_SECONDS = 60, /* for answers on the way when time is up */
    ERROR_CHARS = 160,
};

typedef struct Options {
    bool post;
    uint16_t port;
    const char *path;
    const char *paths;
    const char *times;
    double seconds; /* 0: no limit */
    double rate;    /* 0: as fast as the answers come */
    unsigned connections;
    unsigned copies; /* of each order, shuffled */
    OrderPlan plan;
} Options;

typedef struct Paths {
    char *text;
    char **list;
    size_t count;
} Paths;

typedef struct Load {
    Options options;
    Orders *orders; /* post */
    Paths paths;    /* get */
    int epoll;
    Client *clients;
    Client **idle;
    size_t idle_count;
    uint64_t limit;   /* requests to start at most */
    uint64_t started; /* requests started */
    uint64_t ok;
    uint64_t errors;
    uint64_t reconnects;
    uint64_t body_bytes;
    uint64_t start_ns;
    uint64_t end_ns; /* the last answer */
    double start_cpu_seconds;
    Samples latencies;
    FILE *times;
    char first_error[ERROR_CHARS];
} Load;

/* ---- requests --------------------------------------------------------------------------- */

static size_t
post_write(const Load *load, uint64_t number, char *out)
{
    char body[ORDER_BODY_BYTES], signature[ORDER_SIGNATURE_CHARS + 1];
    size_t len = order_write(load->orders, number, body, signature);
    uint64_t id_high = order_scramble(number), id_low = order_scramble(id_high);
    int head = snprintf(
        out, CLIENT_OUT_BYTES,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: Shopify-Captain-Hook\r\n"
        "Accept: */*\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
        "X-Shopify-Topic: orders/create\r\nX-Shopify-Hmac-SHA256: %s\r\n"
        "X-Shopify-Shop-Domain: bench.myshopify.com\r\nX-Shopify-API-Version: 2025-10\r\n"
        "X-Shopify-Webhook-Id: %08x-%04x-4%03x-a%03x-%012" PRIx64 "\r\n"
        "X-Shopify-Event-Id: %08x-%04x-4%03x-b%03x-%012" PRIx64 "\r\n"
        "X-Shopify-Triggered-At: %s\r\n\r\n",
        load->options.path, load->options.port, len, signature, (unsigned)(id_high >> 32),
        (unsigned)(id_high >> 16) & 0xffff, (unsigned)id_high & 0xfff,
        (unsigned)(id_low >> 52) & 0xfff, id_low & 0xffffffffffff, (unsigned)(id_low >> 32),
        (unsigned)(id_low >> 16) & 0xffff, (unsigned)id_low & 0xfff,
        (unsigned)(id_high >> 52) & 0xfff, id_high & 0xffffffffffff, load->options.plan.moment);
    if (head < 0 || (size_t)head + len > CLIENT_OUT_BYTES)
        errx(1, "a request is too long");
    memcpy(out + head, body, len);
    return (size_t)head + len;
}

static size_t
get_write(const Load *load, uint64_t number, char *out)
{
    int len = snprintf(out, CLIENT_OUT_BYTES,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: text/html\r\n\r\n",
                       load->paths.list[number % load->paths.count], load->options.port);
    if (len < 0 || len >= CLIENT_OUT_BYTES)
        errx(1, "a path is too long");
    return (size_t)len;
}

/* ---- answers ---------------------------------------------------------------------------- */

static void
error_count(Load *load, const char *what)
{
    if (!load->errors++)
        snprintf(load->first_error, sizeof load->first_error, "%s", what);
}

/* Quotes and control characters would break the line of JSON that it ends in. */
static void
status_error_count(Load *load, const Client *client)
{
    char what[ERROR_CHARS];
    snprintf(what, sizeof what, "HTTP %d", client->status);
    error_count(load, what);
}

static void
answer_count(Load *load, const Client *client)
{
    uint64_t now = now_ns();
    load->end_ns = now;
    if (client->status < 200 || client->status > 299) {
        status_error_count(load, client);
        return;
    }
    load->ok++;
    load->body_bytes += client->body_bytes;
    samples_append(&load->latencies, now - client->started_ns);
    if (load->times) {
        uint64_t row[3] = {client->number, client->started_ns, now};
        if (fwrite(row, sizeof row, 1, load->times) != 1)
            err(1, "%s", load->options.times);
    }
}

/* What a state means for the load: counts, opens again, gives the client back to the idle ones. */
static void
client_settle(Load *load, Client *client, bool was_busy)
{
    if (client->state == CLIENT_IDLE || client->state == CLIENT_BUSY)
        return;
    bool lost = client->state == CLIENT_LOST;
    if (lost && was_busy)
        error_count(load, "connection lost with a request on the way");
    if (!lost)
        answer_count(load, client);
    if (lost || client->closes) {
        client_close(client);
        client_open(client, load->epoll, load->options.port);
        load->reconnects++;
    }
    client->state = CLIENT_IDLE;
    if (was_busy)
        load->idle[load->idle_count++] = client;
}

/* Processor time of this program: how much of the machine the measuring takes. */
static double
cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ---- the loop --------------------------------------------------------------------------- */

static uint64_t
due_ns(const Load *load, uint64_t index)
{
    return load->start_ns + (uint64_t)((double)index * 1e9 / load->options.rate);
}

static bool
time_is_up(const Load *load, uint64_t now)
{
    return load->options.seconds > 0 &&
           now >= load->start_ns + (uint64_t)(load->options.seconds * 1e9);
}

static bool
may_start(const Load *load, uint64_t now)
{
    if (load->started >= load->limit || time_is_up(load, now))
        return false;
    return load->options.rate == 0 || now >= due_ns(load, load->started);
}

/* Which order the n-th request carries. Copies are spread over the whole load: the step is a prime, so every place is
 * met once. */
static uint64_t
post_number(const Load *load, uint64_t index)
{
    const OrderPlan *plan = &load->options.plan;
    uint64_t total = plan->count * load->options.copies;
    if (load->options.copies > 1)
        index = (uint64_t)((unsigned __int128)index * 2654435761 % total) % plan->count;
    return plan->first + index;
}

static void
requests_start(Load *load)
{
    uint64_t now = now_ns();
    while (load->idle_count && may_start(load, now)) {
        Client *client = load->idle[--load->idle_count];
        bool post = load->options.post;
        client->number = post ? post_number(load, load->started) : load->started;
        client->out_len = post ? post_write(load, client->number, client->out)
                               : get_write(load, client->number, client->out);
        now = now_ns();
        client->started_ns = load->options.rate > 0 ? due_ns(load, load->started) : now;
        load->started++;
        client_start(client);
        client_settle(load, client, true);
    }
}

static struct timespec
pause_until_due(const Load *load)
{
    uint64_t pause = 100 * 1000 * 1000;
    if (load->options.rate > 0 && load->idle_count && load->started < load->limit) {
        uint64_t now = now_ns(), due = due_ns(load, load->started);
        pause = due > now ? due - now : 0;
    }
    return (struct timespec){.tv_sec = (time_t)(pause / 1000000000), .tv_nsec = pause % 1000000000};
}

static bool
load_over(const Load *load)
{
    uint64_t now = now_ns();
    bool ended = load->started >= load->limit || time_is_up(load, now);
    if (!ended)
        return false;
    if (load->idle_count == load->options.connections)
        return true;
    if (now > load->end_ns + (uint64_t)GRACE_SECONDS * 1000000000u && load->end_ns)
        errx(1, "no answer for %d s to %zu requests", GRACE_SECONDS,
             load->options.connections - load->idle_count);
    return false;
}

static void
load_run(Load *load)
{
    struct epoll_event events[EVENTS];
    load->start_cpu_seconds = cpu_seconds();
    load->start_ns = load->end_ns = now_ns();
    while (!load_over(load)) {
        requests_start(load);
        struct timespec pause = pause_until_due(load);
        int count = epoll_pwait2(load->epoll, events, EVENTS, &pause, NULL);
        if (count < 0 && errno != EINTR)
            err(1, "epoll");
        for (int i = 0; i < count; i++) {
            Client *client = events[i].data.ptr;
            bool was_busy = client->state == CLIENT_BUSY;
            client_turn(client);
            client_settle(load, client, was_busy);
        }
    }
}

/* ---- the frame -------------------------------------------------------------------------- */

static Paths
paths_read(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        err(1, "%s", path);
    Paths paths = {0};
    size_t room = 0, text_room = 0;
    for (ssize_t len; (len = getline(&paths.text, &text_room, file)) > 0;) {
        if (paths.text[len - 1] == '\n')
            paths.text[len - 1] = '\0';
        if (paths.count == room) {
            room = room ? room * 2 : 1024;
            paths.list = realloc(paths.list, room * sizeof *paths.list);
        }
        if (!paths.list || !(paths.list[paths.count++] = strdup(paths.text)))
            err(1, "memory");
    }
    fclose(file);
    if (paths.count < 2)
        errx(1, "%s: needs two paths or more", path);
    return paths;
}

static void
load_open(Load *load)
{
    const Options *options = &load->options;
    if (options->post)
        load->orders = orders_new(&options->plan);
    else
        load->paths = paths_read(options->paths);
    load->limit = options->post ? options->plan.count * options->copies : UINT64_MAX;
    if (options->times && !(load->times = fopen(options->times, "we")))
        err(1, "%s", options->times);

    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->clients = calloc(options->connections, sizeof *load->clients);
    load->idle = calloc(options->connections, sizeof(Client *));
    if (load->epoll < 0 || !load->clients || !load->idle)
        err(1, "starting");
    for (unsigned i = 0; i < options->connections; i++) {
        client_open(&load->clients[i], load->epoll, options->port);
        load->idle[load->idle_count++] = &load->clients[i];
    }
}

static void
load_close(Load *load)
{
    for (unsigned i = 0; i < load->options.connections; i++)
        client_close(&load->clients[i]);
    for (size_t i = 0; i < load->paths.count; i++)
        free(load->paths.list[i]);
    free(load->paths.list);
    free(load->paths.text);
    if (load->times && fclose(load->times) != 0)
        err(1, "%s", load->options.times);
    if (load->orders)
        orders_free(load->orders);
    free(load->clients);
    free(load->idle);
    samples_free(&load->latencies);
    close(load->epoll);
}

static void
load_print(Load *load)
{
    double seconds = (double)(load->end_ns - load->start_ns) / 1e9;
    Samples *latencies = &load->latencies;
    samples_sort(latencies);
    printf("{\"ok\":%" PRIu64 ",\"errors\":%" PRIu64
           ",\"first_error\":\"%s\",\"reconnects\":%" PRIu64
           ",\"seconds\":%.6f,\"rate\":%.3f,\"p50_us\":%u,\"p99_us\":%u,\"p999_us\":%u,"
           "\"max_us\":%u,\"body_bytes\":%" PRIu64 ",\"exhausted\":%s,\"start_ns\":%" PRIu64
           ",\"end_ns\":%" PRIu64 ",\"cpu_seconds\":%.3f}\n",
           load->ok, load->errors, load->first_error, load->reconnects, seconds,
           seconds > 0 ? (double)load->ok / seconds : 0.0, samples_quantile_us(latencies, 500),
           samples_quantile_us(latencies, 990), samples_quantile_us(latencies, 999),
           samples_quantile_us(latencies, 1000), load->body_bytes,
           load->started >= load->limit ? "true" : "false", load->start_ns, load->end_ns,
           cpu_seconds() - load->start_cpu_seconds);
}

static void
usage_fail(void)
{
    errx(2, "usage: http_load post|get --port P ... (see the head of http_load.c)");
}

static void
option_take(Options *options, int option, const char *value)
{
    switch (option) {
    case 'p':
        options->port = (uint16_t)atoi(value);
        break;
    case 'u':
        options->path = value;
        break;
    case 'P':
        options->paths = value;
        break;
    case 't':
        options->times = value;
        break;
    case 's':
        options->seconds = atof(value);
        break;
    case 'r':
        options->rate = atof(value);
        break;
    case 'c':
        options->connections = (unsigned)atoi(value);
        break;
    case 'o':
        options->plan.templates = value;
        break;
    case 'k':
        options->plan.secret = value;
        break;
    case 'm':
        options->plan.moment = value;
        break;
    case 'f':
        options->plan.first = strtoull(value, NULL, 10);
        break;
    case 'n':
        options->plan.count = strtoull(value, NULL, 10);
        break;
    case 'x':
        options->copies = (unsigned)atoi(value);
        break;
    case 'b':
        options->plan.new_buyers = true;
        break;
    default:
        usage_fail();
    }
}

static Options
options_read(int argc, char **argv)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},
        {"path", required_argument, NULL, 'u'},
        {"paths", required_argument, NULL, 'P'},
        {"times", required_argument, NULL, 't'},
        {"seconds", required_argument, NULL, 's'},
        {"rate", required_argument, NULL, 'r'},
        {"connections", required_argument, NULL, 'c'},
        {"orders", required_argument, NULL, 'o'},
        {"secret", required_argument, NULL, 'k'},
        {"moment", required_argument, NULL, 'm'},
        {"first", required_argument, NULL, 'f'},
        {"count", required_argument, NULL, 'n'},
        {"new-buyers", no_argument, NULL, 'b'},
        {"copies", required_argument, NULL, 'x'},
        {0},
    };
    if (argc < 2)
        usage_fail();
    Options options = {.connections = 64, .copies = 1, .post = strcmp(argv[1], "post") == 0};
    if (!options.post && strcmp(argv[1], "get") != 0)
        usage_fail();
    for (int option; (option = getopt_long(argc - 1, argv + 1, "", known, NULL)) != -1;)
        option_take(&options, option, optarg);
    const OrderPlan *plan = &options.plan;
    bool whole = options.post ? options.path && plan->templates && plan->secret && plan->moment &&
                                    plan->count
                              : options.paths && options.seconds > 0;
    if (!whole || !options.port || !options.connections || !options.copies)
        usage_fail();
    return options;
}

int
main(int argc, char **argv)
{
    Load load = {.options = options_read(argc, argv)};
    load_open(&load);
    load_run(&load);
    load_print(&load);
    load_close(&load);
    return 0;
}
