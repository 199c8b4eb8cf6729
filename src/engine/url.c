/* url.c - percent-encoding and query strings. */
#include "engine/url.h"

#include "base/text.h"

#include <string.h>

static bool
url_is_plain(char byte)
{
    return g_ascii_isalnum(byte) || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

static bool
url_needs_decoding(Str text, bool plus_is_space)
{
    return text.len &&
           (memchr(text.at, '%', text.len) || (plus_is_space && memchr(text.at, '+', text.len)));
}

/* One escape at text[at]: its byte, or -1. */
static int
url_escape_read(Str text, size_t at)
{
    if (text.len - at < 3)
        return -1;
    int high = g_ascii_xdigit_value(text.at[at + 1]);
    int low = g_ascii_xdigit_value(text.at[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* The byte at text[*at], decoded; moves *at to its last character. -1: a broken escape. */
static int
url_byte_read(Str text, bool plus_is_space, size_t *at)
{
    char byte = text.at[*at];
    if (byte == '%') {
        int ret = url_escape_read(text, *at);
        *at += 2;
        return ret;
    }
    return byte == '+' && plus_is_space ? ' ' : (unsigned char)byte;
}

bool
url_decode(Arena *arena, Str text, bool plus_is_space, Str *ret)
{
    Str found = text.at ? text : STR("");
    if (url_needs_decoding(text, plus_is_space)) {
        char *to = arena_bytes(arena, text.len + 1);
        size_t len = 0;
        for (size_t at = 0; at < text.len; at++) {
            int byte = url_byte_read(text, plus_is_space, &at);
            if (byte < 0)
                return false;
            to[len++] = (char)byte;
        }
        to[len] = '\0';
        found = (Str){to, len};
    }
    if (!text_valid(found) || text_has(found, '\0'))
        return false;
    *ret = found;
    return true;
}

void
url_encode(Buf *buf, Str text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t at = 0; at < text.len; at++) {
        unsigned char byte = (unsigned char)text.at[at];
        if (url_is_plain((char)byte)) {
            buf_add_char(buf, (char)byte);
            continue;
        }
        buf_add_char(buf, '%');
        buf_add_char(buf, digits[byte >> 4]);
        buf_add_char(buf, digits[byte & 15]);
    }
}

/* Takes the next part that is not empty and cuts it at its first '='. */
static bool
url_pair_take(Str *rest, Str *ret_name, Str *ret_value)
{
    Str part;
    while (str_split(rest, '&', &part)) {
        if (part.len == 0)
            continue;
        *ret_value = part;
        str_split(ret_value, '=', ret_name);
        return true;
    }
    return false;
}

bool
url_pair(Arena *arena, Str *rest, Str *ret_name, Str *ret_value, GError **error)
{
    Str raw_name, raw_value, name, value;
    if (!url_pair_take(rest, &raw_name, &raw_value))
        return false;
    if (!url_decode(arena, raw_name, true, &name) || !url_decode(arena, raw_value, true, &value))
        return fail(error, ERR_INPUT, "a field of the address or form is not valid UTF-8 text");
    *ret_name = name;
    *ret_value = value;
    return true;
}

bool
url_query(Arena *arena, Str query, const char *name, Str *ret)
{
    Str raw_name, raw_value, found;
    while (url_pair_take(&query, &raw_name, &raw_value)) {
        if (url_decode(arena, raw_name, true, &found) && str_is(found, name))
            return url_decode(arena, raw_value, true, ret);
    }
    return false;
}
