/* A crowd that sends frames, and takes them. */
#include "frames.h"

const bool holds_connections = true;

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    (void)next_request; /* which waits; a crowd must not */
    const struct wire wire = {.head = frame_head, .message = frame};
    run_clients(&wire, address, take_reply);
}
