/* Non-blocking sockets of one thread, told by epoll what to do next. */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BUFFER (1 << 20)
#define EVENTS 1024
#define SOURCES 16 /* addresses 127.0.0.1 and up: each has its own range of ports */

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static int epoll;
static char buffer[READ_BUFFER];

void net_start(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll: %s", strerror(errno));
}

static struct sockaddr_in address(unsigned last, int port) {
    struct sockaddr_in one = {.sin_family = AF_INET, .sin_port = htons(port)};
    one.sin_addr.s_addr = htonl((127u << 24) + last);
    return one;
}

void net_open(Client *client) {
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) fail("socket %d: %s", client->number, strerror(errno));
    int on = 1;
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in from = address(1 + client->number % SOURCES, 0), to = address(1, client->port);
    if (bind(client->fd, (struct sockaddr *)&from, sizeof from)) fail("bind: %s", strerror(errno));
    if (connect(client->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
        fail("connect to port %d: %s", client->port, strerror(errno));
    }
    client->state = CONNECTING;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = client};
    epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event);
}

static void watch(Client *client, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    epoll_ctl(epoll, EPOLL_CTL_MOD, client->fd, &event);
}

static void keep(char **kept, size_t *length, const char *bytes, size_t more) {
    *kept = realloc(*kept, *length + more);
    if (!*kept) fail("out of memory");
    memcpy(*kept + *length, bytes, more);
    *length += more;
}

static void forget(char **kept, size_t *length) {
    free(*kept);
    *kept = NULL;
    *length = 0;
}

void net_send(Client *client, const char *bytes, size_t length) {
    if (!client->unsent) {
        ssize_t taken = send(client->fd, bytes, length, MSG_NOSIGNAL);
        if (taken < 0 && errno != EAGAIN) fail("socket %d: %s", client->number, strerror(errno));
        if (taken > 0) bytes += taken, length -= taken;
        if (!length) return;
        watch(client, EPOLLIN | EPOLLOUT);
    }
    keep(&client->unsent, &client->unsent_length, bytes, length);
}

/* As a connection breaks off: without a goodbye of any protocol. */
void net_drop(Client *client) {
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client->fd);
    forget(&client->held, &client->held_length);
    forget(&client->unsent, &client->unsent_length);
    client->state = CLOSED;
}

static void writable(Client *client) {
    if (client->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) fail("connect to port %d: %s", client->port, strerror(error));
        watch(client, EPOLLIN);
        websocket_connected(client);
        return;
    }
    char *bytes = client->unsent;
    size_t length = client->unsent_length;
    client->unsent = NULL;
    client->unsent_length = 0;
    watch(client, EPOLLIN);
    net_send(client, bytes, length);
    free(bytes);
}

static void readable(Client *client) {
    size_t held = client->held_length;
    if (held >= READ_BUFFER) fail("socket %d got a frame of more than %d bytes", client->number, READ_BUFFER);
    memcpy(buffer, client->held, held);
    forget(&client->held, &client->held_length);
    ssize_t got = recv(client->fd, buffer + held, READ_BUFFER - held, 0);
    if (got == 0) fail("the server closed socket %d", client->number);
    if (got < 0 && errno != EAGAIN) fail("socket %d: %s", client->number, strerror(errno));
    if (got > 0) held += got;
    size_t used = websocket_received(client, buffer, held);
    if (used < held && client->state != CLOSED) {
        keep(&client->held, &client->held_length, buffer + used, held - used);
    }
}

void net_run(void) {
    struct epoll_event events[EVENTS];
    for (;;) {
        Nanoseconds time = now(), wake = options.what->tick(time);
        if (!wake) return;
        Nanoseconds wait = wake > time ? wake - time : 0;
        struct timespec timeout = {.tv_sec = wait / SECOND, .tv_nsec = wait % SECOND};
        int count = epoll_pwait2(epoll, events, EVENTS, &timeout, NULL);
        for (int i = 0; i < count; i++) {
            Client *client = events[i].data.ptr;
            if (client->state == CLOSED) continue;
            if (events[i].events & EPOLLOUT) writable(client);
            if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP) && client->state > CONNECTING) readable(client);
        }
    }
}
