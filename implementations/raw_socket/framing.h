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
    checked(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
}

typedef int attach_fn(int fd, const struct sockaddr *address, socklen_t size);

/* Return a socket that is bound or connected to a path, or -1 when the role has to stop. */
static inline int attach_local(const char *path, attach_fn *attach, const char *call)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        fail(call, strerror(ENAMETOOLONG));
    strcpy(address.sun_path, path);
    if (attach == bind && unlink(path) == -1 && errno != ENOENT) /* a killed predecessor's */
        fail("unlink", strerror(errno));
    const int fd = checked(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
    while (attach(fd, (struct sockaddr *)&address, sizeof address) == -1) {
        if (errno != EINTR)
            fail(call, strerror(errno));
        if (stopping()) {
            checked(close(fd), "close");
            return -1;
        }
    }
    return fd;
}

/* Return a socket for the first of several addresses that works; -1 if none does. */
static inline int attach_first(const struct addrinfo *found, attach_fn *attach)
{
    const int on = 1;
    for (; found; found = found->ai_next) {
        const int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
        if (fd == -1)
            continue;
        if (attach == bind) /* where a predecessor's connections are not quite over */
            checked(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
        if (attach(fd, found->ai_addr, found->ai_addrlen) == 0)
            return fd;
        const int reason = errno;
        checked(close(fd), "close");
        errno = reason;
    }
    return -1;
}

static inline int attach_tcp(const char *address, attach_fn *attach, const char *call)
{
    char host[256], port[6];
    if (sscanf(address, "tcp://[%255[^]]]:%5s", host, port) != 2
        && sscanf(address, "tcp://%255[^:]:%5s", host, port) != 2)
        fail(call, "an address is tcp://host:port or ipc:///path");
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const int error = getaddrinfo(host, port, &hints, &found);
    if (error)
        fail("getaddrinfo", gai_strerror(error));
    int fd;
    do /* a call that a signal has interrupted begins anew, with a new socket */
        fd = attach_first(found, attach);
    while (fd == -1 && errno == EINTR && !stopping());
    if (fd == -1)
        expect_stopping(call);
    freeaddrinfo(found);
    return fd;
}

static inline int listen_at(const char *address)
{
    const bool local = strncmp(address, "ipc://", 6) == 0;
    const int fd = local ? attach_local(address + 6, bind, "bind")
                         : attach_tcp(address, bind, "bind");
    if (fd != -1)
        checked(listen(fd, SOMAXCONN), "listen");
    return fd;
}

/* Return a connection, or -1 when the role has to stop. */
static inline int connect_to(const char *address)
{
    if (strncmp(address, "ipc://", 6) == 0)
        return attach_local(address + 6, connect, "connect");
    const int fd = attach_tcp(address, connect, "connect");
    if (fd != -1)
        without_delay(fd);
    return fd;
}

/* Return the next connection, or -1 when the role has to stop. */
static inline int accept_from(int listener)
{
    struct sockaddr_storage peer;
    int fd;
    do {
        if (stopping())
            return -1;
        socklen_t size = sizeof peer;
        fd = accept(listener, (struct sockaddr *)&peer, &size);
    } while (fd == -1 && (errno == EINTR || errno == ECONNABORTED));
    if (fd == -1)
        expect_stopping("accept");
    else if (peer.ss_family != AF_UNIX)
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
        const ssize_t done = sendmsg(fd, &frame, MSG_NOSIGNAL);
        if (done >= 0)
            sent += (size_t)done;
        else if (errno != EINTR || stopping())
            return false;
    }
    return true;
}

/* What has come in at a connection and has not been taken yet. */
struct inbox {
    int fd;
    unsigned char *bytes;
    size_t start, end, capacity;
};

/* Read what there is, and wait for it. Returns how much, 0 at the end of the connection or
 * when the role has to stop, -1 for an error. */
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
    do
        got = recv(inbox->fd, inbox->bytes + inbox->end, inbox->capacity - inbox->end, 0);
    while (got == -1 && errno == EINTR && !stopping());
    if (got == -1 && errno == EINTR)
        return 0;
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

/* Wait for a message. Returns 1, 0 at the end, or -1 for an error. */
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
    checked(close(inbox->fd), "close");
}

#endif
