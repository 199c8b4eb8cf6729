/* show.h - facts as text that a person reads and a diff keeps: one field a line, by its path.
 *
 *     order.email                      "ana@example.com"
 *     order.lines[0].price             525 (5.25 EUR)
 *
 * A text is a JSON string, an empty one is -. A moment is ISO 8601, a missing one is -. An amount is in minor units, and
 * beside it as people write it.
 */
#pragma once

#include "model.h"

/* All fields of all nouns; with `told` only those that hold something, and amounts as people write them. */
void show_facts(Arena *arena, const Facts *facts, bool told, Buf *out);

/* One line. */
void show_text(Arena *arena, const char *path, Str text, Buf *out);
