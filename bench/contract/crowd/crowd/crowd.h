/* A crowd: many connections of one process to one server.
 *
 * Clients: the host says when a message is due (try_next in stream.c). It goes over the next
 * connection that waits for no reply, in turn, so that each has one message under way at
 * most. A connection is opened by its first message.
 *
 * Subscribers: each connection takes all that the publisher sends.
 *
 * Workers: each has a connection for tasks, and one for results.
 *
 * A crowd never connects again: a server that hangs up ends the trial.
 */
#ifndef CROWD_H
#define CROWD_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

enum { HEAD_MAX = 256, EVENTS = 64, FIRST_BYTES = 4096 };
/* How many connections may have had nothing yet: a listener may queue no more. */
enum { UNANSWERED_MAX = 50 };

struct connection {
    int fd; /* 0 until it is opened */
    bool busy; /* of a client: it waits for a reply */
    bool joined; /* of a stream: something has come */
    unsigned char *in;
    size_t have, room;
    size_t plain, left; /* of a wire with chunks: see chunks.h */
};

/* What differs between wires. Lengths of 0 mean "not all of it is here yet". */
struct wire {
    /* Write what a client says first to a host and port; return its length. */
    size_t (*hello)(unsigned char *out, const char *authority);
    /* Return how long the server's answer to that is, at the front of these bytes. Without
     * it, there is none. */
    size_t (*greeting)(const unsigned char *in, size_t have);
    /* Write what a subscriber says then; return its length. */
    size_t (*subscription)(unsigned char *out);
    /* Write what stands before a message of this size; return its length. */
    size_t (*head)(unsigned char *out, size_t size);
    /* What stands after a message, or NULL. */
    const char *tail;
    /* Take off what lies between the messages of a stream; return how much is left at the
     * front. Without it, everything is. */
    size_t (*unwrap)(struct connection *one);
    /* Return how long what brings a message is, and where in it the message is. */
    size_t (*message)(unsigned char *in, size_t have, struct message *message);
};

static struct connection *connections;
static size_t next_place, under_way;
static int watched;

static inline void check(bool right, const char *call)
{
    if (!right)
        fail(call, strerror(errno));
}

static inline struct sockaddr_in address_of(const char *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char host[INET_ADDRSTRLEN];
    unsigned port;
    if (sscanf(url, "tcp://%15[0-9.]:%u", host, &port) != 2
        || inet_pton(AF_INET, host, &address.sin_addr) != 1)
        fail("address", url);
    address.sin_port = htons((uint16_t)port);
    return address;
}

static inline void send_all(int fd, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t sent = writev(fd, parts, count);
        if (sent < 0 && errno == EINTR && !stopping())
            continue;
        check(sent >= 0, "writev");
        while (count > 0 && (size_t)sent >= parts->iov_len) {
            sent -= (ssize_t)parts->iov_len;
            parts++, count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + sent;
            parts->iov_len -= (size_t)sent;
        }
    }
}

/* Read what has come; wait for it if `flags` is 0. Returns false if nothing has. */
static inline bool receive(struct connection *one, int flags)
{
    if (one->have == one->room) {
        one->room = one->room ? 2 * one->room : FIRST_BYTES;
        one->in = enlarge(one->in, one->room);
    }
    const ssize_t got = recv(one->fd, one->in + one->have, one->room - one->have, flags);
    if (got == 0)
        fail("recv", "the server closed the connection");
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    check(got > 0, "recv");
    one->have += (size_t)got;
    return true;
}

static inline void forget(struct connection *one, size_t length)
{
    if (!length)
        return;
    one->have -= length;
    memmove(one->in, one->in + length, one->have);
}

static inline void say(int fd, unsigned char *said, size_t length)
{
    struct iovec part = {said, length};
    send_all(fd, &part, 1);
}

static inline void connect_to(const char *url, struct connection *one)
{
    const struct sockaddr_in address = address_of(url);
    const int on = 1;
    one->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(one->fd > 0, "socket");
    check(!connect(one->fd, (const struct sockaddr *)&address, sizeof address), "connect");
    check(!setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
}

static inline void open_connection(const struct wire *wire, size_t place, const char *url)
{
    struct connection *one = connections + place;
    unsigned char said[HEAD_MAX];
    size_t length = 0;
    connect_to(url, one);
    if (wire->hello)
        say(one->fd, said, wire->hello(said, url + strlen("tcp://")));
    while (wire->greeting && !(length = wire->greeting(one->in, one->have)) && !stopping())
        receive(one, 0);
    forget(one, length);
    if (wire->subscription)
        say(one->fd, said, wire->subscription(said));
}

/* Have it told when something comes over a connection. */
static inline void watch(size_t place)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = place};
    const int fd = connections[place].fd;
    check(!epoll_ctl(watched, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static inline void send_message(const struct wire *wire, int fd, struct message message)
{
    unsigned char head[HEAD_MAX];
    const size_t length = wire->head(head, message.size);
    const size_t after = wire->tail ? strlen(wire->tail) : 0;
    struct iovec parts[]
        = {{head, length}, {message.data, message.size}, {(char *)wire->tail, after}};
    send_all(fd, parts, wire->tail ? 3 : 2);
}

static inline bool is_any_idle(void)
{
    return under_way < spec.connections;
}

static inline void send_request(const struct wire *wire, const char *url,
                                struct message request)
{
    while (connections[next_place].busy)
        next_place = (next_place + 1) % spec.connections;
    struct connection *one = connections + next_place;
    if (!one->fd) {
        open_connection(wire, next_place, url);
        watch(next_place);
    }
    one->busy = true;
    under_way++;
    send_message(wire, one->fd, request);
    next_place = (next_place + 1) % spec.connections;
}

static inline void take_reply_of(const struct wire *wire, struct connection *one,
                                 take_fn *take)
{
    struct message message;
    if (!receive(one, MSG_DONTWAIT))
        return;
    const size_t length = wire->message(one->in, one->have, &message);
    if (!length)
        return;
    if (!one->busy || length < one->have)
        fail("recv", "the server said more than one reply");
    one->busy = false;
    under_way--;
    take(message.data, message.size);
    forget(one, length);
}

/* Wait for replies until a moment, and take those that have come. */
static inline void await_replies(const struct wire *wire, int64_t moment_ns, take_fn *take)
{
    struct epoll_event events[EVENTS];
    const int64_t left_ns = moment_ns - now_ns();
    const struct timespec left = {left_ns / 1000000000, left_ns % 1000000000};
    if (left_ns <= 0 && !under_way)
        return;
    const struct timespec none = {0, 0};
    const struct timespec *wait = left_ns > 0 ? &left : &none;
    const int came = epoll_pwait2(watched, events, EVENTS, wait, NULL);
    check(came >= 0 || errno == EINTR, "epoll_pwait2");
    for (int i = 0; i < came; i++)
        take_reply_of(wire, connections + events[i].data.u64, take);
}

static inline void make_connections(size_t count)
{
    connections = claim(count, sizeof *connections, 0);
    watched = epoll_create1(EPOLL_CLOEXEC);
    check(watched >= 0, "epoll_create1");
}

static inline void close_connections(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (connections[i].fd)
            close(connections[i].fd);
        free(connections[i].in);
    }
    free(connections);
    close(watched);
}

static inline void run_clients(const struct wire *wire, const char *url, take_fn *take)
{
    prctl(PR_SET_TIMERSLACK, 1); /* else a wait is up to 50 us too long */
    make_connections(spec.connections);
    while (!stopping()) {
        struct message request;
        int64_t moment_ns;
        const enum next next = try_next(under_way, is_any_idle(), &request, &moment_ns);
        if (next == ENDED)
            break;
        if (next == NOW)
            send_request(wire, url, request);
        else
            await_replies(wire, moment_ns, take);
    }
    close_connections(spec.connections);
}

/* What a subscriber or a worker does with a message, by its connection. */
typedef void act_fn(size_t place, struct message message);

/* Take what has come over a connection. Returns whether it is the first that has. Until
 * every connection has joined, nothing is passed on: the host would begin too early. */
static inline bool take_messages_of(const struct wire *wire, size_t place, size_t joined,
                                    act_fn *act)
{
    struct connection *one = connections + place;
    struct message message;
    if (!receive(one, MSG_DONTWAIT))
        return false;
    size_t plain = wire->unwrap ? wire->unwrap(one) : one->have, taken = 0, length;
    const bool joins = !one->joined;
    while ((length = wire->message(one->in + taken, plain - taken, &message))) {
        joined += !one->joined;
        one->joined = true;
        if (joined == spec.connections)
            act(place, message);
        taken += length;
    }
    one->plain = plain - taken;
    forget(one, taken);
    return joins && one->joined;
}

/* Open streams one after the other, and do something with each message. `open` opens the
 * connections of one. */
static inline void run_streams(const struct wire *wire, void (*open)(size_t place),
                               act_fn *act)
{
    struct epoll_event events[EVENTS];
    size_t opened = 0, joined = 0;
    while (!stopping()) {
        while (opened < spec.connections && opened - joined < UNANSWERED_MAX) {
            open(opened);
            watch(opened++);
        }
        const int came = epoll_wait(watched, events, EVENTS, -1);
        check(came >= 0 || errno == EINTR, "epoll_wait");
        for (int i = 0; i < came; i++)
            joined += take_messages_of(wire, events[i].data.u64, joined, act);
    }
}

#endif
