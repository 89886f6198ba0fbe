/* JSON objects with a `type`, for servers without Socket.IO. The client sends {"type": "join" | "relay", "id", …}, the
 * server acknowledges with {"type": "ack", "id", "success"} and sends events as {"type": "new_message", …}. */
#define _GNU_SOURCE
#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PACKET 2048

static void opened(WebSocket *websocket) { chat_handler->connected((ChatSocket *)websocket, (Text){"", 0}); }

static void join(ChatSocket *socket) {
    char packet[MAX_PACKET];
    int length = snprintf(packet, sizeof packet,
                          "{\"type\":\"join\",\"id\":0,\"token\":\"%s\",\"conversation_id\":\"%s\"}", socket->token,
                          socket->room);
    websocket_send_text(&socket->websocket, packet, length);
}

static void send_message(ChatSocket *socket, const char *command, unsigned id, const char *text) {
    char packet[MAX_PACKET];
    int length = snprintf(packet, sizeof packet,
                          "{\"type\":\"%s\",\"id\":%u,\"conversation_id\":\"%s\",\"message\":\"%s\"}", command,
                          id, socket->room, text);
    websocket_send_text(&socket->websocket, packet, length);
}

static void received(WebSocket *websocket, Text frame) {
    ChatSocket *socket = (ChatSocket *)websocket;
    static const char id_key[] = "\"id\": ";
    if (text_starts_with(frame, "{\"type\": \"new_message\"")) {
        chat_handler->event(socket, NEW_MESSAGE, frame);
    } else if (text_starts_with(frame, "{\"type\": \"ack\"")) {
        const char *id = memmem(frame.data, frame.length, id_key, strlen(id_key));
        if (!id) fail("socket %d got an acknowledgement without an id", socket->websocket.connection.number);
        chat_handler->acknowledged(socket, strtoul(id + strlen(id_key), NULL, 10), frame);
    } else {
        fail("socket %d got %.*s", socket->websocket.connection.number, (int)frame.length, frame.data);
    }
}

const Protocol plain = {{"/ws/", opened, received}, join, send_message};
