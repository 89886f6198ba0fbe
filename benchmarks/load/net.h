/* Non-blocking TCP connections in one thread. */
#ifndef NET_H
#define NET_H

#include "base.h"

#include <stddef.h>

typedef enum { CLOSED, CONNECTING, ESTABLISHED } ConnectionState;

typedef struct {
    int fd, number, port;
    ConnectionState state;
    char *incomplete, *unsent; /* the part of a frame received so far, and the bytes that the kernel has not accepted */
    size_t incomplete_length, unsent_length;
} Connection;

/* The callbacks of the layer above. `received` returns how many bytes it has used. The others are passed again,
 * together with the bytes that follow. */
typedef struct {
    void (*connected)(Connection *);
    size_t (*received)(Connection *, char *bytes, size_t length);
} ConnectionHandler;

void net_start(const ConnectionHandler *);
void net_open(Connection *);
void net_send(Connection *, const char *bytes, size_t length);

/* Resets the connection, without the closing handshake of any protocol. */
void net_drop(Connection *);

/* Handles network events until `tick` returns 0. `tick` returns the latest time at which it must be called again. */
void net_run(Nanoseconds (*tick)(Nanoseconds now));

#endif
