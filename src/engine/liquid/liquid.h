/* liquid.h - the Liquid template language: compile once, render many times from many threads.
 *
 * The language is current Shopify Liquid. The library knows no shop: words like `money` or `t` are
 * filters that the host registers, and what a name in a template means is answered by the host's
 * own objects through a small accessor interface, so a row of the store is read in place.
 *
 *     g_autoptr(Liquid) template = liquid_compile(STR("receipt"), source, &options, NULL, error);
 *     Buf out = {.arena = arena};
 *     bool ok = liquid_render(template, &(LiquidData){.root = order}, arena, &out, error);
 *
 * Life cycle: liquid_compile() reads the text once into a program in an arena of its own. After
 * that nothing in it changes: any number of threads render it at once without locks. A render takes
 * memory from the caller's arena only, touches no file, no environment and no clock (`now` is in
 * LiquidData), and stops with a clear error when it leaves its budget.
 *
 * Two modes. Plain prints values as they are, like Shopify. HTML (LiquidOptions.html) finds out at
 * compile time where in the page each value will stand (text, attribute, URL, style, script data)
 * and escapes it for that place; a value where no escaping is safe is an error at compile time.
 *
 * Two strictnesses. Syntax is always strict. Unknown names, filters and runtime errors are lax as
 * Shopify has them (nothing, or the error in the text) or, with LiquidOptions.strict, errors.
 */
#pragma once

#include "base/base.h"
#include "base/json.h"
#include "base/zone.h"

typedef struct Liquid Liquid;
typedef struct LiquidValue LiquidValue;
typedef struct LiquidObject LiquidObject;
typedef struct LiquidCall LiquidCall;

/* ---- values ------------------------------------------------------------------------------ */

typedef enum LiquidKind {
    LIQUID_NIL,
    LIQUID_BOOL,
    LIQUID_INT,
    LIQUID_DECIMAL, /* integer * 10^-scale, at most 17 significant digits: what Ruby's Float prints */
    LIQUID_STR,     /* UTF-8; may carry a LiquidSafe */
    LIQUID_ARRAY,
    LIQUID_MAP,    /* names to values, in order */
    LIQUID_RANGE,  /* (1..5), both ends within */
    LIQUID_MONEY,  /* integer minor units and an ISO 4217 code */
    LIQUID_DATE,   /* ms UTC */
    LIQUID_OBJECT, /* the host's, read through its class */
    LIQUID_BLANK,  /* the words blank and empty of a template; a host never makes them */
    LIQUID_EMPTY,
    LIQUID_BIG, /* a whole number that left int64 */
} LiquidKind;

/* For which place of a page a string needs no more escaping. */
typedef enum LiquidSafe {
    LIQUID_UNSAFE,
    LIQUID_SAFE_HTML,  /* finished HTML: text, and quoted attributes if it holds no quotes */
    LIQUID_SAFE_TEXT,  /* escaped text: safe in HTML text and in a quoted attribute */
    LIQUID_SAFE_URL,   /* percent-encoded: one part of a URL */
    LIQUID_SAFE_IMAGE, /* a data: URL of a picture that we drew: an address as it is */
    LIQUID_SAFE_JSON,  /* JSON whose <, > and & are written \u00XX: data in a script */
} LiquidSafe;

typedef struct LiquidArray {
    size_t count;
    const LiquidValue *list;
} LiquidArray;

typedef struct LiquidMap LiquidMap;

typedef struct LiquidRange {
    int64_t from;
    int64_t to;
} LiquidRange;

/* 16 bytes, passed by value. Pointers are borrowed: what they point to must outlive the render. */
struct LiquidValue {
    uint8_t kind;  /* LiquidKind */
    uint8_t safe;  /* STR: LiquidSafe */
    int16_t scale; /* DECIMAL: digits behind the point; negative: zeros before it */
    union {
        uint32_t len;     /* STR: bytes */
        char currency[4]; /* MONEY: "EUR", NUL-terminated */
    };
    union {
        bool truth;
        int64_t integer; /* INT; DECIMAL: the digits; MONEY: minor units; DATE: ms UTC */
        const char *at;  /* STR */
        const LiquidArray *array;
        const LiquidMap *map;
        const LiquidRange *range;
        const LiquidObject *object;
        const struct LiquidBig *big;
    };
};

#define LIQUID_OF_NIL ((LiquidValue){0})

LiquidValue liquid_bool(bool truth);
LiquidValue liquid_int(int64_t integer);
/* integer * 10^-scale: liquid_decimal(1995, 2) is 19.95. */
LiquidValue liquid_decimal(int64_t integer, int scale);
LiquidValue liquid_double(double number);
LiquidValue liquid_str(Str text); /* borrowed; escaped in HTML mode */
LiquidValue liquid_safe(Str text, LiquidSafe safe);
LiquidValue liquid_money(int64_t minor, const char *currency); /* 3 letters */
LiquidValue liquid_date(int64_t ms);
LiquidValue liquid_range(Arena *arena, int64_t from, int64_t to);
LiquidValue liquid_object(const LiquidObject *object);
/* The list must live in the arena (or longer); it is not copied. */
LiquidValue liquid_array(Arena *arena, const LiquidValue *list, size_t count);

/* A map is filled in order, before it is rendered; a name set twice keeps its place. */
LiquidValue liquid_map(Arena *arena);
void liquid_map_set(Arena *arena, LiquidValue map, Str name, LiquidValue value);

/* JSON, read in place: the tree must outlive the render. NULL gives nil. */
LiquidValue liquid_json(Arena *arena, const Json *json);

Str liquid_text(LiquidValue value);   /* a STR's bytes; empty for other kinds */
bool liquid_truth(LiquidValue value); /* all but nil and false */

/* ---- the host's objects ------------------------------------------------------------------- */

/* A name of a template, hashed when the template was compiled, so that a class may switch on it. */
typedef struct LiquidName {
    Str text;
    uint32_t hash; /* liquid_hash(text) */
} LiquidName;

uint32_t liquid_hash(Str text);
LiquidName liquid_name(Str text);

/* How one kind of host object answers. NULL members: it cannot do that. All are called by many
 * threads at once and may allocate in the arena of the render. */
typedef struct LiquidClass {
    const char *name; /* as printed in errors */
    /* `order.total`: false when there is no such name; true with nil when it is there and empty. */
    bool (*get)(const LiquidObject *self, const LiquidName *name, Arena *arena, LiquidValue *ret);
    /* Loops, `size`, `first`, `last`: objects that are lists have both; index is below len. */
    size_t (*len)(const LiquidObject *self);
    LiquidValue (*nth)(const LiquidObject *self, size_t index, Arena *arena);
    /* Objects that are maps: name of the index-th pair (nth gives its value). */
    Str (*key)(const LiquidObject *self, size_t index);
    /* What it is when printed, compared or filtered as a plain value. NULL: its name. */
    LiquidValue (*value)(const LiquidObject *self, Arena *arena);
} LiquidClass;

/* Every object starts with this; the host's own fields follow:
 *     typedef struct OrderView { LiquidObject object; const Order *order; } OrderView; */
struct LiquidObject {
    const LiquidClass *class;
};

/* ---- filters ------------------------------------------------------------------------------ */

typedef struct LiquidArgs {
    size_t count; /* positional ones */
    const LiquidValue *list;
    size_t named_count; /* `name: value` ones */
    const Str *names;
    const LiquidValue *named;
} LiquidArgs;

/* The named argument, or NULL. */
const LiquidValue *liquid_arg(const LiquidArgs *args, const char *name);

/* Computes value | name: args. On failure uses liquid_fail() and returns false; what stood there is
 * then printed as Shopify prints errors (lax) or ends the render (strict). */
typedef bool (*LiquidFilterRun)(LiquidCall *call, LiquidValue value, const LiquidArgs *args,
                                LiquidValue *ret);

typedef struct LiquidFilter {
    const char *name;
    LiquidFilterRun run;
    uint8_t least, most; /* positional arguments, without the value */
    bool named;          /* takes named ones too */
    bool varies;         /* depends on more than its arguments: never folded at compile time */
    uint8_t type;        /* LiquidType of the result, for the check at save; 0: any */
    const char *help;
} LiquidFilter;

/* What a running filter may see. */
Arena *liquid_call_arena(const LiquidCall *call);
const struct LiquidData *liquid_call_data(const LiquidCall *call);
bool liquid_fail(LiquidCall *call, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Work that grows with what a filter is given, counted as so many instructions of the budget. */
void liquid_call_charge(LiquidCall *call, size_t steps);
/* The value as text, as {{ value }} would print it in plain mode. */
Str liquid_call_text(LiquidCall *call, LiquidValue value);
/* The value as a whole number; false when it is none. */
bool liquid_call_int(LiquidCall *call, LiquidValue value, int64_t *ret);
/* value.name and value[index], for filters that read objects. */
LiquidValue liquid_call_get(LiquidCall *call, LiquidValue value, Str name);
size_t liquid_call_len(LiquidCall *call, LiquidValue value);
LiquidValue liquid_call_nth(LiquidCall *call, LiquidValue value, size_t index);
/* The value of a root name as the template sees it at this moment. */
LiquidValue liquid_call_var(LiquidCall *call, Str name);

/* ---- compiling ---------------------------------------------------------------------------- */

/* Finds the text of a partial. Called at compile time; for `include` with a computed name also
 * while rendering, then from any thread. False: there is none. */
typedef bool (*LiquidLoad)(const void *host, Str name, Arena *arena, Str *ret_source);

/* Zero means the default from base/limits.h; UINT32_MAX means no bound. */
typedef struct LiquidBudget {
    uint32_t output_bytes;
    uint32_t steps; /* instructions */
    uint32_t turns; /* of loops */
    uint32_t depth; /* of partials */
    uint32_t arena_bytes;
} LiquidBudget;

typedef struct LiquidOptions {
    bool html;                          /* escape by place; else plain */
    bool strict;                        /* unknown names and runtime errors end the render */
    bool cents;                         /* Money prints and counts as whole hundredths (Shopify) */
    const LiquidFilter *const *filters; /* the host's, NULL-terminated; they win over ours */
    LiquidLoad load;                    /* NULL: no partials */
    const void *host;                   /* for load */
    const struct LiquidSchema *schema;  /* NULL: names are not checked */
    LiquidBudget budget;
} LiquidOptions;

/* One finding about a template. */
typedef struct LiquidNote {
    bool error;      /* else a warning */
    Str file;        /* name of the template or partial */
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in characters */
    Str message;     /* what is wrong */
    Str suggestion;  /* what was meant, or empty */
    Str excerpt;     /* the line of the template */
} LiquidNote;

/* {.arena = a} is an empty list; findings are added in the order of the text. */
typedef struct LiquidNotes {
    Arena *arena;
    LiquidNote *list;
    size_t count;
    size_t room;
} LiquidNotes;

/* file:line:column: message, the line, a caret below the place, the suggestion. */
void liquid_note_print(const LiquidNote *note, Buf *out);

/* Reads a template. The source is copied, the options' lists are borrowed for the life of the
 * result. notes may be NULL; they get every finding, the error the first one that is an error.
 * Fails with ERR_TEMPLATE, ERR_TOO_BIG, ERR_ENCODING. NULL on failure. */
Liquid *liquid_compile(Str file, Str source, const LiquidOptions *options, LiquidNotes *notes,
                       GError **error);
void liquid_free(Liquid *liquid);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Liquid, liquid_free)

/* ---- rendering ---------------------------------------------------------------------------- */

typedef struct LiquidData {
    LiquidValue root;    /* MAP or OBJECT: the names that a template starts from */
    LiquidValue globals; /* the same for names that {% render %}ed partials see too; or nil */
    int64_t now;         /* ms UTC: what "now" and "today" mean */
    const Zone *zone;    /* NULL: UTC, and dates keep the offset they were written with */
    const char *locale;  /* "de-AT", for filters; may be NULL */
    const void *host;    /* for the host's filters */
    LiquidNotes *notes;  /* gets runtime errors with their places; may be NULL */
} LiquidData;

/* Renders into *out (which lives in any arena; usually the same). Everything else that is needed
 * comes from the arena and may be forgotten after. Fails with ERR_TEMPLATE (strict mode) or
 * ERR_TOO_BIG (a budget), message with file:line:column; *out then holds what was written so far. */
bool
liquid_render(const Liquid *liquid, const LiquidData *data, Arena *arena, Buf *out, GError **error);

/* ---- knowing a template ------------------------------------------------------------------- */

typedef enum LiquidType {
    LIQUID_TYPE_ANY,
    LIQUID_TYPE_BOOL,
    LIQUID_TYPE_NUMBER,
    LIQUID_TYPE_STRING,
    LIQUID_TYPE_MONEY,
    LIQUID_TYPE_DATE,
    LIQUID_TYPE_LIST,   /* of .fields[0] when given */
    LIQUID_TYPE_OBJECT, /* with .fields */
} LiquidType;

/* What an event offers to its templates: a tree of names. */
typedef struct LiquidField LiquidField;
struct LiquidField {
    const char *name; /* NULL ends a list of fields; for the item of a LIST it is "" */
    LiquidType type;
    bool optional;
    const LiquidField *fields;
    const char *help;
};

typedef struct LiquidSchema {
    const LiquidField *fields;
} LiquidSchema;

/* Every path that the template reads from its data, once, in order of appearance:
 * "order.line_items[].title". The list lives in the arena. */
Str *liquid_vars(const Liquid *liquid, Arena *arena, size_t *ret_count);

/* The same template, spaced in one way; it prints the same to the byte. Fails as liquid_compile. */
bool liquid_format(Str file, Str source, Buf *out, GError **error);
