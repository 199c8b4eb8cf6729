/* http_client_probe.c - our HTTP client behind a pipe, so that tests in Python can drive it.
 *
 * Reads commands, a line each; answers with lines of tab-separated fields.
 *
 *   ask TAG url=U [method=M] [header=NAME:VALUE]... [body=BASE64] [user=U] [password=P] [bearer=B]
 *       [ca=FILE] [connect=MS] [total=MS] [max=BYTES] [redirects=N] [private=1] [plain=1]
 *       [loopback=1] [once=1]
 *            -> done TAG STATUS BYTES SHA256 RETRY_MS ASKED MS SLUG AGAIN PEER MESSAGE, later
 *               (SLUG "-" without error; of http_reply_check() for a status that is one)
 *   with want=NAME in an ask: -> want TAG VALUE before its done
 *   cancel TAG | busy -> busy N | wait URL (blocking, private and plain) -> waited STATUS BYTES | quit
 */
#include "base/encode.h"
#include "base/limits.h"
#include "engine/http_client.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAGS = 20000, HEADERS = 300 };

typedef struct Probe {
    HttpClient *client;
    uint64_t tickets[TAGS];
    pthread_mutex_t out;
} Probe;

typedef struct Pending {
    Probe *probe;
    int64_t tag;
    char *want;
} Pending;

static void
probe_done(const HttpReply *reply, const GError *error, void *arg)
{
    Pending *pending = arg;
    g_autoptr(GError) judged = error ? g_error_copy(error) : NULL;
    if (!judged)
        http_reply_check(reply, &judged);
    g_autofree char *hash = g_compute_checksum_for_data(
        G_CHECKSUM_SHA256, (const guchar *)reply->body.at, reply->body.len);
    pthread_mutex_lock(&pending->probe->out);
    if (pending->want)
        printf("want\t%" PRId64 "\t" STR_FMT "\n", pending->tag,
               STR_ARG(http_reply_header(reply, pending->want)));
    printf("done\t%" PRId64 "\t%d\t%zu\t%s\t%" PRId64 "\t%d\t%" PRId64 "\t%s\t%d\t%s\t%s\n",
           pending->tag, reply->status, reply->body.len, hash, reply->retry_after_ms, reply->asked,
           reply->took_ms, judged ? error_row(judged)->slug : "-",
           judged ? error_row(judged)->again : 0, reply->peer, judged ? judged->message : "");
    pthread_mutex_unlock(&pending->probe->out);
    g_free(pending->want);
    g_free(pending);
}

static const char *
word_of(char **words, const char *key)
{
    size_t len = strlen(key);
    for (; *words; words++)
        if (strncmp(*words, key, len) == 0 && (*words)[len] == '=')
            return *words + len + 1;
    return NULL;
}

static int
number_of(char **words, const char *key)
{
    const char *word = word_of(words, key);
    return word ? (int)g_ascii_strtoll(word, NULL, 10) : 0;
}

static size_t
headers_of(char **words, HttpPair *ret)
{
    size_t count = 0;
    for (; *words && count < HEADERS; words++) {
        if (!g_str_has_prefix(*words, "header="))
            continue;
        char *name = *words + 7, *colon = strchr(name, ':');
        must(colon);
        *colon = '\0';
        ret[count++] = (HttpPair){name, g_strdelimit(colon + 1, "|", '\n')};
    }
    return count;
}

/* private=1: anywhere; loopback=1: this machine alone; inner=RANGES: these, too. */
static NetRule
probe_net(char **words)
{
    NetRule net = {0};
    const char *inner = word_of(words, "inner");
    must(!inner || net_rule_parse(str_of(inner), &net, NULL));
    if (number_of(words, "private"))
        net.scope = NET_ANY;
    if (number_of(words, "loopback"))
        net.scope = NET_LOOPBACK;
    return net;
}

static void
probe_ask(Probe *probe, char **words)
{
    HttpPair headers[HEADERS];
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    const char *body = word_of(words, "body");
    HttpAsk ask = {
        .method = word_of(words, "method"),
        .url = word_of(words, "url"),
        .headers = headers,
        .header_count = headers_of(words, headers),
        .user = word_of(words, "user"),
        .password = word_of(words, "password"),
        .bearer = word_of(words, "bearer"),
        .ca_file = word_of(words, "ca"),
        .connect_ms = number_of(words, "connect"),
        .total_ms = number_of(words, "total"),
        .max_bytes = (size_t)number_of(words, "max"),
        .redirects = number_of(words, "redirects"),
        .allow_plain = number_of(words, "plain"),
        .net = probe_net(words),
        .connect_to = word_of(words, "connect_to"),
        .once = number_of(words, "once"),
    };
    if (body)
        must(decode(arena, ENCODE_BASE64, str_of(body), &ask.body));
    Pending *pending = g_new0(Pending, 1);
    int64_t tag = g_ascii_strtoll(words[0], NULL, 10);
    must(tag >= 0 && tag < TAGS);
    *pending = (Pending){probe, tag, g_strdup(word_of(words, "want"))};
    probe->tickets[tag] = http_client_send(probe->client, &ask, probe_done, pending);
}

static void
probe_wait(Probe *probe, const char *url)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    HttpReply reply;
    HttpAsk ask = {.url = url, .net = {.scope = NET_ANY}, .allow_plain = true};
    bool fine = http_client_ask(probe->client, &ask, arena, &reply, &error);
    pthread_mutex_lock(&probe->out);
    printf("waited\t%d\t%zu\t%s\n", reply.status, reply.body.len, fine ? "" : error->message);
    pthread_mutex_unlock(&probe->out);
}

static bool
probe_command(Probe *probe, char *line)
{
    g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);
    const char *command = words[0] ? words[0] : "";
    if (strcmp(command, "ask") == 0) {
        probe_ask(probe, words + 1);
    } else if (strcmp(command, "wait") == 0) {
        probe_wait(probe, words[1]);
    } else if (strcmp(command, "cancel") == 0) {
        int64_t tag = g_ascii_strtoll(words[1], NULL, 10);
        must(tag >= 0 && tag < TAGS);
        http_client_cancel(probe->client, probe->tickets[tag]);
    } else if (strcmp(command, "busy") == 0) {
        pthread_mutex_lock(&probe->out);
        printf("busy\t%zu\n", http_client_busy(probe->client));
        pthread_mutex_unlock(&probe->out);
    }
    return strcmp(command, "quit") != 0;
}

int
main(int count, char **words)
{
    Probe probe = {0};
    HttpClientOptions options = {0};
    if (count > 1)
        options.waiting = (int)g_ascii_strtoll(words[1], NULL, 10);
    if (count > 2)
        options.connections_per_host = (int)g_ascii_strtoll(words[2], NULL, 10);
    pthread_mutex_init(&probe.out, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    probe.client = http_client_new(&options, NULL);
    must(probe.client);
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0 && probe_command(&probe, line))
        ;
    free(line);
    http_client_free(probe.client);
    pthread_mutex_destroy(&probe.out);
    return 0;
}
