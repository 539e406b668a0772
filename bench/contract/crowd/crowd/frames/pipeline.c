/* A crowd of workers that take frames, and send them. */
#include "frames.h"
#include "workers.h"

const bool holds_connections = true;

void work(const char *source, const char *sink, handle_fn *handle)
{
    const struct wire tasks_wire = {.message = frame};
    const struct wire results_wire = {.head = frame_head};
    run_workers(&tasks_wire, source, &results_wire, sink, handle);
}
