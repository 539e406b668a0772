/* A worker of a pipeline: one request for a stream of tasks, one with a stream of results. */
#ifndef WORKER_H
#define WORKER_H

#include "octets.h"
#include "post.h"

#define RESULTS_BYTES (64 * 1024) /* that wait for the sink at most, before it is a task's turn */

/* Return how many of some frames' bytes are to be written together. */
typedef size_t together_fn(const unsigned char *frames, size_t size);

/* What a worker has between its two transfers. */
struct work {
    handle_fn *handle;
    together_fn *together;
    struct buffer tasks;   /* of which one is not whole yet */
    struct buffer results; /* that the sink has not taken all of */
    size_t taken, writing; /* of the results: what it has, and what is still written */
    bool full, idle;       /* whether tasks wait for room, and the sink for results */
};

static inline size_t waiting(const struct work *work)
{
    return work->results.size - work->taken;
}

static void do_task(void *argument, unsigned char *data, size_t size)
{
    struct work *work = argument;
    work->handle(data, size);
    append_frame(&work->results, data, size);
}

static size_t take_tasks(char *piece, size_t one, size_t size, void *argument)
{
    struct work *work = argument;
    work->full = waiting(work) > RESULTS_BYTES;
    if (work->full)
        return CURL_WRITEFUNC_PAUSE;
    append(&work->tasks, piece, one * size);
    allow(take_frames(&work->tasks, do_task, work));
    return one * size;
}

static size_t give_results(char *piece, size_t one, size_t most, void *argument)
{
    struct work *work = argument;
    struct buffer *results = &work->results;
    work->idle = !waiting(work);
    if (work->idle)
        return CURL_READFUNC_PAUSE;
    if (!work->writing)
        work->writing = work->together(results->data + work->taken, waiting(work));
    size_t part = work->writing < one * most ? work->writing : one * most;
    memcpy(piece, results->data + work->taken, part);
    work->writing -= part;
    work->taken += part;
    if (!waiting(work))
        work->taken = results->size = 0;
    return part;
}

static inline void checked(CURLMcode code, const char *call)
{
    if (code != CURLM_OK)
        fail(call, curl_multi_strerror(code));
}

static inline void go_on(struct session *session, bool *waits)
{
    *waits = false;
    check(curl_easy_pause(session->curl, CURLPAUSE_CONT), "curl_easy_pause");
}

/* Carry on with both transfers until one has ended. */
static inline bool transfer(CURLM *both, struct session *tasks, struct session *results,
                     struct work *work)
{
    int running, left;
    checked(curl_multi_perform(both, &running), "curl_multi_perform");
    CURLMsg *ended = curl_multi_info_read(both, &left);
    if (ended && !stopping())
        check(ended->data.result, "curl_multi_perform");
    bool more = work->idle && waiting(work);
    if (more)
        go_on(results, &work->idle);
    if (work->full && waiting(work) <= RESULTS_BYTES) {
        go_on(tasks, &work->full);
        more = true;
    }
    checked(curl_multi_poll(both, NULL, 0, more ? 0 : 1000, NULL), "curl_multi_poll");
    return !ended && !stopping();
}

/* Take tasks from one server and give results to another, until one of them ends that or
 * the role has to stop. */
static inline void do_tasks(const char *source, const char *sink, handle_fn *handle,
                            together_fn *together)
{
    check(curl_global_init(CURL_GLOBAL_NOTHING), "curl_global_init");
    struct session tasks, results;
    struct work work = {.handle = handle, .together = together};
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

#endif
