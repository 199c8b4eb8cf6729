/* compiling.h - from source to program: tokens, pieces, tags, findings. */
#pragma once

#include "engine/liquid/program.h"

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_ID,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_PIPE,
    TOKEN_DOT,
    TOKEN_DOTDOT,
    TOKEN_COLON,
    TOKEN_COMMA,
    TOKEN_OPEN_SQUARE,
    TOKEN_CLOSE_SQUARE,
    TOKEN_OPEN_ROUND,
    TOKEN_CLOSE_ROUND,
    TOKEN_QUESTION,
    TOKEN_DASH,
    TOKEN_COMPARE,
    TOKEN_BAD,
} TokenKind;

typedef struct Token {
    uint8_t kind;
    uint8_t operator;
    Str text; /* STRING: without its quotes */
    uint32_t at;
} Token;

/* Tokens of one {{ }} or {% %}: read one at a time, with one more of lookahead. */
typedef struct Lexer {
    const char *start; /* of the unit's source */
    const char *at, *end;
    Token token; /* the current one */
    bool after_dot;
} Lexer;

void lexer_start(Lexer *lexer, Str source, Str markup);
void lexer_next(Lexer *lexer);
Token lexer_peek(const Lexer *lexer); /* the one after the current */
const char *token_name(TokenKind kind);

typedef enum PieceKind { PIECE_END, PIECE_TEXT, PIECE_OUTPUT, PIECE_TAG } PieceKind;

typedef struct Piece {
    uint8_t kind;
    Str text;  /* TEXT: trimmed; OUTPUT: its markup; TAG: markup behind the name */
    Str name;  /* TAG */
    Str whole; /* with its braces */
} Piece;

typedef struct Scanner {
    Str source;
    const char *at, *end;
    bool trim;  /* the last piece ended in -}} or -%} */
    bool lines; /* inside {% liquid %}: one tag a line */
} Scanner;

/* What is known while one unit is compiled. Errors end the compile: the first one is kept. */
typedef struct Compiler {
    Liquid *liquid;
    Arena *arena; /* the template's */
    Names *names;
    Unit **units; /* all, newest first */
    LiquidNotes *notes;
    Unit *unit;
    int unit_count;
    Scanner *scanner;
    int depth;         /* of blocks */
    int partial_depth; /* of partials in partials */
    int nesting;       /* of expressions */
    Expr *spare;       /* room for some more expressions: they come by the hundred */
    size_t spare_count;
    Segment *spare_segments;
    size_t spare_segment_count;
    bool in_render; /* include is not allowed inside render */
    bool failed;
    uint64_t place;   /* HTML mode: where in the page we are (place.h) */
    LiquidCall *fold; /* evaluates constants */
} Compiler;

/* Notes an error at a byte of the source; the compile fails. Always false. */
bool compile_fail(Compiler *compiler, uint32_t at, const char *format, ...) G_GNUC_PRINTF(3, 4);
bool compile_fail_guess(Compiler *compiler, uint32_t at, Str suggestion, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
void compile_warn(Compiler *compiler, uint32_t at, Str suggestion, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
uint32_t compile_at(const Compiler *compiler, const char *byte);
/* Compiles (or finds) the partial for the current place. NULL: there is none (*ret_missing says
 * why) or the compile failed. */
const Unit *
compile_partial(Compiler *compiler, Str name, uint32_t at, bool render, Str *ret_missing);
bool unit_compile(Compiler *compiler, Unit *unit);

const Expr *expr_parse(Compiler *compiler, Lexer *lexer);           /* a value */
const Expr *expr_parse_operand(Compiler *compiler, Lexer *lexer);   /* blank and empty are words */
const Expr *expr_parse_filtered(Compiler *compiler, Lexer *lexer);  /* value | filter: ... */
const Expr *expr_parse_condition(Compiler *compiler, Lexer *lexer); /* a == b and c */
const Expr *expr_const(Compiler *compiler, LiquidValue value, uint32_t at);
bool expr_end(Compiler *compiler, Lexer *lexer); /* nothing may follow */
bool expr_expect(Compiler *compiler, Lexer *lexer, TokenKind kind, Token *ret);
bool lexer_take(Lexer *lexer, TokenKind kind);
bool lexer_take_word(Lexer *lexer, const char *word);

bool scanner_next(Compiler *compiler, Scanner *scanner, Piece *ret);
/* The raw text up to {% endNAME %}. */
bool scanner_raw(Compiler *compiler, Scanner *scanner, const Piece *open, Str *ret);
bool scanner_comment(Compiler *compiler, Scanner *scanner, const Piece *open);

/* A block's nodes while they are read. */
typedef struct Nodes {
    Node *list;
    size_t count;
    size_t room;
    bool blank;
} Nodes;

Node *nodes_add(Compiler *compiler, Nodes *nodes, NodeKind kind, uint32_t at);
/* Reads nodes until a tag that is not its own: a block's end or a branch (in *ret_stop, whose kind
 * is PIECE_END at the end of the text). */
bool block_parse(Compiler *compiler, Nodes *nodes, Piece *ret_stop);
Block *block_finish(Compiler *compiler, Nodes *nodes, bool drop_text);
bool block_enter(Compiler *compiler, const Piece *open); /* one level deeper */
bool document_parse(Compiler *compiler, Nodes *nodes);
bool text_parse(Compiler *compiler, Str text, Nodes *nodes);
bool output_parse(Compiler *compiler, Str markup, uint32_t at, Nodes *nodes);
/* The error for a piece that a block cannot take. */
bool block_unexpected(Compiler *compiler, const Piece *open, const Piece *stop);

typedef bool (*TagParse)(Compiler *compiler, const Piece *tag, Nodes *nodes);
TagParse tag_find(Str name);
bool tag_for(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_tablerow(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_include(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_render(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_cycle(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_unknown(Compiler *compiler, const Piece *tag); /* the error; always false */
void tag_lexer(const Compiler *compiler, const Piece *tag, Lexer *lexer);
bool tag_name_of(Compiler *compiler, const Piece *tag, Str *ret);

/* The most similar of some words, or the empty Str: for "did you mean". */
typedef struct Guess {
    Str wanted;
    Str best;
    size_t distance;
} Guess;
void guess_offer(Guess *guess, Str word);

const LiquidFilter *filter_escape(void);
const LiquidFilter *filter_find(const LiquidOptions *options, Str name);
void filter_guess(const LiquidOptions *options, Guess *guess);
bool call_fits(const Call *call); /* number of arguments */
char *call_misfit(Arena *arena, const Call *call);

/* Checks every name against the schema (check.c). False when there are errors. */
bool check_schema(const Liquid *liquid, LiquidNotes *notes);
