/* nearest.h - the name that somebody probably meant, for "did you mean ...?". */
#pragma once

#include "base/base.h"

/* How many letters must be put in, left out, changed or swapped with their neighbour to turn one
 * word into the other (optimal string alignment distance); ASCII case does not count. Of words
 * longer than 64 bytes only the beginning is compared. */
size_t nearest_distance(Str left, Str right);

/* True if so few changes look like a slip: at most a third of the letters. */
bool nearest_is_near(Str wanted, size_t distance);

/* The most similar of the names (NULL-terminated list; the first of several equal ones); NULL if
 * none is near. */
const char *nearest_name(const char *const *names, Str wanted);
