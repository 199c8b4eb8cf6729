/* tag_partial.c - reading include and render. */
#include "engine/liquid/inside.h"
#include "engine/liquid/place.h"

#include <string.h>

enum { PAIRS_MOST = 128 };

static uint32_t
tag_at(const Compiler *compiler, const Piece *tag)
{
    return compile_at(compiler, tag->whole.at);
}

/* key: value, key: value */
static bool
pairs_parse(Compiler *compiler, Lexer *lexer, Partial *partial)
{
    uint32_t slots[PAIRS_MOST];
    const Expr *values[PAIRS_MOST];
    while (lexer->token.kind == TOKEN_ID) {
        if (partial->count == PAIRS_MOST)
            return compile_fail(compiler, lexer->token.at, "too many arguments");
        slots[partial->count] =
            names_slot(compiler->names, compiler->arena, token_text(&lexer->token));
        lexer_next(lexer);
        if (!expr_expect(compiler, lexer, TOKEN_COLON))
            return false;
        values[partial->count] = expr_parse(compiler, lexer);
        if (!values[partial->count++])
            return false;
        lexer_take(lexer, TOKEN_COMMA);
    }
    uint32_t *kept_slots = arena_new_of(compiler->arena, uint32_t, partial->count + 1);
    const Expr **kept = arena_new_of(compiler->arena, const Expr *, partial->count + 1);
    if (partial->count) {
        memcpy(kept_slots, slots, partial->count * sizeof *slots);
        memcpy(kept, values, partial->count * sizeof *values);
    }
    partial->slots = kept_slots;
    partial->values = kept;
    return expr_end(compiler, lexer);
}

/* The variable of `with` and `for` is called as the last part of the partial's name. */
static Str
last_part(Str name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.at[i - 1] == '/')
            return str_sub(name, i, name.len);
    return name;
}

static bool
with_parse(Compiler *compiler, Lexer *lexer, Partial *partial)
{
    Str alias = {0};
    partial->is_for = lexer_take_word(lexer, "for");
    if (partial->is_for || lexer_take_word(lexer, "with")) {
        partial->with = expr_parse(compiler, lexer);
        if (!partial->with)
            return false;
    }
    if (lexer_take_word(lexer, "as")) {
        alias = token_text(&lexer->token);
        if (!expr_expect(compiler, lexer, TOKEN_ID))
            return false;
    }
    bool fixed = partial->name->kind == EXPR_CONST && partial->name->constant.kind == LIQUID_STR;
    partial->with_name = alias.len == 0 && !fixed;
    if (!partial->with_name)
        partial->with_slot =
            names_slot(compiler->names, compiler->arena,
                       alias.len ? alias : last_part(liquid_text(partial->name->constant)));
    lexer_take(lexer, TOKEN_COMMA);
    return true;
}

static bool
unit_find(Compiler *compiler, const Piece *tag, Partial *partial)
{
    uint32_t at = tag_at(compiler, tag);
    if (compiler->in_render && word_is(tag->name, STR("include"))) {
        partial->missing = STR("include usage is not allowed in this context");
    } else if (partial->name->kind == EXPR_CONST && partial->name->constant.kind == LIQUID_STR) {
        partial->unit = compile_partial(compiler, liquid_text(partial->name->constant), at,
                                        word_is(tag->name, STR("render")), &partial->missing);
        if (partial->unit)
            compiler->place = partial->unit->exit;
    } else if (compiler->liquid->options.html) {
        return place_same(compiler, PLACE_TEXT, compiler->place, at, "include");
    }
    if (partial->missing.len && compiler->liquid->options.strict)
        return compile_fail(compiler, at, STR_FMT, STR_ARG(partial->missing));
    if (partial->missing.len)
        compile_warn(compiler, at, (Str){0}, STR_FMT, STR_ARG(partial->missing));
    return !compiler->failed || compiler->recovers;
}

static bool
partial_parse(Compiler *compiler, const Piece *tag, Nodes *nodes, Lexer *lexer, Partial *partial)
{
    partial->loop_slot = names_slot(compiler->names, compiler->arena, STR("forloop"));
    if (!with_parse(compiler, lexer, partial) || !pairs_parse(compiler, lexer, partial) ||
        !unit_find(compiler, tag, partial))
        return false;
    bool include = word_is(tag->name, STR("include"));
    Node *node =
        nodes_add(compiler, nodes, include ? NODE_INCLUDE : NODE_RENDER, tag_at(compiler, tag));
    node->partial = partial;
    nodes->blank = false;
    return true;
}

bool
tag_include(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Partial *partial = arena_new_of(compiler->arena, Partial, 1);
    Lexer lexer;
    tag_lexer(compiler, tag, &lexer);
    partial->name = expr_parse(compiler, &lexer);
    return partial->name && partial_parse(compiler, tag, nodes, &lexer, partial);
}

bool
tag_render(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Partial *partial = arena_new_of(compiler->arena, Partial, 1);
    Lexer lexer;
    tag_lexer(compiler, tag, &lexer);
    if (lexer.token.kind != TOKEN_STRING)
        return compile_fail(compiler, lexer.token.at,
                            "'render' needs the name of a partial in quotes");
    partial->name = expr_parse(compiler, &lexer);
    return partial->name && partial_parse(compiler, tag, nodes, &lexer, partial);
}
