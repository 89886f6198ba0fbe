#include "histogram.h"

#include <stddef.h>

void histogram_record(Histogram *histogram, Nanoseconds took) {
    uint64_t micros = took / 1000;
    int shift = micros < 64 ? 0 : 58 - __builtin_clzll(micros);
    uint64_t slot = shift * 32 + (micros >> shift);
    uint64_t last = sizeof histogram->slots / sizeof *histogram->slots - 1;
    histogram->slots[slot < last ? slot : last]++;
    histogram->count++;
    if (took > histogram->longest) histogram->longest = took;
}

double histogram_percentile(const Histogram *histogram, double share) {
    long rank = histogram->count * share, seen = 0;
    for (size_t slot = 0; slot < sizeof histogram->slots / sizeof *histogram->slots; slot++) {
        seen += histogram->slots[slot];
        if (seen > rank) {
            size_t shift = slot < 64 ? 0 : slot / 32 - 1;
            return ((slot - shift * 32) << shift) / 1000.0;
        }
    }
    return 0;
}
