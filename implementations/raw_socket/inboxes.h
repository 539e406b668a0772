/* The messages of many connections, in one thread: poll says who has sent something. */
#ifndef INBOXES_H
#define INBOXES_H

#include <fcntl.h>
#include <poll.h>

#include "framing.h"

/* What poll looks at: the listener, then its connections. */
struct watched {
    struct pollfd *polled;
    struct inbox *inboxes;
    size_t count;
};

static inline void watch(struct watched *all, int fd)
{
    const size_t count = all->count + 1;
    all->polled = reallocarray(all->polled, count, sizeof *all->polled);
    all->inboxes = reallocarray(all->inboxes, count, sizeof *all->inboxes);
    if (!all->polled || !all->inboxes)
        fail("reallocarray", strerror(errno));
    all->polled[all->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    all->inboxes[all->count] = (struct inbox){.fd = fd};
    all->count = count;
}

static inline void forget(struct watched *all, size_t place)
{
    close_inbox(&all->inboxes[place]);
    all->count--;
    all->polled[place] = all->polled[all->count];
    all->inboxes[place] = all->inboxes[all->count];
}

static inline void take_from(struct watched *all, size_t place, take_fn *take_message)
{
    struct inbox *peer = &all->inboxes[place];
    struct message message;
    const ssize_t got = read_more(peer);
    int found = 0;
    if (got > 0)
        while ((found = next_whole(peer, &message)) == 1)
            take_message(message.data, message.size);
    if (got == -1 || found == -1)
        note("recv"); /* this peer is gone; the others go on */
    if (got <= 0 || found == -1)
        forget(all, place);
}

/* Have accept_from() return at once where nobody waits any more: a connection may be reset
 * between poll(), which saw it, and accept(). */
static inline void never_wait(int listener)
{
    CHECK(fcntl(listener, F_SETFL, CHECK(fcntl(listener, F_GETFL)) | O_NONBLOCK));
}

/* Take the messages of all who connect, each whole, until the role stops. */
static inline void take_from_all(const char *address, take_fn *take_message)
{
    struct watched all = {NULL, NULL, 0};
    const int listener = listen_at(address);
    never_wait(listener);
    watch(&all, listener);
    while (!stopping()) {
        if (poll(all.polled, all.count, -1) == -1) {
            if (errno != EINTR)
                fail("poll", strerror(errno));
            continue;
        }
        for (size_t place = all.count - 1; place > 0; place--)
            if (all.polled[place].revents)
                take_from(&all, place, take_message);
        const int fd = all.polled[0].revents ? accept_from(listener) : -1;
        if (fd != -1)
            watch(&all, fd);
    }
    while (all.count > 0)
        forget(&all, all.count - 1);
    free(all.polled);
    free(all.inboxes);
}

#endif
