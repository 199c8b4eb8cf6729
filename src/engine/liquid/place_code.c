/* place_code.c - the small machines inside a page: which part of a URL, inside which quotes of a style
 * or a script. */
#include "engine/liquid/place_inside.h"

#include <string.h>

/* ---- URLs --------------------------------------------------------------------------------- */

/* Browsers skip white space and control characters inside a scheme. */
static UrlPart
scheme_end(const Reader *reader)
{
    static const char *const CODE[] = {"javascript", "vbscript", "data"};
    char word[SCHEME_MOST + 1];
    size_t len = 0;
    for (size_t i = 0; i < reader->scheme_len; i++)
        if ((uint8_t)reader->scheme[i] > ' ')
            word[len++] = g_ascii_tolower(reader->scheme[i]);
    word[len] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(CODE); i++)
        if (strcmp(word, CODE[i]) == 0)
            return URL_CODE;
    return URL_PATH;
}

void
place_url_step(Reader *reader, char byte)
{
    Place *place = &reader->place;
    if (place->url == URL_CODE)
        return;
    if (byte == '?' || byte == '#') {
        place->url = URL_QUERY;
    } else if (place->url == URL_START || place->url == URL_SCHEME) {
        if (byte == '/')
            place->url = URL_PATH;
        else if (byte == ':') /* a scheme that we did not see whole may be anything */
            place->url = reader->scheme_len ? (uint8_t)scheme_end(reader) : URL_CODE;
        else if (!text_is_space(byte)) {
            if (place->url == URL_START && reader->scheme_len < SCHEME_MOST)
                reader->scheme[reader->scheme_len++] = byte;
            else if (place->url == URL_SCHEME)
                reader->scheme_len = 0;
        }
    }
}

/* ---- CSS ---------------------------------------------------------------------------------- */

static bool
css_url_opens(const Reader *reader)
{
    size_t before = 0;
    const char *at = reader->at;
    while (before < 4 && at - before > reader->compiler->unit->source.at)
        before++;
    return before >= 3 && g_ascii_strncasecmp(at - 3, "url", 3) == 0;
}

void
place_css_step(Reader *reader, char byte)
{
    uint8_t *css = &reader->place.css;
    char next = reader->at + 1 < reader->end ? reader->at[1] : 0;
    switch ((Css)*css) {
    case CSS_VALUE:
        if (byte == '"' || byte == '\'')
            *css = byte == '"' ? CSS_DOUBLE : CSS_SINGLE;
        else if (byte == '/' && next == '*')
            *css = CSS_COMMENT;
        else if (byte == '(' && css_url_opens(reader))
            *css = CSS_URL;
        break;
    case CSS_URL:
        if (byte == '"' || byte == '\'')
            *css = byte == '"' ? CSS_URL_DOUBLE : CSS_URL_SINGLE;
        else if (byte == ')')
            *css = CSS_VALUE;
        break;
    case CSS_DOUBLE:
    case CSS_SINGLE:
    case CSS_URL_DOUBLE:
    case CSS_URL_SINGLE: {
        bool is_double = *css == CSS_DOUBLE || *css == CSS_URL_DOUBLE;
        bool is_url = *css == CSS_URL_DOUBLE || *css == CSS_URL_SINGLE;
        if (byte == '\\' && reader->at + 1 < reader->end)
            reader->at++;
        else if (byte == (is_double ? '"' : '\''))
            *css = is_url ? CSS_URL : CSS_VALUE;
        break;
    }
    case CSS_COMMENT:
        if (byte == '*' && next == '/') {
            *css = CSS_VALUE;
            reader->at++;
        }
        break;
    }
}

const char *
place_css_skip(const char *at, const char *end)
{
    static const bool LOOKED_AT[256] = {['"'] = true, ['\''] = true, ['('] = true,  [')'] = true,
                                        ['/'] = true, ['*'] = true,  ['\\'] = true, ['<'] = true};
    while (at < end && !LOOKED_AT[(uint8_t)*at])
        at++;
    return at;
}

/* ---- JavaScript --------------------------------------------------------------------------- */

/* Whether a / behind this byte divides (else it opens a regular expression). */
static bool
ends_value(char byte)
{
    return g_ascii_isalnum(byte) || strchr("_$)]}\"'`", byte) != NULL || (uint8_t)byte >= 0x80;
}

static bool
js_open(Reader *reader, char byte, char next)
{
    uint8_t *js = &reader->place.js;
    if (byte == '"')
        *js = JS_DOUBLE;
    else if (byte == '\'')
        *js = JS_SINGLE;
    else if (byte == '`')
        *js = JS_TEMPLATE;
    else if (byte == '/' && next == '/')
        *js = JS_LINE_COMMENT;
    else if (byte == '/' && next == '*')
        *js = JS_BLOCK_COMMENT;
    else if (byte == '/' && *js == JS_EITHER)
        return compile_fail(reader->compiler, compile_at(reader->compiler, reader->at),
                            "it is not clear whether this / divides: write the branches alike");
    else if (byte == '/' && *js == JS_VALUE)
        *js = JS_REGEX;
    else if (!text_is_space(byte))
        *js = ends_value(byte) ? JS_AFTER_VALUE : JS_VALUE;
    return true;
}

bool
place_js_step(Reader *reader, char byte)
{
    uint8_t *js = &reader->place.js;
    char next = reader->at + 1 < reader->end ? reader->at[1] : 0;
    static const char CLOSE[] = {
        [JS_DOUBLE] = '"', [JS_SINGLE] = '\'', [JS_TEMPLATE] = '`', [JS_REGEX] = '/'};
    switch ((Js)*js) {
    case JS_VALUE:
    case JS_AFTER_VALUE:
    case JS_EITHER:
        return js_open(reader, byte, next);
    case JS_DOUBLE:
    case JS_SINGLE:
    case JS_TEMPLATE:
    case JS_REGEX:
        if (byte == '\\' && reader->at + 1 < reader->end)
            reader->at++;
        else if (byte == CLOSE[*js])
            *js = JS_AFTER_VALUE;
        else if (*js == JS_REGEX && byte == '[')
            *js = JS_CLASS;
        break;
    case JS_CLASS:
        if (byte == '\\' && reader->at + 1 < reader->end)
            reader->at++;
        else if (byte == ']')
            *js = JS_REGEX;
        break;
    case JS_LINE_COMMENT:
        if (byte == '\n')
            *js = JS_VALUE;
        break;
    case JS_BLOCK_COMMENT:
        if (byte == '*' && next == '/') {
            *js = JS_VALUE;
            reader->at++;
        }
        break;
    }
    return true;
}
