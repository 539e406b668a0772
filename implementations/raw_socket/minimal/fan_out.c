/* Fan-out on BSD sockets: the publisher writes each message to every connection.
 *
 * On the wire: length-prefixed frames. Lossless: a slow subscriber holds up the others.
 */
#include <pthread.h>

#include "framing.h"
#include "host.h"

struct subscribers {
    pthread_mutex_t lock;
    int listener, *fds;
    size_t count;
};

static void *welcome(void *argument)
{
    struct subscribers *all = argument;
    int fd;
    while ((fd = accept_from(all->listener)) != -1) {
        succeed(pthread_mutex_lock(&all->lock), "pthread_mutex_lock");
        all->fds = reallocarray(all->fds, all->count + 1, sizeof *all->fds);
        if (!all->fds)
            fail("reallocarray", strerror(errno));
        all->fds[all->count++] = fd;
        succeed(pthread_mutex_unlock(&all->lock), "pthread_mutex_unlock");
    }
    return NULL;
}

static void send_to_all(struct subscribers *all, struct message message)
{
    succeed(pthread_mutex_lock(&all->lock), "pthread_mutex_lock");
    for (size_t i = 0; i < all->count;)
        if (send_message(all->fds[i], message))
            i++;
        else { /* it has left */
            checked(close(all->fds[i]), "close");
            all->fds[i] = all->fds[--all->count];
        }
    succeed(pthread_mutex_unlock(&all->lock), "pthread_mutex_unlock");
}

void publish(const char *address, next_fn *next_message)
{
    struct subscribers all = {PTHREAD_MUTEX_INITIALIZER, listen_at(address), NULL, 0};
    pthread_t thread;
    struct message message;
    if (all.listener == -1)
        return;
    succeed(pthread_create(&thread, NULL, welcome, &all), "pthread_create");
    while (next_message(&message))
        send_to_all(&all, message);
    while (!stopping())
        pause();
    checked(shutdown(all.listener, SHUT_RDWR), "shutdown"); /* ends what waits in accept */
    succeed(pthread_join(thread, NULL), "pthread_join");
    for (size_t i = 0; i < all.count; i++)
        checked(close(all.fds[i]), "close");
    checked(close(all.listener), "close");
    free(all.fds);
}

void subscribe(const char *address, take_fn *take_message)
{
    struct inbox publisher = {.fd = connect_to(address)};
    struct message message;
    int received;
    if (publisher.fd == -1)
        return;
    while ((received = receive(&publisher, &message)) == 1)
        take_message(message.data, message.size);
    if (received == -1)
        expect_stopping("recv");
    close_inbox(&publisher);
}
