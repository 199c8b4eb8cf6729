/* place.h - HTML mode: where in a page a template stands, and what that means for a value there.
 *
 * The text of a template is run through a tokenizer of HTML (WHATWG, 13.2.5, the states that
 * matter) while it is compiled. Its state at an output decides how the output is escaped; a state
 * in which no escaping is safe is an error. A place fits into 64 bits: the branches of an `if` must
 * end in the same one, a loop where it starts, a partial is compiled once for each place that it is
 * used in.
 */
#pragma once

#include "engine/liquid/inside.h"

enum { PLACE_TEXT = 0 };

/* Moves the compiler's place over a literal. False: an error was noted. */
bool place_text(Compiler *compiler, Str text);

/* True when a text that the template's author wrote leaves the place as it is: it may be printed. */
bool place_keeps(Compiler *compiler, Str text);

/* How a value here is escaped; moves the place behind it. */
bool place_output(Compiler *compiler, const Expr *expr, uint32_t at, Escape *ret);

/* Two ways lead here: from where the compiler is, and from `other`. The place becomes one that is
 * right for both, or an error names `what`. True at once in plain mode. */
bool place_join(Compiler *compiler, uint64_t other, uint32_t at, const char *what);

/* The place that a loop starts from: in a script the items may follow a bracket or each other. */
uint64_t place_loop_start(uint64_t place);

/* A loop that started at `before` ends here and may start again. */
bool place_loop(Compiler *compiler, uint64_t before, uint32_t at);

bool place_same(Compiler *compiler, uint64_t want, uint64_t have, uint32_t at, const char *what);
