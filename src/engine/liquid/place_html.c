/* place_html.c - a tokenizer of HTML over the literals of a template.
 *
 * The states follow WHATWG's tokenizer (HTML 13.2.5) as far as a value could stand in them. */
#include "engine/liquid/place_inside.h"

#include <string.h>

/* ---- names -------------------------------------------------------------------------------- */

/* A name of the page is a word in small letters. Setting one bit makes large letters small, and
 * nothing else that a name can hold into a letter or a dash. */
static bool
name_is(Str name, Str word)
{
    const uint64_t small = UINT64_C(0x2020202020202020);
    if (name.len != word.len)
        return false;
    if (name.len < 8) {
        for (size_t i = 0; i < name.len; i++)
            if ((name.at[i] | ' ') != word.at[i])
                return false;
        return true;
    }
    return (bytes_load8(name.at) | small) == bytes_load8(word.at) &&
           (bytes_load8(name.at + name.len - 8) | small) == bytes_load8(word.at + word.len - 8);
}

static bool
name_in(Str name, const Str *words)
{
    for (; words->len; words++)
        if (words->len == name.len && words->at[0] == (name.at[0] | ' ') && name_is(name, *words))
            return true;
    return false;
}

static const bool IN_NAME[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['-'] = true};

/* Past letters, digits and dashes. */
static inline const char *
name_pass(const char *at, const char *end)
{
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        unsigned others = ~bytes_of_names(bytes_lane_at(at)) & 0xFFFF;
        if (others)
            return at + __builtin_ctz(others);
    }
#endif
    while (at < end && IN_NAME[(uint8_t)*at])
        at++;
    return at;
}

/* To the last byte of the run that reader->at is in. */
static void
name_run(Reader *reader)
{
    reader->at = name_pass(reader->at + 1, reader->end) - 1;
}

enum { ELEMENT_LEAST = 3, ELEMENT_MOST = 9 }; /* bytes of the names that matter */

static Element
element_of(Str name)
{
    static const Str RAW_NAMES[] = {{"iframe", 6},   {"xmp", 3},       {"noembed", 7},
                                    {"noframes", 8}, {"plaintext", 9}, {NULL, 0}};
    const uint32_t firsts = 1u << ('i' & 31) | 1u << ('m' & 31) | 1u << ('n' & 31) |
                            1u << ('p' & 31) | 1u << ('s' & 31) | 1u << ('t' & 31) |
                            1u << ('x' & 31);
    if (name.len < ELEMENT_LEAST || name.len > ELEMENT_MOST || !(firsts & 1u << (name.at[0] & 31)))
        return ELEMENT_OTHER;
    if (name_is(name, STR("title")))
        return ELEMENT_TITLE;
    if (name_is(name, STR("textarea")))
        return ELEMENT_TEXTAREA;
    if (name_is(name, STR("style")))
        return ELEMENT_STYLE;
    if (name_is(name, STR("script")))
        return ELEMENT_SCRIPT;
    if (name_is(name, STR("meta")))
        return ELEMENT_META;
    return name_in(name, RAW_NAMES) ? ELEMENT_RAW : ELEMENT_OTHER;
}

/* data-x and x:y are judged by what stands behind: frameworks and SVG give them the same power. */
static Attribute
attribute_of(Reader *reader, Str name)
{
    static const Str URLS[] = {
        {"href", 4},    {"src", 3},      {"action", 6},   {"archive", 7}, {"background", 10},
        {"cite", 4},    {"classid", 7},  {"codebase", 8}, {"data", 4},    {"formaction", 10},
        {"icon", 4},    {"longdesc", 8}, {"manifest", 8}, {"ping", 4},    {"poster", 6},
        {"profile", 7}, {"usemap", 6},   {"from", 4},     {"to", 2},      {"by", 2},
        {"values", 6},  {NULL, 0},
    };
    const char *end = name.at + name.len;
    const char *colon = bytes_find(name.at, end, ':');
    if (colon < end)
        name = (Str){colon + 1, (size_t)(end - colon - 1)};
    if (name_is(name, STR("style")))
        return ATTRIBUTE_STYLE;
    if (name.len >= 2 && (name.at[0] | ' ') == 'o' && (name.at[1] | ' ') == 'n')
        return ATTRIBUTE_EVENT;
    if (name_is(name, STR("srcdoc")) || (name_is(name, STR("content")) && reader->place.refresh))
        return ATTRIBUTE_CODE;
    if (name_is(name, STR("srcset")) || name_is(name, STR("imagesrcset")))
        return ATTRIBUTE_SRCSET;
    if (name_is(name, STR("http-equiv")))
        reader->place.refresh = 1;
    return name_in(name, URLS) ? ATTRIBUTE_URL : ATTRIBUTE_TEXT;
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

static void name_step(Reader *reader, char byte);

/* A name starts here; its end is mostly in the same literal. */
static void
name_start(Reader *reader, State state)
{
    reader->place.state = (uint8_t)state;
    reader->name = reader->at;
    name_run(reader);
    if (reader->at + 1 < reader->end) {
        reader->at++;
        name_step(reader, *reader->at);
    }
}

static void
attribute_start(Reader *reader)
{
    reader->place.attribute = ATTRIBUTE_NONE;
    name_start(reader, ATTRIBUTE_NAME);
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

/* The end of an attribute whose value stands whole in the literal; NULL: it does not, or the name is
 * none that attribute_of() could judge. Nothing is printed into it, so what the value means is all
 * the same. */
static inline const char *
attribute_pass(Reader *reader, const char *at)
{
    const char *end = reader->end;
    const char *equals = name_pass(at, end);
    if (end - equals < 3 || equals == at || *equals != '=' ||
        (equals[1] != '"' && equals[1] != '\''))
        return NULL;
    const char *close = bytes_find(equals + 2, end, equals[1]);
    if (close == end)
        return NULL;
    if (name_is((Str){at, (size_t)(equals - at)}, STR("http-equiv")))
        reader->place.refresh = 1;
    return close + 1;
}

/* Between attributes: past spaces and whole attributes, which are most of a page. */
static void
attributes_pass(Reader *reader)
{
    const char *at = reader->at;
    const char *next = at;
    while (next) {
        at = next;
        while (at < reader->end && text_is_space(*at))
            at++;
        next = attribute_pass(reader, at);
    }
    reader->at = at;
}

/* Behind < at the name of a tag: moves to the last byte of what is plain in it. */
static bool
tag_pass(Reader *reader)
{
    const char *end = name_pass(reader->at, reader->end);
    if (end == reader->end || (!text_is_space(*end) && *end != '>'))
        return false;
    reader->place.element = (uint8_t)element_of((Str){reader->at, (size_t)(end - reader->at)});
    reader->place.state = BETWEEN;
    reader->at = end;
    attributes_pass(reader);
    if (reader->at < reader->end && *reader->at == '>')
        tag_end(reader);
    else
        reader->at--;
    return true;
}

static void
tag_open_step(Reader *reader, char byte)
{
    reader->place.state = TEXT;
    if (g_ascii_isalpha(byte)) {
        if (!tag_pass(reader))
            name_start(reader, TAG_NAME);
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
    Str name = {reader->name, (size_t)(reader->at - reader->name)};
    if (reader->place.state == TAG_NAME)
        reader->place.element = (uint8_t)element_of(name);
    else
        reader->place.attribute = (uint8_t)attribute_of(reader, name);
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
        name_run(reader);
    }
}

/* At the = behind a name; mostly the quotes stand right behind. */
static void
equals_step(Reader *reader)
{
    reader->place.state = BEFORE_VALUE;
    char next = reader->at + 1 < reader->end ? reader->at[1] : 0;
    if (next != '"' && next != '\'')
        return;
    reader->at++;
    value_start(reader, next == '"' ? DOUBLE_QUOTED : SINGLE_QUOTED);
}

static void
between_step(Reader *reader, char byte)
{
    if (byte == '>')
        tag_end(reader);
    else if (byte == '=' && reader->place.state == AFTER_NAME)
        equals_step(reader);
    else if (byte == '/')
        reader->place.state = BETWEEN;
    else if (!text_is_space(byte))
        attribute_start(reader);
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

/* In text: past words and whole tags, up to what needs a closer look. */
static void
text_pass(Reader *reader)
{
    for (;;) {
        const char *angle = bytes_find(reader->at, reader->end, '<');
        reader->at = angle;
        if (reader->end - angle < 3)
            return;
        const char *close = reader->end;
        if (angle[1] == '/') {
            close = bytes_find(angle + 2, reader->end, '>');
        } else if (g_ascii_isalpha(angle[1])) {
            reader->at++;
            if (tag_pass(reader))
                close = reader->at;
            else
                reader->at--;
        }
        if (close == reader->end)
            return;
        reader->at = close + 1;
        if (reader->place.state != TEXT)
            return;
    }
}

/* At a <: what it opens shows in the next byte, which mostly stands in the same literal. */
static void
angle_step(Reader *reader)
{
    reader->place.state = TAG_OPEN;
    if (reader->at + 1 == reader->end)
        return;
    if (reader->at[1] == '!') {
        reader->place.state = TEXT;
        markup_step(reader);
    } else {
        reader->at++;
        tag_open_step(reader, *reader->at);
    }
}

static bool
byte_step(Reader *reader)
{
    char byte = *reader->at;
    switch ((State)reader->place.state) {
    case TEXT:
        if (byte == '<')
            angle_step(reader);
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

/* Behind its scheme an address only has to find its query. */
static const char *
url_skip(const Reader *reader, char quote)
{
    const char *at = reader->at;
    if (reader->place.url == URL_QUERY || reader->place.url == URL_CODE)
        return bytes_find(at, reader->end, quote);
    if (reader->place.url == URL_PATH)
        while (at < reader->end && *at != quote && *at != '?' && *at != '#')
            at++;
    return at;
}

static const char *
value_skip(const Reader *reader, char quote)
{
    if (reader->place.attribute == ATTRIBUTE_URL)
        return url_skip(reader, quote);
    if (reader->place.attribute == ATTRIBUTE_STYLE)
        return place_css_skip(reader->at, reader->end);
    return bytes_find(reader->at, reader->end, quote);
}

/* Moves over what cannot change the state: most of every page. */
static inline void
plain_skip(Reader *reader)
{
    switch ((State)reader->place.state) {
    case TEXT:
        text_pass(reader);
        break;
    case DOUBLE_QUOTED:
        reader->at = value_skip(reader, '"');
        break;
    case SINGLE_QUOTED:
        reader->at = value_skip(reader, '\'');
        break;
    case STYLE:
        reader->at = place_css_skip(reader->at, reader->end);
        break;
    case DECLARATION:
        reader->at = bytes_find(reader->at, reader->end, '>');
        break;
    case BETWEEN:
        attributes_pass(reader);
        break;
    default:
        break;
    }
}

bool
place_text(Compiler *compiler, Str text)
{
    Reader reader;
    reader.compiler = compiler;
    reader.at = text.at;
    reader.end = text.at + text.len;
    reader.place = place_unpack(compiler->place);
    reader.name = text.at;
    reader.scheme_len = 0;
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
