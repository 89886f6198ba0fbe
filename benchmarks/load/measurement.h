/* The phases of a run that sends messages (warm-up, measured interval, draining), and what came of the measured one. */
#ifndef MEASUREMENT_H
#define MEASUREMENT_H

#include "clients.h"

typedef struct {
    double warmup, measure;
    bool notifications; /* each message notifies its receiver */
} MeasurementOptions;

/* Begins the warm-up. Each message has so many receivers, its sender included. */
void measurement_start(const MeasurementOptions *, Nanoseconds now, int receivers);

/* Whether messages are sent in this phase. */
bool measurement_sends(void);

void measurement_acknowledged(Nanoseconds took);
void measurement_delivered(bool is_own, Nanoseconds sent_at);

/* Goes on to the next phase where it is time. Returns when to be called next; 0 when everything that was sent has
 * arrived where it should, as often as it should, and the results are printed. */
Nanoseconds measurement_tick(Nanoseconds now);

#endif
