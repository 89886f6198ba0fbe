/* The cases: each one defines how many clients it has and what they do. */
#ifndef CASES_H
#define CASES_H

#include "measurement.h"

typedef struct {
    ClientOptions clients;
    MeasurementOptions measurement;
    int pairs, sockets, window;
    double rate, hold;
    bool reconnect;
} Options;

/* `tick` runs between network events. It returns the time at which it must run again, or 0 to end the run. */
typedef struct {
    const char *name;
    ClientHandler handler;
    int (*clients)(void);
    Nanoseconds (*tick)(Nanoseconds now);
} Case;

extern const Case room_case, pairs_case, rate_case, idle_case;

/* The options of the case. `main` sets them before the case starts. */
extern Options options;

/* Returns NULL if no case has this name. */
const Case *case_named(const char *name);

/* Runs a case to its end. */
void case_run(const Case *);

#endif
