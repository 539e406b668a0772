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
        CHECK_THREAD(pthread_mutex_lock(&all->lock));
        all->fds = reallocarray(all->fds, all->count + 1, sizeof *all->fds);
        if (!all->fds)
            fail("reallocarray", strerror(errno));
        all->fds[all->count++] = fd;
        CHECK_THREAD(pthread_mutex_unlock(&all->lock));
    }
    return NULL;
}

static void send_to_all(struct subscribers *all, struct message message)
{
    CHECK_THREAD(pthread_mutex_lock(&all->lock));
    for (size_t i = 0; i < all->count;)
        if (send_message(all->fds[i], message))
            i++;
        else { /* it has left */
            CHECK(close(all->fds[i]));
            all->fds[i] = all->fds[--all->count];
        }
    CHECK_THREAD(pthread_mutex_unlock(&all->lock));
}

void publish(const char *address, next_fn *next_message)
{
    struct subscribers all = {PTHREAD_MUTEX_INITIALIZER, listen_at(address), NULL, 0};
    pthread_t thread;
    struct message message;
    CHECK_THREAD(pthread_create(&thread, NULL, welcome, &all));
    while (next_message(&message))
        send_to_all(&all, message);
    while (!stopping())
        pause();
    CHECK(shutdown(all.listener, SHUT_RDWR)); /* ends what waits in accept */
    CHECK_THREAD(pthread_join(thread, NULL));
    for (size_t i = 0; i < all.count; i++)
        CHECK(close(all.fds[i]));
    CHECK(close(all.listener));
    free(all.fds);
}

void subscribe(const char *address, take_fn *take_message)
{
    struct inbox publisher = {.fd = connect_to(address)};
    struct message message;
    int received;
    while ((received = receive(&publisher, &message)) == 1)
        take_message(message.data, message.size);
    if (received == -1)
        expect_stopping("recv");
    close_inbox(&publisher);
}
