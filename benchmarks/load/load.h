/* A load generator for chat servers: many WebSocket clients in one thread, which check every answer.
 *
 * Layers, each knowing only the one below: cases -> clients -> protocols (Socket.IO, plain JSON) -> websocket -> net.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_LENGTH 64
#define MOST_WINDOW 64
#define SECOND 1000000000LL

typedef int64_t Nanoseconds;

/* Bytes in a buffer of somebody else's, without a NUL at the end. */
typedef struct {
    const char *data;
    size_t length;
} Text;

typedef enum { CLOSED, CONNECTING, UPGRADING, OPEN, CONNECTED, READY } State;

typedef struct {
    int fd;
    State state;
    int number, port, side;
    unsigned pair;
    const char *token, *room;
    char *held, *unsent; /* an incomplete frame, and what the kernel did not take yet */
    size_t held_length, unsent_length;
    unsigned sent;                       /* messages, numbered from 1 */
    Nanoseconds waiting[MOST_WINDOW];    /* when each unacknowledged message was sent; 0: nothing waits there */
    unsigned next_from[2];               /* the next number that is due from either side */
    uint64_t early_from[2];              /* those beyond it that are here already */
    char pid[64], offset[160];           /* connection state recovery */
    char accept[29];                     /* Sec-WebSocket-Accept, as it has to be */
    bool returning, recovered;
} Client;

/* How messages travel inside WebSocket frames. */
typedef struct {
    const char *path;
    void (*opened)(Client *);
    void (*received)(Client *, Text frame);
    void (*join)(Client *);
    void (*say)(Client *, unsigned id, const char *text);
} Protocol;

typedef enum { NEW_MESSAGE, NOTIFICATION, OTHER } Event;

/* What is measured. `tick` runs between the events of the network and answers when it wants to run again;
 * 0 ends the run. With `joins_apart` clients join their conversations by `clients_join`, not as soon as they are
 * connected. */
typedef struct {
    const char *name;
    bool joins_apart;
    int (*clients)(void);
    void (*acknowledged)(Client *, Nanoseconds took);
    void (*delivered)(Client *);
    Nanoseconds (*tick)(Nanoseconds now);
} Case;

typedef struct {
    int ports[8], ports_count;
    int pairs, sockets, window, concurrency;
    double rate, warmup, measure, hold;
    const char *data, *command;
    bool notifications, comeback;
    const Protocol *protocol;
    const Case *what;
} Options;

/* Exactly what has happened so far, over all clients. */
typedef struct {
    long sent, acknowledged, delivered, notified, reordered, other;
} Counts;

extern Options options;
extern Counts counts;
extern Client *clients;
extern const Protocol socketio, plain;
extern const Case room_case, pairs_case, rate_case, idle_case;

/* main.c */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
Nanoseconds now(void);

/* net.c */
void net_start(void);
void net_open(Client *);
void net_send(Client *, const char *bytes, size_t length);
void net_drop(Client *);
void net_run(void);

/* websocket.c */
void websocket_connected(Client *);
size_t websocket_received(Client *, char *bytes, size_t length);
void websocket_text(Client *, const char *bytes, size_t length);

/* sha1.c */
void accept_of(const char *key, char accept[29]);

/* text.c */
bool starts(Text, const char *prefix);
bool has(Text, const char *part);
bool copy_member(Text json, const char *key, char *into, size_t size);
void write_text(char text[TEXT_LENGTH + 1], const Client *, unsigned number, Nanoseconds sent_at);
Nanoseconds check_text(Client *, Text json);

/* clients.c */
void clients_start(int count);
void clients_join(int count);
void clients_comeback(int count);
bool clients_all_ready(void);
void client_opened(Client *);
void client_connected(Client *, Text answer);
void client_answered(Client *, unsigned id, Text answer);
void client_event(Client *, Event, Text body);
void client_say(Client *, Nanoseconds sent_at);

/* measures.c */
typedef struct {
    long count;
    uint32_t slots[64 * 40];
    Nanoseconds longest;
} Histogram;
extern Histogram acknowledgements, deliveries;
void phases_start(Nanoseconds now);
bool phase_sends(void);
bool phase_is_measured(void);
Nanoseconds phases_tick(Nanoseconds now, long expected_deliveries);
void record(Histogram *, Nanoseconds);
double percentile(const Histogram *, double share);
void print_messages(int receivers);

#endif
