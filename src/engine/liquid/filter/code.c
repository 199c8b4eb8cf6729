/* code.c - filters that encode: HTML, URLs, base64. Their results are typed, so that HTML mode does
 * not encode them twice. */
#include "engine/liquid/inside.h"

#include <string.h>

/* ---- HTML --------------------------------------------------------------------------------- */

static bool
escape_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    if (value.kind == LIQUID_NIL)
        return true;
    if (call->html && value.kind == LIQUID_STR && value.safe == LIQUID_SAFE_TEXT) {
        *ret = value;
        return true;
    }
    Buf out = {.arena = call->arena};
    text_escape(&out, text_of(call, value));
    *ret = liquid_safe(buf_str(&out), LIQUID_SAFE_TEXT);
    return true;
}

/* &name; or &#123; at the start. */
static bool
entity_starts(Str text)
{
    size_t i = 1;
    if (i < text.len && text.at[i] == '#') {
        size_t digits = ++i;
        while (i < text.len && g_ascii_isdigit(text.at[i]))
            i++;
        return i > digits && i < text.len && text.at[i] == ';';
    }
    while (i < text.len && g_ascii_isalpha(text.at[i]))
        i++;
    return i > 1 && i < text.len && text.at[i] == ';';
}

static bool
escape_once_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Str text = text_of(call, value);
    Buf out = {.arena = call->arena};
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '&' && entity_starts(str_sub(text, i, text.len)))
            buf_add_char(&out, '&');
        else
            text_escape(&out, (Str){text.at + i, 1});
    }
    *ret = liquid_safe(buf_str(&out), LIQUID_SAFE_TEXT);
    return true;
}

static bool
safe_html_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    *ret = liquid_safe(text_of(call, value), LIQUID_SAFE_HTML);
    return true;
}

/* ---- URLs --------------------------------------------------------------------------------- */

static bool
url_encode_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    static const char HEX[] = "0123456789ABCDEF";
    static const bool PLAIN[256] = {
        ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['-'] = true,
        ['_'] = true,         ['.'] = true,         ['~'] = true,
    };
    if (value.kind == LIQUID_NIL)
        return true;
    Str text = text_of(call, value);
    char *bytes = arena_bytes(call->arena, text.len * 3 + 1);
    char *to = bytes;
    for (const char *at = text.at, *end = at + text.len; at < end; at++) {
        uint8_t byte = (uint8_t)*at;
        if (G_LIKELY(PLAIN[byte])) {
            *to++ = (char)byte;
        } else if (byte == ' ') {
            *to++ = '+';
        } else {
            *to++ = '%';
            *to++ = HEX[byte >> 4];
            *to++ = HEX[byte & 15];
        }
    }
    size_t len = (size_t)(to - bytes);
    *ret = liquid_safe((Str){bytes, len}, LIQUID_SAFE_URL);
    return true;
}

static bool
url_decode_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    if (value.kind == LIQUID_NIL)
        return true;
    Str text = text_of(call, value);
    char *bytes = arena_bytes(call->arena, text.len + 1);
    size_t len = 0;
    bool cut = false; /* behind a % that has no two bytes more, Ruby reads nothing */
    for (size_t i = 0; i < text.len; i++) {
        cut = cut || (text.at[i] == '%' && i + 2 >= text.len);
        bool coded = text.at[i] == '%' && !cut && g_ascii_isxdigit(text.at[i + 1]) &&
                     g_ascii_isxdigit(text.at[i + 2]);
        bytes[len++] = text.at[i] == '+' && !cut ? ' ' : text.at[i];
        if (coded) {
            bytes[len - 1] = (char)(g_ascii_xdigit_value(text.at[i + 1]) * 16 +
                                    g_ascii_xdigit_value(text.at[i + 2]));
            i += 2;
        }
    }
    if (!g_utf8_validate_len(bytes, len, NULL))
        return liquid_fail(call, "invalid byte sequence in UTF-8");
    *ret = liquid_str((Str){bytes, len});
    return true;
}

/* ---- base64 ------------------------------------------------------------------------------- */

static const char PLAIN[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static LiquidValue
base64_of(Arena *arena, Str text, const char *letters)
{
    char *bytes = arena_bytes(arena, (text.len + 2) / 3 * 4 + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i += 3) {
        size_t have = MIN(text.len - i, (size_t)3);
        uint32_t word = (uint32_t)(uint8_t)text.at[i] << 16;
        if (have > 1)
            word |= (uint32_t)(uint8_t)text.at[i + 1] << 8;
        if (have > 2)
            word |= (uint8_t)text.at[i + 2];
        for (size_t j = 0; j < 4; j++)
            bytes[len++] = j <= have ? letters[word >> (18 - 6 * j) & 63] : '=';
    }
    return liquid_str((Str){bytes, len});
}

static int
base64_digit(char letter, const char *letters)
{
    const char *hit = letter ? strchr(letters, letter) : NULL;
    return hit ? (int)(hit - letters) : -1;
}

/* Strict: no white space, exact padding (optional in the URL's form). */
static bool
base64_decode(LiquidCall *call, LiquidValue value, bool url, LiquidValue *ret)
{
    const char *name = url ? "base64_url_safe_decode" : "base64_decode";
    Str text = text_of(call, value);
    size_t padding = 0;
    while (padding < 2 && text.len > padding && text.at[text.len - 1 - padding] == '=')
        padding++;
    size_t digits = text.len - padding;
    bool fine = digits % 4 != 1 && (text.len % 4 == 0 || (url && padding == 0));
    char *bytes = arena_bytes(call->arena, digits + 1);
    size_t len = 0;
    uint32_t word = 0;
    for (size_t i = 0; i < digits && fine; i++) {
        int digit = base64_digit(text.at[i], PLAIN);
        if (digit < 0 && url)
            digit = base64_digit(text.at[i], URL_SAFE);
        fine = digit >= 0;
        word = word << 6 | (uint32_t)MAX(digit, 0);
        if (i % 4)
            bytes[len++] = (char)(word >> (6 - 2 * (i % 4)) & 255);
    }
    if (!fine || !g_utf8_validate_len(bytes, len, NULL))
        return liquid_fail(call, "invalid base64 provided to %s", name);
    *ret = liquid_str((Str){bytes, len});
    return true;
}

static bool
base64_encode_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    *ret = base64_of(call->arena, text_of(call, value), PLAIN);
    return true;
}

static bool
base64_decode_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    return base64_decode(call, value, false, ret);
}

static bool
base64_url_safe_encode_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args,
                           LiquidValue *ret)
{
    *ret = base64_of(call->arena, text_of(call, value), URL_SAFE);
    return true;
}

static bool
base64_url_safe_decode_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args,
                           LiquidValue *ret)
{
    return base64_decode(call, value, true, ret);
}

/* ---- table -------------------------------------------------------------------------------- */

const LiquidFilter liquid_filter_base64_decode = {
    "base64_decode", base64_decode_run, .type = LIQUID_TYPE_STRING, .help = "Reads base64."};
const LiquidFilter liquid_filter_base64_encode = {
    "base64_encode", base64_encode_run, .type = LIQUID_TYPE_STRING, .help = "Writes base64."};
const LiquidFilter liquid_filter_base64_url_safe_decode = {
    "base64_url_safe_decode", base64_url_safe_decode_run, .type = LIQUID_TYPE_STRING,
    .help = "Reads base64 of URLs."};
const LiquidFilter liquid_filter_base64_url_safe_encode = {
    "base64_url_safe_encode", base64_url_safe_encode_run, .type = LIQUID_TYPE_STRING,
    .help = "Writes base64 for URLs."};
const LiquidFilter liquid_filter_escape = {"escape", escape_run, .type = LIQUID_TYPE_STRING,
                                           .help = "Escapes for HTML."};
const LiquidFilter liquid_filter_escape_once = {
    "escape_once", escape_once_run, .type = LIQUID_TYPE_STRING,
    .help = "Escapes for HTML, leaving entities as they are."};
const LiquidFilter liquid_filter_h = {"h", escape_run, .type = LIQUID_TYPE_STRING,
                                      .help = "The short name of escape."};
const LiquidFilter liquid_filter_safe_html = {
    "safe_html", safe_html_run, .type = LIQUID_TYPE_STRING,
    .help = "Takes the text as finished HTML: it is not escaped. Only for text of your own."};
const LiquidFilter liquid_filter_url_decode = {
    "url_decode", url_decode_run, .type = LIQUID_TYPE_STRING, .help = "Reads a part of a URL."};
const LiquidFilter liquid_filter_url_encode = {
    "url_encode", url_encode_run, .type = LIQUID_TYPE_STRING, .help = "Writes a part of a URL."};
