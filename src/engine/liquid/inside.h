/* inside.h - what the files of the engine share, and those of liquid_shop; nobody else includes it.
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

#include "engine/liquid/compiling.h"
#include "engine/liquid/program.h"
#include "engine/liquid/rendering.h"
#include "engine/liquid/values.h"
