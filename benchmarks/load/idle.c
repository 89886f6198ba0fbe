/* Sockets that are there: how fast they connect, how fast all are in their conversations, and, dropped all at once, how
 * fast all of them are back.
 *
 * For the return everybody gets one message, so that all have an offset; then the second of each pair drops, misses
 * one message of the first, who drops too. Back is who has its connection again and the message that it missed.
 */
#include "load.h"

#include <stddef.h>
#include <stdio.h>

#define STEP (SECOND / 100)
#define GIVE_UP (120 * SECOND)
#define AWAY (2 * SECOND) /* the server has noticed by then that they are gone */

static enum { ARRIVING, JOINING, HOLDING, GREETING, LEAVING, MISSING, GONE, RETURNING } stage;
static Nanoseconds stage_began, stage_ends;

static int idle_clients(void) { return options.sockets; }

static void enter(int next, Nanoseconds time, Nanoseconds lasts) {
    stage = next;
    stage_began = time;
    stage_ends = time + lasts;
}

static void say_all(Nanoseconds time) {
    for (int n = 0; n < options.sockets; n += 2) client_say(&clients[n], time);
}

static void drop_all(int side) {
    for (int n = side; n < options.sockets; n += 2) net_drop(&clients[n]);
}

static bool arrived(long deliveries) {
    return counts.acknowledged == counts.sent && counts.delivered == deliveries;
}

static double rate(Nanoseconds time) { return options.sockets / ((time - stage_began) / 1e9); }

static void report(const char *what, Nanoseconds time) {
    printf("{\"stage\": \"%s\", \"sockets\": %d, \"seconds\": %.3f, \"per_second\": %.1f}\n", what, options.sockets,
           (time - stage_began) / 1e9, rate(time));
}

static Nanoseconds join(Nanoseconds time) {
    report("connected", time);
    enter(JOINING, time, GIVE_UP);
    clients_join(options.sockets);
    return time + STEP;
}

static Nanoseconds hold(Nanoseconds time) {
    report("joined", time);
    enter(HOLDING, time, (Nanoseconds)(options.hold * SECOND));
    return stage_ends;
}

static Nanoseconds greet(Nanoseconds time) {
    if (!options.comeback) return 0;
    enter(GREETING, time, GIVE_UP);
    say_all(time);
    return time + STEP;
}

static Nanoseconds finish(Nanoseconds time) {
    report("recovered", time);
    return 0;
}

static void leave(int side, int next, Nanoseconds time) {
    drop_all(side);
    enter(next, time, AWAY);
}

static void come_back(Nanoseconds time) {
    enter(RETURNING, time, GIVE_UP);
    clients_comeback(options.sockets);
}

static Nanoseconds idle_tick(Nanoseconds time) {
    long pairs = options.sockets / 2;
    bool over = time >= stage_ends;
    if (!stage_ends) enter(ARRIVING, time, GIVE_UP);
    else if (stage == ARRIVING && clients_all_ready()) return join(time);
    else if (stage == JOINING && clients_all_ready()) return hold(time);
    else if (stage == HOLDING && over) return greet(time);
    else if (stage == GREETING && arrived(2 * pairs)) leave(1, LEAVING, time);
    else if (stage == LEAVING && over) enter(MISSING, time, GIVE_UP), say_all(time);
    else if (stage == MISSING && arrived(3 * pairs)) leave(0, GONE, time);
    else if (stage == GONE && over) come_back(time);
    else if (stage == RETURNING && clients_all_ready() && arrived(4 * pairs)) return finish(time);
    else if (over && stage != HOLDING) fail("stage %d did not end: %ld deliveries", stage, counts.delivered);
    return time + STEP;
}

const Case idle_case = {"idle", true, idle_clients, NULL, NULL, idle_tick};
