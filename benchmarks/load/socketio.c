/* Socket.IO protocol 5 over Engine.IO 4, WebSocket only, default namespace. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 2048

static void send_format(Client *client, const char *packet, int length) {
    if (length >= LONGEST) fail("a packet is longer than %d bytes", LONGEST);
    websocket_text(client, packet, length);
}

static void opened(Client *client) { (void)client; /* the server speaks first */ }

static void connect_namespace(Client *client) {
    char packet[LONGEST];
    int length = snprintf(packet, sizeof packet, "40{\"token\":\"%s\"", client->token);
    if (client->returning) {
        length += snprintf(packet + length, sizeof packet - length, ",\"pid\":\"%s\",\"offset\":\"%s\"", client->pid,
                           client->offset);
    }
    length += snprintf(packet + length, sizeof packet - length, "}");
    send_format(client, packet, length);
}

static void join(Client *client) {
    char packet[LONGEST];
    send_format(client, packet,
                snprintf(packet, sizeof packet, "420[\"join_conversation\",{\"conversationId\":\"%s\"}]", client->room));
}

static void say(Client *client, unsigned id, const char *text) {
    char packet[LONGEST];
    send_format(client, packet,
                snprintf(packet, sizeof packet, "42%u[\"%s\",{\"conversation_id\":\"%s\",\"message\":\"%s\"}]", id,
                         options.command, client->room, text));
}

/* An event that can be replayed has its offset as last argument, a string. */
static void keep_offset(Client *client, Text frame) {
    if (frame.length < 4 || memcmp(frame.data + frame.length - 2, "\"]", 2)) return;
    const char *end = frame.data + frame.length - 2, *start = memrchr(frame.data, '"', end - frame.data);
    if (!start || (size_t)(end - start) > sizeof client->offset) fail("socket %d: an odd offset", client->number);
    memcpy(client->offset, start + 1, end - start - 1);
    client->offset[end - start - 1] = 0;
}

static void event(Client *client, Text frame) {
    Event kind = starts(frame, "42[\"new_message\",")    ? NEW_MESSAGE
                 : starts(frame, "42[\"notification\",") ? NOTIFICATION
                                                         : OTHER;
    keep_offset(client, frame);
    client_event(client, kind, frame);
}

static void acknowledgement(Client *client, Text frame) {
    char *end;
    unsigned id = strtoul(frame.data + 2, &end, 10);
    client_answered(client, id, (Text){end, frame.data + frame.length - end});
}

static void received(Client *client, Text frame) {
    if (starts(frame, "42")) event(client, frame);
    else if (starts(frame, "43")) acknowledgement(client, frame);
    else if (starts(frame, "2")) websocket_text(client, "3", 1);
    else if (starts(frame, "0{")) connect_namespace(client);
    else if (starts(frame, "40")) client_connected(client, frame);
    else if (!starts(frame, "6")) fail("socket %d got %.*s", client->number, (int)frame.length, frame.data);
}

const Protocol socketio = {"/socket.io/?EIO=4&transport=websocket", opened, received, join, say};
