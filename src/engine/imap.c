/* imap.c - see imap.h. libcurl speaks the protocol; each step is one command of ours, before which
 * it connects, logs in and selects the mailbox where that is needed.
 *
 * Mails are fetched in libcurl's own way and never by a command of ours: of the answer to such a
 * command it reads a mail's lines as if they were the server's, and a line in a mail could then end
 * the command.
 */
#include "base/limits.h"
#include "base/text.h"
#include "engine/imap.h"
#include "engine/imap_words.h"
#include "engine/url.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECT_MS = 10000,
    STEP_MS = 60000,
    WINDOW = 15000, /* UIDs of one answer: a line, of which libcurl takes 256 kB */
    READ_BYTES = 512 * 1024,
    WORDS_BYTES = 300, /* of the server's, kept for an error */
};

/* A search under way, and what it found. */
typedef struct ImapSearch {
    GArray *uids; /* NULL: there is none under way */
    uint64_t from, to;
    bool answered;
} ImapSearch;

struct Imap {
    ImapServer server; /* its texts are ours */
    char *peer;        /* "host:port" */
    char *root;        /* imaps://host:port/ */
    char *mailbox;     /* as IMAP writes it */
    CURL *easy;
    _Atomic bool stop;
    bool refused_address;
    uint32_t uidvalidity, uidnext, exists;
    ImapSearch search;
    GByteArray *mail;
    size_t most_bytes;
    bool too_big;
    char words[WORDS_BYTES]; /* the server's, of the last command that failed */
    char said[CURL_ERROR_SIZE];
};

/* ---- what comes ----------------------------------------------------------------------------- */

/* "A004 NO [TRYCREATE] No such folder": what stands behind the tag, kept where it is a no. */
static void
imap_keep_words(Imap *imap, Str line)
{
    Str rest = line, tag;
    bool tagged = str_split(&rest, ' ', &tag) && tag.len && g_ascii_isalpha(tag.at[0]);
    bool no =
        str_eq_nocase(str_sub(rest, 0, 3), "NO ") || str_eq_nocase(str_sub(rest, 0, 4), "BAD ");
    if (!tagged || !no)
        return;
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    Str words = text_line(arena, rest, sizeof imap->words - 1);
    memcpy(imap->words, words.at, words.len);
    imap->words[words.len] = '\0';
}

/* Takes what was asked for and nothing else, whatever the server says. */
static void
imap_search_line(ImapSearch *search, Str numbers)
{
    uint32_t uid;
    search->answered = true;
    while (search->uids->len < WINDOW && imap_number_take(&numbers, &uid))
        if (uid >= search->from && uid <= search->to)
            g_array_append_val(search->uids, uid);
}

/* Each line that the server says. */
static size_t
take_line(char *bytes, size_t one, size_t len, void *arg)
{
    Imap *imap = arg;
    Str line = str_trim((Str){bytes, len});
    if (str_starts(line, "* OK [")) {
        imap_number(line, "[UIDVALIDITY ", &imap->uidvalidity);
        imap_number(line, "[UIDNEXT ", &imap->uidnext);
    } else if (str_starts(line, "* ")) {
        Str numbers;
        imap_exists(line, &imap->exists);
        if (imap->search.uids && imap_search(line, &numbers))
            imap_search_line(&imap->search, numbers);
    } else {
        imap_keep_words(imap, line);
    }
    return len;
}

/* The bytes of a mail; of other commands the lines once more, which nobody wants. */
static size_t
take_mail(char *bytes, size_t one, size_t len, void *arg)
{
    Imap *imap = arg;
    if (!imap->mail)
        return len;
    if (len > imap->most_bytes - imap->mail->len) {
        imap->too_big = true;
        return 0;
    }
    g_byte_array_append(imap->mail, (const guint8 *)bytes, (guint)len);
    return len;
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    Imap *imap = arg;
    bool fine = net_rule_allows(&imap->server.net, &address->addr);
    imap->refused_address = !fine;
    if (!fine)
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- a step --------------------------------------------------------------------------------- */

static bool
imap_fail_connect(const Imap *imap, GError **error)
{
    long number = 0;
    if (imap->refused_address)
        return fail(error, ERR_FORBIDDEN, "%s %s", imap->peer, net_rule_words(&imap->server.net));
    curl_easy_getinfo(imap->easy, CURLINFO_OS_ERRNO, &number);
    return fail(error, ERR_NET, "%s cannot be reached%s%s", imap->peer, number ? ": " : "",
                number ? g_strerror((int)number) : "");
}

static bool
imap_fail(const Imap *imap, CURLcode code, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    Str said = text_line(arena, str_of(imap->said), sizeof imap->said);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return imap_fail_connect(imap, error);
    case CURLE_COULDNT_RESOLVE_HOST:
        return fail(error, ERR_NET, "%s: the name cannot be resolved", imap->peer);
    case CURLE_OPERATION_TIMEDOUT:
        return fail(error, ERR_NET, "%s did not answer in time", imap->peer);
    case CURLE_LOGIN_DENIED:
        return fail(error, ERR_AUTH, "%s does not accept user or password: %s", imap->peer,
                    imap->words);
    case CURLE_USE_SSL_FAILED:
        return fail(error, ERR_TLS, "%s does not offer STARTTLS", imap->peer);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return fail(error, ERR_TLS, "%s cannot be trusted: " STR_FMT, imap->peer, STR_ARG(said));
    case CURLE_SSL_CACERT_BADFILE:
        return fail(error, ERR_CONFIG, "%s has no certificates that can be read",
                    imap->server.ca_file ? imap->server.ca_file : "the system's store");
    case CURLE_QUOTE_ERROR:
        return fail(error, ERR_REFUSED, "%s says no: %s", imap->peer, imap->words);
    case CURLE_REMOTE_FILE_NOT_FOUND:
        return fail(error, ERR_NOT_FOUND, "%s does not have this mail any more", imap->peer);
    case CURLE_WRITE_ERROR:
        return fail(error, ERR_TOO_BIG, "the mail has more than %zu bytes", imap->most_bytes);
    case CURLE_WEIRD_SERVER_REPLY:
        return fail(error, ERR_BAD_REPLY, "%s does not speak proper IMAP", imap->peer);
    default:
        return fail(error, ERR_NET, "%s broke the connection: %s", imap->peer,
                    curl_easy_strerror(code));
    }
}

/* libcurl's TLS writes with write(2). The signal is kept from this thread and, if it came, taken
 * away: a room of the engine does not get to decide about the process's signals. */
static CURLcode
perform(CURL *easy)
{
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    must(pthread_sigmask(SIG_BLOCK, &pipe, &before) == 0);
    CURLcode code = curl_easy_perform(easy);
    if (!sigismember(&before, SIGPIPE))
        while (sigtimedwait(&pipe, NULL, &(struct timespec){0}) > 0)
            ;
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return code;
}

/* Does one command, or fetches what the URL names where it is NULL. libcurl decodes %XX in
 * commands. */
static bool
imap_step(Imap *imap, const char *url, Str command, GError **error)
{
    g_autoptr(GString) encoded = g_string_new_len(command.at, (gssize)command.len);
    g_string_replace(encoded, "%", "%25", 0);
    imap->words[0] = imap->said[0] = '\0';
    imap->refused_address = imap->too_big = false;
    curl_easy_setopt(imap->easy, CURLOPT_URL, url);
    curl_easy_setopt(imap->easy, CURLOPT_CUSTOMREQUEST, command.len ? encoded->str : NULL);
    CURLcode code = perform(imap->easy);
    return code == CURLE_OK || imap_fail(imap, code, error);
}

/* A command in the mailbox. */
static bool G_GNUC_PRINTF(3, 4) imap_command(Imap *imap, GError **error, const char *format, ...)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    Buf url = {.arena = arena};
    buf_add_cstr(&url, imap->root);
    url_encode(&url, str_of(imap->mailbox));
    va_list args;
    va_start(args, format);
    g_autofree char *command = g_strdup_vprintf(format, args);
    va_end(args);
    return imap_step(imap, buf_cstr(&url), str_of(command), error);
}

/* ---- listing -------------------------------------------------------------------------------- */

/* Selects anew, which is the only way to hear of a new UIDNEXT. */
static bool
imap_select(Imap *imap, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    Buf command = {.arena = arena};
    buf_add_cstr(&command, "SELECT ");
    imap_quote(&command, str_of(imap->mailbox));
    imap->uidvalidity = imap->uidnext = imap->exists = 0;
    if (!imap_step(imap, imap->root, buf_str(&command), error))
        return false;
    if (imap->uidvalidity && imap->uidnext)
        return true;
    return fail(error, ERR_BAD_REPLY, "%s tells no UIDVALIDITY or UIDNEXT", imap->peer);
}

static int
by_uid(const void *left, const void *right)
{
    uint32_t one = *(const uint32_t *)left, other = *(const uint32_t *)right;
    return (one > other) - (one < other);
}

/* Asks for one window; its UIDs are in search.uids, in order. */
static bool
imap_search_window(Imap *imap, uint64_t from, uint64_t to, GError **error)
{
    ImapSearch *search = &imap->search;
    *search = (ImapSearch){g_array_new(FALSE, FALSE, sizeof(uint32_t)), from, to, false};
    if (!imap_command(imap, error, "UID SEARCH UID %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, from,
                      to))
        return false;
    if (!search->answered)
        return fail(error, ERR_BAD_REPLY, "%s does not answer a search", imap->peer);
    g_array_sort(search->uids, by_uid);
    return true;
}

/* Window by window, because the answer is one line. A mailbox with few mails is one window, however
 * far its UIDs are apart. */
static bool
imap_search_windows(Imap *imap, uint32_t above, size_t most, ImapList *list, GError **error)
{
    uint64_t from = (uint64_t)above + 1;
    bool fine = true;
    while (fine && from < imap->uidnext && list->count < most) {
        uint64_t window = imap->exists < WINDOW ? UINT32_MAX : WINDOW;
        uint64_t to = MIN(from + window, imap->uidnext) - 1;
        fine = imap_search_window(imap, from, to, error);
        GArray *uids = g_steal_pointer(&imap->search.uids);
        for (guint i = 0; fine && i < uids->len && list->count < most; i++) {
            uint32_t uid = g_array_index(uids, uint32_t, i);
            if (!list->count || list->uids[list->count - 1] != uid)
                list->uids[list->count++] = uid;
        }
        g_array_unref(uids);
        from = to + 1;
    }
    return fine;
}

bool
imap_list(Imap *imap, Arena *arena, ImapPlace behind, size_t most, ImapList *ret, GError **error)
{
    if (!imap_select(imap, error))
        return false;
    ImapList list = {
        .uidvalidity = imap->uidvalidity,
        .renumbered = behind.uidvalidity && behind.uidvalidity != imap->uidvalidity,
        .uids = arena_new_of(arena, uint32_t, most),
    };
    if (!imap_search_windows(imap, list.renumbered ? 0 : behind.uid, most, &list, error))
        return false;
    if (imap->uidvalidity != list.uidvalidity)
        return fail(error, ERR_NET, "%s renumbered the mailbox at this moment", imap->peer);
    list.more = list.count == most;
    *ret = list;
    return true;
}

/* ---- one mail ------------------------------------------------------------------------------- */

bool
imap_fetch(Imap *imap, Arena *arena, uint32_t uid, size_t most_bytes, Str *ret, GError **error)
{
    must(imap->uidvalidity && most_bytes < G_MAXINT);
    Buf url = {.arena = arena};
    buf_add_cstr(&url, imap->root);
    url_encode(&url, str_of(imap->mailbox));
    buf_format(&url, ";UIDVALIDITY=%u/;UID=%u", imap->uidvalidity, uid);
    imap->mail = g_byte_array_new();
    imap->most_bytes = most_bytes;
    bool fine = imap_step(imap, buf_cstr(&url), (Str){0}, error);
    if (fine)
        *ret = arena_copy(arena, (Str){(const char *)imap->mail->data, imap->mail->len});
    g_byte_array_unref(imap->mail);
    imap->mail = NULL;
    return fine;
}

bool
imap_mark_seen(Imap *imap, uint32_t uid, bool seen, GError **error)
{
    return imap_command(imap, error, "UID STORE %u %sFLAGS.SILENT (\\Seen)", uid, seen ? "+" : "-");
}

/* MOVE or COPY; makes the folder where the server says that this would help (RFC 9051 7.1). */
static bool
imap_take_to(Imap *imap, const char *verb, uint32_t uid, const char *folder, GError **error)
{
    g_autoptr(GError) first = NULL;
    if (imap_command(imap, &first, "UID %s %u %s", verb, uid, folder))
        return true;
    if (error_is(first, ERR_REFUSED) && strstr(imap->words, "[TRYCREATE]") &&
        imap_command(imap, NULL, "CREATE %s", folder))
        return imap_command(imap, error, "UID %s %u %s", verb, uid, folder);
    g_propagate_error(error, g_steal_pointer(&first));
    return false;
}

bool
imap_move(Imap *imap, uint32_t uid, const char *folder, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    g_autoptr(GError) first = NULL;
    Buf name = {.arena = arena}, quoted = {.arena = arena};
    if (!imap_folder_add(&name, str_of(folder), error))
        return false;
    imap_quote(&quoted, buf_str(&name));
    if (imap_take_to(imap, "MOVE", uid, buf_cstr(&quoted), &first))
        return true;
    /* Servers without MOVE (RFC 6851) say BAD. */
    if (!error_is(first, ERR_REFUSED) || !g_str_has_prefix(imap->words, "BAD")) {
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
    }
    if (!imap_take_to(imap, "COPY", uid, buf_cstr(&quoted), error) ||
        !imap_command(imap, error, "UID STORE %u +FLAGS.SILENT (\\Deleted)", uid))
        return false;
    /* Without UIDPLUS (RFC 4315) it stays, marked, until a person tidies up: a plain EXPUNGE would
     * take away other mails that somebody has marked. */
    imap_command(imap, NULL, "UID EXPUNGE %u", uid);
    return true;
}

/* ---- life ----------------------------------------------------------------------------------- */

/* libcurl asks about once a second, also while it waits. */
static int
imap_go_on(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const Imap *imap = arg;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&imap->stop);
}

void
imap_stop(Imap *imap)
{
    atomic_store(&imap->stop, true);
}

static void
imap_set_options(Imap *imap)
{
    CURL *easy = imap->easy;
    const ImapServer *server = &imap->server;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, imap->said);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_BYTES);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)server->connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)server->step_ms);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(server->tls == IMAP_TLS_NEVER ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (server->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, server->ca_file);
    curl_easy_setopt(easy, CURLOPT_USERNAME, server->user);
    curl_easy_setopt(easy, server->xoauth2 ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD,
                     server->secret);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, imap);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, imap);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_mail);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, imap);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, imap_go_on);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, imap);
}

static bool
imap_check(const ImapServer *server, GError **error)
{
    if (!server->host || !*server->host || strpbrk(server->host, "/@?#% \t\r\n"))
        return fail(error, ERR_CONFIG, "the mailbox's host cannot be read");
    if (!server->user || !server->secret)
        return fail(error, ERR_CONFIG, "the mailbox at %s needs user and password", server->host);
    if (strpbrk(server->user, "\r\n") || strpbrk(server->secret, "\r\n"))
        return fail(error, ERR_CONFIG, "user or password for %s have a line break", server->host);
    if (server->tls == IMAP_TLS_NEVER && !server->allow_plain)
        return fail(error, ERR_CONFIG, "no password goes to %s without TLS", server->host);
    return true;
}

Imap *
imap_open(const ImapServer *server, GError **error)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_TEXT_BYTES);
    Buf mailbox = {.arena = arena};
    bool implicit = server->tls == IMAP_TLS_IMPLICIT;
    if (!imap_check(server, error) ||
        !imap_folder_add(&mailbox, str_of(server->mailbox ? server->mailbox : "INBOX"), error))
        return NULL;
    must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    Imap *imap = g_new0(Imap, 1);
    imap->server = *server;
    imap->server.host = imap->server.mailbox = NULL;
    imap->server.ca_file = g_strdup(server->ca_file);
    imap->server.user = g_strdup(server->user);
    imap->server.secret = g_strdup(server->secret);
    imap->server.connect_ms = server->connect_ms ? server->connect_ms : CONNECT_MS;
    imap->server.step_ms = server->step_ms ? server->step_ms : STEP_MS;
    int port = server->port ? server->port : implicit ? 993 : 143;
    bool six = strchr(server->host, ':') && server->host[0] != '[';
    imap->peer = g_strdup_printf(six ? "[%s]:%d" : "%s:%d", server->host, port);
    imap->root = g_strdup_printf("%s://%s/", implicit ? "imaps" : "imap", imap->peer);
    imap->mailbox = g_strdup(buf_cstr(&mailbox));
    imap->easy = curl_easy_init();
    must(imap->easy);
    imap_set_options(imap);
    return imap;
}

void
imap_close(Imap *imap)
{
    if (!imap)
        return;
    curl_easy_setopt(imap->easy, CURLOPT_TIMEOUT_MS, 2000L); /* for its LOGOUT */
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    must(pthread_sigmask(SIG_BLOCK, &pipe, &before) == 0);
    curl_easy_cleanup(imap->easy);
    must(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    explicit_bzero((char *)imap->server.secret, strlen(imap->server.secret));
    g_free((char *)imap->server.ca_file);
    g_free((char *)imap->server.user);
    g_free((char *)imap->server.secret);
    g_free(imap->peer);
    g_free(imap->root);
    g_free(imap->mailbox);
    g_free(imap);
    curl_global_cleanup();
}
