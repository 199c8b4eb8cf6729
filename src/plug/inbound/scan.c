/* scan.c - small tools over the texts of mails; see inbound_inside.h. */
#include "plug/inbound/inbound_inside.h"

#include "base/text.h"

#include <string.h>

enum {
    LOCAL_BYTES_MOST = 256, /* RFC 5321 allows 64; VERP senders do not care */
    PATTERN_NEAR_BYTES = 80 /* how far the pieces of a pattern may be apart */
};

/* ---- addresses -------------------------------------------------------------------------------- */

static bool
local_byte(char byte)
{
    return g_ascii_isalnum(byte) || (byte & 0x80) || strchr("!#$%&'*+-/=?^_`{|}~.", byte) != NULL;
}

static bool
domain_byte(char byte)
{
    return g_ascii_isalnum(byte) || (byte & 0x80) || byte == '-' || byte == '.' || byte == '_';
}

/* Where the local part that ends before the @ at `at` begins; `at` itself if there is none. */
static size_t
local_start(Str text, size_t at, size_t least)
{
    size_t from = at;
    if (at > least + 1 && text.at[at - 1] == '"') {
        const char *open = memrchr(text.at + least, '"', at - 1 - least);
        size_t quoted = open ? (size_t)(open - text.at) : at;
        return memchr(text.at + quoted, '\n', at - quoted) ? at : quoted;
    }
    while (from > least && at - from < LOCAL_BYTES_MOST && text.at[from - 1] != '\0' &&
           local_byte(text.at[from - 1]))
        from--;
    /* Quotes and bullets around an address, and the = of TO=ana@x, are no part of it. */
    while (from < at && strchr("'`*.|/{", text.at[from]))
        from++;
    if (from + 1 < at && text.at[from] == '=' && text.at[from + 1] != '?')
        from++;
    return from;
}

static size_t
domain_end(Str text, size_t at)
{
    size_t end = at + 1;
    while (end < text.len && domain_byte(text.at[end]))
        end++;
    while (end > at + 1 && strchr(".-_", text.at[end - 1]))
        end--;
    return end;
}

bool
scan_address(Str text, size_t *at, Str *ret, size_t *ret_from)
{
    size_t least = *at;
    while (least < text.len) {
        const char *hit = memchr(text.at + least, '@', text.len - least);
        if (!hit)
            break;
        size_t sign = (size_t)(hit - text.at), from = local_start(text, sign, *at),
               end = domain_end(text, sign);
        least = sign + 1;
        if (from == sign || end == sign + 1 || end - from > LOCAL_BYTES_MOST)
            continue;
        *ret = str_sub(text, from, end - from);
        if (ret_from)
            *ret_from = from;
        *at = end;
        return true;
    }
    *at = text.len;
    return false;
}

Str
scan_first_address(Str text)
{
    Str found = {0}, bracketed = {0};
    size_t open, at = 0;
    /* A name may hold an @ as well; what stands in brackets is the address. */
    if (str_find(text, STR("<"), &open)) {
        size_t from = open;
        if (scan_address(text, &from, &bracketed, NULL))
            return bracketed;
    }
    return scan_address(text, &at, &found, NULL) ? found : (Str){0};
}

/* ---- patterns --------------------------------------------------------------------------------- */

Str
scan_fold(Arena *arena, Str text)
{
    char *ret = arena_bytes(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        bool blank = g_ascii_isspace(byte);
        /* U+00A0 and U+2019 are what word processors make of a blank and an apostrophe. */
        if (byte == '\xc2' && i + 1 < text.len && text.at[i + 1] == '\xa0')
            blank = true, i++;
        else if (byte == '\xe2' && i + 2 < text.len && memcmp(text.at + i, "\xe2\x80\x99", 3) == 0)
            byte = '\'', i += 2;
        if (blank && (!len || ret[len - 1] == ' '))
            continue;
        ret[len++] = blank ? ' ' : g_ascii_tolower(byte);
    }
    ret[len] = '\0';
    return (Str){ret, len};
}

static bool
pieces_from(Str text, const char *pattern)
{
    while (*pattern) {
        const char *star = strchrnul(pattern, '*');
        Str piece = {pattern, (size_t)(star - pattern)};
        size_t at;
        if (!str_find(text, piece, &at))
            return false;
        text = str_sub(text, at + piece.len, PATTERN_NEAR_BYTES);
        pattern = *star ? star + 1 : star;
    }
    return true;
}

bool
scan_like(Str folded, const char *pattern)
{
    Str first = {pattern, (size_t)(strchrnul(pattern, '*') - pattern)};
    size_t at;
    while (str_find(folded, first, &at)) {
        Str rest = str_sub(folded, at + first.len, folded.len);
        if (!pattern[first.len] ||
            pieces_from(str_sub(rest, 0, PATTERN_NEAR_BYTES), pattern + first.len + 1))
            return true;
        folded = rest;
    }
    return false;
}

bool
scan_has_nocase(Str text, const char *words)
{
    size_t len = strlen(words);
    for (size_t i = 0; i + len <= text.len; i++)
        if (g_ascii_strncasecmp(text.at + i, words, len) == 0)
            return true;
    return false;
}

bool
scan_starts(Str text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && g_ascii_strncasecmp(text.at, start, len) == 0;
}

/* ---- codes ------------------------------------------------------------------------------------ */

static size_t
digits(Str text, size_t at)
{
    size_t count = 0;
    while (at + count < text.len && g_ascii_isdigit(text.at[at + count]))
        count++;
    return count;
}

/* Could a code start here? Not inside a number, a network address, a host's name or a message's id. */
static bool
code_may_start(Str text, size_t at)
{
    return at == 0 || !(g_ascii_isalnum(text.at[at - 1]) || strchr(".-_@/", text.at[at - 1]));
}

bool
scan_enhanced(Str text, Str *ret)
{
    for (size_t i = 0; i + 4 < text.len; i++) {
        if (!strchr("245", text.at[i]) || text.at[i + 1] != '.' || !code_may_start(text, i))
            continue;
        size_t subject = digits(text, i + 2);
        size_t dot = i + 2 + subject;
        if (subject < 1 || subject > 3 || dot >= text.len || text.at[dot] != '.')
            continue;
        size_t detail = digits(text, dot + 1), end = dot + 1 + detail;
        bool more = end < text.len && (g_ascii_isalpha(text.at[end]) ||
                                       (text.at[end] == '.' && digits(text, end + 1)));
        if (detail < 1 || detail > 3 || more)
            continue;
        *ret = str_sub(text, i, end - i);
        return true;
    }
    return false;
}

int
scan_code(Str text)
{
    for (size_t i = 0; i + 2 < text.len; i++) {
        bool failure = text.at[i] == '4' || text.at[i] == '5';
        if (!failure || digits(text, i) != 3 || text.at[i + 1] > '5' || !code_may_start(text, i))
            continue;
        /* Behind it a blank, a dash, a colon or the end; "500 MB" and "550 people" are rare in such words. */
        if (i + 3 == text.len || strchr(" -:#,;)'\"\n", text.at[i + 3]))
            return (text.at[i] - '0') * 100 + (text.at[i + 1] - '0') * 10 + (text.at[i + 2] - '0');
    }
    return 0;
}
