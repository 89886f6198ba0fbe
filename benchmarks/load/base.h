/* The base of all layers: time, and ending a run early. */
#ifndef BASE_H
#define BASE_H

#include <stdint.h>

#define SECOND 1000000000LL

typedef int64_t Nanoseconds;

/* Prints the reason and exits with code 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Returns the time of the monotonic clock. */
Nanoseconds now(void);

#endif
