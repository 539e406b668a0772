/* Pipeline over HTTP/1.1: each worker GETs a stream of tasks and POSTs one of results.
 *
 * On the wire: a line of base64 for each message. */
#include <semaphore.h>
#include <unistd.h>

#include "base64.h"
#include "host.h"
#include "post.h"
#include "server.h"
#include "threads.h"

#define BLOCK_BYTES (64 * 1024) /* sent at once at most, and waiting for the sink */

typedef void line_fn(void *argument, unsigned char *data, size_t size);

static void append_line(struct buffer *text, const unsigned char *data, size_t size)
{
    reserve(text, (size + 2) / 3 * 4);
    text->size += encode(data, size, text->data + text->size);
    append(text, "\n", 1);
}

/* Hand on the bytes of each whole line, and keep the rest; false where one is no base64. */
static bool take_lines(struct buffer *text, line_fn *take, void *argument)
{
    unsigned char *line = text->data, *end = line + text->size, *newline;
    for (; (newline = memchr(line, '\n', end - line)); line = newline + 1) {
        size_t size;
        if (!decode(line, newline - line, &size))
            return false;
        take(argument, line, size);
    }
    text->size = end - line;
    memmove(text->data, line, text->size);
    return true;
}

struct queue {
    pthread_mutex_t turn;
    next_fn *next_task;
    sem_t stopped;
};

struct worker {
    struct queue *queue;
    struct buffer line;
    size_t sent;
};

static bool next_line(struct worker *worker)
{
    struct queue *queue = worker->queue;
    struct message task;
    must(pthread_mutex_lock(&queue->turn), "pthread_mutex_lock");
    if (!stopping() && !queue->next_task(&task))
        while (!stopping()) /* there is no task left, and none will come */
            if (sem_wait(&queue->stopped) == -1 && errno != EINTR)
                fail("sem_wait", strerror(errno));
    bool given = !stopping();
    worker->line.size = worker->sent = 0;
    if (given)
        append_line(&worker->line, task.data, task.size);
    must(pthread_mutex_unlock(&queue->turn), "pthread_mutex_unlock");
    return given;
}

/* Called in a worker's thread whenever the last piece has been sent. */
static ssize_t read_tasks(void *argument, uint64_t position, char *piece, size_t most)
{
    (void)position;
    struct worker *worker = argument;
    if (worker->sent == worker->line.size && !next_line(worker))
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t left = worker->line.size - worker->sent, part = left < most ? left : most;
    memcpy(piece, worker->line.data + worker->sent, part);
    worker->sent += part;
    return part;
}

static void leave(void *argument)
{
    struct worker *worker = argument;
    free(worker->line.data);
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
    return respond(connection, MHD_HTTP_OK,
                   MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES,
                                                     read_tasks, worker, leave));
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

struct results {
    pthread_mutex_t turn;
    take_fn *take_result;
};

static void take_result(void *results, unsigned char *data, size_t size)
{
    ((struct results *)results)->take_result(data, size);
}

/* A worker that sends nonsense ends its own connection alone. */
static bool take_piece(void *argument, struct buffer *body)
{
    struct results *results = argument;
    must(pthread_mutex_lock(&results->turn), "pthread_mutex_lock");
    bool taken = take_lines(body, take_result, results);
    must(pthread_mutex_unlock(&results->turn), "pthread_mutex_unlock");
    return taken;
}

static enum MHD_Result end_of_results(void *argument, struct MHD_Connection *connection,
                                      struct buffer *body)
{
    (void)argument, (void)body;
    return respond_empty(connection, MHD_HTTP_NO_CONTENT);
}

void collect(const char *address, take_fn *take_result)
{
    struct results results = {PTHREAD_MUTEX_INITIALIZER, take_result};
    struct route route = {"POST", "/", end_of_results, &results, take_piece};
    struct MHD_Daemon *server = start_server(address, &route);
    while (!stopping())
        pause();
    MHD_stop_daemon(server);
}

/* What a worker has between its two transfers. */
struct work {
    handle_fn *handle;
    struct buffer tasks; /* whose line has not ended yet */
    struct buffer results; /* that the sink has not taken yet */
    bool full, idle; /* whether tasks wait for room, and the sink for results */
};

static void do_task(void *argument, unsigned char *data, size_t size)
{
    struct work *work = argument;
    work->handle(data, size);
    append_line(&work->results, data, size);
}

static size_t take_tasks(char *piece, size_t one, size_t size, void *argument)
{
    struct work *work = argument;
    work->full = work->results.size > BLOCK_BYTES;
    if (work->full)
        return CURL_WRITEFUNC_PAUSE;
    append(&work->tasks, piece, one * size);
    if (!take_lines(&work->tasks, do_task, work))
        fail("decode", "the line is not base64");
    return one * size;
}

static size_t give_results(char *piece, size_t one, size_t most, void *argument)
{
    struct work *work = argument;
    struct buffer *results = &work->results;
    size_t part = results->size < one * most ? results->size : one * most;
    work->idle = !part;
    if (work->idle)
        return CURL_READFUNC_PAUSE;
    memcpy(piece, results->data, part);
    results->size -= part;
    memmove(results->data, results->data + part, results->size);
    return part;
}

static void checked(CURLMcode code, const char *call)
{
    if (code != CURLM_OK)
        fail(call, curl_multi_strerror(code));
}

static void go_on(struct session *session, bool *waits)
{
    *waits = false;
    check(curl_easy_pause(session->curl, CURLPAUSE_CONT), "curl_easy_pause");
}

/* Carry on with both transfers until one has ended. */
static bool transfer(CURLM *both, struct session *tasks, struct session *results,
                     struct work *work)
{
    int running, left;
    checked(curl_multi_perform(both, &running), "curl_multi_perform");
    CURLMsg *ended = curl_multi_info_read(both, &left);
    if (ended && !stopping())
        check(ended->data.result, "curl_multi_perform");
    bool more = work->idle && work->results.size;
    if (more)
        go_on(results, &work->idle);
    if (work->full && work->results.size <= BLOCK_BYTES) {
        go_on(tasks, &work->full);
        more = true;
    }
    checked(curl_multi_poll(both, NULL, 0, more ? 0 : 1000, NULL), "curl_multi_poll");
    return !ended && !stopping();
}

void work(const char *source, const char *sink, handle_fn *handle)
{
    check(curl_global_init(CURL_GLOBAL_NOTHING), "curl_global_init");
    struct session tasks, results;
    struct work work = {.handle = handle};
    open_session(&tasks, source, "/");
    set(&tasks, CURLOPT_WRITEFUNCTION, take_tasks);
    set(&tasks, CURLOPT_WRITEDATA, &work);
    open_session(&results, sink, "/");
    make_post(&results);
    if (!curl_slist_append(results.headers, "Transfer-Encoding: chunked"))
        fail("curl_slist_append", "out of memory");
    set(&results, CURLOPT_READFUNCTION, give_results);
    set(&results, CURLOPT_READDATA, &work);
    CURLM *both = curl_multi_init();
    if (!both)
        fail("curl_multi_init", "out of memory");
    checked(curl_multi_add_handle(both, tasks.curl), "curl_multi_add_handle");
    checked(curl_multi_add_handle(both, results.curl), "curl_multi_add_handle");
    while (transfer(both, &tasks, &results, &work))
        continue;
    checked(curl_multi_remove_handle(both, tasks.curl), "curl_multi_remove_handle");
    checked(curl_multi_remove_handle(both, results.curl), "curl_multi_remove_handle");
    checked(curl_multi_cleanup(both), "curl_multi_cleanup");
    close_session(&tasks);
    close_session(&results);
    free(work.tasks.data);
    free(work.results.data);
    curl_global_cleanup();
}
