/* expr.c - expressions: values, filters, conditions.
 *
 * What consists of constants is computed here, once. A constant part that fails (1 | divided_by: 0)
 * is an error at once in strict mode; in lax mode it stays as it is and fails when it is rendered,
 * where Shopify prints the error.
 */
#include "engine/liquid/inside.h"

#include <string.h>

enum { SEGMENTS_MOST = 1000, ARGS_MOST = 100, CALLS_MOST = 64, NESTING_MOST = 64 };

static Expr *
expr_new(Compiler *compiler, ExprKind kind, uint32_t at)
{
    Expr *expr = compile_room(compiler, sizeof *expr);
    expr->kind = (uint8_t)kind;
    expr->at = at;
    return expr;
}

const Expr *
expr_const(Compiler *compiler, LiquidValue value, uint32_t at)
{
    Expr *expr = expr_new(compiler, EXPR_CONST, at);
    expr->constant = value;
    return expr;
}

/* Out of line: copied in place, a list of two would be a string instruction, which is slow. */
static void *__attribute__((noinline)) list_keep(Compiler *compiler, const void *list, size_t bytes)
{
    void *kept = compile_room(compiler, bytes);
    memcpy(kept, list, bytes);
    return kept;
}

static bool
unexpected(Compiler *compiler, const Lexer *lexer, const char *wanted)
{
    const Token *token = &lexer->token;
    if (token->kind == TOKEN_END)
        return compile_fail(compiler, token->at, "expected %s but found the end", wanted);
    if (token->kind == TOKEN_BAD)
        return compile_fail(compiler, token->at, "unexpected character %.*s",
                            (int)MAX(text_skip(token_text(token), 1), 1), token->bytes);
    return compile_fail(compiler, token->at, "expected %s but found '" STR_FMT "'", wanted,
                        STR_ARG(token_text(token)));
}

bool
expr_expect(Compiler *compiler, Lexer *lexer, TokenKind kind)
{
    if (lexer->token.kind != kind)
        return unexpected(compiler, lexer, token_name(kind));
    lexer_next(lexer);
    return true;
}

bool
expr_end(Compiler *compiler, Lexer *lexer)
{
    return lexer->token.kind == TOKEN_END || unexpected(compiler, lexer, "the end");
}

/* ---- values ------------------------------------------------------------------------------- */

static const Expr *
literal_parse(Compiler *compiler, Str word, uint32_t at, bool in_condition)
{
    if (word_is(word, STR("nil")) || word_is(word, STR("null")))
        return expr_const(compiler, LIQUID_OF_NIL, at);
    if (word_is(word, STR("true")))
        return expr_const(compiler, liquid_bool(true), at);
    if (word_is(word, STR("false")))
        return expr_const(compiler, liquid_bool(false), at);
    bool blank = word_is(word, STR("blank"));
    if (!blank && !word_is(word, STR("empty")))
        return NULL;
    if (!in_condition) /* elsewhere they are the empty string */
        return expr_const(compiler, liquid_str(STR("")), at);
    LiquidValue value = {.kind = blank ? LIQUID_BLANK : LIQUID_EMPTY};
    return expr_const(compiler, value, at);
}

static bool
segment_is_command(Str name)
{
    return word_is(name, STR("size")) || word_is(name, STR("first")) || word_is(name, STR("last"));
}

static bool
segment_parse(Compiler *compiler, Lexer *lexer, Segment *segment)
{
    segment->at = lexer->token.at;
    if (lexer_take(lexer, TOKEN_DOT)) {
        Str name = token_text(&lexer->token);
        segment->at = lexer->token.at;
        if (!expr_expect(compiler, lexer, TOKEN_ID))
            return false;
        segment->name.text = name;
        segment->name.hash = liquid_hash(name);
        segment->command = segment_is_command(name);
        return true;
    }
    lexer_next(lexer);
    const Expr *key = expr_parse(compiler, lexer);
    if (!key || !expr_expect(compiler, lexer, TOKEN_CLOSE_SQUARE))
        return false;
    if (key->kind == EXPR_CONST && key->constant.kind == LIQUID_STR)
        segment->name = liquid_name(liquid_text(key->constant));
    else
        segment->key = key;
    return true;
}

/* They stand side by side: the next one is put behind the last, unless what stood in brackets took
 * the room there. */
static Segment *
segments_add(Compiler *compiler, Segment *list, size_t count)
{
    bool behind =
        count && (char *)(list + count) == compiler->spare && compiler->spare_bytes >= sizeof *list;
    Segment *grown = compile_room(compiler, sizeof *list * (behind ? 1 : count + 1));
    if (behind)
        return list;
    for (size_t i = 0; i < count; i++)
        grown[i] = list[i];
    return grown;
}

static bool
segments_parse(Compiler *compiler, Lexer *lexer, Expr *path)
{
    Segment *list = NULL;
    uint16_t count = 0;
    while (lexer->token.kind == TOKEN_DOT || lexer->token.kind == TOKEN_OPEN_SQUARE) {
        if (count == SEGMENTS_MOST)
            return compile_fail(compiler, lexer->token.at, "too many parts in one name");
        list = segments_add(compiler, list, count);
        if (!segment_parse(compiler, lexer, &list[count]))
            return false;
        count++;
    }
    path->count = count;
    path->segments = list;
    return true;
}

static const Expr *
path_parse(Compiler *compiler, Lexer *lexer, bool in_condition)
{
    Str word = token_text(&lexer->token);
    uint32_t at = lexer->token.at;
    lexer_next(lexer);
    if (lexer->token.kind != TOKEN_DOT && lexer->token.kind != TOKEN_OPEN_SQUARE) {
        const Expr *literal = literal_parse(compiler, word, at, in_condition);
        if (literal)
            return literal;
    }
    Expr *path = expr_new(compiler, EXPR_PATH, at);
    path->slot = names_slot(compiler->names, compiler->arena, word);
    if (!segments_parse(compiler, lexer, path))
        return NULL;
    if (word_is(word, STR("self")))
        path->kind = EXPR_SELF;
    return path;
}

/* [expression].name: the name of the root is computed. */
static const Expr *
computed_parse(Compiler *compiler, Lexer *lexer)
{
    uint32_t at = lexer->token.at;
    lexer_next(lexer);
    const Expr *root = expr_parse(compiler, lexer);
    if (!root || !expr_expect(compiler, lexer, TOKEN_CLOSE_SQUARE))
        return NULL;
    bool fixed = root->kind == EXPR_CONST && root->constant.kind == LIQUID_STR;
    Expr *path = expr_new(compiler, fixed ? EXPR_PATH : EXPR_COMPUTED, at);
    if (fixed)
        path->slot = names_slot(compiler->names, compiler->arena, liquid_text(root->constant));
    path->root = root;
    return segments_parse(compiler, lexer, path) ? path : NULL;
}

/* What nearly all numbers of a template are. */
static bool
number_is_short(Str text, int64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < text.len && text.len <= 18; i++) {
        if (!g_ascii_isdigit(text.at[i]))
            return false;
        *ret = *ret * 10 + (text.at[i] - '0');
    }
    return text.len <= 18;
}

static LiquidValue
number_of_literal(Arena *arena, Str text)
{
    int64_t whole;
    if (number_is_short(text, &whole))
        return liquid_int(whole);
    Number number = {0};
    must(number_parse(text, &number));
    return number_value(arena, number);
}

static const Expr *
number_literal(Compiler *compiler, Lexer *lexer)
{
    LiquidValue value = number_of_literal(compiler->arena, token_text(&lexer->token));
    uint32_t at = lexer->token.at;
    lexer_next(lexer);
    return expr_const(compiler, value, at);
}

/* A range of constants takes the whole part of fractions, as Ruby's to_i does. */
static bool
range_end_fold(const Expr *expr, int64_t *ret)
{
    if (expr->kind != EXPR_CONST)
        return false;
    Number number = number_of(NULL, expr->constant);
    number.decimal = true;
    number = number.digits < 0 ? number_ceil(number) : number_floor(number);
    *ret = (int64_t)CLAMP(number.digits, INT64_MIN, INT64_MAX);
    return true;
}

static const Expr *
range_parse(Compiler *compiler, Lexer *lexer)
{
    Expr *range = expr_new(compiler, EXPR_RANGE, lexer->token.at);
    lexer_next(lexer);
    const Expr *left = expr_parse(compiler, lexer);
    if (!left || !expr_expect(compiler, lexer, TOKEN_DOTDOT))
        return NULL;
    const Expr *right = expr_parse(compiler, lexer);
    if (!right || !expr_expect(compiler, lexer, TOKEN_CLOSE_ROUND))
        return NULL;
    range->left = left;
    range->right = right;
    int64_t from, to;
    if (range_end_fold(left, &from) && range_end_fold(right, &to))
        return expr_const(compiler, liquid_range(compiler->arena, from, to), range->at);
    return range;
}

static const Expr *
operand_parse(Compiler *compiler, Lexer *lexer, bool in_condition)
{
    if (compiler->nesting >= NESTING_MOST) {
        compile_fail(compiler, lexer->token.at, "the expression is nested too deeply");
        return NULL;
    }
    compiler->nesting++;
    const Expr *expr = NULL;
    uint32_t at = lexer->token.at;
    switch (lexer->token.kind) {
    case TOKEN_ID:
        expr = path_parse(compiler, lexer, in_condition);
        break;
    case TOKEN_OPEN_SQUARE:
        expr = computed_parse(compiler, lexer);
        break;
    case TOKEN_STRING:
        expr = expr_const(compiler, liquid_str(token_text(&lexer->token)), at);
        lexer_next(lexer);
        break;
    case TOKEN_NUMBER:
        expr = number_literal(compiler, lexer);
        break;
    case TOKEN_OPEN_ROUND:
        expr = range_parse(compiler, lexer);
        break;
    default:
        unexpected(compiler, lexer, "a value");
    }
    compiler->nesting--;
    return expr;
}

const Expr *
expr_parse(Compiler *compiler, Lexer *lexer)
{
    return operand_parse(compiler, lexer, false);
}

/* ---- filters ------------------------------------------------------------------------------ */

typedef struct Args {
    const Expr *list[ARGS_MOST];
    const Expr *named[ARGS_MOST];
    Str names[ARGS_MOST];
    uint8_t count, named_count;
} Args;

static bool
arg_parse(Compiler *compiler, Lexer *lexer, Args *args)
{
    if (args->count == ARGS_MOST || args->named_count == ARGS_MOST)
        return compile_fail(compiler, lexer->token.at, "too many arguments");
    bool named = lexer->token.kind == TOKEN_ID && lexer_before(lexer, ':');
    if (named) {
        args->names[args->named_count] = token_text(&lexer->token);
        lexer_next(lexer);
        lexer_next(lexer);
    }
    const Expr *value = expr_parse(compiler, lexer);
    if (!value)
        return false;
    if (named)
        args->named[args->named_count++] = value;
    else
        args->list[args->count++] = value;
    return true;
}

static bool
args_parse(Compiler *compiler, Lexer *lexer, Args *args)
{
    args->count = args->named_count = 0;
    if (!lexer_take(lexer, TOKEN_COLON))
        return true;
    while (lexer->token.kind != TOKEN_PIPE && lexer->token.kind != TOKEN_END) {
        if (!arg_parse(compiler, lexer, args))
            return false;
        if (!lexer_take(lexer, TOKEN_COMMA))
            return true;
    }
    return true;
}

static bool
filter_unknown(Compiler *compiler, const Call *call)
{
    if (!compiler->liquid->options.strict && compiler->warnings >= NOTES_MOST)
        return true;
    Guess guess = {.wanted = call->name};
    filter_guess(&compiler->liquid->options, &guess);
    if (compiler->liquid->options.strict)
        return compile_fail_guess(compiler, call->at, guess.best,
                                  "there is no filter '" STR_FMT "'", STR_ARG(call->name));
    compile_warn(compiler, call->at, guess.best, "there is no filter '" STR_FMT "'",
                 STR_ARG(call->name));
    return true;
}

static bool
call_check(Compiler *compiler, const Call *call)
{
    const LiquidFilter *filter = call->filter;
    if (filter->most == UINT8_MAX || call->fits)
        return true;
    if (compiler->liquid->options.strict)
        return compile_fail(compiler, call->at, "%s", call_misfit(compiler->arena, call));
    compile_warn(compiler, call->at, (Str){0}, "%s", call_misfit(compiler->arena, call));
    return true;
}

static bool
exprs_are_constant(const Expr *const *list, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++)
        if (list[i]->kind != EXPR_CONST)
            return false;
    return true;
}

/* Arguments that never change are put side by side once, as the filter will see them. */
static void
call_make_ready(Compiler *compiler, Call *call)
{
    size_t total = (size_t)call->count + call->named_count;
    call->fits = call->filter && call_fits(call);
    call->constant = exprs_are_constant(call->args, call->count) &&
                     exprs_are_constant(call->named, call->named_count);
    if (!call->constant)
        return;
    if (total == 0)
        return;
    LiquidValue *list = compile_room(compiler, (total + 1) * sizeof *list);
    for (uint8_t i = 0; i < call->count; i++)
        list[i] = call->args[i]->constant;
    for (uint8_t i = 0; i < call->named_count; i++)
        list[call->count + 1 + i] = call->named[i]->constant;
    call->ready = call_args(compiler->arena, call, list);
}

static Call *
call_parse(Compiler *compiler, Lexer *lexer)
{
    Args args;
    Call *call = compile_room(compiler, sizeof *call);
    call->name = token_text(&lexer->token);
    call->at = lexer->token.at;
    if (!expr_expect(compiler, lexer, TOKEN_ID) || !args_parse(compiler, lexer, &args))
        return NULL;
    call->filter = compile_filter(compiler, call->name);
    call->count = args.count;
    call->named_count = args.named_count;
    if (args.count)
        call->args = list_keep(compiler, args.list, args.count * sizeof *args.list);
    if (args.named_count) {
        call->named = list_keep(compiler, args.named, args.named_count * sizeof *args.named);
        call->names = list_keep(compiler, args.names, args.named_count * sizeof *args.names);
    }
    call_make_ready(compiler, call);
    bool fine = call->filter ? call_check(compiler, call) : filter_unknown(compiler, call);
    return fine ? call : NULL;
}

static bool
call_is_constant(const Call *call)
{
    return call->constant && call->filter && !call->filter->varies;
}

/* Computes the first calls of a chain as long as all is constant. */
static const Expr *
filtered_fold(Compiler *compiler, Expr *chain)
{
    while (chain->count && chain->input->kind == EXPR_CONST && call_is_constant(chain->calls)) {
        Expr one = *chain;
        one.count = 1;
        LiquidCall *fold = compiler->fold;
        LiquidValue value = expr_eval(fold, &one);
        fold->steps = fold->turns = 0;
        if (fold->failure == FAILURE_BUDGET) { /* a render may have more */
            fold->failure = FAILURE_NONE;
            return chain;
        }
        if (fold->failure) {
            fold->failure = FAILURE_NONE;
            if (compiler->liquid->options.strict)
                compile_fail(compiler, chain->calls->at, STR_FMT, STR_ARG(fold->message));
            else
                compile_warn(compiler, chain->calls->at, (Str){0}, STR_FMT, STR_ARG(fold->message));
            return chain;
        }
        chain->input = expr_const(compiler, value, chain->at);
        chain->calls = chain->calls->next;
        chain->count--;
    }
    return chain->count ? chain : chain->input;
}

const Expr *
expr_parse_filtered(Compiler *compiler, Lexer *lexer)
{
    uint32_t at = lexer->token.at;
    if (lexer->token.kind == TOKEN_END)
        return expr_const(compiler, LIQUID_OF_NIL, at);
    const Expr *input = expr_parse(compiler, lexer);
    if (!input)
        return NULL;
    const Call *calls = NULL;
    const Call **last = &calls;
    uint16_t count = 0;
    while (lexer_take(lexer, TOKEN_PIPE)) {
        if (count == CALLS_MOST) {
            compile_fail(compiler, lexer->token.at, "too many filters in one output");
            return NULL;
        }
        Call *call = call_parse(compiler, lexer);
        if (!call)
            return NULL;
        *last = call;
        last = &call->next;
        count++;
    }
    if (!expr_end(compiler, lexer))
        return NULL;
    if (count == 0)
        return input;
    Expr *chain = expr_new(compiler, EXPR_FILTERED, at);
    chain->input = input;
    chain->count = count;
    chain->calls = calls;
    uint32_t errors = compiler->errors;
    const Expr *folded = filtered_fold(compiler, chain);
    return compiler->errors == errors ? folded : NULL;
}

/* ---- conditions --------------------------------------------------------------------------- */

const Expr *
expr_parse_operand(Compiler *compiler, Lexer *lexer)
{
    return operand_parse(compiler, lexer, true);
}

static const Expr *
comparison_parse(Compiler *compiler, Lexer *lexer)
{
    const Expr *left = expr_parse_operand(compiler, lexer);
    if (!left || lexer->token.kind != TOKEN_COMPARE)
        return left;
    Expr *compare = expr_new(compiler, EXPR_COMPARE, lexer->token.at);
    compare->operator= lexer->token.operator;
    lexer_next(lexer);
    const Expr *right = expr_parse_operand(compiler, lexer);
    if (!right)
        return NULL;
    compare->left = left;
    compare->right = right;
    return compare;
}

/* `and` and `or` have one rank and bind from the right: a or b and c is a or (b and c). */
const Expr *
expr_parse_condition(Compiler *compiler, Lexer *lexer)
{
    if (compiler->nesting >= NESTING_MOST) {
        compile_fail(compiler, lexer->token.at, "the condition has too many parts");
        return NULL;
    }
    const Expr *left = comparison_parse(compiler, lexer);
    uint32_t at = lexer->token.at;
    bool both = left && lexer_take_word(lexer, "and");
    if (!left || (!both && !lexer_take_word(lexer, "or")))
        return left;
    compiler->nesting++;
    const Expr *right = expr_parse_condition(compiler, lexer);
    compiler->nesting--;
    if (!right)
        return NULL;
    Expr *expr = expr_new(compiler, both ? EXPR_AND : EXPR_OR, at);
    expr->left = left;
    expr->right = right;
    return expr;
}
