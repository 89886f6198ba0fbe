#include "cases.h"

#include <string.h>

Options options = {
    .clients = {.command = "send_message", .concurrency = 64, .protocol = &socketio},
    .measurement = {.warmup = 2, .measure = 8},
    .pairs = 100, .sockets = 500, .window = 1, .rate = 500, .hold = 5,
};

static const Case *const cases[] = {&room_case, &pairs_case, &rate_case, &idle_case};

const Case *case_named(const char *name) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!strcmp(name, cases[i]->name)) return cases[i];
    }
    return NULL;
}

void case_run(const Case *chosen) {
    clients_start(&options.clients, &chosen->handler, chosen->clients());
    net_run(chosen->tick);
}
