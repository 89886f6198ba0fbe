/* What can be measured: each case has its clients, and says what they do. */
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

/* `tick` runs between the events of the network, and returns when it wants to run again; 0 ends the run. */
typedef struct {
    const char *name;
    ClientHandler handler;
    int (*clients)(void);
    Nanoseconds (*tick)(Nanoseconds now);
} Case;

extern const Case room_case, pairs_case, rate_case, idle_case;

/* Of the case that runs; the program sets them before it starts. */
extern Options options;

/* NULL where there is none of this name. */
const Case *case_named(const char *name);

/* Runs a case to its end. */
void case_run(const Case *);

#endif
