/* A crowd that sends frames, and takes them. */
#include "frames.h"

static size_t head(unsigned char *out, size_t size)
{
    const uint32_t length = htonl((uint32_t)size);
    memcpy(out, &length, LENGTH_BYTES);
    return LENGTH_BYTES;
}

const bool holds_connections = true;

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    (void)next_request; /* which waits; a crowd must not */
    const struct wire wire = {.head = head, .message = frame};
    run_clients(&wire, address, take_reply);
}
