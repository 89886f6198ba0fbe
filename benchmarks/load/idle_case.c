/* Idle sockets: how fast they connect, join their conversations, and recover after all connections were dropped.
 *
 * First every client receives a message, so that it has an offset. Then the second client of each pair is dropped and
 * misses a message of the first client. Then the first client is dropped too. A client has recovered when it is
 * connected again and has received the missed message.
 */
#include "cases.h"

#include <stdio.h>

#define STEP (SECOND / 100)
#define TIMEOUT (120 * SECOND)
#define OFFLINE (2 * SECOND) /* long enough for the server to notice the lost connection */

static enum { CONNECTING_ALL, JOINING, HOLDING, GREETING, SECOND_OFFLINE, MISSING, ALL_OFFLINE, RECOVERING } phase;
static Nanoseconds phase_began, phase_ends;

static int idle_clients(void) { return options.sockets; }

static void enter(int next, Nanoseconds time, Nanoseconds lasts) {
    phase = next;
    phase_began = time;
    phase_ends = time + lasts;
}

static void send_all(Nanoseconds time) {
    for (int n = 0; n < options.sockets; n += 2) client_send(&clients[n], time);
}

static bool arrived(long deliveries) {
    return counts.acknowledged == counts.sent && counts.delivered == deliveries;
}

static void report(const char *what, Nanoseconds time) {
    double seconds = (time - phase_began) / 1e9;
    printf("{\"phase\": \"%s\", \"sockets\": %d, \"seconds\": %.3f, \"per_second\": %.1f}\n", what,
           options.sockets, seconds, options.sockets / seconds);
}

static Nanoseconds join(Nanoseconds time) {
    report("connected", time);
    enter(JOINING, time, TIMEOUT);
    clients_join();
    return time + STEP;
}

static Nanoseconds hold(Nanoseconds time) {
    report("joined", time);
    enter(HOLDING, time, (Nanoseconds)(options.hold * SECOND));
    return phase_ends;
}

static Nanoseconds greet(Nanoseconds time) {
    if (!options.reconnect) return 0;
    enter(GREETING, time, TIMEOUT);
    send_all(time);
    return time + STEP;
}

static Nanoseconds finish(Nanoseconds time) {
    report("recovered", time);
    return 0;
}

static void drop(int side, int next, Nanoseconds time) {
    clients_drop(side);
    enter(next, time, OFFLINE);
}

static void reconnect(Nanoseconds time) {
    enter(RECOVERING, time, TIMEOUT);
    clients_reconnect();
}

static Nanoseconds idle_tick(Nanoseconds time) {
    long pairs = options.sockets / 2;
    bool over = time >= phase_ends;
    if (!phase_ends) enter(CONNECTING_ALL, time, TIMEOUT);
    else if (phase == CONNECTING_ALL && clients_are_ready()) return join(time);
    else if (phase == JOINING && clients_are_ready()) return hold(time);
    else if (phase == HOLDING && over) return greet(time);
    else if (phase == GREETING && arrived(2 * pairs)) drop(1, SECOND_OFFLINE, time);
    else if (phase == SECOND_OFFLINE && over) enter(MISSING, time, TIMEOUT), send_all(time);
    else if (phase == MISSING && arrived(3 * pairs)) drop(0, ALL_OFFLINE, time);
    else if (phase == ALL_OFFLINE && over) reconnect(time);
    else if (phase == RECOVERING && clients_are_ready() && arrived(4 * pairs)) return finish(time);
    else if (over && phase != HOLDING) fail("phase %d did not end: %ld deliveries", phase, counts.delivered);
    return time + STEP;
}

const Case idle_case = {"idle", {false, true, NULL, NULL}, idle_clients, idle_tick};
