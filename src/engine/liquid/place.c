/* place.c - what the place in a page means for a value, and how two places become one.
 *
 * The idea is Kern, Samuel, Saxena: "Securing frameworks ... using auto-sanitization" (CCS 2011)
 * and Go's html/template; the rules of joining branches are the latter's.
 *
 * Where a browser would see something else than we do (a name cut in two by a tag) we refuse.
 */
#include "engine/liquid/place_inside.h"

#include <string.h>

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
    if (place.state == SCRIPT && place.js >= JS_DOUBLE && place.js <= JS_TEMPLATE)
        return "inside quotes of a script";
    if (place.state == STYLE && place.css != CSS_VALUE)
        return "inside quotes or brackets of a style";
    return NAMES[place.state];
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

bool
place_keeps(Compiler *compiler, Str text)
{
    uint64_t before = compiler->place;
    bool keeps = place_text(compiler, text) && compiler->place == before;
    compiler->place = before;
    return keeps;
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

static bool
between_tokens(Place place)
{
    return place.js == JS_VALUE || place.js == JS_AFTER_VALUE || place.js == JS_EITHER;
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
    return left.state == SCRIPT && place_pack(same) == place_pack(right) && between_tokens(left) &&
           between_tokens(right);
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

uint64_t
place_loop_start(uint64_t packed)
{
    Place place = place_unpack(packed);
    if (place.state == SCRIPT && between_tokens(place))
        place.js = JS_EITHER;
    return place_pack(place);
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
