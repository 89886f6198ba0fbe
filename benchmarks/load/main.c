/* Options in, one JSON object a line out; anything that is not as it should be ends the run with exit code 1. */
#define _GNU_SOURCE
#include "load.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

Options options = {
    .pairs = 100, .sockets = 500, .window = 1, .concurrency = 64, .rate = 500,
    .warmup = 2, .measure = 8, .hold = 5, .command = "send_message", .protocol = &socketio,
};

static const Case *const cases[] = {&room_case, &pairs_case, &rate_case, &idle_case};

static const struct option long_options[] = {
    {"ports", required_argument, 0, 'p'},    {"data", required_argument, 0, 'd'},
    {"pairs", required_argument, 0, 'n'},    {"sockets", required_argument, 0, 's'},
    {"window", required_argument, 0, 'w'},   {"concurrency", required_argument, 0, 'c'},
    {"rate", required_argument, 0, 'r'},     {"warmup", required_argument, 0, 'u'},
    {"measure", required_argument, 0, 'm'},  {"hold", required_argument, 0, 'h'},
    {"command", required_argument, 0, 'e'},  {"notifications", no_argument, 0, 'i'},
    {"comeback", no_argument, 0, 'b'},       {"plain", no_argument, 0, 'j'},
    {0, 0, 0, 0},
};

static const char usage[] =
    "usage: load room|pairs|rate|idle --ports PORT[,PORT] --data DIR\n"
    "  --data DIR        tokens.txt and rooms.txt of `manage.py bench_data`\n"
    "  --sockets N       sockets of room and idle          --pairs N        conversations of pairs and rate\n"
    "  --window K        unacknowledged messages a sender  --rate R         messages a second, all senders together\n"
    "  --warmup S        before the measured interval      --measure S      the measured interval\n"
    "  --concurrency N   connections being made at once    --hold S         idle: stay so long\n"
    "  --command NAME    the event that sends a message    --notifications  each message notifies its receiver\n"
    "  --comeback        idle: drop all and return with recovery\n"
    "  --plain           JSON frames of its own instead of Socket.IO\n";

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "load: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

Nanoseconds now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void read_ports(char *list) {
    for (char *port = strtok(list, ","); port; port = strtok(NULL, ",")) {
        if (options.ports_count == 8) fail("more than 8 ports");
        options.ports[options.ports_count++] = atoi(port);
    }
}

static void read_option(int letter) {
    switch (letter) {
        case 'p': read_ports(optarg); break;
        case 'd': options.data = optarg; break;
        case 'n': options.pairs = atoi(optarg); break;
        case 's': options.sockets = atoi(optarg); break;
        case 'w': options.window = atoi(optarg); break;
        case 'c': options.concurrency = atoi(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'u': options.warmup = atof(optarg); break;
        case 'm': options.measure = atof(optarg); break;
        case 'h': options.hold = atof(optarg); break;
        case 'e': options.command = optarg; break;
        case 'i': options.notifications = true; break;
        case 'b': options.comeback = true; break;
        case 'j': options.protocol = &plain; break;
        default: fputs(usage, stderr); exit(2);
    }
}

static void read_options(int count, char **words) {
    int letter;
    while ((letter = getopt_long(count, words, "", long_options, NULL)) != -1) read_option(letter);
    for (size_t i = 0; optind < count && i < sizeof cases / sizeof *cases; i++) {
        if (!strcmp(words[optind], cases[i]->name)) options.what = cases[i];
    }
    if (!options.what || !options.data || !options.ports_count) {
        fputs(usage, stderr);
        exit(2);
    }
    if (options.window < 1 || options.window > MOST_WINDOW) fail("--window is 1 to %d", MOST_WINDOW);
    if (options.sockets < 1 || options.pairs < 1 || options.concurrency < 1 || options.rate <= 0) {
        fail("numbers are above zero");
    }
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    read_options(count, words);
    net_start();
    clients_start(options.what->clients());
    net_run();
    return 0;
}
