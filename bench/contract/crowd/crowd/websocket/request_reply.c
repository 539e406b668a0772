/* A crowd that sends a binary frame of WebSocket for each message. */
#include "websocket.h"

const bool holds_connections = true;

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    (void)next_request; /* which waits; a crowd must not */
    const struct wire wire = {
        .hello = hello, .greeting = greeting, .head = masked_head, .message = binary};
    run_clients(&wire, address, take_reply);
}
