/* smtp_body.c - the data of a mail on its way out; see smtp_body.h.
 *
 * The cursor never copies: a mail without a line that begins with a dot (nearly all) is two pieces,
 * data and tail; any other is cut before each such line, with a dot between.
 */
#include "engine/smtp_body.h"

#include <string.h>

enum { LOOK_AHEAD_BYTES = 16384 };

/* Written so that the compiler turns it into vector code: it is run over every byte we send. */
static void
body_count(Str data, size_t *ret_returns, bool *ret_high, bool *ret_nul)
{
    size_t returns = 0;
    unsigned char high = 0, nuls = 0;
    const unsigned char *at = (const unsigned char *)data.at;
    for (size_t i = 0; i < data.len; i++) {
        returns += at[i] == '\r';
        high |= at[i];
        nuls |= at[i] == 0;
    }
    *ret_returns = returns;
    *ret_high = high & 0x80;
    *ret_nul = nuls;
}

const char *
smtp_body_check(Str data, SmtpBodyFacts *ret)
{
    SmtpBodyFacts facts = {0};
    size_t returns, pairs = 0, from = 0;
    bool nul;
    body_count(data, &returns, &facts.eight_bit, &nul);
    if (nul)
        return "the mail contains a NUL byte";
    while (from < data.len) {
        facts.dots += data.at[from] == '.';
        const char *end = memchr(data.at + from, '\n', data.len - from);
        size_t line = (end ? (size_t)(end - data.at) : data.len) - from;
        if (end && (!line || end[-1] != '\r'))
            return "the mail contains a bare line feed";
        if (line > SMTP_MAIL_LINE_BYTES + (end ? 1 : 0))
            return "the mail has a line of more than 998 bytes";
        pairs += end != NULL;
        from += line + 1;
    }
    if (returns != pairs)
        return "the mail contains a bare carriage return";
    facts.ended = !data.len || data.at[data.len - 1] == '\n';
    *ret = facts;
    return NULL;
}

SmtpBody
smtp_body_start(Str data, const SmtpBodyFacts *facts)
{
    return (SmtpBody){
        .data = data,
        .dots = facts->dots,
        .tail = facts->ended ? STR(".\r\n") : STR("\r\n.\r\n"),
    };
}

size_t
smtp_body_left(const SmtpBody *body)
{
    return body->data.len - body->at + body->dots + body->tail.len;
}

/* Does the line that begins at the cursor still want its dot? */
static bool
body_wants_dot(const SmtpBody *body)
{
    return body->dots && !body->stuffed && body->at < body->data.len &&
           body->data.at[body->at] == '.' && (body->at == 0 || body->data.at[body->at - 1] == '\n');
}

/* Where the data stops being one piece: at the next line that begins with a dot, at its end, or
 * where we stop looking (a place like any other: whether it wants a dot is seen there). */
static size_t
body_stop(const SmtpBody *body)
{
    if (!body->dots)
        return body->data.len;
    Str near = str_sub(body->data, body->at, LOOK_AHEAD_BYTES);
    size_t hit;
    return body->at + (str_find(near, STR("\n."), &hit) ? hit + 1 : near.len);
}

/* The next piece, without moving the cursor. */
static Str
body_piece(const SmtpBody *body)
{
    if (body_wants_dot(body))
        return STR(".");
    if (body->at < body->data.len)
        return str_sub(body->data, body->at, body_stop(body) - body->at);
    return body->tail;
}

/* Moves the cursor over bytes of the piece it stands on. */
static void
body_step(SmtpBody *body, size_t bytes)
{
    if (body_wants_dot(body)) {
        body->stuffed = true;
        body->dots--;
    } else if (body->at < body->data.len) {
        body->at += bytes;
        body->stuffed = false;
    } else {
        body->tail = (Str){body->tail.at + bytes, body->tail.len - bytes};
    }
}

size_t
smtp_body_pieces(const SmtpBody *body, struct iovec *ret, size_t max)
{
    SmtpBody cursor = *body;
    size_t count = 0;
    while (count < max && smtp_body_left(&cursor)) {
        Str piece = body_piece(&cursor);
        ret[count++] = (struct iovec){(void *)(uintptr_t)piece.at, piece.len};
        body_step(&cursor, piece.len);
    }
    return count;
}

void
smtp_body_advance(SmtpBody *body, size_t bytes)
{
    while (bytes) {
        must(smtp_body_left(body));
        size_t step = MIN(bytes, body_piece(body).len);
        body_step(body, step);
        bytes -= step;
    }
}
