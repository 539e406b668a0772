/* Pipeline over HTTP/1.1: what has gathered is written in one go, tasks and results alike.
 *
 * On the wire as the minimal one. */
#include <unistd.h>

#include "collector.h"
#include "host.h"
#include "octets.h"
#include "outbox.h"
#include "server.h"
#include "stream.h"
#include "threads.h"
#include "worker.h"

#define TASKS_BYTES (32 * 1024)

struct worker {
    struct outbox *tasks;
    struct buffer frames;
    size_t sent;
};

/* Called in a worker's thread whenever the last piece has been sent. The workers share the
 * outbox: the first that is free takes what is there. */
static ssize_t read_tasks(void *argument, uint64_t position, char *piece, size_t most)
{
    (void)position;
    struct worker *worker = argument;
    if (worker->sent == worker->frames.size) {
        if (!take(worker->tasks, &worker->frames))
            return MHD_CONTENT_READER_END_OF_STREAM;
        worker->sent = 0;
    }
    size_t left = worker->frames.size - worker->sent, part = left < most ? left : most;
    memcpy(piece, worker->frames.data + worker->sent, part);
    worker->sent += part;
    return part;
}

static void leave(void *argument)
{
    struct worker *worker = argument;
    free(worker->frames.data);
    free(worker);
}

static enum MHD_Result feed(void *argument, struct MHD_Connection *connection,
                            struct buffer *body)
{
    (void)body;
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        fail("calloc", strerror(errno));
    worker->tasks = argument;
    return respond_endlessly(connection, "application/octet-stream", read_tasks, leave, worker);
}

void distribute(const char *address, next_fn *next_task)
{
    struct outbox tasks = {.lock = PTHREAD_MUTEX_INITIALIZER,
                           .filled = PTHREAD_COND_INITIALIZER,
                           .emptied = PTHREAD_COND_INITIALIZER,
                           .limit = TASKS_BYTES};
    struct route route = {"GET", "/", feed, &tasks, NULL};
    struct MHD_Daemon *server = start_server(address, &route);
    struct message task;
    while (next_task(&task) && !stopping())
        put(&tasks, task);
    while (!stopping())
        pause();
    close_outbox(&tasks);
    MHD_stop_daemon(server);
    free(tasks.frames.data);
}

void collect(const char *address, take_fn *take_result)
{
    take_results(address, take_result);
}

/* Results leave together, as many as there are. */
static size_t all_of_them(const unsigned char *frames, size_t size)
{
    (void)frames;
    return size;
}

void work(const char *source, const char *sink, handle_fn *handle)
{
    do_tasks(source, sink, handle, all_of_them);
}
