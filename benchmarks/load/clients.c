/* People: client n is the side n % 2 of conversation n / 2, except in a room, where all share conversation 0. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Client *clients;
Counts counts;

static int wanted, begun, ready;
static void (*begin)(Client *);

static char *line(FILE *file, const char *name) {
    char *text = NULL;
    size_t size = 0;
    ssize_t length = getline(&text, &size, file);
    if (length < 2) fail("%s/%s has too few lines", options.data, name);
    text[strcspn(text, "\r\n")] = 0;
    return text;
}

static FILE *open_data(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", options.data, name);
    FILE *file = fopen(path, "r");
    if (!file) fail("%s cannot be read", path);
    return file;
}

static void read_people(int count, int conversations) {
    FILE *tokens = open_data("tokens.txt"), *rooms = open_data("rooms.txt");
    for (int pair = 0; pair < conversations; pair++) {
        char *first = line(tokens, "tokens.txt"), *second = line(tokens, "tokens.txt");
        char *room = line(rooms, "rooms.txt");
        for (int n = conversations == 1 ? 0 : 2 * pair; n < (conversations == 1 ? count : 2 * pair + 2); n++) {
            clients[n].pair = pair;
            clients[n].room = room;
            clients[n].token = n % 2 ? second : first;
        }
    }
    fclose(tokens);
    fclose(rooms);
}

static void begin_more(void) {
    while (begun < wanted && begun - ready < options.concurrency) begin(&clients[begun++]);
}

/* Have each client begin something; `clients_all_ready` tells when all have done it. */
static void begin_all(void (*what)(Client *), int count) {
    begin = what;
    wanted = count;
    begun = ready = 0;
    begin_more();
}

void clients_start(int count) {
    bool share = options.what == &room_case;
    if (!share && count % 2) fail("people come in pairs");
    clients = calloc(count, sizeof *clients);
    if (!clients) fail("out of memory");
    read_people(count, share ? 1 : count / 2);
    for (int n = 0; n < count; n++) {
        Client *client = &clients[n];
        client->number = n;
        client->side = n % 2;
        client->port = options.ports[n % options.ports_count];
        client->next_from[0] = client->next_from[1] = 1;
    }
    begin_all(net_open, count);
}

/* All clients are connected; have each join its conversation, where the case has them do so by itself. */
void clients_join(int count) { begin_all(options.protocol->join, count); }

/* All clients are gone; have each return as what it was. */
void clients_comeback(int count) {
    for (int n = 0; n < count; n++) {
        if (!*clients[n].pid || !*clients[n].offset) fail("socket %d has nothing to come back with", n);
        clients[n].returning = true;
    }
    begin_all(net_open, count);
}

bool clients_all_ready(void) { return ready == wanted; }

static void is_done(Client *client, State state) {
    client->state = state;
    ready++;
    begin_more();
}

void client_connected(Client *client, Text answer) {
    char pid[sizeof client->pid] = "";
    copy_member(answer, "pid", pid, sizeof pid);
    if (!client->returning) {
        memcpy(client->pid, pid, sizeof pid);
        if (options.what->joins_apart) is_done(client, CONNECTED);
        else options.protocol->join(client);
        return;
    }
    if (strcmp(client->pid, pid)) fail("socket %d was not recovered", client->number);
    client->recovered = true;
    is_done(client, READY);
}

void client_answered(Client *client, unsigned id, Text answer) {
    if (!has(answer, "\"success\":true") && !has(answer, "\"success\": true")) {
        fail("socket %d was refused: %.*s", client->number, (int)answer.length, answer.data);
    }
    if (id == 0) {
        if (client->state != OPEN && client->state != CONNECTED) fail("socket %d joined twice", client->number);
        is_done(client, READY);
        return;
    }
    Nanoseconds *sent_at = &client->waiting[id % MOST_WINDOW];
    if (id > client->sent || !*sent_at) fail("socket %d got acknowledgement %u unasked", client->number, id);
    Nanoseconds took = now() - *sent_at;
    *sent_at = 0;
    counts.acknowledged++;
    if (options.what->acknowledged) options.what->acknowledged(client, took);
}

void client_event(Client *client, Event event, Text body) {
    if (event == OTHER) {
        counts.other++;
        return;
    }
    if (event == NOTIFICATION) {
        if (!has(body, "load:")) fail("socket %d was notified of something else", client->number);
        counts.notified++;
        return;
    }
    int from = client->side;
    unsigned own = client->next_from[from];
    Nanoseconds sent_at = check_text(client, body);
    counts.delivered++;
    bool is_own = client->next_from[from] != own;
    if (!is_own && phase_is_measured()) record(&deliveries, now() - sent_at);
    if (options.what->delivered) options.what->delivered(client);
}

void client_say(Client *client, Nanoseconds sent_at) {
    char text[TEXT_LENGTH + 1];
    unsigned number = ++client->sent;
    Nanoseconds *waiting = &client->waiting[number % MOST_WINDOW];
    if (*waiting) fail("socket %d: more than %d messages wait for an answer", client->number, MOST_WINDOW);
    *waiting = sent_at;
    counts.sent++;
    write_text(text, client, number, sent_at);
    options.protocol->say(client, number, text);
}
