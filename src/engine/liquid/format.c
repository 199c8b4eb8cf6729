/* format.c - a template, spaced in one way: what is printed stays the same to the byte.
 *
 * Inside braces there is one space at both ends, around | and comparisons, and behind : and , ;
 * none before them. Text, comments and raw stay as they are. */
#include "engine/liquid/inside.h"

#include <string.h>

static bool
space_before(TokenKind kind, TokenKind before)
{
    switch (kind) {
    case TOKEN_DOT:
    case TOKEN_COLON:
    case TOKEN_COMMA:
    case TOKEN_CLOSE_SQUARE:
    case TOKEN_CLOSE_ROUND:
    case TOKEN_DOTDOT:
    case TOKEN_QUESTION:
    case TOKEN_END:
        return false;
    case TOKEN_OPEN_SQUARE:
        return before == TOKEN_COMMA || before == TOKEN_COLON || before == TOKEN_PIPE ||
               before == TOKEN_COMPARE;
    default:
        return before != TOKEN_DOT && before != TOKEN_OPEN_SQUARE && before != TOKEN_OPEN_ROUND &&
               before != TOKEN_DOTDOT;
    }
}

/* [x] behind a name is a part of it; behind a word of the tag (in, if, and) it starts a value. */
static bool
starts_value(Token token, const Token *before)
{
    static const char *const WORDS[] = {"in", "and", "or", "with", "for", "contains"};
    if (token.kind != TOKEN_OPEN_SQUARE)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++)
        if (str_is(token_text(before), WORDS[i]))
            return true;
    return false;
}

/* Behind the name of an end tag anything may stand. */
static bool
markup_has_tokens(Str source, Str markup)
{
    Lexer lexer;
    lexer_start(&lexer, source, markup);
    while (lexer.token.kind != TOKEN_END && lexer.token.kind != TOKEN_BAD)
        lexer_next(&lexer);
    return lexer.token.kind == TOKEN_END;
}

static void
markup_add(Buf *out, Str source, Str markup)
{
    Lexer lexer;
    if (!markup_has_tokens(source, markup)) {
        buf_add_str(out, str_trim(markup));
        return;
    }
    lexer_start(&lexer, source, markup);
    Token before = {.kind = TOKEN_OPEN_ROUND};
    while (lexer.token.kind != TOKEN_END) {
        Token token = lexer.token;
        if (space_before((TokenKind)token.kind, (TokenKind)before.kind) ||
            starts_value(token, &before))
            buf_add_char(out, ' ');
        if (token.kind == TOKEN_STRING)
            buf_add(out, token.bytes - 1, (size_t)token.len + 2);
        else
            buf_add_str(out, token_text(&token));
        before = token;
        lexer_next(&lexer);
    }
}

/* False: a tag whose markup is not made of tokens (assign has its =, a comment its words). */
static bool
markup_is_tokens(Str name)
{
    static const char *const FREE[] = {"#",    "comment", "liquid",    "raw",      "doc",
                                       "else", "capture", "increment", "decrement"};
    for (size_t i = 0; i < G_N_ELEMENTS(FREE); i++)
        if (str_is(name, FREE[i]))
            return false;
    return true;
}

static void
tag_markup_add(Buf *out, Str source, const Piece *piece)
{
    const char *sign = word_is(piece->name, STR("assign")) && piece->text.len
                           ? memchr(piece->text.at, '=', piece->text.len)
                           : NULL;
    Str markup = str_trim(piece->text);
    if (!markup.len)
        return;
    buf_add_char(out, ' ');
    if (sign) {
        Str left = str_trim((Str){piece->text.at, (size_t)(sign - piece->text.at)});
        buf_add_str(out, left);
        buf_add_cstr(out, " = ");
        size_t used = (size_t)(sign + 1 - piece->text.at);
        markup_add(out, source, str_sub(piece->text, used, piece->text.len));
    } else if (markup_is_tokens(piece->name)) {
        markup_add(out, source, piece->text);
    } else {
        buf_add_str(out, markup);
    }
}

static void
piece_add(Buf *out, Str source, const Piece *piece)
{
    if (piece->kind == PIECE_TEXT)
        return;
    bool tag = piece->kind == PIECE_TAG;
    Str whole = piece->whole;
    bool left = whole.len > 4 && whole.at[2] == '-';
    bool right = whole.len > 4 && whole.at[whole.len - 3] == '-';
    buf_add(out, whole.at, 2);
    buf_add_cstr(out, left ? "- " : " ");
    if (tag) {
        buf_add_str(out, piece->name);
        tag_markup_add(out, source, piece);
    } else {
        markup_add(out, source, piece->text);
    }
    buf_add_cstr(out, right ? " -" : " ");
    buf_add_cstr(out, tag ? "%}" : "}}");
}

/* Comments, raw and doc: everything up to their end stays. */
static bool
verbatim_skip(Compiler *compiler, Scanner *scanner, const Piece *piece)
{
    Str raw;
    if (word_is(piece->name, STR("comment")))
        return scanner_comment(compiler, scanner, piece);
    if (word_is(piece->name, STR("raw")) || word_is(piece->name, STR("doc")))
        return scanner_raw(compiler, scanner, piece, &raw);
    return true;
}

bool
liquid_format(Str file, Str source, Buf *out, GError **error)
{
    if (!source.at)
        source = STR("");
    g_autoptr(Liquid) liquid = liquid_compile(file, source, &(LiquidOptions){0}, NULL, error);
    if (!liquid)
        return false;
    LiquidNotes notes = {.arena = liquid->arena};
    Unit unit = {.file = file, .source = source};
    Compiler compiler = {.liquid = liquid, .arena = liquid->arena, .notes = &notes, .unit = &unit};
    Scanner scanner = {.source = source, .at = source.at, .end = source.at + source.len};
    for (;;) {
        const char *from = scanner.at;
        Piece piece;
        if (!scanner_next(&compiler, &scanner, &piece))
            return fail(error, ERR_TEMPLATE, STR_FMT " is not whole", STR_ARG(file));
        if (piece.kind == PIECE_END)
            return true;
        if (piece.kind == PIECE_TEXT)
            buf_add(out, from, (size_t)(scanner.at - from));
        piece_add(out, source, &piece);
        const char *behind = scanner.at;
        if (piece.kind == PIECE_TAG && !verbatim_skip(&compiler, &scanner, &piece))
            return fail(error, ERR_TEMPLATE, STR_FMT " is not whole", STR_ARG(file));
        buf_add(out, behind, (size_t)(scanner.at - behind));
    }
}
