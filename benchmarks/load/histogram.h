/* Durations, counted in slots whose width is at most 1/32 of their value, from microseconds up. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include "base.h"

typedef struct {
    long count;
    uint32_t slots[64 * 40];
    Nanoseconds longest;
} Histogram;

void histogram_record(Histogram *, Nanoseconds took);

/* In milliseconds. */
double histogram_percentile(const Histogram *, double share);

#endif
