/* Pipeline on BSD sockets: a thread per worker writes tasks until its buffers are full.
 *
 * On the wire: length-prefixed frames; workers connect to both ends.
 */
#include <poll.h>

#include "connections.h"
#include "framing.h"
#include "host.h"

struct tasks {
    pthread_mutex_t turn;
    next_fn *next;
};

static bool take_turn(struct tasks *tasks, struct message *task)
{
    CHECK_THREAD(pthread_mutex_lock(&tasks->turn));
    const bool there = tasks->next(task);
    CHECK_THREAD(pthread_mutex_unlock(&tasks->turn));
    return there;
}

static void feed(struct inbox *worker, void *tasks)
{
    struct message task;
    while (take_turn(tasks, &task))
        if (!send_message(worker->fd, task)) {
            perror("sendmsg"); /* this worker is gone; the others go on */
            return;
        }
    if (receive(worker, &task) == -1) /* to close now would end it: wait until it leaves */
        perror("recv");
}

void distribute(const char *address, next_fn *next_task)
{
    struct tasks tasks = {PTHREAD_MUTEX_INITIALIZER, next_task};
    attend_all(address, feed, &tasks);
}

void work(const char *source, const char *sink, handle_fn *handle)
{
    struct inbox tasks = {.fd = connect_to(source)};
    const int results = connect_to(sink);
    struct message task;
    int received;
    while ((received = receive(&tasks, &task)) == 1) {
        handle(task.data, task.size);
        if (!send_message(results, task)) {
            expect_stopping("sendmsg");
            break;
        }
    }
    if (received == -1)
        expect_stopping("recv");
    close_inbox(&tasks);
    CHECK(close(results));
}

/* What poll looks at: the listener, then the workers. */
struct watched {
    struct pollfd *polled;
    struct inbox *inboxes;
    size_t count;
};

static void watch(struct watched *all, int fd)
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

static void forget(struct watched *all, size_t place)
{
    close_inbox(&all->inboxes[place]);
    all->count--;
    all->polled[place] = all->polled[all->count];
    all->inboxes[place] = all->inboxes[all->count];
}

static void take_from(struct watched *all, size_t place, take_fn *take_result)
{
    struct inbox *worker = &all->inboxes[place];
    struct message result;
    const ssize_t got = read_more(worker);
    int found = 0;
    if (got > 0)
        while ((found = next_whole(worker, &result)) == 1)
            take_result(result.data, result.size);
    if (got == -1 || found == -1)
        perror("recv"); /* this worker is gone; the others go on */
    if (got <= 0 || found == -1)
        forget(all, place);
}

void collect(const char *address, take_fn *take_result)
{
    struct watched all = {NULL, NULL, 0};
    const int listener = listen_at(address);
    watch(&all, listener);
    while (!stopping()) {
        if (poll(all.polled, all.count, -1) == -1) {
            if (errno != EINTR)
                fail("poll", strerror(errno));
            continue;
        }
        for (size_t place = all.count - 1; place > 0; place--)
            if (all.polled[place].revents)
                take_from(&all, place, take_result);
        const int fd = all.polled[0].revents ? accept_from(listener) : -1;
        if (fd != -1)
            watch(&all, fd);
    }
    while (all.count > 0)
        forget(&all, all.count - 1);
    free(all.polled);
    free(all.inboxes);
}
