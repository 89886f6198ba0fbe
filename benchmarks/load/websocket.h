/* The client side of WebSocket (RFC 6455): the opening handshake, sending masked text frames, receiving frames. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "net.h"
#include "sha1.h"
#include "text.h"

#include <stdbool.h>

typedef struct {
    Connection connection; /* the first member, so that both have the same address */
    bool is_open;
    char accept[ACCEPT_SIZE]; /* the expected Sec-WebSocket-Accept */
} WebSocket;

/* The callbacks of the layer above. */
typedef struct {
    const char *path;
    void (*opened)(WebSocket *);
    void (*received)(WebSocket *, Text frame);
} WebSocketHandler;

void websocket_start(const WebSocketHandler *);
void websocket_open(WebSocket *);
void websocket_send_text(WebSocket *, const char *bytes, size_t length);

/* Resets the connection, without a close frame. */
void websocket_drop(WebSocket *);

#endif
