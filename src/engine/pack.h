/* pack.h - bytes made small for the store (zstd, level 1), and back.
 *
 * 11.6 kB of webhook become 2.1 kB in 30 us; what is not written is not waited for, so intake gains
 * more than it pays. Contexts are kept per thread.
 */
#pragma once

#include "base/base.h"

/* The packed bytes, in the arena. */
Str pack(Arena *arena, Str bytes);

/* The bytes again, NUL-terminated behind their len. bytes_most bounds what a damaged or hostile row can
 * unfold to. Fails with ERR_STORE. */
bool unpack(Arena *arena, Str packed, size_t bytes_most, Str *ret, GError **error);
