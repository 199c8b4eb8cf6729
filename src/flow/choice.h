/* choice.h - what people chose about being written to: consent given and taken back, with its basis and proof.
 *
 * Nothing is overwritten: each choice is a row, and the newest by its own moment counts (the gate reads it:
 * flow/consent.h). So an old list that is imported late never outweighs a newer "no".
 */
#pragma once

#include "flow/learn.h"
#include "model.h"

/* Cleaned, its address normalised. */
ConsentFact choice_clean(Arena *arena, const ConsentFact *told);

/* On the writer. LEARNED_SAME if it says what is known, LEARNED_OLDER if a newer choice is known. */
bool choice_learn(const Learn *learn, const ConsentFact *choice, Learned *ret, GError **error);
