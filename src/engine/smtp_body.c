/* smtp_body.c - the data of a mail on its way out; see smtp_body.h.
 *
 * The cursor never copies: a mail without a line that begins with a dot (nearly all) is two pieces,
 * data and tail; any other is cut before each such line, with a dot between.
 */
#include "engine/smtp_body.h"

#include <string.h>

enum {
    LOOK_AHEAD_BYTES = 16384,
    STEP = 64,
};

typedef struct BodyBytes {
    size_t returns; /* \r */
    uint8_t high;   /* all bytes, one over the other */
    uint8_t nuls;   /* not 0: there is one */
} BodyBytes;

/* Fixed length and byte-wide sums: vector code at -O2. It is run over every byte we send. */
static void
body_count_step(BodyBytes *count, const uint8_t at[STEP])
{
    uint8_t returns = 0, high = 0, nuls = 0;
    for (int i = 0; i < STEP; i++) {
        returns = (uint8_t)(returns + (at[i] == '\r'));
        high |= at[i];
        nuls |= at[i] == 0;
    }
    count->returns += returns;
    count->high |= high;
    count->nuls |= nuls;
}

static BodyBytes
body_count(Str data)
{
    BodyBytes count = {0};
    size_t i = 0;
    for (; data.len - i >= STEP; i += STEP)
        body_count_step(&count, (const uint8_t *)data.at + i);
    if (i < data.len) {
        uint8_t rest[STEP];
        memset(rest, ' ', sizeof rest);
        memcpy(rest, data.at + i, data.len - i);
        body_count_step(&count, rest);
    }
    return count;
}

const char *
smtp_body_check(Str data, SmtpBodyFacts *ret)
{
    SmtpBodyFacts facts = {0};
    size_t pairs = 0, from = 0;
    BodyBytes count = body_count(data);
    facts.eight_bit = count.high & 0x80;
    if (count.nuls)
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
    if (count.returns != pairs)
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
    const char *at = body->data.at + body->at;
    const char *end = at + MIN(body->data.len - body->at, (size_t)LOOK_AHEAD_BYTES);
    /* Line by line: memmem looks at each byte for so short a needle. */
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        at++;
        if (at < end && *at == '.')
            return (size_t)(at - body->data.at);
    }
    return (size_t)(end - body->data.at);
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
