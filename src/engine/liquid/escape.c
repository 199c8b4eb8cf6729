/* escape.c - values on their way into a page, each kind of place with its own rules.
 *
 * A typed value (finished HTML, a part of a URL, JSON) goes as it is into the place that it was
 * made for. Into any other place it is taken back to plain text first and escaped for that.
 */
#include "engine/liquid/inside.h"

#include <string.h>

static const char HEX[] = "0123456789ABCDEF";

/* ---- text and attributes ------------------------------------------------------------------ */

static Str
plain_text(LiquidCall *call, LiquidValue value)
{
    Str text = text_of(call, value);
    bool markup = value.kind == LIQUID_STR &&
                  (value.safe == LIQUID_SAFE_HTML || value.safe == LIQUID_SAFE_TEXT);
    return markup ? text_unescape(call->arena, text) : text;
}

static bool
is_safe(LiquidValue value, LiquidSafe safe)
{
    return value.kind == LIQUID_STR && value.safe == safe;
}

static void
escape_text(LiquidCall *call, Buf *out, LiquidValue value)
{
    if (value.kind == LIQUID_STR && value.safe != LIQUID_UNSAFE)
        buf_add(out, value.at, value.len);
    else
        text_escape(out, text_of(call, value));
}

/* Finished HTML keeps its entities but cannot leave the quotes. */
static void
escape_attribute(LiquidCall *call, Buf *out, LiquidValue value)
{
    if (is_safe(value, LIQUID_SAFE_TEXT) || is_safe(value, LIQUID_SAFE_URL)) {
        buf_add(out, value.at, value.len);
    } else if (is_safe(value, LIQUID_SAFE_HTML)) {
        for (uint32_t i = 0; i < value.len; i++) {
            if (value.at[i] == '&')
                buf_add_char(out, '&');
            else
                text_escape(out, (Str){value.at + i, 1});
        }
    } else {
        text_escape(out, text_of(call, value));
    }
}

/* A title or textarea knows entities but no tags. */
static void
escape_rcdata(LiquidCall *call, Buf *out, LiquidValue value)
{
    if (is_safe(value, LIQUID_SAFE_HTML))
        escape_attribute(call, out, value);
    else
        escape_text(call, out, value);
}

/* ---- URLs --------------------------------------------------------------------------------- */

static void
add_percent(Buf *out, uint8_t byte)
{
    buf_add_char(out, '%');
    buf_add_char(out, HEX[byte >> 4]);
    buf_add_char(out, HEX[byte & 15]);
}

/* What RFC 3986 calls unreserved, and what may stand in a URL beside it: reserved characters but
 * for & (which HTML wants written &amp;), quotes and brackets. */
enum { URL_UNRESERVED = 1, URL_RESERVED = 2 };
static const uint8_t URL_BYTE[256] = {
    ['a' ... 'z'] = URL_UNRESERVED, ['A' ... 'Z'] = URL_UNRESERVED, ['0' ... '9'] = URL_UNRESERVED,
    ['-'] = URL_UNRESERVED,         ['.'] = URL_UNRESERVED,         ['_'] = URL_UNRESERVED,
    ['~'] = URL_UNRESERVED,         ['!'] = URL_RESERVED,           ['#'] = URL_RESERVED,
    ['$'] = URL_RESERVED,           ['*'] = URL_RESERVED,           ['+'] = URL_RESERVED,
    [','] = URL_RESERVED,           ['/'] = URL_RESERVED,           [':'] = URL_RESERVED,
    [';'] = URL_RESERVED,           ['='] = URL_RESERVED,           ['?'] = URL_RESERVED,
    ['@'] = URL_RESERVED,           ['['] = URL_RESERVED,           [']'] = URL_RESERVED,
};

static bool
is_percent_coded(Str text, size_t i)
{
    return i + 2 < text.len && g_ascii_isxdigit(text.at[i + 1]) && g_ascii_isxdigit(text.at[i + 2]);
}

/* Writes what may stand in a URL as it is, all else percent-coded. */
static void
add_url(Buf *out, Str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (URL_BYTE[(uint8_t)byte] || (byte == '%' && is_percent_coded(text, i)))
            continue;
        out_add(out, text.at + from, i - from);
        if (byte == '&')
            buf_add_cstr(out, "&amp;");
        else
            add_percent(out, (uint8_t)byte);
        from = i + 1;
    }
    if (from < text.len)
        out_add(out, text.at + from, text.len - from);
}

static void
add_component(Buf *out, Str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (URL_BYTE[(uint8_t)text.at[i]] == URL_UNRESERVED)
            continue;
        out_add(out, text.at + from, i - from);
        add_percent(out, (uint8_t)text.at[i]);
        from = i + 1;
    }
    if (from < text.len)
        out_add(out, text.at + from, text.len - from);
}

/* Length of what stands before the first : that could end a scheme; text.len when there is none. */
static size_t
scheme_len(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == ':')
            return i;
        if (text.at[i] == '/' || text.at[i] == '?' || text.at[i] == '#')
            break;
    }
    return text.len;
}

/* Schemes that only lead somewhere. Everything else (javascript:, data:, the next invention) is
 * taken out. */
static bool
scheme_is_fine(Str text)
{
    static const Str FINE[] = {{"https", 5}, {"http", 4}, {"mailto", 6}, {"tel", 3},
                               {"sms", 3},   {"cid", 3},  {"webcal", 6}};
    size_t len = scheme_len(text);
    if (len == text.len)
        return true;
    Str scheme = str_trim(str_sub(text, 0, len));
    for (size_t i = 0; i < G_N_ELEMENTS(FINE); i++)
        if (scheme.len == FINE[i].len &&
            g_ascii_strncasecmp(scheme.at, FINE[i].at, scheme.len) == 0)
            return true;
    return false;
}

static void
escape_url(LiquidCall *call, Buf *out, LiquidValue value)
{
    Str text = str_trim(plain_text(call, value));
    if (is_safe(value, LIQUID_SAFE_IMAGE))
        buf_add_str(out, text);
    else if (scheme_is_fine(text))
        add_url(out, text);
    else
        buf_add_cstr(out, "#unsafe-url");
}

/* Behind a value that may have been a scheme: no : that could complete one. */
static void
escape_url_middle(LiquidCall *call, Buf *out, LiquidValue value)
{
    Str text = plain_text(call, value);
    for (size_t len; (len = scheme_len(text)) < text.len;) {
        add_url(out, str_sub(text, 0, len));
        buf_add_cstr(out, "%3A");
        text = str_sub(text, len + 1, text.len);
    }
    add_url(out, text);
}

static void
escape_url_path(LiquidCall *call, Buf *out, LiquidValue value)
{
    add_url(out, plain_text(call, value));
}

static void
escape_url_query(LiquidCall *call, Buf *out, LiquidValue value)
{
    if (is_safe(value, LIQUID_SAFE_URL))
        buf_add(out, value.at, value.len);
    else
        add_component(out, plain_text(call, value));
}

/* "a.png 1x, b.png 2x": every URL is checked; a comma inside one cannot start another. */
static void
escape_srcset(LiquidCall *call, Buf *out, LiquidValue value)
{
    Str rest = plain_text(call, value);
    Str part;
    for (bool first = true; str_split(&rest, ',', &part); first = false) {
        if (!first)
            buf_add_cstr(out, ", ");
        Str url = str_trim(part);
        size_t space = 0;
        while (space < url.len && !text_is_space(url.at[space]))
            space++;
        Str size = str_trim(str_sub(url, space, url.len));
        url = str_sub(url, 0, space);
        if (scheme_is_fine(url))
            add_url(out, url);
        else
            buf_add_cstr(out, "#unsafe-url");
        if (size.len) {
            buf_add_char(out, ' ');
            add_component(out, size);
        }
    }
}

/* ---- styles ------------------------------------------------------------------------------- */

/* Functions that only name a colour. */
static bool
css_function_is_fine(Str text, size_t open)
{
    static const char *const FINE[] = {"rgb", "rgba", "hsl", "hsla"};
    size_t start = open;
    while (start > 0 && (g_ascii_isalnum(text.at[start - 1]) || text.at[start - 1] == '-'))
        start--;
    for (size_t i = 0; i < G_N_ELEMENTS(FINE); i++)
        if (str_eq_nocase(str_sub(text, start, open - start), FINE[i]))
            return true;
    return false;
}

/* Names, numbers, colours, lists of them. No quotes, no ; { } and no other function, so the value
 * cannot end its property or load anything. */
static bool
css_is_fine(Str text)
{
    int depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (byte == '(' && css_function_is_fine(text, i))
            depth++;
        else if (byte == ')' && depth > 0)
            depth--;
        else if (byte == '/' && depth > 0)
            continue;
        else if (!g_ascii_isalnum(byte) && (uint8_t)byte < 0x80 &&
                 (byte == '\0' || !strchr(" #.%-_,+!", byte)))
            return false;
    }
    return depth == 0;
}

static void
escape_css(LiquidCall *call, Buf *out, LiquidValue value)
{
    Str text = plain_text(call, value);
    if (css_is_fine(text))
        buf_add_str(out, text);
    else
        buf_add_cstr(out, "unsafe-value");
}

static void
escape_css_string(LiquidCall *call, Buf *out, LiquidValue value)
{
    Str text = plain_text(call, value);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.at[i];
        if (g_ascii_isalnum(byte) || byte >= 0x80 || (byte && strchr(" .,-_", byte)))
            buf_add_char(out, (char)byte);
        else
            buf_format(out, "\\%X ", byte);
    }
}

/* ---- scripts ------------------------------------------------------------------------------ */

static void
escape_json(LiquidCall *call, Buf *out, LiquidValue value)
{
    if (is_safe(value, LIQUID_SAFE_JSON)) {
        buf_add(out, value.at, value.len);
        return;
    }
    bool markup = is_safe(value, LIQUID_SAFE_HTML) || is_safe(value, LIQUID_SAFE_TEXT);
    value_add_json(call, out, markup ? liquid_str(plain_text(call, value)) : value);
}

/* ---- all ---------------------------------------------------------------------------------- */

static void
escape_one(LiquidCall *call, Buf *out, LiquidValue value, Escape escape)
{
    switch (escape) {
    case ESCAPE_HTML:
        escape_text(call, out, value);
        break;
    case ESCAPE_ATTRIBUTE:
        escape_attribute(call, out, value);
        break;
    case ESCAPE_RCDATA:
        escape_rcdata(call, out, value);
        break;
    case ESCAPE_URL:
        escape_url(call, out, value);
        break;
    case ESCAPE_URL_MIDDLE:
        escape_url_middle(call, out, value);
        break;
    case ESCAPE_URL_PATH:
        escape_url_path(call, out, value);
        break;
    case ESCAPE_URL_QUERY:
        escape_url_query(call, out, value);
        break;
    case ESCAPE_SRCSET:
        escape_srcset(call, out, value);
        break;
    case ESCAPE_CSS:
        escape_css(call, out, value);
        break;
    case ESCAPE_CSS_STRING:
        escape_css_string(call, out, value);
        break;
    case ESCAPE_CSS_URL:
        escape_url(call, out, value);
        break;
    case ESCAPE_JSON:
        escape_json(call, out, value);
        break;
    case ESCAPE_FILTER:
        if (call->html && is_safe(value, LIQUID_SAFE_TEXT))
            buf_add(out, value.at, value.len);
        else
            text_escape(out, text_of(call, value));
        break;
    case ESCAPE_NONE:
        text_add(call, out, value);
        break;
    }
}

void
render_escaped(LiquidCall *call, Buf *out, LiquidValue value, Escape escape)
{
    bool list = value_is_list(value) && value.kind != LIQUID_RANGE;
    if (!list || escape == ESCAPE_FILTER || escape == ESCAPE_JSON) {
        escape_one(call, out, value, escape);
        return;
    }
    for (size_t i = 0, len = value_len(value); i < len; i++)
        render_escaped(call, out, value_nth(call, value, i), escape);
}
