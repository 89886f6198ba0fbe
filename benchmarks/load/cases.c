/* The cases that send messages: a crowded room, pairs as fast as they are answered, pairs at a steady pace. */
#include "load.h"

#include <stdlib.h>

#define STEP (SECOND / 20)
#define SETTLE SECOND

static Nanoseconds begins; /* when the first message goes out: what joining has set off is over by then */
static bool running;

static bool may_begin(Nanoseconds time) {
    if (!clients_all_ready()) return false;
    if (!begins) begins = time + (options.warmup > 0 ? SETTLE : 0);
    return time >= begins;
}

static void time_acknowledgement(Nanoseconds took) {
    if (phase_is_measured()) record(&acknowledgements, took);
}

/* One room: every socket gets every message of the one sender, which waits for what is neither acknowledged nor
 * delivered to itself: a server that acknowledges at once and delivers later would else only grow its queue. */

static int room_clients(void) { return options.sockets; }

static void fill_window(Client *sender) {
    unsigned back = sender->next_from[sender->side] - 1;
    unsigned done = back < counts.acknowledged ? back : (unsigned)counts.acknowledged;
    while (phase_sends() && sender->sent - done < (unsigned)options.window) client_say(sender, now());
}

static void room_acknowledged(Client *sender, Nanoseconds took) {
    time_acknowledgement(took);
    fill_window(sender);
}

static void room_delivered(Client *client) {
    if (client == &clients[0]) fill_window(client);
}

static Nanoseconds room_tick(Nanoseconds time) {
    if (!running) {
        if (!may_begin(time)) return time + STEP;
        running = true;
        phases_start(time);
        fill_window(&clients[0]);
    }
    Nanoseconds wake = phases_tick(time, counts.sent * options.sockets);
    if (!wake) print_messages(options.sockets);
    return wake;
}

const Case room_case = {"room", false, room_clients, room_acknowledged, room_delivered, room_tick};

/* Pairs: each side sends, and sends again when it is answered. */

static int pairs_clients(void) { return 2 * options.pairs; }

static void next_message(Client *client, Nanoseconds took) {
    time_acknowledgement(took);
    if (phase_sends()) client_say(client, now());
}

static Nanoseconds pairs_tick(Nanoseconds time) {
    if (!running) {
        if (!may_begin(time)) return time + STEP;
        running = true;
        phases_start(time);
        for (int n = 0; n < pairs_clients(); n++) {
            for (int i = 0; i < options.window; i++) client_say(&clients[n], time);
        }
    }
    Nanoseconds wake = phases_tick(time, counts.sent * 2);
    if (!wake) print_messages(2);
    return wake;
}

const Case pairs_case = {"pairs", false, pairs_clients, next_message, NULL, pairs_tick};

/* Pairs at a rate: messages leave when they are due, whether or not earlier ones were answered, and are timed from
 * that moment, so that a server that stalls is not spared the messages of its stall. */

static long due_count;

static Nanoseconds due_at(long message) { return begins + (Nanoseconds)(message * (SECOND / options.rate)); }

static void rate_acknowledged(Client *client, Nanoseconds took) {
    (void)client;
    time_acknowledgement(took);
}

static Nanoseconds rate_tick(Nanoseconds time) {
    if (!running) {
        if (!may_begin(time)) return time + STEP;
        running = true;
        phases_start(time);
    }
    Nanoseconds wake = phases_tick(time, counts.sent * 2);
    while (phase_sends() && due_at(due_count) <= time) {
        client_say(&clients[due_count % pairs_clients()], due_at(due_count));
        due_count++;
    }
    if (!wake) print_messages(2);
    return phase_sends() && due_at(due_count) < wake ? due_at(due_count) : wake;
}

const Case rate_case = {"rate", false, pairs_clients, rate_acknowledged, NULL, rate_tick};
