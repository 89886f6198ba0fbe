/* The cases that send messages: one large room, pairs that wait for acknowledgements, pairs at a fixed rate. */
#include "cases.h"

#define STEP (SECOND / 20)
#define SETTLE SECOND

static Nanoseconds begins; /* when the first message is sent: late enough for the work of the joins to be finished */
static bool running;

static bool may_begin(Nanoseconds time) {
    if (!clients_are_ready()) return false;
    if (!begins) begins = time + (options.measurement.warmup > 0 ? SETTLE : 0);
    return time >= begins;
}

static void start(Nanoseconds time, int receivers) {
    running = true;
    measurement_start(&options.measurement, time, receivers);
}

/* One room: every socket receives every message of a single sender. The sender waits both for the acknowledgement and
 * for its own delivery. Otherwise a server that acknowledges early would only fill its queues. */

static int room_clients(void) { return options.sockets; }

static void fill_window(Client *sender) {
    unsigned back = sender->from[sender->side].next - 1;
    unsigned done = back < counts.acknowledged ? back : (unsigned)counts.acknowledged;
    while (measurement_sends() && sender->sent - done < (unsigned)options.window) client_send(sender, now());
}

static void room_acknowledged(Client *sender, Nanoseconds took) {
    measurement_acknowledged(took);
    fill_window(sender);
}

static void room_delivered(Client *client, bool is_own, Nanoseconds sent_at) {
    measurement_delivered(is_own, sent_at);
    if (client == &clients[0]) fill_window(client);
}

static Nanoseconds room_tick(Nanoseconds time) {
    if (!running) {
        if (!may_begin(time)) return time + STEP;
        start(time, options.sockets);
        fill_window(&clients[0]);
    }
    return measurement_tick(time);
}

const Case room_case = {"room", {true, false, room_acknowledged, room_delivered}, room_clients, room_tick};

/* Pairs: each side sends a message, and sends its next message when it receives the acknowledgement. */

static int pairs_clients(void) { return 2 * options.pairs; }

static void pairs_acknowledged(Client *client, Nanoseconds took) {
    measurement_acknowledged(took);
    if (measurement_sends()) client_send(client, now());
}

static void pairs_delivered(Client *client, bool is_own, Nanoseconds sent_at) {
    (void)client;
    measurement_delivered(is_own, sent_at);
}

static Nanoseconds pairs_tick(Nanoseconds time) {
    if (!running) {
        if (!may_begin(time)) return time + STEP;
        start(time, 2);
        for (int n = 0; n < pairs_clients(); n++) {
            for (int i = 0; i < options.window; i++) client_send(&clients[n], time);
        }
    }
    return measurement_tick(time);
}

const Case pairs_case = {"pairs", {false, false, pairs_acknowledged, pairs_delivered}, pairs_clients, pairs_tick};

/* Pairs at a rate: each message is sent when it is due, even if earlier messages are not acknowledged. Its latency
 * counts from the time when it was due, so that the messages of a stall count too. */

static long due_count;

static Nanoseconds due_at(long message) { return begins + (Nanoseconds)(message * (SECOND / options.rate)); }

static void rate_acknowledged(Client *client, Nanoseconds took) {
    (void)client;
    measurement_acknowledged(took);
}

static Nanoseconds rate_tick(Nanoseconds time) {
    if (!running) {
        if (!may_begin(time)) return time + STEP;
        start(time, 2);
    }
    Nanoseconds wake = measurement_tick(time);
    while (measurement_sends() && due_at(due_count) <= time) {
        client_send(&clients[due_count % pairs_clients()], due_at(due_count));
        due_count++;
    }
    return measurement_sends() && due_at(due_count) < wake ? due_at(due_count) : wake;
}

const Case rate_case = {"rate", {false, false, rate_acknowledged, pairs_delivered}, pairs_clients, rate_tick};
