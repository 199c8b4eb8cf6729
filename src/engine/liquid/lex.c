/* lex.c - tokens inside {{ }} and {% %}, by the rules of Shopify's strict lexer. */
#include "engine/liquid/inside.h"

#include <string.h>

void
lexer_start(Lexer *lexer, Str source, Str markup)
{
    if (!markup.at)
        markup = (Str){source.at, 0};
    *lexer = (Lexer){.start = source.at, .at = markup.at, .end = markup.at + markup.len};
    lexer_next(lexer);
}

static bool
is_name_byte(char byte)
{
    return g_ascii_isalnum(byte) || byte == '_' || byte == '-';
}

static bool
digit_at(const Lexer *lexer, const char *at)
{
    return at < lexer->end && g_ascii_isdigit(*at);
}

static const char *
number_end(const Lexer *lexer, const char *at)
{
    at += *at == '-';
    while (digit_at(lexer, at))
        at++;
    if (at < lexer->end && *at == '.' && digit_at(lexer, at + 1)) {
        at++;
        while (digit_at(lexer, at))
            at++;
    }
    return at;
}

static const char *
name_end(const Lexer *lexer, const char *at)
{
    while (at < lexer->end && is_name_byte(*at))
        at++;
    return at + (at < lexer->end && *at == '?');
}

/* == != <> < > <= >= ; NULL when it is none. */
static const char *
comparison_end(const Lexer *lexer, const char *at, uint8_t *ret_operator)
{
    char next = at + 1 < lexer->end ? at[1] : 0;
    static const struct {
        char first, second;
        uint8_t operator;
    } TABLE[] = {{'=', '=', OP_EQ},
                 {'!', '=', OP_NE},
                 {'<', '>', OP_NE},
                 {'<', '=', OP_LE},
                 {'>', '=', OP_GE}};
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

static TokenKind
mark_kind(char byte)
{
    switch (byte) {
    case '|':
        return TOKEN_PIPE;
    case '.':
        return TOKEN_DOT;
    case ':':
        return TOKEN_COLON;
    case ',':
        return TOKEN_COMMA;
    case '[':
        return TOKEN_OPEN_SQUARE;
    case ']':
        return TOKEN_CLOSE_SQUARE;
    case '(':
        return TOKEN_OPEN_ROUND;
    case ')':
        return TOKEN_CLOSE_ROUND;
    case '?':
        return TOKEN_QUESTION;
    case '-':
        return TOKEN_DASH;
    default:
        return TOKEN_BAD;
    }
}

static const char *
lex_string(Lexer *lexer, const char *at, Token *token)
{
    const char *close = memchr(at + 1, *at, (size_t)(lexer->end - at - 1));
    if (!close) {
        token->kind = TOKEN_BAD;
        return at + 1;
    }
    token->kind = TOKEN_STRING;
    token->text = (Str){at + 1, (size_t)(close - at - 1)};
    return close + 1;
}

static const char *
lex_mark(Lexer *lexer, const char *at, Token *token)
{
    if (*at == '.' && at + 1 < lexer->end && at[1] == '.') {
        token->kind = TOKEN_DOTDOT;
        return at + 2;
    }
    const char *end = comparison_end(lexer, at, &token->operator);
    if (end) {
        token->kind = TOKEN_COMPARE;
        return end;
    }
    token->kind = (uint8_t)mark_kind(*at);
    return at + 1;
}

void
lexer_next(Lexer *lexer)
{
    const char *at = lexer->at;
    while (at < lexer->end && text_is_space(*at))
        at++;
    Token token = {.kind = TOKEN_END, .at = (uint32_t)(at - lexer->start)};
    const char *end = at;
    if (at == lexer->end) {
        token.text = (Str){at, 0};
    } else if (g_ascii_isalpha(*at) || *at == '_') {
        end = name_end(lexer, at);
        token.kind = TOKEN_ID;
        if (end - at == 8 && memcmp(at, "contains", 8) == 0 && lexer->token.kind != TOKEN_DOT) {
            token.kind = TOKEN_COMPARE;
            token.operator= OP_CONTAINS;
        }
    } else if (g_ascii_isdigit(*at) || (*at == '-' && digit_at(lexer, at + 1))) {
        end = number_end(lexer, at);
        token.kind = TOKEN_NUMBER;
    } else if (*at == '"' || *at == '\'') {
        end = lex_string(lexer, at, &token);
    } else {
        end = lex_mark(lexer, at, &token);
    }
    if (token.kind != TOKEN_STRING)
        token.text = (Str){at, (size_t)(end - at)};
    lexer->token = token;
    lexer->at = end;
}

Token
lexer_peek(const Lexer *lexer)
{
    Lexer copy = *lexer;
    lexer_next(&copy);
    return copy.token;
}

bool
lexer_take(Lexer *lexer, TokenKind kind)
{
    if (lexer->token.kind != kind)
        return false;
    lexer_next(lexer);
    return true;
}

bool
lexer_take_word(Lexer *lexer, const char *word)
{
    if (lexer->token.kind != TOKEN_ID || !str_is(lexer->token.text, word))
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
