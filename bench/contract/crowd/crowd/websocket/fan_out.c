/* A crowd of subscribers over WebSocket. */
#include "subscribers.h"
#include "websocket.h"

const bool holds_connections = true;

void subscribe(const char *address, take_fn *take_message)
{
    (void)take_message; /* which knows no connections */
    const struct wire wire = {.hello = hello, .greeting = greeting, .message = binary};
    run_subscribers(&wire, address);
}
