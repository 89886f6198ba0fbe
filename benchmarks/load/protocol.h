/* The protocols inside WebSocket frames: Socket.IO packets, or plain JSON objects. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "websocket.h"

typedef struct {
    WebSocket websocket; /* the first member, so that both have the same address */
    const char *token, *room;
    char pid[64], offset[160]; /* for connection state recovery */
    bool is_recovering;        /* whether to connect with `pid` and `offset` */
} ChatSocket;

typedef enum { NEW_MESSAGE, NOTIFICATION, OTHER } Event;

/* The callbacks of the layer above. The acknowledgement of a join has the id 0. */
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
