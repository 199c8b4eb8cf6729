/* parse.c - pieces become nodes, nodes become blocks. */
#include "engine/liquid/inside.h"
#include "engine/liquid/place.h"

#include <string.h>

enum { BLOCKS_MOST = 100 }; /* nested in one text, as Shopify's */

void
nodes_grow(Compiler *compiler, Nodes *nodes)
{
    size_t room = MAX(nodes->room * 2, (size_t)8);
    Node *list = compile_room(compiler, room * sizeof *list);
    if (nodes->count)
        memcpy(list, nodes->list, nodes->count * sizeof *list);
    nodes->list = list;
    nodes->room = room;
}

Block *
block_finish(Compiler *compiler, Nodes *nodes, bool drop_text)
{
    size_t kept = drop_text ? 0 : nodes->count;
    for (size_t i = 0; drop_text && i < nodes->count; i++)
        if (nodes->list[i].kind != NODE_TEXT)
            nodes->list[kept++] = nodes->list[i];
    Block *block = compile_room(compiler, sizeof *block);
    *block = (Block){nodes->list, kept, nodes->blank};
    return block;
}

bool
text_parse(Compiler *compiler, Str text, Nodes *nodes)
{
    if (text.len == 0)
        return true;
    uint32_t at = compile_at(compiler, text.at);
    if (compiler->liquid->options.html && !place_text(compiler, text))
        return false;
    Node *node = nodes_add(compiler, nodes, NODE_TEXT, at);
    node->text = text;
    if (!text_is_blank(text))
        nodes->blank = false;
    return true;
}

/* How {{ x | escape }} is printed where x alone would be printed like this; false: as written. */
static bool
escape_of_escaped(Escape *escape)
{
    switch (*escape) {
    case ESCAPE_NONE:
    case ESCAPE_HTML:
    case ESCAPE_ATTRIBUTE:
    case ESCAPE_RCDATA:
        *escape = ESCAPE_FILTER;
        return true;
    case ESCAPE_URL: /* addresses are taken back to plain text first */
    case ESCAPE_URL_MIDDLE:
    case ESCAPE_URL_PATH:
        return true;
    default:
        return false;
    }
}

/* {{ x | escape }} needs no copy: it is escaped on its way out. */
static const Expr *
escape_fuse(Compiler *compiler, const Expr *expr, Escape *escape)
{
    if (expr->kind != EXPR_FILTERED)
        return expr;
    const Call *last = expr->calls;
    for (uint16_t i = 1; i < expr->count; i++)
        last = last->next;
    if (!last->filter || last->filter != filter_escape() || !call_fits(last) ||
        !escape_of_escaped(escape))
        return expr;
    if (expr->count == 1)
        return expr->input;
    Expr *shorter = compile_room(compiler, sizeof *shorter);
    *shorter = *expr;
    shorter->count--;
    return shorter;
}

bool
output_parse(Compiler *compiler, Str markup, uint32_t at, Nodes *nodes)
{
    Lexer lexer;
    lexer_start(&lexer, compiler->unit->source, markup);
    const Expr *expr = expr_parse_filtered(compiler, &lexer);
    if (!expr)
        return false;
    Escape escape = ESCAPE_NONE;
    if (compiler->liquid->options.html && !place_output(compiler, expr, at, &escape))
        return false;
    expr = escape_fuse(compiler, expr, &escape);
    Node *node = nodes_add(compiler, nodes, NODE_PRINT, expr->at);
    node->expr = expr;
    node->escape = (uint8_t)escape;
    nodes->blank = false;
    return true;
}

/* The end, a branch, or a tag that nobody knows: whose block this is must say what it thinks of it.
 * When all errors are wanted, an unknown tag is one at once, and no end. */
static bool
block_stops(Compiler *compiler, const Piece *piece, TagParse tag)
{
    bool stops = piece->kind == PIECE_END || (piece->kind == PIECE_TAG && !tag);
    if (!stops || !compiler->recovers)
        return stops;
    if (piece->kind == PIECE_TAG && !tag_is_branch(piece->name) &&
        !str_starts(piece->name, "end") && recover_is_on(compiler))
        return false;
    compiler->stops++;
    compiler->stop = *piece;
    return true;
}

static bool
piece_parse(Compiler *compiler, const Piece *piece, TagParse tag, Nodes *nodes)
{
    if (tag)
        return tag(compiler, piece, nodes);
    if (piece->kind == PIECE_TEXT)
        return text_parse(compiler, piece->text, nodes);
    if (piece->kind == PIECE_TAG)
        return tag_unknown(compiler, piece);
    return output_parse(compiler, piece->text, compile_at(compiler, piece->whole.at), nodes);
}

bool
block_parse(Compiler *compiler, Nodes *nodes, Piece *ret_stop)
{
    for (;;) {
        Piece piece;
        const char *before = compiler->scanner->at;
        if (!scanner_next(compiler, compiler->scanner, &piece)) {
            if (!recover_scan(compiler, before))
                return false;
            continue;
        }
        TagParse tag = piece.kind == PIECE_TAG ? tag_find(piece.name) : NULL;
        if (block_stops(compiler, &piece, tag)) {
            *ret_stop = piece;
            return true;
        }
        Mark mark = recover_mark(compiler);
        if (!piece_parse(compiler, &piece, tag, nodes) && !recover_piece(compiler, &piece, &mark))
            return false;
    }
}

bool
block_enter(Compiler *compiler, const Piece *open)
{
    if (compiler->depth >= BLOCKS_MOST)
        return compile_fail(compiler, compile_at(compiler, open->whole.at), "nesting too deep");
    compiler->depth++;
    return true;
}

/* Where the name of a tag stands. */
static uint32_t
name_at(const Compiler *compiler, const Piece *piece)
{
    return compile_at(compiler, piece->name.at ? piece->name.at : piece->whole.at);
}

bool
block_unexpected(Compiler *compiler, const Piece *open, const Piece *stop)
{
    if (stop->kind == PIECE_END)
        return compile_fail(compiler, compile_at(compiler, open->whole.at),
                            "'" STR_FMT "' is never closed: {%% end" STR_FMT " %%} is missing",
                            STR_ARG(open->name), STR_ARG(open->name));
    if (str_starts(stop->name, "end") || tag_is_branch(stop->name))
        return compile_fail(compiler, name_at(compiler, stop),
                            "'" STR_FMT "' does not fit here: '" STR_FMT "' is still open",
                            STR_ARG(stop->name), STR_ARG(open->name));
    return tag_unknown(compiler, stop);
}

bool
document_parse(Compiler *compiler, Nodes *nodes)
{
    Piece stop;
    do {
        if (!block_parse(compiler, nodes, &stop))
            return false;
        if (stop.kind == PIECE_END)
            return true;
        if (str_starts(stop.name, "end") || tag_is_branch(stop.name))
            compile_fail(compiler, name_at(compiler, &stop),
                         "'" STR_FMT "' without a tag that it belongs to", STR_ARG(stop.name));
        else
            tag_unknown(compiler, &stop);
    } while (recover_is_on(compiler));
    return false;
}
