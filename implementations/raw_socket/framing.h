/* Messages on a stream socket: 4 bytes of length (big-endian), then the message. */
#ifndef FRAMING_H
#define FRAMING_H

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host.h"

enum { HEADER_BYTES = 4, MAX_LENGTH = 16 * 1024 * 1024, ROOM_BYTES = 65536 };

static inline int checked(int returned, const char *call)
{
    if (returned == -1)
        fail(call, strerror(errno));
    return returned;
}

static inline void succeed(int error, const char *call)
{
    if (error)
        fail(call, strerror(error));
}

#define CHECK(call) checked(call, #call)
#define CHECK_THREAD(call) succeed(call, #call) /* these return their errors */

/* A call that may wait: what a signal interrupts is done again, until the role has to stop.
 * Whether it failed is the caller's to see. */
#define WAIT(call)                                                                         \
    while ((call) == -1 && errno == EINTR && !stopping())                                  \
        continue

/* A call has failed: either because the role has to stop, or that is an error. */
static inline void expect_stopping(const char *call)
{
    if (!stopping())
        fail(call, strerror(errno));
}

/* Have TCP send at once, and not wait for earlier bytes to be acknowledged. */
static inline void without_delay(int fd)
{
    const int on = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1
        && errno != EOPNOTSUPP) /* a local socket, which never does */
        fail("setsockopt", strerror(errno));
}

union address {
    struct sockaddr any;
    struct sockaddr_in tcp;
    struct sockaddr_un local;
};

/* Return what a URL stands for; all of these are given out as long as the longest. */
static inline union address resolve(const char *url)
{
    union address address = {.local = {.sun_family = AF_UNIX}};
    if (strncmp(url, "ipc://", 6) == 0) {
        if (strlen(url + 6) >= sizeof address.local.sun_path)
            fail(url, strerror(ENAMETOOLONG));
        strcpy(address.local.sun_path, url + 6);
        return address;
    }
    char host[256], port[6];
    if (sscanf(url, "tcp://%255[^:]:%5[0-9]", host, port) != 2)
        fail(url, "an address is tcp://host:port or ipc:///path");
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const int error = getaddrinfo(host, port, &hints, &found);
    if (error)
        fail("getaddrinfo", gai_strerror(error));
    memcpy(&address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return address;
}

static inline int listen_at(const char *url)
{
    const union address address = resolve(url);
    const int fd = CHECK(socket(address.any.sa_family, SOCK_STREAM, 0)), on = 1;
    if (address.any.sa_family == AF_UNIX && unlink(address.local.sun_path) == -1
        && errno != ENOENT) /* it is a killed predecessor's */
        fail("unlink", strerror(errno));
    /* or its connections are not quite over */
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    CHECK(bind(fd, &address.any, sizeof address.local));
    CHECK(listen(fd, SOMAXCONN));
    return fd;
}

/* Return a connection; or, when the role has to stop, a socket that has none. */
static inline int connect_to(const char *url)
{
    const union address address = resolve(url);
    const int fd = CHECK(socket(address.any.sa_family, SOCK_STREAM, 0));
    int connected; /* Linux goes on with what was interrupted */
    WAIT(connected = connect(fd, &address.any, sizeof address.local));
    if (connected == -1)
        expect_stopping("connect");
    without_delay(fd);
    return fd;
}

/* Return the next connection, or -1 when the role has to stop. */
static inline int accept_from(int listener)
{
    int fd;
    do
        WAIT(fd = accept(listener, NULL, NULL));
    while (fd == -1 && errno == ECONNABORTED);
    if (fd == -1)
        expect_stopping("accept");
    else
        without_delay(fd);
    return fd;
}

/* Send a message with its length in front, in one system call if it can be. Returns false
 * when the other end is gone or the role has to stop; errno says which. */
static inline bool send_message(int fd, struct message message)
{
    if (message.size > MAX_LENGTH)
        fail("send_message", strerror(EMSGSIZE));
    const uint32_t length = htonl((uint32_t)message.size);
    const size_t size = HEADER_BYTES + message.size;
    for (size_t sent = 0; sent < size;) {
        const size_t header = sent < HEADER_BYTES ? HEADER_BYTES - sent : 0;
        const size_t body = header > 0 ? 0 : sent - HEADER_BYTES;
        struct iovec parts[] = {
            {(char *)&length + HEADER_BYTES - header, header},
            {message.data + body, message.size - body},
        };
        const struct msghdr frame = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t done;
        WAIT(done = sendmsg(fd, &frame, MSG_NOSIGNAL));
        if (done == -1)
            return false;
        sent += (size_t)done;
    }
    return true;
}

/* What has come in at a connection and has not been taken yet. */
struct inbox {
    int fd;
    unsigned char *bytes;
    size_t start, end, capacity;
};

/* Read what there is, and wait for it. Returns how much, 0 at the end of the connection, -1
 * for an error and when the role has to stop. */
static inline ssize_t read_more(struct inbox *inbox)
{
    if (inbox->start > 0) {
        inbox->end -= inbox->start;
        memmove(inbox->bytes, inbox->bytes + inbox->start, inbox->end);
        inbox->start = 0;
    }
    if (inbox->end == inbox->capacity) {
        inbox->capacity = 2 * inbox->capacity + ROOM_BYTES;
        inbox->bytes = realloc(inbox->bytes, inbox->capacity);
        if (!inbox->bytes)
            fail("realloc", strerror(errno));
    }
    ssize_t got;
    WAIT(got = recv(inbox->fd, inbox->bytes + inbox->end, inbox->capacity - inbox->end, 0));
    if (got == 0 && inbox->end > 0) {
        errno = EPROTO; /* in the middle of a message */
        return -1;
    }
    if (got > 0)
        inbox->end += (size_t)got;
    return got;
}

/* Give the next message that is there as a whole, valid until more is read. Returns 1, 0
 * if there is none, or -1 for one that is too long. */
static inline int next_whole(struct inbox *inbox, struct message *message)
{
    const size_t there = inbox->end - inbox->start;
    uint32_t length;
    if (there < HEADER_BYTES)
        return 0;
    memcpy(&length, inbox->bytes + inbox->start, HEADER_BYTES);
    length = ntohl(length);
    if (length > MAX_LENGTH) {
        errno = EMSGSIZE;
        return -1;
    }
    if (there - HEADER_BYTES < length)
        return 0;
    *message = (struct message){inbox->bytes + inbox->start + HEADER_BYTES, length};
    inbox->start += HEADER_BYTES + length;
    return 1;
}

/* Wait for a message. Returns 1, 0 at the end, or -1 as read_more() does. */
static inline int receive(struct inbox *inbox, struct message *message)
{
    int found;
    while ((found = next_whole(inbox, message)) == 0) {
        const ssize_t got = read_more(inbox);
        if (got <= 0)
            return got == 0 ? 0 : -1;
    }
    return found;
}

static inline void close_inbox(struct inbox *inbox)
{
    free(inbox->bytes);
    CHECK(close(inbox->fd));
}

#endif
