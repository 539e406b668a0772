/* A crowd of workers over WebSocket: tasks and results are binary frames. */
#include "websocket.h"
#include "workers.h"

const bool holds_connections = true;

void work(const char *source, const char *sink, handle_fn *handle)
{
    const struct wire tasks_wire = {
        .hello = hello, .greeting = greeting, .message = binary};
    const struct wire results_wire = {
        .hello = hello, .greeting = greeting, .head = masked_head};
    run_workers(&tasks_wire, source, &results_wire, sink, handle);
}
