/* A crowd of subscribers that take frames. */
#include "frames.h"
#include "subscribers.h"

const bool holds_connections = true;

void subscribe(const char *address, take_fn *take_message)
{
    (void)take_message; /* which knows no connections */
    const struct wire wire = {.message = frame};
    run_subscribers(&wire, address);
}
