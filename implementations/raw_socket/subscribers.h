/* Whom a publisher sends to: a thread welcomes them, and one thread sends.
 *
 * The lock is never held while something is sent: a slow subscriber holds up messages, but
 * nobody who joins.
 */
#ifndef SUBSCRIBERS_H
#define SUBSCRIBERS_H

#include <pthread.h>

#include "framing.h"

struct subscribers {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener, *fds;
    size_t count;
};

typedef bool send_fn(int fd, struct message message);

static inline void *welcome(void *argument)
{
    struct subscribers *all = argument;
    int fd;
    while ((fd = accept_from(all->listener)) != -1) {
        CHECK_THREAD(pthread_mutex_lock(&all->lock));
        all->fds = reallocarray(all->fds, all->count + 1, sizeof *all->fds);
        if (!all->fds)
            fail("reallocarray", strerror(errno));
        all->fds[all->count++] = fd;
        CHECK_THREAD(pthread_mutex_unlock(&all->lock));
    }
    return NULL;
}

/* Welcome subscribers from now on. `all` must stay where it is. */
static inline void begin_welcome(struct subscribers *all, const char *address)
{
    *all = (struct subscribers){
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .listener = listen_at(address),
    };
    CHECK_THREAD(pthread_create(&all->thread, NULL, welcome, all));
}

/* Return a subscriber's connection, or -1 where there are not so many. */
static inline int subscriber(struct subscribers *all, size_t place)
{
    CHECK_THREAD(pthread_mutex_lock(&all->lock));
    const int fd = place < all->count ? all->fds[place] : -1;
    CHECK_THREAD(pthread_mutex_unlock(&all->lock));
    return fd;
}

static inline void dismiss(struct subscribers *all, size_t place)
{
    CHECK_THREAD(pthread_mutex_lock(&all->lock));
    CHECK(close(all->fds[place]));
    all->fds[place] = all->fds[--all->count];
    CHECK_THREAD(pthread_mutex_unlock(&all->lock));
}

static inline void send_to_all(struct subscribers *all, send_fn *send, struct message message)
{
    int fd;
    for (size_t place = 0; (fd = subscriber(all, place)) != -1;)
        if (send(fd, message))
            place++;
        else
            dismiss(all, place); /* it has left */
}

/* Welcome nobody any more, and wake a thread that waits for a slow subscriber. */
static inline void end_welcome(struct subscribers *all)
{
    CHECK(shutdown(all->listener, SHUT_RDWR)); /* ends what waits in accept */
    CHECK_THREAD(pthread_join(all->thread, NULL));
    CHECK(close(all->listener));
    CHECK_THREAD(pthread_mutex_lock(&all->lock));
    for (size_t place = 0; place < all->count; place++)
        if (shutdown(all->fds[place], SHUT_RDWR) == -1 && errno != ENOTCONN)
            fail("shutdown", strerror(errno));
    CHECK_THREAD(pthread_mutex_unlock(&all->lock));
}

static inline void close_subscribers(struct subscribers *all)
{
    for (size_t place = 0; place < all->count; place++)
        CHECK(close(all->fds[place]));
    free(all->fds);
}

#endif
