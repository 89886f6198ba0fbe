#define _GNU_SOURCE
#include "websocket.h"

#include <stdio.h>
#include <string.h>

#define MAX_SENT 8192

enum { CONTINUATION = 0, TEXT_FRAME = 1, CLOSE = 8, PING = 9, PONG = 10 };

static const WebSocketHandler *handler;
static uint64_t random_bits = 88172645463325252ULL;

static uint64_t random_next(void) { /* xorshift is enough, because masks and keys must only differ */
    random_bits ^= random_bits << 13;
    random_bits ^= random_bits >> 7;
    random_bits ^= random_bits << 17;
    return random_bits;
}

static void connected(Connection *connection) {
    WebSocket *socket = (WebSocket *)connection;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";
    char key[25], request[512];
    for (int i = 0; i < 21; i++) key[i] = digits[random_next() >> 40 & 31];
    memcpy(key + 21, "A==", 4); /* 16 bytes in Base64: the 22nd digit has only two bits */
    sha1_accept(key, socket->accept);
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          handler->path, connection->port, key);
    net_send(connection, request, length);
}

static size_t upgraded(WebSocket *socket, const char *bytes, size_t length) {
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    if (!end) return 0;
    Text head = {bytes, end - bytes + 2};
    if (!text_starts_with(head, "HTTP/1.1 101")) {
        fail("socket %d: the server refused the WebSocket: %.*s", socket->connection.number, 200, bytes);
    }
    if (!text_contains(head, socket->accept)) fail("socket %d: wrong Sec-WebSocket-Accept", socket->connection.number);
    socket->is_open = true;
    handler->opened(socket);
    return head.length + 2;
}

static void send_frame(WebSocket *socket, int opcode, const char *bytes, size_t length) {
    static unsigned char frame[MAX_SENT + 8];
    size_t head = 2;
    if (length > MAX_SENT) fail("a frame to send has %zu bytes, more than %d", length, MAX_SENT);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (length < 126 ? length : 126);
    if (length >= 126) {
        frame[2] = length >> 8;
        frame[3] = length & 0xFF;
        head = 4;
    }
    uint32_t mask = random_next() >> 16;
    memcpy(frame + head, &mask, 4);
    const unsigned char *key = frame + head;
    for (size_t i = 0; i < length; i++) frame[head + 4 + i] = bytes[i] ^ key[i & 3];
    net_send(&socket->connection, (char *)frame, head + 4 + length);
}

void websocket_send_text(WebSocket *socket, const char *bytes, size_t length) {
    send_frame(socket, TEXT_FRAME, bytes, length);
}

static void received_frame(WebSocket *socket, int first, const char *payload, size_t length) {
    int code = length >= 2 ? (unsigned char)payload[0] << 8 | (unsigned char)payload[1] : 0;
    switch (first) {
        case 0x80 | TEXT_FRAME: handler->received(socket, (Text){payload, length}); break;
        case 0x80 | PING: send_frame(socket, PONG, payload, length); break;
        case 0x80 | PONG: break;
        case 0x80 | CLOSE: fail("the server closed socket %d with code %d", socket->connection.number, code);
        default: fail("socket %d got a frame that begins with %#x", socket->connection.number, first);
    }
}

static size_t frame_size(const unsigned char *bytes, size_t length, size_t *head) {
    *head = 2;
    if (length < 2) return 0;
    size_t size = bytes[1] & 0x7F;
    int wide = size == 126 ? 2 : size == 127 ? 8 : 0;
    *head += wide;
    if (length < *head) return 0;
    if (wide) size = 0;
    for (int i = 0; i < wide; i++) size = size << 8 | bytes[2 + i];
    return size;
}

/* Handles all complete frames, and returns their size in bytes. */
static size_t received(Connection *connection, char *bytes, size_t length) {
    WebSocket *socket = (WebSocket *)connection;
    size_t used = socket->is_open ? 0 : upgraded(socket, bytes, length);
    while (socket->is_open && used < length) {
        size_t head, size = frame_size((unsigned char *)bytes + used, length - used, &head);
        if (length - used < head + size) break;
        received_frame(socket, (unsigned char)bytes[used], bytes + used + head, size);
        used += head + size;
    }
    return used;
}

void websocket_start(const WebSocketHandler *with) {
    static const ConnectionHandler connections = {connected, received};
    handler = with;
    net_start(&connections);
}

void websocket_open(WebSocket *socket) {
    socket->is_open = false;
    net_open(&socket->connection);
}

void websocket_drop(WebSocket *socket) {
    socket->is_open = false;
    net_drop(&socket->connection);
}
