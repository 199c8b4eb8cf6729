/* place_html.c - a tokenizer of HTML over the literals of a template.
 *
 * The states follow WHATWG's tokenizer (HTML 13.2.5) as far as a value could stand in them. */
#include "engine/liquid/place_inside.h"

#include <string.h>

/* ---- names -------------------------------------------------------------------------------- */

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
    if (word_is(name, STR("title")))
        return ELEMENT_TITLE;
    if (word_is(name, STR("textarea")))
        return ELEMENT_TEXTAREA;
    if (word_is(name, STR("style")))
        return ELEMENT_STYLE;
    if (word_is(name, STR("script")))
        return ELEMENT_SCRIPT;
    if (word_is(name, STR("meta")))
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
    if (word_is(name, STR("style")))
        return ATTRIBUTE_STYLE;
    if (word_is(name, STR("srcdoc")) || (word_is(name, STR("content")) && reader->place.refresh))
        return ATTRIBUTE_CODE;
    if (word_is(name, STR("srcset")) || word_is(name, STR("imagesrcset")))
        return ATTRIBUTE_SRCSET;
    if (word_is(name, STR("http-equiv")))
        reader->place.refresh = 1;
    return name_in(reader, URLS) ? ATTRIBUTE_URL : ATTRIBUTE_TEXT;
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
    if (text_is_space(byte) || byte == '/' || byte == '>' || (byte == '=' && attribute)) {
        name_end(reader);
        reader->place.state = attribute ? AFTER_NAME : BETWEEN;
        between_step(reader, byte);
    } else {
        name_add(reader, byte);
        while (reader->at + 1 < reader->end &&
               (g_ascii_isalnum(reader->at[1]) || reader->at[1] == '-'))
            name_add(reader, *++reader->at);
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
    else if (!text_is_space(byte))
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
    else if (!text_is_space(byte))
        value_start(reader, UNQUOTED);
}

static void
value_step(Reader *reader, char byte)
{
    State state = (State)reader->place.state;
    if ((state == DOUBLE_QUOTED && byte == '"') || (state == SINGLE_QUOTED && byte == '\'') ||
        (state == UNQUOTED && text_is_space(byte)))
        value_end(reader);
    else if (state == UNQUOTED && byte == '>')
        tag_end(reader);
    else if (reader->place.attribute == ATTRIBUTE_URL)
        place_url_step(reader, byte);
    else if (reader->place.attribute == ATTRIBUTE_STYLE)
        place_css_step(reader, byte);
}

static bool
content_step(Reader *reader, char byte)
{
    if (byte == '<' && content_ends(reader))
        reader->place = (Place){.state = DECLARATION};
    else if (reader->place.state == STYLE)
        place_css_step(reader, byte);
    else if (reader->place.state == SCRIPT)
        return place_js_step(reader, byte);
    return true;
}

static bool
name_end_step(Reader *reader, char byte)
{
    if (text_is_space(byte) || byte == '/' || byte == '>') {
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
            next = place_css_skip(next, reader->end);
    } else if (state == STYLE) {
        next = place_css_skip(next, reader->end);
    } else if (state == BETWEEN) {
        while (next < reader->end && text_is_space(*next))
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
