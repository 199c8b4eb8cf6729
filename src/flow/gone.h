/* gone.h - what the shop system had no more before anybody told us of it.
 *
 * A webhook that says "deleted" may come before the one that tells of what was deleted, which then comes late or again.
 * So the word is kept until the noun is told: it is learned as one that is gone, unless it was changed after that.
 */
#pragma once

#include "flow/learn.h"

/* Not known yet, and gone already. Of two words the later one counts; *ret is LEARNED_SAME for the other. */
bool gone_remember(const Learn *learn, int noun, Str foreign_id, int64_t gone_at, Learned *ret,
                   GError **error);

/* On first sight of a noun (Gone.noun) of this version: *ret is the moment since which it is gone; 0: it is not. The word
 * is forgotten: from now on it stands in the noun's own row. */
bool gone_recall(const Learn *learn, int noun, Str foreign_id, int64_t version, int64_t *ret,
                 GError **error);
