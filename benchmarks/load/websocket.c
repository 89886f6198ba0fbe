/* The client's side of WebSocket (RFC 6455): the opening handshake, masked text frames out, whole frames in. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <string.h>

#define LONGEST_SENT 8192

enum { CONTINUATION = 0, TEXT_FRAME = 1, CLOSE = 8, PING = 9, PONG = 10 };

static uint64_t random_bits = 88172645463325252ULL;

static uint64_t random_next(void) { /* xorshift: masks and keys have to differ, nothing more */
    random_bits ^= random_bits << 13;
    random_bits ^= random_bits >> 7;
    random_bits ^= random_bits << 17;
    return random_bits;
}

void websocket_connected(Client *client) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";
    char key[25], request[512];
    for (int i = 0; i < 21; i++) key[i] = digits[random_next() >> 40 & 31];
    memcpy(key + 21, "A==", 4); /* 16 bytes in Base64: the 22nd digit holds two bits */
    accept_of(key, client->accept);
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          options.protocol->path, client->port, key);
    client->state = UPGRADING;
    net_send(client, request, length);
}

static size_t upgraded(Client *client, const char *bytes, size_t length) {
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    if (!end) return 0;
    Text head = {bytes, end - bytes + 2};
    if (!starts(head, "HTTP/1.1 101")) fail("socket %d: no WebSocket: %.*s", client->number, 200, bytes);
    if (!has(head, client->accept)) fail("socket %d: wrong Sec-WebSocket-Accept", client->number);
    client->state = OPEN;
    options.protocol->opened(client);
    return head.length + 2;
}

static void send_frame(Client *client, int opcode, const char *bytes, size_t length) {
    static unsigned char frame[LONGEST_SENT + 8];
    size_t head = 2;
    if (length > LONGEST_SENT) fail("a frame of %zu bytes is more than this sends", length);
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
    net_send(client, (char *)frame, head + 4 + length);
}

void websocket_text(Client *client, const char *bytes, size_t length) {
    send_frame(client, TEXT_FRAME, bytes, length);
}

static void received_frame(Client *client, int first, const char *payload, size_t length) {
    int code = length >= 2 ? (unsigned char)payload[0] << 8 | (unsigned char)payload[1] : 0;
    switch (first) {
        case 0x80 | TEXT_FRAME: options.protocol->received(client, (Text){payload, length}); break;
        case 0x80 | PING: send_frame(client, PONG, payload, length); break;
        case 0x80 | PONG: break;
        case 0x80 | CLOSE: fail("the server closed socket %d with code %d", client->number, code);
        default: fail("socket %d got a frame that begins with %#x", client->number, first);
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

/* Answers how many of the bytes were whole frames. */
size_t websocket_received(Client *client, char *bytes, size_t length) {
    size_t used = client->state == UPGRADING ? upgraded(client, bytes, length) : 0;
    while (client->state >= OPEN && used < length) {
        size_t head, size = frame_size((unsigned char *)bytes + used, length - used, &head);
        if (length - used < head + size) break;
        received_frame(client, (unsigned char)bytes[used], bytes + used + head, size);
        used += head + size;
    }
    return used;
}
