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

/* The two parts of its text are of unlike size on purpose: a Str that is written by halves and read
 * back at once as 16 bytes makes the processor wait, and every name passes through here. */
typedef struct Token {
    uint8_t kind;
    uint8_t operator;
    uint32_t at;
    uint32_t len;      /* of the text: STRING without its quotes */
    const char *bytes; /* where it starts */
} Token;

static inline Str
token_text(const Token *token)
{
    return (Str){token->bytes, token->len};
}

/* Tokens of one {{ }} or {% %}: read one at a time, with one more of lookahead. */
typedef struct Lexer {
    const char *start; /* of the unit's source */
    const char *wide;  /* up to here 16 bytes can be read: the markup stands in a longer source */
    const char *at, *end;
    Token token; /* the current one */
} Lexer;

void lexer_start(Lexer *lexer, Str source, Str markup);
void lexer_next(Lexer *lexer);
Token lexer_peek(const Lexer *lexer);             /* the one after the current */
bool lexer_before(const Lexer *lexer, char mark); /* this is the first byte of the one after */
const char *token_name(TokenKind kind);

static inline bool
lexer_take(Lexer *lexer, TokenKind kind)
{
    if (lexer->token.kind != kind)
        return false;
    lexer_next(lexer);
    return true;
}

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

/* Filters that were looked for, by a few letters of their name: a template has the same few again and
 * again. */
enum { FILTERS_FOUND = 64 };
typedef struct FilterFound {
    Str name;                   /* empty: nothing yet */
    const LiquidFilter *filter; /* NULL: there is none */
} FilterFound;

/* What is known while one unit is compiled. Errors end the compile, at once or (recover.c) after the
 * others are found. */
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
    char *spare;       /* zeroed room for parts of the program, which come by the hundred */
    size_t spare_bytes;
    FilterFound filters[FILTERS_FOUND];
    bool in_render; /* include is not allowed inside render */
    bool failed;
    bool recovers;             /* findings are wanted: go on behind an error */
    uint32_t errors, warnings; /* so far */
    uint32_t error_at;         /* where the last one was, in error_unit */
    const Unit *error_unit;
    uint32_t stops;   /* times that a block came to its end or a branch */
    Piece stop;       /* the last of them; kept for recover.c alone */
    uint64_t place;   /* HTML mode: where in the page we are (place.h) */
    LiquidCall *fold; /* evaluates constants */
} Compiler;

/* A part of the program: zeroed, aligned for pointers and whole numbers. */
void *compile_room_more(Compiler *compiler, size_t bytes);
static inline void *
compile_room(Compiler *compiler, size_t bytes)
{
    bytes = (bytes + 7) & ~(size_t)7;
    if (G_UNLIKELY(compiler->spare_bytes < bytes))
        return compile_room_more(compiler, bytes);
    void *room = compiler->spare;
    compiler->spare += bytes;
    compiler->spare_bytes -= bytes;
    return room;
}

/* Notes an error at a byte of the source; the compile fails. Always false. */
bool compile_fail(Compiler *compiler, uint32_t at, const char *format, ...) G_GNUC_PRINTF(3, 4);
bool compile_fail_guess(Compiler *compiler, uint32_t at, Str suggestion, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
void compile_warn(Compiler *compiler, uint32_t at, Str suggestion, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static inline uint32_t
compile_at(const Compiler *compiler, const char *byte)
{
    return (uint32_t)(byte - compiler->unit->source.at);
}
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
bool expr_expect(Compiler *compiler, Lexer *lexer, TokenKind kind);
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

void nodes_grow(Compiler *compiler, Nodes *nodes);
static inline Node *
nodes_add(Compiler *compiler, Nodes *nodes, NodeKind kind, uint32_t at)
{
    if (nodes->count == nodes->room)
        nodes_grow(compiler, nodes);
    Node *node = &nodes->list[nodes->count++];
    *node = (Node){.kind = (uint8_t)kind, .at = at};
    return node;
}

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

/* Where reading stood before a piece was parsed. */
typedef struct Mark {
    const char *behind; /* the piece */
    uint64_t place;
    int depth;
    uint32_t stops;
} Mark;
static inline Mark
recover_mark(const Compiler *compiler)
{
    return (Mark){compiler->scanner->at, compiler->place, compiler->depth, compiler->stops};
}

bool recover_is_on(const Compiler *compiler);
/* An error was noted in this piece. True: read on, behind it or what belongs to it. */
bool recover_piece(Compiler *compiler, const Piece *piece, const Mark *mark);
/* The same where braces are not closed; before: where they stand. */
bool recover_scan(Compiler *compiler, const char *before);

typedef bool (*TagParse)(Compiler *compiler, const Piece *tag, Nodes *nodes);
TagParse tag_find(Str name);
bool tag_for(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_tablerow(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_include(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_render(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_cycle(Compiler *compiler, const Piece *tag, Nodes *nodes);
bool tag_is_block(Str name);                            /* it has an end: if, for */
bool tag_is_end(Str name);                              /* endif, endfor */
bool tag_is_branch(Str name);                           /* else, elsif, when */
bool tag_hides_text(Str name);                          /* raw, comment, doc */
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
const LiquidFilter *compile_filter(Compiler *compiler, Str name); /* the same, remembered */
void filter_guess(const LiquidOptions *options, Guess *guess);
bool call_fits(const Call *call); /* number of arguments */
/* The arguments as the filter sees them. list: those by position, one more room, those by name. */
LiquidArgs call_args(Arena *arena, const Call *call, LiquidValue *list);
char *call_misfit(Arena *arena, const Call *call);

/* Checks every name against the schema (check.c). False when there are errors. */
bool check_schema(const Liquid *liquid, LiquidNotes *notes);
