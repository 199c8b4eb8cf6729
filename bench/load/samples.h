/* samples.h - every latency of a run, for exact quantiles; and the monotonic clock. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct Samples {
    uint32_t *us; /* microseconds; an hour fits */
    size_t count;
    size_t room;
} Samples;

void samples_append(Samples *samples, uint64_t ns);

/* Sorts; call when the run is over. */
void samples_sort(Samples *samples);

/* The smallest sample that `per_mille` of all do not exceed; 0 where there is none. Sorted only. */
uint32_t samples_quantile_us(const Samples *samples, unsigned per_mille);

void samples_free(Samples *samples);

/* CLOCK_MONOTONIC, the same for every process of the machine. */
uint64_t now_ns(void);
