/* str.c - borrowed bytes with a length. */
#include "base/base.h"

#include <string.h>

Str
str_of(const char *text)
{
    return text ? (Str){text, strlen(text)} : (Str){0};
}

bool
str_eq(Str left, Str right)
{
    return left.len == right.len && (left.len == 0 || memcmp(left.at, right.at, left.len) == 0);
}

bool
str_is(Str left, const char *right)
{
    return str_eq(left, str_of(right));
}

bool
str_eq_nocase(Str left, const char *right)
{
    return left.len == strlen(right) &&
           (left.len == 0 || g_ascii_strncasecmp(left.at, right, left.len) == 0);
}

bool
str_starts(Str text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && (len == 0 || memcmp(text.at, prefix, len) == 0);
}

bool
str_ends(Str text, const char *suffix)
{
    size_t len = strlen(suffix);
    return text.len >= len && (len == 0 || memcmp(text.at + text.len - len, suffix, len) == 0);
}

Str
str_trim(Str text)
{
    while (text.len && g_ascii_isspace(text.at[0]))
        text.at++, text.len--;
    while (text.len && g_ascii_isspace(text.at[text.len - 1]))
        text.len--;
    return text;
}

Str
str_sub(Str text, size_t from, size_t len)
{
    if (from >= text.len)
        return (Str){0};
    return (Str){text.at + from, MIN(len, text.len - from)};
}

bool
str_find(Str text, Str needle, size_t *ret_at)
{
    if (needle.len == 0) {
        *ret_at = 0;
        return true;
    }
    const char *hit = text.len ? memmem(text.at, text.len, needle.at, needle.len) : NULL;
    if (!hit)
        return false;
    *ret_at = (size_t)(hit - text.at);
    return true;
}

bool
str_split(Str *rest, char separator, Str *ret_part)
{
    if (!rest->at)
        return false;
    const char *hit = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
    if (!hit) {
        *ret_part = *rest;
        *rest = (Str){0};
        return true;
    }
    size_t len = (size_t)(hit - rest->at);
    *ret_part = (Str){rest->at, len};
    *rest = (Str){hit + 1, rest->len - len - 1};
    return true;
}
