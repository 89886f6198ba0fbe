/* The phases of a run that sends messages (warm-up, measurement, draining), and the results of the measurement. */
#ifndef MEASUREMENT_H
#define MEASUREMENT_H

#include "clients.h"

typedef struct {
    double warmup, measure;
    bool notifications; /* each message notifies its receiver */
} MeasurementOptions;

/* Begins the warm-up. `receivers` is the number of receivers of each message, its sender included. */
void measurement_start(const MeasurementOptions *, Nanoseconds now, int receivers);

/* Whether messages are sent in this phase. */
bool measurement_sends(void);

void measurement_acknowledged(Nanoseconds took);
void measurement_delivered(bool is_own, Nanoseconds sent_at);

/* Enters the next phase when the present one ends. Returns the time at which it must be called again. After draining,
 * when every message is acknowledged and delivered, it prints the results and returns 0. */
Nanoseconds measurement_tick(Nanoseconds now);

#endif
