/* cell_rule.c - conditions on the cells of a row: "StockCode in 'POST', 'M' or UnitPrice <= 0"; see format.h. */
#include "plug/format/format.h"

#include <string.h>

enum { TERMS_MOST = 24 };

typedef enum Op {
    IS,
    IS_NOT,
    IN,
    NOT_IN,
    STARTS,
    ENDS,
    CONTAINS,
    EMPTY,
    FILLED,
    LESS,
    LESS_IS,
    MORE,
    MORE_IS,
    OP_COUNT
} Op;

static const struct {
    const char *words;
    bool takes;
} ops[OP_COUNT] = {
    [IS] = {"is", true},
    [IS_NOT] = {"is not", true},
    [IN] = {"in", true},
    [NOT_IN] = {"not in", true},
    [STARTS] = {"starts", true},
    [ENDS] = {"ends", true},
    [CONTAINS] = {"contains", true},
    [EMPTY] = {"empty", false},
    [FILLED] = {"filled", false},
    [LESS] = {"<", true},
    [LESS_IS] = {"<=", true},
    [MORE] = {">", true},
    [MORE_IS] = {">=", true},
};

typedef struct Term {
    int place;
    Op op;
    Str value;
    double number;
    bool starts_or; /* what stands before it is an alternative of its own */
} Term;

/* Alternatives of terms that hold all. */
struct CellRule {
    Term terms[TERMS_MOST];
    size_t count;
};

/* Reads one word or quoted text off the front. */
static Str
word_take(Str *rest)
{
    *rest = str_trim(*rest);
    size_t len = 0;
    if (rest->len && (rest->at[0] == '\'' || rest->at[0] == '"')) {
        const char *end = memchr(rest->at + 1, rest->at[0], rest->len - 1);
        len = end ? (size_t)(end - rest->at) + 1 : rest->len;
    } else {
        while (len < rest->len && !g_ascii_isspace(rest->at[len]))
            len++;
    }
    Str word = str_sub(*rest, 0, len);
    *rest = str_sub(*rest, len, rest->len);
    return word;
}

/* The longest op whose words the text begins with. */
static bool
op_take(Str *rest, Op *ret, GError **error)
{
    size_t best = 0;
    Str text = str_trim(*rest);
    for (int i = 0; i < OP_COUNT; i++) {
        size_t len = strlen(ops[i].words);
        bool whole = text.len == len || (text.len > len && (g_ascii_isspace(text.at[len]) ||
                                                            !g_ascii_isalpha(ops[i].words[0])));
        if (!str_starts(text, ops[i].words) || !whole || len <= best)
            continue;
        best = len;
        *ret = (Op)i;
    }
    *rest = str_sub(text, best, text.len);
    return best > 0 ||
           fail(error, ERR_INPUT,
                "behind the column comes is, is not, in, not in, starts, ends, contains, empty, "
                "filled, <, <=, > or >=; here stands '" STR_FMT "'",
                STR_ARG(str_sub(text, 0, 40)));
}

/* A list behind `in` goes on as long as commas do. */
static Str
value_take(Str *rest)
{
    Str start = str_trim(*rest);
    *rest = start;
    for (;;) {
        Str word = word_take(rest);
        Str after = str_trim(*rest);
        if (str_ends(word, ",") && after.len)
            continue;
        if (!str_starts(after, ","))
            break;
        *rest = str_sub(after, 1, after.len);
    }
    size_t used = rest->at ? (size_t)(rest->at - start.at) : start.len;
    return str_sub(start, 0, used);
}

static bool
term_parse(Arena *arena, const FormatTable *table, Str *rest, Term *ret, GError **error)
{
    if (!cell_place(arena, table, cell_unquote(word_take(rest)), &ret->place, error) ||
        !op_take(rest, &ret->op, error))
        return false;
    if (!ops[ret->op].takes)
        return true;
    bool list = ret->op == IN || ret->op == NOT_IN;
    ret->value = list ? value_take(rest) : cell_unquote(word_take(rest));
    if (ret->op < LESS)
        return true;
    char *end = NULL;
    const char *number = arena_cstr(arena, ret->value);
    ret->number = g_ascii_strtod(number, &end);
    return (end != number && !*end) || fail(error, ERR_INPUT, "'%s' is no number", number);
}

bool
cell_rule_parse(Arena *arena, const FormatTable *table, Str text, const CellRule **ret,
                GError **error)
{
    CellRule *rule = arena_new_of(arena, CellRule, 1);
    bool starts_or = false;
    for (Str rest = str_trim(text); rest.len;) {
        if (rule->count == TERMS_MOST)
            return fail(error, ERR_INPUT, "the rule has more than %d terms", TERMS_MOST);
        Term *term = &rule->terms[rule->count++];
        term->starts_or = starts_or;
        if (!term_parse(arena, table, &rest, term, error))
            return false;
        Str link = word_take(&rest);
        starts_or = str_is(link, "or");
        if (link.len && !starts_or && !str_is(link, "and"))
            return fail(error, ERR_INPUT,
                        "between two conditions comes and or or, not '" STR_FMT "'", STR_ARG(link));
        if (link.len && !str_trim(rest).len)
            return fail(error, ERR_INPUT, "nothing stands behind " STR_FMT, STR_ARG(link));
    }
    *ret = rule;
    return rule->count > 0 || fail(error, ERR_INPUT, "the rule is empty");
}

/* ---- evaluating -------------------------------------------------------------------------------------------------- */

static bool
value_in(Str list, Str cell)
{
    for (Str part; str_split(&list, ',', &part);)
        if (str_eq(cell_unquote(part), cell))
            return true;
    return false;
}

static bool
number_of(Str cell, double *ret)
{
    char text[40];
    if (!cell.len || cell.len >= sizeof text)
        return false;
    memcpy(text, cell.at, cell.len);
    text[cell.len] = '\0';
    char *end = NULL;
    *ret = g_ascii_strtod(text, &end);
    return end != text && !*end;
}

static bool
term_holds(const Term *term, const FormatRow *row)
{
    Str cell = cell_raw(row, term->place);
    double number = 0;
    size_t at;
    switch (term->op) {
    case IS:
        return str_eq(cell, term->value);
    case IS_NOT:
        return !str_eq(cell, term->value);
    case IN:
        return value_in(term->value, cell);
    case NOT_IN:
        return !value_in(term->value, cell);
    case STARTS:
        return cell.len >= term->value.len && memcmp(cell.at, term->value.at, term->value.len) == 0;
    case ENDS:
        return cell.len >= term->value.len &&
               memcmp(cell.at + cell.len - term->value.len, term->value.at, term->value.len) == 0;
    case CONTAINS:
        return str_find(cell, term->value, &at);
    case EMPTY:
        return !cell.len;
    case FILLED:
        return cell.len > 0;
    default:
        break;
    }
    if (!number_of(cell, &number))
        return false;
    return term->op == LESS      ? number < term->number
           : term->op == LESS_IS ? number <= term->number
           : term->op == MORE    ? number > term->number
                                 : number >= term->number;
}

bool
cell_rule_holds(const CellRule *rule, const FormatRow *row)
{
    bool holds = true;
    if (!rule)
        return false;
    for (size_t i = 0; i < rule->count; i++) {
        if (rule->terms[i].starts_or) {
            if (holds)
                return true;
            holds = true;
        }
        holds = holds && term_holds(&rule->terms[i], row);
    }
    return holds;
}
