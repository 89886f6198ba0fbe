/* JSON objects with a `type`, for servers without Socket.IO: {"type": "join" | "relay", "id", …} are answered with
 * {"type": "ack", "id", "success"}; events are {"type": "new_message", …}. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 2048

static void opened(Client *client) { client_connected(client, (Text){"", 0}); }

static void join(Client *client) {
    char packet[LONGEST];
    int length = snprintf(packet, sizeof packet,
                          "{\"type\":\"join\",\"id\":0,\"token\":\"%s\",\"conversation_id\":\"%s\"}", client->token,
                          client->room);
    websocket_text(client, packet, length);
}

static void say(Client *client, unsigned id, const char *text) {
    char packet[LONGEST];
    int length = snprintf(packet, sizeof packet,
                          "{\"type\":\"%s\",\"id\":%u,\"conversation_id\":\"%s\",\"message\":\"%s\"}", options.command,
                          id, client->room, text);
    websocket_text(client, packet, length);
}

static void received(Client *client, Text frame) {
    static const char id_key[] = "\"id\": ";
    if (starts(frame, "{\"type\": \"new_message\"")) {
        client_event(client, NEW_MESSAGE, frame);
    } else if (starts(frame, "{\"type\": \"ack\"")) {
        const char *id = memmem(frame.data, frame.length, id_key, strlen(id_key));
        if (!id) fail("socket %d got an acknowledgement of nothing", client->number);
        client_answered(client, strtoul(id + strlen(id_key), NULL, 10), frame);
    } else {
        fail("socket %d got %.*s", client->number, (int)frame.length, frame.data);
    }
}

const Protocol plain = {"/ws/", opened, received, join, say};
