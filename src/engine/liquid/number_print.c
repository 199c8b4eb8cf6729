/* number_print.c - numbers as Ruby prints them. */
#include "engine/liquid/inside.h"

#include <stdio.h>
#include <string.h>

enum {
    PLACES_FIXED = 15, /* Ruby fills up to 15 places before the point, then prints 1.0e+15 */
    ZEROS_FIXED = 4,   /* and up to 4 zeros behind it, then 1.0e-05 */
    SHORT_BYTES = 32,
};

/* Prices, and everything that people count. */
static const int64_t SHORT_MOST = 1000000000000000;
static const uint64_t TENS[ZEROS_FIXED + 1] = {1, 10, 100, 1000, 10000};

/* Writes digits that end before `end`; gives where they start. */
static inline char *
digits_before(char *end, uint64_t rest)
{
    static const char PAIRS[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    while (rest >= 100) {
        end -= 2;
        memcpy(end, PAIRS + 2 * (rest % 100), 2);
        rest /= 100;
    }
    if (rest < 10) {
        *--end = (char)('0' + rest);
        return end;
    }
    end -= 2;
    memcpy(end, PAIRS + 2 * rest, 2);
    return end;
}

size_t
number_print_digits(__int128 digits, char ret[48])
{
    char room[48];
    char *end = room + sizeof room;
    char *at = end;
    unsigned __int128 rest = digits < 0 ? -(unsigned __int128)digits : (unsigned __int128)digits;
    while (rest > UINT64_MAX) {
        *--at = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    at = digits_before(at, (uint64_t)rest); /* dividing 64 bits is ten times as fast */
    if (digits < 0)
        *--at = '-';
    size_t len = (size_t)(end - at);
    memcpy(ret, at, len);
    ret[len] = '\0';
    return len;
}

static size_t
fixed_print(const char *digits, int count, int point, char *ret)
{
    size_t len = 0;
    if (point <= 0) {
        ret[len++] = '0';
        ret[len++] = '.';
        for (int i = point; i < 0; i++)
            ret[len++] = '0';
        memcpy(ret + len, digits, (size_t)count);
        return len + (size_t)count;
    }
    int before = MIN(point, count);
    memcpy(ret, digits, (size_t)before);
    len = (size_t)before;
    for (int i = before; i < point; i++)
        ret[len++] = '0';
    ret[len++] = '.';
    if (count > before)
        memcpy(ret + len, digits + before, (size_t)(count - before));
    else
        ret[len++] = '0';
    return len + (size_t)(count - before);
}

size_t
number_print(LiquidValue value, char ret[NUMBER_BYTES])
{
    if (value.kind == LIQUID_BIG) {
        __int128 big;
        memcpy(&big, &value.big->digits, sizeof big);
        return number_print_digits(big, ret);
    }
    char digits[48];
    size_t sign = value.integer < 0;
    int count = (int)(number_print_digits(value.integer, digits) - sign);
    if (value.kind == LIQUID_INT) {
        memcpy(ret, digits, (size_t)count + sign);
        return (size_t)count + sign;
    }
    const char *first = digits + sign;
    int point = count - value.scale; /* places before the point */
    if (sign)
        *ret++ = '-';
    if (value.integer == 0)
        return (size_t)snprintf(ret, NUMBER_BYTES, value.scale < 0 ? "-0.0" : "0.0");
    if (point > -ZEROS_FIXED && (point <= PLACES_FIXED || point < count))
        return fixed_print(first, count, point, ret) + sign;
    int exponent = point - 1;
    return (size_t)snprintf(ret, NUMBER_BYTES - 1, "%c.%se%c%02d", first[0],
                            count > 1 ? first + 1 : "0", exponent < 0 ? '-' : '+',
                            exponent < 0 ? -exponent : exponent) +
           sign;
}

/* Whole numbers and prices: up to 15 digits, some of them behind the point. */
static size_t
number_print_short(LiquidValue value, char ret[SHORT_BYTES])
{
    uint64_t size = value.integer < 0 ? 0 - (uint64_t)value.integer : (uint64_t)value.integer;
    char *end = ret + SHORT_BYTES;
    char *at = end;
    if (value.kind == LIQUID_DECIMAL) {
        uint64_t power = TENS[value.scale];
        uint64_t behind = size % power;
        size /= power;
        at = digits_before(at, behind);
        while (end - at < value.scale)
            *--at = '0';
        *--at = '.';
    }
    at = digits_before(at, size);
    if (value.integer < 0)
        *--at = '-';
    return (size_t)(end - at);
}

void
number_add_text(Buf *out, LiquidValue value)
{
    bool price = value.kind == LIQUID_DECIMAL && value.scale > 0 && value.scale <= ZEROS_FIXED &&
                 value.integer > -SHORT_MOST && value.integer < SHORT_MOST;
    if (price || value.kind == LIQUID_INT) {
        char room[SHORT_BYTES];
        size_t len = number_print_short(value, room);
        out_add(out, room + sizeof room - len, len);
        return;
    }
    char digits[NUMBER_BYTES];
    out_add(out, digits, number_print(value, digits));
}
