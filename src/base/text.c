/* text.c - UTF-8: valid, clean, one line, several lines, cut, escaped for HTML. */
#include "base/text.h"

#include <string.h>

#define HIGH_BITS   UINT64_C(0x8080808080808080)
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* How many ASCII bytes the text starts with, eight at a time: most text is nothing else. */
static size_t
text_ascii_run(Str text)
{
    size_t i = 0;
    for (; text.len - i >= 8; i += 8) {
        uint64_t eight;
        memcpy(&eight, text.at + i, 8);
        if (eight & HIGH_BITS)
            break;
    }
    while (i < text.len && !(text.at[i] & 0x80))
        i++;
    return i;
}

bool
text_ascii(Str text)
{
    return text_ascii_run(text) == text.len;
}

bool
text_has(Str text, char byte)
{
    return text.len && memchr(text.at, byte, text.len);
}

/* What the second byte may be, by the first: table 3-7 of the Unicode standard. The bounds keep out
 * overlong forms, surrogates and what lies above U+10FFFF. */
static size_t
text_lead(uint8_t lead, uint8_t *ret_least, uint8_t *ret_most)
{
    *ret_least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *ret_most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t
text_char(Str text, size_t *ret_bad_len)
{
    if (text.len == 0) {
        if (ret_bad_len)
            *ret_bad_len = 0;
        return 0;
    }
    const uint8_t *at = (const uint8_t *)text.at;
    uint8_t least, most;
    size_t len = text_lead(at[0], &least, &most), i = 1;
    for (; i < len && i < text.len && at[i] >= least && at[i] <= most; i++)
        least = 0x80, most = 0xbf;
    if (len && i == len)
        return len;
    if (ret_bad_len)
        *ret_bad_len = i;
    return 0;
}

uint32_t
text_code(const char *at, size_t len)
{
    static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    must(len >= 1 && len <= 4);
    uint32_t code = (uint8_t)at[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((uint8_t)at[i] & 0x3f);
    return code;
}

/* How many bytes the text starts with that are valid. */
static size_t
text_valid_run(Str text)
{
    size_t i = 0;
    while (i < text.len) {
        i += text_ascii_run(str_sub(text, i, text.len));
        size_t len = 0;
        while (i < text.len && (text.at[i] & 0x80) &&
               (len = text_char((Str){text.at + i, text.len - i}, NULL)))
            i += len;
        if (i < text.len && (text.at[i] & 0x80))
            return i;
    }
    return i;
}

bool
text_valid(Str text)
{
    return text_valid_run(text) == text.len;
}

size_t
text_count(Str text)
{
    size_t count = 0;
    while (text.len) {
        size_t bad, len = text_char(text, &bad);
        text = str_sub(text, len ? len : bad, text.len);
        count++;
    }
    return count;
}

Str
text_clean(Arena *arena, Str text)
{
    size_t good = text_valid_run(text);
    if (good == text.len)
        return text;
    Buf clean = {.arena = arena};
    buf_reserve(&clean, text.len + 64);
    while (text.len) {
        buf_add(&clean, text.at, good);
        text = str_sub(text, good, text.len);
        size_t bad;
        if (text.len && !text_char(text, &bad)) {
            buf_add(&clean, REPLACEMENT, strlen(REPLACEMENT));
            text = str_sub(text, bad, text.len);
        }
        good = text_valid_run(text);
    }
    return buf_str(&clean);
}

/* What one character does in text for people. */
typedef enum Mark { MARK_TEXT, MARK_SPACE, MARK_BREAK, MARK_DROP } Mark;

static Mark
text_mark(uint32_t code)
{
    if (code == '\n' || code == '\r' || code == 0x2028 || code == 0x2029 || code == 0x85)
        return MARK_BREAK;
    if (code <= 0x20 || (code >= 0x7f && code < 0xa0))
        return MARK_SPACE;
    if (code == 0xfeff || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
        return MARK_DROP;
    return MARK_TEXT;
}

/* True if text_line or text_block can hand it back as it is: the usual case, without a copy. */
static bool
text_plain(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.at[i];
        if (byte < 0x20 || byte >= 0x7f ||
            (byte == ' ' && i + 1 < text.len && text.at[i + 1] == ' '))
            return false;
    }
    return true;
}

Str
text_line(Arena *arena, Str text, size_t most_bytes)
{
    text = str_trim(text);
    if (text_plain(text))
        return str_trim(text_cut(text, most_bytes));
    text = text_clean(arena, text);
    Buf line = {.arena = arena};
    buf_reserve(&line, MIN(text.len, most_bytes) + 8);
    bool space = false;
    while (text.len && line.len <= most_bytes) {
        size_t len = text_char(text, NULL);
        Mark mark = text_mark(text_code(text.at, len));
        if (mark == MARK_TEXT) {
            if (space && line.len)
                buf_add_char(&line, ' ');
            buf_add(&line, text.at, len);
            space = false;
        } else {
            space = space || mark != MARK_DROP;
        }
        text = str_sub(text, len, text.len);
    }
    return str_trim(text_cut(buf_str(&line), most_bytes));
}

Str
text_block(Arena *arena, Str text, size_t most_bytes)
{
    text = str_trim(text);
    if (text_plain(text))
        return str_trim(text_cut(text, most_bytes));
    text = text_clean(arena, text);
    Buf block = {.arena = arena};
    buf_reserve(&block, MIN(text.len, most_bytes) + 8);
    while (text.len && block.len <= most_bytes) {
        size_t len = text_char(text, NULL);
        Mark mark = text_mark(text_code(text.at, len));
        if (mark == MARK_TEXT || text.at[0] == '\t')
            buf_add(&block, text.at, len);
        else if (mark != MARK_DROP)
            buf_add_char(&block, mark == MARK_BREAK ? '\n' : ' ');
        if (str_starts(text, "\r\n"))
            len = 2;
        text = str_sub(text, len, text.len);
    }
    return str_trim(text_cut(buf_str(&block), most_bytes));
}

Str
text_cut(Str text, size_t most_bytes)
{
    if (text.len <= most_bytes)
        return text;
    size_t len = most_bytes;
    /* A character's first byte is no continuation: at most three steps back. */
    for (int i = 0; i < 3 && len && ((uint8_t)text.at[len] & 0xc0) == 0x80; i++)
        len--;
    return (Str){text.at, len};
}

void
text_html(Buf *buf, Str text)
{
    static const char *const escapes[256] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
    };
    buf_reserve(buf, text.len);
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = escapes[(uint8_t)text.at[i]];
        if (!escape)
            continue;
        buf_add(buf, text.at + from, i - from);
        buf_add_cstr(buf, escape);
        from = i + 1;
    }
    if (from < text.len)
        buf_add(buf, text.at + from, text.len - from);
}

Str
text_lower(Arena *arena, Str text)
{
    char *lower = arena_bytes(arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        lower[i] = g_ascii_tolower(text.at[i]);
    lower[text.len] = '\0';
    return (Str){lower, text.len};
}
