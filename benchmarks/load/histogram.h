/* A histogram of durations, with a resolution of 1 microsecond or 1/32 of the value. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include "base.h"

typedef struct {
    long count;
    uint32_t slots[64 * 40];
    Nanoseconds longest;
} Histogram;

void histogram_record(Histogram *, Nanoseconds took);

/* Returns a percentile in milliseconds. `share` is between 0 and 1. */
double histogram_percentile(const Histogram *, double share);

#endif
