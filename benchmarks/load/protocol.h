/* How messages travel inside WebSocket frames: as Socket.IO packets, or as JSON objects of their own. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "websocket.h"

typedef struct {
    WebSocket websocket; /* first, so that the address of the one is that of the other */
    const char *token, *room;
    char pid[64], offset[160]; /* connection state recovery */
    bool is_recovering;        /* connect with these two */
} ChatSocket;

typedef enum { NEW_MESSAGE, NOTIFICATION, OTHER } Event;

/* What the layer above does with what the server sends. A join is acknowledged with the id 0. */
typedef struct {
    void (*connected)(ChatSocket *, Text answer);
    void (*acknowledged)(ChatSocket *, unsigned id, Text answer);
    void (*event)(ChatSocket *, Event, Text body);
} ChatHandler;

typedef struct {
    WebSocketHandler frames;
    void (*join)(ChatSocket *);
    void (*send_message)(ChatSocket *, const char *command, unsigned id, const char *text);
} Protocol;

extern const Protocol socketio, plain;

/* The handler of all sockets, which the protocols call. */
extern const ChatHandler *chat_handler;

void protocol_start(const Protocol *, const ChatHandler *);

#endif
