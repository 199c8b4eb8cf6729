/* scan.c - cuts a source into text, {{ outputs }} and {% tags %}.
 *
 * Braces win over quotes, as at Shopify: {{ '}}' }} ends at the first }}. A dash inside the braces
 * trims the white space of the text beside them.
 */
#include "engine/liquid/inside.h"

#include <string.h>

static Str
trim_left(Str text)
{
    while (text.len && text_is_space(text.at[0]))
        text.at++, text.len--;
    return text;
}

static Str
trim_right(Str text)
{
    while (text.len && text_is_space(text.at[text.len - 1]))
        text.len--;
    return text;
}

/* The next {{ or {% from here on; the end if there is none. */
static const char *
brace_find(const char *at, const char *end)
{
    for (; (at = bytes_find(at, end, '{')) + 1 < end; at++)
        if (at[1] == '{' || at[1] == '%')
            return at;
    return end;
}

static bool
text_next(Scanner *scanner, Piece *ret)
{
    const char *close = brace_find(scanner->at, scanner->end);
    Str text = {scanner->at, (size_t)(close - scanner->at)};
    if (scanner->trim)
        text = trim_left(text);
    if (close + 2 < scanner->end && close[2] == '-')
        text = trim_right(text);
    *ret = (Piece){.kind = PIECE_TEXT, .text = text, .whole = text};
    scanner->at = close;
    scanner->trim = false;
    return true;
}

/* The byte behind the }} that ends the output; NULL when it does not end. */
static const char *
output_end(const char *at, const char *end)
{
    const char *close = bytes_find(at, end, '}');
    if (close + 1 >= end || close[1] != '}')
        return NULL;
    while ((at = memchr(at, '{', (size_t)(close - at))) != NULL)
        if (*++at == '%')
            return NULL;
    return close + 2;
}

static const char *tag_end(const char *at, const char *end);

/* Behind what a comment takes for an output: up to its first }, and a tag inside takes part. */
static const char *
output_pass(const char *at, const char *end)
{
    const char *close = bytes_find(at, end, '}');
    while ((at = bytes_find(at, close, '{')) < close) {
        if (*++at != '%')
            continue;
        const char *tag = tag_end(at + 1, end);
        return tag ? tag : end;
    }
    if (close == end)
        return end;
    return close + 1 < end && close[1] == '}' ? close + 2 : close + 1;
}

static const char *
tag_end(const char *at, const char *end)
{
    while ((at = bytes_find(at, end, '%')) < end)
        if (++at < end && *at == '}')
            return at + 1;
    return NULL;
}

/* What stands between the braces and their dashes. */
static Str
markup_of(Scanner *scanner, const char *open, const char *close)
{
    const char *from = open + 2;
    const char *to = close - 2;
    if (from < to && *from == '-')
        from++;
    scanner->trim = close - open > 4 && to[-1] == '-';
    if (from < to && to[-1] == '-')
        to--;
    return (Str){from, (size_t)(to - from)};
}

static Str
name_take(Str *markup)
{
    Str text = trim_left(*markup);
    size_t len = 0;
    if (text.len && text.at[0] == '#')
        len = 1;
    else
        while (len < text.len && (g_ascii_isalnum(text.at[len]) || text.at[len] == '_'))
            len++;
    Str name = {text.at, len};
    *markup = trim_left(str_sub(text, len, text.len));
    if (!markup->at)
        *markup = (Str){text.at + len, 0};
    return name;
}

static bool
brace_next(Compiler *compiler, Scanner *scanner, Piece *ret)
{
    const char *open = scanner->at;
    bool tag = open[1] == '%';
    const char *close = tag ? tag_end(open + 2, scanner->end) : output_end(open + 2, scanner->end);
    if (!close)
        return compile_fail(compiler, compile_at(compiler, open), "%s is never closed with %s",
                            tag ? "the tag" : "the output", tag ? "%}" : "}}");
    *ret = (Piece){.kind = tag ? PIECE_TAG : PIECE_OUTPUT,
                   .whole = {open, (size_t)(close - open)},
                   .text = markup_of(scanner, open, close)};
    scanner->at = close;
    if (!tag)
        return true;
    ret->name = name_take(&ret->text);
    if (ret->name.len == 0)
        return compile_fail(compiler, compile_at(compiler, open), "the tag has no name");
    return true;
}

/* One line of {% liquid %} is one tag. */
static bool
line_next(Compiler *compiler, Scanner *scanner, Piece *ret)
{
    while (scanner->at < scanner->end) {
        const char *line = scanner->at;
        const char *close = memchr(line, '\n', (size_t)(scanner->end - line));
        scanner->at = close ? close + 1 : scanner->end;
        Str text = {line, (size_t)((close ? close : scanner->end) - line)};
        if (text_is_blank(text))
            continue;
        *ret = (Piece){.kind = PIECE_TAG, .text = text, .whole = text};
        ret->name = name_take(&ret->text);
        if (ret->name.len == 0)
            return compile_fail(compiler, compile_at(compiler, trim_left(text).at),
                                "a line of {%% liquid %%} starts with the name of a tag");
        return true;
    }
    *ret = (Piece){.kind = PIECE_END, .whole = {scanner->end, 0}};
    return true;
}

bool
scanner_next(Compiler *compiler, Scanner *scanner, Piece *ret)
{
    if (scanner->lines)
        return line_next(compiler, scanner, ret);
    if (scanner->at >= scanner->end) {
        *ret = (Piece){.kind = PIECE_END, .whole = {scanner->end, 0}};
        return true;
    }
    if (scanner->end - scanner->at >= 2 && scanner->at[0] == '{' &&
        (scanner->at[1] == '{' || scanner->at[1] == '%'))
        return brace_next(compiler, scanner, ret);
    return text_next(scanner, ret);
}

/* ---- text that is not read ---------------------------------------------------------------- */

static bool
never_closed(Compiler *compiler, const Piece *open)
{
    return compile_fail(compiler, compile_at(compiler, open->whole.at),
                        "'" STR_FMT "' is never closed", STR_ARG(open->name));
}

/* {% endraw {% endraw %}: the last one counts, as Ruby's greedy pattern finds it. */
static bool
tag_within(const char *at, const char *close)
{
    while ((at = memmem(at, (size_t)(close - at), "{%", 2)) != NULL) {
        at += 2;
        const char *word = at + (at < close && *at == '-');
        while (word < close && text_is_space(*word))
            word++;
        if (word < close && (g_ascii_isalnum(*word) || *word == '_'))
            return true;
    }
    return false;
}

/* The next {% name %} from *at on, whatever stands before it. */
static const char *
tag_seek(const char *at, const char *end, Str name, const char **ret_close)
{
    const char *close = NULL;
    for (;;) {
        const char *open = at < end ? memmem(at, (size_t)(end - at), "{%", 2) : NULL;
        if (!open)
            return NULL;
        const char *word = open + 2;
        word += word < end && *word == '-';
        while (word < end && text_is_space(*word))
            word++;
        const char *behind = word + name.len;
        bool hit = (size_t)(end - word) > name.len && memcmp(word, name.at, name.len) == 0 &&
                   !g_ascii_isalnum(*behind) && *behind != '_';
        if (hit && (!close || close - 2 < behind)) /* it is the same for all that stand before it */
            close = tag_end(behind, end);
        if (hit && !close)
            return NULL;
        *ret_close = close;
        if (hit && !tag_within(behind, close))
            return open;
        at = open + 2;
    }
}

bool
scanner_raw(Compiler *compiler, Scanner *scanner, const Piece *open, Str *ret)
{
    char word[16] = "end";
    memcpy(word + 3, open->name.at, MIN(open->name.len, sizeof word - 4));
    const char *close = NULL;
    const char *tag =
        scanner->lines ? NULL : tag_seek(scanner->at, scanner->end, str_of(word), &close);
    if (!tag)
        return never_closed(compiler, open);
    *ret = (Str){scanner->at, (size_t)(tag - scanner->at)}; /* dashes inside trim nothing */
    scanner->trim = close[-3] == '-';
    scanner->at = close;
    return true;
}

/* Skips to the endcomment that closes it. Comments nest and raw inside hides its content; other
 * tags need not be complete. */
bool
scanner_comment(Compiler *compiler, Scanner *scanner, const Piece *open)
{
    for (int depth = 1; depth > 0;) {
        Piece piece;
        if (!scanner->lines) {
            const char *brace = brace_find(scanner->at, scanner->end);
            if (brace < scanner->end && brace[1] == '{') {
                scanner->at = output_pass(brace + 2, scanner->end);
                continue;
            }
            scanner->at = brace;
            const char *close = brace < scanner->end ? tag_end(brace + 2, scanner->end) : NULL;
            if (!close)
                return never_closed(compiler, open);
            piece = (Piece){.whole = {brace, (size_t)(close - brace)},
                            .text = markup_of(scanner, brace, close)};
            piece.name = name_take(&piece.text);
            scanner->at = close;
        } else if (!line_next(compiler, scanner, &piece)) {
            return false;
        } else if (piece.kind == PIECE_END) {
            return never_closed(compiler, open);
        }
        Str raw;
        if (word_is(piece.name, STR("raw")) && !scanner_raw(compiler, scanner, &piece, &raw))
            return false;
        depth += word_is(piece.name, STR("comment"));
        depth -= word_is(piece.name, STR("endcomment"));
    }
    return true;
}
