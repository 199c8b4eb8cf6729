/* program.h - a compiled template: expressions, nodes, blocks, units. Nothing in it ever changes. */
#pragma once

#include "engine/liquid/values.h"

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

typedef struct Call Call;
struct Call {
    const Call *next;           /* of the same output */
    const LiquidFilter *filter; /* NULL: unknown (lax) */
    Str name;
    uint32_t at;
    uint8_t count;
    uint8_t named_count;
    bool fits;     /* the number of arguments is one that the filter takes */
    bool constant; /* all arguments are: they stand in `ready` */
    const Expr *const *args;
    const Expr *const *named;
    const Str *names;
    LiquidArgs ready;
};

/* To a filter that knows no names, named arguments are one more by position: a map of them. */
static inline bool
call_bundles(const Call *call)
{
    return call->named_count && call->filter && !call->filter->named;
}

typedef enum ExprKind {
    EXPR_CONST,
    EXPR_PATH,     /* slot.segment.segment */
    EXPR_COMPUTED, /* [expression].segment */
    EXPR_SELF,     /* self, where no variable is called so: all variables, by name */
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

/* Warnings of one compile, and runtime errors of one render, that are noted: a text of a hundred
 * thousand mistakes shall not cost a hundred thousand copies of its line. */
enum { NOTES_MOST = 100 };

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
bool names_find(const Names *names, Str text, uint32_t hash, uint32_t *ret);
LiquidName names_text(const Names *names, uint32_t slot);

struct Liquid {
    Arena *arena;
    LiquidOptions options;
    const LiquidFilter *money; /* what prints an amount; NULL: nobody, or it is printed in cents */
    Names names;
    Unit *units;
    const Unit *main;
    uint32_t loop_names;
};
