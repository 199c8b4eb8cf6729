/* smtp_reply.c - what a server says: bytes -> replies -> what they mean for a mail.
 *
 * The meaning is the delicate part. The code alone does not tell a full mailbox from a server that
 * wants us to slow down: 450 and 452 are used for both, Gmail and Exchange say "daily limit" with a
 * 5yz, Amazon uses the 454 of failed TLS. So three witnesses are heard, the more specific first:
 * the words that name a limit, then the enhanced code, then the code. In doubt a temporary refusal
 * is about us (THROTTLED): that costs a pause; the other mistake costs a customer his mail.
 */
#include "engine/smtp_reply.h"

#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

void
smtp_words_add(char words[SMTP_WORDS_BYTES], size_t *len, Str text)
{
    size_t i = 0;
    while (i < text.len && *len < SMTP_WORDS_BYTES - 1) {
        unsigned char byte = (unsigned char)text.at[i];
        gunichar letter = g_utf8_get_char_validated(text.at + i, (gssize)(text.len - i));
        size_t width = 1;
        if (byte < 0x80) {
            words[(*len)++] = byte < 0x20 || byte == 0x7f ? ' ' : (char)byte;
        } else if (letter == (gunichar)-1 || letter == (gunichar)-2) {
            words[(*len)++] = '?';
        } else if (letter < 0xa0) { /* U+0080 to U+009F: control characters too */
            words[(*len)++] = ' ';
            width = 2;
        } else {
            width = (size_t)g_unichar_to_utf8(letter, NULL);
            if (*len + width > SMTP_WORDS_BYTES - 1)
                break;
            memcpy(words + *len, text.at + i, width);
            *len += width;
        }
        i += width;
    }
    words[*len] = '\0';
}

/* "4.7.1 words": the length of the enhanced code in front, 0 when there is none of that class. */
static size_t
reply_enhanced_len(Str text, int code)
{
    size_t at = 0;
    for (int part = 0; part < 3; part++) {
        size_t from = at;
        while (at < text.len && at - from < 3 && g_ascii_isdigit(text.at[at]))
            at++;
        if (at == from || (part == 0 && (at != 1 || text.at[0] - '0' != code / 100)))
            return 0;
        if (part < 2 && (at >= text.len || text.at[at++] != '.'))
            return 0;
    }
    return at == text.len || text.at[at] == ' ' ? at : 0;
}

/* Takes in one line whose code is read already. The enhanced code stands in every line (RFC 2034);
 * the reader of the words wants it once, and not there. */
static void
reply_add_line(SmtpReply *reply, Str text)
{
    size_t enhanced = reply_enhanced_len(text, reply->code);
    if (enhanced) {
        memcpy(reply->enhanced, text.at, enhanced);
        reply->enhanced[enhanced] = '\0';
        text = str_sub(text, enhanced, text.len);
    }
    text = str_trim(text);
    if (text.len && reply->words_len)
        smtp_words_add(reply->words, &reply->words_len, STR(" "));
    smtp_words_add(reply->words, &reply->words_len, text);
}

static SmtpRead
reader_garbage(SmtpReader *reader, Str line)
{
    reader->reply = (SmtpReply){0};
    smtp_words_add(reader->reply.words, &reader->reply.words_len, str_trim(line));
    return SMTP_READ_GARBAGE;
}

static SmtpRead
reader_line(SmtpReader *reader, Str line)
{
    const char *at = line.at;
    bool form = line.len >= 3 && at[0] >= '2' && at[0] <= '5' && g_ascii_isdigit(at[1]) &&
                g_ascii_isdigit(at[2]) && (line.len == 3 || at[3] == ' ' || at[3] == '-');
    if (!form)
        return reader_garbage(reader, line);
    int code = (at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0');
    if (!reader->under_way)
        reader->reply = (SmtpReply){.code = code};
    else if (reader->reply.code != code)
        return reader_garbage(reader, line);
    reader->text = str_sub(line, 4, line.len);
    reply_add_line(&reader->reply, reader->text);
    reader->under_way = line.len > 3 && at[3] == '-';
    if (reader->under_way)
        return SMTP_READ_LINE;
    reader->reply_bytes = 0;
    return SMTP_READ_REPLY;
}

SmtpRead
smtp_reader_take(SmtpReader *reader, Str *rest)
{
    if (!rest->len)
        return SMTP_READ_MORE;
    const char *end = memchr(rest->at, '\n', rest->len);
    size_t taken = end ? (size_t)(end - rest->at) + 1 : rest->len;
    size_t kept = MIN(taken, SMTP_LINE_BYTES - reader->line_len);
    memcpy(reader->line + reader->line_len, rest->at, kept);
    reader->line_len += kept;
    reader->reply_bytes += taken;
    *rest = (Str){rest->at + taken, rest->len - taken};

    Str line = {reader->line, reader->line_len};
    if (reader->reply_bytes > SMTP_REPLY_BYTES)
        return reader_garbage(reader, line);
    if (!end)
        return SMTP_READ_MORE;
    reader->line_len = 0;
    while (line.len && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
        line.len--;
    return reader_line(reader, line);
}

bool
smtp_reader_is_inside(const SmtpReader *reader)
{
    return reader->under_way || reader->line_len;
}

/* ---- meaning -------------------------------------------------------------------------------- */

/* A limit on us, whatever the code. Lower case. Each is from a service's documentation or a bug
 * report: Amazon SES, Mailgun, Mailtrap, Gmail, Exchange Online, OVH, Mailu, postfix's anvil, Exim.
 * "quota exceeded" alone is not here: it is what a full mailbox says. */
static const char *const words_of_throttle[] = {
    "too many mail",    "too many email",   "too many e-mail",
    "too many message", "too much mail",    "too many conn",
    "too many concur",  "too many request", "too many recipie",
    "too many session", "too many trans",   "too fast",
    "too quickly",      "too frequent",     "rate limit",
    "ratelimit",        "rate exceeded",    "sending rate",
    "unusual rate",     "sending limit",    "sending quota",
    "submissionquota",  "submission quota", "throttl",
    "slow down",        "message limit",    "messages per ",
    "emails per ",      "email quota",      "message quota",
    "hourly limit",     "daily limit",      "connections limit",
    "connection limit", "limit exceeded",   "exceeded limit",
    "mail limit",       "sender thread",    NULL,
};

/* Greylisting is about one pair of sender and recipient and goes away by trying again. */
static const char *const words_of_greylist[] = {"greylist",  "graylist",  "grey-list",
                                                "gray-list", "grey list", NULL};

static const char *const words_of_mailbox[] = {"mailbox", "recipient", "over quota",
                                               "user ",   "inbox",     NULL};

/* A 421 with these ends a connection for its own sake (it was idle, or had seen too many refused
 * recipients); that says nothing about how fast we send. */
static const char *const words_of_hangup[] = {"timeout", "timed out",       "time out",
                                              "idle",    "too many errors", NULL};

static bool
words_have(const SmtpReply *reply, const char *const *list)
{
    for (; *list; list++)
        if (strcasestr(reply->words, *list))
            return true;
    return false;
}

/* The subject of the enhanced code (RFC 3463 3): '1' address, '2' mailbox, '3' mail system,
 * '4' network, '5' protocol, '6' content, '7' policy; 0 without one. */
static char
reply_subject(const SmtpReply *reply)
{
    return reply->enhanced[0] && reply->enhanced[3] == '.' ? reply->enhanced[2] : 0;
}

static bool
reply_is_about_mailbox(const SmtpReply *reply)
{
    const char *code = reply->enhanced;
    return reply_subject(reply) == '1' || (*code && strcmp(code + 1, ".2.1") == 0) ||
           (*code && strcmp(code + 1, ".2.2") == 0);
}

static bool
reply_is_throttle(const SmtpReply *reply)
{
    /* Gmail's "450 4.2.1 ... is receiving mail too quickly": the recipient's limit, not ours. */
    return !reply_is_about_mailbox(reply) && words_have(reply, words_of_throttle);
}

static SmtpOutcome
reply_temporary(const SmtpReply *reply, SmtpStage stage)
{
    /* Nobody has been named yet, so it cannot be about a recipient. */
    if (stage <= SMTP_AT_MAIL)
        return SMTP_THROTTLED;
    if (words_have(reply, words_of_greylist))
        return SMTP_DEFERRED;
    if (reply_is_throttle(reply))
        return SMTP_THROTTLED;
    char subject = reply_subject(reply);
    if (subject)
        return strchr("1246", subject) ? SMTP_DEFERRED : SMTP_THROTTLED;
    if (words_have(reply, words_of_mailbox))
        return SMTP_DEFERRED;
    bool known =
        reply->code == 450 || reply->code == 451 || reply->code == 452 || reply->code == 454;
    return known ? SMTP_THROTTLED : SMTP_DEFERRED;
}

/* Replies to a mail that tell us to log in or that we are out of step: each mail would get them. */
static bool
reply_is_about_session(const SmtpReply *reply)
{
    return reply->code == 503 || reply->code == 530 || reply->code == 534 || reply->code == 535 ||
           reply->code == 538;
}

SmtpOutcome
smtp_reply_outcome(const SmtpReply *reply, SmtpStage stage)
{
    if (reply->code < 400)
        return SMTP_SENT;
    if (reply->code == 421)
        return words_have(reply, words_of_hangup) || strcmp(reply->enhanced, "4.4.2") == 0
                   ? SMTP_NOT_SENT
                   : SMTP_THROTTLED;
    if (reply->code < 500)
        return reply_temporary(reply, stage);
    if (stage > SMTP_AT_CHECK && stage < SMTP_AT_MAIL)
        return SMTP_NOT_SENT;
    if (reply_is_throttle(reply))
        return SMTP_THROTTLED;
    if (stage < SMTP_AT_END && reply_is_about_session(reply))
        return SMTP_NOT_SENT;
    return SMTP_REFUSED;
}
