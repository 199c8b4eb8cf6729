/* encode.h - bytes as letters: base64 (two alphabets), base32, hex.
 *
 * Decoding is strict: one text for one value. White space, wrong padding, letters outside the
 * alphabet and unused bits that are not zero are all refused, so that a token or a signature cannot
 * be written in two ways.
 *
 * Sources: RFC 4648 sections 4, 5, 6, 8; vectors of section 10 in the tests.
 */
#pragma once

#include "base/base.h"

typedef enum Encoding {
    ENCODE_BASE64,    /* A-Z a-z 0-9 + / with padding: signatures in headers, MIME */
    ENCODE_BASE64URL, /* A-Z a-z 0-9 - _ without padding: links */
    ENCODE_BASE32,    /* a-z 2-7 without padding, read in any case: mail addresses, whose letters
                       * some servers fold */
    ENCODE_HEX,       /* 0-9 a-f, read in any case */
} Encoding;

/* How many letters stand for so many bytes. */
size_t encode_len(Encoding encoding, size_t bytes);

/* Writes encode_len() letters, no NUL, to ret. */
void encode_to(Encoding encoding, Str bytes, char *ret);

/* Adds the letters to a buf. */
void encode_add(Buf *buf, Encoding encoding, Str bytes);

/* The letters, in the arena, NUL-terminated. */
char *encode(Arena *arena, Encoding encoding, Str bytes);

/* Reads letters into at most room bytes. False if they are no such encoding or mean more bytes than
 * that; ret may then hold half of it. */
bool decode_to(Encoding encoding, Str letters, size_t room, uint8_t *ret, size_t *ret_len);

/* The bytes, in the arena. On failure *ret is untouched. */
bool decode(Arena *arena, Encoding encoding, Str letters, Str *ret);
