/* place_inside.h - what the three files of HTML mode share: the state of the tokenizer. */
#pragma once

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

static inline Place
place_unpack(uint64_t packed)
{
    Place place;
    memcpy(&place, &packed, sizeof place);
    return place;
}

static inline uint64_t
place_pack(Place place)
{
    uint64_t packed;
    memcpy(&packed, &place, sizeof packed);
    return packed;
}

enum { SCHEME_MOST = 32 };

/* A literal while it is read. Names are whole within it. */
typedef struct Reader {
    Compiler *compiler;
    const char *at, *end;
    Place place;
    const char *name;         /* where the name that is being read starts */
    char scheme[SCHEME_MOST]; /* what a URL in this literal started with */
    size_t scheme_len;
} Reader;

/* place_code.c: one byte further in a URL, a style, a script. They may move reader->at on. */
void place_url_step(Reader *reader, char byte);
void place_css_step(Reader *reader, char byte);
bool place_js_step(Reader *reader, char byte); /* false: an error was noted */
/* Past the bytes that no state of CSS, and no end of a style, looks at. */
const char *place_css_skip(const char *at, const char *end);
