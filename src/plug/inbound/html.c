/* html.c - HTML mails as text that reads as it looks: no browser, just enough of one.
 *
 * Blocks become lines, pictures their alternative words, links their words. What a mail program marks as a quotation
 * (blockquote, and boxes with names that are known) gets "> " in front, so that one set of rules finds quotations in
 * both forms (reply.c).
 */
#include "plug/inbound/inbound_inside.h"

#include "base/text.h"

#include <string.h>

enum { TAGS_OPEN_MOST = 256, QUOTE_DEPTH_MOST = 20, ENTITY_BYTES_MOST = 10 };

typedef struct OpenTag {
    char name[12];
    bool quote;
} OpenTag;

typedef struct HtmlText {
    Buf out;
    OpenTag open[TAGS_OPEN_MOST];
    size_t open_count;
    int quotes; /* how deep in quotations */
    int lines_due; /* line ends to be written before the next word: 1 new line, 2 an empty one between */
    bool blank_due; /* a blank likewise */
    bool line_begun;
    bool pre;
} HtmlText;

/* ---- words -------------------------------------------------------------------------------------- */

static void
line_begin(HtmlText *html)
{
    if (html->line_begun)
        return;
    for (int i = 0; i < MIN(html->quotes, QUOTE_DEPTH_MOST); i++)
        buf_add_cstr(&html->out, "> ");
    html->line_begun = true;
}

static void
lines_write(HtmlText *html)
{
    for (; html->lines_due > 0; html->lines_due--) {
        if (html->out.len && !html->line_begun && html->quotes)
            line_begin(html);
        if (html->out.len)
            buf_add_char(&html->out, '\n');
        html->line_begun = false;
    }
}

static void
byte_write(HtmlText *html, char byte)
{
    if (g_ascii_isspace(byte) && !(html->pre && byte == '\n')) {
        html->blank_due = true;
        return;
    }
    if (byte == '\n') {
        html->lines_due = MIN(html->lines_due + 1, 3);
        html->blank_due = false;
        return;
    }
    if (html->lines_due)
        lines_write(html);
    else if (html->blank_due && html->line_begun)
        buf_add_char(&html->out, ' ');
    html->blank_due = false;
    line_begin(html);
    buf_add_char(&html->out, byte);
}

static void
text_write(HtmlText *html, Str text)
{
    for (size_t i = 0; i < text.len; i++)
        byte_write(html, text.at[i]);
}

static void
line_end(HtmlText *html, int lines)
{
    html->lines_due = MAX(html->lines_due, lines);
    html->blank_due = false;
}

/* The names that mails really use; all else is written by number, or stays as it stands. */
static const struct {
    const char *name;
    const char *text;
} entities[] = {
    {"amp", "&"},    {"lt", "<"},     {"gt", ">"},
    {"quot", "\""},  {"apos", "'"},   {"nbsp", " "},
    {"copy", "©"},   {"reg", "®"},    {"euro", "€"},
    {"pound", "£"},  {"hellip", "…"}, {"ndash", "–"},
    {"mdash", "—"},  {"lsquo", "‘"},  {"rsquo", "’"},
    {"ldquo", "“"},  {"rdquo", "”"},  {"bull", "•"},
    {"middot", "·"}, {"laquo", "«"},  {"raquo", "»"},
    {"auml", "ä"},   {"ouml", "ö"},   {"uuml", "ü"},
    {"Auml", "Ä"},   {"Ouml", "Ö"},   {"Uuml", "Ü"},
    {"szlig", "ß"},  {"eacute", "é"}, {"egrave", "è"},
    {"ecirc", "ê"},  {"agrave", "à"}, {"acirc", "â"},
    {"ccedil", "ç"}, {"ocirc", "ô"},  {"ugrave", "ù"},
    {"icirc", "î"},  {"iuml", "ï"},   {"aacute", "á"},
    {"iacute", "í"}, {"oacute", "ó"}, {"uacute", "ú"},
    {"ntilde", "ñ"}, {"atilde", "ã"}, {"otilde", "õ"},
    {"Eacute", "É"}, {"Agrave", "À"}, {"iexcl", "¡"},
    {"iquest", "¿"}, {"deg", "°"},    {"zwnj", "\xe2\x80\x8c"},
};

static void
code_write(HtmlText *html, uint32_t code)
{
    char utf8[8];
    if (code == 0xa0)
        code = ' ';
    if (code < 32 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return;
    text_write(html, (Str){utf8, (size_t)g_unichar_to_utf8(code, utf8)});
}

/* Behind an &: writes what it stands for and returns how many bytes it took; 0 if it is none. */
static size_t
entity_write(HtmlText *html, Str text)
{
    size_t end = 0;
    while (end < text.len && end <= ENTITY_BYTES_MOST && text.at[end] != ';')
        end++;
    if (end == 0 || end > ENTITY_BYTES_MOST || end == text.len)
        return 0;
    if (text.at[0] == '#') {
        bool hex = end > 1 && (text.at[1] | 32) == 'x';
        code_write(html, (uint32_t)g_ascii_strtoull(text.at + 1 + hex, NULL, hex ? 16 : 10));
        return end + 1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(entities); i++)
        if (str_is(str_sub(text, 0, end), entities[i].name)) {
            text_write(html, str_of(entities[i].text));
            return end + 1;
        }
    return 0;
}

/* ---- tags --------------------------------------------------------------------------------------- */

typedef struct Tag {
    char name[12]; /* small letters, cut */
    bool closes;
    Str all; /* with its attributes */
} Tag;

static const char *const block_names[] = {
    "p",      "div",    "table", "tr", "ul", "ol",         "li",     "h1",      "h2",
    "h3",     "h4",     "h5",    "h6", "hr", "blockquote", "center", "section", "article",
    "header", "footer", "form",  "dl", "dt", "dd",         "body",
};

static const char *const silent_names[] = {"head", "style", "script", "title", "xml", "noscript"};

static bool
name_in(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Boxes that mail programs put around what they quote. */
static bool
tag_quotes(const Tag *tag)
{
    static const char *const marks[] = {"gmail_quote",  "yahoo_quoted",     "zmail_extra",
                                        "quoted-text",  "protonmail_quote", "tutanota_quote",
                                        "x_gmail_quote"};
    if (strcmp(tag->name, "blockquote") == 0)
        /* Also how some programs indent; quotations are told from that by their introduction or by type=cite. */
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
        if (strcmp(tag->name, "div") == 0 && scan_has_nocase(tag->all, marks[i]))
            return true;
    return false;
}

/* Everything behind such a tag is an older mail. */
static bool
tag_ends_news(const Tag *tag)
{
    static const char *const marks[] = {"OLK_SRC_BODY_SECTION", "divRplyFwdMsg",
                                        "OutlookMessageHeader", "stopSpelling",
                                        "appendonsend",         "reply-intro"};
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
        if (scan_has_nocase(tag->all, marks[i]))
            return true;
    return false;
}

static void
tag_open(HtmlText *html, const Tag *tag)
{
    if (strcmp(tag->name, "blockquote") != 0 && strcmp(tag->name, "div") != 0)
        return;
    if (html->open_count == TAGS_OPEN_MOST)
        return;
    OpenTag *open = &html->open[html->open_count++];
    memcpy(open->name, tag->name, sizeof open->name);
    open->quote = tag_quotes(tag);
    if (open->quote)
        lines_write(html);
    html->quotes += open->quote;
}

static void
tag_close(HtmlText *html, const Tag *tag)
{
    for (size_t i = html->open_count; i-- > 0;) {
        if (strcmp(html->open[i].name, tag->name) != 0)
            continue;
        while (html->open_count > i)
            html->quotes -= html->open[--html->open_count].quote;
        return;
    }
}

static void
image_write(HtmlText *html, Str all)
{
    for (size_t i = 0; i + 6 < all.len; i++) {
        if (g_ascii_strncasecmp(all.at + i, " alt=\"", 6) != 0)
            continue;
        Str rest = str_sub(all, i + 6, all.len), alt;
        if (str_split(&rest, '"', &alt) && rest.at && alt.len < 200)
            text_write(html, alt);
        return;
    }
}

static void
tag_apply(HtmlText *html, const Tag *tag, bool without_quotation)
{
    if (without_quotation && !tag->closes && tag_ends_news(tag)) {
        line_end(html, 1);
        text_write(html, STR("-----Original Message-----"));
        line_end(html, 1);
    }
    if (strcmp(tag->name, "br") == 0) {
        html->lines_due = MIN(html->lines_due + 1, 3);
        html->blank_due = false;
    } else if (strcmp(tag->name, "img") == 0) {
        image_write(html, tag->all);
    } else if (strcmp(tag->name, "pre") == 0) {
        html->pre = !tag->closes;
        line_end(html, 1);
    } else if (strcmp(tag->name, "td") == 0 || strcmp(tag->name, "th") == 0) {
        html->blank_due = true;
    } else if (name_in(tag->name, block_names, G_N_ELEMENTS(block_names))) {
        bool apart = strcmp(tag->name, "p") == 0 || tag->name[0] == 'h' || tag->name[0] == 'u';
        line_end(html, apart ? 2 : 1);
        if (tag->closes)
            tag_close(html, tag);
        else
            tag_open(html, tag);
        if (!tag->closes && strcmp(tag->name, "li") == 0) {
            text_write(html, STR("*"));
            html->blank_due = true;
        }
    }
}

/* Reads the tag at the start of the text, <...>; returns its length, 0 if it is none. */
static size_t
tag_read(Str text, Tag *ret)
{
    size_t at = 1, len = 0;
    *ret = (Tag){0};
    if (str_starts(text, "<!--")) {
        size_t end;
        return str_find(str_sub(text, 4, text.len), STR("-->"), &end) ? end + 7 : text.len;
    }
    if (at < text.len && text.at[at] == '/') {
        ret->closes = true;
        at++;
    }
    if (at >= text.len || !(g_ascii_isalpha(text.at[at]) || strchr("!?", text.at[at])))
        return 0;
    for (; at < text.len && (g_ascii_isalnum(text.at[at]) || strchr("!?:", text.at[at])); at++)
        if (len + 1 < sizeof ret->name)
            ret->name[len++] = g_ascii_tolower(text.at[at]);
    char quote = 0;
    for (; at < text.len; at++) {
        char byte = text.at[at];
        if (quote)
            quote = byte == quote ? 0 : quote;
        else if ((byte == '"' || byte == '\'') && text.at[at - 1] == '=')
            quote = byte;
        else if (byte == '>')
            break;
    }
    /* A quote that never ends would swallow the mail: then the first > counts. */
    if (at >= text.len) {
        const char *end = memchr(text.at, '>', text.len);
        at = end ? (size_t)(end - text.at) : text.len - 1;
    }
    ret->all = str_sub(text, 0, at + 1);
    return at + 1;
}

/* Behind <style>: how far it is to the end of </style>. */
static size_t
silence_len(Str text, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i + len + 2 < text.len; i++)
        if (text.at[i] == '<' && text.at[i + 1] == '/' &&
            g_ascii_strncasecmp(text.at + i + 2, name, len) == 0)
            return i;
    return text.len;
}

Str
inbound_html_text(Arena *arena, Str text, bool without_quotation)
{
    HtmlText *html = arena_new_of(arena, HtmlText, 1);
    html->out.arena = arena;
    for (size_t i = 0; i < text.len && !arena_over(arena);) {
        Str rest = str_sub(text, i, text.len);
        Tag tag;
        size_t len = rest.at[0] == '<' ? tag_read(rest, &tag) : 0;
        if (len) {
            i += len;
            if (!tag.closes && name_in(tag.name, silent_names, G_N_ELEMENTS(silent_names)))
                i += silence_len(str_sub(text, i, text.len), tag.name);
            else
                tag_apply(html, &tag, without_quotation);
            continue;
        }
        len = rest.at[0] == '&' ? entity_write(html, str_sub(rest, 1, rest.len)) : 0;
        if (!len)
            byte_write(html, rest.at[0]);
        i += len + 1;
    }
    /* What stands in an attribute or a broken entity was valid before, and is cut at bytes of ASCII only. */
    return text_clean(arena, buf_str(&html->out));
}

Str
letter_words(Arena *arena, const Letter *letter, bool without_quotation)
{
    Buf words = {.arena = arena};
    bool plain = false;
    for (size_t i = 0; i < letter->part_count; i++)
        plain |= letter->parts[i].in_text && str_is(letter->parts[i].type, "text/plain") &&
                 str_trim(letter->parts[i].text).len;
    for (size_t i = 0; i < letter->part_count && words.len < 1024 * 1024; i++) {
        const LetterPart *part = &letter->parts[i];
        bool html = str_is(part->type, "text/html");
        if (plain ? !part->in_text : !part->in_html && !part->in_text)
            continue;
        if (words.len && part->text.len)
            buf_add_cstr(&words, "\n");
        buf_add_str(&words,
                    html ? inbound_html_text(arena, part->text, without_quotation) : part->text);
    }
    return buf_str(&words);
}
