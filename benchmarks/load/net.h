/* Non-blocking TCP connections of one thread. */
#ifndef NET_H
#define NET_H

#include "base.h"

#include <stddef.h>

typedef enum { CLOSED, CONNECTING, ESTABLISHED } ConnectionState;

typedef struct {
    int fd, number, port;
    ConnectionState state;
    char *incomplete, *unsent; /* a part of a frame, and what the kernel has not taken yet */
    size_t incomplete_length, unsent_length;
} Connection;

/* What the layer above does with connections. `received` returns how many of the bytes it has used; the others come
 * again with those that follow. */
typedef struct {
    void (*connected)(Connection *);
    size_t (*received)(Connection *, char *bytes, size_t length);
} ConnectionHandler;

void net_start(const ConnectionHandler *);
void net_open(Connection *);
void net_send(Connection *, const char *bytes, size_t length);

/* As a connection breaks: without a closing handshake of any protocol. */
void net_drop(Connection *);

/* Handles what happens until `tick` returns 0; it returns when to be called next, at the latest. */
void net_run(Nanoseconds (*tick)(Nanoseconds now));

#endif
