/* lex.c - tokens inside {{ }} and {% %}, by the rules of Shopify's strict lexer. */
#include "engine/liquid/inside.h"

#include <string.h>

enum { LEX_SPACE = 1, LEX_NAME = 2, LEX_LETTER = 4, LEX_DIGIT = 8, LEX_QUOTE = 16 };

static const uint8_t LEX_OF[256] = {
    [' '] = LEX_SPACE,
    ['\t' ... '\r'] = LEX_SPACE,
    ['a' ... 'z'] = LEX_NAME | LEX_LETTER,
    ['A' ... 'Z'] = LEX_NAME | LEX_LETTER,
    ['_'] = LEX_NAME | LEX_LETTER,
    ['0' ... '9'] = LEX_NAME | LEX_DIGIT,
    ['-'] = LEX_NAME,
    ['"'] = LEX_QUOTE,
    ['\''] = LEX_QUOTE,
};

static inline const char *
pass_over(const char *at, const char *end, uint8_t kind)
{
    while (at < end && (LEX_OF[(uint8_t)*at] & kind))
        at++;
    return at;
}

void
lexer_start(Lexer *lexer, Str source, Str markup)
{
    if (!markup.at)
        markup = (Str){source.at, 0};
    lexer->start = source.at;
    lexer->wide = source.len < 16 ? NULL : source.at + source.len - 16;
    lexer->at = markup.at;
    lexer->end = markup.at + markup.len;
    lexer->token.kind = TOKEN_END;
    lexer_next(lexer);
}

/* The end of the name that starts here. Names are short, and looking at 16 bytes costs no more than
 * looking at three. */
static inline const char *
name_end(const Lexer *lexer, const char *at)
{
#if defined(__SSE2__)
    if (at <= lexer->wide) {
        BytesLane lane = bytes_lane_at(at);
        unsigned others = ~(bytes_of_names(lane) | bytes_equal(lane, '_')) & 0xFFFF;
        if (others) {
            at += __builtin_ctz(others);
            return at < lexer->end ? at : lexer->end;
        }
    }
#endif
    return pass_over(at, lexer->end, LEX_NAME);
}

static const char *
number_end(const Lexer *lexer, const char *at)
{
    at = pass_over(at + (*at == '-'), lexer->end, LEX_DIGIT);
    bool point = lexer->end - at >= 2 && *at == '.' && (LEX_OF[(uint8_t)at[1]] & LEX_DIGIT);
    return point ? pass_over(at + 1, lexer->end, LEX_DIGIT) : at;
}

/* == != <> < > <= >= ; NULL when it is none. */
static const char *
comparison_end(const Lexer *lexer, const char *at, uint8_t *ret_operator)
{
    static const struct {
        char first, second;
        uint8_t operator;
    } TABLE[] = {{'=', '=', OP_EQ},
                 {'!', '=', OP_NE},
                 {'<', '>', OP_NE},
                 {'<', '=', OP_LE},
                 {'>', '=', OP_GE}};
    char next = at + 1 < lexer->end ? at[1] : 0;
    for (size_t i = 0; i < G_N_ELEMENTS(TABLE); i++) {
        if (TABLE[i].first == *at && TABLE[i].second == next) {
            *ret_operator = TABLE[i].operator;
            return at + 2;
        }
    }
    if (*at != '<' && *at != '>')
        return NULL;
    *ret_operator = *at == '<' ? OP_LT : OP_GT;
    return at + 1;
}

static const uint8_t MARK_OF[256] = {
    ['|'] = TOKEN_PIPE,       ['.'] = TOKEN_DOT,         [':'] = TOKEN_COLON,
    [','] = TOKEN_COMMA,      ['['] = TOKEN_OPEN_SQUARE, [']'] = TOKEN_CLOSE_SQUARE,
    ['('] = TOKEN_OPEN_ROUND, [')'] = TOKEN_CLOSE_ROUND, ['?'] = TOKEN_QUESTION,
    ['-'] = TOKEN_DASH,
};

static const char *
lex_string(const Lexer *lexer, const char *at, Token *token)
{
    const char *close = memchr(at + 1, *at, (size_t)(lexer->end - at - 1));
    if (!close) {
        token->kind = TOKEN_BAD;
        token->len = 1;
        return at + 1;
    }
    token->kind = TOKEN_STRING;
    token->bytes = at + 1;
    token->len = (uint32_t)(close - at - 1);
    return close + 1;
}

static const char *
lex_mark(const Lexer *lexer, const char *at, Token *token)
{
    token->kind = MARK_OF[(uint8_t)*at];
    if (token->kind == TOKEN_DOT && at + 1 < lexer->end && at[1] == '.') {
        token->kind = TOKEN_DOTDOT;
        return at + 2;
    }
    if (token->kind)
        return at + 1;
    const char *end = comparison_end(lexer, at, &token->operator);
    token->kind = end ? TOKEN_COMPARE : TOKEN_BAD;
    return end ? end : at + 1;
}

static const char *
lex_name(const Lexer *lexer, const char *at, bool after_dot, Token *token)
{
    const char *end = name_end(lexer, at);
    end += end < lexer->end && *end == '?';
    token->kind = TOKEN_ID;
    if (end - at == 8 && memcmp(at, "contains", 8) == 0 && !after_dot) {
        token->kind = TOKEN_COMPARE;
        token->operator= OP_CONTAINS;
    }
    return end;
}

static bool
is_negative_number(const Lexer *lexer, const char *at)
{
    return *at == '-' && at + 1 < lexer->end && (LEX_OF[(uint8_t)at[1]] & LEX_DIGIT);
}

void
lexer_next(Lexer *lexer)
{
    const char *at = pass_over(lexer->at, lexer->end, LEX_SPACE);
    const char *end = at;
    Token *token = &lexer->token;
    bool after_dot = token->kind == TOKEN_DOT;
    token->at = (uint32_t)(at - lexer->start);
    token->bytes = at;
    token->len = 0;
    if (at == lexer->end) {
        token->kind = TOKEN_END;
    } else if (LEX_OF[(uint8_t)*at] & LEX_LETTER) {
        end = lex_name(lexer, at, after_dot, token);
    } else if ((LEX_OF[(uint8_t)*at] & LEX_DIGIT) || is_negative_number(lexer, at)) {
        end = number_end(lexer, at);
        token->kind = TOKEN_NUMBER;
    } else if (LEX_OF[(uint8_t)*at] & LEX_QUOTE) {
        lexer->at = lex_string(lexer, at, token);
        return;
    } else {
        end = lex_mark(lexer, at, token);
    }
    token->len = (uint32_t)(end - at);
    lexer->at = end;
}

bool
lexer_before(const Lexer *lexer, char mark)
{
    const char *at = pass_over(lexer->at, lexer->end, LEX_SPACE);
    return at < lexer->end && *at == mark;
}

Token
lexer_peek(const Lexer *lexer)
{
    Lexer copy = *lexer;
    lexer_next(&copy);
    return copy.token;
}

bool
lexer_take_word(Lexer *lexer, const char *word)
{
    if (lexer->token.kind != TOKEN_ID || lexer->token.bytes[0] != word[0] ||
        !str_is(token_text(&lexer->token), word))
        return false;
    lexer_next(lexer);
    return true;
}

const char *
token_name(TokenKind kind)
{
    static const char *const NAMES[] = {
        [TOKEN_END] = "the end",
        [TOKEN_ID] = "a name",
        [TOKEN_STRING] = "a string",
        [TOKEN_NUMBER] = "a number",
        [TOKEN_PIPE] = "|",
        [TOKEN_DOT] = ".",
        [TOKEN_DOTDOT] = "..",
        [TOKEN_COLON] = ":",
        [TOKEN_COMMA] = ",",
        [TOKEN_OPEN_SQUARE] = "[",
        [TOKEN_CLOSE_SQUARE] = "]",
        [TOKEN_OPEN_ROUND] = "(",
        [TOKEN_CLOSE_ROUND] = ")",
        [TOKEN_QUESTION] = "?",
        [TOKEN_DASH] = "-",
        [TOKEN_COMPARE] = "a comparison",
        [TOKEN_BAD] = "something else",
    };
    return NAMES[kind];
}
