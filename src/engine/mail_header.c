/* mail_header.c - header fields of a mail. */
#include "engine/mail_header.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

enum {
    LINE_CHARS = 78,        /* aimed at (RFC 5322 2.1.1) */
    LINE_CHARS_MOST = 998,  /* never more (ibidem) */
    CODED_LINE_CHARS = 76,  /* of a line with encoded-words (RFC 2047 2) */
    CODED_WORD_CHARS = 75,  /* of one of them */
    CODED_FRAME_CHARS = 12, /* =?UTF-8?B? and ?= */
    CODED_LEAST_CHARS = 16, /* less room than this for a word's letters: next line */
    WORD_CHARS_MOST = 60,   /* a longer ASCII word is encoded, so that the line can be folded */
    NAME_CHARS_MOST = 60,   /* a longer ASCII display name likewise */
    PARAM_CHARS = 60,       /* of a parameter's value in quotes on one line */
    PARAM_PIECE_CHARS = 40, /* of a piece of a longer one, before its last character */
    PARAM_BYTES_MOST = 200, /* no file system has longer names than 255 */
};

/* A field being written: where in its line it is. */
typedef struct Line {
    Buf *buf;
    size_t column;
} Line;

static Line
line_start(Buf *buf, const char *name)
{
    buf_add_cstr(buf, name);
    buf_add(buf, ": ", 2);
    return (Line){buf, strlen(name) + 2};
}

static void
line_add(Line *line, Str text)
{
    buf_add_str(line->buf, text);
    line->column += text.len;
}

/* A folded line starts with one space, which is part of the text where it replaces one. */
static void
line_fold(Line *line)
{
    buf_add(line->buf, "\r\n ", 3);
    line->column = 1;
}

static void
line_end(Line *line)
{
    buf_add(line->buf, "\r\n", 2);
}

/* Words separated by single spaces, a new line where one does not fit any more. */
static void
line_add_words(Line *line, Str text)
{
    Str rest = text, word;
    bool first = true;
    while (str_split(&rest, ' ', &word)) {
        /* A line of nothing but white space ends the header for some readers: empty words stay
         * where they are. */
        if (!first && word.len && line->column + 1 + word.len > LINE_CHARS)
            line_fold(line);
        else if (!first)
            line_add(line, STR(" "));
        line_add(line, word);
        first = false;
    }
}

/* ---- encoded-words ---------------------------------------------------------------------- */

/* Needs no escape in Q, not even inside a phrase (RFC 2047 5, rule 3). */
static bool
coded_q_safe(char byte)
{
    return g_ascii_isalnum(byte) || (byte && strchr("!*+-/", byte));
}

static size_t
coded_q_len(Str text)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        len += coded_q_safe(text.at[i]) || text.at[i] == ' ' ? 1 : 3;
    return len;
}

static void
coded_q_add(Line *line, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i], hex[3] = {'='};
        if (byte == ' ') {
            line_add(line, STR("_"));
        } else if (coded_q_safe(byte)) {
            line_add(line, (Str){&byte, 1});
        } else {
            hex[1] = "0123456789ABCDEF"[(uint8_t)byte >> 4];
            hex[2] = "0123456789ABCDEF"[byte & 15];
            line_add(line, (Str){hex, sizeof hex});
        }
    }
}

/* The whole characters of text that fit into so many letters of Q or base64. */
static Str
coded_part(Str text, bool q, size_t letters)
{
    if (!q)
        return text_cut(text, letters / 4 * 3);
    size_t len = 0, used = 0;
    while (len < text.len) {
        size_t char_len = text_char(str_sub(text, len, text.len), NULL);
        used += coded_q_len(str_sub(text, len, char_len));
        if (used > letters)
            break;
        len += char_len;
    }
    return (Str){text.at, len};
}

/* The text as encoded-words, one a line. It must be valid UTF-8. */
static void
line_add_coded(Line *line, Str text)
{
    bool q = coded_q_len(text) <= encode_len(ENCODE_BASE64, text.len);
    while (text.len) {
        if (line->column + CODED_FRAME_CHARS + CODED_LEAST_CHARS > CODED_LINE_CHARS)
            line_fold(line);
        size_t room = MIN(CODED_LINE_CHARS - line->column, (size_t)CODED_WORD_CHARS);
        Str part = coded_part(text, q, room - CODED_FRAME_CHARS);
        must(part.len); /* CODED_LEAST_CHARS holds any character */
        line_add(line, q ? STR("=?UTF-8?Q?") : STR("=?UTF-8?B?"));
        if (q) {
            coded_q_add(line, part);
        } else {
            encode_add(line->buf, ENCODE_BASE64, part);
            line->column += encode_len(ENCODE_BASE64, part.len);
        }
        line_add(line, STR("?="));
        text = str_sub(text, part.len, text.len);
        if (text.len)
            line_fold(line);
    }
}

/* ---- text ---------------------------------------------------------------------------------- */

/* Plain ASCII that no reader takes for an encoded-word, and that can be folded. */
static bool
header_is_plain(Str text)
{
    size_t at;
    if (str_find(text, STR("=?"), &at))
        return false;
    size_t word = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!g_ascii_isprint(text.at[i]))
            return false;
        word = text.at[i] == ' ' ? 0 : word + 1;
        if (word > WORD_CHARS_MOST)
            return false;
    }
    return true;
}

void
mail_header_text(Buf *buf, const char *name, Str text)
{
    Line line = line_start(buf, name);
    text = text_line(buf->arena, text, LIMIT_TEXT_BYTES);
    if (header_is_plain(text))
        line_add_words(&line, text);
    else
        line_add_coded(&line, text);
    line_end(&line);
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* Words of atext: a phrase that needs no quotes (RFC 5322 3.2.3). */
static bool
name_is_phrase(Str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.at[i];
        if (!g_ascii_isalnum(byte) && !(byte && strchr(" !#$%&'*+-/=?^_`{|}~", byte)))
            return false;
    }
    return true;
}

static void
line_add_quoted(Line *line, Str text)
{
    line_add(line, STR("\""));
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            line_add(line, STR("\\"));
        line_add(line, str_sub(text, i, 1));
    }
    line_add(line, STR("\""));
}

void
mail_header_address(Buf *buf, const char *name, const Address *address)
{
    Line line = line_start(buf, name);
    Str shown = text_line(buf->arena, address->name, LIMIT_TEXT_BYTES);
    if (shown.len == 0) {
        line_add(&line, address->spec);
        line_end(&line);
        return;
    }
    bool coded = !header_is_plain(shown) || shown.len > NAME_CHARS_MOST;
    if (coded)
        line_add_coded(&line, shown);
    else if (name_is_phrase(shown))
        line_add(&line, shown);
    else
        line_add_quoted(&line, shown);
    if (line.column + address->spec.len + strlen(" <>") > (coded ? CODED_LINE_CHARS : LINE_CHARS))
        line_fold(&line);
    else
        line_add(&line, STR(" "));
    line_add(&line, STR("<"));
    line_add(&line, address->spec);
    line_add(&line, STR(">"));
    line_end(&line);
}

/* ---- values of programs -------------------------------------------------------------------- */

bool
mail_header_value(Buf *buf, const char *name, Str value, GError **error)
{
    size_t word = strlen(name) + 2;
    bool blank = true;
    for (size_t i = 0; i < value.len; i++) {
        if (!g_ascii_isprint(value.at[i]))
            return fail(error, ERR_INPUT, "the mail's %s holds a character that it must not", name);
        /* A line can be folded before a word, so what cannot be parted is a word and the blanks
         * behind it. */
        bool starts = i && value.at[i - 1] == ' ' && value.at[i] != ' ';
        word = starts ? 2 : word + 1;
        if (word > LINE_CHARS_MOST)
            return fail(error, ERR_INPUT, "the mail's %s is too long for a line", name);
        blank = blank && value.at[i] == ' ';
    }
    if (blank)
        return fail(error, ERR_INPUT, "the mail's %s is empty", name);
    Line line = line_start(buf, name);
    line_add_words(&line, value);
    line_end(&line);
    return true;
}

bool
mail_header_name_valid(Str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!g_ascii_isgraph(name.at[i]) || name.at[i] == ':')
            return false;
    }
    return name.len > 0 && name.len <= LINE_CHARS - 2;
}

/* ---- parameters ---------------------------------------------------------------------------- */

/* attribute-char of RFC 2231 7, less what some readers trip over. */
static bool
param_safe(char byte)
{
    return g_ascii_isalnum(byte) || (byte && strchr("!#$&+-.^_", byte));
}

/* One character; returns how many letters it took. */
static size_t
param_add_char(Buf *buf, Str character)
{
    size_t before = buf->len;
    for (size_t i = 0; i < character.len; i++) {
        if (param_safe(character.at[i]))
            buf_add_char(buf, character.at[i]);
        else
            buf_format(buf, "%%%02X", (unsigned)(uint8_t)character.at[i]);
    }
    return buf->len - before;
}

/* name*0*=UTF-8''...; name*1*=...: every piece whole characters. */
static void
param_add_coded(Buf *buf, const char *name, Str value)
{
    for (int piece = 0; value.len; piece++) {
        buf_format(buf, ";\r\n %s*%d*=%s", name, piece, piece ? "" : "UTF-8''");
        for (size_t used = 0; value.len && used < PARAM_PIECE_CHARS;) {
            Str character = str_sub(value, 0, text_char(value, NULL));
            used += param_add_char(buf, character);
            value = str_sub(value, character.len, value.len);
        }
    }
}

void
mail_header_param(Buf *buf, const char *name, Str value)
{
    must(buf->len >= 2 && buf->at[buf->len - 1] == '\n');
    buf->len -= 2;
    value = text_line(buf->arena, value, PARAM_BYTES_MOST);
    if (value.len > PARAM_CHARS || !text_ascii(value)) {
        param_add_coded(buf, name, value);
    } else {
        buf_format(buf, ";\r\n %s=", name);
        Line line = {buf, 0};
        line_add_quoted(&line, value);
    }
    buf_add(buf, "\r\n", 2);
}
