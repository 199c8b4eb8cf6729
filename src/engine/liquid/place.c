/* place.c - the place in a page: a tokenizer of HTML over the literals of a template.
 *
 * The states follow WHATWG's tokenizer (HTML 13.2.5) as far as a value could stand in them, with
 * three small machines inside: URLs (which part of one), CSS and JavaScript (inside which quotes).
 * The idea is Kern, Samuel, Saxena: "Securing frameworks ... using auto-sanitization" (CCS 2011)
 * and Go's html/template; the rules of joining branches are the latter's.
 *
 * Where a browser would see something else than we do (a name cut in two by a tag) we refuse.
 */
#include "engine/liquid/place.h"

#include <string.h>

typedef enum State {
    TEXT,
    TAG_OPEN, /* behind < */
    TAG_NAME,
    NAME_END, /* a literal ended with a name; only a space, / or > may follow */
    BETWEEN,  /* the attributes of a tag */
    ATTRIBUTE_NAME,
    AFTER_NAME,
    BEFORE_VALUE,
    DOUBLE_QUOTED,
    SINGLE_QUOTED,
    UNQUOTED,
    COMMENT,
    DECLARATION, /* <!doctype ...>, </p>: nothing matters up to > */
    RCDATA,      /* title, textarea: text without tags */
    RAW,         /* iframe, xmp ...: text without anything */
    STYLE,
    SCRIPT,
} State;

typedef enum Element {
    ELEMENT_OTHER,
    ELEMENT_TITLE,
    ELEMENT_TEXTAREA,
    ELEMENT_STYLE,
    ELEMENT_SCRIPT,
    ELEMENT_RAW,
    ELEMENT_META
} Element;

typedef enum Attribute {
    ATTRIBUTE_NONE,
    ATTRIBUTE_TEXT,
    ATTRIBUTE_URL,
    ATTRIBUTE_SRCSET,
    ATTRIBUTE_STYLE,
    ATTRIBUTE_EVENT,  /* onclick */
    ATTRIBUTE_CODE,   /* srcdoc; content of a refreshing meta: a page or URL in disguise */
    ATTRIBUTE_EITHER, /* after a join: one of several */
} Attribute;

typedef enum UrlPart { URL_START, URL_SCHEME, URL_PATH, URL_QUERY, URL_CODE } UrlPart;

typedef enum Css {
    CSS_VALUE,
    CSS_DOUBLE,
    CSS_SINGLE,
    CSS_URL,
    CSS_URL_DOUBLE,
    CSS_URL_SINGLE,
    CSS_COMMENT
} Css;

typedef enum Js {
    JS_VALUE,
    JS_AFTER_VALUE,
    JS_DOUBLE,
    JS_SINGLE,
    JS_TEMPLATE,
    JS_REGEX,
    JS_CLASS,
    JS_LINE_COMMENT,
    JS_BLOCK_COMMENT,
    JS_EITHER
} Js;

/* A place. All zero: text. */
typedef struct Place {
    uint8_t state;     /* State */
    uint8_t element;   /* Element: whose tag or content this is */
    uint8_t attribute; /* Attribute */
    uint8_t url;       /* UrlPart */
    uint8_t css;       /* Css */
    uint8_t js;        /* Js */
    uint8_t refresh;   /* the tag has http-equiv */
    uint8_t unused;
} Place;

_Static_assert(sizeof(Place) == sizeof(uint64_t), "a place is kept in a uint64_t");

static Place
place_unpack(uint64_t packed)
{
    Place place;
    memcpy(&place, &packed, sizeof place);
    return place;
}

static uint64_t
place_pack(Place place)
{
    uint64_t packed;
    memcpy(&packed, &place, sizeof packed);
    return packed;
}

static const char *
place_name(Place place)
{
    static const char *const NAMES[] = {
        [TEXT] = "in text",
        [TAG_OPEN] = "behind a <",
        [TAG_NAME] = "in the name of a tag",
        [NAME_END] = "in a tag",
        [BETWEEN] = "in a tag",
        [ATTRIBUTE_NAME] = "in the name of an attribute",
        [AFTER_NAME] = "behind the name of an attribute",
        [BEFORE_VALUE] = "before the value of an attribute",
        [DOUBLE_QUOTED] = "in an attribute in double quotes",
        [SINGLE_QUOTED] = "in an attribute in single quotes",
        [UNQUOTED] = "in an attribute without quotes",
        [COMMENT] = "in a comment",
        [DECLARATION] = "in a declaration or end tag",
        [RCDATA] = "in a title or textarea",
        [RAW] = "in raw text",
        [STYLE] = "in a style",
        [SCRIPT] = "in a script",
    };
    return NAMES[place.state];
}

/* ---- names -------------------------------------------------------------------------------- */

enum { NAME_MOST = 32 };

/* A literal while it is read. Names are whole within it. */
typedef struct Reader {
    Compiler *compiler;
    const char *at, *end;
    Place place;
    char name[NAME_MOST]; /* in small letters, cut */
    size_t name_len;
    char scheme[NAME_MOST]; /* what a URL in this literal started with */
    size_t scheme_len;
} Reader;

static bool
name_in(const Reader *reader, const char *const *names)
{
    for (; *names; names++)
        if ((*names)[0] == reader->name[0] && strlen(*names) == reader->name_len &&
            memcmp(*names, reader->name, reader->name_len) == 0)
            return true;
    return false;
}

static void
name_add(Reader *reader, char letter)
{
    if (reader->name_len < NAME_MOST)
        reader->name[reader->name_len++] = g_ascii_tolower(letter);
}

static Element
element_of(const Reader *reader)
{
    static const char *const RAW_NAMES[] = {"iframe",   "xmp",       "noembed",
                                            "noframes", "plaintext", NULL};
    Str name = {reader->name, reader->name_len};
    if (str_is(name, "title"))
        return ELEMENT_TITLE;
    if (str_is(name, "textarea"))
        return ELEMENT_TEXTAREA;
    if (str_is(name, "style"))
        return ELEMENT_STYLE;
    if (str_is(name, "script"))
        return ELEMENT_SCRIPT;
    if (str_is(name, "meta"))
        return ELEMENT_META;
    return name_in(reader, RAW_NAMES) ? ELEMENT_RAW : ELEMENT_OTHER;
}

/* data-x and x:y are judged by what stands behind: frameworks and SVG give them the same power. */
static Attribute
attribute_of(Reader *reader)
{
    static const char *const URLS[] = {"action",   "archive",  "background", "cite",   "classid",
                                       "codebase", "data",     "formaction", "href",   "icon",
                                       "longdesc", "manifest", "ping",       "poster", "profile",
                                       "src",      "usemap",   "from",       "to",     "by",
                                       "values",   NULL};
    const char *colon = memchr(reader->name, ':', reader->name_len);
    if (colon) {
        size_t before = (size_t)(colon - reader->name) + 1;
        reader->name_len -= before;
        memmove(reader->name, reader->name + before, reader->name_len);
    }
    Str name = {reader->name, reader->name_len};
    if (str_starts(name, "on"))
        return ATTRIBUTE_EVENT;
    if (str_is(name, "style"))
        return ATTRIBUTE_STYLE;
    if (str_is(name, "srcdoc") || (str_is(name, "content") && reader->place.refresh))
        return ATTRIBUTE_CODE;
    if (str_is(name, "srcset") || str_is(name, "imagesrcset"))
        return ATTRIBUTE_SRCSET;
    if (str_is(name, "http-equiv"))
        reader->place.refresh = 1;
    return name_in(reader, URLS) ? ATTRIBUTE_URL : ATTRIBUTE_TEXT;
}

static bool
is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* ---- URLs --------------------------------------------------------------------------------- */

static UrlPart
scheme_end(const Reader *reader)
{
    static const char *const CODE[] = {"javascript", "vbscript", "data", NULL};
    Reader word = {.name_len = 0};
    for (size_t i = 0; i < reader->scheme_len; i++) /* browsers skip white space inside */
        if ((uint8_t)reader->scheme[i] > ' ')
            name_add(&word, reader->scheme[i]);
    return name_in(&word, CODE) ? URL_CODE : URL_PATH;
}

static void
url_step(Reader *reader, char byte)
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
        else if (!is_space(byte)) {
            if (place->url == URL_START && reader->scheme_len < NAME_MOST)
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

static void
css_step(Reader *reader, char byte)
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
    else if (!is_space(byte))
        *js = ends_value(byte) ? JS_AFTER_VALUE : JS_VALUE;
    return true;
}

static bool
js_step(Reader *reader, char byte)
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

/* ---- HTML --------------------------------------------------------------------------------- */

static bool
literal_is(const Reader *reader, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(reader->end - reader->at) >= len &&
           g_ascii_strncasecmp(reader->at, text, len) == 0;
}

static void
skip_past(Reader *reader, const char *text)
{
    size_t len = strlen(text);
    const char *hit = memmem(reader->at, (size_t)(reader->end - reader->at), text, len);
    reader->at = hit ? hit + len : reader->end;
}

/* At <!. What Outlook alone reads (<!--[if mso]>) counts as HTML, and so does its end. */
static void
markup_step(Reader *reader)
{
    if (literal_is(reader, "<!--[if")) {
        skip_past(reader, "]>");
    } else if (literal_is(reader, "<![endif]-->")) {
        skip_past(reader, "-->");
    } else if (literal_is(reader, "<!-->")) {
        reader->at += strlen("<!-->");
    } else if (literal_is(reader, "<!--")) {
        reader->at += strlen("<!--");
        reader->place.state = COMMENT;
    } else {
        reader->at += 2;
        reader->place.state = DECLARATION;
    }
    reader->at--; /* the caller goes on by one */
}

static void
tag_end(Reader *reader)
{
    static const uint8_t CONTENT[] = {
        [ELEMENT_OTHER] = TEXT,  [ELEMENT_TITLE] = RCDATA,  [ELEMENT_TEXTAREA] = RCDATA,
        [ELEMENT_STYLE] = STYLE, [ELEMENT_SCRIPT] = SCRIPT, [ELEMENT_RAW] = RAW,
        [ELEMENT_META] = TEXT};
    uint8_t element = reader->place.element;
    bool plain = CONTENT[element] == TEXT;
    reader->place =
        (Place){.state = CONTENT[element], .element = plain ? (uint8_t)ELEMENT_OTHER : element};
}

/* </title, </style ... */
static bool
content_ends(const Reader *reader)
{
    static const char *const NAMES[] = {[ELEMENT_TITLE] = "</title",
                                        [ELEMENT_TEXTAREA] = "</textarea",
                                        [ELEMENT_STYLE] = "</style",
                                        [ELEMENT_SCRIPT] = "</script"};
    if (reader->place.element == ELEMENT_RAW)
        return literal_is(reader, "</");
    return literal_is(reader, NAMES[reader->place.element]);
}

static void
attribute_start(Reader *reader, char byte)
{
    reader->place.state = ATTRIBUTE_NAME;
    reader->place.attribute = ATTRIBUTE_NONE;
    reader->name_len = 0;
    name_add(reader, byte);
}

static void
value_start(Reader *reader, State state)
{
    reader->place.state = (uint8_t)state;
    reader->place.url = URL_START;
    reader->place.css = CSS_VALUE;
    reader->scheme_len = 0;
}

static void
value_end(Reader *reader)
{
    reader->place.state = BETWEEN;
    reader->place.attribute = ATTRIBUTE_NONE;
    reader->place.url = URL_START;
    reader->place.css = CSS_VALUE;
}

static void
tag_open_step(Reader *reader, char byte)
{
    reader->place.state = TEXT;
    if (g_ascii_isalpha(byte)) {
        reader->place.state = TAG_NAME;
        reader->name_len = 0;
        name_add(reader, byte);
    } else if (byte == '/' || byte == '?' || byte == '!') {
        reader->place.state = DECLARATION;
    } else if (byte == '<') {
        reader->place.state = TAG_OPEN;
    }
}

/* A name ends: the byte behind it belongs to the tag. */
static void
name_end(Reader *reader)
{
    if (reader->place.state == TAG_NAME)
        reader->place.element = (uint8_t)element_of(reader);
    else
        reader->place.attribute = (uint8_t)attribute_of(reader);
}

static void between_step(Reader *reader, char byte);

static void
name_step(Reader *reader, char byte)
{
    bool attribute = reader->place.state == ATTRIBUTE_NAME;
    if (is_space(byte) || byte == '/' || byte == '>' || (byte == '=' && attribute)) {
        name_end(reader);
        reader->place.state = attribute ? AFTER_NAME : BETWEEN;
        between_step(reader, byte);
    } else {
        name_add(reader, byte);
    }
}

static void
between_step(Reader *reader, char byte)
{
    if (byte == '>')
        tag_end(reader);
    else if (byte == '=' && reader->place.state == AFTER_NAME)
        reader->place.state = BEFORE_VALUE;
    else if (byte == '/')
        reader->place.state = BETWEEN;
    else if (!is_space(byte))
        attribute_start(reader, byte);
}

static void
before_value_step(Reader *reader, char byte)
{
    if (byte == '"')
        value_start(reader, DOUBLE_QUOTED);
    else if (byte == '\'')
        value_start(reader, SINGLE_QUOTED);
    else if (byte == '>')
        tag_end(reader);
    else if (!is_space(byte))
        value_start(reader, UNQUOTED);
}

static void
value_step(Reader *reader, char byte)
{
    State state = (State)reader->place.state;
    if ((state == DOUBLE_QUOTED && byte == '"') || (state == SINGLE_QUOTED && byte == '\'') ||
        (state == UNQUOTED && is_space(byte)))
        value_end(reader);
    else if (state == UNQUOTED && byte == '>')
        tag_end(reader);
    else if (reader->place.attribute == ATTRIBUTE_URL)
        url_step(reader, byte);
    else if (reader->place.attribute == ATTRIBUTE_STYLE)
        css_step(reader, byte);
}

static bool
content_step(Reader *reader, char byte)
{
    if (byte == '<' && content_ends(reader))
        reader->place = (Place){.state = DECLARATION};
    else if (reader->place.state == STYLE)
        css_step(reader, byte);
    else if (reader->place.state == SCRIPT)
        return js_step(reader, byte);
    return true;
}

static bool
name_end_step(Reader *reader, char byte)
{
    if (is_space(byte) || byte == '/' || byte == '>') {
        reader->place.state = BETWEEN;
        between_step(reader, byte);
        return true;
    }
    bool value = byte == '=' && reader->place.attribute != ATTRIBUTE_NONE &&
                 reader->place.attribute != ATTRIBUTE_EITHER;
    if (value)
        reader->place.state = BEFORE_VALUE;
    return value || compile_fail(reader->compiler, compile_at(reader->compiler, reader->at),
                                 "a name in a tag must be written in one piece");
}

static bool
byte_step(Reader *reader)
{
    char byte = *reader->at;
    switch ((State)reader->place.state) {
    case TEXT:
        if (byte == '<' && reader->at + 1 < reader->end && reader->at[1] == '!')
            markup_step(reader);
        else if (byte == '<')
            reader->place.state = TAG_OPEN;
        return true;
    case TAG_OPEN:
        tag_open_step(reader, byte);
        return true;
    case TAG_NAME:
    case ATTRIBUTE_NAME:
        name_step(reader, byte);
        return true;
    case NAME_END:
        return name_end_step(reader, byte);
    case BETWEEN:
    case AFTER_NAME:
        between_step(reader, byte);
        return true;
    case BEFORE_VALUE:
        before_value_step(reader, byte);
        return true;
    case DOUBLE_QUOTED:
    case SINGLE_QUOTED:
    case UNQUOTED:
        value_step(reader, byte);
        return true;
    case COMMENT:
        if (byte == '-' && (literal_is(reader, "-->") || literal_is(reader, "--!>"))) {
            skip_past(reader, ">");
            reader->at--;
            reader->place.state = TEXT;
        }
        return true;
    case DECLARATION:
        if (byte == '>')
            reader->place = (Place){0};
        return true;
    case RCDATA:
    case RAW:
    case STYLE:
    case SCRIPT:
        return content_step(reader, byte);
    }
    return true;
}

/* Bytes that no state of CSS looks at. */
static bool
css_is_plain(char byte)
{
    return g_ascii_isalnum(byte) || (byte && strchr(" :;#.,-{}%\n", byte) != NULL);
}

/* Moves over what cannot change the state: most of every page. */
static void
plain_skip(Reader *reader)
{
    size_t left = (size_t)(reader->end - reader->at);
    State state = (State)reader->place.state;
    const char *next = reader->at;
    if (state == TEXT) {
        next = memchr(reader->at, '<', left);
    } else if (state == DOUBLE_QUOTED || state == SINGLE_QUOTED) {
        if (reader->place.attribute != ATTRIBUTE_URL && reader->place.attribute != ATTRIBUTE_STYLE)
            next = memchr(reader->at, state == DOUBLE_QUOTED ? '"' : '\'', left);
        else if (reader->place.attribute == ATTRIBUTE_STYLE)
            while (next < reader->end && css_is_plain(*next))
                next++;
    } else if (state == STYLE) {
        while (next < reader->end && css_is_plain(*next))
            next++;
    }
    reader->at = next ? next : reader->end;
}

bool
place_text(Compiler *compiler, Str text)
{
    Reader reader = {.compiler = compiler,
                     .at = text.at,
                     .end = text.at + text.len,
                     .place = place_unpack(compiler->place)};
    for (plain_skip(&reader); reader.at < reader.end; plain_skip(&reader)) {
        if (!byte_step(&reader))
            return false;
        reader.at++;
    }
    State state = (State)reader.place.state;
    if (state == TAG_NAME || state == ATTRIBUTE_NAME) {
        name_end(&reader);
        reader.place.state = NAME_END;
    }
    if (state == AFTER_NAME) {
        reader.place.state = BETWEEN;
        reader.place.attribute = ATTRIBUTE_NONE;
    }
    if (reader.place.attribute == ATTRIBUTE_URL && reader.place.url == URL_START &&
        reader.scheme_len)
        reader.place.url = URL_SCHEME;
    compiler->place = place_pack(reader.place);
    return true;
}

/* ---- outputs ------------------------------------------------------------------------------ */

static bool
output_refuse(Compiler *compiler, uint32_t at, const char *where, const char *advice)
{
    return compile_fail(compiler, at, "a value is not safe %s: %s", where, advice);
}

static bool
url_output(Compiler *compiler, Place *place, uint32_t at, Escape *ret)
{
    static const uint8_t ESCAPES[] = {[URL_START] = ESCAPE_URL,
                                      [URL_SCHEME] = ESCAPE_URL_MIDDLE,
                                      [URL_PATH] = ESCAPE_URL_PATH,
                                      [URL_QUERY] = ESCAPE_URL_QUERY};
    if (place->url == URL_CODE)
        return output_refuse(compiler, at, "in a URL that is code or of unknown scheme",
                             "write http:, https: or mailto: as text");
    *ret = (Escape)ESCAPES[place->url];
    if (place->url == URL_START)
        place->url = URL_SCHEME;
    return true;
}

static bool
css_output(Compiler *compiler, Place *place, uint32_t at, Escape *ret)
{
    switch ((Css)place->css) {
    case CSS_VALUE:
        *ret = ESCAPE_CSS;
        return true;
    case CSS_DOUBLE:
    case CSS_SINGLE:
        *ret = ESCAPE_CSS_STRING;
        return true;
    case CSS_URL:
    case CSS_URL_DOUBLE:
    case CSS_URL_SINGLE:
        *ret = ESCAPE_CSS_URL;
        return true;
    case CSS_COMMENT:
        break;
    }
    return output_refuse(compiler, at, "in a comment of a style", "take it out");
}

static bool
js_output(Compiler *compiler, Place *place, uint32_t at, Escape *ret)
{
    switch ((Js)place->js) {
    case JS_VALUE:
    case JS_AFTER_VALUE:
    case JS_EITHER:
        *ret = ESCAPE_JSON;
        place->js = JS_AFTER_VALUE;
        return true;
    case JS_DOUBLE:
    case JS_SINGLE:
    case JS_TEMPLATE:
        return output_refuse(compiler, at, "inside quotes of a script",
                             "leave the quotes out, it becomes a string by itself");
    default:
        return output_refuse(compiler, at, "in a comment or pattern of a script", "take it out");
    }
}

static bool
value_output(Compiler *compiler, Place *place, uint32_t at, Escape *ret)
{
    switch ((Attribute)place->attribute) {
    case ATTRIBUTE_URL:
        return url_output(compiler, place, at, ret);
    case ATTRIBUTE_STYLE:
        return css_output(compiler, place, at, ret);
    case ATTRIBUTE_SRCSET:
        *ret = ESCAPE_SRCSET;
        return true;
    case ATTRIBUTE_EVENT:
        return output_refuse(compiler, at, "in an event handler",
                             "put it into a data- attribute and read it from there");
    case ATTRIBUTE_CODE:
        return output_refuse(compiler, at, "in this attribute",
                             "it would be read as a page or URL");
    default:
        *ret = ESCAPE_ATTRIBUTE;
        return true;
    }
}

bool
place_output(Compiler *compiler, const Expr *expr, uint32_t at, Escape *ret)
{
    Place place = place_unpack(compiler->place);
    bool fine = false;
    switch ((State)place.state) {
    case TEXT:
        *ret = ESCAPE_HTML;
        return true;
    case RCDATA:
        *ret = ESCAPE_RCDATA;
        return true;
    case DOUBLE_QUOTED:
    case SINGLE_QUOTED:
        fine = value_output(compiler, &place, at, ret);
        break;
    case STYLE:
        fine = css_output(compiler, &place, at, ret);
        break;
    case SCRIPT:
        fine = js_output(compiler, &place, at, ret);
        break;
    case BEFORE_VALUE:
    case UNQUOTED:
        return output_refuse(compiler, at, "in an attribute without quotes",
                             "put quotes around it");
    default:
        return output_refuse(
            compiler, at, place_name(place),
            "only text, quoted attributes, styles and data of scripts take values");
    }
    compiler->place = place_pack(place);
    return fine;
}

/* ---- joining ------------------------------------------------------------------------------ */

static bool
in_tag(Place place)
{
    return place.state == NAME_END || place.state == BETWEEN || place.state == AFTER_NAME;
}

/* A part of a URL that is right after either: the more careful one. */
static UrlPart
url_join(UrlPart left, UrlPart right)
{
    if (left == right)
        return left;
    if (left == URL_CODE || right == URL_CODE)
        return URL_CODE;
    if (left == URL_START || right == URL_START)
        return URL_START;
    if (left == URL_SCHEME || right == URL_SCHEME)
        return URL_SCHEME;
    return URL_QUERY;
}

/* The place after either of two; false: there is none. */
static bool
places_join(Place left, Place right, Place *ret)
{
    *ret = left;
    if (place_pack(left) == place_pack(right))
        return true;
    if (in_tag(left) && in_tag(right) && left.element == right.element) {
        bool cut = left.state == NAME_END || right.state == NAME_END;
        ret->state = cut ? NAME_END : BETWEEN;
        ret->attribute = ATTRIBUTE_EITHER;
        ret->refresh = left.refresh || right.refresh;
        return true;
    }
    Place same = left;
    same.url = right.url;
    ret->url = (uint8_t)url_join((UrlPart)left.url, (UrlPart)right.url);
    if (left.attribute == ATTRIBUTE_URL && place_pack(same) == place_pack(right))
        return true;
    same = left;
    same.js = right.js;
    ret->url = left.url;
    ret->js = JS_EITHER;
    return left.state == SCRIPT && place_pack(same) == place_pack(right) &&
           left.js <= JS_AFTER_VALUE && right.js <= JS_AFTER_VALUE;
}

static uint32_t
line_of(const Compiler *compiler, uint32_t at)
{
    uint32_t line, column;
    Str excerpt;
    place_of(compiler->unit->source, at, &line, &column, &excerpt);
    return line;
}

bool
place_join(Compiler *compiler, uint64_t other, uint32_t at, const char *what)
{
    if (other == compiler->place)
        return true;
    Place here = place_unpack(compiler->place);
    Place there = place_unpack(other);
    Place joined;
    if (places_join(here, there, &joined)) {
        compiler->place = place_pack(joined);
        return true;
    }
    uint32_t end = compile_at(compiler, compiler->scanner->at);
    return compile_fail(compiler, at,
                        "the %s starting here ends %s (line %u), without it or in another branch "
                        "the page is %s (line %u)",
                        what, place_name(here), line_of(compiler, end), place_name(there),
                        line_of(compiler, at));
}

bool
place_loop(Compiler *compiler, uint64_t before, uint32_t at)
{
    Place start = place_unpack(before);
    Place end = place_unpack(compiler->place);
    Place joined;
    if (before == compiler->place)
        return true;
    bool fine = places_join(start, end, &joined) &&
                (place_pack(joined) == before || (in_tag(start) && joined.state == start.state));
    return fine || compile_fail(compiler, at, "the loop starts %s and ends %s (line %u)",
                                place_name(start), place_name(end),
                                line_of(compiler, compile_at(compiler, compiler->scanner->at)));
}

bool
place_same(Compiler *compiler, uint64_t want, uint64_t have, uint32_t at, const char *what)
{
    return want == have ||
           compile_fail(compiler, at, "the %s should end or stand %s but is %s", what,
                        place_name(place_unpack(want)), place_name(place_unpack(have)));
}
