/* Stream sockets at tcp:// and ipc:// addresses: listen, accept, connect. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host.h"

enum { BACKOFF_MS = 100 };

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

/* Have TCP send at once, and not wait for earlier bytes to be acknowledged; what a listener
 * accepts has this from it. A local socket never waits. */
static inline void without_delay(int fd)
{
    const int on = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1
        && errno != EOPNOTSUPP)
        fail("setsockopt", strerror(errno));
}

/* Bind or connect a socket; -1 where that fails, and errno says why. */
typedef int attach_fn(int fd, const struct sockaddr *address, socklen_t size);

/* Return the addresses of tcp://HOST:PORT or tcp://[IPv6]:PORT, which are to be freed. */
static inline struct addrinfo *look_up(const char *url)
{
    char host[256], port[6];
    if (sscanf(url, "tcp://[%255[^]]]:%5[0-9]", host, port) != 2
        && sscanf(url, "tcp://%255[^][:]:%5[0-9]", host, port) != 2)
        fail(url, "an address is tcp://host:port, tcp://[IPv6]:port or ipc:///path");
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const int error = getaddrinfo(host, port, &hints, &found);
    if (error)
        fail("getaddrinfo", gai_strerror(error));
    return found;
}

static inline int attach_local(const char *path, attach_fn *attach, const char *call)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        fail(path, strerror(ENAMETOOLONG));
    strcpy(address.sun_path, path);
    const int fd = CHECK(socket(AF_UNIX, SOCK_STREAM, 0));
    if (attach(fd, (struct sockaddr *)&address, sizeof address) == -1 && !stopping())
        fail(call, strerror(errno));
    return fd;
}

/* Return a socket at the first of a URL's addresses that can be attached to. When the role
 * has to stop it may be attached to none. */
static inline int open_socket(const char *url, attach_fn *attach, const char *call)
{
    if (strncmp(url, "ipc://", 6) == 0)
        return attach_local(url + 6, attach, call);
    struct addrinfo *const first = look_up(url), *at = first;
    int fd = CHECK(socket(at->ai_family, SOCK_STREAM, 0));
    while (attach(fd, at->ai_addr, at->ai_addrlen) == -1 && !stopping()) {
        if (!(at = at->ai_next))
            fail(call, strerror(errno));
        CHECK(close(fd));
        fd = CHECK(socket(at->ai_family, SOCK_STREAM, 0));
    }
    freeaddrinfo(first);
    return fd;
}

static inline int bind_again(int fd, const struct sockaddr *address, socklen_t size)
{
    const int on = 1;
    if (address->sa_family == AF_UNIX) { /* a killed predecessor's path is in the way */
        const struct sockaddr_un *local = (const struct sockaddr_un *)address;
        if (unlink(local->sun_path) == -1 && errno != ENOENT)
            return -1;
    }
    /* or its connections are not quite over */
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    return bind(fd, address, size);
}

static inline int listen_at(const char *url)
{
    const int fd = open_socket(url, bind_again, "bind");
    without_delay(fd);
    CHECK(listen(fd, SOMAXCONN));
    return fd;
}

static inline int connect_patiently(int fd, const struct sockaddr *address, socklen_t size)
{
    int connected; /* Linux goes on with what was interrupted */
    WAIT(connected = connect(fd, address, size));
    return connected;
}

/* Return a connection; or, when the role has to stop, a socket that has none. */
static inline int connect_to(const char *url)
{
    const int fd = open_socket(url, connect_patiently, "connect");
    without_delay(fd);
    return fd;
}

/* Whether accept() may work again later: somebody has left, or too much is open. */
static inline bool is_passing(int error)
{
    return error == ECONNABORTED || error == EMFILE || error == ENFILE || error == ENOBUFS
           || error == ENOMEM;
}

/* Return the next connection, or -1: the role has to stop, or nobody waits and nor does
 * this. */
static inline int accept_from(int listener)
{
    int fd;
    WAIT(fd = accept(listener, NULL, NULL));
    while (fd == -1 && is_passing(errno) && !stopping()) {
        if (errno != ECONNABORTED)
            poll(NULL, 0, BACKOFF_MS);
        WAIT(fd = accept(listener, NULL, NULL));
    }
    if (fd == -1 && errno != EAGAIN && !stopping())
        fail("accept", strerror(errno));
    return fd;
}

#endif
