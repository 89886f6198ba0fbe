#define _GNU_SOURCE
#include "net.h"

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
#define SOURCES 16 /* source addresses from 127.0.0.1 on, because each has its own range of ports */

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static int epoll;
static char buffer[READ_BUFFER];
static const ConnectionHandler *handler;

void net_start(const ConnectionHandler *with) {
    handler = with;
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

void net_open(Connection *connection) {
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) fail("socket %d: %s", connection->number, strerror(errno));
    int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(connection->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in from = address(1 + connection->number % SOURCES, 0), to = address(1, connection->port);
    if (bind(connection->fd, (struct sockaddr *)&from, sizeof from)) fail("bind: %s", strerror(errno));
    if (connect(connection->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) {
        fail("connect to port %d: %s", connection->port, strerror(errno));
    }
    connection->state = CONNECTING;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = connection};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event);
}

static void watch(Connection *connection, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &event);
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

void net_send(Connection *connection, const char *bytes, size_t length) {
    if (!connection->unsent) {
        ssize_t taken = send(connection->fd, bytes, length, MSG_NOSIGNAL);
        if (taken < 0 && errno != EAGAIN) fail("socket %d: %s", connection->number, strerror(errno));
        if (taken > 0) bytes += taken, length -= taken;
        if (!length) return;
        watch(connection, EPOLLIN | EPOLLOUT);
    }
    keep(&connection->unsent, &connection->unsent_length, bytes, length);
}

void net_drop(Connection *connection) {
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(connection->fd);
    forget(&connection->incomplete, &connection->incomplete_length);
    forget(&connection->unsent, &connection->unsent_length);
    connection->state = CLOSED;
}

static void writable(Connection *connection) {
    if (connection->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) fail("connect to port %d: %s", connection->port, strerror(error));
        watch(connection, EPOLLIN);
        connection->state = ESTABLISHED;
        handler->connected(connection);
        return;
    }
    char *bytes = connection->unsent;
    size_t length = connection->unsent_length;
    connection->unsent = NULL;
    connection->unsent_length = 0;
    watch(connection, EPOLLIN);
    net_send(connection, bytes, length);
    free(bytes);
}

static void readable(Connection *connection) {
    size_t length = connection->incomplete_length;
    if (length >= READ_BUFFER) fail("socket %d got a frame of more than %d bytes", connection->number, READ_BUFFER);
    memcpy(buffer, connection->incomplete, length);
    forget(&connection->incomplete, &connection->incomplete_length);
    ssize_t got = recv(connection->fd, buffer + length, READ_BUFFER - length, 0);
    if (got == 0) fail("the server closed socket %d", connection->number);
    if (got < 0 && errno != EAGAIN) fail("socket %d: %s", connection->number, strerror(errno));
    if (got > 0) length += got;
    size_t used = handler->received(connection, buffer, length);
    if (used < length && connection->state != CLOSED) {
        keep(&connection->incomplete, &connection->incomplete_length, buffer + used, length - used);
    }
}

void net_run(Nanoseconds (*tick)(Nanoseconds now)) {
    struct epoll_event events[EVENTS];
    for (;;) {
        Nanoseconds time = now(), wake = tick(time);
        if (!wake) return;
        Nanoseconds wait = wake > time ? wake - time : 0;
        struct timespec timeout = {.tv_sec = wait / SECOND, .tv_nsec = wait % SECOND};
        int count = epoll_pwait2(epoll, events, EVENTS, &timeout, NULL);
        for (int i = 0; i < count; i++) {
            Connection *connection = events[i].data.ptr;
            if (connection->state == CLOSED) continue;
            if (events[i].events & EPOLLOUT) writable(connection);
            if (connection->state == ESTABLISHED && events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
                readable(connection);
            }
        }
    }
}
