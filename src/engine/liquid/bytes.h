/* bytes.h - short runs of bytes without a call.
 *
 * Names, values and the literals between them are mostly shorter than 16 bytes: there a call of
 * memcpy or memcmp costs more than its work. Nothing here reads a byte beyond the given length:
 * two loads that overlap cover any length from 4 to 16. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
bytes_load8(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint32_t
bytes_load4(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline bool
bytes_same(const char *left, const char *right, size_t len)
{
    if (len > 16)
        return memcmp(left, right, len) == 0;
    if (len >= 8)
        return bytes_load8(left) == bytes_load8(right) &&
               bytes_load8(left + len - 8) == bytes_load8(right + len - 8);
    if (len >= 4)
        return bytes_load4(left) == bytes_load4(right) &&
               bytes_load4(left + len - 4) == bytes_load4(right + len - 4);
    return len == 0 || (left[0] == right[0] && left[len / 2] == right[len / 2] &&
                        left[len - 1] == right[len - 1]);
}

/* 16 bytes in the order of memory. */
typedef struct Bytes16 {
    uint64_t low, high;
} Bytes16;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* `len` bytes, at most 15, and zeros behind them. */
static inline Bytes16
bytes_load_short(const char *at, size_t len)
{
    if (len >= 8) {
        uint64_t last = bytes_load8(at + len - 8);
        return (Bytes16){bytes_load8(at), len == 8 ? 0 : last >> (8 * (16 - len))};
    }
    if (len >= 4)
        return (Bytes16){bytes_load4(at) | (uint64_t)bytes_load4(at + len - 4) << (8 * (len - 4)),
                         0};
    if (len == 0)
        return (Bytes16){0, 0};
    return (Bytes16){(uint64_t)(uint8_t)at[0] | (uint64_t)(uint8_t)at[len / 2] << (8 * (len / 2)) |
                         (uint64_t)(uint8_t)at[len - 1] << (8 * (len - 1)),
                     0};
}
#else
static inline Bytes16
bytes_load_short(const char *at, size_t len)
{
    Bytes16 bytes = {0, 0};
    memcpy(&bytes, at, len);
    return bytes;
}
#endif

/* Copies to where 16 bytes have room, whatever the length. */
static inline void
bytes_copy_short(char *to, const char *from, size_t len)
{
    Bytes16 bytes = bytes_load_short(from, len);
    memcpy(to, &bytes.low, sizeof bytes.low);
    memcpy(to + sizeof bytes.low, &bytes.high, sizeof bytes.high);
}

#if defined(__SSE2__)
typedef char BytesLane __attribute__((vector_size(16)));

static inline BytesLane
bytes_lane(char byte)
{
    return (BytesLane){byte, byte, byte, byte, byte, byte, byte, byte,
                       byte, byte, byte, byte, byte, byte, byte, byte};
}

/* 16 bytes of memory, or what bytes_load_short gave: never by way of memory, where two halves that
 * were just written make the processor wait. */
static inline BytesLane
bytes_lane_at(const char *at)
{
    BytesLane lane;
    memcpy(&lane, at, sizeof lane);
    return lane;
}

static inline BytesLane
bytes_lane_of(Bytes16 bytes)
{
    typedef long long Halves __attribute__((vector_size(16)));
    return (BytesLane)(Halves){(long long)bytes.low, (long long)bytes.high};
}

/* A bit for each byte that is this one. */
static inline unsigned
bytes_equal(BytesLane lane, char byte)
{
    return (unsigned)__builtin_ia32_pmovmskb128((BytesLane)(lane == bytes_lane(byte)));
}

/* A bit for each byte that is a letter, digit or dash. */
static inline unsigned
bytes_of_names(BytesLane lane)
{
    typedef unsigned char Bytes __attribute__((vector_size(16)));
    Bytes bytes = (Bytes)lane;
    Bytes letters = (Bytes)((bytes | 0x20) - 'a' < 26);
    Bytes digits = (Bytes)(bytes - '0' < 10);
    Bytes dashes = (Bytes)(bytes == '-');
    return (unsigned)__builtin_ia32_pmovmskb128((BytesLane)(letters | digits | dashes));
}

/* Where the byte (not 0) stands; `end` when it does not. For distances of some dozen bytes. */
static inline const char *
bytes_find(const char *at, const char *end, char byte)
{
    for (; end - at >= 16; at += 16) {
        unsigned found = bytes_equal(bytes_lane_at(at), byte);
        if (found)
            return at + __builtin_ctz(found);
    }
    unsigned found = bytes_equal(bytes_lane_of(bytes_load_short(at, (size_t)(end - at))), byte);
    return found ? at + __builtin_ctz(found) : end;
}
#else
static inline const char *
bytes_find(const char *at, const char *end, char byte)
{
    const char *found = at < end ? memchr(at, byte, (size_t)(end - at)) : NULL;
    return found ? found : end;
}
#endif
