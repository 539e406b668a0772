/* A listener with a thread for each connection, all of which end when the role stops. */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include <pthread.h>

#include "framing.h"

/* What is done with a connection; it is closed afterwards. */
typedef void attend_fn(struct inbox *inbox, void *context);

struct connections {
    pthread_mutex_t lock;
    pthread_cond_t left;
    struct connection *first;
    attend_fn *attend;
    void *context;
};

struct connection {
    struct inbox inbox;
    struct connections *all;
    struct connection *next, **here;
};

static inline void *attend_one(void *argument)
{
    struct connection *connection = argument;
    struct connections *all = connection->all;
    all->attend(&connection->inbox, all->context);
    CHECK_THREAD(pthread_mutex_lock(&all->lock));
    *connection->here = connection->next;
    if (connection->next)
        connection->next->here = connection->here;
    close_inbox(&connection->inbox);
    free(connection);
    CHECK_THREAD(pthread_cond_signal(&all->left));
    CHECK_THREAD(pthread_mutex_unlock(&all->lock));
    return NULL;
}

static inline void add_connection(struct connections *all, int fd)
{
    struct connection *connection = malloc(sizeof *connection);
    pthread_t thread;
    if (!connection)
        fail("malloc", strerror(errno));
    *connection = (struct connection){.inbox = {.fd = fd}, .all = all};
    CHECK_THREAD(pthread_mutex_lock(&all->lock));
    connection->next = all->first;
    connection->here = &all->first;
    if (all->first)
        all->first->here = &connection->next;
    all->first = connection;
    CHECK_THREAD(pthread_mutex_unlock(&all->lock));
    CHECK_THREAD(pthread_create(&thread, NULL, attend_one, connection));
    CHECK_THREAD(pthread_detach(thread));
}

/* Wake the threads that wait for their connection, and wait until they have left. */
static inline void end_connections(struct connections *all)
{
    CHECK_THREAD(pthread_mutex_lock(&all->lock));
    for (struct connection *one = all->first; one; one = one->next)
        if (shutdown(one->inbox.fd, SHUT_RDWR) == -1 && errno != ENOTCONN)
            fail("shutdown", strerror(errno));
    while (all->first)
        CHECK_THREAD(pthread_cond_wait(&all->left, &all->lock));
    CHECK_THREAD(pthread_mutex_unlock(&all->lock));
}

static inline struct connections attended_by(attend_fn *attend, void *context)
{
    return (struct connections){
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, attend, context,
    };
}

/* Listen, and attend to each connection in a thread of its own, until the role stops. */
static inline void accept_all(struct connections *all, const char *address)
{
    const int listener = listen_at(address);
    int fd;
    while ((fd = accept_from(listener)) != -1)
        add_connection(all, fd);
    CHECK(close(listener));
}

/* The same, and end them. */
static inline void attend_all(const char *address, attend_fn *attend, void *context)
{
    struct connections all = attended_by(attend, context);
    accept_all(&all, address);
    end_connections(&all);
}

#endif
