/* fuzz_smtp.c - the SMTP dialogue against a server that says anything, whenever it likes, over a
 * line that takes any number of bytes at a time and may break at any moment.
 *
 * The input is a script: a byte of settings, then steps (see run_step). Beside the session runs a
 * reader of what it wrote, which shares no code with it. In the end it must be true of each mail:
 *   - it was settled exactly once;
 *   - sent: the reader saw it whole, dots unstuffed byte for byte, and a 2yz was the reply;
 *   - unknown: the reader saw it whole;
 *   - not sent, with no reply: the reader did not see it whole. Nor did it ever see one twice.
 */
#include "engine/smtp_session.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { MAILS = 6 };

static const char *const texts[MAILS] = {
    "Mail: 0\r\n\r\nhello\r\n", "Mail: 1\r\n\r\n.\r\n..\r\n.x\r\n.\r\n",  "Mail: 2",
    "Mail: 3\r\n.\r\n.",        "Mail: 4\r\n\r\nRCPT TO:<x>\r\nDATA\r\n", "Mail: 5\r\n\xc3\xa9\r\n",
};

/* What a well-behaved server says: lets the fuzzer get deep into the dialogue. */
static const char *const replies[] = {
    "220 hello\r\n",
    "250-x\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250 SIZE 100\r\n",
    "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN XOAUTH2\r\n",
    "250-x\r\n250-PIPELINING\r\n250-SMTPUTF8\r\n250 SIZE\r\n",
    "250 ok\r\n",
    "354 go\r\n",
    "250 2.0.0 queued\r\n",
    "550 5.1.1 no\r\n",
    "451 4.7.1 later\r\n",
    "421 4.3.2 bye\r\n",
    "235 2.7.0 in\r\n",
    "334 VXNlcm5hbWU6\r\n",
    "503 5.5.1 order\r\n",
    "250 ok\r\n250 ok\r\n354 go\r\n",
    "250 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n",
    "250 ok\r\n550 no\r\n554 no recipients\r\n",
};

/* Reads our side of the line. */
typedef struct Reader {
    GString *line;
    GString *body; /* NULL: commands are expected */
    bool seen[MAILS];
} Reader;

typedef struct Run {
    SmtpSession session;
    SmtpServer server;
    SmtpTransfer transfers[MAILS];
    SmtpResult results[MAILS];
    int settled[MAILS];
    int begun;
    Reader reader;
} Run;

static void
run_settle(void *arg, SmtpTransfer *transfer, SmtpResult *result)
{
    Run *run = arg;
    int tag = (int)transfer->mail.tag;
    must(run->settled[tag]++ == 0);
    must(g_utf8_validate(result->words, -1, NULL) && strlen(result->words) < SMTP_WORDS_BYTES);
    run->results[tag] = *result;
    if (result->code == 0)
        result->enhanced[0] = '\0';
    g_strlcpy(run->results[tag].words, result->words, SMTP_WORDS_BYTES);
}

/* ---- the reader ----------------------------------------------------------------------------- */

static void
reader_end_body(Reader *reader)
{
    int tag = reader->body->str[6] - '0';
    must(tag >= 0 && tag < MAILS && !reader->seen[tag]);
    reader->seen[tag] = true;
    const char *text = texts[tag];
    size_t len = strlen(text);
    must(strncmp(reader->body->str, text, len) == 0);
    must(reader->body->len == len ||
         (reader->body->len == len + 2 && strcmp(text + len - 2, "\r\n") != 0));
    g_string_free(reader->body, TRUE);
    reader->body = NULL;
}

static void
reader_line(Reader *reader)
{
    const char *line = reader->line->str;
    if (!reader->body && g_str_has_prefix(line, "Mail: "))
        reader->body = g_string_new(NULL);
    if (!reader->body)
        must(strcspn(line, "\r\n") == reader->line->len - 2); /* one command, one line */
    else if (strcmp(line, ".\r\n") == 0)
        reader_end_body(reader);
    else
        g_string_append(reader->body, line + (line[0] == '.'));
}

static void
reader_take(Reader *reader, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        g_string_append_c(reader->line, bytes[i]);
        size_t end = reader->line->len;
        if (end < 2 || strcmp(reader->line->str + end - 2, "\r\n") != 0)
            continue;
        reader_line(reader);
        g_string_truncate(reader->line, 0);
    }
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void
run_write(Run *run, size_t most)
{
    struct iovec pieces[5];
    if (!run->session.text || run->session.phase == SMTP_PHASE_OVER)
        return;
    size_t count = smtp_session_out(&run->session, pieces, G_N_ELEMENTS(pieces)), sum = 0;
    must(count <= G_N_ELEMENTS(pieces));
    for (size_t i = 0; i < count && sum < most; i++) {
        size_t len = MIN(pieces[i].iov_len, most - sum);
        must(len);
        reader_take(&run->reader, pieces[i].iov_base, len);
        sum += len;
    }
    smtp_session_wrote(&run->session, sum);
}

static void
run_begin(Run *run)
{
    if (run->begun < MAILS && smtp_session_can_begin(&run->session))
        smtp_session_begin(&run->session, &run->transfers[run->begun++]);
}

static void
run_step(Run *run, uint8_t kind, uint8_t number, Str *script)
{
    switch (kind % 6) {
    case 0: { /* the server says so many bytes of the script */
        size_t len = MIN(number, script->len);
        smtp_session_feed(&run->session, script->at, len);
        *script = str_sub(*script, len, script->len);
        break;
    }
    case 1:
    case 2: {
        const char *reply = replies[number % G_N_ELEMENTS(replies)];
        smtp_session_feed(&run->session, reply, strlen(reply));
        break;
    }
    case 3:
        run_write(run, number == 255 ? SIZE_MAX : number);
        break;
    case 4:
        run_begin(run);
        break;
    default:
        run_write(run, SIZE_MAX);
        run_begin(run);
        run_write(run, SIZE_MAX);
    }
    if (run->session.phase == SMTP_PHASE_HANDSHAKE)
        smtp_session_secured(&run->session);
    must(smtp_session_patience(&run->session) > 0);
}

static void
run_start(Run *run, uint8_t settings)
{
    run->server = (SmtpServer){
        .host = "x",
        .tls = settings & 1 ? SMTP_TLS_AUTO : SMTP_TLS_NEVER,
        .user = settings & 2 ? "user" : NULL,
        .secret = settings & 2 ? "secret" : NULL,
        .auth = (SmtpAuth)(settings >> 2 & 3),
        .depth = settings & 16 ? 1 : 2,
        .helo = "us",
        .mails_per_connection = settings & 32 ? 2 : 100,
        .timeout_divisor = 1,
        .idle_ms = 1,
    };
    run->session.peer = "x:25";
    run->session.settle = run_settle;
    run->session.arg = run;
    run->session.may_auth = settings & 64;
    run->reader.line = g_string_new(NULL);
    for (int i = 0; i < MAILS; i++) {
        SmtpTransfer *transfer = &run->transfers[i];
        transfer->mail = (SmtpMail){.tag = i,
                                    .from = STR("a@x"),
                                    .to = STR("b@y"),
                                    .data = str_of(texts[i]),
                                    .envid = STR("e+1")};
        must(!smtp_body_check(transfer->mail.data, &transfer->facts));
    }
    smtp_session_start(&run->session, &run->server, false);
}

static void
run_judge(const Run *run)
{
    for (int i = 0; i < MAILS; i++) {
        const SmtpResult *result = &run->results[i];
        bool whole = run->reader.seen[i];
        must(run->settled[i] == (i < run->begun));
        if (i >= run->begun)
            must(!whole);
        else if (result->outcome == SMTP_SENT)
            must(whole && result->code / 100 == 2 && result->stage == SMTP_AT_END);
        else if (result->outcome == SMTP_UNKNOWN)
            must(whole && result->code == 0);
        else if (result->code == 0)
            must(!whole);
        else
            must(result->code >= 400);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 1)
        return 0;
    Run *run = g_new0(Run, 1);
    run_start(run, bytes[0]);
    Str script = {(const char *)bytes + 1, len - 1};
    while (script.len >= 2) {
        uint8_t kind = (uint8_t)script.at[0], number = (uint8_t)script.at[1];
        script = str_sub(script, 2, script.len);
        run_step(run, kind, number, &script);
    }
    smtp_session_lost(&run->session, "the script ended");
    run_judge(run);
    smtp_session_clear(&run->session);
    g_string_free(run->reader.line, TRUE);
    if (run->reader.body)
        g_string_free(run->reader.body, TRUE);
    g_free(run);
    return 0;
}
