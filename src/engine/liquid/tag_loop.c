/* tag_loop.c - reading for, tablerow and cycle. */
#include "engine/liquid/inside.h"
#include "engine/liquid/place.h"

#include <string.h>

static uint32_t
tag_at(const Compiler *compiler, const Piece *tag)
{
    return compile_at(compiler, tag->whole.at);
}

/* The text of an expression without white space, as Shopify names loops: "item-order.items". */
static Str
loop_name(Compiler *compiler, Str variable, const char *from, const char *to)
{
    char *at = arena_bytes(compiler->arena, variable.len + 1 + (size_t)(to - from));
    char *name = at;
    memcpy(at, variable.at, variable.len);
    at += variable.len;
    *at++ = '-';
    for (; from < to; from++)
        if (!text_is_space(*from))
            *at++ = *from;
    return (Str){name, (size_t)(at - name)};
}

/* item in list */
static bool
loop_head(Compiler *compiler, Lexer *lexer, Loop *loop, const char *forloop)
{
    Str variable = token_text(&lexer->token);
    if (!expr_expect(compiler, lexer, TOKEN_ID))
        return false;
    if (!lexer_take_word(lexer, "in"))
        return compile_fail(compiler, lexer->token.at, "the loop needs: in");
    const char *from = lexer->start + lexer->token.at;
    loop->list = expr_parse(compiler, lexer);
    if (!loop->list)
        return false;
    loop->name = loop_name(compiler, variable, from, lexer->start + lexer->token.at);
    loop->slot = names_slot(compiler->names, compiler->arena, variable);
    loop->loop_slot = names_slot(compiler->names, compiler->arena, str_of(forloop));
    return true;
}

/* A constant that is no whole number can never work. */
static bool
bound_check(Compiler *compiler, const Expr *expr)
{
    int64_t bound;
    if (expr->kind != EXPR_CONST || expr->constant.kind == LIQUID_NIL ||
        value_to_integer(compiler->fold, expr->constant, &bound) ||
        !compiler->liquid->options.strict)
        return true;
    return compile_fail(compiler, expr->at, "limit and offset are whole numbers");
}

static bool
for_attribute(Compiler *compiler, Lexer *lexer, Loop *loop)
{
    bool limit = lexer_take_word(lexer, "limit");
    if (!limit && !lexer_take_word(lexer, "offset"))
        return compile_fail(compiler, lexer->token.at,
                            "a loop takes reversed, limit: and offset:, in this order");
    if (!expr_expect(compiler, lexer, TOKEN_COLON))
        return false;
    if (!limit && lexer->token.kind == TOKEN_ID &&
        word_is(token_text(&lexer->token), STR("continue")) &&
        lexer_peek(lexer).kind != TOKEN_DOT) {
        lexer_next(lexer);
        loop->continues = true;
        loop->offset = NULL;
        return true;
    }
    const Expr *value = expr_parse(compiler, lexer);
    if (!value || !bound_check(compiler, value))
        return false;
    if (limit)
        loop->limit = value;
    else
        loop->offset = value;
    loop->continues = loop->continues && limit;
    return true;
}

static bool
for_markup(Compiler *compiler, const Piece *tag, Loop *loop)
{
    Lexer lexer;
    tag_lexer(compiler, tag, &lexer);
    if (!loop_head(compiler, &lexer, loop, "forloop"))
        return false;
    loop->reversed = lexer_take_word(&lexer, "reversed");
    while (lexer.token.kind == TOKEN_COMMA || lexer.token.kind == TOKEN_ID) {
        if (lexer_take(&lexer, TOKEN_COMMA) && lexer.token.kind == TOKEN_END)
            break;
        if (!for_attribute(compiler, &lexer, loop))
            return false;
    }
    return expr_end(compiler, &lexer);
}

/* The body runs again from where it ended, so it must end where it starts. */
static bool
loop_body(Compiler *compiler, Nodes *body, uint64_t before, const Piece *tag, Piece *ret_stop)
{
    compiler->place = before = place_loop_start(before);
    if (!block_parse(compiler, body, ret_stop))
        return false;
    if (body->blank)
        compiler->place = before;
    return place_loop(compiler, before, tag_at(compiler, tag));
}

static bool
for_bodies(Compiler *compiler, const Piece *tag, Nodes *body, Nodes *otherwise, bool *ret_else)
{
    Piece stop;
    uint64_t before = compiler->place;
    if (!loop_body(compiler, body, before, tag, &stop))
        return false;
    uint64_t after = compiler->place;
    while (word_is(stop.name, STR("else"))) { /* the last one counts */
        *otherwise = (Nodes){.blank = true};
        *ret_else = true;
        compiler->place = before;
        if (!block_parse(compiler, otherwise, &stop))
            return false;
        if (!place_join(compiler, after, tag_at(compiler, tag), "branch"))
            return false;
        after = compiler->place;
    }
    if (!word_is(stop.name, STR("endfor")))
        return block_unexpected(compiler, tag, &stop);
    return *ret_else || place_join(compiler, before, tag_at(compiler, tag), "loop");
}

bool
tag_for(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Loop *loop = compile_room(compiler, sizeof *loop);
    Nodes body = {.blank = true}, otherwise = {.blank = true};
    bool has_else = false;
    if (!block_enter(compiler, tag) || !for_markup(compiler, tag, loop) ||
        !for_bodies(compiler, tag, &body, &otherwise, &has_else))
        return false;
    compiler->depth--;
    bool blank = body.blank && otherwise.blank;
    loop->body = block_finish(compiler, &body, blank);
    if (has_else)
        loop->otherwise = block_finish(compiler, &otherwise, blank);
    Node *node = nodes_add(compiler, nodes, NODE_FOR, tag_at(compiler, tag));
    node->loop = loop;
    node->silent = blank;
    nodes->blank = nodes->blank && blank;
    return true;
}

/* ---- tablerow ----------------------------------------------------------------------------- */

static bool
tablerow_attribute(Compiler *compiler, Lexer *lexer, Loop *loop)
{
    Str name = token_text(&lexer->token);
    const Expr *unused;
    const Expr **place = word_is(name, STR("cols"))     ? &loop->cols
                         : word_is(name, STR("limit"))  ? &loop->limit
                         : word_is(name, STR("offset")) ? &loop->offset
                         : word_is(name, STR("range"))  ? &unused
                                                        : NULL;
    if (!place)
        return compile_fail(compiler, lexer->token.at, "tablerow takes cols:, limit: and offset:");
    lexer_next(lexer);
    if (!expr_expect(compiler, lexer, TOKEN_COLON))
        return false;
    *place = expr_parse(compiler, lexer);
    return *place != NULL;
}

bool
tag_tablerow(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Loop *loop = compile_room(compiler, sizeof *loop);
    Lexer lexer;
    tag_lexer(compiler, tag, &lexer);
    if (!block_enter(compiler, tag) || !loop_head(compiler, &lexer, loop, "tablerowloop"))
        return false;
    lexer_take(&lexer, TOKEN_COMMA);
    while (lexer.token.kind == TOKEN_ID) {
        if (!tablerow_attribute(compiler, &lexer, loop))
            return false;
        lexer_take(&lexer, TOKEN_COMMA);
    }
    Nodes body = {.blank = true};
    Piece stop;
    uint64_t before = compiler->place;
    if (!expr_end(compiler, &lexer) ||
        !place_same(compiler, PLACE_TEXT, before, tag_at(compiler, tag), "tablerow") ||
        !loop_body(compiler, &body, before, tag, &stop))
        return false;
    if (!word_is(stop.name, STR("endtablerow")))
        return block_unexpected(compiler, tag, &stop);
    compiler->depth--;
    loop->body = block_finish(compiler, &body, false);
    Node *node = nodes_add(compiler, nodes, NODE_TABLEROW, tag_at(compiler, tag));
    node->loop = loop;
    node->silent = body.blank;
    nodes->blank = nodes->blank && body.blank;
    return true;
}

/* ---- cycle -------------------------------------------------------------------------------- */

enum { CYCLE_MOST = 256 };

/* Cycles without a name share their turn when they are written the same. A variable makes every
 * such cycle its own, as at Shopify, where its key holds the address of the lookup. */
static Str
cycle_key(Compiler *compiler, const Cycle *cycle, const Piece *tag)
{
    for (size_t i = 0; i < cycle->count; i++)
        if (cycle->values[i]->kind != EXPR_CONST)
            return str_of(arena_format(compiler->arena, "\1%p", (const void *)cycle));
    Buf key = {.arena = compiler->arena};
    buf_add_char(&key, '\1');
    for (size_t i = 0; i < cycle->count; i++) {
        text_add_inspect(compiler->fold, &key, cycle->values[i]->constant);
        buf_add_char(&key, ',');
    }
    return buf_str(&key);
}

static bool
cycle_values(Compiler *compiler, Lexer *lexer, Cycle *cycle, const Expr *first)
{
    const Expr *values[CYCLE_MOST];
    if (first)
        values[cycle->count++] = first;
    while ((first == NULL && cycle->count == 0) || lexer_take(lexer, TOKEN_COMMA)) {
        if (lexer->token.kind == TOKEN_END && cycle->count)
            break;
        if (cycle->count == CYCLE_MOST)
            return compile_fail(compiler, lexer->token.at, "too many values");
        values[cycle->count] = expr_parse(compiler, lexer);
        if (!values[cycle->count++])
            return false;
    }
    const Expr **list = compile_room(compiler, cycle->count * sizeof *list);
    memcpy(list, values, cycle->count * sizeof *list);
    cycle->values = list;
    return expr_end(compiler, lexer);
}

/* {% cycle 'background:#fff', 'background:#eee' %}: in a style, words of the template's own are
 * styles, not values. */
static bool
cycle_place(Compiler *compiler, const Piece *tag, Cycle *cycle)
{
    uint64_t before = compiler->place;
    if (!place_output(compiler, cycle->values[0], tag_at(compiler, tag), &cycle->escape))
        return false;
    bool own = cycle->escape == ESCAPE_CSS;
    uint64_t after = compiler->place;
    compiler->place = before;
    for (size_t i = 0; i < cycle->count && own; i++)
        own = cycle->values[i]->kind == EXPR_CONST &&
              place_keeps(compiler, liquid_text(cycle->values[i]->constant));
    compiler->place = after;
    if (own)
        cycle->escape = ESCAPE_NONE;
    return true;
}

bool
tag_cycle(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Lexer lexer;
    tag_lexer(compiler, tag, &lexer);
    Cycle *cycle = compile_room(compiler, sizeof *cycle);
    const Expr *first = expr_parse(compiler, &lexer);
    if (!first)
        return false;
    if (lexer_take(&lexer, TOKEN_COLON)) {
        cycle->group = first;
        first = NULL;
    }
    if (!cycle_values(compiler, &lexer, cycle, first))
        return false;
    if (!cycle->group)
        cycle->group_key = cycle_key(compiler, cycle, tag);
    if (compiler->liquid->options.html && !cycle_place(compiler, tag, cycle))
        return false;
    Node *node = nodes_add(compiler, nodes, NODE_CYCLE, tag_at(compiler, tag));
    node->cycle = cycle;
    nodes->blank = false;
    return true;
}
