#define _GNU_SOURCE
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Client *clients;
Counts counts;

static const ClientOptions *options;
static const ClientHandler *handler;
static int total, begun, ready;
static void (*begin)(Client *);

static char *line(FILE *file, const char *name) {
    char *text = NULL;
    size_t size = 0;
    ssize_t length = getline(&text, &size, file);
    if (length < 2) fail("%s/%s has too few lines", options->data, name);
    text[strcspn(text, "\r\n")] = 0;
    return text;
}

static FILE *open_data(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", options->data, name);
    FILE *file = fopen(path, "r");
    if (!file) fail("cannot read %s", path);
    return file;
}

static void read_people(int conversations) {
    FILE *tokens = open_data("tokens.txt"), *rooms = open_data("rooms.txt");
    for (int pair = 0; pair < conversations; pair++) {
        char *first = line(tokens, "tokens.txt"), *second = line(tokens, "tokens.txt");
        char *room = line(rooms, "rooms.txt");
        for (int n = conversations == 1 ? 0 : 2 * pair; n < (conversations == 1 ? total : 2 * pair + 2); n++) {
            clients[n].pair = pair;
            clients[n].socket.room = room;
            clients[n].socket.token = n % 2 ? second : first;
        }
    }
    fclose(tokens);
    fclose(rooms);
}

static int number_of(const Client *client) { return client->socket.websocket.connection.number; }

static void begin_more(void) {
    while (begun < total && begun - ready < options->concurrency) begin(&clients[begun++]);
}

static void begin_all(void (*action)(Client *)) {
    begin = action;
    begun = ready = 0;
    begin_more();
}

static void is_done(void) {
    ready++;
    begin_more();
}

static void connect_client(Client *client) { websocket_open(&client->socket.websocket); }

static void join(Client *client) { options->protocol->join(&client->socket); }

static void has_joined(Client *client) {
    client->has_joined = true;
    is_done();
}

static void connected(ChatSocket *socket, Text answer) {
    Client *client = (Client *)socket;
    char pid[sizeof socket->pid] = "";
    text_copy_member(answer, "pid", pid, sizeof pid);
    if (socket->is_recovering) {
        if (strcmp(socket->pid, pid)) fail("socket %d was not recovered", number_of(client));
        is_done();
        return;
    }
    memcpy(socket->pid, pid, sizeof pid);
    if (handler->joins_later) is_done();
    else join(client);
}

static void acknowledged(ChatSocket *socket, unsigned id, Text answer) {
    Client *client = (Client *)socket;
    if (!text_contains(answer, "\"success\":true") && !text_contains(answer, "\"success\": true")) {
        fail("socket %d was refused: %.*s", number_of(client), (int)answer.length, answer.data);
    }
    if (id == 0) {
        if (client->has_joined) fail("socket %d joined twice", number_of(client));
        has_joined(client);
        return;
    }
    Nanoseconds *sent_at = &client->pending[id % MAX_WINDOW];
    if (id > client->sent || !*sent_at) {
        fail("socket %d got acknowledgement %u without a request", number_of(client), id);
    }
    Nanoseconds took = now() - *sent_at;
    *sent_at = 0;
    counts.acknowledged++;
    if (handler->acknowledged) handler->acknowledged(client, took);
}

/* Each number of a sender must arrive once. Numbers that arrive out of order are counted. */
static void check_number(Client *client, const Message *message) {
    unsigned due = client->from[message->side].next;
    switch (sequence_add(&client->from[message->side], message->number)) {
        case IN_ORDER: return;
        case AHEAD: counts.reordered++; return;
        case DUPLICATE: fail("socket %d got message %u twice", number_of(client), message->number);
        case OUT_OF_RANGE:
            fail("socket %d got message %u of side %d, but expected message %u", number_of(client), message->number,
                 message->side, due);
    }
}

static void message_arrived(Client *client, Text body) {
    Message message;
    if (!message_read(body, &message)) {
        fail("socket %d got an unknown message: %.*s", number_of(client), (int)body.length, body.data);
    }
    if (message.pair != client->pair || (message.side & ~1)) {
        fail("socket %d got a message of pair %u", number_of(client), message.pair);
    }
    check_number(client, &message);
    counts.delivered++;
    if (handler->delivered) handler->delivered(client, message.side == client->side, message.sent_at);
}

static void event_arrived(ChatSocket *socket, Event event, Text body) {
    Client *client = (Client *)socket;
    if (event == NEW_MESSAGE) {
        message_arrived(client, body);
    } else if (event == NOTIFICATION) {
        if (!text_contains(body, MESSAGE_MARK)) fail("socket %d got an unknown notification", number_of(client));
        counts.notified++;
    } else {
        counts.other++;
    }
}

void clients_start(const ClientOptions *given, const ClientHandler *with, int count) {
    static const ChatHandler sockets = {connected, acknowledged, event_arrived};
    options = given;
    handler = with;
    total = count;
    if (!handler->in_one_room && count % 2) fail("the number of clients is not even");
    clients = calloc(count, sizeof *clients);
    if (!clients) fail("out of memory");
    read_people(handler->in_one_room ? 1 : count / 2);
    for (int n = 0; n < count; n++) {
        Client *client = &clients[n];
        client->socket.websocket.connection.number = n;
        client->socket.websocket.connection.port = options->ports[n % options->ports_count];
        client->side = n % 2;
        client->from[0].next = client->from[1].next = 1;
    }
    protocol_start(options->protocol, &sockets);
    begin_all(connect_client);
}

void clients_join(void) { begin_all(join); }

void clients_drop(int side) {
    for (int n = side; n < total; n += 2) websocket_drop(&clients[n].socket.websocket);
}

void clients_reconnect(void) {
    for (int n = 0; n < total; n++) {
        ChatSocket *socket = &clients[n].socket;
        if (!*socket->pid || !*socket->offset) fail("socket %d has no pid or offset for recovery", n);
        socket->is_recovering = true;
    }
    begin_all(connect_client);
}

bool clients_are_ready(void) { return ready == total; }

void client_send(Client *client, Nanoseconds sent_at) {
    char text[MESSAGE_LENGTH + 1];
    Message message = {client->pair, ++client->sent, client->side, sent_at};
    Nanoseconds *pending = &client->pending[message.number % MAX_WINDOW];
    if (*pending) fail("socket %d: more than %d unacknowledged messages", number_of(client), MAX_WINDOW);
    *pending = sent_at;
    counts.sent++;
    message_write(text, &message);
    options->protocol->send_message(&client->socket, options->command, message.number, text);
}
