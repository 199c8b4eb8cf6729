/* password.h - what is taken as a password, and whether it is the right one.
 *
 * Kept with Argon2id (base/seal.h). Each check costs most of a second and 256 MB on purpose: call it on the desk for
 * passwords (engine/desk.h), never on a web thread.
 *
 * What is taken follows NIST SP 800-63B: length counts, no rules of composition, nothing expires; refused is what
 * everybody tries first and what stands on the same page.
 */
#pragma once

#include "base/base.h"

enum { PASSWORD_CHARS_LEAST = 12, PASSWORD_BYTES_MOST = 256 };

/* NULL: it will do. Else why not, for beside its field. email is the account's. */
const char *password_trouble(Arena *arena, Str password, Str email);

/* Is it the one that was kept? kept empty (there is no such account): it takes as long, and is wrong. */
bool password_is(Arena *arena, Str kept, Str password);
