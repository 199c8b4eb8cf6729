/* encode.c - base64, base32 and hex by one pair of loops.
 *
 * All three write groups of BITS bits, most significant first; only the alphabet, BITS and the
 * padding differ. Base64 is what attachments and non-Latin mails are made of, so it has a loop of
 * its own over whole groups of three bytes.
 */
#include "base/encode.h"

#include <string.h>

typedef struct Alphabet {
    const char *letters;
    unsigned bits; /* of one letter */
    bool padded;   /* with '=' to whole groups of four */
    bool any_case; /* read capital letters as small ones */
} Alphabet;

static const Alphabet alphabets[] = {
    [ENCODE_BASE64] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6, true,
                       false},
    [ENCODE_BASE64URL] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6,
                          false, false},
    [ENCODE_BASE32] = {"abcdefghijklmnopqrstuvwxyz234567", 5, false, true},
    [ENCODE_HEX] = {"0123456789abcdef", 4, false, true},
};

size_t
encode_len(Encoding encoding, size_t bytes)
{
    const Alphabet *alphabet = &alphabets[encoding];
    if (alphabet->padded)
        return (bytes + 2) / 3 * 4;
    return (bytes * 8 + alphabet->bits - 1) / alphabet->bits;
}

/* Whole groups of three bytes as four letters; returns the bytes taken. */
static size_t
encode_triples(const char *letters, Str bytes, char *ret)
{
    const uint8_t *from = (const uint8_t *)bytes.at;
    size_t taken = 0;
    for (; bytes.len - taken >= 3; taken += 3, from += 3, ret += 4) {
        uint32_t group = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        ret[0] = letters[group >> 18];
        ret[1] = letters[group >> 12 & 63];
        ret[2] = letters[group >> 6 & 63];
        ret[3] = letters[group & 63];
    }
    return taken;
}

void
encode_to(Encoding encoding, Str bytes, char *ret)
{
    const Alphabet *alphabet = &alphabets[encoding];
    char *end = ret + encode_len(encoding, bytes.len);
    size_t i = 0;
    if (alphabet->bits == 6) {
        i = encode_triples(alphabet->letters, bytes, ret);
        ret += i / 3 * 4;
    }
    uint32_t held = 0;
    unsigned held_bits = 0;
    for (; i < bytes.len; i++) {
        held = held << 8 | (uint8_t)bytes.at[i];
        held_bits += 8;
        for (; held_bits >= alphabet->bits; held_bits -= alphabet->bits)
            *ret++ =
                alphabet
                    ->letters[held >> (held_bits - alphabet->bits) & ((1u << alphabet->bits) - 1)];
    }
    if (held_bits)
        *ret++ =
            alphabet->letters[held << (alphabet->bits - held_bits) & ((1u << alphabet->bits) - 1)];
    while (ret < end)
        *ret++ = '=';
}

void
encode_add(Buf *buf, Encoding encoding, Str bytes)
{
    size_t len = encode_len(encoding, bytes.len);
    buf_reserve(buf, len);
    if (len)
        encode_to(encoding, bytes, buf->at + buf->len);
    buf->len += len;
}

char *
encode(Arena *arena, Encoding encoding, Str bytes)
{
    size_t len = encode_len(encoding, bytes.len);
    char *ret = arena_bytes(arena, len + 1);
    encode_to(encoding, bytes, ret);
    ret[len] = '\0';
    return ret;
}

/* What a letter stands for, or -1. */
static int
decode_letter(const Alphabet *alphabet, char letter)
{
    if (alphabet->any_case)
        letter = g_ascii_tolower(letter);
    const char *hit = letter ? strchr(alphabet->letters, letter) : NULL;
    return hit ? (int)(hit - alphabet->letters) : -1;
}

/* Takes the padding off; false if it is not exactly what the length asks for. */
static bool
decode_unpad(Str *letters)
{
    if (letters->len % 4 != 0)
        return false;
    for (int i = 0; i < 2 && letters->len && letters->at[letters->len - 1] == '='; i++)
        letters->len--;
    return true;
}

bool
decode_to(Encoding encoding, Str letters, size_t room, uint8_t *ret, size_t *ret_len)
{
    const Alphabet *alphabet = &alphabets[encoding];
    if (alphabet->padded && !decode_unpad(&letters))
        return false;
    size_t len = letters.len * alphabet->bits / 8;
    /* A length that no number of bytes gives: one letter too many. */
    if (len > room || (len * 8 + alphabet->bits - 1) / alphabet->bits != letters.len)
        return false;
    uint32_t held = 0;
    unsigned held_bits = 0;
    for (size_t i = 0; i < letters.len; i++) {
        int value = decode_letter(alphabet, letters.at[i]);
        if (value < 0)
            return false;
        held = held << alphabet->bits | (uint32_t)value;
        held_bits += alphabet->bits;
        if (held_bits >= 8) {
            held_bits -= 8;
            *ret++ = (uint8_t)(held >> held_bits);
        }
    }
    if (held & ((1u << held_bits) - 1))
        return false;
    *ret_len = len;
    return true;
}

bool
decode(Arena *arena, Encoding encoding, Str letters, Str *ret)
{
    size_t room = letters.len * alphabets[encoding].bits / 8, len;
    char *bytes = arena_bytes(arena, room + 1);
    if (!decode_to(encoding, letters, room, (uint8_t *)bytes, &len))
        return false;
    bytes[len] = '\0';
    *ret = (Str){bytes, len};
    return true;
}
