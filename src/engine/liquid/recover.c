/* recover.c - going on behind an error, so that one check tells all of them.
 *
 * A compile whose findings are wanted does not end at its first error. An output or a tag that is
 * wrong is left out, and reading goes on behind it. Of a block whose tag is wrong the body is read
 * all the same, up to its end. An end that does not fit closes what it fits, if that is open.
 * Nothing of such a program is ever rendered: it only serves to find more. */
#include "engine/liquid/inside.h"
#include "engine/liquid/place.h"

enum { ERRORS_MOST = 50 }; /* of one compile: who sees these has enough to do */

bool
recover_is_on(const Compiler *compiler)
{
    return compiler->recovers && compiler->errors < ERRORS_MOST;
}

static bool
closes(const Piece *stop, const Piece *open)
{
    return str_starts(stop->name, "end") &&
           str_eq(str_sub(stop->name, 3, stop->name.len), open->name);
}

/* Reads the body of a block that is left out. */
static bool
block_pass(Compiler *compiler, const Piece *open)
{
    Piece stop = {0};
    if (!block_enter(compiler, open))
        return false;
    do {
        Nodes unused = {.blank = true};
        if (!block_parse(compiler, &unused, &stop))
            return false;
    } while (stop.kind != PIECE_END && !closes(&stop, open) && !tag_is_end(stop.name));
    if (stop.kind != PIECE_END && !closes(&stop, open))
        compiler->scanner->at = stop.whole.at; /* the end of a block further out */
    compiler->depth--;
    return true;
}

bool
recover_piece(Compiler *compiler, const Piece *piece, const Mark *mark)
{
    if (!recover_is_on(compiler))
        return false;
    Scanner *scanner = compiler->scanner;
    bool body = compiler->stops != mark->stops;
    const Piece *stop = &compiler->stop;
    compiler->depth = mark->depth;
    if (body && closes(stop, piece)) /* it is whole, but does not fit its page: that goes on */
        return true;
    compiler->place = mark->place;
    if (piece->kind != PIECE_TAG)
        return true;
    if (tag_hides_text(piece->name) && scanner->at == mark->behind)
        scanner->at = scanner->end; /* never closed: the rest is its text */
    if (!tag_is_block(piece->name))
        return true;
    if (body && stop->kind == PIECE_END)
        return true;
    if (!body || !tag_is_end(stop->name))
        return block_pass(compiler, piece);
    scanner->at = stop->whole.at;
    return true;
}

bool
recover_scan(Compiler *compiler, const char *before)
{
    if (!recover_is_on(compiler))
        return false;
    Scanner *scanner = compiler->scanner;
    if (scanner->at == before) /* braces that never end are text */
        scanner->at += MIN((ptrdiff_t)2, scanner->end - scanner->at);
    return true;
}
