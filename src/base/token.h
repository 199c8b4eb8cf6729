/* token.h - link tokens: the whole right to see one order, in 32 letters.
 *
 * A token is the id of what it opens, its generation and a 128-bit HMAC over both and the purpose.
 * Nothing is kept per link: a stolen database opens no page, and a link survives prefetching. To
 * take links back, raise the generation of the row; whoever reads a token compares it with the
 * row's.
 *
 * Form: base64url without padding over
 *     id, 8 bytes big endian | generation, 0 to 4 bytes big endian, no leading zero byte | tag, 16
 * so generation 0 gives 32 letters and 1 to 255 gives 34. The tag is the first 16 bytes of
 *     HMAC-SHA256(key, purpose | 0x00 | id, 8 bytes big endian | generation, 4 bytes big endian).
 * One token has exactly one text.
 */
#pragma once

#include "base/digest.h"

enum { TOKEN_CHARS_MOST = 38 };

/* The token, in the arena. purpose is a constant of ours ("order", "unsubscribe"): a token made for
 * one does not read for another. id must be positive. */
char *
token_make(Arena *arena, const HmacKey *key, const char *purpose, int64_t id, uint32_t generation);

/* Reads a token somebody sent. Fails with ERR_NOT_FOUND, always with the same words, in a time that
 * depends on the length only. */
bool token_read(const HmacKey *key, const char *purpose, Str token, int64_t *ret_id,
                uint32_t *ret_generation, GError **error);
