/* address.c - mail addresses. */
#include "base/address.h"
#include "base/domain.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

enum {
    LOCAL_BYTES_MOST = 64, /* RFC 5321 4.5.3.1.1 */
    NAME_BYTES_MOST = 256,
};

/* ---- the local part ------------------------------------------------------------------------ */

static bool
address_is_atext(char byte)
{
    return (byte & 0x80) || g_ascii_isalnum(byte) || (byte && strchr("!#$%&'*+-/=?^_`{|}~", byte));
}

/* Needs no quotes: words of atext with single dots between them. */
static bool
local_is_dot_atom(Str local)
{
    Str rest = local, word;
    while (str_split(&rest, '.', &word)) {
        if (word.len == 0)
            return false;
        for (size_t i = 0; i < word.len; i++) {
            if (!address_is_atext(word.at[i]))
                return false;
        }
    }
    return local.len > 0;
}

/* Takes quotes and backslashes off; false if the quoting is broken. */
static bool
local_unquote(Arena *arena, Str quoted, Str *ret)
{
    if (quoted.len < 2 || quoted.at[quoted.len - 1] != '"')
        return false;
    Buf plain = {.arena = arena};
    for (size_t i = 1; i < quoted.len - 1; i++) {
        if (quoted.at[i] == '"')
            return false;
        if (quoted.at[i] == '\\' && ++i == quoted.len - 1)
            return false;
        buf_add_char(&plain, quoted.at[i]);
    }
    *ret = buf_str(&plain);
    return true;
}

/* Unquoted, everything but atext and dots is a typing error; quoted, all that can be printed. */
static bool
local_read(Arena *arena, Str text, Str *ret)
{
    bool quoted = text.len && text.at[0] == '"';
    if (!quoted)
        *ret = text;
    else if (!local_unquote(arena, text, ret))
        return false;
    for (size_t i = 0; i < ret->len; i++) {
        char byte = ret->at[i];
        bool fine =
            quoted ? (byte & 0x80) || g_ascii_isprint(byte) : byte == '.' || address_is_atext(byte);
        if (!fine)
            return false;
    }
    return ret->len > 0 && (quoted || ret->at[0] != '.');
}

static void
local_write(Buf *buf, Str local)
{
    if (local_is_dot_atom(local)) {
        buf_add_str(buf, local);
        return;
    }
    buf_add_char(buf, '"');
    for (size_t i = 0; i < local.len; i++) {
        if (local.at[i] == '"' || local.at[i] == '\\')
            buf_add_char(buf, '\\');
        buf_add_char(buf, local.at[i]);
    }
    buf_add_char(buf, '"');
}

/* U+0080..9F and U+2028/9 are control characters that happen to be letters for atext. */
static bool
local_has_controls(Str local)
{
    for (size_t i = 0; i < local.len;) {
        size_t len = text_char(str_sub(local, i, local.len), NULL);
        uint32_t code = text_code(local.at + i, len);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
            (code >= 0x2066 && code <= 0x2069) || code == 0xfeff)
            return true;
        i += len;
    }
    return false;
}

/* ---- addresses ----------------------------------------------------------------------------- */

/* Where the @ is: the last one, since a quoted local part may hold others. */
static bool
address_at(Str text, size_t *ret)
{
    const char *at = text.len ? memrchr(text.at, '@', text.len) : NULL;
    if (!at)
        return false;
    *ret = (size_t)(at - text.at);
    return true;
}

bool
address_parse_spec(Arena *arena, Str text, Address *ret, GError **error)
{
    size_t at;
    Str local, domain;
    if (text.len > 4 * LIMIT_ADDRESS_BYTES || !text_valid(text))
        return fail(error, ERR_INPUT, "the mail address is too long or not UTF-8");
    char *shown = arena_cstr(arena, text_line(arena, text, LIMIT_ADDRESS_BYTES));
    if (!address_at(text, &at))
        return fail(error, ERR_INPUT, "\"%s\" is no mail address: it has no @", shown);
    if (!local_read(arena, str_sub(text, 0, at), &local) || local_has_controls(local))
        return fail(error, ERR_INPUT, "\"%s\" is no mail address: look before the @", shown);
    if (!domain_parse(arena, str_sub(text, at + 1, text.len), &domain, NULL))
        return fail(error, ERR_INPUT, "\"%s\" is no mail address: look behind the @", shown);

    Buf spec = {.arena = arena};
    buf_reserve(&spec, local.len * 2 + domain.len + 4);
    local_write(&spec, local);
    size_t local_len = spec.len;
    buf_add_char(&spec, '@');
    buf_add_str(&spec, domain);
    buf_cstr(&spec);
    if (local_len > LOCAL_BYTES_MOST || spec.len > LIMIT_ADDRESS_BYTES)
        return fail(error, ERR_INPUT, "\"%s\" is no mail address: it is too long", shown);
    *ret = (Address){
        .spec = buf_str(&spec),
        .domain = {spec.at + local_len + 1, domain.len},
        .utf8 = !text_ascii(local),
    };
    return true;
}

/* A display name as it stands before the <: quotes and backslashes off, one line. */
static Str
address_name(Arena *arena, Str text)
{
    Str plain;
    text = str_trim(text);
    if (text.len && text.at[0] == '"' && local_unquote(arena, text, &plain))
        text = plain;
    return text_line(arena, text, NAME_BYTES_MOST);
}

bool
address_parse(Arena *arena, Str text, Address *ret, GError **error)
{
    text = str_trim(text);
    if (!text.len || text.at[text.len - 1] != '>')
        return address_parse_spec(arena, text, ret, error);
    const char *open = memrchr(text.at, '<', text.len);
    if (!open)
        return fail(error, ERR_INPUT, "the mail address has a > and no <");
    size_t at = (size_t)(open - text.at);
    Address address;
    if (!address_parse_spec(arena, str_trim(str_sub(text, at + 1, text.len - at - 2)), &address,
                            error))
        return false;
    address.name = address_name(arena, str_sub(text, 0, at));
    *ret = address;
    return true;
}

Str
address_key(Arena *arena, const Address *address)
{
    if (!address->utf8)
        return text_lower(arena, address->spec);
    g_autofree char *composed =
        g_utf8_normalize(address->spec.at, (gssize)address->spec.len, G_NORMALIZE_NFC);
    g_autofree char *lower = g_utf8_strdown(composed, -1);
    return arena_copy(arena, str_of(lower));
}
