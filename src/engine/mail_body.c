/* mail_body.c - transfer encodings.
 *
 * A mail is looked at once (64 bytes a step, in a form that compilers turn into vector code) and
 * written once; runs of harmless bytes are copied eight at a time. 6 kB take about 5 us.
 */
#include "engine/mail_body.h"
#include "base/encode.h"

#include <string.h>

enum {
    LINE_BYTES_MOST = 900,  /* the law is 998; some relays count what they add */
    QP_CHARS = 76,          /* of a line, its soft break included (RFC 2045 6.7, rule 5) */
    BASE64_LINE_BYTES = 57, /* 76 letters (RFC 2045 6.8) */
    QP_SHARE = 4, /* up to a quarter of escapes; base64 would be shorter from a sixth on, but spam
                   * filters distrust words that hide in it */
    STEP = 64,
};

#define EVERY_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* ---- looking ------------------------------------------------------------------------------- */

typedef struct Shape {
    size_t high;     /* bytes above 127 */
    size_t equals;   /* = */
    size_t controls; /* below 32 or 127, line ends and tabs included */
    size_t ends;     /* \n and \r */
    size_t tabs;
    size_t longest; /* line, bytes */
    bool from_line; /* a line starts with "From ", which mailboxes change to ">From " */
} Shape;

/* Fixed length and byte-wide sums: vector code at -O2. */
static void
shape_count(Shape *shape, const uint8_t at[STEP])
{
    uint8_t high = 0, equals = 0, controls = 0, ends = 0, tabs = 0;
    for (int i = 0; i < STEP; i++) {
        high = (uint8_t)(high + (at[i] >> 7));
        equals = (uint8_t)(equals + (at[i] == '='));
        controls = (uint8_t)(controls + (at[i] < 0x20) + (at[i] == 0x7f));
        ends = (uint8_t)(ends + (at[i] == '\n') + (at[i] == '\r'));
        tabs = (uint8_t)(tabs + (at[i] == '\t'));
    }
    shape->high += high;
    shape->equals += equals;
    shape->controls += controls;
    shape->ends += ends;
    shape->tabs += tabs;
}

static void
shape_lines(Shape *shape, Str text)
{
    const char *at = text.at, *end = text.at + text.len;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        shape->longest = MAX(shape->longest, len);
        shape->from_line |= len >= 5 && memcmp(at, "From ", 5) == 0;
        at += len + 1;
    }
}

static Shape
shape_of(Str text)
{
    Shape shape = {0};
    size_t i = 0;
    for (; text.len - i >= STEP; i += STEP)
        shape_count(&shape, (const uint8_t *)text.at + i);
    if (i < text.len) {
        uint8_t rest[STEP];
        memset(rest, ' ', sizeof rest);
        memcpy(rest, text.at + i, text.len - i);
        shape_count(&shape, rest);
    }
    if (text.len)
        shape_lines(&shape, text);
    return shape;
}

MailBody
mail_body_of(Str text, bool allow_8bit)
{
    Shape shape = shape_of(text);
    size_t escapes = shape.high + shape.equals + shape.controls - shape.ends - shape.tabs;
    bool tame = shape.longest <= LINE_BYTES_MOST && !shape.from_line &&
                shape.controls == shape.ends + shape.tabs;
    MailBody body = {.text = text};
    if (tame && !shape.high)
        body.encoding = MAIL_7BIT;
    else if (tame && allow_8bit)
        body.encoding = MAIL_8BIT;
    else if (escapes <= text.len / QP_SHARE)
        body.encoding = MAIL_QUOTED_PRINTABLE;
    else
        body.encoding = MAIL_BASE64;

    /* Each line end can become two bytes, and have one more escape before and one behind it. */
    size_t lines = text.len + shape.ends + 1;
    if (body.encoding == MAIL_QUOTED_PRINTABLE) {
        size_t letters = text.len + 2 * (escapes + 2 * shape.ends + 2);
        body.room_bytes = shape.ends + letters + (letters / (QP_CHARS - 4) + 1) * 3;
    } else if (body.encoding == MAIL_BASE64) {
        body.room_bytes = encode_len(ENCODE_BASE64, lines) + (lines / BASE64_LINE_BYTES + 1) * 2;
    } else {
        body.room_bytes = lines;
    }
    return body;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* A walk over the lines of a text. */
typedef struct Lines {
    Str rest;
    const char *feed; /* the next \n, found once however many \r stand before it; end if none */
    bool ended;       /* the line just given had an end */
} Lines;

static Lines
lines_of(Str text)
{
    return (Lines){.rest = text, .feed = text.at};
}

/* The next line without its end, which may be \n, \r\n or \r. False when there is none left. */
static bool
lines_next(Lines *lines, Str *ret)
{
    if (lines->rest.len == 0)
        return false;
    const char *at = lines->rest.at, *end = at + lines->rest.len;
    if (lines->feed <= at) {
        lines->feed = memchr(at, '\n', lines->rest.len);
        lines->feed = lines->feed ? lines->feed : end;
    }
    const char *stop = memchr(at, '\r', (size_t)(lines->feed - at));
    stop = stop ? stop : lines->feed;
    lines->ended = stop < end;
    *ret = (Str){at, (size_t)(stop - at)};

    const char *next = stop + lines->ended;
    if (next < end && *stop == '\r' && *next == '\n')
        next++;
    lines->rest = (Str){next, (size_t)(end - next)};
    return true;
}

static char *
body_write_plain(char *out, Str text)
{
    Lines lines = lines_of(text);
    Str line;
    while (lines_next(&lines, &line)) {
        out = mempcpy(out, line.at, line.len);
        if (lines.ended)
            out = mempcpy(out, "\r\n", 2);
    }
    return out;
}

/* How many of the eight bytes, from the first, need no escape: no control, no '=', nothing above 127. What a
 * subtraction borrows from the byte above it only shows above a byte that is marked itself. */
static size_t
qp_eight_safe(uint64_t eight)
{
    uint64_t equals = eight ^ EVERY_BYTE('=');
    uint64_t marks =
        eight | (eight - EVERY_BYTE(0x20)) | (equals - EVERY_BYTE(1)) | (eight + EVERY_BYTE(1));
    marks = GUINT64_FROM_LE(marks & EVERY_BYTE(0x80));
    return marks ? (size_t)__builtin_ctzll(marks) / 8 : 8;
}

static bool
qp_safe(char byte)
{
    return (byte >= ' ' && byte < 0x7f && byte != '=') || byte == '\t';
}

/* One line of the text as one or more of the mail. A white space at the end is escaped, since
 * relays take it off, and so is the F of "From ". */
static char *
qp_write_line(char *out, Str line)
{
    size_t column = 0, i = 0;
    bool from = str_starts(line, "From ");
    while (i < line.len) {
        uint64_t eight;
        size_t run = from && i == 0 ? 0 : 8;
        while (run == 8 && line.len - i > 8 && column < QP_CHARS - 1) {
            memcpy(&eight, line.at + i, 8);
            run = MIN(qp_eight_safe(eight), QP_CHARS - 1 - column);
            memcpy(out, &eight, 8); /* what is too much is written over: room_bytes holds it */
            out += run, i += run, column += run;
        }
        char byte = line.at[i];
        bool last = i + 1 == line.len;
        bool safe = qp_safe(byte) && !(last && (byte == ' ' || byte == '\t')) && !(from && i == 0);
        size_t cost = safe ? 1 : 3;
        if (column + cost > (last ? QP_CHARS : QP_CHARS - 1)) {
            out = mempcpy(out, "=\r\n", 3);
            column = 0;
        }
        if (safe) {
            *out++ = byte;
        } else {
            *out++ = '=';
            *out++ = "0123456789ABCDEF"[(uint8_t)byte >> 4];
            *out++ = "0123456789ABCDEF"[byte & 15];
        }
        column += cost;
        i++;
    }
    return out;
}

static char *
qp_write(char *out, Str text)
{
    Lines lines = lines_of(text);
    Str line;
    while (lines_next(&lines, &line)) {
        out = qp_write_line(out, line);
        if (lines.ended)
            out = mempcpy(out, "\r\n", 2);
    }
    return out;
}

static char *
base64_write(char *out, Str bytes)
{
    for (size_t i = 0; i < bytes.len; i += BASE64_LINE_BYTES) {
        Str line = str_sub(bytes, i, BASE64_LINE_BYTES);
        if (i)
            out = mempcpy(out, "\r\n", 2);
        encode_to(ENCODE_BASE64, line, out);
        out += encode_len(ENCODE_BASE64, line.len);
    }
    return out;
}

void
mail_body_add_base64(Buf *buf, Str bytes)
{
    buf_reserve(buf,
                encode_len(ENCODE_BASE64, bytes.len) + (bytes.len / BASE64_LINE_BYTES + 1) * 2);
    char *start = buf->at + buf->len;
    buf->len += (size_t)(base64_write(start, bytes) - start);
}

void
mail_body_add(Buf *buf, const MailBody *body)
{
    if (body->encoding == MAIL_BASE64) {
        /* What is encoded is the text with its lines as mail has them. */
        Buf lines = {.arena = buf->arena};
        buf_reserve(&lines, body->room_bytes);
        lines.len = (size_t)(body_write_plain(lines.at, body->text) - lines.at);
        mail_body_add_base64(buf, buf_str(&lines));
        return;
    }
    buf_reserve(buf, body->room_bytes);
    char *start = buf->at + buf->len;
    char *end = body->encoding == MAIL_QUOTED_PRINTABLE ? qp_write(start, body->text)
                                                        : body_write_plain(start, body->text);
    must((size_t)(end - start) <= body->room_bytes);
    buf->len += (size_t)(end - start);
}

const char *
mail_encoding_name(MailEncoding encoding)
{
    static const char *const names[] = {"7bit", "8bit", "quoted-printable", "base64"};
    return names[encoding];
}
