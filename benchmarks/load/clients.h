/* The clients. Client n is side n % 2 of conversation n / 2; in the case `room`, all clients are in conversation 0.
 * This layer checks everything that a client receives. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "message.h"
#include "protocol.h"

#define MAX_WINDOW 64
#define MAX_PORTS 8

typedef struct {
    ChatSocket socket; /* the first member, so that both have the same address */
    unsigned pair;
    int side;
    unsigned sent;                   /* number of sent messages, which are numbered from 1 */
    Nanoseconds pending[MAX_WINDOW]; /* time of sending of each unacknowledged message; 0 in a free slot */
    Sequence from[2];                /* numbers of the messages received from each side */
    bool has_joined;
} Client;

typedef struct {
    const char *data, *command;
    int ports[MAX_PORTS], ports_count, concurrency;
    const Protocol *protocol;
} ClientOptions;

/* The behavior of the clients of a case. With `joins_later` they join in `clients_join`, otherwise right after they
 * have connected. Both callbacks may be NULL. */
typedef struct {
    bool in_one_room, joins_later;
    void (*acknowledged)(Client *, Nanoseconds took);
    void (*delivered)(Client *, bool is_own, Nanoseconds sent_at);
} ClientHandler;

/* The number of events of each kind so far, over all clients. */
typedef struct {
    long sent, acknowledged, delivered, notified, reordered, other;
} Counts;

extern Client *clients;
extern Counts counts;

void clients_start(const ClientOptions *, const ClientHandler *, int count);

/* Lets each client join its conversation. All clients must be connected. */
void clients_join(void);

/* Drops the connections of all clients of one side. */
void clients_drop(int side);

/* Reconnects all clients with connection state recovery. All clients must have lost their connections. */
void clients_reconnect(void);

/* Whether all clients have finished the last action that was started: connect, join or reconnect. */
bool clients_are_ready(void);

void client_send(Client *, Nanoseconds sent_at);

#endif
