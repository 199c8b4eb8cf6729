/* charset.c - encodings of tables; see charset.h. */
#include "base/charset.h"

#include "base/text.h"

#include <string.h>

enum { REPLACEMENT = 0xfffd };

static const struct {
    const char *name; /* small, without - and _ */
    Charset charset;
} names[] = {
    {"utf8", CHARSET_UTF8},
    {"windows1252", CHARSET_WINDOWS_1252},
    {"cp1252", CHARSET_WINDOWS_1252},
    {"ansi", CHARSET_WINDOWS_1252},
    {"latin1", CHARSET_WINDOWS_1252},
    {"iso88591", CHARSET_WINDOWS_1252},
    {"iso885915", CHARSET_ISO_8859_15},
    {"latin9", CHARSET_ISO_8859_15},
    {"utf16", CHARSET_UTF16LE},
    {"utf16le", CHARSET_UTF16LE},
    {"utf16be", CHARSET_UTF16BE},
};

static const char *const shown[CHARSET_COUNT] = {
    [CHARSET_UTF8] = "UTF-8",
    [CHARSET_WINDOWS_1252] = "Windows-1252",
    [CHARSET_ISO_8859_15] = "ISO-8859-15",
    [CHARSET_UTF16LE] = "UTF-16LE",
    [CHARSET_UTF16BE] = "UTF-16BE",
};

/* 0x80 to 0x9f; the five that the standard leaves out are the C1 controls of the same number. */
static const uint16_t windows_1252[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
};

bool
charset_find(Str name, Charset *ret, GError **error)
{
    char plain[24];
    size_t len = 0;
    for (size_t i = 0; i < name.len && len + 1 < sizeof plain; i++)
        if (name.at[i] != '-' && name.at[i] != '_')
            plain[len++] = g_ascii_tolower(name.at[i]);
    plain[len] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(plain, names[i].name) != 0)
            continue;
        *ret = names[i].charset;
        return true;
    }
    return fail(error, ERR_INPUT,
                "'" STR_FMT "' is no encoding we know: utf-8, windows-1252, iso-8859-15, utf-16le "
                "or utf-16be",
                STR_ARG(name));
}

const char *
charset_name(Charset charset)
{
    must((size_t)charset < CHARSET_COUNT);
    return shown[charset];
}

size_t
charset_bom(Str start, Charset *ret)
{
    static const struct {
        const char *bytes;
        Charset charset;
    } marks[] = {
        {"\xef\xbb\xbf", CHARSET_UTF8},
        {"\xff\xfe", CHARSET_UTF16LE},
        {"\xfe\xff", CHARSET_UTF16BE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (!str_starts(start, marks[i].bytes))
            continue;
        *ret = marks[i].charset;
        return strlen(marks[i].bytes);
    }
    return 0;
}

/* ---- finding out ------------------------------------------------------------------------------------ */

/* Tables are mostly ASCII: in UTF-16 every second byte is NUL then, in anything else none is. */
static bool
looks_utf16(Str start, Charset *ret)
{
    size_t pairs = MIN(start.len, 512) / 2, low = 0, high = 0;
    for (size_t i = 0; i < pairs; i++) {
        low += start.at[2 * i] == 0;
        high += start.at[2 * i + 1] == 0;
    }
    if (pairs < 2 || MAX(low, high) * 10 < pairs * 6)
        return false;
    *ret = high > low ? CHARSET_UTF16LE : CHARSET_UTF16BE;
    return true;
}

/* Walks over the valid beginning. The bytes of a character that is cut at the end stay in rest. */
static void
look_utf8(CharsetGuess *guess, Str piece)
{
    while (piece.len && !guess->bad) {
        size_t bad_len = 0, len = text_char(piece, &bad_len);
        if (!len && bad_len == piece.len && bad_len < sizeof guess->rest &&
            ((uint8_t)piece.at[0] >= 0xc2 && (uint8_t)piece.at[0] <= 0xf4)) {
            memcpy(guess->rest, piece.at, piece.len);
            guess->rest_len = piece.len;
            return;
        }
        guess->bad = !len;
        if (guess->bad)
            guess->bad_offset = guess->seen - (int64_t)piece.len;
        piece = str_sub(piece, len, piece.len);
        /* What follows is mostly plain again. */
        size_t plain = 0;
        while (plain + 8 <= piece.len) {
            uint64_t eight;
            memcpy(&eight, piece.at + plain, 8);
            if (eight & UINT64_C(0x8080808080808080))
                break;
            plain += 8;
        }
        piece = str_sub(piece, plain, piece.len);
    }
}

void
charset_look(CharsetGuess *guess, Str piece)
{
    if (!guess->started && piece.len) {
        guess->started = true;
        guess->marked =
            charset_bom(piece, &guess->charset) > 0 || looks_utf16(piece, &guess->charset);
    }
    guess->seen += (int64_t)piece.len;
    if (guess->bad || (guess->marked && guess->charset != CHARSET_UTF8))
        return;
    while (guess->rest_len && piece.len && !guess->bad) {
        char joined[4];
        size_t bad_len = 0, had = guess->rest_len;
        memcpy(joined, guess->rest, had);
        joined[had] = piece.at[0];
        guess->rest[guess->rest_len++] = piece.at[0];
        piece = str_sub(piece, 1, piece.len);
        if (text_char((Str){joined, had + 1}, &bad_len))
            guess->rest_len = 0;
        else if (bad_len <= had || had + 1 == sizeof joined)
            guess->bad = true, guess->bad_offset = guess->seen - (int64_t)(piece.len + had + 1);
    }
    if (!guess->rest_len)
        look_utf8(guess, piece);
}

Charset
charset_decide(CharsetGuess *guess)
{
    if (guess->rest_len && !guess->bad) {
        guess->bad = true; /* the file ends within a character */
        guess->bad_offset = guess->seen - (int64_t)guess->rest_len;
    }
    if (guess->marked)
        return guess->charset;
    return guess->bad ? CHARSET_WINDOWS_1252 : CHARSET_UTF8;
}

/* ---- decoding ----------------------------------------------------------------------------------------- */

static char *
code_put(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

static uint32_t
code_of_byte(Charset charset, uint8_t byte)
{
    static const struct {
        uint8_t byte;
        uint16_t code;
    } latin9[] = {{0xa4, 0x20ac}, {0xa6, 0x160}, {0xa8, 0x161}, {0xb4, 0x17d},
                  {0xb8, 0x17e},  {0xbc, 0x152}, {0xbd, 0x153}, {0xbe, 0x178}};
    if (charset == CHARSET_WINDOWS_1252)
        return byte >= 0x80 && byte < 0xa0 ? windows_1252[byte - 0x80] : byte;
    for (size_t i = 0; i < G_N_ELEMENTS(latin9); i++)
        if (latin9[i].byte == byte)
            return latin9[i].code;
    return byte;
}

static char *
decode_bytes(const CharsetDecoder *decoder, Str piece, char *to)
{
    for (size_t i = 0; i < piece.len; i++) {
        uint8_t byte = (uint8_t)piece.at[i];
        if (byte < 0x80)
            *to++ = (char)byte;
        else
            to = code_put(to, code_of_byte(decoder->charset, byte));
    }
    return to;
}

/* Takes one character; 0: its end is not here yet. */
static size_t
decode_utf8_one(CharsetDecoder *decoder, Str text, bool last, char **to)
{
    size_t bad_len = 0, len = text_char(text, &bad_len);
    if (len) {
        memcpy(*to, text.at, len);
        *to += len;
        return len;
    }
    uint8_t lead = (uint8_t)text.at[0];
    if (!last && bad_len == text.len && bad_len < 4 && lead >= 0xc2 && lead <= 0xf4)
        return 0;
    *to = code_put(*to, REPLACEMENT);
    decoder->replaced++;
    return bad_len;
}

static uint32_t
utf16_unit(const CharsetDecoder *decoder, const char *at)
{
    uint8_t first = (uint8_t)at[0], second = (uint8_t)at[1];
    return decoder->charset == CHARSET_UTF16LE ? (uint32_t)(first | second << 8)
                                               : (uint32_t)(first << 8 | second);
}

static size_t
decode_utf16_one(CharsetDecoder *decoder, Str text, bool last, char **to)
{
    if (text.len < 2) {
        if (!last)
            return 0;
        *to = code_put(*to, REPLACEMENT); /* half a unit at the end */
        decoder->replaced++;
        return text.len;
    }
    uint32_t unit = utf16_unit(decoder, text.at);
    bool high = unit >= 0xd800 && unit < 0xdc00;
    if (high && text.len < 4 && !last)
        return 0;
    uint32_t low = high && text.len >= 4 ? utf16_unit(decoder, text.at + 2) : 0;
    if (low >= 0xdc00 && low < 0xe000) {
        *to = code_put(*to, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        return 4;
    }
    bool lone = unit >= 0xd800 && unit < 0xe000;
    decoder->replaced += lone;
    *to = code_put(*to, lone ? REPLACEMENT : unit);
    return 2;
}

static size_t
decode_one(CharsetDecoder *decoder, Str text, bool last, char **to)
{
    return decoder->charset == CHARSET_UTF8 ? decode_utf8_one(decoder, text, last, to)
                                            : decode_utf16_one(decoder, text, last, to);
}

/* Joins what was left over with the beginning of the piece; gives how much of the piece it took. */
static size_t
decode_rest(CharsetDecoder *decoder, Str piece, bool last, char **to)
{
    size_t took = 0;
    while (decoder->rest_len && (took < piece.len || last)) {
        if (took < piece.len && decoder->rest_len < sizeof decoder->rest)
            decoder->rest[decoder->rest_len++] = piece.at[took++];
        bool end = last && took == piece.len;
        size_t len = decode_one(decoder, (Str){decoder->rest, decoder->rest_len}, end, to);
        memmove(decoder->rest, decoder->rest + len, decoder->rest_len - len);
        decoder->rest_len -= len;
    }
    return took;
}

size_t
charset_decode(CharsetDecoder *decoder, Str piece, bool last, char *to)
{
    char *start = to;
    if (!decoder->started && piece.len) {
        Charset marked;
        size_t bom = charset_bom(piece, &marked);
        decoder->started = true;
        piece = str_sub(piece, bom && marked == decoder->charset ? bom : 0, piece.len);
    }
    if (decoder->charset == CHARSET_WINDOWS_1252 || decoder->charset == CHARSET_ISO_8859_15)
        return (size_t)(decode_bytes(decoder, piece, to) - start);
    piece = str_sub(piece, decode_rest(decoder, piece, last, &to), piece.len);
    while (piece.len) {
        size_t len = decode_one(decoder, piece, last, &to);
        if (!len)
            break;
        piece = str_sub(piece, len, piece.len);
    }
    if (piece.len)
        memcpy(decoder->rest, piece.at, piece.len);
    decoder->rest_len += piece.len;
    return (size_t)(to - start);
}
