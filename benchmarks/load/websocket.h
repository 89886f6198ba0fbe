/* The client's side of WebSocket (RFC 6455): the opening handshake, masked text frames out, whole frames in. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "net.h"
#include "sha1.h"
#include "text.h"

#include <stdbool.h>

typedef struct {
    Connection connection; /* first, so that the address of the one is that of the other */
    bool is_open;
    char accept[ACCEPT_SIZE]; /* the Sec-WebSocket-Accept that is expected */
} WebSocket;

/* What the layer above does with WebSockets. */
typedef struct {
    const char *path;
    void (*opened)(WebSocket *);
    void (*received)(WebSocket *, Text frame);
} WebSocketHandler;

void websocket_start(const WebSocketHandler *);
void websocket_open(WebSocket *);
void websocket_send_text(WebSocket *, const char *bytes, size_t length);

/* As a connection breaks: without a close frame. */
void websocket_drop(WebSocket *);

#endif
