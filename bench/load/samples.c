/* samples.c - see samples.h. */
#include "samples.h"

#include <err.h>
#include <stdlib.h>
#include <time.h>

void
samples_append(Samples *samples, uint64_t ns)
{
    if (samples->count == samples->room) {
        samples->room = samples->room ? samples->room * 2 : 1 << 16;
        samples->us = realloc(samples->us, samples->room * sizeof *samples->us);
        if (!samples->us)
            err(1, "memory");
    }
    uint64_t us = ns / 1000;
    samples->us[samples->count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int
us_compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

void
samples_sort(Samples *samples)
{
    if (samples->count)
        qsort(samples->us, samples->count, sizeof *samples->us, us_compare);
}

uint32_t
samples_quantile_us(const Samples *samples, unsigned per_mille)
{
    if (!samples->count)
        return 0;
    size_t rank = (samples->count * per_mille + 999) / 1000;
    return samples->us[rank ? rank - 1 : 0];
}

void
samples_free(Samples *samples)
{
    free(samples->us);
    *samples = (Samples){0};
}

uint64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
