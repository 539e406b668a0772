/* Pipeline over HTTP/1.1: workers GET their next task and POST its result.
 *
 * A GET is answered as soon as there is a task (long polling). */
#define _GNU_SOURCE /* for POLLRDHUP */
#include <poll.h>
#include <semaphore.h>
#include <unistd.h>

#include "host.h"
#include "post.h"
#include "server.h"
#include "threads.h"

struct queue {
    pthread_mutex_t turn;
    next_fn *next_task;
    struct message task;
    bool kept; /* the task, as the worker that asked for it has left */
    sem_t stopped;
};

static bool has_left(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd worker = {info->connect_fd, POLLRDHUP, 0};
    if (poll(&worker, 1, 0) == -1)
        fail("poll", strerror(errno));
    return worker.revents;
}

/* Answer with a task, if there is one and still somebody to take it. */
static enum MHD_Result hand_out(void *argument, struct MHD_Connection *connection,
                                struct buffer *body)
{
    (void)body;
    struct queue *queue = argument;
    must(pthread_mutex_lock(&queue->turn), "pthread_mutex_lock");
    if (!stopping() && !queue->kept && !queue->next_task(&queue->task))
        while (!stopping()) /* there is no task left, and none will come */
            if (sem_wait(&queue->stopped) == -1 && errno != EINTR)
                fail("sem_wait", strerror(errno));
    queue->kept = !stopping() && has_left(connection);
    bool given = !stopping() && !queue->kept;
    struct message task = queue->task;
    allow(task.size);
    must(pthread_mutex_unlock(&queue->turn), "pthread_mutex_unlock");
    return given ? respond_with(connection, task.data, task.size, MHD_RESPMEM_PERSISTENT)
                 : respond_empty(connection, MHD_HTTP_SERVICE_UNAVAILABLE);
}

void distribute(const char *address, next_fn *next_task)
{
    struct queue queue = {.turn = PTHREAD_MUTEX_INITIALIZER, .next_task = next_task};
    if (sem_init(&queue.stopped, 0, 0) == -1)
        fail("sem_init", strerror(errno));
    struct route route = {"GET", "/task", hand_out, &queue, NULL};
    struct MHD_Daemon *server = start_server(address, &route);
    while (!stopping())
        pause();
    if (sem_post(&queue.stopped) == -1)
        fail("sem_post", strerror(errno));
    MHD_stop_daemon(server);
    if (sem_destroy(&queue.stopped) == -1)
        fail("sem_destroy", strerror(errno));
}

struct results {
    pthread_mutex_t turn;
    take_fn *take_result;
};

static enum MHD_Result take_in(void *argument, struct MHD_Connection *connection,
                               struct buffer *body)
{
    struct results *results = argument;
    must(pthread_mutex_lock(&results->turn), "pthread_mutex_lock");
    results->take_result(body->data, body->size);
    must(pthread_mutex_unlock(&results->turn), "pthread_mutex_unlock");
    return respond_empty(connection, MHD_HTTP_NO_CONTENT);
}

void collect(const char *address, take_fn *take_result)
{
    struct results results = {PTHREAD_MUTEX_INITIALIZER, take_result};
    struct route route = {"POST", "/result", take_in, &results, NULL};
    struct MHD_Daemon *server = start_server(address, &route);
    while (!stopping())
        pause();
    MHD_stop_daemon(server);
}

void work(const char *source, const char *sink, handle_fn *handle)
{
    check(curl_global_init(CURL_GLOBAL_NOTHING), "curl_global_init");
    struct session tasks, results;
    open_session(&tasks, source, "/task");
    open_session(&results, sink, "/result");
    make_post(&results);
    while (request(&tasks)) {
        handle(tasks.body.data, tasks.body.size);
        if (!post(&results, tasks.body.data, tasks.body.size))
            break;
    }
    close_session(&tasks);
    close_session(&results);
    curl_global_cleanup();
}
