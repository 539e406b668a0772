/* Workers of a crowd: worker i has connection i for tasks, and i + their number for results.
 *
 * The connection for results is open first: a task has no result until all have joined.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "crowd.h"

static const struct wire *tasks, *results;
static const char *source_url, *sink_url;
static handle_fn *handle_task;

static void open_worker(size_t place)
{
    open_connection(results, spec.connections + place, sink_url);
    open_connection(tasks, place, source_url);
}

static void do_task(size_t place, struct message task)
{
    handle_task(task.data, task.size);
    send_message(results, connections[spec.connections + place].fd, task);
}

static inline void run_workers(const struct wire *source_wire, const char *source,
                               const struct wire *sink_wire, const char *sink,
                               handle_fn *handle)
{
    tasks = source_wire, results = sink_wire;
    source_url = source, sink_url = sink;
    handle_task = handle;
    make_connections(2 * spec.connections);
    run_streams(source_wire, open_worker, do_task);
    close_connections(2 * spec.connections);
}

#endif
