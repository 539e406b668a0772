/* Pipeline over HTTP/1.1: workers GET a stream of tasks and POST one of results.
 *
 * Each task and each result is written by itself. */
#include <semaphore.h>
#include <unistd.h>

#include "collector.h"
#include "host.h"
#include "octets.h"
#include "server.h"
#include "stream.h"
#include "threads.h"
#include "worker.h"

struct queue {
    pthread_mutex_t turn;
    next_fn *next_task;
    sem_t stopped;
};

struct worker {
    struct queue *queue;
    struct buffer frame;
    size_t sent;
};

static bool next_frame(struct worker *worker)
{
    struct queue *queue = worker->queue;
    struct message task;
    must(pthread_mutex_lock(&queue->turn), "pthread_mutex_lock");
    if (!stopping() && !queue->next_task(&task))
        while (!stopping()) /* there is no task left, and none will come */
            if (sem_wait(&queue->stopped) == -1 && errno != EINTR)
                fail("sem_wait", strerror(errno));
    bool given = !stopping();
    worker->frame.size = worker->sent = 0;
    if (given)
        append_frame(&worker->frame, task.data, task.size);
    must(pthread_mutex_unlock(&queue->turn), "pthread_mutex_unlock");
    return given;
}

/* Called in a worker's thread whenever the last piece has been sent. */
static ssize_t read_tasks(void *argument, uint64_t position, char *piece, size_t most)
{
    (void)position;
    struct worker *worker = argument;
    if (worker->sent == worker->frame.size && !next_frame(worker))
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t left = worker->frame.size - worker->sent, part = left < most ? left : most;
    memcpy(piece, worker->frame.data + worker->sent, part);
    worker->sent += part;
    return part;
}

static void leave(void *argument)
{
    struct worker *worker = argument;
    free(worker->frame.data);
    free(worker);
}

static enum MHD_Result feed(void *argument, struct MHD_Connection *connection,
                            struct buffer *body)
{
    (void)body;
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        fail("calloc", strerror(errno));
    worker->queue = argument;
    return respond_endlessly(connection, "application/octet-stream", read_tasks, leave, worker);
}

void distribute(const char *address, next_fn *next_task)
{
    struct queue queue = {.turn = PTHREAD_MUTEX_INITIALIZER, .next_task = next_task};
    if (sem_init(&queue.stopped, 0, 0) == -1)
        fail("sem_init", strerror(errno));
    struct route route = {"GET", "/", feed, &queue, NULL};
    struct MHD_Daemon *server = start_server(address, &route);
    while (!stopping())
        pause();
    if (sem_post(&queue.stopped) == -1)
        fail("sem_post", strerror(errno));
    MHD_stop_daemon(server);
    if (sem_destroy(&queue.stopped) == -1)
        fail("sem_destroy", strerror(errno));
}

void collect(const char *address, take_fn *take_result)
{
    take_results(address, take_result);
}

void work(const char *source, const char *sink, handle_fn *handle)
{
    do_tasks(source, sink, handle, first_frame);
}
