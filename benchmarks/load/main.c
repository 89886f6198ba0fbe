/* The load generator. It prints one JSON object a line. Any violation ends the run with exit code 1. */
#define _GNU_SOURCE
#include "cases.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option long_options[] = {
    {"ports", required_argument, 0, 'p'},    {"data", required_argument, 0, 'd'},
    {"pairs", required_argument, 0, 'n'},    {"sockets", required_argument, 0, 's'},
    {"window", required_argument, 0, 'w'},   {"concurrency", required_argument, 0, 'c'},
    {"rate", required_argument, 0, 'r'},     {"warmup", required_argument, 0, 'u'},
    {"measure", required_argument, 0, 'm'},  {"hold", required_argument, 0, 'h'},
    {"command", required_argument, 0, 'e'},  {"notifications", no_argument, 0, 'i'},
    {"reconnect", no_argument, 0, 'b'},      {"plain", no_argument, 0, 'j'},
    {0, 0, 0, 0},
};

static const char usage[] =
    "usage: load room|pairs|rate|idle --ports PORT[,PORT] --data DIR\n"
    "  --data DIR        tokens.txt and rooms.txt of `manage.py bench_data`\n"
    "  --sockets N       sockets of room and idle          --pairs N        conversations of pairs and rate\n"
    "  --window K        unacknowledged messages a sender  --rate R         messages a second, all senders together\n"
    "  --warmup S        seconds before the measurement    --measure S      seconds of the measurement\n"
    "  --concurrency N   simultaneous connects and joins   --hold S         idle: seconds to stay connected\n"
    "  --command NAME    the event that sends a message    --notifications  each message notifies its receiver\n"
    "  --reconnect       idle: drop all connections and recover them\n"
    "  --plain           plain JSON frames instead of Socket.IO\n";

static void read_ports(char *list) {
    for (char *port = strtok(list, ","); port; port = strtok(NULL, ",")) {
        if (options.clients.ports_count == MAX_PORTS) fail("more than %d ports", MAX_PORTS);
        options.clients.ports[options.clients.ports_count++] = atoi(port);
    }
}

static void read_option(int letter) {
    switch (letter) {
        case 'p': read_ports(optarg); break;
        case 'd': options.clients.data = optarg; break;
        case 'n': options.pairs = atoi(optarg); break;
        case 's': options.sockets = atoi(optarg); break;
        case 'w': options.window = atoi(optarg); break;
        case 'c': options.clients.concurrency = atoi(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'u': options.measurement.warmup = atof(optarg); break;
        case 'm': options.measurement.measure = atof(optarg); break;
        case 'h': options.hold = atof(optarg); break;
        case 'e': options.clients.command = optarg; break;
        case 'i': options.measurement.notifications = true; break;
        case 'b': options.reconnect = true; break;
        case 'j': options.clients.protocol = &plain; break;
        default: fputs(usage, stderr); exit(2);
    }
}

static const Case *read_options(int count, char **words) {
    int letter;
    while ((letter = getopt_long(count, words, "", long_options, NULL)) != -1) read_option(letter);
    const Case *chosen = optind < count ? case_named(words[optind]) : NULL;
    if (!chosen || !options.clients.data || !options.clients.ports_count) {
        fputs(usage, stderr);
        exit(2);
    }
    if (options.window < 1 || options.window > MAX_WINDOW) fail("--window must be 1 to %d", MAX_WINDOW);
    if (options.sockets < 1 || options.pairs < 1 || options.clients.concurrency < 1 || options.rate <= 0) {
        fail("--sockets, --pairs, --concurrency and --rate must be above zero");
    }
    return chosen;
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    case_run(read_options(count, words));
    return 0;
}
