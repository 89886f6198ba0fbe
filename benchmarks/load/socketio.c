/* Socket.IO protocol 5 over Engine.IO 4: WebSocket and the default namespace only. */
#define _GNU_SOURCE
#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PACKET 2048

static void send_packet(ChatSocket *socket, const char *packet, int length) {
    if (length >= MAX_PACKET) fail("a packet is longer than %d bytes", MAX_PACKET);
    websocket_send_text(&socket->websocket, packet, length);
}

static void opened(WebSocket *socket) { (void)socket; /* the server sends the first packet */ }

static void connect_namespace(ChatSocket *socket) {
    char packet[MAX_PACKET];
    int length = snprintf(packet, sizeof packet, "40{\"token\":\"%s\"", socket->token);
    if (socket->is_recovering) {
        length += snprintf(packet + length, sizeof packet - length, ",\"pid\":\"%s\",\"offset\":\"%s\"", socket->pid,
                           socket->offset);
    }
    length += snprintf(packet + length, sizeof packet - length, "}");
    send_packet(socket, packet, length);
}

static void join(ChatSocket *socket) {
    char packet[MAX_PACKET];
    int length =
        snprintf(packet, sizeof packet, "420[\"join_conversation\",{\"conversationId\":\"%s\"}]", socket->room);
    send_packet(socket, packet, length);
}

static void send_message(ChatSocket *socket, const char *command, unsigned id, const char *text) {
    char packet[MAX_PACKET];
    int length = snprintf(packet, sizeof packet, "42%u[\"%s\",{\"conversation_id\":\"%s\",\"message\":\"%s\"}]", id,
                          command, socket->room, text);
    send_packet(socket, packet, length);
}

/* A logged event has its offset as its last argument, a string. */
static void keep_offset(ChatSocket *socket, Text frame) {
    if (frame.length < 4 || memcmp(frame.data + frame.length - 2, "\"]", 2)) return;
    const char *end = frame.data + frame.length - 2, *start = memrchr(frame.data, '"', end - frame.data);
    if (!start || (size_t)(end - start) > sizeof socket->offset) {
        fail("socket %d got an invalid offset", socket->websocket.connection.number);
    }
    memcpy(socket->offset, start + 1, end - start - 1);
    socket->offset[end - start - 1] = 0;
}

static void event(ChatSocket *socket, Text frame) {
    Event kind = OTHER;
    if (text_starts_with(frame, "42[\"new_message\",")) kind = NEW_MESSAGE;
    else if (text_starts_with(frame, "42[\"notification\",")) kind = NOTIFICATION;
    keep_offset(socket, frame);
    chat_handler->event(socket, kind, frame);
}

static void acknowledgement(ChatSocket *socket, Text frame) {
    char *end;
    unsigned id = strtoul(frame.data + 2, &end, 10);
    chat_handler->acknowledged(socket, id, (Text){end, frame.data + frame.length - end});
}

static void received(WebSocket *websocket, Text frame) {
    ChatSocket *socket = (ChatSocket *)websocket;
    if (text_starts_with(frame, "42")) event(socket, frame);
    else if (text_starts_with(frame, "43")) acknowledgement(socket, frame);
    else if (text_starts_with(frame, "2")) websocket_send_text(websocket, "3", 1);
    else if (text_starts_with(frame, "0{")) connect_namespace(socket);
    else if (text_starts_with(frame, "40")) chat_handler->connected(socket, frame);
    else if (!text_starts_with(frame, "6")) {
        fail("socket %d got %.*s", socket->websocket.connection.number, (int)frame.length, frame.data);
    }
}

const Protocol socketio = {{"/socket.io/?EIO=4&transport=websocket", opened, received}, join, send_message};
