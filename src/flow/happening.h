/* happening.h - events that only the shop itself has a word for (shop.fitting_booked): kept in the log of events with what
 * the shop says of them, so that journeys can wait for them. Nothing starts from one until a journey names it.
 */
#pragma once

#include "flow/learn.h"

Happening happening_clean(Arena *arena, const Happening *told);

/* On the writer. LEARNED_EARLY if it names an order that nobody told us of yet. A person whom nobody knows is kept as
 * told. A delivery may be read twice (another part of it came early): position is its place in it, and the same place is
 * LEARNED_SAME. */
bool happening_learn(const Learn *learn, const Happening *happening, int64_t position, Learned *ret,
                     GError **error);
