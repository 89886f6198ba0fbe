/* The people: client n is side n % 2 of conversation n / 2, except in a room, where all are in conversation 0.
 * Everything that reaches a client is checked here. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "message.h"
#include "protocol.h"

#define MAX_WINDOW 64
#define MAX_PORTS 8

typedef struct {
    ChatSocket socket; /* first, so that the address of the one is that of the other */
    unsigned pair;
    int side;
    unsigned sent;                   /* messages, numbered from 1 */
    Nanoseconds pending[MAX_WINDOW]; /* when each unacknowledged message was sent; 0: none in this slot */
    Sequence from[2];                /* what has arrived of either side */
    bool has_joined;
} Client;

typedef struct {
    const char *data, *command;
    int ports[MAX_PORTS], ports_count, concurrency;
    const Protocol *protocol;
} ClientOptions;

/* What a case makes of its clients. With `joins_later` they join by `clients_join`, not as soon as they are connected.
 * Both callbacks may be NULL. */
typedef struct {
    bool in_one_room, joins_later;
    void (*acknowledged)(Client *, Nanoseconds took);
    void (*delivered)(Client *, bool is_own, Nanoseconds sent_at);
} ClientHandler;

/* Exactly what has happened so far, over all clients. */
typedef struct {
    long sent, acknowledged, delivered, notified, reordered, other;
} Counts;

extern Client *clients;
extern Counts counts;

void clients_start(const ClientOptions *, const ClientHandler *, int count);

/* All are connected; each joins its conversation. */
void clients_join(void);

/* The clients of one side lose their connections. */
void clients_drop(int side);

/* All have lost their connections; each connects again, with connection state recovery. */
void clients_reconnect(void);

/* Whether all have done what they began last: to connect, join or reconnect. */
bool clients_are_ready(void);

void client_send(Client *, Nanoseconds sent_at);

#endif
