/* lmtp_command.c - see lmtp_command.h. */
#include "engine/lmtp_command.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

enum { SIZE_DIGITS = 20 /* RFC 1870 4 */ };

/* atext of RFC 5322 and the dot, without which no local part is written; above 127 is UTF-8. */
static bool
is_local(char byte)
{
    return (byte & 0x80) || g_ascii_isalnum(byte) || (byte && strchr("!#$%&'*+-/=?^_`{|}~.", byte));
}

static bool
is_domain(char byte)
{
    return (byte & 0x80) || g_ascii_isalnum(byte) || byte == '-' || byte == '.' || byte == '_';
}

static bool
is_literal(char byte)
{
    return g_ascii_isalnum(byte) || (byte && strchr(":.-", byte));
}

/* How many bytes of text are such. */
static size_t
span(Str text, bool (*is)(char byte))
{
    size_t len = 0;
    while (len < text.len && is(text.at[len]))
        len++;
    return len;
}

/* "..." with backslashes; 0 when it does not end or holds what must not stand there. */
static size_t
span_quoted(Str text)
{
    for (size_t at = 1; at < text.len; at++) {
        unsigned char byte = (unsigned char)text.at[at];
        if (byte == '"')
            return at + 1;
        if (byte == '\\')
            byte = ++at < text.len ? (unsigned char)text.at[at] : 0;
        if (byte < ' ' || byte == 0x7f)
            return 0;
    }
    return 0;
}

static size_t
span_host(Str text)
{
    if (!str_starts(text, "["))
        return span(text, is_domain);
    size_t len = 1 + span(str_sub(text, 1, text.len), is_literal);
    return len < text.len && text.at[len] == ']' ? len + 1 : 0;
}

static size_t
span_mailbox(Str text)
{
    size_t local = str_starts(text, "\"") ? span_quoted(text) : span(text, is_local);
    if (!local || local >= text.len || text.at[local] != '@')
        return local;
    size_t host = span_host(str_sub(text, local + 1, text.len));
    return host ? local + 1 + host : 0;
}

bool
lmtp_path_take(Str *rest, Str *ret)
{
    Str text = *rest;
    while (text.len && text.at[0] == ' ')
        text = str_sub(text, 1, text.len);
    if (!str_starts(text, "<"))
        return false;
    text = str_sub(text, 1, text.len);
    size_t len = span_mailbox(text);
    Str path = str_sub(text, 0, len);
    Str after = str_sub(text, len, text.len);
    if (!str_starts(after, ">") || len > LIMIT_ADDRESS_BYTES || !text_valid(path))
        return false;
    after = str_sub(after, 1, after.len);
    if (after.len && after.at[0] != ' ')
        return false;
    *ret = path;
    *rest = after;
    return true;
}

static bool
size_parse(Str digits, uint64_t *ret)
{
    uint64_t size = 0;
    if (!digits.len || digits.len > SIZE_DIGITS)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (!g_ascii_isdigit(digits.at[i]))
            return false;
        size = size > UINT64_MAX / 10 - 1 ? UINT64_MAX / 10
                                          : size * 10 + (uint64_t)(digits.at[i] - '0');
    }
    *ret = size;
    return true;
}

static bool
parameter_parse(Str word, LmtpParameters *ret)
{
    if (str_eq_nocase(word, "SMTPUTF8"))
        return ret->utf8 = true;
    if (str_eq_nocase(word, "BODY=8BITMIME"))
        return ret->eight_bit = true;
    if (str_eq_nocase(word, "BODY=7BIT"))
        return true;
    return str_eq_nocase(str_sub(word, 0, 5), "SIZE=") &&
           size_parse(str_sub(word, 5, word.len), &ret->size);
}

bool
lmtp_parameters_parse(Str text, LmtpParameters *ret, Str *ret_bad)
{
    LmtpParameters found = {0};
    Str rest = text, word;
    while (str_split(&rest, ' ', &word)) {
        if (word.len && !parameter_parse(word, &found)) {
            *ret_bad = word;
            return false;
        }
    }
    *ret = found;
    return true;
}
