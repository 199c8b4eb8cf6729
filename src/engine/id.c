/* id.c - names for rows; see id.h. */
#include "engine/id.h"

#include "engine/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    COUNTER_BITS = 10,
    WORKER_BITS = 6,
    KIND_BITS = 6,
    KIND_SHIFT = COUNTER_BITS + WORKER_BITS,
    TIME_SHIFT = KIND_SHIFT + KIND_BITS,
};

#define EPOCH_MS INT64_C(1577836800000) /* 2020-01-01T00:00:00Z */

static const struct {
    const char *prefix;
    const char *table;
} kinds[KIND_MOST + 1] = {
#define ROW(kind, number, prefix, table) [number] = {prefix, table},
#include "engine/kinds.def"
#undef ROW
};

/* Per kind: (ms since 2020) << COUNTER_BITS | counter, of the newest id. */
static _Atomic int64_t newest[KIND_MOST + 1];

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

int64_t
id_new(IdKind kind)
{
    must(kind > 0 && kind <= KIND_MOST && kinds[kind].prefix);
    int64_t floor = (clock_now() - EPOCH_MS) << COUNTER_BITS;
    int64_t seen = atomic_load_explicit(&newest[kind], memory_order_relaxed);
    int64_t next;
    do {
        next = MAX(seen + 1, floor);
    } while (!atomic_compare_exchange_weak(&newest[kind], &seen, next));
    int64_t counter = next & ((1 << COUNTER_BITS) - 1);
    return ((next >> COUNTER_BITS) << TIME_SHIFT) | ((int64_t)kind << KIND_SHIFT) | counter;
}

void
id_floor(int64_t id)
{
    IdKind kind = id_kind(id);
    if (!kind)
        return;
    int64_t floor = ((id >> TIME_SHIFT) << COUNTER_BITS) | (id & ((1 << COUNTER_BITS) - 1));
    int64_t seen = atomic_load(&newest[kind]);
    while (seen < floor && !atomic_compare_exchange_weak(&newest[kind], &seen, floor))
        ;
}

IdKind
id_kind(int64_t id)
{
    int kind = (int)((id >> KIND_SHIFT) & ((1 << KIND_BITS) - 1));
    return id > 0 && kinds[kind].prefix ? (IdKind)kind : 0;
}

const char *
id_table(IdKind kind)
{
    return (int)kind >= 0 && kind <= KIND_MOST ? kinds[kind].table : NULL;
}

int64_t
id_at(int64_t id)
{
    return (id >> TIME_SHIFT) + EPOCH_MS;
}

int64_t
id_least(int64_t at)
{
    return at <= EPOCH_MS ? 0 : (at - EPOCH_MS) << TIME_SHIFT;
}

const char *
id_format(int64_t id, char text[static ID_TEXT_BYTES])
{
    IdKind kind = id_kind(id);
    if (!kind) {
        snprintf(text, ID_TEXT_BYTES, "%" G_GINT64_FORMAT, id);
        return text;
    }
    int len = snprintf(text, ID_TEXT_BYTES, "%s_", kinds[kind].prefix);
    for (int shift = 60; shift >= 0; shift -= 5)
        text[len++] = digits[(id >> shift) & 31];
    text[len] = '\0';
    return text;
}

bool
id_parse(Str text, int64_t *ret)
{
    text = str_trim(text);
    const char *bar = text.len ? memchr(text.at, '_', text.len) : NULL;
    int64_t id = 0;
    if (!bar) {
        if (text.len == 0 || text.len > 19)
            return false;
        for (size_t i = 0; i < text.len; i++) {
            if (!g_ascii_isdigit(text.at[i]))
                return false;
            if (__builtin_mul_overflow(id, 10, &id) ||
                __builtin_add_overflow(id, text.at[i] - '0', &id))
                return false;
        }
        *ret = id;
        return id > 0;
    }
    size_t prefix_len = (size_t)(bar - text.at);
    Str rest = str_sub(text, prefix_len + 1, text.len);
    if (rest.len != 13)
        return false;
    for (size_t i = 0; i < rest.len; i++) {
        const char *digit = strchr(digits, g_ascii_tolower(rest.at[i]));
        if (!rest.at[i] || !digit || (i == 0 && digit - digits > 7))
            return false;
        id = (id << 5) | (digit - digits);
    }
    IdKind kind = id_kind(id);
    if (!kind || !str_is((Str){text.at, prefix_len}, kinds[kind].prefix))
        return false;
    *ret = id;
    return true;
}
