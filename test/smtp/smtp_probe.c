/* smtp_probe.c - our SMTP client behind a pipe, so that tests in Python can drive it.
 *
 * Reads commands, a line each; answers with lines of tab-separated fields. POOL is a number from 0.
 *
 *   pool host=H port=N [tls=auto|require|implicit|never] [ca=FILE] [user=U] [secret=S]
 *        [auth=any|plain|login|xoauth2] [helo=H] [connections=N] [depth=N] [mails=N] [idle=MS]
 *        [divisor=N] [allow_plain=1] [loopback_only=1] [public_only=1]      -> pool POOL | error MESSAGE
 *   mail POOL TAG [from=A] [to=A] [size=N] [data=BASE64] [envid=X] [eight=1] [utf8=1]
 *                        -> done POOL TAG OUTCOME STAGE CODE ENHANCED MS WORDS, when it is settled
 *   room POOL            -> room POOL N
 *   trouble POOL         -> trouble POOL MS WORDS  (WORDS empty: none)
 *   counts POOL          -> counts POOL CONNECTS FAILURES RETRIED OPEN
 *   drain POOL | close POOL | wake | quit
 *
 * Mails wait here until their pool has room, as the rows of a store would.
 */
#include "base/encode.h"
#include "engine/smtp.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POOLS = 8, LINE_BYTES = 4 * 1024 * 1024 };

typedef struct Letter {
    SmtpMail mail;
    char *from, *to, *envid;
    GString *data;
} Letter;

typedef struct Probe {
    SmtpLoop *loop;
    SmtpPool *pools[POOLS];
    GQueue waiting[POOLS]; /* of Letter */
    GHashTable *letters;   /* tag -> Letter */
    int pool_count;
    GString *input;
    bool over;
} Probe;

static void
letter_free(void *pointer)
{
    Letter *letter = pointer;
    g_free(letter->from);
    g_free(letter->to);
    g_free(letter->envid);
    g_string_free(letter->data, TRUE);
    g_free(letter);
}

static int
probe_number_of(const Probe *probe, const SmtpPool *pool)
{
    int number = 0;
    while (number < POOLS && probe->pools[number] != pool)
        number++;
    return number;
}

static void
probe_done(void *arg, SmtpPool *pool, const SmtpResult *result)
{
    Probe *probe = arg;
    printf("done\t%d\t%" PRId64 "\t%s\t%s\t%d\t%s\t%" PRId64 "\t%s\n", probe_number_of(probe, pool),
           result->tag, smtp_outcome_name(result->outcome), smtp_stage_name(result->stage),
           result->code, result->enhanced, result->took_ms, result->words);
    int64_t tag = result->tag;
    g_hash_table_remove(probe->letters, &tag);
}

/* ---- commands ------------------------------------------------------------------------------- */

/* The value of `key=` among the words, or otherwise. */
static const char *
word_of(char **words, const char *key, const char *otherwise)
{
    size_t len = strlen(key);
    for (; *words; words++)
        if (strncmp(*words, key, len) == 0 && (*words)[len] == '=')
            return *words + len + 1;
    return otherwise;
}

static int
number_of(char **words, const char *key)
{
    return atoi(word_of(words, key, "0"));
}

static int
choice_of(char **words, const char *key, const char *const *choices)
{
    const char *word = word_of(words, key, choices[0]);
    int at = 0;
    while (choices[at] && strcmp(choices[at], word) != 0)
        at++;
    must(choices[at]);
    return at;
}

static void
probe_pool(Probe *probe, char **words)
{
    static const char *const tls[] = {"auto", "require", "implicit", "never", NULL};
    static const char *const auth[] = {"any", "plain", "login", "xoauth2", NULL};
    SmtpServer server = {
        .host = word_of(words, "host", ""),
        .port = number_of(words, "port"),
        .tls = (SmtpTls)choice_of(words, "tls", tls),
        .ca_file = word_of(words, "ca", NULL),
        .user = word_of(words, "user", NULL),
        .secret = word_of(words, "secret", NULL),
        .auth = (SmtpAuth)choice_of(words, "auth", auth),
        .helo = word_of(words, "helo", NULL),
        .connections = number_of(words, "connections"),
        .depth = number_of(words, "depth"),
        .mails_per_connection = number_of(words, "mails"),
        .idle_ms = number_of(words, "idle"),
        .timeout_divisor = number_of(words, "divisor"),
        .allow_plain_auth = number_of(words, "allow_plain"),
        .net = {.scope = number_of(words, "loopback_only") ? NET_LOOPBACK
                         : number_of(words, "public_only") ? NET_PUBLIC
                                                           : NET_ANY},
    };
    g_autoptr(GError) error = NULL;
    must(probe->pool_count < POOLS);
    SmtpPool *pool = smtp_pool_open(probe->loop, &server, &error);
    if (!pool) {
        printf("error\t%s\n", error->message);
        return;
    }
    probe->pools[probe->pool_count] = pool;
    printf("pool\t%d\n", probe->pool_count++);
}

static GString *
letter_data(char **words, const char *tag)
{
    GString *data = g_string_new(NULL);
    const char *given = word_of(words, "data", NULL);
    if (given) {
        size_t room = strlen(given), len = 0;
        g_string_set_size(data, room);
        must(decode_to(ENCODE_BASE64, str_of(given), room, (uint8_t *)data->str, &len));
        g_string_truncate(data, len);
        return data;
    }
    g_string_printf(data, "Message-ID: <%s@probe.example>\r\nSubject: mail %s\r\n\r\n", tag, tag);
    size_t size = (size_t)number_of(words, "size");
    while (data->len + 1 < size) {
        size_t line = MIN(size - data->len, 78);
        for (size_t i = 2; i < line; i++)
            g_string_append_c(data, (char)('a' + data->len % 26));
        g_string_append(data, "\r\n");
    }
    return data;
}

static void
probe_mail(Probe *probe, int number, char **words)
{
    Letter *letter = g_new0(Letter, 1);
    must(words[0] && number < probe->pool_count);
    letter->from = g_strdup(word_of(words, "from", "orders@shop.example"));
    letter->to = g_strdup(word_of(words, "to", "ana@example.com"));
    letter->envid = g_strdup(word_of(words, "envid", ""));
    letter->data = letter_data(words, words[0]);
    letter->mail = (SmtpMail){
        .tag = g_ascii_strtoll(words[0], NULL, 10),
        .from = str_of(letter->from),
        .to = str_of(letter->to),
        .envid = str_of(letter->envid),
        .data = {letter->data->str, letter->data->len},
        .eight_bit = number_of(words, "eight"),
        .utf8 = number_of(words, "utf8"),
    };
    must(g_hash_table_insert(probe->letters, &letter->mail.tag, letter));
    g_queue_push_tail(&probe->waiting[number], letter);
}

static void
probe_ask(Probe *probe, const char *command, int number)
{
    SmtpPool *pool = probe->pools[number];
    must(pool);
    if (strcmp(command, "room") == 0) {
        printf("room\t%d\t%zu\n", number, smtp_pool_room(pool));
    } else if (strcmp(command, "trouble") == 0) {
        int64_t ms;
        const char *words = smtp_pool_trouble(pool, &ms);
        printf("trouble\t%d\t%" PRId64 "\t%s\n", number, ms, words ? words : "");
    } else if (strcmp(command, "counts") == 0) {
        SmtpPoolCounts counts;
        smtp_pool_counts(pool, &counts);
        printf("counts\t%d\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%d\n", number, counts.connects,
               counts.connect_failures, counts.retried, counts.open);
    } else if (strcmp(command, "drain") == 0) {
        smtp_pool_drain(pool);
    } else if (strcmp(command, "close") == 0) {
        smtp_pool_close(pool);
        probe->pools[number] = NULL;
    } else {
        printf("error\tno such command: %s\n", command);
    }
}

static void
probe_command(Probe *probe, char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    const char *command = words[0] ? words[0] : "";
    if (strcmp(command, "quit") == 0)
        probe->over = true;
    else if (strcmp(command, "wake") == 0)
        smtp_loop_wake(probe->loop);
    else if (strcmp(command, "pool") == 0)
        probe_pool(probe, words + 1);
    else if (strcmp(command, "mail") == 0 && words[1])
        probe_mail(probe, atoi(words[1]), words + 2);
    else if (words[0] && words[1])
        probe_ask(probe, command, atoi(words[1]));
}

static void
probe_read(void *arg)
{
    Probe *probe = arg;
    char bytes[65536];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got <= 0) {
        probe->over = true;
        return;
    }
    g_string_append_len(probe->input, bytes, got);
    must(probe->input->len < LINE_BYTES);
    char *end;
    while ((end = strchr(probe->input->str, '\n'))) {
        *end = '\0';
        probe_command(probe, probe->input->str);
        g_string_erase(probe->input, 0, end - probe->input->str + 1);
    }
}

static void
probe_submit(Probe *probe)
{
    for (int i = 0; i < probe->pool_count; i++) {
        SmtpPool *pool = probe->pools[i];
        while (pool && probe->waiting[i].length && smtp_pool_room(pool)) {
            Letter *letter = g_queue_pop_head(&probe->waiting[i]);
            smtp_pool_submit(pool, &letter->mail);
        }
    }
}

int
main(void)
{
    Probe probe = {.input = g_string_new(NULL)};
    probe.letters = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, letter_free);
    setvbuf(stdout, NULL, _IOLBF, 0);
    probe.loop = smtp_loop_new(probe_done, &probe, NULL);
    must(probe.loop);
    smtp_loop_watch(probe.loop, STDIN_FILENO, probe_read, &probe);
    while (!probe.over) {
        probe_submit(&probe);
        smtp_loop_turn(probe.loop, 20);
    }
    smtp_loop_free(probe.loop);
    for (int i = 0; i < POOLS; i++)
        g_queue_clear(&probe.waiting[i]);
    g_hash_table_unref(probe.letters);
    g_string_free(probe.input, TRUE);
    return 0;
}
