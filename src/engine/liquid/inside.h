/* inside.h - what the files of the Liquid engine share; nobody else includes it.
 *
 * The path of a template:
 *
 *     source -> scan.c  pieces: text, {{ output }}, {% tag %}
 *            -> lex.c   tokens inside a piece
 *            -> expr.c  expressions, with constant parts already computed
 *            -> parse.c, tag.c, tag_loop.c, tag_partial.c  blocks of nodes
 *            -> place.c (HTML mode) the place in the page of every output
 *            -> render.c, loop.c, partial.c  text
 *
 * A node is 32 bytes, the nodes of a block stand side by side in the arena of the template, and
 * every name of a template is a small number (a slot), so rendering hashes and allocates nothing
 * that compiling could do.
 */
#pragma once

#include "base/limits.h"
#include "engine/liquid/liquid.h"

#include <string.h>

/* The text is this word: inlined, with the length known, it is one comparison. */
static inline bool
word_is(Str text, Str word)
{
    return text.len == word.len && memcmp(text.at, word.at, word.len) == 0;
}

/* ---- numbers (number.c) ------------------------------------------------------------------- */

/* A number while it is computed with: integer * 10^-scale, 38 digits. */
typedef struct Number {
    __int128 digits;
    int scale;
    bool decimal; /* a fraction (Ruby's Float or BigDecimal), even when it has no digits behind */
    bool minus_zero; /* decimals have two zeros; a value marks this one by a scale of -1 */
} Number;

typedef struct LiquidBig {
    __int128 digits;
} LiquidBig;

/* What Ruby's Utils.to_number makes of a value; 0 for what is no number. */
Number number_of(LiquidCall *call, LiquidValue value);
/* As int64 when it fits, LIQUID_BIG or LIQUID_DECIMAL (rounded to a double, as Ruby does). */
LiquidValue number_value(Arena *arena, Number number);
int number_compare(Number left, Number right);
bool number_add(Number left, Number right, Number *ret);
Number number_negate(Number number);
bool number_multiply(Number left, Number right, Number *ret);
/* Whole by whole gives the floor; divisor must not be 0. */
bool number_divide(Number left, Number right, Number *ret);
bool number_modulo(Number left, Number right, Number *ret);
/* To `places` digits, half away from zero; whole when places < 1. */
Number number_round(Number number, int64_t places);
Number number_floor(Number number);
Number number_ceil(Number number);
/* Reads [-]digits[.digits][e..]; false when text is anything else. */
bool number_parse(Str text, Number *ret);
/* The whole number at the start of the text, 0 if there is none: Ruby's String#to_i. */
Number number_prefix(Str text);
/* At most 48 bytes. */
enum { NUMBER_BYTES = 400 };
size_t number_print(LiquidValue value, char ret[NUMBER_BYTES]);
bool kind_is_number(LiquidValue value);

/* ---- values ------------------------------------------------------------------------------- */

typedef struct MapEntry {
    LiquidName name;
    LiquidValue value;
} MapEntry;

struct LiquidMap {
    size_t count;
    size_t room;
    MapEntry *list;
    uint32_t *index; /* open addressing, index_room slots of entry + 1; NULL for small maps */
    size_t index_room;
};

const LiquidValue *map_find(const LiquidMap *map, const LiquidName *name);

/* Access (access.c): what a template can do with any value. */
bool value_get(LiquidCall *call, LiquidValue value, const LiquidName *name, LiquidValue *ret);
/* value[key], key being any value. */
bool value_at(LiquidCall *call, LiquidValue value, LiquidValue key, LiquidValue *ret);
/* .size, .first, .last where no such name exists. */
bool value_command(LiquidCall *call, LiquidValue value, const LiquidName *name, LiquidValue *ret);
bool value_is_list(LiquidValue value); /* ARRAY, RANGE, object with len and without key */
bool value_is_map(LiquidValue value);  /* MAP, object with key */
size_t value_len(LiquidValue value);   /* of lists and maps; 0 else */
/* The index-th element; of a map the [name, value] pair. */
LiquidValue value_nth(LiquidCall *call, LiquidValue value, size_t index);
/* An object's plain value; any other value as it is. */
LiquidValue value_plain(LiquidCall *call, LiquidValue value);

/* Text (text.c), as Ruby prints it. */
void text_add(LiquidCall *call, Buf *out, LiquidValue value);         /* to_s */
void text_add_inspect(LiquidCall *call, Buf *out, LiquidValue value); /* inspect */
/* As {{ value }} prints it: lists without brackets. */
void text_add_output(LiquidCall *call, Buf *out, LiquidValue value);
Str text_of(LiquidCall *call, LiquidValue value);
size_t text_chars(Str text);              /* characters */
size_t text_skip(Str text, size_t chars); /* bytes of the first `chars` characters */
Str text_strip_left(Str text);            /* as Ruby strips: NUL is white space too */
/* Back from what text_escape made. */
Str text_unescape(Arena *arena, Str text);
/* JSON that is safe in a script (no <, >, &, U+2028). */
void value_add_json(LiquidCall *call, Buf *out, LiquidValue value);
void text_escape(Buf *out, Str text); /* & < > " ' */
bool text_is_blank(Str text);         /* nothing but white space */
static inline bool
text_is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Comparison (compare.c). */
bool value_equal(LiquidCall *call, LiquidValue left, LiquidValue right);
typedef enum Order { ORDER_LESS = -1, ORDER_SAME = 0, ORDER_MORE = 1, ORDER_NONE = 2 } Order;
Order value_order(LiquidCall *call, LiquidValue left, LiquidValue right); /* Ruby's <=> */
bool value_contains(LiquidCall *call, LiquidValue left, LiquidValue right);
bool value_is_empty(LiquidCall *call, LiquidValue value);
bool value_is_blank(LiquidCall *call, LiquidValue value);

/* ---- the program -------------------------------------------------------------------------- */

typedef struct Expr Expr;
typedef struct Node Node;
typedef struct Block Block;
typedef struct Unit Unit;

typedef struct Segment {
    LiquidName name; /* .name, or ['name'] */
    const Expr *key; /* [key]; NULL: name */
    bool command;    /* written with a dot, and one of size, first, last */
    uint32_t at;
} Segment;

typedef struct Call {
    const LiquidFilter *filter; /* NULL: unknown (lax) */
    Str name;
    uint32_t at;
    uint8_t count;
    uint8_t named_count;
    const Expr *const *args;
    const Expr *const *named;
    const Str *names;
} Call;

typedef enum ExprKind {
    EXPR_CONST,
    EXPR_PATH,     /* slot.segment.segment */
    EXPR_COMPUTED, /* [expression].segment */
    EXPR_RANGE,
    EXPR_FILTERED,
    EXPR_COMPARE,
    EXPR_AND,
    EXPR_OR,
} ExprKind;

typedef enum Operator { OP_EQ, OP_NE, OP_LT, OP_GT, OP_LE, OP_GE, OP_CONTAINS } Operator;

struct Expr {
    uint8_t kind;     /* ExprKind */
    uint8_t operator; /* COMPARE: Operator */
    uint16_t count;   /* PATH, COMPUTED: segments; FILTERED: calls */
    uint32_t at;      /* byte in the source of its unit */
    uint32_t slot;    /* PATH */
    union {
        LiquidValue constant;
        struct {
            const Expr *root; /* COMPUTED */
            const Segment *segments;
        };
        struct {
            const Expr *left, *right; /* RANGE, COMPARE, AND, OR */
        };
        struct {
            const Expr *input; /* FILTERED */
            const Call *calls;
        };
    };
};

/* Where in a page an output stands; decides how it is escaped. */
typedef enum Escape {
    ESCAPE_NONE,   /* plain mode */
    ESCAPE_FILTER, /* the filter escape came last */
    ESCAPE_HTML,
    ESCAPE_ATTRIBUTE,  /* in quotes, meaning text */
    ESCAPE_RCDATA,     /* title, textarea */
    ESCAPE_URL,        /* the start of a URL: its scheme is checked */
    ESCAPE_URL_MIDDLE, /* behind a value that may have been a scheme */
    ESCAPE_URL_PATH,
    ESCAPE_URL_QUERY,
    ESCAPE_SRCSET,     /* a list of URLs */
    ESCAPE_CSS,        /* a value of a property */
    ESCAPE_CSS_STRING, /* in quotes of a style */
    ESCAPE_CSS_URL,    /* in url() of a style */
    ESCAPE_JSON,       /* in a script: the value as JSON */
} Escape;

typedef enum NodeKind {
    NODE_TEXT,
    NODE_PRINT,
    NODE_ASSIGN,
    NODE_CAPTURE,
    NODE_IF, /* if, unless */
    NODE_CASE,
    NODE_FOR,
    NODE_TABLEROW,
    NODE_BREAK,
    NODE_CONTINUE,
    NODE_CYCLE,
    NODE_COUNT, /* increment, decrement */
    NODE_IFCHANGED,
    NODE_INCLUDE,
    NODE_RENDER,
} NodeKind;

typedef struct Branch {
    const Expr *test; /* NULL: else */
    bool negated;     /* unless */
    const Block *body;
    uint32_t at;
} Branch;

typedef struct When {
    size_t count; /* 0: else */
    const Expr *const *values;
    const Block *body;
} When;

typedef struct Case {
    const Expr *subject;
    size_t count;
    const When *list;
} Case;

typedef struct Loop {
    uint32_t slot;      /* of the loop's variable */
    uint32_t loop_slot; /* of forloop or tablerowloop */
    Str name;           /* "item-order.items" */
    uint32_t name_id;   /* for offset: continue */
    bool reversed;
    bool continues; /* offset: continue */
    const Expr *list, *limit, *offset, *cols;
    const Block *body;
    const Block *otherwise; /* else; may be NULL */
} Loop;

typedef struct Cycle {
    const Expr *group; /* may be NULL: group_key */
    Str group_key;
    size_t count;
    const Expr *const *values;
    Escape escape;
} Cycle;

typedef struct Partial {
    const Expr *name;
    const Unit *unit; /* NULL: computed name, or missing */
    Str missing;      /* why there is no unit, when the name is constant */
    bool is_for;
    const Expr *with; /* may be NULL */
    uint32_t with_slot;
    bool with_name; /* variable takes the partial's name, known only while rendering */
    uint32_t loop_slot;
    size_t count; /* arguments */
    const uint32_t *slots;
    const Expr *const *values;
} Partial;

typedef struct Node {
    uint8_t kind;   /* NodeKind */
    uint8_t escape; /* PRINT: Escape */
    bool silent;    /* an error here prints nothing, as Shopify's blank tags do */
    bool flag;      /* IFCHANGED, COUNT: decrement */
    uint32_t at;    /* byte in the source */
    uint32_t slot;  /* ASSIGN, CAPTURE, COUNT */
    uint32_t count; /* IF: branches */
    union {
        Str text;
        const Expr *expr;
        const Branch *branches;
        const Case *choice;
        const Loop *loop;
        const Cycle *cycle;
        const Partial *partial;
        const Block *body;
    };
} Node;

struct Block {
    const Node *list;
    size_t count;
    bool blank; /* prints nothing but white space */
};

/* One text: the template or a partial, compiled for one place in a page. */
struct Unit {
    Str file;
    Str source;
    const Block *body;
    uint64_t entry, exit; /* HTML mode: place.h */
    bool done;
    bool used;     /* while it was being compiled: it holds itself */
    bool isolated; /* reached by render: include is not allowed */
    Unit *next;
};

typedef struct Names {
    const struct Names
        *base;      /* a partial that is compiled while rendering adds to the template's */
    uint32_t first; /* number of names in base */
    uint32_t count;
    uint32_t room;
    LiquidName *list;
    uint32_t *index;
    uint32_t index_room;
} Names;

uint32_t names_slot(Names *names, Arena *arena, Str text);
bool names_find(const Names *names, LiquidName name, uint32_t *ret);
LiquidName names_text(const Names *names, uint32_t slot);

struct Liquid {
    Arena *arena;
    LiquidOptions options;
    Names names;
    Unit *units;
    const Unit *main;
    uint32_t loop_names;
};

/* ---- compiling ---------------------------------------------------------------------------- */

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

/* ---- rendering ---------------------------------------------------------------------------- */

typedef struct Slot Slot;
struct Slot {
    LiquidValue local;
    LiquidValue env; /* from the data, or a counter */
    Slot *below;     /* the outermost binding, while loops and includes shadow it */
    bool bound;      /* local is set */
    bool resolved;   /* env is looked up */
    bool found;      /* env exists in the data */
};

typedef enum Failure {
    FAILURE_NONE,
    FAILURE_ERROR,  /* prints in lax mode */
    FAILURE_NAME,   /* unknown name in strict mode */
    FAILURE_CALL,   /* wrong number of arguments; prints as an error does */
    FAILURE_BUDGET, /* ends every render */
} Failure;

typedef enum Interrupt { INTERRUPT_NONE, INTERRUPT_BREAK, INTERRUPT_CONTINUE } Interrupt;

typedef struct Counter { /* of cycle and of offset: continue */
    Str key;
    int64_t count;
    struct Counter *next;
} Counter;

typedef struct Counters {
    Counter *first;
} Counters;

typedef struct ForLoop {
    LiquidObject object;
    Str name;
    int64_t length;
    int64_t index;
    int64_t cols, col, row; /* tablerow */
    const struct ForLoop *parent;
} ForLoop;

/* One render. */
struct LiquidCall {
    const Liquid *liquid;
    const LiquidData *data;
    Arena *arena;
    Buf *out;
    const Unit *unit;
    Slot *slots;
    uint32_t slot_count;
    const Names *names;
    Names *own_names; /* of partials with computed names */
    bool isolated;    /* inside render: the data is out of sight */
    bool html, strict;
    uint8_t failure;   /* Failure */
    uint8_t interrupt; /* Interrupt */
    bool stopped;      /* a failure that ends the render */
    uint32_t fail_at;
    Str message;
    uint32_t steps, turns;
    uint32_t depth; /* scopes: loops and partials */
    uint32_t level; /* blocks */
    uint32_t steps_most, turns_most, depth_most;
    size_t output_most, arena_most, arena_first, out_first;
    Counters *cycles;
    Counters *offsets;
    const ForLoop *loop; /* innermost for */
    Str ifchanged;
    Unit *own_units;
    GError *error;
};

ForLoop *forloop_new(LiquidCall *call, Str name, size_t length);
LiquidValue expr_eval(LiquidCall *call, const Expr *expr);
bool expr_test(LiquidCall *call, const Expr *expr);
bool render_block(LiquidCall *call, const Block *block); /* false: interrupted or stopped */
void render_value(LiquidCall *call, LiquidValue value, Escape escape);
/* These leave a failure of their own pending. */
void render_for(LiquidCall *call, const Node *node);
void render_tablerow(LiquidCall *call, const Node *node);
void render_include(LiquidCall *call, const Node *node);
void render_render(LiquidCall *call, const Node *node);
bool scope_enter(LiquidCall *call, uint32_t at);
void render_escaped(LiquidCall *call, Buf *out, LiquidValue value, Escape escape);
bool call_fail(LiquidCall *call, Failure failure, uint32_t at, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* Reports the pending failure: prints it (lax) or stops (strict). False: stop. */
bool call_settle(LiquidCall *call, bool silent);
bool call_turn(LiquidCall *call, uint32_t at);
void slot_resolve(LiquidCall *call, uint32_t slot); /* looks it up in the data */
LiquidValue slot_value(LiquidCall *call, uint32_t slot, uint32_t at);
void slot_assign(LiquidCall *call, uint32_t slot, LiquidValue value);
/* Binds a name for the time of a loop or include; saved lives as long as that. */
void slot_shadow(LiquidCall *call, uint32_t slot, LiquidValue value, Slot *saved);
void slot_restore(LiquidCall *call, uint32_t slot, const Slot *saved);
Counter *counters_get(LiquidCall *call, Counters **counters, Str key);
bool value_to_integer(LiquidCall *call, LiquidValue value, int64_t *ret); /* Utils.to_integer */

/* A source place as people count. */
void place_of(Str source, uint32_t at, uint32_t *ret_line, uint32_t *ret_column, Str *ret_excerpt);
LiquidNote *note_add(LiquidNotes *notes, const Unit *unit, uint32_t at);
