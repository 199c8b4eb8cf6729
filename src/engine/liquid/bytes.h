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
    memcpy(to, &bytes, sizeof bytes);
}
