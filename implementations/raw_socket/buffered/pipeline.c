/* Pipeline on BSD sockets with sender threads: one system call for many messages.
 *
 * On the wire: length-prefixed frames; workers connect to both ends.
 */
#include "connections.h"
#include "framing.h"
#include "host.h"
#include "inboxes.h"
#include "outbox.h"

enum { TASKS_BYTES = 64 * 1024, RESULTS_BYTES = 256 * 1024 };

/* The workers share the outbox: the first that is free takes what is there. */
static void feed(struct inbox *worker, void *tasks)
{
    struct batch batch = {0};
    while (take(tasks, &batch)) {
        struct iovec rest = {batch.frames.data, batch.frames.size};
        if (!send_parts(worker->fd, &rest, 1)) {
            note("sendmsg"); /* this worker is gone: what it has not got goes to another */
            put_back(tasks, batch.frames, rest.iov_len);
            break;
        }
    }
    free(batch.frames.data);
}

struct door {
    int listener;
    struct connections workers;
};

static void *welcome(void *argument)
{
    struct door *door = argument;
    int fd;
    while ((fd = accept_from(door->listener)) != -1)
        add_connection(&door->workers, fd);
    return NULL;
}

void distribute(const char *address, next_fn *next_task)
{
    struct outbox tasks = make_outbox(TASKS_BYTES);
    struct door door = {listen_at(address), attended_by(feed, &tasks)};
    struct message task;
    pthread_t thread;
    CHECK_THREAD(pthread_create(&thread, NULL, welcome, &door));
    while (next_task(&task) && put(&tasks, task))
        continue;
    while (!stopping())
        pause();
    CHECK(shutdown(door.listener, SHUT_RDWR)); /* ends what waits in accept */
    CHECK_THREAD(pthread_join(thread, NULL));
    CHECK(close(door.listener));
    close_outbox(&tasks);
    end_connections(&door.workers);
    free(tasks.batch.frames.data);
}

struct sink {
    int fd;
    struct outbox results;
};

static void *send_results(void *argument)
{
    struct sink *sink = argument;
    struct batch batch = {0};
    while (take(&sink->results, &batch))
        if (!send_frames(sink->fd, batch.frames)) {
            expect_stopping("sendmsg");
            break;
        }
    free(batch.frames.data);
    return NULL;
}

void work(const char *source, const char *sink_address, handle_fn *handle)
{
    struct inbox tasks = {.fd = connect_to(source)};
    struct sink sink = {connect_to(sink_address), make_outbox(RESULTS_BYTES)};
    struct message task;
    pthread_t sender;
    int received;
    CHECK_THREAD(pthread_create(&sender, NULL, send_results, &sink));
    while ((received = receive(&tasks, &task)) == 1) {
        handle(task.data, task.size);
        if (!put(&sink.results, task))
            break;
    }
    if (received == -1)
        expect_stopping("recv");
    close_outbox(&sink.results); /* what is in there is still sent */
    if (stopping() && shutdown(sink.fd, SHUT_RDWR) == -1 && errno != ENOTCONN)
        fail("shutdown", strerror(errno));
    CHECK_THREAD(pthread_join(sender, NULL));
    close_inbox(&tasks);
    CHECK(close(sink.fd));
    free(sink.results.batch.frames.data);
}

void collect(const char *address, take_fn *take_result)
{
    take_from_all(address, take_result);
}
